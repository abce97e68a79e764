//! What is committed survives a restart, what is not never happened.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_process::{
    Attributes, Author, DeviceAddress, Outpoint, PairSecret, PairwiseSecrets, Roles, Storage, Table, Transaction,
    Value, apply, create, load_process, process_ids,
};
use sealwright_process_store::{Disk, open_secrets, seal_secrets};
use sealwright_types::Coded as _;
use std::collections::BTreeSet;

#[test]
fn a_result_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let private = Attributes::from([("a".parse().unwrap(), Value::json("1").unwrap())]);
    let author = Author { member: Outpoint::new([1; 32], 0), keep_creator_keys: true };
    let id = Outpoint::new([2; 32], 0);
    let made = create(id, &private, &Attributes::new(), Roles::default(), &BTreeSet::new(), author).unwrap();
    let mut disk = Disk::open(&path).unwrap();
    apply(&made, &mut disk, 0).unwrap();
    apply(&made, &mut disk, 0).unwrap();
    drop(disk);
    let disk = Disk::open(&path).unwrap();
    assert_eq!(process_ids(&disk).unwrap(), [id]);
    let read = load_process(&disk, &id).unwrap().unwrap();
    assert!(read.to_json().expose() == made.process.to_json().expose());
    assert!(Disk::open(&path).is_err(), "two programs at once");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_not_committed_has_not_happened() {
    let directory = tempfile::tempdir().unwrap();
    let mut disk = Disk::open(&directory.path().join("store.redb")).unwrap();
    let mut change = disk.begin().unwrap();
    change.put(Table::Data, b"a", b"1").unwrap();
    assert_eq!(change.get(Table::Data, b"a").unwrap().unwrap().expose(), b"1");
    drop(change);
    assert!(disk.get(Table::Data, b"a").unwrap().is_none());
    let mut change = disk.begin().unwrap();
    change.put(Table::Data, b"a", b"1").unwrap();
    change.put(Table::Diffs, b"b", b"2").unwrap();
    change.remove(Table::Diffs, b"b").unwrap();
    change.commit().unwrap();
    assert_eq!((disk.keys(Table::Data).unwrap(), disk.keys(Table::Diffs).unwrap().len()), (vec![b"a".to_vec()], 0));
}

#[test]
fn secrets_open_under_their_key_only() {
    let bob: DeviceAddress = "bob".parse().unwrap();
    let mut secrets = PairwiseSecrets::default();
    secrets.add_pending(bob.clone(), PairSecret::random().unwrap());
    secrets.confirm(&bob);
    let key = SymKey::generate().unwrap();
    let sealed = seal_secrets(&secrets, &key).unwrap();
    let read = open_secrets(&sealed, &key).unwrap();
    assert_eq!(read.confirmed(&bob).unwrap().expose(), secrets.confirmed(&bob).unwrap().expose());
    assert_eq!(open_secrets(&sealed, &SymKey::generate().unwrap()).unwrap_err().code(), "rejected");
    let other = sealwright_envelope::seal(&key, b"{}").unwrap();
    assert_eq!(open_secrets(&other, &key).unwrap_err().code(), "malformed");
}
