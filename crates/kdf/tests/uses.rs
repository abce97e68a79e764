//! What holds across the uses: they are all different, and what must not matter does not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use sealwright_kdf::value::{RawKey64, TokenNonce};
use sealwright_kdf::*;
use sealwright_types::b64;
use std::collections::BTreeSet;

const ID: &str = "5a221722-36c4-41ee-be56-0242ac120002";

fn hex_bytes(text: &SecretText) -> Vec<u8> {
    let digit = |character: char| character.to_digit(16).unwrap() as u8;
    let digits: Vec<u8> = text.expose().chars().map(digit).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// Every derived result for the same texts, as bytes.
fn all(password: &str, app: &str, user: &str) -> Vec<Vec<u8>> {
    let (password, app) = (Password::new(password).unwrap(), AppIdText::new(app).unwrap());
    let user = UserIdText::parse_tolerant(user).unwrap();
    let salt = StoredSalt::from_blob([7; 32]);
    let key = |key: Result<sealwright_envelope::SymKey, DeriveError>| key.unwrap().expose().to_vec();
    let base64 = |text: Result<SecretText, DeriveError>| b64::decode_strict(text.unwrap().expose()).unwrap();
    vec![
        key(database_key(DatabaseKey::Given(&password), &app)),
        key(database_key(DatabaseKey::NotGiven, &app)),
        hex_bytes(&ssks_password_secret(&password, &app, &user).unwrap()),
        key(ssks_password_key(&password, &app, &user, &salt)),
        key(two_man_rule_key(&password, &app, &user, &salt)),
        base64(sym_enc_key_secret(&password, &app, ID.parse().unwrap())),
        key(sym_enc_key_key(&password, &app, ID.parse().unwrap())),
        key(group_self_add_message_key(&password, &app)),
        base64(group_self_add_secret(&password, &app, ID.parse().unwrap())),
    ]
}

#[test]
fn no_use_shares_a_result_with_another_and_every_input_counts() {
    let usual = all("password", "app", "user");
    assert!(usual.iter().all(|bytes| bytes.len() == 64));
    assert_eq!(usual.iter().collect::<BTreeSet<_>>().len(), usual.len());
    let other_password = all("passwore", "app", "user");
    let other_app = all("password", "apq", "user");
    let other_user = all("password", "app", "uses");
    for (at, result) in usual.iter().enumerate() {
        // Without a key the password has no part in it (KDF-33).
        assert_eq!(*result == other_password[at], at == 1, "{at}");
        assert_ne!(*result, other_app[at], "{at}");
        assert_eq!(*result != other_user[at], (2..=4).contains(&at), "{at}");
    }
}

#[test]
fn composed_and_decomposed_texts_give_one_result() {
    assert_eq!(all("p\u{e4}ssword", "\u{e4}pp", "\u{fc}ser"), all("pa\u{308}ssword", "a\u{308}pp", "u\u{308}ser"));
}

#[test]
fn a_raw_key_is_the_key_itself() {
    let raw = RawKey64::random().unwrap();
    let key = database_raw_key(&raw).unwrap();
    assert_eq!(b64::encode(key.expose()), raw.to_text().expose());
    assert_eq!(raw.to_sym_key().unwrap().expose(), key.expose());
}

#[test]
fn a_license_token_ignores_normal_forms_and_a_pre_validation_token_does_not() {
    let id = ID.parse().unwrap();
    let nonce = || TokenNonce::from_token(&"0".repeat(64)).unwrap();
    let app = AppIdText::new("app").unwrap();
    let license = |user: &str, key: &str| {
        let (user, key) = (UserIdText::parse_tolerant(user).unwrap(), ValidationKey::new(key).unwrap());
        hex_bytes(user_license_token(&user, &app, id, &key, nonce()).unwrap().proof())
    };
    let pre = |connector: &str, key: &str| {
        let (connector, key) = (ConnectorValue::new(connector).unwrap(), ValidationKey::new(key).unwrap());
        hex_bytes(pre_validation_token(&connector, id, &key, nonce()).unwrap().proof())
    };
    assert_ne!(license("us\u{e9}r", "key"), license("use\u{301}r", "key"));
    assert_ne!(license("user", "\u{fb01}"), license("user", "fi"));
    assert_eq!(pre("us\u{e9}r@app", "\u{fb01}"), pre("use\u{301}r@app", "fi"));
    assert_eq!(license("user", "key"), {
        // The same bytes in: `user@app-key`, all ASCII.
        pre("user@app", "key")
    });
}

#[test]
fn fresh_salts_differ() {
    assert_ne!(StoredSalt::random().unwrap(), StoredSalt::random().unwrap());
}
