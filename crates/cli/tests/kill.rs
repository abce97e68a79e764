//! An egress that is killed at any moment shows nothing half-written and is continued exactly (EGR-43).
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const KILLS: u32 = 20;

fn egress(bundle: &Path, output: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sealwright"))
        .args(["egress", "run", "--yes", "--quiet"])
        .arg(bundle)
        .arg("--out")
        .arg(output)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What tells of single runs (EGR-44).
const OF_RUNS: [&str; 2] = ["runs.jsonl", "report.html"];

fn complete(bundle: &Path, output: &Path) {
    assert_eq!(egress(bundle, output).wait().unwrap().code(), Some(0));
}

fn tree(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if let Ok(content) = fs::read(&path) {
                files.insert(path.strip_prefix(directory).unwrap().to_string_lossy().into_owned(), content);
            }
        }
    }
    files.retain(|name, _| !OF_RUNS.contains(&&name[..]));
    files
}

/// Moments spread over the run, by a multiplicative sequence that never repeats within the test.
fn moment(number: u32, whole: Duration) -> Duration {
    whole * (number * 733 % 1000) / 1000
}

#[test]
fn killing_at_many_moments_loses_nothing_and_shows_nothing_half_written() {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress/sample/bundle");
    let reference = tempfile::tempdir().unwrap();
    let started = Instant::now();
    complete(&bundle, reference.path());
    let mut whole = started.elapsed();
    let expected = tree(reference.path());

    let mut interrupted = 0_u32;
    for kill in 1..=KILLS {
        let output = tempfile::tempdir().unwrap();
        // Twice on the same output: a continued run is killed too.
        for number in [kill, kill + KILLS] {
            let mut run = egress(&bundle, output.path());
            sleep(moment(number, whole));
            if run.try_wait().unwrap().is_none() {
                interrupted += 1;
            } else {
                // The first run had cold files: later ones are over sooner.
                whole = whole * 3 / 4;
            }
            run.kill().unwrap();
            run.wait().unwrap();
            for (name, content) in tree(output.path()).iter().filter(|(name, _)| name.contains('/')) {
                let is_temporary = name.rsplit('/').next().unwrap().starts_with(".sealwright-");
                assert!(is_temporary || expected.get(name) == Some(content), "{name} after kill {number}");
            }
        }
        complete(&bundle, output.path());
        assert!(tree(output.path()) == expected, "the tree after kill {kill} is another one");
    }
    assert!(interrupted >= KILLS / 2, "only {interrupted} runs were still going when they were killed");
}
