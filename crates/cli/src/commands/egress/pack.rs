//! `egress pack`: an output as one tar archive.

use super::progress::Bars;
use super::{failure, options};
use crate::confine::{self, Needs};
use crate::console::Console;
use crate::failure::Failure;
use crate::output::{self, Output, Pending};
use crate::status::Status;
use sealwright::egress;
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Write an output as one tar archive, each file compared with the manifest on its way.
///
/// The same output gives the same archive. It holds the manifest and the report, but not what only a later run needs: `egress verify` works on
/// the unpacked directory, `egress run` goes on in the original one.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The output of `egress run`.
    directory: PathBuf,
    /// The archive; `-` is standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Output,
    #[command(flatten)]
    confine: confine::Choice,
}

#[derive(Serialize)]
struct Packed {
    files: u64,
    output: Option<String>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let target = match &arguments.output {
        Output::Standard => None,
        Output::Path(target) => Some(confine::directory_of(target)),
    };
    let needs = Needs { read: vec![&arguments.directory], write: target.into_iter().collect(), output: None };
    let _confined = confine::confine(&needs, &arguments.confine, console)?;
    let (files, output) = match &arguments.output {
        Output::Standard if console.global().json => {
            return Err(Failure::usage(
                "the archive and the JSON cannot both go to standard output",
                "leave --json out, or name a file with -o",
            ));
        }
        Output::Standard => (pack(arguments, &mut io::stdout().lock(), console)?, None),
        Output::Path(target) => {
            let replace = console.global().force;
            output::check(target, replace)?;
            let pending = Pending::beside(target).map_err(|error| Failure::from(error).at(target.display()))?;
            let mut buffered = BufWriter::new(pending);
            let files = pack(arguments, &mut buffered, console)?;
            let pending = buffered.into_inner().map_err(io::IntoInnerError::into_error);
            pending.map_err(|error| Failure::from(error).at(target.display()))?.publish(target, replace)?;
            (files, Some(target.display().to_string()))
        }
    };
    if let Some(output) = &output {
        console.line(format_args!("packed {files} files into {output}"))?;
    }
    console.value(&Packed { files, output })?;
    Ok(Status::Success)
}

fn pack(arguments: &Arguments, sink: &mut dyn Write, console: &Console) -> Result<u64, Failure> {
    let options = options(&super::Records::default(), console);
    egress::pack(&arguments.directory, sink, &options, &Bars::new(console)).map_err(|error| {
        failure(error).hint_for(
            "not-found",
            "name the directory that `egress run` wrote into with --out: it holds manifest.jsonl",
        )
    })
}
