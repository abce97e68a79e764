//! `egress verify`: is everything still there as it was written?

use super::progress::Bars;
use super::run::table;
use super::{failure, options};
use crate::confine::{self, Needs};
use crate::console::Console;
use crate::failure::Failure;
use crate::printable;
use crate::status::Status;
use sealwright::egress;
use std::path::PathBuf;

/// Hash every file of an output again and compare it with the manifest, and that with the report. Changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The output of `egress run`.
    directory: PathBuf,
    #[command(flatten)]
    confine: confine::Choice,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let needs = Needs { read: vec![&arguments.directory], ..Needs::default() };
    let _confined = confine::confine(&needs, &arguments.confine, console)?;
    let options = options(&super::Records::default(), console);
    let verified = egress::verify(&arguments.directory, &options, &Bars::new(console));
    let verified = verified.map_err(|error| {
        failure(error).hint_for(
            "not-found",
            "name the directory that `egress run` wrote into with --out: it holds manifest.jsonl",
        )
    })?;
    for output in &verified.changed {
        console.line(format_args!("changed    {}", printable::line(output)))?;
    }
    for output in &verified.unlisted {
        console.line(format_args!("unlisted   {}", printable::line(output)))?;
    }
    console.line(table(&verified.summary).trim_end())?;
    console.line(format_args!("manifest   {}", verified.manifest_sha256))?;
    console.value(&verified)?;
    let tell = |failure: Failure| console.tell(&failure.at(arguments.directory.display()));
    if let Some(reason) = verified.not_finished {
        tell(Failure::new("not-finished", reason));
    }
    if !verified.changed.is_empty() {
        tell(Failure::new("output-changed", format_args!("missing or changed files: {}", verified.changed.len())));
    }
    if !verified.unlisted.is_empty() {
        let unlisted = format!("files that the manifest does not name: {}", verified.unlisted.len());
        tell(Failure::new("output-changed", unlisted).hint("look at them and move them away: they are not of the run"));
    }
    Ok(Status::from_egress(verified.exit_status()))
}
