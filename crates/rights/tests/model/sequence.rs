//! Long sequences of actions in larger worlds, made from bytes: lists, defaults, two devices, two groups, people without an account, foreign handles.

use super::invariants::{self, Standings, Step, Views};
use super::reference::Facts;
use sealwright_rights::{
    Access, Action, Actor, CachePolicy, Devices, Group, Handle, Holder, Lookup, Members, Memory, Rights, Session,
    SymEncKey, TmrAccess, User, Wanted, World,
};

/// How long a sequence is.
pub const LENGTH: usize = 200;

/// From how many bytes an action is made.
pub const WIDTH: usize = 14;

/// What came of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    pub actions: usize,
    pub granted: usize,
}

/// Plays a sequence with the product and the reference side by side. Says where they part or an invariant breaks.
///
/// The first byte chooses the world, every 14 more are an action, [`LENGTH`] at most.
pub fn play(bytes: &[u8], check_invariants: bool) -> Result<Played, String> {
    let (choice, draws) = bytes.split_first().unwrap_or((&0, &[]));
    let mut world = start(*choice);
    let mut facts = Facts::of(&world);
    let mut played = Played { actions: 0, granted: 0 };
    let (draws, _) = draws.as_chunks::<WIDTH>();
    for (i, bytes) in draws.iter().take(LENGTH).enumerate() {
        let draw = Draw::from_bytes(*bytes);
        let actor = draw.actor();
        let action = draw.action(i as u16);
        let handle = draw.handle().unwrap_or_else(|| world.handle(actor, &action));
        let before = world.clone();
        let answer = world.apply(actor, handle, &action);
        let by_reference = facts.step(actor, handle, &action);
        let after = Facts::of(&world);
        let agree = match (&answer, &by_reference) {
            (Ok(grant), Ok((outcome, expected))) => grant.outcome() == outcome && after == *expected,
            (Err(denied), Err((rule, guard))) => denied.name() == format!("{rule}/{guard}") && after == facts,
            _ => false,
        };
        if !agree {
            let by_reference = by_reference.map(|(outcome, _)| outcome);
            return Err(format!(
                "step {i}: {actor:?} {handle:?} {action:?}: {answer:?}, the reference says {by_reference:?}"
            ));
        }
        if check_invariants {
            let step = Step {
                before: &before,
                facts: &facts,
                standings: &Standings::of(&before),
                actor,
                handle,
                action: &action,
                answer: &answer,
                after: &world,
                changed: before != world,
            };
            let mut broken = invariants::of_step(&step);
            broken.extend(invariants::of_world(&world, &after, &mut Views::default()));
            if !broken.is_empty() {
                return Err(format!("step {i}: {broken:?} by {actor:?} {handle:?} {action:?}"));
            }
        }
        played.actions += 1;
        played.granted += usize::from(answer.is_ok());
        facts = after;
    }
    Ok(played)
}

/// Numbers from which an action is made.
struct Draw {
    actor: u8,
    kind: u8,
    session: u8,
    holders: [(u8, u8); 3],
    rights: [u8; 3],
    flags: u8,
    handle: u8,
}

/// Four users with two devices each, two groups, and two sessions, the first of which is a proxy of the second. What the third user may do on
/// the first and the proxy on the second, who is a direct recipient of the second, and what becomes of keys is up to `choice`.
fn start(choice: u8) -> World {
    let mut world = World::new([CachePolicy::Off, CachePolicy::Keep, CachePolicy::Evict][usize::from(choice % 3)]);
    for user in 1..=4 {
        world.add_user(User(user), 2).unwrap();
    }
    for (group, admin) in [(1, 1), (2, 3)] {
        let members = [User(admin), User(4)].into();
        world.add_group(Group(group), Members { members, admins: [User(admin)].into() }).unwrap();
    }
    for (session, creator) in [(1, 1), (2, 2)] {
        world.add_session(Session(session), Some(User(creator))).unwrap();
        for user in [creator, 3] {
            let handle = if user == creator { Handle::Created } else { Handle::Plain };
            let memory = Memory { handle, holds: true, cached: false };
            world.set_memory(Actor::User(User(user)), Session(session), memory).unwrap();
        }
    }
    let with_read = |bits: u8| {
        let extra = [Rights::NONE, Rights::FORWARD, Rights::REVOKE, Rights::MANAGE][usize::from(bits % 4)];
        Rights::READ.union(extra)
    };
    let mut record = |session, by, holder, rights, wrapped| {
        let record = Access { holder, rights, by: Some(User(by)), active: true, wrapped: Devices(wrapped) };
        world.add_record(Session(session), record).unwrap();
    };
    record(1, 1, Holder::User(User(3)), with_read(choice >> 2), 1);
    record(2, 2, Holder::Proxy(Session(1)), with_read(choice >> 4), 0);
    if choice >> 6 & 1 == 1 {
        record(2, 2, Holder::User(User(3)), Rights::READ, 1);
    }
    if choice >> 7 == 1 {
        record(2, 2, Holder::Group(Group(2)), Rights::READ_FORWARD, 1);
    }
    world
}

impl Draw {
    fn from_bytes(bytes: [u8; WIDTH]) -> Self {
        let [actor, kind, session, a, b, c, d, e, f, g, h, i, flags, handle] = bytes;
        Self { actor, kind, session, holders: [(a, b), (c, d), (e, f)], rights: [g, h, i], flags, handle }
    }

    /// Mostly somebody with an account.
    fn actor(&self) -> Actor {
        match self.actor % 9 {
            0 => Actor::Anonymous,
            n => Actor::User(User(u16::from(n - 1) / 2 + 1)),
        }
    }

    /// Mostly what the world remembers.
    fn handle(&self) -> Option<Handle> {
        [Handle::None, Handle::Created, Handle::Plain, Handle::Bearer, Handle::Anonymous]
            .get(usize::from(self.handle))
            .copied()
    }

    fn flag(&self, bit: u8) -> bool {
        self.flags >> bit & 1 == 1
    }

    fn rights(&self, place: usize) -> Rights {
        Rights::every().nth(usize::from(self.rights[place] % 8)).unwrap()
    }

    fn wanted_rights(&self, place: usize) -> Option<Rights> {
        (self.rights[place] < 224).then(|| self.rights(place))
    }

    fn holder(&self, place: usize) -> Holder {
        let (kind, number) = self.holders[place];
        let number = u16::from(number);
        match kind % 8 {
            // Now and then nobody.
            0..=2 => Holder::User(User(number % 4 + 1 + number / 234)),
            3 => Holder::Group(Group(number % 3 + 1)),
            4..=5 => Holder::Proxy(Session(number % 4 + 1)),
            6 => Holder::SymEncKey(SymEncKey(number % 6)),
            _ => Holder::Tmr(TmrAccess(number % 6)),
        }
    }

    /// A holder for a record that is new: SymEncKeys and TMR accesses with a number that grows with the sequence.
    fn new_holder(&self, place: usize, step: u16) -> Holder {
        match self.holder(place) {
            Holder::SymEncKey(_) if self.flag(0) => Holder::SymEncKey(SymEncKey(step / 32)),
            Holder::Tmr(_) if self.flag(0) => Holder::Tmr(TmrAccess(step / 32)),
            holder => holder,
        }
    }

    fn action(&self, step: u16) -> Action {
        let session = Session(u16::from(self.session % 3) + 1);
        let number = u16::from(self.holders[0].1 % 6);
        let (key, access, proven) = (SymEncKey(number), TmrAccess(number), !self.flags.is_multiple_of(8));
        let (group, user) = (Group(number % 3 + 1), User(u16::from(self.holders[1].1 % 5) + 1));
        let count = usize::from(self.rights[2] % 4);
        match self.kind % 32 {
            0 => Action::Create {
                session,
                records: (0..count)
                    .map(|i| Wanted { holder: self.new_holder(i, step), rights: self.wanted_rights(i) })
                    .collect(),
            },
            1..=3 => {
                let lookup = Lookup { group: self.flag(0), proxy: self.flag(1) };
                Action::Retrieve { session, lookup, device: self.flags >> 2 & 1 }
            }
            4 => Action::Use { session },
            5 => Action::Recall { session },
            6 => Action::Forget { session },
            7..=12 => {
                let wanted = Wanted { holder: self.new_holder(0, step), rights: self.wanted_rights(0) };
                Action::Add { session, wanted }
            }
            13..=15 => Action::Change { session, holder: self.holder(0), add: self.rights(0), remove: self.rights(1) },
            16 => Action::Change { session, holder: self.holder(0), add: self.rights(0), remove: Rights::NONE },
            17 => Action::Revoke { session, holders: (0..count).map(|i| self.holder(i)).collect() },
            18 => Action::Leave { session },
            // Rare, or nothing is left to look at.
            19 if self.flags < 16 => Action::RevokeAll { session },
            19 => Action::ListOwn { session },
            20 if self.flags < 64 => Action::RevokeOthers { session },
            20 => Action::List { session },
            21 => Action::ReadBySymEncKey { session, key, proven },
            22..=23 => Action::SelfAdd { session, key, proven, rights: self.wanted_rights(0) },
            24 => Action::ReadAnonymously { session, key, proven, scope: i32::from(self.rights[0] % 8) - 1 },
            25 => Action::ReadByTmr { session, access, proven },
            26 => Action::Convert { session, access, proven, delete_on_convert: self.flag(3) },
            28 => Action::GroupAdd { group, user, admin: self.flag(0) },
            29 if self.flag(4) => Action::GroupRemove { group, user },
            30 if self.flag(4) => Action::GroupLeave { group },
            31 if self.flag(4) => Action::SetManagingGroup { session, group },
            // Keys, or nothing can be added.
            _ => Action::Retrieve { session, lookup: Lookup::ALL, device: 0 },
        }
    }
}
