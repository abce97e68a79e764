//! JSON Lines with messages inside: rewritten with the clear text in place, every other byte unchanged (EGR-13, EGR-28).

use crate::ledger::Status;
use crate::lines::LONGEST_LINE;
use crate::messages::{self, Fault, Opener, Rewritten, is_message};
use crate::source::Source;
use sealwright_envelope::message::Message;
use sealwright_session::Resolver;
use sealwright_types::SessionId;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, Read as _, Write};

/// Rewrites the records of a file and tells how they ended.
pub(crate) fn rewrite(
    mut source: impl BufRead,
    sink: &mut impl Write,
    name: &Source,
    resolver: &Resolver,
) -> io::Result<Rewritten> {
    let mut rewriter = Rewriter { opener: Opener::new(resolver), name, done: Rewritten::default() };
    let mut line = Vec::new();
    while read_piece(&mut source, &mut line)? > 0 {
        if line.len() == LONGEST_LINE && !line.ends_with(b"\n") {
            sink.write_all(&line)?;
            copy_rest_of_line(&mut source, sink)?;
            rewriter.done.count(name, &[Fault::malformed("too-large")], false);
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
    opener: Opener<'a>,
    name: &'a Source,
    done: Rewritten,
}

impl Rewriter<'_> {
    fn rewrite(&mut self, line: &[u8], sink: &mut impl Write) -> io::Result<()> {
        if line.trim_ascii().is_empty() {
            return sink.write_all(line);
        }
        let Some(record) = Record::parse(line) else {
            self.done.count(self.name, &[Fault::malformed("malformed")], false);
            return sink.write_all(line);
        };
        let (mut written, mut faults, mut opened) = (0, Vec::new(), false);
        for (raw, message) in record.messages() {
            let clear = message.and_then(|message| self.opener.open(&message)).and_then(|clear| {
                self.done.chain |= clear.chain;
                clear.into_text()
            });
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
        if is_bare_message(line) {
            // There is no field that its clear text could stand in.
            faults.push(Fault { session: None, status: Status::Closed, error: "no-field" });
        }
        self.done.count(self.name, &faults, opened);
        sink.write_all(line.get(written..).unwrap_or_default())
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
    fn messages(&self) -> impl Iterator<Item = (&'a str, Result<Message, Fault>)> {
        self.0.iter().filter_map(|value| {
            let raw = value.get();
            if !raw.starts_with('"') {
                return None;
            }
            // Most members are no messages: the name stands there, unless a character of it is escaped.
            let may_be = raw.contains("sessionId") || raw.contains("\\u");
            let text: Cow<'a, str> = may_be.then(|| serde_json::from_str(raw).ok())??;
            messages::find(&text).map(|message| (raw, message))
        })
    }
}

/// Whether a record itself is a message. Inside a field, the quotes around the name are escaped.
fn is_bare_message(line: &[u8]) -> bool {
    const NAME: &[u8] = b"\"sessionId\"";
    let may_be = line.windows(NAME.len()).any(|window| window == NAME);
    may_be && std::str::from_utf8(line).is_ok_and(is_message)
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
