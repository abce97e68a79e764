//! The shape of a vector file. One kind of test a file, no field that is not named here.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the `schema` member begins; the kind and its version follow: `sealwright-vectors/envelope-open/1`.
pub const SCHEMA_PREFIX: &str = "sealwright-vectors/";
/// The version of every kind that this build knows.
pub const SCHEMA_VERSION: &str = "1";

/// Kind and version out of a `schema` member.
pub(crate) fn kind_and_version(schema: &str) -> Option<(&str, &str)> {
    schema.strip_prefix(SCHEMA_PREFIX)?.split_once('/')
}

/// A vector file whose tests take `I` and give `O`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFile<I, O> {
    /// Kind and version.
    pub schema: String,
    /// Where the data come from.
    pub source: Source,
    /// Every flag that a test carries, explained once.
    pub notes: BTreeMap<String, Note>,
    /// How many tests there are.
    pub count: usize,
    /// The tests.
    pub tests: Vec<Test<I, O>>,
}

/// Where the data come from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The program that made them.
    pub by: String,
    /// How.
    pub how: String,
}

/// What a flag means.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The mistake that tests with this flag look for.
    pub bug: String,
    /// What the mistake would lead to.
    pub effect: String,
    /// Rules and documents.
    pub refs: Vec<String>,
}

/// One test.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test<I, O> {
    /// Unique in the whole set; never used again for another test.
    pub id: String,
    /// The rule of the specification that decides.
    pub rule: String,
    /// What is special, for people.
    pub comment: String,
    /// What is given to the operation.
    #[serde(rename = "in")]
    pub input: I,
    /// The verdict.
    pub result: Verdict,
    /// The code of the error, unless the result is valid.
    pub error: Option<String>,
    /// What comes out, unless the result is invalid.
    pub output: Option<O>,
    /// How much plaintext may have been handed out; present for the kinds that open something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
    /// Names of notes.
    pub flags: Vec<String>,
}

/// The closed set of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Has to be accepted, with this output.
    Valid,
    /// Has to be refused, with this error.
    Invalid,
    /// May be accepted with this output or refused with this error: implementations differ and both are safe.
    Acceptable,
}

/// Plaintext that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Bytes.
    pub len: u64,
}
