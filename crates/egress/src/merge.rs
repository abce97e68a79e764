//! Shards put together: names are given once over all of them, so that the result is what one run would have made (EGR-33).

use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::ledger::{self, JOURNAL, Line, MANIFEST, UNOPENED, Unopened, Written};
use crate::naming::Names;
use crate::options::{Options, Progress, Stage};
use crate::ordered::Ordered;
use crate::place::{self, Finished, Hasher, Part};
use crate::report::{Report, Summary, runs};
use crate::shard::{self, Shard};
use crate::sink;
use crate::sink::state::{Head, SINK};
use crate::workers;
use std::collections::{BTreeMap, HashSet};
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
    let roots: Vec<_> = inputs.parts.iter().map(|part| part.root.as_path()).collect();
    let output = place::create_output(files, output, &roots)?;
    let _lock = ledger::lock(files, &output)?;
    if shard::noted(files, &output)?.is_some() {
        return Err(EgressError::NotAShard { path: output, reason: "it holds a shard and cannot hold the whole" });
    }
    place::remove_left_over(files, &output, &HashSet::new()).map_err(EgressError::io("clean", &output))?;
    progress.stage(
        Stage::Convert,
        inputs.reports.iter().map(|report| report.coverage.outputs.bytes).fold(0, u64::saturating_add),
    );
    let sink = inputs.sink()?;
    let head = sink.as_deref().and_then(|lines| lines.split(|&byte| byte == b'\n').next());
    let head: Option<Head> = head.and_then(|line| serde_json::from_slice(line).ok());
    let appended = head.and_then(|head| sink::appended(&head.sink));
    let joined = Joined { inputs: &inputs, output: &output, options, progress, appended };
    let ledgers = joined.files()?;
    // A manifest must not outlast what it names.
    files.sync_all(&output).map_err(EgressError::io("write", &output))?;
    if let Some(sink) = sink {
        let mut part = Part::create(files, &output).map_err(EgressError::io("write", &output))?;
        part.write_all(&sink).map_err(EgressError::io("write", &output))?;
        publish(files, part, &output.join(SINK))?;
    }
    publish(files, ledgers.unopened, &output.join(UNOPENED))?;
    publish(files, ledgers.manifest, &output.join(MANIFEST))?;
    let mut report = Report::count(files, &output, inputs.first()?.bundle.clone(), |_| 0)?;
    report.coverage.input_bytes = inputs.input_bytes();
    runs::write(files, &output, &inputs.runs()?)?;
    report.write(files, &output)?;
    Ok(report.summary)
}

/// The shards, complete and locked against runs.
struct Inputs {
    files: Files,
    parts: Vec<Input>,
    reports: Vec<Report>,
}

struct Input {
    root: PathBuf,
    _lock: Option<Handle>,
}

impl Inputs {
    fn open(files: &Files, given: &[PathBuf]) -> Result<Self, EgressError> {
        let mut shards: BTreeMap<Shard, (Input, Report)> = BTreeMap::new();
        for path in given {
            let not_a_shard = |reason| EgressError::NotAShard { path: path.clone(), reason };
            let root = files.canonicalize(path).map_err(EgressError::io("open", path))?;
            let shard =
                shard::noted(files, &root)?.ok_or_else(|| not_a_shard("it holds no shard: it has no shard.json"))?;
            let lock = ledger::lock_shared(files, &root)?;
            let journal = root.join(JOURNAL);
            if files.exists(&journal).map_err(EgressError::io("open", &journal))? {
                return Err(not_a_shard("its run has not finished: run it again"));
            }
            let report =
                Report::read(files, &root)?.ok_or_else(|| not_a_shard("its run has not finished: it has no report"))?;
            if shards.insert(shard, (Input { root, _lock: lock }, report)).is_some() {
                return Err(EgressError::Shards(format!("shard {shard} is given twice")));
            }
        }
        check_complete(&shards)?;
        let (parts, reports): (Vec<_>, Vec<Report>) = shards.into_values().unzip();
        if reports.windows(2).any(|pair| matches!(pair, [a, b] if (&a.bundle, &a.program) != (&b.bundle, &b.program))) {
            let text = "the shards are not of one bundle in one state, or not made by one version of this program";
            return Err(EgressError::Shards(text.to_owned()));
        }
        Ok(Self { files: files.clone(), parts, reports })
    }

    fn first(&self) -> Result<&Report, EgressError> {
        self.reports.first().ok_or_else(|| EgressError::Shards("no shard is given".to_owned()))
    }

    fn input_bytes(&self) -> BTreeMap<String, u64> {
        let mut sum = BTreeMap::new();
        for (status, bytes) in self.reports.iter().flat_map(|report| &report.coverage.input_bytes) {
            sum.entry(status.clone()).and_modify(|sum: &mut u64| *sum = sum.saturating_add(*bytes)).or_insert(*bytes);
        }
        sum
    }

    fn runs(&self) -> Result<Vec<runs::Run>, EgressError> {
        let mut all = Vec::new();
        for part in &self.parts {
            all.extend(runs::all(&self.files, &part.root)?);
        }
        all.sort_by_key(|run| run.started);
        Ok(all)
    }

    /// What the shards know of their sink, which has to be the same: recipients, or one session. New sessions for each shard stay apart, as
    /// their keys do.
    fn sink(&self) -> Result<Option<Vec<u8>>, EgressError> {
        let mut sinks = Vec::new();
        for part in &self.parts {
            let path = part.root.join(SINK);
            let is_there = self.files.exists(&path).map_err(EgressError::io("read", &path))?;
            let read = || self.files.read(&path).map_err(EgressError::io("read", &path));
            sinks.push(if is_there { Some(read()?) } else { None });
        }
        sinks.dedup();
        let sink = sinks.pop().flatten();
        if sinks.is_empty() {
            return Ok(sink);
        }
        Err(EgressError::Shards(
            "the shards were not written for the same recipients, or each has new sessions".to_owned(),
        ))
    }

    /// One ledger file of every shard.
    fn ordered(&self, name: &str) -> Result<Vec<Ordered>, EgressError> {
        self.parts.iter().map(|part| Ordered::open(&self.files, &part.root.join(name))).collect()
    }

    /// The lines of all manifests in the order of their sources, each with the number of its shard.
    fn each_line(
        &self,
        mut take: impl FnMut(usize, Vec<u8>, Line) -> Result<(), EgressError>,
    ) -> Result<(), EgressError> {
        let mut manifests = self.ordered(MANIFEST)?;
        let mut last = None;
        loop {
            let heads = manifests.iter_mut().enumerate().filter(|(_, manifest)| manifest.peek().is_some());
            let Some((number, manifest)) = heads.min_by(|(_, a), (_, b)| a.peek().cmp(&b.peek())) else {
                return Ok(());
            };
            let Some((source, line)) = manifest.next_last::<Line>()? else { return Ok(()) };
            if last.as_ref() == Some(&source) {
                return Err(EgressError::Shards(format!("{} is in two shards", line.source)));
            }
            last = Some(source.clone());
            take(number, source, line)?;
        }
    }
}

fn check_complete(shards: &BTreeMap<Shard, (Input, Report)>) -> Result<(), EgressError> {
    let Some((first, _)) = shards.first_key_value() else {
        return Err(EgressError::Shards("no shard is given".to_owned()));
    };
    if let Some(other) = shards.keys().find(|shard| shard.count() != first.count()) {
        return Err(EgressError::Shards(format!("shards {first} and {other} do not belong together")));
    }
    let is_missing = |index: &u32| Shard::new(*index, first.count()).is_ok_and(|shard| !shards.contains_key(&shard));
    let missing: Vec<_> = (0..first.count()).filter(is_missing).take(10).map(|index| index.to_string()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let numbers = missing.join(", ");
    Err(EgressError::Shards(format!("{} of {} shards are given; missing {numbers}", shards.len(), first.count())))
}

struct Joined<'a> {
    inputs: &'a Inputs,
    output: &'a Path,
    options: &'a Options,
    progress: &'a dyn Progress,
    /// What the sink has appended to names.
    appended: Option<&'static str>,
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
    /// Puts every file under its name, and writes the ledgers.
    fn files(&self) -> Result<Ledgers, EgressError> {
        let create = || Part::create(&self.options.files, self.output).map_err(EgressError::io("write", self.output));
        let (mut manifest, mut unopened) = (create()?, create()?);
        let mut names = self.directories()?;
        let mut rows = self.inputs.ordered(UNOPENED)?;
        let mut batch = Vec::new();
        self.inputs.each_line(|number, source, mut line| {
            let Some(root) = self.inputs.parts.get(number).map(|part| &part.root) else { return Ok(()) };
            let former = line.written();
            line.number_outputs(&mut names);
            for (from, written) in former.into_iter().zip(line.written()) {
                let to = self.output.join(&written.output);
                batch.push(Task { from: root.join(from.output), to, written });
            }
            write_line(&mut manifest, &line).map_err(EgressError::io("write", self.output))?;
            if let Some(rows) = rows.get_mut(number) {
                copy_rows(rows, &source, &mut unopened).map_err(|error| error.in_output(self.output))?;
            }
            if batch.len() >= BATCH { self.carry_out(std::mem::take(&mut batch)) } else { Ok(()) }
        })?;
        self.carry_out(batch)?;
        Ok(Ledgers { manifest, unopened })
    }

    /// The directories that items lie in: no file may take their names.
    fn directories(&self) -> Result<Names, EgressError> {
        let mut names = Names::new(self.appended);
        self.inputs.each_line(|_, _, line| {
            let outputs = line.written();
            let sources = Some(&line.source).filter(|source| !source.contains('!'));
            let paths = outputs.iter().map(|written| &written.output).chain(sources);
            paths.filter_map(|path| path.rsplit_once('/')).for_each(|(directory, _)| names.reserve(directory));
            Ok(())
        })?;
        Ok(names)
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
    /// Gives its outputs the first free names of their directories (EGR-31). A directory that is called like a tar has outputs of that tar
    /// alone, which a single shard has named already.
    fn number_outputs(&mut self, names: &mut Names) {
        let beside =
            self.source.split('!').next().and_then(|path| path.rsplit_once('/')).map_or("", |(parent, _)| parent);
        let mut number = |wanted: Option<&str>, output: &mut String| {
            let (directory, own) = output.rsplit_once('/').unwrap_or(("", &output[..]));
            let wanted = wanted.filter(|_| directory == beside || !self.source.contains('!')).unwrap_or(own);
            let name = names.next_free(directory, wanted);
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
fn copy_rows(rows: &mut Ordered, source: &[u8], target: &mut Part) -> Result<(), CopyError> {
    while rows.peek().is_some_and(|next| next <= source) {
        let Some(text) = rows.next_text().map_err(CopyError::Ledger)? else { return Ok(()) };
        if text.source == source && serde_json::from_slice::<Unopened>(&text.line).is_ok() {
            target.write_all(&text.line).and_then(|()| target.write_all(b"\n")).map_err(CopyError::Write)?;
        }
    }
    Ok(())
}

fn write_line(target: &mut Part, line: &Line) -> io::Result<()> {
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
