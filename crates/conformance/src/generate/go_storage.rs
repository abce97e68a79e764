//! `identity/go-storage.json`: what the Go and mobile SDKs leave on a device, whole and damaged.

use super::database::{Pairs, found, id, stray, who};
use super::envelope::{key, sealed};
use super::peer::Peer;
use super::{Draft, Files, GenerateError, expand};
use crate::binary::Binary;
use crate::kinds::go_storage_recover::{GoStorageRecover, Input};
use crate::kinds::recovered::{Found, Keys, Session};
use sealwright_types::b64;
use serde_json::{Value, json};

const DAMAGED: &str = "file-damaged";

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let keys = Pairs::read(peer)?;
    let mut draft = Draft::ours("identity/go-storage", "gofs");
    let storage = Storage::of(&keys)?;
    whole(&mut draft, &storage)?;
    missing(&mut draft, &storage)?;
    damage(&mut draft, &storage)?;
    wrong_kinds(&mut draft, &storage)?;
    draft.finish(files)
}

/// The documents of a storage directory, and what is found in it.
struct Storage<'a> {
    keys: &'a Pairs,
    device: Value,
    groups: Value,
    sessions: Value,
    found: Found,
}

impl<'a> Storage<'a> {
    fn of(keys: &'a Pairs) -> Result<Self, GenerateError> {
        let session_key = expand("a session key of the Go SDK", 64);
        let pair = |encryption, signing| json!({ "messageId": id(7).0, "encryptionPrivateKey": keys.text(encryption), "signingPrivateKey": keys.text(signing) });
        let group =
            Keys { group: id(5).0, encryption_keys: keys.hashes(&[2, 0])?, signing_keys: keys.hashes(&[3, 1])? };
        let session = Session { session: id(9).0, key: b64::encode(&session_key) };
        Ok(Self {
            keys,
            device: json!({
                "userId": id(1).0, "deviceId": id(2).0,
                "encryptionPrivateKey": keys.text(0), "signingPrivateKey": keys.text(1),
                "oldEncryptionPrivateKeys": [keys.text(2)], "oldSigningPrivateKeys": null,
                "deviceExpires": "2029-11-22T10:00:00Z",
            }),
            groups: json!({ id(5).0: {
                "id": id(5).0, "deviceId": id(6).0, "deviceExpires": "2029-11-22T10:00:00Z", "currentKey": pair(2, 3),
                "oldKeys": [pair(0, 1)], "members": [{ "id": id(1).0, "isAdmin": true }],
            } }),
            sessions: json!({ id(9).0: {
                "b64SerializedSymKey": session.key, "serializationDate": "2026-11-22T10:00:00Z",
                "retrievalDetails": { "flow": 1, "groupId": "", "proxySessionId": "" },
            } }),
            found: Found {
                groups: vec![group],
                sessions: vec![session],
                ..found(Some(who(keys, [1, 2], &[0, 2], &[1])?))
            },
        })
    }

    fn only_device(&self) -> Found {
        Found { groups: Vec::new(), sessions: Vec::new(), ..self.found.clone() }
    }

    fn input(&self) -> Result<Input, GenerateError> {
        Ok(Input {
            current_device: file(&self.device)?,
            groups: file(&self.groups)?,
            sessions: file(&self.sessions)?,
            ..empty()
        })
    }
}

fn empty() -> Input {
    Input { key: b64::encode(key(64)), ..Input::default() }
}

fn file(document: &Value) -> Result<Option<Binary>, GenerateError> {
    let json = document.to_string();
    Ok(Some(Binary::of(&sealed(&key(64), &format!("file {json}"), json.as_bytes())?)))
}

fn whole(draft: &mut Draft<GoStorageRecover>, storage: &Storage<'_>) -> Result<(), GenerateError> {
    draft.valid("GOFS-03", "device, groups and sessions", storage.input()?, storage.found.clone(), 0);
    let contact = json!({ id(4).0: { "id": id(4).0, "isGroup": false, "sigchain": { "Blocks": [] }, "devices": [{ "id": id(3).0 }] } });
    let connectors = json!({ "EM/a@example.com": {}, "AP/name": {} });
    let input = Input { contacts: file(&contact)?, connectors: file(&connectors)?, ..storage.input()? };
    draft.valid(
        "GOFS-03",
        "with contacts and connectors",
        input,
        Found { contacts: 1, connectors: 2, ..storage.found.clone() },
        0,
    );
    for (comment, old) in [("null", json!(null)), ("empty", json!([]))] {
        let mut device = storage.device.clone();
        device["oldEncryptionPrivateKeys"] = old;
        let output = found(Some(who(storage.keys, [1, 2], &[0], &[1])?));
        let input = Input { current_device: file(&device)?, ..empty() };
        draft.valid("GOFS-03", format!("former keys {comment}"), input, output, 0);
    }
    let mut device = storage.device.clone();
    device.as_object_mut().map(|members| members.remove("oldEncryptionPrivateKeys"));
    let output = found(Some(who(storage.keys, [1, 2], &[0], &[1])?));
    draft.valid("GOFS-03", "former keys absent", Input { current_device: file(&device)?, ..empty() }, output, 0);
    for length in [0, 32, 63, 65, 128] {
        let input = Input { key: b64::encode(expand("a key of another length", length)), ..storage.input()? };
        draft.invalid("GOFS-03", format!("a key of {length} bytes"), input, "bad-value", &["KeyLength"]);
    }
    Ok(())
}

/// GOFS-01, GOFS-02.
fn missing(draft: &mut Draft<GoStorageRecover>, storage: &Storage<'_>) -> Result<(), GenerateError> {
    draft.valid("GOFS-01", "no file", empty(), found(None), 0);
    let nothing = || Some(Binary::of(b""));
    let input = Input { current_device: nothing(), groups: nothing(), sessions: nothing(), ..empty() };
    draft.valid("GOFS-01", "empty files", input, found(None), 0);
    let input = Input { groups: nothing(), sessions: None, ..storage.input()? };
    draft.valid("GOFS-01", "a device; empty and missing files beside it", input, storage.only_device(), 0);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let left = "current_device_storage_temp_20261122100000000";
    let input = Input { names: names(&["current_device_storage", left]), ..storage.input()? };
    draft.valid("GOFS-02", "a temporary file beside its main file", input, storage.found.clone(), 0);
    let output = Found { warnings: vec!["temporary-left".to_owned()], ..found(None) };
    draft.valid("GOFS-02", "a temporary file alone", Input { names: names(&[left]), ..empty() }, output, 0);
    Ok(())
}

/// DB-20, file by file.
fn damage(draft: &mut Draft<GoStorageRecover>, storage: &Storage<'_>) -> Result<(), GenerateError> {
    let bad = |bytes: &[u8]| Some(Binary::of(bytes));
    let other_key = Input { key: b64::encode(expand("another key", 64)), ..storage.input()? };
    draft.invalid("DB-20", "another key", other_key, "rejected", &["WrongKey"]);
    let alone = Input { current_device: bad(&[0; 96]), ..empty() };
    draft.invalid("DB-20", "one file, which does not open", alone, "rejected", &["NothingOpens"]);
    let warned = |found: Found| Found { warnings: vec![DAMAGED.to_owned()], ..found };
    let without = |groups: bool| Found {
        groups: if groups { storage.found.groups.clone() } else { Vec::new() },
        ..storage.found.clone()
    };
    for (comment, bytes) in [("another key", vec![0; 96]), ("cut", vec![0; 40])] {
        let input = Input { groups: bad(&bytes), ..storage.input()? };
        draft.valid("DB-20", format!("one of three files does not open: {comment}"), input, warned(without(false)), 0);
        let input = Input { current_device: bad(&bytes), ..storage.input()? };
        let output = Found { identity: None, no_identity: Some("no-identity".to_owned()), ..warned(without(true)) };
        draft.valid("DB-20", format!("the device does not open: {comment}"), input, output, 0);
    }
    Ok(())
}

/// Arrays, texts and numbers where objects belong.
fn wrong_kinds(draft: &mut Draft<GoStorageRecover>, storage: &Storage<'_>) -> Result<(), GenerateError> {
    let device = &storage.device;
    let in_order = json!([
        device["userId"],
        device["deviceId"],
        device["encryptionPrivateKey"],
        device["signingPrivateKey"],
        device["oldEncryptionPrivateKeys"],
        device["oldSigningPrivateKeys"],
        device["deviceExpires"],
    ]);
    let nobody = Found {
        identity: None,
        no_identity: Some("no-identity".to_owned()),
        warnings: vec![DAMAGED.to_owned()],
        ..storage.found.clone()
    };
    for (comment, document) in
        [("an array of the members in order", in_order), ("a text", json!("x")), ("a number", json!(7))]
    {
        let input = Input { current_device: file(&document)?, ..storage.input()? };
        draft.valid("DB-20", format!("the device is {comment}"), input, nobody.clone(), 0);
    }
    let session = &storage.sessions[id(9).0];
    let array =
        json!({ id(9).0: [session["b64SerializedSymKey"], session["serializationDate"], session["retrievalDetails"]] });
    let input = Input { sessions: file(&array)?, ..storage.input()? };
    let output = Found { sessions: Vec::new(), warnings: vec![DAMAGED.to_owned()], ..storage.found.clone() };
    draft.valid("DB-20", "a session is an array", input, output, 0);
    let mut short = storage.sessions.clone();
    short[id(8).0] = json!({ "b64SerializedSymKey": b64::encode([7; 63]) });
    let input = Input { sessions: file(&short)?, ..storage.input()? };
    let output = Found { warnings: vec![DAMAGED.to_owned()], ..storage.found.clone() };
    draft.valid("DB-20", "a session key of 63 bytes beside a good one", input, output, 0);
    let warned = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect::<Vec<_>>();
    let mut device = storage.device.clone();
    device["signingPrivateKey"] = json!("!!");
    let input = Input { current_device: file(&device)?, ..storage.input()? };
    let output = Found {
        identity: None,
        no_identity: Some("malformed".to_owned()),
        stray_keys: vec![stray(storage.keys, [Some(1), Some(2)], &[0, 2], &[])?],
        warnings: warned(&["current-key-dropped", "stray-keys"]),
        ..storage.found.clone()
    };
    draft.valid("DB-27", "the signing key of the device is none: its other keys are kept", input, output, 0);
    let mut group = storage.groups[id(5).0].clone();
    group["id"] = json!("no id");
    let input = Input { groups: file(&json!({ "no id": group }))?, ..storage.input()? };
    let output = Found {
        groups: Vec::new(),
        stray_keys: vec![stray(storage.keys, [None, Some(6)], &[2, 0], &[3, 1])?],
        warnings: warned(&["stray-keys", DAMAGED]),
        ..storage.found.clone()
    };
    draft.valid("DB-27", "a group without a usable id: its keys are kept", input, output, 0);
    Ok(())
}
