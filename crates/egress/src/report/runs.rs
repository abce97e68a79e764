//! When and how fast the runs of an output worked: what differs between two runs that end the same, apart from everything else.

use super::{RUNS, write_if_changed};
use crate::error::EgressError;
use crate::files::Files;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Runs that are remembered.
const KEPT: usize = 100;
/// The longest file of them.
const LONGEST: u64 = 1024 * 1024;

/// A run that had something to do: one line of `runs.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Run {
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// How long it took.
    pub seconds: f64,
    /// Items that it worked on.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Private-key operations that it did.
    pub private_key_operations: u64,
    /// Threads that worked.
    pub threads: u64,
    /// The part that it did, `I/N` (EGR-50).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// How far the program had restricted itself (EGR-46), if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The version of the program.
    pub version: String,
}

/// What a run did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    pub(crate) private_key_operations: u64,
    pub(crate) threads: usize,
    pub(crate) shard: Option<String>,
    pub(crate) sandbox: Option<String>,
}

/// Measures a run.
#[derive(Debug)]
pub(crate) struct Clock {
    started: u64,
    since: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { started, since: Instant::now() }
    }

    /// The run is over.
    pub(crate) fn run(&self, work: Work) -> Run {
        let seconds = (self.since.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        Run {
            started: self.started,
            seconds,
            items: work.items,
            bytes: work.bytes,
            private_key_operations: work.private_key_operations,
            threads: work.threads as u64,
            shard: work.shard,
            sandbox: work.sandbox,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The runs of an output, oldest first. What cannot be read of them is left out: nothing depends on them.
pub(crate) fn all(files: &Files, output: &Path) -> Result<Vec<Run>, EgressError> {
    let path = output.join(RUNS);
    match files.read_within(&path, LONGEST) {
        Ok(text) => {
            let lines = text.split(|&byte| byte == b'\n');
            Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => Ok(Vec::new()),
        Err(error) => Err(EgressError::io("read", &path)(error)),
    }
}

/// Remembers one more run.
pub(crate) fn add(files: &Files, output: &Path, run: Run) -> Result<(), EgressError> {
    let mut runs = all(files, output)?;
    runs.push(run);
    write(files, output, &runs)
}

/// Remembers the latest of these runs.
pub(crate) fn write(files: &Files, output: &Path, runs: &[Run]) -> Result<(), EgressError> {
    let path = output.join(RUNS);
    let mut text = Vec::new();
    for run in runs.get(runs.len().saturating_sub(KEPT)..).unwrap_or_default() {
        serde_json::to_writer(&mut text, run).map_err(|error| EgressError::io("write", &path)(error.into()))?;
        text.push(b'\n');
    }
    write_if_changed(files, &path, &text)
}
