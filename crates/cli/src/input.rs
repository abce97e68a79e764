//! Where bytes come from: files, standard input, and pipes that have to be read twice.

use crate::failure::Failure;
use sealwright::types::SecretVec;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A path, or `-` for standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    Standard,
    Path(PathBuf),
}

/// A pipe of at most this many bytes is kept in memory.
pub(crate) const KEPT_IN_MEMORY: u64 = 1024 * 1024;

/// Bytes that can be read again from the start.
pub(crate) enum Source {
    File(File),
    /// Wiped afterwards: what came through the pipe may have been a secret.
    Memory(Cursor<Secret>),
}

/// A secret as a slice for [`Cursor`].
pub(crate) struct Secret(SecretVec);

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

impl From<OsString> for Input {
    fn from(argument: OsString) -> Self {
        if argument == "-" { Self::Standard } else { Self::Path(argument.into()) }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard input"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

impl Input {
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Standard => None,
            Self::Path(path) => Some(path),
        }
    }

    /// Opens it for reading once.
    pub(crate) fn open(&self) -> Result<File, Failure> {
        let file = match self {
            Self::Standard => standard_input(),
            Self::Path(path) => File::open(path),
        };
        let file = file.map_err(|error| Failure::from(error).at(self))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(Failure::from(io::Error::from(io::ErrorKind::IsADirectory)).at(self));
        }
        Ok(file)
    }

    /// Opens ciphertext for reading as often as needed. What comes through a pipe is kept in memory if it is small, and otherwise in a
    /// temporary file without a name (ENV-09 a).
    pub(crate) fn open_ciphertext(&self) -> Result<Source, Failure> {
        let file = self.open()?;
        if is_whole_file(&file) {
            return Ok(Source::File(file));
        }
        let beginning =
            bounded(&mut (&file).take(KEPT_IN_MEMORY), KEPT_IN_MEMORY).map_err(|failure| failure.at(self))?;
        if (beginning.len() as u64) < KEPT_IN_MEMORY {
            return Ok(Source::Memory(Cursor::new(Secret(beginning))));
        }
        let spooled = tempfile::tempfile().and_then(|mut spool| {
            io::copy(&mut Cursor::new(beginning.expose()).chain(&file), &mut spool)?;
            spool.rewind()?;
            Ok(Source::File(spool))
        });
        spooled.map_err(|error| Failure::from(error).at(self))
    }

    /// Reads all of it, at most `limit` bytes.
    pub(crate) fn read(&self, limit: u64) -> Result<SecretVec, Failure> {
        bounded(&mut self.open()?, limit).map_err(|failure| failure.at(self))
    }
}

/// Says before any work that standard input is wanted for several things.
pub(crate) fn read_once<'a>(inputs: impl IntoIterator<Item = &'a Input>) -> Result<(), Failure> {
    if inputs.into_iter().filter(|input| **input == Input::Standard).count() > 1 {
        return Err(Failure::usage(
            "standard input cannot be several things at once",
            "put the secret into a file that only you can read, and name that",
        ));
    }
    Ok(())
}

/// Reads the rest of `source`, at most `limit` bytes, into memory that is wiped afterwards.
pub(crate) fn bounded(source: &mut impl Read, limit: u64) -> Result<SecretVec, Failure> {
    // Grown by hand, so that no part of a secret stays behind in memory that a vector has left.
    let mut bytes = SecretVec::zeroed(4096);
    let mut length = 0;
    loop {
        let room = bytes.expose_mut().get_mut(length..).unwrap_or_default();
        if room.is_empty() {
            let mut larger = SecretVec::zeroed(length.saturating_mul(2));
            larger.expose_mut().iter_mut().zip(bytes.expose()).for_each(|(to, from)| *to = *from);
            bytes = larger;
            continue;
        }
        match source.read(room) {
            Ok(0) => return Ok(SecretVec::copy_of(bytes.expose().get(..length).unwrap_or_default())),
            Ok(read) => length = length.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        if length as u64 > limit {
            return Err(Failure::new("too-large", format!("more than the {limit} bytes that can be read here")));
        }
    }
}

/// Whether reading from its start gives all of it: a regular file that nobody has read from yet.
pub(crate) fn is_whole_file(file: &File) -> bool {
    let mut file = file;
    file.metadata().is_ok_and(|metadata| metadata.is_file())
        && file.stream_position().is_ok_and(|position| position == 0)
}

#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

impl Source {
    /// How many bytes there are; the position is the start afterwards.
    pub(crate) fn length(&mut self) -> io::Result<u64> {
        let length = self.seek(SeekFrom::End(0))?;
        self.rewind()?;
        Ok(length)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(memory) => memory.read(buffer),
        }
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(memory) => memory.seek(to),
        }
    }
}
