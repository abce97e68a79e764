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

    #[test]
    fn verdicts_stand_in_the_order_of_the_chains() {
        let chains: Vec<_> = ["[]", "[{}]", "[]", "[1]"].map(|text| Chain::from_json(text).unwrap()).into();
        for threads in [1, 2, 8] {
            let options = Options { threads: NonZero::new(threads), ..Options::default() };
            let verdicts = verify_sigchains(&chains, 0, Mode::Normal, &options);
            assert_eq!(verdicts.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false]);
        }
        assert!(verify_sigchains(&[], 0, Mode::Normal, &Options::default()).is_empty());
    }
}
