use crate::peer;
use crate::place::Place;
use sealwright::types::b64;
use serde_json::Value;
use std::fs;
use std::process::Stdio;

/// The peer's keys, and one file and one message of it.
fn prepared() -> Place {
    let place = Place::new();
    place.file("key", peer::file_key() + "\n");
    place.file("message-key", peer::message_key());
    place.file("wrong-key", b64::encode([7; 64]));
    place.file("letter.seald", peer::read("files/js_1000.seald"));
    place.file("message", peer::message());
    place
}

fn clear(length: usize) -> Vec<u8> {
    (0..length).map(|place| (7 * place + 3) as u8).collect()
}

#[test]
fn every_file_of_the_peer_opens_under_its_safe_name() {
    let manifest = peer::json("files/manifest.json");
    for case in manifest["files"].as_array().unwrap() {
        let mut place = Place::new();
        place.file("key", peer::file_key());
        place.file("sealed", fs::read(peer::vectors("peer").join(case["file"].as_str().unwrap())).unwrap());
        let output = place.run(["decrypt", "sealed", "--session-key-file", "key", "--json"]);
        assert_eq!(output.status.code(), Some(0), "{case}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let name = told["output"].as_str().unwrap();
        assert_eq!(place.listing().len(), 3, "{case}");
        assert_eq!(place.read(name), clear(case["clearLength"].as_u64().unwrap() as usize), "{case}");
        assert_eq!(told["storedName"], case["filename"], "{case}");
        assert_eq!(told["sessionId"], peer::SESSION);
    }
}

#[test]
fn no_damaged_file_of_the_peer_leaves_anything_behind() {
    let mut place = Place::new();
    place.file("key", peer::file_key());
    let mut names: Vec<_> = fs::read_dir(peer::vectors("peer/files"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("neg_") || name.starts_with("tampered"))
        .collect();
    names.sort();
    assert!(names.len() > 25);
    for name in names {
        place.file(&name, peer::read(&format!("files/{name}")));
        let before = place.listing();
        let output = place.run(["decrypt", &name, "--session-key-file", "key", "-o", "out"]);
        // Some are odd but right.
        if output.status.success() {
            fs::remove_file(place.path().join("out")).unwrap();
        }
        assert_eq!(place.listing(), before, "{name}");
        fs::remove_file(place.path().join(&name)).unwrap();
    }
    place.matches("decrypt-damaged");
}

#[test]
fn a_file_gets_the_name_that_was_stored_or_the_one_that_is_asked_for() {
    let mut place = prepared();
    place.file("up.seald", peer::read("files/go_name-dotdot.seald"));
    place.file("newline.seald", peer::read("files/js_name-newline.seald"));
    place.run(["decrypt", "letter.seald", "--session-key-file", "key"]);
    place.run(["decrypt", "up.seald", "--session-key-file", "key"]);
    place.run(["decrypt", "newline.seald", "--session-key-file", "key"]);
    place.run(["decrypt", "up.seald", "--session-key-file", "key", "-o", "named", "--json"]);
    place.run(["decrypt", "up.seald", "--session-key-file", "key", "-o", "quiet", "--quiet"]);
    let output = place.run(["decrypt", "up.seald", "--session-key-file", "key", "-o", "-"]);
    assert_eq!(output.stdout, place.read("named"));
    place.run(["decrypt", "up.seald", "--session-key-file", "key", "-o", "-", "--json"]);
    place.matches("decrypt-names");
}

#[cfg(unix)]
#[test]
fn what_was_opened_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut place = prepared();
    place.run(["decrypt", "letter.seald", "--session-key-file", "key", "-o", "out"]);
    assert_eq!(fs::metadata(place.path().join("out")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_is_taken_in_every_form() {
    let mut place = prepared();
    place.file("raw", b64::decode_strict(peer::file_key()).unwrap());
    place.file("serialised", peer::serialized_file_session(peer::SESSION) + "\n");
    place.file("of-another-session", peer::serialized_file_session(peer::OTHER_SESSION));
    place.file("too-short", b64::encode([1; 31]));
    place.file("no-key", "open sesame");
    for key in ["raw", "serialised", "of-another-session", "too-short", "no-key", "missing", "tmp"] {
        place.run(["decrypt", "letter.seald", "--session-key-file", key, "-o", key.to_owned().as_str(), "--force"]);
    }
    place
        .run_with_input(["decrypt", "letter.seald", "--session-key-file", "-", "-o", "a"], peer::file_key().as_bytes());
    place.run_with_input(["decrypt", "-", "--session-key-file", "-"], peer::file_key().as_bytes());
    place.run(["decrypt", "letter.seald"]);
    place.matches("decrypt-keys");
}

#[test]
fn a_wrong_key_opens_nothing() {
    let mut place = prepared();
    let before = place.listing();
    for arguments in [
        ["decrypt", "letter.seald", "--session-key-file", "wrong-key"].as_slice(),
        &["decrypt", "letter.seald", "--session-key-file", "wrong-key", "--json"],
        &["decrypt", "letter.seald", "--session-key-file", "wrong-key", "-o", "out"],
        &["decrypt", "letter.seald", "--session-key-file", "wrong-key", "-o", "-"],
        &["decrypt", "message", "--session-key-file", "wrong-key"],
        &["decrypt", "message", "--session-key-file", "wrong-key", "-o", "out"],
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty() || arguments.contains(&"--json"));
        assert_eq!(place.listing(), before);
    }
    place.matches("decrypt-wrong-key");
}

#[test]
fn existing_output_stays_without_force() {
    let mut place = prepared();
    place.file("taken", "mine");
    fs::create_dir(place.path().join("directory")).unwrap();
    for target in ["taken", "directory", "missing/out", "/dev/null"] {
        place.run(["decrypt", "letter.seald", "--session-key-file", "key", "-o", target]);
    }
    place.run(["decrypt", "message", "--session-key-file", "message-key", "-o", "taken"]);
    assert_eq!(place.read("taken"), b"mine");
    place.run(["decrypt", "letter.seald", "--session-key-file", "key", "-o", "directory", "--force"]);
    place.run(["decrypt", "letter.seald", "--session-key-file", "key", "-o", "/dev/null", "--force"]);
    place.run(["--force", "decrypt", "letter.seald", "--session-key-file", "key", "-o", "taken"]);
    assert_eq!(place.read("taken"), clear(1000));
    place.run(["decrypt", "letter.seald", "--session-key-file", "key"]);
    place.run(["decrypt", "letter.seald", "--session-key-file", "key"]);
    assert!(place.listing().iter().all(|name| !name.contains(".part")));
    place.matches("decrypt-existing-output");
}

#[test]
fn a_message_is_printed() {
    let mut place = prepared();
    place.file("legacy", peer::legacy_message());
    place.file("legacy-file", peer::legacy_file());
    let raw = sealwright::SymKey::from_bytes(&b64::decode_strict(peer::message_key()).unwrap()).unwrap();
    let bytes = b64::encode(sealwright::envelope::seal(&raw, b"\xff\xfe").unwrap());
    place.file("bytes", format!(r#"{{"sessionId":"{}","data":"{bytes}"}}"#, peer::SESSION));
    place.file("serialised", &peer::serialized_sessions()[0]);
    place.file("other", peer::message().replace(peer::SESSION, peer::OTHER_SESSION));
    place.run(["decrypt", "message", "--session-key-file", "message-key"]);
    place.run(["decrypt", "message", "--session-key-file", "serialised", "--json"]);
    place.run(["decrypt", "message", "--session-key-file", "message-key", "-o", "text"]);
    place.run(["decrypt", "bytes", "--session-key-file", "message-key", "--json"]);
    let output = place.run(["decrypt", "bytes", "--session-key-file", "message-key", "-o", "-"]);
    assert_eq!(output.stdout, b"\xff\xfe");
    place.run(["decrypt", "other", "--session-key-file", "serialised"]);
    let output = place.run(["decrypt", "legacy", "--session-key-file", "key"]);
    assert_eq!(output.stdout, peer::raw_plaintext());
    place.run(["decrypt", "legacy-file", "--session-key-file", "key"]);
    place.run(["decrypt", "legacy-file", "--session-key-file", "key", "-o", "content"]);
    assert_eq!(place.read("content"), peer::raw_plaintext());
    place.matches("decrypt-messages");
}

#[test]
fn what_is_no_ciphertext_is_told() {
    let mut place = prepared();
    place.file("empty", "");
    place.file("text", "just a text");
    place.file("json", "{}");
    place.file("cut", &peer::message()[..60]);
    place.file("legacy-cut", &peer::legacy_message()[..60]);
    for name in ["empty", "text", "json", "cut", "legacy-cut", "missing", "tmp", "key"] {
        place.run(["decrypt", name, "--session-key-file", "key"]);
    }
    place.matches("decrypt-no-ciphertext");
}

#[test]
fn standard_input_is_a_file_too() {
    let mut place = prepared();
    let sealed = peer::read("files/js_1000.seald");
    let output = place.run_with_input(["decrypt", "-", "--session-key-file", "key", "-o", "-"], &sealed);
    assert_eq!(output.stdout, clear(1000));
    place.run_with_input(["decrypt", "-", "--session-key-file", "message-key"], peer::message().as_bytes());
    // Larger than what is kept in memory: spooled as ciphertext, and nothing of it stays.
    let large = peer::read("files/js_1MiB.seald");
    place.run_with_input(["decrypt", "-", "--session-key-file", "key", "-o", "large"], &large);
    assert_eq!(place.read("large"), clear(1024 * 1024));
    place.run_with_input(["decrypt", "-", "--session-key-file", "wrong-key", "-o", "-"], &large);
    assert!(place.listing().iter().all(|name| !name.starts_with("tmp/")));
    place.matches("decrypt-standard-input");
}

#[test]
fn a_closed_pipe_is_success() {
    let place = prepared();
    place.file("large", peer::read("files/js_1MiB.seald"));
    for arguments in [
        ["decrypt", "large", "--session-key-file", "key", "-o", "-"].as_slice(),
        &["decrypt", "message", "--session-key-file", "message-key"],
        &["inspect", "message"],
        &["inspect", "message", "--json"],
        &["--help"],
        &["completions", "bash"],
        &["session", "new"],
        &["encrypt", "large", "--session-id", peer::SESSION, "--session-key-file", "key", "-o", "-"],
    ] {
        let mut child = place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{arguments:?}");
    }
}

#[test]
fn identities_and_records_open_what_they_reach() {
    let mut place = Place::new();
    let bundle = peer::vectors("egress/sample/bundle");
    for name in ["message-keys.jsonl", "proxy-keys.jsonl", "session-keys.jsonl"] {
        place.file(name, fs::read(bundle.join(name)).unwrap());
    }
    place.file("frank", fs::read(bundle.join("identities/frank.bin")).unwrap());
    let record: Value = serde_json::from_slice(&fs::read(bundle.join("identities.jsonl")).unwrap()).unwrap();
    place.file("other", record["identity"].as_str().unwrap());
    let expected: Value = serde_json::from_slice(&fs::read(bundle.join("../expected.json")).unwrap()).unwrap();
    let records = ["--keys", "message-keys.jsonl", "proxy-keys.jsonl", "session-keys.jsonl"];
    let is_file = |item: &&Value| item["source"].as_str().unwrap().starts_with("data/");
    let mut opened = 0;
    for item in expected["items"].as_array().unwrap().iter().filter(|item| is_file(item)) {
        place.file("item", fs::read(bundle.join(item["source"].as_str().unwrap())).unwrap());
        let output = place.run(
            ["decrypt", "item", "-o", "out", "--force", "--identity", "frank", "other"].into_iter().chain(records),
        );
        assert_eq!(output.status.code(), Some(0), "{item}");
        assert_eq!(place.read("out").len() as u64, item["bytes"].as_u64().unwrap(), "{item}");
        opened += 1;
    }
    assert!(opened >= 40, "{opened}");
}

#[test]
fn what_identities_do_not_reach_is_told() {
    let mut place = Place::new();
    let bundle = peer::vectors("egress/sample/bundle");
    place.file("message-keys.jsonl", fs::read(bundle.join("message-keys.jsonl")).unwrap());
    place.file("frank", fs::read(bundle.join("identities/frank.bin")).unwrap());
    place.file("item", fs::read(bundle.join("data/dir0/sub0/f0.seald")).unwrap());
    place.file("broken.jsonl", "{\"sessionId\":1}\nnot json\n");
    place.file("sealed", peer::read("files/js_1000.seald"));
    place.run(["decrypt", "sealed", "--identity", "frank", "--keys", "message-keys.jsonl"]);
    place.run(["decrypt", "sealed", "--identity", "frank"]);
    place.run(["decrypt", "sealed", "--identity", "frank", "--keys", "broken.jsonl"]);
    place.run(["decrypt", "sealed", "--identity", "item", "--keys", "message-keys.jsonl"]);
    place.run(["decrypt", "sealed", "--identity", "missing", "--keys", "message-keys.jsonl"]);
    place.run(["decrypt", "sealed", "--identity", "frank", "--keys", "missing"]);
    place.run(["decrypt", "sealed", "--identity", "frank", "--session-key-file", "frank"]);
    place.run(["decrypt", "-", "--identity", "-"]);
    place.matches("decrypt-identities");
}

/// MSG-13: an id in upper case is no session's, and whoever expects one is told so.
#[test]
fn an_upper_case_id_is_another_session_where_one_is_expected() {
    let mut place = prepared();
    let message: Value = serde_json::from_str(&peer::message()).unwrap();
    let session = message["sessionId"].as_str().unwrap();
    place.file("message", peer::message().replace(session, &session.to_uppercase()));
    place.file("session", &peer::serialized_sessions()[0]);
    for (key, code) in [("session", "wrong-session"), ("message-key", "malformed"), ("missing", "malformed")] {
        let output = place.run(["decrypt", "message", "--session-key-file", key]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.starts_with(&format!("error[{code}]")), "{key}: {told}");
    }
    let without_key = String::from_utf8(place.run(["decrypt", "message"]).stderr).unwrap();
    assert!(without_key.starts_with("error[malformed]"), "{without_key}");
}
