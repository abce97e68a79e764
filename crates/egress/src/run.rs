//! An egress from beginning to end: prepare, unlock, convert, publish in order, report.

use crate::convert::{Converted, Converter};
use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{self, Ledger, Line, Status};
use crate::naming::Names;
use crate::options::{Options, Progress, Stage};
use crate::place::{self, Finished, Part};
use crate::plan::Prepared;
use crate::report::{REPORT, Report, Summary};
use crate::scan::Item;
use crate::workers;
use std::convert::Infallible;
use std::io::{self, Write as _};
use std::path::Path;

/// Decrypts everything of a bundle into `output`. A run that was interrupted is continued; one that was complete changes nothing (EGR-43).
///
/// # Errors
/// [`EgressError`] when the run as a whole cannot go on. What goes wrong with single items stands in the manifest.
pub fn run(bundle: &Path, output: &Path, options: &Options, progress: &dyn Progress) -> Result<Summary, EgressError> {
    let prepared = Prepared::new(bundle, options, progress)?;
    if prepared.users > 1 && !options.confirmed {
        return Err(EgressError::NotConfirmed { users: prepared.users });
    }
    if prepared.users > 1 {
        progress.note(&format!(
            "the identities of {} users are in use: this is a server-side egress (EGR-47)",
            prepared.users
        ));
    }
    let output = create_output(&options.files, output, prepared.bundle.root())?;
    let ledger = Ledger::open(&options.files, &output)?;
    let outputs = ledger.lines().iter().flat_map(Line::written).map(|written| output.join(written.output));
    let outputs = outputs.filter(|path| place::is_temporary(path)).collect();
    place::remove_left_over(&options.files, &output, &outputs).map_err(EgressError::io("clean", &output))?;
    let pending = pending(&prepared, &ledger, &output, options, progress);
    unlock(&prepared, &pending, options, progress);
    let lines = convert(&prepared, &pending, ledger, &output, options, progress)?;
    let mut report = prepared.report()?;
    report.count_lines(&lines);
    write_report(&options.files, &output.join(REPORT), &report)?;
    Ok(report.summary)
}

/// The output directory, which must not be part of what is read.
fn create_output(files: &Files, output: &Path, bundle: &Path) -> Result<std::path::PathBuf, EgressError> {
    let inside = || EgressError::OutputInsideBundle { output: output.to_owned() };
    // Before anything is created: a new directory inside the bundle would be a change of the input.
    let existing = output.ancestors().find_map(|ancestor| {
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        files.canonicalize(ancestor).ok()
    });
    if existing.is_some_and(|existing| existing.starts_with(bundle)) {
        return Err(inside());
    }
    files.create_private_directory(output).map_err(EgressError::io("create", output))?;
    let output = files.canonicalize(output).map_err(EgressError::io("open", output))?;
    if bundle.starts_with(&output) || output.starts_with(bundle) {
        return Err(inside());
    }
    Ok(output)
}

/// The items that are not finished, or whose outputs are not what they were (EGR-43).
fn pending<'a>(
    prepared: &'a Prepared,
    ledger: &Ledger,
    output: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Vec<&'a Item> {
    let items = &prepared.items;
    progress.stage(Stage::Verify, items.len() as u64);
    let is_pending = |item: &Item| {
        let line = line_of(ledger, item);
        progress.advance(1);
        line.is_none_or(|line| {
            !(line.is_finished() && ledger::is_there(&options.files, output, line))
                || (options.copy_plain && line.status == Status::Plain && line.written().is_empty())
        })
    };
    let mut pending = Vec::new();
    let Ok(()) = workers::in_order(options.threads(), items, is_pending, |item, is_pending| {
        pending.extend(is_pending.then_some(item));
        Ok::<(), Infallible>(())
    });
    pending
}

/// Finds the keys that the pending items need, with all cores: private-key operations are what takes the time.
fn unlock(prepared: &Prepared, pending: &[&Item], options: &Options, progress: &dyn Progress) {
    if pending.is_empty() {
        return;
    }
    let needed = prepared.needed_by(pending);
    progress.stage(Stage::Unlock, needed.len() as u64);
    workers::each(options.threads(), &needed, |&session| {
        // Why a session stays closed is told with its items.
        drop(prepared.resolver.resolve(session));
        progress.advance(1);
    });
    progress.note(&format!("{} private-key operations", prepared.resolver.operations()));
}

fn convert(
    prepared: &Prepared,
    pending: &[&Item],
    mut ledger: Ledger,
    output: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<Line>, EgressError> {
    progress.stage(Stage::Convert, pending.iter().map(|item| item.bytes).sum());
    let converter = Converter {
        files: &options.files,
        bundle: prepared.bundle.root(),
        output,
        resolver: &prepared.resolver,
        copy_plain: options.copy_plain,
    };
    let mut publisher = Publisher { files: &options.files, names: taken_names(prepared, &ledger), output };
    let work = |item: &&Item| {
        let converted = converter.convert(item);
        progress.advance(item.bytes);
        converted
    };
    workers::in_order(options.threads(), pending, work, |item, converted| {
        publisher.publish(item, converted, &mut ledger)
    })?;
    ledger.close()
}

/// The names that no new output may get: those of earlier runs, and the directories that items lie in.
fn taken_names(prepared: &Prepared, ledger: &Ledger) -> Names {
    let mut names = Names::default();
    for item in &prepared.items {
        let directory = item.source.directory();
        if !directory.is_empty() {
            names.reserve(&directory);
        }
    }
    for written in ledger.lines().iter().flat_map(Line::written) {
        names.reserve(&written.output);
    }
    names
}

/// Gives outputs their names, one item after the other (EGR-31, EGR-32).
struct Publisher<'a> {
    files: &'a Files,
    names: Names,
    output: &'a Path,
}

impl Publisher<'_> {
    fn publish(&mut self, item: &Item, converted: Converted, ledger: &mut Ledger) -> Result<(), EgressError> {
        let Converted { mut line, files, unopened } = converted;
        let former = line_of(ledger, item);
        let reused = former.map(names_of).filter(|names| !names.is_empty() && names.len() == files.len());
        let names = match &reused {
            Some(names) => names.clone(),
            None => {
                let directory = item.source.directory();
                let free = files.iter().map(|(wanted, _)| self.free_name(&directory, wanted));
                free.collect::<Result<_, _>>()?
            }
        };
        line.set_outputs(names.iter().zip(&files).map(|(name, (_, file))| file.written(name)).collect());
        if let Some(former) = former.filter(|former| ledger::is_there(self.files, self.output, former)) {
            if former.is_as_good_as(&line) {
                return Ok(());
            }
            if files.is_empty() && !former.written().is_empty() {
                // A name that is in the manifest stays there (EGR-32).
                line.keep_outputs_of(former);
                return if *former == line { Ok(()) } else { ledger.record(line) };
            }
        }
        ledger.announce(&line, &unopened)?;
        if let Err(error) = self.give_names(&names, files, reused.is_some()) {
            ledger.withdraw(&line)?;
            let mut failed = Line::new(line.source, line.source_bytes, Status::Failed);
            failed.session_id = line.session_id;
            failed.fail(error.to_string());
            line = failed;
        }
        ledger.record(line)
    }

    fn give_names(&self, names: &[String], files: Vec<(String, Finished)>, replace: bool) -> io::Result<()> {
        for (name, (_, file)) in names.iter().zip(files) {
            let path = self.output.join(name);
            if replace { file.replace(&path)? } else { file.publish(&path)? }
        }
        Ok(())
    }

    /// The first free name; what some other program has put into the output is never overwritten.
    fn free_name(&mut self, directory: &str, wanted: &str) -> Result<String, EgressError> {
        loop {
            let name = self.names.next_free(directory, wanted);
            let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            let place = self.output.join(&path);
            if !self.files.exists(&place).map_err(EgressError::io("look at", &place))? {
                return Ok(path);
            }
        }
    }
}

fn names_of(line: &Line) -> Vec<String> {
    line.written().into_iter().map(|written| written.output).collect()
}

fn line_of<'a>(ledger: &'a Ledger, item: &Item) -> Option<&'a Line> {
    ledger.line(&item.source.text(), item.source.hex().as_deref())
}

/// Writes the report unless it says the same already: a run that changes nothing changes no file.
fn write_report(files: &Files, path: &Path, report: &Report) -> Result<(), EgressError> {
    let write = || -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(report)?;
        text.push(b'\n');
        if files.read(path).is_ok_and(|former| former == text) {
            return Ok(());
        }
        let mut part = Part::create(files, path.parent().unwrap_or(Path::new(".")))?;
        part.write_all(&text)?;
        part.finish()?.replace(path)
    };
    write().map_err(EgressError::io("write", path))
}
