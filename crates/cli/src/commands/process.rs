//! `process`: process data on files. A directory plays one device of a member.

mod exchange;
mod home;
mod members;
mod proofs;
mod reading;
mod states;

use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;

/// Keep shared records whose private attributes go to those whom roles let read them.
///
/// This is Sealwright's own profile `sealwright-process-1`: it follows 4NK's documented model and is NOT compatible with 4NK's data.
///
/// A directory plays one device of a member; two directories on one machine can play two members. A directory holds keys: it is readable
/// by its owner only.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Init(members::Init),
    Meet(members::Meet),
    Create(states::Create),
    Update(states::Update),
    Vote(states::Vote),
    Show(reading::Show),
    Open(reading::Open),
    Prove(proofs::Prove),
    Verify(proofs::Verify),
    Request(exchange::Request),
    Share(exchange::Share),
    Receive(exchange::Receive),
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::Init(arguments) => arguments.run(console)?,
        Command::Meet(arguments) => arguments.run(console)?,
        Command::Create(arguments) => arguments.run(console)?,
        Command::Update(arguments) => arguments.run(console)?,
        Command::Vote(arguments) => arguments.run(console)?,
        Command::Show(arguments) => arguments.run(console)?,
        Command::Open(arguments) => return arguments.run(console),
        Command::Prove(arguments) => arguments.run(console)?,
        Command::Verify(arguments) => arguments.run(console)?,
        Command::Request(arguments) => arguments.run(console)?,
        Command::Share(arguments) => arguments.run(console)?,
        Command::Receive(arguments) => return arguments.run(console),
    }
    Ok(Status::Success)
}
