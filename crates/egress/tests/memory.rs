//! How much memory a run takes does not depend on how long a file is or how many files an archive has (EGR-51).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/made.rs"]
mod made;
#[allow(dead_code, reason = "other tests need more")]
mod support;

use made::Made;
use sealwright_egress::run;
use sealwright_envelope::message;
use sealwright_types::SessionId;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::confirmed;

/// What the process that is measured has to know.
const BUNDLE: &str = "SEALWRIGHT_MEMORY_BUNDLE";
const PEAK: &str = "SEALWRIGHT_MEMORY_PEAK";

const MIB: u64 = 1024 * 1024;

#[test]
#[ignore = "is started by the other tests"]
fn the_process_that_is_measured() {
    let (Some(bundle), Some(peak)) = (env::var_os(BUNDLE), env::var_os(PEAK)) else { return };
    let output = tempfile::tempdir().unwrap();
    run(Path::new(&bundle), output.path(), &confirmed(), &()).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    fs::write(peak, line.trim().trim_end_matches(" kB")).unwrap();
}

/// The most memory that a process has resident that opens the bundle, in bytes.
fn peak(made: &Made) -> u64 {
    let told = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "the_process_that_is_measured", "--ignored", "--quiet"]);
    command.env(BUNDLE, made.directory.path()).env(PEAK, told.path());
    assert!(command.output().unwrap().status.success());
    fs::read_to_string(told.path()).unwrap().parse::<u64>().unwrap() * 1024
}

/// What it is for few and for many of something.
fn assert_bounded(what: &str, few: &Made, many: &Made, most_more: u64) {
    let (few, many) = (peak(few), peak(many));
    assert!(many < few + most_more, "{what}: {few} bytes for few, {many} bytes for many");
}

/// How many, unless somebody wants more.
fn many(count: usize) -> usize {
    env::var("SEALWRIGHT_MEMORY_MANY").map_or(count, |many| many.parse().unwrap())
}

#[test]
fn rows_that_stay_closed_are_not_held_in_memory() {
    let bundle = |rows: usize| {
        let made = Made::new();
        let row = message::seal(&made.key, SessionId::random().unwrap(), "x").unwrap();
        let row = serde_json::json!({ "body": row }).to_string() + "\n";
        made.add("messages/closed.jsonl", row.repeat(rows));
        made
    };
    assert_bounded("rows", &bundle(20_000), &bundle(many(150_000)), 20 * MIB);
}

#[test]
fn members_of_an_archive_are_not_held_in_memory() {
    let bundle = |members: usize| {
        let made = Made::new();
        let content = made.container("name.txt", b"content");
        let mut archive = tar::Builder::new(Vec::new());
        for number in 0..members {
            let mut header = tar::Header::new_ustar();
            // Most stay closed, so that the disk has less to do.
            let content = if number % 100 == 0 { &content[..] } else { b"never encrypted" };
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, format!("directory/{}", number * 7919 % members), content).unwrap();
        }
        made.add("data/archive.tar", archive.into_inner().unwrap());
        made
    };
    assert_bounded("members", &bundle(1_000), &bundle(many(40_000)), 20 * MIB);
}
