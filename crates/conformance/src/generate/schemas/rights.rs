//! The schema of stories about access.

use super::super::{Files, GenerateError};
use super::{list, object, or_null, put, text};
use crate::kinds::rights::Rights;
use serde_json::{Value, json};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    let name = || json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" });
    let flag = || json!({ "type": "boolean" });
    let set = || json!({ "enum": ["", "r", "f", "rf", "v", "rv", "fv", "rfv"] });
    let handle = || json!({ "enum": ["none", "created", "plain", "bearer", "anonymous"] });
    let device = || json!({ "type": "integer", "minimum": 0, "maximum": 15 });
    let kinds = |name: Value| one_of(["user", "group", "proxy", "sym-enc-key", "tmr"].map(|kind| (kind, name.clone())));
    let record = object(&[
        ("holder", kinds(name())),
        ("rights", set()),
        ("by", or_null(name())),
        ("active", flag()),
        ("wrapped", or_null(list(device()))),
    ]);
    let memory = object(&[("actor", or_null(name())), ("handle", handle()), ("holds", flag()), ("cached", flag())]);
    let session = object(&[
        ("id", name()),
        ("creator", or_null(name())),
        ("closed", flag()),
        ("records", list(record)),
        ("memory", list(memory)),
    ]);
    let world = object(&[
        (
            "users",
            list(object(&[("id", name()), ("devices", json!({ "type": "integer", "minimum": 0, "maximum": 16 }))])),
        ),
        ("groups", list(object(&[("id", name()), ("members", list(name())), ("admins", list(name()))]))),
        ("sessions", list(session)),
        ("cache", json!({ "enum": ["off", "keep", "evict"] })),
    ]);
    // In a step any text may stand where an id belongs: a malformed one is what g-id refuses.
    let wanted = object(&[("holder", kinds(text())), ("rights", or_null(set()))]);
    let lookup = object(&[("group", flag()), ("proxy", flag())]);
    let on = |more: &[(&str, Value)]| object(&[&[("session", text())][..], more].concat());
    let in_group = |more: &[(&str, Value)]| object(&[&[("group", text())][..], more].concat());
    let by_key = [("key", text()), ("proven", flag())];
    let by_access = [("access", text()), ("proven", flag())];
    let action = one_of([
        ("create", on(&[("records", list(wanted))])),
        ("retrieve", on(&[("lookup", lookup), ("device", device())])),
        ("use", on(&[])),
        ("recall", on(&[])),
        ("forget", on(&[])),
        ("add", on(&[("holder", kinds(text())), ("rights", or_null(set()))])),
        ("change", on(&[("holder", kinds(text())), ("add", set()), ("remove", set())])),
        ("revoke", on(&[("holders", list(kinds(text())))])),
        ("leave", on(&[])),
        ("revoke-all", on(&[])),
        ("revoke-others", on(&[])),
        ("list", on(&[])),
        ("list-own", on(&[])),
        ("read-by-sym-enc-key", on(&by_key)),
        ("self-add", on(&[&by_key[..], &[("rights", or_null(set()))]].concat())),
        ("read-anonymously", on(&[&by_key[..], &[("scope", json!({ "type": "integer" }))]].concat())),
        ("read-by-tmr", on(&by_access)),
        ("convert", on(&[&by_access[..], &[("delete_on_convert", flag())]].concat())),
        ("group-add", in_group(&[("user", text()), ("admin", flag())])),
        ("group-remove", in_group(&[("user", text())])),
        ("group-leave", in_group(&[])),
        ("set-managing-group", on(&[("group", text())])),
    ]);
    let step = object(&[("actor", or_null(name())), ("handle", or_null(handle())), ("action", action)]);
    let decision = object(&[
        ("allowed", flag()),
        ("by", json!({ "type": "string", "pattern": "^RIGHT-[0-9]{2}(/g-[a-z]+)?$" })),
        ("code", or_null(text())),
        ("unchanged", flag()),
        ("targets", or_null(list(json!({ "enum": ["ok", "ko"] })))),
        ("listed", or_null(list(kinds(name())))),
    ]);
    let steps = json!({ "type": "array", "minItems": 1, "items": step });
    put::<Rights>(
        files,
        &[("world", world.clone()), ("steps", steps)],
        &[("decisions", list(decision)), ("after", world)],
    )
}

/// An object with exactly one of these members.
fn one_of<const N: usize>(members: [(&str, Value); N]) -> Value {
    let each: Vec<_> = members.into_iter().map(|member| object(&[member])).collect();
    json!({ "oneOf": each })
}
