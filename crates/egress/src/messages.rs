//! Messages inside the text of records, whatever kind of file the records stand in: finding them, opening them, counting how the records
//! ended (docs/spec/EGRESS.md sections 2 and 6).

use crate::ledger::{Rows, Status, Unopened};
use crate::source::Source;
use sealwright_envelope::message::Message;
use sealwright_envelope::{OpenError, SymKey};
use sealwright_session::{Closed, Reason, Resolver};
use sealwright_types::{Coded as _, SessionId};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// Ready keys that are kept: neighbouring records mostly belong to the same sessions.
const KEPT_KEYS: usize = 1024;

/// The message that a text is, if it is one (EGR-13). What only looks like a message is a fault.
pub(crate) fn find(text: &str) -> Option<Result<Message, Fault>> {
    // Most texts are none: the name stands there, unless a character of it is escaped.
    if !(text.contains("sessionId") || text.contains("\\u")) || !is_message(text) {
        return None;
    }
    Some(Message::parse(text.as_bytes()).map_err(|error| Fault::malformed(error.code())))
}

/// Whether a text is a JSON object with the two members of a message.
pub(crate) fn is_message(text: &str) -> bool {
    type Members<'a> = HashMap<Cow<'a, str>, IgnoredAny>;
    if !text.trim_ascii_start().starts_with('{') {
        return false;
    }
    let members: Result<Members<'_>, _> = serde_json::from_str(text);
    members.is_ok_and(|members| members.contains_key("sessionId") && members.contains_key("data"))
}

/// Why a message stayed as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) session: Option<SessionId>,
    pub(crate) status: Status,
    pub(crate) error: &'static str,
}

impl Fault {
    /// Something that is no message, and nobody can say of which session.
    pub(crate) fn malformed(error: &'static str) -> Self {
        Self { session: None, status: Status::Malformed, error }
    }
}

/// Opens messages with session keys that are ready for use: no key schedule for each message of one session.
#[derive(Debug)]
pub(crate) struct Opener<'a> {
    resolver: &'a Resolver,
    ready: HashMap<(SessionId, usize), Result<Arc<Ready>, Closed>>,
}

#[derive(Debug)]
struct Ready {
    key: SymKey,
    /// Whether only a chain of proxies led to it.
    chain: bool,
}

/// What was in a message.
pub(crate) struct Clear {
    pub(crate) session: SessionId,
    pub(crate) bytes: Vec<u8>,
    /// Whether only a chain of proxies led to the key (EGR-21).
    pub(crate) chain: bool,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(resolver: &'a Resolver) -> Self {
        Self { resolver, ready: HashMap::new() }
    }

    /// Opens a message with one key of its session after the other (SES-10).
    pub(crate) fn open(&mut self, message: &Message) -> Result<Clear, Fault> {
        let session = message.session();
        let fault = |status, error| Fault { session: Some(session), status, error };
        let mut nth = 0;
        loop {
            let Ready { key, chain } = &*match self.key(session, nth) {
                Ok(ready) => ready,
                Err(closed) if nth == 0 => return Err(fault(Status::Closed, closed.code())),
                Err(_) => return Err(fault(Status::Rejected, "rejected")),
            };
            match message.open(key) {
                Ok(bytes) => return Ok(Clear { session, bytes, chain: *chain }),
                Err(OpenError::Rejected) => nth += 1,
                Err(error) => return Err(fault(Status::Malformed, error.code())),
            }
        }
    }

    fn key(&mut self, session: SessionId, nth: usize) -> Result<Arc<Ready>, Closed> {
        if self.ready.len() >= KEPT_KEYS {
            self.ready.clear();
        }
        let ready = self.ready.entry((session, nth)).or_insert_with(|| {
            let resolved = self.resolver.resolve_nth(session, nth)?;
            let key = resolved.sym_key().ok_or_else(|| Closed { reasons: vec![Reason::Rejected] })?;
            Ok(Arc::new(Ready { key, chain: resolved.chain }))
        });
        ready.clone()
    }
}

impl Clear {
    /// The clear text, for a record that can hold nothing but text (EGR-28).
    pub(crate) fn into_text(self) -> Result<String, Fault> {
        let not_text = Fault { session: Some(self.session), status: Status::Closed, error: "not-utf8" };
        String::from_utf8(self.bytes).map_err(|_| not_text)
    }
}

/// How the records of a file ended.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) rows: Rows,
    pub(crate) unopened: Vec<Unopened>,
    /// Whether only a chain of proxies led to the key of one of them (EGR-21).
    pub(crate) chain: bool,
}

impl Rewritten {
    /// Counts the next record, as its worst message; `opened` tells whether a message of it was opened.
    pub(crate) fn count(&mut self, source: &Source, faults: &[Fault], opened: bool) {
        let rows = &mut self.rows;
        let row = rows.records;
        rows.records += 1;
        let has = |status| faults.iter().any(|fault| fault.status == status);
        if has(Status::Malformed) {
            rows.malformed += 1;
        } else if has(Status::Rejected) {
            rows.rejected += 1;
        } else if has(Status::Closed) {
            rows.closed += 1;
        } else if opened {
            rows.converted += 1;
        }
        self.unopened.extend(faults.iter().map(|fault| Unopened {
            source: source.text(),
            source_bytes: source.hex(),
            row,
            session_id: fault.session.map(|session| session.to_string()),
            status: fault.status,
            error: fault.error.to_owned(),
        }));
    }
}
