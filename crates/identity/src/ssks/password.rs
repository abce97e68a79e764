//! Identities stored under a password, or under a raw storage key and a raw encryption key (BLOB-01, BLOB-02, BLOB-05).

use super::{Account, Blob, BlobError, CredentialConflict, Mode, Opened, SealError};
use sealwright_envelope::SymKey;
use sealwright_kdf::value::{BadValue, RawKey64, RawStorageKey};
use sealwright_kdf::{DeriveError, Password, SecretText, StoredSalt, ssks_password_key, ssks_password_secret};
use sealwright_types::Coded;
use subtle::ConstantTimeEq as _;

/// What opens a slot of the password protection.
#[derive(Debug)]
pub enum Credential {
    /// Secret and key are derived.
    Password(Password),
    /// Both are given.
    Raw {
        /// `rawStorageKey`: the secret under which the blob is stored.
        storage: RawStorageKey,
        /// `rawEncryptionKey`.
        key: RawKey64,
    },
}

/// What a change of the password gives. Written in this order: the new slot first, so that a crash in between loses nothing.
#[derive(Debug)]
pub struct Change {
    /// The secret of the new slot.
    pub new_secret: SecretText,
    /// The identity, sealed for the new credential.
    pub new_blob: Blob,
    /// The secret of the slot that is given up.
    pub old_secret: SecretText,
    /// What is written over it: the envelope of zero bytes under the old credential (BLOB-05).
    pub tombstone: Blob,
}

/// Why a password could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The current credential does not open the blob.
    #[error(transparent)]
    Open(#[from] BlobError),
    /// Both credentials lead to the same slot: the tombstone would be written over the new blob (BLOB-14).
    #[error("the new password is the current one (BLOB-14)")]
    SamePassword,
    /// The new blob could not be made.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Coded for ChangeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::SamePassword => "same-password",
            Self::Seal(error) => error.code(),
        }
    }
}

impl Credential {
    /// The credential that these optional parts make.
    ///
    /// # Errors
    /// [`CredentialConflict`] unless they are a password alone, or a storage key together with an encryption key.
    pub fn from_parts(
        password: Option<Password>,
        storage: Option<RawStorageKey>,
        key: Option<RawKey64>,
    ) -> Result<Self, CredentialConflict> {
        match (password, storage, key) {
            (Some(password), None, None) => Ok(Self::Password(password)),
            (None, Some(storage), Some(key)) => Ok(Self::Raw { storage, key }),
            _ => Err(CredentialConflict),
        }
    }

    /// The secret to present for the slot (KDF-03, KDF-36). One derivation for a password.
    ///
    /// # Errors
    /// [`DeriveError`] for a bug only.
    pub fn secret(&self, account: &Account) -> Result<SecretText, DeriveError> {
        match self {
            Self::Password(password) => ssks_password_secret(password, &account.app, &account.user),
            Self::Raw { storage, .. } => Ok(SecretText::from(storage.text().expose().to_owned())),
        }
    }

    fn check_writable(&self, account: &Account) -> Result<(), BadValue> {
        account.check_writable()?;
        match self {
            Self::Password(_) => Ok(()),
            Self::Raw { storage, .. } => RawStorageKey::parse_strict(storage.text().expose()).map(drop),
        }
    }
}

/// Opens a blob. One derivation for a password.
///
/// # Errors
/// [`BlobError`]; an empty slot is [`BlobError::SlotDisabled`].
pub fn open(blob: &Blob, credential: &Credential, account: &Account) -> Result<Opened, BlobError> {
    match credential {
        Credential::Raw { key, .. } => blob.open_raw(key),
        Credential::Password(password) => {
            let (salt, envelope) = blob.salted()?;
            super::open(&derive(password, &salt, account)?, envelope)
        }
    }
}

/// Opens a blob under a text that is either the password or a `rawEncryptionKey`; the MAC decides (BLOB-10).
///
/// # Errors
/// [`BlobError`].
pub fn open_undecided(blob: &Blob, text: &str, account: &Account) -> Result<(Opened, Mode), BlobError> {
    super::open_undecided(blob, text, |password, salt| derive(password, salt, account))
}

/// Seals an identity document for a slot; what the slot is called says [`Credential::secret`]. One derivation for a password.
///
/// # Errors
/// [`SealError`].
pub fn seal(document: &[u8], credential: &Credential, account: &Account) -> Result<Blob, SealError> {
    credential.check_writable(account)?;
    seal_any(document, credential, account)
}

/// What is written over a slot to disable it: nothing, sealed (BLOB-05).
///
/// # Errors
/// [`SealError`].
pub fn seal_disabled(credential: &Credential, account: &Account) -> Result<Blob, SealError> {
    seal_any(&[], credential, account)
}

/// Changes the password, or passes from a password to raw keys and back: opens the blob with the current credential, seals the
/// identity for the new one, and disables the current slot (BLOB-05, BLOB-14). Five derivations between two passwords.
///
/// # Errors
/// [`ChangeError`]. Whether the current credential is right is found out first.
pub fn change(blob: &Blob, current: &Credential, new: &Credential, account: &Account) -> Result<Change, ChangeError> {
    let opened = open(blob, current, account)?;
    let old_secret = current.secret(account).map_err(SealError::from)?;
    let new_secret = new.secret(account).map_err(SealError::from)?;
    if bool::from(old_secret.ct_eq(&new_secret)) {
        return Err(ChangeError::SamePassword);
    }
    Ok(Change {
        new_blob: seal(opened.document().expose(), new, account)?,
        tombstone: seal_disabled(current, account)?,
        new_secret,
        old_secret,
    })
}

fn derive(password: &Password, salt: &StoredSalt, account: &Account) -> Result<SymKey, DeriveError> {
    ssks_password_key(password, &account.app, &account.user, salt)
}

/// Also for a slot whose storage key nobody would write today: it has to be disabled all the same.
fn seal_any(content: &[u8], credential: &Credential, account: &Account) -> Result<Blob, SealError> {
    match credential {
        Credential::Raw { key, .. } => Blob::seal_raw(&key.to_sym_key()?, content),
        Credential::Password(password) => Blob::seal_salted(content, |salt| derive(password, salt, account)),
    }
}
