use crate::peer;
use crate::place::Place;
use sealwright::envelope::SymKey;
use sealwright::session::{Generation, Keyring, SerializedSession, UnknownHash};
use sealwright::types::b64;
use sealwright::wrap::record::DeviceToken;
use serde_json::Value;
use std::sync::Arc;

#[test]
fn a_new_session_is_a_secret_in_a_file() {
    let mut place = Place::new();
    let output = place.run(["session", "new", "--session-id", peer::SESSION]);
    let text = String::from_utf8(output.stdout).unwrap();
    let session = SerializedSession::from_text(text.trim_end(), Generation::Current).unwrap();
    assert_eq!((session.id.to_string().as_str(), session.key.expose().len()), (peer::SESSION, SymKey::LENGTH));
    let output = place.run(["session", "new", "--json", "--quiet"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    place.hide(told["sessionId"].as_str().unwrap(), "[ID 1]");
    let output = place.run(["session", "new", "-o", "session", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    place.hide(told["sessionId"].as_str().unwrap(), "[ID 2]");
    place.run(["session", "new", "-o", "session"]);
    place.run(["session", "new", "-o", "tmp"]);
    place.run(["session", "show", "session"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.path().join("session")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(place.listing(), ["session"]);
    place.matches("session-new");
}

#[test]
fn a_session_is_shown_without_its_key() {
    let mut place = Place::new();
    for (number, session) in peer::serialized_sessions().iter().enumerate() {
        place.file("session", session);
        place.run(["session", "show", "session"]);
        place.run(["session", "show", "session", "--json"]);
        let shown = place.run(["session", "show", "session", "--expose", "--json"]);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(shown["key"], peer::message_key(), "{number}");
    }
    place.file("key", peer::file_key());
    place.file("empty", "");
    place.run_with_input(["session", "show", "-"], peer::serialized_sessions()[0].as_bytes());
    for name in ["key", "empty", "missing", "tmp"] {
        place.run(["session", "show", name]);
    }
    place.matches("session-show");
}

#[test]
fn a_wrapped_key_is_opened_by_its_recipient() {
    let mut place = Place::new();
    let rsa = peer::json("rsa.json");
    let key = rsa["keys"].as_array().unwrap().iter().find(|key| key["bits"] == 2048).unwrap();
    let der = |name: &str| b64::decode_strict(key[name].as_str().unwrap()).unwrap();
    place.file("spki", der("spki"));
    place.file("text", key["pkcs1Public"].as_str().unwrap().to_owned() + "\n");
    place.file("private", der("pkcs8"));
    place.file("pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    place.file("session", peer::serialized_file_session(peer::SESSION));
    place.file("key", peer::file_key());
    place.file("short", b64::encode([1; 32]));
    let output = place.run(["session", "wrap", "--session-key-file", "session", "--recipient", "spki", "text"]);
    let mut keyring = Keyring::default();
    keyring.add(Arc::new(sealwright::wrap::PrivateKey::from_der(&der("pkcs8")).unwrap().key), None);
    let lines: Vec<DeviceToken> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for token in lines {
        assert_eq!(token.session_id.to_string(), peer::SESSION);
        let opened = keyring.open(&token, UnknownHash::Stop).unwrap();
        assert_eq!(b64::encode(opened.key.expose()), peer::file_key());
    }
    for arguments in [
        ["--session-key-file", "key", "--recipient", "spki"].as_slice(),
        &["--session-key-file", "key", "--recipient", "spki", "--session-id", peer::OTHER_SESSION],
        &["--session-key-file", "session", "--recipient", "spki", "private"],
        &["--session-key-file", "session", "--recipient", "pem"],
        &["--session-key-file", "session", "--recipient", "missing"],
        &["--session-key-file", "short", "--recipient", "spki", "--session-id", peer::SESSION],
        &["--session-key-file", "session"],
        &["--session-key-file", "-", "--recipient", "-"],
    ] {
        place.run(["session", "wrap"].iter().chain(arguments));
    }
    place.matches("session-wrap");
}
