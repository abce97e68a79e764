//! What an egress ended with, for the person who has to sign: counts, reasons, fingerprints (docs/spec/EGRESS.md sections 8 and 9).
//!
//! `report.json` depends on the bundle and on how its items ended, on nothing else: two runs that end the same write the same bytes. When
//! and how fast that happened stands in `runs.jsonl`. `report.html` shows both.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod coverage;
mod inputs;
mod items;
mod markup;
mod page;
mod remedies;
pub(crate) mod runs;

pub use coverage::{Listed, ReportCoverage, SizeClass, Tally, Unconverted, Warning};
pub use inputs::{InputFile, Inputs};
pub(crate) use items::ItemList;
pub use items::Items;
pub use runs::Run;

use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{Line, MANIFEST, Rows, Status, UNOPENED};
use crate::lines::MalformedRecord;
use crate::ordered::Ordered;
use crate::place::{Hasher, Part};
use crate::recover::Attempt;
use crate::sink::outlet::IDENTITY;
use coverage::Counting;
pub(crate) use coverage::LISTED;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

/// The names of the reports in an output.
pub(crate) const REPORT: &str = "report.json";
const PAGE: &str = "report.html";
pub(crate) const RUNS: &str = "runs.jsonl";
const FORMAT: &str = "sealwright-report-1";
/// The longest `report.json`: every attempt for an identity stands in it (EGR-51).
const LONGEST_REPORT: u64 = 512 * 1024 * 1024;

/// How the items of an output ended (CLI-10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Opened and written.
    pub converted: u64,
    /// No key was found.
    pub closed: u64,
    /// A MAC or padding was wrong under every key.
    pub rejected: u64,
    /// The structure is wrong.
    pub malformed: u64,
    /// Never encrypted.
    pub plain: u64,
    /// Could not be read or written, or not supported yet.
    pub failed: u64,
    /// Records inside record files.
    pub rows: Rows,
}

/// The report of an output: the same for every run that ends with the same items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// `sealwright-report-1`.
    pub format: String,
    /// What made the output.
    pub program: Program,
    /// The counts.
    pub summary: Summary,
    /// How much of what was opened, and in which way.
    pub coverage: ReportCoverage,
    /// What is known of the bundle whatever became of its data.
    pub bundle: BundleFacts,
    /// `manifest.jsonl`.
    pub manifest: Fingerprint,
    /// `unopened.jsonl`.
    pub unopened: Fingerprint,
    /// `identity.age`, without which no output opens, where a passphrase opens them (EGR-29).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Fingerprint>,
}

/// The program that made an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// Processor and operating system that it was built for.
    pub target: String,
}

/// What is known of a bundle whatever became of its data: the same for all shards of one egress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BundleFacts {
    /// The form of the egress (EGR-47): the identities of one user, or of several.
    pub form: Form,
    /// How many users' identities are in use.
    pub users: u64,
    /// Users whose private keys lead to sessions, those who open most first (EGR-22).
    pub coverage_by_user: Listed<UserCoverage>,
    /// Every attempt to recover an identity.
    pub identities: Vec<Attempt>,
    /// Records of the bundle that could not be read; as many of them as a report lists.
    pub malformed_records: Vec<MalformedRecord>,
    /// How many there are.
    pub malformed_record_count: u64,
    /// Tokens and wraps that the service had revoked; they were opened nevertheless (EMK-14).
    pub revoked_records: u64,
    /// Names in the bundle that are no part of one.
    pub unknown: Vec<String>,
    /// The files of records and identities.
    pub inputs: Inputs,
    /// The items.
    pub items: Items,
    /// SHA-256 over the options that decide what comes out.
    pub options: String,
}

/// What the plan reaches with a user's private key: the session's own token, or that of its proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCoverage {
    /// The user.
    pub user: String,
    /// Sessions that the data need.
    pub sessions: u64,
    /// Files, and messages inside record files.
    pub items: u64,
}

/// Whose data becomes readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// One user, with their own identity.
    ClientSide,
    /// Several users: end-to-end secrecy ends here.
    ServerSide,
}

/// What tells one file of lines from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many lines it has.
    pub lines: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hex.
    pub sha256: String,
}

impl Summary {
    /// Counts an item and the records in it.
    pub(crate) fn add(&mut self, status: Status, rows: Option<Rows>) {
        let count = match status {
            Status::Converted => &mut self.converted,
            Status::Closed => &mut self.closed,
            Status::Rejected => &mut self.rejected,
            Status::Malformed => &mut self.malformed,
            Status::Plain => &mut self.plain,
            Status::Failed => &mut self.failed,
        };
        *count = count.saturating_add(1);
        self.rows.add(rows.unwrap_or_default());
    }

    /// The exit status of the program (EGR-45): 1 something failed, 3 something stayed unopened, 0 otherwise.
    pub fn exit_status(&self) -> u8 {
        if self.failed > 0 {
            1
        } else if self.unopened_items() > 0 || !self.rows.all_opened() {
            3
        } else {
            0
        }
    }

    /// All items.
    pub fn items(&self) -> u64 {
        self.unopened_items().saturating_add(self.converted).saturating_add(self.plain)
    }

    /// Items that are neither open nor were never encrypted.
    pub fn unopened_items(&self) -> u64 {
        [self.rejected, self.malformed, self.failed].into_iter().fold(self.closed, u64::saturating_add)
    }
}

impl Program {
    fn this() -> Self {
        let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), target }
    }
}

impl Report {
    /// Counts the finished ledger of an output. `input_bytes` tells the length of a source.
    pub(crate) fn count(
        files: &Files,
        output: &Path,
        bundle: BundleFacts,
        input_bytes: impl FnMut(&Line) -> u64,
    ) -> Result<Self, EgressError> {
        let mut counting = Counting::new(input_bytes);
        let mut manifest = Ordered::open(files, &output.join(MANIFEST))?;
        while let Some((_, line)) = manifest.next_last::<Line>()? {
            counting.add(line);
        }
        let mut unopened = Ordered::open(files, &output.join(UNOPENED))?;
        while let Some(text) = unopened.next_text()? {
            counting.add_row(&text.line);
        }
        let (summary, coverage) = counting.finish();
        Ok(Self {
            format: FORMAT.to_owned(),
            program: Program::this(),
            summary,
            coverage,
            bundle,
            manifest: Fingerprint::of(files, &output.join(MANIFEST))?,
            unopened: Fingerprint::of(files, &output.join(UNOPENED))?,
            identity: Fingerprint::if_there(files, &output.join(IDENTITY))?,
        })
    }

    /// The report that stands in an output.
    pub(crate) fn read(files: &Files, output: &Path) -> Result<Option<Self>, EgressError> {
        let path = output.join(REPORT);
        match files.read_within(&path, LONGEST_REPORT) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok().filter(|report: &Self| report.format == FORMAT)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EgressError::io("read", &path)(error)),
        }
    }

    /// Writes `report.json` and `report.html` unless they say the same already: a run that changes nothing changes no file.
    pub(crate) fn write(&self, files: &Files, output: &Path) -> Result<(), EgressError> {
        let path = output.join(REPORT);
        let json = serde_json::to_vec_pretty(self).map_err(|error| EgressError::io("write", &path)(error.into()))?;
        write_if_changed(files, &path, &[&json[..], b"\n"].concat())?;
        let page = page::page(self, &runs::all(files, output)?);
        write_if_changed(files, &output.join(PAGE), page.as_bytes())
    }
}

impl Fingerprint {
    /// `None` for a file that is not there.
    pub(crate) fn if_there(files: &Files, path: &Path) -> Result<Option<Self>, EgressError> {
        let is_there = files.exists(path).map_err(EgressError::io("read", path))?;
        is_there.then(|| Self::of(files, path)).transpose()
    }

    /// Whether it is that of a file. One of another length is not read.
    pub(crate) fn is_of(&self, files: &Files, path: &Path) -> Result<bool, EgressError> {
        let length = match files.metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(EgressError::io("read", path)(error)),
        };
        Ok(length == self.bytes && Self::of(files, path)? == *self)
    }

    /// That of a file that is not there is the one of an empty one.
    pub(crate) fn of(files: &Files, path: &Path) -> Result<Self, EgressError> {
        let read = || -> io::Result<Self> {
            let mut file = BufReader::with_capacity(1 << 16, files.open(path)?);
            let (mut hasher, mut lines) = (Hasher::new(), 0);
            loop {
                let piece = file.fill_buf()?;
                if piece.is_empty() {
                    break;
                }
                hasher.update(piece);
                lines =
                    piece.iter().filter(|&&byte| byte == b'\n').fold(lines, |lines: u64, _| lines.saturating_add(1));
                let length = piece.len();
                file.consume(length);
            }
            let (bytes, sha256) = hasher.finish();
            Ok(Self { lines, bytes, sha256 })
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (bytes, sha256) = Hasher::new().finish();
                Ok(Self { lines: 0, bytes, sha256 })
            }
            result => result.map_err(EgressError::io("read", path)),
        }
    }
}

/// Replaces a file in one step, unless it has this content.
fn write_if_changed(files: &Files, path: &Path, text: &[u8]) -> Result<(), EgressError> {
    if files.read_within(path, text.len() as u64).is_ok_and(|former| former == text) {
        return Ok(());
    }
    let write = || -> io::Result<()> {
        let mut part = Part::create(files, path.parent().unwrap_or(Path::new(".")))?;
        part.write_all(text)?;
        part.finish()?.replace(path)
    };
    write().map_err(EgressError::io("write", path))
}
