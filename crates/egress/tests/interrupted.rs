//! A run that is asked to end publishes what was begun, says so, and is continued exactly (EGR-43).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::Made;
use sealwright_egress::{EgressError, Progress, Stage, run};
use sealwright_envelope::message;
use sealwright_types::{Coded as _, SessionId};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use support::{confirmed, snapshot};

const FILES: usize = 200;

/// Wants the run to end after so much of a stage.
struct Stopping {
    stage: Stage,
    left: AtomicU64,
    is_there: AtomicU64,
}

impl Stopping {
    fn after(stage: Stage, left: u64) -> Self {
        Self { stage, left: AtomicU64::new(left), is_there: AtomicU64::new(0) }
    }
}

impl Progress for Stopping {
    fn stage(&self, stage: Stage, _: u64) {
        self.is_there.store(u64::from(stage == self.stage), Ordering::SeqCst);
    }

    fn advance(&self, done: u64) {
        if self.is_there.load(Ordering::SeqCst) == 1 {
            let less = |left: u64| Some(left.saturating_sub(done));
            self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).unwrap();
        }
    }

    fn note(&self, _: &str) {}

    fn stopped(&self) -> bool {
        self.is_there.load(Ordering::SeqCst) == 1 && self.left.load(Ordering::SeqCst) == 0
    }
}

#[test]
fn a_run_that_is_asked_to_end_is_continued_exactly() {
    let made = Made::new();
    for nth in 0..FILES {
        made.add(&format!("data/{nth:03}.seald"), made.container(&format!("{nth}.bin"), &vec![nth as u8; 40_000]));
    }
    let row = |session| serde_json::json!({ "body": message::seal(&made.key, session, "text").unwrap() });
    let rows = format!("{}\n{}\n", row(made.session), row(SessionId::random().unwrap()));
    for nth in 0..20 {
        made.add(&format!("messages/{nth:02}.jsonl"), &rows);
    }
    let whole = tempfile::tempdir().unwrap();
    made.run(whole.path());
    let expected = snapshot(whole.path());

    let moments = [(Stage::Scan, 50), (Stage::Convert, 1), (Stage::Convert, 3_000_000)];
    for (stage, after) in moments {
        let output = tempfile::tempdir().unwrap();
        let ended = run(made.directory.path(), output.path(), &confirmed(), &Stopping::after(stage, after));
        let error = ended.unwrap_err();
        assert!(matches!(error, EgressError::Interrupted), "{stage:?}: {error}");
        assert_eq!(error.code(), "interrupted");
        let outputs = snapshot(output.path());
        let published = outputs.keys().filter(|name| name.ends_with(".bin")).count();
        assert!(published < FILES, "{stage:?}, {after}: {published}");
        assert_eq!(published > 0, stage == Stage::Convert, "{after}");
        if stage == Stage::Convert {
            assert!(!outputs.keys().any(|name| name.ends_with(".part")));
            let manifest = String::from_utf8(outputs["manifest.jsonl"].clone()).unwrap();
            assert_eq!(manifest.lines().count(), published);
        }
        // Stopped while it checks what is there, too.
        if published > 0 {
            let again = Stopping::after(Stage::Verify, 1);
            assert!(run(made.directory.path(), output.path(), &confirmed(), &again).is_err());
        }
        made.run(output.path());
        assert!(snapshot(output.path()) == expected, "{stage:?}, {after}: another tree");
    }
    let never = Stopping::after(Stage::Convert, u64::MAX);
    let output = tempfile::tempdir().unwrap();
    assert!(run(made.directory.path(), output.path(), &confirmed(), &never).is_ok());
    assert!(fs::read_dir(output.path()).unwrap().count() > 2);
}
