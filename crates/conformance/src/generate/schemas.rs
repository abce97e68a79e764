//! `schemas/`: a JSON Schema for every kind. Nothing that is not named is allowed.

mod process;
mod rights;
mod sessions;

use super::{Files, GenerateError, pretty};
use crate::kinds::{
    Kind,
    base64::Base64,
    database_recover::DatabaseRecover,
    derivation::{Derivation, Normalisation, Value as RawValue},
    envelope_open::EnvelopeOpen,
    envelope_seal::EnvelopeSeal,
    exported_recover::ExportedRecover,
    file_open::FileOpen,
    file_seal::FileSeal,
    go_storage_recover::GoStorageRecover,
    identifier::Identifier,
    identity_read::IdentityRead,
    key_import::KeyImport,
    legacy_message_open::LegacyMessageOpen,
    message_open::MessageOpen,
    message_seal::MessageSeal,
    oaep_unwrap::OaepUnwrap,
    oaep_wrap::OaepWrap,
    serialized_session::Serialized,
    shard::Shard,
    sigchain::{
        SigchainBuild, SigchainCompare, SigchainGrow, SigchainHash, SigchainKeyring, SigchainReceive, SigchainVerify,
    },
    signature_verify::SignatureVerify,
    stored_blob_open::StoredBlobOpen,
    symmetric_unwrap::SymmetricUnwrap,
    token_open::TokenOpen,
};
use crate::schema::{SCHEMA_PREFIX, SCHEMA_VERSION};
use serde_json::{Value, json};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    process::add(files)?;
    put::<Base64>(
        files,
        &[("text", text()), ("reading", json!({ "enum": ["strict", "tolerant", "s64"] }))],
        &[("bytes", hexadecimal()), ("standard", base64()), ("s64", text())],
    )?;
    put::<Shard>(
        files,
        &[("shard", text()), ("session", or_null(text())), ("source", text())],
        &[("belongs", json!({ "type": "boolean" }))],
    )?;
    put::<EnvelopeOpen>(files, &[("key", base64()), ("sealed", binary())], &[("plaintext", binary())])?;
    put::<EnvelopeSeal>(
        files,
        &[
            ("key", base64()),
            ("iv", base64()),
            ("allowShortKey", json!({ "type": "boolean" })),
            ("plaintext", binary()),
        ],
        &[("sealed", binary())],
    )?;
    let name = object(&[("raw", text()), ("safe", text())]);
    let file = object(&[("name", or_null(name)), ("content", binary())]);
    put::<FileOpen>(
        files,
        &[
            ("key", base64()),
            ("session", or_null(id())),
            ("entries", json!({ "enum": ["one", "first", "list"] })),
            ("container", binary()),
        ],
        &[
            ("kind", json!({ "enum": ["binary", "base64", "html", "legacy"] })),
            ("session", id()),
            ("version", or_null(text())),
            ("files", list(file)),
            ("skipped", list(text())),
        ],
    )?;
    put::<FileSeal>(
        files,
        &[
            ("key", base64()),
            ("iv", base64()),
            ("session", id()),
            ("name", text()),
            ("announced", json!({ "type": "integer", "minimum": 0 })),
            ("content", binary()),
        ],
        &[("container", binary())],
    )?;
    put::<Identifier>(
        files,
        &[("text", text()), ("form", json!({ "enum": ["any", "hyphenated-lower-case", "s64"] }))],
        &[("hyphenated", id()), ("s64", json!({ "type": "string", "pattern": "^[A-Za-z0-9+%]{22}$" }))],
    )?;
    put::<LegacyMessageOpen>(
        files,
        &[("key", base64()), ("message", text())],
        &[("session", or_null(id())), ("tokens", list(base64())), ("plaintext", binary())],
    )?;
    put::<MessageOpen>(
        files,
        &[
            ("key", base64()),
            ("session", or_null(id())),
            ("reading", json!({ "enum": ["bytes", "text"] })),
            ("message", text()),
        ],
        &[("session", id()), ("plaintext", binary())],
    )?;
    put::<MessageSeal>(
        files,
        &[("key", base64()), ("iv", base64()), ("session", id()), ("text", text())],
        &[("message", text())],
    )?;
    derivations(files)?;
    keys(files)?;
    identities(files)?;
    sigchains(files)?;
    sessions::sessions(files)?;
    rights::add(files)
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn id() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" })
}

fn base64() -> Value {
    json!({ "type": "string", "contentEncoding": "base64" })
}

/// The hash of a key.
fn hash() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$" })
}

fn hexadecimal() -> Value {
    json!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" })
}

fn binary() -> Value {
    json!({ "$ref": "#/$defs/binary" })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn derivations(files: &mut Files) -> Result<(), GenerateError> {
    let uses = json!({ "enum": [
        "database-key", "database-key-not-given", "database-raw-key", "ssks-password-secret", "ssks-password-key",
        "two-man-rule-key", "sym-enc-key-secret", "sym-enc-key-key", "group-self-add-message-key",
        "group-self-add-secret", "user-license-token", "pre-validation-token",
    ] });
    let spelling = json!({ "enum": ["lower-case", "upper-case", "s64", "as-given", null] });
    let mut input = vec![("use", uses), ("spelling", spelling), ("salt", or_null(hexadecimal()))];
    for member in [
        "password",
        "rawKey",
        "appId",
        "userId",
        "sessionId",
        "groupId",
        "validationKey",
        "validationKeyId",
        "connectorValue",
        "nonce",
    ] {
        input.push((member, or_null(text())));
    }
    put::<Derivation>(files, &input, &[("derived", text())])?;
    let same = json!({ "type": "boolean" });
    put::<Normalisation>(files, &[("text", text()), ("utf8", hexadecimal())], &[("same", same)])?;
    let value = json!({ "enum": [
        "raw-key", "raw-sym-key", "raw-storage-key", "user-id", "raw-secret", "auth-factor-email", "auth-factor-sms",
        "challenge", "user-license-token", "jwt",
    ] });
    let mode = json!({ "enum": ["read", "write"] });
    put::<RawValue>(files, &[("value", value), ("mode", mode), ("text", text())], &[("text", text())])
}

fn keys(files: &mut Files) -> Result<(), GenerateError> {
    put::<KeyImport>(
        files,
        &[("kind", json!({ "enum": ["private", "public"] })), ("der", base64())],
        &[
            ("bits", json!({ "type": "integer", "minimum": 1024, "maximum": 8192 })),
            ("hash", hash()),
            ("pkcs8", or_null(base64())),
            ("spki", base64()),
            ("warnings", list(json!({ "enum": ["crt-recomputed", "unusual-size"] }))),
        ],
    )?;
    put::<OaepUnwrap>(files, &[("key", base64()), ("wrapped", base64())], &[("message", base64())])?;
    put::<OaepWrap>(files, &[("key", base64()), ("seed", base64()), ("message", base64())], &[("wrapped", base64())])?;
    put::<SignatureVerify>(
        files,
        &[("key", base64()), ("message", base64()), ("signature", base64())],
        &[("verified", json!({ "const": true }))],
    )?;
    put::<TokenOpen>(
        files,
        &[
            ("keys", list(base64())),
            ("createdForKeyHash", or_null(text())),
            ("token", text()),
            ("tryAllKeys", json!({ "type": "boolean" })),
        ],
        &[("sessionKey", base64()), ("openedBy", hash())],
    )?;
    put::<SymmetricUnwrap>(
        files,
        &[("record", json!({ "enum": ["proxy", "sym-enc-key", "tmr-access"] })), ("key", base64()), ("data", text())],
        &[("sessionKey", base64())],
    )
}

fn identities(files: &mut Files) -> Result<(), GenerateError> {
    let pair = || object(&[("encryption", hash()), ("signing", hash())]);
    let warning = object(&[
        ("code", json!({ "enum": ["old-key-dropped", "crt-recomputed", "unusual-size"] })),
        ("usage", json!({ "enum": ["encryption", "signing", null] })),
        ("index", json!({ "type": ["integer", "null"], "minimum": 0 })),
    ]);
    put::<IdentityRead>(
        files,
        &[("document", binary())],
        &[
            ("user", id()),
            ("device", id()),
            ("current", pair()),
            ("prepared", or_null(pair())),
            ("encryptionKeys", list(hash())),
            ("signingKeys", list(hash())),
            ("warnings", list(warning)),
            ("written", binary()),
        ],
    )?;
    let at_hand = ["text", "raw", "undecided"].map(|name| object(&[(name, text())]));
    put::<StoredBlobOpen>(
        files,
        &[
            ("protection", json!({ "enum": ["password", "two-man-rule"] })),
            ("app", text()),
            ("user", text()),
            ("key", json!({ "oneOf": at_hand })),
            ("blob", text()),
        ],
        &[("document", binary()), ("derived", json!({ "type": "boolean" }))],
    )?;
    put::<DatabaseRecover>(
        files,
        &[
            ("key", base64()),
            ("users", or_null(binary())),
            ("usersTemporary", or_null(binary())),
            ("unregistered", or_null(binary())),
            ("unregisteredTemporary", or_null(binary())),
            ("keyBackup", or_null(binary())),
        ],
        &recovered(),
    )?;
    put::<ExportedRecover>(files, &[("key", base64()), ("path", text()), ("exported", binary())], &recovered())?;
    put::<GoStorageRecover>(
        files,
        &[
            ("key", base64()),
            ("currentDevice", or_null(binary())),
            ("contacts", or_null(binary())),
            ("connectors", or_null(binary())),
            ("groups", or_null(binary())),
            ("sessions", or_null(binary())),
            ("names", list(text())),
        ],
        &recovered(),
    )?;
    let flows = ["created", "direct", "group", "proxy", "local", "sym-enc-key", "tmr", "unknown"];
    let through = object(&[("kind", json!({ "enum": ["group", "proxy", "sym-enc-key"] })), ("id", id())]);
    put::<Serialized>(
        files,
        &[("text", text())],
        &[
            ("session", id()),
            ("key", base64()),
            ("flow", json!({ "enum": flows })),
            ("through", or_null(through)),
            ("fromCache", json!({ "type": "boolean" })),
            ("written", base64()),
        ],
    )
}

fn sigchains(files: &mut Files) -> Result<(), GenerateError> {
    let seconds = || json!({ "type": "integer", "minimum": 0 });
    let hash_of_block = || json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let boolean = || json!({ "type": "boolean" });
    let device = object(&[
        ("device", id()),
        ("encryptionKeyHash", or_null(hash())),
        ("signingKeyHash", hash()),
        ("expireAt", seconds()),
        ("revoked", boolean()),
    ]);
    let state = [("devices", list(device)), ("members", list(id())), ("hashes", list(hash_of_block()))];
    put::<SigchainVerify>(
        files,
        &[
            ("form", json!({ "enum": ["blocks", "flattened"] })),
            ("chain", text()),
            ("now", seconds()),
            ("strict", boolean()),
        ],
        &state,
    )?;
    put::<SigchainHash>(files, &[("transaction", text())], &[("canonical", text()), ("hash", hash_of_block())])?;
    put::<SigchainCompare>(
        files,
        &[("chain", text()), ("now", seconds()), ("hash", text()), ("position", or_null(seconds()))],
        &[("position", seconds())],
    )?;
    put::<SigchainGrow>(files, &[("known", text()), ("chain", text()), ("now", seconds())], &state)?;
    let held =
        object(&[("device", id()), ("encryptionKeyHash", hash()), ("signingKeyHash", hash()), ("revoked", boolean())]);
    put::<SigchainKeyring>(
        files,
        &[
            ("chain", text()),
            ("now", seconds()),
            ("ring", list(held)),
            ("groupMembers", or_null(list(id()))),
            ("refuseExpired", boolean()),
        ],
        &[("devices", list(id())), ("expired", list(id()))],
    )?;
    put::<SigchainReceive>(
        files,
        &[
            ("chain", text()),
            ("now", seconds()),
            ("device", id()),
            ("encryptionKeyHash", hash()),
            ("refuseExpired", boolean()),
        ],
        &[("expired", boolean())],
    )?;
    let operation = json!({ "enum": [
        "creation", "renewal", "revocation", "members", "further-members", "server-revocation", "server-removal",
    ] });
    put::<SigchainBuild>(
        files,
        &[
            ("chain", text()),
            ("now", seconds()),
            ("operation", operation),
            ("author", or_null(object(&[("device", id()), ("key", base64())]))),
            ("server", or_null(text())),
            ("device", or_null(id())),
            ("encryptionKeyHash", or_null(hash())),
            ("signingKey", or_null(base64())),
            ("life", or_null(seconds())),
            ("members", or_null(list(id()))),
        ],
        &[("canonical", text()), ("hash", hash_of_block()), ("pubkeys", list(base64())), ("signed", boolean())],
    )
}

/// What is recovered from the stores of a device.
fn recovered() -> [(&'static str, Value); 10] {
    let keys = |mut members: Vec<(&str, Value)>| {
        members.extend([("encryptionKeys", list(hash())), ("signingKeys", list(hash()))]);
        object(&members)
    };
    let who = || keys(vec![("user", id()), ("device", id())]);
    let code = || json!({ "type": "string", "pattern": "^[a-z]+(-[a-z]+)*$" });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let number = json!({ "type": "integer", "minimum": 1 });
    [
        ("identity", or_null(who())),
        ("noIdentity", or_null(code())),
        ("otherIdentities", list(who())),
        ("groups", list(keys(vec![("group", id())]))),
        ("strayKeys", list(keys(vec![("user", or_null(id())), ("device", or_null(id()))]))),
        ("sessions", list(object(&[("session", id()), ("key", base64())]))),
        ("contacts", count()),
        ("connectors", count()),
        ("warnings", list(code())),
        ("damagedLines", list(object(&[("file", text()), ("number", number), ("error", code())]))),
    ]
}

/// An object with exactly these members.
fn object(members: &[(&str, Value)]) -> Value {
    let names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<_, _> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "additionalProperties": false, "required": names, "properties": properties })
}

fn put<K: Kind>(files: &mut Files, input: &[(&str, Value)], output: &[(&str, Value)]) -> Result<(), GenerateError> {
    let text = json!({ "type": "string", "minLength": 1 });
    let code = json!({ "type": "string", "pattern": "^[a-z]+[a-z0-9]*(-[a-z0-9]+)*$" });
    let mut members = vec![
        ("id", json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*-[0-9]{3,}$" })),
        ("rule", json!({ "type": "string", "pattern": "^[A-Z][A-Z0-9]+-[0-9]{2,3}$" })),
        ("comment", text.clone()),
        ("in", object(input)),
        ("result", json!({ "enum": ["valid", "invalid", "acceptable"] })),
        ("error", json!({ "anyOf": [code, { "type": "null" }] })),
        ("output", json!({ "anyOf": [object(output), { "type": "null" }] })),
        ("flags", json!({ "type": "array", "items": text, "uniqueItems": true })),
    ];
    if K::OPENS {
        members.push(("released", object(&[("len", json!({ "type": "integer", "minimum": 0 }))])));
    }
    let mut test = object(&members);
    // What belongs to each verdict.
    let when = |result: &str, then: Value| {
        let is = json!({ "properties": { "result": { "const": result } } });
        json!({ "if": is, "then": { "properties": then } })
    };
    let (none, some) = (json!({ "type": "null" }), json!({ "not": { "type": "null" } }));
    let nothing = json!({ "properties": { "len": { "const": 0 } } });
    let invalid = match K::OPENS {
        true => json!({ "error": some, "output": none, "released": nothing }),
        false => json!({ "error": some, "output": none }),
    };
    test["allOf"] = json!([
        when("valid", json!({ "error": none, "output": some })),
        when("invalid", invalid),
        when("acceptable", json!({ "error": some, "output": some })),
    ]);
    let strings = json!({ "type": "array", "items": { "type": "string" } });
    let note = object(&[("bug", text.clone()), ("effect", text.clone()), ("refs", strings)]);
    let schema = format!("{SCHEMA_PREFIX}{}/{SCHEMA_VERSION}", K::NAME);
    let mut whole = object(&[
        ("schema", json!({ "const": schema })),
        ("source", object(&[("by", text.clone()), ("how", text)])),
        ("notes", json!({ "type": "object", "additionalProperties": note })),
        ("count", json!({ "type": "integer", "minimum": 1 })),
        ("tests", json!({ "type": "array", "minItems": 1, "items": test })),
    ]);
    whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    whole["title"] = json!(schema);
    whole["$defs"] = json!({ "binary": object(&[
        ("len", json!({ "type": "integer", "minimum": 0 })),
        ("sha256", json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })),
        ("base64", json!({ "type": ["string", "null"], "contentEncoding": "base64" })),
        ("file", json!({ "type": ["string", "null"], "pattern": "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$" })),
    ]) });
    files.insert(format!("schemas/{}.json", K::NAME), pretty(&whole)?);
    Ok(())
}
