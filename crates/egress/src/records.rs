//! JSON Lines with messages inside: rewritten with the clear text in place, every other byte unchanged (EGR-13, EGR-28).

use crate::ledger::{Rows, Status, Unopened};
use crate::lines::LONGEST_LINE;
use sealwright_envelope::message::Message;
use sealwright_envelope::{OpenError, SymKey};
use sealwright_session::{Closed, Reason, Resolver};
use sealwright_types::{Coded as _, SessionId};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;

/// Ready keys that are kept: neighbouring records mostly belong to the same sessions.
const KEPT_KEYS: usize = 1024;

/// Rewrites the records of a file and tells how they ended.
pub(crate) fn rewrite(
    mut source: impl BufRead,
    sink: &mut impl Write,
    name: &str,
    resolver: &Resolver,
) -> io::Result<(Rows, Vec<Unopened>)> {
    let mut rewriter = Rewriter { keys: Keys::new(resolver), name, rows: Rows::default(), unopened: Vec::new() };
    let mut line = Vec::new();
    while read_piece(&mut source, &mut line)? > 0 {
        if line.len() == LONGEST_LINE && !line.ends_with(b"\n") {
            sink.write_all(&line)?;
            copy_rest_of_line(&mut source, sink)?;
            rewriter.count(&[Fault::malformed("too-large")], false);
        } else {
            rewriter.rewrite(&line, sink)?;
        }
    }
    Ok((rewriter.rows, rewriter.unopened))
}

/// The sessions whose messages stand in the records of a file.
pub(crate) fn sessions(mut source: impl BufRead) -> io::Result<BTreeSet<SessionId>> {
    let mut sessions = BTreeSet::new();
    let mut line = Vec::new();
    while read_piece(&mut source, &mut line)? > 0 {
        if line.len() == LONGEST_LINE && !line.ends_with(b"\n") {
            source.skip_until(b'\n')?;
        }
        let Some(record) = Record::parse(&line) else { continue };
        sessions.extend(record.messages().filter_map(|(_, message)| message.ok()).map(|message| message.session()));
    }
    Ok(sessions)
}

struct Rewriter<'a> {
    keys: Keys<'a>,
    name: &'a str,
    rows: Rows,
    unopened: Vec<Unopened>,
}

/// Why a message of a record stayed as it was.
struct Fault {
    session: Option<SessionId>,
    status: Status,
    error: &'static str,
}

impl Fault {
    fn malformed(error: &'static str) -> Self {
        Self { session: None, status: Status::Malformed, error }
    }
}

impl Rewriter<'_> {
    fn rewrite(&mut self, line: &[u8], sink: &mut impl Write) -> io::Result<()> {
        if line.trim_ascii().is_empty() {
            return sink.write_all(line);
        }
        let Some(record) = Record::parse(line) else {
            self.count(&[Fault::malformed("malformed")], false);
            return sink.write_all(line);
        };
        let (mut written, mut faults, mut opened) = (0, Vec::new(), false);
        for (raw, message) in record.messages() {
            let clear = message.map_err(Fault::malformed).and_then(|message| self.keys.open(message));
            match clear {
                Ok(clear) => {
                    let at = offset(line, raw);
                    sink.write_all(line.get(written..at).unwrap_or_default())?;
                    serde_json::to_writer(&mut *sink, &clear)?;
                    written = at + raw.len();
                    opened = true;
                }
                Err(fault) => faults.push(fault),
            }
        }
        self.count(&faults, opened);
        sink.write_all(line.get(written..).unwrap_or_default())
    }

    /// A record counts as its worst message.
    fn count(&mut self, faults: &[Fault], opened: bool) {
        let row = self.rows.records;
        self.rows.records += 1;
        let has = |status| faults.iter().any(|fault| fault.status == status);
        if has(Status::Malformed) {
            self.rows.malformed += 1;
        } else if has(Status::Rejected) {
            self.rows.rejected += 1;
        } else if has(Status::Closed) {
            self.rows.closed += 1;
        } else if opened {
            self.rows.converted += 1;
        }
        self.unopened.extend(faults.iter().map(|fault| Unopened {
            source: self.name.to_owned(),
            row,
            session_id: fault.session.map(|session| session.to_string()),
            status: fault.status,
            error: fault.error.to_owned(),
        }));
    }
}

/// The top-level members of a record, as they stand in the line.
struct Record<'a>(Vec<&'a RawValue>);

impl<'a> Record<'a> {
    /// A line that is JSON but no object is a record without members. `None` if it is no JSON.
    fn parse(line: &'a [u8]) -> Option<Self> {
        let record = serde_json::from_slice(line).ok();
        record.or_else(|| serde_json::from_slice(line).ok().map(|IgnoredAny| Self(Vec::new())))
    }

    /// The messages among the text members, with the text that holds them. What only looks like a message is an error.
    fn messages(&self) -> impl Iterator<Item = (&'a str, Result<Message, &'static str>)> {
        self.0.iter().filter_map(|value| {
            let raw = value.get();
            // Most members are no messages: the name stands there, unless a character of it is escaped.
            if !raw.starts_with('"') || !(raw.contains("sessionId") || raw.contains("\\u")) {
                return None;
            }
            let text: Cow<'a, str> = serde_json::from_str(raw).ok()?;
            is_message(&text).then(|| (raw, Message::parse(text.as_bytes()).map_err(|error| error.code())))
        })
    }
}

/// Whether a text is a JSON object with the two members of a message.
fn is_message(text: &str) -> bool {
    type Members<'a> = HashMap<Cow<'a, str>, IgnoredAny>;
    let members: Result<Members<'_>, _> = serde_json::from_str(text);
    members.is_ok_and(|members| members.contains_key("sessionId") && members.contains_key("data"))
}

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Record<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some((_, value)) = map.next_entry::<IgnoredAny, &'de RawValue>()? {
                    values.push(value);
                }
                Ok(Record(values))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// Session keys, ready for use, of the latest sessions: no key schedule for each message of one session.
struct Keys<'a> {
    resolver: &'a Resolver,
    ready: HashMap<(SessionId, usize), Result<Arc<SymKey>, Closed>>,
}

impl<'a> Keys<'a> {
    fn new(resolver: &'a Resolver) -> Self {
        Self { resolver, ready: HashMap::new() }
    }

    /// Tries one key of the session after the other (SES-10). A clear text that is no UTF-8 cannot stand in JSON (EGR-28).
    fn open(&mut self, message: Message) -> Result<String, Fault> {
        let session = message.session();
        let fault = |status, error| Fault { session: Some(session), status, error };
        let mut nth = 0;
        loop {
            let key = match self.key(session, nth) {
                Ok(key) => key,
                Err(closed) if nth == 0 => return Err(fault(Status::Closed, closed.code())),
                Err(_) => return Err(fault(Status::Rejected, "rejected")),
            };
            match message.open(&key) {
                Ok(clear) => return String::from_utf8(clear).map_err(|_| fault(Status::Closed, "not-utf8")),
                Err(OpenError::Rejected) => nth += 1,
                Err(error) => return Err(fault(Status::Malformed, error.code())),
            }
        }
    }

    fn key(&mut self, session: SessionId, nth: usize) -> Result<Arc<SymKey>, Closed> {
        if self.ready.len() >= KEPT_KEYS {
            self.ready.clear();
        }
        let ready = self.ready.entry((session, nth)).or_insert_with(|| {
            let key = self.resolver.resolve_nth(session, nth)?;
            key.sym_key().map(Arc::new).ok_or_else(|| Closed { reasons: vec![Reason::Rejected] })
        });
        ready.clone()
    }
}

/// The place of a part of a line.
fn offset(line: &[u8], part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

/// Reads a line, or as much of it as is read at once.
fn read_piece(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    source.take(LONGEST_LINE as u64).read_until(b'\n', line)
}

fn copy_rest_of_line(source: &mut impl BufRead, sink: &mut impl Write) -> io::Result<()> {
    loop {
        let available = source.fill_buf()?;
        let end = available.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let length = end.unwrap_or(available.len());
        sink.write_all(available.get(..length).unwrap_or_default())?;
        source.consume(length);
        if end.is_some() || length == 0 {
            return Ok(());
        }
    }
}
