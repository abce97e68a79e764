//! The program as a person meets it: status, standard output and standard error of every command, compared with `tests/snapshots`.
//!
//! `SEALWRIGHT_SNAPSHOTS=write cargo test -p sealwright-cli` writes the snapshots anew; the difference is then to be read and judged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod decrypt;
mod derive;
mod egress;
mod encrypt;
mod general;
mod identity;
mod inspect;
mod peer;
mod place;
mod process;
mod recover;
mod rights;
mod session;
mod shards;
mod sigchain;
mod sinks;
mod sources;
mod vectors;
mod verdicts;
mod warnings;
