//! Archives: gzip, zstd and tar, one inside another at most (EGR-10 g, EGR-14, EGR-18, EGR-19). Members are given one after the other, as they stand in the stream;
//! databases come last, with their logs (EGR-54).
//!
//! An archive may come from anybody: its headers are read in bounds, names are made safe before anything uses them, what is no file is
//! told, and damage ends the walk without losing what came before.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod aside;
mod members;
mod peeked;
mod tar_stream;
mod unfinished;

pub(crate) use members::{Bytes, Collecting, Converting};
pub(crate) use unfinished::unfinished;

use crate::record_files::{Form, is_database};
use crate::source::Source;
use crate::spool::Spool;
use crate::unpacked::{Compression, Unpacked};
use aside::{Aside, PairName};
use peeked::Peeked;
use ring::digest::{SHA256, digest};
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;
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

    /// A member that is a database, in a private file with its log beside it, or why it could not be put there.
    ///
    /// # Errors
    /// As [`Self::member`].
    fn database(&mut self, source: Source, copy: Result<&Path, Unkept>) -> io::Result<()>;

    /// The latest member was not whole.
    fn damaged(&mut self);

    /// The end of an archive, the outermost one last.
    ///
    /// # Errors
    /// As [`Self::member`].
    fn archive(&mut self, source: &Source, end: End) -> io::Result<()>;
}

/// Why a member could not be put aside.
#[derive(Debug)]
pub(crate) enum Unkept {
    /// It or its log was not whole.
    Damaged,
    /// It could not be written.
    Failed(String),
}

impl From<io::Error> for Unkept {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
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

/// Gives every member of an archive to `visitor`, and how the archive ended. No member has one of the `taken` sources, which are those of
/// files. Databases and their logs are put into the spool meanwhile.
///
/// # Errors
/// What could not be read. Damage is none.
pub(crate) fn walk(
    source: &Source,
    input: &mut dyn Read,
    taken: HashSet<Vec<u8>>,
    spool: Spool<'_>,
    visitor: &mut dyn Visitor,
) -> io::Result<()> {
    let mut walk = Walk { visitor, taken, seen: HashSet::new(), aside: Aside::new(spool) };
    walk.archive(source, PairName::new(source, b"", 0), Peeked::new(input)?, 1)
}

struct Walk<'a> {
    visitor: &'a mut dyn Visitor,
    /// Sources that files have.
    taken: HashSet<Vec<u8>>,
    /// Hashes of the sources so far: an archive may hold a name twice.
    seen: HashSet<[u8; 16]>,
    aside: Aside<'a>,
}

impl Walk<'_> {
    fn archive(&mut self, source: &Source, name: PairName, input: Peeked<'_>, level: usize) -> io::Result<()> {
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
                let file_name = source.file_name();
                let file_name = Compression::by_name(&file_name).0;
                let (member, _) = self.unique(file_name.as_bytes(), |unique| source.content(unique, file_name));
                self.stream(member, name, content, level)?;
            }
            // Checksums stand at the end.
            io::copy(&mut unpacked, &mut io::sink())?;
            if unpacked.is_damaged() {
                if is_single {
                    self.damaged();
                }
                end.error = Some("damaged");
            }
        } else {
            self.tar(source, input, level, &mut end)?;
        }
        if level == 1 {
            let visitor = &mut *self.visitor;
            self.aside.finish(|source, copy| visitor.database(source, copy))?;
        }
        self.visitor.archive(source, end)
    }

    fn tar(&mut self, source: &Source, input: Peeked<'_>, level: usize, end: &mut End) -> io::Result<()> {
        let mut others = 0_u64;
        let result = TarStream::new(input).each(&mut |entry| match entry {
            Entry::File { name, content, length } => {
                end.members = end.members.saturating_add(1);
                let (member, again) = self.unique(&name, |unique| source.member(unique, &name));
                let mut counted = Counted { content, read: 0 };
                self.stream(member, PairName::new(source, &name, again), Peeked::new(&mut counted)?, level)?;
                io::copy(&mut counted, &mut io::sink())?;
                if counted.read != length {
                    self.damaged();
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

    fn stream(&mut self, source: Source, name: PairName, mut content: Peeked<'_>, level: usize) -> io::Result<()> {
        self.aside.pass();
        if is_archive(content.beginning()) {
            return self.archive(&source, name, content, level.saturating_add(1));
        }
        let beginning = content.beginning().to_vec();
        if source.is_of_messages() {
            if Form::by_name(&source.file_name()).map_or(is_database(&beginning), Form::is_database) {
                return self.aside.database(source, name, &mut content);
            }
            if let Some(log) = Aside::log(&name, &beginning) {
                let visitor = &mut *self.visitor;
                return self.aside.keep_log(log, &mut content, |content| visitor.member(source, &beginning, content));
            }
        }
        self.visitor.member(source, &beginning, &mut content)
    }

    fn damaged(&mut self) {
        if !self.aside.damaged() {
            self.visitor.damaged();
        }
    }

    /// The source of what is called `name`, with ` (again)` as often as it takes to be the only one of its name, and how many members of
    /// the archive had that name before.
    fn unique(&mut self, name: &[u8], source: impl Fn(&[u8]) -> Source) -> (Source, usize) {
        let mut name = name.to_vec();
        let mut again = 0_usize;
        loop {
            let member = source(&name);
            let bytes = member.bytes();
            let taken = self.taken_part(&bytes);
            if taken.is_none() {
                let hash = digest(&SHA256, &bytes);
                let hash: [u8; 16] = hash.as_ref().first_chunk().copied().unwrap_or_default();
                if self.seen.insert(hash) {
                    return (member, again);
                }
                again = again.saturating_add(1);
            }
            // Behind what is taken, not at the end: what an archive there holds begins like it.
            let behind = taken.map_or(0, |taken| bytes.len().saturating_sub(taken)).min(name.len());
            let rest = name.split_off(name.len().saturating_sub(behind));
            name.extend_from_slice(b" (again)");
            name.extend(rest);
        }
    }

    /// The length of the beginning, up to a `!` or to the end, that is the source of a file of the bundle.
    fn taken_part(&self, source: &[u8]) -> Option<usize> {
        if self.taken.is_empty() {
            return None;
        }
        let ends = source.iter().enumerate().filter(|(_, byte)| **byte == b'!').map(|(end, _)| end);
        ends.chain([source.len()]).find(|&end| source.get(..end).is_some_and(|part| self.taken.contains(part)))
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
