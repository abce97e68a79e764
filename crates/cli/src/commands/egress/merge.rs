//! `egress merge`: shards put together.

use super::progress::Bars;
use super::run::table;
use super::{failure, options};
use crate::confine::{self, Needs};
use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;
use sealwright::egress;
use std::path::{Path, PathBuf};

/// Put the outputs of all shards together: the result is what one run without `--shard` would have made.
///
/// Names are given once over all of them. Every file is compared with the manifest of its shard before it gets its name. The shards are not
/// changed. A merge that was interrupted is continued by the same command; nothing that is in the way is overwritten.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The outputs of all shards, in any order.
    #[arg(required = true, value_name = "DIR")]
    shards: Vec<PathBuf>,
    /// The directory for all of it; made if it does not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Give the files a second name instead of copying them. It takes no space, but what is changed in one place is changed in both.
    #[arg(long)]
    hard_links: bool,
    #[command(flatten)]
    confine: confine::Choice,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let mut options = options(&super::Records::default(), console);
    options.hard_links = arguments.hard_links;
    let shards: Vec<&Path> = arguments.shards.iter().map(PathBuf::as_path).collect();
    // A second name in a directory that may be written asks for the same right where the first one is.
    let write = if arguments.hard_links { shards.clone() } else { Vec::new() };
    let needs = Needs { read: shards, output: Some(&arguments.out), write };
    let _confined = confine::confine(&needs, &arguments.confine, console)?;
    let merged = egress::merge(&arguments.shards, &arguments.out, &options, &Bars::new(console));
    let summary = merged.map_err(|error| {
        failure(error).hint_for("output-inside-bundle", "name a directory outside of the shards with --out")
    })?;
    console.line(table(&summary).trim_end())?;
    console.value(&summary)?;
    let output = arguments.out.display();
    console
        .note(format_args!("{} shards are together in {output}; {output}/report.html sums up", arguments.shards.len()));
    Ok(Status::from_egress(summary.exit_status()))
}
