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
    let identifiers = fs::read_to_string(peer::vectors("encodings/identifier.json")).unwrap();
    let mut file: Value = serde_json::from_str(&identifiers).unwrap();
    let tests: Vec<Value> = file["tests"].as_array().unwrap().iter().take(2).cloned().collect();
    file["count"] = 2.into();
    file["notes"] = serde_json::json!({});
    file["tests"] = tests.into();
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
    place.run(["vectors", "check", "missing"]);
    place.run(["vectors", "check", "tmp"]);
    place.matches("vectors");
}
