//! The file `history.jsonl`: a line for each change of the baseline that was accepted.

use crate::{Counts, Failure, path};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

const HISTORY: &str = "history.jsonl";

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    pub(crate) date: String,
    pub(crate) reason: String,
    /// Before and after, of benches whose count has changed.
    pub(crate) changed: BTreeMap<String, (Option<u64>, Option<u64>)>,
}

pub(crate) fn read() -> Result<Vec<Accepted>, Failure> {
    let text = fs::read_to_string(path(HISTORY))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

pub(crate) fn append(line: &Accepted) -> Result<(), Failure> {
    let mut history = OpenOptions::new().create(true).append(true).open(path(HISTORY))?;
    Ok(writeln!(history, "{}", serde_json::to_string(line)?)?)
}

/// The counts after each line.
pub(crate) fn counts(history: &[Accepted]) -> Vec<Counts> {
    let mut counts = Counts::new();
    let after = |line: &Accepted| {
        for (name, (_, after)) in &line.changed {
            match after {
                Some(count) => counts.insert(name.clone(), *count),
                None => counts.remove(name),
            };
        }
        counts.clone()
    };
    history.iter().map(after).collect()
}
