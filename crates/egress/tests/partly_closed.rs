//! Record files of which messages stay closed, run after run: outputs and `unopened.jsonl` say the same (EGR-42, EGR-43).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::Made;
use sealwright_egress::{Options, Sink, run};
use sealwright_envelope::{SymKey, message};
use sealwright_types::{SessionId, b64};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use support::{confirmed, snapshot};
use tempfile::tempdir;

impl Made {
    fn message(&self, session: SessionId) -> String {
        message::seal(&self.key, session, "text").unwrap()
    }

    /// Has the keys of these sessions, and no others.
    fn knows(&self, sessions: &[SessionId]) {
        let record =
            |session| format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(self.key.expose()));
        self.add("session-keys.jsonl", sessions.iter().map(record).collect::<String>());
    }
}

fn sealed_again() -> (SessionId, Options) {
    let session = SessionId::random().unwrap();
    let mut options = confirmed();
    options.sink = Sink::IntoSession { session, key: Arc::new(SymKey::generate().unwrap()), keys_out: None };
    (session, options)
}

/// The numbers of the closed rows, as they are told, and as the output shows them.
fn closed_rows(output: &Path, new: SessionId) -> (Vec<u64>, Vec<u64>) {
    let lines = |name: &str| -> Vec<serde_json::Value> {
        let text = fs::read_to_string(output.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let told = lines("unopened.jsonl").iter().map(|row| row["row"].as_u64().unwrap()).collect();
    let records = lines("messages/rows.jsonl");
    let is_closed = |record: &serde_json::Value| !record["body"].as_str().unwrap().contains(&new.to_string());
    (told, (0..).zip(&records).filter(|(_, record)| is_closed(record)).map(|(number, _)| number).collect())
}

#[test]
fn other_rows_that_are_as_many_are_written() {
    let (made, output) = (Made::new(), tempdir().unwrap());
    let sessions = [(); 2].map(|()| SessionId::random().unwrap());
    let rows = sessions.map(|session| format!("{}\n", serde_json::json!({ "body": made.message(session) })));
    made.add("messages/rows.jsonl", rows.concat());
    let (new, options) = sealed_again();
    for (known, closed) in [(0, 1), (1, 0)] {
        made.knows(&sessions[known..=known]);
        run(made.directory.path(), output.path(), &options, &()).unwrap();
        assert_eq!(closed_rows(output.path(), new), (vec![closed], vec![closed]));
        let before = snapshot(output.path());
        run(made.directory.path(), output.path(), &options, &()).unwrap();
        assert!(snapshot(output.path()) == before);
    }
    // What is told may be older than the output after a run that was interrupted: the file is written again.
    let before = snapshot(output.path());
    fs::write(output.path().join("journal.jsonl"), "").unwrap();
    run(made.directory.path(), output.path(), &options, &()).unwrap();
    assert!(snapshot(output.path())["messages/rows.jsonl"] != before["messages/rows.jsonl"]);
    assert_eq!(closed_rows(output.path(), new), (vec![0], vec![0]));
}

#[test]
fn an_output_that_holds_more_messages_of_as_many_records_stays() {
    let made = Made::new();
    let sessions = [(); 3].map(|()| SessionId::random().unwrap());
    let [one, two, _] = sessions.map(|session| made.message(session));
    made.add("messages/rows.jsonl", format!("{}\n", serde_json::json!({ "a": one, "b": two })));
    for options in [confirmed(), sealed_again().1] {
        let output = tempdir().unwrap();
        let outputs = || {
            let mut files = snapshot(output.path());
            // The report names the records, which are others afterwards.
            files.remove("report.json");
            files
        };
        made.knows(&sessions[2..]);
        run(made.directory.path(), output.path(), &options, &()).unwrap();
        let closed = outputs();
        made.knows(&sessions[1..]);
        run(made.directory.path(), output.path(), &options, &()).unwrap();
        let half_open = outputs();
        assert!(half_open["messages/rows.jsonl"] != closed["messages/rows.jsonl"]);
        assert_eq!(half_open["unopened.jsonl"].split(|&byte| byte == b'\n').count(), 2);
        made.knows(&sessions[2..]);
        run(made.directory.path(), output.path(), &options, &()).unwrap();
        assert!(outputs() == half_open);
    }
}
