//! Outputs get their names: one item after the other, many at a time (EGR-27, EGR-31, EGR-32, EGR-40).
//!
//! For a batch of items the order is: outputs made durable, lines announced in the journal, journal made durable, names given, lines appended
//! to the manifest. A million small files cost some two thousand waits for the disk this way instead of two million.

use crate::convert::Converted;
use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{self, Ledger, Line, Status, Told, Written};
use crate::naming::Names;
use crate::place::Finished;
use crate::sink::outlet::Outlet;
use crate::unopened_rows::UnopenedRows;
use std::io;
use std::path::Path;

/// Items that get their names together: few at the beginning, twice as many each time. And bytes of their outputs.
const FIRST_ITEMS: usize = 16;
const MOST_ITEMS: usize = 1024;
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Gives outputs their names. What it has been given is published when [`Self::finish`] returns, some of it earlier.
#[derive(Debug)]
pub(crate) struct Publisher<'a> {
    files: &'a Files,
    names: Names,
    ledger: Ledger,
    outlet: &'a Outlet,
    output: &'a Path,
    batch: Vec<Ready>,
    batch_bytes: u64,
    /// How many items the batch is to have.
    batch_items: usize,
}

/// An item whose outputs wait for their names.
#[derive(Debug)]
struct Ready {
    line: Line,
    outputs: Vec<Named>,
}

/// A complete file and the name that it gets.
#[derive(Debug)]
struct Named {
    /// The safe name before numbering (EGR-33).
    wanted: String,
    name: String,
    file: Finished,
    /// Whether the file that has the name already is one of ours, or has the same content.
    replaces: bool,
}

impl Named {
    fn written(&self) -> Written {
        Written { name: Some(self.wanted.clone()), ..self.file.written(&self.name) }
    }
}

impl<'a> Publisher<'a> {
    pub(crate) fn new(files: &'a Files, names: Names, ledger: Ledger, outlet: &'a Outlet, output: &'a Path) -> Self {
        Self { files, names, ledger, outlet, output, batch: Vec::new(), batch_bytes: 0, batch_items: FIRST_ITEMS }
    }

    /// Takes the name of a directory that will be there.
    pub(crate) fn reserve(&mut self, directory: &str) {
        if !directory.is_empty() {
            self.names.reserve(directory);
        }
    }

    /// Takes over what became of an item.
    pub(crate) fn publish(&mut self, converted: Converted) -> Result<(), EgressError> {
        let Converted { mut line, directory, files, unopened } = converted;
        let former = self.ledger.line(&line.source, line.source_bytes.as_deref())?;
        let outputs = self.named(&directory, former.as_ref(), files)?;
        line.set_outputs(outputs.iter().map(Named::written).collect());
        if let Some(former) = former {
            // An output of something else than the source is now is none of it, however much is in it.
            let is_same_source = former.source_state == line.source_state;
            if is_same_source && ledger::is_there(self.files, self.output, &former) {
                let told = self.told(&former, &line, &unopened)?;
                // Records that are sealed again have no hash in clear to tell them by.
                let same_rows = former.rows == line.rows && told.is_some_and(|(formerly, now)| formerly == now);
                if former.says_the_same_as(&line) || (self.outlet.seals_records() && same_rows) {
                    return self.ledger.take_unopened(&line, &unopened);
                }
                if former.is_as_good_as(&line, told) {
                    return Ok(());
                }
            }
            line.keep_if_without(&former);
            if outputs.is_empty() && !line.written().is_empty() {
                return if former == line { Ok(()) } else { self.add(Ready { line, outputs }) };
            }
        }
        self.ledger.take_unopened(&line, &unopened)?;
        self.add(Ready { line, outputs })
    }

    /// The messages of a record file that stayed closed in the run before and in this one, if both are known.
    fn told(
        &mut self,
        former: &Line,
        line: &Line,
        unopened: &UnopenedRows,
    ) -> Result<Option<(Told, Told)>, EgressError> {
        if former.rows.is_none() || line.rows.is_none() {
            return Ok(None);
        }
        let now = Told::of(unopened)?;
        Ok(self.ledger.formerly_told(former)?.map(|formerly| (formerly, now)))
    }

    /// Publishes what still waits.
    pub(crate) fn finish(mut self) -> Result<Ledger, EgressError> {
        self.commit()?;
        Ok(self.ledger)
    }

    /// The names of the outputs of an item: those that it has already, or free ones.
    fn named(
        &mut self,
        directory: &str,
        former: Option<&Line>,
        files: Vec<(String, Finished)>,
    ) -> Result<Vec<Named>, EgressError> {
        let former = former.map(Line::written).filter(|written| written.len() == files.len());
        if let Some(former) = former {
            let named = former.into_iter().zip(files).map(|(written, (wanted, file))| {
                let place = self.files.metadata(&self.output.join(&written.output));
                if place.is_ok_and(|place| !place.is_file()) {
                    // Nothing but a file can be replaced by one.
                    return self.free_name(directory, &wanted, file);
                }
                Ok(Named { wanted, name: written.output, file, replaces: true })
            });
            return named.collect();
        }
        files.into_iter().map(|(wanted, file)| self.free_name(directory, &wanted, file)).collect()
    }

    /// The first free name; what some other program has put into the output is never overwritten. A file with the same content that no line
    /// names is ours: a line was lost.
    fn free_name(&mut self, directory: &str, wanted: &str, file: Finished) -> Result<Named, EgressError> {
        loop {
            let name = self.names.next_free(directory, wanted);
            let name = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            let place = self.output.join(&name);
            let is_taken = self.files.exists(&place).map_err(EgressError::io("look at", &place))?;
            if !is_taken || file.is_same_as(&place) {
                return Ok(Named { wanted: wanted.to_owned(), name, file, replaces: is_taken });
            }
        }
    }

    fn add(&mut self, ready: Ready) -> Result<(), EgressError> {
        self.batch_bytes += ready.outputs.iter().map(|named| named.file.bytes()).sum::<u64>();
        self.batch.push(ready);
        if self.batch.len() >= self.batch_items || self.batch_bytes >= MOST_BYTES { self.commit() } else { Ok(()) }
    }

    /// Publishes a batch. What is announced is recorded too, unless the run ends here: then the next one finds it in the journal.
    fn commit(&mut self) -> Result<(), EgressError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let failed = || EgressError::io("write", self.output);
        let outputs = self.batch.iter_mut().flat_map(|ready| &mut ready.outputs);
        let mut finished: Vec<_> = outputs.map(|named| &mut named.file).collect();
        Finished::make_durable(self.files, self.output, &mut finished).map_err(failed())?;
        self.outlet.settle().map_err(failed())?;
        let (mut lines, outputs): (Vec<_>, Vec<_>) =
            self.batch.drain(..).map(|ready| (ready.line, ready.outputs)).unzip();
        self.batch_bytes = 0;
        self.batch_items = MOST_ITEMS.min(self.batch_items * 2);
        self.ledger.announce(&lines)?;
        for (line, outputs) in lines.iter_mut().zip(outputs) {
            if let Err(error) = self.give_names(outputs) {
                let former = self.ledger.line(&line.source, line.source_bytes.as_deref())?;
                self.ledger.withdraw(line)?;
                let mut failed = Line::new(line.source.clone(), line.source_bytes.clone(), Status::Failed);
                failed.session_id = line.session_id.take();
                failed.source_state = line.source_state.take();
                failed.fail(error.to_string());
                former.iter().for_each(|former| failed.keep_if_without(former));
                *line = failed;
            }
        }
        self.ledger.record(&lines)
    }

    fn give_names(&self, outputs: Vec<Named>) -> io::Result<()> {
        for Named { name, file, replaces, .. } in outputs {
            let path = self.output.join(name);
            if replaces { file.replace(&path)? } else { file.publish(&path)? }
        }
        Ok(())
    }
}
