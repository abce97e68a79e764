//! One item from its source to outputs that wait for their names (docs/spec/EGRESS.md section 6).

use crate::archive::{self, Bytes, Converting};
use crate::done::{Done, Members};
use crate::fields::{Fields, Reading, SessionMap};
use crate::files::Files;
use crate::ledger::{Line, Rows, Status};
use crate::messages::{Opener, Opening, Rewritten};
use crate::meter::Meter;
use crate::pipeline;
use crate::place::Finished;
use crate::record_files::{Form, Input, RecordsError};
use crate::scan::{Content, Item, LARGEST_MESSAGE};
use crate::sink::new_sessions::{NewSession, NoNewSession};
use crate::sink::outlet::Outlet;
use crate::source::Source;
use crate::spool::Spool;
use crate::unopened_rows::UnopenedRows;
use sealwright_envelope::file::{self, Entries, Entry, FileError, Kind, SingleEntry};
use sealwright_envelope::legacy::{LegacyKey, LegacyMessage};
use sealwright_envelope::message::Message;
use sealwright_envelope::{OpenError, SymKey, name, stream};
use sealwright_session::{Closed, Reason, Resolved, Resolver};
use sealwright_types::{Coded as _, SessionId};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What converting an item gave.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) line: Line,
    /// The directory that its files get their names in, relative to the output.
    pub(crate) directory: String,
    /// Files that wait for their names, each with the safe name that it wants.
    pub(crate) files: Vec<(String, Finished)>,
    pub(crate) unopened: UnopenedRows,
}

impl Converted {
    pub(crate) fn without_files(line: Line) -> Self {
        Self { line, directory: String::new(), files: Vec::new(), unopened: UnopenedRows::in_memory() }
    }
}

/// Where things are.
#[derive(Debug)]
pub(crate) struct Converter<'a> {
    pub(crate) files: &'a Files,
    pub(crate) bundle: &'a Path,
    pub(crate) output: &'a Path,
    pub(crate) resolver: &'a Resolver,
    pub(crate) outlet: &'a Outlet,
    pub(crate) copy_plain: bool,
    pub(crate) threads: usize,
    pub(crate) fields: &'a Fields,
    pub(crate) session_map: &'a SessionMap,
    /// All items of the bundle, in order.
    pub(crate) items: &'a [Item],
}

/// Why an item has no outputs.
enum Unconverted {
    Closed(Closed),
    Rejected,
    Malformed(&'static str),
    Plain,
    Failed(String),
    /// It opens, and cannot be sealed again.
    NotSealed(&'static str),
}

struct Opened {
    files: Vec<(String, Finished)>,
    rows: Option<Rows>,
    unopened: UnopenedRows,
    route: Option<&'static str>,
    chain: bool,
    damaged: bool,
    warnings: Vec<String>,
}

impl From<io::Error> for Unconverted {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<RecordsError> for Unconverted {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Malformed => Self::Malformed("malformed"),
            RecordsError::Io(error) => error.into(),
        }
    }
}

impl Converter<'_> {
    /// Converts one item; of an archive every member too. Whatever goes wrong stands in the lines.
    pub(crate) fn convert(&self, item: &Item, meter: &Meter<'_>) -> Done {
        let path = item.source.path(self.bundle);
        let open = || self.files.open(&path).map(|file| meter.measured(file));
        if item.content == Content::Archive {
            return self.archive(item, open);
        }
        Done::one(self.convert_from(item, &mut Bytes::File(&open)))
    }

    fn archive<R: Read>(&self, item: &Item, open: impl Fn() -> io::Result<R>) -> Done {
        let failed = |members: u64, error: io::Error| {
            let mut line = Line::new(item.source.text(), item.source.hex(), Status::Failed);
            line.members = Some(members);
            line.fail(error.to_string());
            Converted::without_files(line)
        };
        let taken = item.source.like_members(self.items, |other| &other.source);
        let members = Members::new(self.files, self.output);
        let spool = Spool { files: self.files, directory: self.output };
        let mut converting = Converting { converter: self, sessions: self.session_map, members, ended: None };
        let walked =
            open().and_then(|mut input| archive::walk(&item.source, &mut input, taken, spool, &mut converting));
        let told = match walked {
            Ok(()) => Ok(converting.ended.take()),
            Err(error) => converting.go_on().map(|()| Some(failed(converting.members.count(), error))),
        };
        let finished = told.and_then(|itself| {
            let itself = itself.ok_or_else(|| io::Error::other("an archive without an end"))?;
            converting.members.finish(itself)
        });
        finished.unwrap_or_else(|error| Done::one(failed(0, error)))
    }

    /// Converts an item whose bytes may lie elsewhere.
    pub(crate) fn convert_from(&self, item: &Item, bytes: &mut Bytes<'_>) -> Converted {
        let source = &item.source;
        let mut line = Line::new(source.text(), source.hex(), Status::Converted);
        line.session_id = item.session().map(|session| session.to_string());
        let opened = match self.open(item, bytes) {
            Ok(opened) => opened,
            Err(unconverted) => {
                unconverted.tell(&mut line);
                return Converted::without_files(line);
            }
        };
        if item.content == Content::Plain {
            line.status = Status::Plain;
        }
        if opened.damaged {
            // What came before the damage is written.
            (line.status, line.error) = (Status::Malformed, Some("damaged".to_owned()));
        }
        line.route = opened.route.map(str::to_owned);
        line.chain = opened.chain;
        line.rows = opened.rows;
        line.warnings = opened.warnings;
        if let [(wanted, _)] = &opened.files[..] {
            line.name = Some(wanted.clone());
        }
        let directory = source.directory();
        Converted { line, directory, files: opened.files, unopened: opened.unopened }
    }

    fn open(&self, item: &Item, bytes: &mut Bytes<'_>) -> Result<Opened, Unconverted> {
        match &item.content {
            Content::Container(session) => {
                self.with_keys(*session, |key, target| self.container(key, target, bytes, item))
            }
            Content::Message(session) => {
                let text = read_message(bytes)?;
                let message = Message::parse(&text).map_err(|error| Unconverted::Malformed(error.code()))?;
                self.with_keys(*session, |key, target| self.text(message.open(key)?, target, &item.source))
            }
            Content::LegacyMessage(_) => self.legacy_message(bytes, &item.source),
            Content::RawEnvelope(session) => {
                self.with_keys(*session, |key, target| self.raw_envelope(key, target, bytes, &item.source))
            }
            Content::Records(form) => self.records(*form, bytes, item),
            Content::Plain if self.copy_plain => self.copy(bytes, &item.source),
            Content::Plain => Err(Unconverted::Plain),
            Content::Malformed(code) => Err(Unconverted::Malformed(code)),
            Content::Archive => Err(Unconverted::Malformed("too-deep")),
            Content::Unreadable(error) => Err(Unconverted::Failed(error.clone())),
        }
    }

    /// Tries one key of the session after the other until one opens the data (SES-10). What is opened may be sealed for another session.
    fn with_keys(
        &self,
        session: SessionId,
        mut open: impl FnMut(&SymKey, Option<&NewSession>) -> Result<Opened, OpenFailure>,
    ) -> Result<Opened, Unconverted> {
        let mut nth = 0;
        loop {
            let key = match self.resolver.resolve_nth(session, nth) {
                Ok(key) => key,
                Err(closed) if nth == 0 || closed.reasons.contains(&Reason::Unreadable) => {
                    return Err(Unconverted::Closed(closed));
                }
                Err(_) => return Err(Unconverted::Rejected),
            };
            nth += 1;
            let Some(sym_key) = key.sym_key() else { continue };
            let target = self.outlet.target(Some(session), self.resolver)?;
            match open(&sym_key, target.as_deref()) {
                Ok(opened) => {
                    self.outlet.opened(session, nth - 1, &sym_key)?;
                    return Ok(opened.by(&key, nth));
                }
                Err(OpenFailure::Rejected) => {}
                Err(OpenFailure::Final(unconverted)) => return Err(unconverted),
            }
        }
    }

    /// How many threads share the work on an item.
    fn threads_for(&self, item: &Item) -> usize {
        if item.bytes >= pipeline::WORTH_THREADS { self.threads } else { 1 }
    }

    fn raw_envelope(
        &self,
        key: &SymKey,
        target: Option<&NewSession>,
        bytes: &Bytes<'_>,
        source: &Source,
    ) -> Result<Opened, OpenFailure> {
        if target.is_some() {
            let opened = stream::Opener::new(key, bytes.open()?).map_err(FileError::from)?;
            return self.in_two_passes(opened.length(), opened, target, source);
        }
        let output = self.outlet.whole(&self.directory(source))?;
        let output = stream::open_withheld(key, bytes.open()?, output).map_err(FileError::from)?;
        Ok(Opened::one(self.outlet.name(own_name(source)), output.finish()?))
    }

    fn container(
        &self,
        key: &SymKey,
        target: Option<&NewSession>,
        bytes: &Bytes<'_>,
        item: &Item,
    ) -> Result<Opened, OpenFailure> {
        let source = &item.source;
        let mut container = bytes.open()?;
        let header = file::inspect(&mut container)?;
        if header.kind == Kind::Legacy && target.is_some() {
            let opened = file::open(key, &header, container, SingleEntry::First)?;
            return self.in_two_passes(opened.entry().length, opened, target, source);
        }
        let directory = self.directory(source);
        let place = |entry: &Entry| {
            let stored = entry.name.as_ref().map_or("", |name| &name.raw);
            self.outlet.file(&directory, target, stored, entry.length)
        };
        let opened = if self.threads_for(item) > 1 {
            pipeline::open_withheld(key, &header, container, Entries::List, place)?
        } else {
            file::open_withheld(key, &header, container, Entries::List, place)?
        };
        let mut files = Vec::with_capacity(opened.files.len());
        for (entry, part) in opened.files {
            let name = entry.name.map_or_else(|| own_name(source), |name| name.safe);
            files.push((self.outlet.name(name), part.finish()?));
        }
        let warnings =
            opened.skipped.iter().map(|name| format!("not a regular file, left out: {}", name.safe)).collect();
        Ok(Opened {
            files,
            rows: None,
            unopened: UnopenedRows::in_memory(),
            route: None,
            chain: false,
            damaged: false,
            warnings,
        })
    }

    /// What stores neither name nor length, where both stand at the beginning of a new container: the first pass has found the length.
    fn in_two_passes(
        &self,
        length: u64,
        mut opened: impl Read,
        target: Option<&NewSession>,
        source: &Source,
    ) -> Result<Opened, OpenFailure> {
        let name = own_name(source);
        let mut output = self.outlet.file(&self.directory(source), target, &name, length)?;
        io::copy(&mut opened, &mut output)?;
        Ok(Opened::one(self.outlet.name(name), output.finish()?))
    }

    /// A legacy message names a session or carries its key itself (SES-40).
    fn legacy_message(&self, bytes: &Bytes<'_>, source: &Source) -> Result<Opened, Unconverted> {
        let text = String::from_utf8(read_message(bytes)?).map_err(|_| Unconverted::Malformed("malformed"))?;
        let message = LegacyMessage::parse(text.trim()).map_err(|error| Unconverted::Malformed(error.code()))?;
        match &message.key {
            LegacyKey::Session(session) => {
                self.with_keys(*session, |key, target| self.text(message.open(key)?, target, source))
            }
            LegacyKey::Tokens(tokens) => {
                let resolved = self.resolver.resolve_local(tokens).map_err(Unconverted::Closed)?;
                let key = resolved.sym_key().ok_or(Unconverted::Rejected)?;
                let target = self.outlet.target(None, self.resolver)?;
                let opened = message.open(&key).map_err(OpenFailure::from);
                let opened = opened.and_then(|text| self.text(text, target.as_deref(), source));
                opened.map(|opened| opened.by(&resolved, 1)).map_err(OpenFailure::last)
            }
        }
    }

    /// A message that is a file of its own. It stores no name and keeps the one it has.
    fn text(&self, plaintext: Vec<u8>, target: Option<&NewSession>, source: &Source) -> Result<Opened, OpenFailure> {
        let finished = self.outlet.message(&self.directory(source), target, &plaintext)?;
        let finished = finished.ok_or(OpenFailure::Final(NoNewSession::NotText.into()))?;
        Ok(Opened::one(self.outlet.name(own_name(source)), finished))
    }

    fn records(&self, form: Form, bytes: &mut Bytes<'_>, item: &Item) -> Result<Opened, Unconverted> {
        let source = &item.source;
        let mut part = self.outlet.whole(&self.directory(source))?;
        let reading = Reading { fields: self.fields, session: self.session_map.session(&source.text()) };
        let mut opener = Opener::new(Opening { resolver: self.resolver, outlet: Some(self.outlet) });
        let path = bytes.path(|| source.path(self.bundle));
        let input = Input::new(bytes.read_once()?, path.as_deref());
        let spool = Spool { files: self.files, directory: self.output };
        let threads = self.threads_for(item);
        let rewritten = form.rewrite(input, &mut part, spool, (source, &mut opener, reading), threads)?;
        let name = name::safe(Form::output_name(&source.file_name()));
        let opened = Opened::one(self.outlet.name_of_whole(name), part.finish()?);
        let Rewritten { rows, unopened, chain, damaged, warnings, .. } = rewritten;
        Ok(Opened { rows: Some(rows), unopened, chain, damaged, warnings, ..opened })
    }

    fn copy(&self, bytes: &mut Bytes<'_>, source: &Source) -> Result<Opened, Unconverted> {
        let mut part = self.outlet.whole(&self.directory(source))?;
        io::copy(&mut bytes.read_once()?, &mut part)?;
        Ok(Opened::one(self.outlet.name_of_whole(name::safe(&source.file_name())), part.finish()?))
    }

    fn directory(&self, source: &Source) -> PathBuf {
        self.output.join(source.directory())
    }
}

impl Opened {
    fn one(name: String, file: Finished) -> Self {
        Self {
            files: vec![(name, file)],
            rows: None,
            unopened: UnopenedRows::in_memory(),
            route: None,
            chain: false,
            damaged: false,
            warnings: Vec::new(),
        }
    }

    fn by(mut self, key: &Resolved, nth: usize) -> Self {
        self.route = Some(key.route.as_str());
        self.chain = key.chain;
        if nth > 1 {
            // Different routes gave different keys: the data have decided (SES-10).
            self.warnings.push("key-mismatch: an earlier route led to a key that does not open this".to_owned());
        }
        self
    }
}

impl Unconverted {
    fn tell(self, line: &mut Line) {
        (line.status, line.error) = match self {
            // The records could not be read: who has the key is not known.
            Self::Closed(closed) if closed.reasons.contains(&Reason::Unreadable) => {
                return line.fail(Reason::Unreadable.to_string());
            }
            Self::Closed(closed) => (Status::Closed, Some(closed.code().to_owned())),
            Self::Rejected => (Status::Rejected, Some("rejected".to_owned())),
            Self::Malformed(code) => (Status::Malformed, Some(code.to_owned())),
            Self::Plain => (Status::Plain, None),
            Self::NotSealed(code) => (Status::Closed, Some(code.to_owned())),
            Self::Failed(reason) => return line.fail(reason),
        };
    }
}

impl From<NoNewSession> for Unconverted {
    fn from(reason: NoNewSession) -> Self {
        match reason {
            NoNewSession::Io(error) => error.into(),
            reason => Self::NotSealed(reason.code()),
        }
    }
}

/// Why a key did not open an item.
enum OpenFailure {
    /// Another key may.
    Rejected,
    /// No key will.
    Final(Unconverted),
}

impl OpenFailure {
    /// What it means when there is no other key.
    fn last(self) -> Unconverted {
        match self {
            Self::Rejected => Unconverted::Rejected,
            Self::Final(unconverted) => unconverted,
        }
    }
}

impl From<io::Error> for OpenFailure {
    fn from(error: io::Error) -> Self {
        Self::Final(error.into())
    }
}

impl From<OpenError> for OpenFailure {
    fn from(error: OpenError) -> Self {
        FileError::from(error).into()
    }
}

impl From<FileError> for OpenFailure {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Rejected => Self::Rejected,
            FileError::Io(error) => error.into(),
            error => Self::Final(Unconverted::Malformed(error.code())),
        }
    }
}

/// The name of an output that stores none: its source's, without the ending of sealed files.
fn own_name(source: &Source) -> String {
    let name = source.file_name();
    name::safe(name.strip_suffix(".seald").unwrap_or(&name))
}

fn read_message(bytes: &Bytes<'_>) -> Result<Vec<u8>, Unconverted> {
    if bytes.length()? > LARGEST_MESSAGE {
        return Err(Unconverted::Malformed("too-large"));
    }
    let mut text = Vec::new();
    bytes.open()?.take(LARGEST_MESSAGE).read_to_end(&mut text)?;
    Ok(text)
}
