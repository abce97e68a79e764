//! What has to hold for any input whatever: the properties that fuzzing tries to break.
//!
//! An oracle takes bytes and panics when a property fails. The targets in `fuzz/` are one line each that call one; the corpora and the
//! regressions there are replayed by the tests of this crate. See docs/fuzzing.md.
//!
//! Nothing in the crates under test knows about fuzzing. To get past a MAC an oracle seals the mutated bytes itself, with a key of its own.
#![allow(clippy::expect_used, clippy::panic, reason = "a property that fails is a panic")]

mod encodings;
mod envelope;
mod file;
mod go_storage;
mod journal;
mod key;
mod keyring;
mod message;
mod process;
mod record;
mod recovered;
mod resolving;
mod rights;
mod sealing;
pub mod seeds;
mod sigchain;
mod sinks;
mod sources;
mod stored_identity;
mod text;

/// Whether an input is worth keeping in a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// It reached the code under test.
    Useful,
    /// It has not even the outer shape that the oracle needs.
    Useless,
}

/// Checks one property for an input.
///
/// # Panics
/// When the property does not hold.
pub type Oracle = fn(&[u8]) -> Input;

/// Every target by name.
pub const TARGETS: [(&str, Oracle); 35] = [
    ("envelope", envelope::envelope),
    ("stream", envelope::stream),
    ("message", message::message),
    ("legacy_message", message::legacy_message),
    ("container", file::container),
    ("archive", file::archive),
    ("html", file::html),
    ("bson", text::bson),
    ("identity", text::identity),
    ("serialized_session", text::serialized_session),
    ("rsa_private", key::rsa_private),
    ("rsa_public", key::rsa_public),
    ("rsa_numbers", key::rsa_numbers),
    ("records", record::records),
    ("resolving", resolving::resolving),
    ("csv_records", sources::csv_records),
    ("json_records", sources::json_records),
    ("members", sources::members_of_archives),
    ("database_line", journal::database_line),
    ("database", journal::database),
    ("exported_database", journal::exported_database),
    ("go_storage", go_storage::go_storage),
    ("stored_identity", stored_identity::stored_identity),
    ("process_value", process::process_value),
    ("process_proof", process::process_proof),
    ("process_share", process::process_share),
    ("process_text", process::process_text),
    ("sigchain", sigchain::sigchain),
    ("rights", rights::rights),
    ("scenario", rights::scenario),
    ("base64", encodings::base64),
    ("ids", encodings::ids),
    ("names", encodings::names),
    ("recipients", sinks::recipients),
    ("session_ids", sinks::session_ids),
];

/// The oracle of a target.
///
/// # Panics
/// When there is no such target.
pub fn oracle(name: &str) -> Oracle {
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    found.expect("a target of the table").1
}
