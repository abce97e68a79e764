//! The files of a ledger: JSON Lines that are appended to, and of which a crash or a loss of power spoils at most the end.

use super::LOCK;
use crate::error::EgressError;
use crate::files::{Files, Handle};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The longest line: a container of many files has one output for each of them.
const LONGEST_LINE: u64 = 1024 * 1024 * 1024;

/// What a line in the middle is that cannot be read. What stands at the end without an end of line is always a torn line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The last run was interrupted: what it had not made durable may be zeros or anything else. That line and all after it are cut off.
    CutOff,
    /// The last run had made everything durable: somebody has changed the file, which a person has to know.
    Told,
}

/// A file that lines are appended to.
#[derive(Debug)]
pub(super) struct Appended {
    path: PathBuf,
    handle: Handle,
    length: u64,
}

impl Appended {
    /// Opens a file, gives its lines with their places to `take`, and cuts off what is no line (EGR-40). A new one is for its owner only: it
    /// holds names that were encrypted.
    pub(super) fn open<T: DeserializeOwned>(
        files: &Files,
        path: PathBuf,
        damage: Damage,
        take: impl FnMut(u64, T) -> Result<(), EgressError>,
    ) -> Result<Self, EgressError> {
        let mut handle = files.append(&path).map_err(EgressError::io("open", &path))?;
        let length = each_line(&mut BufReader::new(&mut handle), &path, damage, take)?;
        let mut file = Self { path, handle, length };
        if file.handle.length().map_err(EgressError::io("read", &file.path))? != length {
            file.cut(length)?;
        }
        Ok(file)
    }

    /// Appends lines in one write, so that a crash tears at most the last of them. Gives the place of each.
    pub(super) fn append<T: Serialize>(&mut self, lines: &[T]) -> Result<Vec<u64>, EgressError> {
        let (mut text, mut places) = (Vec::new(), Vec::with_capacity(lines.len()));
        for line in lines {
            places.push(self.length.saturating_add(text.len() as u64));
            write_line(&mut text, line).map_err(EgressError::io("write", &self.path))?;
        }
        self.handle.write_all(&text).map_err(EgressError::io("write", &self.path))?;
        self.length = self.length.saturating_add(text.len() as u64);
        Ok(places)
    }

    /// Leaves the first bytes.
    pub(super) fn cut(&mut self, length: u64) -> Result<(), EgressError> {
        self.handle.truncate(length).map_err(EgressError::io("cut", &self.path))?;
        self.length = length;
        Ok(())
    }

    /// Makes all lines outlast a loss of power.
    pub(super) fn sync(&self) -> Result<(), EgressError> {
        self.handle.sync().map_err(EgressError::io("write", &self.path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

/// Single lines of a file, mostly one after the other.
#[derive(Debug)]
pub(super) struct Places {
    path: PathBuf,
    file: BufReader<Handle>,
    /// Where it stands, if the latest reading did not fail.
    at: Option<u64>,
}

impl Places {
    pub(super) fn open(files: &Files, path: &Path) -> Result<Self, EgressError> {
        let file = files.open(path).map_err(EgressError::io("open", path))?;
        Ok(Self { path: path.to_owned(), file: BufReader::new(file), at: Some(0) })
    }

    /// The line at this place.
    pub(super) fn line<T: for<'de> Deserialize<'de>>(&mut self, place: u64) -> Result<T, EgressError> {
        let mut text = Vec::new();
        let length = self.go_to(place).and_then(|()| read_line(&mut self.file, &mut text));
        let length = length.map_err(EgressError::io("read", &self.path))?;
        self.at = place.checked_add(length);
        let damaged = || EgressError::Manifest { path: self.path.clone(), line: 0 };
        serde_json::from_slice(&text).map_err(|_| damaged())
    }

    fn go_to(&mut self, place: u64) -> io::Result<()> {
        match self.at.take() {
            // What is in the buffer already is not read again.
            Some(at) => self.file.seek_relative(place.wrapping_sub(at).cast_signed()),
            None => self.file.seek(SeekFrom::Start(place)).map(drop),
        }
    }
}

/// Gives every line and its place to `take`. Says where the lines end that count.
pub(crate) fn each_line<T: DeserializeOwned>(
    source: &mut impl BufRead,
    path: &Path,
    damage: Damage,
    mut take: impl FnMut(u64, T) -> Result<(), EgressError>,
) -> Result<u64, EgressError> {
    let (mut text, mut whole, mut number) = (Vec::new(), 0_u64, 0_u64);
    loop {
        let length = read_line(source, &mut text).map_err(EgressError::io("read", path))?;
        number = number.saturating_add(1);
        let is_whole = text.ends_with(b"\n");
        match serde_json::from_slice(&text) {
            Ok(line) if is_whole => take(whole, line)?,
            Err(_) if is_whole && damage == Damage::Told => {
                return Err(EgressError::Manifest { path: path.to_owned(), line: number });
            }
            _ => return Ok(whole),
        }
        whole = whole.saturating_add(length);
    }
}

/// Keeps a second run out as long as the file is open.
pub(crate) fn lock(files: &Files, output: &Path) -> Result<Handle, EgressError> {
    let path = output.join(LOCK);
    let file = files.append(&path).map_err(EgressError::io("open", &path))?;
    match file.try_lock().map_err(EgressError::io("lock", &path))? {
        true => Ok(file),
        false => Err(EgressError::Locked { output: output.to_owned() }),
    }
}

/// Keeps runs out of an output that is only read. One without the lock's file has none.
pub(crate) fn lock_shared(files: &Files, output: &Path) -> Result<Option<Handle>, EgressError> {
    let path = output.join(LOCK);
    let Some(file) = files.open_if_there(&path).map_err(EgressError::io("open", &path))? else { return Ok(None) };
    match file.try_lock_shared().map_err(EgressError::io("lock", &path))? {
        true => Ok(Some(file)),
        false => Err(EgressError::Locked { output: output.to_owned() }),
    }
}

/// One line, with its end.
pub(crate) fn write_line(sink: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *sink, line)?;
    sink.write_all(b"\n")
}

/// Reads a line with its end, which only a torn last line lacks.
pub(crate) fn read_line(source: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<u64> {
    read_line_within(source, text, LONGEST_LINE)
}

fn read_line_within(source: &mut impl BufRead, text: &mut Vec<u8>, longest: u64) -> io::Result<u64> {
    text.clear();
    let length = source.take(longest).read_until(b'\n', text)? as u64;
    if length == longest && !text.ends_with(b"\n") {
        // Taken for a torn one it would hide all that follows.
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than any ledger's"));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_no_torn_one() {
        let read = |text: &str| {
            let mut line = Vec::new();
            read_line_within(&mut text.as_bytes(), &mut line, 4).map(|_| String::from_utf8(line).unwrap())
        };
        assert_eq!(read("123\nnext\n").unwrap(), "123\n");
        assert_eq!(read("123").unwrap(), "123");
        assert_eq!(read("1234\nnext\n").unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
