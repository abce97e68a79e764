//! Files of records of every kind: known by their names, read through their compression, rewritten (EGR-13, EGR-28, EGR-52).

use crate::csv_records;
use crate::fields::Reading;
use crate::files::Files;
use crate::messages::{Opener, Rewritten};
use crate::records;
use crate::source::Source;
use crate::spool::{PrivateDirectory, Spool};
use crate::sqlite::{self, Access, DatabaseError};
use crate::unopened_rows::UnopenedRows;
use crate::unpacked::{Compression, Unpacked};
use sealwright_types::SessionId;
use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// What stands beside a database that was not closed: its changes, or what it was before.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// What a file of records is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    kind: Kind,
    compression: Option<Compression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    JsonLines,
    Csv,
    Database,
}

/// Why a file of records could not be rewritten.
#[derive(Debug)]
pub(crate) enum RecordsError {
    /// It is not what its name says, or damaged.
    Malformed,
    Io(io::Error),
}

impl Form {
    /// By its name: records carry no mark.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let (plain, compression) = Compression::by_name(name);
        let kind = match plain.rsplit_once('.')?.1 {
            "jsonl" => Kind::JsonLines,
            "csv" => Kind::Csv,
            "sqlite" => Kind::Database,
            _ => return None,
        };
        Some(Self { kind, compression })
    }

    /// What the rewritten file is called: it is not compressed.
    pub(crate) fn output_name(name: &str) -> &str {
        Compression::by_name(name).0
    }

    /// Rewrites the records of `input` and writes what they have become to `sink`. Databases are copied into the spool first, and many messages
    /// that stay closed lie there; several threads share the work on JSON Lines.
    pub(crate) fn rewrite<'a>(
        self,
        input: Input<'_>,
        sink: &mut impl Write,
        spool: Spool<'_>,
        (name, opener, reading): (&'a Source, &mut Opener<'_>, Reading<'a>),
        threads: usize,
    ) -> Result<Rewritten<'a>, RecordsError> {
        let done = Rewritten::new(name, UnopenedRows::in_directory(spool.files, spool.directory));
        let mut content = Unpacked::open(self.compression, input.content)?;
        let mut rewritten = match self.kind {
            Kind::JsonLines => records::rewrite(&mut content, sink, done, opener, reading, threads)?,
            Kind::Csv => csv_records::rewrite(&mut content, sink, done, opener, reading)?,
            Kind::Database => {
                let copy = private_copy(&mut content, input.path, spool)?;
                let copied = copy.path.join(DATABASE);
                let rewritten = sqlite::rewrite(&copied, done, opener, reading)?;
                io::copy(&mut spool.files.open(&copied)?, sink)?;
                rewritten
            }
        };
        rewritten.damaged |= content.is_damaged();
        rewritten.unopened = rewritten.unopened.finish()?;
        Ok(rewritten)
    }

    /// The lengths of the files that belong to a database and hold something; nothing of other records.
    pub(crate) fn lengths_beside(self, files: &Files, path: &Path) -> Vec<u64> {
        if self.kind != Kind::Database {
            return Vec::new();
        }
        let length = |(_, path): (_, PathBuf)| files.metadata(&path).map_or(0, |metadata| metadata.len());
        beside(files, path).into_iter().map(length).collect()
    }

    /// Gives the sessions whose messages stand in the records to `take`.
    pub(crate) fn sessions(
        self,
        input: Input<'_>,
        spool: Spool<'_>,
        reading: Reading<'_>,
        take: &mut dyn FnMut(SessionId),
    ) -> Result<(), RecordsError> {
        let is_whole = |path: &&Path| self.compression.is_none() && beside(spool.files, path).is_empty();
        let path = input.path;
        let mut content = Unpacked::open(self.compression, input.content)?;
        match (self.kind, path.filter(is_whole)) {
            (Kind::JsonLines, _) => records::sessions(&mut content, reading, take)?,
            (Kind::Csv, _) => csv_records::sessions(&mut content, reading, take)?,
            (Kind::Database, Some(path)) => sqlite::sessions(path, Access::Immutable, reading, take)?,
            (Kind::Database, None) => {
                let copy = private_copy(&mut content, path, spool)?;
                sqlite::sessions(&copy.path.join(DATABASE), Access::Own, reading, take)?;
            }
        }
        Ok(())
    }
}

/// Records, and the path of the file that they stand in if it is one.
pub(crate) struct Input<'a> {
    content: Box<dyn Read + 'a>,
    path: Option<&'a Path>,
}

impl<'a> Input<'a> {
    pub(crate) fn of_file(files: &Files, path: &'a Path) -> io::Result<Self> {
        Ok(Self { content: Box::new(files.open(path)?), path: Some(path) })
    }

    pub(crate) fn new(content: impl Read + 'a, path: Option<&'a Path>) -> Self {
        Self { content: Box::new(content), path }
    }

    pub(crate) fn of_stream(content: impl Read + 'a) -> Self {
        Self { content: Box::new(content), path: None }
    }
}

const DATABASE: &str = "database";

/// The database in a directory of its own, with what stands beside it.
fn private_copy(
    input: &mut Unpacked<'_>,
    path: Option<&Path>,
    spool: Spool<'_>,
) -> Result<PrivateDirectory, RecordsError> {
    let directory = spool.directory()?;
    io::copy(input, &mut spool.files.create_new(&directory.path.join(DATABASE))?)?;
    if input.is_damaged() {
        return Err(RecordsError::Malformed);
    }
    for (ending, path) in path.map(|path| beside(spool.files, path)).unwrap_or_default() {
        let copy = directory.path.join(format!("{DATABASE}{ending}"));
        io::copy(&mut spool.files.open(&path)?, &mut spool.files.create_new(&copy)?)?;
    }
    Ok(directory)
}

/// The files that belong to the database at `path` and hold something.
fn beside(files: &Files, path: &Path) -> Vec<(&'static str, PathBuf)> {
    let paths = BESIDE.into_iter().map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        (ending, PathBuf::from(name))
    });
    let holds_something = |metadata: Metadata| metadata.is_file() && metadata.len() > 0;
    paths.filter(|(_, path)| files.metadata(path).is_ok_and(holds_something)).collect()
}

impl From<io::Error> for RecordsError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<DatabaseError> for RecordsError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Malformed => Self::Malformed,
            DatabaseError::Io(error) => Self::Io(error),
        }
    }
}
