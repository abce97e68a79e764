//! Runs the vectors of `vectors/rights`.

use crate::form::{File, SCHEMA, Test};
use sealwright_rights::scenario::run;
use std::path::PathBuf;

/// Every file with its name, in the order of names.
pub fn files() -> Vec<(String, File)> {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/rights"));
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let file: File = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(file.schema, SCHEMA);
        assert!(file.count > 0 && file.count == file.tests.len(), "{path:?}");
        (path.file_stem().unwrap().to_string_lossy().into_owned(), file)
    };
    paths.into_iter().map(read).collect()
}

/// The ids of the tests that come out otherwise.
pub fn differences() -> Vec<String> {
    let tests: Vec<Test> = files().into_iter().flat_map(|(_, file)| file.tests).collect();
    assert!(!tests.is_empty());
    tests.into_iter().filter_map(|test| difference(&test)).collect()
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
    (!same).then(|| format!("{} ({}): {:?}", test.id, test.comment, told.words.last()))
}
