use crate::place::Place;
use std::process::Stdio;

const COMMANDS: [&[&str]; 56] = [
    &[],
    &["inspect"],
    &["decrypt"],
    &["encrypt"],
    &["session"],
    &["session", "new"],
    &["session", "show"],
    &["session", "wrap"],
    &["sigchain"],
    &["sigchain", "verify"],
    &["sigchain", "show"],
    &["sigchain", "diff"],
    &["identity"],
    &["identity", "new"],
    &["identity", "show"],
    &["identity", "recover"],
    &["identity", "export"],
    &["derive"],
    &["derive", "database-key"],
    &["derive", "database-raw-key"],
    &["derive", "ssks-password-secret"],
    &["derive", "ssks-password-key"],
    &["derive", "two-man-rule-key"],
    &["derive", "sym-enc-key-secret"],
    &["derive", "sym-enc-key-key"],
    &["derive", "group-self-add-message-key"],
    &["derive", "group-self-add-secret"],
    &["derive", "user-license-token"],
    &["derive", "pre-validation-token"],
    &["process"],
    &["process", "init"],
    &["process", "meet"],
    &["process", "create"],
    &["process", "update"],
    &["process", "vote"],
    &["process", "show"],
    &["process", "open"],
    &["process", "prove"],
    &["process", "verify"],
    &["process", "request"],
    &["process", "share"],
    &["process", "receive"],
    &["egress"],
    &["egress", "plan"],
    &["egress", "run"],
    &["egress", "verify"],
    &["egress", "merge"],
    &["egress", "diff"],
    &["egress", "pack"],
    &["rights"],
    &["rights", "decide"],
    &["vectors"],
    &["vectors", "check"],
    &["conform"],
    &["completions"],
    &["man"],
];

#[test]
fn every_command_explains_itself() {
    let mut place = Place::new();
    for command in COMMANDS {
        let output = place.run(command.iter().copied().chain(["--help"]));
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stderr.is_empty());
    }
    place.run(["--version"]);
    place.matches("help");
}

#[test]
fn a_wrong_command_line_is_told_in_two_lines() {
    let mut place = Place::new();
    for arguments in [
        [].as_slice(),
        &["inspct", "a"],
        &["inspect"],
        &["inspect", "--jsn", "a"],
        &["session"],
        &["session", "shw"],
        &["decrypt", "a", "b"],
        &["decrypt", "a", "--session-key-file"],
        &["completions", "tcsh"],
        &["inspect", "a", "--threads", "many"],
        &["--json", "inspect"],
        &["--json", "inspect", "missing"],
        &["inspect", "missing", "--json", "--quiet"],
    ] {
        let output = place.run(arguments);
        let lines = String::from_utf8(output.stderr).unwrap().lines().count();
        assert_eq!(lines, 2, "{arguments:?}");
    }
    place.matches("usage");
}

#[test]
fn shells_are_served() {
    let mut place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = place.run(["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        for word in ["inspect", "session-key-file", "egress"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let mut place = Place::new();
    place.run(["man", "man1"]);
    place.run(["man", "man1"]);
    place.run(["man", "man1", "--force", "--json"]);
    place.file("file", "");
    place.run(["man", "file"]);
    let names = place.listing();
    for command in COMMANDS {
        let name = ["man1/sealwright"].into_iter().chain(command.iter().copied()).collect::<Vec<_>>().join("-");
        assert!(names.contains(&format!("{name}.1")), "{name}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let page = std::fs::metadata(place.path().join("man1/sealwright.1")).unwrap();
        assert_eq!(page.permissions().mode() & 0o777, 0o644, "everybody may read it");
    }
    let page = String::from_utf8(place.read("man1/sealwright.1")).unwrap();
    for section in ["NAME", "SYNOPSIS", "EXIT STATUS", "FILES"] {
        assert!(page.contains(section), "{section}");
    }
    place.matches("man");
}

/// No prompt without a terminal, and none that waits for ever.
#[test]
fn nothing_is_asked_without_a_terminal() {
    let place = Place::new();
    place.file("message", crate::peer::message());
    let output = place.command(&["decrypt", "message"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
