//! JSON Lines with messages inside: rewritten with the clear text in place, every other byte unchanged (EGR-13, EGR-28).

use crate::fields::Reading;
use crate::ledger::Status;
use crate::lines::LONGEST_LINE;
use crate::messages::{self, Fault, Opener, Rewritten, is_message};
use crate::source::Source;
use sealwright_envelope::message::Message;
use sealwright_types::{SessionId, b64};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read as _, Write};
use std::ops::Range;

/// Rewrites the records of a file and tells how they ended.
pub(crate) fn rewrite(
    mut source: impl BufRead,
    sink: &mut impl Write,
    name: &Source,
    opener: &mut Opener<'_>,
    reading: Reading<'_>,
) -> io::Result<Rewritten> {
    let mut rewriter = Rewriter { opener, name, reading, done: Rewritten::default() };
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

/// Gives the sessions whose messages stand in the records of a file to `take`.
pub(crate) fn sessions(
    mut source: impl BufRead,
    reading: Reading<'_>,
    take: &mut dyn FnMut(SessionId),
) -> io::Result<()> {
    let mut line = Vec::new();
    while read_piece(&mut source, &mut line)? > 0 {
        if line.len() == LONGEST_LINE && !line.ends_with(b"\n") {
            source.skip_until(b'\n')?;
        }
        let Some(record) = Record::parse(&line) else { continue };
        record
            .each_message(&line, reading, &mut |found| found.message.iter().map(Message::session).for_each(&mut *take));
    }
    Ok(())
}

struct Rewriter<'a, 'r> {
    opener: &'a mut Opener<'r>,
    name: &'a Source,
    reading: Reading<'a>,
    done: Rewritten,
}

/// A message in a record.
struct Found<'a> {
    /// The text that holds it, as it stands in the line.
    raw: &'a str,
    /// The object that the text is a member of.
    object: Option<&'a str>,
    /// What only looks like a message is an error.
    message: Result<Message, Fault>,
}

impl Rewriter<'_, '_> {
    fn rewrite(&mut self, line: &[u8], sink: &mut impl Write) -> io::Result<()> {
        if line.trim_ascii().is_empty() {
            return sink.write_all(line);
        }
        let Some(record) = Record::parse(line) else {
            self.done.count(self.name, &[Fault::malformed("malformed")], false);
            return sink.write_all(line);
        };
        let (mut written, mut faults, mut opened) = (0, Vec::new(), false);
        let mut binary = self.reading.fields.binary.as_deref();
        let mut result = Ok(());
        record.each_message(line, self.reading, &mut |found| {
            let clear = found.message.and_then(|message| self.opener.open(&message));
            let clear = match clear {
                Ok(clear) => clear,
                Err(fault) => return faults.push(fault),
            };
            let chain = clear.chain;
            let at = offset(line, found.raw);
            let replaced = match clear.into_text() {
                Ok(text) => replace(line, written..at, &text, sink),
                Err(not_text) => {
                    let has_room = |name: &&str| found.object.is_some_and(|object| member(object, name).is_none());
                    let Some(name) = binary.take().filter(has_room) else { return faults.push(not_text.fault) };
                    insert(line, written..at + found.raw.len(), name, &not_text.bytes, sink)
                }
            };
            written = at + found.raw.len();
            opened = true;
            self.done.chain |= chain;
            if result.is_ok() {
                result = replaced;
            }
        });
        result?;
        if is_bare_message(line) {
            // There is no field that its clear text could stand in.
            faults.push(Fault { session: None, status: Status::Closed, error: "no-field" });
        }
        self.done.count(self.name, &faults, opened);
        sink.write_all(line.get(written..).unwrap_or_default())
    }
}

/// Writes what stands before a value, and a text in its place.
fn replace(line: &[u8], before: Range<usize>, text: &str, sink: &mut impl Write) -> io::Result<()> {
    sink.write_all(line.get(before).unwrap_or_default())?;
    Ok(serde_json::to_writer(sink, text)?)
}

/// Writes what stands up to the end of a value, and another member behind it.
fn insert(line: &[u8], before: Range<usize>, name: &str, bytes: &[u8], sink: &mut impl Write) -> io::Result<()> {
    sink.write_all(line.get(before).unwrap_or_default())?;
    sink.write_all(b",")?;
    serde_json::to_writer(&mut *sink, name)?;
    sink.write_all(b":")?;
    Ok(serde_json::to_writer(sink, &b64::encode(bytes))?)
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

    /// The messages among the texts that are looked at, in the order of their places.
    fn each_message(&self, line: &'a [u8], reading: Reading<'_>, each: &mut dyn FnMut(Found<'a>)) {
        let object = std::str::from_utf8(line).ok();
        if reading.fields.pointers.is_empty() {
            for value in &self.0 {
                let Some(text) = text_of_message(value.get()) else { continue };
                let Some(message) = messages::find(&text) else { continue };
                each(Found { raw: value.get(), object, message });
            }
            return;
        }
        let Some(object) = object else { return };
        let session = reading.fields.session.as_deref().and_then(|field| session_in(object, field)).or(reading.session);
        let mut found: Vec<_> = reading.fields.pointers.iter().filter_map(|pointer| at(object, pointer)).collect();
        found.sort_by_key(|(raw, _)| offset(line, raw));
        found.dedup_by_key(|(raw, _)| offset(line, raw));
        for (raw, object) in found {
            let Some(text) = raw.starts_with('"').then(|| serde_json::from_str::<String>(raw).ok()).flatten() else {
                continue;
            };
            let Some(message) = messages::find_in_named(&text, session) else { continue };
            each(Found { raw, object, message });
        }
    }
}

/// The text of a member, unless it is none or cannot be a message.
fn text_of_message(raw: &str) -> Option<Cow<'_, str>> {
    // Most members are no messages: the name stands there, unless a character of it is escaped.
    let may_be = raw.starts_with('"') && (raw.contains("sessionId") || raw.contains("\\u"));
    may_be.then(|| serde_json::from_str(raw).ok())?
}

/// What a pointer (RFC 6901) leads to, and the object that it is a member of.
fn at<'a>(object: &'a str, pointer: &str) -> Option<(&'a str, Option<&'a str>)> {
    let (mut value, mut parent) = (object, None);
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        if value.trim_start().starts_with('[') {
            let elements: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            (value, parent) = (elements.get(token.parse::<usize>().ok()?)?.get(), None);
        } else {
            (value, parent) = (member(value, &token)?, Some(value));
        }
    }
    Some((value, parent))
}

/// The last member of an object with a name, as it stands there.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(object).ok()?;
    members.get(name).map(|value| value.get())
}

/// The session that a field names: at top level, or where a pointer leads.
fn session_in(object: &str, field: &str) -> Option<SessionId> {
    let raw = if field.starts_with('/') { at(object, field)?.0 } else { member(object, field)? };
    serde_json::from_str::<String>(raw).ok()?.trim().parse().ok()
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
