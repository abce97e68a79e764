//! The formal vectors: each comes out as it says, none is missing, and the files are what the generator writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "the modules are shared with the generator and other tests")]

#[path = "../examples/rights_vectors/cases.rs"]
mod cases;
#[path = "../examples/rights_vectors/form.rs"]
mod form;
#[path = "../examples/rights_vectors/guards.rs"]
mod guards;
#[path = "../examples/rights_vectors/story.rs"]
mod story;
mod vectors;

use sealwright_rights::Guard;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn each_comes_out_as_it_says() {
    assert_eq!(vectors::differences(), Vec::<String>::new());
}

#[test]
fn the_files_are_what_the_generator_writes() {
    let mut written = cases::files();
    written.sort_by_key(|(name, _)| *name);
    let read = vectors::files();
    assert_eq!(written.len(), read.len());
    for ((name, written), (read_name, read)) in written.iter().zip(&read) {
        assert_eq!(name, read_name);
        let text = serde_json::to_string(written).unwrap();
        assert_eq!(serde_json::from_str::<form::File>(&text).unwrap(), *read, "{name}: run the generator");
    }
}

#[test]
fn every_rule_is_accepted_and_refused_somewhere() {
    let text = include_str!("../../../docs/spec/RIGHTS.md");
    let defined: BTreeSet<_> =
        text.lines().filter_map(|line| vector_rule(line.trim_start_matches(['*', '|', ' ']))).collect();
    assert!(defined.len() > 60, "{}", defined.len());
    let mut seen = BTreeMap::<String, BTreeSet<String>>::new();
    let mut guards = BTreeSet::new();
    for test in vectors::files().into_iter().flat_map(|(_, file)| file.tests) {
        seen.entry(test.rule).or_default().insert(test.result);
        guards.extend(test.flags);
    }
    for rule in &defined {
        assert_eq!(seen.get(*rule).map_or(0, BTreeSet::len), 2, "{rule}");
    }
    assert!(seen.keys().all(|rule| defined.contains(rule.as_str())));
    assert!(Guard::EVERY.iter().all(|guard| guards.contains(guard.as_str())));
}

/// The id at the beginning of a definition of a rule for vectors, without the marks: `RIGHT-01** [vector] ...`.
fn vector_rule(line: &str) -> Option<&str> {
    let (id, rest) = line.split_once("** ")?;
    let is_rule = ["RIGHT-", "DEF-", "EX-"].iter().any(|family| id.starts_with(family));
    (is_rule && rest.starts_with("[vector]")).then_some(id)
}
