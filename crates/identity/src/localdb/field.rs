//! Members of JSON objects, each read on its own: a member that is not what it should be is absent and spoils nothing beside it.
//!
//! The text stays in the caller's buffer, which is wiped; private keys are decoded from there into buffers of their own.

use super::UnixMilliseconds;
use sealwright_types::{SecretVec, b64};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;
use zeroize::Zeroizing;

/// A member that may be missing.
pub(super) type Field<'a> = Option<&'a RawValue>;

/// An object of which the names are data.
pub(super) type Map<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// A text, or anything else, which is then ignored.
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

/// A date as NeDB writes it.
#[derive(Deserialize)]
struct Date {
    #[serde(rename = "$$date")]
    milliseconds: UnixMilliseconds,
}

/// The value of a member, unless it is missing or of another kind.
pub(super) fn read<'a, T: Deserialize<'a>>(field: Field<'a>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
}

/// The members of an object. Derived readers alone would take an array of as many elements for them, in order.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    if json.trim_ascii_start().starts_with('{') { serde_json::from_str(json).ok() } else { None }
}

/// The elements of an array; none for anything else.
pub(super) fn list(field: Field<'_>) -> Vec<&RawValue> {
    read(field).unwrap_or_default()
}

/// Whether the member is `true`.
pub(super) fn is_true(field: Field<'_>) -> bool {
    read(field) == Some(true)
}

/// A text that is no secret.
pub(super) fn text(field: Field<'_>) -> Option<String> {
    read(field)
}

/// An identifier in any spelling.
pub(super) fn id<T: FromStr>(field: Field<'_>) -> Option<T> {
    read::<Cow<'_, str>>(field)?.parse().ok()
}

/// The identifiers of an array, in any spelling.
pub(super) fn ids<T: FromStr>(field: Field<'_>) -> Vec<T> {
    list(field).into_iter().filter_map(|raw| id(Some(raw))).collect()
}

/// `{"$$date": <milliseconds>}`, or a plain number.
pub(super) fn date(field: Field<'_>) -> Option<UnixMilliseconds> {
    field.and_then(|raw| object::<Date>(raw.get())).map(|date| date.milliseconds).or_else(|| read(field))
}

/// The bytes of a secret in base64 or S64 (B64-02, B64-04; DB-05).
pub(super) fn secret(field: Field<'_>) -> Option<SecretVec> {
    let decode = |text: &str| b64::decode_tolerant_secret(text).or_else(|_| b64::decode_s64_secret(text)).ok();
    // Without escapes, as everybody writes base64, the text is never copied.
    match read::<&str>(field) {
        Some(text) => decode(text),
        None => decode(&read::<String>(field).map(Zeroizing::new)?),
    }
}

/// The secrets of an array, `None` for each that cannot be read: its place counts.
pub(super) fn secrets(field: Field<'_>) -> Vec<Option<SecretVec>> {
    list(field).into_iter().map(|raw| secret(Some(raw))).collect()
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(read(Some(raw))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_member_of_another_kind_is_absent() {
        assert_eq!(read::<i64>(Some(raw("7"))), Some(7));
        for other in ["\"7\"", "null", "[]", "{}", "true"] {
            assert_eq!(read::<i64>(Some(raw(other))), None, "{other}");
            assert!(list(Some(raw(other))).is_empty());
            assert_eq!(is_true(Some(raw(other))), other == "true");
        }
        assert!(list(Some(raw("[1, {}]"))).len() == 2 && list(None).is_empty());
    }

    #[test]
    fn dates_are_milliseconds_in_an_object_or_bare() {
        assert_eq!(date(Some(raw(r#"{"$$date":1795289582331}"#))), Some(1_795_289_582_331));
        assert_eq!(date(Some(raw("-5"))), Some(-5));
        for none in ["null", r#"{"$$date":null}"#, "[1795289582331]", "\"2026-01-01\""] {
            assert_eq!(date(Some(raw(none))), None, "{none}");
        }
    }

    #[test]
    fn secrets_are_read_from_every_base64_with_escapes_too() {
        for text in ["\"++//\"", "\"++%%\"", "\"--__\"", r#""++\/\/""#, "\" ++//\\n\""] {
            assert_eq!(secret(Some(raw(text))).unwrap().expose(), [0xfb, 0xef, 0xff], "{text}");
        }
        assert!(secret(Some(raw("\"!\""))).is_none() && secret(Some(raw("7"))).is_none());
        let list = secrets(Some(raw("[\"AA==\", 7, \"AQ==\"]")));
        let bytes: Vec<_> = list.iter().map(|item| item.as_ref().map(SecretVec::expose)).collect();
        assert_eq!(bytes, [Some(&[0][..]), None, Some(&[1][..])]);
    }
}
