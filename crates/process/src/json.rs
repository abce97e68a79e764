//! JSON in one form: reading that overlooks nothing, writing by RFC 8785.

use crate::value::ValueError;
use sealwright_types::{Malformed, SecretVec};
use serde::Serialize;
use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Arrays and objects inside each other (PROC-04).
const DEEPEST: usize = 64;
/// The greatest magnitude of an integer, 2^53 (PROC-05).
const GREATEST: u64 = 1 << 53;

/// Reads any JSON text: no repeated member, nesting of at most 64, integers of at most 2^53.
pub(crate) fn parse(text: &str) -> Result<Value, ValueError> {
    parse_to(text, DEEPEST)
}

/// As [`parse`], for an object of values.
pub(crate) fn parse_members(text: &str) -> Result<Value, ValueError> {
    parse_to(text, DEEPEST.saturating_add(1))
}

fn parse_to(text: &str, depth: usize) -> Result<Value, ValueError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth }.deserialize(&mut reader).map_err(|_| ValueError::BadValue("JSON"))?;
    reader.end().map_err(|_| ValueError::BadValue("JSON"))?;
    if !integers_in_bounds(text) {
        return Err(ValueError::BadValue("a number"));
    }
    Ok(value)
}

/// The form of RFC 8785, for values that hold no greater integers in that form either.
pub(crate) fn canonical(value: &Value) -> Result<String, ValueError> {
    let text = serde_json_canonicalizer::to_string(value).map_err(|_| ValueError::BadValue("JSON"))?;
    if integers_in_bounds(&text) { Ok(text) } else { Err(ValueError::BadValue("a number")) }
}

/// Writes a record of our own. What is written may be secret, so the buffer does not move while it grows.
pub(crate) fn write(record: &impl Serialize) -> SecretVec {
    let mut counter = Counter(0);
    // Our records have text as keys and no other numbers than small integers: writing them cannot fail.
    let _ = serde_json_canonicalizer::to_writer(record, &mut counter);
    let mut bytes = Vec::with_capacity(counter.0);
    let _ = serde_json_canonicalizer::to_writer(record, &mut bytes);
    SecretVec::from(bytes)
}

/// As [`write`], for what is no secret.
pub(crate) fn write_text(record: &impl Serialize) -> String {
    String::from_utf8(write(record).into_exposed()).unwrap_or_default()
}

/// Reads a record that has to stand there exactly as [`write`] writes it.
pub(crate) fn read<T: DeserializeOwned + Serialize>(bytes: &[u8], rule: &'static str) -> Result<T, Malformed> {
    let record: T = serde_json::from_slice(bytes)
        .map_err(|error| Malformed::new(u64::try_from(error.column()).unwrap_or_default(), rule))?;
    let same = write(&record).expose().iter().zip(bytes).take_while(|(ours, theirs)| ours == theirs).count();
    if same != bytes.len() {
        return Err(Malformed::new(same as u64, rule));
    }
    Ok(record)
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whether no integer of a valid JSON text is greater than 2^53. A reader of doubles would round it without a word.
fn integers_in_bounds(text: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    let outside: String = text
        .chars()
        .map(|character| {
            let inside = quoted;
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = quoted,
                '"' => quoted = !quoted,
                _ => {}
            }
            if inside { '"' } else { character }
        })
        .collect();
    let is_part = |character: char| character.is_ascii_digit() || matches!(character, '-' | '+' | '.' | 'e' | 'E');
    outside.split(|character| !is_part(character)).all(|number| {
        let digits = number.strip_prefix('-').unwrap_or(number);
        let integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        !integer || digits.parse::<u64>().is_ok_and(|magnitude| magnitude <= GREATEST)
    })
}

struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            match items.next_element_seed(self.deeper()?)? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let deeper = || self.deeper::<A::Error>();
        deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.insert(name, members.next_value_seed(deeper()?)?).is_some() {
                return Err(de::Error::custom("a member stands there twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        for good in ["9007199254740992", "-9007199254740992", "[1,\"99999999999999999999\",1e300]", r#""\\""#, "0"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&deep(64)).is_ok() && parse(&deep(65)).is_err());
        for wrong in [
            "9007199254740993",
            "-9007199254740993",
            "{\"\\\"\":99999999999999999999}",
            r#"{"a":1,"a":1}"#,
            "1 2",
            "1e400",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(canonical(&parse("1e20").unwrap()).is_err() && canonical(&parse("1e21").unwrap()).is_ok());
    }
}
