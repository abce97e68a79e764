//! Where results go: standard output, or a file that gets its name when it is complete (CLI-03, ENV-09 b).

#[cfg(target_os = "linux")]
mod unnamed;

use crate::confine::directory_of;
use crate::failure::Failure;
use crate::interrupt;
use sealwright::envelope::stream::Withheld;
use std::ffi::OsString;
use std::fs::{self, File};
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

/// A file that is being written: private, and gone if it is not published, also when a signal ends the program.
#[derive(Debug)]
pub(crate) enum Pending {
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// Where the system has no files without a name.
    Named(NamedTempFile),
}

impl Withheld for Pending {}

impl Pending {
    /// A file that will stand in the directory of `target`.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let directory = directory_of(target);
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed::create(directory) {
            return Ok(Self::Unnamed(file));
        }
        Self::named(directory)
    }

    fn named(directory: &Path) -> io::Result<Self> {
        interrupt::temporary(|| temporary_name().tempfile_in(directory)).map(Self::Named)
    }

    fn file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }

    /// Gives the file these rights instead of its private ones.
    pub(crate) fn set_permissions(&self, permissions: fs::Permissions) -> io::Result<()> {
        self.file().set_permissions(permissions)
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
        self.file().sync_all().map_err(|error| failed(error, None))?;
        if replace {
            check(target, true).map_err(|failure| (failure, None))?;
            return self.replace(target).map_err(|error| failed(error, None));
        }
        let (error, pending) = match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => match unnamed::link(&file, target) {
                Ok(()) => return Ok(()),
                Err(error) => (error, Self::Unnamed(file)),
            },
            Self::Named(file) => match file.persist_noclobber(target) {
                Ok(_) => return Ok(()),
                Err(error) => (error.error, Self::Named(error.file)),
            },
        };
        let taken = error.kind() == io::ErrorKind::AlreadyExists;
        Err(failed(error, taken.then_some(pending)))
    }

    /// Takes the place of what has the name. Only a name can be moved onto another: a file without one gets a temporary one first.
    fn replace(self, target: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => {
                let link = |name: &Path| unnamed::link(&file, name);
                temporary_name().make_in(directory_of(target), link)?.persist(target)?;
            }
            Self::Named(file) => drop(file.persist(target)?),
        }
        Ok(())
    }
}

fn temporary_name() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sealwright-").suffix(".part");
    builder
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
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
    written(target, bytes, replace)?.publish(target, replace)
}

/// As [`write()`], but for everybody to read.
pub(crate) fn write_public(target: &Path, bytes: &[u8], replace: bool) -> Result<(), Failure> {
    let pending = written(target, bytes, replace)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permitted = pending.set_permissions(fs::Permissions::from_mode(0o644));
        permitted.map_err(|error| Failure::from(error).at(target.display()))?;
    }
    pending.publish(target, replace)
}

fn written(target: &Path, bytes: &[u8], replace: bool) -> Result<Pending, Failure> {
    check(target, replace)?;
    let pending = Pending::beside(target).and_then(|mut pending| pending.write_all(bytes).map(|()| pending));
    pending.map_err(|error| Failure::from(error).at(target.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    const DIRECTORY: &str = "SEALWRIGHT_TEST_DIRECTORY";

    /// The program that is ended in the test below.
    #[test]
    #[ignore = "runs inside another test"]
    fn waits_with_a_named_file() {
        let mut pending = Pending::named(Path::new(&std::env::var_os(DIRECTORY).unwrap())).unwrap();
        pending.write_all(b"clear text").unwrap();
        sleep(Duration::from_secs(60));
    }

    #[test]
    fn a_signal_leaves_no_named_file_behind() {
        for signal in ["-INT", "-TERM", "-HUP"] {
            let directory = tempfile::tempdir().unwrap();
            let files = || fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "output::tests::waits_with_a_named_file"])
                .env(DIRECTORY, directory.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let started = Instant::now();
            while !files().any(|file| fs::read(file).is_ok_and(|content| content == b"clear text")) {
                assert!(started.elapsed() < Duration::from_secs(30), "no file is made");
                sleep(Duration::from_millis(5));
            }
            let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            assert!(killed.success());
            assert_eq!(child.wait().unwrap().code(), Some(1), "{signal}");
            assert_eq!(files().count(), 0, "{signal}");
        }
    }

    #[test]
    fn both_kinds_of_files_get_their_name_once_and_replace_on_request_only() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        for make in [Pending::beside, |target: &Path| Pending::named(directory_of(target))] {
            let pending = |content: &[u8]| {
                let mut pending = make(&target).unwrap();
                pending.write_all(content).unwrap();
                pending
            };
            let unpublished = pending(b"never published");
            pending(b"first").publish(&target, false).unwrap();
            assert!(pending(b"second").publish(&target, false).is_err());
            assert_eq!(fs::read(&target).unwrap(), b"first");
            pending(b"third").publish(&target, true).unwrap();
            assert_eq!(fs::read(&target).unwrap(), b"third");
            let other = directory.path().join("other");
            let taken = [target.clone(), other.clone()].into_iter();
            assert_eq!(pending(b"fourth").publish_first_free(taken).unwrap(), other);
            drop(unpublished);
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
            fs::remove_file(&target).unwrap();
            fs::remove_file(&other).unwrap();
        }
    }
}
