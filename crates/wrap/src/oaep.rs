//! Wrapping for an RSA key: RSAES-OAEP over a checksum and the message (docs/spec/KEYS.md section 3).
//!
//! ```text
//! M' = CRC-32 of M, 4 bytes little-endian ‖ M        token = RSAES-OAEP(SHA-1, MGF1-SHA-1, no label)(M'), as long as the modulus
//! ```

use crate::error::{UnwrapError, WrapError};
use crate::key::{PrivateKey, PublicKey};
use sealwright_envelope::SymKey;
use sealwright_types::{Cursor, SecretVec};
use subtle::{Choice, ConstantTimeEq as _, ConstantTimeGreater as _};

/// Bytes of the checksum.
const CRC: usize = 4;
/// Bytes of OAEP with SHA-1: two hashes and two marks.
const OAEP: usize = 42;

/// Wraps a session key for the owner of `recipient` (EMK-01).
///
/// # Errors
/// [`WrapError::ShortKey`] for a key of fewer than 64 bytes; [`WrapError::Engine`].
pub fn wrap(session_key: &SymKey, recipient: &PublicKey) -> Result<Vec<u8>, WrapError> {
    if session_key.expose().len() != SymKey::LENGTH {
        return Err(WrapError::ShortKey);
    }
    wrap_bytes(session_key.expose(), recipient)
}

/// Opens a wrapped session key (EMK-01, OAEP-02..04). Nothing tells a wrong key from damage, a wrong checksum or a wrong length.
///
/// # Errors
/// [`UnwrapError::Rejected`].
pub fn unwrap(key: &PrivateKey, token: &[u8]) -> Result<SymKey, UnwrapError> {
    let is_key = |length: u64| length.ct_eq(&32) | length.ct_eq(&48) | length.ct_eq(&64);
    let bytes = open(key, token, is_key)?;
    SymKey::from_bytes(bytes.expose()).map_err(|_| UnwrapError::Rejected)
}

/// Wraps any message of at most [`longest`] bytes, none included (OAEP-01).
///
/// # Errors
/// [`WrapError::TooLong`] (OAEP-05); [`WrapError::Engine`].
pub fn wrap_bytes(message: &[u8], recipient: &PublicKey) -> Result<Vec<u8>, WrapError> {
    Ok(recipient.encrypt(with_checksum(message, recipient)?.expose())?)
}

/// Opens what [`wrap_bytes`] made (OAEP-01..04).
///
/// # Errors
/// [`UnwrapError::Rejected`].
pub fn unwrap_bytes(key: &PrivateKey, token: &[u8]) -> Result<SecretVec, UnwrapError> {
    open(key, token, |_| Choice::from(1))
}

/// Bytes of the longest message that `recipient` wraps: 82, 210, 338, 466 for 1024, 2048, 3072, 4096 bits.
pub fn longest(recipient: &PublicKey) -> usize {
    recipient.modulus_length().saturating_sub(OAEP).saturating_sub(CRC)
}

/// The message with its checksum in front, if the key can take it.
pub(crate) fn with_checksum(message: &[u8], recipient: &PublicKey) -> Result<SecretVec, WrapError> {
    let limit = longest(recipient);
    if message.len() > limit {
        return Err(WrapError::TooLong { limit });
    }
    // Large enough from the start: the message is not left behind in a smaller buffer.
    let mut bytes = Vec::with_capacity(limit.saturating_add(CRC));
    bytes.extend_from_slice(&checksum(message));
    bytes.extend_from_slice(message);
    Ok(SecretVec::from(bytes))
}

/// CRC-32 of ISO 3309 and IEEE 802.3, little-endian. Bit by bit: libraries look up a table at the bytes of the message, which is a key, and a cache
/// remembers where. Beside the private operation its time is nothing.
fn checksum(message: &[u8]) -> [u8; CRC] {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let one_bit = |crc: u32, _| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
    let one_byte = |crc: u32, &byte: &u8| (0..8).fold(crc ^ u32::from(byte), one_bit);
    (!message.iter().fold(u32::MAX, one_byte)).to_le_bytes()
}

/// One decision over OAEP, checksum and length, after all of them have been looked at (OAEP-04).
fn open(key: &PrivateKey, token: &[u8], acceptable: fn(u64) -> Choice) -> Result<SecretVec, UnwrapError> {
    let modulus = key.modulus_length();
    if token.len() != modulus {
        return Err(UnwrapError::Rejected);
    }
    let mut buffer = SecretVec::zeroed(modulus);
    let decrypted = key.decrypt(token, buffer.expose_mut());
    checked(buffer.expose(), decrypted, acceptable)
}

/// The message in the first `decrypted` bytes of the buffer; `None` of them when OAEP has failed.
pub(crate) fn checked(
    buffer: &[u8],
    decrypted: Option<usize>,
    acceptable: fn(u64) -> Choice,
) -> Result<SecretVec, UnwrapError> {
    // When OAEP has failed, the same steps run over zeros in the length of a session key.
    let length = decrypted.unwrap_or(SymKey::LENGTH.saturating_add(CRC));

    let message_length = length.saturating_sub(CRC);
    let mut cursor = Cursor::new(buffer);
    let found = cursor.take(CRC).map_err(|_| UnwrapError::Rejected)?;
    let message = cursor.take(message_length).map_err(|_| UnwrapError::Rejected)?;
    let valid = Choice::from(u8::from(decrypted.is_some()))
        & !(CRC as u64).ct_gt(&(length as u64))
        & found.ct_eq(&checksum(message))
        & acceptable(message_length as u64);
    if bool::from(valid) { Ok(SecretVec::copy_of(message)) } else { Err(UnwrapError::Rejected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_checksum() {
        assert_eq!(checksum(b"123456789"), [0x26, 0x39, 0xf4, 0xcb]);
        assert_eq!(checksum(b""), [0; 4]);
        let message: Vec<u8> = (0..=u8::MAX).rev().cycle().take(470).collect();
        for length in 0..message.len() {
            assert_eq!(checksum(&message[..length]), crc32fast::hash(&message[..length]).to_le_bytes());
        }
    }
}
