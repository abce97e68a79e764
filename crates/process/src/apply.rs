//! Applying a result to the stores: everything or nothing, and the same once or twice (PROC-73).

use crate::blobs::{BlobError, put_for_ever};
use crate::change::{Diff, ProcessResult};
use crate::json;
use crate::outpoint::Outpoint;
use crate::process::{Process, Stale};
use crate::storage::{Storage, StorageError, Table, Transaction};
use sealwright_types::{Coded, Malformed, SecretVec};

/// A result could not be applied, or a process not be read. The stores are as they were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A blob could not be kept.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Another state stands at this place of the process.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// What the store holds is no process.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Coded for ApplyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Blob(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Malformed(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }
}

/// Puts blobs, process, differences and secrets into the stores, in one change; `now` counts seconds.
///
/// # Errors
/// [`ApplyError`]; nothing has changed then.
pub fn apply(result: &ProcessResult, storage: &mut impl Storage, now: u64) -> Result<(), ApplyError> {
    let mut transaction = storage.begin()?;
    merge_process(&mut transaction, &result.process)?;
    put_rest(transaction, result, now)
}

/// As [`apply`], with the process in the place of the stored one: for a result that was made after a state was withdrawn.
///
/// # Errors
/// [`ApplyError`]; nothing has changed then.
pub fn apply_instead(result: &ProcessResult, storage: &mut impl Storage, now: u64) -> Result<(), ApplyError> {
    let mut transaction = storage.begin()?;
    let process = &result.process;
    transaction.put(Table::Processes, &key(&process.id()), process.to_json().expose())?;
    put_rest(transaction, result, now)
}

fn put_rest(mut transaction: impl Transaction, result: &ProcessResult, now: u64) -> Result<(), ApplyError> {
    for (name, blob) in &result.blobs {
        put_for_ever(&mut transaction, name, blob, now)?;
    }
    for diff in &result.diffs {
        transaction.put(Table::Diffs, &diff_key(diff), json::write(diff).expose())?;
    }
    for (address, secret) in &result.secrets {
        transaction.put(Table::SharedSecrets, address.as_str().as_bytes(), secret.expose())?;
    }
    Ok(transaction.commit()?)
}

/// Merges a copy of a process into the stored one: states by id, keys and votes added, nothing dropped (PROC-91).
///
/// # Errors
/// [`ApplyError`]; nothing has changed then.
pub fn store_process(process: &Process, storage: &mut impl Storage) -> Result<(), ApplyError> {
    let mut transaction = storage.begin()?;
    merge_process(&mut transaction, process)?;
    Ok(transaction.commit()?)
}

/// Puts a process in the place of the stored one. For a state that was withdrawn; otherwise use [`store_process`], which drops nothing.
///
/// # Errors
/// [`ApplyError`]; nothing has changed then.
pub fn replace_process(process: &Process, storage: &mut impl Storage) -> Result<(), ApplyError> {
    let mut transaction = storage.begin()?;
    transaction.put(Table::Processes, &key(&process.id()), process.to_json().expose())?;
    Ok(transaction.commit()?)
}

/// The stored process with this id.
///
/// # Errors
/// [`ApplyError`].
pub fn load_process(storage: &impl Storage, id: &Outpoint) -> Result<Option<Process>, ApplyError> {
    read(storage.get(Table::Processes, &key(id))?)
}

/// The ids of the stored processes, sorted.
///
/// # Errors
/// [`ApplyError`].
pub fn process_ids(storage: &impl Storage) -> Result<Vec<Outpoint>, ApplyError> {
    let malformed = ApplyError::Malformed(Malformed::new(0, "PROC-71"));
    let keys = storage.keys(Table::Processes)?;
    keys.iter()
        .map(|key| std::str::from_utf8(key).ok().and_then(|text| text.parse().ok()).ok_or_else(|| malformed.clone()))
        .collect()
}

/// The stored differences, by state and name.
///
/// # Errors
/// [`ApplyError`].
pub fn diffs(storage: &impl Storage) -> Result<Vec<Diff>, ApplyError> {
    let mut diffs = Vec::new();
    for key in storage.keys(Table::Diffs)? {
        if let Some(entry) = storage.get(Table::Diffs, &key)? {
            diffs.push(json::read(entry.expose(), "PROC-73")?);
        }
    }
    Ok(diffs)
}

fn merge_process(transaction: &mut impl Transaction, process: &Process) -> Result<(), ApplyError> {
    let key = key(&process.id());
    let text = process.to_json();
    let merged = match read(transaction.get(Table::Processes, &key)?)? {
        Some(mut present) => {
            present.merge(Process::from_json(text.expose())?)?;
            present.to_json()
        }
        None => text,
    };
    Ok(transaction.put(Table::Processes, &key, merged.expose())?)
}

fn read(entry: Option<SecretVec>) -> Result<Option<Process>, ApplyError> {
    Ok(entry.map(|entry| Process::from_json(entry.expose())).transpose()?)
}

pub(crate) fn key(id: &Outpoint) -> Vec<u8> {
    id.to_string().into_bytes()
}

fn diff_key(diff: &Diff) -> Vec<u8> {
    [diff.process.to_bytes().as_slice(), diff.state_id.as_bytes(), diff.attribute.as_str().as_bytes()].concat()
}
