//! Bundles that are made here: equal names, threads, damaged inputs, other people's files, two runs at once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::Made;
use sealwright_egress::{EgressError, Line, Options, Outcome, Status, plan, run, verify};
use sealwright_envelope::{SymKey, file, message};
use sealwright_types::{Coded as _, SessionId, b64};
use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use support::{confirmed, snapshot};

fn output_of<'a>(lines: &'a [Line], source: &str) -> &'a str {
    lines.iter().find(|line| line.source == source).unwrap().output.as_deref().unwrap()
}

#[test]
fn equal_names_in_one_directory_are_numbered_by_source_whatever_the_threads() {
    let made = Made::new();
    for number in 0..120 {
        // The first items are the largest: they finish last.
        let content = vec![number as u8; 200_000 - number * 1600];
        let name = ["Same.txt", "same.TXT", "sub", "other.txt"][number % 4];
        made.add(&format!("data/{number:03}.seald"), made.container(name, &content));
    }
    made.add("data/sub/x.seald", made.container("x", b"x"));
    let trees: Vec<_> = [1, 2, 8]
        .map(|threads| {
            let output = tempfile::tempdir().unwrap();
            let mut options = confirmed();
            options.threads = NonZero::new(threads);
            run(made.directory.path(), output.path(), &options, &()).unwrap();
            snapshot(output.path())
        })
        .into();
    assert_eq!(trees[0], trees[1]);
    assert_eq!(trees[0], trees[2]);
    assert_eq!(trees[0]["data/Same.txt"][0], 0);
    assert_eq!(trees[0]["data/same (1).TXT"][0], 1);
    assert_eq!(trees[0]["data/Same (2).txt"][0], 4);
    assert_eq!(trees[0]["data/sub (1)"][0], 2, "a directory of the input has the name already");
}

#[test]
fn an_item_that_opens_later_takes_the_next_free_name() {
    let made = Made::new();
    let (later, key) = (SessionId::random().unwrap(), SymKey::generate().unwrap());
    let mut closed = Vec::new();
    file::seal(&key, later, "a.txt", 5, &b"later"[..], &mut closed).unwrap();
    made.add("data/1.seald", &closed);
    made.add("data/2.seald", made.container("a.txt", b"first"));
    let output = tempfile::tempdir().unwrap();
    let lines = made.run(output.path());
    assert_eq!(lines[0].status, Status::Closed);
    assert_eq!(output_of(&lines, "data/2.seald"), "data/a.txt");

    let mut keys = fs::read_to_string(made.directory.path().join("session-keys.jsonl")).unwrap();
    writeln!(keys, "{{\"sessionId\":\"{later}\",\"key\":\"{}\"}}", b64::encode(key.expose())).unwrap();
    made.add("session-keys.jsonl", keys);
    let lines = made.run(output.path());
    assert_eq!(lines.len(), 2, "one line for each source");
    assert_eq!(output_of(&lines, "data/1.seald"), "data/a (1).txt");
    assert_eq!(output_of(&lines, "data/2.seald"), "data/a.txt");
    assert_eq!(fs::read(output.path().join("data/a (1).txt")).unwrap(), b"later");
}

#[test]
fn foreign_files_in_the_output_are_never_overwritten() {
    let made = Made::new();
    made.add("data/1.seald", made.container("a.txt", b"mine"));
    let output = tempfile::tempdir().unwrap();
    fs::create_dir(output.path().join("data")).unwrap();
    fs::write(output.path().join("data/a.txt"), b"foreign").unwrap();
    assert_eq!(output_of(&made.run(output.path()), "data/1.seald"), "data/a (1).txt");
    assert_eq!(fs::read(output.path().join("data/a.txt")).unwrap(), b"foreign");
}

#[test]
fn damaged_and_odd_inputs_end_in_the_manifest_with_a_code_and_leave_nothing() {
    let made = Made::new();
    let good = made.container("good.txt", b"content");
    let mut flipped = good.clone();
    flipped[200] ^= 1;
    let mut huge_header = good.clone();
    huge_header[9..13].copy_from_slice(&[0xff; 4]);
    let html = format!("<script>window.sealdDocumentUID = '{}'; window.sealdDocument = 'AAAA", made.session);
    let sealed = message::seal(&made.key, made.session, "hello").unwrap();
    let large = format!("{{\"data\":\"{}\",\"sessionId\":\"{}\"}}", "A".repeat(17 << 20), made.session).into_bytes();
    for (source, bytes, status, error) in [
        ("data/good", good.clone(), Status::Converted, None),
        ("data/base64", b64::encode(&good).into_bytes(), Status::Converted, None),
        ("data/message.json", sealed.clone().into_bytes(), Status::Converted, None),
        ("data/flipped", flipped, Status::Rejected, Some("rejected")),
        ("data/cut", good[..good.len() - 16].to_vec(), Status::Rejected, Some("rejected")),
        ("data/odd", good[..good.len() - 1].to_vec(), Status::Malformed, Some("malformed")),
        ("data/magic", b"SEALD.I".to_vec(), Status::Malformed, Some("malformed")),
        ("data/header", good[..20].to_vec(), Status::Malformed, Some("malformed")),
        ("data/huge", huge_header, Status::Malformed, Some("malformed")),
        ("data/cut.html", html.into_bytes(), Status::Malformed, Some("malformed")),
        ("data/bad.json", sealed.replace(':', ":5,\"x\":").into_bytes(), Status::Malformed, Some("malformed")),
        ("data/empty", Vec::new(), Status::Plain, None),
        ("data/plain.txt", b"never encrypted".to_vec(), Status::Plain, None),
        ("data/other.json", b"{\"a\":1}".to_vec(), Status::Plain, None),
        ("data/legacy.txt", b"==GET=SEALD=p=x=y/=".to_vec(), Status::Malformed, Some("malformed")),
        ("data/large.json", large, Status::Malformed, Some("too-large")),
        ("data/large.txt", [b"{".to_vec(), vec![b' '; 17 << 20]].concat(), Status::Plain, None),
        ("messages/csv", b"no extension".to_vec(), Status::Plain, None),
        ("data/archive.gz", vec![0x1f, 0x8b, 8, 0], Status::Malformed, Some("damaged")),
        ("messages/rows.csv", b"a,b".to_vec(), Status::Converted, None),
        ("messages/rows.sqlite", b"a,b".to_vec(), Status::Malformed, Some("malformed")),
    ] {
        let made_one = Made { directory: tempfile::tempdir().unwrap(), ..Made::new() };
        fs::copy(
            made.directory.path().join("session-keys.jsonl"),
            made_one.directory.path().join("session-keys.jsonl"),
        )
        .unwrap();
        made_one.add(source, bytes);
        let output = tempfile::tempdir().unwrap();
        let lines = made_one.run(output.path());
        assert_eq!((lines[0].status, lines[0].error.as_deref()), (status, error), "{source}");
        let files = snapshot(output.path()).into_keys().filter(|name| name.contains('/')).count();
        assert_eq!(files, usize::from(status == Status::Converted), "{source}");
    }
}

#[test]
fn rows_keep_what_does_not_open() {
    let made = Made::new();
    let sealed = message::seal(&made.key, made.session, "grüße \"x\"\n").unwrap();
    let closed = message::seal(&made.key, SessionId::random().unwrap(), "x").unwrap();
    let wrong = message::seal(&SymKey::generate().unwrap(), made.session, "x").unwrap();
    let binary = b64::encode(sealwright_envelope::seal(&made.key, b"\xff").unwrap());
    let binary = format!("{{\"sessionId\":\"{}\",\"data\":\"{binary}\"}}", made.session);
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let rows = format!(
        "{{ \"a\" : {} , \"n\": 1e2 , \"a\":{}}}\r\n\n{{\"c\":{}}}\n{{\"w\":{}}}\nnot json\n{{\"b\":{}}}\n{{\"none\":\"sessionId data\"}}",
        quoted(&sealed),
        quoted(&sealed),
        quoted(&closed),
        quoted(&wrong),
        quoted(&binary),
    );
    made.add("messages/deep/rows.jsonl", &rows);
    let output = tempfile::tempdir().unwrap();
    let lines = made.run(output.path());
    let written = fs::read_to_string(output.path().join("messages/deep/rows.jsonl")).unwrap();
    assert_eq!(written, rows.replace(&quoted(&sealed), &quoted("grüße \"x\"\n")));
    let counts = lines[0].rows.unwrap();
    assert_eq!((counts.records, counts.converted, counts.closed), (6, 1, 2));
    assert_eq!((counts.rejected, counts.malformed), (1, 1));
    let unopened = fs::read_to_string(output.path().join("unopened.jsonl")).unwrap();
    let found: Vec<_> = unopened
        .lines()
        .map(|line| serde_json::from_str::<sealwright_egress::Unopened>(line).unwrap())
        .map(|row| (row.row, row.error))
        .collect();
    let expected = [(1, "no-token"), (2, "rejected"), (3, "malformed"), (4, "not-utf8")];
    assert_eq!(found, expected.map(|(row, error)| (row, error.to_owned())));
}

#[test]
fn a_record_that_is_no_text_is_malformed_and_not_passed_over() {
    let made = Made::new();
    let sealed = serde_json::to_string(&message::seal(&made.key, made.session, "x").unwrap()).unwrap();
    let latin1 = [format!("{{\"body\":{sealed},\"city\":\"Orl").as_bytes(), b"\xe9ans\"}\n"].concat();
    let surrogate = format!("{{\"body\":{sealed},\"\\ud83d\":1}}\n[1]\n\"text\"\n");
    made.add("messages/rows.jsonl", [&latin1[..], surrogate.as_bytes()].concat());
    let output = tempfile::tempdir().unwrap();
    let counts = made.run(output.path())[0].rows.unwrap();
    assert_eq!((counts.records, counts.malformed), (4, 2));
}

#[test]
fn a_record_that_is_a_message_itself_is_told_to_have_stayed_closed() {
    let made = Made::new();
    let sealed = message::seal(&made.key, made.session, "bare").unwrap();
    made.add("messages/bare.jsonl", format!("{sealed}\n"));
    let output = tempfile::tempdir().unwrap();
    let rows = made.run(output.path())[0].rows.unwrap();
    assert_eq!((rows.records, rows.converted, rows.closed), (1, 0, 1));
    let unopened = fs::read_to_string(output.path().join("unopened.jsonl")).unwrap();
    assert!(unopened.contains("no-field"), "{unopened}");
}

#[test]
fn ses_40_a_legacy_message_that_carries_its_key_opens_with_own_keys() {
    use sealwright_identity::Identity;
    use sealwright_types::{DeviceId, UserId};
    use sealwright_wrap::{KeySize, PrivateKey, wrap};
    let made = Made::new();
    let me = Identity::generate(UserId::random().unwrap(), DeviceId::random().unwrap(), KeySize::Rsa2048).unwrap();
    let stranger = PrivateKey::generate(KeySize::Rsa2048).unwrap();
    made.add("identities/me.bson", me.to_bson().expose());
    let key = SymKey::generate().unwrap();
    let sealed = b64::encode_s64(sealwright_envelope::seal(&key, b"old words").unwrap());
    let for_me = b64::encode_s64(wrap(&key, me.current().encryption.public()).unwrap());
    let for_stranger = b64::encode_s64(wrap(&key, stranger.public()).unwrap());
    made.add("data/both.txt", format!("==GET=SEALD=1=2/{for_stranger}/{for_me}={sealed}/="));
    made.add("data/other.txt", format!("==GET=SEALD=1=1/{for_stranger}={sealed}/="));
    let output = tempfile::tempdir().unwrap();
    let lines = made.run(output.path());
    assert_eq!((lines[0].status, lines[0].route.as_deref()), (Status::Converted, Some("local")));
    assert_eq!(fs::read(output.path().join("data/both.txt")).unwrap(), b"old words");
    assert_eq!((lines[1].status, lines[1].error.as_deref()), (Status::Closed, Some("no-token")));
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_told_in_hex() {
    use std::os::unix::ffi::OsStrExt as _;
    let made = Made::new();
    let name = std::ffi::OsStr::from_bytes(b"data/\xff.seald");
    fs::create_dir(made.directory.path().join("data")).unwrap();
    fs::write(made.directory.path().join(name), made.container("ok.txt", b"ok")).unwrap();
    let output = tempfile::tempdir().unwrap();
    let lines = made.run(output.path());
    assert_eq!(lines[0].source_bytes.as_deref(), Some("646174612fff2e7365616c64"));
    assert_eq!(lines[0].output.as_deref(), Some("data/ok.txt"));
    let before = snapshot(output.path());
    made.run(output.path());
    assert_eq!(snapshot(output.path()), before);
}

#[test]
fn what_is_no_bundle_is_refused_before_anything_is_written() {
    let output = tempfile::tempdir().unwrap();
    let target = output.path().join("clear");
    let (empty, made) = (tempfile::tempdir().unwrap(), Made::new());
    let file = made.directory.path().join("session-keys.jsonl");
    let code = |bundle: &Path, target: &Path| run(bundle, target, &confirmed(), &()).unwrap_err().code();
    assert_eq!(code(empty.path(), &target), "not-a-bundle");
    assert_eq!(code(&file, &target), "not-a-bundle");
    assert_eq!(code(&empty.path().join("missing"), &target), "io");
    assert_eq!(code(made.directory.path(), &made.directory.path().join("clear")), "output-inside-bundle");
    assert_eq!(code(made.directory.path(), made.directory.path().parent().unwrap()), "output-inside-bundle");
    let around = empty.path().join("new/../..").join(made.directory.path().file_name().unwrap()).join("clear");
    assert_eq!(code(made.directory.path(), &around), "output-inside-bundle");
    made.add("bundle.json", "{\"format\":\"another\"}");
    assert_eq!(code(made.directory.path(), &target), "not-a-bundle");
    assert!(!target.exists());
}

#[test]
fn two_runs_on_one_output_do_not_meet() {
    let made = Made::new();
    made.add("data/1.seald", made.container("a.txt", b"a"));
    let output = tempfile::tempdir().unwrap();
    let lock = fs::File::create(output.path().join(".sealwright.lock")).unwrap();
    lock.lock().unwrap();
    let error = run(made.directory.path(), output.path(), &confirmed(), &()).unwrap_err();
    assert!(matches!(error, EgressError::Locked { .. }));
    drop(lock);
    assert_eq!(made.run(output.path()).len(), 1);
}

#[test]
fn malformed_records_are_told_and_fatal_only_if_asked() {
    let made = Made::new();
    made.add("message-keys.jsonl", "{\"sessionId\":\"nobody\",\"token\":\"AAAA\"}\n\nnonsense\n");
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(output.path().join("report.json")).unwrap()).unwrap();
    let places: Vec<_> =
        report["bundle"]["malformedRecords"].as_array().unwrap().iter().map(|place| &place["line"]).collect();
    assert_eq!(places, [1, 3]);
    let mut strict = Options::default();
    strict.strict = true;
    let error = run(made.directory.path(), output.path(), &strict, &()).unwrap_err();
    assert_eq!(error.code(), "malformed");
}

#[cfg(unix)]
#[test]
fn a_part_of_the_bundle_that_leads_nowhere_is_told() {
    let made = Made::new();
    made.add("identities/a", "no identity");
    let link = |name: &str| std::os::unix::fs::symlink("nowhere", made.directory.path().join(name)).unwrap();
    link("identities/b");
    let identities = plan(made.directory.path(), &Options::default(), &()).unwrap().identities;
    let told: Vec<_> =
        identities.iter().map(|attempt| (attempt.source.as_str(), attempt.outcome, attempt.error.as_deref())).collect();
    let malformed = |source, error| (source, Outcome::Malformed, Some(error));
    assert_eq!(told, [malformed("identities/a", "malformed"), malformed("identities/b", "io")]);
    link("message-keys.jsonl");
    assert_eq!(plan(made.directory.path(), &Options::default(), &()).unwrap_err().code(), "io");
}

#[test]
fn one_database_of_an_export_that_stays_closed_does_not_keep_the_others_closed() {
    let made = Made::new();
    made.add("data/1.seald", made.container("a.txt", b"a"));
    made.add("session-keys.jsonl", "");
    let database_key = SymKey::generate().unwrap();
    let sealed = |key: &SymKey, text: &[u8]| b64::encode(sealwright_envelope::seal(key, text).unwrap());
    let cached = serde_json::json!({ "encryptedSymKey": sealed(&database_key, made.key.expose()) });
    let exported = serde_json::json!({
        "a/User.fdb": sealed(&SymKey::generate().unwrap(), b"{}"),
        format!("seald-cache-12345678-1234-4abc-8def-1234567890ab-b:{}", made.session): cached.to_string(),
    });
    made.add("exported.json", exported.to_string());
    made.add("nothing.json", "{}");
    let key = b64::encode(database_key.expose());
    let record = |path| format!("{{\"path\":\"{path}\",\"kind\":\"browser\",\"databaseRawKey\":\"{key}\"}}\n");
    made.add("local-databases.jsonl", record("exported.json") + &record("nothing.json"));
    let output = tempfile::tempdir().unwrap();
    assert_eq!(made.run(output.path())[0].status, Status::Converted);
    let identities = plan(made.directory.path(), &Options::default(), &()).unwrap().identities;
    let told: Vec<_> = identities.iter().map(|attempt| attempt.error.as_deref().unwrap_or_default()).collect();
    assert_eq!(told, ["rejected", "no-identity", "malformed"]);
}

#[cfg(unix)]
#[test]
fn a_backslash_in_the_name_of_a_directory_is_no_separator() {
    let made = Made::new();
    made.add("data/a\\b/1.seald", made.container("x", b"x"));
    let output = tempfile::tempdir().unwrap();
    made.run(output.path());
    let verification = verify(output.path(), &Options::default(), &()).unwrap();
    assert!(verification.unlisted.is_empty(), "{:?}", verification.unlisted);
}
