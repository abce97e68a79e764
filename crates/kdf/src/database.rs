//! The keys of a local database of the JavaScript SDK (KDF-01, KDF-02).

use crate::derive::{DeriveError, derive_key, nfkc, sym_key};
use crate::value::RawKey64;
use crate::{AppIdText, Password};
use sealwright_envelope::SymKey;

const SALT: &str = "seald-db-encryption|";

/// What the application gave as `databaseKey`.
#[derive(Debug, Clone, Copy)]
pub enum DatabaseKey<'a> {
    /// A text.
    Given(&'a Password),
    /// Nothing. The database is sealed all the same, under the derivation of the empty byte string: whoever knows the application
    /// id can open it (KDF-33).
    NotGiven,
}

/// The key of a local database from its `databaseKey`, or from none (KDF-01, KDF-33).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn database_key(key: DatabaseKey<'_>, app: &AppIdText) -> Result<SymKey, DeriveError> {
    let password = match key {
        DatabaseKey::Given(password) => password.normalised(),
        DatabaseKey::NotGiven => &[],
    };
    derive_key(password, nfkc(&[SALT, app.as_str()]).expose())
}

/// The key of a local database from its `databaseRawKey`: its 64 bytes as they are (KDF-02).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn database_raw_key(key: &RawKey64) -> Result<SymKey, DeriveError> {
    sym_key(key.secret())
}
