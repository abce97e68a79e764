//! What has been done: manifest, journal and unopened records, exact after a crash at any instant (docs/spec/EGRESS.md section 8).

use crate::error::EgressError;
use crate::place::Hasher;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

/// The names of the ledger's files in the output.
pub(crate) const MANIFEST: &str = "manifest.jsonl";
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

    /// Whether this line need not give way to the other: they say the same, or the other one opened fewer records.
    pub(crate) fn is_as_good_as(&self, other: &Self) -> bool {
        self == other || self.rows.zip(other.rows).is_some_and(|(own, other)| own.converted > other.converted)
    }

    /// Whether nothing better can come of another run: everything of the source is in the output.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.status, Status::Converted | Status::Plain) && self.rows.is_none_or(Rows::all_opened)
    }

    fn key(&self) -> (String, Option<String>) {
        (self.source.clone(), self.source_bytes.clone())
    }
}

/// The files of one output, locked for one run.
#[derive(Debug)]
pub(crate) struct Ledger {
    output: PathBuf,
    lines: Vec<Line>,
    by_source: HashMap<(String, Option<String>), usize>,
    superseded: bool,
    manifest: File,
    journal: File,
    unopened: File,
    _lock: File,
}

impl Ledger {
    /// Locks the output, reads what earlier runs have done, and repairs what one of them has left half done.
    pub(crate) fn open(output: &Path) -> Result<Self, EgressError> {
        let lock = lock(output)?;
        let append = |name: &str| {
            let path = output.join(name);
            OpenOptions::new().create(true).append(true).open(&path).map_err(EgressError::io("open", &path))
        };
        let mut ledger = Self {
            output: output.to_owned(),
            lines: Vec::new(),
            by_source: HashMap::new(),
            superseded: false,
            manifest: append(MANIFEST)?,
            journal: append(JOURNAL)?,
            unopened: append(UNOPENED)?,
            _lock: lock,
        };
        for line in read_lines(&output.join(MANIFEST))? {
            ledger.remember(line);
        }
        ledger.adopt_journal()?;
        ledger.drop_stray_unopened()?;
        Ok(ledger)
    }

    /// The line of a source.
    pub(crate) fn line(&self, source: &str, source_bytes: Option<&str>) -> Option<&Line> {
        let key = (source.to_owned(), source_bytes.map(str::to_owned));
        self.by_source.get(&key).and_then(|&place| self.lines.get(place))
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Says what is about to be published, before any of it has its name.
    pub(crate) fn announce(&mut self, line: &Line, unopened: &[Unopened]) -> Result<(), EgressError> {
        if self.line(&line.source, line.source_bytes.as_deref()).is_some_and(|former| former.rows.is_some()) {
            self.rewrite_unopened(|row| row.source != line.source)?;
        }
        let path = self.output.join(UNOPENED);
        append(&mut self.unopened, &path, unopened)?;
        append(&mut self.journal, &self.output.join(JOURNAL), std::slice::from_ref(line))
    }

    /// Says that it is published.
    pub(crate) fn record(&mut self, line: Line) -> Result<(), EgressError> {
        append(&mut self.manifest, &self.output.join(MANIFEST), std::slice::from_ref(&line))?;
        self.remember(line);
        Ok(())
    }

    /// Leaves one line for each source, and no journal: everything that was announced is published.
    pub(crate) fn close(mut self) -> Result<Vec<Line>, EgressError> {
        if self.superseded {
            let path = self.output.join(MANIFEST);
            replace(&path, &self.lines)?;
        }
        let journal = self.output.join(JOURNAL);
        fs::remove_file(&journal).map_err(EgressError::io("remove", &journal))?;
        Ok(std::mem::take(&mut self.lines))
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

    /// A line that was announced but not recorded counts if its outputs are all there (EGR-40). Then the journal has done its work.
    fn adopt_journal(&mut self) -> Result<(), EgressError> {
        let path = self.output.join(JOURNAL);
        for line in read_lines::<Line>(&path)? {
            let recorded = self.line(&line.source, line.source_bytes.as_deref()) == Some(&line);
            if !recorded && is_there(&self.output, &line) {
                self.record(line)?;
            }
        }
        self.journal.set_len(0).map_err(EgressError::io("write", &path))
    }

    /// Rows whose file was not recorded belong to a file that will be done again.
    fn drop_stray_unopened(&mut self) -> Result<(), EgressError> {
        let rows: Vec<Unopened> = read_lines(&self.output.join(UNOPENED))?;
        let is_stray = |row: &Unopened| self.line(&row.source, None).is_none_or(|line| line.rows.is_none());
        if rows.iter().any(is_stray) {
            let sources: Vec<String> = rows.iter().filter(|row| is_stray(row)).map(|row| row.source.clone()).collect();
            self.rewrite_unopened(|row| !sources.contains(&row.source))?;
        }
        Ok(())
    }

    fn rewrite_unopened(&mut self, keep: impl Fn(&Unopened) -> bool) -> Result<(), EgressError> {
        let path = self.output.join(UNOPENED);
        let mut rows: Vec<Unopened> = read_lines(&path)?;
        let before = rows.len();
        rows.retain(keep);
        if rows.len() != before {
            replace(&path, &rows)?;
            self.unopened = OpenOptions::new().append(true).open(&path).map_err(EgressError::io("open", &path))?;
        }
        Ok(())
    }
}

/// Whether all outputs of a line are there with their size and hash.
pub(crate) fn is_there(output: &Path, line: &Line) -> bool {
    line.written().iter().all(|written| {
        let path = output.join(&written.output);
        let same_size = fs::metadata(&path).is_ok_and(|metadata| metadata.len() == written.bytes);
        same_size && Hasher::of_file(&path).is_ok_and(|(_, sha256)| sha256 == written.sha256)
    })
}

/// The lines of a file of JSON Lines. A torn last line is cut off (EGR-40); a missing file has none.
pub(crate) fn read_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, EgressError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(EgressError::io("open", path)(error)),
    };
    let mut source = BufReader::new(file);
    let mut lines = Vec::new();
    let (mut text, mut whole, mut number) = (Vec::new(), 0, 0);
    loop {
        text.clear();
        let length = source.read_until(b'\n', &mut text).map_err(EgressError::io("read", path))? as u64;
        number += 1;
        if length == 0 {
            return Ok(lines);
        }
        if !text.ends_with(b"\n") {
            let cut = OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(whole));
            cut.map_err(EgressError::io("repair", path))?;
            return Ok(lines);
        }
        whole += length;
        let manifest = || EgressError::Manifest { path: path.to_owned(), line: number };
        lines.push(serde_json::from_slice(&text).map_err(|_| manifest())?);
    }
}

fn lock(output: &Path) -> Result<File, EgressError> {
    let path = output.join(LOCK);
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(EgressError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EgressError::Locked { output: output.to_owned() }),
        Err(TryLockError::Error(error)) => Err(EgressError::io("lock", &path)(error)),
    }
}

/// Appends lines in one write, so that a crash tears at most the last of them.
fn append<T: Serialize>(file: &mut File, path: &Path, lines: &[T]) -> Result<(), EgressError> {
    if lines.is_empty() {
        return Ok(());
    }
    let text = text_of(lines).map_err(EgressError::io("write", path))?;
    file.write_all(&text).map_err(EgressError::io("write", path))
}

/// Replaces a file by these lines in one step.
fn replace<T: Serialize>(path: &Path, lines: &[T]) -> Result<(), EgressError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut part = crate::place::Part::create(directory)?;
        part.write_all(&text_of(lines)?)?;
        part.finish()?.replace(path)
    };
    write().map_err(EgressError::io("write", path))
}

fn text_of<T: Serialize>(lines: &[T]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}
