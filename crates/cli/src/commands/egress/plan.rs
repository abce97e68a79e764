//! `egress plan`: what an egress would need, before anything is done.

use super::fields::FieldOptions;
use super::progress::Bars;
use super::{Records, failure, options};
use crate::confine::{self, Needs};
use crate::console::Console;
use crate::failure::Failure;
use crate::printable;
use crate::status::Status;
use sealwright::egress::{self, Attempt, Covered, Expected, Outcome, Plan};
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
    for (user, covered) in plan.coverage.users.iter().take(SHOWN) {
        row("user", format!("{user}: {}", covering(covered)));
    }
    if let Some(more) = plan.coverage.users.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        row("user", format!("and {more} more; --json tells them all"));
    }
    for (error, covered) in &plan.coverage.reasons {
        row("closed", format!("{}: {}", error, covering(covered)));
    }
    row("operations", operations(&plan.expected, plan.private_key_operations));
    row("time", duration(plan.expected.seconds));
    let trials = &plan.try_all_keys;
    if trials.sessions > 0 {
        let (sessions, operations) = (trials.sessions, trials.private_key_operations);
        let time = duration(trials.seconds);
        row("trials", format!("--try-all-keys: at most {operations} more operations, {time}, for {sessions} sessions"));
    }
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

fn covering(covered: &Covered) -> String {
    format!("{} sessions, {} items", covered.sessions, covered.items)
}

fn operations(expected: &Expected, all: u64) -> String {
    let sizes: Vec<_> =
        expected.private_key_operations.iter().map(|(bits, times)| format!("{times} of {bits} bits")).collect();
    let sizes = if sizes.is_empty() { String::new() } else { format!(" ({})", sizes.join(", ")) };
    let others = [("from passwords", expected.scrypt), ("symmetric", expected.symmetric)];
    let others = others.iter().filter(|(_, times)| *times > 0).map(|(name, times)| format!(", {times} {name}"));
    format!("at most {all} with private keys{sizes}{}", others.collect::<String>())
}

/// Rounded up: nobody waits for a fraction of a second.
fn duration(seconds: f64) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 60.0 * MINUTE;
    match seconds {
        _ if seconds <= 1.0 => "at most a second".to_owned(),
        _ if seconds < 2.0 * MINUTE => format!("about {:.0} seconds", seconds.ceil()),
        _ if seconds < 2.0 * HOUR => format!("about {:.0} minutes", (seconds / MINUTE).ceil()),
        _ => format!("about {:.1} hours", seconds / HOUR),
    }
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
