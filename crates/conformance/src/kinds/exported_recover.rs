//! `exported-recover`: the exported form of a database in a browser or on a phone.

use super::recovered::{Found, store_key};
use super::{Kind, Seen, code};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use sealwright_identity::localdb::exported::Exported;
use serde::{Deserialize, Serialize};

pub(crate) struct ExportedRecover;

/// The exported JSON text, the path of a database in it, and its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) path: String,
    pub(crate) exported: Binary,
}

impl Kind for ExportedRecover {
    const NAME: &'static str = "exported-recover";
    const FAMILIES: &'static [&'static str] = &["DB"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Found;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Found>>, LoadError> {
        let key = store_key(&input.key)?;
        let json = material.bytes(&input.exported)?;
        let got = match Exported::parse(&json).map_err(code) {
            Ok(exported) => {
                let database = exported.database(&input.path).ok_or_else(|| LoadError::material("no such path"))?;
                database.recover(&key).map(Found::from).map_err(code)
            }
            Err(refused) => Err(refused),
        };
        Ok(vec![Seen::whole("recover", got, |_| 0)])
    }
}
