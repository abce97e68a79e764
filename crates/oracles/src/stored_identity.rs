//! Stored identities under raw keys: a blob opens as what it is under the key that it was sealed with, and as nothing else.

use crate::Input;
use crate::sealing::{KEY, key, next, sealed};
use sealwright_envelope::{SHORTEST, open};
use sealwright_identity::Identity;
use sealwright_identity::ssks::{Account, Blob, BlobError, Mode, Opened, password, two_man_rule};
use sealwright_kdf::value::{RawKey64, RawStorageKey};
use sealwright_kdf::{AppIdText, UserIdText};
use sealwright_types::b64;

const OTHER_KEY: [u8; 64] = [7; 64];
const SALT: usize = 32;

/// Input: where a blob is damaged, two bytes; the bytes of a blob, which are also what is sealed in one.
pub(crate) fn stored_identity(mut input: &[u8]) -> Input {
    let at = usize::from(u16::from_le_bytes([next(&mut input), next(&mut input)]));
    nobody_sealed(input);

    let raw = blob(sealed(input));
    let expected = if input.is_empty() { Err(BlobError::SlotDisabled) } else { Ok(input.to_vec()) };
    assert_eq!(every_door(&raw, &KEY), expected, "BLOB-02, BLOB-04, BLOB-11");
    assert_eq!(every_door(&raw, &OTHER_KEY), Err(BlobError::Rejected), "another key");
    assert!(raw.as_bytes().get(SALT..).is_none_or(|rest| open(&key(), rest).is_err()), "BLOB-10: opens as salted");
    if let Ok(opened) = raw.open_raw(&raw_key(&KEY)) {
        let document = opened.identity().map(|read| read.identity.to_bson().expose().to_vec());
        assert_eq!(document, Identity::from_bson(input).map(|read| read.identity.to_bson().expose().to_vec()));
    }

    let salted = blob([&[0x55; SALT], raw.as_bytes()].concat());
    assert!(salted.salt().is_ok_and(|salt| *salt.as_bytes() == [0x55; SALT]), "BLOB-01, BLOB-03");
    assert_eq!(every_door(&salted, &KEY), Err(BlobError::Rejected), "BLOB-10: a salted blob opens as raw");

    let mut damaged = raw.as_bytes().to_vec();
    let at = at % damaged.len();
    damaged[at] ^= 1 << (at % 8);
    assert_eq!(every_door(&blob(damaged.clone()), &KEY), Err(BlobError::Rejected), "damage");
    damaged.truncate(at);
    if let Ok(cut) = Blob::from_bytes(damaged) {
        assert!(every_door(&cut, &KEY).is_err(), "a blob that was cut opens");
    }
    passes_to_another_key(&raw, input);
    Input::Useful
}

/// The bytes as a blob that comes from anywhere.
fn nobody_sealed(bytes: &[u8]) {
    let Ok(blob) = Blob::from_bytes(bytes.to_vec()) else {
        return assert!(bytes.len() < SHORTEST, "BLOB-12");
    };
    assert!(bytes.len() >= SHORTEST, "BLOB-12");
    assert_eq!(Blob::from_base64(&blob.to_base64()).as_ref(), Ok(&blob), "BLOB-13");
    assert_eq!(
        blob.salt().ok().map(|salt| salt.as_bytes().to_vec()),
        bytes.get(..SALT).filter(|_| bytes.len() >= SALT + SHORTEST).map(<[u8]>::to_vec),
        "BLOB-12"
    );
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(blob) = Blob::from_base64(text)
    {
        assert_eq!(b64::decode_tolerant(text).as_deref(), Ok(blob.as_bytes()), "BLOB-13");
        assert!(every_door(&blob, &KEY).is_err(), "a blob opened that was never sealed");
    }
    assert!(every_door(&blob, &KEY).is_err(), "a blob opened that was never sealed");
}

/// The one verdict of every way of opening a blob under a raw key.
fn every_door(blob: &Blob, key: &[u8; 64]) -> Result<Vec<u8>, BlobError> {
    let content = |opened: Opened| opened.into_document().expose().to_vec();
    let opened = blob.open_raw(&raw_key(key)).map(content);
    assert_eq!(password::open(blob, &credential("storage-key", key), &account()).map(content), opened, "BLOB-02");
    let server = two_man_rule::Credential::Raw(raw_key(key));
    assert_eq!(two_man_rule::open(blob, &server, &account()).map(content), opened, "BLOB-04");
    // Beyond these verdicts a key is derived, which takes too long here.
    if matches!(opened, Ok(_) | Err(BlobError::SlotDisabled)) || blob.salt().is_err() {
        let text = raw_key(key).to_text();
        let undecided = [
            password::open_undecided(blob, text.expose(), &account()),
            two_man_rule::open_undecided(blob, text.expose(), &account()),
        ];
        for found in undecided {
            let found = found.map(|(opened, mode)| {
                assert_eq!(mode, Mode::Raw, "BLOB-10");
                content(opened)
            });
            assert!(found == opened || found == Err(BlobError::Rejected) && opened.is_err(), "BLOB-10");
        }
    }
    opened
}

/// From one raw key to another one.
fn passes_to_another_key(blob: &Blob, content: &[u8]) {
    let (current, new) = (credential("storage-key", &KEY), credential("another-key", &OTHER_KEY));
    let changed = password::change(blob, &current, &new, &account());
    if content.is_empty() {
        return assert_eq!(changed.err(), Some(password::ChangeError::Open(BlobError::SlotDisabled)), "BLOB-11");
    }
    let changed = changed.expect("the right key");
    assert_eq!(every_door(&changed.new_blob, &OTHER_KEY).as_deref(), Ok(content), "BLOB-14");
    assert_eq!(every_door(&changed.tombstone, &KEY), Err(BlobError::SlotDisabled), "BLOB-05");
    let same = password::change(blob, &current, &credential("storage-key", &OTHER_KEY), &account());
    assert_eq!(same.err(), Some(password::ChangeError::SamePassword), "BLOB-14");
}

fn blob(bytes: Vec<u8>) -> Blob {
    Blob::from_bytes(bytes).expect("as long as an envelope")
}

fn raw_key(bytes: &[u8; 64]) -> RawKey64 {
    RawKey64::from_bytes(bytes).expect("64 bytes")
}

fn credential(storage: &str, key: &[u8; 64]) -> password::Credential {
    let storage = RawStorageKey::parse_strict(storage).expect("a storage key");
    password::Credential::Raw { storage, key: raw_key(key) }
}

fn account() -> Account {
    Account {
        app: AppIdText::new("12345678-1234-4abc-8def-1234567890ab").expect("a text"),
        user: UserIdText::parse_strict("user-1").expect("a text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::IDENTITY;

    #[test]
    fn hand_picked_inputs_hold() {
        for length in [0, 1, 2, 3, 65, 66, 70, 97, 98, 200] {
            assert_eq!(stored_identity(&vec![7; length]), Input::Useful);
        }
        stored_identity(&[&[1, 1], IDENTITY].concat());
        stored_identity(&[&b"xx"[..], blob(vec![3; 100]).to_base64().as_bytes()].concat());
    }

    #[test]
    fn a_blob_of_ours_counts_as_forged() {
        let input = [&[0, 0], &sealed(b"known key")[..]].concat();
        let result = std::panic::catch_unwind(|| stored_identity(&input));
        assert!(result.is_err(), "the oracle must notice a blob that opens");
    }
}
