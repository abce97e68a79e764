//! How stored identities and the stores of a device are put to the program.

use super::Verdict;
use super::ask::{bytes, run, told};
use crate::place::Place;
use serde_json::{Value, json};
use std::fs;

/// `identity recover` of a stored blob. What the tests have sealed is mostly no identity, which the program says when the blob has opened.
pub(super) fn stored_blob(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    place.file("blob", input["blob"].as_str().unwrap());
    let source = if input["protection"] == "password" { "--ssks-password" } else { "--ssks-2mr" };
    let (form, key) = input["key"].as_object().unwrap().iter().next().unwrap();
    place.file("secret", format!("{}\n", key.as_str().unwrap()));
    let option = if form == "raw" { "--raw-key-file" } else { "--password-file" };
    let account = ["app", "user"].map(|name| format!("--{name}-id={}", input[name].as_str().unwrap()));
    let [app, user] = account.each_ref().map(String::as_str);
    let output =
        run(place, &["identity", "recover", source, "blob", option, "secret", app, user, "-o", "written", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let inside = answer["error"]["hint"].as_str().is_some_and(|hint| hint.starts_with("the blob opens"));
    if inside {
        return Ok(vec![Ok(json!({ "derived": test["output"]["derived"] }))]);
    }
    Ok(vec![told(place, &output, &["blob", "secret"]).map(|told| json!({ "derived": told["mode"] == "derived" }))])
}

pub(super) fn database(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let files = [
        ("users", "User.fdb"),
        ("usersTemporary", "User.fdb~"),
        ("unregisteredTemporary", "HairlessUser.fdb~"),
        ("unregistered", "HairlessUser.fdb"),
        ("keyBackup", "key_backup"),
    ];
    recover(place, &test["in"], "--localdb", &files)
}

pub(super) fn go_storage(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let files = [
        ("currentDevice", "current_device_storage"),
        ("contacts", "contacts_storage"),
        ("connectors", "connectors_storage"),
        ("groups", "groups_storage"),
        ("sessions", "encryption_session_storage"),
    ];
    recover(place, &test["in"], "--go-storage", &files)
}

/// `identity recover` of a directory.
fn recover(place: &Place, input: &Value, source: &str, files: &[(&str, &str)]) -> Result<Vec<Verdict>, &'static str> {
    fs::create_dir(place.path().join("store")).unwrap();
    for (member, name) in files {
        if !input[member].is_null() {
            place.file(format!("store/{name}"), bytes(&input[member]));
        }
    }
    for name in input["names"].as_array().into_iter().flatten() {
        let path = place.path().join("store").join(name.as_str().unwrap());
        if !path.exists() {
            fs::write(path, b"left behind").unwrap();
        }
    }
    place.file("secret", input["key"].as_str().unwrap());
    let output =
        run(place, &["identity", "recover", source, "store", "--raw-key-file", "secret", "-o", "written", "--json"]);
    let mut told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let code = told["error"]["code"].take();
    if told.get("keys").is_none() {
        return Ok(vec![Err(code.as_str().unwrap().to_owned())]);
    }
    let of = |usage: &str| -> Value {
        let keys = told["keys"].as_array().unwrap().iter();
        keys.filter(|key| key["usage"].as_str().unwrap().ends_with(usage)).map(|key| key["hash"].clone()).collect()
    };
    let identity = told.get("userId").map(|user| {
        json!({ "user": user, "device": told["deviceId"], "encryptionKeys": of("encryption"), "signingKeys": of("signing") })
    });
    Ok(vec![Ok(json!({
        "identity": identity,
        "noIdentity": code,
        "otherIdentities": pairs(&told["otherIdentities"], "userId", "deviceId"),
        "groups": pairs(&told["groups"], "groupId", ""),
        "strayKeys": pairs(&told["strayKeys"], "encryptionKeys", "signingKeys"),
        "sessions": told["cachedSessions"],
        "contacts": told["contacts"],
        "connectors": told["connectors"],
        "warnings": pairs(&told["warnings"], "code", ""),
        "damagedLines": pairs(&told["damagedLines"], "line", "code"),
    }))])
}

pub(super) fn recovered_told(output: &Value) -> Value {
    json!({
        "identity": output["identity"],
        "noIdentity": output["noIdentity"],
        "otherIdentities": pairs(&output["otherIdentities"], "user", "device"),
        "groups": pairs(&output["groups"], "group", ""),
        "strayKeys": output["strayKeys"].as_array().unwrap().iter().map(counts).collect::<Value>(),
        "sessions": output["sessions"].as_array().unwrap().len(),
        "contacts": output["contacts"],
        "connectors": output["connectors"],
        "warnings": pairs(&output["warnings"], "", ""),
        "damagedLines": pairs(&output["damagedLines"], "number", "error"),
    })
}

fn counts(keys: &Value) -> Value {
    let count = |member: &str| keys[member].as_array().unwrap().len();
    json!([count("encryptionKeys"), count("signingKeys")])
}

/// Two members of each element of a list, or the element itself.
fn pairs(list: &Value, first: &str, second: &str) -> Value {
    let pair = |item: &Value| match (item.get(first), item.get(second)) {
        (None, _) => json!([item]),
        (Some(first), None) => json!([first]),
        (Some(first), Some(second)) => json!([first, second]),
    };
    list.as_array().into_iter().flatten().map(pair).collect()
}
