//! Records in a database in an unlinked temporary file: whatever their number, they take a bounded part of memory.

use super::runs::Runs;
use redb::backends::FileBackend;
use redb::{Builder, Database, Durability, ReadOnlyTable, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use sealwright_session::RecordStore;
use sealwright_types::SessionId;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The records of each session, one behind the other.
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
/// What the database may keep in memory.
const CACHE: usize = 64 << 20;

/// Keeps records on disk. Nothing of them is a secret, and nobody else can open the files: they have no name.
pub(crate) struct DiskStore {
    directory: PathBuf,
    runs: Runs,
    sealed: Option<Sealed>,
}

/// What is there to be read. The table needs the database.
struct Sealed {
    records: ReadOnlyTable<&'static [u8], &'static [u8]>,
    _database: Database,
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskStore({})", self.directory.display())
    }
}

impl DiskStore {
    /// An empty store whose temporary files lie in this directory.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { runs: Runs::new(directory.clone()), directory, sealed: None }
    }

    fn sealed(&self) -> io::Result<&Sealed> {
        self.sealed.as_ref().ok_or_else(|| io::Error::other("the records are not sealed yet"))
    }
}

impl RecordStore for DiskStore {
    fn add(&mut self, session: SessionId, record: &[u8]) -> io::Result<()> {
        if self.sealed.is_some() {
            return Err(io::Error::other("the records are sealed"));
        }
        self.runs.add(session, record)
    }

    /// Writes all records in the order of their sessions: a tree is built several times as fast like that.
    fn seal(&mut self) -> io::Result<()> {
        if self.sealed.is_some() {
            return Ok(());
        }
        let file = tempfile::tempfile_in(&self.directory)?;
        let backend = FileBackend::new(file).map_err(failed)?;
        let database = Builder::new().set_cache_size(CACHE).create_with_backend(backend).map_err(failed)?;
        let mut transaction = database.begin_write().map_err(failed)?;
        // The file is gone when the process is.
        transaction.set_durability(Durability::None).map_err(failed)?;
        {
            let mut table = transaction.open_table(RECORDS).map_err(failed)?;
            std::mem::replace(&mut self.runs, Runs::new(self.directory.clone())).merge(|session, records| {
                table.insert(&session.as_bytes()[..], records).map_err(failed)?;
                Ok(())
            })?;
        }
        transaction.commit().map_err(failed)?;
        let records = database.begin_read().map_err(failed)?.open_table(RECORDS).map_err(failed)?;
        self.sealed = Some(Sealed { records, _database: database });
        Ok(())
    }

    fn get(&self, session: SessionId) -> io::Result<Option<Vec<u8>>> {
        let records = self.sealed()?.records.get(&session.as_bytes()[..]).map_err(failed)?;
        Ok(records.map(|records| records.value().to_vec()))
    }

    fn each(&self, take: &mut dyn FnMut(SessionId, &[u8])) -> io::Result<()> {
        for entry in self.sealed()?.records.iter().map_err(failed)? {
            let (session, records) = entry.map_err(failed)?;
            let damaged = |_| io::Error::new(io::ErrorKind::InvalidData, "no session id");
            let session: [u8; 16] = session.value().try_into().map_err(damaged)?;
            take(SessionId::from_bytes(session).map_err(io::Error::other)?, records.value());
        }
        Ok(())
    }
}

fn failed(error: impl Into<redb::Error>) -> io::Error {
    match error.into() {
        redb::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sealwright_session::MemoryStore;
    use std::collections::BTreeMap;

    fn session(number: u8) -> SessionId {
        let mut bytes = [number.wrapping_mul(77); 16];
        (bytes[6], bytes[8], bytes[15]) = (0x40, 0x80, number);
        SessionId::from_bytes(bytes).unwrap()
    }

    fn all(store: &dyn RecordStore) -> Vec<(SessionId, Vec<u8>)> {
        let mut all = Vec::new();
        store.each(&mut |session, records| all.push((session, records.to_vec()))).unwrap();
        all
    }

    proptest! {
        #[test]
        fn disk_and_memory_give_the_same(
            added in prop::collection::vec((0_u8..40, prop::collection::vec(any::<u8>(), 0..300)), 0..120),
            run in 1_usize..4000,
        ) {
            let mut disk = DiskStore::new(std::env::temp_dir());
            disk.runs = Runs::with_size(std::env::temp_dir(), run);
            let (mut memory, mut expected) = (MemoryStore::default(), BTreeMap::<_, Vec<u8>>::new());
            for (number, record) in &added {
                disk.add(session(*number), record).unwrap();
                memory.add(session(*number), record).unwrap();
                expected.entry(session(*number)).or_default().extend(record);
            }
            disk.seal().unwrap();
            memory.seal().unwrap();
            let expected: Vec<_> = expected.into_iter().collect();
            prop_assert_eq!(&all(&disk), &expected);
            prop_assert_eq!(&all(&memory), &expected);
            for number in 0..=40 {
                prop_assert_eq!(disk.get(session(number)).unwrap(), memory.get(session(number)).unwrap());
            }
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let mut store = DiskStore::new("/nowhere/at/all".into());
        store.add(session(1), b"record").unwrap();
        assert!(store.seal().is_err());
        assert!(store.get(session(1)).is_err());
        let mut store = DiskStore::new(std::env::temp_dir());
        store.seal().unwrap();
        assert!(store.add(session(1), b"late").is_err());
        assert_eq!(store.get(session(1)).unwrap(), None);
    }
}
