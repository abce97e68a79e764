//! The shards that a merge reads: all of one egress, finished, and locked.

use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::finished;
use crate::ledger::{self, Line, MANIFEST};
use crate::naming::Names;
use crate::ordered::Ordered;
use crate::report::{ItemList, Report, runs};
use crate::shard::{self, Shard};
use crate::sink;
use crate::sink::outlet::{IDENTITY, LONGEST_IDENTITY};
use crate::sink::state::{self, SINK};
use crate::source::Source;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The shards, complete and locked against runs.
pub(super) struct Inputs {
    files: Files,
    pub(super) parts: Vec<Input>,
    pub(super) reports: Vec<Report>,
}

pub(super) struct Input {
    pub(super) root: PathBuf,
    _lock: Option<Handle>,
}

/// What all shards know of their sink.
pub(super) struct Sink {
    /// `sink.jsonl`.
    pub(super) lines: Vec<u8>,
    /// `identity.age`, where a passphrase opens the outputs.
    pub(super) identity: Option<Vec<u8>>,
    /// What it has appended to names.
    pub(super) appended: Option<&'static str>,
}

impl Sink {
    /// The files that tell it, in the order in which they are written.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let identity = self.identity.iter().map(|identity| (IDENTITY, &identity[..]));
        identity.chain([(SINK, &self.lines[..])])
    }
}

/// A line of one of the manifests.
pub(super) struct Listed {
    /// The place of its shard among all.
    pub(super) shard: usize,
    /// What tells its source from all others.
    pub(super) source: Vec<u8>,
    pub(super) line: Line,
    /// Whether the source is in an archive.
    pub(super) is_member: bool,
}

impl Inputs {
    pub(super) fn open(files: &Files, given: &[PathBuf]) -> Result<Self, EgressError> {
        let mut shards: BTreeMap<Shard, (Input, Report)> = BTreeMap::new();
        for path in given {
            let not_a_shard = |reason| EgressError::NotAShard { path: path.clone(), reason };
            let root = files.canonicalize(path).map_err(EgressError::io("open", path))?;
            let shard =
                shard::noted(files, &root)?.ok_or_else(|| not_a_shard("it holds no shard: it has no shard.json"))?;
            let lock = ledger::lock_shared(files, &root)?;
            let report = finished::report(files, &root).map_err(|error| match error {
                EgressError::NotFinished { reason, .. } => not_a_shard(reason),
                error => error,
            })?;
            if shards.insert(shard, (Input { root, _lock: lock }, report)).is_some() {
                return Err(EgressError::Shards(format!("shard {shard} is given twice")));
            }
        }
        check_complete(&shards)?;
        let (parts, reports): (Vec<_>, Vec<Report>) = shards.into_values().unzip();
        let pairs = reports.iter().zip(reports.iter().skip(1));
        if let Some(text) = pairs.filter_map(|(one, other)| difference(one, other)).next() {
            return Err(EgressError::Shards(text.to_owned()));
        }
        Ok(Self { files: files.clone(), parts, reports })
    }

    pub(super) fn first(&self) -> Result<&Report, EgressError> {
        self.reports.first().ok_or_else(|| EgressError::Shards("no shard is given".to_owned()))
    }

    pub(super) fn input_bytes(&self) -> BTreeMap<String, u64> {
        let mut sum = BTreeMap::new();
        for (status, bytes) in self.reports.iter().flat_map(|report| &report.coverage.input_bytes) {
            sum.entry(status.clone()).and_modify(|sum: &mut u64| *sum = sum.saturating_add(*bytes)).or_insert(*bytes);
        }
        sum
    }

    pub(super) fn runs(&self) -> Result<Vec<runs::Run>, EgressError> {
        let mut all = Vec::new();
        for part in &self.parts {
            all.extend(runs::all(&self.files, &part.root)?);
        }
        all.sort_by_key(|run| run.started);
        Ok(all)
    }

    /// What the shards know of their sink, which has to be the same: recipients, or one session. New sessions for each shard stay apart, as
    /// their keys do.
    pub(super) fn sink(&self) -> Result<Option<Sink>, EgressError> {
        let differ = || {
            let text = "the shards were not written for the same recipients, or each has new sessions";
            EgressError::Shards(text.to_owned())
        };
        let known = self.contents(SINK, state::LONGEST)?;
        if known.iter().all(Option::is_none) {
            return Ok(None);
        }
        let joined = state::joined(&known).map_err(|_| self.unreadable(SINK))?;
        let (head, lines) = joined.ok_or_else(differ)?;
        let identity = match (&head.identity, &self.contents(IDENTITY, LONGEST_IDENTITY)?[..]) {
            (None, _) => None,
            (Some(_), [Some(identity)]) => Some(identity.clone()),
            (Some(_), [None]) => return Err(self.unreadable(IDENTITY)),
            (Some(_), _) => return Err(differ()),
        };
        Ok(Some(Sink { appended: sink::appended(&head.sink), lines, identity }))
    }

    /// What a file holds in the shards, where it is there; once what is the same in neighbours. All of it together is at most `longest`.
    fn contents(&self, name: &str, longest: u64) -> Result<Vec<Option<Vec<u8>>>, EgressError> {
        let (mut contents, mut left) = (Vec::new(), longest);
        for part in &self.parts {
            let path = part.root.join(name);
            let is_there = self.files.exists(&path).map_err(EgressError::io("read", &path))?;
            let read = || self.files.read_within(&path, left).map_err(EgressError::io("read", &path));
            let content = if is_there { Some(read()?) } else { None };
            if contents.last() != Some(&content) {
                left = left.saturating_sub(content.as_ref().map_or(0, |content| content.len() as u64));
                contents.push(content);
            }
        }
        Ok(contents)
    }

    fn unreadable(&self, name: &str) -> EgressError {
        let path = self.parts.first().map(|part| part.root.join(name)).unwrap_or_default();
        EgressError::NotAShard { path, reason: "what it says of its sink cannot be read" }
    }

    /// The names that no output may get: the directories that items lie in, and those that archives are unpacked into.
    ///
    /// Refuses shards that together are not all items which each of them has seen.
    pub(super) fn names(&self, appended: Option<&'static str>) -> Result<Names, EgressError> {
        let (mut names, mut items) = (Names::new(appended), ItemList::new());
        let mut reserve = |directory: &str| {
            if !directory.is_empty() {
                names.reserve(directory);
            }
        };
        self.each_line(|Listed { source, line, is_member, .. }| {
            for written in line.written() {
                written.output.rsplit_once('/').into_iter().for_each(|(directory, _)| reserve(directory));
            }
            if !is_member {
                items.add(&source);
                let source = Source::new(PathBuf::from(&line.source));
                reserve(&source.directory());
                line.members.into_iter().for_each(|_| reserve(&source.tar_directory()));
            }
            Ok(())
        })?;
        let (items, seen) = (items.finish(), &self.first()?.bundle.items);
        if items == *seen {
            return Ok(names);
        }
        let text = format!(
            "the shards list {} items and have seen {}, which are not the same: run them again into new directories",
            items.count, seen.count
        );
        Err(EgressError::Shards(text))
    }

    /// One ledger file of every shard.
    pub(super) fn ordered(&self, name: &str) -> Result<Vec<Ordered>, EgressError> {
        self.parts.iter().map(|part| Ordered::open(&self.files, &part.root.join(name))).collect()
    }

    /// The lines of all manifests in the order of their sources.
    pub(super) fn each_line(&self, mut take: impl FnMut(Listed) -> Result<(), EgressError>) -> Result<(), EgressError> {
        let mut manifests = self.ordered(MANIFEST)?;
        let (mut last, mut archives) = (None, Archives::default());
        loop {
            let heads = manifests.iter_mut().enumerate().filter(|(_, manifest)| manifest.peek().is_some());
            let Some((shard, manifest)) = heads.min_by(|(_, a), (_, b)| a.peek().cmp(&b.peek())) else {
                return Ok(());
            };
            let Some((source, line)) = manifest.next_last::<Line>()? else { return Ok(()) };
            if last.as_ref() == Some(&source) {
                return Err(EgressError::Shards(format!("{} is in two shards", line.source)));
            }
            last = Some(source.clone());
            let is_member = archives.is_member(&source, &line);
            take(Listed { shard, source, line, is_member })?;
        }
    }
}

/// The archives at top level that the next sources may be members of.
#[derive(Debug, Default)]
struct Archives(Vec<Vec<u8>>);

impl Archives {
    /// Whether a line is that of a member. The lines come in the order of their sources.
    fn is_member(&mut self, source: &[u8], line: &Line) -> bool {
        // Everything that begins like an archive comes before anything else.
        while self.0.pop_if(|archive| !source.starts_with(archive)).is_some() {}
        let is_member = self.0.iter().any(|archive| source.get(archive.len()) == Some(&b'!'));
        if !is_member && line.members.is_some() {
            self.0.push(source.to_owned());
        }
        is_member
    }
}

/// Why these reports are not of one egress, if they are not.
fn difference(one: &Report, other: &Report) -> Option<&'static str> {
    if one.program != other.program {
        Some("the shards were not made by one version of this program")
    } else if one.bundle.options != other.bundle.options {
        Some("the shards were made with different options")
    } else if one.bundle.items != other.bundle.items {
        Some("the shards have not seen the same items: some came or went between their runs")
    } else if one.bundle != other.bundle {
        Some("the shards are not of one bundle in one state")
    } else {
        None
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
