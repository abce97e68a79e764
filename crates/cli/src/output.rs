//! Where results go: standard output, or a file that gets its name when it is complete (CLI-03, ENV-09 b).

use crate::failure::Failure;
use sealwright::envelope::stream::Withheld;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A path, or `-` for standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    Standard,
    Path(PathBuf),
}

impl From<OsString> for Output {
    fn from(argument: OsString) -> Self {
        if argument == "-" { Self::Standard } else { Self::Path(argument.into()) }
    }
}

/// A file that is being written: private, with a temporary name, gone if it is not published.
#[derive(Debug)]
pub(crate) struct Pending(NamedTempFile);

impl Withheld for Pending {}

impl Pending {
    /// A file that will stand in the directory of `target`.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let directory = match target.parent() {
            Some(directory) if directory != Path::new("") => directory,
            _ => Path::new("."),
        };
        tempfile::Builder::new().prefix(".sealwright-").suffix(".part").tempfile_in(directory).map(Self)
    }

    /// Gives the file these rights instead of its private ones.
    pub(crate) fn set_permissions(&self, permissions: fs::Permissions) -> io::Result<()> {
        self.0.as_file().set_permissions(permissions)
    }

    /// Gives the file its name, if nothing has that name or `replace` says so. On failure nothing stays behind.
    pub(crate) fn publish(self, target: &Path, replace: bool) -> Result<(), Failure> {
        self.try_publish(target, replace).map_err(|(failure, _)| failure)
    }

    /// Gives the file the first of the names that is free.
    pub(crate) fn publish_first_free(mut self, targets: impl Iterator<Item = PathBuf>) -> Result<PathBuf, Failure> {
        let mut last = None;
        for target in targets {
            match self.try_publish(&target, false) {
                Ok(()) => return Ok(target),
                Err((failure, Some(pending))) => (self, last) = (pending, Some(failure)),
                Err((failure, None)) => return Err(failure),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists).into()))
    }

    /// Gives the file back when its name is taken.
    fn try_publish(self, target: &Path, replace: bool) -> Result<(), (Failure, Option<Self>)> {
        let failed = |error: io::Error, pending| (Failure::from(error).at(target.display()), pending);
        self.0.as_file().sync_all().map_err(|error| failed(error, None))?;
        if replace {
            check(target, true).map_err(|failure| (failure, None))?;
            return self.0.persist(target).map(drop).map_err(|error| failed(error.error, None));
        }
        self.0.persist_noclobber(target).map(drop).map_err(|error| {
            let taken = error.error.kind() == io::ErrorKind::AlreadyExists;
            failed(error.error, taken.then_some(Self(error.file)))
        })
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Tells before any work whether a file can be published there.
pub(crate) fn check(target: &Path, replace: bool) -> Result<(), Failure> {
    let Ok(metadata) = target.symlink_metadata() else {
        return Ok(());
    };
    let failure = if metadata.is_dir() {
        Failure::new("is-a-directory", "the output is a directory").hint("name the file in it")
    } else if !metadata.is_file() && !metadata.is_symlink() {
        Failure::new("not-regular", "the output is a device, a pipe or a socket")
            .hint("`-o -` writes to standard output")
    } else if !replace {
        io::Error::from(io::ErrorKind::AlreadyExists).into()
    } else {
        return Ok(());
    };
    Err(failure.at(target.display()))
}

/// Writes a small file, secret or not: private, complete or not at all.
pub(crate) fn write(target: &Path, bytes: &[u8], replace: bool) -> Result<(), Failure> {
    check(target, replace)?;
    let pending = Pending::beside(target).and_then(|mut pending| pending.write_all(bytes).map(|()| pending));
    pending.map_err(|error| Failure::from(error).at(target.display()))?.publish(target, replace)
}
