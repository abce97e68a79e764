//! What a run does with one stream of records or one archive, for callers that have the bytes and the keys themselves.

use crate::archive::{self, End, Unkept, Visitor};
use crate::csv_records;
use crate::fields::{Fields, Reading};
use crate::files::Files;
use crate::ledger::Rows;
use crate::messages::{Opener, Opening, Rewritten};
use crate::records;
use crate::source::Source;
use crate::spool::Spool;
use crate::unopened_rows::UnopenedRows;
use sealwright_session::Resolver;
use std::collections::HashSet;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// What a stream of records is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordFormat {
    /// One JSON object a line.
    JsonLines,
    /// Fields with separators, as in RFC 4180.
    Csv,
}

/// Copies records with the clear text in the place of every message that opens; all other bytes stay (EGR-28). Tells how the records ended.
///
/// # Errors
/// What could not be read or written. What is wrong with records is told in the numbers.
pub fn rewrite_records(
    format: RecordFormat,
    input: impl Read,
    output: &mut impl Write,
    resolver: &Resolver,
    fields: &Fields,
) -> io::Result<Rows> {
    let mut opener = Opener::new(Opening { resolver, outlet: None });
    let (name, reading) = (Source::new(PathBuf::new()), Reading { fields, session: None });
    let done = Rewritten::new(&name, UnopenedRows::forgotten());
    let input = BufReader::new(input);
    let rewritten = match format {
        RecordFormat::JsonLines => records::rewrite(input, output, done, &mut opener, reading, 1)?,
        RecordFormat::Csv => csv_records::rewrite(input, output, done, &mut opener, reading)?,
    };
    Ok(rewritten.rows)
}

/// Gives every file in an archive (gzip, zstd, tar, one in another) to `take`, by its source behind the archive's path (EGR-14), and says why
/// the outermost archive could not be read to its end, if so (EGR-18).
///
/// # Errors
/// What could not be read, and errors of `take`. Damage is none.
pub fn members(
    mut input: impl Read,
    take: &mut dyn FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> io::Result<Option<&'static str>> {
    struct Members<'a> {
        take: &'a mut dyn FnMut(&str, &mut dyn Read) -> io::Result<()>,
        error: Option<&'static str>,
    }

    impl Visitor for Members<'_> {
        fn member(&mut self, source: Source, _: &[u8], content: &mut dyn Read) -> io::Result<()> {
            (self.take)(&source.text(), content)
        }

        fn database(&mut self, _: Source, _: Result<&Path, Unkept>) -> io::Result<()> {
            Ok(())
        }

        fn damaged(&mut self) {}

        fn archive(&mut self, _: &Source, end: End) -> io::Result<()> {
            // The outermost one ends last.
            self.error = end.error;
            Ok(())
        }
    }

    let mut members = Members { take, error: None };
    // Databases are members as any other: nothing here lies among records.
    let spool = Spool { files: &Files::default(), directory: Path::new("") };
    archive::walk(&Source::new(PathBuf::new()), &mut input, HashSet::new(), spool, &mut members)?;
    Ok(members.error)
}
