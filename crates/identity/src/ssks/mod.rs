//! What SSKS stores: identities sealed under a password or under the two-man rule (docs/spec/DERIVATION.md section 5).
//!
//! | mode | layout (before base64) | key |
//! |---|---|---|
//! | password (BLOB-01) | salt 32, envelope | derived, [`kdf::ssks_password_key`](sealwright_kdf::ssks_password_key) |
//! | password, raw (BLOB-02) | envelope | `rawEncryptionKey` |
//! | two-man rule, text (BLOB-03) | salt 32, envelope | derived, [`kdf::two_man_rule_key`](sealwright_kdf::two_man_rule_key) |
//! | two-man rule, raw (BLOB-04) | envelope | `rawTwoManRuleKey` |
//!
//! The length does not tell them apart; the credential does, or else the MAC (BLOB-10: [`password::open_undecided`],
//! [`two_man_rule::open_undecided`]). The two raw modes are one format: what keeps them apart is that their keys are different ones.

pub mod password;
pub mod two_man_rule;

use crate::{Identity, IdentityError, Read};
use sealwright_envelope::{self as envelope, OpenError, SymKey};
use sealwright_kdf::value::{BadValue, RawKey64};
use sealwright_kdf::{AppIdText, DeriveError, Password, StoredSalt, UserIdText};
use sealwright_types::b64::{self, Base64Error};
use sealwright_types::random::RandomError;
use sealwright_types::{Coded, Cursor, RuleId, SecretVec};

/// The shortest blob without a salt: the envelope of a disabled slot (BLOB-05, BLOB-12).
const SHORTEST_RAW: usize = envelope::SHORTEST;
/// The shortest blob with a salt (BLOB-12).
const SHORTEST_SALTED: usize = StoredSalt::LENGTH + SHORTEST_RAW;

/// The application and the user, both as the application spells them: they go into the salts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The application.
    pub app: AppIdText,
    /// The user's id in the application, not Seald's id of the user.
    pub user: UserIdText,
}

/// A stored blob as it is transported. Nothing is known of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob(Vec<u8>);

/// What a blob held: the bytes of an identity document, at least one.
#[derive(Debug)]
pub struct Opened(SecretVec);

/// How the key of a blob was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The blob is an envelope under a raw key (BLOB-02, BLOB-04).
    Raw,
    /// The blob is a salt and an envelope under a derived key (BLOB-01, BLOB-03).
    Derived,
}

/// Why a blob could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Not a blob: base64 or length.
    #[error("not a stored identity ({rule})")]
    Malformed {
        /// The rule that was broken.
        rule: RuleId,
    },
    /// Wrong credential or damaged data: one MAC cannot tell.
    #[error("rejected: wrong password or key, or damaged data")]
    Rejected,
    /// The credential is right and the slot is empty: the password was changed (BLOB-05, BLOB-11).
    #[error("this slot was emptied, the identity is stored under another password (BLOB-11)")]
    SlotDisabled,
    /// The derivation failed.
    #[error(transparent)]
    Derive(#[from] DeriveError),
}

impl Coded for BlobError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::Rejected => "rejected",
            Self::SlotDisabled => "slot-disabled",
            Self::Derive(error) => error.code(),
        }
    }
}

/// Why a blob could not be made. Never caused by the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// SSKS does not take this user id or storage key from a writer (VAL-02, VAL-03).
    #[error(transparent)]
    BadValue(#[from] BadValue),
    /// The derivation failed.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// No random bytes for the salt.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The envelope could not be made.
    #[error(transparent)]
    Envelope(#[from] envelope::SealError),
}

impl Coded for SealError {
    fn code(&self) -> &'static str {
        match self {
            Self::BadValue(error) => error.code(),
            Self::Derive(error) => error.code(),
            Self::Random(error) => error.code(),
            Self::Envelope(error) => error.code(),
        }
    }
}

/// Both of two exclusive forms of a credential, neither, or half of one (SSKS-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give exactly one of the two forms of the credential (SSKS-13)")]
pub struct CredentialConflict;

impl Coded for CredentialConflict {
    fn code(&self) -> &'static str {
        "credential-conflict"
    }
}

impl Account {
    /// `Ok` if SSKS takes something new under this user id (VAL-03).
    fn check_writable(&self) -> Result<(), BadValue> {
        UserIdText::parse_strict(self.user.as_str()).map(drop)
    }
}

impl Blob {
    /// The longest blob, in bytes: an identity after hundreds of renewals.
    pub const LONGEST: usize = 16 * 1024 * 1024;

    /// Reads `data_b64`, in any base64 (BLOB-13).
    ///
    /// # Errors
    /// [`BlobError::Malformed`].
    pub fn from_base64(text: &str) -> Result<Self, BlobError> {
        let bytes = b64::decode_tolerant(text).map_err(|Base64Error| malformed("BLOB-13"))?;
        Self::from_bytes(bytes)
    }

    /// A blob of these bytes, at least as many as the shortest one has (BLOB-12).
    ///
    /// # Errors
    /// [`BlobError::Malformed`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, BlobError> {
        if (SHORTEST_RAW..=Self::LONGEST).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(malformed("BLOB-12")) }
    }

    /// The text `data_b64`: standard padded base64 (BLOB-13).
    pub fn to_base64(&self) -> String {
        b64::encode(&self.0)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The salt of a blob under a derived key (BLOB-01, BLOB-03). A blob under a raw key has none, and nothing in it says so (BLOB-10).
    ///
    /// # Errors
    /// [`BlobError::Malformed`] for a blob that is too short to have one (BLOB-12).
    pub fn salt(&self) -> Result<StoredSalt, BlobError> {
        self.salted().map(|(salt, _)| salt)
    }

    /// Opens the whole blob under a raw key, which needs no account (BLOB-02, BLOB-04).
    ///
    /// # Errors
    /// [`BlobError`].
    pub fn open_raw(&self, key: &RawKey64) -> Result<Opened, BlobError> {
        open(&key.to_sym_key()?, &self.0)
    }

    /// The salt and the envelope behind it (BLOB-01, BLOB-03).
    fn salted(&self) -> Result<(StoredSalt, &[u8]), BlobError> {
        if self.0.len() < SHORTEST_SALTED {
            return Err(malformed("BLOB-12"));
        }
        let mut cursor = Cursor::new(&self.0);
        let salt = cursor.array().map_err(|_| malformed("BLOB-12"))?;
        Ok((StoredSalt::from_blob(salt), cursor.rest()))
    }

    fn seal_raw(key: &SymKey, content: &[u8]) -> Result<Self, SealError> {
        Ok(Self(envelope::seal(key, content)?))
    }

    fn seal_salted(
        content: &[u8],
        derive: impl FnOnce(&StoredSalt) -> Result<SymKey, DeriveError>,
    ) -> Result<Self, SealError> {
        let salt = StoredSalt::random()?;
        let sealed = envelope::seal(&derive(&salt)?, content)?;
        Ok(Self([salt.as_bytes(), &sealed[..]].concat()))
    }
}

impl Opened {
    /// The bytes of the identity document.
    pub fn document(&self) -> &SecretVec {
        &self.0
    }

    /// The bytes of the identity document.
    pub fn into_document(self) -> SecretVec {
        self.0
    }

    /// The identity in it.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn identity(&self) -> Result<Read, IdentityError> {
        Identity::from_bson(self.0.expose())
    }
}

/// Opens a blob under a text of which nobody knows whether it is a raw key or something to be derived from (BLOB-10): first as a raw
/// key over the whole blob, if it is one, then derived with the first 32 bytes as the salt. The MAC decides.
fn open_undecided(
    blob: &Blob,
    text: &str,
    derive: impl FnOnce(&Password, &StoredSalt) -> Result<SymKey, DeriveError>,
) -> Result<(Opened, Mode), BlobError> {
    let mut too_short = BlobError::Rejected;
    match RawKey64::parse_tolerant(text) {
        Ok(key) => match blob.open_raw(&key) {
            Err(BlobError::Rejected | BlobError::Malformed { .. }) => {}
            decided => return decided.map(|opened| (opened, Mode::Raw)),
        },
        // No raw key: only a salted blob can be meant.
        Err(_) => too_short = malformed("BLOB-12"),
    }
    // A text that cannot be a password opens nothing.
    let password = Password::new(text).map_err(|_| BlobError::Rejected)?;
    let (salt, envelope) = blob.salted().map_err(|_| too_short)?;
    Ok((open(&derive(&password, &salt)?, envelope)?, Mode::Derived))
}

/// An empty plaintext is a result of its own (BLOB-11).
fn open(key: &SymKey, sealed: &[u8]) -> Result<Opened, BlobError> {
    let content = envelope::open(key, sealed).map(SecretVec::from).map_err(|error| match error {
        OpenError::Malformed { .. } => malformed("BLOB-12"),
        _ => BlobError::Rejected,
    })?;
    if content.is_empty() { Err(BlobError::SlotDisabled) } else { Ok(Opened(content)) }
}

const fn malformed(rule: &'static str) -> BlobError {
    BlobError::Malformed { rule: RuleId::new(rule) }
}
