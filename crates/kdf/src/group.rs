//! A group that its members join by themselves with a password (KDF-08, KDF-09).

use crate::derive::{DeriveError, derive_base64, derive_key, nfkc};
use crate::{AppIdText, Password, SecretText};
use sealwright_envelope::SymKey;
use sealwright_types::GroupId;

const MESSAGE_KEY_SALT: &str = "seald-GroupSelfAdd-GroupSymKey|";
const SECRET_SALT: &str = "seald-GroupSelfAdd-GroupSelfAddSecret|";

/// The message key of a group, from its self-add password (KDF-08).
///
/// **Warning:** the group's id is no part of it. All groups of one application with the same password share one message key
/// (KDF-32): who may read one reads all. For a new group take a random key instead.
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn group_self_add_message_key(password: &Password, app: &AppIdText) -> Result<SymKey, DeriveError> {
    derive_key(password.normalised(), nfkc(&[MESSAGE_KEY_SALT, app.as_str()]).expose())
}

/// The secret that proves the self-add password: **standard padded base64**, 88 characters, sent as that text (KDF-09, KDF-36).
///
/// The group's id goes in as S64, although everybody else writes it hyphenated (KDF-31).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn group_self_add_secret(password: &Password, app: &AppIdText, group: GroupId) -> Result<SecretText, DeriveError> {
    let salt = nfkc(&[SECRET_SALT, app.as_str(), "|", &group.to_s64()]);
    derive_base64(password.normalised(), salt.expose())
}
