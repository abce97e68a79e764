//! An egress opens no socket (EGR-46).
//!
//! Needs Linux with namespaces for everybody, and `strace`. What is missing is said and not tried, unless `SEALWRIGHT_REQUIRE_CONFINEMENT` is
//! set.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The first words of a command under which something is to be run, if that works here.
fn available(words: &[&str]) -> bool {
    let works = command(words).arg("true").output().is_ok_and(|output| output.status.success());
    let required = std::env::var_os("SEALWRIGHT_REQUIRE_CONFINEMENT").is_some();
    assert!(works || !required, "{} does not work here", words.join(" "));
    if !works {
        println!("not tried: {} does not work here", words.join(" "));
    }
    works
}

fn command(words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// A whole run of the sample, and the check of what it wrote.
fn egress(words: &[&str], output: &Path) -> [Output; 2] {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress/sample/bundle");
    let mut run = command(words);
    run.arg(env!("CARGO_BIN_EXE_sealwright")).args(["egress", "run", "--yes", "--threads", "2", "--out"]);
    let mut verify = command(words);
    verify.arg(env!("CARGO_BIN_EXE_sealwright")).args(["egress", "verify"]);
    let outputs = [run.arg(output).arg(bundle).output().unwrap(), verify.arg(output).output().unwrap()];
    for output in &outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    outputs
}

#[test]
fn an_egress_works_where_there_is_no_network() {
    let alone = ["unshare", "--map-root-user", "--net"];
    if !available(&alone) {
        return;
    }
    let devices = command(&alone).args(["cat", "/proc/net/dev"]).output().unwrap().stdout;
    let devices = String::from_utf8(devices).unwrap();
    // Two lines of heading, and one device that leads to itself and is down.
    assert!(devices.lines().count() == 3 && devices.contains(" lo:"), "{devices}");
    let place = tempfile::tempdir().unwrap();
    egress(&alone, &place.path().join("clear"));
}

#[test]
fn an_egress_makes_no_call_for_a_socket() {
    let place = tempfile::tempdir().unwrap();
    let calls = place.path().join("calls");
    let traced = ["strace", "--follow-forks", "--quiet=all", "--trace=%network", "--output", calls.to_str().unwrap()];
    if !available(&traced) {
        return;
    }
    let read = || fs::read_to_string(&calls).unwrap();
    // It would be seen.
    let resolved = command(&traced).args(["getent", "ahosts", "localhost.invalid"]).output();
    assert!(resolved.is_ok() && read().contains("socket("), "{}", read());
    for words in [traced.as_slice(), &[traced.as_slice(), &["--trace=execve,%network"]].concat()] {
        egress(words, &place.path().join(format!("clear-{}", words.len())));
        let network = read().lines().filter(|line| !line.contains("execve(") && line.contains('(')).count();
        assert_eq!(network, 0, "{}", read());
    }
    assert!(read().contains("execve("), "strace has followed the program");
}

#[test]
fn the_first_line_says_how_far_the_program_is_confined() {
    let place = tempfile::tempdir().unwrap();
    let output = place.path().join("clear");
    for told in egress(&["env"], &output) {
        let errors = String::from_utf8(told.stderr).unwrap();
        let first = errors.lines().next().unwrap();
        assert!(first.starts_with("confined: ") || first.starts_with("not confined: "), "{first}");
        assert!(first.contains("; no core dumps; memory "), "{first}");
    }
}

#[test]
fn a_link_that_leads_out_of_the_bundle_is_followed_on_request_only() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress/sample/bundle");
    fs::create_dir_all(path("bundle/data")).unwrap();
    fs::create_dir_all(path("bundle/identities")).unwrap();
    fs::copy(sample.join("identities/frank.bin"), path("bundle/identities/frank.bin")).unwrap();
    fs::copy(sample.join("message-keys.jsonl"), path("bundle/message-keys.jsonl")).unwrap();
    fs::copy(sample.join("data/dir0/sub0/f0.seald"), path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(path("elsewhere"), path("bundle/data/letter")).unwrap();
    let run = |out: &str, more: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        program.args(["egress", "run", "--out"]).arg(path(out)).arg(path("bundle")).args(more).output().unwrap()
    };
    let free = run("free", &["--no-confine"]);
    assert_eq!(free.status.code(), Some(0), "{}", String::from_utf8_lossy(&free.stderr));
    let confined = run("confined", &[]);
    let errors = String::from_utf8_lossy(&confined.stderr);
    // Where the kernel cannot do it, it says so.
    if errors.starts_with("confined: ") {
        assert_eq!(confined.status.code(), Some(1), "{errors}");
        assert!(fs::read_to_string(path("confined/manifest.jsonl")).unwrap().contains("\"failed\""));
    } else {
        assert!(errors.starts_with("not confined: the kernel has no Landlock"), "{errors}");
    }
}
