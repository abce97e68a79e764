//! `signature-verify`: PSS signatures.

use super::{Kind, Seen, code};
use crate::binary::{Material, field};
use crate::check::LoadError;
use sealwright_wrap::PublicKey;
use serde::{Deserialize, Serialize};

pub(crate) struct SignatureVerify;

/// Public key as SPKI, message, signature; all in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) message: String,
    pub(crate) signature: String,
}

/// That it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) verified: bool,
}

impl Kind for SignatureVerify {
    const NAME: &'static str = "signature-verify";
    const FAMILIES: &'static [&'static str] = &["PSS"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { key, message, signature }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let key = PublicKey::from_der(&field(key)?).map_err(|_| LoadError::material("a key that is none"))?;
        let got = key.verify(&field(message)?, &field(signature)?);
        Ok(vec![Seen::whole("verify", got.map(|()| Output { verified: true }).map_err(code), |_| 0)])
    }
}
