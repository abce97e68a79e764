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
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// What the name of a log ends with, behind that of a database that was not closed: its changes, or what it was before.
pub(crate) const LOG_ENDINGS: [&str; 2] = ["-wal", "-journal"];

/// Whether a file with this beginning is a log of a database.
pub(crate) fn is_log(beginning: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 3] =
        [&[0x37, 0x7f, 0x06, 0x82], &[0x37, 0x7f, 0x06, 0x83], &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]];
    BEGINNINGS.iter().any(|log| beginning.starts_with(log))
}

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

const DATABASE_MARK: &[u8] = b"SQLite format 3\0";

/// Whether a file with this beginning is a database.
pub(crate) fn is_database(beginning: &[u8]) -> bool {
    beginning.starts_with(DATABASE_MARK)
}

impl Form {
    /// A database as it is.
    pub(crate) const DATABASE: Self = Self { kind: Kind::Database, compression: None };

    /// By its name, in any case: most records carry no mark.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let (plain, compression) = Compression::by_name(name);
        let kind = match &plain.rsplit_once('.')?.1.to_ascii_lowercase()[..] {
            "jsonl" | "ndjson" => Kind::JsonLines,
            "csv" => Kind::Csv,
            "sqlite" => Kind::Database,
            _ => return None,
        };
        Some(Self { kind, compression })
    }

    /// By its beginning, whatever it is called: databases have a mark.
    pub(crate) fn by_content(content: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let mut beginning = Vec::new();
        content.rewind()?;
        content.by_ref().take(DATABASE_MARK.len() as u64).read_to_end(&mut beginning)?;
        let Some(compression) = Compression::by_magic(&beginning) else {
            return Ok(Some(Self::DATABASE).filter(|_| is_database(&beginning)));
        };
        beginning.clear();
        content.rewind()?;
        let unpacked = Unpacked::open(Some(compression), content)?;
        unpacked.take(DATABASE_MARK.len() as u64).read_to_end(&mut beginning)?;
        Ok(Some(Self { kind: Kind::Database, compression: Some(compression) }).filter(|_| is_database(&beginning)))
    }

    pub(crate) fn is_database(self) -> bool {
        self.kind == Kind::Database
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
                let copy = private_copy(&mut content, input.path, self.compression, spool)?;
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

    /// Gives the sessions whose messages stand in the records to `take`.
    pub(crate) fn sessions(
        self,
        input: Input<'_>,
        spool: Spool<'_>,
        reading: Reading<'_>,
        take: &mut dyn FnMut(SessionId),
    ) -> Result<(), RecordsError> {
        let is_whole = |path: &&Path| self.compression.is_none() && logs(spool.files, path, None).is_empty();
        let path = input.path;
        let mut content = Unpacked::open(self.compression, input.content)?;
        match (self.kind, path.filter(is_whole)) {
            (Kind::JsonLines, _) => records::sessions(&mut content, reading, take)?,
            (Kind::Csv, _) => csv_records::sessions(&mut content, reading, take)?,
            (Kind::Database, Some(path)) => sqlite::sessions(path, Access::Immutable, reading, take)?,
            (Kind::Database, None) => {
                let copy = private_copy(&mut content, path, self.compression, spool)?;
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

/// The database in a directory of its own, with its logs.
fn private_copy(
    input: &mut Unpacked<'_>,
    path: Option<&Path>,
    compression: Option<Compression>,
    spool: Spool<'_>,
) -> Result<PrivateDirectory, RecordsError> {
    let directory = spool.directory()?;
    let copy = |input: &mut Unpacked<'_>, name: &str| {
        io::copy(input, &mut spool.files.create_new(&directory.path.join(name))?)?;
        if input.is_damaged() { Err(RecordsError::Malformed) } else { Ok(()) }
    };
    copy(input, DATABASE)?;
    for Log { ending, path, compression } in path.map(|path| logs(spool.files, path, compression)).unwrap_or_default() {
        copy(&mut Unpacked::open(compression, spool.files.open(&path)?)?, &format!("{DATABASE}{ending}"))?;
    }
    Ok(directory)
}

/// A log of a database that holds something.
struct Log {
    ending: &'static str,
    path: PathBuf,
    compression: Option<Compression>,
}

/// The logs that belong to the database at `path`. One that is compressed otherwise is its log only if there is no other database for it.
fn logs(files: &Files, path: &Path, compression: Option<Compression>) -> Vec<Log> {
    let holds_something = |metadata: Metadata| metadata.is_file() && metadata.len() > 0;
    let is_there = |path: &Path| files.metadata(path).is_ok_and(holds_something);
    let name = path.file_name().and_then(|name| name.to_str()).filter(|_| compression.is_some());
    let plain = name.map_or(path.to_owned(), |name| path.with_file_name(Compression::by_name(name).0));
    let named = |ending: &str| {
        let mut name = plain.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let mut forms = [(None, ""), (Some(Compression::Gzip), ".gz"), (Some(Compression::Zstandard), ".zst")];
    forms.sort_by_key(|&(form, _)| form != compression);
    let log = |ending| {
        let mut found = forms.into_iter().map(|(form, packed)| (form, named(&format!("{ending}{packed}")), packed));
        let (compression, path, _) = found.find(|(form, log, packed)| {
            is_there(log) && (*form == compression || named(packed) == path || !is_there(&named(packed)))
        })?;
        Some(Log { ending, path, compression })
    };
    LOG_ENDINGS.into_iter().filter_map(log).collect()
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
