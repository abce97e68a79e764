//! Where the records that lead to sessions lie: in memory, or wherever an implementor keeps them.

use sealwright_types::SessionId;
use std::collections::BTreeMap;
use std::fmt;
use std::io;

/// Keeps records by session. What a record is, only [`Records`](crate::Records) knows; none of them is a secret.
///
/// What is found must not depend on the store: the records of a session come back as they were added, one behind the other.
pub trait RecordStore: fmt::Debug + Send + Sync {
    /// Adds a record of a session, behind those that it has.
    ///
    /// # Errors
    /// Whatever hinders the store.
    fn add(&mut self, session: SessionId, record: &[u8]) -> io::Result<()>;

    /// Says that nothing will be added for now: from here on, what was added is there to be read.
    ///
    /// # Errors
    /// Whatever hinders the store.
    fn seal(&mut self) -> io::Result<()>;

    /// The records of a session, one behind the other; `None` if there is none.
    ///
    /// # Errors
    /// Whatever hinders the store.
    fn get(&self, session: SessionId) -> io::Result<Option<Vec<u8>>>;

    /// Gives every session with its records to `take`, ids ascending.
    ///
    /// # Errors
    /// Whatever hinders the store.
    fn each(&self, take: &mut dyn FnMut(SessionId, &[u8])) -> io::Result<()>;
}

/// Keeps records in memory.
#[derive(Default)]
pub struct MemoryStore {
    by_session: BTreeMap<SessionId, Vec<u8>>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", self.by_session.len())
    }
}

impl RecordStore for MemoryStore {
    fn add(&mut self, session: SessionId, record: &[u8]) -> io::Result<()> {
        let records = self.by_session.entry(session).or_default();
        // Most sessions have one record, or few: no room for as many again.
        records.reserve_exact(record.len());
        records.extend_from_slice(record);
        Ok(())
    }

    fn seal(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get(&self, session: SessionId) -> io::Result<Option<Vec<u8>>> {
        Ok(self.by_session.get(&session).cloned())
    }

    fn each(&self, take: &mut dyn FnMut(SessionId, &[u8])) -> io::Result<()> {
        self.by_session.iter().for_each(|(session, records)| take(*session, records));
        Ok(())
    }
}
