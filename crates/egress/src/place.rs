//! Where an output is written before it has a name: a private temporary file that vanishes unless it is published (EGR-27, ENV-09).

use crate::files::{Files, Handle};
use crate::ledger::Written;
use ring::digest::{Context, SHA256};
use sealwright_envelope::stream::Withheld;
use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How temporary files are called (EGR-40).
const PREFIX: &str = ".sealwright-";
const SUFFIX: &str = ".part";

/// A private file that is being written. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Part {
    file: State,
    hash: Hasher,
}

#[derive(Debug)]
enum State {
    Open(BufWriter<Handle>, Temporary),
    Complete(Temporary),
    /// Completing it has failed.
    Lost,
}

/// A private file that is complete and waits for its name. It is closed: many may wait.
#[derive(Debug)]
pub(crate) struct Finished {
    file: Temporary,
    bytes: u64,
    sha256: String,
}

impl Part {
    /// A new file, readable by its owner only, in the directory that it will stay in.
    pub(crate) fn create(files: &Files, directory: &Path) -> io::Result<Self> {
        files.create_private_directory(directory)?;
        let (path, handle) = files.create_temporary(directory, PREFIX, SUFFIX)?;
        let file = Temporary { files: files.clone(), path, is_named: false };
        Ok(Self { file: State::Open(BufWriter::new(handle), file), hash: Hasher::new() })
    }

    /// Everything is written.
    pub(crate) fn finish(mut self) -> io::Result<Finished> {
        self.complete()?;
        let (bytes, sha256) = self.hash.finish();
        match self.file {
            State::Complete(file) => Ok(Finished { file, bytes, sha256 }),
            State::Open(..) | State::Lost => Err(lost()),
        }
    }
}

impl Write for Part {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let State::Open(file, _) = &mut self.file else { return Err(lost()) };
        let written = file.write(data)?;
        self.hash.update(data.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        if let State::Open(file, _) = &mut self.file { file.flush() } else { Ok(()) }
    }
}

/// Nobody but its owner can read it, and it has no name that anybody asked for.
impl Withheld for Part {
    fn complete(&mut self) -> io::Result<()> {
        self.file = match std::mem::replace(&mut self.file, State::Lost) {
            State::Open(file, temporary) => {
                file.into_inner().map_err(io::IntoInnerError::into_error)?;
                State::Complete(temporary)
            }
            other => other,
        };
        Ok(())
    }
}

fn lost() -> io::Error {
    io::Error::other("the temporary file is closed")
}

impl Finished {
    /// How the file stands in the manifest under this name.
    pub(crate) fn written(&self, name: &str) -> Written {
        Written { output: name.to_owned(), bytes: self.bytes, sha256: self.sha256.clone() }
    }

    /// Gives the file its name, which nothing else may have.
    pub(crate) fn publish(self, name: &Path) -> io::Result<()> {
        self.file.publish(name)
    }

    /// Gives the file the name of the file that it replaces.
    pub(crate) fn replace(self, name: &Path) -> io::Result<()> {
        self.file.replace(name)
    }
}

/// A file that is removed when nobody has given it a name.
#[derive(Debug)]
struct Temporary {
    files: Files,
    path: PathBuf,
    is_named: bool,
}

impl Temporary {
    fn publish(mut self, name: &Path) -> io::Result<()> {
        self.files.publish(&self.path, name)?;
        self.is_named = true;
        Ok(())
    }

    fn replace(mut self, name: &Path) -> io::Result<()> {
        self.files.replace(&self.path, name)?;
        self.is_named = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_named {
            // What cannot be removed now is removed by the next run.
            drop(self.files.remove(&self.path));
        }
    }
}

/// SHA-256 in hex and the length of what went through.
#[derive(Debug)]
pub(crate) struct Hasher {
    context: BoxedContext,
    bytes: u64,
}

struct BoxedContext(Box<Context>);

impl std::fmt::Debug for BoxedContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SHA-256")
    }
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { context: BoxedContext(Box::new(Context::new(&SHA256))), bytes: 0 }
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        self.context.0.update(data);
        self.bytes += data.len() as u64;
    }

    pub(crate) fn finish(self) -> (u64, String) {
        (self.bytes, hex::encode(self.context.0.finish()))
    }

    /// Length and hash of a file.
    pub(crate) fn of_file(files: &Files, path: &Path) -> io::Result<(u64, String)> {
        let mut hasher = Self::new();
        io::copy(&mut files.open(path)?, &mut hasher)?;
        Ok(hasher.finish())
    }
}

impl Write for Hasher {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a file is called like a temporary one.
pub(crate) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Removes temporary files that an interrupted run has left in `directory` and below, but no output that is called like one.
pub(crate) fn remove_left_over(files: &Files, directory: &Path, outputs: &HashSet<PathBuf>) -> io::Result<()> {
    for entry in files.list(directory)? {
        if entry.is_directory {
            remove_left_over(files, &entry.path, outputs)?;
        } else if is_temporary(&entry.path) && !outputs.contains(&entry.path) {
            files.remove(&entry.path)?;
        }
    }
    Ok(())
}
