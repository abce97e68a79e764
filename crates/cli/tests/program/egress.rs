use crate::peer;
use crate::place::Place;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn bundle(place: &mut Place, name: &str) -> String {
    let path = peer::vectors(&format!("egress/{name}/bundle")).display().to_string();
    place.hide(&path, &format!("[{name}]"));
    path
}

/// What the program prints in the end, as CLI-10 fixes it.
fn last_line(output: &std::process::Output) -> Value {
    serde_json::from_slice(output.stdout.split(|&byte| byte == b'\n').rfind(|line| !line.is_empty()).unwrap()).unwrap()
}

#[test]
fn the_sample_opens_completely_and_a_second_run_changes_nothing() {
    let mut place = Place::new();
    let sample = bundle(&mut place, "sample");
    place.run(["egress", "plan", &sample]);
    place.run(["egress", "plan", &sample, "--json"]);
    place.run(["egress", "run", &sample, "--out", "clear"]);
    assert!(!place.path().join("clear").exists(), "EGR-47: nothing before it is confirmed");
    let output = place.run(["egress", "run", &sample, "--out", "clear", "--yes", "--threads", "2"]);
    assert_eq!(output.status.code(), Some(0));
    let first = place.listing();
    let output = place.run(["egress", "run", &sample, "--out", "clear", "--yes", "--json"]);
    assert_eq!((output.status.code(), place.listing()), (Some(0), first));
    let told = last_line(&output);
    for (name, count) in
        [("converted", 41), ("closed", 0), ("rejected", 0), ("malformed", 0), ("plain", 0), ("failed", 0)]
    {
        assert_eq!(told[name], count, "{name}");
    }
    place.run(["egress", "verify", "clear"]);
    place.matches("egress-sample");
}

#[test]
fn a_changed_output_is_found() {
    let mut place = Place::new();
    let sample = bundle(&mut place, "sample");
    place.run(["egress", "run", &sample, "--out", "clear", "--yes", "--quiet"]);
    let changed = "clear/data/dir0/sub0/report.pdf";
    let mut content = place.read(changed);
    content[100] ^= 1;
    place.file(changed, content);
    place.file("clear/data/extra", "mine");
    let output = place.run(["egress", "verify", "clear"]);
    assert_eq!(output.status.code(), Some(1));
    let output = place.run(["egress", "verify", "clear", "--json"]);
    assert_eq!(last_line(&output)["failed"], 1);
    place.matches("egress-changed");
}

#[test]
fn an_output_that_is_not_finished_is_found() {
    let mut place = Place::new();
    let sample = bundle(&mut place, "sample");
    place.run(["egress", "run", &sample, "--out", "clear", "--yes", "--quiet"]);
    place.file("clear/journal.jsonl", "");
    assert_eq!(place.run(["egress", "verify", "clear", "--json"]).status.code(), Some(1));
    assert_eq!(place.run(["egress", "pack", "clear", "-o", "clear.tar"]).status.code(), Some(1));
    assert!(!place.path().join("clear.tar").exists());
    place.run(["egress", "run", &sample, "--out", "clear", "--yes", "--quiet"]);
    assert_eq!(place.run(["egress", "verify", "clear", "--quiet"]).status.code(), Some(0));
    let manifest = String::from_utf8(place.read("clear/manifest.jsonl")).unwrap();
    place.file("clear/manifest.jsonl", manifest.replace("converted", "plain"));
    assert_eq!(place.run(["egress", "verify", "clear", "--quiet"]).status.code(), Some(1));
    place.matches("egress-not-finished");
}

#[test]
fn what_stays_closed_is_told() {
    let mut place = Place::new();
    let hard = bundle(&mut place, "hard");
    place.run(["egress", "plan", &hard]);
    place.run(["egress", "run", &hard, "--out", "clear", "--dry-run"]);
    assert!(!place.path().join("clear").exists());
    let output = place.run(["egress", "run", &hard, "--out", "clear", "--yes"]);
    assert_eq!(output.status.code(), Some(3));
    place.run(["egress", "run", &hard, "--out", "clear", "--yes", "--json", "--quiet"]);
    place.run(["egress", "verify", "clear"]);
    place.matches("egress-hard");
}

/// A bundle with the identity of one user and no data yet, and the sample that these are from.
fn of_one_user() -> (Place, PathBuf) {
    let (place, sample) = (Place::new(), peer::vectors("egress/sample/bundle"));
    fs::create_dir_all(place.path().join("bundle/data")).unwrap();
    fs::create_dir_all(place.path().join("bundle/identities")).unwrap();
    for name in ["identities/frank.bin", "message-keys.jsonl"] {
        place.file(format!("bundle/{name}"), fs::read(sample.join(name)).unwrap());
    }
    (place, sample)
}

#[test]
fn one_user_needs_no_confirmation() {
    let (mut place, sample) = of_one_user();
    place.file("bundle/data/letter", fs::read(sample.join("data/dir0/sub0/f0.seald")).unwrap());
    place.file("bundle/data/readme", "never encrypted");
    place.run(["egress", "run", "bundle", "--out", "clear"]);
    place.run(["egress", "run", "bundle", "--out", "clear", "--copy-plain"]);
    assert_eq!(place.read("clear/data/readme"), b"never encrypted");
    place.matches("egress-one-user");
}

#[test]
fn data_that_are_not_there_are_no_success() {
    let (mut place, sample) = of_one_user();
    place.run(["egress", "run", "bundle", "--out", "empty"]);
    place.file("bundle/data/letter", fs::read(sample.join("data/dir0/sub0/f0.seald")).unwrap());
    place.run(["egress", "run", "bundle", "--out", "clear"]);
    fs::remove_file(place.path().join("bundle/data/letter")).unwrap();
    let output = place.run(["egress", "run", "bundle", "--out", "clear"]);
    assert_eq!(output.status.code(), Some(3));
    place.run(["egress", "run", "bundle", "--out", "clear", "--json", "--quiet"]);
    place.matches("egress-missing");
}

#[test]
fn what_is_no_bundle_or_no_output_is_told() {
    let mut place = Place::new();
    let sample = bundle(&mut place, "sample");
    fs::create_dir(place.path().join("directory")).unwrap();
    fs::create_dir_all(place.path().join("strange/data")).unwrap();
    place.file("strange/bundle.json", r#"{"format":"sealwright-bundle-9"}"#);
    fs::create_dir_all(place.path().join("broken/data")).unwrap();
    place.file("broken/message-keys.jsonl", "{}\nnothing\n");
    place.file("broken/data/cut", b"SEALD.IO_");
    place.file("file", "text");
    for arguments in [
        ["plan", "missing"].as_slice(),
        &["plan", "file"],
        &["plan", "directory"],
        &["plan", "strange"],
        &["plan", "broken"],
        &["plan", "broken", "--strict"],
        &["run", "broken", "--out", "clear", "--json"],
        &["run", "broken", "--out", "broken/data/clear"],
        &["run", "broken", "--out", "file"],
        &["run", "broken"],
        &["run", &sample, "--out", "clear", "--threads", "0"],
        &["verify", "directory"],
        &["verify", "missing"],
        &["verify"],
    ] {
        place.run(["egress"].iter().chain(arguments));
    }
    place.matches("egress-errors");
}
