//! `vectors`: the formal vectors against this build.

use crate::console::Console;
use crate::failure::Failure;
use crate::printable;
use crate::status::Status;
use sealwright_conformance::{LoadError, Outcome, Totals, check};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Test this program with the formal vectors.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Check(Arguments),
}

/// Run every vector of a directory through every door of the library this program is made of.
///
/// With --json: one line for each test that was not as expected, and a last one with the numbers.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The directory with the vectors.
    #[arg(default_value = "vectors")]
    directory: PathBuf,
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    let Command::Check(Arguments { directory }) = command;
    let outcome = check(directory).map_err(failure)?;
    for failure in &outcome.failures {
        console.value(failure)?;
    }
    console.line(table(&outcome).trim_end())?;
    console.value(&outcome.totals)?;
    Ok(if outcome.totals.failed == 0 { Status::Success } else { Status::Failed })
}

fn failure(error: LoadError) -> Failure {
    match error {
        LoadError::Io { path, source } => Failure::from(source).at(path.display()),
        error => Failure::of(&error),
    }
    .hint_for(
        "not-found",
        "the vectors stand in the directory `vectors` of the source; name another one after `vectors check`",
    )
    .hint_for(
        "unsupported",
        "see whether `schema` is spelled as in vectors/README.md of the source, or use a later version of this program",
    )
    .hint_for("malformed", "vectors/README.md of the source tells what a vector file has to be")
}

fn table(outcome: &Outcome) -> String {
    let mut table = String::new();
    // Writing to a string does not fail.
    for file in &outcome.files {
        let Totals { total, passed, .. } = file.totals;
        let _ = writeln!(table, "{passed:6} of {total:6}  {}", printable::line(&file.file));
    }
    for failure in &outcome.failures {
        let line =
            format!("failed {} {}: expected {}, got {}", failure.file, failure.id, failure.expected, failure.got);
        let _ = writeln!(table, "{}", printable::line(&line));
    }
    let Totals { total, valid, invalid, acceptable, passed, failed, unsupported, known_divergences } = outcome.totals;
    let _ = writeln!(
        table,
        "{passed} of {total} passed, {failed} failed, {unsupported} unsupported, {known_divergences} known divergences \
         ({valid} valid, {invalid} invalid, {acceptable} acceptable)"
    );
    table
}
