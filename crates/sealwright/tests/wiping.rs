//! Every type that holds a secret wipes it when it is dropped, under the allocator of the system, which wipes nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod memory;

use memory::{Case, Needle, assert_each_is_wiped};
use sealwright::envelope::SymKey;
use sealwright::envelope::file::{self, Entries};
use sealwright::envelope::parts::{self, Buffer, Pieces};
use sealwright::envelope::stream::Withheld;
use sealwright::identity::ssks::{Account, Opened, password, two_man_rule};
use sealwright::identity::two_man_rule::{Client, SessionToken};
use sealwright::kdf::value::{AuthFactor, JwtText, RawKey64, RawSecret, RawStorageKey};
use sealwright::kdf::{AppIdText, Password, SecretText, UserIdText, ValidationKey};
use sealwright::process::secp256k1::VotingKey;
use sealwright::process::{AttributeKey, PairSecret, Salt, Value};
use sealwright::types::{Secret, SecretString, SecretVec, SessionId, b64, random};
use std::any::Any;
use std::io::{self, Cursor, Write};
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
    ("Pieces", || bytes(|secret| decrypted(secret).0)),
    ("Buffer", || bytes(written)),
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

type Writing = Box<dyn FnMut(Pieces) -> Buffer>;

/// A chunk of a container that holds this, decrypted, and what writes it.
fn decrypted(content: &[u8]) -> (Pieces, Writing) {
    let (key, session) = (SymKey::generate().unwrap(), SessionId::random().unwrap());
    let mut sealed = Vec::new();
    file::seal(&key, session, "name", content.len() as u64, content, &mut sealed).unwrap();
    let mut source = Cursor::new(sealed);
    let header = file::inspect(&mut source).unwrap();
    let (mut reading, mut decryption, mut placing) =
        parts::open(&key, &header, source, Entries::One, |_| Ok(Nowhere)).unwrap();
    let chunk = reading.next(reading.buffer(parts::CHUNK)).unwrap().unwrap();
    let pieces = decryption.decrypt(chunk).unwrap();
    (pieces, Box::new(move |pieces| placing.place(pieces).unwrap()))
}

/// Room that a chunk with this in it has been in.
fn written(content: &[u8]) -> Buffer {
    let (pieces, mut write) = decrypted(content);
    write(pieces)
}

/// Keeps nothing.
struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Withheld for Nowhere {}

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
