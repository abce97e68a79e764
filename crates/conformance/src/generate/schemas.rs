//! `schemas/`: a JSON Schema for every kind. Nothing that is not named is allowed.

use super::{Files, GenerateError, pretty};
use crate::kinds::{
    Kind, base64::Base64, envelope_open::EnvelopeOpen, envelope_seal::EnvelopeSeal, file_open::FileOpen,
    file_seal::FileSeal, identifier::Identifier, legacy_message_open::LegacyMessageOpen, message_open::MessageOpen,
    message_seal::MessageSeal,
};
use crate::schema::{SCHEMA_PREFIX, SCHEMA_VERSION};
use serde_json::{Value, json};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    let text = || json!({ "type": "string" });
    let id = || json!({ "type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
    let base64 = || json!({ "type": "string", "contentEncoding": "base64" });
    let binary = || json!({ "$ref": "#/$defs/binary" });
    let or_null = |schema: Value| json!({ "anyOf": [schema, { "type": "null" }] });
    let list = |items: Value| json!({ "type": "array", "items": items });

    put::<Base64>(
        files,
        &[("text", text()), ("reading", json!({ "enum": ["strict", "tolerant", "s64"] }))],
        &[
            ("bytes", json!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" })),
            ("standard", base64()),
            ("s64", text()),
        ],
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
    )
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
        ("rule", json!({ "type": "string", "pattern": "^[A-Z][A-Z0-9]+-[0-9]{2}$" })),
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
