//! Only an output that a run has left which came to its end passes for the whole of it (EGR-39, EGR-43).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::Made;
use sealwright_egress::{
    Action, Files, Line, Options, Recipients, Sink, Verdict, Verification, Watch, pack, run, verify,
};
use sealwright_envelope::message;
use sealwright_types::{Coded as _, SessionId};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{confirmed, snapshot};
use tempfile::tempdir;

/// Files that open, and a record file of which a message stays closed.
fn bundle() -> Made {
    let made = Made::new();
    for number in 0..6 {
        made.add(&format!("data/{number}.seald"), made.container(&format!("{number}.txt"), b"content"));
    }
    let row = |session| serde_json::json!({ "body": message::seal(&made.key, session, "text").unwrap() });
    made.add("messages/rows.jsonl", format!("{}\n{}\n", row(made.session), row(SessionId::random().unwrap())));
    made
}

fn verified(output: &Path) -> Verification {
    verify(output, &Options::default(), &()).unwrap()
}

/// The code with which an output is refused, if it is, before anything of the archive is written.
fn pack_refused(output: &Path) -> Option<&'static str> {
    let mut archive = Vec::new();
    let refused = pack(output, &mut archive, &Options::default(), &()).err()?;
    assert!(archive.is_empty());
    Some(refused.code())
}

fn manifest(output: &Path) -> Vec<String> {
    fs::read_to_string(output.join("manifest.jsonl")).unwrap().lines().map(|line| format!("{line}\n")).collect()
}

fn remove(output: &Path, name: &str) {
    fs::remove_file(output.join(name)).unwrap();
}

fn rewrite(output: &Path, content: impl AsRef<[u8]>) {
    fs::write(output.join("manifest.jsonl"), content).unwrap();
}

/// What is done to an output, and in words.
type Change<'a> = (&'a str, &'a dyn Fn(&Path));

/// The system stops after some outputs have their names.
#[derive(Debug)]
struct KilledAfter(AtomicUsize);

impl Watch for KilledAfter {
    fn before(&self, action: Action<'_>, path: &Path) -> io::Result<Verdict> {
        let publishes = matches!(action, Action::Publish(_)) && path.to_string_lossy().contains("data/");
        let left = self.0.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("killed"));
        }
        self.0.store(left - usize::from(publishes), Ordering::Relaxed);
        Ok(Verdict::Proceed)
    }
}

#[test]
fn a_run_that_was_killed_is_told() {
    let (made, output) = (bundle(), tempdir().unwrap());
    let mut options = confirmed();
    options.files = Files::watched(Arc::new(KilledAfter(AtomicUsize::new(3))));
    run(made.directory.path(), output.path(), &options, &()).unwrap_err();
    assert!(output.path().join("data/2.txt").exists() && !output.path().join("data/5.txt").exists());
    assert_eq!((verified(output.path()).not_finished.is_some(), verified(output.path()).exit_status()), (true, 1));
    assert_eq!(pack_refused(output.path()), Some("not-finished"));
    made.run(output.path());
    assert_eq!((verified(output.path()).not_finished, verified(output.path()).exit_status()), (None, 0));
    assert_eq!(pack_refused(output.path()), None);
}

#[test]
fn what_does_not_fit_its_report_is_told() {
    let (made, complete) = (bundle(), tempdir().unwrap());
    let mut options = confirmed();
    let recipients = Recipients::passphrase("passphrase".to_owned().into()).unwrap();
    options.sink = Sink::Age { recipients, keys_out: None };
    run(made.directory.path(), complete.path(), &options, &()).unwrap();
    let changes: [Change<'_>; 11] = [
        ("a journal", &|output| fs::write(output.join("journal.jsonl"), "").unwrap()),
        ("fewer lines", &|output| rewrite(output, manifest(output)[..3].concat())),
        ("a torn line", &|output| {
            let whole = manifest(output).concat();
            rewrite(output, &whole[..whole.len() - 9]);
        }),
        ("a line and its file", &|output| {
            let lines = manifest(output);
            let line: Line = serde_json::from_str(&lines[0]).unwrap();
            remove(output, &line.written()[0].output);
            rewrite(output, lines[1..].concat());
        }),
        ("another status", &|output| {
            rewrite(output, manifest(output).concat().replace(r#""status":"converted""#, r#""status":"plain""#));
        }),
        ("no list of what stayed closed", &|output| remove(output, "unopened.jsonl")),
        ("no report", &|output| remove(output, "report.json")),
        ("a report that is none", &|output| fs::write(output.join("report.json"), "{}").unwrap()),
        ("no identity", &|output| remove(output, "identity.age")),
        ("another identity", &|output| fs::write(output.join("identity.age"), [7; 400]).unwrap()),
        ("an empty identity", &|output| fs::write(output.join("identity.age"), "").unwrap()),
    ];
    for (what, change) in changes {
        let output = tempdir().unwrap();
        for (name, content) in snapshot(complete.path()) {
            let path = output.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        assert_eq!((verified(output.path()).exit_status(), pack_refused(output.path())), (0, None), "{what}");
        change(output.path());
        let verification = verified(output.path());
        assert!(verification.changed.is_empty() && verification.not_finished.is_some(), "{what}: {verification:?}");
        assert_eq!((verification.exit_status(), pack_refused(output.path())), (1, Some("not-finished")), "{what}");
    }
    // What was packed is as good as what it was made of.
    let (mut archive, unpacked) = (Vec::new(), tempdir().unwrap());
    pack(complete.path(), &mut archive, &Options::default(), &()).unwrap();
    tar::Archive::new(&archive[..]).unpack(unpacked.path()).unwrap();
    assert_eq!(verified(unpacked.path()).exit_status(), 0);
    remove(unpacked.path(), "identity.age");
    assert_eq!(verified(unpacked.path()).exit_status(), 1);
}

#[test]
fn a_file_that_nobody_lists_is_no_success() {
    let (made, output) = (bundle(), tempdir().unwrap());
    made.run(output.path());
    fs::write(output.path().join("data/mine"), "mine").unwrap();
    let verification = verified(output.path());
    assert_eq!((verification.unlisted.as_slice(), verification.not_finished), (&["data/mine".to_owned()][..], None));
    assert_eq!(verification.exit_status(), 1);
}
