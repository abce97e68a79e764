//! Every secret type of the crate: wiped on drop, redacted, without accidental traits.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_kdf::value::{
    Challenge, Credential, JwtText, RawKey64, RawSecret, RawStorageKey, RawSymKey, TokenNonce, UserLicenseToken,
};
use sealwright_kdf::*;
use std::fmt::Debug;
use zeroize::ZeroizeOnDrop;

/// Does not compile if the type has the trait: then both candidates fit.
macro_rules! lacks {
    ($type:ty: $($trait:path),+) => {$({
        trait Candidate<A> {
            fn chosen() {}
        }
        struct Taken;
        impl<T: ?Sized> Candidate<()> for T {}
        impl<T: ?Sized + $trait> Candidate<Taken> for T {}
        <$type as Candidate<_>>::chosen();
    })+};
}

macro_rules! secrets {
    ($($type:ty),+) => {$(
        lacks!($type: Clone, PartialEq, std::fmt::Display, serde::Serialize, std::hash::Hash);
    )+};
}

#[test]
fn secrets_are_wiped_and_lack_accidental_traits() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<Password>();
    wiped::<SecretText>();
    wiped::<ValidationKey>();
    wiped::<RawKey64>();
    wiped::<RawStorageKey>();
    wiped::<RawSecret>();
    wiped::<Challenge>();
    wiped::<JwtText>();
    secrets!(Password, SecretText, ValidationKey, RawKey64, RawStorageKey, RawSecret, RawSymKey, Challenge, JwtText);
    secrets!(Credential, UserLicenseToken);
}

fn redacted(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(text.contains("[redacted]"), "{text}");
        // The letters and the bytes of the secrets below.
        assert!(!text.contains("zzzz") && !text.contains("122"), "{text}");
    }
}

#[test]
fn debug_shows_no_secret() {
    const SECRET: &str = "zzzzzzzz";
    redacted(&Password::new(SECRET).unwrap());
    redacted(&SecretText::from(SECRET.to_owned()));
    redacted(&ValidationKey::new(SECRET).unwrap());
    redacted(&RawKey64::from_bytes(&[b'z'; 64]).unwrap());
    redacted(&RawStorageKey::parse_strict(SECRET).unwrap());
    redacted(&RawSecret::new(SECRET).unwrap());
    redacted(&RawSymKey::from(SymKey::from_bytes(&[b'z'; 64]).unwrap()));
    redacted(&Challenge::new(SECRET).unwrap());
    redacted(&JwtText::parse("zzzz.zzzz.zzzz").unwrap());
    redacted(&Credential::Password(Password::new(SECRET).unwrap()));
    redacted(&DatabaseKey::Given(&Password::new(SECRET).unwrap()));
    let app = AppIdText::new("app").unwrap();
    let user = UserIdText::parse_strict("user").unwrap();
    let id = "fedcba98-7654-4321-8765-0123456789ab".parse().unwrap();
    let nonce = TokenNonce::from_token(&"0".repeat(64)).unwrap();
    let token = user_license_token(&user, &app, id, &ValidationKey::new(SECRET).unwrap(), nonce).unwrap();
    let shown = format!("{token:?}");
    assert!(shown.contains("[redacted]") && !shown.contains(token.proof().expose()), "{shown}");
}

#[test]
fn errors_show_no_value() {
    let error = RawKey64::parse_tolerant("zzzz").unwrap_err();
    assert_eq!(error.to_string(), "the value is not of the required form (VAL-01)");
    assert_eq!(Password::new("").unwrap_err().to_string(), "the password is empty (KDF-34)");
}
