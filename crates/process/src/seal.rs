//! Sealing of attributes: AES-256-GCM, a fresh key and nonce for each (PROC-10..12).
//!
//! ```text
//! blob = nonce 12 ‖ AES-256-GCM(key 32, nonce, encoded value, "sealwright-process-1/attr") ‖ tag 16
//! ```

use crate::text::{TextError, read_hex, write_hex};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use sealwright_types::random::{self, RandomError};
use sealwright_types::{Coded, Cursor, Secret, SecretString, SecretVec, redacted_debug};
use subtle::{Choice, ConstantTimeEq};

pub(crate) const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;
const ATTRIBUTE: &[u8] = b"sealwright-process-1/attr";

/// Bytes that a blob has more than the encoded value in it.
pub const OVERHEAD: usize = NONCE + TAG;

/// A blob could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Shorter than an empty value takes (PROC-11).
    #[error("shorter than 28 bytes (PROC-11)")]
    Malformed,
    /// Authentication failed.
    #[error("rejected: wrong key or damaged blob (PROC-11)")]
    Rejected,
}

impl Coded for OpenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Rejected => "rejected",
        }
    }
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        pub struct $name(Secret<32>);

        impl $name {
            /// Random bytes of the operating system.
            ///
            /// # Errors
            /// [`RandomError`] when it has none.
            pub fn random() -> Result<Self, RandomError> {
                Secret::random().map(Self)
            }

            /// The secret with these 32 bytes; `None` for another number of bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Secret::from_slice(bytes).map(Self)
            }

            /// Reads 64 hexadecimal digits of either case (PROC-12).
            ///
            /// # Errors
            /// [`TextError`].
            pub fn from_hex(text: &str) -> Result<Self, TextError> {
                let mut secret = Secret::zeroed();
                read_hex(text, secret.expose_mut())?;
                Ok(Self(secret))
            }

            /// 64 lower-case hexadecimal digits (PROC-12).
            pub fn to_hex(&self) -> SecretString {
                SecretString::from(std::mem::take(&mut *write_hex(self.0.expose())))
            }

            /// The bytes.
            pub fn expose(&self) -> &[u8; 32] {
                self.0.expose()
            }

            /// A second holder of the same secret; said aloud, because secrets are not copied by accident.
            pub fn duplicate(&self) -> Self {
                let mut copy = Secret::zeroed();
                copy.expose_mut().copy_from_slice(self.0.expose());
                Self(copy)
            }
        }

        impl ConstantTimeEq for $name {
            fn ct_eq(&self, other: &Self) -> Choice {
                self.0.ct_eq(&other.0)
            }
        }
    )+};
}

redacted_debug!(AttributeKey, Salt, PairSecret);

secrets! {
    /// The key of one blob (PROC-10).
    AttributeKey;
    /// What makes a commitment blinded: it travels with the key (PROC-22).
    Salt;
    /// The secret of two devices, under which keys travel between them (PROC-92).
    PairSecret;
}

/// Seals an encoded value under a fresh key (PROC-10).
///
/// # Errors
/// [`RandomError`] when the operating system gives no random bytes.
pub fn seal(encoded: &[u8]) -> Result<(AttributeKey, Vec<u8>), RandomError> {
    let key = AttributeKey::random()?;
    let blob = seal_under(key.expose(), ATTRIBUTE, encoded)?;
    Ok((key, blob))
}

/// Opens a blob: the encoded value, whose commitment has still to be checked (PROC-23).
///
/// # Errors
/// [`OpenError`].
pub fn open(key: &AttributeKey, blob: &[u8]) -> Result<SecretVec, OpenError> {
    open_under(key.expose(), ATTRIBUTE, blob)
}

/// `nonce ‖ ciphertext ‖ tag` with a fresh nonce.
pub(crate) fn seal_under(key: &[u8; 32], associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, RandomError> {
    let mut nonce = [0; NONCE];
    random::fill(&mut nonce)?;
    Ok(seal_with(key, &nonce, associated, plaintext))
}

pub(crate) fn seal_with(key: &[u8; 32], nonce: &[u8; NONCE], associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(plaintext);
    let (_, content) = sealed.split_at_mut(NONCE);
    let tag = Aes256Gcm::new(key.into()).encrypt_inout_detached(&Nonce::from(*nonce), associated, content.into());
    // The cipher takes 64 GiB, a value has at most one.
    sealed.extend_from_slice(&tag.unwrap_or_default());
    sealed
}

pub(crate) fn open_under(key: &[u8; 32], associated: &[u8], sealed: &[u8]) -> Result<SecretVec, OpenError> {
    let mut cursor = Cursor::new(sealed);
    let nonce: [u8; NONCE] = cursor.array().map_err(|_| OpenError::Malformed)?;
    let length = cursor.remaining().checked_sub(TAG).ok_or(OpenError::Malformed)?;
    let mut plaintext = SecretVec::copy_of(cursor.take(length).map_err(|_| OpenError::Malformed)?);
    let tag: [u8; TAG] = cursor.array().map_err(|_| OpenError::Malformed)?;
    // The tag is compared before anything is decrypted.
    Aes256Gcm::new(key.into())
        .decrypt_inout_detached(&Nonce::from(nonce), associated, plaintext.expose_mut().into(), &tag.into())
        .map_err(|_| OpenError::Rejected)?;
    Ok(plaintext)
}

/// [`seal`] with a key and nonce of the caller.
#[cfg(feature = "hazmat")]
pub(crate) fn seal_fixed(key: &AttributeKey, nonce: &[u8; NONCE], encoded: &[u8]) -> Vec<u8> {
    seal_with(key.expose(), nonce, ATTRIBUTE, encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_worked_example() {
        let key = AttributeKey::from_slice(&(0..32).collect::<Vec<_>>()).unwrap();
        let nonce: Vec<u8> = (0..12).collect();
        let value = crate::Value::binary("text/plain", b"hello").unwrap().encode();
        let blob = seal_with(key.expose(), nonce[..].try_into().unwrap(), ATTRIBUTE, value.expose());
        assert_eq!(
            hex::encode(&blob),
            "000102030405060708090a0b4603d611b180ba6fa231fbead8871008efbae860b654ad41872f08b6cae13ef79b6369"
        );
        assert_eq!(open(&key, &blob).unwrap().expose(), value.expose());
        let tag = seal_with(&[0; 32], &[0; 12], b"", b"");
        assert_eq!(hex::encode(&tag[12..]), "530f8afbc74536b9a963b4f1c4cb738b");
    }

    #[test]
    fn keys_as_text() {
        for (text, good) in
            [("ab".repeat(32), true), ("AB".repeat(32), true), ("a".repeat(63), false), ("g0".repeat(32), false)]
        {
            assert_eq!(AttributeKey::from_hex(&text).is_ok(), good, "{text}");
        }
        let key = AttributeKey::random().unwrap();
        assert!(bool::from(AttributeKey::from_hex(key.to_hex().expose()).unwrap().ct_eq(&key)));
        assert_eq!(format!("{:?} {:?}", key, Salt::random().unwrap()), "AttributeKey([redacted]) Salt([redacted])");
    }

    proptest! {
        #[test]
        fn any_change_is_noticed(value: Vec<u8>, place: prop::sample::Index, bit in 0..8_u8) {
            let (key, mut blob) = seal(&value).unwrap();
            prop_assert_eq!(blob.len(), value.len() + OVERHEAD);
            blob[place.index(value.len() + OVERHEAD)] ^= 1 << bit;
            prop_assert_eq!(open(&key, &blob).unwrap_err(), OpenError::Rejected);
        }

        #[test]
        fn any_cut_is_noticed(value: Vec<u8>, left: prop::sample::Index) {
            let (key, blob) = seal(&value).unwrap();
            let left = left.index(blob.len());
            let expected = if left < OVERHEAD { OpenError::Malformed } else { OpenError::Rejected };
            prop_assert_eq!(open(&key, &blob[..left]).unwrap_err(), expected);
        }
    }
}
