//! Ways of giving the same input, which must not matter.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use sealwright_envelope::stream::Withheld;

/// Sizes of the pieces in which streams are fed.
const PIECES: [usize; 5] = [1, 7, 63, 4_093, 70_001];

/// The sizes that are worth trying for an input of `length` bytes.
pub(crate) fn pieces(length: usize) -> impl Iterator<Item = usize> {
    PIECES.into_iter().filter(move |piece| length / piece <= 4_096)
}

/// A source that gives at most so many bytes at a time.
#[derive(Debug)]
pub(crate) struct InPieces<'a> {
    source: Cursor<&'a [u8]>,
    piece: usize,
}

impl<'a> InPieces<'a> {
    pub(crate) fn new(bytes: &'a [u8], piece: usize) -> Self {
        Self { source: Cursor::new(bytes), piece }
    }
}

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.piece);
        match buffer.get_mut(..length) {
            Some(buffer) => self.source.read(buffer),
            None => Ok(0),
        }
    }
}

impl Seek for InPieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

/// A place in memory for a pass that releases nothing.
#[derive(Debug, Default)]
pub(crate) struct Place(pub(crate) Vec<u8>);

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Withheld for Place {}
