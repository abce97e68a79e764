//! Every small world: a plain breadth-first search from the start worlds of RIGHTS.md section 8, with INV-01 to INV-25 checked on the way and
//! each decision compared with the reference.
//!
//! `scripts/model-check` goes deeper.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]
#![allow(clippy::print_stdout, reason = "the numbers are a result")]
#![allow(dead_code, unreachable_pub, reason = "the model is shared by several tests")]

mod model;

use model::search::{Bounds, search};
use model::starts;
use sealwright_rights::{CachePolicy, World};
use std::time::Instant;

/// Searches, prints what was seen, and fails if anything is broken.
fn prove(name: &str, starts: Vec<World>, (depth, one_in): (usize, u64), anonymous: bool) {
    let (from, begin) = (starts.len(), Instant::now());
    let seen = search(starts, Bounds { depth, one_in, anonymous, stop_when_broken: false });
    let sample = if one_in == 1 { String::new() } else { format!(" (one world in {one_in} for the last step)") };
    println!(
        "{name}: {from} start worlds, depth {depth}{sample}: {} worlds (new at each depth {:?}), {} expanded, {} steps, {} granted, {} invariants, {} s",
        seen.worlds,
        seen.by_depth,
        seen.expanded,
        seen.steps,
        seen.granted,
        model::invariants::EVERY.len(),
        begin.elapsed().as_secs()
    );
    assert!(seen.broken.is_empty(), "{:#?}", seen.broken);
    assert!(seen.by_depth.len() == depth + 1 && seen.by_depth.iter().all(|&worlds| worlds > 0));
    assert!(seen.granted > 0 && seen.granted < seen.steps);
}

/// The depths from the empty world, from those of one session, from those with a cache, and from the chains: `5,4,3,4/256` takes one world
/// in 256 for the fourth step from the chains. A depth of 0 leaves them out.
fn depths() -> [(usize, u64); 4] {
    let depths = std::env::var("SEALWRIGHT_MODEL_DEPTH").unwrap_or_else(|_| "4,2,2,2".to_owned());
    let depth = |text: &str| {
        let (depth, one_in) = text.split_once('/').unwrap_or((text, "1"));
        (depth.parse().expect("a depth"), one_in.parse().expect("a number"))
    };
    depths.split(',').map(depth).collect::<Vec<_>>().try_into().expect("four depths")
}

#[test]
fn every_small_world() {
    let [empty, one_session, cached, chains] = depths();
    for (name, starts, depth, anonymous) in [
        ("one session", starts::one_session(CachePolicy::Off), one_session, true),
        ("one session, keys cached and evicted", starts::one_session(CachePolicy::Evict), cached, false),
        ("chains", starts::chains(), chains, false),
        ("the empty world", vec![starts::empty()], empty, false),
    ] {
        if depth.0 > 0 {
            prove(name, starts, depth, anonymous);
        }
    }
}
