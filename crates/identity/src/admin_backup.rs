//! Backup keys that an administrator of a team can open (ADM-01).
//!
//! JSON `{version: 2, encryptedBackupEncryptionKey, encryptedBackupSigningKey, encryptedSymKey}`: two envelopes of PKCS#8 keys under a
//! fresh key, which is wrapped for the administrator's public key; all in base64.

use crate::KeyPair;
use sealwright_envelope::{SealError, SymKey, open as open_envelope, seal as seal_envelope};
use sealwright_types::random::RandomError;
use sealwright_types::{Coded, RuleId, SecretVec, b64};
use sealwright_wrap::{PrivateKey, PublicKey, WrapError, unwrap, wrap};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const VERSION: u32 = 2;

/// Why a backup could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Not a backup of version 2, or it holds no keys.
    #[error("not a backup for an administrator ({rule})")]
    Malformed {
        /// The rule that was broken.
        rule: RuleId,
    },
    /// Another administrator's key, or damaged data.
    #[error("rejected: wrong key or damaged data")]
    Rejected,
}

impl Coded for BackupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::Rejected => "rejected",
        }
    }
}

/// Why a backup could not be made. Never caused by the keys in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// No random key.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A key could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The administrator's key cannot wrap.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// The JSON could not be written. Ours: please report it.
    #[error("bug in the writer of backups, please report it")]
    Bug,
}

impl Coded for MakeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Random(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Wrap(error) => error.code(),
            Self::Bug => "bug",
        }
    }
}

/// The texts are sealed: nothing in here is secret.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Backup {
    version: u32,
    encrypted_backup_encryption_key: String,
    encrypted_backup_signing_key: String,
    encrypted_sym_key: String,
}

/// Opens a backup: the key first, then both envelopes. Gives the key pair of an extra device.
///
/// # Errors
/// [`BackupError`].
pub fn open(json: &[u8], administrator: &PrivateKey) -> Result<KeyPair, BackupError> {
    // An array of four elements would be taken for the members of an object.
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(MALFORMED);
    }
    let backup: Backup = serde_json::from_slice(json).map_err(|_| MALFORMED)?;
    if backup.version != VERSION {
        return Err(MALFORMED);
    }
    let bytes = |text: &str| b64::decode_tolerant(text).map_err(|_| MALFORMED);
    let (encryption, signing) =
        (bytes(&backup.encrypted_backup_encryption_key)?, bytes(&backup.encrypted_backup_signing_key)?);
    let key = unwrap(administrator, &bytes(&backup.encrypted_sym_key)?).map_err(|_| BackupError::Rejected)?;
    let open_key = |sealed: &[u8]| {
        let der = open_envelope(&key, sealed).map(SecretVec::from).map_err(|_| BackupError::Rejected)?;
        PrivateKey::from_der(der.expose()).map(|imported| Arc::new(imported.key)).map_err(|_| MALFORMED)
    };
    Ok(KeyPair { encryption: open_key(&encryption)?, signing: open_key(&signing)? })
}

/// Makes a backup of `keys` for an administrator.
///
/// # Errors
/// [`MakeError`].
pub fn seal(keys: &KeyPair, administrator: &PublicKey) -> Result<Vec<u8>, MakeError> {
    let key = SymKey::generate()?;
    let sealed = |private: &PrivateKey| seal_envelope(&key, private.to_pkcs8().expose()).map(b64::encode);
    let backup = Backup {
        version: VERSION,
        encrypted_backup_encryption_key: sealed(&keys.encryption)?,
        encrypted_backup_signing_key: sealed(&keys.signing)?,
        encrypted_sym_key: b64::encode(wrap(&key, administrator)?),
    };
    serde_json::to_vec(&backup).map_err(|_| MakeError::Bug)
}

const MALFORMED: BackupError = BackupError::Malformed { rule: RuleId::new("ADM-01") };
