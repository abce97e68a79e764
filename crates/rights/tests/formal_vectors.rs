//! The formal vectors: each comes out as it says, and every guard refuses somewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]
#![allow(unreachable_pub, reason = "the module is shared by several tests")]

mod vectors;

use sealwright_rights::Guard;
use std::collections::BTreeSet;

#[test]
fn each_comes_out_as_it_says() {
    assert_eq!(vectors::differences(&vectors::tests()), Vec::<String>::new());
}

#[test]
fn every_guard_refuses_somewhere() {
    let guards: BTreeSet<_> = vectors::tests().into_iter().flat_map(|test| test.flags).collect();
    assert_eq!(guards, Guard::EVERY.iter().map(|guard| guard.as_str().to_owned()).collect());
}
