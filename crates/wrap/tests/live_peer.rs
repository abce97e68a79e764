//! The open-source library `sscrypto`, live in a local process: it opens what is sealed here, and the reverse.
//!
//! Skipped with a printed reason when Node or the library is not there; with `SEALWRIGHT_REQUIRE_NODE` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

mod live;

use live::Peer;
use sealwright_envelope::stream::{Opener, Sealer};
use sealwright_envelope::{OpenError, SymKey, open, seal};
use sealwright_wrap::{KeySize, PrivateKey, unwrap, wrap};
use std::io::{Cursor, Read as _, Write as _};

fn clear(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 7 + 3) as u8).collect()
}

const LENGTHS: [usize; 9] = [0, 1, 15, 16, 17, 1000, 65_535, 65_536, 300_001];

#[test]
fn envelopes_cross_in_both_directions() {
    let Some(mut peer) = Peer::start() else { return };
    for key_length in [32, 48, 64] {
        let mut bytes = vec![0; key_length];
        sealwright_types::random::fill(&mut bytes).unwrap();
        let key = SymKey::from_bytes(&bytes).unwrap().allow_short_sealing();
        for length in LENGTHS {
            let clear = clear(length);
            let theirs = peer.ask("sym-seal", &[("key", &bytes), ("clear", &clear)]).unwrap();
            assert_eq!(open(&key, &theirs).unwrap(), clear);
            let ours = seal(&key, &clear).unwrap();
            assert_eq!(peer.ask("sym-open", &[("key", &bytes), ("sealed", &ours)]).unwrap(), clear);
        }
    }
}

#[test]
fn streams_cross_in_both_directions() {
    let Some(mut peer) = Peer::start() else { return };
    let key = SymKey::generate().unwrap();
    for length in LENGTHS {
        let clear = clear(length);
        let theirs = peer.ask("sym-seal-stream", &[("key", key.expose()), ("clear", &clear)]).unwrap();
        let mut opened = Vec::new();
        Opener::new(&key, Cursor::new(theirs)).unwrap().read_to_end(&mut opened).unwrap();
        assert_eq!(opened, clear);
        let mut sealer = Sealer::new(&key, Vec::new()).unwrap();
        sealer.write_all(&clear).unwrap();
        let ours = sealer.finish().unwrap();
        assert_eq!(peer.ask("sym-open-stream", &[("key", key.expose()), ("sealed", &ours)]).unwrap(), clear);
    }
}

#[test]
fn damage_is_refused_on_both_sides() {
    let Some(mut peer) = Peer::start() else { return };
    let key = SymKey::generate().unwrap();
    let sealed = seal(&key, &clear(100)).unwrap();
    for place in [0, 20, sealed.len() - 1] {
        let mut damaged = sealed.clone();
        damaged[place] ^= 1;
        assert_eq!(open(&key, &damaged), Err(OpenError::Rejected));
        let error = peer.ask("sym-open", &[("key", key.expose()), ("sealed", &damaged)]).unwrap_err();
        assert!(error.contains("INVALID_HMAC"), "{error}");
    }
}

#[test]
fn tokens_cross_in_both_directions() {
    let Some(mut peer) = Peer::start() else { return };
    let key = PrivateKey::generate(KeySize::Rsa2048).unwrap();
    let (pkcs8, spki) = (key.to_pkcs8(), key.public().to_spki());
    let session_key = SymKey::generate().unwrap();
    let theirs = peer.ask("rsa-encrypt", &[("spki", &spki), ("clear", session_key.expose())]).unwrap();
    assert_eq!(unwrap(&key, &theirs).unwrap().expose(), session_key.expose());
    let ours = wrap(&session_key, key.public()).unwrap();
    let opened = peer.ask("rsa-decrypt", &[("pkcs8", pkcs8.expose()), ("token", &ours)]).unwrap();
    assert_eq!(opened, session_key.expose());
    assert_eq!(peer.ask("key-hash", &[("spki", &spki)]).unwrap(), key.hash().as_bytes());
}

#[test]
fn signatures_cross_in_both_directions() {
    let Some(mut peer) = Peer::start() else { return };
    let key = PrivateKey::generate(KeySize::Rsa2048).unwrap();
    let (pkcs8, spki) = (key.to_pkcs8(), key.public().to_spki());
    let message = b"BEARD-AUTH-5a221722-36c4-41ee-be56-0242ac120002";
    let theirs = peer.ask("sign", &[("pkcs8", pkcs8.expose()), ("message", message)]).unwrap();
    key.public().verify(message, &theirs).unwrap();
    let ours = key.sign(message).unwrap();
    peer.ask("verify", &[("spki", &spki), ("message", message), ("signature", &ours)]).unwrap();
    let refused = peer.ask("verify", &[("spki", &spki), ("message", b"another"), ("signature", &ours)]);
    assert_eq!(refused.unwrap_err(), "bad-signature");
}
