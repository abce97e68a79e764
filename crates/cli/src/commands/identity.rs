//! `identity`: identity documents.

mod new;
mod show;

use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;

/// Make and show identities.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    New(new::Arguments),
    Show(show::Arguments),
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::New(arguments) => new::run(arguments, console),
        Command::Show(arguments) => show::run(arguments, console),
    }?;
    Ok(Status::Success)
}
