//! What is different between two outputs, by their manifests.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{Line, MANIFEST, Written};
use crate::options::Options;
use crate::ordered::Ordered;
use serde::Serialize;
use std::cmp::Ordering;
use std::path::Path;

/// How two outputs compare, in items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Comparison {
    /// In both, and the same.
    pub same: u64,
    /// In both, and different.
    pub changed: u64,
    /// In the first output only.
    pub only_in_first: u64,
    /// In the second output only.
    pub only_in_second: u64,
}

/// An item that two outputs do not tell the same of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Difference {
    /// The source.
    pub source: String,
    /// Its bytes in hex, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<String>,
    /// What is different; never empty.
    pub changes: Vec<Change>,
    /// The line of the first output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Line>,
    /// The line of the second output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Line>,
}

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// The second output does not have the item.
    OnlyInFirst,
    /// The first output does not have the item.
    OnlyInSecond,
    /// The status, or the code that goes with it.
    Status,
    /// What was written: by its hash in clear where both lines have it, or else by length and hash.
    Content,
    /// The names of what was written.
    Output,
    /// How many records of a file opened.
    Records,
}

impl Comparison {
    /// The exit status of the program: 0 when the outputs tell the same, 1 otherwise.
    pub fn exit_status(&self) -> u8 {
        u8::from([self.changed, self.only_in_first, self.only_in_second] != [0; 3])
    }
}

/// Compares two outputs by their manifests and gives every difference to `take`, in the order of the sources. Ways to keys and warnings may
/// differ. Outputs themselves are not read: that is what [`crate::verify()`] is for.
///
/// # Errors
/// [`EgressError`] when a manifest is missing or cannot be read; whatever `take` fails with.
pub fn diff<E: From<EgressError>>(
    first: &Path,
    second: &Path,
    options: &Options,
    mut take: impl FnMut(Difference) -> Result<(), E>,
) -> Result<Comparison, E> {
    let (mut firsts, mut seconds) = (open(&options.files, first)?, open(&options.files, second)?);
    let mut comparison = Comparison::default();
    loop {
        let order = match (firsts.peek(), seconds.peek()) {
            (None, None) => return Ok(comparison),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(first), Some(second)) => first.cmp(second),
        };
        let first = if order.is_le() { firsts.next_last::<Line>()? } else { None };
        let second = if order.is_ge() { seconds.next_last::<Line>()? } else { None };
        let (first, second) = (first.map(|(_, line)| line), second.map(|(_, line)| line));
        let changes = changes(first.as_ref(), second.as_ref());
        let count = match changes.first() {
            None => &mut comparison.same,
            Some(Change::OnlyInFirst) => &mut comparison.only_in_first,
            Some(Change::OnlyInSecond) => &mut comparison.only_in_second,
            Some(_) => &mut comparison.changed,
        };
        *count = count.saturating_add(1);
        if let Some(line) = first.as_ref().or(second.as_ref()).filter(|_| !changes.is_empty()) {
            let (source, source_bytes) = (line.source.clone(), line.source_bytes.clone());
            take(Difference { source, source_bytes, changes, first, second })?;
        }
    }
}

fn open(files: &Files, output: &Path) -> Result<Ordered, EgressError> {
    let path = output.join(MANIFEST);
    files.metadata(&path).map_err(EgressError::io("read", &path))?;
    Ordered::open(files, &path)
}

fn changes(first: Option<&Line>, second: Option<&Line>) -> Vec<Change> {
    let (first, second) = match (first, second) {
        (Some(first), Some(second)) => (first, second),
        (Some(_), None) => return vec![Change::OnlyInFirst],
        (None, _) => return vec![Change::OnlyInSecond],
    };
    let names = |line: &Line| line.written().into_iter().map(|file| file.output).collect::<Vec<_>>();
    let different = [
        (Change::Status, (first.status, &first.error) != (second.status, &second.error)),
        (Change::Content, !is_same_content(&first.written(), &second.written())),
        (Change::Output, names(first) != names(second)),
        (Change::Records, first.rows != second.rows),
    ];
    different.into_iter().filter(|(_, different)| *different).map(|(change, _)| change).collect()
}

/// What a sink encrypts differs each time: only what it holds tells whether it is the same.
fn is_same_content(first: &[Written], second: &[Written]) -> bool {
    let is_same = |(first, second): (&Written, &Written)| match (&first.clear_sha256, &second.clear_sha256) {
        (Some(first), Some(second)) => first == second,
        _ => (first.bytes, &first.sha256) == (second.bytes, &second.sha256),
    };
    first.len() == second.len() && first.iter().zip(second).all(is_same)
}
