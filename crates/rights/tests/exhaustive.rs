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

use model::search::{Bounds, Search, search};
use model::starts;
use model::visited::Recent;
use sealwright_rights::{CachePolicy, World};
use std::io::Write;
use std::time::Instant;

/// Searches, prints what was seen, and fails if anything is broken.
fn prove(name: &str, starts: Vec<World>, depth: usize, anonymous: bool) {
    let (from, begin) = (starts.len(), Instant::now());
    let seen = search(starts, Bounds { depth, anonymous, stop_when_broken: false });
    println!(
        "{name}: {from} start worlds, depth {depth}: {} worlds (new at each depth {:?}), {} expanded, {} steps, {} granted, {} invariants, {} s",
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

/// The depths from the empty world, from those of one session, from those with a cache, and from the chains. A depth of 0 leaves them out.
fn depths() -> [usize; 4] {
    let depths = std::env::var("SEALWRIGHT_MODEL_DEPTH").unwrap_or_else(|_| "4,2,2,2".to_owned());
    let depths = depths.split(',').map(|depth| depth.parse().expect("a depth"));
    depths.collect::<Vec<_>>().try_into().expect("four depths")
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
        if depth > 0 {
            prove(name, starts, depth, anonymous);
        }
    }
}

/// One step further from the chains than all worlds can be kept, in pieces.
///
/// `SEALWRIGHT_MODEL_RESULTS` is a file to which each piece adds a line; pieces that stand there with the same `SEALWRIGHT_MODEL_REVISION`
/// are not done again, so that the test may be interrupted. `SEALWRIGHT_MODEL_PIECES` is the number of pieces, or a range of them and the
/// number: `0-2/4096`. `SEALWRIGHT_MODEL_DEPTH_IN_PIECES` is the depth of the step.
#[test]
fn one_step_further_from_the_chains() {
    let setting = |name: &str| std::env::var(name).ok();
    let results = setting("SEALWRIGHT_MODEL_RESULTS");
    let revision = setting("SEALWRIGHT_MODEL_REVISION").unwrap_or_default();
    let depth = setting("SEALWRIGHT_MODEL_DEPTH_IN_PIECES").map_or(2, |depth| depth.parse().expect("a depth"));
    let pieces = setting("SEALWRIGHT_MODEL_PIECES").unwrap_or_else(|| "4".to_owned());
    let (range, of) = pieces.split_once('/').map_or((None, &*pieces), |(range, of)| (Some(range), of));
    let of: usize = of.parse().expect("a number");
    let (first, last) = range
        .and_then(|range| range.split_once('-'))
        .map_or((0, of - 1), |(first, last)| (first.parse().expect("a number"), last.parse().expect("a number")));
    let done = results.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let is_done = |piece: usize| {
        let start = format!("{{\"revision\":\"{revision}\",\"depth\":{depth},\"piece\":{piece},\"of\":{of},");
        done.lines().any(|line| line.starts_with(&start))
    };

    let mut search = Search::new(starts::chains(), false);
    (1..depth).for_each(|_| search.step());
    let width = search.width();
    // 2^28 worlds of 8 bytes, or 2^16 where only the CI bounds are visited.
    let recent = Recent::new(if results.is_some() { 28 } else { 16 });
    let mut expanded = 0;
    for piece in (first..=last).filter(|&piece| !is_done(piece)) {
        let begin = Instant::now();
        let answers = search.step_of_piece((piece, of), &recent);
        expanded += answers.expanded;
        assert!(answers.broken.is_empty(), "{:#?}", answers.broken);
        assert!(answers.granted > 0 && answers.granted < answers.steps);
        let line = format!(
            "{{\"revision\":\"{revision}\",\"depth\":{depth},\"piece\":{piece},\"of\":{of},\"expanded\":{},\"steps\":{},\"granted\":{},\"checked\":{},\"broken\":0,\"seconds\":{}}}\n",
            answers.expanded,
            answers.steps,
            answers.granted,
            answers.worlds,
            begin.elapsed().as_secs()
        );
        print!("{line}");
        if let Some(path) = &results {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
            file.write_all(line.as_bytes()).unwrap();
        }
    }
    let seen = search.seen();
    assert!(seen.broken.is_empty(), "{:#?}", seen.broken);
    println!(
        "{width} worlds are {} steps from the chains, from {expanded} of them each action was tried now",
        depth - 1
    );
}
