//! Sinks: clear, age, new sessions, one given session; the files of keys; archives of whole outputs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use age::secrecy::SecretString as AgeSecret;
use age::{Decryptor, scrypt, x25519};
use made::Made;
use sealwright_egress::{
    Action, EgressError, Files, KeysOut, Line, Options, Recipients, SessionIds, Sink, Status, Verdict, Watch, pack,
    run, verify,
};
use sealwright_envelope::{SymKey, file, message};
use sealwright_types::{Coded as _, SessionId, b64};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{confirmed, snapshot};
use tempfile::tempdir;

fn with(sink: Sink) -> Options {
    let mut options = confirmed();
    options.sink = sink;
    options
}

fn lines(output: &Path) -> Vec<Line> {
    let manifest = fs::read_to_string(output.join("manifest.jsonl")).unwrap();
    manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A bundle with everything that a sink has to do with.
fn bundle() -> Made {
    let made = Made::new();
    made.add("data/1.seald", made.container("report.pdf", &[7; 200_000]));
    made.add("data/2.seald", made.container("report.pdf", b"second"));
    made.add("data/3.seald", made.several(&[("folder/a.txt", b"one"), ("b.txt", b""), ("a.txt", b"three")]));
    made.add("data/note.json", message::seal(&made.key, made.session, "a note").unwrap());
    made.add("data/plain.txt", "never encrypted");
    let row = |text| serde_json::json!({ "id": 1, "body": message::seal(&made.key, made.session, text).unwrap() });
    made.add("messages/rows.jsonl", format!("{}\n{}\n", row("hällo"), row("")));
    let cell = message::seal(&made.key, made.session, "a cell, quoted").unwrap().replace('"', "\"\"");
    made.add("messages/table.csv", format!("id,body\r\n1,\"{cell}\"\r\n"));
    made
}

/// Everything but the journal: a refused run leaves one, which is empty.
fn kept(output: &Path) -> BTreeMap<String, Vec<u8>> {
    snapshot(output).into_iter().filter(|(name, content)| name != "journal.jsonl" || !content.is_empty()).collect()
}

/// The files under `data/` and `messages/`.
fn outputs(output: &Path) -> BTreeMap<String, Vec<u8>> {
    snapshot(output).into_iter().filter(|(name, _)| name.contains('/')).collect()
}

fn opened_by(file: &[u8], identity: &dyn age::Identity) -> Option<Vec<u8>> {
    let mut clear = Vec::new();
    Decryptor::new_buffered(file).unwrap().decrypt(std::iter::once(identity)).ok()?.read_to_end(&mut clear).unwrap();
    Some(clear)
}

fn age_keys<const N: usize>() -> ([x25519::Identity; N], Recipients) {
    let identities = [(); N].map(|()| x25519::Identity::generate());
    let recipients = identities.each_ref().map(|identity| identity.to_public().to_string().parse().unwrap());
    (identities, Recipients::keys(recipients).unwrap())
}

#[test]
fn age_holds_the_tree_of_the_clear_sink() {
    let (made, clear, age) = (bundle(), tempdir().unwrap(), tempdir().unwrap());
    let mut options = confirmed();
    options.copy_plain = true;
    run(made.directory.path(), clear.path(), &options, &()).unwrap();
    let ([first, second], recipients) = age_keys();
    options.sink = Sink::Age { recipients, keys_out: None };
    run(made.directory.path(), age.path(), &options, &()).unwrap();

    for identity in [&first, &second] {
        let opened = outputs(age.path())
            .into_iter()
            .map(|(name, file)| (name.strip_suffix(".age").unwrap().to_owned(), opened_by(&file, identity).unwrap()));
        assert_eq!(opened.collect::<BTreeMap<_, _>>(), outputs(clear.path()));
    }
    let ([other], _) = age_keys();
    assert!(outputs(age.path()).values().all(|file| opened_by(file, &other).is_none()));
    assert!(outputs(age.path()).contains_key("data/report (1).pdf.age"));

    // The manifest tells what both have in common.
    let in_clear = |output: &Path| -> Vec<_> {
        let hash =
            |written: &sealwright_egress::Written| written.clear_sha256.clone().unwrap_or(written.sha256.clone());
        lines(output).iter().map(|line| line.written().iter().map(hash).collect::<Vec<_>>()).collect()
    };
    assert_eq!(in_clear(age.path()), in_clear(clear.path()));

    // Nothing is done twice, and everything is still there.
    let before = snapshot(age.path());
    run(made.directory.path(), age.path(), &options, &()).unwrap();
    assert!(snapshot(age.path()) == before);
    let verified = verify(age.path(), &Options::default(), &()).unwrap();
    assert!(verified.changed.is_empty() && verified.unlisted.is_empty());
}

#[test]
fn a_record_file_that_stays_partly_closed_is_encrypted_once() {
    let made = Made::new();
    let row = |session| serde_json::json!({ "body": message::seal(&made.key, session, "text").unwrap() });
    made.add("messages/rows.jsonl", format!("{}\n{}\n", row(made.session), row(SessionId::random().unwrap())));
    let ([_], recipients) = age_keys();
    let keys_out = KeysOut { path: tempdir().unwrap().keep().join("keys.age"), recipients: recipients.clone() };
    for sink in [
        Sink::Age { recipients, keys_out: None },
        Sink::NewSessions { ids: SessionIds::random(), keys_out: keys_out.clone() },
    ] {
        let output = tempdir().unwrap();
        run(made.directory.path(), output.path(), &with(sink.clone()), &()).unwrap();
        let before = snapshot(output.path());
        run(made.directory.path(), output.path(), &with(sink), &()).unwrap();
        assert!(snapshot(output.path()) == before);
    }
    fs::remove_dir_all(keys_out.path.parent().unwrap()).unwrap();
}

#[test]
fn a_passphrase_opens_the_identity_that_opens_everything() {
    let (made, output) = (bundle(), tempdir().unwrap());
    let sink = |passphrase: &str| Sink::Age {
        recipients: Recipients::passphrase(passphrase.to_owned().into()).unwrap(),
        keys_out: None,
    };
    run(made.directory.path(), output.path(), &with(sink("correct horse")), &()).unwrap();
    let file = fs::read(output.path().join("identity.age")).unwrap();
    let passphrase = scrypt::Identity::new(AgeSecret::from("correct horse".to_owned()));
    let identity = String::from_utf8(opened_by(&file, &passphrase).unwrap()).unwrap();
    let identity: x25519::Identity = identity.lines().last().unwrap().parse().unwrap();
    let note = &outputs(output.path())["data/note.json.age"];
    assert_eq!(opened_by(note, &identity).unwrap(), b"a note");

    let before = kept(output.path());
    run(made.directory.path(), output.path(), &with(sink("correct horse")), &()).unwrap();
    let wrong = run(made.directory.path(), output.path(), &with(sink("wrong")), &()).unwrap_err();
    assert!(matches!(wrong, EgressError::WrongPassphrase { .. }) && wrong.code() == "rejected", "{wrong}");
    assert!(kept(output.path()) == before);
}

#[test]
fn an_output_belongs_to_one_sink() {
    let made = bundle();
    let ([_], recipients) = age_keys();
    let ([_], others) = age_keys();
    let passphrase = Recipients::passphrase("text".to_owned().into()).unwrap();
    let keys = tempdir().unwrap();
    let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients: recipients.clone() };
    let into = |key: SymKey| Sink::IntoSession { session: made.session, key: Arc::new(key), keys_out: None };
    let all = [
        Sink::default(),
        Sink::Age { recipients, keys_out: None },
        Sink::Age { recipients: others, keys_out: None },
        Sink::Age { recipients: passphrase, keys_out: None },
        Sink::NewSessions { ids: SessionIds::random(), keys_out },
        into(SymKey::generate().unwrap()),
        into(SymKey::generate().unwrap()),
    ];
    for (first, former) in all.iter().enumerate() {
        let output = tempdir().unwrap();
        run(made.directory.path(), output.path(), &with(former.clone()), &()).unwrap();
        let before = kept(output.path());
        for (second, wanted) in all.iter().enumerate().filter(|(second, _)| *second != first) {
            let refused = run(made.directory.path(), output.path(), &with(wanted.clone()), &()).unwrap_err();
            assert_eq!(refused.code(), "other-sink", "{first} {second}: {refused}");
        }
        assert!(kept(output.path()) == before);
        drop(fs::remove_file(keys.path().join("keys.age")));
    }
}

/// The same names and contents. Which of several files that are called the same got which number depends on the names of their sources.
fn assert_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    let unnumbered = |files: &BTreeMap<String, Vec<u8>>| {
        let mut files: Vec<_> =
            files.iter().map(|(name, content)| (name.replace(" (1)", ""), content.clone())).collect();
        files.sort();
        files
    };
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert_eq!(unnumbered(one), unnumbered(other));
}

/// The lines of a file of keys.
fn keys_in(path: &Path, identity: &x25519::Identity) -> Vec<serde_json::Value> {
    let text = String::from_utf8(opened_by(&fs::read(path).unwrap(), identity).unwrap()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_sealed_for_new_sessions_opens_to_the_same() {
    let (made, clear, sealed, keys) = (bundle(), tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    run(made.directory.path(), clear.path(), &confirmed(), &()).unwrap();
    let ([identity], recipients) = age_keys();
    let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients };
    let sink = Sink::NewSessions { ids: SessionIds::random(), keys_out: keys_out.clone() };
    run(made.directory.path(), sealed.path(), &with(sink.clone()), &()).unwrap();
    assert!(outputs(sealed.path()).contains_key("data/report (1).pdf.seald"));

    // The file of keys is a part of a bundle.
    let again = tempdir().unwrap();
    let mut clear_again = outputs(sealed.path());
    let text = opened_by(&fs::read(&keys_out.path).unwrap(), &identity).unwrap();
    for (name, content) in clear_again.iter().chain([(&"session-keys.jsonl".to_owned(), &text)]) {
        fs::create_dir_all(again.path().join(name).parent().unwrap()).unwrap();
        fs::write(again.path().join(name), content).unwrap();
    }
    let opened = tempdir().unwrap();
    assert_eq!(run(again.path(), opened.path(), &confirmed(), &()).unwrap().exit_status(), 0);
    assert_same(&outputs(opened.path()), &outputs(clear.path()));

    // New id, new key, and the stored name inside.
    let [new] = &keys_in(&keys_out.path, &identity)[..] else { panic!("one session") };
    assert_eq!(new["oldSessionId"], made.session.to_string());
    let key = SymKey::from_bytes(&b64::decode_strict(new["key"].as_str().unwrap()).unwrap()).unwrap();
    assert!(key.expose().len() == 64 && key.expose() != made.key.expose());
    let container = std::io::Cursor::new(clear_again.remove("data/a.txt.seald").unwrap());
    let header = file::inspect(&mut container.clone()).unwrap();
    assert_eq!(header.session.to_string(), new["sessionId"]);
    let entry = file::open(&key, &header, container, file::SingleEntry::Only).unwrap();
    assert_eq!(entry.entry().name.as_ref().unwrap().raw, "folder/a.txt");

    // A run that finds nothing to do changes nothing, the file of keys included.
    let before = (snapshot(sealed.path()), fs::read(&keys_out.path).unwrap());
    run(made.directory.path(), sealed.path(), &with(sink), &()).unwrap();
    assert!((snapshot(sealed.path()), fs::read(&keys_out.path).unwrap()) == before);
    assert!(verify(sealed.path(), &Options::default(), &()).unwrap().changed.is_empty());
}

#[test]
fn a_later_run_uses_the_same_new_sessions() {
    let (made, output, keys) = (Made::new(), tempdir().unwrap(), tempdir().unwrap());
    made.add("data/1.seald", made.container("a", b"a"));
    let ([identity], recipients) = age_keys();
    let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients };
    let sink = Sink::NewSessions { ids: SessionIds::random(), keys_out: keys_out.clone() };
    run(made.directory.path(), output.path(), &with(sink.clone()), &()).unwrap();
    let first = keys_in(&keys_out.path, &identity);
    // As after a crash before the file of keys was there.
    fs::remove_file(&keys_out.path).unwrap();
    made.add("data/2.seald", made.container("b", b"b"));
    run(made.directory.path(), output.path(), &with(sink.clone()), &()).unwrap();
    assert_eq!(keys_in(&keys_out.path, &identity), first);
    let key = SymKey::from_bytes(&b64::decode_strict(first[0]["key"].as_str().unwrap()).unwrap()).unwrap();
    for name in ["data/a.seald", "data/b.seald"] {
        let container = std::io::Cursor::new(outputs(output.path())[name].clone());
        let header = file::inspect(&mut container.clone()).unwrap();
        assert!(file::open(&key, &header, container, file::SingleEntry::Only).is_ok());
    }
    // Somebody else's file is not overwritten.
    fs::write(&keys_out.path, "mine").unwrap();
    let refused = run(made.directory.path(), output.path(), &with(sink), &()).unwrap_err();
    assert!(matches!(refused, EgressError::KeysOutTaken { .. }));
}

#[test]
fn without_the_old_key_nothing_of_the_new_one_is_kept_readable() {
    let (made, output, keys) = (Made::new(), tempdir().unwrap(), tempdir().unwrap());
    made.add("data/1.seald", made.container("a", b"a"));
    let ([identity], recipients) = age_keys();
    let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients };
    let sink = Sink::NewSessions { ids: SessionIds::random(), keys_out: keys_out.clone() };
    run(made.directory.path(), output.path(), &with(sink), &()).unwrap();
    let key = keys_in(&keys_out.path, &identity)[0]["key"].as_str().unwrap().to_owned();
    let raw = b64::decode_strict(&key).unwrap();
    for (name, content) in snapshot(output.path()).into_iter().chain(snapshot(keys.path())) {
        let holds = |needle: &[u8]| content.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(key.as_bytes()) && !holds(&raw) && !holds(hex::encode(&raw).as_bytes()), "{name}");
    }
}

#[test]
fn given_ids_are_used_and_missing_ones_are_told() {
    let (made, other) = (Made::new(), SessionId::random().unwrap());
    made.add("data/1.seald", made.container("a", b"a"));
    let mut sealed = Vec::new();
    file::seal(&made.key, other, "b", 1, &b"b"[..], &mut sealed).unwrap();
    made.add("data/2.seald", sealed);
    let record = |session| format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(made.key.expose()));
    made.add("session-keys.jsonl", record(made.session) + &record(other));
    let new = SessionId::random().unwrap();
    let ids = format!("{{\"oldSessionId\":\"{}\",\"sessionId\":\"{new}\"}}\n", made.session);
    let (output, keys) = (tempdir().unwrap(), tempdir().unwrap());
    let ([identity], recipients) = age_keys();
    let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients };
    let sink =
        |ids: &str| Sink::NewSessions { ids: SessionIds::read(ids.as_bytes()).unwrap(), keys_out: keys_out.clone() };
    run(made.directory.path(), output.path(), &with(sink(&ids)), &()).unwrap();
    let told: Vec<_> = lines(output.path()).into_iter().map(|line| (line.status, line.error)).collect();
    assert_eq!(told, [(Status::Converted, None), (Status::Closed, Some("no-session-id".to_owned()))]);
    assert_eq!(keys_in(&keys_out.path, &identity)[0]["sessionId"], new.to_string());

    let more = format!("{ids}{{\"oldSessionId\":\"{other}\",\"sessionId\":\"{}\"}}\n", SessionId::random().unwrap());
    run(made.directory.path(), output.path(), &with(sink(&more)), &()).unwrap();
    assert!(lines(output.path()).iter().all(|line| line.status == Status::Converted));
    assert_eq!(keys_in(&keys_out.path, &identity).len(), 2);
}

#[test]
fn everything_goes_into_one_session() {
    let (made, clear, sealed) = (bundle(), tempdir().unwrap(), tempdir().unwrap());
    run(made.directory.path(), clear.path(), &confirmed(), &()).unwrap();
    let (session, key) = (SessionId::random().unwrap(), Arc::new(SymKey::generate().unwrap()));
    let sink = Sink::IntoSession { session, key: Arc::clone(&key), keys_out: None };
    run(made.directory.path(), sealed.path(), &with(sink), &()).unwrap();
    let again = Made { directory: tempdir().unwrap(), session, key: SymKey::from_bytes(key.expose()).unwrap() };
    again.add(
        "session-keys.jsonl",
        format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(key.expose())),
    );
    outputs(sealed.path()).into_iter().for_each(|(name, content)| again.add(&name, content));
    let opened = tempdir().unwrap();
    again.run(opened.path());
    assert_same(&outputs(opened.path()), &outputs(clear.path()));
}

#[test]
fn found_keys_open_the_same_bundle_again() {
    let (made, output, keys) = (bundle(), tempdir().unwrap(), tempdir().unwrap());
    let ([identity], recipients) = age_keys();
    let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients };
    let sink = Sink::Clear { keys_out: Some(keys_out.clone()) };
    run(made.directory.path(), output.path(), &with(sink.clone()), &()).unwrap();
    let [found] = &keys_in(&keys_out.path, &identity)[..] else { panic!("one session") };
    assert_eq!(found["sessionId"], made.session.to_string());
    assert_eq!(found["key"], b64::encode(made.key.expose()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&keys_out.path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = (snapshot(output.path()), fs::read(&keys_out.path).unwrap());
    run(made.directory.path(), output.path(), &with(sink), &()).unwrap();
    assert!((snapshot(output.path()), fs::read(&keys_out.path).unwrap()) == before);
}

#[test]
fn keys_never_go_into_the_bundle() {
    let (made, output) = (bundle(), tempdir().unwrap());
    let ([_], recipients) = age_keys();
    let keys_out = Some(KeysOut { path: made.directory.path().join("keys.age"), recipients });
    let refused = run(made.directory.path(), output.path(), &with(Sink::Clear { keys_out }), &()).unwrap_err();
    assert_eq!(refused.code(), "output-inside-bundle");
    assert!(!output.path().join("data").exists());
}

#[test]
fn what_does_not_verify_leaves_nothing_behind_any_sink() {
    let made = Made::new();
    let mut damaged = made.container("a.txt", &[1; 300_000]);
    *damaged.last_mut().unwrap() ^= 1;
    made.add("data/1.seald", damaged);
    let ([_], recipients) = age_keys();
    let keys = tempdir().unwrap();
    let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients: recipients.clone() };
    for sink in [
        Sink::Age { recipients, keys_out: None },
        Sink::NewSessions { ids: SessionIds::random(), keys_out },
        Sink::IntoSession { session: made.session, key: Arc::new(SymKey::generate().unwrap()), keys_out: None },
    ] {
        let output = tempdir().unwrap();
        run(made.directory.path(), output.path(), &with(sink), &()).unwrap();
        assert_eq!(lines(output.path())[0].status, Status::Rejected);
        assert!(outputs(output.path()).is_empty());
    }
}

#[test]
fn an_output_is_packed_as_it_is() {
    let (made, output) = (bundle(), tempdir().unwrap());
    let long = format!("{}.txt", "long ".repeat(40));
    made.add("data/4.seald", made.container(&long, b"a long name"));
    made.add("data/5.seald", made.container("日本.txt", b"another script"));
    made.run(output.path());
    let mut archive = Vec::new();
    let files = pack(output.path(), &mut archive, &Options::default(), &()).unwrap();
    assert_eq!(files, outputs(output.path()).len() as u64);
    let mut again = Vec::new();
    pack(output.path(), &mut again, &Options::default(), &()).unwrap();
    assert!(archive == again);
    let unpacked = tempdir().unwrap();
    tar::Archive::new(&archive[..]).unpack(unpacked.path()).unwrap();
    let mut expected = snapshot(output.path());
    expected.retain(|name, _| !name.starts_with('.'));
    assert_eq!(snapshot(unpacked.path()), expected);
    assert!(verify(unpacked.path(), &Options::default(), &()).unwrap().changed.is_empty());

    // A changed file ends it, and the archive has no end.
    fs::write(output.path().join("data/日本.txt"), "ANOTHER SCRIPT").unwrap();
    let mut archive = Vec::new();
    let changed = pack(output.path(), &mut archive, &Options::default(), &()).unwrap_err();
    assert_eq!(changed.code(), "output-changed");
    assert!(!archive.ends_with(&[0; 1024]));
    fs::remove_file(output.path().join("data/日本.txt")).unwrap();
    assert!(matches!(pack(output.path(), &mut Vec::new(), &Options::default(), &()), Err(EgressError::Changed { .. })));
}

/// Tears one line of what the sink keeps: half of it is written, the rest fails.
#[derive(Debug)]
struct Tearing {
    line: usize,
    writes: AtomicUsize,
}

impl Watch for Tearing {
    fn before(&self, action: Action<'_>, path: &Path) -> io::Result<Verdict> {
        if !(matches!(action, Action::Write(_)) && path.ends_with("sink.jsonl")) {
            return Ok(Verdict::Proceed);
        }
        match self.writes.fetch_add(1, Ordering::Relaxed) {
            write if write == self.line => Ok(Verdict::Short(20)),
            write if write == self.line + 1 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(Verdict::Proceed),
        }
    }
}

#[test]
fn a_torn_line_takes_no_new_key_with_it() {
    let (made, ([identity], recipients)) = (Made::new(), age_keys());
    let mut known = fs::read_to_string(made.directory.path().join("session-keys.jsonl")).unwrap();
    for number in 0..4 {
        let session = SessionId::random().unwrap();
        known += &format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(made.key.expose()));
        let mut sealed = Vec::new();
        file::seal(&made.key, session, "name", 4, &b"text"[..], &mut sealed).unwrap();
        made.add(&format!("data/{number}.seald"), sealed);
    }
    made.add("session-keys.jsonl", known);
    for line in 1..5 {
        let (output, keys) = (tempdir().unwrap(), tempdir().unwrap());
        let keys_out = KeysOut { path: keys.path().join("keys.age"), recipients: recipients.clone() };
        let mut options = with(Sink::NewSessions { ids: SessionIds::random(), keys_out });
        options.threads = NonZero::new(1);
        let sound = options.clone();
        options.files = Files::watched(Arc::new(Tearing { line, writes: AtomicUsize::new(0) }));
        drop(run(made.directory.path(), output.path(), &options, &()));
        let summary = run(made.directory.path(), output.path(), &sound, &()).unwrap();
        assert_eq!((summary.converted, summary.failed), (4, 0), "{line}");

        let again = tempdir().unwrap();
        fs::create_dir(again.path().join("data")).unwrap();
        for (name, content) in outputs(output.path()) {
            fs::write(again.path().join(name), content).unwrap();
        }
        let keys: Vec<_> = keys_in(&keys.path().join("keys.age"), &identity);
        let keys: String = keys.iter().map(|key| format!("{key}\n")).collect();
        fs::write(again.path().join("session-keys.jsonl"), keys).unwrap();
        let opened = tempdir().unwrap();
        assert_eq!(run(again.path(), opened.path(), &confirmed(), &()).unwrap().converted, 4, "{line}");
    }
}
