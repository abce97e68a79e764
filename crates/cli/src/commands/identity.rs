//! `identity`: identity documents.

mod export;
mod new;
mod recover;
mod show;

use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;

/// Make, show, recover and export identities.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    New(new::Arguments),
    Show(show::Arguments),
    Recover(Box<recover::Arguments>),
    Export(export::Arguments),
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::New(arguments) => new::run(arguments, console),
        Command::Show(arguments) => show::run(arguments, console),
        Command::Recover(arguments) => return recover::run(arguments, console),
        Command::Export(arguments) => export::run(arguments, console),
    }?;
    Ok(Status::Success)
}
