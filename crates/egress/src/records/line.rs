//! One record: the messages in it, and its line with the clear text in place.

use crate::fields::Reading;
use crate::ledger::Status;
use crate::messages::{self, Fault, Opener, RawSession, Rewritten, is_message};
use sealwright_envelope::message::Message;
use sealwright_types::{SessionId, b64};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::ops::Range;

/// Rewrites records and counts how they ended.
pub(super) struct Rewriter<'a, 'o, 'r> {
    pub(super) opener: &'o mut Opener<'r>,
    pub(super) reading: Reading<'a>,
    pub(super) done: Rewritten<'a>,
}

/// A message in a record.
pub(super) struct Found<'a> {
    /// The text that holds it, as it stands in the line.
    raw: &'a str,
    /// The object that the text is a member of.
    object: Option<&'a str>,
    /// What only looks like a message is an error.
    pub(super) message: Result<Message, Fault>,
}

impl Rewriter<'_, '_, '_> {
    /// Writes lines with the clear text in place.
    pub(super) fn rewrite_all(&mut self, lines: &[u8], sink: &mut impl Write) -> io::Result<()> {
        lines.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| self.rewrite(line, sink))
    }

    fn rewrite(&mut self, line: &[u8], sink: &mut impl Write) -> io::Result<()> {
        if line.trim_ascii().is_empty() {
            return sink.write_all(line);
        }
        let Some(record) = Record::parse(line) else {
            self.done.count(&[Fault::malformed("malformed")], false)?;
            return sink.write_all(line);
        };
        if self.done.pointed.len() < self.reading.fields.pointers.len() {
            self.done.pointed.extend(record.pointed(self.reading).map(|(place, _)| place));
        }
        self.done.passed_over |= self.reading.fields.pointers.is_empty() && record.has_deeper();
        let (mut written, mut faults, mut opened) = (0, Vec::new(), false);
        let mut binary = self.reading.fields.binary.as_deref();
        let mut result = Ok(());
        record.each_message(self.reading, &mut |found| {
            if result.is_err() {
                return;
            }
            let clear = match self.opener.open(found.message) {
                Ok(Ok(clear)) => clear,
                Ok(Err(fault)) => return faults.push(fault),
                Err(error) => return result = Err(error),
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
            result = replaced;
        });
        result?;
        if record.is_bare_message() {
            // There is no field that its clear text could stand in.
            faults.push(Fault { session: None, status: Status::Closed, error: "no-field" });
        }
        self.done.count(&faults, opened)?;
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

/// A line that is JSON, with its top-level members as they stand there.
pub(super) struct Record<'a> {
    line: &'a str,
    members: Members<'a>,
}

/// The values of an object.
struct Members<'a>(Vec<&'a RawValue>);

impl<'a> Record<'a> {
    /// A line that is JSON but no object is a record without members. `None` if it is no JSON.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        // What reads nothing of a value accepts bytes in it that are no text: an object has to be read.
        let line = std::str::from_utf8(line).ok()?;
        let members = if line.trim_start().starts_with('{') {
            serde_json::from_str(line).ok()?
        } else {
            let IgnoredAny = serde_json::from_str(line).ok()?;
            Members(Vec::new())
        };
        Some(Self { line, members })
    }

    /// Whether the record itself is a message. Inside a field, the quotes around the name are escaped.
    fn is_bare_message(&self) -> bool {
        self.line.contains("\"sessionId\"") && is_message(self.line)
    }

    /// What the pointers lead to, each with its place among them.
    fn pointed(&self, reading: Reading<'a>) -> impl Iterator<Item = (usize, (&'a str, Option<&'a str>))> {
        let (object, pointers) = (self.line, reading.fields.pointers.iter().enumerate());
        pointers.filter_map(move |(place, pointer)| Some((place, at(object, pointer)?)))
    }

    /// Whether a message may stand below the top level.
    fn has_deeper(&self) -> bool {
        let is_deep = |value: &str| value.starts_with(['{', '[']) && value.contains("sessionId");
        let line = self.line.trim_start();
        self.members.0.iter().any(|value| is_deep(value.get())) || (line.starts_with('[') && is_deep(line))
    }

    /// The messages among the texts that are looked at, in the order of their places.
    pub(super) fn each_message(&self, reading: Reading<'a>, each: &mut dyn FnMut(Found<'a>)) {
        let object = self.line;
        if reading.fields.pointers.is_empty() {
            for value in &self.members.0 {
                let raw = value.get();
                if let Some(message) = message_in(raw) {
                    each(Found { raw, object: Some(object), message });
                }
            }
            return;
        }
        let session = reading.fields.session.as_deref().and_then(|field| session_in(object, field));
        let session = RawSession::new(session, reading);
        let mut found: Vec<_> = self.pointed(reading).map(|(_, found)| found).collect();
        found.sort_by_key(|(raw, _)| offset(object.as_bytes(), raw));
        found.dedup_by_key(|(raw, _)| offset(object.as_bytes(), raw));
        for (raw, object) in found {
            let Some(text) = raw.starts_with('"').then(|| serde_json::from_str::<String>(raw).ok()).flatten() else {
                continue;
            };
            let Some(message) = messages::find_in_named(&text, session) else { continue };
            each(Found { raw, object, message });
        }
    }
}

/// The message in a member, if it is one.
fn message_in(raw: &str) -> Option<Result<Message, Fault>> {
    if !raw.starts_with('"') {
        return None;
    }
    if let Some(message) = Message::parse_quoted(raw) {
        return Some(Ok(message));
    }
    // Most members are no messages: the name stands there, unless a character of it is escaped.
    let may_be = raw.contains("sessionId") || raw.contains("\\u");
    let text: Cow<'_, str> = may_be.then(|| serde_json::from_str(raw).ok())??;
    messages::find(&text)
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

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some((_, value)) = map.next_entry::<IgnoredAny, &'de RawValue>()? {
                    values.push(value);
                }
                Ok(Members(values))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The place of a part of a line.
fn offset(line: &[u8], part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}
