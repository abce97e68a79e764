//! The records that stayed closed, each run's in place of those of earlier ones (EGR-42).
//!
//! A file with such records is never finished: every run does it again and tells them anew. So what a run tells is kept in a temporary file,
//! and `unopened.jsonl` is replaced once, when everything else is written: a run that is interrupted leaves it as it was.

use super::file::{Damage, each_line, write_line};
use super::index::{Index, hash_of};
use super::{UNOPENED, Unopened};
use crate::error::EgressError;
use crate::files::Files;
use crate::hashed::{Hashed, ShortHash, short_hash};
use crate::place::Part;
use crate::unopened_rows::UnopenedRows;
use std::collections::HashSet;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// What the run has told so far.
#[derive(Debug, Default)]
pub(super) struct Spool {
    rows: Option<Part>,
    /// Files whose earlier rows do not count any more.
    retold: HashSet<ShortHash>,
}

/// All rows of one file: how many, and what tells them from others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) count: u64,
    hash: ShortHash,
}

impl Told {
    /// # Errors
    /// When rows that were put aside cannot be read.
    pub(crate) fn of(rows: &UnopenedRows) -> Result<Self, EgressError> {
        let mut told = Self::default();
        rows.each(|row| told.add(row).map_err(EgressError::io("read", Path::new(UNOPENED))))?;
        Ok(told)
    }

    fn add(&mut self, row: &Unopened) -> io::Result<()> {
        self.count = self.count.saturating_add(1);
        self.hash = short_hash(&[&self.hash, &serde_json::to_vec(row)?]);
        Ok(())
    }
}

/// What an earlier run has told of every file.
pub(super) fn told(files: &Files, output: &Path) -> Result<Hashed<Told>, EgressError> {
    let path = output.join(UNOPENED);
    let mut all = Hashed::<Told>::default();
    let Some(file) = files.open_if_there(&path).map_err(EgressError::io("open", &path))? else { return Ok(all) };
    each_line(&mut BufReader::new(file), &path, Damage::CutOff, |_, row: Unopened| {
        let source = hash_of(&row.source, row.source_bytes.as_deref());
        let mut told = all.get(&source).copied().unwrap_or_default();
        told.add(&row).map_err(EgressError::io("read", &path))?;
        all.insert(source, told);
        Ok(())
    })?;
    Ok(all)
}

/// The file, and what decides which rows stand in it.
pub(super) struct Rows<'a> {
    pub(super) files: &'a Files,
    pub(super) output: &'a Path,
    pub(super) index: &'a Index,
}

impl Spool {
    /// Takes the rows of one file, all of them.
    pub(super) fn take(
        &mut self,
        files: &Files,
        output: &Path,
        source: ShortHash,
        rows: &UnopenedRows,
    ) -> Result<(), EgressError> {
        self.retold.insert(source);
        rows.each(|row| {
            let mut write = || {
                let part = match &mut self.rows {
                    Some(part) => part,
                    none => none.insert(Part::create(files, output)?),
                };
                write_line(part, row)
            };
            write().map_err(EgressError::io("write", &output.join(UNOPENED)))
        })
    }
}

impl Rows<'_> {
    /// Replaces the file, unless it stays the same.
    pub(super) fn rewrite(&self, spool: Spool) -> Result<(), EgressError> {
        let path = self.output.join(UNOPENED);
        let failed = || EgressError::io("write", &path);
        let mut part = Part::create(self.files, self.output).map_err(failed())?;
        if let Some(former) = self.files.open_if_there(&path).map_err(EgressError::io("open", &path))? {
            self.copy(former, &mut part, |source| !spool.retold.contains(source))?;
        }
        if let Some(told) = spool.rows {
            let told = told.finish().map_err(failed())?;
            self.copy(told.open().map_err(failed())?, &mut part, |_| true)?;
        }
        let finished = part.finish().map_err(failed())?;
        if finished.is_same_as(&path) { Ok(()) } else { finished.replace(&path).map_err(failed()) }
    }

    /// Copies the rows of files that still have some. What is no row at the end of the file was torn.
    fn copy(&self, rows: impl Read, part: &mut Part, counts: impl Fn(&ShortHash) -> bool) -> Result<(), EgressError> {
        let path = self.output.join(UNOPENED);
        let copied = each_line(&mut BufReader::new(rows), &path, Damage::CutOff, |_, row: Unopened| {
            let source = hash_of(&row.source, row.source_bytes.as_deref());
            if counts(&source) && self.index.has_unopened(&source) {
                write_line(part, &row).map_err(EgressError::io("write", &path))?;
            }
            Ok(())
        });
        copied.map(drop)
    }
}
