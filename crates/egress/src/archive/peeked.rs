//! A stream whose beginning is known before it is read.

use sealwright_envelope::file;
use std::io::{self, Read};

/// A stream and its beginning: as much as it takes to recognise what it is.
pub(super) struct Peeked<'a> {
    beginning: Vec<u8>,
    at: usize,
    rest: &'a mut dyn Read,
}

impl<'a> Peeked<'a> {
    pub(super) fn new(rest: &'a mut dyn Read) -> io::Result<Self> {
        let mut beginning = Vec::new();
        rest.take(file::recognition_window()).read_to_end(&mut beginning)?;
        Ok(Self { beginning, at: 0, rest })
    }

    pub(super) fn beginning(&self) -> &[u8] {
        &self.beginning
    }
}

impl Read for Peeked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut left = self.beginning.get(self.at..).unwrap_or_default();
        if left.is_empty() {
            return self.rest.read(buffer);
        }
        let read = left.read(buffer)?;
        self.at = self.at.saturating_add(read);
        Ok(read)
    }
}
