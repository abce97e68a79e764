use crate::peer;
use crate::place::Place;
use std::fs;

fn prepared() -> Place {
    let place = Place::new();
    place.file("key", peer::file_key());
    place.file("session", peer::serialized_file_session(peer::SESSION));
    place.file("letter.txt", "dear reader");
    place
}

#[test]
fn what_is_encrypted_is_decrypted() {
    let mut place = prepared();
    place.file("empty", "");
    place.file("large", vec![5; 3_000_000]);
    for name in ["letter.txt", "empty", "large"] {
        let before = place.read(name);
        place.run(["encrypt", name, "--session-id", peer::SESSION, "--session-key-file", "key"]);
        fs::remove_file(place.path().join(name)).unwrap();
        place.run(["inspect", &format!("{name}.seald")]);
        place.run(["decrypt", &format!("{name}.seald"), "--session-key-file", "session"]);
        assert_eq!(place.read(name), before);
    }
    place.matches("encrypt-round-trip");
}

#[test]
fn a_taken_name_is_numbered_before_its_extension() {
    let mut place = prepared();
    place.file("two.dots.tar.gz", "1");
    place.file(".hidden", "2");
    place.file("noext", "3");
    fs::create_dir(place.path().join("sub")).unwrap();
    place.file("sub/plain.txt", "4");
    for name in ["two.dots.tar.gz", ".hidden", "noext", "sub/plain.txt"] {
        for _ in 0..3 {
            place.run(["encrypt", name, "--session-key-file", "session"]);
        }
    }
    place.run(["encrypt", "noext", "--session-key-file", "session", "--force"]);
    let expected = [
        ".hidden",
        ".hidden (1).seald",
        ".hidden (2).seald",
        ".hidden.seald",
        "key",
        "letter.txt",
        "noext",
        "noext (1).seald",
        "noext (2).seald",
        "noext.seald",
        "session",
        "sub/",
        "sub/plain (1).txt.seald",
        "sub/plain (2).txt.seald",
        "sub/plain.txt",
        "sub/plain.txt.seald",
        "two.dots.tar (1).gz.seald",
        "two.dots.tar (2).gz.seald",
        "two.dots.tar.gz",
        "two.dots.tar.gz.seald",
    ];
    assert_eq!(place.listing(), expected);
    place.matches("encrypt-numbers");
}

#[test]
fn a_hundred_names_are_enough() {
    let mut place = prepared();
    place.file("a", "x");
    place.file("a.seald", "");
    (1..=99).for_each(|number| place.file(format!("a ({number}).seald"), ""));
    let before = place.listing();
    place.run(["encrypt", "a", "--session-key-file", "session"]);
    assert_eq!(place.listing(), before);
    place.matches("encrypt-names-taken");
}

#[test]
fn a_message_is_one_line() {
    let mut place = prepared();
    place.file("not-text", b"\xff");
    let output =
        place.run_with_input(["encrypt", "-", "--message", "--session-key-file", "session"], "grüße\n".as_bytes());
    assert_eq!(output.stdout.iter().filter(|&&byte| byte == b'\n').count(), 1);
    place.file("message", &output.stdout);
    let output = place.run(["decrypt", "message", "--session-key-file", "session"]);
    assert_eq!(output.stdout, "grüße\n".as_bytes());
    place.run(["encrypt", "letter.txt", "--message", "--session-key-file", "session", "-o", "out", "--json"]);
    let output = place.run(["decrypt", "out", "--session-key-file", "session"]);
    assert_eq!(output.stdout, b"dear reader");
    place.run(["encrypt", "letter.txt", "--message", "--session-key-file", "session", "-o", "out"]);
    place.run(["encrypt", "not-text", "--message", "--session-key-file", "session"]);
    place.run(["encrypt", "letter.txt", "--message", "--name", "a", "--session-key-file", "session"]);
    place.matches("encrypt-message");
}

#[test]
fn standard_input_needs_a_name_and_may_be_large() {
    let mut place = prepared();
    place.run_with_input(["encrypt", "-", "--session-key-file", "session"], b"text");
    place.run_with_input(["encrypt", "-", "--name", "note.txt", "--session-key-file", "session"], b"text");
    let large: Vec<u8> = (0..3_000_000_u32).map(|place| (place % 251) as u8).collect();
    place.run_with_input(["encrypt", "-", "--name", "large", "--session-key-file", "session", "-o", "sealed"], &large);
    place.run(["decrypt", "sealed", "--session-key-file", "session"]);
    assert_eq!(place.read("large"), large);
    place.run(["decrypt", "note.txt.seald", "--session-key-file", "session"]);
    assert_eq!(place.read("note.txt"), b"text");
    let names: Vec<_> = place.listing();
    assert_eq!(names, ["key", "large", "letter.txt", "note.txt", "note.txt.seald", "sealed", "session"]);
    place.matches("encrypt-standard-input");
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_written() {
    let mut place = prepared();
    place.file("short", sealwright::types::b64::encode([1; 32]));
    place.file("taken", "mine");
    let before = place.listing();
    for arguments in [
        ["encrypt", "letter.txt", "--session-key-file", "key"].as_slice(),
        &["encrypt", "letter.txt", "--session-key-file", "session", "--session-id", peer::OTHER_SESSION],
        &["encrypt", "letter.txt", "--session-key-file", "short", "--session-id", peer::SESSION],
        &["encrypt", "letter.txt", "--session-key-file", "key", "--session-id", "nobody"],
        &["encrypt", "missing", "--session-key-file", "session"],
        &["encrypt", "tmp", "--session-key-file", "session"],
        &["encrypt", "letter.txt", "--session-key-file", "session", "-o", "taken"],
        &["encrypt", "letter.txt", "--session-key-file", "session", "-o", "missing/out"],
        &["encrypt", "letter.txt", "--session-key-file", "session", "-o", "tmp"],
        &["encrypt", "letter.txt", "--session-key-file", "session", "--name", ""],
        &["encrypt", "letter.txt", "--session-key-file", "session", "-o", "-", "--json"],
        &["encrypt", "letter.txt"],
        &["encrypt"],
    ] {
        let output = place.run(arguments);
        assert_ne!(output.status.code(), Some(0));
        assert_eq!(place.listing(), before, "{arguments:?}");
    }
    place.matches("encrypt-errors");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_has_to_be_said() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let mut place = prepared();
    let name = OsStr::from_bytes(b"caf\xe9");
    place.file(name, "text");
    let arguments = [OsStr::new("encrypt"), name, OsStr::new("--session-key-file"), OsStr::new("session")];
    place.run(arguments);
    place.run(arguments.into_iter().chain([OsStr::new("--name"), OsStr::new("café")]));
    assert!(place.path().join(OsStr::from_bytes(b"caf\xe9.seald")).is_file());
    place.matches("encrypt-strange-name");
}

#[cfg(unix)]
#[test]
fn the_rights_of_the_file_are_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut place = prepared();
    for mode in [0o600, 0o644, 0o440] {
        fs::set_permissions(place.path().join("letter.txt"), fs::Permissions::from_mode(mode)).unwrap();
        place.run(["encrypt", "letter.txt", "--session-key-file", "session", "-o", "out", "--force"]);
        assert_eq!(fs::metadata(place.path().join("out")).unwrap().permissions().mode() & 0o7777, mode);
    }
    // A container is no program that runs as its owner.
    fs::set_permissions(place.path().join("letter.txt"), fs::Permissions::from_mode(0o6755)).unwrap();
    place.run(["encrypt", "letter.txt", "--session-key-file", "session", "-o", "out", "--force"]);
    assert_eq!(fs::metadata(place.path().join("out")).unwrap().permissions().mode() & 0o7777, 0o755);
}

/// What is appended counts too: 249 bytes and `.seald` are just short enough, and so is every alternative.
#[test]
fn the_alternative_of_a_long_name_is_short_enough() {
    let mut place = prepared();
    let stem = "n".repeat(245);
    let name = format!("{stem}.txt");
    place.file(&name, "text");
    for expected in [format!("{name}.seald"), format!("{} (1).txt.seald", &stem[4..])] {
        let output = place.run(["encrypt", &name, "--session-key-file", "session"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(expected.len(), 255);
        assert!(place.listing().contains(&expected), "{:?}", place.listing());
    }
}
