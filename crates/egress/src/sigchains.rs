//! Many sigchains at once: each is verified by itself, so that all cores work.

use crate::options::Options;
use crate::workers;
use sealwright_sigchain::{Chain, Fault, Mode, Verified};
use std::convert::Infallible;

/// Verifies chains on all threads and gives the results in their order; `now` is in seconds since 1970 (SIG-20..39).
pub fn verify_sigchains(chains: &[Chain], now: u64, mode: Mode, options: &Options) -> Vec<Result<Verified, Fault>> {
    let mut verdicts = Vec::with_capacity(chains.len());
    let Ok(()) = workers::in_order(
        options.threads(),
        chains,
        |chain| chain.verify(now, mode),
        |_, verdict| {
            verdicts.push(verdict);
            Ok::<(), Infallible>(())
        },
    );
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZero;

    /// Chains of the peers, with the places where they fail.
    const CHAINS: [(&str, Option<usize>); 6] = [
        ("alice: creation, 3 renewals, second device, its revocation", None),
        ("signature one bit wrong", Some(1)),
        ("bob", None),
        ("first block missing", Some(0)),
        ("revoked device signs", Some(3)),
        ("group: server removes B", None),
    ];

    #[test]
    fn verdicts_stand_in_the_order_of_the_chains() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/peer/sigchain/sigchain.json");
        let data: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let read = |(name, _): &(&str, Option<usize>)| {
            let chain = data["chains"].as_array().unwrap().iter().find(|chain| chain["name"] == *name).unwrap();
            Chain::from_json(&chain["blocks"].to_string()).unwrap()
        };
        let chains: Vec<_> = CHAINS.iter().map(read).collect();
        // After the peers' chains were made.
        let now = 1_795_300_000;
        let expected: Vec<_> = chains.iter().map(|chain| chain.verify(now, Mode::Normal)).collect();
        let places: Vec<_> =
            expected.iter().map(|verdict| verdict.as_ref().err().map(|fault| fault.position)).collect();
        assert_eq!(places, CHAINS.map(|(_, place)| place));
        for threads in [1, 2, 8] {
            let options = Options { threads: NonZero::new(threads), ..Options::default() };
            assert_eq!(verify_sigchains(&chains, now, Mode::Normal, &options), expected, "{threads}");
        }
        assert!(verify_sigchains(&[], 0, Mode::Normal, &Options::default()).is_empty());
    }
}
