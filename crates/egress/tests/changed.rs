//! Bundles that are not what they were when a line was written: what is made of them is what a new output holds (EGR-43).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::{Made, tar};
use sealwright_egress::{Fields, Options, SessionMap, Shard, Summary, UnknownHash, merge, run};
use sealwright_envelope::{self as envelope, message};
use sealwright_types::Coded as _;
use std::fs;
use std::path::Path;
use support::{confirmed, snapshot};
use tempfile::tempdir;

impl Made {
    fn goes_on(&self, output: &Path, options: &Options) -> Summary {
        run(self.directory.path(), output, options, &()).unwrap()
    }

    /// Runs into the output, which then holds what a new one does, and needs nothing more.
    fn becomes(&self, output: &Path, options: &Options) {
        let summary = self.goes_on(output, options);
        let new = tempdir().unwrap();
        assert_eq!(self.goes_on(new.path(), options), summary);
        let (continued, fresh) = (snapshot(output), snapshot(new.path()));
        assert_eq!(continued.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>());
        for (name, content) in &fresh {
            assert!(continued[name] == *content, "{name}: {}", String::from_utf8_lossy(&continued[name]));
        }
        let runs = runs(output);
        self.goes_on(output, options);
        assert_eq!(self::runs(output), runs, "nothing is left to be done");
    }

    fn rows(&self, count: usize) -> String {
        let text = || message::seal(&self.key, self.session, "text").unwrap();
        (0..count).map(|_| format!("{}\n", serde_json::json!({ "top": text(), "in": { "deep": text() } }))).collect()
    }

    fn remove(&self, source: &str) {
        let path = self.directory.path().join(source);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
}

fn runs(output: &Path) -> usize {
    fs::read_to_string(output.join("runs.jsonl")).unwrap_or_default().lines().count()
}

#[test]
fn a_file_of_another_bundle_with_the_same_name_and_length_is_opened() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    made.add("data/1.seald", made.container("a.txt", b"one"));
    made.becomes(output.path(), &confirmed());
    let former = fs::metadata(made.directory.path().join("data/1.seald")).unwrap().len();
    made.add("data/1.seald", made.container("a.txt", b"two"));
    assert_eq!(fs::metadata(made.directory.path().join("data/1.seald")).unwrap().len(), former);
    made.becomes(output.path(), &confirmed());
    assert_eq!(fs::read(output.path().join("data/a.txt")).unwrap(), b"two");
}

#[test]
fn a_plain_file_that_becomes_a_container_is_opened() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    made.add("data/1.seald", "half of an upload");
    assert_eq!(made.goes_on(output.path(), &confirmed()).plain, 1);
    made.add("data/1.seald", made.container("a.txt", b"one"));
    made.becomes(output.path(), &confirmed());
}

#[test]
fn a_record_file_that_grows_or_shrinks_is_written_again() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    for rows in [1, 5, 2] {
        made.add("messages/a.jsonl", made.rows(rows));
        made.becomes(output.path(), &confirmed());
    }
}

#[test]
fn what_the_options_decide_is_made_anew() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    made.add("messages/a.jsonl", made.rows(2));
    made.add("data/raw.bin", envelope::seal(&made.key, b"raw").unwrap());
    made.add("data/1.seald", made.container("a.txt", b"one"));
    made.add("data/plain.txt", "plain");
    made.add("data/all.tar", tar(&[("in.txt", b"plain"), ("raw", &envelope::seal(&made.key, b"raw").unwrap())]));
    let mut named = confirmed();
    let mut fields = Fields::default();
    fields.pointers = vec!["/in/deep".to_owned()];
    named.fields = fields;
    let lines = ["data/raw.bin", "data/all.tar!raw", "messages/a.jsonl"]
        .map(|source| format!("{}\n", serde_json::json!({ "source": source, "sessionId": made.session })));
    let map = made.directory.path().parent().unwrap().join(format!("map-{}.jsonl", made.session));
    fs::write(&map, lines.concat()).unwrap();
    named.session_map = SessionMap::read(&map).unwrap();
    fs::remove_file(map).unwrap();
    let mut copied = confirmed();
    copied.copy_plain = true;
    made.becomes(output.path(), &confirmed());
    made.becomes(output.path(), &copied);
    made.goes_on(output.path(), &named);
    let deep = fs::read_to_string(output.path().join("messages/a.jsonl")).unwrap();
    assert!(deep.contains(r#""deep":"text""#) && !deep.contains(r#""top":"text""#), "{deep}");
    assert_eq!(fs::read(output.path().join("data/raw.bin")).unwrap(), b"raw");

    // More keys are tried: what is open needs none of them.
    let before = runs(output.path());
    named.unknown_hash = UnknownHash::TryAll;
    made.goes_on(output.path(), &named);
    assert_eq!(runs(output.path()), before);
}

#[test]
fn an_output_that_does_not_say_what_its_sources_were_is_made_again() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    made.add("messages/a.jsonl", made.rows(1));
    made.add("data/1.seald", made.container("a.txt", b"one"));
    made.goes_on(output.path(), &confirmed());
    let manifest = output.path().join("manifest.jsonl");
    let mut text = String::new();
    for line in fs::read_to_string(&manifest).unwrap().lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line.as_object_mut().unwrap().remove("sourceState").is_some());
        text.push_str(&format!("{line}\n"));
    }
    fs::write(manifest, text).unwrap();
    made.becomes(output.path(), &confirmed());
}

#[test]
fn what_is_not_in_the_bundle_any_more_is_told() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    for name in ["1", "2"] {
        made.add(&format!("data/{name}.seald"), made.container(name, b"content"));
    }
    made.add("messages/a.jsonl", made.rows(1));
    made.becomes(output.path(), &confirmed());
    let complete = snapshot(output.path());
    let data = made.directory.path().join("data");
    fs::rename(&data, made.directory.path().join("elsewhere")).unwrap();
    for _ in 0..2 {
        let summary = made.goes_on(output.path(), &confirmed());
        assert_eq!((summary.missing, summary.converted, summary.exit_status()), (2, 3, 3));
    }
    let report: serde_json::Value = serde_json::from_slice(&snapshot(output.path())["report.json"]).unwrap();
    assert_eq!(report["coverage"]["missing"]["first"], serde_json::json!(["data/1.seald", "data/2.seald"]));
    fs::rename(made.directory.path().join("elsewhere"), data).unwrap();
    assert_eq!(made.goes_on(output.path(), &confirmed()).exit_status(), 0);
    assert!(snapshot(output.path()) == complete);
}

#[test]
fn members_that_an_archive_does_not_hold_any_more_are_told() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    let sealed = made.container("a.txt", b"one");
    made.add("data/all.tar", tar(&[("1", &sealed), ("2", b"plain"), ("3", &sealed)]));
    made.becomes(output.path(), &confirmed());
    made.add("data/all.tar", tar(&[("2", b"plain"), ("4", &sealed)]));
    for runs in [2, 2] {
        let summary = made.goes_on(output.path(), &confirmed());
        assert_eq!((summary.missing, summary.exit_status()), (2, 3));
        assert_eq!(self::runs(output.path()), runs, "the archive is finished");
    }
}

#[test]
fn a_bundle_without_data_has_nothing_to_open() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    let summary = made.goes_on(output.path(), &confirmed());
    assert_eq!((summary.items(), summary.exit_status()), (0, 0));
    assert!(fs::read_to_string(output.path().join("report.html")).unwrap().contains("There was nothing to open."));
}

#[test]
fn a_shard_that_lists_what_is_not_there_is_not_merged() {
    let (made, output, merged) = (Made::new(), tempdir().unwrap(), tempdir().unwrap());
    made.add("data/1.seald", made.container("a.txt", b"one"));
    made.add("data/all.tar", tar(&[("1", b"one"), ("2", b"two")]));
    let mut options = confirmed();
    options.shard = Some(Shard::new(0, 1).unwrap());
    made.goes_on(output.path(), &options);
    made.add("data/all.tar", tar(&[("2", b"two")]));
    assert_eq!(made.goes_on(output.path(), &options).missing, 1);
    let refused = merge(&[output.path().to_owned()], merged.path(), &confirmed(), &()).unwrap_err();
    assert!(refused.code() == "shards-incomplete" && refused.to_string().contains("members"), "{refused}");
    made.remove("data/1.seald");
    assert_eq!(made.goes_on(output.path(), &options).missing, 2);
}
