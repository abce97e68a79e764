//! Every password-based key derivation of the Seald formats, one function per use.
//!
//! ```
//! use sealwright_kdf::{AppIdText, Password, StoredSalt, UserIdText, ssks_password_key, ssks_password_secret};
//!
//! let password = Password::new("correct horse battery staple")?;
//! let app = AppIdText::new("12345678-1234-4abc-8def-1234567890ab")?;
//! let user = UserIdText::parse_tolerant("user-1")?;
//! let secret = ssks_password_secret(&password, &app, &user)?;
//! assert!(secret.expose().starts_with("606b19dfb5c96593"));
//! // A salt is read from a blob, or fresh; the caller stores it before what the key seals.
//! let key = ssks_password_key(&password, &app, &user, &StoredSalt::random()?)?;
//! # let _ = key;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec/DERIVATION.md) | where | result |
//! |---|---|---|
//! | KDF-01 local database key, KDF-33 no key | [`database_key`] | key |
//! | KDF-02 local database raw key | [`database_raw_key`] | key |
//! | KDF-03 SSKS password secret | [`ssks_password_secret`] | hex text |
//! | KDF-04 SSKS password key | [`ssks_password_key`] | key |
//! | KDF-05 SSKS `twoManRuleKey` | [`two_man_rule_key`] | key |
//! | KDF-06 SymEncKey secret | [`sym_enc_key_secret`] | base64 text |
//! | KDF-07 SymEncKey key | [`sym_enc_key_key`] | key |
//! | KDF-08 group self-add message key | [`group_self_add_message_key`] | key |
//! | KDF-09 group self-add secret | [`group_self_add_secret`] | base64 text |
//! | KDF-10 user license token | [`user_license_token`] | hex text in a token |
//! | KDF-11 pre-validation token | [`pre_validation_token`] | hex text in a token |
//! | KDF-21, KDF-34 passwords | [`Password`] | |
//! | KDF-30 spellings of a session id | [`session_id_spellings`] | |
//! | VAL-01..10 raw values | [`value`] | |
//!
//! One call takes about 16 MiB and some 40 ms on one core (KDF-20); the cost is no parameter. Many calls at once are the caller's
//! matter: the functions know no threads.
//!
//! **What stays in memory.** Inputs, normalised texts and outputs are wiped. The working memory of the `scrypt` library is not: its
//! 16 MiB go back to the allocator as they are, because the library offers nothing else. Whoever can read the freed memory of the
//! process can test guesses of the password without paying the cost, unless the allocator wipes what it takes back, as the one of the
//! `sealwright` program does. The few characters that the normalisation holds at a time may stay on the stack too.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod database;
mod derive;
mod group;
#[cfg(test)]
mod peer_tests;
mod ssks;
mod sym_enc_key;
mod text;
mod token;
pub mod value;

pub use database::{DatabaseKey, database_key, database_raw_key};
pub use derive::DeriveError;
pub use group::{group_self_add_message_key, group_self_add_secret};
pub use ssks::{StoredSalt, ssks_password_key, ssks_password_secret, two_man_rule_key};
pub use sym_enc_key::{
    SpelledSessionId, Spelling, session_id_spellings, sym_enc_key_key, sym_enc_key_key_spelled, sym_enc_key_secret,
    sym_enc_key_secret_spelled,
};
pub use text::{AppIdText, Password, PasswordError, SecretText, UserIdText};
pub use token::{ConnectorValue, ValidationKey, pre_validation_token, user_license_token};
