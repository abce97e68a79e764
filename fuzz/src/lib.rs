//! Targets are one line: everything that is checked stands in `crates/oracles`.

pub use libfuzzer_sys::{Corpus, fuzz_target};
pub use sealwright_oracles::{Input, oracle};

/// A target that calls the oracle of this name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        $crate::fuzz_target!(|input: &[u8]| -> $crate::Corpus {
            match $crate::oracle($name)(input) {
                $crate::Input::Useful => $crate::Corpus::Keep,
                $crate::Input::Useless => $crate::Corpus::Reject,
            }
        });
    };
}
