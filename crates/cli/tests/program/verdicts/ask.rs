//! How each kind of vector is put to the program.

use super::chains::{rights, sigchain, sigchain_told};
use super::stores::{database, go_storage, recovered_told, stored_blob};
use super::{Verdict, Way};
use crate::peer;
use crate::place::Place;
use ring::digest::{SHA256, digest};
use sealwright::types::b64;
use serde_json::{Value, json};
use std::fs;
use std::process::Output;

pub(crate) const WAYS: &[Way] = &[
    Way {
        kind: "file-open",
        files: &[
            "envelope/file-open-archives",
            "envelope/file-open-headers",
            "envelope/file-open-html",
            "envelope/file-open-peers",
        ],
        sample: 6,
        codes: true,
        ask: file,
        told: file_told,
    },
    Way {
        kind: "message-open",
        files: &["envelope/message-open", "envelope/message-open-peers"],
        sample: 4,
        codes: true,
        ask: message,
        told: message_told,
    },
    Way {
        kind: "legacy-message-open",
        files: &["envelope/legacy-message-open"],
        sample: 1,
        codes: true,
        ask: legacy_message,
        told: message_told,
    },
    Way {
        kind: "derivation",
        files: &["derivation/uses"],
        sample: 6,
        codes: true,
        ask: derivation,
        told: |output| output["derived"].clone(),
    },
    Way {
        kind: "key-import",
        files: &["keys/import", "keys/import-peers"],
        sample: 4,
        codes: false,
        ask: key,
        told: key_told,
    },
    Way {
        kind: "identity-read",
        files: &["identity/read", "identity/read-peers"],
        sample: 3,
        codes: true,
        ask: identity,
        told: identity_told,
    },
    Way {
        kind: "serialized-session",
        files: &["session/serialized", "session/serialized-peers"],
        sample: 2,
        codes: true,
        ask: session,
        told: session_told,
    },
    Way {
        kind: "stored-blob-open",
        files: &["identity/stored-blob", "identity/stored-blob-peers"],
        sample: 3,
        codes: true,
        ask: stored_blob,
        told: |output| json!({ "derived": output["derived"] }),
    },
    Way {
        kind: "database-recover",
        files: &["identity/database", "identity/database-peers"],
        sample: 3,
        codes: true,
        ask: database,
        told: recovered_told,
    },
    Way {
        kind: "go-storage-recover",
        files: &["identity/go-storage"],
        sample: 2,
        codes: true,
        ask: go_storage,
        told: recovered_told,
    },
    Way {
        kind: "sigchain-verify",
        files: &[
            "sigchain/verify",
            "sigchain/verify-flattened",
            "sigchain/verify-keys",
            "sigchain/verify-order",
            "sigchain/verify-peers",
            "sigchain/verify-shapes",
        ],
        sample: 4,
        codes: true,
        ask: sigchain,
        told: sigchain_told,
    },
    Way {
        kind: "rights",
        files: &["rights/decisions", "rights/examples", "rights/guards"],
        sample: 4,
        codes: true,
        ask: rights,
        told: Value::clone,
    },
];

/// `decrypt`, into a file under the stored name, and to standard output, which takes another way through the library.
fn file(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    if input["entries"] != "one" {
        return Err(
            "`decrypt` gives the one file of a container; several, or the first of several, are for the library",
        );
    }
    let container = bytes(&input["container"]);
    place.file("sealed", &container);
    place.file("key", key_file(&input["key"], &input["session"]));
    let legacy = container.starts_with(b"SEALD.IO_Encrypted_File");
    let named: &[&str] = if legacy { &["-o", "opened"] } else { &[] };
    let output = run(place, &[&["decrypt", "sealed", "--session-key-file", "key", "--json"], named].concat());
    let before = ["key", "sealed"];
    let written = told(place, &output, &before).map(|told| {
        let name = told["output"].as_str().unwrap();
        let stored = if legacy { Value::Null } else { json!({ "raw": told["storedName"], "safe": name }) };
        json!({ "session": told["sessionId"], "name": stored, "content": hash(&place.read(name)) })
    });
    let output = run(place, &["decrypt", "sealed", "--session-key-file", "key", "-o", "-"]);
    let printed = match code_in_text(&output) {
        None => {
            // Only the content goes there.
            let mut told = written.clone().unwrap_or_default();
            told["content"] = hash(&output.stdout);
            Ok(told)
        }
        Some(code) => {
            assert!(output.stdout.is_empty(), "plaintext before the error {code}");
            Err(code)
        }
    };
    Ok(vec![written, printed])
}

fn file_told(output: &Value) -> Value {
    let file = &output["files"][0];
    json!({ "session": output["session"], "name": file["name"], "content": file["content"]["sha256"] })
}

/// `decrypt` into a file.
fn message(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    place.file("sealed", input["message"].as_str().unwrap());
    place.file("key", key_file(&input["key"], &input["session"]));
    let output = run(place, &["decrypt", "sealed", "--session-key-file", "key", "-o", "opened", "--json"]);
    Ok(vec![
        told(place, &output, &["key", "sealed"])
            .map(|told| json!({ "session": told["sessionId"], "plaintext": hash(&place.read("opened")) })),
    ])
}

fn legacy_message(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    message(place, &json!({ "in": { "message": input["message"], "key": input["key"], "session": null } }))
}

fn message_told(output: &Value) -> Value {
    json!({ "session": output["session"], "plaintext": output["plaintext"]["sha256"] })
}

/// `derive`; a token is checked, as the program makes its own nonces.
fn derivation(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    let usage = input["use"].as_str().unwrap();
    let text = |name: &str| input[name].as_str();
    let command = usage.strip_suffix("-not-given").unwrap_or(usage);
    let mut arguments = vec!["derive".to_owned(), command.to_owned(), "--json".to_owned()];
    for (name, option) in [
        ("appId", "app-id"),
        ("userId", "user-id"),
        ("sessionId", "session-id"),
        ("spelling", "spelling"),
        ("groupId", "group-id"),
    ] {
        arguments.extend(text(name).map(|value| format!("--{option}={value}")));
    }
    arguments.extend(text("connectorValue").map(|value| format!("--connector-value={value}")));
    if usage != command {
        arguments.push("--no-key".to_owned());
    }
    let (name, option) = match usage {
        "database-key" => ("password", "database-key-file"),
        "database-raw-key" => ("rawKey", "raw-key-file"),
        "two-man-rule-key" => ("password", "two-man-rule-key-file"),
        "user-license-token" | "pre-validation-token" => ("validationKey", "validation-key-file"),
        _ => ("password", "password-file"),
    };
    if let Some(value) = text(name) {
        place.file("secret", format!("{value}\n"));
        arguments.extend([format!("--{option}"), "secret".to_owned()]);
    }
    if let Some(salt) = text("salt") {
        // A blob of the least length with this salt.
        place.file("blob", b64::encode([unhex(salt), vec![0; 64]].concat()));
        arguments.extend(["--blob-file".to_owned(), "blob".to_owned()]);
    }
    if arguments.iter().any(|argument| argument.contains('\0')) {
        return Err("no argument of a program holds NUL");
    }
    if let Some(nonce) = text("nonce") {
        return Ok(vec![token(
            place,
            usage,
            [text("validationKeyId").unwrap(), nonce],
            test["output"]["derived"].as_str(),
            arguments,
        )]);
    }
    let output = run(place, &arguments);
    Ok(vec![told(place, &output, &["blob", "secret"]).map(|told| told["value"].clone())])
}

/// The token of the vector is genuine, and no other one is.
fn token(
    place: &Place,
    usage: &str,
    [id, nonce]: [&str; 2],
    derived: Option<&str>,
    mut arguments: Vec<String>,
) -> Verdict {
    arguments.extend(["--check".to_owned(), "token".to_owned()]);
    let check = |derived: &str| {
        let proof = derived.rsplit(':').next().unwrap();
        place.file(
            "token",
            match usage {
                "user-license-token" => format!("{id}:{nonce}:{proof}"),
                _ => json!({ "domain_validation_key_id": id, "nonce": nonce, "token": proof }).to_string(),
            },
        );
        told(place, &run(place, &arguments), &["secret", "token"])
    };
    let Some(derived) = derived else { return check(&"0".repeat(128)) };
    let last = if derived.ends_with('0') { '1' } else { '0' };
    assert_eq!(check(&format!("{}{last}", &derived[..derived.len() - 1])), Err("rejected".to_owned()));
    check(derived).map(|told| if told["genuine"] == true { derived.into() } else { told })
}

/// `inspect`, which tells the kind of a key; an invalid one is none.
fn key(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    place.file("key", b64::decode_strict(input["der"].as_str().unwrap()).unwrap());
    let output = run(place, &["inspect", "key", "--json"]);
    let wanted = format!("{}-key", input["kind"].as_str().unwrap());
    Ok(vec![told(place, &output, &["key"]).and_then(|found| match found["kind"].as_str() {
        Some(kind) if kind == wanted => {
            Ok(json!({ "bits": found["keys"][0]["bits"], "hash": found["keys"][0]["hash"] }))
        }
        other => Err(format!("{other:?}")),
    })])
}

fn key_told(output: &Value) -> Value {
    json!({ "bits": output["bits"], "hash": output["hash"] })
}

/// `identity show` and `identity export`.
fn identity(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    place.file("document", bytes(&input["document"]));
    let shown = run(place, &["identity", "show", "document", "--json"]);
    let shown = told(place, &shown, &["document"]);
    let exported = run(place, &["identity", "export", "document", "-o", "written", "--json"]);
    let exported = told(place, &exported, &["document"]).map(|_| hash(&place.read("written")));
    let both = shown.and_then(|shown| {
        let written = exported?;
        let of = |usage: &str| -> Value {
            let keys = shown["keys"].as_array().unwrap().iter();
            keys.filter(|key| key["usage"].as_str().unwrap().ends_with(usage)).map(|key| key["hash"].clone()).collect()
        };
        let codes: Value = shown["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].clone()).collect();
        Ok(json!({
            "user": shown["userId"], "device": shown["deviceId"], "encryptionKeys": of("encryption"), "signingKeys": of("signing"),
            "warnings": codes, "written": written,
        }))
    });
    Ok(vec![both])
}

fn identity_told(output: &Value) -> Value {
    let codes: Value = output["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].clone()).collect();
    json!({
        "user": output["user"], "device": output["device"], "encryptionKeys": output["encryptionKeys"],
        "signingKeys": output["signingKeys"], "warnings": codes, "written": output["written"]["sha256"],
    })
}

/// `session show`.
fn session(place: &Place, test: &Value) -> Result<Vec<Verdict>, &'static str> {
    let input = &test["in"];
    place.file("session", input["text"].as_str().unwrap());
    let output = run(place, &["session", "show", "session", "--expose", "--json"]);
    Ok(vec![told(place, &output, &["session"]).map(|told| {
        let through = [("group", "groupId"), ("proxy", "proxySessionId"), ("sym-enc-key", "symEncKeyId")];
        let through = through.into_iter().find(|(_, name)| told.get(name).is_some());
        json!({
            "session": told["sessionId"], "key": told["key"], "flow": told["flow"], "fromCache": told["fromCache"],
            "through": through.map(|(kind, name)| json!({ "kind": kind, "id": told[name] })),
        })
    })])
}

fn session_told(output: &Value) -> Value {
    // The command line writes it as JSON does.
    let flow = if output["flow"] == "sym-enc-key" { json!("symEncKey") } else { output["flow"].clone() };
    json!({
        "session": output["session"], "key": output["key"], "flow": flow, "fromCache": output["fromCache"], "through": output["through"],
    })
}

pub(super) fn run(place: &Place, arguments: &[impl AsRef<std::ffi::OsStr>]) -> Output {
    place.command(arguments).stdin(std::process::Stdio::null()).output().unwrap()
}

/// The JSON on standard output; after an error nothing else may be there than before.
pub(super) fn told(place: &Place, output: &Output, before: &[&str]) -> Verdict {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if let Some(code) = told["error"]["code"].as_str() {
        assert!(place.listing().iter().all(|name| before.contains(&name.as_str())), "written in spite of {code}");
        assert_ne!(output.status.code(), Some(0));
        return Err(code.to_owned());
    }
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(told)
}

fn code_in_text(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let code = text.lines().find_map(|line| line.strip_prefix("error[")).and_then(|rest| rest.split_once(']'));
    assert_eq!(code.is_none(), output.status.success(), "{text}");
    code.map(|(code, _)| code.to_owned())
}

/// What the program takes as a key: of this session, or of any.
fn key_file(key: &Value, session: &Value) -> String {
    let key = key.as_str().unwrap();
    match session.as_str() {
        None => key.to_owned(),
        Some(id) => {
            let key = sealwright::SymKey::from_bytes(&b64::decode_strict(key).unwrap()).unwrap();
            let session = sealwright::session::SerializedSession { id: id.parse().unwrap(), key, details: None };
            session.to_text().expose().to_owned()
        }
    }
}

pub(super) fn bytes(binary: &Value) -> Vec<u8> {
    match (binary["base64"].as_str(), binary["file"].as_str()) {
        (Some(text), _) => b64::decode_strict(text).unwrap(),
        (None, Some(file)) => fs::read(peer::vectors(file)).unwrap(),
        (None, None) => panic!("the input of a vector is not there"),
    }
}

fn hash(bytes: &[u8]) -> Value {
    let digits: Vec<String> = digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat().into()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|place| u8::from_str_radix(&text[place..place + 2], 16).unwrap()).collect()
}
