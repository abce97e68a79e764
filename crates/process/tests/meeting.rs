//! Copies meet: what was accepted stays accepted, what is undecided gives way, and nothing of it depends on who sends again and again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]
#![cfg(feature = "secp256k1")]

mod worlds;

use sealwright_process::blobs::BlobsOf;
use sealwright_process::secp256k1::{Schnorr, VotingKey};
use sealwright_process::{
    Attributes, Change, DeviceAddress, Electorate, Fraction, Member, Memory, Outcome, Package, Peers, Process,
    Received, Receiver, Role, Roles, Rule, StateId, Update, Value, Vote, apply, apply_instead, create, diffs,
    load_process, receive, store_process, update,
};
use sealwright_types::Coded as _;
use std::collections::{BTreeMap, BTreeSet};
use worlds::{author, device, member, name, process};

const ALICE: usize = 1;
const BOB: usize = 2;
const EVE: usize = 3;

fn key(number: usize) -> VotingKey {
    VotingKey::from_slice(&[u8::try_from(number).unwrap(); 32]).unwrap()
}

/// Who is known: members with the numbers of their devices.
struct World {
    peers: Peers,
    verifier: Schnorr<BTreeMap<DeviceAddress, [u8; 32]>>,
}

fn world(members: &[(usize, &[usize])]) -> World {
    let mut peers = Peers::default();
    let devices = |numbers: &[usize]| numbers.iter().copied().map(device).collect();
    peers.apply_handshake(members.iter().map(|(id, own)| Member { id: member(*id), addresses: devices(own) })).unwrap();
    let keys = members.iter().flat_map(|(_, own)| own.iter().map(|number| (device(*number), key(*number).public())));
    World { peers, verifier: Schnorr(keys.collect()) }
}

fn both() -> World {
    world(&[(ALICE, &[ALICE]), (BOB, &[BOB])])
}

impl World {
    fn electorate(&self) -> Electorate<'_> {
        Electorate { peers: &self.peers, verifier: &self.verifier }
    }

    fn receive(&self, sent: &Process, storage: &mut Memory, instead: bool) -> Result<Received, &'static str> {
        let receiver = Receiver { holder: None, electorate: self.electorate(), instead, now: 0 };
        let package = Package { process: sent.without_secrets(), blobs: BTreeMap::new(), shares: vec![] };
        receive(package, receiver, storage).map_err(|error| error.code())
    }

    fn outcomes(&self, storage: &Memory) -> Vec<Result<Outcome, &'static str>> {
        let outcomes = stored(storage).outcomes(self.electorate());
        outcomes.into_iter().map(|outcome| outcome.map_err(|error| error.code())).collect()
    }

    /// The next state, with the vote of its author.
    fn propose(&self, storage: &mut Memory, by: usize, change: &Update, instead: bool) -> StateId {
        let mut before = stored(storage);
        before.settle(self.electorate());
        let withdrawn = instead && before.withdraw_undecided(self.electorate());
        let last = before.last().unwrap().id();
        let blobs = BlobsOf { storage: &*storage, now: 0 };
        let mut made = update(&before, &last, change, author(by), self.electorate(), &blobs).unwrap();
        vote(&mut made.process, by, Vote::Yes);
        if withdrawn { apply_instead(&made, storage, 0) } else { apply(&made, storage, 0) }.unwrap();
        made.process.last().unwrap().id()
    }
}

fn stored(storage: &Memory) -> Process {
    load_process(storage, &process()).unwrap().unwrap()
}

fn vote(process: &mut Process, by: usize, vote: Vote) {
    let last = process.last().unwrap();
    let (id, token) = (last.id(), last.motion().vote(vote, &device(by), &key(by)).unwrap());
    assert!(process.add_votes(&id, [token]));
}

fn vote_in(storage: &mut Memory, by: usize, choice: Vote) {
    let mut process = stored(storage);
    vote(&mut process, by, choice);
    store_process(&process, storage).unwrap();
}

/// One role of these members, all of whom have to agree to everything.
fn roles(members: &[usize], device_quorum: u16) -> Roles {
    let fields = ["#roles", "attribute-0", "attribute-1"].map(|field| field.parse().unwrap());
    let device_quorum = Fraction::from_basis_points(device_quorum).unwrap();
    let rule = Rule { device_quorum, fields: fields.into(), quorum: Fraction::WHOLE };
    let members = members.iter().copied().map(member).collect();
    Roles::new([("party".parse().unwrap(), Role { members, rules: BTreeSet::from([rule]) })].into())
}

fn values(number: usize, text: &str) -> Attributes {
    [(name(number), Value::of(&text).unwrap())].into()
}

/// Attribute 0 is private, attribute 1 public.
fn set(number: usize, text: &str) -> Update {
    let delta = values(number, text).into_iter().map(|(name, value)| (name, Change::Set(value))).collect();
    if number == 0 {
        Update { private: delta, ..Update::default() }
    } else {
        Update { public: delta, ..Update::default() }
    }
}

/// Alice's and Bob's copies of a process in which both have to agree.
fn start(device_quorum: u16) -> (Memory, Memory) {
    let roles = roles(&[ALICE, BOB], device_quorum);
    let made = create(process(), &values(0, "a"), &values(1, "a"), roles, &BTreeSet::new(), author(ALICE)).unwrap();
    let (mut alice, mut bob) = (Memory::default(), Memory::default());
    apply(&made, &mut alice, 0).unwrap();
    store_process(&made.process.without_secrets(), &mut bob).unwrap();
    (alice, bob)
}

const ACCEPTED: Result<Outcome, &str> = Ok(Outcome::Satisfied);
const PENDING: Result<Outcome, &str> = Ok(Outcome::Pending);

#[test]
fn what_is_accepted_stays_so_whatever_is_voted_later() {
    let (mut alice, mut bob) = start(0);
    let both = both();
    let out = Update { roles: Some(roles(&[ALICE], 0)), ..Update::default() };
    both.propose(&mut alice, ALICE, &out, false);
    both.receive(&stored(&alice), &mut bob, false).unwrap();
    vote_in(&mut bob, BOB, Vote::Yes);
    let before = stored(&bob);
    both.receive(&before, &mut alice, false).unwrap();
    both.propose(&mut alice, ALICE, &set(1, "b"), false);
    assert_eq!(both.outcomes(&alice), [ACCEPTED; 3]);
    // Bob's program has recorded nothing yet, and he is no honest man.
    vote_in(&mut bob, BOB, Vote::No);
    assert_eq!(both.outcomes(&bob), [ACCEPTED, PENDING]);
    let taken = both.receive(&stored(&bob), &mut alice, false).unwrap();
    assert_eq!((taken.late, taken.left_out), (BTreeSet::from([device(BOB)]), vec![]));
    assert_eq!(both.outcomes(&alice), [ACCEPTED; 3]);
    // What Alice sends on leads everybody to the same, also by way of a program that keeps no such record.
    let mut third = Memory::default();
    both.receive(&stored(&alice), &mut third, false).unwrap();
    assert_eq!(both.outcomes(&third), [ACCEPTED; 3]);
    let without_record = Process::from_json(stored(&alice).to_json().expose()).unwrap();
    assert_eq!(without_record.latest_valid(both.electorate()).unwrap().index(), 2);
    // A vote of the own device is not added either; one for the state is.
    let mut settled = stored(&alice);
    let middle = settled.states()[1].motion();
    let tokens = [Vote::No, Vote::Yes].map(|choice| middle.vote(choice, &device(EVE), &key(EVE)).unwrap());
    assert!(settled.add_votes(&middle.state, tokens));
    assert_eq!(settled.states()[1].validation_tokens().len(), 3);
    // A late vote whose signature is bad is nobody's.
    let mut forged = stored(&alice).without_secrets();
    let token = forged.states()[1].motion().vote(Vote::No, &device(BOB), &key(EVE)).unwrap();
    forged.add_votes(&middle.state, [token]);
    assert_eq!(both.receive(&forged, &mut alice, false).unwrap().late, BTreeSet::new());
    assert_eq!(stored(&alice).states()[1].validation_tokens().len(), 2);
}

#[test]
fn a_further_device_does_not_undo_what_was_accepted() {
    let (mut alice, _) = start(10_000);
    let both = both();
    both.propose(&mut alice, ALICE, &set(1, "b"), false);
    vote_in(&mut alice, BOB, Vote::Yes);
    let mut settled = stored(&alice);
    assert_eq!(settled.settle(both.electorate()), 2);
    let more = world(&[(ALICE, &[ALICE]), (BOB, &[BOB, 4])]);
    assert_eq!(more.outcomes(&alice), [ACCEPTED, PENDING]);
    store_process(&settled, &mut alice).unwrap();
    assert_eq!(more.outcomes(&alice), [ACCEPTED, ACCEPTED]);
    // Nobody can claim it for others: the record is not sent, and a text has none.
    let mut other = Memory::default();
    more.receive(&stored(&alice), &mut other, false).unwrap();
    assert_eq!(more.outcomes(&other), [ACCEPTED, PENDING]);
}

#[test]
fn a_proposal_that_was_replaced_gives_way_and_does_not_come_back() {
    let (mut alice, mut bob) = start(0);
    let both = both();
    let first = both.propose(&mut alice, ALICE, &set(1, "b"), false);
    let old = stored(&alice);
    both.receive(&old, &mut bob, false).unwrap();
    vote_in(&mut bob, BOB, Vote::No);
    let second = both.propose(&mut alice, ALICE, &set(1, "c"), true);
    let taken = both.receive(&stored(&alice), &mut bob, false).unwrap();
    assert_eq!((taken.withdrawn, taken.left_out), (vec![first], vec![]));
    assert_eq!((stored(&bob).last().unwrap().id(), both.outcomes(&bob)[1]), (second, PENDING));
    // Whoever sends the old one again changes nothing, unless that is wished.
    let taken = both.receive(&old, &mut bob, false).unwrap();
    assert_eq!((taken.withdrawn, taken.left_out), (vec![], vec![first]));
    vote_in(&mut bob, BOB, Vote::Yes);
    both.receive(&stored(&bob), &mut alice, false).unwrap();
    assert_eq!((both.outcomes(&alice), both.outcomes(&bob)), (vec![ACCEPTED; 2], vec![ACCEPTED; 2]));
    // What is accepted gives way to nothing.
    assert_eq!(both.receive(&old, &mut bob, true).unwrap_err(), "stale");
}

#[test]
fn two_proposals_meet_only_when_somebody_gives_in_or_one_is_accepted() {
    let (mut alice, mut bob) = start(0);
    let both = both();
    let hers = both.propose(&mut alice, ALICE, &set(0, "b"), false);
    let his = both.propose(&mut bob, BOB, &set(1, "c"), false);
    let (proposed, answered) = (stored(&alice), stored(&bob));
    let sent = [&proposed, &answered];
    for (storage, sent, other, own) in [(&mut alice, sent[1], his, hers), (&mut bob, sent[0], hers, his)] {
        let taken = both.receive(sent, storage, false).unwrap();
        assert_eq!((taken.left_out, stored(storage).last().unwrap().id()), (vec![other], own));
    }
    // Alice gives in, and so does Bob, whose vote makes hers accepted: her key has not been lost with it.
    let key = |storage: &Memory| stored(storage).last().unwrap().key(&name(0)).map(|key| *key.expose());
    let (proposal, kept) = (stored(&alice), key(&alice).unwrap());
    assert_eq!(both.receive(&stored(&bob), &mut alice, true).unwrap().withdrawn, [hers]);
    assert_ne!(key(&alice), Some(kept));
    assert_eq!(both.receive(&proposal, &mut bob, true).unwrap().withdrawn, [his]);
    vote_in(&mut bob, BOB, Vote::Yes);
    assert_eq!(both.receive(&stored(&bob), &mut alice, false).unwrap().withdrawn, [his]);
    assert_eq!((both.outcomes(&alice), key(&alice)), (vec![ACCEPTED; 2], Some(kept)));
}

#[test]
fn what_outsiders_propose_keeps_nobody_from_meeting() {
    let (mut alice, mut bob) = start(0);
    let both = both();
    let mut eve = Memory::default();
    store_process(&stored(&bob).without_secrets(), &mut eve).unwrap();
    // In Eve's world she is everybody.
    let hers = world(&[(ALICE, &[EVE]), (BOB, &[EVE])]);
    for text in ["x", "y"] {
        hers.propose(&mut eve, EVE, &set(1, text), false);
    }
    assert_eq!(hers.outcomes(&eve), [ACCEPTED; 3]);
    let ids: Vec<_> = stored(&eve).states().iter().map(sealwright_process::State::id).collect();
    assert_eq!(both.receive(&stored(&eve), &mut bob, false).unwrap().left_out, ids[2..]);
    let real = both.propose(&mut alice, ALICE, &set(1, "b"), false);
    assert_eq!(both.receive(&stored(&alice), &mut bob, false).unwrap().withdrawn, ids[1..2]);
    assert_eq!(stored(&bob).last().unwrap().id(), real);
    // Not the other way round, and what no rule covers is not stored at all.
    assert_eq!(both.receive(&stored(&eve), &mut bob, false).unwrap().left_out, ids[1..]);
    let (mut third, mut free) = (Memory::default(), Memory::default());
    store_process(&stored(&alice).without_secrets(), &mut third).unwrap();
    vote_in(&mut third, BOB, Vote::Yes);
    store_process(&stored(&third), &mut free).unwrap();
    let uncovered = both.propose(&mut free, EVE, &set(7, "z"), false);
    assert_eq!(both.receive(&stored(&free), &mut third, true).unwrap().left_out, [uncovered]);
    assert_eq!(stored(&third).states().len(), 2);
}

#[test]
fn what_was_withdrawn_is_remembered() {
    let (mut alice, _) = start(0);
    let both = both();
    let told = |storage: &Memory| diffs(storage).unwrap().len();
    let created = told(&alice);
    let first = both.propose(&mut alice, ALICE, &set(0, "b"), false);
    both.propose(&mut alice, ALICE, &set(0, "c"), true);
    // The name of the first blob is not free again: the same value has another one.
    let third = both.propose(&mut alice, ALICE, &set(0, "b"), true);
    assert_ne!(first, third);
    assert!(stored(&alice).last().unwrap().salt(&name(0)).is_some());
    // Differences are those of the state that stands there.
    assert_eq!(told(&alice), created + 1);
    // A content that comes back has differences of its own.
    vote_in(&mut alice, BOB, Vote::Yes);
    for text in ["x", "a", "x"] {
        both.propose(&mut alice, ALICE, &set(1, text), false);
        vote_in(&mut alice, BOB, Vote::Yes);
    }
    assert_eq!((both.outcomes(&alice), told(&alice)), (vec![ACCEPTED; 5], created + 4));
    let order: Vec<_> = diffs(&alice).unwrap().into_iter().rev().take(3).map(|diff| diff.old).collect();
    assert!(order[0] == order[2] && order[0] != order[1]);
}
