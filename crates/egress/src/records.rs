//! JSON Lines with messages inside: rewritten with the clear text in place, every other byte unchanged (EGR-13, EGR-28).

use crate::ledger::{Rows, Status, Unopened};
use crate::lines::LONGEST_LINE;
use crate::source::Source;
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

/// How the records of a file ended.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) rows: Rows,
    pub(crate) unopened: Vec<Unopened>,
    /// Whether only a chain of proxies led to the key of one of them (EGR-21).
    pub(crate) chain: bool,
}

/// Rewrites the records of a file and tells how they ended.
pub(crate) fn rewrite(
    mut source: impl BufRead,
    sink: &mut impl Write,
    name: &Source,
    resolver: &Resolver,
) -> io::Result<Rewritten> {
    let mut rewriter = Rewriter { keys: Keys::new(resolver), name, done: Rewritten::default() };
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
    Ok(rewriter.done)
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
    name: &'a Source,
    done: Rewritten,
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
                Ok((clear, chain)) => {
                    self.done.chain |= chain;
                    let at = offset(line, raw);
                    sink.write_all(line.get(written..at).unwrap_or_default())?;
                    serde_json::to_writer(&mut *sink, &clear)?;
                    written = at + raw.len();
                    opened = true;
                }
                Err(fault) => faults.push(fault),
            }
        }
        if is_bare_message(line) {
            // There is no field that its clear text could stand in.
            faults.push(Fault { session: None, status: Status::Closed, error: "no-field" });
        }
        self.count(&faults, opened);
        sink.write_all(line.get(written..).unwrap_or_default())
    }

    /// A record counts as its worst message.
    fn count(&mut self, faults: &[Fault], opened: bool) {
        let rows = &mut self.done.rows;
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
        self.done.unopened.extend(faults.iter().map(|fault| Unopened {
            source: self.name.text(),
            source_bytes: self.name.hex(),
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
        // What reads nothing of a value accepts bytes in it that are no text: an object has to be read.
        let line = std::str::from_utf8(line).ok()?;
        if line.trim_start().starts_with('{') {
            return serde_json::from_str(line).ok();
        }
        serde_json::from_str(line).ok().map(|IgnoredAny| Self(Vec::new()))
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

/// Whether a record itself is a message. Inside a field, the quotes around the name are escaped.
fn is_bare_message(line: &[u8]) -> bool {
    const NAME: &[u8] = b"\"sessionId\"";
    let may_be = line.windows(NAME.len()).any(|window| window == NAME);
    may_be && std::str::from_utf8(line).is_ok_and(is_message)
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
    ready: HashMap<(SessionId, usize), Result<Arc<Ready>, Closed>>,
}

struct Ready {
    key: SymKey,
    /// Whether only a chain of proxies led to it.
    chain: bool,
}

impl<'a> Keys<'a> {
    fn new(resolver: &'a Resolver) -> Self {
        Self { resolver, ready: HashMap::new() }
    }

    /// Tries one key of the session after the other (SES-10); tells too whether a chain led to it. A clear text that is no UTF-8 cannot
    /// stand in JSON (EGR-28).
    fn open(&mut self, message: Message) -> Result<(String, bool), Fault> {
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
                Ok(clear) => {
                    let text = String::from_utf8(clear).map_err(|_| fault(Status::Closed, "not-utf8"))?;
                    return Ok((text, *chain));
                }
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
