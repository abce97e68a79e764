//! `identity-read`: identity documents.

use super::{Kind, Seen, code};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use sealwright_identity::{Identity, KeyPair, Read, Use, Warning};
use serde::{Deserialize, Serialize};

pub(crate) struct IdentityRead;

/// The document as it is exported by hand.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) document: Binary,
}

/// Ids and hashes of keys. The lists hold every key that may open or may have signed: current, prepared, former, each once.
/// `written` is the canonical document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Output {
    pub(crate) user: String,
    pub(crate) device: String,
    pub(crate) current: Pair,
    pub(crate) prepared: Option<Pair>,
    pub(crate) encryption_keys: Vec<String>,
    pub(crate) signing_keys: Vec<String>,
    pub(crate) warnings: Vec<Told>,
    pub(crate) written: Binary,
}

/// Hashes of a pair of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    pub(crate) encryption: String,
    pub(crate) signing: String,
}

/// A warning; for a former key that was dropped, which list it stood in and its place there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) usage: Option<Usage>,
    pub(crate) index: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Usage {
    Encryption,
    Signing,
}

impl Kind for IdentityRead {
    const NAME: &'static str = "identity-read";
    const FAMILIES: &'static [&'static str] = &["IDN", "KEY"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let document = material.bytes(&input.document)?;
        let got = Identity::from_bson(&document).map(output).map_err(code);
        Ok(vec![Seen::whole("read", got, |_| 0)])
    }
}

fn output(Read { identity, warnings }: Read) -> Output {
    Output {
        user: identity.user().to_string(),
        device: identity.device().to_string(),
        current: pair(identity.current()),
        prepared: identity.prepared().map(pair),
        encryption_keys: identity.encryption_keys().map(|key| key.hash().to_string()).collect(),
        signing_keys: identity.signing_keys().map(|key| key.hash().to_string()).collect(),
        warnings: warnings.into_iter().map(told).collect(),
        written: Binary::of(identity.to_bson().expose()),
    }
}

fn pair(pair: &KeyPair) -> Pair {
    Pair { encryption: pair.encryption.hash().to_string(), signing: pair.signing.hash().to_string() }
}

fn told(warning: Warning) -> Told {
    let (usage, index) = match warning {
        Warning::OldKeyDropped { usage: Use::Encryption, index } => (Some(Usage::Encryption), Some(index as u64)),
        Warning::OldKeyDropped { usage: Use::Signing, index } => (Some(Usage::Signing), Some(index as u64)),
        _ => (None, None),
    };
    Told { code: code(warning).to_owned(), usage, index }
}
