//! Applying a result to the stores: everything or nothing, and the same once or twice (PROC-73).

use crate::blobs::{BlobError, put_for_ever};
use crate::change::{Diff, ProcessResult};
use crate::json;
use crate::name::Field;
use crate::outpoint::Outpoint;
use crate::process::{Process, Stale};
use crate::state::State;
use crate::storage::{Storage, StorageError, Table, Transaction};
use crate::text::StateId;
use sealwright_types::{Coded, Malformed, SecretVec};
use std::collections::BTreeSet;

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
    put_process(&mut transaction, &result.process)?;
    forget_diffs(&mut transaction, &result.process)?;
    put_rest(transaction, result, now)
}

fn put_rest(mut transaction: impl Transaction, result: &ProcessResult, now: u64) -> Result<(), ApplyError> {
    for (name, blob) in &result.blobs {
        put_for_ever(&mut transaction, name, blob, now)?;
    }
    for diff in &result.diffs {
        let states = result.process.states().iter();
        let index = states.rev().find(|state| state.id() == diff.state_id).map(State::index).unwrap_or_default();
        let key = diff_key(&diff.process, index, &diff.state_id, &diff.attribute);
        transaction.put(Table::Diffs, &key, json::write(diff).expose())?;
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
    put_process(&mut transaction, process)?;
    Ok(transaction.commit()?)
}

/// The stored process with this id.
///
/// # Errors
/// [`ApplyError`].
pub fn load_process(storage: &impl Storage, id: &Outpoint) -> Result<Option<Process>, ApplyError> {
    let key = key(id);
    read(storage.get(Table::Processes, &key)?, storage.get(Table::Decisions, &key)?)
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

/// The stored differences, in the order of the states, then by name.
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
    let stored = read(transaction.get(Table::Processes, &key)?, transaction.get(Table::Decisions, &key)?)?;
    let Some(mut present) = stored else { return put_process(transaction, process) };
    present.merge(process.duplicate())?;
    put_process(transaction, &present)
}

/// The process, and what this holder has decided about it.
pub(crate) fn put_process(transaction: &mut impl Transaction, process: &Process) -> Result<(), ApplyError> {
    let key = key(&process.id());
    transaction.put(Table::Processes, &key, process.to_json().expose())?;
    Ok(transaction.put(Table::Decisions, &key, process.decisions().expose())?)
}

fn read(process: Option<SecretVec>, decisions: Option<SecretVec>) -> Result<Option<Process>, ApplyError> {
    let Some(text) = process else { return Ok(None) };
    let process = Process::from_json(text.expose())?;
    Ok(Some(match decisions {
        Some(text) => process.decided(text.expose())?,
        None => process,
    }))
}

fn key(id: &Outpoint) -> Vec<u8> {
    id.to_string().into_bytes()
}

/// Removes the differences of states that were withdrawn.
pub(crate) fn forget_diffs(transaction: &mut impl Transaction, process: &Process) -> Result<(), ApplyError> {
    let states = process.states().iter().chain(&process.withdrawn);
    let mut labels: BTreeSet<Field> =
        states.flat_map(|state| state.commitments().keys().cloned()).map(Field::from).collect();
    labels.insert(Field::Roles);
    for state in &process.withdrawn {
        for label in &labels {
            transaction.remove(Table::Diffs, &diff_key(&process.id(), state.index(), &state.id(), label))?;
        }
    }
    Ok(())
}

/// With the index: a content can come back, and its changes are others then.
fn diff_key(process: &Outpoint, index: u64, state: &StateId, label: &Field) -> Vec<u8> {
    let index = index.to_be_bytes();
    [process.to_bytes().as_slice(), &index, state.as_bytes(), label.as_str().as_bytes()].concat()
}
