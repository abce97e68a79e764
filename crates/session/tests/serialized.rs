//! Serialised sessions of the existing implementations, read and written back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_session::{Flow, Generation, RetrievalDetails, SerializedSession, Through};
use sealwright_types::{Coded as _, SessionId, b64};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn peer() -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer/message.json");
    // One text of the file has a lone surrogate, which is no Unicode; the sessions do not.
    let text = fs::read_to_string(path).unwrap().replace(r"\ud800", r"\ufffd");
    serde_json::from_str(&text).unwrap()
}

fn read(text: &str) -> Result<SerializedSession, sealwright_types::Malformed> {
    SerializedSession::from_text(text, Generation::Current)
}

#[test]
fn every_peer_session_is_read_and_written_back() {
    let peer = peer();
    for case in peer["serialization"].as_array().unwrap() {
        let text = case["serialized"].as_str().unwrap();
        let session = read(text).unwrap();
        assert_eq!(session.id.to_string(), peer["sessionId"].as_str().unwrap());
        assert_eq!(b64::encode(session.key.expose()), peer["key"].as_str().unwrap());
        assert_eq!(session.to_text().expose(), text);
        let flow = case["jsRetrievalDetails"]["flow"].as_i64();
        assert_eq!(session.flow(), Flow::from_number(flow, Generation::Current));
    }
}

#[test]
fn every_peer_error_has_our_verdict() {
    for case in peer()["errors"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let session = read(case["serialized"].as_str().unwrap());
        match name {
            "key 32 bytes (accepted: 128-bit)" => assert_eq!(session.unwrap().key.expose().len(), 32),
            _ => assert_eq!(session.unwrap_err().code(), "malformed", "{name}"),
        }
    }
}

#[test]
fn the_sizes_of_ser_01() {
    let id: SessionId = "a1b2c3d4-e5f6-4789-abcd-ef0123456789".parse().unwrap();
    let details = |flow, through| Some(RetrievalDetails { flow, through, from_cache: false });
    for (details, size) in [
        (None, 124),
        (details(Flow::Direct, None), 169),
        (details(Flow::Group, Some(Through::Group(id.to_string().parse().unwrap()))), 219),
        (details(Flow::SymEncKey, Some(Through::SymEncKey(id.to_string().parse().unwrap()))), 223),
        (details(Flow::Proxy, Some(Through::Proxy(id))), 226),
        (details(Flow::Unknown(None), None), 159),
    ] {
        let session = SerializedSession { id, key: SymKey::from_bytes(&[1; 64]).unwrap(), details };
        let text = session.to_text();
        assert_eq!(b64::decode_strict(text.expose()).unwrap().len(), size);
        assert_eq!(read(text.expose()).unwrap().details, details);
    }
}

#[test]
fn ser_12_an_id_in_s64_is_normalised() {
    let id: SessionId = "5a221722-36c4-41ee-be56-0242ac120002".parse().unwrap();
    let written = |text: &str| {
        let document =
            sealwright_types::bson::Writer::with_capacity(0).string("id", text).binary("key", &[1; 64]).finish();
        read(&b64::encode(document.expose()))
    };
    assert_eq!(written(&id.to_s64()).unwrap().id, id);
    assert_eq!(written(&id.to_string().to_uppercase()).unwrap().id, id);
    assert_eq!(written("nope").unwrap_err().rule.as_str(), "SER-12");
}

#[test]
fn the_text_is_not_shown() {
    let session =
        SerializedSession { id: SessionId::random().unwrap(), key: SymKey::generate().unwrap(), details: None };
    let shown = format!("{:?} {session:?}", session.to_text());
    assert!(!shown.contains(session.to_text().expose()));
}
