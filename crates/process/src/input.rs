//! Attributes and changes as people and programs write them: one JSON object (PROC-06, PROC-101).

use crate::change::{Attributes, Change, Delta};
use crate::json;
use crate::name::{BadName, Name};
use crate::value::{Value, ValueError};
use sealwright_types::{Coded, b64};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The text is no object of attributes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// A name.
    #[error(transparent)]
    BadName(#[from] BadName),
    /// A value.
    #[error(transparent)]
    Value(#[from] ValueError),
}

impl Coded for InputError {
    fn code(&self) -> &'static str {
        match self {
            Self::BadName(error) => error.code(),
            Self::Value(error) => error.code(),
        }
    }
}

const BINARY: &str = "$binary";
const NULL: &str = "$null";

/// Reads attributes: binary is written `{"$binary":"<base64>","type":"<media type>"}`.
///
/// # Errors
/// [`InputError`].
pub fn attributes(text: &str) -> Result<Attributes, InputError> {
    members(text)?.into_iter().map(|(name, json)| Ok((name, value(json)?))).collect()
}

/// Reads changes: as [`attributes`], but null removes, and `{"$null":true}` is the value null.
///
/// # Errors
/// [`InputError`].
pub fn delta(text: &str) -> Result<Delta, InputError> {
    let change = |json: Json| match &json {
        Json::Null => Ok(Change::Remove),
        Json::Object(members) if members.contains_key(NULL) => {
            if members.len() == 1 && members.get(NULL) == Some(&Json::Bool(true)) {
                value(Json::Null).map(Change::Set)
            } else {
                Err(ValueError::BadValue("$null"))
            }
        }
        _ => value(json).map(Change::Set),
    };
    members(text)?.into_iter().map(|(name, json)| Ok((name, change(json)?))).collect()
}

/// Writes a value as [`attributes`] reads it. It may be secret.
pub fn write(value: &Value) -> Zeroizing<String> {
    match value.as_binary() {
        Some((media_type, bytes)) => {
            let (bytes, media_type) = (b64::encode(bytes), media_type);
            let members = BTreeMap::from([(BINARY, bytes.as_str()), ("type", media_type)]);
            Zeroizing::new(json::write_text(&members))
        }
        None => Zeroizing::new(value.as_json().unwrap_or_default().to_owned()),
    }
}

fn members(text: &str) -> Result<BTreeMap<Name, Json>, InputError> {
    let Json::Object(members) = json::parse_members(text)? else {
        return Err(ValueError::BadValue("JSON that is no object").into());
    };
    members.into_iter().map(|(name, value)| Ok((Name::new(&name)?, value))).collect()
}

fn value(json: Json) -> Result<Value, ValueError> {
    if let Json::Object(members) = &json
        && let Some(bytes) = members.get(BINARY)
    {
        let others = members.keys().any(|name| name != BINARY && name != "type");
        let text = |member: Option<&Json>| member.and_then(Json::as_str).map(str::to_owned);
        let media_type = if members.contains_key("type") { text(members.get("type")) } else { Some(String::new()) };
        let bytes = text(Some(bytes)).and_then(|bytes| b64::decode_strict(bytes).ok()).map(Zeroizing::new);
        return match (bytes, media_type, others) {
            (Some(bytes), Some(media_type), false) => Value::binary(&media_type, &bytes),
            _ => Err(ValueError::BadValue("$binary")),
        };
    }
    if let Some(pointer) = nested_binary(&json) {
        return Err(ValueError::NestedBinary(pointer));
    }
    Value::json(&Zeroizing::new(json.to_string()))
}

/// Where `$binary` stands below the top, as a JSON pointer.
fn nested_binary(json: &Json) -> Option<String> {
    let below = |step: String, inner: &Json| nested_binary(inner).map(|pointer| format!("/{step}{pointer}"));
    match json {
        Json::Object(members) => members.iter().find_map(|(name, inner)| {
            let step = name.replace('~', "~0").replace('/', "~1");
            if name == BINARY { Some(format!("/{step}")) } else { below(step, inner) }
        }),
        Json::Array(items) => items.iter().enumerate().find_map(|(place, inner)| below(place.to_string(), inner)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_null_and_removal() {
        let read =
            attributes(r#"{"a":{"$binary":"aGVsbG8=","type":"text/plain"},"b":null,"c":{"$binary":""}}"#).unwrap();
        assert_eq!(read[&"a".parse().unwrap()].as_binary(), Some(("text/plain", &b"hello"[..])));
        assert_eq!(read[&"b".parse().unwrap()].as_json(), Some("null"));
        assert_eq!(read[&"c".parse().unwrap()].as_binary(), Some(("", &b""[..])));
        assert_eq!(*write(&read[&"a".parse().unwrap()]), r#"{"$binary":"aGVsbG8=","type":"text/plain"}"#);
        let read = delta(r#"{"a":null,"b":{"$null":true}}"#).unwrap();
        assert!(matches!(read[&"a".parse().unwrap()], Change::Remove));
        assert!(matches!(&read[&"b".parse().unwrap()], Change::Set(value) if value.as_json() == Some("null")));
        for (text, code) in [
            (r#"{"a":[0,{"x/y~":{"$binary":""}}]}"#, "nested-binary"),
            (r#"{"a":{"$binary":"!"}}"#, "bad-value"),
            (r#"{"a":{"$binary":"","more":1}}"#, "bad-value"),
            (r#"{"a":{"$null":false}}"#, "bad-value"),
            (r##"{"#roles":1}"##, "bad-name"),
            (r#"{"":1}"#, "bad-name"),
            ("[]", "bad-value"),
            (r#"{"a":1,"a":2}"#, "bad-value"),
        ] {
            assert_eq!(delta(text).unwrap_err().code(), code, "{text}");
        }
        let InputError::Value(ValueError::NestedBinary(pointer)) =
            attributes(r#"{"a":[0,{"x/y~":{"$binary":""}}]}"#).unwrap_err()
        else {
            panic!("nested")
        };
        assert_eq!(pointer, "/1/x~1y~0/$binary");
    }
}
