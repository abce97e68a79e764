//! The report in one sentence.

use super::numbers::{count, of};
use crate::report::Report;
use crate::report::remedies::Remedy;
use std::collections::BTreeMap;

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
            let details = vec!["The bundle holds no data: no file in data/, no record in messages/.".to_owned()];
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
            details.extend(rest(report));
            return Self { tone: Tone::Failed, sentence, details };
        }
        if unopened > 0 || unopened_rows > 0 {
            let of_rows = format!("{} of {}", count(unopened_rows), of(rows.records, "record", "records"));
            let sentence = match (unopened, unopened_rows) {
                (_, 0) => format!("{} of {total} stayed closed.", count(unopened)),
                (0, _) => format!("{of_rows} stayed closed; all other data are open."),
                _ => format!("{} of {total} and {of_rows} stayed closed.", count(unopened)),
            };
            let mut details = vec![why];
            details.extend(rest(report));
            details.push("What stayed closed is unchanged in the bundle. Each of it is listed with its reason, and below stands what can be done.".to_owned());
            return Self { tone: Tone::Incomplete, sentence, details };
        }
        let sentence = match (summary.converted, summary.plain) {
            (_, 0) if items == 1 => "The one item is open.".to_owned(),
            (_, 0) => format!("All {} are open.", total),
            (0, _) => format!("Nothing was encrypted: {total}."),
            (converted, plain) => format!(
                "All {} are open; {} never encrypted.",
                of(converted, "encrypted item", "encrypted items"),
                if plain == 1 { "1 was".to_owned() } else { format!("{} were", count(plain)) }
            ),
        };
        let mut details = vec!["Every file of the bundle's data was processed, verified and listed with its fingerprint. Nothing stayed closed and nothing failed.".to_owned()];
        if rows.records > 0 {
            details.push(format!(
                "That includes every message inside the {} of its record files.",
                of(rows.records, "record", "records")
            ));
        }
        Self { tone: Tone::Good, sentence, details }
    }
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
