//! Where opened data goes (docs/spec/EGRESS.md section 6): as it is, encrypted with age, or sealed again for Seald.
//!
//! [`Sink`] is what a caller wants. [`outlet::Outlet`] is that, ready for one run; every output is an [`output::Output`] of it.

pub(crate) mod new_sessions;
pub(crate) mod outlet;
pub(crate) mod output;
pub(crate) mod recipients;
pub(crate) mod session_ids;
pub(crate) mod state;

use recipients::Recipients;
use sealwright_envelope::SymKey;
use sealwright_types::SessionId;
use session_ids::SessionIds;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the outputs of a run go, and where its keys go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Sink {
    /// The plaintext.
    Clear {
        /// Where the session keys that were found go.
        keys_out: Option<KeysOut>,
    },
    /// Each output is a file in the format of the age tools, called `NAME.age`.
    Age {
        /// Who can open them.
        recipients: Recipients,
        /// Where the session keys that were found go.
        keys_out: Option<KeysOut>,
    },
    /// Sealed again for Seald, each session as a new one with a new key; files are called `NAME.seald`.
    NewSessions {
        /// The ids of the new sessions.
        ids: SessionIds,
        /// Where the new keys go, without which nobody can read the outputs.
        keys_out: KeysOut,
    },
    /// Sealed again for Seald, everything for one session.
    IntoSession {
        /// The session.
        session: SessionId,
        /// Its key.
        key: Arc<SymKey>,
        /// Where the session keys that were found go.
        keys_out: Option<KeysOut>,
    },
}

impl Default for Sink {
    fn default() -> Self {
        Self::Clear { keys_out: None }
    }
}

/// A file for session keys, which is always encrypted.
#[derive(Debug, Clone)]
pub struct KeysOut {
    /// The file.
    pub path: PathBuf,
    /// Who can open it.
    pub recipients: Recipients,
}

impl Sink {
    /// Where keys go.
    pub fn keys_out(&self) -> Option<&KeysOut> {
        match self {
            Self::Clear { keys_out } | Self::Age { keys_out, .. } | Self::IntoSession { keys_out, .. } => {
                keys_out.as_ref()
            }
            Self::NewSessions { keys_out, .. } => Some(keys_out),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Clear { .. } => "clear",
            Self::Age { .. } => "age",
            Self::NewSessions { .. } | Self::IntoSession { .. } => "session",
        }
    }
}

/// What a sink of this kind appends to the names of files.
pub(crate) fn appended(kind: &str) -> Option<&'static str> {
    match kind {
        "age" => Some(AGE),
        "session" => Some(SEALD),
        _ => None,
    }
}

/// The ending of files in the format of the age tools.
pub(crate) const AGE: &str = ".age";
/// The ending of containers.
pub(crate) const SEALD: &str = ".seald";
