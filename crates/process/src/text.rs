//! Types that are text outside: read and written as one JSON string, and 32 bytes in hexadecimal.

use sealwright_types::Coded;
use std::fmt;
use zeroize::Zeroizing;

/// The text is not 64 hexadecimal digits, or no outpoint (PROC-12, PROC-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form {0}")]
pub struct TextError(pub(crate) &'static str);

impl Coded for TextError {
    fn code(&self) -> &'static str {
        "bad-value"
    }
}

/// 64 hexadecimal digits of either case into a buffer that is the caller's.
pub(crate) fn read_hex(text: &str, into: &mut [u8; 32]) -> Result<(), TextError> {
    hex::decode_to_slice(text, into).map_err(|_| TextError("of 64 hexadecimal digits"))
}

/// 64 lower-case digits in a buffer that is wiped.
pub(crate) fn write_hex(bytes: &[u8; 32]) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(vec![0; 64]);
    // The buffer has exactly the length that is needed.
    let _ = hex::encode_to_slice(bytes, &mut digits);
    Zeroizing::new(String::from_utf8(std::mem::take(&mut *digits)).unwrap_or_default())
}

/// Writes and reads a type in JSON by its `Display` and `FromStr`.
macro_rules! json_as_text {
    ($($name:ty),+) => {$(
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = ::std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use json_as_text;

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The hash with these bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        /// 64 lower-case hexadecimal digits, nothing else (PROC-21).
        impl std::str::FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                let mut bytes = [0; 32];
                read_hex(text, &mut bytes)?;
                let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
                lower.then_some(Self(bytes)).ok_or(TextError("of lower-case hexadecimal digits"))
            }
        }

        json_as_text!($name);
    )+};
}

hashes! {
    /// The commitment to a value under a label; of a private attribute also the name of its blob (PROC-20, PROC-21).
    Commitment;
    /// The root over the commitments of a state (PROC-40).
    StateId;
}

impl StateId {
    /// 32 zero bytes: what stands for the state before the first one (PROC-65).
    pub const NONE: Self = Self([0; 32]);
}

/// A secret as it stands in a record of ours. Nothing outside of this crate can serialise one.
pub(crate) struct SecretText(pub(crate) Zeroizing<String>);

impl From<sealwright_types::SecretString> for SecretText {
    fn from(text: sealwright_types::SecretString) -> Self {
        Self(Zeroizing::new(text.expose().to_owned()))
    }
}

impl serde::Serialize for SecretText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}
