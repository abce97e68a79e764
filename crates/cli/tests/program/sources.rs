use crate::place::Place;
use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::Connection;
use sealwright::SessionId;
use sealwright::envelope::{SymKey, file, message};
use sealwright::types::b64;
use std::fs;
use std::io::Write as _;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A bundle whose sources all need temporary files.
fn make_bundle(place: &Place) -> SessionId {
    let (key, session) = (SymKey::generate().unwrap(), SessionId::random().unwrap());
    for directory in ["bundle/data", "bundle/messages"] {
        fs::create_dir_all(place.path().join(directory)).unwrap();
    }
    let record = format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(key.expose()));
    place.file("bundle/session-keys.jsonl", record);

    let sealed = |text: &str| message::seal(&key, session, text).unwrap();
    let database = Connection::open(place.path().join("bundle/messages/chat.sqlite")).unwrap();
    database.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE chat (id INTEGER PRIMARY KEY, body TEXT)").unwrap();
    for text in ["one", "two"] {
        database.execute("INSERT INTO chat (body) VALUES (?1)", [sealed(text)]).unwrap();
    }
    let line = serde_json::json!({ "body": sealed("three") }).to_string() + "\n";
    place.file("bundle/messages/mail.jsonl.gz", gzip(line.as_bytes()));

    let mut container = Vec::new();
    file::seal(&key, session, "letter.txt", 5, &b"hello"[..], &mut container).unwrap();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [("letter.seald", &container[..]), ("rows.jsonl", line.as_bytes())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, content).unwrap();
    }
    place.file("bundle/data/old.tar.gz", gzip(&archive.into_inner().unwrap()));
    session
}

/// EGR-46.
#[test]
fn sources_that_need_temporary_files_open_in_a_confined_program() {
    let mut place = Place::new();
    let session = make_bundle(&place);
    place.hide(&session.to_string(), "[session]");
    let before = place.listing();
    let planned = place.run(["egress", "plan", "bundle", "--json"]);
    let plan: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!(plan["sessions"], serde_json::json!({ "needed": 1, "reachable": 1 }));
    assert_eq!(place.listing(), before, "a plan leaves nothing, its temporary files included");

    assert_eq!(place.run(["egress", "run", "bundle", "--out", "clear", "--threads", "2"]).status.code(), Some(0));
    let database = Connection::open(place.path().join("clear/messages/chat.sqlite")).unwrap();
    let mut statement = database.prepare("SELECT body FROM chat ORDER BY id").unwrap();
    let bodies: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(bodies, ["one", "two"]);
    assert_eq!(place.read("clear/data/old.tar.gz/letter.txt"), b"hello");
    let listing = place.listing();
    assert!(!listing.iter().any(|name| name.contains(".sealwright-")), "{listing:?}");
    assert!(!listing.iter().any(|name| name.starts_with("tmp/")), "{listing:?}");
    assert_eq!(place.run(["egress", "verify", "clear"]).status.code(), Some(0));

    let runs: serde_json::Value = serde_json::from_slice(&place.read("clear/runs.jsonl")).unwrap();
    let told = String::from_utf8(planned.stderr).unwrap();
    let confined = told.split(';').next().unwrap();
    assert_eq!(runs["sandbox"], confined, "the report says what the first line said");
    place.matches("egress-sources");
}
