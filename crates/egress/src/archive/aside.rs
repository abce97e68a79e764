//! Databases in an archive, and the logs of databases, which may come in any order: they are put aside as they are until the archive has been
//! read, so that each is opened with its log (EGR-54).

use super::Unkept;
use crate::files::Handle;
use crate::record_files::{LOG_ENDINGS, is_log};
use crate::source::Source;
use crate::spool::{PrivateDirectory, Spool};
use crate::unpacked::Compression;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

/// What pairs a database with its log: the name without what tells of a compression, and how often it was there before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PairName {
    name: Vec<u8>,
    again: usize,
    pub(super) is_compressed: bool,
}

impl PairName {
    pub(super) fn new(archive: &Source, name: &[u8], again: usize) -> Self {
        let plain = std::str::from_utf8(name).map_or(name, |name| Compression::by_name(name).0.as_bytes());
        Self { name: [&archive.bytes(), &b"!"[..], plain].concat(), again, is_compressed: plain.len() < name.len() }
    }

    /// The database that the log with this name belongs to.
    fn database(&self, ending: &str) -> Option<Self> {
        let name = self.name.strip_suffix(ending.as_bytes())?;
        Some(Self { name: name.to_owned(), ..*self })
    }

    /// The same name, compressed or not, the other way round.
    fn other(&self) -> Self {
        Self { is_compressed: !self.is_compressed, ..self.clone() }
    }
}

/// What has been put aside.
pub(super) struct Aside<'a> {
    spool: Spool<'a>,
    directory: Option<PrivateDirectory>,
    databases: Vec<(Source, PairName, Copied)>,
    logs: HashMap<(PairName, &'static str), Copied>,
    files: usize,
    /// What was put aside latest, as long as nothing comes behind it.
    latest: Option<Latest>,
}

enum Latest {
    Database,
    Log(PairName, &'static str),
}

/// A file that was put aside.
struct Copied {
    path: PathBuf,
    /// Why it is not there, or not whole.
    unkept: Option<Unkept>,
}

impl<'a> Aside<'a> {
    pub(super) fn new(spool: Spool<'a>) -> Self {
        Self { spool, directory: None, databases: Vec::new(), logs: HashMap::new(), files: 0, latest: None }
    }

    /// Something that is not put aside begins.
    pub(super) fn pass(&mut self) {
        self.latest = None;
    }

    /// Puts a database aside.
    pub(super) fn database(&mut self, source: Source, name: PairName, content: &mut dyn Read) -> io::Result<()> {
        let mut copying = self.copy(content);
        io::copy(&mut copying, &mut io::sink())?;
        let copied = copying.finish();
        self.databases.push((source, name, copied));
        self.latest = Some(Latest::Database);
        Ok(())
    }

    /// Which log a member is, if it is one.
    pub(super) fn log(name: &PairName, beginning: &[u8]) -> Option<(PairName, &'static str)> {
        let database = |ending| Some((name.database(ending)?, ending));
        LOG_ENDINGS.into_iter().find_map(database).filter(|_| is_log(beginning))
    }

    /// Gives the content of a log to `take` and keeps all of it.
    pub(super) fn keep_log(
        &mut self,
        log: (PairName, &'static str),
        content: &mut dyn Read,
        take: impl FnOnce(&mut dyn Read) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut copying = self.copy(content);
        take(&mut copying)?;
        io::copy(&mut copying, &mut io::sink())?;
        let copied = copying.finish();
        self.latest = Some(Latest::Log(log.0.clone(), log.1));
        self.logs.insert(log, copied);
        Ok(())
    }

    /// The latest member was not whole. Says whether that was a database that has been put aside.
    pub(super) fn damaged(&mut self) -> bool {
        let (copied, is_database) = match &self.latest {
            Some(Latest::Database) => (self.databases.last_mut().map(|(_, _, copied)| copied), true),
            Some(Latest::Log(name, ending)) => (self.logs.get_mut(&(name.clone(), *ending)), false),
            None => (None, false),
        };
        if let Some(copied) = copied {
            copied.unkept.get_or_insert(Unkept::Damaged);
        }
        is_database
    }

    /// Gives every database with its log to `take`.
    pub(super) fn finish(
        &mut self,
        mut take: impl FnMut(Source, Result<&Path, Unkept>) -> io::Result<()>,
    ) -> io::Result<()> {
        let names: HashSet<_> = self.databases.iter().map(|(_, name, _)| name.clone()).collect();
        for (source, name, Copied { path, mut unkept }) in std::mem::take(&mut self.databases) {
            for ending in LOG_ENDINGS {
                // One that is compressed otherwise is its log only if there is no other database for it.
                let log = self.logs.remove(&(name.clone(), ending));
                let others = || {
                    let other = Some(name.other()).filter(|other| !names.contains(other))?;
                    self.logs.remove(&(other, ending))
                };
                let Some(log) = log.or_else(others) else { continue };
                unkept = unkept.or(log.unkept);
                if unkept.is_none() {
                    let mut beside = path.clone().into_os_string();
                    beside.push(ending);
                    unkept = self.spool.files.replace(&log.path, Path::new(&beside)).err().map(Unkept::from);
                }
            }
            take(source, unkept.map_or(Ok(&path), Err))?;
            // The room is free for the next one.
            drop(self.spool.files.remove(&path));
        }
        Ok(())
    }

    /// Copies what is read into a new file.
    fn copy<'c>(&mut self, content: &'c mut dyn Read) -> Copying<'c> {
        self.files = self.files.saturating_add(1);
        let created = match &self.directory {
            Some(directory) => Ok(directory.path.join(self.files.to_string())),
            None => self
                .spool
                .directory()
                .map(|directory| self.directory.insert(directory).path.join(self.files.to_string())),
        };
        let path = created.as_ref().map(PathBuf::clone).unwrap_or_default();
        let copy = created.and_then(|path| self.spool.files.create_new(&path));
        Copying { content, path, copy }
    }
}

/// Reads a content and copies it. What cannot be written stops the copy and not the reading.
struct Copying<'a> {
    content: &'a mut dyn Read,
    path: PathBuf,
    copy: io::Result<Handle>,
}

impl Copying<'_> {
    fn finish(self) -> Copied {
        Copied { path: self.path, unkept: self.copy.err().map(Unkept::from) }
    }
}

impl Read for Copying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        if let Ok(copy) = &mut self.copy
            && let Err(error) = copy.write_all(buffer.get(..read).unwrap_or_default())
        {
            self.copy = Err(error);
        }
        Ok(read)
    }
}
