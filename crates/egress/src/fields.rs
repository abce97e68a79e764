//! Which fields of records hold messages, and what names the session of those that do not say it (EGR-11, EGR-13, EGR-28).

use crate::error::EgressError;
use crate::lines::RecordFile;
use sealwright_types::SessionId;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Which fields of records hold messages. By default every text is looked at, and only what names its session is a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fields {
    /// JSON Lines: pointers (RFC 6901) to the only fields that are looked at; none for all texts at top level.
    pub pointers: Vec<String>,
    /// CSV and SQLite: names of the only columns that are looked at; none for all.
    pub columns: Vec<String>,
    /// SQLite: names of the only tables that are looked at; none for all.
    pub tables: Vec<String>,
    /// The field or column that names the session of raw messages, which stand in the fields named above.
    pub session: Option<String>,
    /// The field or column that takes the base64 of a clear text that is no UTF-8.
    pub binary: Option<String>,
}

/// What the records of one file are read with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) fields: &'a Fields,
    /// The session of raw messages that have none of their own.
    pub(crate) session: Option<SessionId>,
}

impl Fields {
    /// Whether a column is looked at.
    pub(crate) fn has_column(&self, name: &str) -> bool {
        self.columns.is_empty() || self.columns.iter().any(|column| column == name)
    }

    /// Whether a table is looked at.
    pub(crate) fn has_table(&self, name: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|table| table == name)
    }
}

/// The sessions of sources that do not name them: raw envelopes, and record files with raw messages.
#[derive(Debug, Clone, Default)]
pub struct SessionMap {
    sessions: Arc<HashMap<String, Named>>,
}

/// The session of a source, and whether there is such a source.
#[derive(Debug)]
struct Named {
    session: SessionId,
    is_used: AtomicBool,
}

#[derive(Deserialize)]
struct Mapped {
    source: String,
    #[serde(rename = "sessionId", alias = "session_id")]
    session: SessionId,
}

impl SessionMap {
    /// Reads `{"source":"data/report.bin","sessionId":"..."}` lines; `.gz` and `.zst` by extension. Sources are those of the manifest.
    ///
    /// # Errors
    /// [`EgressError::MalformedRecord`] for a line that is none, [`EgressError::Io`].
    pub fn read(path: &Path) -> Result<Self, EgressError> {
        let mut sessions: HashMap<String, Named> = HashMap::new();
        let mut records = RecordFile::named(path).records::<Mapped>()?;
        while let Some(record) = records.next() {
            let malformed =
                |place: crate::lines::MalformedRecord| EgressError::MalformedRecord { record: place.to_string() };
            let Mapped { source, session } = record?.map_err(malformed)?;
            let named = Named { session, is_used: AtomicBool::new(false) };
            if sessions.insert(source, named).is_some_and(|former| former.session != session) {
                return Err(malformed(records.place()));
            }
        }
        Ok(Self { sessions: Arc::new(sessions) })
    }

    /// All sources and their sessions, in order.
    pub(crate) fn sorted(&self) -> Vec<(&str, SessionId)> {
        let mut sorted: Vec<_> = self.sessions.iter().map(|(source, named)| (&source[..], named.session)).collect();
        sorted.sort_unstable();
        sorted
    }

    /// The session of a source.
    pub(crate) fn session(&self, source: &str) -> Option<SessionId> {
        let named = self.sessions.get(source)?;
        named.is_used.store(true, Ordering::Relaxed);
        Some(named.session)
    }

    /// Sources that nobody has asked for: no item is called so.
    pub(crate) fn unused(&self) -> Vec<&str> {
        let unused = self.sessions.iter().filter(|(_, named)| !named.is_used.load(Ordering::Relaxed));
        let mut unused: Vec<_> = unused.map(|(source, _)| &source[..]).collect();
        unused.sort_unstable();
        unused
    }
}
