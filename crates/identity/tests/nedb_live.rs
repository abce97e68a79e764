//! The open-source database `@seald-io/nedb`, live in a local process: it opens what is written here, and the reverse.
//!
//! Skipped with a printed reason when Node or the library is not there; with `SEALWRIGHT_REQUIRE_NODE` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_identity::Identity;
use sealwright_identity::localdb::Recovered;
use sealwright_identity::localdb::nedb::{self, Files, Profile};
use sealwright_types::b64;
use serde_json::{Map, Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

struct Peer {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Option<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peers/node");
        let missing = if directory.join("node_modules/@seald-io/nedb").is_dir() {
            Command::new("node").arg("--version").output().err().map(|error| format!("node: {error}"))
        } else {
            Some("@seald-io/nedb is not installed (npm ci in vectors/peers/node)".to_owned())
        };
        if let Some(reason) = missing {
            assert!(std::env::var_os("SEALWRIGHT_REQUIRE_NODE").is_none(), "{reason}");
            eprintln!("skipped: {reason}");
            return None;
        }
        let mut process = Command::new("node")
            .arg(directory.join("nedb.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Some(Self { process, requests, answers })
    }

    fn ask(&mut self, operation: &str, file: &Path, key: &SymKey, steps: &Value) -> Result<String, String> {
        let mut request = Map::new();
        let members = [
            ("file", file.to_str().unwrap().as_bytes()),
            ("key", key.expose()),
            ("steps", steps.to_string().as_bytes()),
        ]
        .map(|(name, bytes)| (name.to_owned(), json!(b64::encode(bytes))));
        request.insert("op".to_owned(), json!(operation));
        request.extend(members);
        writeln!(self.requests, "{}", Value::Object(request)).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        match answer["out"].as_str() {
            Some(out) => Ok(String::from_utf8(b64::decode_strict(out).unwrap()).unwrap()),
            None => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }

    fn write(&mut self, file: &Path, key: &SymKey, steps: &Value) {
        assert_eq!(self.ask("write", file, key, steps), Ok(String::new()));
    }

    fn read(&mut self, file: &Path, key: &SymKey) -> Vec<Value> {
        serde_json::from_str(&self.ask("read", file, key, &json!([])).unwrap()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn identity() -> Identity {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer/identity/js_alice_3old.bson");
    Identity::from_bson(&fs::read(path).unwrap()).unwrap().identity
}

fn recover(file: &Path, key: &SymKey) -> Recovered {
    let users = fs::read(file).unwrap();
    nedb::recover(Files { users: Some(&users[..]), ..Files::default() }, key).unwrap()
}

fn hashes(identity: &Identity) -> Vec<String> {
    identity.encryption_keys().map(|key| key.hash().to_string()).collect()
}

#[test]
fn nedb_opens_what_is_written_here_and_what_it_rewrites_is_opened_here() {
    let Some(mut peer) = Peer::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let (users, unregistered) = (directory.path().join("User.fdb"), directory.path().join("HairlessUser.fdb"));
    let (identity, key) = (identity(), SymKey::generate().unwrap());
    let profile =
        Profile { display_name: "Zo\u{eb}", device_name: "laptop", now: 1_795_289_582_331, expires: 1_889_897_582_000 };
    let written = nedb::write(&identity, &[], &profile, &key).unwrap();
    fs::write(&users, &written.users).unwrap();
    fs::write(&unregistered, &written.unregistered).unwrap();

    let documents = peer.read(&users, &key);
    let [document] = &documents[..] else { panic!("{} documents", documents.len()) };
    assert_eq!(document["id"], json!(identity.user().to_s64()));
    assert_eq!((&document["isDefault"], &document["displayName"]), (&json!(true), &json!("Zo\u{eb}")));
    assert_eq!(document["created"], json!("2026-11-21T19:33:02.331Z"), "a date, not an object");
    let device = &document["devices"][0];
    assert_eq!((&device["id"], &device["type"]), (&json!(identity.device().to_s64()), &json!("PRIVATE")));
    let key_text = b64::encode(identity.current().encryption.to_pkcs8().expose());
    assert_eq!(device["serializedEncryptionKey"], json!(key_text));
    assert_eq!(device["serializedOldEncryptionKeys"].as_array().unwrap().len(), hashes(&identity).len() - 1);
    assert!(peer.read(&unregistered, &key).is_empty());

    // Loading has rewritten the file, with the index that was declared here: it is obeyed.
    assert_ne!(fs::read(&users).unwrap(), written.users);
    let error = peer.ask("write", &users, &key, &json!([["insert", { "id": identity.user().to_s64() }]])).unwrap_err();
    assert!(error.contains("unique"), "{error}");
    let recovered = recover(&users, &key);
    assert_eq!(hashes(&recovered.identity.unwrap()), hashes(&identity));
    assert_eq!((recovered.warnings.len(), recovered.expires), (0, Some(profile.expires)));

    // Under another key it refuses, as it should.
    assert!(peer.ask("read", &users, &SymKey::generate().unwrap(), &json!([])).is_err());
}

#[test]
fn what_nedb_writes_is_opened_here_with_all_its_journal_lines() {
    let Some(mut peer) = Peer::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let users = directory.path().join("User.fdb");
    let (identity, key) = (identity(), SymKey::generate().unwrap());
    let text = |place: usize| b64::encode(identity.encryption_keys().nth(place).unwrap().to_pkcs8().expose());
    let device = |place: usize, old: &[String]| {
        json!([{
            "id": identity.device().to_s64(), "type": "PRIVATE", "state": "A", "expirationDate": { "$$date": 1_889_897_582_000_i64 },
            "serializedEncryptionKey": text(place), "serializedSigningKey": text(place),
            "serializedOldEncryptionKeys": old, "serializedOldSigningKeys": old,
        }])
    };
    let user = |id: &str, default: bool, devices: Value| json!({ "_id": id, "id": identity.user().to_s64(), "displayName": "\u{10d}\u{2028}", "isDefault": default, "devices": devices, "_version": 4 });
    let mut other = user("other", false, json!([]));
    other["id"] = json!(identity.device().to_s64());
    peer.write(
        &users,
        &key,
        &json!([
            ["index", "id"],
            ["insert", user("me", true, device(1, &[]))],
            ["insert", other],
            ["insert", { "_id": "7", "id": "gone", "isDefault": true, "devices": device(2, &[]) }],
            ["update", "me", { "devices": device(0, &[text(1)]) }],
            ["remove", "7"],
        ]),
    );
    // Appended lines: two versions of "me", a deletion, the index.
    let lines = fs::read_to_string(&users).unwrap().lines().count();
    assert_eq!(lines, 6);
    let appended = recover(&users, &key);
    let mut expected = hashes(&identity);
    expected.truncate(2);
    assert_eq!(hashes(appended.identity.as_ref().unwrap()), expected);
    assert_eq!((appended.sources[0].total, appended.sources[0].readable), (6, 6));
    assert_eq!((appended.expires, appended.contacts.len()), (Some(1_889_897_582_000), 1));

    peer.write(&users, &key, &json!([["compact"]]));
    let compact = recover(&users, &key);
    assert_eq!(hashes(&compact.identity.unwrap()), expected);
    assert_eq!(compact.sources[0].total, 3);
}
