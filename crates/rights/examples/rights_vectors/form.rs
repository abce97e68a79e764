//! The shape of `vectors/rights/*.json`.

use sealwright_rights::scenario::{Report, Scenario};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const SCHEMA: &str = "sealwright-vectors/rights/1";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub schema: String,
    pub source: Source,
    /// The guards, each with the mistake that a test for it looks for.
    pub notes: BTreeMap<String, Note>,
    pub count: usize,
    pub tests: Vec<Test>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub by: String,
    pub how: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub bug: String,
    pub effect: String,
    pub refs: Vec<String>,
}

/// A story whose last step is the question: `valid` if it is granted, `invalid` with the code if it is refused.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    pub id: String,
    pub rule: String,
    pub comment: String,
    #[serde(rename = "in")]
    pub input: Scenario,
    pub result: String,
    pub error: Option<String>,
    /// Every decision and the world after the last; only for `valid`.
    pub output: Option<Report>,
    /// For `invalid` the guard that has to refuse the last step.
    pub flags: Vec<String>,
}
