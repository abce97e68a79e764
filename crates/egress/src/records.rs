//! JSON Lines with messages inside: rewritten with the clear text in place, every other byte unchanged (EGR-13, EGR-28).

mod blocks;

use crate::ledger::Status;
use crate::messages::{self, Fault, Opener, Rewritten, is_message};
use crate::sequence;
use crate::source::Source;
use blocks::{Block, Blocks, LARGE};
use sealwright_envelope::message::Message;
use sealwright_session::Resolver;
use sealwright_types::SessionId;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::io::{self, BufWriter, Read, Write};

/// Bytes of clear text that are collected before they are written.
const WRITTEN_AT_ONCE: usize = 64 * 1024;
/// Files of fewer bytes are not worth the threads.
const WORTH_THREADS: u64 = 1024 * 1024;

/// Rewrites the records of a file and tells how they ended. `threads` of them share the work on a file of so many bytes.
pub(crate) fn rewrite(
    source: impl Read + Send,
    length: u64,
    sink: &mut impl Write,
    name: &Source,
    resolver: &Resolver,
    threads: usize,
) -> io::Result<Rewritten> {
    let mut blocks = Blocks::new(source);
    let mut writer = Writer { sink, rewriter: Rewriter::new(resolver, name), done: Rewritten::default() };
    if threads < 2 || length < WORTH_THREADS {
        while let Some(block) = blocks.next()? {
            writer.write(block)?;
        }
        return Ok(writer.done);
    }
    let next = || Ok(blocks.next()?.map(|block| (cost(&block), block)));
    let work = |rewriter: &mut Rewriter<'_>, block: Block| match block {
        Block::Lines(lines) if lines.len() <= LARGE => {
            let mut text = Vec::with_capacity(lines.len());
            rewriter
                .rewrite_all(&lines, &mut text)
                .map(|()| Worked::Rewritten(text, std::mem::take(&mut rewriter.done)))
        }
        block => Ok(Worked::Passed(block)),
    };
    let new_rewriter = || Rewriter::new(resolver, name);
    sequence::in_sequence(threads, next, new_rewriter, work, |worked: io::Result<Worked>| match worked? {
        Worked::Rewritten(text, done) => writer.append(&text, done),
        Worked::Passed(block) => writer.write(block),
    })?;
    Ok(writer.done)
}

/// The sessions whose messages stand in the records of a file.
pub(crate) fn sessions(source: impl Read) -> io::Result<BTreeSet<SessionId>> {
    let (mut blocks, mut sessions) = (Blocks::new(source), HashSet::new());
    while let Some(block) = blocks.next()? {
        let Block::Lines(lines) = block else { continue };
        for record in lines.split_inclusive(|&byte| byte == b'\n').filter_map(Record::parse) {
            let messages = record.messages().filter_map(|(_, message)| message.ok());
            sessions.extend(messages.map(|message| message.session()));
        }
    }
    Ok(sessions.into_iter().collect())
}

/// A large block is alone under way (EGR-51).
fn cost(block: &Block) -> usize {
    if block.bytes().len() > LARGE { sequence::MOST } else { 1 }
}

/// What a thread made of a block.
enum Worked {
    Rewritten(Vec<u8>, Rewritten),
    /// To be worked on while it is written: its clear text needs no memory beside it then.
    Passed(Block),
}

/// Writes blocks in their order.
struct Writer<'a, W> {
    sink: &'a mut W,
    rewriter: Rewriter<'a>,
    done: Rewritten,
}

impl<W: Write> Writer<'_, W> {
    fn write(&mut self, block: Block) -> io::Result<()> {
        let done = match block {
            Block::Lines(lines) => {
                let mut sink = BufWriter::with_capacity(WRITTEN_AT_ONCE, &mut *self.sink);
                self.rewriter.rewrite_all(&lines, &mut sink)?;
                sink.flush()?;
                std::mem::take(&mut self.rewriter.done)
            }
            Block::TooLong { bytes, begins } => {
                self.sink.write_all(&bytes)?;
                let mut done = Rewritten::default();
                if begins {
                    done.count(self.rewriter.name, &[Fault::malformed("too-large")], false);
                }
                done
            }
        };
        self.done.append(done);
        Ok(())
    }

    fn append(&mut self, text: &[u8], done: Rewritten) -> io::Result<()> {
        self.done.append(done);
        self.sink.write_all(text)
    }
}

struct Rewriter<'a> {
    opener: Opener<'a>,
    name: &'a Source,
    done: Rewritten,
}

impl<'a> Rewriter<'a> {
    fn new(resolver: &'a Resolver, name: &'a Source) -> Self {
        Self { opener: Opener::new(resolver), name, done: Rewritten::default() }
    }

    fn rewrite_all(&mut self, lines: &[u8], sink: &mut impl Write) -> io::Result<()> {
        lines.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| self.rewrite(line, sink))
    }

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
            let clear = message.and_then(|message| self.opener.open(message)).and_then(|clear| {
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
        if record.is_bare_message() {
            // There is no field that its clear text could stand in.
            faults.push(Fault { session: None, status: Status::Closed, error: "no-field" });
        }
        self.done.count(self.name, &faults, opened);
        sink.write_all(line.get(written..).unwrap_or_default())
    }
}

/// A line that is JSON, with its top-level members as they stand there.
struct Record<'a> {
    line: &'a str,
    members: Members<'a>,
}

/// The values of an object.
struct Members<'a>(Vec<&'a RawValue>);

impl<'a> Record<'a> {
    /// A line that is JSON but no object is a record without members. `None` if it is no JSON.
    fn parse(line: &'a [u8]) -> Option<Self> {
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

    /// The messages among the text members, with the text that holds them. What only looks like a message is an error.
    fn messages(&self) -> impl Iterator<Item = (&'a str, Result<Message, Fault>)> {
        self.members.0.iter().filter_map(|value| {
            let raw = value.get();
            if !raw.starts_with('"') {
                return None;
            }
            if let Some(message) = Message::parse_quoted(raw) {
                return Some((raw, Ok(message)));
            }
            // Most members are no messages: the name stands there, unless a character of it is escaped.
            let may_be = raw.contains("sessionId") || raw.contains("\\u");
            let text: Cow<'a, str> = may_be.then(|| serde_json::from_str(raw).ok())??;
            messages::find(&text).map(|message| (raw, message))
        })
    }

    /// Whether the record itself is a message. Inside a field, the quotes around the name are escaped.
    fn is_bare_message(&self) -> bool {
        self.line.contains("\"sessionId\"") && is_message(self.line)
    }
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

#[cfg(test)]
mod tests;
