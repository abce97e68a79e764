//! The one door to the file system: everything that an egress reads and writes goes through it, so that a test can let any of it fail.

use sealwright_types::random;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempPath;

/// The file system, watched or not.
#[derive(Debug, Clone, Default)]
pub struct Files {
    watch: Option<Arc<dyn Watch>>,
}

/// Hears of every operation before it is carried out and decides about it, from several threads. A run has none; tests let operations fail.
pub trait Watch: fmt::Debug + Send + Sync {
    /// Lets the operation be carried out, or fail with an error of the system.
    ///
    /// # Errors
    /// What the system is to have said instead of carrying out the operation.
    fn before(&self, action: Action<'_>, path: &Path) -> io::Result<Verdict>;
}

/// What is about to be done with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action<'a> {
    /// An existing file is opened for reading.
    Open,
    /// A new file, for its owner only, is created.
    Create,
    /// A file is opened for reading and appending, and created if it is not there.
    Append,
    /// Bytes are read.
    Read,
    /// So many bytes are written.
    Write(usize),
    /// A file is cut to a length.
    Truncate(u64),
    /// The content of a file, or the names in a directory, are made to outlast a loss of power.
    Sync,
    /// Everything in the file system of a directory is made to outlast a loss of power.
    SyncAll,
    /// The path gets this name, whatever had it before.
    Replace(&'a Path),
    /// The path gets this name, which nothing may have.
    Publish(&'a Path),
    /// A file is removed.
    Remove,
    /// The names in a directory are read.
    List,
    /// Kind and length of what is there are looked up.
    Metadata,
    /// A directory, for its owner only, and all above it are created.
    CreateDirectory,
    /// Links in the path are resolved.
    Canonicalize,
    /// Other runs are kept out.
    Lock,
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Proceed,
    /// Only so many of the bytes are written, as when a system stops in the middle.
    Short(usize),
}

/// An open file.
#[derive(Debug)]
pub(crate) struct Handle {
    file: File,
    watched: Option<(Arc<dyn Watch>, PathBuf)>,
}

/// What stands in a directory.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) is_directory: bool,
}

/// How many files are made durable one by one. For more, everything in the file system at once takes less time.
const FEW_FILES: usize = 16;

impl Files {
    /// The file system, with somebody who hears of every operation before it is carried out.
    pub fn watched(watch: Arc<dyn Watch>) -> Self {
        Self { watch: Some(watch) }
    }

    /// Opens a file for reading.
    pub(crate) fn open(&self, path: &Path) -> io::Result<Handle> {
        self.pass(Action::Open, path)?;
        File::open(path).map(|file| self.handle(file, path))
    }

    /// As [`Self::open`]; `None` for a file that is not there.
    pub(crate) fn open_if_there(&self, path: &Path) -> io::Result<Option<Handle>> {
        if_there(self.open(path))
    }

    /// A whole file.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A whole file of at most so many bytes, read by one who did not write it.
    pub(crate) fn read_within(&self, path: &Path, longest: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > longest {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is longer than {longest} bytes")));
        }
        Ok(bytes)
    }

    /// A new file, readable by its owner only, with a random name between `prefix` and `suffix`.
    pub(crate) fn create_temporary(
        &self,
        directory: &Path,
        prefix: &str,
        suffix: &str,
    ) -> io::Result<(PathBuf, Handle)> {
        let mut random = [0; 12];
        random::fill(&mut random).map_err(io::Error::other)?;
        let path = directory.join(format!("{prefix}{}{suffix}", hex::encode(random)));
        self.pass(Action::Create, &path)?;
        let file = private().read(true).write(true).create_new(true).open(&path)?;
        let handle = self.handle(file, &path);
        Ok((path, handle))
    }

    /// A file for appending, which can be read too; a new one is for its owner only.
    pub(crate) fn append(&self, path: &Path) -> io::Result<Handle> {
        self.pass(Action::Append, path)?;
        let file = private().read(true).append(true).create(true).open(path)?;
        Ok(self.handle(file, path))
    }

    /// Gives a file the name of the file that it replaces.
    pub(crate) fn replace(&self, path: &Path, name: &Path) -> io::Result<()> {
        self.pass(Action::Replace(name), path)?;
        fs::rename(path, name)
    }

    /// Gives a file its name, which nothing else may have.
    pub(crate) fn publish(&self, path: &Path, name: &Path) -> io::Result<()> {
        self.pass(Action::Publish(name), path)?;
        let unnamed = TempPath::try_from_path(path)?;
        unnamed.persist_noclobber(name).map_err(|failed| {
            // Who made the file removes it.
            drop(failed.path.keep());
            failed.error
        })
    }

    /// Gives a file a second name, which nothing else may have.
    pub(crate) fn link(&self, path: &Path, name: &Path) -> io::Result<()> {
        self.pass(Action::Publish(name), path)?;
        fs::hard_link(path, name)
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        self.pass(Action::Remove, path)?;
        fs::remove_file(path)
    }

    /// Removes a directory with everything in it.
    pub(crate) fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.pass(Action::Remove, path)?;
        fs::remove_dir_all(path)
    }

    /// A file that has no name: it vanishes with its handle.
    pub(crate) fn create_unnamed(&self, directory: &Path) -> io::Result<Handle> {
        self.pass(Action::Create, directory)?;
        tempfile::tempfile_in(directory).map(|file| self.handle(file, directory))
    }

    /// A new file for its owner only.
    pub(crate) fn create_new(&self, path: &Path) -> io::Result<Handle> {
        self.pass(Action::Create, path)?;
        private().write(true).create_new(true).open(path).map(|file| self.handle(file, path))
    }

    /// What a path leads to.
    pub(crate) fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.pass(Action::Metadata, path)?;
        fs::metadata(path)
    }

    /// Whether anything has this name, a link that leads nowhere included.
    pub(crate) fn exists(&self, path: &Path) -> io::Result<bool> {
        self.pass(Action::Metadata, path)?;
        if_there(fs::symlink_metadata(path)).map(|found| found.is_some())
    }

    /// Whether a path leads to a directory. What cannot be looked at is an error: it may be one.
    pub(crate) fn is_directory(&self, path: &Path) -> io::Result<bool> {
        if_there(self.metadata(path)).map(|found| found.is_some_and(|metadata| metadata.is_dir()))
    }

    /// What stands in a directory, sorted by path. Links are not followed.
    pub(crate) fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        self.pass(Action::List, directory)?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            entries.push(Entry { path: entry.path(), is_directory: entry.file_type()?.is_dir() });
        }
        entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(entries)
    }

    /// Creates a directory that is for its owner only: what lies in it was encrypted.
    pub(crate) fn create_private_directory(&self, directory: &Path) -> io::Result<()> {
        self.pass(Action::CreateDirectory, directory)?;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)
    }

    /// The path without links.
    pub(crate) fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.pass(Action::Canonicalize, path)?;
        path.canonicalize()
    }

    /// Makes the contents of complete files below `directory` outlast a loss of power.
    pub(crate) fn sync_files<'a>(
        &self,
        directory: &Path,
        files: impl ExactSizeIterator<Item = &'a Path>,
    ) -> io::Result<()> {
        if files.len() > FEW_FILES && cfg!(target_os = "linux") {
            return self.sync_all(directory);
        }
        for path in files {
            self.pass(Action::Sync, path)?;
            OpenOptions::new().write(true).open(path)?.sync_data()?;
        }
        Ok(())
    }

    /// Makes names in a directory outlast a loss of power. Only Linux and its relatives can be asked for that.
    pub(crate) fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.pass(Action::Sync, directory)?;
        if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
    }

    /// Makes everything in the file system of a directory outlast a loss of power, where the system can do that.
    pub(crate) fn sync_all(&self, directory: &Path) -> io::Result<()> {
        self.pass(Action::SyncAll, directory)?;
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(File::open(directory)?)?;
        Ok(())
    }

    fn handle(&self, file: File, path: &Path) -> Handle {
        Handle { file, watched: self.watch.as_ref().map(|watch| (Arc::clone(watch), path.to_owned())) }
    }

    fn pass(&self, action: Action<'_>, path: &Path) -> io::Result<Verdict> {
        self.watch.as_ref().map_or(Ok(Verdict::Proceed), |watch| watch.before(action, path))
    }
}

impl Handle {
    /// Makes the content outlast a loss of power.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.pass(Action::Sync)?;
        self.file.sync_data()
    }

    /// Another handle of the same file, with the same position.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()?, watched: self.watched.clone() })
    }

    /// Cuts the file.
    pub(crate) fn truncate(&self, length: u64) -> io::Result<()> {
        self.pass(Action::Truncate(length))?;
        self.file.set_len(length)
    }

    /// Length of the file now.
    pub(crate) fn length(&self) -> io::Result<u64> {
        self.pass(Action::Metadata)?;
        self.file.metadata().map(|metadata| metadata.len())
    }

    /// Keeps others out that ask for the lock too, as long as this is open. Says whether nobody else has it.
    pub(crate) fn try_lock(&self) -> io::Result<bool> {
        self.pass(Action::Lock)?;
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// As [`Self::try_lock`], for a lock that several may have who only read.
    pub(crate) fn try_lock_shared(&self) -> io::Result<bool> {
        self.pass(Action::Lock)?;
        match self.file.try_lock_shared() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn pass(&self, action: Action<'_>) -> io::Result<Verdict> {
        self.watched.as_ref().map_or(Ok(Verdict::Proceed), |(watch, path)| watch.before(action, path))
    }
}

impl Read for Handle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pass(Action::Read)?;
        self.file.read(buffer)
    }
}

impl Write for Handle {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.pass(Action::Write(data.len()))? {
            Verdict::Proceed => self.file.write(data),
            Verdict::Short(length) => self.file.write(data.get(..length).unwrap_or(data)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Handle {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// `None` for what is not there.
fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn private() -> OpenOptions {
    #[allow(unused_mut, reason = "only some systems know owners")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
