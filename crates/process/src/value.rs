//! Values of attributes and their one encoding (PROC-03..06).
//!
//! | offset | length | content |
//! |---|---|---|
//! | 0 | 1 | `01` version |
//! | 1 | 1 | kind: `00` JSON, `01` binary |
//! | 2 | ... | JSON: the form of RFC 8785, to the end |
//! | 2 | 2 | binary: length m of the media type, big-endian, at most 255 |
//! | 4 | m | media type, bytes 20..7E; m = 0 means unstated |
//! | 4+m | ... | the bytes, to the end |

use crate::json;
use sealwright_types::{Coded, Cursor, SecretVec, redacted_debug};
use serde::Serialize;
use zeroize::Zeroizing;

/// A value: JSON or binary, as a whole. It may be secret: wiped on drop, not shown by `Debug`.
pub struct Value(Content);

redacted_debug!(Value);

enum Content {
    Json(Zeroizing<String>),
    Binary { media_type: String, bytes: SecretVec },
}

/// What is given cannot become a value (PROC-05, PROC-06).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not JSON within the bounds, or a media type or base64 of another form. Says which.
    #[error("{0} outside of what a value may hold (PROC-05)")]
    BadValue(&'static str),
    /// A member `$binary` below the top level. Says where, as a JSON pointer.
    #[error("binary inside of JSON at {0} (PROC-06)")]
    NestedBinary(String),
    /// Longer than 2^30 bytes when encoded.
    #[error("a value has at most 2^30 bytes when encoded (PROC-05)")]
    TooLarge,
}

impl Coded for ValueError {
    fn code(&self) -> &'static str {
        match self {
            Self::BadValue(_) => "bad-value",
            Self::NestedBinary(_) => "nested-binary",
            Self::TooLarge => "too-large",
        }
    }
}

/// The bytes are not the encoding of a value (PROC-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded value of this profile (PROC-04)")]
pub struct Undecodable;

impl Coded for Undecodable {
    fn code(&self) -> &'static str {
        "undecodable"
    }
}

const VERSION: u8 = 1;
const JSON: u8 = 0;
const BINARY: u8 = 1;
/// Bytes of an encoded value at most (PROC-05).
const LONGEST: usize = 1 << 30;

impl Value {
    /// A JSON value from any spelling of it.
    ///
    /// # Errors
    /// [`ValueError::BadValue`] for what is no JSON, repeats a member, is nested deeper than 64, or holds an integer above 2^53.
    pub fn json(text: &str) -> Result<Self, ValueError> {
        let text = json::canonical(&json::parse(text)?)?;
        Self(Content::Json(Zeroizing::new(text))).in_bounds()
    }

    /// The JSON of anything.
    ///
    /// # Errors
    /// As [`Value::json`].
    pub fn of(value: &impl Serialize) -> Result<Self, ValueError> {
        const NO_JSON: ValueError = ValueError::BadValue("JSON");
        // The one refuses numbers that are not finite, the other keeps integers that doubles would round.
        let _ = Zeroizing::new(serde_json_canonicalizer::to_string(value).map_err(|_| NO_JSON)?);
        Self::json(&Zeroizing::new(serde_json::to_string(value).map_err(|_| NO_JSON)?))
    }

    /// Bytes of a media type, which may be empty.
    ///
    /// # Errors
    /// [`ValueError::BadValue`] for a media type of more than 255 bytes or with others than 20..7E; [`ValueError::TooLarge`].
    pub fn binary(media_type: &str, bytes: &[u8]) -> Result<Self, ValueError> {
        if !is_media_type(media_type.as_bytes()) {
            return Err(ValueError::BadValue("a media type"));
        }
        Self(Content::Binary { media_type: media_type.to_owned(), bytes: SecretVec::copy_of(bytes) }).in_bounds()
    }

    fn in_bounds(self) -> Result<Self, ValueError> {
        if self.encoded_length() > LONGEST { Err(ValueError::TooLarge) } else { Ok(self) }
    }

    /// The JSON in the form of RFC 8785; `None` for binary.
    pub fn as_json(&self) -> Option<&str> {
        match &self.0 {
            Content::Json(text) => Some(text),
            Content::Binary { .. } => None,
        }
    }

    /// Media type and bytes; `None` for JSON.
    pub fn as_binary(&self) -> Option<(&str, &[u8])> {
        match &self.0 {
            Content::Json(_) => None,
            Content::Binary { media_type, bytes } => Some((media_type, bytes.expose())),
        }
    }

    /// The encoding (PROC-03).
    pub fn encode(&self) -> SecretVec {
        // Of its final length from the start, so that no copy stays behind.
        let mut bytes = Vec::with_capacity(self.encoded_length());
        match &self.0 {
            Content::Json(text) => {
                bytes.extend_from_slice(&[VERSION, JSON]);
                bytes.extend_from_slice(text.as_bytes());
            }
            Content::Binary { media_type, bytes: content } => {
                let length = u16::try_from(media_type.len()).unwrap_or(u16::MAX);
                bytes.extend_from_slice(&[VERSION, BINARY]);
                bytes.extend_from_slice(&length.to_be_bytes());
                bytes.extend_from_slice(media_type.as_bytes());
                bytes.extend_from_slice(content.expose());
            }
        }
        SecretVec::from(bytes)
    }

    fn encoded_length(&self) -> usize {
        match &self.0 {
            Content::Json(text) => text.len().saturating_add(2),
            Content::Binary { media_type, bytes } => bytes.len().saturating_add(media_type.len()).saturating_add(4),
        }
    }

    /// Reads an encoding, the only one of its value (PROC-04).
    ///
    /// # Errors
    /// [`Undecodable`] for everything that [`Value::encode`] does not write.
    pub fn decode(encoded: &[u8]) -> Result<Self, Undecodable> {
        let mut cursor = Cursor::new(encoded);
        let [version, kind] = cursor.array().map_err(|_| Undecodable)?;
        let value = match (version, kind) {
            (VERSION, JSON) => {
                let text = std::str::from_utf8(cursor.rest()).map_err(|_| Undecodable)?;
                let value = Self::json(text).map_err(|_| Undecodable)?;
                // White space, order, duplicates, spelling of numbers: whatever is not canonical differs.
                if value.as_json() != Some(text) {
                    return Err(Undecodable);
                }
                value
            }
            (VERSION, BINARY) => {
                let length = u16::from_be_bytes(cursor.array().map_err(|_| Undecodable)?);
                let media_type = cursor.take(length.into()).map_err(|_| Undecodable)?;
                let media_type = std::str::from_utf8(media_type).map_err(|_| Undecodable)?;
                Self::binary(media_type, cursor.rest()).map_err(|_| Undecodable)?
            }
            _ => return Err(Undecodable),
        };
        value.in_bounds().map_err(|_| Undecodable)
    }
}

/// Values are equal when their encodings are. Not in constant time.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Content::Json(one), Content::Json(other)) => one == other,
            (Content::Binary { .. }, Content::Binary { .. }) => self.as_binary() == other.as_binary(),
            _ => false,
        }
    }
}

fn is_media_type(bytes: &[u8]) -> bool {
    bytes.len() <= 255 && bytes.iter().all(|byte| (0x20..=0x7e).contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_of_encodings() {
        for (text, encoded) in [
            ("null", "01006e756c6c"),
            ("false", "010066616c7365"),
            ("0", "010030"),
            ("-1", "01002d31"),
            ("\"\"", "01002222"),
            ("\"é\"", "010022c3a922"),
            ("[]", "01005b5d"),
            ("{}", "01007b7d"),
            (
                r#"{"b":1,"a":{"d":[true,null],"c":"x"}}"#,
                "01007b2261223a7b2263223a2278222c2264223a5b747275652c6e756c6c5d7d2c2262223a317d",
            ),
        ] {
            assert_eq!(hex::encode(Value::json(text).unwrap().encode().expose()), encoded, "{text}");
        }
        for (media_type, bytes, encoded) in
            [("", "", "01010000"), ("text/plain", "hello", "0101000a746578742f706c61696e68656c6c6f")]
        {
            let value = Value::binary(media_type, bytes.as_bytes()).unwrap();
            assert_eq!(hex::encode(value.encode().expose()), encoded);
        }
        assert!(Value::decode(&[]).is_err());
        assert_eq!(format!("{:?}", Value::json("\"secret\"").unwrap()), "Value([redacted])");
    }

    proptest! {
        #[test]
        fn what_decodes_has_one_encoding(tail: Vec<u8>, kind in 0..3_u8) {
            let bytes = [&[1, kind], tail.as_slice()].concat();
            if let Ok(value) = Value::decode(&bytes) {
                prop_assert!(value.encode().expose() == bytes);
            }
        }

        #[test]
        fn numbers_and_texts_round_trip(number: f64, text: String) {
            if let Ok(value) = Value::of(&(number, &text)) {
                prop_assert!(Value::decode(value.encode().expose()).unwrap() == value);
                let (read, same): (f64, String) = serde_json::from_str(value.as_json().unwrap()).unwrap();
                prop_assert!(read == number && same == text);
            }
        }

        #[test]
        fn binary_round_trips(media_type in "[ -~]{0,255}", bytes: Vec<u8>) {
            let value = Value::binary(&media_type, &bytes).unwrap();
            let read = Value::decode(value.encode().expose()).unwrap();
            prop_assert_eq!(read.as_binary().unwrap(), (media_type.as_str(), bytes.as_slice()));
        }
    }
}
