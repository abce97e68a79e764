//! The stores, as six tables of bytes that change together or not at all (section 11).
//!
//! What a table holds is decided here, once; what keeps it, memory or a database, needs to know nothing about it.

use sealwright_types::{Coded, SecretVec};
use std::collections::BTreeMap;

/// The named stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Table {
    /// Blobs by commitment.
    Data,
    /// What changed, by index and id of the state, and name.
    Diffs,
    /// What this holder alone has decided about processes, by id: what was accepted stays so, what was withdrawn is remembered.
    Decisions,
    /// Processes by id, with keys.
    Processes,
    /// Confirmed pairwise secrets by device.
    SharedSecrets,
    /// Pending pairwise secrets by device.
    UnconfirmedSecrets,
}

impl Table {
    /// Every store.
    pub const ALL: [Self; 6] =
        [Self::Data, Self::Decisions, Self::Diffs, Self::Processes, Self::SharedSecrets, Self::UnconfirmedSecrets];

    /// The name of the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Decisions => "decisions",
            Self::Diffs => "diffs",
            Self::Processes => "processes",
            Self::SharedSecrets => "shared_secrets",
            Self::UnconfirmedSecrets => "unconfirmed_secrets",
        }
    }
}

/// What keeps the stores has failed. Says how, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StorageError(pub String);

impl Coded for StorageError {
    fn code(&self) -> &'static str {
        "io"
    }
}

/// Something that keeps the stores.
pub trait Storage {
    /// A change of several entries.
    type Transaction<'a>: Transaction
    where
        Self: 'a;

    /// The entry of a key.
    ///
    /// # Errors
    /// [`StorageError`].
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError>;

    /// Every key of a table, sorted.
    ///
    /// # Errors
    /// [`StorageError`].
    fn keys(&self, table: Table) -> Result<Vec<Vec<u8>>, StorageError>;

    /// Begins a change. Nothing of it is seen by [`Storage::get`] before it is committed; when it is dropped, nothing has happened.
    ///
    /// # Errors
    /// [`StorageError`].
    fn begin(&mut self) -> Result<Self::Transaction<'_>, StorageError>;
}

/// A change of several entries, made as a whole or not at all.
pub trait Transaction {
    /// The entry of a key, as this change has left it so far.
    ///
    /// # Errors
    /// [`StorageError`].
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError>;

    /// Sets an entry.
    ///
    /// # Errors
    /// [`StorageError`].
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError>;

    /// Removes an entry, if it is there.
    ///
    /// # Errors
    /// [`StorageError`].
    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError>;

    /// Makes the change.
    ///
    /// # Errors
    /// [`StorageError`]; nothing has changed then.
    fn commit(self) -> Result<(), StorageError>;
}

/// Stores in memory. Wiped on drop.
#[derive(Debug, Default)]
pub struct Memory(BTreeMap<(Table, Vec<u8>), SecretVec>);

/// A change of [`Memory`].
#[derive(Debug)]
pub struct MemoryTransaction<'a> {
    memory: &'a mut Memory,
    /// What is removed has no value.
    changes: BTreeMap<(Table, Vec<u8>), Option<SecretVec>>,
}

impl Storage for Memory {
    type Transaction<'a> = MemoryTransaction<'a>;

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError> {
        Ok(self.0.get(&(table, key.to_vec())).map(|value| SecretVec::copy_of(value.expose())))
    }

    fn keys(&self, table: Table) -> Result<Vec<Vec<u8>>, StorageError> {
        Ok(self.0.keys().filter(|(present, _)| *present == table).map(|(_, key)| key.clone()).collect())
    }

    fn begin(&mut self) -> Result<MemoryTransaction<'_>, StorageError> {
        Ok(MemoryTransaction { memory: self, changes: BTreeMap::new() })
    }
}

impl Transaction for MemoryTransaction<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError> {
        match self.changes.get(&(table, key.to_vec())) {
            Some(changed) => Ok(changed.as_ref().map(|value| SecretVec::copy_of(value.expose()))),
            None => self.memory.get(table, key),
        }
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.changes.insert((table, key.to_vec()), Some(SecretVec::copy_of(value)));
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        self.changes.insert((table, key.to_vec()), None);
        Ok(())
    }

    fn commit(self) -> Result<(), StorageError> {
        for (key, value) in self.changes {
            match value {
                Some(value) => self.memory.0.insert(key, value),
                None => self.memory.0.remove(&key),
            };
        }
        Ok(())
    }
}
