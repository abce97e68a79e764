//! `process-blobs`, `process-secrets`: the blob service, and pairwise secrets.

use super::{FAMILIES, bytes, fault, good};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::blobs::{self, PutRequest, Retention};
use sealwright_process::{DeviceAddress, Memory, PairwiseSecrets};
use serde::{Deserialize, Serialize};

pub(crate) struct Blobs;

/// Steps one after the other; the last one is the test, those before it have to succeed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlobsIn {
    pub(crate) permanent: bool,
    pub(crate) steps: Vec<Step>,
}

/// A put request as JSON text, or the key of a get; the time in seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) now: u64,
    pub(crate) put: Option<String>,
    pub(crate) get: Option<String>,
}

/// The value of a get, null for a put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlobsOut {
    pub(crate) value: Option<String>,
}

impl Kind for Blobs {
    const NAME: &'static str = "process-blobs";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = BlobsIn;
    type Out = BlobsOut;

    fn run(BlobsIn { permanent, steps }: &BlobsIn, _: Material<'_>) -> Result<Vec<Seen<BlobsOut>>, LoadError> {
        let retention = if *permanent { Retention::Permanent } else { Retention::Temporary };
        let mut memory = Memory::default();
        let mut last = Err("malformed");
        for (place, Step { now, put, get }) in steps.iter().enumerate() {
            last = match (put, get) {
                (Some(request), None) => PutRequest::from_json(request)
                    .and_then(|request| blobs::put(&mut memory, &request, retention, *now))
                    .map(|()| BlobsOut { value: None }),
                (None, Some(key)) => {
                    blobs::get(&memory, &good(key)?, *now).map(|value| BlobsOut { value: Some(hex::encode(value)) })
                }
                _ => return Err(LoadError::material("a step that is neither put nor get")),
            }
            .map_err(code);
            if place + 1 < steps.len() && last.is_err() {
                return Err(LoadError::material("a step before the last one fails"));
            }
        }
        Ok(vec![Seen::whole("memory", last, |_| 0)])
    }
}

pub(crate) struct Secrets;

/// The plaintext of an export, and the devices that confirm after it was restored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretsIn {
    pub(crate) export: String,
    pub(crate) confirm: Vec<String>,
}

/// Who has a confirmed secret, who a pending one, and the export of that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretsOut {
    pub(crate) confirmed: Vec<String>,
    pub(crate) pending: Vec<String>,
    pub(crate) export: String,
}

impl Kind for Secrets {
    const NAME: &'static str = "process-secrets";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = SecretsIn;
    type Out = SecretsOut;

    fn run(SecretsIn { export, confirm }: &SecretsIn, _: Material<'_>) -> Result<Vec<Seen<SecretsOut>>, LoadError> {
        let export = bytes(export)?;
        let confirm: Vec<DeviceAddress> = confirm.iter().map(|address| good(address)).collect::<Result<_, _>>()?;
        let got = match PairwiseSecrets::from_export(&export) {
            Ok(mut secrets) => {
                if confirm.iter().any(|address| !secrets.confirm(address)) {
                    return Err(fault("confirms what is not pending")(()));
                }
                let (confirmed, pending) = secrets.addresses();
                Ok(SecretsOut {
                    confirmed: confirmed.map(DeviceAddress::to_string).collect(),
                    pending: pending.map(DeviceAddress::to_string).collect(),
                    export: hex::encode(secrets.export().expose()),
                })
            }
            Err(error) => Err(code(error)),
        };
        Ok(vec![Seen::whole("secrets", got, |_| 0)])
    }
}
