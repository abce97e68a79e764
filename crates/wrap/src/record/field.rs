//! The kinds of values inside the records.

use sealwright_types::b64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A wrapped key: ciphertext, no secret by itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Wrapped(Vec<u8>);

/// An e-mail address or a telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "super::spelling::Object<super::spelling::AuthFactorMembers>")]
pub struct AuthFactor {
    /// What the value is.
    #[serde(rename = "type")]
    pub kind: AuthFactorKind,
    /// The address or number.
    pub value: String,
}

/// What kind of authentication factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AuthFactorKind {
    /// An e-mail address, written `EM`.
    #[serde(rename = "EM")]
    Email,
    /// A telephone number, written `SMS`.
    #[serde(rename = "SMS")]
    Sms,
}

/// A moment, in milliseconds since 1970. Read from seconds or RFC 3339 (EGR-02), written in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Created(i64);

impl Created {
    /// The moment this many milliseconds after 1970 began.
    pub const fn from_unix_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970 began.
    pub const fn unix_milliseconds(self) -> i64 {
        self.0
    }
}

impl From<Vec<u8>> for Wrapped {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Wrapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wrapped({} bytes)", self.0.len())
    }
}

impl Serialize for Wrapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Wrapped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        b64::decode_s64(text.as_bytes()).map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for Created {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.checked_rem_euclid(MILLISECONDS) {
            Some(0) => serializer.serialize_i64(self.0 / MILLISECONDS),
            _ => serializer.serialize_f64(self.0 as f64 / MILLISECONDS as f64),
        }
    }
}

impl<'de> Deserialize<'de> for Created {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CreatedVisitor)
    }
}

const MILLISECONDS: i64 = 1000;

struct CreatedVisitor;

impl de::Visitor<'_> for CreatedVisitor {
    type Value = Created;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds or RFC 3339")
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Created, E> {
        seconds.checked_mul(MILLISECONDS).map(Created).ok_or_else(|| E::custom("no moment"))
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Created, E> {
        self.visit_i64(i64::try_from(seconds).map_err(E::custom)?)
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Created, E> {
        // The conversion saturates, so that no number is outside the range.
        Ok(Created((seconds * MILLISECONDS as f64).round() as i64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Created, E> {
        let moment = bson::DateTime::parse_rfc3339_str(text).map_err(|_| E::custom("no moment"))?;
        Ok(Created(moment.timestamp_millis()))
    }
}
