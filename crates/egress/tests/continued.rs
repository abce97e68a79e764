//! Runs that continue others: what an earlier one has published or announced stays exactly as it was.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::Made;
use sealwright_egress::{Action, Files, Line, Options, Status, Verdict, Watch, run, verify};
use sealwright_envelope::message;
use sealwright_types::{Coded as _, SessionId};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use support::{confirmed, snapshot};

impl Made {
    /// A record with a message that opens and one with a message that stays closed.
    fn half_open_records(&self) -> String {
        let row = |session| serde_json::json!({ "body": message::seal(&self.key, session, "text").unwrap() });
        format!("{}\n{}\n", row(self.session), row(SessionId::random().unwrap()))
    }
}

fn manifest(output: &Path) -> String {
    fs::read_to_string(output.join("manifest.jsonl")).unwrap()
}

#[test]
fn files_of_one_container_that_were_being_published_get_the_same_names_again() {
    let made = Made::new();
    made.add("data/1.seald", made.several(&[("a.txt", b"one"), ("b.txt", b"two"), ("a.txt", b"three")]));
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let complete = snapshot(output.path());
    assert_eq!(complete["data/a (1).txt"], b"three");

    // Announced, and killed before the last rename.
    fs::rename(output.path().join("manifest.jsonl"), output.path().join("journal.jsonl")).unwrap();
    fs::remove_file(output.path().join("data/a (1).txt")).unwrap();
    made.run(output.path());
    assert_eq!(snapshot(output.path()), complete);
}

#[test]
fn what_an_earlier_run_lists_is_not_withdrawn_with_an_announcement() {
    let made = Made::new();
    made.add("data/1.seald", made.several(&[("a.txt", b"one"), ("b.txt", b"two")]));
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let complete = snapshot(output.path());
    // Both are announced once more, one of them has changed meanwhile, and the container does not open any more.
    let announced = manifest(output.path()).replace("\"status\"", "\"warnings\":[\"again\"],\"status\"");
    fs::write(output.path().join("journal.jsonl"), announced).unwrap();
    fs::write(output.path().join("data/b.txt"), "changed").unwrap();
    made.add("session-keys.jsonl", "");
    made.run(output.path());
    assert_eq!(snapshot(output.path())["data/a.txt"], complete["data/a.txt"]);
}

#[test]
fn an_output_that_is_called_like_a_temporary_file_stays() {
    let made = Made::new();
    made.add("data/1.seald", made.container(".sealwright-mine.part", b"mine"));
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let outputs = || {
        let mut files = snapshot(output.path());
        // The report names the records, which are others afterwards.
        files.remove("report.json");
        files
    };
    let before = outputs();
    fs::write(output.path().join("data/.sealwright-other.part"), "left over").unwrap();
    made.add("session-keys.jsonl", "");
    made.run(output.path());
    assert_eq!(outputs(), before);
}

#[cfg(unix)]
#[test]
fn a_record_file_that_cannot_be_read_any_more_keeps_its_output() {
    let made = Made::new();
    made.add("messages/rows.jsonl", made.half_open_records());
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let complete = snapshot(output.path());

    let (records, elsewhere) =
        (made.directory.path().join("messages/rows.jsonl"), made.directory.path().join("elsewhere"));
    fs::rename(&records, &elsewhere).unwrap();
    std::os::unix::fs::symlink("nowhere", &records).unwrap();
    let summary = run(made.directory.path(), output.path(), &confirmed(), &()).unwrap();
    assert_eq!((summary.failed, summary.exit_status()), (1, 1));
    assert!(verify(output.path(), &Options::default(), &()).unwrap().unlisted.is_empty());

    fs::remove_file(&records).unwrap();
    fs::rename(&elsewhere, &records).unwrap();
    made.run(output.path());
    assert_eq!(snapshot(output.path()), complete);
}

#[cfg(unix)]
#[test]
fn an_output_where_the_data_are_is_refused() {
    for name in ["data", "messages", "identities"] {
        let (made, elsewhere) = (Made::new(), tempfile::tempdir().unwrap());
        let real = elsewhere.path().join("real");
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, made.directory.path().join(name)).unwrap();
        std::os::unix::fs::symlink(&real, elsewhere.path().join("another link")).unwrap();
        let other = elsewhere.path().join("another link/new/out");
        for output in [real.clone(), real.join("out"), other, elsewhere.path().to_owned()] {
            let refused = run(made.directory.path(), &output, &confirmed(), &()).unwrap_err();
            assert_eq!(refused.code(), "output-inside-bundle", "{name}: {}", output.display());
            assert!(fs::read_dir(&real).unwrap().next().is_none(), "{name}: {}", output.display());
        }
        assert_eq!(run(made.directory.path(), &elsewhere.path().join("out"), &confirmed(), &()).unwrap().failed, 0);
    }
}

#[cfg(unix)]
#[test]
fn rows_of_a_file_whose_name_is_not_utf8_stay_listed() {
    use std::os::unix::ffi::OsStrExt as _;
    let made = Made::new();
    fs::create_dir(made.directory.path().join("messages")).unwrap();
    for name in [&b"messages/\xfe.jsonl"[..], b"messages/\xff.jsonl"] {
        let path = made.directory.path().join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, made.half_open_records()).unwrap();
    }
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let before = snapshot(output.path());
    let unopened = String::from_utf8(before["unopened.jsonl"].clone()).unwrap();
    assert!(unopened.lines().count() == 2 && unopened.contains("6d657373616765732fff2e6a736f6e6c"), "{unopened}");
    made.run(output.path());
    assert_eq!(snapshot(output.path()), before);
}

/// Lets nothing get the name of one file.
#[derive(Debug)]
struct Guarded(&'static str);

impl Watch for Guarded {
    fn before(&self, action: Action<'_>, _: &Path) -> io::Result<Verdict> {
        match action {
            Action::Replace(name) | Action::Publish(name) if name.ends_with(self.0) => {
                Err(io::ErrorKind::PermissionDenied.into())
            }
            _ => Ok(Verdict::Proceed),
        }
    }
}

#[test]
fn an_output_that_cannot_be_written_fails_alone() {
    let made = Made::new();
    made.add("data/1.seald", made.several(&[("c.txt", b"c"), ("a.txt", b"a")]));
    made.add("data/2.seald", made.container("b.txt", b"b"));
    let output = tempfile::tempdir().unwrap();
    let (complete, former) = (made.run(output.path()), snapshot(output.path()));
    for name in ["data/a.txt", "data/b.txt"] {
        fs::remove_file(output.path().join(name)).unwrap();
    }
    let mut options = confirmed();
    options.files = Files::watched(Arc::new(Guarded("data/a.txt")));
    assert_eq!(run(made.directory.path(), output.path(), &options, &()).unwrap().failed, 1);
    let lines: Vec<Line> = manifest(output.path()).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0].status, lines[0].error.as_deref()), (Status::Failed, Some("io")));
    assert_eq!(lines[0].written(), complete[0].written(), "the names that it has stay with it");
    assert_eq!(lines[1], complete[1]);
    assert_eq!(fs::read(output.path().join("data/b.txt")).unwrap(), b"b");
    assert!(verify(output.path(), &Options::default(), &()).unwrap().unlisted.is_empty());

    made.run(output.path());
    assert_eq!(snapshot(output.path()), former);
}

#[test]
fn what_is_no_file_and_has_the_place_of_an_output_keeps_it() {
    let made = Made::new();
    made.add("data/1.seald", made.container("a.txt", b"a"));
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    fs::remove_file(output.path().join("data/a.txt")).unwrap();
    fs::create_dir_all(output.path().join("data/a.txt/in the way")).unwrap();
    let lines = made.run(output.path());
    assert_eq!((lines[0].status, lines[0].output.as_deref()), (Status::Converted, Some("data/a (1).txt")));
    assert_eq!(fs::read(output.path().join("data/a (1).txt")).unwrap(), b"a");
}

#[test]
fn a_container_that_does_not_open_any_more_keeps_its_outputs_with_it() {
    let made = Made::new();
    made.add("data/1.seald", made.several(&[("a.txt", b"one"), ("b.txt", b"two")]));
    let output = tempfile::tempdir().unwrap();
    let (complete, former) = (made.run(output.path()), snapshot(output.path()));
    fs::remove_file(output.path().join("data/b.txt")).unwrap();
    let keys = fs::read(made.directory.path().join("session-keys.jsonl")).unwrap();
    made.add("session-keys.jsonl", "");
    for _ in 0..2 {
        let lines = made.run(output.path());
        assert_eq!((lines[0].status, lines[0].written()), (Status::Closed, complete[0].written()));
        let verification = verify(output.path(), &Options::default(), &()).unwrap();
        assert!(!verification.changed.is_empty() && verification.unlisted.is_empty());
    }
    made.add("session-keys.jsonl", keys);
    made.run(output.path());
    assert_eq!(snapshot(output.path()), former);
}

#[test]
fn only_the_last_whole_line_of_a_source_counts_when_an_output_is_verified() {
    let made = Made::new();
    made.add("data/1.seald", made.container("a.txt", b"a"));
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let line = manifest(output.path());
    let mut stale: Line = serde_json::from_str(&line).unwrap();
    stale.sha256 = Some("00".repeat(32));
    let torn = &line[..line.len() / 2];
    fs::write(
        output.path().join("manifest.jsonl"),
        format!("{}\n{line}{torn}", serde_json::to_string(&stale).unwrap()),
    )
    .unwrap();
    let verification = verify(output.path(), &Options::default(), &()).unwrap();
    assert_eq!((verification.summary.converted, verification.changed.len()), (1, 0));
    assert!(manifest(output.path()).ends_with(torn), "verifying writes nothing");
}

#[cfg(unix)]
#[test]
fn what_is_written_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let made = Made::new();
    made.add("messages/rows.jsonl", made.half_open_records());
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    for name in ["manifest.jsonl", "unopened.jsonl", "report.json", "report.html", "runs.jsonl", "messages/rows.jsonl"]
    {
        let mode = fs::metadata(output.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
