//! What has been done: manifest, journal and unopened records, exact after a crash at any instant (docs/spec/EGRESS.md section 8).

mod file;

use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::place::Hasher;
use file::{append, lock, open, read_lines, repaired_lines, replace};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The names of the ledger's files in the output.
const MANIFEST: &str = "manifest.jsonl";
const JOURNAL: &str = "journal.jsonl";
const UNOPENED: &str = "unopened.jsonl";
const LOCK: &str = ".sealwright.lock";

/// How an item ended (EGRESS section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Opened and written.
    Converted,
    /// No key was found.
    Closed,
    /// A MAC or padding was wrong under every key.
    Rejected,
    /// The structure is wrong.
    Malformed,
    /// Never encrypted.
    Plain,
    /// Could not be read or written.
    Failed,
}

/// One line of the manifest (EGR-41): what became of one source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Line {
    /// The file, relative to the bundle.
    pub source: String,
    /// Its bytes in hex, if it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<String>,
    /// The session whose key opened it or would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The way to that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The safe name before numbering (EGR-33).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file that was written, relative to the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Its length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The files of a container that holds several (EGR-12).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Written>,
    /// Rows of a record file.
    #[serde(flatten)]
    pub rows: Option<Rows>,
    /// How it ended.
    pub status: Status,
    /// Why it did not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether only a chain of proxies led to the key (EGR-21).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chain: bool,
    /// What a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Relative to the output.
    pub output: String,
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub sha256: String,
}

/// How the records of a file ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// All of them, with and without messages.
    pub records: u64,
    /// All messages of the record opened.
    pub converted: u64,
    /// A message stayed closed.
    pub closed: u64,
    /// A message was rejected.
    pub rejected: u64,
    /// The record or a message in it is malformed.
    pub malformed: u64,
}

/// One message that stayed closed (EGR-42).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unopened {
    /// The file, relative to the bundle.
    pub source: String,
    /// Its bytes in hex, if it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<String>,
    /// The record, from zero.
    pub row: u64,
    /// The session whose key would open it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// How it ended.
    pub status: Status,
    /// Why.
    pub error: String,
}

/// A source as ledgers tell it from others: its text, and its bytes if that is lossy.
type Key = (String, Option<String>);

impl Unopened {
    fn key(&self) -> Key {
        (self.source.clone(), self.source_bytes.clone())
    }
}

impl Written {
    /// Whether the file is there with its size and hash.
    fn is_there(&self, files: &Files, output: &Path) -> bool {
        let path = output.join(&self.output);
        let same_size = files.metadata(&path).is_ok_and(|metadata| metadata.len() == self.bytes);
        same_size && Hasher::of_file(files, &path).is_ok_and(|(_, sha256)| sha256 == self.sha256)
    }
}

impl Rows {
    /// Whether every message of every record opened.
    pub(crate) fn all_opened(self) -> bool {
        self.closed + self.rejected + self.malformed == 0
    }
}

impl Line {
    /// A line that says nothing but how a source ended.
    pub(crate) fn new(source: String, source_bytes: Option<String>, status: Status) -> Self {
        Self {
            source,
            source_bytes,
            session_id: None,
            route: None,
            name: None,
            output: None,
            bytes: None,
            sha256: None,
            outputs: Vec::new(),
            rows: None,
            status,
            error: None,
            chain: false,
            warnings: Vec::new(),
        }
    }

    /// All files that were written for the source.
    pub fn written(&self) -> Vec<Written> {
        let single = self.output.as_ref().zip(self.bytes).zip(self.sha256.as_ref());
        let single =
            single.map(|((output, bytes), sha256)| Written { output: output.clone(), bytes, sha256: sha256.clone() });
        single.into_iter().chain(self.outputs.iter().cloned()).collect()
    }

    /// Says which files were written.
    pub(crate) fn set_outputs(&mut self, mut written: Vec<Written>) {
        match written.pop() {
            Some(single) if written.is_empty() => {
                self.output = Some(single.output);
                self.bytes = Some(single.bytes);
                self.sha256 = Some(single.sha256);
            }
            last => {
                written.extend(last);
                self.outputs = written;
            }
        }
    }

    /// Says that the source could not be read or its outputs not be written.
    pub(crate) fn fail(&mut self, reason: String) {
        self.status = Status::Failed;
        self.error = Some("io".to_owned());
        self.warnings.push(reason);
    }

    /// Takes over what an earlier run has written.
    pub(crate) fn keep_outputs_of(&mut self, former: &Self) {
        self.name.clone_from(&former.name);
        self.output.clone_from(&former.output);
        self.bytes = former.bytes;
        self.sha256.clone_from(&former.sha256);
        self.outputs.clone_from(&former.outputs);
        self.rows = former.rows;
    }

    /// Whether this line need not give way to the other: they say the same, or the other one opened fewer records.
    pub(crate) fn is_as_good_as(&self, other: &Self) -> bool {
        self == other || self.rows.zip(other.rows).is_some_and(|(own, other)| own.converted > other.converted)
    }

    /// Whether nothing better can come of another run: everything of the source is in the output.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.status, Status::Converted | Status::Plain) && self.rows.is_none_or(Rows::all_opened)
    }

    fn key(&self) -> Key {
        (self.source.clone(), self.source_bytes.clone())
    }
}

/// The lines of a manifest: of several for one source the last one.
#[derive(Debug, Default)]
struct Lines {
    lines: Vec<Line>,
    by_source: HashMap<Key, usize>,
    superseded: bool,
}

impl Lines {
    fn of(source: Vec<Line>) -> Self {
        let mut lines = Self::default();
        source.into_iter().for_each(|line| lines.remember(line));
        lines
    }

    fn get(&self, key: &Key) -> Option<&Line> {
        self.by_source.get(key).and_then(|&place| self.lines.get(place))
    }

    fn remember(&mut self, line: Line) {
        match self.by_source.get(&line.key()).and_then(|&place| self.lines.get_mut(place)) {
            Some(former) => {
                *former = line;
                self.superseded = true;
            }
            None => {
                self.by_source.insert(line.key(), self.lines.len());
                self.lines.push(line);
            }
        }
    }
}

/// The files of one output, locked for one run.
#[derive(Debug)]
pub(crate) struct Ledger {
    files: Files,
    output: PathBuf,
    lines: Lines,
    manifest: Handle,
    journal: Handle,
    unopened: Handle,
    _lock: Handle,
}

impl Ledger {
    /// Locks the output, reads what earlier runs have done, and repairs what one of them has left half done.
    pub(crate) fn open(files: &Files, output: &Path) -> Result<Self, EgressError> {
        let lock = lock(files, output)?;
        let mut ledger = Self {
            files: files.clone(),
            output: output.to_owned(),
            lines: Lines::of(repaired_lines(files, &output.join(MANIFEST))?),
            manifest: open(files, &output.join(MANIFEST))?,
            journal: open(files, &output.join(JOURNAL))?,
            unopened: open(files, &output.join(UNOPENED))?,
            _lock: lock,
        };
        ledger.adopt_journal()?;
        ledger.drop_stray_unopened()?;
        Ok(ledger)
    }

    /// The line of a source.
    pub(crate) fn line(&self, source: &str, source_bytes: Option<&str>) -> Option<&Line> {
        self.lines.get(&(source.to_owned(), source_bytes.map(str::to_owned)))
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines.lines
    }

    /// Says what is about to be published, before any of it has its name.
    pub(crate) fn announce(&mut self, line: &Line, unopened: &[Unopened]) -> Result<(), EgressError> {
        let key = line.key();
        if self.lines.get(&key).is_some_and(|former| former.rows.is_some()) {
            self.rewrite_unopened(|row| row.key() != key)?;
        }
        let path = self.output.join(UNOPENED);
        append(&mut self.unopened, &path, unopened)?;
        append(&mut self.journal, &self.output.join(JOURNAL), std::slice::from_ref(line))
    }

    /// Takes back what was announced and cannot be recorded: outputs that have their names already, unless an earlier run lists them.
    pub(crate) fn withdraw(&mut self, line: &Line) -> Result<(), EgressError> {
        let listed = self.lines.get(&line.key()).map(Line::written).unwrap_or_default();
        for written in line.written() {
            let is_listed = listed.iter().any(|listed| listed.output == written.output);
            if !is_listed && written.is_there(&self.files, &self.output) {
                let path = self.output.join(&written.output);
                self.files.remove(&path).map_err(EgressError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Says that it is published.
    pub(crate) fn record(&mut self, line: Line) -> Result<(), EgressError> {
        append(&mut self.manifest, &self.output.join(MANIFEST), std::slice::from_ref(&line))?;
        self.lines.remember(line);
        Ok(())
    }

    /// Leaves one line for each source, no rows of files that have none, and no journal: everything that was announced is published.
    pub(crate) fn close(mut self) -> Result<Vec<Line>, EgressError> {
        self.drop_stray_unopened()?;
        if self.lines.superseded {
            let path = self.output.join(MANIFEST);
            replace(&self.files, &path, &self.lines.lines)?;
        }
        let journal = self.output.join(JOURNAL);
        self.files.remove(&journal).map_err(EgressError::io("remove", &journal))?;
        Ok(std::mem::take(&mut self.lines.lines))
    }

    /// A line that was announced but not recorded counts if its outputs are all there (EGR-40). Then the journal has done its work.
    fn adopt_journal(&mut self) -> Result<(), EgressError> {
        let path = self.output.join(JOURNAL);
        for line in repaired_lines::<Line>(&self.files, &path)? {
            if self.lines.get(&line.key()) == Some(&line) {
                continue;
            }
            if is_there(&self.files, &self.output, &line) {
                self.record(line)?;
            } else {
                self.withdraw(&line)?;
            }
        }
        self.journal.truncate(0).map_err(EgressError::io("write", &path))
    }

    /// Rows whose file was not recorded belong to a file that will be done again.
    fn drop_stray_unopened(&mut self) -> Result<(), EgressError> {
        let lines = self.lines.lines.iter().filter(|line| line.rows.is_some());
        let recorded: HashSet<_> = lines.map(Line::key).collect();
        self.rewrite_unopened(|row| recorded.contains(&row.key()))
    }

    fn rewrite_unopened(&mut self, keep: impl Fn(&Unopened) -> bool) -> Result<(), EgressError> {
        let path = self.output.join(UNOPENED);
        let mut rows: Vec<Unopened> = repaired_lines(&self.files, &path)?;
        let before = rows.len();
        rows.retain(keep);
        if rows.len() != before {
            replace(&self.files, &path, &rows)?;
            self.unopened = open(&self.files, &path)?;
        }
        Ok(())
    }
}

/// The lines of an output's manifest. Nothing is repaired.
pub(crate) fn manifest(files: &Files, output: &Path) -> Result<Vec<Line>, EgressError> {
    let path = output.join(MANIFEST);
    files.metadata(&path).map_err(EgressError::io("read", &path))?;
    Ok(Lines::of(read_lines(files, &path)?).lines)
}

/// Whether all outputs of a line are there with their size and hash.
pub(crate) fn is_there(files: &Files, output: &Path, line: &Line) -> bool {
    line.written().iter().all(|written| written.is_there(files, output))
}
