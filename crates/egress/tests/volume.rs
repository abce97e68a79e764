//! What holds however much there is: records outside of memory, directories that cannot be listed, and what a plan tells (EGR-22, EGR-51).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use sealwright_egress::{Action, Files, Line, Options, Status, Verdict, Watch, plan, run};
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::{confirmed, snapshot};

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress").join(name)
}

/// What a plan says, without what is measured.
fn told(bundle: &Path, options: &Options) -> Value {
    let mut plan = serde_json::to_value(plan(bundle, options, &()).unwrap()).unwrap();
    assert!(plan["expected"]["seconds"].take().as_f64().unwrap() > 0.0);
    assert!(plan["tryAllKeys"]["seconds"].take().is_f64());
    plan
}

#[test]
fn where_records_lie_changes_nothing() {
    for name in ["sample/bundle", "hard/bundle"] {
        let bundle = sample(name);
        let mut on_disk = confirmed();
        on_disk.records_in_memory = Some(0);
        assert_eq!(told(&bundle, &on_disk), told(&bundle, &confirmed()));
        let outputs = [on_disk, confirmed()].map(|options| {
            let output = tempfile::tempdir().unwrap();
            run(&bundle, output.path(), &options, &()).unwrap();
            snapshot(output.path())
        });
        assert!(outputs[0] == outputs[1], "{name}");
    }
}

#[test]
fn records_that_cannot_be_put_anywhere_end_the_run() {
    let mut options = confirmed();
    options.records_in_memory = Some(0);
    options.temporary = Some("/nowhere/at/all".into());
    assert!(plan(&sample("sample/bundle"), &options, &()).is_err());
}

#[test]
fn a_plan_tells_what_is_covered_and_what_that_takes() {
    let told = told(&sample("hard/bundle"), &confirmed());
    let sum = |part: &str, what: &str| -> u64 {
        told["coverage"][part].as_object().unwrap().values().map(|covered| covered[what].as_u64().unwrap()).sum()
    };
    assert_eq!(sum("routes", "sessions"), told["sessions"]["reachable"].as_u64().unwrap());
    assert_eq!(sum("reasons", "sessions"), told["unreachable"].as_array().unwrap().len() as u64);
    assert!(sum("users", "sessions") > 0 && sum("users", "sessions") <= sum("routes", "sessions"));
    let messages =
        fs::read_to_string(sample("hard/bundle").join("messages/chat.jsonl")).unwrap().lines().count() as u64;
    assert!(sum("routes", "items") + sum("reasons", "items") > messages);
    let by_bits = told["expected"]["privateKeyOperations"].as_object().unwrap();
    let operations: u64 = by_bits.values().map(|times| times.as_u64().unwrap()).sum();
    assert_eq!(operations, told["privateKeyOperations"].as_u64().unwrap());
}

/// A directory that cannot be listed.
#[derive(Debug)]
struct Unlistable(&'static str);

impl Watch for Unlistable {
    fn before(&self, action: Action<'_>, path: &Path) -> io::Result<Verdict> {
        if matches!(action, Action::List) && path.ends_with(self.0) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Verdict::Proceed)
    }
}

fn lines(output: &Path) -> Vec<Line> {
    let manifest = fs::read_to_string(output.join("manifest.jsonl")).unwrap();
    manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_directory_that_cannot_be_listed_fails_alone_and_until_it_can_be() {
    let (bundle, output, whole) = (sample("sample/bundle"), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut options = confirmed();
    options.files = Files::watched(Arc::new(Unlistable("data/dir0")));
    for _ in 0..2 {
        let summary = run(&bundle, output.path(), &options, &()).unwrap();
        assert_eq!((summary.failed, summary.exit_status()), (1, 1));
        let failed: Vec<_> = lines(output.path()).into_iter().filter(|line| line.status == Status::Failed).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].source.as_str(), failed[0].error.as_deref()), ("data/dir0/", Some("io")));
        assert!(failed[0].warnings[0].contains("cannot be listed"), "{:?}", failed[0].warnings);
    }
    assert!(summary_is_complete(&bundle, output.path()));
    run(&bundle, whole.path(), &confirmed(), &()).unwrap();
    assert!(snapshot(output.path()) == snapshot(whole.path()));
}

fn summary_is_complete(bundle: &Path, output: &Path) -> bool {
    let summary = run(bundle, output, &confirmed(), &()).unwrap();
    (summary.failed, summary.exit_status()) == (0, 0)
}
