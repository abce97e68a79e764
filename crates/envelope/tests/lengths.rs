//! The length of an envelope is told without a key, and is that of what was sealed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::file::{self, MAGIC};
use sealwright_envelope::legacy::LegacyMessage;
use sealwright_envelope::message::{self, Message};
use sealwright_envelope::{SymKey, seal, sealed_length};
use sealwright_types::{Coded as _, SessionId, b64};
use std::io::Cursor;

#[test]
fn every_carrier_tells_the_length_of_its_envelope() {
    let (key, session) = (SymKey::generate().unwrap(), SessionId::random().unwrap());
    let archive = 512 + 512 + 1024;
    let envelope = sealed_length(archive).unwrap();
    let mut binary = Vec::new();
    file::seal(&key, session, "a", 5, &b"hello"[..], &mut binary).unwrap();
    let base64 = b64::encode(&binary).into_bytes();
    let payload = b64::encode(&binary[binary.len() - envelope as usize..]);
    let html = format!("window.sealdDocumentUID = '{session}'; window.sealdDocument = '{payload}';").into_bytes();
    for container in [&binary, &base64, &html] {
        let header = file::inspect(&mut Cursor::new(container)).unwrap();
        assert_eq!(header.envelope_length(Cursor::new(container)).unwrap(), envelope, "{:?}", header.kind);
    }
    let legacy = [b"SEALD.IO_Encrypted_File", session.to_s64().as_bytes(), &[0; 80]].concat();
    assert!(legacy.starts_with(MAGIC));
    let header = file::inspect(&mut Cursor::new(&legacy)).unwrap();
    assert_eq!(header.envelope_length(Cursor::new(&legacy)).unwrap(), 80);
    let cut = &html[..html.len() - 10];
    let header = file::inspect(&mut Cursor::new(cut)).unwrap();
    assert_eq!(header.envelope_length(Cursor::new(cut)).unwrap_err().code(), "malformed");
}

#[test]
fn messages_tell_the_length_of_their_envelope() {
    let (key, session) = (SymKey::generate().unwrap(), SessionId::random().unwrap());
    let text = message::seal(&key, session, "hello").unwrap();
    assert_eq!(Message::parse(text).unwrap().envelope_length(), 64);
    let sealed = seal(&key, b"hello").unwrap();
    let with_constants = [&[0x80], &sealed[..16], &[0; 16], &sealed[16..]].concat();
    for (protocol, stored) in [("1", sealed), ("p", with_constants)] {
        let text = format!("==GET=SEALD={protocol}={session}={}/=", b64::encode_s64(stored));
        assert_eq!(LegacyMessage::parse(&text).unwrap().envelope_length(), 64);
    }
}
