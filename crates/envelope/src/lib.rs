//! The symmetric half of the Seald formats.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod envelope;
mod key;

pub use envelope::{OpenError, SHORTEST, SealError, open, open_in_place, seal, sealed_length};
pub use key::{KeyLengthError, SymKey};
