//! Levels that an implementation reaches (docs/spec/CONFORMANCE.md section 3).

use crate::check::Totals;
use serde::Serialize;
use std::collections::BTreeMap;

/// A set of operations that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Level {
    /// Reads everything that was sealed or stored.
    Reader,
    /// Writes what others read.
    Writer,
    /// Finds the key of a session on every route.
    Resolver,
    /// Every operation of the vectors.
    Full,
}

impl Level {
    const ALL: [Self; 4] = [Self::Reader, Self::Writer, Self::Resolver, Self::Full];

    /// As it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Resolver => "resolver",
            Self::Full => "full",
        }
    }

    /// The operations of the level; `None` for all.
    const fn operations(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Reader => Some(&READER),
            Self::Writer => Some(&["envelope-seal", "message-seal", "file-seal", "oaep-wrap"]),
            Self::Resolver => {
                Some(&["session-resolve", "session-reasons", "proxy-add", "tmr-retrieve", "invitation-open"])
            }
            Self::Full => None,
        }
    }
}

const READER: [&str; 20] = [
    "base64",
    "identifier",
    "envelope-open",
    "message-open",
    "legacy-message-open",
    "file-open",
    "derivation",
    "derivation-normalisation",
    "derivation-value",
    "key-import",
    "oaep-unwrap",
    "signature-verify",
    "token-open",
    "symmetric-unwrap",
    "identity-read",
    "serialized-session",
    "stored-blob-open",
    "database-recover",
    "exported-recover",
    "go-storage-recover",
];

/// Each level with the first operation that stands in its way.
pub(super) fn reached(operations: &BTreeMap<String, Totals>) -> BTreeMap<Level, Option<String>> {
    let complete = |totals: &Totals| totals.total > 0 && totals.passed == totals.total;
    let obstacle = |level: Level| match level.operations() {
        Some(names) => {
            names.iter().find(|name| !operations.get(**name).is_some_and(complete)).map(|name| (*name).to_owned())
        }
        None => operations.iter().find(|(_, totals)| !complete(totals)).map(|(name, _)| name.clone()),
    };
    Level::ALL.into_iter().map(|level| (level, obstacle(level))).collect()
}
