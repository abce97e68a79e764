//! What is done with the members of an archive: their sessions are collected, or they are converted.

use super::{End, Unkept, Visitor};
use crate::convert::{Converted, Converter};
use crate::done::Members;
use crate::fields::{Reading, SessionMap};
use crate::files::{Files, Handle};
use crate::ledger::{Line, Status};
use crate::meter::Metered;
use crate::options::Options;
use crate::record_files::{Form, Input};
use crate::scan::{self, Announced, Content, Item, LARGEST_MESSAGE};
use crate::source::Source;
use crate::spool::Spool;
use sealwright_types::SessionId;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Members up to this size stay in memory.
const SMALL: usize = 1024 * 1024;
/// Bytes that are copied at once.
const PIECE: usize = 64 * 1024;

/// Collects the sessions that members need. What cannot be read is told when it is converted.
pub(crate) struct Collecting<'a> {
    pub(crate) options: &'a Options,
    pub(crate) spool: Spool<'a>,
    pub(crate) take: &'a mut dyn FnMut(SessionId),
}

impl Visitor for Collecting<'_> {
    fn member(&mut self, source: Source, beginning: &[u8], content: &mut dyn Read) -> io::Result<()> {
        let map = &self.options.session_map;
        if let Some(Content::Records(form)) = scan::named(&source, map) {
            let reading = Reading { fields: &self.options.fields, session: map.session(&source.text()) };
            drop(form.sessions(Input::of_stream(content), self.spool, reading, &mut *self.take));
            return Ok(());
        }
        let mut text = Vec::new();
        let looked_at = match Announced::by_beginning(beginning) {
            Announced::LegacyMessage | Announced::Json => {
                content.take(LARGEST_MESSAGE).read_to_end(&mut text)?;
                &text
            }
            // The session stands at the beginning.
            _ => beginning,
        };
        let recognized = scan::recognize(&mut Cursor::new(looked_at), looked_at.len() as u64)?;
        let content = scan::named(&source, map).unwrap_or(recognized);
        Item { source, bytes: 0, content }.session().into_iter().for_each(&mut *self.take);
        Ok(())
    }

    fn database(&mut self, source: Source, copy: Result<&Path, Unkept>) -> io::Result<()> {
        let session = self.options.session_map.session(&source.text());
        let reading = Reading { fields: &self.options.fields, session };
        if let Ok(input) = copy.and_then(|copy| Ok(Input::of_file(self.spool.files, copy)?)) {
            drop(Form::DATABASE.sessions(input, self.spool, reading, &mut *self.take));
        }
        Ok(())
    }

    fn damaged(&mut self) {}

    fn archive(&mut self, _: &Source, _: End) -> io::Result<()> {
        Ok(())
    }
}

/// Converts members.
pub(crate) struct Converting<'a> {
    pub(crate) converter: &'a Converter<'a>,
    pub(crate) sessions: &'a SessionMap,
    pub(crate) members: Members<'a>,
    /// What is told of an archive that has ended, as long as nothing comes behind it.
    pub(crate) ended: Option<Converted>,
}

impl Visitor for Converting<'_> {
    fn member(&mut self, source: Source, beginning: &[u8], content: &mut dyn Read) -> io::Result<()> {
        let converted = match scan::named(&source, self.sessions) {
            Some(Content::Records(form)) => {
                let item = Item { source, bytes: 0, content: Content::Records(form) };
                self.converter.convert_from(&item, &mut Bytes::Stream(content))
            }
            Some(named) => self.spooled(source, Some(named), content)?,
            None if Announced::by_beginning(beginning) == Announced::Nothing && !scan::is_short(beginning) => {
                let item = Item { source, bytes: 0, content: Content::Plain };
                self.converter.convert_from(&item, &mut Bytes::Stream(content))
            }
            None => self.spooled(source, None, content)?,
        };
        self.go_on()?;
        self.members.push(converted)
    }

    fn database(&mut self, source: Source, copy: Result<&Path, Unkept>) -> io::Result<()> {
        let content = match &copy {
            Ok(_) => Content::Records(Form::DATABASE),
            Err(Unkept::Damaged) => Content::Malformed("damaged"),
            Err(Unkept::Failed(error)) => Content::Unreadable(error.clone()),
        };
        let mut bytes = match copy {
            Ok(path) => Bytes::Copy { files: self.converter.files, path },
            Err(_) => Bytes::Memory(Vec::new()),
        };
        let converted = self.converter.convert_from(&Item { source, bytes: 0, content }, &mut bytes);
        self.go_on()?;
        self.members.push(converted)
    }

    fn damaged(&mut self) {
        let Some(latest) = self.ended.as_mut().or_else(|| self.members.latest()) else { return };
        if latest.line.rows.is_none() {
            // Half of a file is none.
            latest.files.clear();
            latest.line.name = None;
        }
        (latest.line.status, latest.line.error) = (Status::Malformed, Some("damaged".to_owned()));
    }

    fn archive(&mut self, source: &Source, end: End) -> io::Result<()> {
        let status = match end.error {
            None => Status::Converted,
            Some("too-deep") => Status::Failed,
            Some(_) => Status::Malformed,
        };
        let mut line = Line::new(source.text(), source.hex(), status);
        line.members = Some(end.members);
        line.error = end.error.map(str::to_owned);
        line.warnings = end.warnings;
        self.go_on()?;
        self.ended = Some(Converted::without_files(line));
        Ok(())
    }
}

impl Converting<'_> {
    /// Something comes behind an archive that has ended: it was one inside.
    pub(crate) fn go_on(&mut self) -> io::Result<()> {
        self.ended.take().map_or(Ok(()), |inner| self.members.push(inner))
    }

    /// Converts a member that has to be read more than once: it is put aside as it is, sealed.
    fn spooled(&self, source: Source, named: Option<Content>, content: &mut dyn Read) -> io::Result<Converted> {
        let spool = Spool { files: self.converter.files, directory: self.converter.output };
        let mut bytes = match Bytes::spooled(content, spool)? {
            Ok(bytes) => bytes,
            Err(error) => {
                let item = Item { source, bytes: 0, content: Content::Unreadable(error.to_string()) };
                return Ok(self.converter.convert_from(&item, &mut Bytes::Memory(Vec::new())));
            }
        };
        let length = bytes.length()?;
        let content = match named {
            Some(content) => content,
            None => scan::recognize(&mut bytes.open()?, length)?,
        };
        let item = Item { source, bytes: length, content };
        Ok(self.converter.convert_from(&item, &mut bytes))
    }
}

/// The bytes of an item.
pub(crate) enum Bytes<'a> {
    /// A file of the bundle.
    File(&'a dyn Fn() -> io::Result<Metered<'a, Handle>>),
    /// A database of an archive, with its log beside it.
    Copy { files: &'a Files, path: &'a Path },
    /// A small member.
    Memory(Vec<u8>),
    /// A large member, in a file without a name.
    Spooled(Handle),
    /// A member that is read once.
    Stream(&'a mut dyn Read),
}

/// Reads the bytes of an item, from their beginning.
pub(crate) enum Reader<'a> {
    File(Metered<'a, Handle>),
    Spooled(Handle),
    Memory(Cursor<&'a [u8]>),
}

impl<'a> Bytes<'a> {
    /// Puts a stream aside. The inner error is one of the spool.
    fn spooled(content: &mut dyn Read, spool: Spool<'_>) -> io::Result<io::Result<Self>> {
        let mut memory = Vec::new();
        content.take(SMALL as u64).read_to_end(&mut memory)?;
        if memory.len() < SMALL {
            return Ok(Ok(Self::Memory(memory)));
        }
        let mut file = match spool.files.create_unnamed(spool.directory) {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            if let Err(error) = file.write_all(&memory) {
                return Ok(Err(error));
            }
            memory.clear();
            if content.take(PIECE as u64).read_to_end(&mut memory)? == 0 {
                return Ok(Ok(Self::Spooled(file)));
            }
        }
    }

    /// Reads them again from their beginning; a stream has none.
    pub(crate) fn open(&self) -> io::Result<Reader<'_>> {
        match self {
            Self::File(open) => open().map(Reader::File),
            Self::Copy { files, path } => files.open(path).map(Reader::Spooled),
            Self::Memory(bytes) => Ok(Reader::Memory(Cursor::new(bytes))),
            Self::Spooled(file) => {
                let mut file = file.try_clone()?;
                file.rewind()?;
                Ok(Reader::Spooled(file))
            }
            Self::Stream(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }

    /// Reads them once.
    pub(crate) fn read_once(&mut self) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Self::Stream(stream) => Ok(Box::new(stream)),
            other => Ok(Box::new(other.open()?)),
        }
    }

    /// Where they lie, if that is a file with a name; `path` is that of the item.
    pub(crate) fn path(&self, path: impl FnOnce() -> PathBuf) -> Option<PathBuf> {
        match self {
            Self::File(_) => Some(path()),
            Self::Copy { path, .. } => Some(path.to_path_buf()),
            Self::Memory(_) | Self::Spooled(_) | Self::Stream(_) => None,
        }
    }

    pub(crate) fn length(&self) -> io::Result<u64> {
        self.open()?.seek(SeekFrom::End(0))
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Spooled(file) => file.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(position),
            Self::Spooled(file) => file.seek(position),
            Self::Memory(bytes) => bytes.seek(position),
        }
    }
}
