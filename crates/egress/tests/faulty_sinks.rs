//! Sinks that encrypt, killed, cut off from power, or refused by the file system at any operation: what they have written opens to the same,
//! and the file of keys opens all of it (EGR-35, EGR-37, EGR-40, EGR-43).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/faulty.rs"]
mod faulty;
#[path = "support/made.rs"]
mod made;
mod support;

use age::{Decryptor, x25519};
use faulty::{EIO, ENOSPC, Faulty, Kind};
use made::Made;
use rusqlite::Connection;
use sealwright_egress::{
    Action, EgressError, Files, KeysOut, Line, Options, Recipients, SessionIds, Sink, Status, Verdict, Watch, run,
    verify,
};
use sealwright_envelope::{SymKey, message};
use sealwright_types::{SessionId, b64};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Read as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use support::{confirmed, snapshot};
use tempfile::TempDir;

type Tree = BTreeMap<String, Vec<u8>>;

/// What happens to a run at one of its operations.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Killed,
    /// Killed, and what was not durable is lost in one of several ways.
    PowerLost(usize),
    /// The operation fails with this error of the system.
    Refused(i32),
    /// From then on nothing more fits on the disk.
    Full,
}

impl Fault {
    /// The one that is the turn of this point, or all of them.
    fn at(at: usize) -> Vec<Self> {
        use Fault::{Full, Killed, PowerLost, Refused};
        let all = [PowerLost(at), Refused(EIO), PowerLost(at + 1), Killed, PowerLost(at + 2), Full, Refused(ENOSPC)];
        if env::var_os("SEALWRIGHT_ALL_FAULTS").is_some() { all.to_vec() } else { vec![all[at % all.len()]] }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Killed | Self::PowerLost(_) => Kind::Torn,
            Self::Refused(code) => Kind::Once(code),
            Self::Full => Kind::Full,
        }
    }
}

/// A bundle, and what has to be known to open the rest of it.
struct Bundle {
    made: Made,
    known: String,
    later: String,
}

impl Bundle {
    fn new() -> Self {
        let made = Made::new();
        let (session, key) = (SessionId::random().unwrap(), SymKey::generate().unwrap());
        let later = format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(key.expose()));
        let made_later = Made { session, key, ..Made::new() };
        for (number, made_for) in [&made, &made, &made_later].into_iter().enumerate() {
            let content = made_for.container("same.txt", format!("content {number}").as_bytes());
            made.add(&format!("data/{number}.seald"), content);
        }
        made.add("data/several.seald", made.several(&[("a.txt", b"one"), ("b.txt", b""), ("a.txt", b"three")]));
        made.add("data/note.json", message::seal(&made.key, made.session, "a note").unwrap());
        let row =
            |made: &Made, text| serde_json::json!({ "body": message::seal(&made.key, made.session, text).unwrap() });
        made.add("messages/rows.jsonl", format!("{}\n{}\n", row(&made, "one"), row(&made_later, "two")));
        let known = fs::read_to_string(made.directory.path().join("session-keys.jsonl")).unwrap();
        Self { made, known, later }
    }

    fn knows_all(&self, all: bool) {
        self.made.add("session-keys.jsonl", if all { self.known.clone() + &self.later } else { self.known.clone() });
    }

    fn run(&self, output: &Path, sink: &Sink, files: Files) -> Result<u8, EgressError> {
        let mut options = confirmed();
        options.threads = NonZero::new(1);
        options.sink = sink.clone();
        options.files = files;
        run(self.made.directory.path(), output, &options, &()).map(|summary| summary.exit_status())
    }
}

/// A place for an output and one for its keys.
struct Room {
    output: TempDir,
    keys: TempDir,
}

impl Room {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let room = || if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { output: room().unwrap(), keys: room().unwrap() }
    }

    fn copy(&self) -> Self {
        let copy = Self::new();
        for (from, to) in [(&self.output, &copy.output), (&self.keys, &copy.keys)] {
            write(to.path(), snapshot(from.path()));
        }
        copy
    }

    fn keys_out(&self, recipients: &Recipients) -> KeysOut {
        KeysOut { path: self.keys.path().join("keys.age"), recipients: recipients.clone() }
    }
}

fn write(directory: &Path, files: impl IntoIterator<Item = (String, Vec<u8>)>) {
    for (name, content) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The files under `data/` and `messages/`.
fn outputs(output: &Path) -> Tree {
    snapshot(output).into_iter().filter(|(name, _)| name.contains('/')).collect()
}

fn opened_by(file: &[u8], identity: &x25519::Identity) -> Vec<u8> {
    let mut clear = Vec::new();
    let identities = std::iter::once(identity as &dyn age::Identity);
    Decryptor::new_buffered(file).unwrap().decrypt(identities).unwrap().read_to_end(&mut clear).unwrap();
    clear
}

/// What the bundle holds. Which of equal names gets which number may differ: what could not be opened at first takes the next free one.
fn clear(bundle: &Bundle) -> Vec<Vec<u8>> {
    let room = Room::new();
    bundle.knows_all(true);
    bundle.run(room.output.path(), &Sink::default(), Files::default()).unwrap();
    sorted(outputs(room.output.path()).into_values())
}

fn sorted(contents: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut contents: Vec<_> = contents.collect();
    contents.sort();
    contents
}

/// Interrupts runs at every operation, lets the next one end, and gives what it has made to `check`: runs that begin, and runs that open
/// more than the one before.
fn interrupt(bundle: &Bundle, sink: impl Fn(&Room) -> Sink, check: impl Fn(&Room, &str)) {
    let nothing = Room::new();
    let some = Room::new();
    bundle.knows_all(false);
    assert_eq!(bundle.run(some.output.path(), &sink(&some), Files::default()).unwrap(), 3);
    bundle.knows_all(true);
    for before in [nothing, some] {
        let (room, count) = (before.copy(), Arc::new(Faulty::new(Kind::Count, 0)));
        bundle.run(room.output.path(), &sink(&room), Files::watched(count.clone())).unwrap();
        let operations = count.operations();
        assert!(operations > 100, "only {operations} points");
        for at in 1..=operations {
            for fault in Fault::at(at) {
                let (room, when) = (before.copy(), format!("after {fault:?} at {at} of {operations}"));
                let watch = Arc::new(Faulty::new(fault.kind(), at));
                drop(bundle.run(room.output.path(), &sink(&room), Files::watched(watch.clone())));
                if let Fault::PowerLost(which) = fault {
                    watch.lose_power(which);
                }
                let ended = bundle.run(room.output.path(), &sink(&room), Files::default());
                assert_eq!(ended.unwrap_or_else(|error| panic!("{when}: {error}")), 0, "{when}");
                let verified = verify(room.output.path(), &Options::default(), &()).unwrap();
                assert!(verified.changed.is_empty() && verified.unlisted.is_empty(), "{when}: {verified:?}");
                let temporary = snapshot(room.output.path()).into_keys().find(|name| name.contains(".sealwright-"));
                assert_eq!(temporary, None, "{when}");
                check(&room, &when);
            }
        }
    }
}

fn age_key() -> (x25519::Identity, Recipients) {
    let identity = x25519::Identity::generate();
    let recipient = identity.to_public().to_string().parse().unwrap();
    (identity, Recipients::keys(vec![recipient]).unwrap())
}

#[test]
fn age_files_and_found_keys_open_to_the_same() {
    let (bundle, (identity, recipients)) = (Bundle::new(), age_key());
    let clear = clear(&bundle);
    let sink = |room: &Room| Sink::Age { recipients: recipients.clone(), keys_out: Some(room.keys_out(&recipients)) };
    interrupt(&bundle, sink, |room, when| {
        let files = outputs(room.output.path()).into_values();
        assert!(sorted(files.map(|file| opened_by(&file, &identity))) == clear, "{when}");
        let keys = opened_by(&fs::read(room.keys.path().join("keys.age")).unwrap(), &identity);
        assert_eq!(String::from_utf8(keys).unwrap().lines().count(), 2, "{when}: a key is lost");
    });
}

#[test]
fn new_sessions_and_the_file_of_their_keys_open_to_the_same() {
    let (bundle, (identity, recipients)) = (Bundle::new(), age_key());
    let clear = clear(&bundle);
    let sink = |room: &Room| Sink::NewSessions { ids: SessionIds::random(), keys_out: room.keys_out(&recipients) };
    interrupt(&bundle, sink, |room, when| {
        let (again, opened) = (Room::new(), Room::new());
        let keys = opened_by(&fs::read(room.keys.path().join("keys.age")).unwrap(), &identity);
        write(again.output.path(), outputs(room.output.path()));
        write(again.output.path(), [("session-keys.jsonl".to_owned(), keys)]);
        let summary = run(again.output.path(), opened.output.path(), &confirmed(), &()).unwrap();
        assert_eq!(summary.exit_status(), 0, "{when}");
        assert!(sorted(outputs(opened.output.path()).into_values()) == clear, "{when}");
    });
}

/// What a loss of power may leave behind the last line that was durable.
const LEFT: [&[u8]; 4] =
    [b"\0\0\0\0\0\0\0\0", b"\0\0\0\0\n\0\0", b"\n\n\n", b"{\"oldSessionId\":\"\0\0\0\0\"}\n{\"sink\":\"clear\"}\n"];

#[test]
fn what_a_loss_of_power_leaves_in_the_file_of_the_sink_is_cut_off() {
    let (bundle, (_, recipients), finished) = (Bundle::new(), age_key(), Room::new());
    bundle.knows_all(false);
    let sink = |room: &Room| Sink::NewSessions { ids: SessionIds::random(), keys_out: room.keys_out(&recipients) };
    bundle.run(finished.output.path(), &sink(&finished), Files::default()).unwrap();
    for left in LEFT {
        let (room, name) = (finished.copy(), "sink.jsonl");
        let path = room.output.path().join(name);
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(left);
        fs::write(&path, &text).unwrap();
        if left.contains(&b'\n') {
            let error = bundle.run(room.output.path(), &sink(&room), Files::default()).unwrap_err();
            assert!(matches!(error, EgressError::Manifest { .. }), "no run was interrupted: {error}");
        }
        fs::write(room.output.path().join("journal.jsonl"), "").unwrap();
        assert_eq!(bundle.run(room.output.path(), &sink(&room), Files::default()).unwrap(), 3);
        // The new keys that earlier outputs need are still there; nothing else is: keys are written again after an interruption.
        let text = fs::read_to_string(path).unwrap();
        let former = fs::read_to_string(finished.output.path().join(name)).unwrap();
        assert!(text.starts_with(&former) && text.lines().count() <= former.lines().count() + 1, "{text}");
        // A record file that is partly closed is written again after an interruption (EGR-43).
        let files = |room: &Room| outputs(room.output.path()).into_iter().filter(|(name, _)| name.starts_with("data/"));
        assert!(files(&room).eq(files(&finished)));
    }
}

/// Lets no new session be kept: the line of one is longer than any other of the file.
#[derive(Debug)]
struct KeepsNoSession;

impl Watch for KeepsNoSession {
    fn before(&self, action: Action<'_>, path: &Path) -> io::Result<Verdict> {
        match action {
            Action::Write(length) if length > 250 && path.ends_with("sink.jsonl") => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(Verdict::Proceed),
        }
    }
}

#[test]
fn what_the_system_does_not_do_is_told_of_the_file_and_not_of_its_messages() {
    let (made, room, (_, recipients)) = (Made::new(), Room::new(), age_key());
    let body = message::seal(&made.key, made.session, "a text").unwrap();
    let row = serde_json::json!({ "body": body, "more": "x".repeat(1000) });
    made.add("messages/small.jsonl", format!("{row}\n"));
    made.add("messages/several-threads.jsonl", format!("{row}\n").repeat(7000));
    made.add("messages/table.csv", format!("a,b\n1,\"{}\"\n", body.replace('"', "\"\"")));
    let database = Connection::open(made.directory.path().join("messages/table.sqlite")).unwrap();
    database.execute_batch(&format!("CREATE TABLE t(m TEXT); INSERT INTO t VALUES('{body}');")).unwrap();
    drop(database);
    let mut options = confirmed();
    options.threads = NonZero::new(2);
    options.sink = Sink::NewSessions { ids: SessionIds::random(), keys_out: room.keys_out(&recipients) };
    options.files = Files::watched(Arc::new(KeepsNoSession));
    let summary = run(made.directory.path(), room.output.path(), &options, &()).unwrap();
    assert_eq!((summary.failed, summary.exit_status()), (4, 1), "{summary:?}");
    let read = |name| fs::read_to_string(room.output.path().join(name)).unwrap();
    for line in read("manifest.jsonl").lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        assert_eq!((line.status, line.error.as_deref(), line.rows), (Status::Failed, Some("io"), None), "{line:?}");
        assert!(!line.warnings.is_empty() && line.written().is_empty(), "{line:?}");
    }
    assert_eq!(read("unopened.jsonl"), "");
    options.files = Files::default();
    let summary = run(made.directory.path(), room.output.path(), &options, &()).unwrap();
    assert_eq!((summary.converted, summary.exit_status()), (4, 0), "{summary:?}");
}
