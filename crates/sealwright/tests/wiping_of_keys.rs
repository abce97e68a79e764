//! Private keys are gone when they are dropped, under the allocator of the program, which wipes what it takes back: the libraries that parse, check
//! and encode them leave copies behind.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod memory;

use memory::{Case, Needle, assert_each_is_wiped};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PrivateKeyParts as _;
use sealwright::identity::Identity;
use sealwright::session::Keyring;
use sealwright::types::{DeviceId, UserId};
use sealwright::wrap::{KeySize, PrivateKey};
use std::any::Any;
use std::sync::Arc;
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED_WHEN_FREED: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

const CASES: &[Case] = &[
    ("PrivateKey", new_key),
    ("Identity", || of_identity(new_identity())),
    ("Identity of legacy keys", || of_identity(stored_identity())),
    ("Keyring", keyring),
];

#[test]
fn no_private_key_outlives_its_type() {
    assert_each_is_wiped(CASES);
}

/// A value that holds a private key, and its first prime, in both orders of bytes.
fn private_key<T: 'static>(key: &PrivateKey, value: T) -> (Box<dyn Any>, Vec<Needle>) {
    let parsed = rsa::RsaPrivateKey::from_pkcs8_der(key.to_pkcs8().expose()).unwrap();
    let mut prime = Zeroizing::new(parsed.primes()[0].to_be_bytes());
    let forward = Needle::of(&prime[8..40]);
    prime.reverse();
    let length = prime.len();
    (Box::new(value), vec![forward, Needle::of(&prime[length - 40..length - 8])])
}

fn new_key() -> (Box<dyn Any>, Vec<Needle>) {
    let key = Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap());
    private_key(&Arc::clone(&key), key)
}

fn new_identity() -> Identity {
    Identity::generate(UserId::random().unwrap(), DeviceId::random().unwrap(), KeySize::Rsa2048).unwrap()
}

/// An identity whose keys have 1024 bits, read from its document.
fn stored_identity() -> Identity {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/peer/identity/js_carol_rsa1024.bson");
    Identity::from_bson(&Zeroizing::new(std::fs::read(path).unwrap())).unwrap().identity
}

fn of_identity(identity: Identity) -> (Box<dyn Any>, Vec<Needle>) {
    let key = Arc::clone(&identity.current().encryption);
    private_key(&key, identity)
}

fn keyring() -> (Box<dyn Any>, Vec<Needle>) {
    let key = Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap());
    let mut keyring = Keyring::default();
    keyring.add(Arc::clone(&key), None);
    private_key(&key, keyring)
}
