//! What vectors need and nobody else may use: fixed keys, nonces and salts, and the primitives as the standards have them.

use crate::seal::{AttributeKey, OpenError, PairSecret, Salt, open_under, seal_fixed, seal_with};
use crate::share::{KeyShare, ShareContext, payload};
use crate::tagged;
use sealwright_types::SecretVec;

/// Seals an encoded value with this key and nonce (PROC-10).
pub fn seal(key: &AttributeKey, nonce: &[u8; 12], encoded: &[u8]) -> Vec<u8> {
    seal_fixed(key, nonce, encoded)
}

/// Seals a key share with this nonce (PROC-95).
pub fn seal_share(
    context: ShareContext,
    key: &AttributeKey,
    salt: Option<&Salt>,
    secret: &PairSecret,
    nonce: &[u8; 12],
) -> KeyShare {
    share_of(context, payload(key, salt).expose(), secret, nonce)
}

/// Seals any payload as a key share: what only somebody with the secret could send.
pub fn share_of(context: ShareContext, payload: &[u8], secret: &PairSecret, nonce: &[u8; 12]) -> KeyShare {
    let sealed = seal_with(context.key(secret).expose(), nonce, &context.associated(), payload);
    KeyShare::from_bytes(context, [&[1], sealed.as_slice()].concat())
}

/// AES-256-GCM: ciphertext and tag.
pub fn aes_256_gcm(key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    seal_with(key, nonce, associated, plaintext).split_off(nonce.len())
}

/// AES-256-GCM backwards.
///
/// # Errors
/// [`OpenError`].
pub fn aes_256_gcm_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated: &[u8],
    ciphertext: &[u8],
) -> Result<SecretVec, OpenError> {
    open_under(key, associated, &[nonce, ciphertext].concat())
}

/// The tagged hash of BIP 340, with any tag.
pub fn tagged_hash(tag: &[u8], data: &[u8]) -> [u8; 32] {
    tagged::bip340(tag, &[data])
}

/// HKDF-SHA-256 with 32 bytes of output.
pub fn hkdf(secret: &[u8], salt: &[u8], info: &[u8]) -> [u8; 32] {
    *tagged::hkdf(secret, salt, info).expose()
}

/// Signs with this auxiliary randomness (BIP 340).
///
/// # Errors
/// [`crate::BadSignature`].
#[cfg(feature = "secp256k1")]
pub fn sign(
    key: &crate::secp256k1::VotingKey,
    message: &[u8],
    auxiliary: &[u8; 32],
) -> Result<[u8; 64], crate::BadSignature> {
    key.sign_with(message, auxiliary)
}
