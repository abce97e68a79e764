//! Sorting more records than memory holds: sorted runs in unlinked temporary files, merged in the end.

use sealwright_types::SessionId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek as _, Write as _};
use std::path::PathBuf;

/// Records in the order in which they were added, to be given back by session.
pub(crate) struct Runs {
    directory: PathBuf,
    /// Bytes of a run.
    size: usize,
    bytes: Vec<u8>,
    /// Session, begin and length of each record in `bytes`.
    index: Vec<(SessionId, u32, u32)>,
    written: Vec<File>,
}

/// A run while it is merged: the session of its next entry, and the rest.
struct Source {
    session: SessionId,
    length: u32,
    rest: BufReader<File>,
}

const SIZE: usize = 32 << 20;
/// What the index says of a record is kept in memory too.
const ENTRY: usize = size_of::<(SessionId, u32, u32)>();

impl Runs {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self::with_size(directory, SIZE)
    }

    pub(crate) fn with_size(directory: PathBuf, size: usize) -> Self {
        Self { directory, size, bytes: Vec::new(), index: Vec::new(), written: Vec::new() }
    }

    pub(crate) fn add(&mut self, session: SessionId, record: &[u8]) -> io::Result<()> {
        if !self.index.is_empty() && self.bytes.len() + self.index.len() * ENTRY + record.len() > self.size {
            self.write()?;
        }
        let too_large = |_| io::Error::new(ErrorKind::InvalidInput, "a record of more than 4 GiB");
        let begin = u32::try_from(self.bytes.len()).map_err(too_large)?;
        self.index.push((session, begin, u32::try_from(record.len()).map_err(too_large)?));
        self.bytes.extend_from_slice(record);
        Ok(())
    }

    /// Gives every session with its records to `take`, ids ascending, records in the order in which they were added.
    pub(crate) fn merge(mut self, mut take: impl FnMut(SessionId, &[u8]) -> io::Result<()>) -> io::Result<()> {
        if !self.index.is_empty() {
            self.write()?;
        }
        (self.bytes, self.index) = (Vec::new(), Vec::new());
        let mut sources = Vec::with_capacity(self.written.len());
        let mut next = BinaryHeap::new();
        for mut file in self.written {
            file.rewind()?;
            let mut rest = BufReader::new(file);
            if let Some((session, length)) = read_entry(&mut rest)? {
                next.push(Reverse((session, sources.len())));
                sources.push(Source { session, length, rest });
            }
        }
        let (mut current, mut records) = (None, Vec::new());
        // Of equal sessions the earlier run comes first.
        while let Some(Reverse((session, run))) = next.pop() {
            if let Some(before) = current.filter(|before| *before != session) {
                take(before, &records)?;
                records.clear();
            }
            current = Some(session);
            let Some(source) = sources.get_mut(run) else { continue };
            let read = source.rest.by_ref().take(source.length.into()).read_to_end(&mut records)?;
            if read != source.length as usize {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some((session, length)) = read_entry(&mut source.rest)? {
                (source.session, source.length) = (session, length);
                next.push(Reverse((session, run)));
            }
        }
        current.map_or(Ok(()), |last| take(last, &records))
    }

    /// Writes what is in memory as a run: session, length u32 LE, record, in the order of sessions.
    fn write(&mut self) -> io::Result<()> {
        // By begin too: the records of one session stay in their order.
        self.index.sort_unstable();
        let mut file = BufWriter::new(tempfile::tempfile_in(&self.directory)?);
        for (session, begin, length) in self.index.drain(..) {
            let record = self.bytes.get(begin as usize..).and_then(|rest| rest.get(..length as usize));
            file.write_all(session.as_bytes())?;
            file.write_all(&length.to_le_bytes())?;
            file.write_all(record.unwrap_or_default())?;
        }
        self.bytes.clear();
        self.written.push(file.into_inner().map_err(io::IntoInnerError::into_error)?);
        Ok(())
    }
}

fn read_entry(source: &mut impl Read) -> io::Result<Option<(SessionId, u32)>> {
    let (mut session, mut length) = ([0; 16], [0; 4]);
    match source.read_exact(&mut session) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    source.read_exact(&mut length)?;
    let session = SessionId::from_bytes(session).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    Ok(Some((session, u32::from_le_bytes(length))))
}
