//! `process-names`, `process-value-write`, `process-value-read`: names, and values in their one encoding.

use super::{FAMILIES, bytes};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::{BadName, Field, Name, Value, input};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(crate) struct Names;

/// Names of attributes, private and public.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamesIn {
    pub(crate) private: Vec<String>,
    pub(crate) public: Vec<String>,
}

/// All labels of a state, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamesOut {
    pub(crate) labels: Vec<String>,
}

impl Kind for Names {
    const NAME: &'static str = "process-names";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = NamesIn;
    type Out = NamesOut;

    fn run(NamesIn { private, public }: &NamesIn, _: Material<'_>) -> Result<Vec<Seen<NamesOut>>, LoadError> {
        let mut labels = BTreeSet::from([Field::Roles]);
        let got = private.iter().chain(public).try_for_each(|text| match labels.insert(Name::new(text)?.into()) {
            true => Ok(()),
            false => Err(BadName),
        });
        let labels = labels.iter().map(Field::to_string).collect();
        Ok(vec![Seen::whole("names", got.map(|()| NamesOut { labels }).map_err(code), |_| 0)])
    }
}

pub(crate) struct ValueWrite;

/// One attribute in the text form of inputs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encoded {
    pub(crate) encoded: String,
}

impl Kind for ValueWrite {
    const NAME: &'static str = "process-value-write";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = Text;
    type Out = Encoded;

    fn run(Text { text }: &Text, _: Material<'_>) -> Result<Vec<Seen<Encoded>>, LoadError> {
        let encoded = |value: Option<Value>| Encoded {
            encoded: value.map(|value| hex::encode(value.encode().expose())).unwrap_or_default(),
        };
        let attribute = input::attributes(&format!("{{\"a\":{text}}}"));
        let attribute = attribute.map(|mut attributes| encoded(attributes.pop_first().map(|(_, value)| value)));
        let mut seen = vec![Seen::whole("attributes", attribute.map_err(code), |_| 0)];
        if !text.contains("$binary") {
            let value = Value::json(text).map(|value| encoded(Some(value)));
            seen.push(Seen::whole("value", value.map_err(code), |_| 0));
        }
        Ok(seen)
    }
}

pub(crate) struct ValueRead;

/// JSON in the form of RFC 8785, or media type and bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Decoded {
    pub(crate) json: Option<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) bytes: Option<String>,
}

impl Kind for ValueRead {
    const NAME: &'static str = "process-value-read";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = Encoded;
    type Out = Decoded;

    fn run(Encoded { encoded }: &Encoded, _: Material<'_>) -> Result<Vec<Seen<Decoded>>, LoadError> {
        let encoded = bytes(encoded)?;
        let got = Value::decode(&encoded).map_err(code).and_then(|value| {
            // What is read has to be written as it was.
            if value.encode().expose() != encoded {
                return Err("written-otherwise");
            }
            let binary = value.as_binary();
            Ok(Decoded {
                json: value.as_json().map(str::to_owned),
                media_type: binary.map(|(media_type, _)| media_type.to_owned()),
                bytes: binary.map(|(_, bytes)| hex::encode(bytes)),
            })
        });
        Ok(vec![Seen::whole("value", got, |_| 0)])
    }
}
