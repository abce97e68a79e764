//! The peers' envelopes, good and damaged, through every door (ENV-01 to ENV-09).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod doors;

use doors::{bytes, open_everywhere, pattern, peer_json};
use sealwright_envelope::hazmat::{seal_with_iv, sealer_with_iv};
use sealwright_envelope::stream::Opener;
use sealwright_envelope::{OpenError, SealError, SymKey, seal};
use std::io::{Cursor, Write as _};

#[test]
fn every_good_envelope_opens_and_is_sealed_again_byte_for_byte() {
    let data = peer_json("symkey.json");
    let vectors = data["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 36);
    for vector in vectors {
        let key_bytes = bytes(&vector["key"]);
        assert_eq!(key_bytes.len() as u64 * 4, vector["keySize"].as_u64().unwrap());
        let clear = pattern(vector["clearLength"].as_u64().unwrap() as usize);
        assert_eq!(sha256(&clear), vector["clearSha256"].as_str().unwrap());
        let key = SymKey::from_bytes(&key_bytes).unwrap();
        let iv: [u8; 16] = bytes(&vector["iv"]).try_into().unwrap();
        let key = if key_bytes.len() < SymKey::LENGTH {
            assert_eq!(seal(&key, &clear), Err(SealError::ShortKey), "ENV-02");
            key.allow_short_sealing()
        } else {
            key
        };
        let sealed = seal_with_iv(&key, &iv, &clear).unwrap();
        // Long ones are recorded by their hash.
        match vector["ciphertext"].as_str() {
            Some(_) => assert_eq!(sealed, bytes(&vector["ciphertext"])),
            None => assert_eq!(sha256(&sealed), vector["ciphertextSha256"].as_str().unwrap()),
        }
        assert_eq!(open_everywhere(&key, &sealed).unwrap(), clear);
        for piece in [1, 15, 17, 4095, 65_537] {
            let mut sealer = sealer_with_iv(&key, &iv, Vec::new()).unwrap();
            for part in clear.chunks(piece) {
                sealer.write_all(part).unwrap();
            }
            assert_eq!(sealer.finish().unwrap(), sealed, "ENV-05, {piece}");
        }
    }
}

#[test]
fn every_damaged_envelope_is_refused_with_the_right_code() {
    let data = peer_json("symkey.json");
    let negatives = data["negatives"].as_array().unwrap();
    assert_eq!(negatives.len(), 122);
    let mut valid = 0;
    for negative in negatives {
        let name = negative["name"].as_str().unwrap();
        let key = SymKey::from_bytes(&bytes(&negative["key"])).unwrap();
        let sealed = bytes(&negative["ciphertext"]);
        let verdict = open_everywhere(&key, &sealed);
        if name.contains("padding byte 16 correct") || name.contains("whole single block of padding 16") {
            valid += 1;
            assert!(verdict.is_ok(), "{name}");
        } else if sealed.len() < 64 || !sealed.len().is_multiple_of(16) {
            let Err(OpenError::Malformed { at, rule }) = verdict else { panic!("{name}: {verdict:?}") };
            assert_eq!((at, rule.as_str()), (sealed.len() as u64, "ENV-06"), "{name}");
        } else {
            assert_eq!(verdict, Err(OpenError::Rejected), "{name}");
        }
    }
    assert_eq!(valid, 2);
}

#[test]
fn the_stream_that_every_peer_releases_early_releases_nothing() {
    let data = peer_json("symkey.json");
    let case = &data["streamReleaseBeforeMac"];
    let key = SymKey::from_bytes(&bytes(&case["key"])).unwrap();
    let clear = pattern(case["clearLength"].as_u64().unwrap() as usize);
    let mut sealed = seal_with_iv(&key, &bytes(&case["iv"]).try_into().unwrap(), &clear).unwrap();
    assert_eq!(open_everywhere(&key, &sealed).unwrap(), clear);
    *sealed.last_mut().unwrap() ^= 1;
    assert_eq!(open_everywhere(&key, &sealed), Err(OpenError::Rejected));
    assert!(Opener::new(&key, Cursor::new(&sealed)).is_err());
}

#[test]
fn the_table_of_key_sizes() {
    let data = peer_json("symkey.json");
    for row in data["keySizes"].as_array().unwrap() {
        let length = row["bytes"].as_u64().unwrap() as usize;
        let taken_by_javascript = row["js-node"].is_u64();
        assert_eq!(SymKey::from_bytes(&vec![5; length]).is_ok(), taken_by_javascript, "ENV-01, {length}");
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}
