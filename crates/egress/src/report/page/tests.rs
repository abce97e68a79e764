#![allow(clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::ledger::{Rows, Status};
use crate::lines::MalformedRecord;
use crate::recover::{Attempt, Outcome};
use crate::report::coverage::{Counting, LISTED, Listed};
use crate::report::{BundleFacts, Fingerprint, InputFile, Inputs, Items, Program, Summary, UserCoverage};
use crate::{Line, report::page::verdict::Tone};
use proptest::prelude::*;

/// A report of these lines.
fn report(lines: Vec<Line>, rows: &[&str]) -> Report {
    let mut counting = Counting::new(|_| 1000);
    lines.into_iter().for_each(|line| counting.add(line));
    rows.iter().for_each(|row| counting.add_row(row.as_bytes()));
    let (summary, coverage) = counting.finish();
    Report {
        format: "sealwright-report-1".to_owned(),
        program: Program { version: "1.2.3".to_owned(), target: "machine-system".to_owned() },
        summary,
        coverage,
        bundle: BundleFacts {
            form: Form::ClientSide,
            users: 1,
            coverage_by_user: Listed::of(vec![UserCoverage { user: "user-1".to_owned(), sessions: 7, items: 11 }]),
            identities: Vec::new(),
            malformed_records: Vec::new(),
            malformed_record_count: 0,
            revoked_records: 0,
            unknown: Vec::new(),
            inputs: Inputs::default(),
            items: Items { count: 3, sha256: "a".repeat(64) },
            options: "b".repeat(64),
        },
        manifest: Fingerprint::default(),
        unopened: Fingerprint::default(),
        identity: None,
    }
}

fn line(source: &str, status: Status, error: Option<&str>) -> Line {
    let mut line = Line::new(source.to_owned(), None, status);
    line.error = error.map(str::to_owned);
    line
}

fn verdict(lines: &[(Status, Option<&str>)], rows: Rows) -> (Tone, String) {
    let mut lines: Vec<_> = lines.iter().map(|&(status, error)| line("data/a", status, error)).collect();
    if rows.records > 0 {
        let mut records = line("messages/a", Status::Converted, None);
        records.rows = Some(rows);
        lines.push(records);
    }
    let verdict = Verdict::of(&report(lines, &[]));
    (verdict.tone, verdict.sentence)
}

#[test]
fn the_verdict_is_one_sentence() {
    let open = (Status::Converted, None);
    let closed = (Status::Closed, Some("no-token"));
    let rows = |converted, closed| Rows { records: converted + closed, converted, closed, ..Rows::default() };
    for (lines, rows, tone, sentence) in [
        (vec![], rows(0, 0), Tone::Incomplete, "There was nothing to open."),
        (vec![open], rows(0, 0), Tone::Good, "The one item is open."),
        (vec![open; 41], rows(0, 0), Tone::Good, "All 41 items are open."),
        (vec![(Status::Plain, None)], rows(0, 0), Tone::Good, "Nothing was encrypted: 1 item."),
        (
            vec![open, open, (Status::Plain, None)],
            rows(0, 0),
            Tone::Good,
            "All 2 encrypted items are open; 1 was never encrypted.",
        ),
        (vec![open, closed, closed], rows(0, 0), Tone::Incomplete, "2 of 3 items stayed closed."),
        (vec![open, closed], rows(3, 1), Tone::Incomplete, "1 of 3 items and 1 of 4 records stayed closed."),
        (vec![open], rows(3, 1), Tone::Incomplete, "1 of 4 records stayed closed; all other data are open."),
        (
            vec![open, closed, (Status::Failed, Some("io"))],
            rows(0, 0),
            Tone::Failed,
            "Not finished: 1 of 3 items could not be processed.",
        ),
    ] {
        assert_eq!(verdict(&lines, rows), (tone, sentence.to_owned()));
    }
}

#[test]
fn every_reason_stands_with_its_remedy() {
    let lines = vec![
        line("data/a", Status::Closed, Some("no-secret")),
        line("data/b", Status::Malformed, Some("empty-archive")),
        line("data/c", Status::Failed, Some("io")),
    ];
    let row = r#"{"source":"messages/a","row":1,"status":"closed","error":"group-key-missing"}"#;
    let page = page(&report(lines, &[row, row]), &[]);
    for text in [
        "The password or secret is missing",
        "empty-archive",
        "Damaged or cut off",
        "2 messages inside records",
        "What to do.",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn long_lists_are_cut_and_say_where_the_rest_is() {
    let lines = (0..LISTED + 5).map(|n| line(&format!("data/{n:04}"), Status::Closed, Some("no-token"))).collect();
    let page = page(&report(lines, &[]), &[]);
    assert!(page.contains("data/0099") && !page.contains("data/0100"));
    assert!(page.contains("… and 5 more, in manifest.jsonl."));
}

/// The markup of a page without its texts: what a browser takes for tags.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|piece| piece.split('>').next().unwrap()).collect()
}

/// A page on which every text that comes out of a file is this one.
fn page_of(text: &str) -> String {
    let mut one = line(text, Status::Closed, Some(text));
    one.route = Some(text.to_owned());
    one.warnings = vec![text.to_owned()];
    let mut report = report(vec![one], &[]);
    let outcome = Outcome::Rejected;
    report.bundle.identities.push(Attempt {
        source: text.to_owned(),
        user: text.to_owned(),
        seald_id: None,
        device_id: None,
        outcome,
        error: Some(text.to_owned().into()),
        warnings: vec![text.to_owned()],
    });
    report.bundle.coverage_by_user.first[0].user = text.to_owned();
    report.bundle.unknown = vec![text.to_owned()];
    report.bundle.malformed_records = vec![MalformedRecord { file: text.to_owned(), line: 1 }];
    report.bundle.malformed_record_count = 1;
    report.bundle.inputs.first = vec![InputFile { path: text.to_owned(), bytes: 1, sha256: text.to_owned() }];
    report.program = Program { version: text.to_owned(), target: text.to_owned() };
    report.manifest.sha256 = text.to_owned();
    let run = format!(
        r#"{{"started":1,"seconds":1.0,"items":1,"bytes":1,"privateKeyOperations":1,"threads":1,"shard":{text},"sandbox":{text},"version":{text}}}"#,
        text = serde_json::to_string(text).unwrap()
    );
    page(&report, &[serde_json::from_str(&run).unwrap()])
}

proptest! {
    #[test]
    fn hostile_texts_cannot_break_out_of_the_markup(text in "\\PC{0,40}|[<>&'\"/=a-z !\\-\u{0}-\u{20}\u{2028}-\u{202e}]{0,40}") {
        let (hostile, harmless) = (page_of(&text), page_of("harmless"));
        prop_assert_eq!(tags(&hostile), tags(&harmless));
    }
}

#[test]
fn users_stand_with_what_their_keys_lead_to() {
    let page = page(&report(vec![], &[]), &[]);
    let (_, users) = page.split_once("Whose keys lead to the data").unwrap();
    let row = users.split("</tr>").nth(1).unwrap();
    assert!(row.contains("user-1") && row.contains(">7</td>") && row.ends_with(">11</td>"), "{row}");
}

#[test]
fn a_script_in_a_name_stays_a_text() {
    let page = page_of("</style></title><script>alert(1)</script><img src=x onerror=alert(1)>");
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn the_fingerprints_of_items_and_options_are_shown() {
    let page = page_of("a");
    for text in ["Names of the items <small>3 items</small>", &"a".repeat(64), &"b".repeat(64)] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_page_allows_its_own_style_and_nothing_else() {
    let page = page_of("a");
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = b64::encode(digest(&SHA256, style.as_bytes()));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    assert!(page.contains(&policy));
    for word in ["://", "url(", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
    for attribute in ["style=", "src=", "href=", "onload="] {
        assert!(!tags(&page).iter().any(|tag| tag.contains(attribute)), "{attribute}");
    }
}

#[test]
fn two_reports_that_differ_in_runs_only_differ_in_one_section() {
    let report = report(vec![line("data/a", Status::Converted, None)], &[]);
    let run =
        r#"{"started":1,"seconds":1.0,"items":1,"bytes":1,"privateKeyOperations":1,"threads":1,"version":"1.2.3"}"#;
    let pages = [page(&report, &[]), page(&report, &[serde_json::from_str(run).unwrap()])];
    let without = pages.each_ref().map(|page| {
        let (before, rest) = page.split_once("<h2>How this was made</h2>").unwrap();
        format!("{before}{}", rest.split_once("</section>").unwrap().1)
    });
    assert_eq!(without[0], without[1]);
    assert_ne!(pages[0], pages[1]);
    assert_eq!(report.summary, Summary { converted: 1, ..Summary::default() });
}
