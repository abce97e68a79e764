//! The proofs prove something: one rule broken on purpose, and each of them notices.
//!
//! One test, because a fault is in the whole process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "the model is shared by several tests")]

mod model;
mod vectors;

use model::invariants::EVERY;
use model::search::{Bounds, Seen, search};
use model::sequence::{LENGTH, WIDTH, play};
use model::starts;
use proptest::prelude::{any, prop};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use sealwright_rights::CachePolicy;
use sealwright_rights::fault::{Fault, inject};
use std::collections::BTreeSet;

#[test]
fn every_fault_is_found_by_each_proof() {
    let vectors = vectors::tests();
    let mut noticed = BTreeSet::new();
    println!(
        "{:22} {:>7}  {:26} invariants that break in a small world",
        "fault", "vectors", "a random sequence parts at"
    );
    for &fault in Fault::EVERY {
        inject(Some(fault));
        let by_search = searched();
        let by_sequences = sequences_differ();
        let by_vectors = vectors::differences(&vectors).len();
        inject(None);
        let name = format!("{fault:?}");
        let step = by_sequences.as_deref().unwrap_or("nowhere");
        println!("{name:22} {by_vectors:7}  {step:26} {}", by_search.join(" "));
        noticed.extend(by_search.iter().copied());
        assert!(!by_search.is_empty(), "{fault:?}: no invariant broke");
        assert!(by_sequences.is_some(), "{fault:?}: no sequence differed");
        assert!(by_vectors > 0, "{fault:?}: no vector differed");
    }
    // What no single broken rule breaks is shown to be checked in `tampering.rs`.
    let silent: Vec<_> = EVERY.into_iter().filter(|name| !noticed.contains(name)).collect();
    assert_eq!(silent, ["INV-09", "INV-10", "INV-17", "INV-25"]);
    assert_eq!((searched().len(), sequences_differ(), vectors::differences(&vectors).len()), (0, None, 0));
}

/// The invariants that break within small bounds; the comparison with the reference does not count.
fn searched() -> Vec<&'static str> {
    let all = [(vec![starts::empty()], 3), (starts::one_session(CachePolicy::Evict), 2), (starts::chains(), 1)];
    let mut broken = Vec::new();
    for (worlds, depth) in all {
        let Seen { broken: found, .. } = search(worlds, Bounds { depth, anonymous: false, stop_when_broken: true });
        broken.extend(found.into_keys().filter(|name| *name != "REF"));
    }
    broken.sort_unstable();
    broken.dedup();
    broken
}

/// Where product and reference part in random sequences that are the same each time: `step 28`.
fn sequences_differ() -> Option<String> {
    let config = Config { cases: 300, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let sequences = prop::collection::vec(any::<u8>(), 1 + WIDTH * LENGTH);
    let outcome = TestRunner::new_with_rng(config, rng)
        .run(&sequences, |bytes| play(&bytes, false).map(|_| ()).map_err(TestCaseError::fail));
    let error = outcome.err()?.to_string();
    let step = error.find("step ").and_then(|at| error.get(at..)).unwrap_or(&error);
    Some(step.split(':').next().unwrap_or_default().to_owned())
}
