//! Which private key opens a token: the rules EMK-10 to EMK-15, one by one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_session::{Keyring, UnknownHash};
use sealwright_types::{DeviceId, SessionId};
use sealwright_wrap::record::DeviceToken;
use sealwright_wrap::{KeySize, PrivateKey, wrap};
use std::sync::{Arc, LazyLock};

static KEYS: LazyLock<Vec<Arc<PrivateKey>>> =
    LazyLock::new(|| (0..3).map(|_| Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap())).collect());

fn token(session_key: &SymKey, recipient: &PrivateKey) -> DeviceToken {
    DeviceToken {
        session_id: SessionId::random().unwrap(),
        device_id: None,
        created_for_key_hash: Some(recipient.hash()),
        token: wrap(session_key, recipient.public()).unwrap().into(),
        revoked: false,
    }
}

fn keyring(keys: &[usize]) -> Keyring {
    let mut keyring = Keyring::default();
    for &place in keys {
        keyring.add(Arc::clone(&KEYS[place]), None);
    }
    keyring
}

#[test]
fn emk_10_a_hash_selects_its_key_alone() {
    let key = SymKey::generate().unwrap();
    let token = token(&key, &KEYS[1]);
    let keyring = keyring(&[0, 1, 2]);
    let candidates: Vec<_> =
        keyring.candidates(&token, UnknownHash::Stop).map(|candidate| candidate.key.hash()).collect();
    assert_eq!(candidates, [KEYS[1].hash()]);
    assert_eq!(keyring.open(&token, UnknownHash::Stop).unwrap().key.expose(), key.expose());
}

#[test]
fn emk_11_without_hash_every_key_of_the_size_is_tried_the_named_device_first() {
    let key = SymKey::generate().unwrap();
    let device = DeviceId::random().unwrap();
    let mut keyring = keyring(&[0, 1]);
    keyring.add(Arc::clone(&KEYS[2]), Some(device));
    let mut token = DeviceToken { created_for_key_hash: None, device_id: Some(device), ..token(&key, &KEYS[1]) };
    let order: Vec<_> = keyring.candidates(&token, UnknownHash::Stop).map(|candidate| candidate.key.hash()).collect();
    assert_eq!(order, [KEYS[2].hash(), KEYS[0].hash(), KEYS[1].hash()]);
    assert_eq!(keyring.open(&token, UnknownHash::Stop).unwrap().by.key.hash(), KEYS[1].hash());

    token.token = token.token[1..].to_vec().into();
    assert_eq!(keyring.candidates(&token, UnknownHash::Stop).count(), 0, "no key has this size");
}

#[test]
fn emk_12_a_hash_that_nobody_has_or_that_is_wrong_ends_the_search_unless_all_are_asked_for() {
    let key = SymKey::generate().unwrap();
    for wrong in [KEYS[0].hash(), KEYS[2].hash()] {
        let token = DeviceToken { created_for_key_hash: Some(wrong), ..token(&key, &KEYS[1]) };
        let keyring = keyring(&[0, 1]);
        assert!(keyring.open(&token, UnknownHash::Stop).is_err());
        assert_eq!(keyring.open(&token, UnknownHash::TryAll).unwrap().key.expose(), key.expose());
    }
}

#[test]
fn emk_12_trying_all_tries_each_key_once() {
    let token = token(&SymKey::generate().unwrap(), &KEYS[1]);
    assert_eq!(keyring(&[0, 1, 2]).candidates(&token, UnknownHash::TryAll).count(), 3);
}

#[test]
fn emk_15_the_device_is_a_hint() {
    let key = SymKey::generate().unwrap();
    let token = DeviceToken { device_id: Some(DeviceId::random().unwrap()), ..token(&key, &KEYS[1]) };
    assert!(keyring(&[1]).open(&token, UnknownHash::Stop).is_ok());
}

#[test]
fn a_key_added_twice_stands_there_once() {
    let mut keyring = keyring(&[0, 0]);
    let devices = [DeviceId::random().unwrap(), DeviceId::random().unwrap()];
    keyring.add(Arc::clone(&KEYS[0]), Some(devices[0]));
    keyring.add(Arc::clone(&KEYS[0]), Some(devices[1]));
    keyring.add(Arc::clone(&KEYS[0]), Some(devices[1]));
    assert_eq!(keyring.len(), 1);
    let token = token(&SymKey::generate().unwrap(), &KEYS[0]);
    assert_eq!(keyring.candidates(&token, UnknownHash::Stop).next().unwrap().devices, devices);
}
