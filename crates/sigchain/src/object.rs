//! JSON objects whose members are looked at one by one: an array is no object, no name stands there twice, what is not asked for is not read.

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The largest integer that every reader of JSON keeps: 2^53 - 1.
const LARGEST: u64 = (1 << 53) - 1;

/// An object, its values not yet read.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A member is missing or has a value of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong;

impl<'a> Object<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Wrong> {
        serde_json::from_str(text).map_err(|_| Wrong)
    }

    /// An object that has to be there.
    pub(crate) fn object(&self, name: &str) -> Result<Self, Wrong> {
        Self::parse(self.raw(name).ok_or(Wrong)?)
    }

    /// An object, if there is one; null is none.
    pub(crate) fn optional_object(&self, name: &str) -> Result<Option<Self>, Wrong> {
        self.given(name).map(Self::parse).transpose()
    }

    pub(crate) fn text(&self, name: &str) -> Result<String, Wrong> {
        read(self.raw(name).ok_or(Wrong)?)
    }

    /// A text, empty if there is none or null.
    pub(crate) fn text_or_empty(&self, name: &str) -> Result<String, Wrong> {
        self.given(name).map_or_else(|| Ok(String::new()), read)
    }

    /// An integer of at most 2^53 - 1, without sign, fraction and exponent.
    pub(crate) fn integer(&self, name: &str) -> Result<u64, Wrong> {
        let number = read(self.raw(name).ok_or(Wrong)?)?;
        if number > LARGEST { Err(Wrong) } else { Ok(number) }
    }

    /// A list of texts, if there is one; null is none.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Wrong> {
        self.given(name).map(read).transpose()
    }

    /// The value of a member, unless it is null.
    fn given(&self, name: &str) -> Option<&'a str> {
        self.raw(name).filter(|value| *value != "null")
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.get())
    }
}

fn read<T: DeserializeOwned>(value: &str) -> Result<T, Wrong> {
    serde_json::from_str(value).map_err(|_| Wrong)
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

struct Members;

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            members.push((name, value));
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [first, second] if first == second)) {
            return Err(de::Error::custom("a member stands there twice"));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_with_single_names_are_objects() {
        for text in ["{}", r#"{"a":1,"b":[{"c":1,"c":1}]}"#, " { \"a\" : 1 } "] {
            assert!(Object::parse(text).is_ok(), "{text}");
        }
        for text in ["", "[]", "[1]", "null", "1", r#""a""#, r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, "{} {}"] {
            assert!(Object::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn members_have_one_kind() {
        let text = r#"{"n":9007199254740991,"o":9007199254740992,"m":-1,"f":1.0,"e":1e3,"t":"a","z":null,"l":["a"],"x":["a",1],"q":{}}"#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.integer("n"), Ok(LARGEST));
        for name in ["o", "m", "f", "e", "t", "z", "l", "missing"] {
            assert_eq!(object.integer(name), Err(Wrong), "{name}");
        }
        assert_eq!(
            (object.text("t").as_deref(), object.text("z"), object.text("n")),
            (Ok("a"), Err(Wrong), Err(Wrong))
        );
        assert_eq!((object.text_or_empty("z").as_deref(), object.text_or_empty("n")), (Ok(""), Err(Wrong)));
        assert_eq!(object.texts("l"), Ok(Some(vec!["a".to_owned()])));
        assert_eq!((object.texts("z"), object.texts("x"), object.texts("t")), (Ok(None), Err(Wrong), Err(Wrong)));
        assert!(object.object("q").is_ok() && object.object("z").is_err() && object.object("l").is_err());
        assert!(matches!(object.optional_object("z"), Ok(None)) && object.optional_object("l").is_err());
    }
}
