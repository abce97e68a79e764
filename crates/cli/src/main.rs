//! The `sealwright` program: arguments, prompts, progress, exit statuses. No cryptography.

mod arguments;
mod commands;
mod confine;
mod console;
mod failure;
mod hints;
mod input;
mod interrupt;
mod key_file;
mod keys;
mod memory;
mod moment;
mod output;
mod printable;
mod progress;
mod recognition;
mod secret;
mod spool;
mod status;
mod stored_blob;

use arguments::{Arguments, Global};
use console::Console;
use std::process::ExitCode;

fn main() -> ExitCode {
    let parsed = Arguments::from_command_line();
    confine::protect();
    let console = Console::new(parsed.as_ref().map_or_else(|_| Global::from_raw_arguments(), |all| all.global.clone()));
    let result = parsed.and_then(|arguments| commands::run(arguments.command, &console));
    console.finish(result).into()
}
