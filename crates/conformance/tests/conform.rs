//! The runner for other implementations, against small shims that answer rightly, wrongly, or not at all.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use sealwright_conformance::conform::{ConformError, Divergences, Level, Options, Outcome, Report, conform};
use sealwright_types::Coded as _;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

const INTRODUCTION: &str =
    r#"echo '{"protocol":"sealwright-shim-1","name":"shell","version":"1","operations":["envelope-open"]}'"#;
const RIGHT_1: &str =
    r#"{"id":"t-001","result":"valid","output":{"plaintext":{"base64":"YWJj"}},"released":{"len":3}}"#;
const RIGHT_2: &str = r#"{"id":"t-002","result":"invalid","error":"rejected","released":{"len":0}}"#;

/// Two tests of one operation and one of another.
fn vectors() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let abc = r#"{"len":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","base64":"YWJj","file":null}"#;
    let frame = |kind: &str, count: u8, tests: &str| {
        format!(
            r#"{{"schema":"sealwright-vectors/{kind}/1","source":{{"by":"a","how":"b"}},"notes":{{}},"count":{count},"tests":[{tests}]}}"#
        )
    };
    let test = |id: &str, rest: &str| {
        format!(r#"{{"id":"{id}","rule":"ENV-01","comment":"c","in":{{"key":"x","sealed":{abc}}},"flags":[],{rest}}}"#)
    };
    let first = test(
        "t-001",
        &format!(r#""result":"valid","error":null,"output":{{"plaintext":{abc}}},"released":{{"len":3}}"#),
    );
    let second = test("t-002", r#""result":"invalid","error":"rejected","output":null,"released":{"len":0}"#);
    let third = test("t-003", r#""result":"valid","error":null,"output":{"text":"t"}"#);
    std::fs::write(directory.path().join("a.json"), frame("envelope-open", 2, &format!("{first},{second}"))).unwrap();
    std::fs::write(directory.path().join("b.json"), frame("base64", 1, &third)).unwrap();
    directory
}

fn shell(script: &str) -> Vec<OsString> {
    ["sh", "-c", script].map(OsString::from).to_vec()
}

/// A shim that introduces itself and gives these answers, whatever it is asked.
fn answering(answers: &[&str]) -> Vec<OsString> {
    let each: String = answers.iter().map(|answer| format!("read -r question && echo '{answer}'\n")).collect();
    shell(&format!("{INTRODUCTION}\n{each}"))
}

fn run(command: &[OsString], divergences: &str) -> Result<Report, ConformError> {
    let mut options = Options::default();
    options.time_limit = Duration::from_secs(20);
    options.divergences = Divergences::parse(divergences.as_bytes()).unwrap();
    conform(vectors().path(), command, &options)
}

fn outcomes(report: &Report) -> Vec<(&str, Outcome)> {
    report.cases.iter().map(|case| (case.id.as_str(), case.outcome)).collect()
}

#[test]
fn right_answers_pass_and_what_is_not_claimed_is_unsupported() {
    let report = run(&answering(&[RIGHT_1, RIGHT_2]), "[]").unwrap();
    assert_eq!(report.implementation, "shell 1");
    assert_eq!((report.totals.total, report.totals.passed, report.totals.unsupported), (3, 2, 1));
    assert_eq!(outcomes(&report), [("t-003", Outcome::Unsupported)]);
    assert_eq!(report.levels[&Level::Reader].as_deref(), Some("base64"));
    assert_eq!(report.levels[&Level::Full].as_deref(), Some("base64"));
}

#[test]
fn questions_hold_the_bytes_and_stand_in_the_order_of_the_vectors() {
    let wanted = r#"{"id":"t-001","in":{"key":"x","sealed":{"base64":"YWJj"}},"op":"envelope-open"}"#;
    let script = format!(
        "{INTRODUCTION}\nread -r question; [ \"$question\" = '{wanted}' ] || exit 7; echo '{RIGHT_1}'; read -r question; echo '{RIGHT_2}'"
    );
    assert_eq!(run(&shell(&script), "[]").unwrap().totals.passed, 2);
}

#[test]
fn wrong_verdicts_codes_outputs_and_early_plaintext_fail() {
    let other_output = RIGHT_1.replace("YWJj", "YWJk");
    let early = RIGHT_2.replace(r#""len":0"#, r#""len":1"#);
    let other_code = RIGHT_2.replace("rejected", "malformed");
    let accepted = RIGHT_1.replace("t-001", "t-002");
    let refused = RIGHT_2.replace("t-002", "t-001");
    let more = RIGHT_1.replace(r#""len":3"#, r#""len":4"#);
    for (answers, failed) in [
        ([other_output.as_str(), RIGHT_2], "t-001"),
        ([refused.as_str(), RIGHT_2], "t-001"),
        ([more.as_str(), RIGHT_2], "t-001"),
        ([RIGHT_1, early.as_str()], "t-002"),
        ([RIGHT_1, other_code.as_str()], "t-002"),
        ([RIGHT_1, accepted.as_str()], "t-002"),
    ] {
        let report = run(&answering(&answers), "[]").unwrap();
        assert_eq!((report.totals.passed, report.totals.failed), (1, 1), "{answers:?}");
        assert_eq!(outcomes(&report)[0], (failed, Outcome::Failed), "{answers:?}");
    }
}

#[test]
fn a_list_of_divergences_hides_exactly_what_it_says() {
    let early = RIGHT_2.replace(r#""len":0"#, r#""len":1"#);
    let other_code = RIGHT_2.replace("rejected", "malformed");
    let entry = |answer: &str| format!(r#"[{{"tests":["t-002"],"answer":"{answer}","reason":"why"}}]"#);
    for (answer, listed, outcome) in [
        (early.as_str(), "released", Outcome::KnownDivergence),
        (other_code.as_str(), "malformed", Outcome::KnownDivergence),
        (other_code.as_str(), "valid", Outcome::Failed),
        (early.as_str(), "rejected", Outcome::Failed),
        (RIGHT_2, "released", Outcome::Failed),
    ] {
        let report = run(&answering(&[RIGHT_1, answer]), &entry(listed)).unwrap();
        assert_eq!(outcomes(&report)[0], ("t-002", outcome), "{answer} {listed}");
    }
    let unknown = r#"[{"tests":["t-009"],"answer":"valid","reason":"why"}]"#;
    let report = run(&answering(&[RIGHT_1, RIGHT_2]), unknown).unwrap();
    assert_eq!(outcomes(&report).last(), Some(&("t-009", Outcome::Failed)));
    for bad in [
        "{}",
        r#"[{"tests":["a"],"answer":"valid","reason":" "}]"#,
        r#"[{"tests":["a","a"],"answer":"valid","reason":"r"}]"#,
        r#"[{"tests":["a"],"answer":"valid","reason":"r","more":1}]"#,
    ] {
        assert!(Divergences::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn an_answer_may_say_that_a_question_cannot_be_asked() {
    let unsupported = r#"{"id":"t-002","result":"unsupported","reason":"no streams"}"#;
    let report = run(&answering(&[RIGHT_1, unsupported]), "[]").unwrap();
    assert_eq!((report.totals.passed, report.totals.unsupported, report.totals.failed), (1, 2, 0));
    assert_eq!(report.cases[0].why, "no streams");
    // CONF-11: where nothing ran, nothing has succeeded.
    let first = unsupported.replace("t-002", "t-001");
    let other = INTRODUCTION.replace("envelope-open", "envelope-opne");
    for command in [answering(&[&first, unsupported]), shell(&format!("{other}; read -r nothing; exit 0"))] {
        let error = run(&command, "[]").map(|report| report.totals).unwrap_err();
        assert_eq!(error.code(), "unsupported", "{command:?}: {error}");
    }
}

#[test]
fn whoever_breaks_the_protocol_ends_the_run() {
    let no_output = r#"{"id":"t-001","result":"valid"}"#;
    let both = r#"{"id":"t-001","result":"valid","output":{},"error":"rejected"}"#;
    let other_word = r#"{"id":"t-001","result":"ok"}"#;
    for (command, code) in [
        (shell("echo hello"), "shim-protocol"),
        (shell(r#"echo '{"protocol":"other","name":"a","version":"1","operations":["base64"]}'"#), "shim-protocol"),
        (shell(r#"echo '{"protocol":"sealwright-shim-1","name":"a","version":"1","operations":[]}'"#), "shim-protocol"),
        (shell("exit 3"), "shim-ended"),
        (answering(&[RIGHT_2]), "shim-protocol"),
        (answering(&["nothing"]), "shim-protocol"),
        (answering(&[no_output]), "shim-protocol"),
        (answering(&[both]), "shim-protocol"),
        (answering(&[other_word]), "shim-protocol"),
        (answering(&[RIGHT_1]), "shim-ended"),
        (shell(&format!("{INTRODUCTION}\nread -r q; printf '{{}}'")), "shim-protocol"),
        (answering(&[RIGHT_1, RIGHT_2, RIGHT_2]), "shim-ended"),
        (
            shell(&format!("{INTRODUCTION}\nread -r q; echo '{RIGHT_1}'; read -r q; echo '{RIGHT_2}'; exit 5")),
            "shim-ended",
        ),
        (vec!["./no-such-program".into()], "shim-not-started"),
        (Vec::new(), "shim-not-started"),
    ] {
        let error = run(&command, "[]").map(|report| report.totals).unwrap_err();
        assert_eq!(error.code(), code, "{command:?}: {error}");
    }
}

#[test]
fn a_shim_that_hangs_is_ended() {
    let mut options = Options::default();
    options.time_limit = Duration::from_millis(300);
    let command = shell(&format!("{INTRODUCTION}\nexec sleep 600"));
    let error = conform(vectors().path(), &command, &options).map(|report| report.totals).unwrap_err();
    assert_eq!(error.code(), "shim-late");
}

#[test]
fn no_vectors_are_an_error() {
    let error = conform(Path::new("no-such-directory"), &answering(&[]), &Options::default()).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "io");
}
