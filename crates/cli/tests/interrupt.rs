//! An egress that is asked to end by a signal finishes what it has begun, says so, and is continued exactly; what another command has
//! started ends with it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use sealwright::SessionId;
use sealwright::envelope::{SymKey, file};
use sealwright::types::b64;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const FILES: usize = 3_000;
const LENGTH: usize = 40_000;

fn make_bundle(bundle: &Path) {
    let (key, session) = (SymKey::generate().unwrap(), SessionId::random().unwrap());
    fs::create_dir_all(bundle.join("data")).unwrap();
    let record = format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(key.expose()));
    fs::write(bundle.join("session-keys.jsonl"), record).unwrap();
    for nth in 0..FILES {
        let (name, content) = (format!("{nth}.bin"), vec![nth as u8; LENGTH]);
        let mut sealed = Vec::new();
        file::seal(&key, session, &name, LENGTH as u64, &content[..], &mut sealed).unwrap();
        fs::write(bundle.join(format!("data/{nth:04}.seald")), sealed).unwrap();
    }
}

fn egress(bundle: &Path, output: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sealwright"))
        .args(["egress", "run"])
        .arg(bundle)
        .arg("--out")
        .arg(output)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs until the first outputs are there, and is asked to end then.
fn interrupted(bundle: &Path, output: &Path, signals: &[&str]) -> Output {
    let run = egress(bundle, output);
    let started = Instant::now();
    while tree(output).keys().filter(|name| name.ends_with(".bin")).count() == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing comes out");
        sleep(Duration::from_millis(1));
    }
    for signal in signals {
        let killed = Command::new("kill").arg(signal).arg(run.id().to_string()).status().unwrap();
        assert!(killed.success(), "it has ended already");
        sleep(Duration::from_millis(5));
    }
    run.wait_with_output().unwrap()
}

/// What tells of single runs (EGR-44).
const OF_RUNS: [&str; 2] = ["runs.jsonl", "report.html"];

fn tree(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for directory in [directory.to_owned(), directory.join("data")] {
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if let Ok(content) = fs::read(&path) {
                files.insert(path.file_name().unwrap().to_string_lossy().into_owned(), content);
            }
        }
    }
    files.retain(|name, _| !OF_RUNS.contains(&&name[..]));
    files
}

#[test]
fn a_signal_ends_it_after_what_was_begun_and_the_same_command_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("bundle");
    make_bundle(&bundle);
    let (whole, output) = (directory.path().join("whole"), directory.path().join("output"));
    assert_eq!(egress(&bundle, &whole).wait_with_output().unwrap().status.code(), Some(0));

    for signal in ["-INT", "-TERM"] {
        let ended = interrupted(&bundle, &output, &[signal]);
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{told}");
        assert!(told.contains("finishing what was begun") && told.contains("error[interrupted]"), "{told}");
        let outputs = tree(&output);
        let published = outputs.keys().filter(|name| name.ends_with(".bin")).count();
        let listed = outputs["manifest.jsonl"].iter().filter(|&&byte| byte == b'\n').count();
        assert!(published < FILES, "it was too late");
        assert_eq!(published, listed);
        assert!(!outputs.keys().any(|name| name.ends_with(".part")), "nothing is left over");
        assert!(outputs.iter().filter(|(name, _)| name.ends_with(".bin")).all(|(name, content)| {
            let nth: usize = name.trim_end_matches(".bin").parse().unwrap();
            *content == vec![nth as u8; LENGTH]
        }));
        if signal == "-INT" {
            fs::remove_dir_all(&output).unwrap();
        }
    }
    assert_eq!(egress(&bundle, &output).wait_with_output().unwrap().status.code(), Some(0));
    assert!(tree(&output) == tree(&whole), "the same tree as without an interruption");

    let twice = directory.path().join("twice");
    assert_eq!(interrupted(&bundle, &twice, &["-INT", "-INT"]).status.code(), Some(1));
    assert_eq!(egress(&bundle, &twice).wait_with_output().unwrap().status.code(), Some(0));
    assert!(tree(&twice) == tree(&whole), "also after the second one");
}

/// The shim has a process group of its own: a signal to the program alone ends both.
#[test]
fn a_signal_ends_the_conversation_with_a_shim() {
    let directory = tempfile::tempdir().unwrap();
    let (vectors, ready) = (directory.path().join("vectors"), directory.path().join("ready"));
    fs::create_dir(&vectors).unwrap();
    let alive = directory.path().join("alive");
    let script = format!("(sleep 4; echo > '{}') & echo > '{}'; sleep 600", alive.display(), ready.display());
    let run = Command::new(env!("CARGO_BIN_EXE_sealwright"))
        .args(["conform", "--vectors"])
        .arg(&vectors)
        .args(["--", "sh", "-c", &script])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !ready.exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "the shim is not started");
        sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").arg("-INT").arg(run.id().to_string()).status().unwrap().success());
    let output = run.wait_with_output().unwrap();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error[shim-interrupted]: interrupted before the last answer\n"
    );
    sleep(Duration::from_secs(5));
    assert!(!alive.exists(), "a process was left behind");
}
