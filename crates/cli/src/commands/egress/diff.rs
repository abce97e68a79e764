//! `egress diff`: what two outputs tell differently.

use super::{failure, options};
use crate::confine::{self, Needs};
use crate::console::Console;
use crate::failure::Failure;
use crate::printable;
use crate::status::Status;
use sealwright::egress::{self, Change, Difference, EgressError, Line};
use std::path::PathBuf;

/// Compare two outputs by their manifests: what is in one only, what ended otherwise, what has another content or name. Reads no output.
///
/// The status is 0 when they tell the same and 1 when they do not. `--json` prints a line for each difference and then the counts.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The output of an `egress run`.
    first: PathBuf,
    /// The output of another one.
    second: PathBuf,
    #[command(flatten)]
    confine: confine::Choice,
}

/// Why a comparison ended early.
enum Stopped {
    Egress(EgressError),
    Console(Failure),
}

impl From<EgressError> for Stopped {
    fn from(error: EgressError) -> Self {
        Self::Egress(error)
    }
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let needs = Needs { read: vec![&arguments.first, &arguments.second], ..Needs::default() };
    let _confined = confine::confine(&needs, &arguments.confine, console)?;
    let options = options(&super::Records::default(), console);
    let tell = |difference: Difference| {
        console.line(line(&difference)).and_then(|()| console.value(&difference)).map_err(Stopped::Console)
    };
    let comparison =
        egress::diff(&arguments.first, &arguments.second, &options, tell).map_err(|stopped| match stopped {
            Stopped::Egress(error) => {
                failure(error).hint_for("not-found", "name directories that `egress run` wrote into with --out")
            }
            Stopped::Console(failure) => failure,
        })?;
    let egress::Comparison { same, changed, only_in_first, only_in_second, .. } = comparison;
    console.line(format_args!(
        "same {same}, changed {changed}, only in the first {only_in_first}, only in the second {only_in_second}"
    ))?;
    console.value(&comparison)?;
    Ok(Status::from_egress(comparison.exit_status()))
}

fn line(difference: &Difference) -> String {
    let changes: Vec<_> = difference.changes.iter().map(|change| told(*change, difference)).collect();
    printable::line(&format!("{}: {}", difference.source, changes.join(", "))).into_owned()
}

fn told(change: Change, Difference { first, second, .. }: &Difference) -> String {
    let both = |tell: fn(&Line) -> String| {
        let tell = |line: &Option<Line>| line.as_ref().map_or_else(|| "nothing".to_owned(), tell);
        format!("{}, then {}", tell(first), tell(second))
    };
    match change {
        Change::OnlyInFirst => "only in the first".to_owned(),
        Change::OnlyInSecond => "only in the second".to_owned(),
        Change::Status => both(|line| match &line.error {
            Some(error) => format!("{} [{error}]", line.status.as_str()),
            None => line.status.as_str().to_owned(),
        }),
        Change::Content => "another content".to_owned(),
        Change::Output => "another name".to_owned(),
        Change::Records => both(|line| match line.rows {
            Some(rows) => format!("{} of {} records open", rows.converted, rows.records),
            None => "no records".to_owned(),
        }),
        _ => "different".to_owned(),
    }
}
