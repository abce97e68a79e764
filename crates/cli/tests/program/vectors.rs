use crate::peer;
use crate::place::Place;
use serde_json::Value;
use std::fs;

#[test]
fn the_vectors_pass() {
    let mut place = Place::new();
    let vectors = peer::vectors("").display().to_string();
    let output = place.run(["vectors", "check", &vectors, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let totals: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!(number("failed"), 0);
    assert_eq!(number("passed") + number("unsupported"), number("total"));
    assert!(number("passed") > 100);
}

#[test]
fn a_vector_that_says_something_else_is_told() {
    let mut place = Place::new();
    fs::create_dir_all(place.path().join("vectors/encodings")).unwrap();
    let mut file = two_identifiers();
    place.file("vectors/encodings/right.json", file.to_string());
    place.run(["vectors", "check"]);
    file["tests"][0]["result"] = "invalid".into();
    file["tests"][0]["error"] = "malformed".into();
    file["tests"][0]["output"] = Value::Null;
    place.file("vectors/encodings/right.json", file.to_string());
    place.run(["vectors", "check"]);
    place.run(["vectors", "check", "--json"]);
    place.file("vectors/encodings/right.json", "{}");
    place.run(["vectors", "check"]);
    file["schema"] = "sealwright-vectors/identifer/1".into();
    place.file("vectors/encodings/right.json", file.to_string());
    place.run(["vectors", "check"]);
    file["count"] = u64::MAX.into();
    place.file("vectors/encodings/right.json", file.to_string());
    place.run(["vectors", "check"]);
    place.run(["vectors", "check", "missing"]);
    place.run(["vectors", "check", "tmp"]);
    place.matches("vectors");
}

/// A shim that claims one operation and answers the first question rightly and the second wrongly.
const SHIM: &str = r#"#!/bin/sh
echo '{"protocol":"sealwright-shim-1","name":"shell","version":"1","operations":["identifier"]}'
read -r question
echo '{"id":"id-001","result":"valid","output":{"hyphenated":"5a221722-36c4-41ee-be56-0242ac120002","s64":"WiIXIjbEQe6+VgJCrBIAAg"}}'
read -r question
echo '{"id":"id-002","result":"invalid","error":"malformed"}'
"#;

#[test]
fn another_implementation_is_asked_and_counted() {
    let mut place = Place::new();
    fs::create_dir_all(place.path().join("vectors")).unwrap();
    let file = two_identifiers();
    place.file("vectors/two.json", file.to_string());
    place.file("shim.sh", SHIM);
    place.run(["conform", "--", "sh", "shim.sh"]);
    place.run(["conform", "--json", "--junit", "report.xml", "--", "sh", "shim.sh"]);
    let junit = fs::read_to_string(place.path().join("report.xml")).unwrap();
    assert!(junit.contains("<failure") && junit.contains("id-002"), "{junit}");
    place.run(["conform", "--junit", "report.xml", "--", "sh", "shim.sh"]);
    place.file("list.json", r#"[{"tests":["id-002"],"answer":"malformed","reason":"upper case is not read"}]"#);
    place.run(["conform", "--divergences", "list.json", "--", "sh", "shim.sh"]);
    place.file("list.json", r#"[{"tests":["id-001"],"answer":"malformed","reason":"upper case is not read"}]"#);
    place.run(["conform", "--divergences", "list.json", "--", "sh", "shim.sh"]);
    place.run(["conform", "--divergences", "shim.sh", "--", "sh", "shim.sh"]);
    place.run(["conform", "--", "sh", "-c", "echo hello"]);
    place.run(["conform", "--", "./no-such-shim"]);
    place.run(["conform", "--vectors", "nowhere", "--", "sh", "shim.sh"]);
    place.run(["conform"]);
    place.matches("conform");
}

/// The first two tests of a vector file, as a file of their own.
fn two_identifiers() -> Value {
    let identifiers = fs::read_to_string(peer::vectors("encodings/identifier.json")).unwrap();
    let mut file: Value = serde_json::from_str(&identifiers).unwrap();
    let tests: Vec<Value> = file["tests"].as_array().unwrap().iter().take(2).cloned().collect();
    file["count"] = 2.into();
    file["notes"] = serde_json::json!({});
    file["tests"] = tests.into();
    file
}
