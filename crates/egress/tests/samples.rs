//! The two sample bundles, made by the JavaScript SDK, against what is known of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use sealwright_egress::{Line, Options, Outcome, ProxyDepth, Rows, Status, Unopened, plan, run, verify};
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
fn the_report_tells_whose_keys_lead_to_how_much() {
    let output = tempfile::tempdir().unwrap();
    let bundle = sample("hard/bundle");
    run(&bundle, output.path(), &confirmed(), &()).unwrap();
    let planned = plan(&bundle, &Options::default(), &()).unwrap().coverage.users;
    assert!(planned.len() > 1);
    let report: Value = serde_json::from_slice(&fs::read(output.path().join("report.json")).unwrap()).unwrap();
    let users = &report["bundle"]["coverageByUser"];
    assert_eq!(users["total"], planned.len());
    let users = users["first"].as_array().unwrap();
    let items: Vec<_> = users.iter().map(|user| user["items"].as_u64()).collect();
    assert!(items.is_sorted_by(|a, b| a >= b), "{items:?}");
    for user in users {
        let planned = &planned[user["user"].as_str().unwrap()];
        assert_eq!((&user["sessions"], &user["items"]), (&planned.sessions.into(), &planned.items.into()));
    }
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

/// What became of an item: status, code, hash of a file, whether a chain led there.
type Fate = (Status, Option<String>, Option<String>, bool);

/// Runs the hard bundle and gives the expectation and the fate of every item.
fn hard(options: &Options) -> Vec<(Value, Fate)> {
    let output = tempfile::tempdir().unwrap();
    let summary = run(&sample("hard/bundle"), output.path(), options, &()).unwrap();
    assert_eq!(summary.exit_status(), 3);
    let manifest = manifest(output.path());
    let unopened: BTreeMap<u64, Unopened> =
        lines::<Unopened>(&output.path().join("unopened.jsonl")).into_iter().map(|row| (row.row, row)).collect();
    let rows = fs::read_to_string(output.path().join("messages/chat.jsonl")).unwrap();
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fate = |item: &Value| match item["row"].as_u64() {
        None => {
            let line = &manifest[item["source"].as_str().unwrap()];
            (line.status, line.error.clone(), line.sha256.clone(), line.chain)
        }
        Some(row) => match unopened.get(&row) {
            Some(row) => (row.status, Some(row.error.clone()), None, false),
            None => {
                assert_eq!(rows[row as usize]["body"], item["text"]);
                (Status::Converted, None, None, false)
            }
        },
    };
    expected("hard").into_iter().map(|item| (item.clone(), fate(&item))).collect()
}

#[test]
fn the_hard_bundle_converts_exactly() {
    for (item, (status, error, sha256, chain)) in hard(&confirmed()) {
        let expected = item["status"].as_str().unwrap();
        match expected {
            "ok" => assert_eq!(status, Status::Converted, "{item}"),
            "plain" => assert_eq!(status, Status::Plain, "{item}"),
            "rejected" => assert!(matches!(status, Status::Rejected | Status::Malformed), "{item} {status:?}"),
            "closed" => assert_eq!((status, error.as_deref()), (Status::Closed, Some("no-token")), "{item}"),
            "chain" => assert_eq!((status, error.as_deref()), (Status::Closed, Some("proxy-not-direct")), "{item}"),
            other => panic!("{other}"),
        }
        if expected == "ok" && item["row"].is_null() {
            assert_eq!(sha256.as_deref(), item["sha256"].as_str(), "{item}");
        }
        assert!(!chain);
    }
}

#[test]
fn chains_of_proxies_open_on_request_and_are_marked() {
    let mut options = confirmed();
    options.proxies = ProxyDepth::Chains;
    let mut marked = 0;
    for (item, (status, _, sha256, chain)) in hard(&options) {
        if item["status"] == "chain" {
            assert_eq!(status, Status::Converted, "{item}");
            if item["row"].is_null() {
                assert_eq!(sha256.as_deref(), item["sha256"].as_str());
                assert!(chain, "{item}");
                marked += 1;
            }
        } else {
            assert!(!chain, "{item}");
        }
    }
    assert!(marked > 0);
}

#[test]
fn a_record_file_is_marked_when_a_chain_opened_one_of_its_messages() {
    let mut options = confirmed();
    for (proxies, marked) in [(ProxyDepth::One, false), (ProxyDepth::Chains, true)] {
        options.proxies = proxies;
        let output = tempfile::tempdir().unwrap();
        run(&sample("hard/bundle"), output.path(), &options, &()).unwrap();
        assert_eq!(manifest(output.path())["messages/chat.jsonl"].chain, marked);
    }
}

#[test]
fn every_way_back_to_an_identity_is_tried_and_told() {
    let plan = plan(&sample("hard/bundle"), &confirmed(), &()).unwrap();
    let told: Vec<_> = plan.identities.iter().map(|attempt| (attempt.user.as_str(), attempt.outcome)).collect();
    for (user, outcome) in [
        ("user-bob", Outcome::Recovered),
        ("user-carol", Outcome::Recovered),
        ("user-dave", Outcome::Recovered),
        ("user-grace", Outcome::NoSecret),
        ("user-heidi", Outcome::Rejected),
    ] {
        assert!(told.contains(&(user, outcome)), "{user}: {told:?}");
    }
    let erin = plan.identities.iter().find(|attempt| attempt.source.contains("localdb/erin")).unwrap();
    assert_eq!(erin.outcome, Outcome::Recovered);
    assert_eq!(plan.identities.len(), 8);
}

#[test]
fn rows_are_counted_once_each() {
    let output = tempfile::tempdir().unwrap();
    let summary = run(&sample("hard/bundle"), output.path(), &confirmed(), &()).unwrap();
    let Rows { records, converted, closed, rejected, malformed, .. } = summary.rows;
    assert_eq!(records, converted + closed + rejected + malformed);
}
