//! The vectors of the repository: all as expected, and exactly what the generator gives.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use sealwright_conformance::{LoadError, check, generate};
use sealwright_types::Coded as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

#[test]
fn every_vector_is_as_expected_through_every_door() {
    let outcome = check(&vectors()).unwrap();
    assert_eq!(outcome.failures, []);
    let totals = outcome.totals;
    assert_eq!((totals.failed, totals.passed + totals.unsupported), (0, totals.total));
    assert!(totals.total >= 3_000 && totals.unsupported == 0, "{totals:?}");
    assert!(totals.invalid * 100 >= totals.total * 45, "{totals:?}");
    assert_eq!(outcome.files.iter().map(|file| file.totals.total).sum::<u64>(), totals.total);
    assert_eq!(outcome.files.len(), files().len());
    // Every kind that has a schema has tests that ran.
    for entry in std::fs::read_dir(vectors().join("schemas")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let kind = name.strip_suffix(".json").unwrap();
        assert!(outcome.files.iter().any(|file| file.kind == kind && file.totals.passed > 0), "{kind}");
    }
}

/// The directories of vectors that the generator makes.
const GENERATED: &[&str] =
    &["egress-rules", "encodings", "envelope", "identity", "keys", "process", "rights", "session", "sigchain"];

#[test]
fn the_generator_changes_nothing() {
    let vectors = vectors();
    let made = generate::files(&vectors).unwrap();
    for (name, content) in &made {
        let present = std::fs::read(vectors.join(name)).unwrap_or_default();
        assert!(present == *content, "{name} is not what the generator gives: run it and commit");
    }
    // Nothing that it once made stays behind.
    let made: BTreeSet<_> = made.keys().map(|name| vectors.join(name)).collect();
    let others = ["envelope/material", "identity/material", "schemas"];
    for directory in GENERATED.iter().chain(&others) {
        for entry in std::fs::read_dir(vectors.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.is_dir() || made.contains(&path), "{} is not made any more", path.display());
        }
    }
}

/// The derivations are computed by another language with another library.
#[test]
fn the_generator_of_derivations_changes_nothing() {
    let script = vectors().join("gen/derivation.py");
    match Command::new("python3").arg(script).arg("--check").output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => println!("skipped: Python is not here"),
    }
}

/// A copy of one small vector file, changed.
fn changed(change: impl FnOnce(String) -> String) -> Result<sealwright_conformance::Outcome, LoadError> {
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(vectors().join("encodings/base64.json")).unwrap();
    std::fs::write(directory.path().join("a.json"), change(text)).unwrap();
    check(directory.path())
}

#[test]
fn a_wrong_expectation_is_a_failure() {
    let right = changed(|text| text).unwrap();
    assert_eq!((right.totals.failed, right.files.len()), (0, 1));
    for (from, to) in [
        ("\"bytes\": \"68656c6c6f\"", "\"bytes\": \"68656c6c6e\""),
        ("\"error\": \"malformed\"", "\"error\": \"rejected\""),
        ("\"s64\": \"aGVsbG8\"", "\"s64\": \"aGVsbG8=\""),
        ("\"reading\": \"tolerant\"", "\"reading\": \"strict\""),
    ] {
        let wrong = changed(|text| text.replacen(from, to, 99)).unwrap();
        assert!(wrong.totals.failed > 0, "{to}");
        assert_eq!(wrong.failures.len() as u64, wrong.totals.failed);
        assert_eq!(wrong.totals.passed + wrong.totals.failed, wrong.totals.total);
    }
}

/// Every vector file of the repository.
fn files() -> Vec<PathBuf> {
    let directories = GENERATED.iter().chain(&["derivation"]);
    let files = directories.flat_map(|directory| std::fs::read_dir(vectors().join(directory)).unwrap());
    files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == "json"))
        .collect()
}

/// In every file one test that accepts and one that refuses, each with the verdict turned around.
#[test]
fn no_kind_passes_whatever_is_expected() {
    let mut turned = BTreeSet::new();
    for path in files() {
        let mut content: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let kind = content["schema"].as_str().unwrap().split('/').nth(1).unwrap().to_owned();
        // Material in files of its own stays where it is.
        let inline = |test: &&Value| !test["in"].to_string().contains("\"file\":\"");
        let tests: Vec<_> = content["tests"].as_array().unwrap().iter().filter(inline).cloned().collect();
        let output = tests.iter().map(|test| &test["output"]).find(|output| !output.is_null());
        let mut wrong = Vec::new();
        for (from, to) in [("valid", "invalid"), ("invalid", "valid")] {
            let Some(mut test) = tests.iter().find(|test| test["result"] == from).cloned() else { continue };
            let Some(output) = output else { continue };
            test["result"] = to.into();
            test["flags"] = Value::Array(Vec::new());
            test["error"] = if to == "invalid" { "rejected".into() } else { Value::Null };
            test["output"] = if to == "invalid" { Value::Null } else { output.clone() };
            if !test["released"].is_null() {
                test["released"]["len"] = 0.into();
            }
            wrong.push(test);
            turned.insert((kind.clone(), from));
        }
        content["notes"] = Value::Object(serde_json::Map::new());
        content["count"] = wrong.len().into();
        content["tests"] = Value::Array(wrong);
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.json"), content.to_string()).unwrap();
        match check(directory.path()) {
            Ok(outcome) => {
                assert_eq!((outcome.totals.passed, outcome.totals.unsupported), (0, 0), "{}", path.display())
            }
            Err(error) => assert!(matches!(error, LoadError::Nothing(_)), "{}: {error}", path.display()),
        }
    }
    for entry in std::fs::read_dir(vectors().join("schemas")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(turned.contains(&(name.trim_end_matches(".json").to_owned(), "valid")), "{name}");
    }
}

#[test]
fn a_file_that_is_not_as_it_has_to_be_is_refused() {
    for (from, to, why) in [
        ("\"count\": ", "\"count\": 1", "count is"),
        ("\"comment\":", "\"coment\":", "unknown field"),
        ("\"reading\":", "\"more\": 1, \"reading\":", "unknown field"),
        ("\"reading\": \"strict\"", "\"reading\": \"lax\"", "unknown variant"),
        ("\"result\": \"valid\"", "\"result\": \"fine\"", "unknown variant"),
        ("\"id\": \"b64-002\"", "\"id\": \"b64-001\"", "stands there twice"),
        ("\"rule\": \"B64-01\"", "\"rule\": \"B64-1\"", "is no rule of this kind"),
        ("\"rule\": \"B64-01\"", "\"rule\": \"ENV-01\"", "is no rule of this kind"),
        ("\"error\": \"malformed\"", "\"error\": null", "does not fit the result"),
        ("\"flags\": [\n        \"Base64Junk\"", "\"flags\": [\n        \"Other\"", "is not explained"),
        (
            "\"notes\": {",
            "\"notes\": {\"Other\": {\"bug\": \"x\", \"effect\": \"x\", \"refs\": []},",
            "no test carries",
        ),
        ("\"flags\": []", "\"released\": {\"len\": 0}, \"flags\": []", "released does not fit"),
        ("sealwright-vectors/base64/1", "base64", "unknown schema"),
    ] {
        let Err(LoadError::Invalid { file, why: got }) = changed(|text| text.replacen(from, to, 1)) else {
            panic!("{to}")
        };
        assert!(file == "a.json" && got.contains(why), "{to}: {got}");
    }
}

#[test]
fn unknown_kinds_and_versions_are_counted() {
    for to in ["sealwright-vectors/base64/2", "sealwright-vectors/base32/1"] {
        let known = std::fs::read_to_string(vectors().join("encodings/base64.json")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.json"), known.replace("sealwright-vectors/base64/1", to)).unwrap();
        // A gate does not stay green because nothing ran.
        let Err(error) = check(directory.path()) else { panic!("{to}") };
        assert!(matches!(error, LoadError::NothingKnown(_)) && error.code() == "unsupported", "{to}: {error}");
        std::fs::write(directory.path().join("b.json"), known).unwrap();
        let totals = check(directory.path()).unwrap().totals;
        assert!(totals.passed > 100 && totals.unsupported == totals.passed && totals.failed == 0, "{totals:?}");
        assert_eq!(totals.passed + totals.unsupported, totals.total);
    }
}

#[test]
fn the_count_of_every_file_is_that_of_its_tests() {
    for (count, tests) in [("18446744073709551615", "[]"), ("3", "[]"), ("0", "[{}]"), ("1", "[1,[2]]"), ("2", "[{}]")]
    {
        let file = format!(r#"{{"schema":"sealwright-vectors/none/1","count":{count},"tests":{tests}}}"#);
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.json", "b.json"] {
            std::fs::write(directory.path().join(name), &file).unwrap();
        }
        let Err(LoadError::Invalid { file, why }) = check(directory.path()) else { panic!("{count} {tests}") };
        assert!(file == "a.json" && why.starts_with(&format!("count is {count}, but there are ")), "{why}");
    }
    for wrong in [r#"{"schema":"sealwright-vectors/none/1","count":-1,"tests":[]}"#, r#"{"schema":"s/a/1","count":0}"#]
    {
        assert!(matches!(changed(|_| wrong.to_owned()), Err(LoadError::Invalid { .. })), "{wrong}");
    }
}

#[test]
fn nothing_to_run_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(check(directory.path()), Err(LoadError::Nothing(_))));
    assert!(matches!(check(&directory.path().join("nowhere")), Err(LoadError::Io { .. })));
    let empty = r#"{"schema":"sealwright-vectors/none/1","count":0,"tests":[]}"#;
    assert!(matches!(changed(|_| empty.to_owned()), Err(LoadError::Nothing(_))));
}

#[test]
fn material_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(vectors().join("envelope/open-peers.json")).unwrap();
    let name = "envelope/material/";
    let first = text.split('"').find(|part| part.starts_with(name)).unwrap().to_owned();
    let run = |text: &str| {
        std::fs::write(directory.path().join("a.json"), text).unwrap();
        check(directory.path())
    };
    assert!(matches!(run(&text), Err(LoadError::Io { .. })), "the material is missing");
    for entry in std::fs::read_dir(vectors().join(name)).unwrap() {
        let path = entry.unwrap().path();
        let to = directory.path().join(name).join(path.file_name().unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(path, to).unwrap();
    }
    assert_eq!(run(&text).unwrap().totals.failed, 0);
    for elsewhere in ["../a.bin", "/etc/hostname", "envelope/../a.json"] {
        let Err(LoadError::Invalid { why, .. }) = run(&text.replace(&first, elsewhere)) else { panic!("{elsewhere}") };
        assert!(why.contains("leaves the directory"), "{why}");
    }
    std::fs::write(directory.path().join(&first), b"other bytes").unwrap();
    let Err(LoadError::Invalid { why, .. }) = run(&text) else { panic!("other bytes") };
    assert!(why.contains("another length or hash"), "{why}");
}

#[test]
fn totals_are_written_as_the_program_writes_them() {
    let text = serde_json::to_string(&sealwright_conformance::Totals::default()).unwrap();
    assert_eq!(
        text,
        r#"{"total":0,"valid":0,"invalid":0,"acceptable":0,"passed":0,"failed":0,"unsupported":0,"knownDivergences":0}"#
    );
}
