//! The command line, defined once: parsing, help, manual pages and completions come from here.

use crate::commands::{
    completions, conform, decrypt, derive, egress, encrypt, identity, inspect, manual, process, rights, session,
    sigchain, vectors,
};
use crate::failure::Failure;
use crate::status;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use std::num::NonZeroU16;

/// Opens, inspects and writes the formats of the Seald end-to-end-encryption system, without any network.
///
/// Secrets never stand on the command line: they come from files, from standard input (`-`), or are asked for on a terminal.
/// Existing files are never overwritten without --force, and nothing gets its final name before it is verified.
#[derive(Debug, Parser)]
#[command(name = "sealwright", version, propagate_version = true, disable_help_subcommand = true, max_term_width = 110)]
#[command(after_long_help = exit_statuses())]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command, accepted before and after it (CLI-02).
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Global {
    /// Print JSON on standard output, one value or one in each line, and everything else on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Overwrite existing output.
    #[arg(long, global = true)]
    pub(crate) force: bool,
    /// Answer yes to every question.
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    /// Print results and errors only: no notes, no warnings, no progress.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Use this many threads, where a command uses several; without it, one for each core.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<NonZeroU16>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Inspect(inspect::Arguments),
    Decrypt(decrypt::Arguments),
    Encrypt(encrypt::Arguments),
    #[command(subcommand)]
    Session(session::Command),
    #[command(subcommand)]
    Sigchain(sigchain::Command),
    #[command(subcommand)]
    Identity(identity::Command),
    Derive(derive::Arguments),
    #[command(subcommand)]
    Process(process::Command),
    #[command(subcommand)]
    Egress(egress::Command),
    #[command(subcommand)]
    Rights(rights::Command),
    #[command(subcommand)]
    Vectors(vectors::Command),
    Conform(conform::Arguments),
    Completions(completions::Arguments),
    Man(manual::Arguments),
}

impl Arguments {
    /// Reads the command line. Help and version are shown here.
    pub(crate) fn from_command_line() -> Result<Self, Failure> {
        let parsed = Self::try_parse().map(|mut arguments| {
            arguments.global.threads = arguments.global.threads.or_else(cores);
            arguments
        });
        parsed.map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                error.print().map_or_else(Failure::from, |()| Failure::NothingLeft)
            }
            _ => usage_failure(&error),
        })
    }
}

impl Global {
    /// The options that matter when the command line could not be understood.
    pub(crate) fn from_raw_arguments() -> Self {
        let given = |option| {
            std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == option)
        };
        Self { json: given("--json"), quiet: given("--quiet"), force: false, yes: false, threads: None }
    }
}

/// How many cores there are for the program. Asked early: a program that has confined itself cannot see what its group of processes may use.
fn cores() -> Option<NonZeroU16> {
    std::thread::available_parallelism().ok().and_then(|cores| cores.try_into().ok())
}

/// One line that says what is wrong, one that says what would be right.
fn usage_failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let one_line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = one_line(paragraphs.next().unwrap_or_default());
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let advice = paragraphs.map(one_line).filter_map(|paragraph| match paragraph.split_once(": ") {
        Some(("tip", tip)) => Some(tip.to_owned()),
        Some(("Usage", usage)) => Some(format!("usage: {usage}")),
        _ => None,
    });
    let mut hint: Vec<_> = advice.collect();
    hint.push("`--help` explains every option".to_owned());
    // What is shown instead of an error then is the help.
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    Failure::usage(if is_help { "a command is missing" } else { message }, hint.join("; "))
}

fn exit_statuses() -> String {
    let lines = status::MEANINGS.iter().map(|(number, meaning)| format!("  {number}  {meaning}\n"));
    format!("Exit status:\n{}", lines.collect::<String>())
}
