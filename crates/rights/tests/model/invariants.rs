//! INV-01 to INV-25: what has to hold in every world and for every step, whoever decides.

use super::reference::Facts;
use sealwright_rights::{
    Access, Action, Actor, CachePolicy, Denied, Grant, Group, Handle, Holder, Lookup, Outcome, Path, Rights, Session,
    SymEncKey, TmrAccess, User, World,
};
use std::collections::HashMap;

/// What an invariant is called.
pub type Invariant = &'static str;

pub const EVERY: [Invariant; 25] = [
    "INV-01", "INV-02", "INV-03", "INV-04", "INV-05", "INV-06", "INV-07", "INV-08", "INV-09", "INV-10", "INV-11",
    "INV-12", "INV-13", "INV-14", "INV-15", "INV-16", "INV-17", "INV-18", "INV-19", "INV-20", "INV-21", "INV-22",
    "INV-23", "INV-24", "INV-25",
];

const R: Rights = Rights::READ;
const F: Rights = Rights::FORWARD;
const V: Rights = Rights::REVOKE;
pub const LOOKUPS: [Lookup; 4] = [
    Lookup { group: false, proxy: false },
    Lookup { group: true, proxy: false },
    Lookup { group: false, proxy: true },
    Lookup { group: true, proxy: true },
];

/// What a world answers by itself about a user and a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    effective: Rights,
    grantable: Rights,
    stands: bool,
    reads: [bool; 4],
}

fn standing(world: &World, user: User, session: Session) -> Standing {
    Standing {
        effective: world.effective(user, session),
        grantable: world.grantable(user, session),
        stands: world.stands(user, session),
        reads: LOOKUPS.map(|lookup| world.reads(user, session, lookup)),
    }
}

/// What a world answers about each user and session.
pub struct Standings(Vec<((User, Session), Standing)>);

impl Standings {
    pub fn of(world: &World) -> Self {
        Self(pairs(world).map(|(user, session)| ((user, session), standing(world, user, session))).collect())
    }
}

fn pairs(world: &World) -> impl Iterator<Item = (User, Session)> {
    world.users().flat_map(|user| world.sessions().map(move |session| (user, session)))
}

/// What [`what_may_matter`] of a session answers about each user: remembered, because few such worlds are different.
#[derive(Default)]
pub struct Views {
    known: HashMap<Vec<u16>, Vec<Standing>>,
    key: Vec<u16>,
}

impl Views {
    const MOST: usize = 100_000;

    fn of(&mut self, world: &World, session: Session) -> &[Standing] {
        self.key.clear();
        describe(world, session, &mut self.key);
        if !self.known.contains_key(&self.key) {
            if self.known.len() == Self::MOST {
                self.known.clear();
            }
            let alone = what_may_matter(world, session);
            let standings = world.users().map(|user| standing(&alone, user, session)).collect();
            self.known.insert(self.key.clone(), standings);
        }
        &self.known[&self.key]
    }
}

/// The invariants of a world. `REF` stands for a difference from the reference.
pub fn of_world(world: &World, facts: &Facts, views: &mut Views) -> Vec<Invariant> {
    let mut broken = Vec::new();
    let mut check = |name, holds: bool| {
        if !holds {
            broken.push(name);
        }
    };
    for session in world.sessions() {
        let acl = world.acl(session).unwrap();
        check("INV-13", !acl.is_closed() || acl.active().next().is_none());
        check("INV-20", acl.records().iter().all(|record| record.rights.contains(R) || record.wrapped.is_empty()));
    }
    if !broken.is_empty() {
        // No world can be built like this one.
        return broken;
    }
    let mut check = |name, holds: bool| {
        if !holds {
            broken.push(name);
        }
    };
    let related = world.sessions().count() > 1;
    for session in world.sessions() {
        let acl = world.acl(session).unwrap();
        let alone = if related { views.of(world, session) } else { &[] };
        for (i, user) in world.users().enumerate() {
            let own = standing(world, user, session);
            check("REF", own.effective == facts.eff(user, session) && own.stands == facts.standing(user, session));
            check("REF", own.grantable == facts.grantable(user, session));
            check(
                "REF",
                LOOKUPS.iter().zip(own.reads).all(|(&lookup, reads)| reads == facts.read(user, session, lookup)),
            );
            check("INV-05", !related || own == alone[i]);
            let carried = facts.carriers(user, session).any(|record| record.rights.contains(R));
            check("INV-14", carried || !own.reads.contains(&true));
            for group in world.groups() {
                let through =
                    world.paths(user, session).any(|path| matches!(path, Path::Group { group: g, .. } if g == group));
                let present = acl.of(Holder::Group(group)).is_some();
                check("INV-16", through == (present && world.is_member(user, group)));
            }
            let [none, group, proxy, all] = own.reads;
            check("INV-21", (!none || (group && proxy)) && (!(group || proxy) || all));
        }
    }
    broken
}

/// A world with only what INV-05 lets count for a session: its own records, the groups, and the users on its proxies.
fn what_may_matter(world: &World, session: Session) -> World {
    let mut alone = World::new(CachePolicy::Off);
    for user in world.users() {
        alone.add_user(user, world.devices(Holder::User(user)).0.count_ones() as u8).unwrap();
    }
    for group in world.groups() {
        alone.add_group(group, world.members(group).unwrap().clone()).unwrap();
    }
    let acl = world.acl(session).unwrap();
    for other in world.sessions() {
        alone.add_session(other, if other == session { acl.creator() } else { None }).unwrap();
    }
    for &record in acl.active() {
        alone.add_record(session, record).unwrap();
        if let Holder::Proxy(proxy) = record.holder {
            for &record in world.acl(proxy).unwrap().active() {
                if matches!(record.holder, Holder::User(_)) {
                    alone.add_record(proxy, record).unwrap();
                }
            }
        }
    }
    alone
}

/// Everything from which [`what_may_matter`] is made, as numbers; the records of a proxy follow its own.
fn describe(world: &World, session: Session, key: &mut Vec<u16>) {
    let user = |user: Option<User>| user.map_or(u16::MAX, |User(number)| number);
    for User(number) in world.users() {
        key.extend([number, world.devices(Holder::User(User(number))).0]);
    }
    for group in world.groups() {
        let of_group = world.members(group).unwrap();
        key.extend([u16::MAX, group.0]);
        key.extend(of_group.members.iter().map(|user| user.0));
        key.push(u16::MAX);
        key.extend(of_group.admins.iter().map(|user| user.0));
    }
    let acl = world.acl(session).unwrap();
    key.push(u16::MAX);
    key.extend(world.sessions().map(|session| session.0));
    key.extend([u16::MAX, session.0, user(acl.creator())]);
    let mut describe = |of_proxy: bool, Access { holder, rights, by, wrapped, .. }: Access| {
        let (kind, number) = match holder {
            Holder::User(User(number)) => (0, number),
            Holder::Group(Group(number)) => (1, number),
            Holder::Proxy(Session(number)) => (2, number),
            Holder::SymEncKey(SymEncKey(number)) => (3, number),
            Holder::Tmr(TmrAccess(number)) => (4, number),
        };
        let letters = [(R, 1), (F, 2), (V, 4)];
        let rights: u16 = letters.iter().filter(|(right, _)| rights.contains(*right)).map(|(_, bit)| bit).sum();
        key.extend([kind << 4 | rights << 1 | u16::from(of_proxy), number, user(by), wrapped.0]);
    };
    for &record in acl.active() {
        describe(false, record);
        if let Holder::Proxy(proxy) = record.holder {
            let of_proxy = world.acl(proxy).unwrap().active();
            of_proxy
                .filter(|record| matches!(record.holder, Holder::User(_)))
                .for_each(|&record| describe(true, record));
        }
    }
}

/// One step: a world, what somebody wanted there, the answer, and the world after it.
pub struct Step<'a> {
    pub before: &'a World,
    pub facts: &'a Facts,
    /// Of the world before.
    pub standings: &'a Standings,
    pub actor: Actor,
    pub handle: Handle,
    pub action: &'a Action,
    pub answer: &'a Result<Grant, Denied>,
    pub after: &'a World,
    /// Whether the world after it is another one.
    pub changed: bool,
}

/// The invariants of a step.
pub fn of_step(step: &Step<'_>) -> Vec<Invariant> {
    let grant = match step.answer {
        Ok(grant) => grant,
        Err(_) if !step.changed => return Vec::new(),
        Err(_) => return vec!["INV-17"],
    };
    let mut broken = Vec::new();
    if !step.changed && !gives_key(step.action) {
        return broken;
    }
    let mut check = |name, holds: bool| {
        if !holds {
            broken.push(name);
        }
    };
    let Step { before, facts, actor, action, after, .. } = *step;
    let user = actor.user();
    let allowed = step.read_allowed();
    let named = step.named_record();

    // Reading.
    if gives_key(action) {
        check("INV-01", allowed);
        let without_account = matches!(action, Action::ReadAnonymously { scope: 5 | -1, .. });
        check("INV-01", user.is_some() || without_account);
    }
    if matches!(
        action,
        Action::ReadBySymEncKey { .. }
            | Action::ReadAnonymously { .. }
            | Action::ReadByTmr { .. }
            | Action::SelfAdd { .. }
            | Action::Convert { .. }
    ) {
        check("INV-09", named.is_some());
    }
    for session in after.sessions() {
        for other in after.users().map(Actor::User).chain([Actor::Anonymous]) {
            let (was, is) = (before.memory(other, session), after.memory(other, session));
            let here = other == actor && action.session() == Some(session);
            let made = here && matches!(action, Action::Create { .. }) && before.acl(session).is_none();
            let recalled = here && matches!(action, Action::Recall { .. }) && was.cached;
            check("INV-02", !is.holds || was.holds || made || recalled || (here && gives_key(action) && allowed));
            let retrieved = here && matches!(action, Action::Retrieve { .. }) && allowed;
            check("INV-02", !is.cached || was.cached || retrieved);
            check("INV-23", !is.cached || after.cache_policy() != CachePolicy::Off);
        }
    }
    if let Action::Recall { session } = *action {
        check("INV-23", before.memory(actor, session).cached);
    }
    if let (CachePolicy::Evict, Some(user), Some(session), true) =
        (after.cache_policy(), user, action.session(), action.shows_own_paths())
    {
        let reads = Facts::of(after).read(user, session, Lookup::ALL);
        check("INV-23", reads || !after.memory(actor, session).cached);
    }

    // Records.
    for session in after.sessions() {
        let now = after.acl(session).unwrap();
        let Some(was) = before.acl(session) else { continue };
        check("INV-25", was.creator() == now.creator());
        check("INV-13", now.is_closed() || !was.is_closed());
        if action.session() != Some(session) {
            check("INV-06", was == now);
            continue;
        }
        if matches!(step.handle, Handle::Bearer | Handle::Anonymous) {
            check("INV-07", was == now || matches!(action, Action::SelfAdd { .. } | Action::Convert { .. }));
        }
        check("INV-09", now.records().len() >= was.records().len());
        for (old, new) in was.records().iter().zip(now.records()) {
            check("INV-09", old.active || old == new);
            let same = Access { active: old.active, ..*new } == *old;
            let is_named = matches!(*action, Action::Change { holder, .. } if holder == old.holder);
            check("INV-19", same || is_named);
            if let (Action::Change { add, remove, .. }, true) = (action, is_named && !same) {
                let (gained, lost) = (new.rights.without(old.rights), old.rights.without(new.rights));
                check("INV-19", add.contains(gained) && remove.contains(lost));
                check("INV-19", (old.holder, old.by, old.active) == (new.holder, new.by, new.active));
                check("INV-04", step.sources(session).contains(gained));
            }
            check("INV-19", old.rights == new.rights || !matches!(old.holder, Holder::Proxy(_) | Holder::Tmr(_)));
            if old.active && !new.active {
                let leaves = user.is_some_and(|user| old.holder == Holder::User(user));
                let made = user.is_some() && old.by == user;
                let may = user.is_some_and(|user| facts.eff(user, session).contains(V) || was.creator() == Some(user));
                let converted = matches!(*action, Action::Convert { access, .. } if old.holder == Holder::Tmr(access));
                check("INV-12", leaves || made || may || converted);
            }
        }
        for new in now.records().iter().skip(was.records().len()) {
            let most = match action {
                Action::SelfAdd { .. } | Action::Convert { .. } => named.map_or(Rights::NONE, |record| record.rights),
                _ => user.map_or(Rights::NONE, |user| facts.grantable(user, session)),
            };
            check("INV-03", most.contains(new.rights) && new.by == user);
            check("INV-03", !matches!(action, Action::Convert { .. }) || new.rights == most);
            check("INV-04", step.sources(session).contains(new.rights));
            if let Action::SelfAdd { .. } = action {
                check(
                    "INV-08",
                    named.is_some_and(|key| key.rights.contains(R.union(F)) && key.rights.contains(new.rights)),
                );
            }
            let by_creator = user.is_some() && was.creator() == user;
            check(
                "INV-11",
                by_creator || matches!(action, Action::Convert { .. }) || somebody_forwards(facts, session),
            );
        }
    }

    // Single actions.
    match *action {
        Action::RevokeAll { session } => check("INV-13", after.acl(session).unwrap().is_closed()),
        Action::RevokeOthers { session } => {
            let own = |holder| user.is_some_and(|user| holder == Holder::User(user));
            let was: Vec<_> = facts.active(session).filter(|record| own(record.holder)).collect();
            check("INV-15", after.acl(session).unwrap().active().copied().collect::<Vec<_>>() == was);
        }
        Action::Add { session, wanted } if facts.record(session, wanted.holder).is_some() => {
            check("INV-18", !step.changed);
        }
        Action::SelfAdd { session, .. } if user.is_some_and(|user| facts.direct_path(user, session).is_some()) => {
            check("INV-18", !step.changed);
        }
        Action::Convert { session, access, .. }
            if user.is_some_and(|user| facts.direct_path(user, session).is_some()) =>
        {
            let mut apart = Facts::of(after);
            for ((_, now), (_, was)) in apart.records.iter_mut().zip(&facts.records) {
                if now.holder == Holder::Tmr(access) && was.active {
                    now.active = true;
                }
            }
            check("INV-18", apart == *facts);
        }
        Action::Leave { session } if grant.outcome() == &Outcome::Targets(vec![true]) => {
            let leaver = user.unwrap();
            for (user, other) in pairs(before) {
                let gone = |path: &Path| match *path {
                    Path::Direct { .. } => user == leaver && other == session,
                    Path::Proxy { proxy, .. } => user == leaver && proxy == session,
                    Path::Group { .. } => false,
                };
                let left: Vec<_> = before.paths(user, other).filter(|path| !gone(path)).collect();
                check("INV-22", after.paths(user, other).collect::<Vec<_>>() == left);
            }
        }
        Action::Change { session, holder: Holder::User(user), add, remove } if !add.union(remove).contains(R) => {
            for ((_, other), was) in step.standings.0.iter().filter(|((of, other), _)| *of == user && *other != session)
            {
                check("INV-06", *was == standing(after, user, *other));
            }
        }
        _ => {}
    }
    if only_takes(action) {
        for &((user, session), was) in &step.standings.0 {
            let is = standing(after, user, session);
            check("INV-10", was.effective.contains(is.effective) && was.grantable.contains(is.grantable));
            check("INV-10", was.stands || !is.stands);
            check("INV-10", was.reads.iter().zip(is.reads).all(|(was, is)| *was || !is));
        }
    }
    broken
}

fn gives_key(action: &Action) -> bool {
    matches!(
        action,
        Action::Retrieve { .. }
            | Action::ReadBySymEncKey { .. }
            | Action::ReadAnonymously { .. }
            | Action::ReadByTmr { .. }
            | Action::SelfAdd { .. }
            | Action::Convert { .. }
    )
}

fn only_takes(action: &Action) -> bool {
    match action {
        Action::Revoke { .. } | Action::Leave { .. } | Action::RevokeAll { .. } | Action::RevokeOthers { .. } => true,
        Action::Change { add, .. } => add.is_empty(),
        Action::GroupRemove { .. } | Action::GroupLeave { .. } => true,
        _ => false,
    }
}

/// Whether somebody else than the creator, or a SymEncKey, may forward.
fn somebody_forwards(facts: &Facts, session: Session) -> bool {
    let others = facts.users.iter().map(|(user, _)| *user).filter(|&user| facts.creator(session) != Some(user));
    let by_path = others.into_iter().any(|user| facts.eff(user, session).contains(F));
    by_path
        || facts
            .active(session)
            .any(|record| matches!(record.holder, Holder::SymEncKey(_)) && record.rights.contains(F))
}

impl Step<'_> {
    /// The SymEncKey or TMR record that the action names, if active and proven.
    fn named_record(&self) -> Option<Access> {
        let (session, holder, proven) = match *self.action {
            Action::ReadBySymEncKey { session, key, proven }
            | Action::ReadAnonymously { session, key, proven, .. }
            | Action::SelfAdd { session, key, proven, .. } => (session, Holder::SymEncKey(key), proven),
            Action::ReadByTmr { session, access, proven } | Action::Convert { session, access, proven, .. } => {
                (session, Holder::Tmr(access), proven)
            }
            _ => return None,
        };
        self.facts.record(session, holder).filter(|_| proven)
    }

    /// Whether an active path with the right to read leads to the key (INV-01).
    fn read_allowed(&self) -> bool {
        match *self.action {
            Action::Retrieve { session, lookup, .. } => {
                self.actor.user().is_some_and(|user| self.facts.read(user, session, lookup))
            }
            _ => self.named_record().is_some_and(|record| record.rights.contains(R)),
        }
    }

    /// Every right that descends from a record on the session to what the actor makes there now, or from having made the session.
    fn sources(&self, session: Session) -> Rights {
        if let Some(record) = self.named_record() {
            return record.rights;
        }
        let Some(user) = self.actor.user() else { return Rights::NONE };
        if self.facts.creator(session) == Some(user) {
            return Rights::ALL;
        }
        let carriers = self.facts.carriers(user, session);
        carriers.fold(Rights::NONE, |rights, record| rights.union(record.rights))
    }
}
