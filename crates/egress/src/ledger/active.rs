//! The ledger of an output while a run writes to it.
//!
//! What outlasts what: outputs are made durable before they are announced, the journal before a name is given, the manifest before the
//! journal is emptied. So a loss of power at any moment leaves each source with a line whose outputs are there, or without one.

use super::file::{Appended, Damage, Places, each_line, lock};
use super::index::{Index, hash_of};
use super::unopened::{Rows, Spool, Told, told};
use super::{JOURNAL, Line, Lines, MANIFEST, is_there, lines};
use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::hashed::Hashed;
use crate::ordered::Ordered;
use crate::place::Part;
use crate::unopened_rows::UnopenedRows;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The journal is emptied when it is longer.
const LONGEST_JOURNAL: u64 = 4 * 1024 * 1024;

/// The files of one output, locked for one run. In memory is a fixed number of bytes for each source.
#[derive(Debug)]
pub(crate) struct Ledger {
    files: Files,
    output: PathBuf,
    index: Index,
    order: Order,
    manifest: Appended,
    journal: Appended,
    places: Mutex<Places>,
    unopened: Spool,
    /// What the run before has told, once somebody has asked for it.
    formerly_told: Option<Hashed<Told>>,
    damage: Damage,
    _lock: Handle,
}

/// Whether the lines of a file are ordered by source, one for each.
#[derive(Debug)]
struct Order {
    latest: Vec<u8>,
    is_kept: bool,
}

impl Ledger {
    /// Locks the output, reads what earlier runs have done, and repairs what one of them has left half done.
    pub(crate) fn open(files: &Files, output: &Path) -> Result<Self, EgressError> {
        let lock = lock(files, output)?;
        let journal = output.join(JOURNAL);
        let is_interrupted = files.exists(&journal).map_err(EgressError::io("open", &journal))?;
        let damage = if is_interrupted { Damage::CutOff } else { Damage::Told };
        let (mut index, mut order) = (Index::default(), Order::new());
        let manifest = Appended::open(files, output.join(MANIFEST), damage, |place, line: Line| {
            if line.is_of_directory() {
                order.is_kept = false;
                return Ok(());
            }
            order.add(&line);
            index.insert(&line, place);
            Ok(())
        })?;
        // Nothing is taken from the journal before it is known to be there after a loss of power.
        let journal = Appended::open(files, journal, Damage::CutOff, |_, _: Line| Ok(()))?;
        files.sync_directory(output).map_err(EgressError::io("write", output))?;
        let places = Mutex::new(Places::open(files, manifest.path())?);
        let (files, output) = (files.clone(), output.to_owned());
        let unopened = Spool::default();
        let mut ledger = Self {
            files,
            output,
            index,
            order,
            manifest,
            journal,
            places,
            unopened,
            formerly_told: None,
            damage,
            _lock: lock,
        };
        ledger.adopt_journal()?;
        if !ledger.order.is_kept {
            ledger.sort()?;
        }
        Ok(ledger)
    }

    /// What a line is that cannot be read: it depends on how the last run ended.
    pub(crate) fn damage(&self) -> Damage {
        self.damage
    }

    /// Ends a run that is refused before it has begun anything: an output that was finished stays so, unless the system has failed.
    pub(crate) fn refuse(&self, refused: EgressError) -> EgressError {
        let has_failed = matches!(refused, EgressError::Io { .. });
        if self.damage == Damage::Told && !has_failed {
            // What stays is an empty journal, which the next run removes.
            drop(self.files.remove(self.journal.path()));
        }
        refused
    }

    /// The line of a source.
    pub(crate) fn line(&self, source: &str, source_bytes: Option<&str>) -> Result<Option<Line>, EgressError> {
        let Some(place) = self.index.place(&hash_of(source, source_bytes)) else { return Ok(None) };
        let line: Line = self.places.lock().unwrap_or_else(PoisonError::into_inner).line(place)?;
        Ok(Some(line).filter(|line| line.source == source && line.source_bytes.as_deref() == source_bytes))
    }

    /// All lines, in the order of their sources.
    pub(crate) fn lines(&self) -> Result<Lines, EgressError> {
        lines(&self.files, &self.output)
    }

    /// Says what is about to be published, before any of it has its name.
    pub(crate) fn announce(&mut self, lines: &[Line]) -> Result<(), EgressError> {
        self.journal.append(lines)?;
        self.journal.sync()
    }

    /// Takes back what was announced and cannot be recorded: outputs that have their names already, unless an earlier run lists them.
    pub(crate) fn withdraw(&mut self, line: &Line) -> Result<(), EgressError> {
        let listed = self.line(&line.source, line.source_bytes.as_deref())?;
        let listed = listed.as_ref().map(Line::written).unwrap_or_default();
        for written in line.written() {
            let is_listed = listed.iter().any(|listed| listed.output == written.output);
            if !is_listed && written.is_there(&self.files, &self.output) {
                let path = self.output.join(&written.output);
                self.files.remove(&path).map_err(EgressError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Says that everything that was announced is published, or how it ended instead.
    pub(crate) fn record(&mut self, lines: &[Line]) -> Result<(), EgressError> {
        self.add(lines)?;
        if self.journal.length() > LONGEST_JOURNAL {
            self.manifest.sync()?;
            self.journal.cut(0)?;
        }
        Ok(())
    }

    /// Takes the rows of a source that stayed closed in this run in place of those of an earlier one.
    pub(crate) fn take_unopened(&mut self, line: &Line, rows: &UnopenedRows) -> Result<(), EgressError> {
        let source = hash_of(&line.source, line.source_bytes.as_deref());
        self.unopened.take(&self.files, &self.output, source, rows)
    }

    /// The rows of a source that stayed closed in the run before, if that came to its end: otherwise they may be of an even earlier one.
    pub(crate) fn formerly_told(&mut self, line: &Line) -> Result<Option<Told>, EgressError> {
        if self.damage == Damage::CutOff {
            return Ok(None);
        }
        let all = match self.formerly_told.take() {
            Some(all) => all,
            None => told(&self.files, &self.output)?,
        };
        let told = all.get(&hash_of(&line.source, line.source_bytes.as_deref())).copied().unwrap_or_default();
        self.formerly_told = Some(all);
        Ok(Some(told))
    }

    /// Leaves one line for each source, in their order, and the rows of those that have some.
    pub(crate) fn close(&mut self) -> Result<(), EgressError> {
        if !self.order.is_kept {
            self.sort()?;
        }
        self.manifest.sync()?;
        let rows = Rows { files: &self.files, output: &self.output, index: &self.index };
        rows.rewrite(std::mem::take(&mut self.unopened))
    }

    /// Says that the run is over: the next one finds no journal, and expects what every file holds to be durable.
    pub(crate) fn end(self) -> Result<(), EgressError> {
        self.files.remove(self.journal.path()).map_err(EgressError::io("remove", self.journal.path()))?;
        self.files.sync_all(&self.output).map_err(EgressError::io("write", &self.output))
    }

    fn add(&mut self, lines: &[Line]) -> Result<(), EgressError> {
        for (line, place) in lines.iter().zip(self.manifest.append(lines)?) {
            self.order.add(line);
            self.index.insert(line, place);
        }
        Ok(())
    }

    /// A line that was announced but not recorded counts if its outputs are all there (EGR-40), and so are those of all lines before it: what
    /// is told of an archive says that its members are told. Then the journal has done its work.
    fn adopt_journal(&mut self) -> Result<(), EgressError> {
        let path = self.journal.path().to_owned();
        let journal = self.files.open(&path).map_err(EgressError::io("open", &path))?;
        let mut all_there = true;
        each_line(&mut BufReader::new(journal), &path, Damage::CutOff, |_, line: Line| {
            if line.is_of_directory() || self.line(&line.source, line.source_bytes.as_deref())?.as_ref() == Some(&line)
            {
                return Ok(());
            }
            all_there &= is_there(&self.files, &self.output, &line);
            if all_there { self.add(&[line]) } else { self.withdraw(&line) }
        })?;
        self.manifest.sync()?;
        self.journal.cut(0)
    }

    /// Rewrites the manifest with one line for each source, in their order. That a directory could not be listed in an earlier run is left out.
    fn sort(&mut self) -> Result<(), EgressError> {
        let path = self.manifest.path().to_owned();
        let failed = || EgressError::io("write", &path);
        let mut part = Part::create(&self.files, &self.output).map_err(failed())?;
        let mut ordered = Ordered::open(&self.files, &path)?;
        while let Some(text) = ordered.next_last_text()? {
            if text.source.ends_with(b"/") && self.is_out_of_date(&text.line) {
                continue;
            }
            part.write_all(&text.line).and_then(|()| part.write_all(b"\n")).map_err(failed())?;
        }
        part.finish().and_then(|finished| finished.replace(&path)).map_err(failed())?;
        self.files.sync_directory(&self.output).map_err(failed())?;
        (self.index, self.order) = (Index::default(), Order::new());
        let (index, order) = (&mut self.index, &mut self.order);
        self.manifest = Appended::open(&self.files, path, Damage::Told, |place, line: Line| {
            order.add(&line);
            index.insert(&line, place);
            Ok(())
        })?;
        self.places = Mutex::new(Places::open(&self.files, self.manifest.path())?);
        Ok(())
    }
}

impl Ledger {
    fn is_out_of_date(&self, text: &[u8]) -> bool {
        let line: Result<Line, _> = serde_json::from_slice(text);
        line.is_ok_and(|line| {
            let hash = hash_of(&line.source, line.source_bytes.as_deref());
            line.is_of_directory() && self.index.place(&hash).is_none()
        })
    }
}

impl Order {
    fn new() -> Self {
        Self { latest: Vec::new(), is_kept: true }
    }

    fn add(&mut self, line: &Line) {
        let source = line.source_key();
        self.is_kept &= self.latest < source;
        self.latest = source;
    }
}
