//! SymEncKeys: a second lock on a session, opened by a password or a pair of raw values (docs/spec/SESSIONS.md sections 6 and 9).
//!
//! **The application's server must never learn the password or the raw pair** (SEK-05): it could read the session.

use crate::anonymous::AnonymousSession;
use crate::share::{ShareError, UnverifiedDevice, same, wrap_for_unverified};
use sealwright_envelope::SymKey;
use sealwright_kdf::value::Credential;
use sealwright_kdf::{AppIdText, DeriveError, SecretText, sym_enc_key_key, sym_enc_key_secret};
use sealwright_rights::Rights;
use sealwright_types::{Coded, SessionId, SymEncKeyId};
use sealwright_wrap::record::{DeviceToken, SymEncKeyRecord};
use sealwright_wrap::{UnwrapError, symmetric};

/// A SymEncKey as its owner has it: the secret that proves it, and the key that opens its record (SEK-01).
#[derive(Debug)]
pub struct SymEncKey {
    id: SymEncKeyId,
    session: SessionId,
    secret: SecretText,
    key: SymKey,
}

/// A session that a SymEncKey opened. It reads and writes, and it can add its owner; it manages nothing else (SEK-03).
#[derive(Debug)]
pub struct BearerSession {
    session: SessionId,
    key: SymKey,
}

/// Why a SymEncKey could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SymEncKeyError {
    /// A password needs the application's id; an anonymous caller has no login that tells it (ANON-01).
    #[error("a password needs the application's id (ANON-01)")]
    AppIdMissing,
    /// The derivation failed: a bug.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// The record is of another session or SymEncKey.
    #[error("the record belongs to another session or SymEncKey")]
    WrongRecord,
    /// The record does not open: wrong password or key, or damaged.
    #[error(transparent)]
    Rejected(#[from] UnwrapError),
    /// The SymEncKey does not let its owner add themselves: it cannot read and forward (RIGHT-72).
    #[error("this SymEncKey does not let its owner add themselves (RIGHT-72)")]
    NoSelfAdd,
    /// More rights are wanted than the SymEncKey has (RIGHT-72).
    #[error("more rights are wanted than the SymEncKey has (RIGHT-72)")]
    GrantExceeds,
    /// Whoever adds themselves reads (RIGHT-72).
    #[error("the rights of whoever adds themselves include reading (RIGHT-72)")]
    ReadRequired,
    /// The session's key could not be sealed or wrapped.
    #[error(transparent)]
    Share(#[from] ShareError),
}

impl Coded for SymEncKeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::AppIdMissing => "app-id-missing",
            Self::Derive(error) => error.code(),
            Self::WrongRecord => "wrong-session",
            Self::Rejected(error) => error.code(),
            Self::NoSelfAdd => "no-acl",
            Self::GrantExceeds => "grant-exceeds",
            Self::ReadRequired => "read-required",
            Self::Share(error) => error.code(),
        }
    }
}

impl SymEncKey {
    /// Takes a raw pair as it is; derives both values from a password, each by its own derivation (SEK-01, SEK-02, KDF-06, KDF-07). The
    /// session's id goes in hyphenated and in lower case (KDF-30).
    ///
    /// # Errors
    /// [`SymEncKeyError::AppIdMissing`] for a password without `app`; [`SymEncKeyError::Derive`] for a bug.
    pub fn new(
        id: SymEncKeyId,
        session: SessionId,
        credential: Credential,
        app: Option<&AppIdText>,
    ) -> Result<Self, SymEncKeyError> {
        let (secret, key) = match credential {
            Credential::Password(password) => {
                let app = app.ok_or(SymEncKeyError::AppIdMissing)?;
                (sym_enc_key_secret(&password, app, session)?, sym_enc_key_key(&password, app, session)?)
            }
            Credential::Raw { secret, key } => (SecretText::from(secret.text().expose().to_owned()), key.into_key()),
        };
        Ok(Self { id, session, secret, key })
    }

    /// The SymEncKey's id. No secret.
    pub fn id(&self) -> SymEncKeyId {
        self.id
    }

    /// The session that it opens.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// What proves the SymEncKey to the service: sent with the record, with a retrieval and with a self-add.
    pub fn secret(&self) -> &SecretText {
        &self.secret
    }

    /// The record to be published: the session's key under this key (WRAP-02). It goes out together with [`Self::secret`] and the rights.
    ///
    /// # Errors
    /// [`ShareError::Seal`] if one of the keys has fewer than 64 bytes.
    pub fn wrap(&self, session_key: &SymKey) -> Result<SymEncKeyRecord, ShareError> {
        let data = symmetric::wrap(session_key, &self.key)?.into();
        Ok(SymEncKeyRecord { session_id: self.session, sym_enc_key_id: self.id, data, revoked: false })
    }

    /// Opens the record (SEK-03).
    ///
    /// # Errors
    /// [`SymEncKeyError::WrongRecord`], [`SymEncKeyError::Rejected`].
    pub fn open(&self, record: &SymEncKeyRecord) -> Result<BearerSession, SymEncKeyError> {
        if (record.session_id, record.sym_enc_key_id) != (self.session, self.id) {
            return Err(SymEncKeyError::WrongRecord);
        }
        let key = symmetric::unwrap(&record.data, &self.key)?;
        Ok(BearerSession { session: self.session, key })
    }

    /// As [`Self::open`], for somebody without an account: what comes out seals and opens, and nothing else (ANON-01).
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_anonymously(&self, record: &SymEncKeyRecord) -> Result<AnonymousSession, SymEncKeyError> {
        let BearerSession { session, key } = self.open(record)?;
        Ok(AnonymousSession::new(session, key))
    }
}

impl BearerSession {
    /// The session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Its key.
    pub fn key(&self) -> &SymKey {
        &self.key
    }

    /// Tokens that make the reader a recipient with the rights `wanted`: for **all** own devices (SEK-04). They go out together with the secret of
    /// the SymEncKey and these rights, which are within `of_key`, those of the SymEncKey, and include reading (RIGHT-72).
    ///
    /// # Errors
    /// [`SymEncKeyError::NoSelfAdd`], [`SymEncKeyError::GrantExceeds`], [`SymEncKeyError::ReadRequired`]; [`SymEncKeyError::Share`].
    pub fn self_add(
        &self,
        own_devices: &[UnverifiedDevice],
        of_key: Rights,
        wanted: Rights,
    ) -> Result<Vec<DeviceToken>, SymEncKeyError> {
        if !of_key.contains(Rights::READ_FORWARD) {
            return Err(SymEncKeyError::NoSelfAdd);
        }
        if !of_key.contains(wanted) {
            return Err(SymEncKeyError::GrantExceeds);
        }
        if !wanted.contains(Rights::READ) {
            return Err(SymEncKeyError::ReadRequired);
        }
        Ok(wrap_for_unverified(self.session, &self.key, own_devices)?)
    }

    /// The key, for whoever needs to keep it.
    ///
    /// # Errors
    /// [`ShareError`] never for a key that was opened.
    pub fn to_key(&self) -> Result<SymKey, ShareError> {
        same(&self.key)
    }
}
