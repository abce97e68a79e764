//! Differences that are known, with reasons (CONF-10).

use sealwright_types::Coded;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The list: what a test is answered with instead, and why.
#[derive(Debug, Clone, Default)]
pub struct Divergences(BTreeMap<String, Listed>);

/// One entry, for one test.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) answer: String,
    pub(super) reason: String,
}

/// The list is not as it has to be.
#[derive(Debug, thiserror::Error)]
#[error("the list of divergences: {0}")]
pub struct DivergencesError(String);

impl Coded for DivergencesError {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    tests: Vec<String>,
    answer: String,
    reason: String,
}

impl Divergences {
    /// Reads a list: a JSON array of `{ "tests": [id, ...], "answer": ..., "reason": ... }`.
    ///
    /// # Errors
    /// [`DivergencesError`]: no such array, an empty reason, or a test that stands there twice.
    pub fn parse(json: &[u8]) -> Result<Self, DivergencesError> {
        let entries: Vec<Entry> = serde_json::from_slice(json).map_err(|error| DivergencesError(error.to_string()))?;
        let mut list = BTreeMap::new();
        for Entry { tests, answer, reason } in entries {
            if reason.trim().is_empty() {
                return Err(DivergencesError(format!("no reason for {tests:?}")));
            }
            for id in tests {
                let listed = Listed { answer: answer.clone(), reason: reason.clone() };
                if list.insert(id.clone(), listed).is_some() {
                    return Err(DivergencesError(format!("{id} stands there twice")));
                }
            }
        }
        Ok(Self(list))
    }

    pub(super) fn of(&self, id: &str) -> Option<&Listed> {
        self.0.get(id)
    }

    pub(super) fn tests(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
