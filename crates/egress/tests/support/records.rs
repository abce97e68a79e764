//! Bundles of records that tests make.

use crate::made::Made;
use crate::support::confirmed;
use rusqlite::Connection;
use rusqlite::types::Value;
use sealwright_egress::{Fields, Line, Options, run};
use sealwright_envelope::{self as envelope, message};
use sealwright_types::{SessionId, b64};
use std::fs;
use std::io::Write as _;

/// A bundle, its output, and options for the run.
pub(crate) struct Case {
    pub(crate) made: Made,
    pub(crate) output: tempfile::TempDir,
    pub(crate) options: Options,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self { made: Made::new(), output: tempfile::tempdir().unwrap(), options: confirmed() }
    }

    pub(crate) fn with(change: impl FnOnce(&mut Fields)) -> Self {
        let mut case = Self::new();
        change(&mut case.options.fields);
        case
    }

    pub(crate) fn message(&self, text: &str) -> String {
        message::seal(&self.made.key, self.made.session, text).unwrap()
    }

    /// A message whose content is no text.
    pub(crate) fn binary(&self, bytes: &[u8]) -> String {
        let sealed = b64::encode(envelope::seal(&self.made.key, bytes).unwrap());
        format!(r#"{{"sessionId":"{}","data":"{sealed}"}}"#, self.made.session)
    }

    /// A message of a session that nobody knows.
    pub(crate) fn closed(&self) -> String {
        message::seal(&self.made.key, SessionId::random().unwrap(), "closed").unwrap()
    }

    pub(crate) fn run(&self) -> Vec<Line> {
        run(self.made.directory.path(), self.output.path(), &self.options, &()).unwrap();
        let manifest = fs::read_to_string(self.output.path().join("manifest.jsonl")).unwrap();
        manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs and gives the line of the only source.
    pub(crate) fn line(&self) -> Line {
        let lines = self.run();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.into_iter().next().unwrap()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.output.path().join(name)).unwrap()
    }

    pub(crate) fn errors(&self) -> Vec<(u64, String)> {
        let unopened = fs::read_to_string(self.output.path().join("unopened.jsonl")).unwrap();
        let rows = unopened.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.map(|row| (row["row"].as_u64().unwrap(), row["error"].as_str().unwrap().to_owned())).collect()
    }

    pub(crate) fn database(&self, sql: &str) -> Connection {
        fs::create_dir_all(self.made.directory.path().join("messages")).unwrap();
        let connection = Connection::open(self.made.directory.path().join("messages/t.sqlite")).unwrap();
        connection.execute_batch(sql).unwrap();
        connection
    }

    pub(crate) fn converted_database(&self) -> Connection {
        Connection::open(self.output.path().join("messages/t.sqlite")).unwrap()
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn column(connection: &Connection, sql: &str) -> Vec<Value> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
