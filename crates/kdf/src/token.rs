//! The tokens with which an application's server vouches for a user (KDF-10, KDF-11).

use crate::derive::{DeriveError, derive_hex, nfkc};
use crate::text::bounded;
use crate::value::{BadValue, PreValidationToken, TokenNonce, UserLicenseToken};
use crate::{AppIdText, SecretText, UserIdText};
use sealwright_types::ValidationKeyId;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The secret that an application's server shares with Seald's: 1 to 1,024 bytes of any text (VAL-12).
#[derive(ZeroizeOnDrop)]
pub struct ValidationKey(SecretText);

sealwright_types::redacted_debug!(ValidationKey);

impl ValidationKey {
    /// The validation key `text`. The caller wipes `text`.
    ///
    /// # Errors
    /// [`BadValue`] for no text and for more than 1,024 bytes (VAL-12).
    pub fn new(text: &str) -> Result<Self, BadValue> {
        bounded(text, "VAL-12").map(SecretText::from).map(Self)
    }
}

/// What a server vouches for, usually `userId@appId`: 1 to 1,024 bytes of any text (VAL-12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorValue(String);

impl ConnectorValue {
    /// The connector value `text`.
    ///
    /// # Errors
    /// [`BadValue`] for no text and for more than 1,024 bytes (VAL-12).
    pub fn new(text: &str) -> Result<Self, BadValue> {
        bounded(text, "VAL-12").map(Self)
    }
}

/// A user license token (deprecated upstream): `<id>:<nonce>:<proof>`, the proof in **lower-case hexadecimal** (KDF-10, VAL-09).
///
/// Nothing is normalised here, and the salt is the nonce's 64 characters, not its 32 bytes (KDF-35). For a new token the nonce
/// is [`TokenNonce::random`]; to check one, derive with its own nonce and compare the proofs in constant time.
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn user_license_token(
    user: &UserIdText,
    app: &AppIdText,
    id: ValidationKeyId,
    key: &ValidationKey,
    nonce: TokenNonce,
) -> Result<UserLicenseToken, DeriveError> {
    let pieces = [user.as_str(), "@", app.as_str(), "-", key.0.expose()];
    let password = Zeroizing::new(pieces.concat());
    let proof = derive_hex(password.as_bytes(), nonce.as_str().as_bytes())?;
    Ok(UserLicenseToken::new(id, nonce, proof))
}

/// A pre-validation token: its proof is **lower-case hexadecimal** (KDF-11).
///
/// Here everything is normalised, the connector value and the key together (KDF-35).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn pre_validation_token(
    connector: &ConnectorValue,
    id: ValidationKeyId,
    key: &ValidationKey,
    nonce: TokenNonce,
) -> Result<PreValidationToken, DeriveError> {
    let password = nfkc(&[&connector.0, "-", key.0.expose()]);
    let proof = derive_hex(password.expose(), nfkc(&[nonce.as_str()]).expose())?;
    Ok(PreValidationToken::new(id, nonce, proof))
}
