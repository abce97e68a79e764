//! `process-seal`, `process-open`, `process-commit`: blobs and what names them.

use super::{FAMILIES, array, bytes, fault, field, good};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::{AttributeKey, Commitment, Field, Outpoint, Salt, Sealed, commit, hazmat};
use serde::{Deserialize, Serialize};

pub(crate) struct Seal;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealIn {
    pub(crate) key: String,
    pub(crate) nonce: String,
    pub(crate) encoded: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blob {
    pub(crate) blob: String,
}

impl Kind for Seal {
    const NAME: &'static str = "process-seal";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = SealIn;
    type Out = Blob;

    fn run(SealIn { key, nonce, encoded }: &SealIn, _: Material<'_>) -> Result<Vec<Seen<Blob>>, LoadError> {
        let (nonce, encoded) = (array(nonce)?, bytes(encoded)?);
        let key = AttributeKey::from_hex(key);
        let blob = key.map(|key| Blob { blob: hex::encode(hazmat::seal(&key, &nonce, &encoded)) });
        Ok(vec![Seen::whole("seal", blob.map_err(code), |_| 0)])
    }
}

pub(crate) struct Open;

/// A private attribute: what the state says about it, and what is at hand.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenIn {
    pub(crate) process: String,
    pub(crate) attribute: String,
    pub(crate) commitment: String,
    pub(crate) key: String,
    pub(crate) salt: Option<String>,
    pub(crate) blob: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encoded {
    pub(crate) encoded: String,
}

impl Kind for Open {
    const NAME: &'static str = "process-open";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = true;
    type In = OpenIn;
    type Out = Encoded;

    fn run(input: &OpenIn, _: Material<'_>) -> Result<Vec<Seen<Encoded>>, LoadError> {
        let (process, label) = (good::<Outpoint>(&input.process)?, field(&input.attribute)?);
        let (commitment, blob) = (good::<Commitment>(&input.commitment)?, bytes(&input.blob)?);
        let got = AttributeKey::from_hex(&input.key).map_err(code).and_then(|key| {
            let salt = input.salt.as_deref().map(Salt::from_hex).transpose().map_err(code)?;
            let sealed =
                Sealed { process: &process, label: &label, commitment, key: &key, salt: salt.as_ref(), blob: &blob };
            Ok(Encoded { encoded: hex::encode(sealed.read().map_err(code)?.encode().expose()) })
        });
        Ok(vec![Seen::whole("open", got, |opened| opened.encoded.len() as u64 / 2)])
    }
}

pub(crate) struct Commit;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommitIn {
    pub(crate) process: String,
    pub(crate) label: String,
    pub(crate) encoded: String,
    pub(crate) salt: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Committed {
    pub(crate) commitment: String,
}

impl Kind for Commit {
    const NAME: &'static str = "process-commit";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = CommitIn;
    type Out = Committed;

    fn run(input: &CommitIn, _: Material<'_>) -> Result<Vec<Seen<Committed>>, LoadError> {
        let encoded = bytes(&input.encoded)?;
        let salt = input.salt.as_deref().map(Salt::from_hex).transpose().map_err(fault("no salt"))?;
        let got = input.process.parse::<Outpoint>().map_err(code).and_then(|process| {
            let label: Field = input.label.parse().map_err(code)?;
            Ok(Committed { commitment: commit(&process, &label, &encoded, salt.as_ref()).to_string() })
        });
        Ok(vec![Seen::whole("commit", got, |_| 0)])
    }
}
