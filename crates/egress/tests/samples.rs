//! The two sample bundles, made by the JavaScript SDK, against what is known of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use sealwright_egress::{Line, Options, Rows, Status, Unopened, plan, run, verify};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use support::{confirmed, snapshot};

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress").join(name)
}

fn expected(name: &str) -> Vec<Value> {
    let text = fs::read(sample(name).join("expected.json")).unwrap();
    let mut expected: Value = serde_json::from_slice(&text).unwrap();
    serde_json::from_value(expected["items"].take()).unwrap()
}

fn lines<T: for<'de> serde::Deserialize<'de>>(path: &Path) -> Vec<T> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn manifest(output: &Path) -> BTreeMap<String, Line> {
    lines::<Line>(&output.join("manifest.jsonl")).into_iter().map(|line| (line.source.clone(), line)).collect()
}

#[test]
fn the_sample_opens_completely_and_exactly() {
    let output = tempfile::tempdir().unwrap();
    let bundle = sample("sample/bundle");
    let summary = run(&bundle, output.path(), &confirmed(), &()).unwrap();
    assert_eq!(summary.exit_status(), 0);
    assert_eq!((summary.converted, summary.rows.converted), (41, 40));

    let manifest = manifest(output.path());
    let chat = fs::read_to_string(output.path().join("messages/chat.jsonl")).unwrap();
    let chat: Vec<Value> = chat.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for item in expected("sample") {
        match item["row"].as_u64() {
            Some(row) => assert_eq!(chat[row as usize]["body"], item["text"]),
            None => {
                let line = &manifest[item["source"].as_str().unwrap()];
                assert_eq!(line.status, Status::Converted);
                assert_eq!(line.sha256.as_deref(), item["sha256"].as_str());
                assert_eq!(line.bytes, item["bytes"].as_u64());
                let content = fs::read(output.path().join(line.output.as_ref().unwrap())).unwrap();
                assert_eq!(content.len() as u64, item["bytes"].as_u64().unwrap());
            }
        }
    }
    assert!(verify(output.path(), &Options::default(), &()).unwrap().changed.is_empty());
}

#[test]
fn a_second_run_changes_nothing() {
    let output = tempfile::tempdir().unwrap();
    let bundle = sample("sample/bundle");
    run(&bundle, output.path(), &confirmed(), &()).unwrap();
    let before = snapshot(output.path());
    run(&bundle, output.path(), &confirmed(), &()).unwrap();
    assert_eq!(snapshot(output.path()), before);
}

#[test]
fn everything_but_the_messages_of_a_record_stays_as_it_was() {
    let output = tempfile::tempdir().unwrap();
    let bundle = sample("sample/bundle");
    run(&bundle, output.path(), &confirmed(), &()).unwrap();
    let before = fs::read_to_string(bundle.join("messages/chat.jsonl")).unwrap();
    let after = fs::read_to_string(output.path().join("messages/chat.jsonl")).unwrap();
    for (before, after) in before.lines().zip(after.lines()) {
        let (mut before, mut after): (Value, Value) =
            (serde_json::from_str(before).unwrap(), serde_json::from_str(after).unwrap());
        assert_ne!(before["body"].take(), after["body"].take());
        assert_eq!(before, after);
    }
}

#[test]
fn a_changed_output_is_found_and_a_run_puts_it_right() {
    let output = tempfile::tempdir().unwrap();
    let bundle = sample("sample/bundle");
    run(&bundle, output.path(), &confirmed(), &()).unwrap();
    let before = snapshot(output.path());
    let name = "data/dir0/sub0/report.pdf";
    let mut content = fs::read(output.path().join(name)).unwrap();
    content[100] ^= 1;
    fs::write(output.path().join(name), content).unwrap();

    let verification = verify(output.path(), &Options::default(), &()).unwrap();
    assert_eq!((verification.changed, verification.summary.failed), (vec![name.to_owned()], 1));
    run(&bundle, output.path(), &confirmed(), &()).unwrap();
    assert_eq!(snapshot(output.path()), before);
}

#[test]
fn the_hard_bundle_converts_what_it_can_and_accounts_for_the_rest() {
    let output = tempfile::tempdir().unwrap();
    let summary = run(&sample("hard/bundle"), output.path(), &confirmed(), &()).unwrap();
    assert_eq!(summary.exit_status(), 3);
    let manifest = manifest(output.path());
    let unopened: BTreeMap<u64, Unopened> =
        lines::<Unopened>(&output.path().join("unopened.jsonl")).into_iter().map(|row| (row.row, row)).collect();
    let known: Vec<String> = plan(&sample("hard/bundle"), &confirmed(), &())
        .unwrap()
        .unreachable
        .iter()
        .map(|unreachable| unreachable.session_id.to_string())
        .collect();
    let mut converted = 0;
    for item in expected("hard") {
        let (status, error, sha256) = match item["row"].as_u64() {
            None => {
                let line = &manifest[item["source"].as_str().unwrap()];
                (line.status, line.error.clone(), line.sha256.clone())
            }
            Some(row) => match unopened.get(&row) {
                Some(row) => (row.status, Some(row.error.clone()), None),
                None => (Status::Converted, None, None),
            },
        };
        let reachable = item["sessionId"].as_str().is_some_and(|session| !known.iter().any(|lost| lost == session));
        match (item["status"].as_str().unwrap(), status) {
            ("ok", Status::Converted) => {
                assert!(reachable);
                converted += 1;
                if item["row"].is_null() {
                    assert_eq!(sha256.as_deref(), item["sha256"].as_str());
                }
            }
            ("ok", Status::Closed) => assert!(!reachable, "{item}"),
            ("plain", Status::Plain) => {}
            ("rejected", Status::Rejected | Status::Malformed | Status::Closed) => {
                assert!(status != Status::Closed || !reachable, "{item}");
            }
            ("closed", Status::Closed) => assert!(error.is_some()),
            ("chain", Status::Closed) => {}
            (expected, actual) => panic!("{expected} became {actual:?}: {item}"),
        }
    }
    assert_eq!(converted, 103, "with the identities that this version recovers");
}

#[test]
fn rows_are_counted_once_each() {
    let output = tempfile::tempdir().unwrap();
    let summary = run(&sample("hard/bundle"), output.path(), &confirmed(), &()).unwrap();
    let Rows { records, converted, closed, rejected, malformed, .. } = summary.rows;
    assert_eq!(records, converted + closed + rejected + malformed);
}
