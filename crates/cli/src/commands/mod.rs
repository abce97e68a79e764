//! One file for each command.

pub(crate) mod completions;
pub(crate) mod conform;
pub(crate) mod decrypt;
pub(crate) mod derive;
pub(crate) mod egress;
pub(crate) mod encrypt;
pub(crate) mod identity;
pub(crate) mod inspect;
pub(crate) mod manual;
pub(crate) mod process;
pub(crate) mod rights;
pub(crate) mod session;
pub(crate) mod sigchain;
pub(crate) mod vectors;

use crate::arguments::Command;
use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;

/// Does what the command line says.
pub(crate) fn run(command: Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::Inspect(arguments) => inspect::run(&arguments, console),
        Command::Decrypt(arguments) => decrypt::run(&arguments, console),
        Command::Encrypt(arguments) => encrypt::run(&arguments, console),
        Command::Session(command) => session::run(&command, console),
        Command::Sigchain(command) => sigchain::run(&command, console),
        Command::Identity(command) => identity::run(&command, console),
        Command::Derive(arguments) => derive::run(&arguments, console),
        Command::Process(command) => process::run(&command, console),
        Command::Egress(command) => egress::run(&command, console),
        Command::Rights(command) => rights::run(&command, console),
        Command::Vectors(command) => vectors::run(&command, console),
        Command::Conform(arguments) => conform::run(&arguments, console),
        Command::Completions(arguments) => completions::run(&arguments, console),
        Command::Man(arguments) => manual::run(&arguments, console),
    }
}
