//! The report in one sentence.

use super::numbers::{count, of};
use crate::report::remedies::Remedy;
use crate::report::{LookedAt, Report};
use std::collections::{BTreeMap, BTreeSet};

/// What a report says, in a sentence and a few more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) tone: Tone,
    pub(super) sentence: String,
    pub(super) details: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Incomplete,
    Failed,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed-tone",
        }
    }

    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Incomplete => "!",
            Self::Failed => "×",
        }
    }
}

impl Verdict {
    pub(super) fn of(report: &Report) -> Self {
        let summary = &report.summary;
        let (items, unopened, rows) = (summary.items(), summary.unopened_items(), summary.rows);
        let unopened_rows = rows.unopened();
        let total = of(items, "item", "items");
        if items == 0 {
            let nothing = match report.bundle.items.count {
                0 => {
                    "The bundle holds no data: no file in data/ or messages/. Were the data there, every disk mounted?"
                }
                _ => "No item of the bundle belongs to this part of the egress.",
            };
            let details = vec![nothing.to_owned()];
            return Self { tone: Tone::Incomplete, sentence: "There was nothing to open.".to_owned(), details };
        }
        let why = why(report);
        if summary.failed > 0 {
            let sentence = format!("Not finished: {} of {total} could not be processed.", count(summary.failed));
            let mut details = vec![
                why,
                "Nothing is lost: the bundle is unchanged, and the same command goes on where this run ended. Until then this report is provisional."
                    .to_owned(),
            ];
            details.extend(missing(report));
            details.extend(rest(report));
            return Self { tone: Tone::Failed, sentence, details };
        }
        if unopened > 0 || unopened_rows > 0 {
            let of_rows = format!("{} of {}", count(unopened_rows), of(rows.records, "record", "records"));
            let sentence = match (unopened, unopened_rows) {
                (_, 0) => format!("{} of {total} stayed closed.", count(unopened)),
                (0, _) => format!("{of_rows} stayed closed; everything else that was found is open."),
                _ => format!("{} of {total} and {of_rows} stayed closed.", count(unopened)),
            };
            let mut details = vec![why];
            details.extend(missing(report));
            details.extend(rest(report));
            if rows.records > 0 {
                details.extend(looked_for(report));
            }
            details.push("What stayed closed is unchanged in the bundle. Each of it is listed with its reason, and below stands what can be done.".to_owned());
            return Self { tone: Tone::Incomplete, sentence, details };
        }
        if let Some(missing) = missing(report) {
            let sentence = format!(
                "{} of {total} {} not in the bundle any more.",
                count(summary.missing),
                if summary.missing == 1 { "is" } else { "are" }
            );
            let details = vec![missing, "All others are open, or were never encrypted.".to_owned()];
            return Self { tone: Tone::Incomplete, sentence, details };
        }
        let sentence = match (summary.converted, summary.plain) {
            (_, 0) if items == 1 => "The one item is open.".to_owned(),
            (_, 0) => format!("All {} are open.", total),
            (0, _) => format!("Nothing was encrypted: {total}."),
            (converted, plain) => format!(
                "{} open; {} never encrypted.",
                if converted == 1 {
                    "The one encrypted item is".to_owned()
                } else {
                    format!("All {} encrypted items are", count(converted))
                },
                if plain == 1 { "1 was".to_owned() } else { format!("{} were", count(plain)) }
            ),
        };
        let mut details = vec![processed(report)];
        if rows.records > 0 {
            details.push("Every message that was found inside records is open.".to_owned());
            details.extend(looked_for(report));
        }
        Self { tone: Tone::Good, sentence, details }
    }
}

/// What was done with every item.
fn processed(report: &Report) -> String {
    let files = match report.summary.plain {
        0 => "Every file of the data was processed, verified and listed with its fingerprint.",
        _ => {
            "Every file of the data was processed and listed; what was encrypted was verified and has its fingerprint there."
        }
    };
    format!("{files} Nothing stayed closed and nothing failed.")
}

/// Which messages in records the verdict speaks of: those that were looked for. What lies elsewhere nobody has seen.
fn looked_for(report: &Report) -> [String; 2] {
    let LookedAt { pointers, columns, tables } = &report.bundle.fields;
    let listed = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let lines = match pointers.is_empty() {
        true => "the texts at top level of each record of JSON Lines".to_owned(),
        false => format!("these fields of JSON Lines only: {}", listed(pointers)),
    };
    let columns = match columns.is_empty() {
        true => "every column of CSV files and databases".to_owned(),
        false => format!("these columns of CSV files and databases only: {}", listed(columns)),
    };
    let tables = if tables.is_empty() { String::new() } else { format!(", of these tables only: {}", listed(tables)) };
    let records = of(report.summary.rows.records, "record", "records");
    [
        format!("In the {records} of the record files, messages were looked for in {lines}; in {columns}{tables}."),
        "In no other place of a record was a message looked for, be it deeper, in a list or in a text that is more than a message.".to_owned(),
    ]
}

/// What an earlier run has listed and this one has not found.
fn missing(report: &Report) -> Option<String> {
    const FIRST: usize = 5;
    let missing = &report.coverage.missing;
    let first: Vec<_> = missing.first.iter().take(FIRST).map(String::as_str).collect();
    let more = if missing.total > first.len() as u64 { ", …" } else { "" };
    (missing.total > 0).then(|| {
        format!(
            "An earlier run has listed {} that the bundle does not hold now, and nobody has looked at again: {}{more}. Were the data there, every disk mounted?",
            of(missing.total, "item", "items"),
            first.join(", ")
        )
    })
}

/// What did open, when something did not.
fn rest(report: &Report) -> Option<String> {
    let open = report.summary.converted;
    (open > 0).then(|| match open {
        1 => "1 item is open and verified.".to_owned(),
        _ => format!("{} items are open and verified.", count(open)),
    })
}

/// The reasons, the most frequent first.
fn why(report: &Report) -> String {
    let mut by_words: BTreeMap<&str, u64> = BTreeMap::new();
    for (code, number) in report.coverage.reasons.iter().chain(&report.coverage.record_reasons) {
        let count = by_words.entry(Remedy::of(code).short).or_default();
        *count = count.saturating_add(*number);
    }
    let mut reasons: Vec<_> = by_words.into_iter().collect();
    reasons.sort_by_key(|&(_, number)| std::cmp::Reverse(number));
    let reasons: Vec<_> = reasons.iter().map(|(words, number)| format!("{words} ({})", count(*number))).collect();
    format!("Why: {}.", reasons.join(", "))
}
