//! `key-import`: reading RSA keys in their encodings.

use super::{Kind, Seen, code};
use crate::binary::{Material, field};
use crate::check::LoadError;
use sealwright_types::b64;
use sealwright_wrap::{Imported, KeyError, KeyWarning, PrivateKey, PublicKey};
use serde::{Deserialize, Serialize};

pub(crate) struct KeyImport;

/// What the key has to be, and its DER in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) kind: Half,
    pub(crate) der: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Half {
    Private,
    Public,
}

/// Size, hash, both halves as they are written (no private one for a public key), and the codes of warnings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) bits: u64,
    pub(crate) hash: String,
    pub(crate) pkcs8: Option<String>,
    pub(crate) spki: String,
    pub(crate) warnings: Vec<String>,
}

impl Kind for KeyImport {
    const NAME: &'static str = "key-import";
    const FAMILIES: &'static [&'static str] = &["KEY"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { kind, der }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let der = field(der)?;
        let got = match kind {
            Half::Private => private(&der),
            Half::Public => PublicKey::from_der(&der).map(|key| output(&key, None, key.unusual_size())),
        };
        Ok(vec![Seen::whole("import", got.map_err(code), |_| 0)])
    }
}

fn private(der: &[u8]) -> Result<Output, KeyError> {
    let Imported { key, warnings } = PrivateKey::from_der(der)?;
    Ok(output(key.public(), Some(b64::encode(key.to_pkcs8().expose())), warnings))
}

fn output(key: &PublicKey, pkcs8: Option<String>, warnings: impl IntoIterator<Item = KeyWarning>) -> Output {
    Output {
        bits: key.bits() as u64,
        hash: key.hash().to_string(),
        pkcs8,
        spki: b64::encode(key.to_spki()),
        warnings: warnings.into_iter().map(|warning| code(warning).to_owned()).collect(),
    }
}
