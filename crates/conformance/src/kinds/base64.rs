//! `base64`: the three readings of base64, and its two spellings.

use super::{Kind, Seen, code};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_types::{SecretVec, b64};
use serde::{Deserialize, Serialize};

pub(crate) struct Base64;

/// The text and how it is to be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) text: String,
    pub(crate) reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reading {
    Strict,
    Tolerant,
    S64,
}

/// The bytes in hexadecimal, and how a writer spells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) bytes: String,
    pub(crate) standard: String,
    pub(crate) s64: String,
}

impl Kind for Base64 {
    const NAME: &'static str = "base64";
    const FAMILIES: &'static [&'static str] = &["B64"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { text, reading }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let plain = match reading {
            Reading::Strict => b64::decode_strict(text),
            Reading::Tolerant => b64::decode_tolerant(text),
            Reading::S64 => b64::decode_s64(text),
        };
        let mut doors = vec![("plain", plain)];
        match reading {
            Reading::Strict => {}
            Reading::Tolerant => {
                doors.push(("secret", b64::decode_tolerant_secret(text).map(SecretVec::into_exposed)));
            }
            Reading::S64 => doors.push(("secret", b64::decode_s64_secret(text).map(SecretVec::into_exposed))),
        }
        let written = |bytes: Vec<u8>| Output {
            bytes: hex::encode(&bytes),
            standard: b64::encode(&bytes),
            s64: b64::encode_s64(&bytes),
        };
        Ok(doors.into_iter().map(|(door, got)| Seen::whole(door, got.map(written).map_err(code), |_| 0)).collect())
    }
}
