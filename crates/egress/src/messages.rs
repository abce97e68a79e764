//! Messages inside the text of records, whatever kind of file the records stand in: finding them, opening them, counting how the records
//! ended (docs/spec/EGRESS.md sections 2 and 6).

use crate::fields::Reading;
use crate::ledger::{Rows, Status, Unopened};
use crate::sink::new_sessions::{NewSession, NoNewSession};
use crate::sink::outlet::Outlet;
use crate::source::Source;
use crate::unopened_rows::UnopenedRows;
use sealwright_envelope::message::Message;
use sealwright_envelope::{OpenError, SymKey};
use sealwright_session::{Closed, Reason, Resolver};
use sealwright_types::{Coded as _, SessionId};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

/// Ready keys that are kept: neighbouring records mostly belong to the same sessions.
const KEPT_KEYS: usize = 1024;

/// The message that a text is, if it is one (EGR-13). What only looks like a message is a fault.
pub(crate) fn find(text: &str) -> Option<Result<Message, Fault>> {
    if let Some(message) = Message::parse_written(text) {
        return Some(Ok(message));
    }
    // Most texts are none: the name stands there, unless a character of it is escaped.
    if !(text.contains("sessionId") || text.contains("\\u")) || !is_message(text) {
        return None;
    }
    Some(Message::parse(text.as_bytes()).map_err(|error| Fault::malformed(error.code())))
}

/// As [`find`], for a field that is known to hold messages: a text that names no session is a raw message of the session that is named for it,
/// and malformed where one should be and is not (EGR-11).
pub(crate) fn find_in_named(text: &str, session: RawSession) -> Option<Result<Message, Fault>> {
    if let Some(found) = find(text) {
        return Some(found);
    }
    if text.trim_ascii().is_empty() || session == RawSession::NotExpected {
        return None;
    }
    let session = session.known();
    let malformed = || Fault { session, ..Fault::malformed("malformed") };
    let message = session.and_then(|session| Message::raw(session, text.trim_ascii()).ok());
    Some(message.ok_or_else(malformed))
}

/// The session of the raw messages of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawSession {
    Known(SessionId),
    /// The field that names it does not.
    Missing,
    /// Nobody has said that there are raw messages.
    NotExpected,
}

impl RawSession {
    /// What the session field of a record says, or else the map.
    pub(crate) fn new(named: Option<SessionId>, reading: Reading<'_>) -> Self {
        match named.or(reading.session) {
            Some(session) => Self::Known(session),
            None if reading.fields.session.is_some() => Self::Missing,
            None => Self::NotExpected,
        }
    }

    fn known(self) -> Option<SessionId> {
        if let Self::Known(session) = self { Some(session) } else { None }
    }
}

/// Whether a text is a JSON object with the two members of a message.
pub(crate) fn is_message(text: &str) -> bool {
    let members = || serde_json::from_str::<TwoMembers>(text);
    text.trim_ascii_start().starts_with('{') && members().is_ok_and(|members| members.session_id && members.data)
}

/// Which members of a message an object has.
#[derive(Default)]
struct TwoMembers {
    session_id: bool,
    data: bool,
}

impl<'de> Deserialize<'de> for TwoMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = TwoMembers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = TwoMembers::default();
                while let Some((name, IgnoredAny)) = map.next_entry::<Cow<'de, str>, _>()? {
                    members.session_id |= name == "sessionId";
                    members.data |= name == "data";
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
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

/// What opens messages, and what they become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) resolver: &'a Resolver,
    /// Where what is opened goes; as it is, without one.
    pub(crate) outlet: Option<&'a Outlet>,
}

/// Opens messages with session keys that are ready for use: no key schedule for each message of one session.
#[derive(Debug)]
pub(crate) struct Opener<'a> {
    by: Opening<'a>,
    ready: HashMap<(SessionId, usize), Result<Arc<Ready>, Closed>>,
}

#[derive(Debug)]
struct Ready {
    key: SymKey,
    /// Whether only a chain of proxies led to it.
    chain: bool,
    /// What its messages are sealed for again, known when it has opened one.
    target: OnceLock<Option<Arc<NewSession>>>,
}

/// What was in a message; with a sink that seals, the message that takes its place.
pub(crate) struct Clear {
    pub(crate) session: SessionId,
    pub(crate) bytes: Vec<u8>,
    /// Whether only a chain of proxies led to the key (EGR-21).
    pub(crate) chain: bool,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(by: Opening<'a>) -> Self {
        Self { by, ready: HashMap::new() }
    }

    /// Where its keys come from, and where what it opens goes to.
    pub(crate) fn opening(&self) -> Opening<'a> {
        self.by
    }

    /// Opens a message that was found, with one key of its session after the other (SES-10).
    ///
    /// # Errors
    /// What the system did not do: it says nothing of the message, and the whole file has failed.
    pub(crate) fn open(&mut self, found: Result<Message, Fault>) -> io::Result<Result<Clear, Fault>> {
        let mut message = match found {
            Ok(message) => message,
            Err(fault) => return Ok(Err(fault)),
        };
        let session = message.session();
        let fault = |status, error| Ok(Err(Fault { session: Some(session), status, error }));
        for nth in 0.. {
            let ready = match self.key(session, nth) {
                Ok(ready) => ready,
                // Who has the key is not known.
                Err(closed) if closed.reasons.contains(&Reason::Unreadable) => {
                    return Err(io::Error::other(Reason::Unreadable.to_string()));
                }
                Err(closed) if nth == 0 => return fault(Status::Closed, closed.code()),
                Err(_) => break,
            };
            message = match message.into_plaintext_or_back(&ready.key) {
                Ok(bytes) => {
                    return match self.through_sink(session, nth, &ready, bytes) {
                        Ok(bytes) => Ok(Ok(Clear { session, bytes, chain: ready.chain })),
                        Err(NoNewSession::Io(error)) => Err(error),
                        Err(reason) => fault(Status::Closed, reason.code()),
                    };
                }
                Err((message, OpenError::Rejected)) => message,
                Err((_, error)) => return fault(Status::Malformed, error.code()),
            };
        }
        fault(Status::Rejected, "rejected")
    }

    /// What stands for an opened message in the output.
    fn through_sink(
        &self,
        session: SessionId,
        nth: usize,
        ready: &Ready,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, NoNewSession> {
        let Some(outlet) = self.by.outlet else { return Ok(bytes) };
        let target = match ready.target.get() {
            Some(target) => target,
            None => {
                let target = outlet.target(Some(session), self.by.resolver)?;
                outlet.opened(session, nth, &ready.key)?;
                ready.target.get_or_init(|| target)
            }
        };
        let Some(new) = target else { return Ok(bytes) };
        let text = std::str::from_utf8(&bytes).map_err(|_| NoNewSession::NotText)?;
        Ok(new.sealed(text)?.into_bytes())
    }

    fn key(&mut self, session: SessionId, nth: usize) -> Result<Arc<Ready>, Closed> {
        if self.ready.len() >= KEPT_KEYS && !self.ready.contains_key(&(session, nth)) {
            self.ready.clear();
        }
        let ready = self.ready.entry((session, nth)).or_insert_with(|| {
            let resolved = self.by.resolver.resolve_nth(session, nth)?;
            let key = resolved.sym_key().ok_or_else(|| Closed { reasons: vec![Reason::Rejected] })?;
            Ok(Arc::new(Ready { key, chain: resolved.chain, target: OnceLock::new() }))
        });
        ready.clone()
    }
}

/// Clear bytes that are no text.
pub(crate) struct NotText {
    pub(crate) bytes: Vec<u8>,
    /// What it means for a record that can hold nothing but text.
    pub(crate) fault: Fault,
}

impl Clear {
    /// The clear text, for a record that can hold nothing but text (EGR-28).
    pub(crate) fn into_text(self) -> Result<String, NotText> {
        let fault = Fault { session: Some(self.session), status: Status::Closed, error: "not-utf8" };
        String::from_utf8(self.bytes).map_err(|error| NotText { bytes: error.into_bytes(), fault })
    }
}

/// How the records of a file ended.
#[derive(Debug)]
pub(crate) struct Rewritten<'a> {
    pub(crate) source: &'a Source,
    pub(crate) rows: Rows,
    pub(crate) unopened: UnopenedRows,
    /// Whether only a chain of proxies led to the key of one of them (EGR-21).
    pub(crate) chain: bool,
    /// Whether the file ended before its end because of damage.
    pub(crate) damaged: bool,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
    /// The places, among those of the options, of the pointers that have led to something.
    pub(crate) pointed: BTreeSet<usize>,
    /// Whether something that may be a message stands where none is looked for.
    pub(crate) passed_over: bool,
}

impl<'a> Rewritten<'a> {
    /// Nothing so far. What stays closed goes into `unopened`.
    pub(crate) fn new(source: &'a Source, unopened: UnopenedRows) -> Self {
        Self {
            source,
            rows: Rows::default(),
            unopened,
            chain: false,
            damaged: false,
            warnings: Vec::new(),
            pointed: BTreeSet::new(),
            passed_over: false,
        }
    }

    /// For a part of a file that is in memory anyway.
    pub(crate) fn part(source: &'a Source) -> Self {
        Self::new(source, UnopenedRows::in_memory())
    }

    /// Appends how the records of a part ended.
    pub(crate) fn append(&mut self, part: Self) -> io::Result<()> {
        let mut unopened = part.unopened;
        unopened.number_from(self.rows.records);
        self.unopened.append(unopened)?;
        self.rows.add(part.rows);
        self.chain |= part.chain;
        self.damaged |= part.damaged;
        self.warnings.extend(part.warnings);
        self.pointed.extend(part.pointed);
        self.passed_over |= part.passed_over;
        Ok(())
    }

    /// Counts the next record, as its worst message; `opened` tells whether a message of it was opened.
    pub(crate) fn count(&mut self, faults: &[Fault], opened: bool) -> io::Result<()> {
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
        let mut unopened = faults.iter().map(|fault| Unopened {
            source: self.source.text(),
            source_bytes: self.source.hex(),
            row,
            session_id: fault.session.map(|session| session.to_string()),
            status: fault.status,
            error: fault.error.to_owned(),
        });
        unopened.try_for_each(|row| self.unopened.push(row))
    }
}
