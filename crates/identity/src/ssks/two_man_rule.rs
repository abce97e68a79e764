//! Identities stored under the two-man rule: the key is the application server's, the blob is at SSKS (BLOB-03, BLOB-04).

use super::{Account, Blob, BlobError, CredentialConflict, Mode, Opened, SealError};
use sealwright_envelope::SymKey;
use sealwright_kdf::value::RawKey64;
use sealwright_kdf::{DeriveError, Password, StoredSalt, two_man_rule_key};

/// The key that the application's server keeps for a user.
#[derive(Debug)]
pub enum Credential {
    /// `twoManRuleKey`: a text to derive from. The JavaScript SDK only.
    Text(Password),
    /// `rawTwoManRuleKey`.
    Raw(RawKey64),
}

impl Credential {
    /// The credential that these optional parts make.
    ///
    /// # Errors
    /// [`CredentialConflict`] for both or neither (SSKS-13).
    pub fn from_parts(text: Option<Password>, raw: Option<RawKey64>) -> Result<Self, CredentialConflict> {
        match (text, raw) {
            (Some(text), None) => Ok(Self::Text(text)),
            (None, Some(raw)) => Ok(Self::Raw(raw)),
            _ => Err(CredentialConflict),
        }
    }
}

/// Opens a blob. One derivation for a text.
///
/// # Errors
/// [`BlobError`].
pub fn open(blob: &Blob, credential: &Credential, account: &Account) -> Result<Opened, BlobError> {
    match credential {
        Credential::Raw(key) => blob.open_raw(key),
        Credential::Text(text) => {
            let (salt, envelope) = blob.salted()?;
            super::open(&derive(text, &salt, account)?, envelope)
        }
    }
}

/// Opens a blob under a text that is either a `twoManRuleKey` or a `rawTwoManRuleKey`; the MAC decides (BLOB-10).
///
/// # Errors
/// [`BlobError`].
pub fn open_undecided(blob: &Blob, text: &str, account: &Account) -> Result<(Opened, Mode), BlobError> {
    super::open_undecided(blob, text, |text, salt| derive(text, salt, account))
}

/// Seals an identity document. One derivation for a text.
///
/// # Errors
/// [`SealError`].
pub fn seal(document: &[u8], credential: &Credential, account: &Account) -> Result<Blob, SealError> {
    account.check_writable()?;
    match credential {
        Credential::Raw(key) => Blob::seal_raw(&key.to_sym_key()?, document),
        Credential::Text(text) => Blob::seal_salted(document, |salt| derive(text, salt, account)),
    }
}

fn derive(text: &Password, salt: &StoredSalt, account: &Account) -> Result<SymKey, DeriveError> {
    two_man_rule_key(text, &account.app, &account.user, salt)
}
