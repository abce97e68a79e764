use crate::peer;
use crate::place::Place;
use std::fs;

/// One file of every kind, named after it.
fn every_kind() -> Place {
    let place = Place::new();
    let rsa = peer::json("rsa.json");
    let der = |name: &str| sealwright::types::b64::decode_strict(rsa["keys"][0][name].as_str().unwrap()).unwrap();
    place.file("message", peer::message());
    place.file("legacy-message", peer::legacy_message());
    place.file("legacy-message-with-keys", peer::legacy_message().replace(peer::SESSION, "2/AAAA/AAAA"));
    place.file("protocol-1", peer::read("files/js_1000.seald"));
    place.file("protocol-1-other-version", peer::read("files/neg_version-2-in-header.seald"));
    place.file("base64", peer::json("files/manifest.json")["stringInput"]["encryptedBase64"].as_str().unwrap());
    place.file("html", fs::read(peer::vectors("egress/sample/bundle/data/dir0/sub2/f5.shtml")).unwrap());
    place.file("legacy-file", peer::legacy_file());
    place.file("identity", peer::read("identity/js_alice_3old_prepared.bson"));
    place.file("public-key", der("spki"));
    place.file("private-key", sealwright::types::b64::encode(der("pkcs8")));
    place.file("serialised", peer::serialized_sessions()[0].clone() + "\n");
    place.file("key", peer::file_key() + "\n");
    place.file("raw-key", [0x81; 48]);
    let block = r#"{"transaction":{},"signature":{},"extras":{}}"#;
    place.file("sigchain", format!("[{block},{block}]"));
    place.file("database", fs::read(peer::vectors("egress/hard/bundle/localdb/erin/User.fdb")).unwrap());
    place.file("records", fs::read(peer::vectors("egress/sample/bundle/message-keys.jsonl")).unwrap());
    place.file("raw-message", sealwright::types::b64::encode(peer::read("files/js_raw-100.bin")));
    place.file("envelope", peer::read("files/js_raw-100.bin"));
    place.file("bundle.json", fs::read(peer::vectors("egress/sample/bundle/bundle.json")).unwrap());
    place.file("unknown", "just a text");
    fs::create_dir(place.path().join("bundle")).unwrap();
    place.file("bundle/identities.jsonl", "");
    place
}

const EVERY_KIND: [&str; 23] = [
    "inspect",
    "message",
    "legacy-message",
    "legacy-message-with-keys",
    "protocol-1",
    "protocol-1-other-version",
    "base64",
    "html",
    "legacy-file",
    "identity",
    "public-key",
    "private-key",
    "serialised",
    "key",
    "raw-key",
    "sigchain",
    "database",
    "records",
    "raw-message",
    "envelope",
    "bundle.json",
    "unknown",
    "bundle",
];

#[test]
fn every_kind_of_file_is_told_without_its_secrets() {
    let mut place = every_kind();
    let people = place.run(EVERY_KIND);
    let machines = place.run(EVERY_KIND.into_iter().chain(["--json"]));
    for output in [people, machines] {
        let printed = String::from_utf8(output.stdout).unwrap();
        for secret in [peer::file_key(), peer::message_key(), peer::serialized_sessions()[0].clone()] {
            assert!(!printed.contains(&secret));
        }
    }
    place.matches("inspect-every-kind");
}

/// Sealed files say nothing, but their names do.
#[test]
fn databases_are_told_by_their_names() {
    let mut place = Place::new();
    fs::create_dir_all(place.path().join("go")).unwrap();
    fs::create_dir_all(place.path().join("js")).unwrap();
    for name in ["User.fdb", "HairlessUser.fdb", "key_backup"] {
        place.file(format!("js/{name}"), peer::read(&format!("localdb/with-key/{name}")));
    }
    // One line looks like a message; under another name nothing tells a backup from any envelope.
    place.file("js/User.fdb~", peer::read("localdb/with-key/HairlessUser.fdb"));
    place.file("renamed", peer::read("localdb/with-key/key_backup"));
    let files = ["js", "js/User.fdb", "js/User.fdb~", "js/HairlessUser.fdb", "js/key_backup", "renamed"];
    for name in [
        "current_device_storage",
        "contacts_storage",
        "connectors_storage",
        "groups_storage",
        "encryption_session_storage",
    ] {
        place.file(format!("go/{name}"), peer::read("files/js_raw-100.bin"));
    }
    let go = ["go", "go/current_device_storage", "go/contacts_storage", "go/encryption_session_storage"];
    place.run(["inspect"].into_iter().chain(files).chain(go));
    place.run(["inspect", "js", "js/key_backup", "go", "go/groups_storage", "--json"]);
    place.file("go/groups_storage", "a text");
    place.run(["inspect", "go/groups_storage"]);
    place.matches("inspect-databases");
}

#[test]
fn what_cannot_be_read_is_told_and_does_not_stop_the_others() {
    let mut place = Place::new();
    place.file("empty", "");
    place.file("good", peer::message());
    for name in
        ["magic-cut", "header-cut", "header-length-cut", "header-length-huge", "header-length-zero", "header-only"]
    {
        place.file(name, peer::read(&format!("files/neg_{name}.seald")));
    }
    place.file("cut", &peer::read("files/js_1000.seald")[..1000]);
    place.file("message-cut", &peer::message()[..60]);
    place.file("message-upper-case", peer::message().replace("-a000-", "-A000-"));
    place.file("html-cut", &fs::read(peer::vectors("egress/sample/bundle/data/dir0/sub2/f5.shtml")).unwrap()[..2000]);
    let files = [
        "inspect",
        "empty",
        "magic-cut",
        "header-cut",
        "header-length-cut",
        "header-length-huge",
        "header-length-zero",
        "header-only",
        "cut",
        "message-cut",
        "message-upper-case",
        "html-cut",
        "missing",
        "tmp",
        "good",
    ];
    let status = place.run(files).status.code();
    assert_eq!(status, Some(1));
    place.run(files.into_iter().chain(["--json"]));
    place.matches("inspect-damaged");
}

#[test]
fn standard_input_is_a_file_too() {
    let mut place = Place::new();
    place.run_with_input(["inspect", "-"], &peer::read("files/js_1000.seald"));
    place.run_with_input(["inspect", "-", "--json"], &peer::read("identity/js_alice_0old.bson"));
    // Larger than what is kept in memory.
    place.run_with_input(["inspect", "-"], &peer::read("files/js_1MiB.seald"));
    place.run_with_input(["inspect", "-"], b"");
    assert_eq!(place.listing(), [""; 0]);
    place.matches("inspect-standard-input");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_a_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let mut place = Place::new();
    let name = OsStr::from_bytes(b"caf\xe9\x1b[31m");
    place.file(name, peer::message());
    place.run([OsStr::new("inspect"), name]);
    place.run([OsStr::new("inspect"), name, OsStr::new("--json")]);
    place.matches("inspect-strange-name");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut place = Place::new();
    place.file("locked", peer::message());
    fs::set_permissions(place.path().join("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(place.path().join("locked")).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    place.run(["inspect", "locked"]);
    place.matches("inspect-unreadable");
}

/// A record of a wrapped session key has a session and data as a message has, but is none.
#[test]
fn a_single_record_is_no_message() {
    let mut place = Place::new();
    let message: serde_json::Value = serde_json::from_str(&peer::message()).unwrap();
    for name in
        ["proxySessionId", "proxy_message_id", "symEncKeyId", "sym_enc_key_id", "tmrAccessId", "tmr_key_id", "other"]
    {
        let mut record = message.clone();
        record[name] = peer::OTHER_SESSION.into();
        for end in ["", "\n"] {
            place.file("record", record.to_string() + end);
            let told = place.run(["inspect", "record", "--json"]).stdout;
            let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
            assert_eq!(told["kind"], if name == "other" { "message" } else { "possibly-records" }, "{name}");
        }
    }
}
