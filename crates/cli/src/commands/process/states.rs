//! `process create`, `process update`, `process vote`: states and votes on them.

use super::home::{Home, now, text, warn_of_votes};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use sealwright::Coded;
use sealwright::process::blobs::BlobsOf;
use sealwright::process::{
    AcceptError, Change, ChangeError, Delta, Diff, Fraction, Name, Outcome, Outpoint, Process, ProcessResult, Roles,
    StateId, ValidationToken, Vote as Choice, apply, apply_instead, create, input as attributes, store_process, update,
};
use sealwright::process_store::Disk;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Make a process with its first state.
///
/// Attributes are JSON objects, name to value; binary is written {"$binary":"BASE64","type":"MEDIA TYPE"}. Values that can be guessed,
/// such as prices or birthdays, should be blinded.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of the process: an outpoint, `<transaction id>:<number>`.
    #[arg(long, value_name = "OUTPOINT")]
    id: Outpoint,
    #[command(flatten)]
    content: Content,
    /// Keep the keys of attributes that no own role covers.
    #[arg(long)]
    keep_keys: bool,
}

/// Make the next state of a process, and vote for it.
///
/// Attributes as in `create`; null removes one, {"$null":true} is the value null. Whoever loses the right to read an attribute by new roles
/// cannot read its new blobs.
#[derive(Debug, clap::Args)]
pub(crate) struct Update {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of the process.
    #[arg(long, value_name = "OUTPOINT")]
    id: Outpoint,
    #[command(flatten)]
    content: Content,
    /// Take back every state at the end that is not accepted, and make this one in its place.
    #[arg(long)]
    instead: bool,
    /// Keep the keys of attributes that no own role covers.
    #[arg(long)]
    keep_keys: bool,
}

#[derive(Debug, clap::Args)]
struct Content {
    /// A file with private attributes.
    #[arg(long, value_name = "FILE")]
    private: Option<Input>,
    /// A file with public attributes.
    #[arg(long, value_name = "FILE")]
    public: Option<Input>,
    /// A file with the roles document.
    #[arg(long, value_name = "FILE")]
    roles: Option<Input>,
    /// Private attributes whose commitments are blinded.
    #[arg(long, value_name = "NAME")]
    blinded: Vec<Name>,
}

/// Sign a vote on the last state.
#[derive(Debug, clap::Args)]
pub(crate) struct Vote {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of the process.
    #[arg(long, value_name = "OUTPOINT")]
    id: Outpoint,
    /// Vote against it.
    #[arg(long)]
    no: bool,
}

#[derive(Serialize)]
struct Made<'a> {
    process: Outpoint,
    state_id: StateId,
    outcome: &'a str,
    diffs: &'a [Diff],
}

impl Content {
    fn once(&self) -> Result<(), Failure> {
        input::read_once(self.private.iter().chain(&self.public).chain(&self.roles))
    }

    fn delta(file: Option<&Input>) -> Result<Delta, Failure> {
        let Some(file) = file else { return Ok(Delta::new()) };
        attributes::delta(text(file)?.expose()).map_err(|error| refused(&error).at(file))
    }

    fn attributes(file: Option<&Input>) -> Result<sealwright::process::Attributes, Failure> {
        let Some(file) = file else { return Ok(sealwright::process::Attributes::new()) };
        attributes::attributes(text(file)?.expose()).map_err(|error| refused(&error).at(file))
    }

    fn roles(&self) -> Result<Option<Roles>, Failure> {
        let Some(file) = &self.roles else { return Ok(None) };
        let hint = "{\"<role>\":{\"members\":[\"<outpoint>\"],\"rules\":[{\"device_quorum\":0,\"fields\":[\"<name>\"],\"quorum\":10000}]}}, lists sorted";
        let roles = Roles::from_input(text(file)?.expose());
        roles.map(Some).map_err(|error| Failure::of(&error).hint(hint).at(file))
    }

    fn blinded(&self) -> BTreeSet<Name> {
        self.blinded.iter().cloned().collect()
    }
}

impl Create {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        self.content.once()?;
        let home = Home::open(&self.directory)?;
        let private = Content::attributes(self.content.private.as_ref())?;
        let public = Content::attributes(self.content.public.as_ref())?;
        let roles = self.content.roles()?.unwrap_or_default();
        let author = home.author(self.keep_keys)?;
        let made = create(self.id, &private, &public, roles, &self.content.blinded(), author).map_err(change)?;
        warn_of_keys(&made, console);
        warn_of_quorums(&made, console);
        finish(&home, &made, home.store()?, false, console)
    }
}

impl Update {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        self.content.once()?;
        let home = Home::open(&self.directory)?;
        let store = home.store()?;
        let mut before = home.settled(&store, &self.id)?;
        let update_of = sealwright::process::Update {
            private: Content::delta(self.content.private.as_ref())?,
            public: Content::delta(self.content.public.as_ref())?,
            roles: self.content.roles()?,
            blinded: self.content.blinded(),
        };
        warn_of_removals(&update_of, console);
        let (peers, verifier) = (home.all_peers(), home.verifier());
        let electorate = home.electorate(&peers, &verifier);
        let withdrawn = self.instead && before.withdraw_undecided(electorate);
        let last = super::home::last(&before)?.id();
        let blobs = BlobsOf { storage: &store, now: now() };
        let mut made =
            update(&before, &last, &update_of, home.author(self.keep_keys)?, electorate, &blobs).map_err(|error| {
                change(error).hint_for(
                    "stale",
                    "the last state still needs votes: `process vote`, and `process receive` for those of others; --instead takes it back",
                )
            })?;
        warn_of_keys(&made, console);
        if update_of.roles.is_some() {
            warn_of_quorums(&made, console);
        }
        vote(&home, &mut made.process, Choice::Yes)?;
        finish(&home, &made, store, withdrawn, console)
    }
}

impl Vote {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        let home = Home::open(&self.directory)?;
        let mut store = home.store()?;
        let mut voted = home.settled(&store, &self.id)?;
        vote(&home, &mut voted, if self.no { Choice::No } else { Choice::Yes })?;
        store_process(&voted, &mut store).map_err(|error| Failure::of(&error))?;
        warn_of_votes(&home, voted.last(), console);
        tell(&home, &voted, &[], console)
    }
}

fn warn_of_removals(update: &sealwright::process::Update, console: &Console) {
    let removed = |delta: &Delta| delta.values().filter(|change| matches!(change, Change::Remove)).count();
    let count = removed(&update.private).saturating_add(removed(&update.public));
    if count > 0 {
        console.note(format_args!("attributes that are removed: {count}"));
    }
}

fn warn_of_keys(made: &ProcessResult, console: &Console) {
    let kept = |name| made.process.last().is_some_and(|state| state.key(name).is_some());
    if !made.fresh_keys.keys().all(kept) {
        console.warning(
            "keys-not-kept",
            "no own role covers some attributes; their keys are gone (--keep-keys keeps them)",
        );
    }
}

/// PROC-61: what needs no vote may be changed by everybody.
fn warn_of_quorums(made: &ProcessResult, console: &Console) {
    let mut rules =
        made.process.last().into_iter().flat_map(|state| state.roles().iter()).flat_map(|(_, role)| &role.rules);
    if rules.any(|rule| rule.quorum == Fraction::NONE) {
        console.warning(
            "no-votes-needed",
            "a rule has the quorum 0: whoever can send a state changes its fields without any vote",
        );
    }
}

/// Signs for this device. The first state needs no vote. A device votes once: a second vote the other way would only take the first one's weight
/// (PROC-62), and an accepted state takes none against it (PROC-64).
fn vote(home: &Home, process: &mut Process, choice: Choice) -> Result<(), Failure> {
    let last = super::home::last(process)?;
    if last.index() == 0 {
        return Ok(());
    }
    let (motion, verifier) = (last.motion(), home.verifier());
    let otherwise = |token: &ValidationToken| {
        token.device == home.address && token.vote != choice && token.verify(&motion, &verifier).is_ok()
    };
    if last.validation_tokens().iter().any(otherwise) {
        return Err(Failure::new("conflict", "this device has voted the other way on this state (PROC-62)")
            .hint("a vote is final; another state is proposed by `process update`, with --instead if this one is not accepted"));
    }
    if choice == Choice::No && process.settled() == process.states().len() {
        return Err(Failure::new("conflict", "this state is accepted, which is final (PROC-64)")
            .hint("propose another state: `process update`"));
    }
    let (id, token) = (last.id(), motion.vote(choice, &home.address, &home.key));
    process.add_votes(&id, [token.map_err(|error| Failure::of(&error))?]);
    Ok(())
}

/// Stores what was made, in the place of a state that was withdrawn if there is one, in one change.
fn finish(
    home: &Home,
    made: &ProcessResult,
    mut store: Disk,
    withdrawn: bool,
    console: &Console,
) -> Result<(), Failure> {
    let stored = if withdrawn { apply_instead(made, &mut store, now()) } else { apply(made, &mut store, now()) };
    stored.map_err(|error| {
        Failure::of(&error).hint_for("stale", "there is a process with this id already; `process update` changes it")
    })?;
    tell(home, &made.process, &made.diffs, console)
}

/// The last state, and whether it is accepted.
fn tell(home: &Home, process: &Process, diffs: &[Diff], console: &Console) -> Result<(), Failure> {
    let last = super::home::last(process)?;
    let (peers, verifier) = (home.all_peers(), home.verifier());
    let outcome = outcome(process.outcome(&last.id(), home.electorate(&peers, &verifier)));
    console.line(format_args!("state      {} {}", last.index(), last.id()))?;
    console.line(format_args!("outcome    {outcome}"))?;
    for diff in diffs {
        console.line(format_args!("changed    {}", crate::printable::line(diff.attribute.as_str())))?;
    }
    console.value(&Made { process: process.id(), state_id: last.id(), outcome, diffs })
}

pub(super) fn outcome(outcome: Result<Outcome, AcceptError>) -> &'static str {
    match outcome {
        Ok(Outcome::Satisfied) => "accepted",
        Ok(Outcome::Rejected) => "rejected",
        Ok(_) => "pending",
        Err(error) => error.code(),
    }
}

fn change(error: ChangeError) -> Failure {
    Failure::of(&error)
        .hint_for("bad-name", "a name has 1 to 255 bytes, does not begin with #, and is private or public")
        .hint_for("unchanged", "name at least one attribute with another value, or other roles")
        .hint_for("unknown-attribute", "--blinded names private attributes of the new state")
        .hint_for("key-missing", "ask a reader for the key first: `process request`")
        .hint_for("blob-missing", "receive the blob first: `process receive`")
}

fn refused(error: &sealwright::process::input::InputError) -> Failure {
    Failure::of(error)
        .hint_for("bad-name", "a name has 1 to 255 bytes and does not begin with #")
        .hint_for("nested-binary", "binary stands at the top of an attribute only")
        .hint_for("bad-value", "an object of JSON values: no member twice, integers of at most 2^53, at most 64 levels")
        .hint_for("too-large", "an attribute has at most 2^30 bytes")
}
