//! Every type that holds a secret wipes it when it is dropped, under the allocator of the system, which wipes nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod memory;

use memory::{Case, Needle, assert_each_is_wiped};
use sealwright::envelope::SymKey;
use sealwright::identity::ssks::{Account, Opened, password, two_man_rule};
use sealwright::identity::two_man_rule::{Client, SessionToken};
use sealwright::kdf::value::{AuthFactor, JwtText, RawKey64, RawSecret, RawStorageKey};
use sealwright::kdf::{AppIdText, Password, SecretText, UserIdText, ValidationKey};
use sealwright::process::secp256k1::VotingKey;
use sealwright::process::{AttributeKey, PairSecret, Salt, Value};
use sealwright::types::{Secret, SecretString, SecretVec, b64, random};
use std::any::Any;
use zeroize::Zeroizing;

const CASES: &[Case] = &[
    ("Secret", || bytes(|secret| Secret::<64>::from_slice(secret).unwrap())),
    ("SecretVec", || bytes(SecretVec::copy_of)),
    ("SecretString", || text(|secret| SecretString::from(secret.to_owned()))),
    ("SymKey", || bytes(|secret| SymKey::from_bytes(secret).unwrap())),
    ("SecretText", || text(|secret| SecretText::from(secret.to_owned()))),
    ("Password", || text(|secret| Password::new(secret).unwrap())),
    ("ValidationKey", || text(|secret| ValidationKey::new(secret).unwrap())),
    ("RawKey64", || bytes(|secret| RawKey64::from_bytes(secret).unwrap())),
    ("RawKey64 of text", || encoded(|secret| RawKey64::parse_strict(secret).unwrap())),
    ("RawStorageKey", || text(|secret| RawStorageKey::parse_strict(secret).unwrap())),
    ("RawSecret", || text(|secret| RawSecret::new(secret).unwrap())),
    ("JwtText", || text(|secret| JwtText::parse(&Zeroizing::new(format!("{secret}.{secret}."))).unwrap())),
    ("SessionToken", || text(|secret| SessionToken::new(secret).unwrap())),
    ("password::Credential", || text(|secret| password::Credential::Password(Password::new(secret).unwrap()))),
    ("two_man_rule::Credential", || bytes(credential)),
    ("two_man_rule::Client", || bytes(|secret| Client::new(account(), factor(), credential(secret)).unwrap())),
    ("AttributeKey", || short(|secret| AttributeKey::from_slice(secret).unwrap())),
    ("Salt", || short(|secret| Salt::from_slice(secret).unwrap())),
    ("PairSecret", || short(|secret| PairSecret::from_slice(secret).unwrap())),
    ("VotingKey", || short(|secret| VotingKey::from_slice(secret).unwrap())),
    ("Value", || bytes(|secret| Value::binary("", secret).unwrap())),
    ("an opened ssks::Blob", || bytes(opened_blob)),
];

#[test]
fn no_secret_outlives_its_type() {
    assert_each_is_wiped(CASES);
}

fn bytes<T: 'static>(make: fn(&[u8]) -> T) -> (Box<dyn Any>, Vec<Needle>) {
    let secret = Zeroizing::new(random_bytes::<64>());
    (Box::new(make(secret.as_slice())), vec![Needle::of(secret.as_slice())])
}

fn short<T: 'static>(make: fn(&[u8]) -> T) -> (Box<dyn Any>, Vec<Needle>) {
    let secret = Zeroizing::new(random_bytes::<32>());
    (Box::new(make(secret.as_slice())), vec![Needle::of(secret.as_slice())])
}

fn text<T: 'static>(make: fn(&str) -> T) -> (Box<dyn Any>, Vec<Needle>) {
    let secret = Zeroizing::new(hex::encode(random_bytes::<32>()));
    (Box::new(make(&secret)), vec![Needle::of(secret.as_bytes())])
}

fn encoded<T: 'static>(make: fn(&str) -> T) -> (Box<dyn Any>, Vec<Needle>) {
    let secret = Zeroizing::new(random_bytes::<64>());
    let text = Zeroizing::new(b64::encode(secret.as_slice()));
    (Box::new(make(&text)), vec![Needle::of(secret.as_slice()), Needle::of(text.as_bytes())])
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    random::fill(&mut bytes).unwrap();
    bytes
}

fn account() -> Account {
    Account {
        app: AppIdText::new("12345678-1234-4abc-8def-1234567890ab").unwrap(),
        user: UserIdText::parse_strict("user-1").unwrap(),
    }
}

fn factor() -> AuthFactor {
    AuthFactor::email("user@example.com").unwrap()
}

fn credential(key: &[u8]) -> two_man_rule::Credential {
    two_man_rule::Credential::Raw(RawKey64::from_bytes(key).unwrap())
}

/// The content of a blob that was sealed and opened again.
fn opened_blob(content: &[u8]) -> Opened {
    let credential = credential(&random_bytes::<64>());
    let blob = two_man_rule::seal(content, &credential, &account()).unwrap();
    two_man_rule::open(&blob, &credential, &account()).unwrap()
}
