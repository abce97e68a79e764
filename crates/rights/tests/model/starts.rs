//! The worlds from which a search starts (RIGHTS.md section 8).

use sealwright_rights::{
    Access, Actor, CachePolicy, Group, Handle, Holder, Members, Memory, Rights, Session, SymEncKey, TmrAccess, User,
    World,
};

const RF: Rights = Rights::READ_FORWARD;

/// Three users, of whom the given one is the only member of the group.
fn people(cache: CachePolicy, member: u16) -> World {
    let mut world = World::new(cache);
    for user in 1..=3 {
        world.add_user(User(user), 1).unwrap();
    }
    let members = [User(member)].into();
    world.add_group(Group(1), Members { members, admins: [User(member)].into() }).unwrap();
    world
}

/// Nobody has made a session yet.
pub fn empty() -> World {
    people(CachePolicy::Off, 1)
}

/// A session of the first user, who has its key.
fn session(world: &mut World, session: u16) {
    world.add_session(Session(session), Some(User(1))).unwrap();
    let memory = Memory { handle: Handle::Created, holds: true, cached: false };
    world.set_memory(Actor::User(User(1)), Session(session), memory).unwrap();
}

fn record(world: &mut World, session: u16, holder: Holder, rights: Rights) {
    let wrapped = world.devices(holder);
    let record = Access { holder, rights, by: Some(User(1)), active: true, wrapped };
    world.add_record(Session(session), record).unwrap();
}

/// The 27 chains: the second user on s1, s1 a proxy of s2, s2 a proxy of s3.
pub fn chains() -> Vec<World> {
    let mut worlds = Vec::new();
    for rights in triples([Rights::READ, RF, Rights::ALL]) {
        let mut world = people(CachePolicy::Off, 3);
        (1..=3).for_each(|number| session(&mut world, number));
        record(&mut world, 1, Holder::User(User(2)), rights[0]);
        record(&mut world, 2, Holder::Proxy(Session(1)), rights[1]);
        record(&mut world, 3, Holder::Proxy(Session(2)), rights[2]);
        worlds.push(world);
    }
    worlds
}

/// The 36 worlds with one session.
pub fn one_session(cache: CachePolicy) -> Vec<World> {
    let mut worlds = Vec::new();
    for group in [None, Some(Rights::READ), Some(Rights::ALL)] {
        for key in [Rights::READ, RF] {
            for access in [Rights::READ, RF] {
                for user in [None, Some(Rights::READ), Some(RF)] {
                    let mut world = people(cache, 3);
                    session(&mut world, 1);
                    if let Some(rights) = group {
                        record(&mut world, 1, Holder::Group(Group(1)), rights);
                    }
                    record(&mut world, 1, Holder::SymEncKey(SymEncKey(1)), key);
                    record(&mut world, 1, Holder::Tmr(TmrAccess(1)), access);
                    if let Some(rights) = user {
                        record(&mut world, 1, Holder::User(User(2)), rights);
                    }
                    worlds.push(world);
                }
            }
        }
    }
    worlds
}

fn triples(of: [Rights; 3]) -> impl Iterator<Item = [Rights; 3]> {
    of.into_iter().flat_map(move |a| of.into_iter().flat_map(move |b| of.into_iter().map(move |c| [a, b, c])))
}
