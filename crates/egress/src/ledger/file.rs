//! The files of a ledger: JSON Lines that are appended to, and of which a crash tears at most the last line.

use super::LOCK;
use crate::error::EgressError;
use crate::place::Part;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

/// The whole lines of a file, without a torn last one. A missing file has none.
pub(super) fn read_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, EgressError> {
    read(path).map(|(lines, _)| lines)
}

/// As [`read_lines`]; a torn last line is cut off (EGR-40).
pub(super) fn repaired_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, EgressError> {
    let (lines, torn_at) = read(path)?;
    if let Some(whole) = torn_at {
        let cut = OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(whole));
        cut.map_err(EgressError::io("repair", path))?;
    }
    Ok(lines)
}

/// The whole lines of a file, and their bytes if a torn one follows.
fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<(Vec<T>, Option<u64>), EgressError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), None)),
        Err(error) => return Err(EgressError::io("open", path)(error)),
    };
    let mut source = BufReader::new(file);
    let mut lines = Vec::new();
    let (mut text, mut whole, mut number) = (Vec::new(), 0, 0);
    loop {
        text.clear();
        let length = source.read_until(b'\n', &mut text).map_err(EgressError::io("read", path))? as u64;
        number += 1;
        if !text.ends_with(b"\n") {
            return Ok((lines, (length > 0).then_some(whole)));
        }
        whole += length;
        let manifest = || EgressError::Manifest { path: path.to_owned(), line: number };
        lines.push(serde_json::from_slice(&text).map_err(|_| manifest())?);
    }
}

/// Opens a file for appending; a new one is for its owner only, as it holds names that were encrypted.
pub(super) fn open(path: &Path) -> Result<File, EgressError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(EgressError::io("open", path))
}

/// Keeps a second run out as long as the file is open.
pub(crate) fn lock(output: &Path) -> Result<File, EgressError> {
    let path = output.join(LOCK);
    let file = open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EgressError::Locked { output: output.to_owned() }),
        Err(TryLockError::Error(error)) => Err(EgressError::io("lock", &path)(error)),
    }
}

/// Keeps runs out of an output that is only read. One without the lock's file has none.
pub(crate) fn lock_shared(output: &Path) -> Result<Option<File>, EgressError> {
    let path = output.join(LOCK);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(EgressError::io("open", &path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(EgressError::Locked { output: output.to_owned() }),
        Err(TryLockError::Error(error)) => Err(EgressError::io("lock", &path)(error)),
    }
}

/// Appends lines in one write, so that a crash tears at most the last of them.
pub(super) fn append<T: Serialize>(file: &mut File, path: &Path, lines: &[T]) -> Result<(), EgressError> {
    if lines.is_empty() {
        return Ok(());
    }
    let text = text_of(lines).map_err(EgressError::io("write", path))?;
    file.write_all(&text).map_err(EgressError::io("write", path))
}

/// Replaces a file by these lines in one step.
pub(super) fn replace<T: Serialize>(path: &Path, lines: &[T]) -> Result<(), EgressError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut part = Part::create(directory)?;
        part.write_all(&text_of(lines)?)?;
        part.finish()?.replace(path)
    };
    write().map_err(EgressError::io("write", path))
}

fn text_of<T: Serialize>(lines: &[T]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}
