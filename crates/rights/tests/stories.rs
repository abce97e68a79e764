//! Stories: what is none is refused, and what is told of them is true.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use sealwright_rights::Rights;
use sealwright_rights::scenario::{Scenario, ScenarioError, run};
use sealwright_types::Coded;
use serde_json::{Value, json};

/// Ann made `s`, on which Bob has everything; both have the key.
fn world() -> Value {
    json!({
        "users": [{ "id": "ann" }, { "id": "bob", "devices": 2 }],
        "groups": [{ "id": "g", "members": ["ann", "bob"], "admins": ["ann"] }],
        "sessions": [{
            "id": "s",
            "creator": "ann",
            "records": [{ "holder": { "user": "bob" }, "rights": "rfv", "by": "ann", "wrapped": [0] }],
            "memory": [
                { "actor": "ann", "handle": "created", "holds": true },
                { "actor": "bob", "handle": "plain", "holds": true, "cached": true },
            ],
        }],
        "cache": "keep",
    })
}

fn story(change: impl FnOnce(&mut Value), steps: Value) -> Value {
    let mut world = world();
    change(&mut world);
    json!({ "world": world, "steps": steps })
}

/// The code with which it is refused: `malformed` as JSON too.
fn refused(story: Value) -> Option<&'static str> {
    let Ok(scenario) = serde_json::from_value::<Scenario>(story) else { return Some("malformed") };
    run(&scenario).err().map(|error| error.code())
}

fn of_world(change: impl FnOnce(&mut Value)) -> Option<&'static str> {
    refused(story(change, json!([])))
}

fn of_step(step: Value) -> Option<&'static str> {
    refused(story(|_| (), json!([step])))
}

#[test]
fn names_and_rights_are_written_as_they_are_read() {
    for (name, is_one) in [("ann-2_b", true), ("-", true), ("_", true), ("a b", false), ("a.b", false), ("", false)] {
        let code = of_world(|world| world["users"].as_array_mut().unwrap().push(json!({ "id": name })));
        assert_eq!(code.is_none(), is_one, "{name}: {code:?}");
    }
    assert_eq!(format!("{:?}", Rights::ALL), "Rights(rfv)");
}

#[test]
fn worlds_that_cannot_be() {
    let session = "/sessions/0";
    let at =
        |world: &mut Value, path: &str, value: Value| *world.pointer_mut(&format!("{session}{path}")).unwrap() = value;
    assert_eq!(of_world(|_| ()), None);
    for wrapped in [json!([2]), json!([16]), json!([255]), json!([0, 0])] {
        assert_eq!(of_world(|world| at(world, "/records/0/wrapped", wrapped)), Some("bad-world"));
    }
    assert_eq!(of_world(|world| at(world, "/memory/0/actor", json!("bob"))), Some("bad-world"));
    assert_eq!(of_world(|world| at(world, "/memory/1/handle", json!("created"))), Some("bad-world"));
    assert_eq!(of_world(|world| world["cache"] = json!("off")), Some("bad-world"));
    let anonymous = json!([{ "actor": null, "handle": "created", "holds": true }]);
    assert_eq!(
        of_world(|world| {
            at(world, "/creator", json!(null));
            at(world, "/memory", anonymous);
        }),
        Some("bad-world")
    );
    for (path, member) in [("", "creator"), ("/memory/0", "actor")] {
        let without = |world: &mut Value| {
            world.pointer_mut(&format!("{session}{path}")).unwrap().as_object_mut().unwrap().remove(member).unwrap();
        };
        assert_eq!(of_world(without), Some("malformed"), "absent is not null: {member}");
    }
}

#[test]
fn arrays_are_no_objects() {
    assert_eq!(refused(json!([world(), []])), Some("malformed"));
    assert_eq!(refused(json!({ "world": [[], [], [], "off"], "steps": [] })), Some("malformed"));
    for (path, array) in [
        ("/users/0", json!(["ann", 1])),
        ("/groups/0", json!(["g", ["ann"], ["ann"]])),
        ("/sessions/0", json!(["s", "ann", false, [], []])),
        ("/sessions/0/records/0", json!([{ "user": "bob" }, "r", "ann", true, [0]])),
        ("/sessions/0/memory/0", json!(["ann", "created", true, false])),
    ] {
        assert_eq!(of_world(|world| *world.pointer_mut(path).unwrap() = array), Some("malformed"), "{path}");
    }
    for step in [
        json!(["ann", null, { "leave": { "session": "s" } }]),
        json!({ "actor": "ann", "action": { "leave": ["s"] } }),
        json!({ "actor": "ann", "action": { "retrieve": { "session": "s", "lookup": [true, true] } } }),
        json!({ "actor": "ann", "action": { "create": { "session": "t", "records": [[{ "user": "bob" }, "r"]] } } }),
        json!({ "actor": "ann", "action": "leave" }),
        json!({ "actor": "ann", "action": { "leave": { "session": "s" }, "list": { "session": "s" } } }),
    ] {
        assert_eq!(of_step(step.clone()), Some("malformed"), "{step}");
    }
    assert_eq!(of_step(json!({ "actor": "ann", "action": { "leave": { "session": "s" } } })), None);
}

#[test]
fn steps_that_cannot_be() {
    let leave = json!({ "leave": { "session": "s" } });
    assert_eq!(of_step(json!({ "action": leave })), Some("malformed"), "absent is not null");
    assert_eq!(of_step(json!({ "actor": null, "action": leave })), None);
    let retrieve =
        |device: u8| json!({ "actor": "bob", "action": { "retrieve": { "session": "s", "device": device } } });
    assert_eq!(of_step(retrieve(1)), None);
    assert_eq!(of_step(retrieve(2)), Some("malformed"));
    assert_eq!(of_step(retrieve(255)), Some("malformed"));
    assert_eq!(of_step(json!({ "actor": "ann", "handle": "created", "action": leave })), None);
    assert_eq!(of_step(json!({ "actor": "bob", "handle": "created", "action": leave })), Some("malformed"));
    let error: ScenarioError = run(&serde_json::from_value(story(|_| (), json!([retrieve(2)]))).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "bob has no device 2");
}

/// The words of the last step.
fn told(steps: Value) -> String {
    let scenario = serde_json::from_value(story(|_| (), steps)).unwrap();
    run(&scenario).unwrap().words.pop().unwrap()
}

#[test]
fn words_fit_the_rule() {
    for (step, words) in [
        (
            json!({ "actor": "ann", "action": { "group-remove": { "group": "g", "user": "ann" } } }),
            "refused: the group would be left without an admin (RIGHT-80/g-kind",
        ),
        (
            json!({ "actor": "ann", "action": { "group-leave": { "group": "h" } } }),
            "refused: the group or the user does not exist (RIGHT-80/g-exist",
        ),
        (
            json!({ "actor": "bob", "action": { "change": { "session": "s", "holder": { "user": "bob" }, "add": "r", "remove": "r" } } }),
            "refused: the same right is given and taken",
        ),
        (
            json!({ "actor": "ann", "action": { "set-managing-group": { "session": "s", "group": "g" } } }),
            "refused: there are no managing groups",
        ),
        (
            json!({ "actor": "ann", "action": { "recall": { "session": "s" } } }),
            "or, where it was to come from the cache, not in the cache",
        ),
        (
            json!({ "actor": "ann", "action": { "leave": { "session": "not!" } } }),
            "ann leaves session (malformed): refused: an id is malformed",
        ),
    ] {
        let told = told(json!([step]));
        assert!(told.contains(words), "{told}");
    }
    let by_key = |rights: &str, last: Value| {
        let add = json!({ "add": { "session": "s", "holder": { "sym-enc-key": "k" }, "rights": rights } });
        told(json!([{ "actor": "ann", "action": add }, last]))
    };
    let self_add = json!({ "self-add": { "session": "s", "key": "k", "proven": true } });
    let told = by_key("r", json!({ "actor": "bob", "action": self_add }));
    assert!(told.contains("the SymEncKey lacks the right to read or the right to forward"), "{told}");
    let told = by_key("rf", json!({ "actor": null, "action": self_add }));
    assert!(told.contains("it needs an account"), "{told}");
    let revoke_all = json!([
        { "actor": "ann", "action": { "change": { "session": "s", "holder": { "user": "bob" }, "remove": "v" } } },
        { "actor": "bob", "action": { "revoke-all": { "session": "s" } } },
    ]);
    let told = self::told(revoke_all);
    assert!(told.contains("refused: the right to revoke is missing on every path (RIGHT-52/g-v"), "{told}");
}
