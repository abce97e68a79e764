//! What has been done: manifest, journal and unopened records, exact after a crash at any instant (docs/spec/EGRESS.md section 8).

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod active;
mod file;
mod index;
#[cfg(test)]
mod tests;
mod unopened;

use crate::error::EgressError;
use crate::files::Files;
use crate::hashed::ShortHash;
use crate::ordered::Ordered;
use crate::place::Hasher;
pub(crate) use active::Ledger;
pub(crate) use file::{Damage, each_line, lock, lock_shared, read_line, write_line};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
pub(crate) use unopened::Told;

/// The names of the ledger's files in the output.
pub(crate) const MANIFEST: &str = "manifest.jsonl";
pub(crate) const JOURNAL: &str = "journal.jsonl";
pub(crate) const UNOPENED: &str = "unopened.jsonl";
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

impl Status {
    /// The name in manifests and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Converted => "converted",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Malformed => "malformed",
            Self::Plain => "plain",
            Self::Failed => "failed",
        }
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "inside_if_any")]
    pub name: Option<String>,
    /// The file that was written, relative to the output.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "inside_if_any")]
    pub output: Option<String>,
    /// Its length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The hash of what it holds in clear, where the sink encrypts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_sha256: Option<String>,
    /// The files of a container that holds several (EGR-12).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Written>,
    /// Rows of a record file.
    #[serde(flatten)]
    pub rows: Option<Rows>,
    /// Files of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<u64>,
    /// What tells whether the source, and what is made of it, is still the same (EGR-43); that of a member is its archive's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_state: Option<String>,
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
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Written {
    /// The safe name before numbering, where the line has several outputs (EGR-33).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "inside_if_any")]
    pub name: Option<String>,
    /// Relative to the output.
    #[serde(deserialize_with = "inside")]
    pub output: String,
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub sha256: String,
    /// The hash of what it holds in clear, where the sink encrypts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_sha256: Option<String>,
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

impl Written {
    /// Whether the file is there with its size and hash.
    fn is_there(&self, files: &Files, output: &Path) -> bool {
        let path = output.join(&self.output);
        let same_size = files.metadata(&path).is_ok_and(|metadata| metadata.len() == self.bytes);
        same_size && Hasher::of_file(files, &path).is_ok_and(|(_, sha256)| sha256 == self.sha256)
    }
}

/// A path that leads out of the output is none: a ledger may come from another machine.
fn inside<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    let mut parts = Path::new(&path).components();
    let stays = !path.is_empty() && !path.contains('\0') && parts.all(|part| matches!(part, Component::Normal(_)));
    if stays { Ok(path) } else { Err(D::Error::custom("a path that leads out of the output")) }
}

fn inside_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    inside(deserializer).map(Some)
}

impl Rows {
    /// Records of which a message did not open.
    pub(crate) fn unopened(self) -> u64 {
        self.closed.saturating_add(self.rejected).saturating_add(self.malformed)
    }

    /// Whether every message of every record opened.
    pub(crate) fn all_opened(self) -> bool {
        self.unopened() == 0
    }

    /// Counts the records of another file too. What a ledger from elsewhere says may be any numbers: no sum of them overflows.
    pub(crate) fn add(&mut self, other: Self) {
        self.records = self.records.saturating_add(other.records);
        self.converted = self.converted.saturating_add(other.converted);
        self.closed = self.closed.saturating_add(other.closed);
        self.rejected = self.rejected.saturating_add(other.rejected);
        self.malformed = self.malformed.saturating_add(other.malformed);
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
            clear_sha256: None,
            outputs: Vec::new(),
            rows: None,
            members: None,
            source_state: None,
            status,
            error: None,
            chain: false,
            warnings: Vec::new(),
        }
    }

    /// All files that were written for the source.
    pub fn written(&self) -> Vec<Written> {
        let single = self.output.as_ref().zip(self.bytes).zip(self.sha256.as_ref());
        let single = single.map(|((output, bytes), sha256)| Written {
            name: None,
            output: output.clone(),
            bytes,
            sha256: sha256.clone(),
            clear_sha256: self.clear_sha256.clone(),
        });
        single.into_iter().chain(self.outputs.iter().cloned()).collect()
    }

    /// Says which files were written.
    pub(crate) fn set_outputs(&mut self, mut written: Vec<Written>) {
        match written.pop() {
            Some(single) if written.is_empty() => {
                self.output = Some(single.output);
                self.bytes = Some(single.bytes);
                self.sha256 = Some(single.sha256);
                self.clear_sha256 = single.clear_sha256;
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

    /// Takes over what an earlier run has written where this one has written nothing: a name that is in the manifest stays there (EGR-32).
    pub(crate) fn keep_if_without(&mut self, former: &Self) {
        if self.status == Status::Failed {
            self.members = self.members.or(former.members);
        }
        if !self.written().is_empty() || former.written().is_empty() {
            return;
        }
        self.name.clone_from(&former.name);
        self.output.clone_from(&former.output);
        self.bytes = former.bytes;
        self.sha256.clone_from(&former.sha256);
        self.clear_sha256.clone_from(&former.clear_sha256);
        self.outputs.clone_from(&former.outputs);
        self.rows = former.rows;
    }

    /// Whether this line need not give way to the other, which opened fewer records, or as many of them with fewer messages. `told` and
    /// `others_told` are the messages that stayed closed, if both are known.
    pub(crate) fn is_as_good_as(&self, other: &Self, told: Option<(Told, Told)>) -> bool {
        let opened_more = told.is_some_and(|(own, others)| own.count < others.count);
        self.rows.zip(other.rows).is_some_and(|(own, other)| {
            own.converted > other.converted
                || (own.records, own.converted) == (other.records, other.converted) && opened_more
        })
    }

    /// Whether both stand for the same outputs in clear: what a sink encrypts differs each time.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let in_clear = |line: &Self| {
            let written = line.written().into_iter();
            written.map(|written| (written.output, written.clear_sha256.unwrap_or(written.sha256))).collect::<Vec<_>>()
        };
        let rest =
            |line: &Self| Self { bytes: None, sha256: None, clear_sha256: None, outputs: Vec::new(), ..line.clone() };
        self == other || (in_clear(self) == in_clear(other) && rest(self) == rest(other))
    }

    /// Whether it only says that a directory could not be listed: that tells nothing of the next run.
    pub(crate) fn is_of_directory(&self) -> bool {
        self.source.ends_with('/') && self.status == Status::Failed && self.written().is_empty()
    }

    /// Whether the source is what it was when the line was written, and the same would be made of it. A line that does not say it is not.
    pub(crate) fn is_of(&self, state: Option<ShortHash>) -> bool {
        self.source_state.is_some() && self.source_state == state.map(hex::encode)
    }

    /// Whether nothing better can come of another run: everything of the source, as it was then, is in the output.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.status, Status::Converted | Status::Plain) && self.rows.is_none_or(Rows::all_opened)
    }

    /// The bytes of the source, by which lines are ordered.
    pub(crate) fn source_key(&self) -> Vec<u8> {
        let bytes = self.source_bytes.as_ref().and_then(|bytes| hex::decode(bytes).ok());
        bytes.unwrap_or_else(|| self.source.as_bytes().to_owned())
    }

    /// Where the source is, relative to the bundle; `None` if this system cannot name it.
    pub(crate) fn source_path(&self) -> Option<PathBuf> {
        let Some(bytes) = &self.source_bytes else { return Some(PathBuf::from(&self.source)) };
        #[cfg(unix)]
        return Some(PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(hex::decode(bytes).ok()?)));
        #[cfg(not(unix))]
        None
    }
}

/// The lines of a manifest, one at a time, in the order of their sources: of several for one source the last one.
#[derive(Debug)]
pub(crate) struct Lines(Ordered);

impl Iterator for Lines {
    type Item = Result<Line, EgressError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_last().map(|next| next.map(|(_, line)| line)).transpose()
    }
}

/// The lines of an output's manifest. Nothing is repaired.
pub(crate) fn lines(files: &Files, output: &Path) -> Result<Lines, EgressError> {
    let path = output.join(MANIFEST);
    files.metadata(&path).map_err(EgressError::io("read", &path))?;
    Ordered::open(files, &path).map(Lines)
}

/// Whether all outputs of a line are there with their size and hash.
pub(crate) fn is_there(files: &Files, output: &Path, line: &Line) -> bool {
    line.written().iter().all(|written| written.is_there(files, output))
}
