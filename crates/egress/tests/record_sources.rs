//! Messages in CSV and JSON Lines, compressed or not, and raw messages: what changes, and what must not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/made.rs"]
mod made;
#[path = "support/records.rs"]
mod records;
#[allow(dead_code, reason = "other tests need more")]
mod support;

use made::tar;
use records::{Case, column, gzip, text};
use sealwright_egress::{Line, Progress, SessionMap, Stage, Status, plan};
use sealwright_envelope::{self as envelope, message};
use sealwright_types::{SessionId, b64};
use std::fs;
use std::sync::Mutex;

impl Case {
    fn convert_csv(&self, csv: impl AsRef<[u8]>) -> (String, Line) {
        self.made.add("messages/t.csv", csv);
        let line = self.line();
        (String::from_utf8_lossy(&self.read("messages/t.csv")).into_owned(), line)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
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
