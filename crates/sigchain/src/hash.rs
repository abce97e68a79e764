//! The hash of a block (SIG-10).

use ring::digest::{SHA256, digest};
use sealwright_types::Coded;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a transaction in canonical JSON, 32 bytes. Written as 64 lower-case hexadecimal characters, and read in no other form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockHash([u8; 32]);

/// The text is not 64 lower-case hexadecimal characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the hash of a block: it has 64 lower-case hexadecimal characters (SIG-10)")]
pub struct BlockHashError;

impl Coded for BlockHashError {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

/// No block there has this hash (SIG-53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chain does not have this hash there (SIG-53)")]
pub struct HashMismatch;

impl Coded for HashMismatch {
    fn code(&self) -> &'static str {
        "hash-mismatch"
    }
}

impl BlockHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of(canonical: &[u8]) -> Self {
        Self(sha256(canonical))
    }

    /// The 64 characters, which are what is signed (SIG-12).
    pub(crate) fn text(&self) -> [u8; 64] {
        let mut text = [0; 64];
        // The lengths fit.
        let _ = hex::encode_to_slice(self.0, &mut text);
        text
    }

    /// Whether `text` is exactly this hash as it is written (SIG-21, SIG-25).
    pub(crate) fn is_written(&self, text: &str) -> bool {
        text.as_bytes() == self.text()
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

impl FromStr for BlockHash {
    type Err = BlockHashError;

    fn from_str(text: &str) -> Result<Self, BlockHashError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BlockHashError)?;
        Some(Self(bytes)).filter(|hash| hash.is_written(text)).ok_or(BlockHashError)
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockHash({self})")
    }
}

/// Written as its 64 characters.
impl Serialize for BlockHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_is_read() {
        let hash = BlockHash::from_bytes([0xab; 32]);
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        assert!(hash.is_written(&text));
        assert_eq!(format!("{hash:?}"), format!("BlockHash({text})"));
        for other in [text.to_uppercase(), text[1..].to_owned(), format!("{text}0"), String::new()] {
            assert_eq!(other.parse::<BlockHash>(), Err(BlockHashError), "{other}");
            assert!(!hash.is_written(&other));
        }
    }
}
