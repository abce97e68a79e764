//! `egress`: offline decryption of everything in a bundle.

mod diff;
mod fields;
mod merge;
mod pack;
mod plan;
mod progress;
mod run;
mod sink;
mod verify;

use crate::console::Console;
use crate::failure::Failure;
use crate::status::Status;
use sealwright::egress::{EgressError, Options, ProxyDepth, UnknownHash};
use std::num::NonZero;

/// Decrypt everything that a customer owns, offline: look first, then do it, then check it.
///
/// A bundle is a directory with encrypted files in `data/`, records with messages in `messages/`, wrapped keys in `message-keys.jsonl` and
/// `proxy-keys.jsonl`, known keys in `session-keys.jsonl`, and identities in `identities.jsonl` or `identities/`. It is never changed.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Plan(plan::Arguments),
    Run(run::Arguments),
    Verify(verify::Arguments),
    Merge(merge::Arguments),
    Diff(diff::Arguments),
    Pack(pack::Arguments),
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::Plan(arguments) => plan::run(arguments, console),
        Command::Run(arguments) => run::run(arguments, console),
        Command::Verify(arguments) => verify::run(arguments, console),
        Command::Merge(arguments) => merge::run(arguments, console),
        Command::Diff(arguments) => diff::run(arguments, console),
        Command::Pack(arguments) => pack::run(arguments, console),
    }
}

/// How records are treated.
#[derive(Debug, Default, clap::Args)]
struct Records {
    /// Try tokens for unknown keys with every private key; costs one private-key operation for each.
    #[arg(long)]
    try_all_keys: bool,
    /// Follow chains of proxies, and proxies behind groups, SymEncKeys and TMR accesses: no client does. What only opens so is marked.
    #[arg(long)]
    follow_proxy_chains: bool,
    /// Stop at the first record that cannot be read, instead of skipping and reporting it.
    #[arg(long)]
    strict: bool,
}

fn options(records: &Records, console: &Console) -> Options {
    let mut options = Options::default();
    options.threads = console.global().threads.map(NonZero::from);
    options.unknown_hash = if records.try_all_keys { UnknownHash::TryAll } else { UnknownHash::Stop };
    if records.follow_proxy_chains {
        options.proxies = ProxyDepth::Chains;
    }
    options.strict = records.strict;
    options.confirmed = console.global().yes;
    options
}

fn failure(error: EgressError) -> Failure {
    match error {
        EgressError::Io { path, source, .. } => Failure::from(source)
            .at(path.display())
            .hint_for("exists", "name a directory with --out")
            .hint_for("io", "what was converted stays; when the cause is gone, the same command goes on from there"),
        error @ EgressError::OtherShard { .. } => Failure::of(&error)
            .hint("give each shard a directory of its own with --out, and put them together with `egress merge`"),
        error @ EgressError::NotAShard { .. } => Failure::of(&error)
            .hint("name the directories that `egress run --shard I/N` wrote into, when all of them have ended"),
        error @ EgressError::Shards(_) => {
            Failure::of(&error).hint("name every shard of one egress once, all made from the same bundle")
        }
        error @ EgressError::InTheWay { .. } => {
            Failure::of(&error).hint("name a new directory with --out: nothing that is there is overwritten")
        }
        error @ EgressError::WrongPassphrase { .. } => Failure::of(&error)
            .hint("give the passphrase of the first run into this output, or name another directory with --out"),
        error @ EgressError::KeysOutTaken { .. } => {
            Failure::of(&error).hint("name another file with --keys-out, or move this one away")
        }
        error @ EgressError::KeysOutInsideBundle { .. } => {
            Failure::of(&error).hint("name a file outside of the bundle with --keys-out")
        }
        error @ EgressError::KeysOutInsideOutput { .. } => {
            Failure::of(&error).hint("name a file outside of the output with --keys-out: it is not handed over with it")
        }
        error @ EgressError::MalformedRecord { .. } => {
            Failure::of(&error).hint("without --strict such records are skipped and reported")
        }
        error => Failure::of(&error),
    }
}
