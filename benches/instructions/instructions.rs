//! Instruction counts of our own code over fixed inputs: keys, IVs and ciphertexts of the vectors.
//!
//! Run by `scripts/instruction-benches`, under callgrind. The counter sees neither SHA-NI nor VAES nor ADX: valgrind's processor has
//! none of them, so that the portable code of the primitives is counted with ours.
#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a bench")]

use gungraun::{library_benchmark, library_benchmark_group, main};
use sealwright_benches::inputs::{self, IV, text_at, vector_bytes, vector_json};
use sealwright_envelope::file::{self, SingleEntry};
use sealwright_envelope::{SymKey, hazmat, message, open_in_place};
use sealwright_identity::Identity;
use sealwright_session::{Generation, Keyring, SerializedSession, UnknownHash};
use sealwright_types::{SessionId, b64};
use sealwright_wrap::PrivateKey;
use sealwright_wrap::record::DeviceToken;
use std::hint::black_box;
use std::io::{Cursor, Read as _};
use std::sync::Arc;

const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";

fn key() -> SymKey {
    inputs::sym_key().expect("vectors")
}

fn key_and_plaintext(length: usize) -> (SymKey, Vec<u8>) {
    (key(), inputs::plaintext(length))
}

fn key_and_sealed(length: usize) -> (SymKey, Vec<u8>) {
    let (key, plaintext) = key_and_plaintext(length);
    let sealed = hazmat::seal_with_iv(&key, &IV, &plaintext).expect("a long key");
    (key, sealed)
}

#[library_benchmark]
#[bench::of_100_bytes(key_and_sealed(100))]
#[bench::of_1_kib(key_and_sealed(1024))]
#[bench::of_64_kib(key_and_sealed(65_536))]
fn open((key, sealed): (SymKey, Vec<u8>)) -> Vec<u8> {
    black_box(sealwright_envelope::open(black_box(&key), black_box(&sealed)).expect("sealed with this key"))
}

#[library_benchmark]
#[bench::of_100_bytes(key_and_sealed(100))]
#[bench::of_1_kib(key_and_sealed(1024))]
#[bench::of_64_kib(key_and_sealed(65_536))]
fn open_within((key, mut sealed): (SymKey, Vec<u8>)) -> Vec<u8> {
    open_in_place(black_box(&key), black_box(&mut sealed)).expect("sealed with this key");
    black_box(sealed)
}

#[library_benchmark]
#[bench::of_100_bytes(key_and_plaintext(100))]
#[bench::of_1_kib(key_and_plaintext(1024))]
#[bench::of_64_kib(key_and_plaintext(65_536))]
fn seal((key, plaintext): (SymKey, Vec<u8>)) -> Vec<u8> {
    black_box(hazmat::seal_with_iv(black_box(&key), &IV, black_box(&plaintext)).expect("a long key"))
}

fn key_and_message() -> (SymKey, SessionId, String) {
    let (key, session) = (key(), SESSION.parse().expect("an id"));
    let text = "x".repeat(200);
    let message = hazmat::seal_message_with_iv(&key, session, &IV, &text).expect("a long key");
    (key, session, message)
}

#[library_benchmark]
#[bench::json(key_and_message())]
fn open_message((key, session, text): (SymKey, SessionId, String)) -> Vec<u8> {
    black_box(message::open(black_box(&key), session, black_box(&text)).expect("sealed with this key"))
}

fn base64_in_lines() -> String {
    let text = b64::encode(inputs::plaintext(48 * 1024));
    let lines: Vec<&str> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    lines.join("\r\n")
}

#[library_benchmark]
#[bench::lines(base64_in_lines())]
#[bench::canonical(b64::encode(inputs::plaintext(48 * 1024)))]
fn decode_base64(text: String) -> Vec<u8> {
    black_box(b64::decode_tolerant(black_box(&text)).expect("base64"))
}

#[library_benchmark]
#[bench::hyphenated(SESSION)]
#[bench::s64("WiIXIjbEQe6+VgJCrBIAAg")]
fn parse_id(text: &str) -> SessionId {
    black_box(black_box(text).parse().expect("an id"))
}

fn container() -> (SymKey, Vec<u8>) {
    let manifest = vector_json("peer/files/manifest.json").expect("vectors");
    let key = b64::decode_strict(text_at(&manifest, "/key").expect("a key")).expect("base64");
    let sealed = vector_bytes("peer/files/js_1000.seald").expect("vectors");
    (SymKey::from_bytes(&key).expect("a key"), sealed)
}

#[library_benchmark]
#[bench::of_1000_bytes(container())]
fn open_file((key, container): (SymKey, Vec<u8>)) -> Vec<u8> {
    let mut source = Cursor::new(black_box(&container));
    let header = file::inspect(&mut source).expect("a container");
    let mut opened = file::open(black_box(&key), &header, source, SingleEntry::Only).expect("sealed with this key");
    let mut content = Vec::new();
    opened.read_to_end(&mut content).expect("verified");
    black_box(content)
}

#[library_benchmark]
#[bench::one_pair(vector_bytes("peer/identity/js_alice_0old.bson").expect("vectors"))]
fn read_identity(document: Vec<u8>) -> Identity {
    black_box(Identity::from_bson(black_box(&document)).expect("an identity").identity)
}

fn keyring_and_token() -> (Keyring, DeviceToken) {
    let session = vector_json("peer/session.json").expect("vectors");
    let record = session.pointer("/encryptedMessageKeys/1").expect("a record");
    let owner = text_at(record, "/privateKeyOf").expect("an owner");
    let pkcs8 = text_at(&session, &format!("/users/{owner}/encryptionKey")).expect("a key");
    let key = PrivateKey::from_der(&b64::decode_strict(pkcs8).expect("base64")).expect("a key").key;
    let token = DeviceToken {
        session_id: text_at(record, "/sessionId").expect("an id").parse().expect("an id"),
        device_id: None,
        created_for_key_hash: Some(key.hash()),
        token: b64::decode_s64(text_at(record, "/token").expect("a token")).expect("S64").into(),
        revoked: false,
    };
    let mut keyring = Keyring::default();
    keyring.add(Arc::new(key), None);
    // The first private operation of a process also seeds the generator that its blinding comes from.
    keyring.open(&token, UnknownHash::Stop).expect("wrapped for this key");
    (keyring, token)
}

#[library_benchmark]
#[bench::of_2048_bits(keyring_and_token())]
fn unwrap_token((keyring, token): (Keyring, DeviceToken)) -> SymKey {
    black_box(keyring.open(black_box(&token), UnknownHash::Stop).expect("wrapped for this key").key)
}

fn session_text() -> String {
    let session = vector_json("peer/session.json").expect("vectors");
    text_at(&session, "/serializedSessions/0/serialized").expect("a text").to_owned()
}

#[library_benchmark]
#[bench::created(session_text())]
fn read_session(text: String) -> SerializedSession {
    black_box(SerializedSession::from_text(black_box(&text), Generation::Current).expect("a session"))
}

library_benchmark_group!(
    name = instructions,
    benchmarks = [
        open,
        open_within,
        seal,
        open_message,
        decode_base64,
        parse_id,
        open_file,
        read_identity,
        unwrap_token,
        read_session
    ]
);

main!(library_benchmark_groups = instructions);
