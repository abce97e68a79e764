//! Runs in a process of their own that is killed by the system at many moments (EGR-43). `scripts/kill-points` does the same more often,
//! and with the program.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::Made;
use sealwright_egress::run;
use sealwright_envelope::message;
use sealwright_types::SessionId;
use std::env;
use std::fmt::Write as _;
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use support::{confirmed, snapshot};

/// What the process that is killed has to know; a program, how often.
const BUNDLE: &str = "SEALWRIGHT_KILL_BUNDLE";
const OUTPUT: &str = "SEALWRIGHT_KILL_OUTPUT";
const THREADS: &str = "SEALWRIGHT_KILL_THREADS";
const PROGRAM: &str = "SEALWRIGHT_KILL_PROGRAM";
const POINTS: &str = "SEALWRIGHT_KILL_POINTS";

/// What the kills met.
#[derive(Debug, Default)]
struct Met {
    kills: u32,
    running: u32,
    with_temporary_files: u32,
    with_announced_lines: u32,
    with_some_of_the_outputs: u32,
}

/// Memory instead of a disk, where there is some.
fn room() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Some hundred items: equal names, several files in one container, large and small, records of which some stay closed.
fn bundle() -> Made {
    let made = Made::new();
    for number in 0..280_usize {
        let length = if number % 40 == 0 { 400_000 } else { number * 11 };
        let content: Vec<u8> = (0..length).map(|at| (at * 31 + number) as u8).collect();
        let name = ["same.txt", "Same.TXT", "report.pdf"][number % 3];
        made.add(&format!("data/{}/{number:03}.seald", number % 7), made.container(name, &content));
    }
    for number in 0..10 {
        let files: [(&str, &[u8]); 3] = [("a.txt", b"one"), ("b.txt", b"two"), ("same.txt", b"three")];
        made.add(&format!("data/several/{number}.seald"), made.several(&files));
    }
    for file in 0..6 {
        let mut rows = String::new();
        for row in 0..200 {
            let session = if row % 50 == 7 { SessionId::random().unwrap() } else { made.session };
            let body = message::seal(&made.key, session, &format!("message {row}")).unwrap();
            writeln!(rows, "{}", serde_json::json!({ "body": body })).unwrap();
        }
        made.add(&format!("messages/{file}.jsonl"), rows);
    }
    made
}

fn spawn(bundle: &Path, output: &Path, threads: usize) -> Child {
    let mut command = match env::var_os(PROGRAM) {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(["egress", "run", "--yes", "--quiet", "--threads", &threads.to_string()]);
            command.arg(bundle).arg("--out").arg(output);
            command
        }
        None => {
            let mut command = Command::new(env::current_exe().unwrap());
            command.args(["--exact", "the_process_that_is_killed", "--ignored"]);
            command.env(BUNDLE, bundle).env(OUTPUT, output).env(THREADS, threads.to_string());
            command
        }
    };
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
#[ignore = "is started by the other test"]
fn the_process_that_is_killed() {
    let (Some(bundle), Some(output)) = (env::var_os(BUNDLE), env::var_os(OUTPUT)) else { return };
    let mut options = confirmed();
    options.threads = NonZero::new(env::var(THREADS).unwrap().parse().unwrap());
    run(Path::new(&bundle), Path::new(&output), &options, &()).unwrap();
}

impl Met {
    fn look(&mut self, output: &Path, expected: &std::collections::BTreeMap<String, Vec<u8>>) {
        let tree = snapshot(output);
        let is_temporary = |name: &str| name.rsplit('/').next().unwrap().starts_with(".sealwright-");
        for (name, content) in tree.iter().filter(|(name, _)| name.contains('/') && !is_temporary(name)) {
            assert!(expected.get(name) == Some(content), "{name} is half-written after kill {}", self.kills);
        }
        let outputs = tree.keys().filter(|name| name.contains('/') && !is_temporary(name)).count();
        let all = expected.keys().filter(|name| name.contains('/')).count();
        self.with_some_of_the_outputs += u32::from(outputs > 0 && outputs < all);
        self.with_temporary_files += u32::from(tree.keys().any(|name| name.ends_with(".part")));
        self.with_announced_lines += u32::from(tree.get("journal.jsonl").is_some_and(|journal| !journal.is_empty()));
    }
}

#[test]
fn killing_at_many_moments_loses_nothing_and_shows_nothing_half_written() {
    let points = env::var(POINTS).map_or(24, |points| points.parse().unwrap());
    let made = bundle();
    let reference = room();
    let started = Instant::now();
    assert!(matches!(spawn(made.directory.path(), reference.path(), 2).wait().unwrap().code(), Some(0 | 3)));
    let mut whole = started.elapsed();
    let expected = snapshot(reference.path());
    assert!(expected.len() > 300, "the bundle converts");

    let mut met = Met::default();
    while met.kills < points {
        let output = room();
        let threads = if met.kills % 4 < 2 { 1 } else { 2 };
        // Twice on the same output: a continued run is killed too.
        for _ in 0..2 {
            met.kills += 1;
            let mut child = spawn(made.directory.path(), output.path(), threads);
            // Moments spread over the run, by a multiplicative sequence.
            sleep(Duration::from_nanos((whole.as_nanos() as u64 / 1000) * u64::from(met.kills * 617 % 700)));
            if child.try_wait().unwrap().is_none() {
                met.running += 1;
            } else {
                // The first run had cold files: later ones are over sooner.
                whole = whole * 3 / 4;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            met.look(output.path(), &expected);
        }
        let code = spawn(made.directory.path(), output.path(), threads).wait().unwrap().code();
        assert!(matches!(code, Some(0 | 3)), "{code:?}");
        let tree = snapshot(output.path());
        let differing = tree.keys().chain(expected.keys()).find(|name| tree.get(*name) != expected.get(*name));
        assert_eq!(differing, None, "after kill {}", met.kills);
    }
    println!("{met:#?} in runs of {} ms", whole.as_millis());
    assert!(met.running >= points / 3 && met.with_some_of_the_outputs > 0, "{met:?}");
}
