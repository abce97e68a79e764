//! An egress from beginning to end: prepare, unlock, convert, publish in order, report.

use crate::archive;
use crate::convert::Converter;
use crate::done::Done;
use crate::error::EgressError;
use crate::files::Files;
use crate::keys_out::KeysFile;
use crate::ledger::{self, Ledger, Line, Status};
use crate::meter::Meter;
use crate::naming::Names;
use crate::options::{Options, Progress, Stage};
use crate::place;
use crate::plan::Prepared;
use crate::publish::Publisher;
use crate::report::runs::{self, Clock, Work};
use crate::report::{Report, Summary};
use crate::scan::{Content, Item};
use crate::shard;
use crate::sink::outlet::Outlet;
use crate::spool;
use crate::workers::{self, Ended};
use std::collections::HashSet;
use std::path::Path;

/// Decrypts everything of a bundle into `output`. A run that was interrupted is continued; one that was complete changes nothing (EGR-43).
///
/// # Errors
/// [`EgressError`] when the run as a whole cannot go on. What goes wrong with single items stands in the manifest.
pub fn run(bundle: &Path, output: &Path, options: &Options, progress: &dyn Progress) -> Result<Summary, EgressError> {
    let prepared = Prepared::new(bundle, options, progress)?;
    if progress.stopped() {
        return Err(EgressError::Interrupted);
    }
    if prepared.users > 1 && !options.confirmed {
        return Err(EgressError::NotConfirmed { users: prepared.users });
    }
    if prepared.users > 1 {
        progress.note(&format!(
            "the identities of {} users are in use: this is a server-side egress (EGR-47)",
            prepared.users
        ));
    }
    let clock = Clock::start();
    let inputs = prepared.bundle.places()?;
    let output = place::create_output(&options.files, output, &inputs)?;
    if let Some(keys_out) = options.sink.keys_out() {
        keys_out.check_place(&options.files, &inputs, &output)?;
    }
    let ledger = Ledger::open(&options.files, &output)?;
    let mut is_new = true;
    let mut outputs = HashSet::new();
    for line in ledger.lines()? {
        is_new = false;
        let written = line?.written().into_iter().map(|written| output.join(written.output));
        outputs.extend(written.filter(|path| place::is_temporary(path)));
    }
    let begin = || {
        shard::claim(&options.files, &output, options.shard, is_new)?;
        place::remove_left_over(&options.files, &output, &outputs).map_err(EgressError::io("clean", &output))?;
        spool::remove_left_over(&options.files, &output).map_err(EgressError::io("clean", &output))?;
        Outlet::open(&options.files, &output, &options.sink, is_new, ledger.damage())
    };
    let outlet = begin().map_err(|refused| ledger.refuse(refused))?;
    let keys_file = options.sink.keys_out();
    let keys_file = keys_file.map(|keys_out| KeysFile::open(keys_out, &prepared, &outlet, &output)).transpose();
    let keys_file = keys_file.map_err(|refused| ledger.refuse(refused))?;
    let pending = pending(&prepared, &ledger, &output, options, progress)?;
    unlock(&prepared, &pending, options, progress)?;
    let (ledger, ended) = convert(&prepared, &pending, ledger, &outlet, &output, options, progress)?;
    if let Some(keys_file) = keys_file {
        keys_file.write(options)?;
    }
    unless_stopped(ended)?;
    outlet.settle().map_err(EgressError::io("write", &output))?;
    ledger.end()?;
    if !pending.is_empty() {
        let work = Work {
            items: pending.len() as u64,
            bytes: bytes_of(&pending),
            private_key_operations: prepared.resolver.operations(),
            threads: options.threads(),
            shard: options.shard.map(|shard| shard.to_string()),
            sandbox: options.sandbox.clone(),
        };
        runs::add(&options.files, &output, clock.run(work))?;
    }
    let input_bytes = |line: &Line| input_bytes(&options.files, prepared.bundle.root(), line);
    let report = Report::count(&options.files, &output, prepared.facts(options)?, input_bytes)?;
    report.write(&options.files, &output)?;
    Ok(report.summary)
}

/// The items that are not finished, or whose outputs are not what they were (EGR-43).
fn pending<'a>(
    prepared: &'a Prepared,
    ledger: &Ledger,
    output: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<&'a Item>, EgressError> {
    let items = prepared.items_of(options.shard);
    let is_done = |line: &Line| {
        let is_copied = !options.copy_plain || line.status != Status::Plain || !line.written().is_empty();
        line.is_finished() && is_copied && ledger::is_there(&options.files, output, line)
    };
    let unfinished = archive::unfinished(&items, ledger, &is_done)?;
    progress.stage(Stage::Verify, items.len() as u64);
    let is_pending = |item: &&Item| {
        // What cannot be read now is told when the item is published.
        let line = line_of(ledger, item).ok().flatten();
        progress.advance(1);
        line.is_none_or(|line| !is_done(&line)) || unfinished.contains(&item.source.text())
    };
    let mut pending = Vec::new();
    let load = |item: &&Item| item.bytes;
    let ended = workers::in_batches(
        options.threads(),
        &items,
        load,
        || progress.stopped(),
        is_pending,
        |item, is_pending| {
            pending.extend(is_pending.then_some(item));
            Ok(())
        },
    )?;
    unless_stopped(ended)?;
    Ok(pending)
}

/// The length of all items. A file with holes may be as long as it likes.
fn bytes_of(items: &[&Item]) -> u64 {
    items.iter().map(|item| item.bytes).fold(0, u64::saturating_add)
}

/// A run that somebody ended says so, however far it came.
fn unless_stopped(ended: Ended) -> Result<(), EgressError> {
    match ended {
        Ended::Complete => Ok(()),
        Ended::Stopped => Err(EgressError::Interrupted),
    }
}

/// Finds the keys that the pending items need, with all cores: private-key operations are what takes the time.
fn unlock(
    prepared: &Prepared,
    pending: &[&Item],
    options: &Options,
    progress: &dyn Progress,
) -> Result<(), EgressError> {
    if pending.is_empty() {
        return Ok(());
    }
    let needed = prepared.needed_by(pending, options);
    progress.stage(Stage::Unlock, needed.len() as u64);
    let ended = workers::each(
        options.threads(),
        &needed,
        || progress.stopped(),
        |&session| {
            // Why a session stays closed is told with its items.
            drop(prepared.resolver.resolve(session));
            progress.advance(1);
        },
    );
    unless_stopped(ended)?;
    progress.note(&format!("{} private-key operations", prepared.resolver.operations()));
    Ok(())
}

fn convert(
    prepared: &Prepared,
    pending: &[&Item],
    ledger: Ledger,
    outlet: &Outlet,
    output: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(Ledger, Ended), EgressError> {
    progress.stage(Stage::Convert, bytes_of(pending));
    let converter = Converter {
        files: &options.files,
        bundle: prepared.bundle.root(),
        output,
        resolver: &prepared.resolver,
        outlet,
        copy_plain: options.copy_plain,
        threads: options.threads(),
        fields: &options.fields,
        session_map: &options.session_map,
        items: &prepared.items,
    };
    let mut publisher = Publisher::new(&options.files, taken_names(prepared, &ledger, outlet)?, ledger, outlet, output);
    let work = |item: &&Item| converter.convert(item, &Meter::new(progress, item.bytes));
    let load = |item: &&Item| item.bytes;
    let take = |_: &&Item, mut done: Done| {
        // The directories of an archive are there before any file gets its name.
        done.each_directory(|directory| publisher.reserve(directory))?;
        while let Some(converted) = done.next()? {
            publisher.publish(converted)?;
        }
        Ok(())
    };
    let ended = workers::in_batches(options.threads(), pending, load, || progress.stopped(), work, take)?;
    let mut ledger = publisher.finish()?;
    // A run that was stopped leaves what a run leaves that was killed between two batches.
    if ended == Ended::Complete {
        ledger.close()?;
    }
    Ok((ledger, ended))
}

/// The names that no new output may get: those of earlier runs, and the directories that items lie in.
fn taken_names(prepared: &Prepared, ledger: &Ledger, outlet: &Outlet) -> Result<Names, EgressError> {
    let mut names = Names::new(outlet.appended());
    for item in &prepared.items {
        let directory = item.source.directory();
        if !directory.is_empty() {
            names.reserve(&directory);
        }
        if item.content == Content::Archive {
            names.reserve(&item.source.tar_directory());
        }
    }
    for line in ledger.lines()? {
        line?.written().iter().for_each(|written| names.reserve(&written.output));
    }
    Ok(names)
}

/// What is known of an item already.
fn line_of(ledger: &Ledger, item: &Item) -> Result<Option<Line>, EgressError> {
    ledger.line(&item.source.text(), item.source.hex().as_deref())
}

/// The length of a source that is a file.
fn input_bytes(files: &Files, bundle: &Path, line: &Line) -> u64 {
    let path = line.source_path().map(|path| bundle.join(path));
    path.and_then(|path| files.metadata(&path).ok()).map_or(0, |metadata| metadata.len())
}
