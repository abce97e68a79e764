//! `session`: new session keys, serialised sessions, session keys wrapped for recipients.

mod new;
mod show;
mod wrap;

use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;

/// Make, show and wrap session keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    New(new::Arguments),
    Show(show::Arguments),
    Wrap(wrap::Arguments),
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::New(arguments) => new::run(arguments, console),
        Command::Show(arguments) => show::run(arguments, console),
        Command::Wrap(arguments) => wrap::run(arguments, console),
    }?;
    Ok(Status::Success)
}
