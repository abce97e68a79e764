//! The stores in one file, an embedded database. What was committed is on the disk; what was not has never happened.
//!
//! The file holds keys of attributes in clear, and is readable by its owner only.

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};
use sealwright_process::{Storage, StorageError, Table, Transaction};
use sealwright_types::SecretVec;
use std::fs::{File, OpenOptions};
use std::path::Path;

/// The stores in a file.
#[derive(Debug)]
pub struct Disk(Database);

/// A change of [`Disk`].
pub struct DiskTransaction(WriteTransaction);

fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError(error.to_string())
}

fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

impl Disk {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`StorageError`], also when another program has it open.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let database = Database::builder().create_with_backend(backend(path)?).map_err(failed)?;
        let transaction = database.begin_write().map_err(failed)?;
        for table in Table::ALL {
            transaction.open_table(definition(table)).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        Ok(Self(database))
    }
}

fn backend(path: &Path) -> Result<FileBackend, StorageError> {
    FileBackend::new(private_file(path).map_err(failed)?).map_err(failed)
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Storage for Disk {
    type Transaction<'a> = DiskTransaction;

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError> {
        let reading = self.0.begin_read().map_err(failed)?;
        let entries = reading.open_table(definition(table)).map_err(failed)?;
        let entry = entries.get(key).map_err(failed)?;
        Ok(entry.map(|entry| SecretVec::copy_of(entry.value())))
    }

    fn keys(&self, table: Table) -> Result<Vec<Vec<u8>>, StorageError> {
        let reading = self.0.begin_read().map_err(failed)?;
        let entries = reading.open_table(definition(table)).map_err(failed)?;
        let keys = entries.iter().map_err(failed)?.map(|entry| entry.map(|(key, _)| key.value().to_vec()));
        keys.collect::<Result<_, _>>().map_err(failed)
    }

    fn begin(&mut self) -> Result<DiskTransaction, StorageError> {
        self.0.begin_write().map(DiskTransaction).map_err(failed)
    }
}

impl Transaction for DiskTransaction {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<SecretVec>, StorageError> {
        let entries = self.0.open_table(definition(table)).map_err(failed)?;
        let entry = entries.get(key).map_err(failed)?;
        Ok(entry.map(|entry| SecretVec::copy_of(entry.value())))
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let mut entries = self.0.open_table(definition(table)).map_err(failed)?;
        entries.insert(key, value).map_err(failed)?;
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        let mut entries = self.0.open_table(definition(table)).map_err(failed)?;
        entries.remove(key).map_err(failed)?;
        Ok(())
    }

    fn commit(self) -> Result<(), StorageError> {
        self.0.commit().map_err(failed)
    }
}
