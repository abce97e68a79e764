//! Fixed seeds and salts, and keys that are too small. For vectors and tests only.

use crate::error::{EngineError, KeyError, UnwrapError, WrapError};
use crate::import;
use crate::key::{PrivateKey, PublicKey};
use crate::legacy::{LegacyPrivateKey, SystemRandom};
use crate::oaep;
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng, UnwrapErr};
use sealwright_types::random::RandomError;
use sealwright_types::{Cursor, SecretVec};
use subtle::Choice;

/// As [`oaep::wrap_bytes`], with this OAEP seed.
///
/// # Errors
/// As [`oaep::wrap_bytes`].
pub fn wrap_bytes_with_seed(message: &[u8], recipient: &PublicKey, seed: &[u8; 20]) -> Result<Vec<u8>, WrapError> {
    let message = oaep::with_checksum(message, recipient)?;
    encrypt_with_seed(message.expose(), recipient, seed)
}

/// RSAES-OAEP over the message as it stands, without a checksum, for vectors that must be refused.
///
/// # Errors
/// [`WrapError::Engine`], also for a message that is too long.
pub fn encrypt_with_seed(message: &[u8], recipient: &PublicKey, seed: &[u8; 20]) -> Result<Vec<u8>, WrapError> {
    Ok(recipient.any_salt().encrypt(message, &mut Recorded::new(seed))?)
}

/// The second half of an unwrap: the checksum and the message, as OAEP gives them, become the message.
///
/// # Errors
/// [`UnwrapError::Rejected`] for a wrong checksum.
pub fn check_message(decrypted: &[u8]) -> Result<SecretVec, UnwrapError> {
    oaep::checked(decrypted, Some(decrypted.len()), |_| Choice::from(1))
}

/// As [`PrivateKey::sign`], with this salt, of any length that fits the key.
///
/// # Errors
/// [`EngineError`], also for a salt that is too long.
pub fn sign_with_salt(key: &PrivateKey, message: &[u8], salt: &[u8]) -> Result<Vec<u8>, EngineError> {
    let parts = import::private(key.to_pkcs8().expose()).map_err(|_| EngineError)?;
    LegacyPrivateKey::new(parts.key).sign(message, salt.len(), &mut Recorded::new(salt))
}

/// A new key of 1024 bits (KEY-20).
///
/// # Errors
/// As [`generate`].
pub fn generate_1024() -> Result<PrivateKey, KeyError> {
    generate(1024)
}

/// A new key of any size that can be imported.
///
/// # Errors
/// [`KeyError::Size`] for another size.
///
/// # Panics
/// If the operating system's random generator fails.
pub fn generate(bits: usize) -> Result<PrivateKey, KeyError> {
    let key = RsaPrivateKey::new(&mut UnwrapErr(SystemRandom), bits).map_err(|_| KeyError::Size { bits })?;
    let pkcs8 = key.to_pkcs8_der().map_err(|_| KeyError::Inconsistent)?;
    PrivateKey::from_der(pkcs8.as_bytes()).map(|imported| imported.key)
}

/// Gives recorded bytes first, then the operating system's.
struct Recorded<'a>(Cursor<'a>);

impl<'a> Recorded<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self(Cursor::new(bytes))
    }
}

impl TryRng for Recorded<'_> {
    type Error = RandomError;

    fn try_next_u32(&mut self) -> Result<u32, RandomError> {
        SystemRandom.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, RandomError> {
        SystemRandom.try_next_u64()
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), RandomError> {
        match self.0.take(buffer.len()) {
            Ok(recorded) => buffer.copy_from_slice(recorded),
            Err(_) => SystemRandom.try_fill_bytes(buffer)?,
        }
        Ok(())
    }
}

impl TryCryptoRng for Recorded<'_> {}
