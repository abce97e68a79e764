//! Messages in SQLite databases and their logs, compressed and in archives: what changes, and what must not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/made.rs"]
mod made;
#[allow(dead_code, reason = "other tests need more")]
#[path = "support/records.rs"]
mod records;
#[allow(dead_code, reason = "other tests need more")]
mod support;

use made::tar;
use records::{Case, column, gzip, text};
use rusqlite::types::Value;
use sealwright_egress::{Line, Status, plan, run};
use sealwright_envelope::{self as envelope, message};
use sealwright_types::b64;
use std::fs;
use std::path::Path;

#[test]
fn databases_of_every_shape_keep_what_is_no_message() {
    let case = Case::new();
    let message = |text: &str| case.message(text);
    let database = case.database(
        "CREATE TABLE plain(id INTEGER PRIMARY KEY, m TEXT, other);
         CREATE TABLE \"odd \"\" name\"(rowid, _rowid_, \"select\" BLOB);
         CREATE TABLE keyed(a TEXT, b INTEGER, m, PRIMARY KEY(b, a)) WITHOUT ROWID;
         CREATE TABLE made(m TEXT, length INTEGER GENERATED ALWAYS AS (length(m)) STORED, copy TEXT AS (m));
         CREATE TABLE log(what);
         CREATE VIEW seen AS SELECT m FROM plain;
         CREATE TRIGGER watching AFTER UPDATE ON plain BEGIN INSERT INTO log VALUES('fired'); END;
         CREATE INDEX by_m ON plain(m);",
    );
    for number in 0..600 {
        let parameters = (number, message(&format!("text {number}")), format!("stays {number}"));
        database.execute("INSERT INTO plain VALUES(?1, ?2, ?3)", parameters).unwrap();
    }
    database.execute("INSERT INTO \"odd \"\" name\" VALUES(1, 2, ?1)", [message("bytes").into_bytes()]).unwrap();
    database
        .execute("INSERT INTO \"odd \"\" name\" VALUES(1, 2, ?1)", [case.binary(&[0xff, 0, 1]).into_bytes()])
        .unwrap();
    for (a, b) in [("x", 2), ("y", 1), ("y", 2)] {
        database.execute("INSERT INTO keyed VALUES(?1, ?2, ?3)", (a, b, message(&format!("{a}{b}")))).unwrap();
    }
    database.execute("INSERT INTO made(m) VALUES(?1)", [message("four")]).unwrap();
    drop(database);
    let before = fs::read(case.made.directory.path().join("messages/t.sqlite")).unwrap();
    let line = case.line();
    assert_eq!(fs::read(case.made.directory.path().join("messages/t.sqlite")).unwrap(), before);
    assert_eq!((line.status, line.rows.unwrap().converted, line.rows.unwrap().records), (Status::Converted, 606, 606));
    let converted = case.converted_database();
    assert_eq!(column(&converted, "PRAGMA integrity_check"), [text("ok")]);
    let texts: Vec<_> = (0..600).map(|number| text(&format!("text {number}"))).collect();
    assert_eq!(column(&converted, "SELECT m FROM plain ORDER BY id"), texts);
    assert_eq!(column(&converted, "SELECT count(*) FROM plain WHERE other = 'stays ' || id"), [Value::Integer(600)]);
    assert_eq!(
        column(&converted, "SELECT \"select\" FROM \"odd \"\" name\""),
        [Value::Blob(b"bytes".into()), Value::Blob(vec![0xff, 0, 1])]
    );
    assert_eq!(column(&converted, "SELECT m FROM keyed"), [text("y1"), text("x2"), text("y2")]);
    assert_eq!(column(&converted, "SELECT length FROM made"), [Value::Integer(4)]);
    assert_eq!(column(&converted, "SELECT count(*) FROM log"), [Value::Integer(0)]);
    let names: Vec<_> = fs::read_dir(case.output.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".part")), "{names:?}");
}

#[test]
fn what_a_database_does_not_take_stays_and_is_told() {
    let case = Case::new();
    let database = case.database(
        "CREATE TABLE a(m TEXT UNIQUE ON CONFLICT REPLACE);
         CREATE TABLE b(m STRING);
         CREATE TABLE c(m TEXT PRIMARY KEY) WITHOUT ROWID;
         CREATE TABLE d(m TEXT CHECK(length(m) > 50));
         CREATE TABLE e(m TEXT);",
    );
    let (first, second) = (case.message("same"), case.message("same"));
    database.execute("INSERT INTO a VALUES(?1), (?2)", [&first, &second]).unwrap();
    database.execute("INSERT INTO b VALUES(?1), (?2)", [&case.message("007"), &case.message("text")]).unwrap();
    database.execute("INSERT INTO c VALUES(?1)", [&case.message("key")]).unwrap();
    database.execute("INSERT INTO d VALUES(?1)", [&case.message("short")]).unwrap();
    database.execute("INSERT INTO e VALUES(?1)", [&case.closed()]).unwrap();
    database.execute("INSERT INTO e VALUES(?1)", [&case.binary(&[0xff])]).unwrap();
    drop(database);
    let rows = case.line().rows.unwrap();
    assert_eq!((rows.records, rows.converted, rows.closed), (8, 3, 5));
    let errors = case.errors();
    let errors: Vec<_> = errors.iter().map(|(row, error)| (*row, error.as_str())).collect();
    assert_eq!(errors, [(1, "constraint"), (2, "number-column"), (4, "key-column"), (6, "no-token"), (7, "not-utf8")]);
    let converted = case.converted_database();
    assert_eq!(column(&converted, "SELECT m FROM a"), [text("same"), text(&second)]);
    assert!(
        matches!(&column(&converted, "SELECT m FROM b")[..], [Value::Text(kept), Value::Text(open)] if kept.contains("sessionId") && open == "text")
    );
    assert_eq!(column(&converted, "SELECT m FROM d"), [text("short")]);
}

#[test]
fn named_tables_and_columns_alone_are_looked_at() {
    let case = Case::with(|fields| {
        fields.tables = vec!["t".to_owned()];
        fields.columns = vec!["m".to_owned()];
        fields.session = Some("s".to_owned());
        fields.binary = Some("b".to_owned());
    });
    let database = case.database("CREATE TABLE t(s, m, other, b); CREATE TABLE u(m);");
    let (raw, other) = (message::seal_raw(&case.made.key, "raw").unwrap(), case.message("other"));
    let bytes = b64::encode(envelope::seal(&case.made.key, &[0xff, 1]).unwrap());
    let session = case.made.session.to_string();
    database.execute("INSERT INTO t VALUES(?1, ?2, ?3, NULL)", [&session, &raw, &other]).unwrap();
    database.execute("INSERT INTO t VALUES(?1, ?2, NULL, NULL)", [&session, &bytes]).unwrap();
    database.execute("INSERT INTO u VALUES(?1)", [&other]).unwrap();
    drop(database);
    assert_eq!(case.line().rows.unwrap().converted, 2);
    let converted = case.converted_database();
    assert_eq!(column(&converted, "SELECT m FROM t"), [text("raw"), text(&bytes)]);
    assert_eq!(
        column(&converted, "SELECT other FROM t WHERE other NOT NULL UNION ALL SELECT m FROM u"),
        [text(&other), text(&other)]
    );
    assert_eq!(column(&converted, "SELECT b FROM t"), [Value::Null, text("/wE=")]);
}

#[test]
fn a_database_with_an_open_log_is_read_to_its_end_and_left_alone() {
    let case = Case::new();
    let database = case.database("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(m);");
    database.execute("INSERT INTO t VALUES(?1)", [&case.message("in the log")]).unwrap();
    let directory = case.made.directory.path().join("messages");
    let kept = tempfile::tempdir().unwrap();
    for name in ["t.sqlite", "t.sqlite-wal"] {
        fs::copy(directory.join(name), kept.path().join(name)).unwrap();
    }
    drop(database);
    for name in ["t.sqlite", "t.sqlite-wal"] {
        fs::copy(kept.path().join(name), directory.join(name)).unwrap();
    }
    assert_eq!(plan(case.made.directory.path(), &case.options, &()).unwrap().sessions.needed, 1);
    let lines = case.run();
    assert_eq!((lines[0].status, lines[0].rows.unwrap().converted), (Status::Converted, 1));
    assert_eq!(lines[1].status, Status::Plain);
    assert_eq!(column(&case.converted_database(), "SELECT m FROM t"), [text("in the log")]);
    let mut names: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["t.sqlite", "t.sqlite-wal"]);
}

/// A database of which one row stands in the database itself and two in the log, and that log.
fn with_open_log(case: &Case) -> (Vec<u8>, Vec<u8>) {
    let database = case.database("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(m);");
    database.execute("INSERT INTO t VALUES(?1)", [&case.message("1")]).unwrap();
    let _: i64 = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    database.execute("INSERT INTO t VALUES(?1), (?1)", [&case.message("in the log")]).unwrap();
    let directory = case.made.directory.path().join("messages");
    let pair = ["t.sqlite", "t.sqlite-wal"].map(|name| fs::read(directory.join(name)).unwrap());
    drop(database);
    fs::remove_dir_all(directory).unwrap();
    pair.into()
}

#[test]
fn a_database_in_an_archive_is_read_with_its_log_whatever_comes_first() {
    let mut case = Case::new();
    let (database, log) = with_open_log(&case);
    let other = {
        drop(case.database("CREATE TABLE t(m)"));
        case.database(&format!("INSERT INTO t VALUES('{}')", case.message("other"))).close().unwrap();
        fs::read(case.made.directory.path().join("messages/t.sqlite")).unwrap()
    };
    fs::remove_dir_all(case.made.directory.path().join("messages")).unwrap();
    let (packed, packed_log) = (gzip(&database), gzip(&log));
    for (files, expected) in [
        (&[("d/t.sqlite", &database[..]), ("d/t.sqlite-wal", &log)][..], 3),
        (&[("d/t.sqlite-wal", &log[..]), ("x.txt", b"x"), ("d/t.sqlite", &database)], 3),
        (&[("d/t.sqlite.gz", &packed[..]), ("d/t.sqlite-wal", &log)], 3),
        (&[("d/t.sqlite-wal.gz", &packed_log[..]), ("d/t.sqlite", &database)], 3),
        (&[("d/t.sqlite", &other[..]), ("d/t.sqlite.gz", &packed), ("d/t.sqlite-wal.gz", &packed_log)], 4),
        (&[("d/t.sqlite", &database[..]), ("t.sqlite-wal", &log)], 1),
        (&[("d/t.sqlite", &database[..]), ("d/t.sqlite-wal", b"")], 1),
    ] {
        case.output = tempfile::tempdir().unwrap();
        case.made.add("messages/a.tar.gz", gzip(&tar(files)));
        let lines = case.run();
        let names: Vec<_> = files.iter().map(|(name, _)| name).collect();
        assert!(lines.iter().all(|line| matches!(line.status, Status::Converted | Status::Plain)), "{lines:?}");
        let converted: u64 = lines.iter().filter_map(|line| line.rows).map(|rows| rows.converted).sum();
        assert_eq!(converted, expected, "{names:?}");
        assert_eq!(case.run(), lines, "a second run changes nothing");
        let left = fs::read_dir(case.output.path()).unwrap();
        assert!(!left.map(|entry| entry.unwrap().file_name()).any(|name| name.to_string_lossy().ends_with(".part")));
    }
    case.output = tempfile::tempdir().unwrap();
    let whole = tar(&[("t.sqlite", &database), ("t.sqlite-wal", &log)]);
    case.made.add("messages/a.tar.gz", &whole[..whole.len() - 3000]);
    for line in case.run() {
        assert_eq!((line.status, line.error.as_deref(), line.output), (Status::Malformed, Some("damaged"), None));
    }
}

#[test]
fn a_compressed_database_is_read_with_its_log() {
    let mut case = Case::new();
    let (database, log) = with_open_log(&case);
    for (name, log_name, content) in [
        ("messages/z.sqlite.gz", "messages/z.sqlite-wal", &log),
        ("messages/z.sqlite.gz", "messages/z.sqlite-wal.gz", &gzip(&log)),
    ] {
        case.output = tempfile::tempdir().unwrap();
        drop(fs::remove_dir_all(case.made.directory.path().join("messages")));
        case.made.add(name, gzip(&database));
        case.made.add(log_name, content);
        assert_eq!(plan(case.made.directory.path(), &case.options, &()).unwrap().sessions.needed, 1);
        let lines = case.run();
        let line = lines.iter().find(|line| line.source == name).unwrap();
        assert_eq!((line.status, line.rows.unwrap().converted), (Status::Converted, 3), "{log_name}");
    }
}

#[test]
fn hostile_and_damaged_databases_run_nothing_and_leave_nothing() {
    let case = Case::new();
    // An index over a function that no schema may call.
    let database = case.database("CREATE TABLE t(m TEXT); CREATE VIRTUAL TABLE f USING fts5(m);");
    database.execute("INSERT INTO t VALUES(?1)", [&case.message("x")]).unwrap();
    database.execute("INSERT INTO f VALUES(?1)", [&case.message("y")]).unwrap();
    database
        .execute_batch(
            "PRAGMA writable_schema=ON;
             INSERT INTO sqlite_schema VALUES('index','bad','t',2,'CREATE INDEX bad ON t(load_extension(m))');
             INSERT INTO sqlite_schema VALUES('trigger','worse','t',0,'CREATE TRIGGER worse BEFORE UPDATE ON t BEGIN SELECT load_extension(''x''); END');",
        )
        .unwrap();
    drop(database);
    let line = case.line();
    assert!(
        line.output.is_none() && line.status == Status::Malformed || line.rows.is_some_and(|rows| rows.converted == 0),
        "{line:?}"
    );

    let case = Case::new();
    let database = case.database("CREATE TABLE t(m TEXT);");
    for _ in 0..200 {
        database.execute("INSERT INTO t VALUES(?1)", [&case.message("x")]).unwrap();
    }
    drop(database);
    let path = case.made.directory.path().join("messages/t.sqlite");
    let sound = fs::read(&path).unwrap();
    for (from, to) in [
        (0, 16),
        (100, 400),
        (4096, 4300),
        (sound.len() / 2, sound.len() / 2 + 4096),
        (sound.len() - 8192, sound.len()),
    ] {
        let mut damaged = sound.clone();
        damaged[from..to].fill(0xa5);
        fs::write(&path, &damaged).unwrap();
        let output = tempfile::tempdir().unwrap();
        run(case.made.directory.path(), output.path(), &case.options, &()).unwrap();
        let manifest = fs::read_to_string(output.path().join("manifest.jsonl")).unwrap();
        let line: Line = serde_json::from_str(manifest.trim_end()).unwrap();
        assert_eq!(
            (line.status, line.error.as_deref(), line.output),
            (Status::Malformed, Some("malformed"), None),
            "{from}"
        );
        assert_eq!(files_below(output.path()), 5, "{from}");
    }
    fs::write(&path, b"no database at all").unwrap();
    assert_eq!(case.line().status, Status::Malformed);
}

/// The lock, the manifest and the report are always there.
fn files_below(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() { files_below(&path) } else { usize::from(path.file_name().unwrap() != "unopened.jsonl") }
        })
        .sum()
}

#[test]
fn a_row_with_a_large_value_beside_the_message() {
    let case = Case::new();
    let database = case.database("CREATE TABLE t(m TEXT, photo BLOB);");
    database.execute("INSERT INTO t VALUES(?1, zeroblob(20000000))", [&case.message("large")]).unwrap();
    database.execute("INSERT INTO t VALUES(?1, zeroblob(60000000))", [&case.message("too large")]).unwrap();
    database.execute("INSERT INTO t VALUES(?1, NULL)", [&case.message("small")]).unwrap();
    let message = case.message(&"x".repeat(13 * 1024 * 1024));
    assert!(message.len() > 16 * 1024 * 1024);
    database.execute("INSERT INTO t VALUES(NULL, ?1)", [message.into_bytes()]).unwrap();
    drop(database);
    let line = case.line();
    let rows = line.rows.unwrap();
    assert_eq!((rows.converted, rows.closed, rows.malformed), (2, 1, 1), "{line:?}");
    assert_eq!(case.errors(), [(1, "too-large".to_owned()), (3, "too-large".to_owned())]);
}
