//! `oaep-unwrap`: opening what was wrapped for an RSA key, whatever is inside.

use super::{Kind, Seen, code, private_key};
use crate::binary::{Material, field};
use crate::check::LoadError;
use sealwright_types::b64;
use sealwright_wrap::oaep;
use serde::{Deserialize, Serialize};

pub(crate) struct OaepUnwrap;

/// Private key as PKCS#8 and what was wrapped, both in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) wrapped: String,
}

/// The message in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) message: String,
}

impl Kind for OaepUnwrap {
    const NAME: &'static str = "oaep-unwrap";
    const FAMILIES: &'static [&'static str] = &["OAEP"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(Input { key, wrapped }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let opened = oaep::unwrap_bytes(&private_key(key)?, &field(wrapped)?);
        let released = opened.as_ref().map_or(0, |message| message.expose().len() as u64);
        let got = opened.map(|message| Output { message: b64::encode(message.expose()) }).map_err(code);
        Ok(vec![Seen { door: "unwrap".into(), got, released }])
    }
}
