//! What is odd about the keys that open or wrap something is told, whichever command reads them (CLI-12).

use crate::peer;
use crate::place::Place;
use sealwright::SymKey;
use sealwright::identity::Identity;
use sealwright::types::b64;
use sealwright::wrap::wrap;
use serde_json::{Value, json};

/// A message, the identity of its recipient, and the token that leads from one to the other.
fn prepared() -> (Place, Value) {
    let place = Place::new();
    let key = SymKey::generate().unwrap();
    let session = peer::SESSION.parse().unwrap();
    place.file("message", sealwright::envelope::message::seal(&key, session, "hello").unwrap());
    let document = peer::identity("alice");
    let identity = Identity::from_bson(&document).unwrap().identity;
    let recipient = identity.current().encryption.public();
    let token = wrap(&key, recipient).unwrap();
    let hash = recipient.hash();
    place.file("identity", document);
    let token = json!({ "sessionId": peer::SESSION, "token": b64::encode(token), "createdForKeyHash": hash });
    place.file("tokens", format!("{token}\n"));
    (place, token)
}

fn told(place: &mut Place, arguments: &[&str], code: Option<i32>) -> String {
    let output = place.run(arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), code, "{arguments:?}: {told}");
    told
}

const DECRYPT: [&str; 6] = ["decrypt", "message", "--identity", "identity", "--keys", "tokens"];
const UNWRAP: [&str; 8] = ["session", "unwrap", "tokens", "--identity", "identity", "-o", "session", "--force"];
const RESOLVE: [&str; 5] = ["session", "resolve", "tokens", "--identity", "identity"];

/// IDN-17: the former key that is missing may be the one that would have opened it.
#[test]
fn an_unreadable_former_key_is_told_wherever_an_identity_is_read() {
    let (mut place, _) = prepared();
    let warning = "warning[old-key-dropped]";
    for arguments in [&DECRYPT[..], &UNWRAP, &RESOLVE] {
        assert!(!told(&mut place, arguments, Some(0)).contains(warning), "{arguments:?}");
    }
    let errors = peer::json("identity/manifest.json");
    let mut cases = errors["importErrors"].as_array().unwrap().iter();
    let case = cases.find(|case| case["name"] == "old key invalid").unwrap();
    place.file("identity", b64::decode_strict(case["data"].as_str().unwrap()).unwrap());
    for (arguments, code) in [(&DECRYPT[..], 1), (&UNWRAP, 1), (&RESOLVE, 3)] {
        assert!(told(&mut place, arguments, Some(code)).contains(warning), "{arguments:?}");
    }
    place.file("key", peer::serialized_file_session(peer::SESSION));
    let wrap =
        ["session", "wrap", "--session-key-file", "key", "--proxy", peer::OTHER_SESSION, "--identity", "identity"];
    assert!(told(&mut place, &wrap, Some(1)).contains(warning));
    let quiet = told(&mut place, &[&DECRYPT[..], &["--quiet"]].concat(), Some(1));
    assert!(!quiet.contains(warning) && quiet.contains("no-token"), "{quiet}");
}

/// EMK-14
#[test]
fn a_key_that_only_revoked_records_lead_to_is_told() {
    let (mut place, token) = prepared();
    let mut revoked = token.clone();
    revoked["revoked"] = true.into();
    for (records, warns) in [
        (vec![&token], false),
        (vec![&revoked], true),
        (vec![&revoked, &revoked], true),
        // Another record leads there too, whichever is tried first.
        (vec![&revoked, &token], false),
        (vec![&token, &revoked], false),
    ] {
        place.file("tokens", records.iter().map(|record| format!("{record}\n")).collect::<String>());
        let output = place.run(DECRYPT);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(0), &b"hello"[..]));
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.contains("warning[revoked]"), warns, "{records:?}: {told}");
    }
}

/// KEY-09
#[test]
fn a_recipient_whom_not_every_implementation_can_be_is_told() {
    let mut place = Place::new();
    place.file("session", peer::serialized_file_session(peer::SESSION));
    let import: Value = serde_json::from_slice(&std::fs::read(peer::vectors("keys/import.json")).unwrap()).unwrap();
    let mut unusual = 0;
    for case in import["tests"].as_array().unwrap().iter().filter(|case| case["in"]["kind"] == "public") {
        let Some(bits) = case["output"]["bits"].as_u64() else { continue };
        let warns = !matches!(bits, 1024 | 2048 | 4096);
        unusual += u32::from(warns);
        place.file("key", case["in"]["der"].as_str().unwrap());
        let wrap = ["session", "wrap", "--session-key-file", "session", "--recipient", "key"];
        assert_eq!(told(&mut place, &wrap, Some(0)).contains("warning[unusual-size]"), warns, "{bits}");
        let inspected = String::from_utf8(place.run(["inspect", "key"]).stdout).unwrap();
        assert_eq!(inspected.contains("[unusual-size]"), warns, "{inspected}");
    }
    assert!(unusual >= 5);
}

/// KEY-09, KEY-13
#[test]
fn what_is_odd_about_a_private_key_is_told_without_using_it() {
    let mut place = Place::new();
    let mut odd = 0;
    for name in ["keys/import.json", "keys/import-peers.json"] {
        let import: Value = serde_json::from_slice(&std::fs::read(peer::vectors(name)).unwrap()).unwrap();
        for case in import["tests"].as_array().unwrap().iter().filter(|case| case["in"]["kind"] == "private") {
            let Some(warnings) = case["output"]["warnings"].as_array() else { continue };
            place.file("key", case["in"]["der"].as_str().unwrap());
            let output = place.run(["inspect", "key", "--json"]);
            let told: Value = serde_json::from_slice(&output.stdout).unwrap();
            let codes: Vec<_> = told["warnings"].as_array().into_iter().flatten().map(|told| &told["code"]).collect();
            assert_eq!(codes, warnings.iter().collect::<Vec<_>>(), "{}", case["comment"]);
            odd += warnings.len();
        }
    }
    assert!(odd >= 3, "{odd}");
}
