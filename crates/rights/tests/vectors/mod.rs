//! Runs the vectors of `vectors/rights`. Their form is checked by `crates/conformance`.

use sealwright_rights::scenario::{Report, Scenario, run};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
struct File {
    count: usize,
    tests: Vec<Test>,
}

/// A story whose last step is the question: `valid` if it is granted, `invalid` with code and guard if it is refused.
#[derive(Deserialize)]
pub struct Test {
    id: String,
    comment: String,
    #[serde(rename = "in")]
    input: Scenario,
    result: String,
    error: Option<String>,
    output: Option<Report>,
    pub flags: Vec<String>,
}

/// Every test of every file.
pub fn tests() -> Vec<Test> {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/rights"));
    let mut tests = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let file: File = serde_json::from_str(&text).unwrap();
        assert!(file.count > 0 && file.count == file.tests.len());
        tests.extend(file.tests);
    }
    assert!(tests.len() > 600);
    tests
}

/// The ids of the tests that come out otherwise.
pub fn differences(tests: &[Test]) -> Vec<String> {
    tests.iter().filter_map(difference).collect()
}

fn difference(test: &Test) -> Option<String> {
    let told = run(&test.input).unwrap();
    let last = told.report.decisions.last().unwrap();
    let same = match test.result.as_str() {
        "valid" => test.output.as_ref() == Some(&told.report) && test.error.is_none(),
        "invalid" => {
            let guard = last.by.split_once('/').map(|(_, guard)| guard.to_owned());
            test.output.is_none() && last.code == test.error && guard.into_iter().eq(test.flags.iter().cloned())
        }
        other => panic!("result {other}"),
    };
    assert_eq!(told.words.len(), test.input.steps.len());
    assert!(told.words.iter().all(|words| !words.contains("a rule of RIGHTS.md")), "{}: not explained", test.id);
    (!same).then(|| format!("{} ({}): {:?}", test.id, test.comment, told.words.last()))
}
