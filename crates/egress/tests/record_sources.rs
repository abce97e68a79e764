//! Messages in CSV and SQLite, compressed or not, and raw messages: what changes, and what must not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/made.rs"]
mod made;
#[allow(dead_code, reason = "other tests need more")]
mod support;

use made::{Made, tar};
use rusqlite::Connection;
use rusqlite::types::Value;
use sealwright_egress::{Fields, Line, Options, Progress, SessionMap, Stage, Status, plan, run};
use sealwright_envelope::{self as envelope, message};
use sealwright_types::{SessionId, b64};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use support::confirmed;

/// A bundle, its output, and options for the run.
struct Case {
    made: Made,
    output: tempfile::TempDir,
    options: Options,
}

impl Case {
    fn new() -> Self {
        Self { made: Made::new(), output: tempfile::tempdir().unwrap(), options: confirmed() }
    }

    fn with(change: impl FnOnce(&mut Fields)) -> Self {
        let mut case = Self::new();
        change(&mut case.options.fields);
        case
    }

    fn message(&self, text: &str) -> String {
        message::seal(&self.made.key, self.made.session, text).unwrap()
    }

    /// A message whose content is no text.
    fn binary(&self, bytes: &[u8]) -> String {
        let sealed = b64::encode(envelope::seal(&self.made.key, bytes).unwrap());
        format!(r#"{{"sessionId":"{}","data":"{sealed}"}}"#, self.made.session)
    }

    /// A message of a session that nobody knows.
    fn closed(&self) -> String {
        message::seal(&self.made.key, SessionId::random().unwrap(), "closed").unwrap()
    }

    fn run(&self) -> Vec<Line> {
        run(self.made.directory.path(), self.output.path(), &self.options, &()).unwrap();
        let manifest = fs::read_to_string(self.output.path().join("manifest.jsonl")).unwrap();
        manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs and gives the line of the only source.
    fn line(&self) -> Line {
        let lines = self.run();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.into_iter().next().unwrap()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.output.path().join(name)).unwrap()
    }

    fn errors(&self) -> Vec<(u64, String)> {
        let unopened = fs::read_to_string(self.output.path().join("unopened.jsonl")).unwrap();
        let rows = unopened.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.map(|row| (row["row"].as_u64().unwrap(), row["error"].as_str().unwrap().to_owned())).collect()
    }

    fn convert_csv(&self, csv: impl AsRef<[u8]>) -> (String, Line) {
        self.made.add("messages/t.csv", csv);
        let line = self.line();
        (String::from_utf8_lossy(&self.read("messages/t.csv")).into_owned(), line)
    }

    fn database(&self, sql: &str) -> Connection {
        fs::create_dir_all(self.made.directory.path().join("messages")).unwrap();
        let connection = Connection::open(self.made.directory.path().join("messages/t.sqlite")).unwrap();
        connection.execute_batch(sql).unwrap();
        connection
    }

    fn converted_database(&self) -> Connection {
        Connection::open(self.output.path().join("messages/t.sqlite")).unwrap()
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn column(connection: &Connection, sql: &str) -> Vec<Value> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn csv_keeps_every_byte_but_the_messages() {
    let case = Case::new();
    let (one, two) = (quoted(&case.message("plain")), quoted(&case.message("a \"b\", c\nd")));
    let csv =
        format!("\u{feff}id,\"text\",note\r\n1,{one},\"quo\"\"ted\"\r\n\r\n2,{two}\n3, spaces ,x,y,z\r4,{one},end");
    let (converted, line) = case.convert_csv(csv);
    assert_eq!(
        converted,
        "\u{feff}id,\"text\",note\r\n1,\"plain\",\"quo\"\"ted\"\r\n\r\n2,\"a \"\"b\"\", c\nd\"\n3, spaces ,x,y,z\r4,\"plain\",end"
    );
    let rows = line.rows.unwrap();
    assert_eq!((line.status, rows.records, rows.converted), (Status::Converted, 4, 3));
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(converted.as_bytes());
    let read: Vec<_> = reader.records().map(|record| record.unwrap()[1].to_owned()).collect();
    assert_eq!(read, ["plain", "a \"b\", c\nd", " spaces ", "plain"]);
}

#[test]
fn csv_finds_its_separator_and_quotes_what_needs_it() {
    let case = Case::new();
    // Without its quotes, this one is a field of a file that is separated otherwise.
    let csv = format!("a;b;c\n1;{};2\n1;{};2\n", case.message("x;y"), case.message("x,y"));
    let (converted, _) = case.convert_csv(csv);
    assert_eq!(converted, "a;b;c\n1;\"x;y\";2\n1;x,y;2\n");
}

#[test]
fn a_first_record_with_a_message_is_no_header() {
    let case = Case::new();
    let (converted, line) = case.convert_csv(format!("{}\n", quoted(&case.message("x"))));
    assert_eq!((converted.as_str(), line.rows.unwrap().records), ("\"x\"\n", 1));
}

#[test]
fn csv_rows_that_stay_closed_stay_as_they_are_and_are_told() {
    let case = Case::new();
    let (closed, binary) = (quoted(&case.closed()), quoted(&case.binary(&[0xff, 0])));
    let damaged = quoted(&format!(r#"{{"sessionId":"{}","data":"?"}}"#, case.made.session));
    let swallowed = format!("\"{}\",x\n", case.message("backslashes").replace('"', "\\\""));
    let csv = format!("id,m\n1,{closed}\n2,{binary}\n3,{damaged}\n4,{swallowed}");
    let (converted, line) = case.convert_csv(&csv);
    assert_eq!(converted, csv);
    let rows = line.rows.unwrap();
    assert_eq!((rows.records, rows.converted, rows.closed, rows.malformed), (4, 0, 2, 2));
    let errors = case.errors();
    let errors: Vec<_> = errors.iter().map(|(row, error)| (*row, error.as_str())).collect();
    assert_eq!(errors, [(0, "no-token"), (1, "not-utf8"), (2, "malformed"), (3, "malformed")]);
}

#[test]
fn an_open_quote_or_another_encoding_is_told_and_copied() {
    let case = Case::new();
    let csv = format!("id,m\n1,\"never closed\n2,{}\n", quoted(&case.message("hidden")));
    let (converted, line) = case.convert_csv(&csv);
    assert_eq!((converted, line.rows.unwrap().malformed), (csv, 1));
    let utf16: Vec<u8> = "\u{feff}id,m\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let case = Case::new();
    case.made.add("messages/t.csv", &utf16);
    assert_eq!(case.line().rows.unwrap().malformed, 1);
    assert_eq!(case.read("messages/t.csv"), utf16);
}

#[test]
fn a_record_without_end_is_copied() {
    let case = Case::new();
    let large = format!("id,m\n1,\"{}\"\n2,", "x".repeat(17 * 1024 * 1024));
    let (converted, line) = case.convert_csv(format!("{large}{}\n", quoted(&case.message("after"))));
    assert!(converted == format!("{large}\"after\"\n"));
    let rows = line.rows.unwrap();
    assert_eq!((rows.records, rows.malformed, rows.converted), (2, 1, 1));
    assert_eq!(case.errors(), [(0, "too-large".to_owned())]);
}

#[test]
fn named_columns_alone_are_looked_at_and_may_hold_raw_messages() {
    let case = Case::with(|fields| {
        fields.columns = vec!["m".to_owned()];
        fields.session = Some("s".to_owned());
        fields.binary = Some("b".to_owned());
    });
    let other = quoted(&case.message("not looked at"));
    let raw = message::seal_raw(&case.made.key, "raw").unwrap();
    let bytes = b64::encode(envelope::seal(&case.made.key, &[0xff, 1]).unwrap());
    let session = case.made.session;
    let csv = format!(
        "s,m,other,b\n{session},{raw},{other},\n{session},{bytes},,\n{session},{bytes},,taken\n,{},,\n",
        quoted(&case.message("own"))
    );
    let (converted, line) = case.convert_csv(&csv);
    let expected =
        format!("s,m,other,b\n{session},raw,{other},\n{session},{bytes},,/wE=\n{session},{bytes},,taken\n,\"own\",,\n");
    assert_eq!(converted, expected);
    let rows = line.rows.unwrap();
    assert_eq!((rows.converted, rows.closed), (3, 1));
}

#[test]
fn a_column_that_is_not_there_is_told() {
    let case = Case::with(|fields| fields.columns = vec!["nowhere".to_owned()]);
    let (_, line) = case.convert_csv(format!("m\n{}\n", quoted(&case.message("x"))));
    assert_eq!(line.warnings, ["no column is called nowhere"]);
}

#[test]
fn pointers_lead_to_messages_below_the_top() {
    let case = Case::with(|fields| {
        fields.pointers = ["/a/0/m", "/s~1t", "/a/1/m"].map(str::to_owned).into();
        fields.session = Some("/who".to_owned());
        fields.binary = Some("clear".to_owned());
    });
    let inside = serde_json::to_string(&case.message("deep")).unwrap();
    let top = serde_json::to_string(&case.message("not looked at")).unwrap();
    let raw = message::seal_raw(&case.made.key, "raw").unwrap();
    let bytes = b64::encode(envelope::seal(&case.made.key, &[0xff, 1]).unwrap());
    let session = case.made.session;
    let line = |first: &str, second: &str, third: &str| {
        format!(
            "{{\"s/t\" : {first}, \"top\":{top},\"a\":[{{\"m\":{second}}},{{\"m\":{third}}}],\"who\":\"{session}\"}}\n"
        )
    };
    case.made.add("messages/t.jsonl", line(&format!("\"{raw}\""), &inside, &format!("\"{bytes}\"")));
    assert_eq!(case.line().rows.unwrap().converted, 1);
    let expected = line("\"raw\"", "\"deep\"", &format!("\"{bytes}\",\"clear\":\"/wE=\""));
    assert_eq!(String::from_utf8(case.read("messages/t.jsonl")).unwrap(), expected);
}

/// What a person is told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Progress for Notes {
    fn stage(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn a_map_names_the_sessions_of_raw_messages() {
    let mut case = Case::with(|fields| fields.pointers = vec!["/m".to_owned()]);
    let map = case.made.directory.path().join("map");
    fs::write(&map, format!("{{\"source\":\"messages/t.jsonl\",\"sessionId\":\"{}\"}}\n", case.made.session)).unwrap();
    case.options.session_map = SessionMap::read(&map).unwrap();
    let notes = Notes::default();
    plan(case.made.directory.path(), &case.options, &notes).unwrap();
    assert_eq!(*notes.0.lock().unwrap(), ["the map of sessions names messages/t.jsonl, and no item is called so"]);
    let raw = message::seal_raw(&case.made.key, "raw").unwrap();
    case.made.add("messages/t.jsonl", format!("{{\"m\":\"{raw}\"}}\n{{\"m\":\"\"}}\n{{\"m\":\"no base64!\"}}\n"));
    let used = Notes::default();
    plan(case.made.directory.path(), &case.options, &used).unwrap();
    assert_eq!(used.0.lock().unwrap().len(), 0);
    let rows = case.line().rows.unwrap();
    assert_eq!((rows.records, rows.converted, rows.malformed), (3, 1, 1));
    assert_eq!(case.read("messages/t.jsonl"), b"{\"m\":\"raw\"}\n{\"m\":\"\"}\n{\"m\":\"no base64!\"}\n");
}

#[test]
fn a_raw_message_whose_session_is_not_named_is_malformed() {
    let mut case = Case::with(|fields| {
        (fields.pointers, fields.columns) = (vec!["/m".to_owned(), "/misspelt".to_owned()], vec!["m".to_owned()]);
        fields.session = Some("s".to_owned());
    });
    let (raw, session) = (message::seal_raw(&case.made.key, "raw").unwrap(), case.made.session);
    let lines = [
        format!("{{\"m\":\"{raw}\",\"s\":\"{session}\"}}\n"),
        format!("{{\"m\":\"{raw}\"}}\n"),
        format!("{{\"m\":\"{raw}\",\"s\":\"\"}}\n{{\"m\":\"{raw}\",\"s\":\"none\"}}\n{{\"m\":\" \"}}\n"),
    ];
    case.made.add("messages/t.jsonl", lines.concat());
    let cells = [Some(session.to_string()), Some(String::new()), Some("none".to_owned()), None];
    let csv: String = cells.iter().flatten().map(|cell| format!("{raw},{cell}\n")).collect();
    case.made.add("messages/t.csv", format!("m,s\n{csv}{raw}\n,\n"));
    let database = case.database("CREATE TABLE t(m, s);");
    for cell in &cells {
        database.execute("INSERT INTO t VALUES(?1, ?2)", (&raw, cell)).unwrap();
    }
    database.execute("INSERT INTO t VALUES('', '')", []).unwrap();
    drop(database);
    for line in case.run() {
        let rows = line.rows.unwrap();
        assert_eq!((rows.records, rows.converted, rows.malformed), (5, 1, 3), "{line:?}");
        let is_json = line.source.ends_with(".jsonl");
        assert_eq!(line.warnings, if is_json { vec!["no record has a field at /misspelt"] } else { vec![] });
    }
    // Where nobody has said that there are raw messages, a text is a text.
    (case.options.fields.session, case.output) = (None, tempfile::tempdir().unwrap());
    assert!(case.run().iter().all(|line| line.rows.unwrap().malformed == 0));
}

#[test]
fn compressed_records_are_written_without_compression() {
    let case = Case::new();
    let csv = format!("m\n{}\n", quoted(&case.message("x")));
    let json = format!("{{\"m\":{}}}\n", serde_json::to_string(&case.message("y")).unwrap());
    drop(case.database("CREATE TABLE t(m TEXT)"));
    let database = case.database(&format!("INSERT INTO t VALUES('{}')", case.message("z")));
    drop(database);
    let path = case.made.directory.path().join("messages/t.sqlite");
    let packed = zstd::encode_all(&fs::read(&path).unwrap()[..], 1).unwrap();
    fs::remove_file(path).unwrap();
    case.made.add("messages/t.sqlite.zst", packed);
    case.made.add("messages/t.csv.gz", gzip(csv.as_bytes()));
    case.made.add("messages/t.jsonl.zst", zstd::encode_all(json.as_bytes(), 1).unwrap());
    let needed = plan(case.made.directory.path(), &case.options, &()).unwrap().sessions.needed;
    assert_eq!(needed, 1);
    let lines = case.run();
    assert!(lines.iter().all(|line| line.status == Status::Converted), "{lines:?}");
    assert_eq!(case.read("messages/t.csv"), b"m\n\"x\"\n");
    assert_eq!(case.read("messages/t.jsonl"), b"{\"m\":\"y\"}\n");
    assert_eq!(column(&case.converted_database(), "SELECT m FROM t"), [text("z")]);
}

#[test]
fn what_came_before_the_damage_of_a_compressed_file_is_converted_and_the_damage_told() {
    let case = Case::new();
    let record = format!("{{\"m\":{}}}\n", serde_json::to_string(&case.message("y")).unwrap());
    let random: Vec<String> = (0..4000).map(|_| format!("{{\"n\":\"{}\"}}\n", SessionId::random().unwrap())).collect();
    let packed = gzip((record + &random.concat()).as_bytes());
    case.made.add("messages/t.jsonl.gz", &packed[..packed.len() / 2]);
    let line = case.line();
    assert_eq!((line.status, line.error.as_deref()), (Status::Malformed, Some("damaged")));
    assert!(line.rows.unwrap().records > 1000 && line.rows.unwrap().converted == 1);
    assert!(case.read("messages/t.jsonl").starts_with(b"{\"m\":\"y\"}\n"));
}

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

#[test]
fn record_files_are_known_in_every_spelling_and_databases_by_their_content() {
    let mut case = Case::new();
    let records = format!("{}\n", serde_json::json!({ "m": case.message("x") }));
    drop(case.database("CREATE TABLE t(m)"));
    case.database(&format!("INSERT INTO t VALUES('{}')", case.message("z"))).close().unwrap();
    let path = case.made.directory.path().join("messages/t.sqlite");
    let database = fs::read(&path).unwrap();
    fs::remove_file(path).unwrap();
    let (records, csv) = (records.as_bytes(), format!("m\n{}\n", quoted(&case.message("y"))));
    for name in ["a.ndjson", "b.JSONL", "c.NDJSON"] {
        case.made.add(&format!("messages/{name}"), records);
    }
    case.made.add("messages/d.jsonl.GZ", gzip(records));
    case.made.add("messages/e.CSV", &csv);
    for name in ["f.SQLITE", "g.db", "h"] {
        case.made.add(&format!("messages/{name}"), &database);
    }
    case.made.add("messages/i.db.gz", gzip(&database));
    case.made.add("messages/j.tar", tar(&[("k.db", &database), ("l.JSONL", records), ("m.db.gz", &gzip(&database))]));
    assert_eq!(plan(case.made.directory.path(), &case.options, &()).unwrap().coverage.routes["known"].items, 12);
    let lines = case.run();
    let records = lines.iter().filter(|line| line.rows.is_some_and(|rows| (rows.records, rows.converted) == (1, 1)));
    assert_eq!(records.count(), 12, "{lines:?}");
    // What is never said to hold records is left alone.
    case.output = tempfile::tempdir().unwrap();
    fs::remove_dir_all(case.made.directory.path().join("messages")).unwrap();
    case.made.add("data/g.db", &database);
    case.made.add("messages/notes.txt", "text");
    assert!(case.run().iter().all(|line| line.status == Status::Plain));
}

#[test]
fn what_begins_as_a_message_and_is_none_is_not_plain() {
    let case = Case::new();
    let message = case.message("x");
    case.made.add("data/cut.json", &message[..message.len() - 4]);
    case.made.add("data/more.json", format!("{message} more"));
    case.made.add("data/other.json", "{\"sessionId\":1} more");
    let told: Vec<_> = case.run().into_iter().map(|line| (line.status, line.error)).collect();
    let malformed = (Status::Malformed, Some("malformed".to_owned()));
    assert_eq!(told, [malformed.clone(), malformed, (Status::Plain, None)]);
}

#[test]
fn messages_below_the_top_level_are_told_of() {
    let case = Case::new();
    case.made.add("messages/deep.jsonl", format!("{}\n", serde_json::json!({ "a": { "m": case.message("x") } })));
    case.made.add("messages/list.jsonl", format!("{}\n", serde_json::json!([{ "m": case.message("x") }])));
    case.made.add("messages/top.jsonl", format!("{}\n", serde_json::json!({ "m": case.message("x"), "a": {} })));
    let warned: Vec<_> = case.run().into_iter().map(|line| line.warnings.len()).collect();
    assert_eq!(warned, [1, 1, 0]);
}
