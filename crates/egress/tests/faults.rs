//! Runs that are killed, cut off from power, or refused by the file system at every single operation: the next run ends as if nothing had
//! happened, and nothing half-written ever has a name (EGR-27, EGR-40, EGR-43).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/faulty.rs"]
mod faulty;
#[path = "support/made.rs"]
mod made;
mod support;

use faulty::{EACCES, EINTR, EIO, ENOENT, ENOSPC, Faulty, Kind};
use made::Made;
use sealwright_egress::{Action, EgressError, Files, Options, Summary, Verdict, Watch, run, verify};
use sealwright_envelope::{SymKey, message};
use sealwright_types::{SessionId, b64};
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use support::{confirmed, snapshot};
use tempfile::TempDir;

type Tree = BTreeMap<String, Vec<u8>>;

/// Several directories, several files in one container and in an archive, records and tables, and items that stay closed or are damaged.
fn bundle(equal_names: bool) -> (Made, String) {
    let made = Made::new();
    let name = |number: usize| if equal_names { "same.txt".to_owned() } else { format!("{number}.txt") };
    for number in 0..6 {
        let container = made.container(&name(number), format!("content {number}").repeat(number * 100).as_bytes());
        made.add(&format!("data/{}/{number}.seald", number % 2), container);
    }
    made.add("data/0/several.seald", made.several(&[("a.txt", b"one"), ("b.txt", b"two"), ("c", b"")]));
    made.add("data/plain.txt", "never encrypted");
    let mut archive = tar::Builder::new(Vec::new());
    for number in 6..9 {
        let content = made.container(&name(number), b"member");
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, format!("inside/{number}.seald"), content.as_slice()).unwrap();
    }
    made.add("data/1/archive.tar", archive.into_inner().unwrap());
    let quoted = message::seal(&made.key, made.session, "in a table").unwrap().replace('"', "\"\"");
    made.add("messages/2.csv", format!("a,b\n1,\"{quoted}\"\n"));
    let mut damaged = made.container("damaged.txt", b"damaged");
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    made.add("data/damaged.seald", damaged);

    let (later, key) = (SessionId::random().unwrap(), SymKey::generate().unwrap());
    let made_later = Made { session: later, key, ..Made::new() };
    made.add("data/1/later.seald", made_later.container("later.txt", b"opens later"));
    for file in 0..2 {
        let mut rows = String::new();
        for number in 0..6 {
            let of = if number % 2 == 0 { &made } else { &made_later };
            let body = message::seal(&of.key, of.session, &format!("message {number}")).unwrap();
            writeln!(rows, "{}", serde_json::json!({ "body": body, "number": number })).unwrap();
        }
        writeln!(rows, "{}", message::seal(&made.key, SessionId::random().unwrap(), "x").unwrap()).unwrap();
        made.add(&format!("messages/{file}.jsonl"), rows);
    }
    let key = b64::encode(made_later.key.expose());
    (made, format!("{{\"sessionId\":\"{later}\",\"key\":\"{key}\"}}\n"))
}

impl Made {
    fn watched(&self, output: &Path, watch: Arc<dyn Watch>) -> Result<Summary, EgressError> {
        run(self.directory.path(), output, &options(watch), &())
    }

    fn undisturbed(&self, output: &Path) -> Tree {
        run(self.directory.path(), output, &confirmed(), &()).unwrap();
        snapshot(output)
    }

    fn learn(&self, record: &str) {
        let path = self.directory.path().join("session-keys.jsonl");
        let known = fs::read_to_string(&path).unwrap();
        fs::write(path, known + record).unwrap();
    }
}

/// Of several faults the one that is the turn of this point, or all of them.
fn some<T: Copy>(at: usize, faults: &[T]) -> Vec<T> {
    if env::var_os("SEALWRIGHT_ALL_FAULTS").is_some() { faults.to_vec() } else { vec![faults[at % faults.len()]] }
}

/// One thread: the operations have an order.
fn options(watch: Arc<dyn Watch>) -> Options {
    let mut options = confirmed();
    options.threads = NonZero::new(1);
    options.files = Files::watched(watch);
    options
}

/// Memory instead of a disk, where there is some: thousands of runs wait for it.
fn room() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn copy_of(tree: &Tree) -> TempDir {
    let room = room();
    for (name, content) in tree {
        let path = room.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    room
}

/// Everything that has a name is whole: it is what an undisturbed run gives that name, or what an earlier run gave it.
fn assert_nothing_half_written(output: &Path, allowed: &[&Tree], when: &str) {
    for (name, content) in snapshot(output).iter().filter(|(name, _)| name.contains('/')) {
        let is_temporary = name.rsplit('/').next().unwrap().starts_with(".sealwright-");
        let is_whole = allowed.iter().any(|tree| tree.get(name) == Some(content));
        assert!(is_temporary || is_whole, "{name} is half-written {when}");
    }
}

fn assert_same(one: &Tree, other: &Tree, when: &str) {
    for name in one.keys().chain(other.keys()) {
        let lines = |tree: &Tree| tree.get(name).map(|text| String::from_utf8_lossy(text).into_owned());
        let (one, other) = (lines(one).unwrap_or_default(), lines(other).unwrap_or_default());
        let differing = one.lines().zip(other.lines()).find(|(one, other)| one != other);
        assert!(
            one == other,
            "{when}: {name}\n{differing:#?}\n{} and {} lines",
            one.lines().count(),
            other.lines().count()
        );
    }
}

fn operations_of(made: &Made, output: &Path) -> usize {
    let watch = Arc::new(Faulty::new(Kind::Count, 0));
    made.watched(output, watch.clone()).unwrap();
    watch.operations()
}

#[test]
fn a_run_that_is_killed_at_any_operation_is_continued_exactly() {
    let (made, _) = bundle(true);
    let expected = made.undisturbed(room().path());
    let operations = operations_of(&made, room().path());
    assert!(operations > 200, "only {operations} points");
    for at in 1..=operations {
        for kind in some(at, &[Kind::Crash, Kind::Torn]) {
            let (output, when) = (room(), format!("after {kind:?} at {at} of {operations}"));
            made.watched(output.path(), Arc::new(Faulty::new(kind, at))).unwrap_err();
            // Once more, so that continuing is killed too.
            drop(made.watched(output.path(), Arc::new(Faulty::new(kind, at * 7 % operations + 1))));
            assert_nothing_half_written(output.path(), &[&expected], &when);
            assert_same(&made.undisturbed(output.path()), &expected, &when);
        }
    }
}

#[test]
fn a_run_that_opens_more_than_the_one_before_can_be_killed_at_any_operation() {
    let (made, later) = bundle(true);
    let first = made.undisturbed(room().path());
    made.learn(&later);
    let expected = made.undisturbed(copy_of(&first).path());
    assert_ne!(first["unopened.jsonl"], expected["unopened.jsonl"]);
    let operations = operations_of(&made, copy_of(&first).path());
    for at in 1..=operations {
        let (output, when) = (copy_of(&first), format!("after a crash at {at} of {operations}"));
        made.watched(output.path(), Arc::new(Faulty::new(Kind::Torn, at))).unwrap_err();
        assert_nothing_half_written(output.path(), &[&first, &expected], &when);
        assert_same(&made.undisturbed(output.path()), &expected, &when);
    }
}

#[test]
fn a_loss_of_power_at_any_operation_loses_nothing() {
    let (made, later) = bundle(true);
    let first = made.undisturbed(room().path());
    for (start, expected) in [
        (Tree::new(), first.clone()),
        (first.clone(), {
            made.learn(&later);
            made.undisturbed(copy_of(&first).path())
        }),
    ] {
        if start.is_empty() {
            made.add("session-keys.jsonl", known_without(&made, &later));
        } else {
            made.learn(&later);
        }
        let operations = operations_of(&made, copy_of(&start).path());
        for at in 1..=operations + 1 {
            for which in some(at, &[at, at + 1, at + 2, usize::MAX]) {
                let (output, when) =
                    (copy_of(&start), format!("after a loss {which} of power at {at} of {operations}"));
                let watch = Arc::new(Faulty::new(Kind::Crash, at));
                drop(made.watched(output.path(), watch.clone()));
                watch.lose_power(which);
                assert_nothing_half_written(output.path(), &[&start, &expected], &when);
                assert_same(&made.undisturbed(output.path()), &expected, &when);
            }
        }
    }
}

fn known_without(made: &Made, record: &str) -> String {
    fs::read_to_string(made.directory.path().join("session-keys.jsonl")).unwrap().replace(record, "")
}

#[test]
fn an_error_of_the_system_at_any_operation_ends_the_run_or_fails_the_item() {
    let (made, _) = bundle(false);
    let expected = made.undisturbed(room().path());
    let operations = operations_of(&made, room().path());
    for at in 1..=operations {
        for code in some(at, &[ENOSPC, EIO, EACCES, ENOENT, EINTR]) {
            let (output, when) = (room(), format!("after error {code} at {at} of {operations}"));
            if let Ok(summary) = made.watched(output.path(), Arc::new(Faulty::new(Kind::Once(code), at))) {
                let changed = verify(output.path(), &Options::default(), &()).unwrap().changed;
                assert!(changed.is_empty(), "{when}: {changed:?}, {summary:?}");
            }
            assert_nothing_half_written(output.path(), &[&expected], &when);
            assert_same(&made.undisturbed(output.path()), &expected, &when);
        }
    }
}

#[test]
fn a_disk_that_is_full_from_any_operation_on_loses_nothing() {
    let (made, _) = bundle(false);
    let expected = made.undisturbed(room().path());
    let operations = operations_of(&made, room().path());
    for at in 1..=operations {
        let (output, when) = (room(), format!("with a disk full from {at} of {operations} on"));
        drop(made.watched(output.path(), Arc::new(Faulty::new(Kind::Full, at))));
        assert_nothing_half_written(output.path(), &[&expected], &when);
        assert_same(&made.undisturbed(output.path()), &expected, &when);
    }
}

#[test]
fn the_sample_survives_being_killed() {
    let bundle = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress/sample/bundle");
    let sample = |output: &Path, watch: Arc<dyn Watch>| run(&bundle, output, &options(watch), &());
    let (reference, count) = (room(), Arc::new(Faulty::new(Kind::Count, 0)));
    sample(reference.path(), count.clone()).unwrap();
    let (expected, operations) = (snapshot(reference.path()), count.operations());
    // All points are tried with bundles that open faster.
    for point in 0..12 {
        let at = 1 + point * operations / 12 + point;
        let output = room();
        sample(output.path(), Arc::new(Faulty::new(Kind::Torn, at))).unwrap_err();
        assert_nothing_half_written(output.path(), &[&expected], "of the sample");
        sample(output.path(), Arc::new(Faulty::new(Kind::Count, 0))).unwrap();
        assert_same(&snapshot(output.path()), &expected, &format!("after a crash at {at} of {operations}"));
    }
}

#[test]
fn a_manifest_that_is_lost_is_made_again() {
    let (made, _) = bundle(true);
    let output = room();
    let expected = made.undisturbed(output.path());
    fs::remove_file(output.path().join("manifest.jsonl")).unwrap();
    fs::remove_file(output.path().join("unopened.jsonl")).unwrap();
    assert_same(&made.undisturbed(output.path()), &expected, "what has the same content is ours");
}

/// Starts another run on the same output, by another path, in the middle of a run.
#[cfg(unix)]
#[test]
fn two_runs_at_once_are_kept_apart_whatever_the_path() {
    #[derive(Debug)]
    struct Second {
        bundle: PathBuf,
        outputs: Vec<PathBuf>,
        refused: Mutex<usize>,
    }
    impl Watch for Second {
        fn before(&self, action: Action<'_>, _: &Path) -> io::Result<Verdict> {
            if matches!(action, Action::Publish(_)) {
                for output in &self.outputs {
                    let error = run(&self.bundle, output, &confirmed(), &()).unwrap_err();
                    assert!(matches!(error, EgressError::Locked { .. }), "{error}");
                    *self.refused.lock().unwrap() += 1;
                }
            }
            Ok(Verdict::Proceed)
        }
    }
    let (made, _) = bundle(true);
    let expected = made.undisturbed(room().path());
    let (output, links) = (room(), room());
    let link = links.path().join("link");
    std::os::unix::fs::symlink(output.path(), &link).unwrap();
    let outputs = vec![output.path().to_owned(), link.clone(), link.join("../").join(link.file_name().unwrap())];
    let outputs = outputs.into_iter().filter(|output| output.is_dir()).collect();
    let bundle = made.directory.path().to_owned();
    let watch = Arc::new(Second { bundle, outputs, refused: Mutex::default() });
    made.watched(output.path(), watch.clone()).unwrap();
    assert!(*watch.refused.lock().unwrap() >= 2);
    assert_same(&snapshot(output.path()), &expected, "after runs that were refused");
}
