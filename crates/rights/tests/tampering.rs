//! Invariants that no single broken rule breaks notice a world that was tampered with.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "the model is shared by several tests")]

mod model;

use model::invariants::{Invariant, Standings, Step, of_step};
use model::reference::Facts;
use sealwright_rights::*;

const ANN: User = User(1);
const BOB: User = User(2);
const S: Session = Session(1);

/// Ann's session, with a record of Bob's that may be revoked, and one of the third user.
fn world(creator: User, bob_active: bool, third: Rights) -> World {
    let mut world = World::new(CachePolicy::Off);
    (1..=3).for_each(|user| world.add_user(User(user), 1).unwrap());
    world.add_session(S, Some(creator)).unwrap();
    for (holder, rights, active) in [(BOB, Rights::READ, bob_active), (User(3), third, true)] {
        let holder = Holder::User(holder);
        let wrapped = if rights.contains(Rights::READ) { world.devices(holder) } else { Devices::NONE };
        world.add_record(S, Access { holder, rights, by: Some(ANN), active, wrapped }).unwrap();
    }
    world
}

/// What is noticed when a step of Ann's ends in this world.
fn noticed(before: &World, action: &Action, after: &World) -> Vec<Invariant> {
    let answer = before.decide(Actor::User(ANN), Handle::None, action);
    let facts = Facts::of(before);
    let (actor, handle) = (Actor::User(ANN), Handle::None);
    let standings = &Standings::of(before);
    let changed = before != after;
    of_step(&Step { before, facts: &facts, standings, actor, handle, action, answer: &answer, after, changed })
}

#[test]
fn a_record_that_comes_back() {
    let (before, after) = (world(ANN, false, Rights::READ), world(ANN, true, Rights::READ));
    assert!(noticed(&before, &Action::ListOwn { session: S }, &after).contains(&"INV-09"));
}

#[test]
fn a_revocation_that_gives() {
    let (before, after) = (world(ANN, true, Rights::READ), world(ANN, false, Rights::ALL));
    let revoke = Action::Revoke { session: S, holders: vec![Holder::User(BOB)] };
    assert!(noticed(&before, &revoke, &after).contains(&"INV-10"));
    assert_eq!(noticed(&before, &revoke, &world(ANN, false, Rights::READ)), Vec::<&str>::new());
}

#[test]
fn a_refusal_that_changes() {
    let (before, after) = (world(BOB, true, Rights::READ), world(BOB, false, Rights::READ));
    assert_eq!(noticed(&before, &Action::RevokeAll { session: S }, &after), ["INV-17"]);
}

#[test]
fn another_creator() {
    let (before, after) = (world(ANN, true, Rights::READ), world(BOB, true, Rights::READ));
    assert!(noticed(&before, &Action::ListOwn { session: S }, &after).contains(&"INV-25"));
}
