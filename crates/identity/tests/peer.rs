//! Identity documents that the existing implementations have exported, and ones that they refuse.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use sealwright_identity::{Identity, IdentityError, KeyPair, Warning};
use sealwright_types::{Coded as _, b64};
use sealwright_wrap::{KeySize, PrivateKey};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn peer(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer").join(name)
}

fn manifest() -> Value {
    serde_json::from_slice(&fs::read(peer("identity/manifest.json")).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn key_hash(value: &Value) -> String {
    PrivateKey::from_der(&b64::decode_strict(value.as_str().unwrap()).unwrap()).unwrap().key.hash().to_string()
}

#[test]
fn every_exported_identity_is_read_and_written_back() {
    let manifest = manifest();
    for file in manifest["files"].as_array().unwrap() {
        let name = text(file, "file");
        let bytes = fs::read(peer(name)).unwrap();
        let read = Identity::from_bson(&bytes).unwrap();
        let identity = &read.identity;
        assert_eq!(identity.user().to_s64(), text(file, "userIdS64"), "{name}");
        assert_eq!(identity.device().to_s64(), text(file, "keyIdS64"), "{name}");
        assert_eq!(identity.current().encryption.hash().to_string(), text(file, "encryptionKeyHash"), "{name}");
        assert_eq!(identity.current().signing.hash().to_string(), text(file, "signingKeyHash"), "{name}");
        let mut expected = vec![key_hash(&file["encryptionKey"])];
        expected.extend(file.get("newEncryptionKey").filter(|key| key.is_string()).map(key_hash));
        expected.extend(file["oldEncryptionKeys"].as_array().into_iter().flatten().map(key_hash));
        let keys: Vec<_> = identity.encryption_keys().map(|key| key.hash().to_string()).collect();
        assert_eq!(keys, expected, "{name}");
        assert_eq!(read.warnings, [], "{name}");

        let written = identity.to_bson();
        let without_old =
            !file["fieldOrder"].as_array().unwrap().iter().any(|field| field == "serializedOldEncryptionKeys");
        assert_eq!(written.expose() == bytes, !without_old, "{name}: canonical unless the old lists were left out");
        let again = Identity::from_bson(written.expose()).unwrap().identity;
        assert_eq!(again.to_bson().expose(), written.expose(), "{name}");
    }
}

#[test]
fn every_damaged_identity_has_our_verdict() {
    let manifest = manifest();
    let cases = manifest["importErrors"].as_array().unwrap();
    for case in cases {
        let name = text(case, "name");
        let read = Identity::from_bson(&b64::decode_strict(text(case, "data")).unwrap());
        match name {
            "old key invalid" => {
                assert!(matches!(read.unwrap().warnings[..], [Warning::OldKeyDropped { index: 0, .. }]), "{name}");
            }
            "signingKey missing" => assert_eq!(read.unwrap_err(), IdentityError::Legacy, "{name}"),
            "only newEncryptionKey" => assert_eq!(read.unwrap_err(), IdentityError::PreparedIncomplete, "{name}"),
            _ => assert_eq!(read.unwrap_err().code(), "malformed", "{name}"),
        }
    }
    assert_eq!(cases.len(), 10);
}

#[test]
fn a_renewal_is_prepared_stored_adopted_or_discarded() {
    let bytes = fs::read(peer("identity/js_alice_0old.bson")).unwrap();
    let read = || Identity::from_bson(&bytes).unwrap().identity;
    let former = read().current().encryption.hash();
    let new = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let stored = read().prepare_renewal(new.clone()).unwrap();
    let stored = Identity::from_bson(stored.to_bson().expose()).unwrap().identity;

    let both: Vec<_> = stored.encryption_keys().map(|key| key.hash()).collect();
    assert_eq!(both, [former, new.encryption.hash()]);

    let adopted = read().take_prepared(&stored).unwrap().adopt_prepared();
    let keys: Vec<_> = adopted.encryption_keys().map(|key| key.hash()).collect();
    assert_eq!(keys, [new.encryption.hash(), former]);
    assert_eq!(adopted.signing_keys().count(), 2);
    let error = adopted.take_prepared(&stored).unwrap_err();
    assert_eq!(error.code(), "wrong-current-key", "the prepared renewal was made from other current keys");

    // Nobody has said whether the first renewal took place: no other one replaces it, and nothing drops it (IDN-43).
    let held = || read().take_prepared(&stored).unwrap();
    let other = KeyPair { encryption: new.signing.clone(), signing: new.encryption.clone() };
    let another = read().prepare_renewal(other.clone()).unwrap();
    for refused in [held().prepare_renewal(other), held().take_prepared(&another), held().take_prepared(&read())] {
        assert_eq!(refused.unwrap_err().code(), "prepared-undecided");
    }
    for same in [held().prepare_renewal(new.clone()), held().take_prepared(&stored)] {
        assert_eq!(same.unwrap().prepared().unwrap().encryption.hash(), new.encryption.hash());
    }

    let discarded = read().take_prepared(&stored).unwrap().discard_prepared();
    assert_eq!(discarded.to_bson().expose(), bytes);
}
