//! Random sequences of 200 actions, each decided by the product and by the reference, with every invariant checked after each.
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

use model::sequence::{LENGTH, WIDTH, play};
use proptest::prelude::{any, prop};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cell::Cell;

#[test]
fn product_and_reference_agree() {
    let cases = std::env::var("SEALWRIGHT_SEQUENCES").map_or(1_000, |cases| cases.parse().expect("a number"));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let (played, granted) = (Cell::new(0), Cell::new(0));
    let outcome = TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 1 + WIDTH * LENGTH), |bytes| {
        let done = play(&bytes, true).map_err(TestCaseError::fail)?;
        assert_eq!(done.actions, LENGTH);
        played.set(played.get() + 1);
        granted.set(granted.get() + done.granted);
        Ok(())
    });
    println!("{} sequences of {LENGTH} actions, {} granted", played.get(), granted.get());
    outcome.unwrap();
    // Sequences in which nearly everything is refused would show nothing.
    assert!(granted.get() > played.get() * LENGTH / 10);
}
