//! Where an envelope's bytes come from: the file itself, or base64 inside a text, read again from its start as often as needed.

use sealwright_types::{Malformed, b64};
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of text that are decoded at a time, a multiple of four.
const CHUNK: usize = 64 * 1024;

/// A part of a source that can be read again from its start.
#[derive(Debug)]
pub(crate) struct Carrier<R> {
    source: R,
    start: u64,
    decoder: Option<Decoder>,
}

/// Where base64 inside a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// At the first `'`, which has to be there (HTML-04).
    Quote,
    /// At the end of the text.
    Source,
}

#[derive(Debug)]
struct Decoder {
    end: End,
    digits: Vec<u8>,
    decoded: io::Cursor<Vec<u8>>,
    padded: bool,
    ended: bool,
    /// Of the next character, in the source.
    position: u64,
}

impl<R: Read + Seek> Carrier<R> {
    /// The bytes of `source` from `start` on.
    pub(crate) fn bytes(source: R, start: u64) -> Self {
        Self { source, start, decoder: None }
    }

    /// What the base64 in `source` from `start` on decodes to, by B64-02.
    pub(crate) fn base64(source: R, start: u64, end: End) -> Self {
        Self { source, start, decoder: Some(Decoder::new(end, start)) }
    }

    /// Goes to the start and past the first `skip` bytes.
    pub(crate) fn restart(&mut self, skip: u64) -> io::Result<()> {
        match &mut self.decoder {
            None => self.source.seek(SeekFrom::Start(self.start.saturating_add(skip))).map(drop),
            Some(decoder) => {
                self.source.seek(SeekFrom::Start(self.start))?;
                *decoder = Decoder::new(decoder.end, self.start);
                io::copy(&mut self.take(skip), &mut io::sink()).map(drop)
            }
        }
    }
}

impl<R: Read> Read for Carrier<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.decoder {
            None => self.source.read(buffer),
            Some(decoder) => decoder.read(&mut self.source, buffer),
        }
    }
}

impl Decoder {
    fn new(end: End, position: u64) -> Self {
        Self { end, digits: Vec::new(), decoded: io::Cursor::default(), padded: false, ended: false, position }
    }

    fn read(&mut self, source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.decoded.read(buffer)? {
                0 if !self.ended => self.refill(source)?,
                read => return Ok(read),
            }
        }
    }

    /// Decodes the next piece of text: whole groups of four digits, and at the end what is left.
    fn refill(&mut self, source: &mut impl Read) -> io::Result<()> {
        let mut text = vec![0; CHUNK];
        let read = source.read(&mut text)?;
        self.ended = read == 0;
        if self.ended && self.end == End::Quote {
            return Err(self.malformed("HTML-04"));
        }
        for &byte in text.get(..read).unwrap_or_default() {
            match byte {
                b'\'' if self.end == End::Quote => {
                    self.ended = true;
                    break;
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'=' => self.padded = true,
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_' if !self.padded => {
                    self.digits.push(byte);
                }
                _ => return Err(self.malformed("B64-02")),
            }
            self.position = self.position.saturating_add(1);
        }
        let remainder = self.digits.len() % 4;
        let whole = if self.ended { self.digits.len() } else { self.digits.len().saturating_sub(remainder) };
        let rest = self.digits.split_off(whole);
        let decoded = b64::decode_tolerant(&self.digits).map_err(|_| self.malformed("B64-02"))?;
        self.decoded = io::Cursor::new(decoded);
        self.digits = rest;
        Ok(())
    }

    fn malformed(&self, rule: &'static str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, Malformed::new(self.position, rule))
    }
}
