//! JSON Lines with messages inside: rewritten with the clear text in place, every other byte unchanged (EGR-13, EGR-28). Blocks of whole lines are
//! worked on by several threads and written in their order (EGR-55).

mod blocks;
mod line;

use crate::fields::Reading;
use crate::messages::{Fault, Opener, Rewritten};
use crate::sequence;
use blocks::{Block, Blocks, LARGE};
use line::{Record, Rewriter};
use sealwright_envelope::message::Message;
use sealwright_types::SessionId;
use std::io::{self, BufWriter, Read, Write};

/// Bytes of clear text that are collected before they are written.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

/// Rewrites the records of a file with so many threads and tells how they ended.
pub(crate) fn rewrite<'a>(
    source: impl Read,
    sink: &mut impl Write,
    done: Rewritten<'a>,
    opener: &mut Opener<'_>,
    reading: Reading<'a>,
    threads: usize,
) -> io::Result<Rewritten<'a>> {
    let mut blocks = Blocks::new(source);
    let opening = opener.opening();
    let name = done.source;
    let rewriter = Rewriter { opener, reading, done: Rewritten::part(name) };
    let mut writer = Writer { sink, rewriter, done };
    if threads < 2 {
        while let Some(block) = blocks.next()? {
            writer.write(block)?;
        }
        return Ok(writer.finish());
    }
    let next = || Ok(blocks.next()?.map(|block| (cost(&block), block)));
    let work = |opener: &mut Opener<'_>, block: Block| match block {
        Block::Lines(lines) if lines.len() <= LARGE => {
            let mut rewriter = Rewriter { opener, reading, done: Rewritten::part(name) };
            let mut text = Vec::with_capacity(lines.len());
            rewriter.rewrite_all(&lines, &mut text).map(|()| Worked::Rewritten(text, Box::new(rewriter.done)))
        }
        block => Ok(Worked::Passed(block)),
    };
    sequence::in_sequence(
        threads,
        next,
        || Opener::new(opening),
        work,
        |worked: io::Result<Worked<'_>>| match worked? {
            Worked::Rewritten(text, done) => writer.append(&text, *done),
            Worked::Passed(block) => writer.write(block),
        },
    )?;
    Ok(writer.finish())
}

/// Gives the sessions whose messages stand in the records of a file to `take`.
pub(crate) fn sessions(source: impl Read, reading: Reading<'_>, take: &mut dyn FnMut(SessionId)) -> io::Result<()> {
    let mut blocks = Blocks::new(source);
    while let Some(block) = blocks.next()? {
        let Block::Lines(lines) = block else { continue };
        for record in lines.split_inclusive(|&byte| byte == b'\n').filter_map(Record::parse) {
            record.each_message(reading, &mut |found| found.message.iter().map(Message::session).for_each(&mut *take));
        }
    }
    Ok(())
}

/// A large block is alone under way (EGR-51).
fn cost(block: &Block) -> usize {
    if block.bytes().len() > LARGE { sequence::MOST } else { 1 }
}

/// What a thread made of a block.
enum Worked<'a> {
    Rewritten(Vec<u8>, Box<Rewritten<'a>>),
    /// To be worked on while it is written: its clear text needs no memory beside it then.
    Passed(Block),
}

/// Writes blocks in their order.
struct Writer<'s, 'a, 'o, 'r, W> {
    sink: &'s mut W,
    rewriter: Rewriter<'a, 'o, 'r>,
    done: Rewritten<'a>,
}

impl<'a, W: Write> Writer<'_, 'a, '_, '_, W> {
    /// How the records ended. A pointer that leads nowhere is most often misspelt.
    fn finish(mut self) -> Rewritten<'a> {
        let pointers = self.rewriter.reading.fields.pointers.iter().enumerate();
        let nowhere = pointers.filter(|(place, _)| self.done.rows.records > 0 && !self.done.pointed.contains(place));
        let warnings = nowhere.map(|(_, pointer)| format!("no record has a field at {pointer}"));
        self.done.warnings.extend(warnings.collect::<Vec<_>>());
        if self.done.passed_over {
            let text = "sessionId stands below the top level of a record, where messages are looked for only if a pointer names the field";
            self.done.warnings.push(text.to_owned());
        }
        self.done
    }

    fn write(&mut self, block: Block) -> io::Result<()> {
        let done = match block {
            Block::Lines(lines) => {
                let mut sink = BufWriter::with_capacity(WRITTEN_AT_ONCE, &mut *self.sink);
                self.rewriter.rewrite_all(&lines, &mut sink)?;
                sink.flush()?;
                std::mem::replace(&mut self.rewriter.done, Rewritten::part(self.done.source))
            }
            Block::TooLong { bytes, begins } => {
                self.sink.write_all(&bytes)?;
                let mut done = Rewritten::part(self.done.source);
                if begins {
                    done.count(&[Fault::malformed("too-large")], false)?;
                }
                done
            }
        };
        self.done.append(done)
    }

    fn append(&mut self, text: &[u8], done: Rewritten<'a>) -> io::Result<()> {
        self.done.append(done)?;
        self.sink.write_all(text)
    }
}

#[cfg(test)]
mod tests;
