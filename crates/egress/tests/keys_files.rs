//! Files of keys, run after run and shard by shard (EGR-37).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use age::secrecy::SecretString as AgeSecret;
use age::{Decryptor, scrypt, x25519};
use made::Made;
use sealwright_egress::{KeysOut, Options, Recipients, SessionIds, Shard, Sink, merge, run};
use sealwright_envelope::{file, message};
use sealwright_types::{Coded as _, SessionId, b64};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use support::{confirmed, snapshot};
use tempfile::{TempDir, tempdir};

/// A bundle whose data is of many sessions.
struct Sessions {
    made: Made,
    sessions: Vec<SessionId>,
    keys: TempDir,
}

impl Sessions {
    fn new(count: usize) -> Self {
        let made = Made::new();
        let sessions: Vec<_> = (0..count).map(|_| SessionId::random().unwrap()).collect();
        for (number, session) in sessions.iter().enumerate() {
            let mut sealed = Vec::new();
            file::seal(&made.key, *session, "name", 4, &b"text"[..], &mut sealed).unwrap();
            made.add(&format!("data/{number}.seald"), sealed);
        }
        let this = Self { made, sessions, keys: tempdir().unwrap() };
        this.knows(count);
        this
    }

    /// Has the keys of the first of them.
    fn knows(&self, count: usize) {
        let key = b64::encode(self.made.key.expose());
        let record = |session: &SessionId| format!("{{\"sessionId\":\"{session}\",\"key\":\"{key}\"}}\n");
        self.made.add("session-keys.jsonl", self.sessions[..count].iter().map(record).collect::<String>());
    }

    fn path(&self) -> PathBuf {
        self.keys.path().join("keys.age")
    }

    fn options(&self, recipients: &Recipients) -> Options {
        let mut options = confirmed();
        let keys_out = KeysOut { path: self.path(), recipients: recipients.clone() };
        options.sink = Sink::Clear { keys_out: Some(keys_out) };
        options
    }

    fn run(&self, output: &Path, options: &Options) {
        run(self.made.directory.path(), output, options, &()).unwrap();
    }
}

fn age_key() -> (x25519::Identity, Recipients) {
    let identity = x25519::Identity::generate();
    let recipients = Recipients::keys([identity.to_public().to_string().parse().unwrap()]).unwrap();
    (identity, recipients)
}

/// The sessions in a file of keys; `None` if the identity does not open it.
fn sessions_in(path: &Path, identity: &dyn age::Identity) -> Option<BTreeSet<String>> {
    let file = fs::read(path).unwrap();
    let mut text = String::new();
    let opened = Decryptor::new_buffered(&file[..]).unwrap().decrypt(std::iter::once(identity)).ok();
    opened?.read_to_string(&mut text).unwrap();
    let line =
        |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["sessionId"].as_str().unwrap().to_owned();
    let sessions: Vec<_> = text.lines().map(line).collect();
    let each_once: BTreeSet<_> = sessions.iter().cloned().collect();
    assert_eq!(each_once.len(), sessions.len());
    Some(each_once)
}

#[test]
fn keys_that_a_killed_run_has_not_written_are_written_by_the_next() {
    let (bundle, output) = (Sessions::new(3), tempdir().unwrap());
    let (identity, recipients) = age_key();
    bundle.knows(1);
    bundle.run(output.path(), &bundle.options(&recipients));
    assert_eq!(sessions_in(&bundle.path(), &identity).unwrap().len(), 1);
    // It converts everything and is killed before it gets to the keys.
    bundle.knows(3);
    bundle.run(output.path(), &confirmed());
    bundle.run(output.path(), &bundle.options(&recipients));
    assert_eq!(sessions_in(&bundle.path(), &identity).unwrap().len(), 3);
    let before = fs::read(bundle.path()).unwrap();
    bundle.run(output.path(), &bundle.options(&recipients));
    assert!(fs::read(bundle.path()).unwrap() == before);
}

#[test]
fn a_file_of_keys_is_written_again_for_another_passphrase() {
    let (bundle, output) = (Sessions::new(1), tempdir().unwrap());
    let with = |text: &str| bundle.options(&Recipients::passphrase(text.to_owned().into()).unwrap());
    let opens =
        |text: &str| sessions_in(&bundle.path(), &scrypt::Identity::new(AgeSecret::from(text.to_owned()))).is_some();
    let latest = || {
        let sink = fs::read_to_string(output.path().join("sink.jsonl")).unwrap();
        serde_json::from_str::<serde_json::Value>(sink.lines().last().unwrap()).unwrap()
    };
    bundle.run(output.path(), &with("first"));
    let (before, first) = ((snapshot(output.path()), fs::read(bundle.path()).unwrap()), latest());
    bundle.run(output.path(), &with("first"));
    assert!((snapshot(output.path()), fs::read(bundle.path()).unwrap()) == before);
    bundle.run(output.path(), &with("second"));
    assert!(opens("second") && !opens("first"));
    // What is kept says nothing about a passphrase.
    assert_eq!(latest()["content"], first["content"]);
    assert_ne!(latest()["keysSha256"], first["keysSha256"]);
}

#[test]
fn a_shard_writes_the_keys_of_its_own_data() {
    let bundle = Sessions::new(12);
    let (identity, recipients) = age_key();
    // Of these sessions one source has data, and its shard is not always theirs.
    let only_in_records = [(); 4].map(|()| SessionId::random().unwrap());
    let key = b64::encode(bundle.made.key.expose());
    let mut known = fs::read_to_string(bundle.made.directory.path().join("session-keys.jsonl")).unwrap();
    for (number, session) in only_in_records.iter().enumerate() {
        known += &format!("{{\"sessionId\":\"{session}\",\"key\":\"{key}\"}}\n");
        let row = serde_json::json!({ "body": message::seal(&bundle.made.key, *session, "text").unwrap() });
        bundle.made.add(&format!("messages/{number}.jsonl"), format!("{row}\n"));
    }
    bundle.made.add("session-keys.jsonl", known);
    let mut all = BTreeSet::new();
    for index in 0..3 {
        let (shard, output) = (Shard::new(index, 3).unwrap(), tempdir().unwrap());
        let mut options = bundle.options(&recipients);
        options.shard = Some(shard);
        bundle.run(output.path(), &options);
        let of_files = bundle.sessions.iter().filter(|session| shard.has_session(**session));
        let of_records = (0..4).filter(|number| shard.has_source(&format!("messages/{number}.jsonl")));
        let of_records = of_records.map(|number| &only_in_records[number]);
        let expected: BTreeSet<_> = of_files.chain(of_records).map(ToString::to_string).collect();
        assert_eq!(sessions_in(&bundle.path(), &identity).unwrap(), expected);
        all.extend(expected);
        fs::remove_file(bundle.path()).unwrap();
    }
    assert_eq!(all.len(), 16);
}

#[test]
fn shards_with_keys_of_their_own_are_merged() {
    let (bundle, merged) = (Sessions::new(12), tempdir().unwrap());
    let (identity, recipients) = age_key();
    let shards = |sink: &dyn Fn(u32) -> Sink| -> Vec<TempDir> {
        let shards = (0..3).map(|index| {
            let (mut options, output) = (confirmed(), tempdir().unwrap());
            options.shard = Some(Shard::new(index, 3).unwrap());
            options.sink = sink(index);
            bundle.run(output.path(), &options);
            output
        });
        shards.collect()
    };
    let paths = |shards: &[TempDir]| shards.iter().map(|shard| shard.path().to_owned()).collect::<Vec<_>>();
    let keys_out = |index: u32| {
        let path = bundle.keys.path().join(format!("{index}.age"));
        KeysOut { path, recipients: recipients.clone() }
    };

    // One of them without keys: what it holds is the same.
    let clear = shards(&|index| Sink::Clear { keys_out: (index > 0).then(|| keys_out(index)) });
    merge(&paths(&clear), merged.path(), &confirmed(), &()).unwrap();
    let before = fs::read(merged.path().join("manifest.jsonl")).unwrap();
    merge(&paths(&clear), merged.path(), &confirmed(), &()).unwrap();
    bundle.run(merged.path(), &bundle.options(&recipients));
    assert_eq!(sessions_in(&bundle.path(), &identity).unwrap().len(), 12);
    assert!(fs::read(merged.path().join("manifest.jsonl")).unwrap() == before);

    let new = shards(&|index| Sink::NewSessions { ids: SessionIds::random(), keys_out: keys_out(index + 10) });
    let refused = merge(&paths(&new), tempdir().unwrap().path(), &confirmed(), &()).unwrap_err();
    assert_eq!(refused.code(), "shards-incomplete");
}

#[test]
fn several_keys_of_a_session_stay_known_in_a_merge() {
    let (bundle, merged) = (Sessions::new(1), tempdir().unwrap());
    let (identity, recipients) = age_key();
    // The first key of the session does not open what the second one opens.
    let (other, session) = (Made::new(), bundle.sessions[0]);
    let records = bundle.made.directory.path().join("session-keys.jsonl");
    let second = format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(other.key.expose()));
    fs::write(&records, fs::read_to_string(&records).unwrap() + &second).unwrap();
    let row = serde_json::json!({ "body": message::seal(&other.key, session, "text").unwrap() });
    bundle.made.add("messages/rows.jsonl", format!("{row}\n"));
    let mut outputs = Vec::new();
    for index in 0..2 {
        let output = tempdir().unwrap();
        let mut options = bundle.options(&recipients);
        options.shard = Some(Shard::new(index, 2).unwrap());
        bundle.run(output.path(), &options);
        fs::remove_file(bundle.path()).unwrap();
        outputs.push(output);
    }
    let paths: Vec<_> = outputs.iter().map(|output| output.path().to_owned()).collect();
    merge(&paths, merged.path(), &confirmed(), &()).unwrap();
    bundle.run(merged.path(), &bundle.options(&recipients));
    let file = fs::read(bundle.path()).unwrap();
    let mut text = String::new();
    let opened = Decryptor::new_buffered(&file[..]).unwrap().decrypt(std::iter::once(&identity as _)).unwrap();
    { opened }.read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains(&b64::encode(other.key.expose())));
}

#[cfg(unix)]
#[test]
fn no_file_of_keys_lies_in_the_output() {
    let (bundle, output, elsewhere) = (Sessions::new(1), tempdir().unwrap(), tempdir().unwrap());
    let (_, recipients) = age_key();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(output.path(), &link).unwrap();
    fs::create_dir(output.path().join("data")).unwrap();
    let before = snapshot(output.path());
    let directories = [output.path().to_owned(), link.clone(), link.join("data"), output.path().join("data/..")];
    for (directory, name) in directories.iter().flat_map(|directory| {
        ["report.json", "report.html", "runs.jsonl", "shard.json", "keys.age"].map(|name| (directory, name))
    }) {
        let keys_out = KeysOut { path: directory.join(name), recipients: recipients.clone() };
        let mut options = confirmed();
        for sink in [
            Sink::NewSessions { ids: SessionIds::random(), keys_out: keys_out.clone() },
            Sink::Clear { keys_out: Some(keys_out.clone()) },
        ] {
            options.sink = sink;
            let refused = run(bundle.made.directory.path(), output.path(), &options, &()).unwrap_err();
            assert_eq!(refused.code(), "keys-inside-output", "{}", keys_out.path.display());
        }
        assert!(snapshot(output.path()) == before, "something was written");
    }
    // Where links of the bundle lead is part of it.
    let real = elsewhere.path().join("real");
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, bundle.made.directory.path().join("messages")).unwrap();
    let mut options = confirmed();
    options.sink =
        Sink::Clear { keys_out: Some(KeysOut { path: real.join("keys.age"), recipients: recipients.clone() }) };
    let refused = run(bundle.made.directory.path(), output.path(), &options, &()).unwrap_err();
    assert_eq!(refused.code(), "output-inside-bundle");
    assert!(snapshot(output.path()) == before);
    // One that begins with the same letters is another directory.
    let beside = PathBuf::from(format!("{}-keys", output.path().display()));
    fs::create_dir(&beside).unwrap();
    let mut options = confirmed();
    options.sink = Sink::Clear { keys_out: Some(KeysOut { path: beside.join("keys.age"), recipients }) };
    run(bundle.made.directory.path(), output.path(), &options, &()).unwrap();
    fs::remove_dir_all(beside).unwrap();
}
