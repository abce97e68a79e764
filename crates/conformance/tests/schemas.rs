//! The JSON Schemas, by a validator that is not ours.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// Checks every schema, every vector file by the schema of its kind, and that members can be neither added nor left out.
const SCRIPT: &str = r#"
import copy, glob, json, os
from jsonschema import Draft202012Validator as Validator
def at(value, place):
    for step in place:
        value = value[step]
    return value
others = {"egress", "peer", "peers", "schemas", "shims"}
names = [name for name in sorted(glob.glob("*/*.json")) if name.split("/")[0] not in others]
checked = 0
for path in sorted(glob.glob("schemas/*.json")):
    schema = json.load(open(path))
    Validator.check_schema(schema)
    validator = Validator(schema)
    kind = os.path.basename(path)[:-5]
    for name in names:
        vectors = json.load(open(name))
        if vectors["schema"] != "sealwright-vectors/" + kind + "/1":
            assert not validator.is_valid(vectors), (name, path)
            continue
        errors = [error.message for error in validator.iter_errors(vectors)]
        assert not errors, (name, errors[:3])
        checked += 1
        small = dict(vectors, tests=vectors["tests"][:1])
        places = [[], ["source"], ["tests", 0], ["tests", 0, "in"]]
        for place in places:
            for member in ["more"] + list(at(small, place)):
                other = copy.deepcopy(small)
                target = at(other, place)
                if member == "more":
                    target[member] = 1
                else:
                    del target[member]
                assert not validator.is_valid(other), (name, place, member)
assert checked == len(names), "a file without schema"
print(checked)
"#;

#[test]
fn every_file_is_as_its_schema_says() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let present = Command::new("python3").args(["-c", "import jsonschema"]).output();
    if !present.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("SEALWRIGHT_REQUIRE_JSONSCHEMA").is_none(), "Python's jsonschema is missing");
        println!("skipped: Python with the package jsonschema is not here");
        return;
    }
    let output = Command::new("python3").args(["-c", SCRIPT]).current_dir(vectors).output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{error}");
    assert!(out.trim().parse::<u32>().unwrap() >= 30, "{out}");
}
