//! `envelope-seal`: sealing with a given IV.

use super::{Kind, Seen, code, iv, key};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use crate::doors::pieces;
use sealwright_envelope::SealError;
use sealwright_envelope::hazmat::{seal_with_iv, sealer_with_iv};
use sealwright_types::Coded as _;
use serde::{Deserialize, Serialize};
use std::io::{self, Write as _};

pub(crate) struct EnvelopeSeal;

/// Key and IV in base64, whether a key of fewer than 64 bytes is permitted, and what is to be sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) iv: String,
    pub(crate) allow_short_key: bool,
    pub(crate) plaintext: Binary,
}

/// The envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) sealed: Binary,
}

impl Kind for EnvelopeSeal {
    const NAME: &'static str = "envelope-seal";
    const FAMILIES: &'static [&'static str] = &["ENV"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let iv = iv(&input.iv)?;
        let plaintext = material.bytes(&input.plaintext)?;
        let key = match key(&input.key)? {
            Ok(key) if input.allow_short_key => key.allow_short_sealing(),
            Ok(key) => key,
            Err(error) => return Ok(vec![seen("key".into(), Err(code(error)))]),
        };
        let mut all = vec![seen("one shot".into(), seal_with_iv(&key, &iv, &plaintext).map_err(code))];
        for piece in pieces(plaintext.len()) {
            let streamed = || -> io::Result<Vec<u8>> {
                let mut sealer = sealer_with_iv(&key, &iv, Vec::new())?;
                plaintext.chunks(piece).try_for_each(|part| sealer.write_all(part))?;
                sealer.finish()
            };
            all.push(seen(format!("stream in pieces of {piece}"), streamed().map_err(|error| seal_code(&error))));
        }
        Ok(all)
    }
}

fn seal_code(error: &io::Error) -> &'static str {
    error.get_ref().and_then(|inside| inside.downcast_ref::<SealError>()).map_or("io", |error| error.code())
}

fn seen(door: String, got: Result<Vec<u8>, &'static str>) -> Seen<Output> {
    Seen::whole(door, got.map(|sealed| Output { sealed: Binary::of(&sealed) }), |_| 0)
}
