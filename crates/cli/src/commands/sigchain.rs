//! `sigchain`: the signed history of a user's devices or a group's members.

mod diff;
mod file;
mod show;
mod verify;

use crate::console::Console;
use crate::failure::Failure;
use crate::moment::Moment;
use crate::status::Status;
use sealwright::sigchain::Mode;

/// Verify, show and compare sigchains: the signed history of a user's devices or a group's members.
///
/// A sigchain is a JSON array of blocks, as the service gives it or as the databases of the JavaScript SDK keep it; or an object that holds one as
/// `sigchain` or `Blocks`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Verify(verify::Arguments),
    Show(show::Arguments),
    Diff(diff::Arguments),
}

/// By which rules and which clock chains are verified.
#[derive(Debug, clap::Args)]
struct Rules {
    /// Refuse a renewal that is signed after the device has expired.
    #[arg(long)]
    strict: bool,
    /// Verify as of this moment: 2026-11-22, 2026-11-22T08:30:00Z, or seconds since 1970; without it, now.
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
}

impl Rules {
    fn mode(&self) -> Mode {
        if self.strict { Mode::Strict } else { Mode::Normal }
    }

    /// Seconds since 1970.
    fn now(&self) -> u64 {
        self.at.unwrap_or_else(Moment::now).seconds()
    }
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::Verify(arguments) => verify::run(arguments, console),
        Command::Show(arguments) => show::run(arguments, console),
        Command::Diff(arguments) => diff::run(arguments, console),
    }?;
    Ok(Status::Success)
}
