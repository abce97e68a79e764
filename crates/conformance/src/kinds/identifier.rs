//! `identifier`: reading ids in their spellings.

use super::{Kind, Seen, code};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_types::{DeviceId, SessionId, UserId};
use serde::{Deserialize, Serialize};

pub(crate) struct Identifier;

/// The text and which spellings are allowed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) text: String,
    pub(crate) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// Hyphenated in any case, or S64.
    Any,
    /// Hyphenated in lower case.
    HyphenatedLowerCase,
    /// S64 or base64.
    S64,
}

/// The id as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) hyphenated: String,
    pub(crate) s64: String,
}

impl Kind for Identifier {
    const NAME: &'static str = "identifier";
    const FAMILIES: &'static [&'static str] = &["UUID"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { text, form }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        macro_rules! read {
            ($id:ident) => {{
                let got = match form {
                    Form::Any => text.parse::<$id>(),
                    Form::HyphenatedLowerCase => $id::parse_lower_case(text),
                    Form::S64 => $id::parse_s64(text),
                };
                let written = |id: $id| Output { hyphenated: id.to_string(), s64: id.to_s64() };
                Seen::whole(stringify!($id), got.map(written).map_err(code), |_| 0)
            }};
        }
        Ok(vec![read!(SessionId), read!(UserId), read!(DeviceId)])
    }
}
