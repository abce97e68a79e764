//! Counting a finished ledger, line by line: what opened and how, what did not and why.

use super::Summary;
use crate::ledger::{Line, Rows, Status, Unopened};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many items, warnings or records a report lists one by one. The rest stands in `manifest.jsonl` and `unopened.jsonl`.
pub(crate) const LISTED: usize = 100;
/// Outputs are counted by size in classes up to these lengths, and one for everything above.
const CLASSES: [u64; 6] = [1 << 10, 1 << 16, 1 << 20, 1 << 24, 1 << 28, 1 << 30];

/// How much of what was opened, and in which way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReportCoverage {
    /// Bytes of the sources, by how they ended.
    pub input_bytes: BTreeMap<String, u64>,
    /// Everything that was written.
    pub outputs: Tally,
    /// What was written, by size.
    pub sizes: Vec<SizeClass>,
    /// Items that were opened as a whole, by the way to their key.
    pub routes: BTreeMap<String, Tally>,
    /// Items that only a chain of proxies opened (EGR-21).
    pub chains: u64,
    /// Items by why they did not open.
    pub reasons: BTreeMap<String, u64>,
    /// Messages inside records by why they did not open.
    pub record_reasons: BTreeMap<String, u64>,
    /// The first items that did not open or have records that did not.
    pub unconverted: Listed<Unconverted>,
    /// The first items with warnings.
    pub warnings: Listed<Warning>,
    /// The first sources of earlier runs that are not in the bundle, or not any more.
    #[serde(default, skip_serializing_if = "Listed::is_empty")]
    pub missing: Listed<String>,
}

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub files: u64,
    /// How long they are together.
    pub bytes: u64,
}

/// Outputs of similar size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SizeClass {
    /// The longest of them has at most so many bytes; no bound for the last class.
    pub up_to: Option<u64>,
    /// What is in it.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The beginning of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// How many there are.
    pub total: u64,
    /// The first of them.
    pub first: Vec<T>,
}

/// An item that did not open completely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unconverted {
    /// The source.
    pub source: String,
    /// How it ended.
    pub status: Status,
    /// Why; nothing for a record file of which only records stayed closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Records in it that did not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

/// What a person should know about an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The source.
    pub source: String,
    /// In words.
    pub warning: String,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { total: 0, first: Vec::new() }
    }
}

impl<T> Listed<T> {
    /// The beginning of `all`.
    pub(crate) fn of(mut all: Vec<T>) -> Self {
        let total = all.len() as u64;
        all.truncate(LISTED);
        Self { total, first: all }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(crate) fn add(&mut self, entry: impl FnOnce() -> T) {
        self.total = self.total.saturating_add(1);
        if self.first.len() < LISTED {
            self.first.push(entry());
        }
    }
}

impl Tally {
    fn add(&mut self, bytes: u64) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Counts lines, in the order of their sources.
pub(super) struct Counting<F> {
    input_bytes: F,
    summary: Summary,
    coverage: ReportCoverage,
}

impl<F: FnMut(&Line) -> u64> Counting<F> {
    pub(super) fn new(input_bytes: F) -> Self {
        let classes = CLASSES.into_iter().map(Some).chain([None]);
        let sizes = classes.map(|up_to| SizeClass { up_to, tally: Tally::default() }).collect();
        Self {
            input_bytes,
            summary: Summary::default(),
            coverage: ReportCoverage { sizes, ..ReportCoverage::default() },
        }
    }

    pub(super) fn add(&mut self, line: Line) {
        let bytes = (self.input_bytes)(&line);
        let coverage = &mut self.coverage;
        self.summary.add(line.status, line.rows);
        add(&mut coverage.input_bytes, line.status.as_str(), bytes);
        let mut of_item = 0_u64;
        for written in line.written() {
            coverage.outputs.add(written.bytes);
            of_item = of_item.saturating_add(written.bytes);
            let class = coverage.sizes.iter_mut().find(|class| class.up_to.is_none_or(|up_to| written.bytes <= up_to));
            class.into_iter().for_each(|class| class.tally.add(written.bytes));
        }
        if let Some(route) = line.route {
            coverage.routes.entry(route).or_default().add(of_item);
        }
        coverage.chains = coverage.chains.saturating_add(u64::from(line.chain));
        for warning in line.warnings {
            coverage.warnings.add(|| Warning { source: line.source.clone(), warning });
        }
        let records = line.rows.map(Rows::unopened).filter(|&records| records > 0);
        if let Some(error) = &line.error {
            add(&mut coverage.reasons, error, 1);
        }
        if records.is_some() || !matches!(line.status, Status::Converted | Status::Plain) {
            let Line { source, status, error, .. } = line;
            coverage.unconverted.add(|| Unconverted { source, status, error, records });
        }
    }

    /// A line of `unopened.jsonl`.
    pub(super) fn add_row(&mut self, line: &[u8]) {
        if let Ok(Unopened { error, .. }) = serde_json::from_slice(line) {
            add(&mut self.coverage.record_reasons, &error, 1);
        }
    }

    pub(super) fn finish(self) -> (Summary, ReportCoverage) {
        (self.summary, self.coverage)
    }
}

/// Counts more of what is called like this.
fn add(counts: &mut BTreeMap<String, u64>, name: &str, more: u64) {
    let count = counts.entry(name.to_owned()).or_default();
    *count = count.saturating_add(more);
}
