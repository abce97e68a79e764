//! Local databases of the SDKs on disk: their files opened and handed to [`sealwright_identity::localdb`].
//!
//! Nothing is written, and a database is never modified (DB-20).

use crate::files::{Entry, Files};
use sealwright_envelope::SymKey;
use sealwright_identity::localdb::{self, RecoverError, Recovered};
use sealwright_kdf::value::RawKey64;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

/// The largest file that is read at once: exported databases and files of the Go SDK. Journals are read line by line.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// Recovers everything from the directory of a database of the JavaScript packages.
///
/// # Errors
/// [`RecoverError`]; a directory that does not exist is [`RecoverError::Io`].
pub fn nedb(directory: &Path, key: &SymKey) -> Result<Recovered, RecoverError> {
    nedb_in(&Files::default(), directory, key)
}

/// Recovers everything from a storage directory of the Go or mobile SDK.
///
/// # Errors
/// [`RecoverError`]; a directory that does not exist is [`RecoverError::Io`].
pub fn go(directory: &Path, key: &RawKey64) -> Result<Recovered, RecoverError> {
    go_in(&Files::default(), directory, key)
}

pub(crate) fn nedb_in(files: &Files, directory: &Path, key: &SymKey) -> Result<Recovered, RecoverError> {
    files.list(directory)?;
    let open = |name: &str| files.open_if_there(&directory.join(name)).map(|file| file.map(BufReader::new));
    let files = localdb::nedb::Files {
        users: open("User.fdb")?,
        users_temporary: open("User.fdb~")?,
        unregistered: open("HairlessUser.fdb")?,
        unregistered_temporary: open("HairlessUser.fdb~")?,
        key_backup: open("key_backup")?,
    };
    localdb::nedb::recover(files, key)
}

pub(crate) fn go_in(files: &Files, directory: &Path, key: &RawKey64) -> Result<Recovered, RecoverError> {
    let name = |entry: &Entry| entry.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names: Vec<_> = files.list(directory)?.iter().map(name).collect();
    let read = |name: &str| file(files, &directory.join(name));
    let [device, contacts, connectors, groups, sessions] = [
        read("current_device_storage")?,
        read("contacts_storage")?,
        read("connectors_storage")?,
        read("groups_storage")?,
        read("encryption_session_storage")?,
    ];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let files = localdb::go::Files {
        current_device: device.as_deref(),
        contacts: contacts.as_deref(),
        connectors: connectors.as_deref(),
        groups: groups.as_deref(),
        sessions: sessions.as_deref(),
        names: &names,
    };
    localdb::go::recover(&files, key)
}

/// A whole file, `None` if it does not exist.
pub(crate) fn file(files: &Files, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = files.open_if_there(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
