//! Where an output is written before it has a name: a private temporary file that vanishes unless it is published (EGR-27, ENV-09).

use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::ledger::Written;
use sealwright_envelope::stream::{ContentHash, Withheld};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Outputs of this size and more are made durable by the thread that wrote them; smaller ones by the dozen, when they get their names.
const LARGE: u64 = 8 * 1024 * 1024;

/// How temporary files are called (EGR-40).
pub(crate) const PREFIX: &str = ".sealwright-";
pub(crate) const SUFFIX: &str = ".part";

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
    /// The hash of what it holds in clear, where that is not what it is.
    pub(crate) clear_sha256: Option<String>,
    /// Whether it outlasts a loss of power.
    is_durable: bool,
}

/// A private file that is complete and that nobody owns now. Nothing but a later run removes it, unless somebody takes it over.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Left {
    /// Relative to the output.
    path: String,
    bytes: u64,
    sha256: String,
    clear_sha256: Option<String>,
    is_durable: bool,
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
            State::Complete(file) => {
                Ok(Finished { file, bytes, sha256, clear_sha256: None, is_durable: bytes >= LARGE })
            }
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
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                if self.hash.length() >= LARGE {
                    file.sync()?;
                }
                State::Complete(temporary)
            }
            other => other,
        };
        Ok(())
    }

    fn content_hash(&mut self) -> Option<&mut ContentHash> {
        Some(self.hash.content_hash())
    }

    fn write_hashed(&mut self, bytes: &[u8]) -> io::Result<()> {
        let State::Open(file, _) = &mut self.file else { return Err(lost()) };
        file.write_all(bytes)
    }
}

fn lost() -> io::Error {
    io::Error::other("the temporary file is closed")
}

impl Finished {
    /// How the file stands in the manifest under this name.
    pub(crate) fn written(&self, name: &str) -> Written {
        Written {
            name: None,
            output: name.to_owned(),
            bytes: self.bytes,
            sha256: self.sha256.clone(),
            clear_sha256: self.clear_sha256.clone(),
        }
    }

    /// Makes the contents of files below `directory` outlast a loss of power: what has a name is whole.
    pub(crate) fn make_durable(files: &Files, directory: &Path, finished: &mut [&mut Self]) -> io::Result<()> {
        let fleeting: Vec<_> =
            finished.iter().filter(|file| !file.is_durable).map(|file| file.file.path.as_path()).collect();
        files.sync_files(directory, fleeting.into_iter())?;
        finished.iter_mut().for_each(|file| file.is_durable = true);
        Ok(())
    }

    /// Gives the file its name, which nothing else may have.
    pub(crate) fn publish(mut self, name: &Path) -> io::Result<()> {
        self.sync()?;
        self.file.publish(name)
    }

    /// Gives the file the name of the file that it replaces.
    pub(crate) fn replace(mut self, name: &Path) -> io::Result<()> {
        self.sync()?;
        self.file.replace(name)
    }

    /// Lets go of a file in the output.
    pub(crate) fn leave(mut self, output: &Path) -> io::Result<Left> {
        let path = self.file.path.strip_prefix(output).ok().and_then(Path::to_str);
        let path = path.ok_or_else(|| io::Error::other("a temporary file outside of the output"))?.to_owned();
        self.file.is_named = true;
        let Self { bytes, sha256, clear_sha256, is_durable, .. } = self;
        Ok(Left { path, bytes, sha256, clear_sha256, is_durable })
    }

    /// Its length.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// The file for reading.
    pub(crate) fn open(&self) -> io::Result<Handle> {
        self.file.files.open(&self.file.path)
    }

    /// Whether the file at `path` has the same length and hash.
    pub(crate) fn is_same_as(&self, path: &Path) -> bool {
        let files = &self.file.files;
        let same_size = files.metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == self.bytes);
        same_size && Hasher::of_file(files, path).is_ok_and(|(_, sha256)| sha256 == self.sha256)
    }

    fn sync(&mut self) -> io::Result<()> {
        if !self.is_durable {
            self.file.files.sync_files(&self.file.path, [self.file.path.as_path()].into_iter())?;
            self.is_durable = true;
        }
        Ok(())
    }
}

impl Left {
    /// Owns the file again.
    pub(crate) fn take_over(self, files: &Files, output: &Path) -> Finished {
        let Self { path, bytes, sha256, clear_sha256, is_durable } = self;
        let file = Temporary { files: files.clone(), path: output.join(path), is_named: false };
        Finished { file, bytes, sha256, clear_sha256, is_durable }
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
#[derive(Debug, Default)]
pub(crate) struct Hasher(ContentHash);

impl Hasher {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    pub(crate) fn length(&self) -> u64 {
        self.0.length()
    }

    pub(crate) fn finish(self) -> (u64, String) {
        (self.0.length(), hex::encode(self.0.finish()))
    }

    /// What is computed beside something else.
    pub(crate) fn content_hash(&mut self) -> &mut ContentHash {
        &mut self.0
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

/// The directory of an output, which must not be part of what is read. The inputs are given without links.
pub(crate) fn create_output<P: AsRef<Path>>(
    files: &Files,
    output: &Path,
    inputs: &[P],
) -> Result<PathBuf, EgressError> {
    let inside = || EgressError::OutputInsideBundle { output: output.to_owned() };
    // Before anything is created: a new directory inside the bundle would be a change of the input.
    let existing = output.ancestors().find_map(|ancestor| {
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        files.canonicalize(ancestor).ok()
    });
    if existing.is_some_and(|existing| inputs.iter().any(|input| existing.starts_with(input))) {
        return Err(inside());
    }
    files.create_private_directory(output).map_err(EgressError::io("create", output))?;
    let output = files.canonicalize(output).map_err(EgressError::io("open", output))?;
    if inputs.iter().any(|input| input.as_ref().starts_with(&output) || output.starts_with(input)) {
        return Err(inside());
    }
    Ok(output)
}

/// A file that has no name already: it is there as long as it is open.
pub(crate) fn unnamed(files: &Files, directory: &Path) -> io::Result<Handle> {
    let (path, handle) = files.create_temporary(directory, PREFIX, SUFFIX)?;
    files.remove(&path)?;
    Ok(handle)
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
