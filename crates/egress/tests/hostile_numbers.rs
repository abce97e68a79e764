//! Ledgers and reports come from other machines, and their numbers may be any: every command that reads them gives an answer or an error with
//! a code, and no sum overflows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
#[allow(dead_code, reason = "other tests need more")]
mod support;

use made::Made;
use sealwright_egress::{EgressError, Options, Report, Shard, diff, merge, pack, run, verify};
use sealwright_envelope::message;
use sealwright_types::{Coded as _, SessionId};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use support::confirmed;
use tempfile::{TempDir, tempdir};

/// Items of every kind, some of which stay closed.
fn bundle() -> Made {
    let made = Made::new();
    let mut archive = tar::Builder::new(Vec::new());
    for number in 0..8 {
        made.add(&format!("data/{number}.seald"), made.container("same.txt", b"content"));
        let member = made.container("member.txt", b"member");
        let mut header = tar::Header::new_ustar();
        header.set_size(member.len() as u64);
        archive.append_data(&mut header, format!("{number}.seald"), member.as_slice()).unwrap();
        let sessions = [made.session, SessionId::random().unwrap()];
        let rows = sessions.map(|session| json!({ "body": message::seal(&made.key, session, "text").unwrap() }));
        made.add(&format!("messages/{number}.jsonl"), format!("{}\n{}\n", rows[0], rows[1]));
    }
    let archive = archive.into_inner().unwrap();
    made.add("data/one.tar", &archive);
    made.add("data/other.tar", &archive);
    made
}

/// Replaces every number by the largest.
fn enlarge(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_u64() => *value = json!(u64::MAX),
        Value::Array(values) => values.iter_mut().for_each(enlarge),
        Value::Object(members) => members.values_mut().for_each(enlarge),
        _ => {}
    }
}

fn forget_outputs(line: &mut Value) {
    let members = line.as_object_mut().unwrap();
    for name in ["name", "output", "outputs", "bytes", "sha256"] {
        members.remove(name);
    }
}

/// Changes the files of an output that other commands read. What has no outputs is not compared with anything.
fn make_hostile(output: &Path, outputs: bool) {
    for name in ["manifest.jsonl", "runs.jsonl"] {
        let path = output.join(name);
        let lines = fs::read_to_string(&path).unwrap();
        let lines = lines.lines().map(|line| {
            let mut line = serde_json::from_str(line).unwrap();
            enlarge(&mut line);
            if !outputs && name == "manifest.jsonl" {
                forget_outputs(&mut line);
            }
            format!("{line}\n")
        });
        let lines: String = lines.collect();
        fs::write(path, lines).unwrap();
    }
    let path = output.join("report.json");
    let mut report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    enlarge(&mut report["summary"]);
    enlarge(&mut report["coverage"]);
    for name in ["users", "malformedRecordCount", "revokedRecords"] {
        report["bundle"][name] = json!(u64::MAX);
    }
    // Whoever changes a manifest says so in the report.
    let sha256 = verify(output, &Options::default(), &()).unwrap().manifest_sha256;
    let manifest = fs::read_to_string(output.join("manifest.jsonl")).unwrap();
    report["manifest"] = json!({ "lines": manifest.lines().count(), "bytes": manifest.len(), "sha256": sha256 });
    assert!(serde_json::from_value::<Report>(report.clone()).is_ok(), "{report}");
    fs::write(path, report.to_string()).unwrap();
}

fn answered<T>(result: Result<T, EgressError>) -> Result<T, &'static str> {
    result.map_err(|error| error.code())
}

#[test]
fn no_number_of_a_ledger_or_a_report_is_too_large() {
    let made = bundle();
    let shards: Vec<TempDir> = (0..2).map(|_| tempdir().unwrap()).collect();
    for (index, shard) in (0..).zip(&shards) {
        let mut options = confirmed();
        options.shard = Some(Shard::new(index, 2).unwrap());
        run(made.directory.path(), shard.path(), &options, &()).unwrap();
    }
    let paths: Vec<PathBuf> = shards.iter().map(|shard| shard.path().to_owned()).collect();
    let (whole, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
    run(made.directory.path(), whole.path(), &confirmed(), &()).unwrap();
    for outputs in [true, false] {
        let merged = elsewhere.path().join(format!("merged-{outputs}"));
        paths.iter().map(PathBuf::as_path).chain([whole.path()]).for_each(|output| make_hostile(output, outputs));
        for output in [whole.path(), &paths[0], &paths[1]] {
            let verified = answered(verify(output, &Options::default(), &())).unwrap();
            // Without outputs in its lines, the files are those that nobody lists.
            assert_eq!((verified.changed.is_empty(), verified.unlisted.is_empty()), (!outputs, outputs));
            assert_eq!((verified.not_finished, verified.exit_status()), (None, 1));
            let differences = diff(output, whole.path(), &Options::default(), |_| Ok::<_, EgressError>(()));
            answered(differences).unwrap();
        }
        let packed = answered(pack(whole.path(), &mut io::sink(), &Options::default(), &()));
        assert_eq!(packed.is_err(), outputs, "{packed:?}");
        let merged = answered(merge(&paths, &merged, &Options::default(), &()));
        assert_eq!(
            merged.map(|summary| summary.rows.records),
            if outputs { Err("output-changed") } else { Ok(u64::MAX) }
        );
    }
    // A run goes on from there, and its report adds everything up.
    let summary = run(made.directory.path(), whole.path(), &confirmed(), &()).unwrap();
    assert_eq!((summary.failed, summary.exit_status()), (0, 3));
}
