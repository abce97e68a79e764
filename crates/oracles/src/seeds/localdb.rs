//! Seeds of local databases and stored identities: what the packages wrote, without signed histories and with places for the keys.

use super::{json, read, text_of};
use crate::keyring::IDENTITY;
use sealwright_types::b64;
use serde_json::{Value, json};

/// What the key lists of a device are called, and what stands there.
const KEYS: [(&str, &str); 4] = [
    ("serializedEncryptionKey", "@"),
    ("serializedSigningKey", "@@"),
    ("serializedOldEncryptionKeys", "@@"),
    ("serializedOldSigningKeys", "@"),
];

/// A database as its writer reports it.
struct Database {
    path: String,
    user: String,
    device: String,
    /// Lines of `User.fdb` and of `HairlessUser.fdb`.
    users: Vec<String>,
    unregistered: Vec<String>,
}

fn databases() -> Vec<Database> {
    let manifest = json("vectors/peer/localdb/manifest.json");
    let databases = manifest.pointer("/databases").and_then(Value::as_array).expect("databases");
    let text = |database: &Value, pointer| text_of(database, pointer).expect("a text").to_owned();
    let lines = |database: &Value, pointer| -> Vec<String> {
        let lines = database.pointer(pointer).and_then(Value::as_array).expect("lines");
        lines.iter().filter_map(Value::as_str).map(short).collect()
    };
    let database = |it| Database {
        path: text(it, "/dir"),
        user: text(it, "/sealdId"),
        device: text(it, "/deviceId"),
        users: lines(it, "/files/User.fdb/clear"),
        unregistered: lines(it, "/files/HairlessUser.fdb/clear"),
    };
    databases.iter().map(database).collect()
}

/// A line without its signed history and with places for its keys.
fn short(line: &str) -> String {
    let mut line: Value = serde_json::from_str(line).expect("JSON");
    let members = line.as_object_mut().expect("an object");
    members.remove("sigchain");
    for device in members.get_mut("devices").and_then(Value::as_array_mut).into_iter().flatten() {
        for (name, place) in KEYS {
            match device.get_mut(name) {
                Some(Value::Array(keys)) => keys.fill(place.into()),
                Some(key) => *key = place.into(),
                None => {}
            }
        }
    }
    line.to_string()
}

pub(super) fn lines() -> Vec<Vec<u8>> {
    let mut lines = vec![
        r#"{"_id":"D29imnJ4N5rHk21d","$$deleted":true}"#.to_owned(),
        r#"{"$$indexRemoved":"id"}"#.to_owned(),
        r#"{"_id":"a","id":"w6Y%UFj9Trm+mBg6Vf0wYA","keys":[{"type":"PRIVATE","serializedKey":"@"}]}"#.to_owned(),
        r#"{"_id":"a","_id":""}"#.to_owned(),
        "[]".to_owned(),
        r#"["a",true,null,null]"#.to_owned(),
    ];
    for database in databases() {
        lines.extend(database.users);
        lines.extend(database.unregistered);
    }
    lines.into_iter().map(String::into_bytes).collect()
}

/// What the backup is, then the lines of both files.
pub(super) fn journals() -> Vec<Vec<u8>> {
    let unsealed = read("vectors/peer/localdb/no-key/snapshot-empty/User.fdb");
    let unsealed = String::from_utf8(unsealed).expect("base64");
    let deletion = r#"{"_id":"D29imnJ4N5rHk21d","$$deleted":true}"#;
    let connector = r#">{"_id":"h","type":"EM","value":"a@b.c"}"#;
    let mut journals = Vec::new();
    for (number, database) in databases().iter().enumerate() {
        let users = database.users.join("\n");
        let unregistered: String = database.unregistered.iter().map(|line| format!(">{line}\n")).collect();
        let own = database.users.iter().find(|line| line.contains("\"isDefault\":true")).expect("the owner");
        let with_backup = own.replace(&database.user, "bd0b0b0b-0000-4000-8000-000000000000");
        for (how, text) in [
            (0, format!("{users}\n{unregistered}")),
            (1, format!("{users}\r\n\r\n{unregistered}{connector}\n")),
            (2, format!("{users}\n{deletion}\n{unsealed}{own}\n>!\n")),
            (3, format!("{own}\n{own}\n[]\n{{\"id\":1}}\n")),
            (4, format!("{unsealed}>{{}}\n")),
            (5, format!("{with_backup}\n{}\n", own.replacen("\"_id\":\"", "\"_id\":\"2", 1))),
        ] {
            let how = how + 8 * u8::try_from(number).expect("a few");
            journals.push([&[how], text.as_bytes()].concat());
        }
    }
    journals
}

pub(super) fn exported() -> Vec<Vec<u8>> {
    let mut forms = vec![json!({}), json!({ "a/SealdKeyBackup": "!" }), json!({ "a/User.fdb~": "{}", "other": 7 })];
    for database in databases() {
        let at = |name: &str| format!("{}/{name}", database.path);
        let cache = format!("seald-cache-12345678-1234-4abc-8def-1234567890ab-{}:{}", database.path, database.user);
        let cached = json!({ "serializationDate": 1_795_289_582_331_i64, "encryptedSymKey": "@",
            "retrievalDetails": { "flow": 3, "groupId": database.device, "proxySessionId": null } });
        let (users, unregistered) = (database.users.join("\n"), database.unregistered.join("\n"));
        forms.push(
            json!({ at("User.fdb"): users, at("HairlessUser.fdb"): unregistered, at("SealdKeyBackup"): "backup" }),
        );
        forms.push(json!({ at("User.fdb~"): users, &cache: cached.to_string(), "another/SealdKeyBackup": "AAAA" }));
        forms.push(json!({ at("HairlessUser.fdb"): "x", cache: cached.to_string() }));
    }
    forms.iter().map(|form| form.to_string().into_bytes()).collect()
}

/// A line for each file: device, contacts, connectors, groups, sessions.
pub(super) fn go_storages() -> Vec<Vec<u8>> {
    let mut storages: Vec<Vec<u8>> = ["", "!x", "{}\n!x\n\n!", "null\nnull\nnull\nnull\nnull", "[]\n7"]
        .map(|storage| storage.as_bytes().to_vec())
        .into();
    for database in databases() {
        let (user, device) = (&database.user, &database.device);
        let pair = json!({ "encryptionPrivateKey": "@", "signingPrivateKey": "@@" });
        let current = json!({ "userId": user, "deviceId": device, "encryptionPrivateKey": "@", "signingPrivateKey": "@@",
            "oldEncryptionPrivateKeys": ["@@"], "oldSigningPrivateKeys": null, "deviceExpires": "2029-11-20T19:33:02Z" });
        let contacts = json!({ user: { "id": user, "isGroup": false, "devices": [{ "id": device }] }, "x": {} });
        let connectors = json!({ "EM/a@b.c": {}, "AP/user/1": null });
        let groups = json!({ user: { "id": user, "deviceId": device, "currentKey": pair, "oldKeys": [pair],
            "members": [{ "id": user, "isAdmin": true }] } });
        let sessions = json!({ user: { "b64SerializedSymKey": b64::encode([9; 64]),
            "serializationDate": "2026-11-21T19:33:02.331+01:00",
            "retrievalDetails": { "flow": 3, "groupId": "", "proxySessionId": device } } });
        storages.push(format!("{current}\n{contacts}\n{connectors}\n{groups}\n{sessions}").into_bytes());
        storages.push(format!("!x\n{contacts}\n\n{groups}").into_bytes());
        storages.push(format!("{current}\n\n\n!\n!x").into_bytes());
    }
    storages
}

/// Where it is damaged, then a blob or the content of one.
pub(super) fn stored_identities() -> Vec<Vec<u8>> {
    let kdf = json("vectors/peer/kdf.json");
    let wire = kdf.pointer("/ssksWire").and_then(Value::as_array).expect("blobs");
    let texts = wire.iter().filter_map(|it| text_of(it, "/wire/0/body/data_b64"));
    let mut contents: Vec<Vec<u8>> = vec![Vec::new(), b"identity bytes".to_vec(), IDENTITY.to_vec()];
    for text in texts {
        contents.push(text.as_bytes().to_vec());
        contents.push(b64::decode_strict(text).expect("base64"));
    }
    let damage = |(number, content): (usize, Vec<u8>)| [&[(number * 9 % 251) as u8, 0][..], &content].concat();
    contents.into_iter().enumerate().map(damage).collect()
}
