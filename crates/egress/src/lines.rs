//! JSON Lines of a bundle, plain, gzip or zstd: one record at a time, none of unbounded length, each buffer wiped.

use crate::error::EgressError;
use crate::files::Files;
use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, BufReader, Read as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest line that is read as a record.
pub(crate) const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// A file of records that exists.
#[derive(Debug, Clone)]
pub(crate) struct RecordFile {
    files: Files,
    /// Its name in the bundle, for reports.
    pub(crate) name: String,
    path: PathBuf,
}

/// Where a record stands that cannot be read. The record itself may be secret and is not shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MalformedRecord {
    /// The file, relative to the bundle.
    pub file: String,
    /// The line, from one.
    pub line: u64,
}

impl RecordFile {
    /// The files that hold the records `name`: itself and its compressed forms. What is there and is no file fails when it is opened.
    pub(crate) fn find(files: &Files, root: &Path, name: &str) -> Result<Vec<Self>, EgressError> {
        let mut found = Vec::new();
        for extension in ["", ".gz", ".zst"] {
            let name = format!("{name}{extension}");
            let path = root.join(&name);
            if files.exists(&path).map_err(EgressError::io("open", &path))? {
                found.push(Self { files: files.clone(), name, path });
            }
        }
        Ok(found)
    }

    /// The file at this path, whatever it is called.
    pub(crate) fn named(path: &Path) -> Self {
        Self { files: Files::default(), name: path.display().to_string(), path: path.to_owned() }
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> Result<u64, EgressError> {
        self.files.metadata(&self.path).map(|found| found.len()).map_err(EgressError::io("open", &self.path))
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension != "jsonl")
    }

    /// Its records.
    pub(crate) fn records<T: DeserializeOwned>(&self) -> Result<Records<T>, EgressError> {
        let source = open(&self.files, &self.path).map_err(EgressError::io("open", &self.path))?;
        Ok(Records { file: self.clone(), source, line: 0, kind: PhantomData })
    }
}

/// The records of a file, one by one.
pub(crate) struct Records<T> {
    file: RecordFile,
    source: Box<dyn BufRead>,
    line: u64,
    kind: PhantomData<T>,
}

impl<T> Records<T> {
    /// File and line of the latest record.
    pub(crate) fn place(&self) -> MalformedRecord {
        MalformedRecord { file: self.file.name.clone(), line: self.line }
    }
}

impl<T: DeserializeOwned> Iterator for Records<T> {
    type Item = Result<Result<T, MalformedRecord>, EgressError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match read_line(&mut self.source) {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some(Err(EgressError::io("read", &self.file.path)(error))),
            };
            self.line += 1;
            match line {
                Line::Whole(line) if line.trim_ascii().is_empty() => {}
                // An array of as many elements would be taken for the members of an object in their order.
                Line::Whole(line) if !line.trim_ascii_start().starts_with(b"{") => return Some(Ok(Err(self.place()))),
                Line::Whole(line) => return Some(Ok(serde_json::from_slice(&line).map_err(|_| self.place()))),
                Line::TooLong => return Some(Ok(Err(self.place()))),
            }
        }
    }
}

enum Line {
    Whole(Zeroizing<Vec<u8>>),
    TooLong,
}

fn open(files: &Files, path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = BufReader::new(files.open(path)?);
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        Some("zst") => Box::new(BufReader::new(zstd::Decoder::with_buffer(file)?)),
        _ => Box::new(file),
    })
}

fn read_line(source: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Zeroizing::new(Vec::new());
    source.take(LONGEST_LINE as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() == LONGEST_LINE && line.last() != Some(&b'\n') {
        source.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong));
    }
    Ok(Some(Line::Whole(line)))
}
