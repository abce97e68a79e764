//! What protects an identity at SSKS: by password, or by the two-man rule with a key text (KDF-03..05).
//!
//! The stored blobs themselves are read and written by the crate of identities.

use crate::derive::{DeriveError, derive_hex, derive_key, nfkc};
use crate::{AppIdText, Password, SecretText, UserIdText};
use sealwright_envelope::SymKey;
use sealwright_types::random::{self, RandomError};

const SECRET_SALT: &str = "seald-ssks-secret|";
const ENCRYPTION_SALT: &str = "seald-ssks-encryption|";
const TWO_MAN_RULE_SALT: &str = "seald-ssks-2mr-encryption|";

/// The 32 bytes that stand before the envelope in a salted blob. Not secret, never normalised.
///
/// There are two ways to one: read from a blob, or fresh. A salt that a caller makes up has no place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSalt([u8; Self::LENGTH]);

impl StoredSalt {
    /// Bytes of a salt.
    pub const LENGTH: usize = 32;

    /// The salt of an existing blob: its first 32 bytes.
    pub const fn from_blob(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// A fresh salt for a new blob.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's generator fails.
    pub fn random() -> Result<Self, RandomError> {
        let mut bytes = [0; Self::LENGTH];
        random::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The bytes, to be stored before the envelope.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

/// The secret under which a password-protected identity is stored: **lower-case hexadecimal**, 128 characters, sent as that text
/// (KDF-03, KDF-36).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn ssks_password_secret(
    password: &Password,
    app: &AppIdText,
    user: &UserIdText,
) -> Result<SecretText, DeriveError> {
    let salt = nfkc(&[SECRET_SALT, app.as_str(), "|", user.as_str()]);
    derive_hex(password.normalised(), salt.expose())
}

/// The key that seals a password-protected identity (KDF-04).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn ssks_password_key(
    password: &Password,
    app: &AppIdText,
    user: &UserIdText,
    salt: &StoredSalt,
) -> Result<SymKey, DeriveError> {
    derive_key(password.normalised(), &salted(salt, ENCRYPTION_SALT, app, user))
}

/// The key that seals an identity under the two-man rule, from the text `twoManRuleKey` (KDF-05).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn two_man_rule_key(
    key_text: &Password,
    app: &AppIdText,
    user: &UserIdText,
    salt: &StoredSalt,
) -> Result<SymKey, DeriveError> {
    derive_key(key_text.normalised(), &salted(salt, TWO_MAN_RULE_SALT, app, user))
}

/// The random bytes as they are, then the text in NFKC (KDF-22).
fn salted(salt: &StoredSalt, label: &str, app: &AppIdText, user: &UserIdText) -> Vec<u8> {
    [salt.as_bytes(), nfkc(&[label, app.as_str(), "|", user.as_str()]).expose()].concat()
}
