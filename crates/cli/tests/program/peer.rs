//! Data of the existing implementations.

use sealwright::types::b64;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The session that the peer's files and messages belong to.
pub(crate) const SESSION: &str = "00000000-0000-1000-a000-7ea300000018";
/// Another session.
pub(crate) const OTHER_SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";

pub(crate) fn vectors(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name)
}

pub(crate) fn read(name: &str) -> Vec<u8> {
    fs::read(vectors("peer").join(name)).unwrap()
}

pub(crate) fn json(name: &str) -> Value {
    // A lone surrogate in one text is no Unicode.
    let text = String::from_utf8(read(name)).unwrap().replace(r"\ud800", r"\ufffd");
    serde_json::from_str(&text).unwrap()
}

/// The key of the peer's files, as base64 text.
pub(crate) fn file_key() -> String {
    json("files/manifest.json")["key"].as_str().unwrap().to_owned()
}

/// The key of the peer's messages, as base64 text.
pub(crate) fn message_key() -> String {
    json("message.json")["key"].as_str().unwrap().to_owned()
}

/// A message of the peer.
pub(crate) fn message() -> String {
    json("message.json")["decryptCases"][0]["message"].as_str().unwrap().to_owned()
}

/// Serialised sessions with the peer's message key: id and key alone first, then one for each flow.
pub(crate) fn serialized_sessions() -> Vec<String> {
    let cases = json("message.json")["serialization"].as_array().unwrap().clone();
    cases.iter().map(|case| case["serialized"].as_str().unwrap().to_owned()).collect()
}

/// A serialised session with the peer's file key.
pub(crate) fn serialized_file_session(session: &str) -> String {
    let key = sealwright::SymKey::from_bytes(&b64::decode_strict(file_key()).unwrap()).unwrap();
    let session = sealwright::session::SerializedSession { id: session.parse().unwrap(), key, details: None };
    session.to_text().expose().to_owned()
}

/// A file of the oldest form, made of an envelope of the peer.
pub(crate) fn legacy_file() -> Vec<u8> {
    let id: sealwright::SessionId = SESSION.parse().unwrap();
    [b"SEALD.IO_Encrypted_File", id.to_s64().as_bytes(), &read("files/js_raw-100.bin")].concat()
}

/// A message of the oldest form for the session, made of an envelope of the peer.
pub(crate) fn legacy_message() -> String {
    format!("==GET=SEALD=1={SESSION}={}/=", b64::encode_s64(read("files/js_raw-100.bin")))
}

/// The plaintext of that envelope.
pub(crate) fn raw_plaintext() -> Vec<u8> {
    (0..100_u32).map(|place| (7 * place + 3) as u8).collect()
}

/// The identity document of a user of the captured traffic.
pub(crate) fn identity(user: &str) -> Vec<u8> {
    use sealwright::types::bson::Writer;
    let user = &json("session.json")["users"][user];
    let latin1 =
        |text: &Value| b64::decode_strict(text.as_str().unwrap()).unwrap().into_iter().map(char::from).collect();
    let all = |name: &str| user[name].as_array().unwrap().iter().map(latin1).collect::<Vec<String>>();
    let mut writer = Writer::with_capacity(0)
        .string("userId", user["userIdS64"].as_str().unwrap())
        .string("keyId", user["keyIdS64"].as_str().unwrap());
    for name in ["encryptionKey", "signingKey"] {
        let key: String = latin1(&user[name]);
        writer = writer.string(name, &key);
    }
    writer = writer
        .strings("serializedOldEncryptionKeys", &all("oldEncryptionKeys"))
        .strings("serializedOldSigningKeys", &all("oldSigningKeys"));
    writer.finish().expose().to_vec()
}
