//! Shards put together: names are given once over all of them, so that the result is what one run would have made (EGR-33).

mod inputs;

use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{self, JOURNAL, Line, MANIFEST, UNOPENED, Unopened, Written};
use crate::naming::Names;
use crate::options::{Options, Progress, Stage};
use crate::ordered::Ordered;
use crate::place::{self, Finished, Hasher, Part};
use crate::report::{Report, Summary, runs};
use crate::shard;
use crate::workers;
use inputs::{Inputs, Listed, Sink};
use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Outputs that are copied before the next lines of the manifests are read.
const BATCH: usize = 4096;

/// Puts the outputs of all shards together into one, which is the same as that of a run without shards. The shards stay as they are. A merge
/// that was interrupted is continued; nothing that is in the way is overwritten.
///
/// # Errors
/// [`EgressError`] when a shard is missing, unfinished, given twice or of another bundle, when a file of a shard is not what its manifest says,
/// or when something else is in the way.
pub fn merge(
    shards: &[PathBuf],
    output: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Summary, EgressError> {
    let files = &options.files;
    let inputs = Inputs::open(files, shards)?;
    let sink = inputs.sink()?;
    let appended = sink.as_ref().and_then(|sink| sink.appended);
    let mut names = inputs.names(appended)?;
    let roots: Vec<_> = inputs.parts.iter().map(|part| part.root.as_path()).collect();
    let output = place::create_output(files, output, &roots)?;
    let is_new = files.list(&output).map_err(EgressError::io("list", &output))?.is_empty();
    let _lock = ledger::lock(files, &output)?;
    if shard::noted(files, &output)?.is_some() {
        return Err(EgressError::NotAShard { path: output, reason: "it holds a shard and cannot hold the whole" });
    }
    let joined = Joined { inputs: &inputs, output: &output, options, progress };
    if !is_new {
        let called_temporary = joined.check_ledgers(names, sink.as_ref())?;
        place::remove_left_over(files, &output, &called_temporary).map_err(EgressError::io("clean", &output))?;
        names = inputs.names(appended)?;
    }
    let bytes = inputs.reports.iter().map(|report| report.coverage.outputs.bytes).fold(0, u64::saturating_add);
    progress.stage(Stage::Convert, bytes);
    let ledgers = joined.files(names)?;
    // A manifest must not outlast what it names.
    files.sync_all(&output).map_err(EgressError::io("write", &output))?;
    if let Some(sink) = &sink {
        for (name, content) in sink.files() {
            let mut part = Part::create(files, &output).map_err(EgressError::io("write", &output))?;
            part.write_all(content).map_err(EgressError::io("write", &output))?;
            publish(files, part, &output.join(name))?;
        }
    }
    publish(files, ledgers.unopened, &output.join(UNOPENED))?;
    publish(files, ledgers.manifest, &output.join(MANIFEST))?;
    let mut report = Report::count(files, &output, inputs.first()?.bundle.clone(), |_| 0)?;
    report.coverage.input_bytes = inputs.input_bytes();
    runs::write(files, &output, &inputs.runs()?)?;
    report.write(files, &output)?;
    Ok(report.summary)
}

struct Joined<'a> {
    inputs: &'a Inputs,
    output: &'a Path,
    options: &'a Options,
    progress: &'a dyn Progress,
}

/// The ledgers of the whole, that wait for their names.
struct Ledgers {
    manifest: Part,
    unopened: Part,
}

/// A file of a shard and where it goes.
struct Task {
    from: PathBuf,
    to: PathBuf,
    written: Written,
}

impl Joined<'_> {
    /// Refuses an output with ledgers of something else before anything in it is touched. Gives the files of the whole that are called like
    /// temporary ones.
    fn check_ledgers(&self, names: Names, sink: Option<&Sink>) -> Result<HashSet<PathBuf>, EgressError> {
        let files = &self.options.files;
        let in_the_way = |name: &str| EgressError::InTheWay { path: self.output.join(name) };
        let is_there = |name: &str| {
            let path = self.output.join(name);
            files.exists(&path).map_err(EgressError::io("read", &path))
        };
        // A merge has none.
        if is_there(JOURNAL)? {
            return Err(in_the_way(JOURNAL));
        }
        let (mut manifest, mut unopened) = (Hasher::new(), Hasher::new());
        let mut called_temporary = HashSet::new();
        self.each_file(names, &mut manifest, &mut unopened, |task| {
            called_temporary.extend(Some(task.to).filter(|path| place::is_temporary(path)));
            Ok(())
        })?;
        let mut ledgers = vec![(MANIFEST, manifest), (UNOPENED, unopened)];
        for (name, content) in sink.into_iter().flat_map(Sink::files) {
            let mut hasher = Hasher::new();
            hasher.update(content);
            ledgers.push((name, hasher));
        }
        for (name, expected) in ledgers {
            let path = self.output.join(name);
            let of_file = || Hasher::of_file(files, &path).map_err(EgressError::io("read", &path));
            if is_there(name)? && of_file()? != expected.finish() {
                return Err(in_the_way(name));
            }
        }
        Ok(called_temporary)
    }

    /// Puts every file under its name, and writes the ledgers.
    fn files(&self, names: Names) -> Result<Ledgers, EgressError> {
        let create = || Part::create(&self.options.files, self.output).map_err(EgressError::io("write", self.output));
        let (mut manifest, mut unopened) = (create()?, create()?);
        let mut batch = Vec::new();
        self.each_file(names, &mut manifest, &mut unopened, |task| {
            batch.push(task);
            if batch.len() >= BATCH { self.carry_out(std::mem::take(&mut batch)) } else { Ok(()) }
        })?;
        self.carry_out(batch)?;
        Ok(Ledgers { manifest, unopened })
    }

    /// Writes the ledgers of the whole, and gives every file that they name to `take`.
    fn each_file(
        &self,
        mut names: Names,
        manifest: &mut impl io::Write,
        unopened: &mut impl io::Write,
        mut take: impl FnMut(Task) -> Result<(), EgressError>,
    ) -> Result<(), EgressError> {
        let mut rows = self.inputs.ordered(UNOPENED)?;
        self.inputs.each_line(|Listed { shard, source, mut line, .. }| {
            let Some(root) = self.inputs.parts.get(shard).map(|part| &part.root) else { return Ok(()) };
            let former = line.written();
            line.number_outputs(&mut names);
            for (from, written) in former.into_iter().zip(line.written()) {
                let to = self.output.join(&written.output);
                take(Task { from: root.join(from.output), to, written })?;
            }
            write_line(manifest, &line).map_err(EgressError::io("write", self.output))?;
            if let Some(rows) = rows.get_mut(shard) {
                copy_rows(rows, &source, unopened).map_err(|error| error.in_output(self.output))?;
            }
            Ok(())
        })
    }

    /// Copies by several threads; then all copies get their names, when they outlast a loss of power.
    fn carry_out(&self, tasks: Vec<Task>) -> Result<(), EgressError> {
        let files = &self.options.files;
        let work = |task: &Task| task.carry_out(files, self.options.hard_links);
        let mut copies = Vec::new();
        workers::in_order(self.options.threads(), &tasks, work, |task, copy| {
            self.progress.advance(task.written.bytes);
            copies.extend(copy?.map(|copy| (task, copy)));
            Ok::<(), EgressError>(())
        })?;
        let mut finished: Vec<_> = copies.iter_mut().map(|(_, copy)| copy).collect();
        Finished::make_durable(files, self.output, &mut finished).map_err(EgressError::io("write", self.output))?;
        copies
            .into_iter()
            .try_for_each(|(task, copy)| copy.publish(&task.to).map_err(EgressError::io("write", &task.to)))
    }
}

impl Task {
    /// Copies the file or gives it a second name, unless it is there already. What is copied is compared with the manifest before it gets
    /// its name.
    fn carry_out(&self, files: &Files, link: bool) -> Result<Option<Finished>, EgressError> {
        if files.exists(&self.to).map_err(EgressError::io("read", &self.to))? {
            let is_it = self.is_it(files, &self.to).map_err(EgressError::io("read", &self.to))?;
            return if is_it { Ok(None) } else { Err(EgressError::InTheWay { path: self.to.clone() }) };
        }
        let changed = || EgressError::Changed { path: self.from.clone() };
        let failed = || EgressError::io("copy", &self.from);
        let directory = self.to.parent().unwrap_or(Path::new("."));
        if link {
            files.create_private_directory(directory).map_err(EgressError::io("create", directory))?;
            if !self.is_it(files, &self.from).map_err(failed())? {
                return Err(changed());
            }
            files.link(&self.from, &self.to).map_err(EgressError::io("link", &self.to))?;
            return Ok(None);
        }
        let mut part = Part::create(files, directory).map_err(EgressError::io("create", directory))?;
        io::copy(&mut files.open(&self.from).map_err(failed())?, &mut part).map_err(failed())?;
        let finished = part.finish().map_err(EgressError::io("write", &self.to))?;
        let copied = finished.written(&self.written.output);
        if (copied.bytes, &copied.sha256) != (self.written.bytes, &self.written.sha256) {
            return Err(changed());
        }
        Ok(Some(finished))
    }

    fn is_it(&self, files: &Files, path: &Path) -> io::Result<bool> {
        let metadata = files.metadata(path)?;
        if !metadata.is_file() || metadata.len() != self.written.bytes {
            return Ok(false);
        }
        Ok(Hasher::of_file(files, path)?.1 == self.written.sha256)
    }
}

impl Line {
    /// Gives its outputs the first free names of their directories (EGR-31).
    fn number_outputs(&mut self, names: &mut Names) {
        let mut number = |wanted: Option<&str>, output: &mut String| {
            let (directory, own) = output.rsplit_once('/').unwrap_or(("", &output[..]));
            let name = names.next_free(directory, wanted.unwrap_or(own));
            *output = if directory.is_empty() { name } else { format!("{directory}/{name}") };
        };
        if let Some(output) = &mut self.output {
            number(self.name.as_deref(), output);
        }
        for written in &mut self.outputs {
            number(written.name.as_deref(), &mut written.output);
        }
    }
}

/// Why rows could not be copied.
enum CopyError {
    Ledger(EgressError),
    Write(io::Error),
}

impl CopyError {
    fn in_output(self, output: &Path) -> EgressError {
        match self {
            Self::Ledger(error) => error,
            Self::Write(error) => EgressError::io("write", output)(error),
        }
    }
}

/// The unopened records of one source.
fn copy_rows(rows: &mut Ordered, source: &[u8], target: &mut impl io::Write) -> Result<(), CopyError> {
    while rows.peek().is_some_and(|next| next <= source) {
        let Some(text) = rows.next_text().map_err(CopyError::Ledger)? else { return Ok(()) };
        if text.source == source && serde_json::from_slice::<Unopened>(&text.line).is_ok() {
            target.write_all(&text.line).and_then(|()| target.write_all(b"\n")).map_err(CopyError::Write)?;
        }
    }
    Ok(())
}

fn write_line(target: &mut impl io::Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *target, line)?;
    target.write_all(b"\n")
}

/// Gives a ledger its name. One that is there already has to be the same: the output would otherwise hold something else.
fn publish(files: &Files, part: Part, path: &Path) -> Result<(), EgressError> {
    let finished = part.finish().map_err(EgressError::io("write", path))?;
    let written = finished.written("");
    if !files.exists(path).map_err(EgressError::io("read", path))? {
        return finished.publish(path).map_err(EgressError::io("write", path));
    }
    let (bytes, sha256) = Hasher::of_file(files, path).map_err(EgressError::io("read", path))?;
    if (bytes, sha256) == (written.bytes, written.sha256) {
        return Ok(());
    }
    Err(EgressError::InTheWay { path: path.to_owned() })
}
