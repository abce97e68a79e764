//! The files of a ledger: JSON Lines that are appended to, and of which a crash tears at most the last line.

use super::LOCK;
use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::place::Part;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

/// The whole lines of a file, without a torn last one. A missing file has none.
pub(super) fn read_lines<T: for<'de> Deserialize<'de>>(files: &Files, path: &Path) -> Result<Vec<T>, EgressError> {
    read(files, path).map(|(lines, _)| lines)
}

/// As [`read_lines`]; a torn last line is cut off (EGR-40).
pub(super) fn repaired_lines<T: for<'de> Deserialize<'de>>(files: &Files, path: &Path) -> Result<Vec<T>, EgressError> {
    let (lines, torn_at) = read(files, path)?;
    if let Some(whole) = torn_at {
        let cut = files.append(path).and_then(|file| file.truncate(whole));
        cut.map_err(EgressError::io("repair", path))?;
    }
    Ok(lines)
}

/// The whole lines of a file, and their bytes if a torn one follows.
fn read<T: for<'de> Deserialize<'de>>(files: &Files, path: &Path) -> Result<(Vec<T>, Option<u64>), EgressError> {
    let file = files.open_if_there(path).map_err(EgressError::io("open", path))?;
    let Some(file) = file else { return Ok((Vec::new(), None)) };
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
pub(super) fn open(files: &Files, path: &Path) -> Result<Handle, EgressError> {
    files.append(path).map_err(EgressError::io("open", path))
}

/// Keeps a second run out as long as the file is open.
pub(super) fn lock(files: &Files, output: &Path) -> Result<Handle, EgressError> {
    let path = output.join(LOCK);
    let file = open(files, &path)?;
    match file.try_lock().map_err(EgressError::io("lock", &path))? {
        true => Ok(file),
        false => Err(EgressError::Locked { output: output.to_owned() }),
    }
}

/// Appends lines in one write, so that a crash tears at most the last of them.
pub(super) fn append<T: Serialize>(file: &mut Handle, path: &Path, lines: &[T]) -> Result<(), EgressError> {
    if lines.is_empty() {
        return Ok(());
    }
    let text = text_of(lines).map_err(EgressError::io("write", path))?;
    file.write_all(&text).map_err(EgressError::io("write", path))
}

/// Replaces a file by these lines in one step.
pub(super) fn replace<T: Serialize>(files: &Files, path: &Path, lines: &[T]) -> Result<(), EgressError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut part = Part::create(files, directory)?;
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
