//! `egress plan`: what an egress would need, before anything is done.

use super::fields::FieldOptions;
use super::progress::Bars;
use super::{Records, failure, options};
use crate::confine::{self, Needs};
use crate::console::Console;
use crate::failure::Failure;
use crate::printable;
use crate::status::Status;
use sealwright::egress::{self, Attempt, Outcome, Plan};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Tell what an egress of a bundle would need: sessions, the ways to their keys, private-key operations. Writes nothing, opens nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bundle, a directory.
    bundle: PathBuf,
    #[command(flatten)]
    records: Records,
    #[command(flatten)]
    fields: FieldOptions,
    #[command(flatten)]
    confine: confine::Choice,
}

/// More unreachable sessions than a person wants to read; `--json` tells them all.
const SHOWN: usize = 20;

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let mut options = options(&arguments.records, console);
    arguments.fields.set(&mut options)?;
    let needs = Needs { read: vec![&arguments.bundle], ..Needs::default() };
    let _confined = confine::confine(&needs, &arguments.confine, console)?;
    show(&arguments.bundle, &options, console)
}

/// Makes the plan and prints it.
pub(super) fn show(bundle: &Path, options: &egress::Options, console: &Console) -> Result<Status, Failure> {
    let bars = Bars::new(console);
    let plan = egress::plan(bundle, options, &bars).map_err(failure)?;
    drop(bars);
    console.line(table(&plan).trim_end())?;
    console.value(&plan)?;
    Ok(Status::Success)
}

fn table(plan: &Plan) -> String {
    let mut table = String::new();
    let mut row = |name: &str, value: String| table.push_str(&format!("{name:13} {}\n", printable::line(&value)));
    for attempt in &plan.identities {
        row("identity", identity(attempt));
    }
    row("items", counts(&plan.items));
    row("sessions", format!("{} needed, {} reachable", plan.sessions.needed, plan.sessions.reachable));
    if !plan.routes.is_empty() {
        row("routes", counts(&plan.routes));
    }
    row("operations", format!("at most {} with private keys", plan.private_key_operations));
    for session in plan.unreachable.iter().take(SHOWN) {
        row("unreachable", format!("{}: {} [{}]", session.session_id, session.reasons.join("; "), session.error));
    }
    if let Some(more) = plan.unreachable.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        row("unreachable", format!("and {more} more; --json tells them all"));
    }
    for place in &plan.malformed_records {
        row("malformed", format!("record in {place}"));
    }
    for name in &plan.unknown {
        row("unknown", format!("{name} is no part of a bundle and is left alone"));
    }
    table
}

fn identity(Attempt { source, user, outcome, error, warnings, .. }: &Attempt) -> String {
    let outcome = match outcome {
        Outcome::Recovered => "recovered",
        _ => "not recovered",
    };
    let error = error.as_ref().map_or_else(String::new, |error| format!(" [{error}]"));
    let warnings: String = warnings.iter().map(|warning| format!("; {warning}")).collect();
    format!("{outcome}{error}: {user} from {source}{warnings}")
}

fn counts<K: Display>(counts: &BTreeMap<K, u64>) -> String {
    let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
}
