//! The symmetric key of a session (docs/spec/ENVELOPE.md section 2), kept ready for use.

use crate::paired::RunningMac;
use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{Array, BlockModeDecrypt as _, BlockModeEncrypt as _, InnerIvInit as _, KeyInit as _};
use ring::hmac;
use sealwright_types::random::RandomError;
use sealwright_types::{Coded, Cursor, Secret, SecretVec};
use subtle::{Choice, ConstantTimeEq};

/// Bytes of an AES block and of an IV.
pub(crate) const BLOCK: usize = 16;
/// Bytes of the MAC at the end of an envelope.
pub(crate) const MAC: usize = 32;

/// A symmetric key: MAC key, then AES key, of 16, 24 or 32 bytes each (ENV-01).
///
/// The AES schedule and the MAC state are computed once, here, and serve every message of the session.
///
/// ```
/// use sealwright_envelope::{SymKey, open, seal};
///
/// let key = SymKey::generate()?;
/// let sealed = seal(&key, b"for your eyes only")?;
/// assert_eq!(open(&key, &sealed)?, b"for your eyes only");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SymKey {
    bytes: SecretVec,
    mac: hmac::Key,
    cipher: Cipher,
    short_sealing: bool,
}

sealwright_types::redacted_debug!(SymKey);

enum Cipher {
    Aes128(Box<Aes128>),
    Aes192(Box<Aes192>),
    Aes256(Box<Aes256>),
}

/// The key is not 32, 48 or 64 bytes long (ENV-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a symmetric key has 32, 48 or 64 bytes, not {0}")]
pub struct KeyLengthError(pub usize);

impl Coded for KeyLengthError {
    fn code(&self) -> &'static str {
        "key-length"
    }
}

impl SymKey {
    /// Bytes of a key that is written: 64 (ENV-02).
    pub const LENGTH: usize = 64;

    /// A fresh random key of 64 bytes (ENV-02).
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's generator fails.
    pub fn generate() -> Result<Self, RandomError> {
        let secret = Secret::<{ Self::LENGTH }>::random()?;
        Self::from_bytes(secret.expose()).map_err(|_| RandomError)
    }

    /// The key with these bytes, MAC key first.
    ///
    /// # Errors
    /// [`KeyLengthError`] unless there are 32, 48 or 64 bytes (ENV-01).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyLengthError> {
        let wrong = || KeyLengthError(bytes.len());
        if !matches!(bytes.len(), 32 | 48 | 64) {
            return Err(wrong());
        }
        let mut halves = Cursor::new(bytes);
        let mac_key = halves.take(bytes.len() / 2).map_err(|_| wrong())?;
        Ok(Self {
            cipher: Cipher::new(halves.rest()).ok_or_else(wrong)?,
            mac: hmac::Key::new(hmac::HMAC_SHA256, mac_key),
            bytes: SecretVec::copy_of(bytes),
            short_sealing: false,
        })
    }

    /// The bytes, MAC key first. Whoever has them can read and write everything of the session.
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// Lets this key seal although it has fewer than 64 bytes: not every implementation can read the result (ENV-02).
    #[must_use]
    pub fn allow_short_sealing(mut self) -> Self {
        self.short_sealing = true;
        self
    }

    pub(crate) fn may_seal(&self) -> bool {
        self.short_sealing || self.bytes.len() == Self::LENGTH
    }

    /// Whether `expected` is the MAC of `data`, compared in constant time.
    pub(crate) fn authenticates(&self, data: &[u8], expected: &[u8; MAC]) -> bool {
        same(hmac::sign(&self.mac, data).as_ref(), expected)
    }

    pub(crate) fn mac(&self) -> hmac::Context {
        hmac::Context::with_key(&self.mac)
    }

    /// As [`SymKey::mac`], for computing it beside another hash.
    pub(crate) fn running_mac(&self) -> RunningMac {
        let mac_key = self.bytes.expose().get(..self.bytes.len() / 2).unwrap_or_default();
        RunningMac::new(mac_key, || self.mac())
    }

    /// Compares in constant time.
    pub(crate) fn mac_matches(mac: hmac::Context, expected: &[u8; MAC]) -> bool {
        same(mac.sign().as_ref(), expected)
    }

    /// Decrypts whole blocks in place, starting from `iv`.
    pub(crate) fn decrypt_blocks(&self, iv: &[u8; BLOCK], data: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(data);
        let iv = &(*iv).into();
        match &self.cipher {
            Cipher::Aes128(aes) => cbc::Decryptor::inner_iv_init(&**aes, iv).decrypt_blocks(blocks),
            Cipher::Aes192(aes) => cbc::Decryptor::inner_iv_init(&**aes, iv).decrypt_blocks(blocks),
            Cipher::Aes256(aes) => cbc::Decryptor::inner_iv_init(&**aes, iv).decrypt_blocks(blocks),
        }
    }

    /// Encrypts whole blocks in place, starting from `iv`.
    pub(crate) fn encrypt_blocks(&self, iv: &[u8; BLOCK], data: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(data);
        let iv = &(*iv).into();
        match &self.cipher {
            Cipher::Aes128(aes) => cbc::Encryptor::inner_iv_init(&**aes, iv).encrypt_blocks(blocks),
            Cipher::Aes192(aes) => cbc::Encryptor::inner_iv_init(&**aes, iv).encrypt_blocks(blocks),
            Cipher::Aes256(aes) => cbc::Encryptor::inner_iv_init(&**aes, iv).encrypt_blocks(blocks),
        }
    }
}

impl Cipher {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Box::new).map(Self::Aes128),
            24 => Aes192::new_from_slice(key).ok().map(Box::new).map(Self::Aes192),
            32 => Aes256::new_from_slice(key).ok().map(Box::new).map(Self::Aes256),
            _ => None,
        }
    }
}

/// Compares in constant time, half by half: byte by byte would take as long as the MAC of another block.
pub(crate) fn same(mac: &[u8], expected: &[u8; MAC]) -> bool {
    halves(mac).zip(halves(expected)).is_some_and(|(mac, expected)| mac.ct_eq(&expected).into())
}

fn halves(mac: &[u8]) -> Option<[u128; 2]> {
    let (first, second) = mac.split_first_chunk()?;
    Some([u128::from_ne_bytes(*first), u128::from_ne_bytes(second.try_into().ok()?)])
}

impl ConstantTimeEq for SymKey {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.bytes.ct_eq(&other.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lengths_are_keys_and_no_other() {
        for length in 0..=130 {
            let key = SymKey::from_bytes(&vec![7; length]);
            assert_eq!(key.is_ok(), [32, 48, 64].contains(&length), "{length}");
            if let Err(error) = key {
                assert_eq!((error.code(), error), ("key-length", KeyLengthError(length)));
            }
        }
    }

    #[test]
    fn a_key_shows_nothing_and_knows_its_bytes() {
        let key = SymKey::from_bytes(&[9; 64]).unwrap();
        assert_eq!(format!("{key:?} {key:#?}"), "SymKey([redacted]) SymKey([redacted])");
        assert_eq!(key.expose(), [9; 64]);
        assert_ne!(SymKey::generate().unwrap().expose(), SymKey::generate().unwrap().expose());
    }
}
