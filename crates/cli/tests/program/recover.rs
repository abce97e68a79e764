use crate::peer;
use crate::place::Place;
use sealwright::SymKey;
use sealwright::identity::Identity;
use sealwright::identity::ssks::{Account, Blob, password};
use sealwright::kdf::{AppIdText, Password, UserIdText};
use sealwright::types::b64;
use serde_json::{Value, json};
use std::fs;

const APP: &str = "12345678-1234-4abc-8def-1234567890ab";

/// The databases of the peer, with their keys beside them.
fn databases() -> Place {
    let place = Place::new();
    let manifest = peer::json("localdb/manifest.json");
    for database in manifest["databases"].as_array().unwrap() {
        let name = database["dir"].as_str().unwrap().strip_prefix("localdb/").unwrap();
        copy(&place, name, name);
        for (option, file) in [("databaseKey", "key"), ("databaseRawKey", "raw")] {
            if let Some(key) = database["options"][option].as_str() {
                place.file(file, format!("{key}\n"));
            }
        }
    }
    place.file("wrong", "not the key");
    place
}

/// A database of the peer under another name.
fn copy(place: &Place, from: &str, to: &str) {
    fs::create_dir(place.path().join(to)).unwrap();
    for file in ["User.fdb", "HairlessUser.fdb", "key_backup"] {
        place.file(format!("{to}/{file}"), peer::read(&format!("localdb/{from}/{file}")));
    }
}

fn remove(place: &Place, name: &str) {
    fs::remove_file(place.path().join(name)).unwrap();
}

fn sealed_key() -> SymKey {
    let manifest = peer::json("localdb/manifest.json");
    SymKey::from_bytes(&b64::decode_strict(manifest["databases"][0]["key"].as_str().unwrap()).unwrap()).unwrap()
}

/// The documents of `User.fdb` in `with-key`.
fn documents() -> Vec<Value> {
    let manifest = peer::json("localdb/manifest.json");
    let lines = manifest["databases"][0]["files"]["User.fdb"]["clear"].as_array().unwrap().clone();
    lines.iter().map(|line| serde_json::from_str(line.as_str().unwrap()).unwrap()).collect()
}

fn journal(documents: &[Value]) -> String {
    let key = sealed_key();
    let seal = |document: &Value| {
        b64::encode(sealwright::envelope::seal(&key, document.to_string().as_bytes()).unwrap()) + "\n"
    };
    documents.iter().map(seal).collect()
}

const WITH_KEY: [&str; 8] = ["identity", "recover", "--localdb", "with-key", "--app-id", APP, "--password-file", "key"];

/// The same for another directory.
fn in_directory(name: &str) -> Vec<&str> {
    WITH_KEY.iter().map(|&argument| if argument == "with-key" { name } else { argument }).collect()
}

#[test]
fn the_databases_of_the_peer_give_their_identities() {
    let mut place = databases();
    place.run(WITH_KEY.into_iter().chain(["-o", "alice"]));
    let manifest = peer::json("localdb/manifest.json");
    let identity = Identity::from_bson(&place.read("alice")).unwrap().identity;
    assert_eq!(identity.user().to_string(), manifest["databases"][0]["sealdId"]);
    assert_eq!(identity.device().to_string(), manifest["databases"][0]["deviceId"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.path().join("alice")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    place.run(["identity", "recover", "--localdb", "no-key", "--app-id", APP, "--no-key", "-o", "bob", "--json"]);
    place.run(["identity", "recover", "--localdb", "raw-key", "--raw-key-file", "raw", "-o", "carol", "--quiet"]);
    place.run_with_input(
        ["identity", "recover", "--localdb", "raw-key", "--raw-key-file", "-", "-o", "carol", "--force", "-q"],
        &place.read("raw"),
    );
    // What was recovered is an identity for every other command.
    place.run(["identity", "show", "alice"]);
    place.matches("recover-localdb");
}

/// The table of damages (DB-20..28).
#[test]
fn a_damaged_database_gives_what_is_left() {
    let mut place = databases();
    let backup = peer::read("localdb/with-key/key_backup");
    let users = String::from_utf8(peer::read("localdb/with-key/User.fdb")).unwrap();
    let cut: Vec<&str> = users.lines().collect();
    let cut = [&cut[0][..cut[0].len() - 8], "not base64!", cut[2], cut[3], ""].join("\n");

    copy(&place, "with-key", "no-backup");
    remove(&place, "no-backup/key_backup");
    copy(&place, "with-key", "no-users");
    remove(&place, "no-users/User.fdb");
    copy(&place, "with-key", "cut-lines");
    place.file("cut-lines/User.fdb", &cut);
    copy(&place, "with-key", "cut-lines-no-backup");
    place.file("cut-lines-no-backup/User.fdb", &cut);
    remove(&place, "cut-lines-no-backup/key_backup");
    copy(&place, "with-key", "cut-backup");
    place.file("cut-backup/key_backup", &backup[..500]);
    copy(&place, "with-key", "empty-backup");
    place.file("empty-backup/key_backup", "");
    copy(&place, "with-key", "nothing-readable");
    place.file("nothing-readable/User.fdb", "AAAA\n");
    place.file("nothing-readable/HairlessUser.fdb", "");
    place.file("nothing-readable/key_backup", &backup[..500]);
    copy(&place, "with-key", "temporary");
    fs::rename(place.path().join("temporary/User.fdb"), place.path().join("temporary/User.fdb~")).unwrap();
    // The backup of somebody else, under the same key.
    let alice = peer::read("identity/js_alice_3old.bson");
    copy(&place, "with-key", "backup-differs");
    place.file("backup-differs/key_backup", sealwright::envelope::seal(&sealed_key(), &alice).unwrap());
    for name in [
        "no-backup",
        "no-users",
        "cut-lines",
        "cut-lines-no-backup",
        "cut-backup",
        "empty-backup",
        "nothing-readable",
        "temporary",
        "backup-differs",
    ] {
        place.run(in_directory(name).into_iter().chain(["-o", &format!("{name}.identity")]));
    }
    place.run(in_directory("cut-lines").into_iter().chain(["-o", "as-json", "--json", "--quiet"]));
    // The other one, by its device.
    let other = "67927142-6d1c-4f52-9284-6e7972a48997";
    place.run(in_directory("backup-differs").into_iter().chain(["-o", "other", "--device-id", other]));
    assert_eq!(Identity::from_bson(&place.read("other")).unwrap().identity.device().to_string(), other);
    assert_eq!(String::from_utf8(place.read("cut-lines/User.fdb")).unwrap(), cut, "never modified");
    assert!(!place.listing().contains(&"nothing-readable.identity".to_owned()));
    place.matches("recover-damaged");
}

#[test]
fn a_database_without_a_clear_identity_says_so() {
    let mut place = databases();
    let documents = documents();
    let default = documents.iter().find(|document| document["isDefault"] == true).unwrap();
    let mut second = default.clone();
    second["_id"] = json!("another");
    second["id"] = json!("BNHMF2SESUGqrPrjOTfepg");
    second["devices"][0]["id"] = json!("hBvQIkaXQOyAV877Z426Jg");
    let others: Vec<_> = documents.iter().filter(|document| document["isDefault"] != true).cloned().collect();
    let mut two_devices = default.clone();
    let mut device = two_devices["devices"][0].clone();
    device["id"] = json!("hBvQIkaXQOyAV877Z426Jg");
    two_devices["devices"].as_array_mut().unwrap().push(device);
    for (name, lines) in [
        ("several-users", journal(&[default.clone(), second])),
        ("several-devices", journal(&[two_devices])),
        ("nobody", journal(&others)),
    ] {
        fs::create_dir(place.path().join(name)).unwrap();
        place.file(format!("{name}/User.fdb"), lines);
        place.run(in_directory(name).into_iter().chain(["-o", "identity"]));
    }
    place.run(in_directory("several-users").into_iter().chain(["-o", "identity", "--json", "--quiet"]));
    let second = "841bd022-4697-40ec-8057-cefb678dba26";
    place.run(in_directory("several-users").into_iter().chain(["-o", "second", "--device-id", second]));
    assert_eq!(Identity::from_bson(&place.read("second")).unwrap().identity.device().to_string(), second);
    place.run(in_directory("with-key").into_iter().chain(["-o", "identity", "--device-id", second]));
    place.run(in_directory("tmp").into_iter().chain(["-o", "identity"]));
    assert!(!place.listing().contains(&"identity".to_owned()));
    place.matches("recover-unclear");
}

#[test]
fn what_opens_no_database_is_told() {
    let mut place = databases();
    place.file("empty", "\n");
    place.file("output", "");
    let localdb = ["identity", "recover", "--localdb", "with-key"];
    let app = ["--app-id", APP];
    for rest in [
        &[&app[..], &["--password-file", "wrong"]][..],
        &[&["--app-id", "another-app", "--password-file", "key"]],
        &[&app, &["--no-key"]],
        &[&["--raw-key-file", "raw"]],
        &[&["--raw-key-file", "wrong"]],
        &[&app, &["--password-file", "empty"]],
        &[&["--password-file", "key"]],
        &[&app],
        &[&app, &["--password-file", "key", "--raw-key-file", "raw"]],
        &[&app, &["--password-file", "key", "--no-key"]],
        &[&app, &["--password-file", "missing"]],
        &[&["--go-storage", "with-key"]],
    ] {
        place.run(localdb.into_iter().chain(rest.iter().copied().flatten().copied()).chain(["-o", "identity"]));
    }
    place.run(WITH_KEY.into_iter().chain(["-o", "output"]));
    place.run(WITH_KEY.into_iter().chain(["-o", "-"]));
    place.run(WITH_KEY);
    place.run(in_directory("missing").into_iter().chain(["-o", "identity"]));
    place.run(in_directory("key").into_iter().chain(["-o", "identity"]));
    place.run(["identity", "recover", "-o", "identity"]);
    place.run(in_directory("with-key").into_iter().chain(["--user-id", "", "-o", "identity"]));
    assert!(!place.listing().contains(&"identity".to_owned()));
    place.matches("recover-localdb-errors");
}

/// A blob of the bundle `egress/hard`, and a member of the line of its secret.
fn hard(blobs: &str, user: &str) -> String {
    let content = fs::read_to_string(peer::vectors("egress/hard/bundle").join(blobs)).unwrap();
    let lines = content.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.into_iter().find(|line| line["userId"] == user).unwrap();
    line["data"].as_str().unwrap().to_owned()
}

fn hard_app() -> String {
    let bundle = fs::read(peer::vectors("egress/hard/bundle/bundle.json")).unwrap();
    serde_json::from_slice::<Value>(&bundle).unwrap()["appId"].as_str().unwrap().to_owned()
}

#[test]
fn stored_identities_are_opened_with_passwords_and_keys() {
    let mut place = Place::new();
    let app = hard_app();
    let raw_key = "P5Xrvi5NqORdLw+Z+5iLRTXwJk0EDtRm9JuePThiOfyq0A9kK6tq/2LJnZEPwjafreItQx4cJ9KLHpV1LHirug==";
    place.file("bob", hard("ssks-password.jsonl", "user-bob"));
    place.file("carol", hard("ssks-2mr.jsonl", "user-carol"));
    place.file("carol.bin", b64::decode_strict(hard("ssks-2mr.jsonl", "user-carol")).unwrap());
    place.file("dave", hard("ssks-2mr.jsonl", "user-dave"));
    place.file("password", "p\u{e4}ssw\u{f3}rd \u{fb01}ve\n");
    place.file("raw", raw_key);
    place.file("text", "two man rule key of dave\r\n");
    let push = &peer::json("session.json")["ssksPush"];
    place.file("alice", push["request"]["data_b64"].as_str().unwrap());
    place.file("alice.password", push["password"].as_str().unwrap());
    let account = |app, user| ["--app-id", app, "--user-id", user];
    for (source, file, account, secret, output) in [
        ("--ssks-password", "bob", &account(&app, "user-bob")[..], ["--password-file", "password"], "bob.identity"),
        ("--ssks-password", "alice", &account(APP, "alice"), ["--password-file", "alice.password"], "alice.identity"),
        ("--ssks-2mr", "dave", &account(&app, "user-dave"), ["--password-file", "text"], "dave.identity"),
        ("--ssks-2mr", "carol", &[], ["--raw-key-file", "raw"], "carol.identity"),
        // Whether the text is a raw key, the MAC decides (BLOB-10).
        ("--ssks-2mr", "carol.bin", &account(&app, "user-carol"), ["--password-file", "raw"], "carol.again"),
        ("--ssks-2mr", "carol.bin", &[], ["--password-file", "raw"], "carol.once-more"),
    ] {
        place.run(["identity", "recover", source, file].iter().chain(account).chain(&secret).chain(&["-o", output]));
        assert!(Identity::from_bson(&place.read(output)).unwrap().warnings.is_empty());
    }
    assert_eq!(place.read("carol.identity"), place.read("carol.again"));
    assert_eq!(place.read("carol.identity"), place.read("carol.once-more"));
    let arguments = ["identity", "recover", "--ssks-2mr", "-", "--raw-key-file", "raw", "-o", "carol.piped", "--json"];
    place.run_with_input(arguments, &place.read("carol"));
    place.matches("recover-ssks");
}

#[test]
fn what_opens_no_stored_identity_is_told() {
    let mut place = Place::new();
    let app = hard_app();
    let credential = password::Credential::Password(Password::new("p\u{e4}ssw\u{f3}rd \u{fb01}ve").unwrap());
    let account = Account { app: AppIdText::new(&app).unwrap(), user: UserIdText::parse_strict("user-bob").unwrap() };
    let seal = |document: &[u8]| password::seal(document, &credential, &account).unwrap().to_base64();
    place.file("bob", hard("ssks-password.jsonl", "user-bob"));
    place.file("disabled", password::seal_disabled(&credential, &account).unwrap().to_base64());
    place.file("no-identity", seal(b"identity bytes"));
    let half = peer::json("identity/manifest.json");
    let half = half["importErrors"].as_array().unwrap().iter().find(|case| case["name"] == "only newEncryptionKey");
    place.file("half-prepared", seal(&b64::decode_strict(half.unwrap()["data"].as_str().unwrap()).unwrap()));
    place.file("cut", &hard("ssks-password.jsonl", "user-bob")[..90]);
    place.file("shorter", &hard("ssks-password.jsonl", "user-bob")[..80]);
    place.file("damaged", {
        let mut bytes = Blob::from_base64(&hard("ssks-password.jsonl", "user-bob")).unwrap().as_bytes().to_vec();
        bytes[100] ^= 1;
        bytes
    });
    place.file("text", "no base64!");
    place.file("password", "p\u{e4}ssw\u{f3}rd \u{fb01}ve\n");
    place.file("wrong", "another password");
    place.file("empty", "");
    place.file("raw", b64::encode([7; 64]));
    let bob = ["--app-id", &app, "--user-id", "user-bob"];
    for (file, rest) in [
        ("bob", &[&bob[..], &["--password-file", "wrong"]][..]),
        ("bob", &[&["--app-id", &app, "--user-id", "User-Bob", "--password-file", "password"]]),
        ("bob", &[&bob, &["--raw-key-file", "raw"]]),
        ("bob", &[&bob, &["--raw-key-file", "wrong"]]),
        ("bob", &[&bob, &["--password-file", "empty"]]),
        ("bob", &[&bob]),
        ("bob", &[&["--app-id", &app, "--password-file", "password"]]),
        ("bob", &[&["--user-id", "user-bob", "--password-file", "password"]]),
        ("bob", &[&bob, &["--no-key"]]),
        ("bob", &[&bob, &["--localdb", "tmp", "--password-file", "password"]]),
        ("bob", &[&bob, &["--password-file", "password", "--device-id", "841bd022-4697-40ec-8057-cefb678dba26"]]),
        ("disabled", &[&bob, &["--password-file", "password"]]),
        ("disabled", &[&bob, &["--password-file", "password", "--json"]]),
        ("no-identity", &[&bob, &["--password-file", "password"]]),
        ("half-prepared", &[&bob, &["--password-file", "password"]]),
        ("cut", &[&bob, &["--password-file", "password"]]),
        ("shorter", &[&bob, &["--password-file", "password"]]),
        ("damaged", &[&bob, &["--password-file", "password"]]),
        ("text", &[&bob, &["--password-file", "password"]]),
        ("missing", &[&bob, &["--password-file", "password"]]),
        ("-", &[&bob, &["--password-file", "-"]]),
    ] {
        let arguments = ["identity", "recover", "--ssks-password", file, "-o", "identity"];
        place.run(arguments.into_iter().chain(rest.iter().copied().flatten().copied()));
    }
    assert!(!place.listing().contains(&"identity".to_owned()));
    place.matches("recover-ssks-errors");
}

/// A storage of the Go SDK with one device, one group and one cached session.
fn go_storage(place: &Place) -> [u8; 64] {
    let bytes = [0x2a; 64];
    let key = SymKey::from_bytes(&bytes).unwrap();
    let identity = Identity::from_bson(&peer::read("identity/go_alice_3old.bson")).unwrap().identity;
    let text = |key: &sealwright::wrap::PrivateKey| b64::encode(key.to_pkcs8().expose());
    let (current, old) = (identity.current(), |keys: Vec<String>| keys[1..].to_vec());
    let group = "07ed3ca5-4799-4af0-b1eb-13060b651519";
    fs::create_dir(place.path().join("go")).unwrap();
    for (name, content) in [
        (
            "current_device_storage",
            json!({
                "userId": identity.user(), "deviceId": identity.device(),
                "encryptionPrivateKey": text(&current.encryption), "signingPrivateKey": text(&current.signing),
                "oldEncryptionPrivateKeys": old(identity.encryption_keys().map(|key| text(key)).collect()),
                "oldSigningPrivateKeys": old(identity.signing_keys().map(|key| text(key)).collect()),
                "deviceExpires": "2029-11-21T10:00:00Z",
            }),
        ),
        (
            "groups_storage",
            json!({ group: {
                "id": group, "deviceId": "582b560a-a8bc-4462-a6ab-040e5a191fa1", "deviceExpires": "2029-11-21T10:00:00Z",
                "currentKey": { "encryptionPrivateKey": text(&current.encryption), "signingPrivateKey": text(&current.signing) },
                "oldKeys": [], "members": [{ "id": identity.user(), "isAdmin": true }],
            } }),
        ),
        (
            "encryption_session_storage",
            json!({ peer::SESSION: {
                "b64SerializedSymKey": b64::encode([1; 64]), "serializationDate": "2026-11-21T10:00:00Z",
                "retrievalDetails": { "flow": 1 },
            } }),
        ),
        ("connectors_storage", json!({ "EM/alice@example.com": {} })),
    ] {
        place.file(format!("go/{name}"), sealwright::envelope::seal(&key, content.to_string().as_bytes()).unwrap());
    }
    bytes
}

#[test]
fn a_go_storage_gives_its_identity() {
    let mut place = Place::new();
    place.file("key", go_storage(&place));
    place.file("wrong", b64::encode([0; 64]));
    place.file("short", b64::encode([0; 63]));
    let arguments = ["identity", "recover", "--go-storage", "go", "--raw-key-file"];
    let run = |place: &mut Place, rest: &[&str]| place.run(arguments.iter().chain(rest));
    run(&mut place, &["key", "-o", "identity"]);
    // The same keys as in the peer's export.
    assert_eq!(place.read("identity"), peer::read("identity/go_alice_3old.bson"));
    run(&mut place, &["key", "-o", "as-json", "--json", "--quiet"]);
    place.file("go/groups_storage", &place.read("go/groups_storage")[..100]);
    fs::rename(
        place.path().join("go/connectors_storage"),
        place.path().join("go/connectors_storage_temp_20261121100000000"),
    )
    .unwrap();
    run(&mut place, &["key", "-o", "damaged"]);
    remove(&place, "go/current_device_storage");
    for rest in [["wrong", "-o", "a"], ["short", "-o", "a"], ["missing", "-o", "a"], ["key", "-o", "a"]] {
        run(&mut place, &rest);
    }
    place.run(["identity", "recover", "--go-storage", "go", "-o", "a"]);
    place.run(["identity", "recover", "--go-storage", "go", "--password-file", "key", "-o", "a"]);
    place.run(["identity", "recover", "--go-storage", "missing", "--raw-key-file", "key", "-o", "a"]);
    assert!(!place.listing().contains(&"a".to_owned()));
    place.matches("recover-go");
}
