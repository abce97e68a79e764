//! Everything that the existing implementations made or were given: keys, tokens, signatures, damaged ones, odd encodings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use sealwright_types::{Coded as _, b64};
use sealwright_wrap::{BadSignature, KeyHash, KeyWarning, PrivateKey, PublicKey, UnwrapError, hazmat, oaep, unwrap};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

static PEER: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/peer/rsa.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
});

static KEYS: LazyLock<HashMap<&'static str, PrivateKey>> = LazyLock::new(|| {
    let key = |key: &'static Value| PrivateKey::from_der(&bytes(&key["pkcs8"])).unwrap().key;
    list(&PEER["keys"]).iter().map(|entry| (text(&entry["id"]), key(entry))).collect()
});

fn text(value: &'static Value) -> &'static str {
    value.as_str().unwrap()
}

fn list(value: &'static Value) -> &'static [Value] {
    value.as_array().unwrap()
}

fn bytes(value: &'static Value) -> Vec<u8> {
    b64::decode_strict(text(value)).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn key(entry: &'static Value) -> &'static PrivateKey {
    &KEYS[text(&entry["key"])]
}

#[test]
fn every_key_in_every_encoding_has_its_hash() {
    assert_eq!(list(&PEER["keys"]).len(), 12);
    for entry in list(&PEER["keys"]) {
        let id = text(&entry["id"]);
        let hash: KeyHash = text(&entry["keyHash"]).parse().unwrap();
        assert_eq!(hash.to_string(), text(&entry["keyHash"]));
        for encoding in ["pkcs8", "pkcs1"] {
            let imported = PrivateKey::from_der(&bytes(&entry[encoding])).unwrap();
            assert_eq!(imported.warnings, [], "{id} {encoding}");
            assert_eq!(imported.key.bits() as u64, entry["bits"].as_u64().unwrap());
            assert_eq!(imported.key.hash(), hash, "KEY-23 {id} {encoding}");
            assert_eq!(imported.key.to_pkcs8().expose(), bytes(&entry["pkcs8"]), "KEY-21 {id} {encoding}");
            assert_eq!(imported.key.public().to_spki(), bytes(&entry["spki"]), "KEY-21 {id} {encoding}");
        }
        for encoding in ["spki", "pkcs1Public"] {
            let public = PublicKey::from_der(&bytes(&entry[encoding])).unwrap();
            assert_eq!(public.hash(), hash, "KEY-03, KEY-23 {id} {encoding}");
            assert_eq!(public.to_spki(), bytes(&entry["spki"]), "KEY-21 {id} {encoding}");
        }
    }
}

#[test]
fn every_ciphertext_opens_and_is_made_again_from_its_seed() {
    assert_eq!(list(&PEER["ciphertexts"]).len(), 240);
    for (index, entry) in list(&PEER["ciphertexts"]).iter().enumerate() {
        let (key, ciphertext, clear) = (key(entry), bytes(&entry["ciphertext"]), bytes(&entry["clear"]));
        let seed = hex(text(&entry["oaepSeed"])).try_into().unwrap();
        if entry.get("doCRC").is_some() {
            assert_eq!(oaep::unwrap_bytes(key, &ciphertext).unwrap_err(), UnwrapError::Rejected, "OAEP-02 {index}");
            let again = hazmat::encrypt_with_seed(&clear, key.public(), &seed).unwrap();
            assert_eq!(again, ciphertext, "{index}");
        } else {
            assert_eq!(oaep::unwrap_bytes(key, &ciphertext).unwrap().expose(), clear, "OAEP-01 {index}");
            let is_key = [32, 48, 64].contains(&clear.len());
            assert_eq!(unwrap(key, &ciphertext).is_ok(), is_key, "EMK-01 {index}: {} bytes", clear.len());
            let again = hazmat::wrap_bytes_with_seed(&clear, key.public(), &seed).unwrap();
            assert_eq!(again, ciphertext, "{index}");
        }
    }
}

#[test]
fn every_signature_verifies_and_is_made_again_from_its_salt() {
    assert_eq!(list(&PEER["signatures"]).len(), 96);
    for (index, entry) in list(&PEER["signatures"]).iter().enumerate() {
        let (key, message, signature) = (key(entry), bytes(&entry["message"]), bytes(&entry["signature"]));
        let salt = hex(text(&entry["salt"]));
        assert_eq!(salt.len(), (key.bits() - 1).div_ceil(8) - 34, "PSS-01 {index}");
        key.public().verify(&message, &signature).unwrap();
        assert_eq!(hazmat::sign_with_salt(key, &message, &salt).unwrap(), signature, "{index}");
    }
}

#[test]
fn every_damaged_ciphertext_is_rejected_without_detail() {
    let entries = list(&PEER["negatives"]["decrypt"]);
    assert_eq!(entries.len(), 53);
    let mut valid = 0;
    for entry in entries {
        let opened = oaep::unwrap_bytes(key(entry), &bytes(&entry["ciphertext"]));
        let name = text(&entry["name"]);
        if name == "4 zero bytes (valid CRC of the empty message)" {
            assert_eq!(opened.unwrap().expose(), b"", "OAEP-01 {name}");
            valid += 1;
        } else {
            assert_eq!(opened.unwrap_err().code(), "rejected", "OAEP-02, OAEP-03 {name}");
        }
        assert_eq!(unwrap(key(entry), &bytes(&entry["ciphertext"])).unwrap_err(), UnwrapError::Rejected, "{name}");
    }
    assert_eq!(valid, 3);
}

#[test]
fn a_message_that_does_not_fit_is_too_long() {
    for entry in list(&PEER["negatives"]["encryptTooLong"]) {
        let public = key(entry).public();
        let limit = usize::try_from(entry["maxAllowed"].as_u64().unwrap()).unwrap();
        assert_eq!(oaep::longest(public), limit);
        assert_eq!(oaep::wrap_bytes(&vec![1; limit + 1], public).unwrap_err().code(), "too-long", "OAEP-05");
        let token = oaep::wrap_bytes(&vec![1; limit], public).unwrap();
        assert_eq!(oaep::unwrap_bytes(key(entry), &token).unwrap().expose(), vec![1; limit]);
    }
}

#[test]
fn signatures_with_any_salt_verify() {
    let entries = list(&PEER["negatives"]["pssOtherSalt"]);
    assert_eq!(entries.len(), 24);
    for entry in entries {
        let signature = bytes(&entry["signature"]);
        key(entry).public().verify(&bytes(&entry["message"]), &signature).expect("PSS-02");
        assert_eq!(key(entry).public().verify(b"other", &signature), Err(BadSignature));
    }
}

#[test]
fn every_false_signature_is_refused() {
    let entries = list(&PEER["negatives"]["verify"]);
    assert_eq!(entries.len(), 36);
    for entry in entries {
        let verdict = key(entry).public().verify(&bytes(&entry["message"]), &bytes(&entry["signature"]));
        assert_eq!(verdict.unwrap_err().code(), "bad-signature", "PSS-04 {}", text(&entry["name"]));
    }
}

/// Codes of the warnings, or the code of the error.
type Verdict = Result<&'static [&'static str], &'static str>;

/// Name of the import in the peers' data, and the verdict of docs/spec/KEYS.md section 1: warnings or an error with its rule.
const IMPORTS: &[(&str, &str, Verdict)] = &[
    ("PKCS#8", "KEY-01", Ok(&[])),
    ("bare PKCS#1 private", "KEY-02", Ok(&[])),
    ("SPKI", "KEY-01", Ok(&[])),
    ("bare PKCS#1 public", "KEY-03", Ok(&[])),
    ("PKCS#8 + 1 trailing byte", "KEY-06", Err("key-malformed")),
    ("SPKI + 1 trailing byte", "KEY-07", Err("key-malformed")),
    ("SPKI truncated by 1", "KEY-05", Err("key-malformed")),
    ("bare PKCS#1 public + trailing byte", "KEY-07", Err("key-malformed")),
    ("private key given as public", "KEY-05", Err("key-malformed")),
    ("public key given as private", "KEY-05", Err("key-malformed")),
    ("empty", "KEY-05", Err("key-malformed")),
    ("empty private", "KEY-05", Err("key-malformed")),
    ("garbage", "KEY-05", Err("key-malformed")),
    ("SPKI without NULL parameters", "KEY-05", Err("key-malformed")),
    ("SPKI with rsassaPss OID", "KEY-05", Err("key-malformed")),
    ("PKCS#8 with empty attributes [0]", "KEY-04", Ok(&[])),
    ("RSA-512 public", "KEY-10", Err("key-size")),
    ("RSA-512 private", "KEY-10", Err("key-size")),
    ("RSA-1536 public", "KEY-09", Ok(&["unusual-size"])),
    ("RSA-1536 private", "KEY-09", Ok(&["unusual-size"])),
    ("RSA-3072 public", "KEY-09", Ok(&["unusual-size"])),
    ("RSA-3072 private", "KEY-09", Ok(&["unusual-size"])),
    ("RSA-2048 e=3 public", "KEY-11", Ok(&[])),
    ("RSA-2048 e=3 private", "KEY-11", Ok(&[])),
    ("EC P-256 public", "KEY-05", Err("key-malformed")),
    ("EC P-256 private", "KEY-05", Err("key-malformed")),
    ("PKCS#8 with inconsistent d", "KEY-12", Err("key-inconsistent")),
    ("PKCS#8 with inconsistent dP", "KEY-13", Ok(&["crt-recomputed"])),
    ("PKCS#8 with inconsistent qInv", "KEY-13", Ok(&["crt-recomputed"])),
];

#[test]
fn every_odd_encoding_gets_the_verdict_of_the_specification() {
    let entries = list(&PEER["imports"]);
    assert_eq!(entries.len(), IMPORTS.len());
    for (entry, (name, rule, expected)) in entries.iter().zip(IMPORTS) {
        assert_eq!(text(&entry["name"]), *name);
        let der = bytes(&entry["der"]);
        let imported = if text(&entry["kind"]) == "private" {
            PrivateKey::from_der(&der).map(|imported| {
                let key = imported.key;
                key.public().verify(b"message", &key.sign(b"message").unwrap()).unwrap();
                let token = oaep::wrap_bytes(b"message", key.public()).unwrap();
                assert_eq!(oaep::unwrap_bytes(&key, &token).unwrap().expose(), b"message");
                (key.hash(), imported.warnings)
            })
        } else {
            PublicKey::from_der(&der).map(|key| (key.hash(), key.unusual_size().into_iter().collect()))
        };
        match (imported, expected) {
            (Ok((hash, warnings)), Ok(expected)) => {
                let codes: Vec<_> = warnings.iter().map(KeyWarning::code).collect();
                assert_eq!(&codes, expected, "{rule} {name}");
                let accepting = list(&entry["outcomes"]).iter().find(|outcome| outcome["ok"] == true).unwrap();
                assert_eq!(hash.to_string(), text(&accepting["hash"]), "{rule} {name}");
            }
            (Err(error), Err(code)) => {
                assert_eq!(error.code(), *code, "{rule} {name}");
                assert!(error.to_string().contains(rule), "{name}: {error}");
            }
            (result, _) => panic!("{rule} {name}: {result:?}"),
        }
    }
}

#[test]
fn wrong_crt_values_are_replaced_by_the_right_ones() {
    let der = |name: &str| bytes(&list(&PEER["imports"]).iter().find(|entry| entry["name"] == name).unwrap()["der"]);
    let good = der("PKCS#8");
    for name in ["PKCS#8 with inconsistent dP", "PKCS#8 with inconsistent qInv"] {
        let repaired = PrivateKey::from_der(&der(name)).unwrap().key;
        assert_ne!(der(name), good);
        assert_eq!(repaired.to_pkcs8().expose(), good, "KEY-13 {name}");
    }
}
