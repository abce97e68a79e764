//! `completions`: what a shell needs to complete the command line.

use crate::arguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Print a completion script for a shell.
///
/// For example: `sealwright completions bash > ~/.local/share/bash-completion/completions/sealwright`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::Arguments::command(), "sealwright", &mut script);
    console.bytes(&script)?;
    Ok(Status::Success)
}
