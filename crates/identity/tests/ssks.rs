//! Stored blobs: those that the existing implementations made, round trips, and what must not open (BLOB-01..14).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use sealwright_identity::ssks::password::{self, ChangeError};
use sealwright_identity::ssks::{Account, Blob, BlobError, CredentialConflict, Mode, Opened, two_man_rule};
use sealwright_kdf::value::{RawKey64, RawStorageKey};
use sealwright_kdf::{AppIdText, Password, UserIdText};
use sealwright_types::{Coded as _, b64};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

fn peer(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn account(app: &str, user: &str) -> Account {
    Account { app: AppIdText::new(app).unwrap(), user: UserIdText::parse_tolerant(user).unwrap() }
}

fn ours() -> Account {
    account("12345678-1234-4abc-8def-1234567890ab", "user-1")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn raw(byte: u8) -> RawKey64 {
    RawKey64::from_bytes(&[byte; 64]).unwrap()
}

fn password(text: &str) -> password::Credential {
    password::Credential::Password(Password::new(text).unwrap())
}

fn raw_password(byte: u8) -> password::Credential {
    let storage = RawStorageKey::parse_strict(&format!("storage-{byte}")).unwrap();
    password::Credential::Raw { storage, key: raw(byte) }
}

const DOCUMENT: &[u8] = b"identity bytes";

#[test]
fn every_body_of_the_existing_packages_opens_under_its_secret() {
    let kdf = peer("kdf.json");
    let bodies = kdf["ssksWire"].as_array().unwrap();
    let mut seen = [0; 3];
    for body in bodies {
        let account = account(text(&kdf["appId"]), text(&body["userId"]));
        let push = &body["wire"][0]["body"];
        let blob = Blob::from_base64(text(&push["data_b64"])).unwrap();
        let (opened, kind) = match text(&body["plugin"]) {
            "password" => {
                let credential = password(text(&body["passwordOrKey"]));
                assert_eq!(credential.secret(&account).unwrap().expose(), text(&push["secret"]));
                (password::open(&blob, &credential, &account), 0)
            }
            "2mr" => {
                let credential = Password::new(text(&body["passwordOrKey"])).unwrap();
                (two_man_rule::open(&blob, &two_man_rule::Credential::Text(credential), &account), 1)
            }
            "password (raw keys)" => {
                let storage = RawStorageKey::parse_strict(text(&body["rawStorageKey"])).unwrap();
                let key = RawKey64::parse_strict(text(&body["rawEncryptionKey"])).unwrap();
                let credential = password::Credential::from_parts(None, Some(storage), Some(key)).unwrap();
                assert_eq!(credential.secret(&account).unwrap().expose(), text(&push["secret"]));
                (password::open(&blob, &credential, &account), 2)
            }
            other => panic!("{other}"),
        };
        assert_eq!(opened.unwrap().document().expose(), b64::decode_strict(text(&body["clear"])).unwrap());
        seen[kind] += 1;
    }
    assert_eq!(seen, [7, 7, 1]);
}

#[test]
fn a_stored_identity_is_an_identity_document() {
    let session = peer("session.json");
    let push = &session["ssksPush"];
    let request = &push["request"];
    let account = account(text(&request["app_id"]), text(&push["userId"]));
    let blob = Blob::from_base64(text(&request["data_b64"])).unwrap();
    let credential = password(text(&push["password"]));
    let read = password::open(&blob, &credential, &account).unwrap().identity().unwrap();
    assert!(read.warnings.is_empty() && read.identity.encryption_keys().count() >= 1);
    assert_eq!(credential.secret(&account).unwrap().expose(), text(&request["secret"]));
}

/// One blob of each mode, all of the same document, made once.
struct Blobs {
    password: Blob,
    password_raw: Blob,
    two_man_rule: Blob,
    two_man_rule_raw: Blob,
}

static BLOBS: LazyLock<Blobs> = LazyLock::new(|| Blobs {
    password: password::seal(DOCUMENT, &password("one text"), &ours()).unwrap(),
    password_raw: password::seal(DOCUMENT, &raw_password(1), &ours()).unwrap(),
    two_man_rule: two_man_rule::seal(DOCUMENT, &text_rule("one text"), &ours()).unwrap(),
    two_man_rule_raw: two_man_rule::seal(DOCUMENT, &two_man_rule::Credential::Raw(raw(2)), &ours()).unwrap(),
});

fn text_rule(text: &str) -> two_man_rule::Credential {
    two_man_rule::Credential::Text(Password::new(text).unwrap())
}

#[test]
fn no_blob_of_one_mode_opens_as_another() {
    let opens = |opened: Result<Opened, BlobError>| match opened {
        Ok(opened) => opened.document().expose() == DOCUMENT,
        Err(error) => {
            assert!(matches!(error.code(), "rejected" | "malformed"), "{error}");
            false
        }
    };
    let Blobs { password, password_raw, two_man_rule, two_man_rule_raw } = &*BLOBS;
    let blobs = [password, password_raw, two_man_rule, two_man_rule_raw];
    for (made, blob) in blobs.into_iter().enumerate() {
        let opened = [
            opens(password::open(blob, &self::password("one text"), &ours())),
            opens(password::open(blob, &raw_password(1), &ours())),
            opens(two_man_rule::open(blob, &text_rule("one text"), &ours())),
            opens(two_man_rule::open(blob, &two_man_rule::Credential::Raw(raw(2)), &ours())),
        ];
        let expected: Vec<_> = (0..4).map(|mode| mode == made).collect();
        assert_eq!(opened[..], expected, "{made}");
    }
}

#[test]
fn the_mac_decides_between_salted_and_raw() {
    let key = |byte| raw(byte).to_text().expose().to_owned();
    let Blobs { password, password_raw, two_man_rule, two_man_rule_raw } = &*BLOBS;
    let mode = |opened: Result<(Opened, Mode), BlobError>| {
        opened.map(|(opened, mode)| {
            assert_eq!(opened.document().expose(), DOCUMENT);
            mode
        })
    };
    assert_eq!(mode(password::open_undecided(password, "one text", &ours())), Ok(Mode::Derived));
    assert_eq!(mode(password::open_undecided(password_raw, &key(1), &ours())), Ok(Mode::Raw));
    assert_eq!(mode(two_man_rule::open_undecided(two_man_rule, "one text", &ours())), Ok(Mode::Derived));
    assert_eq!(mode(two_man_rule::open_undecided(two_man_rule_raw, &key(2), &ours())), Ok(Mode::Raw));
    // A text that looks like a raw key and is a password all the same.
    let looks_raw = two_man_rule::seal(DOCUMENT, &text_rule(&key(9)), &ours()).unwrap();
    assert_eq!(mode(two_man_rule::open_undecided(&looks_raw, &key(9), &ours())), Ok(Mode::Derived));
    assert_eq!(mode(two_man_rule::open_undecided(two_man_rule_raw, &key(3), &ours())), Err(BlobError::Rejected));
    assert_eq!(mode(password::open_undecided(password, "", &ours())), Err(BlobError::Rejected));
    // The disabled slot is found out in both forms.
    let disabled = password::seal_disabled(&raw_password(1), &ours()).unwrap();
    assert_eq!(mode(password::open_undecided(&disabled, &key(1), &ours())), Err(BlobError::SlotDisabled));
}

#[test]
fn a_wrong_password_user_or_application_is_rejected() {
    let right = password("one text");
    for (credential, account) in [
        (password("one texT"), ours()),
        (right, account("12345678-1234-4abc-8def-1234567890ab", "user-2")),
        (password("one text"), account("12345678-1234-4ABC-8DEF-1234567890AB", "user-1")),
    ] {
        let error = password::open(&BLOBS.password, &credential, &account).unwrap_err();
        assert_eq!(error.code(), "rejected");
    }
}

#[test]
fn lengths_that_no_blob_has_are_malformed() {
    for length in 0..64 {
        assert_eq!(Blob::from_bytes(vec![0; length]).unwrap_err().code(), "malformed", "BLOB-12: {length}");
    }
    let raw_key = two_man_rule::Credential::Raw(raw(2));
    for length in 64..=112 {
        let blob = Blob::from_bytes(vec![0; length]).unwrap();
        let code = two_man_rule::open(&blob, &raw_key, &ours()).unwrap_err().code();
        assert_eq!(code, if length % 16 == 0 { "rejected" } else { "malformed" }, "{length}");
    }
    // Shorter than a salted blob: no derivation is worth it.
    for length in 64..96 {
        let blob = Blob::from_bytes(vec![0; length]).unwrap();
        assert_eq!(two_man_rule::open(&blob, &text_rule("x"), &ours()).unwrap_err().code(), "malformed", "{length}");
    }
    assert_eq!(Blob::from_base64("?").unwrap_err().code(), "malformed");
    let spaced = BLOBS.password.to_base64().replace('=', "") + "\n";
    assert_eq!(Blob::from_base64(&spaced).unwrap(), BLOBS.password, "BLOB-13");
}

#[test]
fn a_change_of_password_gives_a_new_slot_and_a_tombstone_for_the_old_one() {
    let account = ours();
    let (current, new) = (password("one text"), password("another text"));
    let change = password::change(&BLOBS.password, &current, &new, &account).unwrap();
    assert_eq!(change.old_secret.expose(), current.secret(&account).unwrap().expose());
    assert_eq!(change.new_secret.expose(), new.secret(&account).unwrap().expose());
    assert_eq!(password::open(&change.new_blob, &new, &account).unwrap().document().expose(), DOCUMENT);
    assert_eq!(change.tombstone.as_bytes().len(), 96, "BLOB-05");
    let disabled = password::open(&change.tombstone, &current, &account).unwrap_err();
    assert_eq!(disabled, BlobError::SlotDisabled);
    assert_eq!(disabled.code(), "slot-disabled");
}

#[test]
fn a_change_may_pass_to_raw_keys_and_back() {
    let account = ours();
    let change = password::change(&BLOBS.password_raw, &raw_password(1), &raw_password(3), &account).unwrap();
    assert_eq!(change.tombstone.as_bytes().len(), 64, "BLOB-05");
    assert_eq!(change.old_secret.expose(), "storage-1");
    assert_eq!(password::open(&change.new_blob, &raw_password(3), &account).unwrap().document().expose(), DOCUMENT);
    let back = password::change(&change.new_blob, &raw_password(3), &password("one text"), &account).unwrap();
    assert_eq!(password::open(&back.new_blob, &password("one text"), &account).unwrap().document().expose(), DOCUMENT);
}

#[test]
fn the_same_password_is_refused_after_the_current_one_was_verified() {
    let account = ours();
    let same = password::change(&BLOBS.password, &password("one text"), &password("one text"), &account).unwrap_err();
    assert_eq!((same, same.code()), (ChangeError::SamePassword, "same-password"));
    let wrong = password::change(&BLOBS.password, &password("wrong"), &password("wrong"), &account).unwrap_err();
    assert_eq!(wrong.code(), "rejected", "BLOB-14: the current password comes first");
    // Another key in the same slot: the tombstone would destroy it.
    let storage = RawStorageKey::parse_strict("storage-1").unwrap();
    let same_slot = password::Credential::Raw { storage, key: raw(7) };
    let error = password::change(&BLOBS.password_raw, &raw_password(1), &same_slot, &account).unwrap_err();
    assert_eq!(error, ChangeError::SamePassword);
}

#[test]
fn what_upstream_would_not_take_is_not_written() {
    let long = account("12345678-1234-4abc-8def-1234567890ab", &"u".repeat(65));
    assert_eq!(password::seal(DOCUMENT, &raw_password(1), &long).unwrap_err().code(), "bad-value");
    assert_eq!(
        two_man_rule::seal(DOCUMENT, &two_man_rule::Credential::Raw(raw(1)), &long).unwrap_err().code(),
        "bad-value"
    );
    let storage = RawStorageKey::parse_tolerant("with a space").unwrap();
    let loose = password::Credential::Raw { storage, key: raw(1) };
    assert_eq!(password::seal(DOCUMENT, &loose, &ours()).unwrap_err().code(), "bad-value");
    assert!(password::seal_disabled(&loose, &ours()).is_ok(), "such a slot exists and has to be disabled all the same");
}

#[test]
fn a_credential_has_exactly_one_form() {
    let storage = || Some(RawStorageKey::parse_strict("s").unwrap());
    let text = || Some(Password::new("p").unwrap());
    let key = || Some(raw(1));
    assert!(password::Credential::from_parts(text(), None, None).is_ok());
    assert!(password::Credential::from_parts(None, storage(), key()).is_ok());
    for refused in [
        password::Credential::from_parts(None, None, None),
        password::Credential::from_parts(None, storage(), None),
        password::Credential::from_parts(None, None, key()),
        password::Credential::from_parts(text(), storage(), None),
        password::Credential::from_parts(text(), None, key()),
        password::Credential::from_parts(text(), storage(), key()),
    ] {
        assert_eq!(refused.unwrap_err(), CredentialConflict);
    }
    assert!(two_man_rule::Credential::from_parts(text(), None).is_ok());
    assert!(two_man_rule::Credential::from_parts(None, key()).is_ok());
    assert_eq!(two_man_rule::Credential::from_parts(text(), key()).unwrap_err().code(), "credential-conflict");
    assert!(two_man_rule::Credential::from_parts(None, None).is_err());
    assert_eq!(Password::new("").unwrap_err().code(), "empty-password");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn salted_blobs_round_trip(document in prop::collection::vec(any::<u8>(), 1..200), text in "\\PC{1,12}") {
        let blob = password::seal(&document, &password(&text), &ours()).unwrap();
        let opened = password::open(&blob, &password(&text), &ours()).unwrap();
        prop_assert_eq!(opened.document().expose(), &document[..]);
        let blob = two_man_rule::seal(&document, &text_rule(&text), &ours()).unwrap();
        let opened = two_man_rule::open(&blob, &text_rule(&text), &ours()).unwrap().into_document();
        prop_assert_eq!(opened.expose(), &document[..]);
    }
}

proptest! {
    #[test]
    fn raw_blobs_round_trip_and_every_flipped_bit_is_rejected(
        document in prop::collection::vec(any::<u8>(), 1..200),
        byte: u8,
        place: prop::sample::Index,
        bit in 0_u32..8,
    ) {
        let blob = password::seal(&document, &raw_password(byte), &ours()).unwrap();
        let opened = password::open(&blob, &raw_password(byte), &ours()).unwrap();
        prop_assert_eq!(opened.document().expose(), &document[..]);
        let mut damaged = blob.as_bytes().to_vec();
        let place = place.index(damaged.len());
        damaged[place] ^= 1 << bit;
        let damaged = Blob::from_bytes(damaged).unwrap();
        prop_assert_eq!(password::open(&damaged, &raw_password(byte), &ours()).unwrap_err(), BlobError::Rejected);
        let rule = two_man_rule::Credential::Raw(raw(byte));
        let blob = two_man_rule::seal(&document, &rule, &ours()).unwrap();
        let opened = two_man_rule::open(&blob, &rule, &ours()).unwrap();
        prop_assert_eq!(opened.document().expose(), &document[..]);
    }

    #[test]
    fn arbitrary_blobs_never_panic(bytes: Vec<u8>, text: String) {
        if let Ok(blob) = Blob::from_bytes(bytes) {
            prop_assert!(two_man_rule::open(&blob, &two_man_rule::Credential::Raw(raw(1)), &ours()).is_err());
        }
        drop(Blob::from_base64(&text));
    }
}
