//! The messages of one file that stayed closed, however many: a few in memory, all others in a private file (EGR-51).

use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{Damage, Unopened, each_line};
use crate::place::{Finished, Left, Part};
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};

/// Rows that stay in memory: most files have no more, and very many files may wait until an earlier one is done.
const FEW: usize = 32;

/// Rows in their order.
#[derive(Debug)]
pub(crate) struct UnopenedRows {
    first: Vec<Unopened>,
    rest: Rest,
}

/// Where rows are that are more than a few.
#[derive(Debug)]
enum Rest {
    /// In memory: somebody sees to it that they are not many.
    InMemory,
    /// Nobody asks for them.
    Forgotten,
    /// Nowhere yet.
    None {
        files: Files,
        directory: PathBuf,
    },
    Written(Box<Part>),
    /// Closed, as many files may wait.
    Complete(Finished),
}

impl UnopenedRows {
    /// All of them stay in memory.
    pub(crate) fn in_memory() -> Self {
        Self { first: Vec::new(), rest: Rest::InMemory }
    }

    /// No more than a few are kept, because nobody asks for them.
    pub(crate) fn forgotten() -> Self {
        Self { first: Vec::new(), rest: Rest::Forgotten }
    }

    /// What is more than a few goes to a private file in this directory.
    pub(crate) fn in_directory(files: &Files, directory: &Path) -> Self {
        Self { first: Vec::new(), rest: Rest::None { files: files.clone(), directory: directory.to_owned() } }
    }

    pub(crate) fn push(&mut self, row: Unopened) -> io::Result<()> {
        if self.first.len() < FEW || matches!(self.rest, Rest::InMemory) {
            self.first.push(row);
            return Ok(());
        }
        if let Rest::None { files, directory } = &self.rest {
            self.rest = Rest::Written(Box::new(Part::create(files, directory)?));
        }
        let Rest::Written(part) = &mut self.rest else { return Ok(()) };
        serde_json::to_writer(&mut *part, &row)?;
        part.write_all(b"\n")
    }

    /// Counts the rows in memory from `first` on.
    pub(crate) fn number_from(&mut self, first: u64) {
        self.first.iter_mut().for_each(|row| row.row = row.row.saturating_add(first));
    }

    /// Takes over rows that are all in memory.
    pub(crate) fn append(&mut self, rows: Self) -> io::Result<()> {
        rows.first.into_iter().try_for_each(|row| self.push(row))
    }

    /// Rows that were put aside.
    pub(crate) fn of(first: Vec<Unopened>, rest: Option<Finished>) -> Self {
        Self { first, rest: rest.map_or(Rest::InMemory, Rest::Complete) }
    }

    /// Lets go of them.
    pub(crate) fn leave(self, output: &Path) -> io::Result<(Vec<Unopened>, Option<Left>)> {
        let rest = match self.finish()? {
            Self { first, rest: Rest::Complete(file) } => (first, Some(file.leave(output)?)),
            Self { first, .. } => (first, None),
        };
        Ok(rest)
    }

    /// No row is added any more: no file stays open.
    pub(crate) fn finish(self) -> io::Result<Self> {
        let rest = match self.rest {
            Rest::Written(part) => Rest::Complete(part.finish()?),
            rest => rest,
        };
        Ok(Self { rest, ..self })
    }

    /// Gives every row to `take`.
    pub(crate) fn each(&self, mut take: impl FnMut(&Unopened) -> Result<(), EgressError>) -> Result<(), EgressError> {
        self.first.iter().try_for_each(&mut take)?;
        let Rest::Complete(file) = &self.rest else { return Ok(()) };
        let rows = file.open().map_err(EgressError::io("read", file.path()))?;
        each_line(&mut BufReader::new(rows), file.path(), Damage::Told, |_, row| take(&row)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Status;

    fn row(row: u64) -> Unopened {
        let (source, status, error) = ("messages/a.jsonl".to_owned(), Status::Closed, "no-token".to_owned());
        Unopened { source, source_bytes: None, row, session_id: None, status, error }
    }

    fn all(rows: &UnopenedRows) -> Vec<u64> {
        let mut all = Vec::new();
        rows.each(|row| {
            all.push(row.row);
            Ok(())
        })
        .unwrap();
        all
    }

    #[test]
    fn rows_keep_their_order_and_few_are_in_memory() {
        let directory = tempfile::tempdir().unwrap();
        let files = || std::fs::read_dir(directory.path()).unwrap().count();
        for count in [0, 1, FEW as u64, FEW as u64 + 1, 5000] {
            let mut rows = UnopenedRows::in_directory(&Files::default(), directory.path());
            for block in 0..count.div_ceil(100) {
                let mut part = UnopenedRows::in_memory();
                (block * 100..count.min(block * 100 + 100)).for_each(|number| part.push(row(number)).unwrap());
                rows.append(part).unwrap();
            }
            let rows = rows.finish().unwrap();
            assert!(rows.first.len() <= FEW && files() == usize::from(count > FEW as u64), "{count}");
            assert_eq!(all(&rows), (0..count).collect::<Vec<_>>());
            drop(rows);
            assert_eq!(files(), 0);
        }
    }

    #[test]
    fn forgotten_rows_take_no_memory() {
        let mut rows = UnopenedRows::forgotten();
        (0..1000).for_each(|number| rows.push(row(number)).unwrap());
        assert_eq!(rows.finish().unwrap().first.len(), FEW);
    }
}
