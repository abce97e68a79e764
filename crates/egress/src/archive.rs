//! Archives: gzip, zstd and tar, one inside another at most (EGR-10 g, EGR-14, EGR-18, EGR-19). Members are given one after the other, as they stand in the stream.
//!
//! An archive may come from anybody: its headers are read in bounds, names are made safe before anything uses them, what is no file is
//! told, and damage ends the walk without losing what came before.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod members;
mod peeked;
mod tar_stream;
mod unfinished;

pub(crate) use members::{Bytes, Collecting, Converting};
pub(crate) use unfinished::unfinished;

use crate::source::Source;
use crate::unpacked::{Compression, Unpacked};
use peeked::Peeked;
use ring::digest::{SHA256, digest};
use std::collections::HashSet;
use std::io::{self, Read};
use tar_stream::{Entry, TarStream};

/// Archives that may stand inside each other, the outermost included.
const DEEPEST: usize = 2;
/// Bytes by which a tar is recognised.
const TAR_MAGIC_AT: usize = 257;

/// Whether a file is an archive, by its beginning.
pub(crate) fn is_archive(beginning: &[u8]) -> bool {
    Compression::by_magic(beginning).is_some() || is_tar(beginning)
}

fn is_tar(beginning: &[u8]) -> bool {
    // No text is taken for one.
    let has_magic = beginning.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar"));
    has_magic && beginning.iter().take(TAR_MAGIC_AT).any(|&byte| byte == 0)
}

/// Takes the members of an archive.
pub(crate) trait Visitor {
    /// A member that is no archive. What is not read of it is skipped.
    ///
    /// # Errors
    /// What ends the walk, because the archive or what holds the members cannot be read any more.
    fn member(&mut self, source: Source, beginning: &[u8], content: &mut dyn Read) -> io::Result<()>;

    /// The latest member was not whole.
    fn damaged(&mut self);

    /// The end of an archive, the outermost one last.
    ///
    /// # Errors
    /// As [`Self::member`].
    fn archive(&mut self, source: &Source, end: End) -> io::Result<()>;
}

/// How an archive ended.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// Files in it.
    pub(crate) members: u64,
    /// Why it could not be read to its end.
    pub(crate) error: Option<&'static str>,
    pub(crate) warnings: Vec<String>,
}

/// More warnings than this are counted, not told.
const MOST_WARNINGS: u64 = 100;

/// Gives every member of an archive to `visitor`, and how the archive ended.
///
/// # Errors
/// What could not be read. Damage is none.
pub(crate) fn walk(source: &Source, input: &mut dyn Read, visitor: &mut dyn Visitor) -> io::Result<()> {
    let mut walk = Walk { visitor, seen: HashSet::new() };
    walk.archive(source, Peeked::new(input)?, 1)
}

struct Walk<'a> {
    visitor: &'a mut dyn Visitor,
    /// Hashes of the sources so far: an archive may hold a name twice.
    seen: HashSet<[u8; 16]>,
}

impl Walk<'_> {
    fn archive(&mut self, source: &Source, input: Peeked<'_>, level: usize) -> io::Result<()> {
        let mut end = End::default();
        if level > DEEPEST {
            end.error = Some("too-deep");
        } else if let Some(compression) = Compression::by_magic(input.beginning()) {
            let mut unpacked = Unpacked::open(Some(compression), input)?;
            let content = Peeked::new(&mut unpacked)?;
            let is_single = !is_tar(content.beginning());
            if !is_single {
                self.tar(source, content, level, &mut end)?;
            } else {
                end.members = 1;
                self.stream(source.content(Compression::by_name(&source.file_name()).0), content, level)?;
            }
            // Checksums stand at the end.
            io::copy(&mut unpacked, &mut io::sink())?;
            if unpacked.is_damaged() {
                if is_single {
                    self.visitor.damaged();
                }
                end.error = Some("damaged");
            }
        } else {
            self.tar(source, input, level, &mut end)?;
        }
        self.visitor.archive(source, end)
    }

    fn tar(&mut self, source: &Source, input: Peeked<'_>, level: usize, end: &mut End) -> io::Result<()> {
        let mut others = 0_u64;
        let result = TarStream::new(input).each(&mut |entry| match entry {
            Entry::File { name, content, length } => {
                end.members = end.members.saturating_add(1);
                let member = self.unique(source, &name);
                let mut counted = Counted { content, read: 0 };
                self.stream(member, Peeked::new(&mut counted)?, level)?;
                io::copy(&mut counted, &mut io::sink())?;
                if counted.read != length {
                    self.visitor.damaged();
                }
                Ok(())
            }
            Entry::Other { name, kind } => {
                others = others.saturating_add(1);
                if others <= MOST_WARNINGS {
                    end.warnings.push(format!("{kind}, left out: {}", String::from_utf8_lossy(&name)));
                }
                Ok(())
            }
        });
        if let Some(more) = others.checked_sub(MOST_WARNINGS).filter(|&more| more > 0) {
            end.warnings.push(format!("{more} more entries that are no files"));
        }
        end.error = result?;
        Ok(())
    }

    fn stream(&mut self, source: Source, mut content: Peeked<'_>, level: usize) -> io::Result<()> {
        if is_archive(content.beginning()) {
            return self.archive(&source, content, level.saturating_add(1));
        }
        let beginning = content.beginning().to_vec();
        self.visitor.member(source, &beginning, &mut content)
    }

    /// The source of a member, with a number if its name was there before.
    fn unique(&mut self, archive: &Source, name: &[u8]) -> Source {
        let mut name = name.to_vec();
        loop {
            let member = archive.member(&name);
            let hash = digest(&SHA256, member.bytes().as_ref());
            let hash: [u8; 16] = hash.as_ref().first_chunk().copied().unwrap_or_default();
            if self.seen.insert(hash) {
                return member;
            }
            name.extend_from_slice(b" (again)");
        }
    }
}

/// Counts what is read.
struct Counted<'a> {
    content: &'a mut dyn Read,
    read: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.read = self.read.saturating_add(read as u64);
        Ok(read)
    }
}
