//! One item from its source to outputs that wait for their names (docs/spec/EGRESS.md section 6).

use crate::files::Files;
use crate::ledger::{Line, Rows, Status, Unopened};
use crate::messages::Rewritten;
use crate::place::{Finished, Part};
use crate::records;
use crate::scan::{Content, Item, LARGEST_MESSAGE};
use crate::source::Source;
use sealwright_envelope::file::{self, Entries, FileError};
use sealwright_envelope::legacy::{LegacyKey, LegacyMessage};
use sealwright_envelope::message::Message;
use sealwright_envelope::{OpenError, SymKey, name};
use sealwright_session::{Closed, Resolved, Resolver};
use sealwright_types::{Coded as _, SessionId};
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// What converting an item gave.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) line: Line,
    /// Files that wait for their names, each with the safe name that it wants.
    pub(crate) files: Vec<(String, Finished)>,
    pub(crate) unopened: Vec<Unopened>,
}

/// Where things are.
#[derive(Debug)]
pub(crate) struct Converter<'a> {
    pub(crate) files: &'a Files,
    pub(crate) bundle: &'a Path,
    pub(crate) output: &'a Path,
    pub(crate) resolver: &'a Resolver,
    pub(crate) copy_plain: bool,
}

/// Why an item has no outputs.
enum Unconverted {
    Closed(Closed),
    Rejected,
    Malformed(&'static str),
    Plain,
    Failed(String),
    Unsupported,
}

struct Opened {
    files: Vec<(String, Finished)>,
    rows: Option<Rows>,
    unopened: Vec<Unopened>,
    route: Option<&'static str>,
    chain: bool,
    warnings: Vec<String>,
}

impl From<io::Error> for Unconverted {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Converter<'_> {
    /// Converts one item. Whatever goes wrong with it stands in its line.
    pub(crate) fn convert(&self, item: &Item) -> Converted {
        let source = &item.source;
        let mut line = Line::new(source.text(), source.hex(), Status::Converted);
        line.session_id = item.session().map(|session| session.to_string());
        let opened = match self.open(item) {
            Ok(opened) => opened,
            Err(unconverted) => {
                unconverted.tell(&mut line);
                return Converted { line, files: Vec::new(), unopened: Vec::new() };
            }
        };
        if item.content == Content::Plain {
            line.status = Status::Plain;
        }
        line.route = opened.route.map(str::to_owned);
        line.chain = opened.chain;
        line.rows = opened.rows;
        line.warnings = opened.warnings;
        if let [(wanted, _)] = &opened.files[..] {
            line.name = Some(wanted.clone());
        }
        Converted { line, files: opened.files, unopened: opened.unopened }
    }

    fn open(&self, item: &Item) -> Result<Opened, Unconverted> {
        let path = item.source.path(self.bundle);
        match &item.content {
            Content::Container(session) => self.with_keys(*session, |key| self.container(key, &path, &item.source)),
            Content::Message(session) => {
                let text = read_message(self.files, &path)?;
                let message = Message::parse(&text).map_err(|error| Unconverted::Malformed(error.code()))?;
                self.with_keys(*session, |key| self.text(message.open(key)?, &item.source))
            }
            Content::LegacyMessage(_) => self.legacy_message(&path, &item.source),
            Content::Records => self.records(&path, &item.source),
            Content::Plain if self.copy_plain => self.copy(&path, &item.source),
            Content::Plain => Err(Unconverted::Plain),
            Content::Malformed(code) => Err(Unconverted::Malformed(code)),
            Content::Unsupported => Err(Unconverted::Unsupported),
            Content::Unreadable(error) => Err(Unconverted::Failed(error.clone())),
        }
    }

    /// Tries one key of the session after the other until one opens the data (SES-10).
    fn with_keys(
        &self,
        session: SessionId,
        mut open: impl FnMut(&SymKey) -> Result<Opened, OpenFailure>,
    ) -> Result<Opened, Unconverted> {
        let mut nth = 0;
        loop {
            let key = match self.resolver.resolve_nth(session, nth) {
                Ok(key) => key,
                Err(closed) if nth == 0 => return Err(Unconverted::Closed(closed)),
                Err(_) => return Err(Unconverted::Rejected),
            };
            nth += 1;
            let Some(sym_key) = key.sym_key() else { continue };
            match open(&sym_key) {
                Ok(opened) => return Ok(opened.by(&key, nth)),
                Err(OpenFailure::Rejected) => {}
                Err(OpenFailure::Final(unconverted)) => return Err(unconverted),
            }
        }
    }

    fn container(&self, key: &SymKey, path: &Path, source: &Source) -> Result<Opened, OpenFailure> {
        let mut container = self.files.open(path)?;
        let header = file::inspect(&mut container)?;
        let directory = self.directory(source);
        let opened =
            file::open_withheld(key, &header, container, Entries::List, |_| Part::create(self.files, &directory))?;
        let mut files = Vec::with_capacity(opened.files.len());
        for (entry, part) in opened.files {
            let name = entry.name.map_or_else(|| own_name(source), |name| name.safe);
            files.push((name, part.finish()?));
        }
        let warnings =
            opened.skipped.iter().map(|name| format!("not a regular file, left out: {}", name.safe)).collect();
        Ok(Opened { files, rows: None, unopened: Vec::new(), route: None, chain: false, warnings })
    }

    /// A legacy message names a session or carries its key itself (SES-40).
    fn legacy_message(&self, path: &Path, source: &Source) -> Result<Opened, Unconverted> {
        let text =
            String::from_utf8(read_message(self.files, path)?).map_err(|_| Unconverted::Malformed("malformed"))?;
        let message = LegacyMessage::parse(text.trim()).map_err(|error| Unconverted::Malformed(error.code()))?;
        match &message.key {
            LegacyKey::Session(session) => self.with_keys(*session, |key| self.text(message.open(key)?, source)),
            LegacyKey::Tokens(tokens) => {
                let resolved = self.resolver.resolve_local(tokens).map_err(Unconverted::Closed)?;
                let key = resolved.sym_key().ok_or(Unconverted::Rejected)?;
                let opened = message.open(&key).map_err(OpenFailure::from).and_then(|text| self.text(text, source));
                opened.map(|opened| opened.by(&resolved, 1)).map_err(OpenFailure::last)
            }
        }
    }

    /// A message that is a file of its own. It stores no name and keeps the one it has.
    fn text(&self, plaintext: Vec<u8>, source: &Source) -> Result<Opened, OpenFailure> {
        let mut part = Part::create(self.files, &self.directory(source))?;
        part.write_all(&plaintext)?;
        Ok(Opened::one(own_name(source), part.finish()?))
    }

    fn records(&self, path: &Path, source: &Source) -> Result<Opened, Unconverted> {
        let mut part = Part::create(self.files, &self.directory(source))?;
        let Rewritten { rows, unopened, chain } =
            records::rewrite(BufReader::new(self.files.open(path)?), &mut part, source, self.resolver)?;
        let opened = Opened::one(name::safe(&source.file_name()), part.finish()?);
        Ok(Opened { rows: Some(rows), unopened, chain, ..opened })
    }

    fn copy(&self, path: &Path, source: &Source) -> Result<Opened, Unconverted> {
        let mut part = Part::create(self.files, &self.directory(source))?;
        io::copy(&mut self.files.open(path)?, &mut part)?;
        Ok(Opened::one(name::safe(&source.file_name()), part.finish()?))
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
            unopened: Vec::new(),
            route: None,
            chain: false,
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
            Self::Closed(closed) => (Status::Closed, Some(closed.code().to_owned())),
            Self::Rejected => (Status::Rejected, Some("rejected".to_owned())),
            Self::Malformed(code) => (Status::Malformed, Some(code.to_owned())),
            Self::Plain => (Status::Plain, None),
            Self::Unsupported => (Status::Failed, Some("unsupported".to_owned())),
            Self::Failed(reason) => return line.fail(reason),
        };
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

fn read_message(files: &Files, path: &Path) -> Result<Vec<u8>, Unconverted> {
    if files.metadata(path)?.len() > LARGEST_MESSAGE {
        return Err(Unconverted::Malformed("too-large"));
    }
    let mut text = Vec::new();
    files.open(path)?.take(LARGEST_MESSAGE).read_to_end(&mut text)?;
    Ok(text)
}
