use crate::peer;
use crate::place::Place;
use std::fs;

/// A public key of the age tools.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn sample(place: &mut Place) -> String {
    let path = peer::vectors("egress/sample/bundle").display().to_string();
    place.hide(&path, "[sample]");
    path
}

/// CLI-25.
#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_read() {
    let mut place = Place::new();
    place.file("passphrase", "correct horse\n");
    place.file("none", "# nobody\n");
    place.file("wrong", format!("{RECIPIENT}\nage1\n"));
    place.file("ids", "[1]\n");
    for (code, arguments) in [
        ("usage", &["--sink", "age"][..]),
        ("usage", &["-r", RECIPIENT]),
        ("bad-recipient", &["--sink", "age", "-r", "age1qqq"]),
        ("bad-recipient", &["--sink", "age", "-r", "AGE-SECRET-KEY-1QQQ"]),
        ("bad-recipient", &["--sink", "age", "-R", "none"]),
        ("bad-recipient", &["--sink", "age", "-R", "wrong"]),
        ("usage", &["--sink", "age", "-r", RECIPIENT, "--passphrase-file", "passphrase"]),
        ("usage", &["--keys-out", "keys.age"]),
        ("usage", &["--sink", "session"]),
        ("malformed", &["--sink", "session", "-r", RECIPIENT, "--keys-out", "keys.age", "--session-ids", "ids"]),
        ("usage", &["--sink", "session", "--session-ids", "ids", "--into", "ids"]),
        ("usage", &["--session-ids", "ids"]),
        ("usage", &["--into", "ids"]),
        ("malformed", &["--sink", "session", "--into", "ids"]),
        ("usage", &["--sink", "tar"]),
    ] {
        let output = place.run([&["egress", "run", "nowhere", "--out", "out"], arguments].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with(&format!("error[{code}]: ")), "{arguments:?}: {told}");
        assert_eq!(output.status.code(), Some(if code == "usage" { 2 } else { 1 }), "{arguments:?}");
        // Not even a secret that was given by mistake is repeated.
        assert!(!told.contains("SECRET-KEY-1QQQ"), "{told}");
        assert!(!place.path().join("out").exists());
    }
}

#[test]
fn a_dry_run_tells_the_sink_and_writes_nothing() {
    let mut place = Place::new();
    let sample = sample(&mut place);
    let before = place.listing();
    for (expected, arguments) in [
        ("age, for 1 recipient: each output becomes NAME.age\n", &["--sink", "age", "-r", RECIPIENT][..]),
        (
            "keys.age, encrypted with age under a passphrase\n",
            &["--sink", "session", "--passphrase", "--keys-out", "keys.age"],
        ),
        ("session, everything for one session", &["--sink", "session", "--into", "nowhere"]),
        ("{\"sink\":\"clear\",\"recipients\":1,", &["-r", RECIPIENT, "--keys-out", "keys.age", "--json"]),
    ] {
        let command = [&["egress", "run", &sample, "--out", "out", "--dry-run"], arguments].concat();
        let output = place.run(command);
        assert_eq!((output.status.code(), place.listing()), (Some(0), before.clone()));
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
}

#[test]
fn the_sample_becomes_new_sessions_and_opens_again() {
    let mut place = Place::new();
    let sample = sample(&mut place);
    place.run(["egress", "run", &sample, "--out", "clear", "--yes", "--quiet"]);
    place.run(["session", "new", "-o", "one-session"]);
    let into = ["egress", "run", &sample, "--out", "sealed", "--yes", "--sink", "session", "--into", "one-session"];
    assert_eq!(place.run(into).status.code(), Some(0));
    assert_eq!(place.run(["egress", "verify", "sealed"]).status.code(), Some(0));
    let text = fs::read_to_string(place.path().join("one-session")).unwrap();
    place.file("again/session-keys.jsonl", format!("{{\"serialized\":\"{}\"}}\n", text.trim()));
    for name in ["data", "messages"] {
        let from = place.path().join("sealed").join(name);
        if from.exists() {
            fs::rename(from, place.path().join("again").join(name)).unwrap();
        }
    }
    assert_eq!(place.run(["egress", "run", "again", "--out", "opened"]).status.code(), Some(0));
    // Which of several files that are called the same got which number depends on the names of their sources.
    let files = |output: &str| {
        let is_output = |name: &String| name.contains("/data/") || name.contains("/messages/");
        let inside = |name: &String| name.starts_with(output) && is_output(name) && !name.ends_with('/');
        let names: Vec<_> = place.listing().into_iter().filter(inside).collect();
        let mut contents: Vec<_> = names.iter().map(|name| place.read(name)).collect();
        contents.sort();
        (names.iter().map(|name| name.replacen(output, "", 1)).collect::<Vec<_>>(), contents)
    };
    assert!(files("clear").0.len() > 40);
    assert_eq!(files("opened"), files("clear"));
}

#[test]
fn an_output_is_packed() {
    let mut place = Place::new();
    let sample = sample(&mut place);
    place.run(["egress", "run", &sample, "--out", "clear", "--yes", "--quiet"]);
    place.run(["egress", "pack", "clear", "-o", "clear.tar"]);
    let output = place.run(["egress", "pack", "clear", "-o", "clear.tar"]);
    assert_eq!(output.status.code(), Some(1), "existing files stay");
    let output = place.run(["egress", "pack", "clear", "-o", "-", "--quiet"]);
    assert!(output.stdout == place.read("clear.tar"), "{}", String::from_utf8_lossy(&output.stderr));
    place.file("clear/data/dir0/sub0/report.pdf", "changed");
    place.run(["egress", "pack", "clear", "-o", "again.tar"]);
    assert!(!place.path().join("again.tar").exists());
}

/// EGR-49.
#[test]
fn encrypted_outputs_are_compared_by_what_they_hold() {
    let mut place = Place::new();
    let sample = sample(&mut place);
    for out in ["one", "two"] {
        let run = ["egress", "run", &sample, "--out", out, "--yes", "--quiet", "--sink", "age", "-r", RECIPIENT];
        assert_eq!(place.run(run).status.code(), Some(0));
    }
    let manifest = String::from_utf8(place.read("one/manifest.jsonl")).unwrap();
    assert!(manifest.as_bytes() != place.read("two/manifest.jsonl"), "what age encrypts differs each time");
    assert_eq!(place.run(["egress", "diff", "one", "two"]).status.code(), Some(0));
    // As a run leaves it that was interrupted; it is sorted where a confined program may write.
    let lines: String = manifest.lines().rev().map(|line| format!("{line}\n")).collect();
    place.file("one/manifest.jsonl", lines);
    let output = place.run(["egress", "diff", "one", "two"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    place.file("one/manifest.jsonl", manifest.replacen(r#""clearSha256":""#, r#""clearSha256":"0"#, 1));
    let output = place.run(["egress", "diff", "one", "two"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains(": another content\nsame 40, changed 1,"));
}
