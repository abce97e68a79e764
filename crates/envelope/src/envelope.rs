//! The envelope: IV, AES-CBC ciphertext with PKCS#7 padding, HMAC-SHA-256 over both (docs/spec/ENVELOPE.md section 3).
//!
//! ```text
//! offset 0       16                           len-32         len
//!        | IV 16 | ciphertext, 16 to 16·k     | MAC 32       |
//! ```

use crate::key::{BLOCK, MAC, SymKey};
use sealwright_types::random::{self, RandomError};
use sealwright_types::{Coded, Malformed, RuleId};
use subtle::ConstantTimeEq as _;

/// The shortest envelope: IV, one block of padding, MAC (ENV-04).
pub const SHORTEST: usize = BLOCK + BLOCK + MAC;
/// Bytes that are copied and decrypted at a time, whole blocks: half of a first-level cache.
const PIECE: usize = 16 * 1024;

/// Why a sealed object could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The public structure is wrong: says where and which rule, never what the bytes were.
    #[error("not a sealed object: wrong at byte {at} ({rule})")]
    Malformed {
        /// Offset in the envelope, in bytes.
        at: u64,
        /// The rule that was broken.
        rule: RuleId,
    },
    /// Authentication or decryption failed. A wrong MAC and wrong padding under a right MAC are both this (ENV-07, ENV-08).
    #[error("rejected: wrong key or damaged data")]
    Rejected,
}

impl Coded for OpenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::Rejected => "rejected",
        }
    }
}

impl From<Malformed> for OpenError {
    fn from(Malformed { at, rule }: Malformed) -> Self {
        Self::Malformed { at, rule }
    }
}

/// Why something could not be sealed. Never caused by the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The operating system gave no random IV.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The key has fewer than 64 bytes and [`SymKey::allow_short_sealing`] was not called (ENV-02).
    #[error("sealing with a key of fewer than 64 bytes needs an explicit permission (ENV-02)")]
    ShortKey,
    /// The result would be longer than this machine can address.
    #[error("too large to be sealed in memory")]
    TooLarge,
}

impl Coded for SealError {
    fn code(&self) -> &'static str {
        match self {
            Self::Random(error) => error.code(),
            Self::ShortKey => "key-length",
            Self::TooLarge => "too-large",
        }
    }
}

/// The length of the envelope of `length` bytes: `48 + 16·(⌊length/16⌋ + 1)` (ENV-04); `None` if it does not fit a `u64`.
pub const fn sealed_length(length: u64) -> Option<u64> {
    const BLOCK_LENGTH: u64 = BLOCK as u64;
    match (length / BLOCK_LENGTH).checked_add(1) {
        Some(blocks) => match blocks.checked_mul(BLOCK_LENGTH) {
            Some(ciphertext) => ciphertext.checked_add((BLOCK + MAC) as u64),
            None => None,
        },
        None => None,
    }
}

/// Seals `plaintext` under a fresh random IV (ENV-04, ENV-05).
///
/// # Errors
/// [`SealError`]: a short key without permission, or no random bytes.
pub fn seal(key: &SymKey, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut iv = [0; BLOCK];
    random::fill(&mut iv)?;
    seal_with_iv(key, &iv, plaintext)
}

/// Opens an envelope: length, then the MAC over everything in constant time, then the padding, then the plaintext (ENV-06..08).
///
/// # Errors
/// [`OpenError::Malformed`] for an impossible length, [`OpenError::Rejected`] for everything else.
pub fn open(key: &SymKey, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let Authentic { iv, ciphertext } = Authentic::check(key, sealed)?;
    let mut plaintext = Vec::with_capacity(ciphertext.len());
    let mut previous = iv;
    // Copied and decrypted piece by piece: the second finds in the cache what the first has put there.
    for piece in ciphertext.chunks(PIECE) {
        let start = plaintext.len();
        plaintext.extend_from_slice(piece);
        key.decrypt_blocks(previous, plaintext.get_mut(start..).unwrap_or_default());
        previous = piece.last_chunk().unwrap_or(previous);
    }
    let length = plaintext_length(&plaintext).ok_or(OpenError::Rejected)?;
    plaintext.truncate(length);
    Ok(plaintext)
}

/// As [`open`], decrypting inside the given buffer: no allocation. The buffer is untouched on failure.
///
/// # Errors
/// As [`open`].
pub fn open_in_place<'a>(key: &SymKey, sealed: &'a mut [u8]) -> Result<&'a mut [u8], OpenError> {
    let Authentic { iv: &iv, ciphertext } = Authentic::check(key, sealed)?;
    let ciphertext_length = ciphertext.len();
    let blocks = sealed.get_mut(BLOCK..).and_then(|rest| rest.get_mut(..ciphertext_length)).unwrap_or_default();
    key.decrypt_blocks(&iv, blocks);
    let Some(length) = plaintext_length(blocks) else {
        key.encrypt_blocks(&iv, blocks);
        return Err(OpenError::Rejected);
    };
    Ok(blocks.get_mut(..length).unwrap_or_default())
}

pub(crate) fn seal_with_iv(key: &SymKey, iv: &[u8; BLOCK], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    if !key.may_seal() {
        return Err(SealError::ShortKey);
    }
    let length = sealed_length(plaintext.len() as u64).and_then(|length| usize::try_from(length).ok());
    let mut sealed = Vec::with_capacity(length.ok_or(SealError::TooLarge)?);
    sealed.extend_from_slice(iv);
    sealed.extend_from_slice(plaintext);
    pad(&mut sealed);
    if let Some(ciphertext) = sealed.get_mut(BLOCK..) {
        key.encrypt_blocks(iv, ciphertext);
    }
    let mut mac = key.mac();
    mac.update(&sealed);
    sealed.extend_from_slice(mac.sign().as_ref());
    Ok(sealed)
}

/// Appends PKCS#7 padding to data whose length before it is a multiple of the block, but for the last block.
pub(crate) fn pad(data: &mut Vec<u8>) {
    let missing = BLOCK.saturating_sub(data.len() % BLOCK);
    data.resize(data.len().saturating_add(missing), missing as u8);
}

/// The length of what has been decrypted without its padding; `None` for wrong padding. Looks at all bytes of the last block whatever
/// they are (ENV-08).
///
/// The block as one number: compared with a block full of its last byte, where the padding stands. Byte by byte this would cost more
/// than the MAC of a short message.
pub(crate) fn plaintext_length(decrypted: &[u8]) -> Option<usize> {
    let (before, last) = decrypted.split_last_chunk::<BLOCK>()?;
    let [.., padding] = *last;
    let differing = u128::from_be_bytes(*last) ^ u128::from_be_bytes([padding; BLOCK]);
    let bytes_before = (BLOCK as u8).wrapping_sub(padding);
    let wrong = differing & u128::MAX.wrapping_shr(u32::from(bytes_before).wrapping_mul(8));
    // Nothing for 1 to 16, something for every other length.
    let out_of_range = padding.wrapping_sub(1) >> 4;
    let good = (wrong | u128::from(out_of_range)).ct_eq(&0);
    bool::from(good).then(|| before.len().saturating_add(BLOCK).saturating_sub(padding.into()))
}

/// An envelope whose MAC is right. There is no other way to its parts.
struct Authentic<'a> {
    iv: &'a [u8; BLOCK],
    ciphertext: &'a [u8],
}

impl<'a> Authentic<'a> {
    fn check(key: &SymKey, sealed: &'a [u8]) -> Result<Self, OpenError> {
        let malformed = Malformed::new(sealed.len() as u64, "ENV-06");
        if sealed.len() < SHORTEST || !sealed.len().is_multiple_of(BLOCK) {
            return Err(malformed.into());
        }
        let (authenticated, expected) = sealed.split_last_chunk::<MAC>().ok_or(malformed)?;
        let (iv, ciphertext) = authenticated.split_first_chunk::<BLOCK>().ok_or(malformed)?;
        if key.authenticates(authenticated, expected) { Ok(Self { iv, ciphertext }) } else { Err(OpenError::Rejected) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte by byte, as PKCS#7 says it.
    fn obvious_length(decrypted: &[u8]) -> Option<usize> {
        let padding = usize::from(*decrypted.last()?);
        let start = decrypted.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding))?;
        decrypted[start..].iter().all(|&byte| usize::from(byte) == padding).then_some(start)
    }

    #[test]
    fn padding_is_read_as_byte_by_byte() {
        for length in [BLOCK, 3 * BLOCK] {
            for padding in 0..=u8::MAX {
                for filled in 0..=BLOCK {
                    let mut decrypted = vec![0x55; length];
                    decrypted[length - filled..].fill(padding);
                    decrypted[length - 1] = padding;
                    assert_eq!(plaintext_length(&decrypted), obvious_length(&decrypted), "ENV-08: {decrypted:?}");
                    for place in 0..BLOCK {
                        let mut wrong = decrypted.clone();
                        wrong[length - 1 - place] ^= 1 << (place % 8);
                        assert_eq!(plaintext_length(&wrong), obvious_length(&wrong), "ENV-08: {wrong:?}");
                    }
                }
            }
        }
        assert_eq!(plaintext_length(b""), None);
    }

    #[test]
    fn wrong_padding_under_a_right_mac_leaves_the_buffer_as_it_was() {
        let key = SymKey::from_bytes(&[7; 64]).unwrap();
        let mut sealed = seal_with_iv(&key, &[9; BLOCK], &[0; 2 * BLOCK]).unwrap();
        // Without its padding block the text ends with a zero.
        sealed.truncate(sealed.len() - BLOCK - MAC);
        let mut mac = key.mac();
        mac.update(&sealed);
        sealed.extend_from_slice(mac.sign().as_ref());
        let before = sealed.clone();
        assert_eq!(open_in_place(&key, &mut sealed), Err(OpenError::Rejected));
        assert_eq!(sealed, before);
        assert_eq!(open(&key, &sealed), Err(OpenError::Rejected));
    }
}
