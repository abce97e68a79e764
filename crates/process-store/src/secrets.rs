//! Pairwise secrets as they are exported: inside of an envelope, under a key of 64 bytes that the caller keeps elsewhere (PROC-93).

use sealwright_envelope::{self as envelope, OpenError, SealError, SymKey};
use sealwright_process::PairwiseSecrets;
use sealwright_types::{Coded, Malformed, SecretVec};

/// Exported secrets could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// The envelope could not be made: the key is too short, or there are no random bytes.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The envelope does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What it holds are no secrets.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Coded for SecretsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Seal(error) => error.code(),
            Self::Open(error) => error.code(),
            Self::Malformed(error) => error.code(),
        }
    }
}

/// Exports secrets into an envelope.
///
/// # Errors
/// [`SecretsError::Seal`].
pub fn seal_secrets(secrets: &PairwiseSecrets, key: &SymKey) -> Result<Vec<u8>, SecretsError> {
    Ok(envelope::seal(key, secrets.export().expose())?)
}

/// Reads secrets out of an envelope.
///
/// # Errors
/// [`SecretsError::Open`], [`SecretsError::Malformed`].
pub fn open_secrets(sealed: &[u8], key: &SymKey) -> Result<PairwiseSecrets, SecretsError> {
    let export = SecretVec::from(envelope::open(key, sealed)?);
    Ok(PairwiseSecrets::from_export(export.expose())?)
}
