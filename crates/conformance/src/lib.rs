//! The formal vectors: their schema, a loader that trusts nothing in them, and a runner that sends every test through every door of the
//! library.
//!
//! ```no_run
//! let outcome = sealwright_conformance::check("vectors".as_ref())?;
//! assert_eq!(outcome.totals.failed, 0, "{:?}", outcome.failures);
//! # Ok::<(), sealwright_conformance::LoadError>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | shape of a vector file | [`schema`] |
//! | finding and checking files | [`check`] |
//! | one module a kind: how a test of it is run | `kinds/` |
//! | another implementation against the vectors | [`conform`] |
//! | the generator of the vectors in the repository | [`generate`] |
//! | every rule id defined once and covered | [`rules`] |

mod binary;
mod check;
pub mod conform;
mod doors;
pub mod generate;
mod kinds;
pub mod rules;
pub mod schema;

pub use binary::Binary;
pub use check::{Failure, FileOutcome, LoadError, Outcome, Totals, check};
