use crate::peer;
use crate::place::Place;
use serde_json::{Value, json};
use std::fs;

/// Ann has a session of which Bob is a default recipient; Cy and Dan have nothing yet.
fn scenario(steps: Value) -> String {
    let users = ["ann", "bob", "cy", "dan"].map(|id| json!({ "id": id }));
    let record = json!({ "holder": { "user": "bob" }, "rights": "rf", "by": "ann" });
    let memory = json!([
        { "actor": "ann", "handle": "created", "holds": true },
        { "actor": "bob", "handle": "plain", "holds": true },
    ]);
    let session = json!({ "id": "s", "creator": "ann", "records": [record], "memory": memory });
    json!({ "world": { "users": users, "sessions": [session] }, "steps": steps }).to_string()
}

#[test]
fn every_decision_names_its_rule() {
    let mut place = Place::new();
    let add =
        |name: &str, rights: &str| json!({ "add": { "session": "s", "holder": { "user": name }, "rights": rights } });
    let steps = json!([
        { "actor": "bob", "action": add("cy", "r") },
        { "actor": "bob", "action": add("cy", "r") },
        { "actor": "bob", "action": add("dan", "rfv") },
        { "actor": "bob", "action": { "revoke-others": { "session": "s" } } },
        { "actor": "bob", "action": { "list": { "session": "s" } } },
        { "actor": "dan", "action": { "list-own": { "session": "s" } } },
        { "actor": "bob", "action": { "revoke": { "session": "s", "holders": [{ "user": "cy" }, { "user": "dan" }] } } },
        { "actor": "cy", "action": { "retrieve": { "session": "s" } } },
        { "actor": null, "action": { "leave": { "session": "no id!" } } },
        { "actor": "ann", "action": { "revoke-all": { "session": "s" } } },
        { "actor": "ann", "action": add("bob", "r") },
    ]);
    place.file("story", scenario(steps));
    place.run(["rights", "decide", "story"]);
    place.run(["rights", "decide", "story", "--explain"]);
    place.run(["rights", "decide", "story", "--json"]);
    let output = place.run(["rights", "decide", "story", "--explain", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["decisions"][3]["by"], "RIGHT-53/g-v");
    assert_eq!(told["after"]["sessions"][0]["closed"], true);
    place.run_with_input(["rights", "decide", "-"], scenario(json!([])).as_bytes());
    place.matches("rights-decide");
}

/// Program and library give the same answer on the formal vectors.
#[test]
fn the_formal_examples_come_out_as_they_say() {
    let mut place = Place::new();
    let text = fs::read_to_string(peer::vectors("rights/examples.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let tests = file["tests"].as_array().unwrap();
    assert!(tests.len() > 30);
    for test in tests {
        let output = place.run_with_input(["rights", "decide", "--json", "-"], test["in"].to_string().as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", test["id"]);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        match test["result"].as_str().unwrap() {
            "valid" => assert_eq!(told, test["output"], "{}", test["id"]),
            _ => assert_eq!(
                told["decisions"].as_array().unwrap().last().unwrap()["code"],
                test["error"],
                "{}",
                test["id"]
            ),
        }
    }
}

#[test]
fn what_is_no_scenario_is_told() {
    let mut place = Place::new();
    let world = |world: Value| json!({ "world": world, "steps": [] }).to_string();
    place.file("empty", "");
    place.file("other", r#"{ "world": {}, "steps": [], "more": 1 }"#);
    place.file("action", scenario(json!([{ "actor": "bob", "action": { "fly": {} } }])));
    place.file("rights", scenario(json!([{ "actor": "bob", "action": { "add": { "session": "s", "holder": { "user": "cy" }, "rights": "fr" } } }])));
    place.file("stranger", scenario(json!([{ "actor": "eve", "action": { "list": { "session": "s" } } }])));
    place.file("name", world(json!({ "users": [{ "id": "a\u{1b}[31m" }] })));
    place.file("twice", world(json!({ "users": [{ "id": "a" }, { "id": "a" }] })));
    place.file(
        "admin",
        world(json!({ "users": [{ "id": "a" }], "groups": [{ "id": "g", "members": ["a"], "admins": [] }] })),
    );
    place.file("absent", scenario(json!([{ "action": { "list": { "session": "s" } } }])));
    place.file("array", scenario(json!([{ "actor": "bob", "action": { "list": ["s"] } }])));
    place.file(
        "device",
        scenario(json!([{ "actor": "bob", "action": { "retrieve": { "session": "s", "device": 1 } } }])),
    );
    place.file("large", " ".repeat(1024 * 1024 + 1));
    for name in [
        "empty", "other", "action", "rights", "stranger", "name", "twice", "admin", "absent", "array", "device",
        "large", "missing", "tmp",
    ] {
        place.run(["rights", "decide", name]);
    }
    place.run(["rights", "decide", "twice", "--json"]);
    place.run(["rights", "decide"]);
    place.matches("rights-errors");
}
