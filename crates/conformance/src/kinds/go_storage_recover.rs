//! `go-storage-recover`: the file storage of the Go and mobile SDKs.

use super::recovered::{Found, file};
use super::{Kind, Seen, code};
use crate::binary::{Binary, Material, field};
use crate::check::LoadError;
use sealwright_identity::localdb::go::{self, Files};
use sealwright_kdf::value::RawKey64;
use serde::{Deserialize, Serialize};

pub(crate) struct GoStorageRecover;

/// The files of a storage directory, `null` where there is none, the names of all files in it, and the key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) current_device: Option<Binary>,
    pub(crate) contacts: Option<Binary>,
    pub(crate) connectors: Option<Binary>,
    pub(crate) groups: Option<Binary>,
    pub(crate) sessions: Option<Binary>,
    pub(crate) names: Vec<String>,
}

impl Kind for GoStorageRecover {
    const NAME: &'static str = "go-storage-recover";
    const FAMILIES: &'static [&'static str] = &["GOFS", "DB", "IDN"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Found;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Found>>, LoadError> {
        let got = match RawKey64::from_bytes(&field(&input.key)?) {
            Ok(key) => recover(input, &key, &material)?,
            Err(bad) => Err(code(bad)),
        };
        Ok(vec![Seen::whole("recover", got, |_| 0)])
    }
}

fn recover(input: &Input, key: &RawKey64, material: &Material<'_>) -> Result<Result<Found, &'static str>, LoadError> {
    let read = |binary: &Option<Binary>| file(binary.as_ref(), material);
    let [device, contacts, connectors] =
        [read(&input.current_device)?, read(&input.contacts)?, read(&input.connectors)?];
    let [groups, sessions] = [read(&input.groups)?, read(&input.sessions)?];
    let names: Vec<&str> = input.names.iter().map(String::as_str).collect();
    let files = Files {
        current_device: device.as_deref(),
        contacts: contacts.as_deref(),
        connectors: connectors.as_deref(),
        groups: groups.as_deref(),
        sessions: sessions.as_deref(),
        names: &names,
    };
    Ok(go::recover(&files, key).map(Found::from).map_err(code))
}
