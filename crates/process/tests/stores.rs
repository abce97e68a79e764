//! The stores: applying is atomic and idempotent, whatever fails; blobs are written once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod worlds;

use sealwright_process::blobs::{self, PutRequest, Retention};
use sealwright_process::{
    ApplyError, AttributeKey, Attributes, Change, Commitment, Holder, KeyShare, Memory, Package, PairSecret,
    PairwiseSecrets, ProcessResult, Receiver, ShareContext, ShareError, Storage, StorageError, Table, Transaction,
    Update, Value, apply, apply_instead, create, diffs, load_process, receive, store_process, update,
};
use sealwright_types::{Coded, SecretVec};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use worlds::{author, device, electorate, name, owned_by_zero, peers, process};

/// Fails at the call with this number.
struct Faulty {
    inner: Memory,
    calls: Cell<usize>,
    fails_at: usize,
}

struct FaultyTransaction<'a> {
    inner: <Memory as Storage>::Transaction<'a>,
    calls: &'a Cell<usize>,
    fails_at: usize,
}

fn step(calls: &Cell<usize>, fails_at: usize) -> Result<(), StorageError> {
    let call = calls.replace(calls.get() + 1);
    if call == fails_at { Err(StorageError("injected".into())) } else { Ok(()) }
}

impl Storage for Faulty {
    type Transaction<'a> = FaultyTransaction<'a>;

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError> {
        step(&self.calls, self.fails_at)?;
        self.inner.get(table, key)
    }

    fn keys(&self, table: Table) -> Result<Vec<Vec<u8>>, StorageError> {
        step(&self.calls, self.fails_at)?;
        self.inner.keys(table)
    }

    fn begin(&mut self) -> Result<FaultyTransaction<'_>, StorageError> {
        step(&self.calls, self.fails_at)?;
        Ok(FaultyTransaction { inner: self.inner.begin()?, calls: &self.calls, fails_at: self.fails_at })
    }
}

impl Transaction for FaultyTransaction<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError> {
        step(self.calls, self.fails_at)?;
        self.inner.get(table, key)
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        step(self.calls, self.fails_at)?;
        self.inner.put(table, key, value)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        step(self.calls, self.fails_at)?;
        self.inner.remove(table, key)
    }

    fn commit(self) -> Result<(), StorageError> {
        step(self.calls, self.fails_at)?;
        self.inner.commit()
    }
}

fn content(memory: &impl Storage) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let mut content = Vec::new();
    for table in Table::ALL {
        for key in memory.keys(table).unwrap() {
            let value = memory.get(table, &key).unwrap().unwrap().into_exposed();
            content.push((table, key, value));
        }
    }
    content
}

fn created() -> ProcessResult {
    let attributes = |number: usize| Attributes::from([(name(number), Value::json("1").unwrap())]);
    create(process(), &attributes(0), &attributes(1), owned_by_zero(2), &BTreeSet::new(), author(0)).unwrap()
}

fn updated(first: &ProcessResult) -> ProcessResult {
    let private = [(name(0), Change::Set(Value::json("2").unwrap()))].into();
    let change = Update { private, ..Update::default() };
    let previous = first.process.last().unwrap().id();
    let mut made = update(&first.process, &previous, &change, author(0), electorate(&peers(1)), &first.blobs).unwrap();
    made.secrets.insert(device(1), sealwright_process::PairSecret::from_slice(&[3; 32]).unwrap());
    made
}

#[test]
fn a_failure_anywhere_leaves_the_old_state_and_trying_again_succeeds() {
    let first = created();
    let second = updated(&first);
    let mut reference = Memory::default();
    apply(&first, &mut reference, 0).unwrap();
    let before = content(&reference);
    apply(&second, &mut reference, 0).unwrap();
    let after = content(&reference);
    assert_ne!(before, after);
    let mut failures = 0;
    for fails_at in 0.. {
        let mut inner = Memory::default();
        apply(&first, &mut inner, 0).unwrap();
        let mut faulty = Faulty { inner, calls: Cell::new(0), fails_at };
        match apply(&second, &mut faulty, 0) {
            Ok(()) => break,
            Err(error) => assert_eq!(error.code(), "io"),
        }
        failures += 1;
        assert_eq!(content(&faulty.inner), before, "failed at call {fails_at}");
        faulty.fails_at = usize::MAX;
        apply(&second, &mut faulty, 0).unwrap();
        assert_eq!(content(&faulty.inner), after, "failed at call {fails_at}");
    }
    // begin, blob, process and difference, secret, commit: at least one call each.
    assert!(failures >= 7, "{failures}");
}

#[test]
fn applying_twice_changes_nothing() {
    let first = created();
    let second = updated(&first);
    let mut memory = Memory::default();
    for result in [&first, &second] {
        apply(result, &mut memory, 0).unwrap();
        let once = content(&memory);
        apply(result, &mut memory, 7).unwrap();
        assert_eq!(content(&memory), once);
    }
    // The older result again: what came after it stays.
    let all = content(&memory);
    apply(&first, &mut memory, 0).unwrap();
    assert_eq!(content(&memory), all);
    assert_eq!(diffs(&memory).unwrap().len(), first.diffs.len() + second.diffs.len());
}

#[test]
fn keys_at_hand_are_never_dropped_and_other_states_are_refused() {
    let first = created();
    let mut memory = Memory::default();
    apply(&first, &mut memory, 0).unwrap();
    store_process(&first.process.without_secrets(), &mut memory).unwrap();
    let stored = load_process(&memory, &process()).unwrap().unwrap();
    assert!(stored.states()[0].key(&name(0)).is_some());
    let other = created_with("3");
    let before = content(&memory);
    assert!(matches!(apply(&other, &mut memory, 0), Err(ApplyError::Stale(_))));
    assert_eq!(content(&memory), before);
}

fn created_with(value: &str) -> ProcessResult {
    let attributes = Attributes::from([(name(0), Value::json(value).unwrap())]);
    create(process(), &attributes, &Attributes::new(), owned_by_zero(2), &BTreeSet::new(), author(0)).unwrap()
}

#[test]
fn blobs_are_written_once_and_expire() {
    let mut memory = Memory::default();
    let key = Commitment::from_bytes([1; 32]);
    let request = |value: &[u8], ttl| PutRequest { key, value: value.to_vec(), ttl };
    let put = |memory: &mut Memory, value: &[u8], ttl, now| {
        blobs::put(memory, &request(value, ttl), Retention::Temporary, now).map_err(|error| error.code())
    };
    assert_eq!(put(&mut memory, b"a", Some(59), 0), Err("bad-ttl"));
    assert_eq!(put(&mut memory, b"a", Some(60), 100), Ok(()));
    assert_eq!(blobs::get(&memory, &key, 159).unwrap(), b"a");
    assert_eq!(blobs::get(&memory, &key, 160).unwrap_err().code(), "not-found");
    assert_eq!(put(&mut memory, b"b", None, 159), Err("conflict"));
    assert_eq!(put(&mut memory, b"a", None, 159), Ok(()));
    assert_eq!(blobs::get(&memory, &key, 159 + 86_399).unwrap(), b"a");
    // What has expired is gone: its name is free.
    assert_eq!(put(&mut memory, b"b", None, 159 + 86_400), Ok(()));
    assert_eq!(blobs::get(&memory, &Commitment::from_bytes([2; 32]), 0).unwrap_err().code(), "not-found");
    let permanent = Commitment::from_bytes([3; 32]);
    let wish = PutRequest { key: permanent, value: vec![1], ttl: None };
    blobs::put(&mut memory, &wish, Retention::Permanent, 0).unwrap();
    assert_eq!(blobs::get(&memory, &permanent, u64::MAX).unwrap(), [1]);
}

/// What device 1 sends to device 0 of a process whose keys device 0 does not have.
fn package(made: &ProcessResult, key: &AttributeKey, blob: &[u8]) -> Package {
    let state = made.process.last().unwrap();
    let context = ShareContext {
        attribute: name(0),
        process: process(),
        recipient: device(0),
        sender: device(1),
        state_id: state.id(),
    };
    let share = KeyShare::seal(context, key, None, &PairSecret::from_slice(&[5; 32]).unwrap()).unwrap();
    let blobs = [(state.commitment(&name(0)).unwrap(), blob.to_vec()), (Commitment::from_bytes([9; 32]), vec![1])];
    Package { process: made.process.without_secrets(), blobs: blobs.into(), shares: vec![share] }
}

#[test]
fn what_was_damaged_on_the_way_gives_way_to_what_opens() {
    let made = created();
    let commitment = made.process.last().unwrap().commitment(&name(0)).unwrap();
    let (blob, key) = (&made.blobs[&commitment], made.process.last().unwrap().key(&name(0)).unwrap());
    let (poisoned, wrong) = (vec![1; blob.len()], AttributeKey::from_slice(&[6; 32]).unwrap());
    let (peers, address) = (peers(2), device(0));
    let mut secrets = PairwiseSecrets::default();
    secrets.add_pending(device(1), PairSecret::from_slice(&[5; 32]).unwrap());
    secrets.confirm(&device(1));
    let holder = Some(Holder { address: &address, peers: &peers, secrets: &secrets, allow_pending: false });
    let receiver = Receiver { holder, electorate: electorate(&peers), instead: false, now: 0 };
    let mut memory = Memory::default();
    let taken = receive(package(&made, &wrong, &poisoned), receiver, &mut memory).unwrap();
    assert_eq!((taken.keys, taken.refused), (0, vec![(name(0), ShareError::Rejected)]));
    assert_eq!(taken.skipped, BTreeSet::from([Commitment::from_bytes([9; 32])]));
    // A wrong key whose blob is not there cannot be told from a right one.
    let unchecked = Package { blobs: BTreeMap::new(), ..package(&made, &wrong, blob) };
    let mut elsewhere = Memory::default();
    assert_eq!(receive(unchecked, receiver, &mut elsewhere).unwrap().keys, 1);
    for memory in [&mut memory, &mut elsewhere] {
        let taken = receive(package(&made, key, blob), receiver, memory).unwrap();
        assert_eq!((taken.keys, taken.refused.len(), taken.skipped.len()), (1, 0, 1));
        assert_eq!(blobs::get(memory, &commitment, 0).unwrap(), *blob);
        // From here on nothing worse takes its place, and nothing is counted again.
        let again = receive(package(&made, key, blob), receiver, memory).unwrap();
        assert_eq!((again.keys, again.refused.len()), (0, 0));
        let worse = receive(package(&made, &wrong, &poisoned), receiver, memory).unwrap();
        assert_eq!((worse.keys, worse.refused.len(), worse.skipped.len()), (0, 1, 2));
        assert_eq!(blobs::get(memory, &commitment, 0).unwrap(), *blob);
        let held = load_process(memory, &process()).unwrap().unwrap();
        assert_eq!(held.last().unwrap().key(&name(0)).unwrap().expose(), key.expose());
    }
}

#[test]
fn a_state_in_the_place_of_a_withdrawn_one_repeats_none_of_its_names() {
    let mut rules = serde_json::to_value(owned_by_zero(2)).unwrap();
    rules["owner"]["rules"][0]["quorum"] = 10_000.into();
    let attributes = |number: usize| Attributes::from([(name(number), Value::json("1").unwrap())]);
    let roles = serde_json::from_value(rules).unwrap();
    let first = create(process(), &attributes(0), &attributes(1), roles, &BTreeSet::new(), author(0)).unwrap();
    let second = updated(&first);
    let mut memory = Memory::default();
    apply(&first, &mut memory, 0).unwrap();
    apply(&second, &mut memory, 0).unwrap();
    let mut withdrawn = load_process(&memory, &process()).unwrap().unwrap();
    assert!(withdrawn.withdraw_undecided(electorate(&peers(1))));
    let third = updated(&ProcessResult { process: withdrawn, ..second });
    assert!(third.process.last().unwrap().salt(&name(0)).is_some());
    apply_instead(&third, &mut memory, 0).unwrap();
    let stored = load_process(&memory, &process()).unwrap().unwrap();
    assert_eq!(stored.to_json().expose(), third.process.to_json().expose());
}
