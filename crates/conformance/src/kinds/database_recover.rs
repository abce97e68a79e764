//! `database-recover`: databases of the JavaScript packages on disk.

use super::recovered::{Found, file, store_key};
use super::{Kind, Seen, code};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use sealwright_identity::localdb::nedb::{self, Files};
use serde::{Deserialize, Serialize};

pub(crate) struct DatabaseRecover;

/// The files of a database, `null` where there is none, and its key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) users: Option<Binary>,
    pub(crate) users_temporary: Option<Binary>,
    pub(crate) unregistered: Option<Binary>,
    pub(crate) unregistered_temporary: Option<Binary>,
    pub(crate) key_backup: Option<Binary>,
}

impl Kind for DatabaseRecover {
    const NAME: &'static str = "database-recover";
    const FAMILIES: &'static [&'static str] = &["DB", "IDN"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Found;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Found>>, LoadError> {
        let key = store_key(&input.key)?;
        let read = |binary: &Option<Binary>| file(binary.as_ref(), &material);
        let [users, users_temporary] = [read(&input.users)?, read(&input.users_temporary)?];
        let [unregistered, unregistered_temporary] = [read(&input.unregistered)?, read(&input.unregistered_temporary)?];
        let backup = read(&input.key_backup)?;
        let files = Files {
            users: users.as_deref(),
            users_temporary: users_temporary.as_deref(),
            unregistered: unregistered.as_deref(),
            unregistered_temporary: unregistered_temporary.as_deref(),
            key_backup: backup.as_deref(),
        };
        Ok(vec![Seen::whole("recover", nedb::recover(files, &key).map(Found::from).map_err(code), |_| 0)])
    }
}
