//! Identifiers: newtypes over the 16 bytes of a UUID, read in both spellings, printed hyphenated.

use crate::random::{self, RandomError};
use crate::{Coded, b64};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use uuid::{Uuid, Variant};

/// The text or the bytes are not an identifier (UUID-01, UUID-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID of version 1 to 5, hyphenated or in S64")]
pub struct IdError;

impl Coded for IdError {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        ///
        /// Sixteen bytes of a UUID, version 1 to 5 (UUID-01). `parse` takes the hyphenated form in any case and the S64 form,
        /// padded or not, in the standard alphabet too; `Display` writes lower-case hyphenated (UUID-03). Compared as bytes.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The identifier with these bytes.
            ///
            /// # Errors
            /// [`IdError`] unless version and variant are those of UUID-01.
            pub fn from_bytes(bytes: [u8; 16]) -> Result<Self, IdError> {
                checked(bytes).map(Self)
            }

            /// Reads the lower-case hyphenated form only.
            ///
            /// # Errors
            /// [`IdError`] for any other text.
            pub fn parse_lower_case(text: &str) -> Result<Self, IdError> {
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(IdError);
                }
                hyphenated(text).map(Self)
            }

            /// Reads the S64 form only: 22 characters of S64 or base64, padding ignored, spare bits ignored (UUID-02).
            ///
            /// # Errors
            /// [`IdError`] for any other text.
            pub fn parse_s64(text: &str) -> Result<Self, IdError> {
                s64(text).map(Self)
            }

            /// The S64 form, 22 characters.
            pub fn to_s64(&self) -> String {
                b64::encode_s64(self.0)
            }

            /// The 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// A random version 4 identifier.
            ///
            /// # Errors
            /// [`RandomError`] when the operating system's generator fails.
            pub fn random() -> Result<Self, RandomError> {
                let mut bytes = [0; 16];
                random::fill(&mut bytes)?;
                Ok(Self(uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes()))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                hyphenated(text).or_else(|_| s64(text)).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(Uuid::from_bytes_ref(&self.0), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        /// Written lower-case hyphenated.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        /// Read in every spelling that `parse` takes.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// An encryption session.
    SessionId;
    /// A user; a group is a user too.
    UserId;
    /// A device of a user, or the single device of a group. Also called key id.
    DeviceId;
    /// A group.
    GroupId;
    /// The session that carries a group's message key.
    MessageId;
    /// An application.
    AppId;
    /// A SymEncKey: a session key wrapped under a password or a raw key.
    SymEncKeyId;
    /// A TMR access: a session key wrapped under an over-encryption key.
    TmrAccessId;
    /// A temporary key of a group: an invitation by e-mail or telephone.
    TemporaryKeyId;
    /// A validation key, with which an application's server vouches for its users.
    ValidationKeyId;
}

/// The message key of a group is the key of a session (GRP-03).
impl From<MessageId> for SessionId {
    fn from(id: MessageId) -> Self {
        Self(id.0)
    }
}

fn checked(bytes: [u8; 16]) -> Result<[u8; 16], IdError> {
    let uuid = Uuid::from_bytes(bytes);
    let known = matches!(uuid.get_version_num(), 1..=5) && uuid.get_variant() == Variant::RFC4122;
    known.then_some(bytes).ok_or(IdError)
}

fn hyphenated(text: &str) -> Result<[u8; 16], IdError> {
    // The only form of 36 characters that the library reads is the hyphenated one.
    if text.len() != 36 {
        return Err(IdError);
    }
    checked(Uuid::try_parse(text).map_err(|_| IdError)?.into_bytes())
}

fn s64(text: &str) -> Result<[u8; 16], IdError> {
    // 22 digits and at most two padding characters: anything longer is no identifier and is not worth decoding.
    if !(22..=24).contains(&text.len()) {
        return Err(IdError);
    }
    let bytes = b64::decode_s64(text).map_err(|_| IdError)?;
    checked(bytes.try_into().map_err(|_| IdError)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HYPHENATED: &str = "5a221722-36c4-41ee-be56-0242ac120002";
    const S64: &str = "WiIXIjbEQe6+VgJCrBIAAg";

    #[test]
    fn both_spellings_name_the_same_bytes() {
        let id: SessionId = HYPHENATED.parse().unwrap();
        assert_eq!(id.to_s64(), S64);
        for spelling in [S64, "WiIXIjbEQe6+VgJCrBIAAg==", "WiIXIjbEQe6+VgJCrBIAAh", &HYPHENATED.to_uppercase()] {
            assert_eq!(spelling.parse::<SessionId>(), Ok(id), "{spelling}");
        }
        assert_eq!(id.to_string(), HYPHENATED);
    }

    #[test]
    fn versions_outside_one_to_five_and_other_variants_are_refused() {
        for version in 0..=15_u8 {
            let text = format!("5a221722-36c4-{version:x}1ee-be56-0242ac120002");
            assert_eq!(text.parse::<UserId>().is_ok(), (1..=5).contains(&version), "{text}");
        }
        for variant in 0..=15_u8 {
            let text = format!("5a221722-36c4-41ee-{variant:x}e56-0242ac120002");
            assert_eq!(text.parse::<UserId>().is_ok(), (8..=11).contains(&variant), "{text}");
        }
        for text in
            ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "0000000000000000000000"]
        {
            assert!(text.parse::<UserId>().is_err(), "{text}");
        }
    }

    #[test]
    fn look_alikes_are_refused() {
        let braced = format!("{{{HYPHENATED}}}");
        let urn = format!("urn:uuid:{HYPHENATED}");
        let simple = HYPHENATED.replace('-', "");
        for text in [
            "",
            "abc",
            &braced,
            &urn,
            &simple,
            "WiIXIjbEQe6-VgJCrBIAAg",
            "WiIXIjbEQe6+VgJCrBIAA",
            &format!("{HYPHENATED} "),
        ] {
            assert!(text.parse::<DeviceId>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_narrow_readers_take_one_spelling_each() {
        assert!(SessionId::parse_lower_case(HYPHENATED).is_ok());
        assert!(SessionId::parse_lower_case(&HYPHENATED.to_uppercase()).is_err());
        assert!(SessionId::parse_lower_case(S64).is_err());
        assert!(SessionId::parse_s64(S64).is_ok());
        assert!(SessionId::parse_s64(HYPHENATED).is_err());
    }

    #[test]
    fn json_reads_any_spelling_and_writes_one() {
        let id: GroupId = serde_json::from_str(&format!("{S64:?}")).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("{HYPHENATED:?}"));
    }

    proptest! {
        #[test]
        fn spellings_round_trip(_ in 0..64) {
            let id = SessionId::random().unwrap();
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_s64().parse(), Ok(id));
            prop_assert_eq!(SessionId::from_bytes(*id.as_bytes()), Ok(id));
        }
    }
}
