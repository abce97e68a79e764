//! The same world under other numbers and in another order: the ground of symmetry, of canonical worlds and of INV-24.

use sealwright_rights::{Action, Actor, Group, Handle, Holder, Members, Outcome, Session, User, Wanted, World};
use std::hash::{DefaultHasher, Hasher};

/// Other numbers: user n becomes `users[n - 1]`, session n `sessions[n - 1]`.
#[derive(Clone, Copy)]
pub struct Renaming {
    pub users: [u16; 3],
    pub sessions: [u16; 3],
}

pub const ORDERS: [[u16; 3]; 6] = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

impl Renaming {
    fn user(&self, user: User) -> User {
        User(self.users[usize::from(user.0) - 1])
    }

    fn session(&self, session: Session) -> Session {
        Session(self.sessions[usize::from(session.0) - 1])
    }

    pub fn holder(&self, holder: Holder) -> Holder {
        match holder {
            Holder::User(user) => Holder::User(self.user(user)),
            Holder::Proxy(session) => Holder::Proxy(self.session(session)),
            other => other,
        }
    }

    pub fn actor(&self, actor: Actor) -> Actor {
        match actor {
            Actor::User(user) => Actor::User(self.user(user)),
            Actor::Anonymous => Actor::Anonymous,
        }
    }

    /// The world, with the records of each session in reverse order.
    pub fn reversed_world(&self, world: &World) -> World {
        let mut renamed = World::new(world.cache_policy());
        for user in world.users() {
            renamed.add_user(self.user(user), 1).unwrap();
        }
        for group in world.groups() {
            let of_group = world.members(group).unwrap();
            let members = of_group.members.iter().map(|&user| self.user(user)).collect();
            let admins = of_group.admins.iter().map(|&user| self.user(user)).collect();
            renamed.add_group(group, Members { members, admins }).unwrap();
        }
        for session in world.sessions() {
            let creator = world.acl(session).unwrap().creator().map(|user| self.user(user));
            renamed.add_session(self.session(session), creator).unwrap();
        }
        for session in world.sessions() {
            let acl = world.acl(session).unwrap();
            for &record in acl.records().iter().rev() {
                let mut record = record;
                record.holder = self.holder(record.holder);
                record.by = record.by.map(|user| self.user(user));
                renamed.add_record(self.session(session), record).unwrap();
            }
            if acl.is_closed() {
                renamed.close_session(self.session(session)).unwrap();
            }
            for actor in world.users().map(Actor::User).chain([Actor::Anonymous]) {
                renamed.set_memory(self.actor(actor), self.session(session), world.memory(actor, session)).unwrap();
            }
        }
        renamed
    }

    pub fn action(&self, action: &Action) -> Action {
        let mut renamed = action.clone();
        match &mut renamed {
            Action::Create { session, records } => {
                *session = self.session(*session);
                for wanted in records {
                    wanted.holder = self.holder(wanted.holder);
                }
            }
            Action::Add { session, wanted: Wanted { holder, .. } } | Action::Change { session, holder, .. } => {
                *session = self.session(*session);
                *holder = self.holder(*holder);
            }
            Action::Revoke { session, holders } => {
                *session = self.session(*session);
                for holder in holders {
                    *holder = self.holder(*holder);
                }
            }
            Action::Retrieve { session, .. }
            | Action::Use { session }
            | Action::Recall { session }
            | Action::Forget { session }
            | Action::Leave { session }
            | Action::RevokeAll { session }
            | Action::RevokeOthers { session }
            | Action::List { session }
            | Action::ListOwn { session }
            | Action::ReadBySymEncKey { session, .. }
            | Action::SelfAdd { session, .. }
            | Action::ReadAnonymously { session, .. }
            | Action::ReadByTmr { session, .. }
            | Action::Convert { session, .. }
            | Action::SetManagingGroup { session, .. } => *session = self.session(*session),
            Action::GroupAdd { user, .. } | Action::GroupRemove { user, .. } => *user = self.user(*user),
            Action::GroupLeave { .. } => {}
        }
        renamed
    }

    pub fn outcome(&self, outcome: &Outcome) -> Outcome {
        match outcome {
            Outcome::Listed(holders) => Outcome::Listed(holders.iter().map(|&holder| self.holder(holder)).collect()),
            other => other.clone(),
        }
    }
}

/// A list of holders says nothing by its order.
pub fn sorted(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Listed(mut holders) => {
            holders.sort();
            Outcome::Listed(holders)
        }
        other => other,
    }
}

/// The fingerprint of a world that is the same for all worlds which differ only in the numbers of users: of 128 bits, so that among a
/// hundred million worlds two have the same by chance once in 10^22 runs.
pub fn fingerprint(world: &World, room: &mut [Vec<u8>; 2]) -> u128 {
    let [least, next] = room;
    least.clear();
    for users in ORDERS {
        next.clear();
        encode(world, &users, next);
        if least.is_empty() || next < least {
            std::mem::swap(least, next);
        }
    }
    print(least)
}

/// The fingerprint of a world with the numbers that its users have.
pub fn print_as_is(world: &World, room: &mut Vec<u8>) -> u128 {
    encode(world, &ORDERS[0], room);
    print(room)
}

fn print(bytes: &[u8]) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(bytes);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// All of a world as bytes, under other numbers for the users. One byte for each user number: the worlds are small.
fn encode(world: &World, users: &[u16; 3], bytes: &mut Vec<u8>) {
    let number = |user: User| users[usize::from(user.0) - 1] as u8;
    let mut in_order = [User(0); 3];
    for user in [User(1), User(2), User(3)] {
        in_order[usize::from(number(user)) - 1] = user;
    }
    bytes.push(world.cache_policy() as u8);
    for group in world.groups() {
        let Members { members, admins } = world.members(group).unwrap();
        for user in in_order {
            bytes.push(u8::from(members.contains(&user)) | u8::from(admins.contains(&user)) << 1);
        }
    }
    for session in world.sessions() {
        let acl = world.acl(session).unwrap();
        bytes.push(acl.creator().map_or(0, number));
        bytes.push(u8::from(acl.is_closed()) << 7 | acl.records().len() as u8);
        let first = bytes.len();
        for record in acl.records() {
            bytes.extend(match record.holder {
                Holder::User(user) => [0, number(user)],
                Holder::Group(Group(group)) => [1, group as u8],
                Holder::Proxy(Session(session)) => [2, session as u8],
                Holder::SymEncKey(key) => [3, key.0 as u8],
                Holder::Tmr(access) => [4, access.0 as u8],
            });
            let rights = sealwright_rights::Rights::every().position(|rights| rights == record.rights).unwrap() as u8;
            bytes.push(rights | u8::from(record.active) << 3 | u8::from(!record.wrapped.is_empty()) << 4);
            bytes.push(record.by.map_or(0, number));
        }
        // The order in which records were made is no part of a world (INV-24).
        let (records, _) = bytes[first..].as_chunks_mut::<4>();
        records.sort_unstable();
        for actor in in_order.map(Actor::User).into_iter().chain([Actor::Anonymous]) {
            let memory = world.memory(actor, session);
            let handle = [Handle::None, Handle::Created, Handle::Plain, Handle::Bearer, Handle::Anonymous]
                .iter()
                .position(|handle| *handle == memory.handle)
                .unwrap();
            bytes.push(handle as u8 | u8::from(memory.holds) << 3 | u8::from(memory.cached) << 4);
        }
    }
}
