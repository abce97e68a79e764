//! An egress leaves no key in memory: after a run of the sample, with its threads, none of the session keys that it found and none of the private
//! keys that it used is anywhere in the heap, freed or not. Under the allocator of the program, which wipes what it takes back.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod memory;

use memory::{Case, Needle, assert_each_is_wiped, occurrences};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PrivateKeyParts as _;
use sealwright::egress::{Options, run};
use sealwright::envelope::SymKey;
use sealwright::identity::Identity;
use sealwright::types::b64;
use std::any::Any;
use std::path::PathBuf;
use zeroize::{Zeroize as _, Zeroizing};
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED_WHEN_FREED: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

const CASES: &[Case] = &[("session keys", session_keys), ("identities", identities)];

#[test]
fn no_key_outlives_an_egress() {
    // That the search sees them while they are there.
    assert_each_is_wiped(CASES);
    let needles: Vec<Needle> = CASES.iter().flat_map(|(_, make)| make().1).collect();
    assert!(needles.len() > 40);

    let output = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.confirmed = true;
    let summary = run(&sample("bundle"), output.path(), &options, &()).unwrap();
    assert_eq!((summary.exit_status(), summary.converted), (0, 41));
    let _ = summary;
    assert_eq!(occurrences(&needles), 0, "an egress leaves keys behind");
}

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress/sample").join(name)
}

/// The keys of all sessions of the sample that can be reached.
fn session_keys() -> (Box<dyn Any>, Vec<Needle>) {
    let text = std::fs::read(sample("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let sessions = expected["sessions"].as_object().unwrap().values().filter(|session| session["reach"] == true);
    let bytes: Vec<_> =
        sessions.map(|session| Zeroizing::new(hex::decode(session["key"].as_str().unwrap()).unwrap())).collect();
    let keys: Vec<SymKey> = bytes.iter().map(|key| SymKey::from_bytes(key).unwrap()).collect();
    (Box::new(keys), bytes.iter().map(|key| Needle::of(key)).collect())
}

/// The identities of the sample, and the first primes of their keys in both orders of bytes.
fn identities() -> (Box<dyn Any>, Vec<Needle>) {
    let mut needles = Vec::new();
    let identities: Vec<Identity> =
        documents().iter().map(|document| Identity::from_bson(document).unwrap().identity).collect();
    for identity in &identities {
        let current = identity.current();
        for key in [&current.encryption, &current.signing] {
            let parsed = rsa::RsaPrivateKey::from_pkcs8_der(key.to_pkcs8().expose()).unwrap();
            let mut prime = Zeroizing::new(parsed.primes()[0].to_be_bytes());
            needles.push(Needle::of(&prime[8..40]));
            prime.reverse();
            let length = prime.len();
            needles.push(Needle::of(&prime[length - 40..length - 8]));
        }
    }
    (Box::new(identities), needles)
}

fn documents() -> Vec<Zeroizing<Vec<u8>>> {
    let mut lines = std::fs::read_to_string(sample("bundle/identities.jsonl")).unwrap();
    let mut documents: Vec<_> = lines
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            Zeroizing::new(b64::decode_tolerant(record["identity"].as_str().unwrap()).unwrap())
        })
        .collect();
    lines.zeroize();
    documents.push(Zeroizing::new(std::fs::read(sample("bundle/identities/frank.bin")).unwrap()));
    documents
}
