//! Hashes every output again and compares it with the manifest, and the manifest with the report (EGR-43).

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::error::EgressError;
use crate::files::Files;
use crate::finished;
use crate::hashed::{Hashed, short_hash};
use crate::ledger::{self, Line, MANIFEST, Status};
use crate::options::{Options, Progress, Stage};
use crate::place::is_temporary;
use crate::report::{Fingerprint, Summary};
use crate::source::Source;
use crate::workers;
use serde::Serialize;
use std::path::Path;

/// Lines that are in memory at once.
const AT_ONCE: usize = 4096;

/// What verifying an output gave.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Verification {
    /// How the items ended; an item whose output is missing or changed counts as failed.
    #[serde(flatten)]
    pub summary: Summary,
    /// Outputs that are missing or have another size or hash.
    pub changed: Vec<String>,
    /// Files in the output that no manifest line names.
    pub unlisted: Vec<String>,
    /// Why the output is not what a run leaves that has come to its end: it was interrupted, or somebody has changed the manifest,
    /// `unopened.jsonl`, `identity.age` or the report, which then do not fit together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_finished: Option<&'static str>,
    /// SHA-256 of the manifest, to be compared with a report that was signed.
    pub manifest_sha256: String,
}

impl Verification {
    /// The exit status of the program: 0 when the output is what its last run left, every file of it and nothing else; 1 otherwise.
    pub fn exit_status(&self) -> u8 {
        u8::from(!self.changed.is_empty() || !self.unlisted.is_empty() || self.not_finished.is_some())
    }
}

/// Compares an output with its manifest, and that with the report of its last run. Writes nothing.
///
/// # Errors
/// [`EgressError`] when there is no manifest or it cannot be read.
pub fn verify(output: &Path, options: &Options, progress: &dyn Progress) -> Result<Verification, EgressError> {
    let total = ledger::lines(&options.files, output)?.count() as u64;
    progress.stage(Stage::Verify, total);
    let manifest_sha256 = Fingerprint::of(&options.files, &output.join(MANIFEST))?.sha256;
    let not_finished = match finished::report(&options.files, output) {
        Ok(_) => None,
        Err(EgressError::NotFinished { reason, .. }) => Some(reason),
        Err(error) => return Err(error),
    };
    let mut verification = Verification { manifest_sha256, not_finished, ..Verification::default() };
    let check = |line: &Line| {
        progress.advance(1);
        ledger::is_there(&options.files, output, line)
    };
    let mut listed = Hashed::default();
    let mut lines = ledger::lines(&options.files, output)?;
    loop {
        let some = lines.by_ref().take(AT_ONCE).collect::<Result<Vec<_>, _>>()?;
        if some.is_empty() {
            break;
        }
        workers::in_order(options.threads(), &some, check, |line, is_there| {
            let written = line.written().into_iter().map(|written| written.output);
            for output in written.clone() {
                listed.insert(short_hash(&[output.as_bytes()]), ());
            }
            let status = if is_there { line.status } else { Status::Failed };
            verification.summary.add(status, line.rows);
            verification.changed.extend(written.filter(|_| !is_there));
            Ok::<(), EgressError>(())
        })?;
    }
    unlisted(&options.files, output, output, &listed, &mut verification.unlisted)?;
    verification.unlisted.sort();
    Ok(verification)
}

fn unlisted(
    files: &Files,
    output: &Path,
    directory: &Path,
    listed: &Hashed<()>,
    found: &mut Vec<String>,
) -> Result<(), EgressError> {
    for entry in files.list(directory).map_err(EgressError::io("list", directory))? {
        let path = entry.path;
        let relative = Source::new(path.strip_prefix(output).unwrap_or(&path).to_owned());
        let text = relative.text();
        if entry.is_directory {
            unlisted(files, output, &path, listed, found)?;
        } else if text.contains('/') && listed.get(&short_hash(&[text.as_bytes()])).is_none() && !is_temporary(&path) {
            found.push(text);
        }
    }
    Ok(())
}
