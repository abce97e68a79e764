//! `oaep-wrap`: wrapping a message for an RSA key with a given seed.

use super::{Kind, Seen, code};
use crate::binary::{Material, field};
use crate::check::LoadError;
use sealwright_types::b64;
use sealwright_wrap::PublicKey;
use sealwright_wrap::hazmat::wrap_bytes_with_seed;
use serde::{Deserialize, Serialize};

pub(crate) struct OaepWrap;

/// Public key as SPKI, OAEP seed of 20 bytes, message; all in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) seed: String,
    pub(crate) message: String,
}

/// What is wrapped, in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) wrapped: String,
}

impl Kind for OaepWrap {
    const NAME: &'static str = "oaep-wrap";
    const FAMILIES: &'static [&'static str] = &["OAEP"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { key, seed, message }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let key = PublicKey::from_der(&field(key)?).map_err(|_| LoadError::material("a key that is none"))?;
        let seed = field(seed)?.try_into().map_err(|_| LoadError::material("a seed has 20 bytes"))?;
        let got = wrap_bytes_with_seed(&field(message)?, &key, &seed);
        let got = got.map(|wrapped| Output { wrapped: b64::encode(wrapped) }).map_err(code);
        Ok(vec![Seen::whole("wrap", got, |_| 0)])
    }
}
