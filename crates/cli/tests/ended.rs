//! A command that a signal ends in the middle leaves nothing behind: no clear text that was not verified, no half of a container (ENV-09 b).
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";
const LENGTH: usize = 16 * 1024 * 1024;
const DECRYPT: &[&str] = &["decrypt", "bundle/data/big.seald", "--session-key-file", "key", "-o", "out"];
const ENCRYPT: &[&str] = &["encrypt", "big", "--session-id", SESSION, "--session-key-file", "key", "-o", "out"];
const PACK: &[&str] = &["egress", "pack", "output", "-o", "out"];

fn start(directory: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sealwright"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn finish(directory: &Path, arguments: &[&str]) {
    assert_eq!(start(directory, arguments).wait().unwrap().code(), Some(0), "{arguments:?}");
}

fn names(directory: &Path) -> BTreeSet<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_signal_in_the_middle_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    fs::create_dir_all(place.join("bundle/data")).unwrap();
    fs::write(place.join("key"), [0xa5; 64]).unwrap();
    let key = format!("{}{}", "paWl".repeat(21), "pQ==");
    fs::write(place.join("bundle/session-keys.jsonl"), format!("{{\"sessionId\":\"{SESSION}\",\"key\":\"{key}\"}}\n"))
        .unwrap();
    fs::write(place.join("big"), vec![7; LENGTH]).unwrap();
    finish(place, ENCRYPT);
    fs::rename(place.join("out"), place.join("bundle/data/big.seald")).unwrap();
    finish(place, &["egress", "run", "bundle", "--out", "output", "--yes"]);

    let inputs = names(place);
    for arguments in [DECRYPT, ENCRYPT, PACK] {
        let started = Instant::now();
        finish(place, arguments);
        let whole = started.elapsed();
        fs::remove_file(place.join("out")).unwrap();
        let mut ended = 0;
        for signal in ["-INT", "-TERM", "-HUP"] {
            for part in [3, 5, 7] {
                let mut child = start(place, arguments);
                sleep(whole * part / 10);
                Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
                let status = child.wait().unwrap();
                if status.success() {
                    fs::remove_file(place.join("out")).unwrap();
                } else {
                    // By the signal itself, or as a failure where files had to be removed first.
                    assert!(status.signal().is_some() || status.code() == Some(1), "{status}");
                    ended += 1;
                }
                assert_eq!(names(place), inputs, "{arguments:?} after {signal}");
            }
        }
        assert!(ended >= 3, "only {ended} of {arguments:?} were still going");
    }
}
