//! The ids of new sessions: random, or from a file (docs/spec/EGRESS.md section 6).

use sealwright_types::{Coded, SessionId};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, Read as _};
use std::sync::Arc;

/// Which id the new session of an old one gets.
#[derive(Debug, Clone, Default)]
pub struct SessionIds(Option<Arc<HashMap<SessionId, SessionId>>>);

/// Why a file of session ids cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionIdsError {
    /// A line is no object of two ids and nothing else.
    #[error("line {line} is not {{\"oldSessionId\":ID,\"sessionId\":ID}}")]
    Malformed {
        /// The line, from one.
        line: u64,
    },
    /// A line gives an old session a second new one.
    #[error("line {line} names an old session that an earlier line names")]
    Repeated {
        /// The line, from one.
        line: u64,
    },
    /// A line gives a new session to a second old one. Two keys would have the same id.
    #[error("line {line} names a new session that an earlier line names")]
    Shared {
        /// The line, from one.
        line: u64,
    },
    /// A new session has the id of an old one. Two keys would have the same id.
    #[error("line {line} gives a new session the id of an old one")]
    Unchanged {
        /// The line, from one.
        line: u64,
    },
    /// The file could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Coded for SessionIdsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::Repeated { .. } | Self::Shared { .. } | Self::Unchanged { .. } => "bad-session-ids",
            Self::Io(_) => "io",
        }
    }
}

/// A line of the file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    old_session_id: SessionId,
    session_id: SessionId,
}

/// The longest line: two ids in any spelling and much space.
const LONGEST_LINE: u64 = 1024;

impl SessionIds {
    /// Each new session gets a random id (version 4).
    pub fn random() -> Self {
        Self(None)
    }

    /// Reads JSON Lines of `{"oldSessionId","sessionId"}`, ids in every form that a reader accepts; empty lines are skipped. The file has to be
    /// right as a whole. An old session that is not in it gets no new one.
    ///
    /// # Errors
    /// [`SessionIdsError`].
    pub fn read(mut source: impl BufRead) -> Result<Self, SessionIdsError> {
        let (mut ids, mut new, mut text) = (HashMap::new(), HashSet::new(), Vec::new());
        let mut lines = Vec::new();
        for line in 1.. {
            text.clear();
            if source.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let trimmed = text.trim_ascii();
            if trimmed.is_empty() && text.ends_with(b"\n") {
                continue;
            }
            let malformed = |_| SessionIdsError::Malformed { line };
            // An array of two ids would be taken for the members of an object.
            let is_object = trimmed.starts_with(b"{") && (text.len() < LONGEST_LINE as usize || text.ends_with(b"\n"));
            let object = if is_object { trimmed } else { b"" };
            let Line { old_session_id, session_id } = serde_json::from_slice(object).map_err(malformed)?;
            if ids.insert(old_session_id, session_id).is_some() {
                return Err(SessionIdsError::Repeated { line });
            }
            if !new.insert(session_id) {
                return Err(SessionIdsError::Shared { line });
            }
            lines.push((line, session_id));
        }
        match lines.into_iter().find(|(_, new)| ids.contains_key(new)) {
            Some((line, _)) => Err(SessionIdsError::Unchanged { line }),
            None => Ok(Self(Some(Arc::new(ids)))),
        }
    }

    /// The id of the new session, `None` if the file gives none.
    pub(crate) fn of(&self, old: SessionId) -> io::Result<Option<SessionId>> {
        match &self.0 {
            Some(ids) => Ok(ids.get(&old).copied()),
            None => SessionId::random().map(Some).map_err(io::Error::other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "5a221722-36c4-41ee-be56-0242ac120002";
    const B: &str = "00000000-0000-1000-a000-7ea300000018";
    const C: &str = "00000000-0000-1000-a000-7ea300000019";

    fn line(old: &str, new: &str) -> String {
        format!(r#"{{"oldSessionId":"{old}","sessionId":"{new}"}}"#)
    }

    fn read(text: &str) -> Result<SessionIds, &'static str> {
        SessionIds::read(text.as_bytes()).map_err(|error| error.code())
    }

    #[test]
    fn ids_are_read_in_every_spelling() {
        let old: SessionId = A.parse().unwrap();
        let ids =
            read(&format!("\n{}\r\n\n{}", line(&old.to_s64(), B), line(C, "00000000-0000-1000-a000-7ea30000001a")));
        let ids = ids.unwrap();
        assert_eq!(ids.of(old).unwrap(), Some(B.parse().unwrap()));
        assert_eq!(ids.of(B.parse().unwrap()).unwrap(), None);
    }

    #[test]
    fn a_wrong_file_is_refused_as_a_whole() {
        for (text, code) in [
            (format!("[\"{A}\",\"{B}\"]"), "malformed"),
            (line(A, "x"), "malformed"),
            (format!("{A} {B}"), "malformed"),
            (format!(r#"{{"oldSessionId":"{A}","sessionId":"{B}","key":"AAAA"}}"#), "malformed"),
            (format!(r#"{{"oldSessionId":"{A}"}}"#), "malformed"),
            (format!("{}{}", " ".repeat(2000), line(A, B)), "malformed"),
            (format!("{}\n{}", line(A, B), line(A, C)), "bad-session-ids"),
            (format!("{}\n{}", line(A, C), line(B, C)), "bad-session-ids"),
            (line(A, A), "bad-session-ids"),
            (format!("{}\n{}", line(A, B), line(B, C)), "bad-session-ids"),
        ] {
            assert_eq!(read(&text).err(), Some(code), "{text}");
        }
    }

    #[test]
    fn random_ids_differ() {
        let old: SessionId = A.parse().unwrap();
        let ids = SessionIds::random();
        assert_ne!(ids.of(old).unwrap(), ids.of(old).unwrap());
    }
}
