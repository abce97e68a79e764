//! The name of a key pair: SHA-256 of its public key (docs/spec/KEYS.md section 2).

use sealwright_types::{Coded, b64};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a public key in our own SPKI encoding, 32 bytes (KEY-23).
///
/// Written as 44 characters of standard padded base64, read in every spelling of base64 and S64, compared as bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash([u8; 32]);

/// The text is not the base64 of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key hash (KEY-23)")]
pub struct KeyHashError;

impl Coded for KeyHashError {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

impl KeyHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of_spki(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }
}

impl FromStr for KeyHash {
    type Err = KeyHashError;

    fn from_str(text: &str) -> Result<Self, KeyHashError> {
        let bytes = b64::decode_tolerant(text).or_else(|_| b64::decode_s64(text)).map_err(|_| KeyHashError)?;
        bytes.try_into().map(Self).map_err(|_| KeyHashError)
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&b64::encode(self.0))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({self})")
    }
}

/// Written as standard padded base64.
impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Read in every spelling that `parse` takes.
impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_the_same_hash() {
        let hash = KeyHash::from_bytes([0xff; 32]);
        let written = hash.to_string();
        assert_eq!(written.len(), 44);
        let s64 = b64::encode_s64([0xff; 32]);
        for spelling in [&written, &s64, &written.replace('/', "_"), &format!("{written}\n")] {
            assert_eq!(spelling.parse(), Ok(hash), "{spelling}");
        }
        assert_eq!(serde_json::from_str::<KeyHash>(&format!("{s64:?}")).unwrap(), hash);
        assert_eq!(serde_json::to_string(&hash).unwrap(), format!("{written:?}"));
    }

    #[test]
    fn other_lengths_are_no_hash() {
        for text in ["", "AAAA", &b64::encode([0; 31]), &b64::encode([0; 33]), "!"] {
            assert_eq!(text.parse::<KeyHash>(), Err(KeyHashError), "{text}");
        }
    }
}
