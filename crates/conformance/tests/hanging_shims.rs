//! Shims that do not go on: the time limit holds at every step, and nothing of them is left behind (CONF-06).
//!
//! One test in a program of its own: it counts threads.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use sealwright_conformance::conform::{ConformError, Options, conform};
use sealwright_types::Coded as _;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(300);
/// Enough for a shell to start and answer.
const LONG: Duration = Duration::from_secs(3);
/// Far below what the shims sleep, far above what a slow machine takes.
const SOON: Duration = Duration::from_secs(15);

const INTRODUCTION: &str =
    r#"echo '{"protocol":"sealwright-shim-1","name":"shell","version":"1","operations":["base64"]}'"#;
const ANSWER: &str = r#"echo '{"id":"t-001","result":"valid","output":{"text":"t"}}'"#;

/// One test with a text of this length.
fn vectors(directory: &Path, length: usize) {
    let text = "x".repeat(length);
    let test = format!(
        r#"{{"id":"t-001","rule":"B64-01","comment":"c","in":{{"text":"{text}"}},"result":"valid","error":null,"output":{{"text":"t"}},"flags":[]}}"#
    );
    let file = format!(
        r#"{{"schema":"sealwright-vectors/base64/1","source":{{"by":"a","how":"b"}},"notes":{{}},"count":1,"tests":[{test}]}}"#
    );
    fs::write(directory.join("a.json"), file).unwrap();
}

/// The code of the error, and how long it took.
fn refused(directory: &Path, script: &str, limit: Duration, is_interrupted: fn() -> bool) -> (&'static str, Duration) {
    let mut options = Options::default();
    (options.time_limit, options.is_interrupted) = (limit, is_interrupted);
    let command = ["sh", "-c", script].map(OsString::from);
    let started = Instant::now();
    let code = conform(directory, &command, &options).map(|report| report.totals).map_err(|error| match error {
        ConformError::Shim(error) => error.code(),
        other => panic!("{other}"),
    });
    (code.unwrap_err(), started.elapsed())
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// The system may list a thread for a moment after it was joined.
fn are_gone(before: usize) -> bool {
    (0..100).any(|_| {
        threads() == before || {
            sleep(Duration::from_millis(20));
            false
        }
    })
}

#[test]
fn conf_06_a_shim_that_does_not_go_on_is_ended_in_time_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (small, large) = (place.path().join("small"), place.path().join("large"));
    for (directory, length) in [(&small, 1), (&large, 300_000)] {
        fs::create_dir(directory).unwrap();
        vectors(directory, length);
    }
    // Whatever the shim has started would say so after the limit.
    let alive = place.path().join("alive");
    let child = format!("(sleep 5; echo > '{}') & sleep 600", alive.display());
    let before = threads();
    for (directory, script, code) in [
        (&small, child.clone(), "shim-late"),
        (&small, format!("exec >&-; {child}"), "shim-late"),
        (&small, format!("{INTRODUCTION}; {child}"), "shim-late"),
        (&small, format!("{INTRODUCTION}; exec >&-; {child}"), "shim-late"),
        (&small, format!("{INTRODUCTION}; exec <&-; {child}"), "shim-late"),
        (&small, format!("{INTRODUCTION}; read -r q; {ANSWER}; {child}"), "shim-ended"),
        (&small, format!("{INTRODUCTION}; read -r q; {ANSWER}; exec >&-; {child}"), "shim-ended"),
        (&small, format!("{INTRODUCTION}; read -r q; exec sh -c 'while :; do {child}; done'"), "shim-late"),
        (&large, format!("{INTRODUCTION}; {child}"), "shim-late"),
        (&large, format!("{INTRODUCTION}; exec >&-; {child}"), "shim-late"),
        // It ends without reading, or as it should, and what it has started goes on.
        (&large, format!("{INTRODUCTION}; exit 3"), "shim-ended"),
        (&small, format!("{INTRODUCTION}; (exec >&- <&-; {child}) & exec >&-; exit 3"), "shim-ended"),
    ] {
        let limit = if code == "shim-late" { SHORT } else { LONG };
        let (got, took) = refused(directory, &script, limit, || false);
        assert_eq!(got, code, "{script}");
        assert!(took < SOON, "{took:?} for {script}");
        assert!(are_gone(before), "{script}");
    }
    for script in [format!("{INTRODUCTION}; {child}"), format!("{INTRODUCTION}; exec >&-; {child}")] {
        let (got, took) = refused(&large, &script, Duration::MAX, || true);
        assert_eq!(got, "shim-interrupted", "{script}");
        assert!(took < SOON, "{took:?} for {script}");
    }
    assert!(are_gone(before));
    sleep(Duration::from_secs(6));
    assert!(!alive.exists(), "a process was left behind");
}
