//! What a ledger keeps of a million sources, and what it makes of files that a crash or a loss of power has spoilt.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::naming::Names;
use std::fs;
use tempfile::TempDir;

fn line(number: u64) -> Line {
    let mut line = Line::new(format!("data/{:03}/{number:07}.seald", number / 1000), None, Status::Converted);
    line.session_id = Some("00000000-0000-1000-a000-7ea300000018".to_owned());
    line.route = Some("direct".to_owned());
    line
}

fn ledger(output: &TempDir) -> Ledger {
    Ledger::open(&Files::default(), output.path()).unwrap()
}

fn read(output: &TempDir, name: &str) -> String {
    fs::read_to_string(output.path().join(name)).unwrap()
}

fn append(output: &TempDir, name: &str, tail: &[u8]) {
    let path = output.path().join(name);
    let mut text = fs::read(&path).unwrap_or_default();
    text.extend(tail);
    fs::write(path, text).unwrap();
}

fn end(mut ledger: Ledger) {
    ledger.close().unwrap();
    ledger.end().unwrap();
}

#[test]
fn lines_are_found_again_and_end_in_the_order_of_their_sources() {
    let output = tempfile::tempdir().unwrap();
    let mut ledger = ledger(&output);
    let later: Vec<_> = (50..100).map(line).collect();
    let earlier: Vec<_> = (0..50).map(line).collect();
    ledger.record(&later).unwrap();
    ledger.record(&earlier).unwrap();
    let mut changed = line(70);
    changed.fail("gone".to_owned());
    ledger.record(std::slice::from_ref(&changed)).unwrap();
    assert_eq!(ledger.line(&changed.source, None).unwrap(), Some(changed.clone()));
    assert_eq!(ledger.line(&line(3).source, None).unwrap(), Some(line(3)));
    assert_eq!(ledger.line(&line(3).source, Some("00")).unwrap(), None);
    end(ledger);
    let lines: Vec<_> = lines(&Files::default(), output.path()).unwrap().map(Result::unwrap).collect();
    let expected: Vec<_> = (0..100).map(|number| if number == 70 { changed.clone() } else { line(number) }).collect();
    assert_eq!(lines, expected);
    assert_eq!(read(&output, MANIFEST).lines().count(), 100);
    assert!(!output.path().join(JOURNAL).exists());
}

#[test]
fn what_an_interrupted_run_has_not_made_durable_is_cut_off() {
    for tail in [&b"{\"source\":\"to"[..], &[0; 4096], b"\0\0\0\n{}\n", b"garbage\n", b"\xff\xfe\n"] {
        let output = tempfile::tempdir().unwrap();
        let mut first = ledger(&output);
        first.record(&[line(0), line(1)]).unwrap();
        first.announce(&[line(2)]).unwrap();
        drop(first);
        let whole = read(&output, MANIFEST);
        append(&output, MANIFEST, tail);
        append(&output, JOURNAL, tail);
        append(&output, UNOPENED, tail);
        let second = ledger(&output);
        assert_eq!(second.line(&line(2).source, None).unwrap(), Some(line(2)), "what was announced is adopted");
        end(second);
        assert!(read(&output, MANIFEST).starts_with(&whole) && read(&output, MANIFEST).lines().count() == 3);
        assert_eq!(read(&output, UNOPENED), "");
    }
}

#[test]
fn a_manifest_that_somebody_has_changed_is_told() {
    let output = tempfile::tempdir().unwrap();
    let mut first = ledger(&output);
    first.record(&[line(0), line(1)]).unwrap();
    end(first);
    let text = read(&output, MANIFEST);
    fs::write(output.path().join(MANIFEST), format!("nonsense\n{text}")).unwrap();
    let error = Ledger::open(&Files::default(), output.path()).unwrap_err();
    assert!(matches!(error, EgressError::Manifest { line: 1, .. }), "{error}");
}

#[test]
fn the_journal_is_emptied_before_it_is_long() {
    let output = tempfile::tempdir().unwrap();
    let mut ledger = ledger(&output);
    for batch in 0..80 {
        let lines: Vec<_> = (batch * 1000..(batch + 1) * 1000).map(line).collect();
        ledger.announce(&lines).unwrap();
        ledger.record(&lines).unwrap();
        assert!(fs::metadata(output.path().join(JOURNAL)).unwrap().len() < 5 * 1024 * 1024);
    }
    assert!(fs::metadata(output.path().join(MANIFEST)).unwrap().len() > 5 * 1024 * 1024);
}

/// Bytes of memory that the process has now.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Run alone, with `--ignored --nocapture`: other tests of the process would be counted too.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes minutes without optimisation"]
fn a_million_items_take_less_than_a_hundred_mebibytes() {
    const ITEMS: u64 = 1_000_000;
    let output = tempfile::tempdir().unwrap();
    let before = resident();
    let (mut ledger, mut names) = (ledger(&output), Names::default());
    for batch in 0..ITEMS / 1000 {
        let lines: Vec<_> = (batch * 1000..(batch + 1) * 1000).map(line).collect();
        for line in &lines {
            let (directory, name) = line.source.rsplit_once('/').unwrap();
            assert_eq!(names.next_free(directory, name), name);
        }
        ledger.announce(&lines).unwrap();
        ledger.record(&lines).unwrap();
    }
    let while_written = resident() - before;
    end(ledger);
    let reopened = super::tests::ledger(&output);
    assert_eq!(reopened.line(&line(ITEMS - 1).source, None).unwrap(), Some(line(ITEMS - 1)));
    let both = resident() - before;
    println!("{} and {} MiB for {ITEMS} items", while_written >> 20, both >> 20);
    assert!(while_written.max(both) <= 100 << 20);
}

#[test]
fn a_path_that_leads_out_of_the_output_is_no_line() {
    let read = |member: &str, path: &str| {
        let line = format!(r#"{{"source":"data/a","{member}":"{path}","bytes":1,"sha256":"00","status":"converted"}}"#);
        serde_json::from_str::<Line>(&line).is_ok()
    };
    for path in ["../a", "data/../../a", "/etc/a", "", "a\\u0000b"] {
        assert!(!read("output", path) && !read("name", path), "{path}");
    }
    assert!(read("output", "data/..a/b") && read("name", "a"));
}
