//! Envelopes of any length in constant memory, and nothing released before the MAC over all of it has verified (ENV-09).
//!
//! * [`Opener`] reads a seekable source twice: once for the MAC, once to decrypt, computing the MAC again.
//! * [`open_withheld`] reads once into a sink that nobody can look into until the MAC has verified.
//! * [`Sealer`] writes the same bytes as [`crate::seal`] does for the same IV (ENV-05).

use crate::envelope::{OpenError, SHORTEST, plaintext_length};
use crate::key::{BLOCK, MAC, SymKey};
pub use crate::paired::ContentHash;
use crate::parts::{self, Authentication, Encryption, Unfilled};
use ring::hmac;
use sealwright_types::{Coded, Malformed};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use zeroize::Zeroizing;

/// Bytes that are read, authenticated and decrypted at a time: they stay in the processor's cache between the two.
const CHUNK: usize = 64 * 1024;
/// Bytes that are never processed before the end is known: the MAC and the block that holds the padding.
const HELD: usize = BLOCK + MAC;

/// Why a stream could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The source or the sink failed.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
    /// The envelope could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Coded for StreamError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Open(error) => error.code(),
        }
    }
}

/// A sink that nobody can look into: what is written stays invisible until its owner publishes it, and vanishes when it is dropped.
///
/// A private temporary file that is removed on drop is one, a buffer in memory is another.
/// Implementing this for a sink that shows what it gets gives away unverified plaintext.
pub trait Withheld: Write {
    /// Everything is written: what is not needed any more, such as an open file, can go. Nothing is verified yet.
    ///
    /// # Errors
    /// What the sink could not write.
    fn complete(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// The SHA-256 that the sink keeps of all that is written to it, so that whoever opens can compute it beside the MAC, which takes less
    /// time than one after the other: [`Withheld::write_hashed`] then writes. `None` for a sink that keeps none.
    fn content_hash(&mut self) -> Option<&mut ContentHash> {
        None
    }

    /// Writes all of `bytes`, which [`Withheld::content_hash`] has got already.
    ///
    /// # Errors
    /// As [`Write::write_all`].
    fn write_hashed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

impl Withheld for Vec<u8> {}

/// Opens an envelope in one pass into a sink that nobody can look into, and gives the sink back only when MAC and padding are right.
///
/// On failure the sink is dropped.
///
/// # Errors
/// [`StreamError`]; [`OpenError::Malformed`] for an impossible length, [`OpenError::Rejected`] for a wrong MAC or padding.
pub fn open_withheld<W: Withheld>(key: &SymKey, source: impl Read, mut sink: W) -> Result<W, StreamError> {
    let mut pass = Pass::new(key, source);
    while let Some(unverified) = pass.next_chunk()? {
        sink.write_all(unverified)?;
    }
    sink.complete()?;
    Ok(sink)
}

/// The verified plaintext of an envelope in a seekable source.
///
/// `new` has read the whole source and checked MAC and padding; reading decrypts it anew, computes the MAC again and compares it with
/// the first one, so that a source that changed in between, be it to another good envelope, ends in an error instead of a clean end of file.
///
/// ```
/// use sealwright_envelope::{SymKey, seal, stream::Opener};
/// use std::io::{Cursor, Read as _};
///
/// let key = SymKey::generate()?;
/// let sealed = seal(&key, b"a long story")?;
/// let mut text = String::new();
/// Opener::new(&key, Cursor::new(sealed))?.read_to_string(&mut text)?;
/// assert_eq!(text, "a long story");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Opener<'k, R> {
    pass: Pass<'k, R>,
    taken: usize,
    length: u64,
}

/// What a first pass has found right, for the second one to find again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authenticated {
    /// Bytes of plaintext.
    pub(crate) length: u64,
    mac: [u8; MAC],
}

/// Shows nothing: the buffer holds plaintext.
impl<R> fmt::Debug for Opener<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener([redacted])")
    }
}

impl<'k, R: Read + Seek> Opener<'k, R> {
    /// Checks the envelope that begins at the source's current position and ends at its end.
    ///
    /// # Errors
    /// As [`open_withheld`].
    pub fn new(key: &'k SymKey, mut source: R) -> Result<Self, StreamError> {
        let start = source.stream_position()?;
        let authenticated = Pass::new(key, &mut source).authenticate()?;
        source.seek(SeekFrom::Start(start))?;
        Ok(Self::second_pass(key, source, authenticated))
    }
}

impl<'k, R: Read> Opener<'k, R> {
    /// Reads an envelope again that a first pass has found right.
    pub(crate) fn second_pass(key: &'k SymKey, source: R, authenticated: Authenticated) -> Self {
        let pass = Pass { expected: Some(authenticated.mac), ..Pass::new(key, source) };
        Self { pass, taken: 0, length: authenticated.length }
    }

    /// Bytes of plaintext.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl<R: Read> Read for Opener<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.pass.ready().len() {
            self.taken = 0;
            match self.pass.next_chunk() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(0),
                Err(StreamError::Io(error)) => return Err(error),
                Err(StreamError::Open(error)) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        let read = self.pass.ready().get(self.taken..).unwrap_or_default().read(buffer)?;
        self.taken = self.taken.saturating_add(read);
        Ok(read)
    }
}

/// One pass over an envelope: MAC and decryption chunk by chunk. The last chunk is given only after MAC and padding were found right;
/// all chunks before it are unverified and stay inside this crate.
pub(crate) struct Pass<'k, R> {
    key: &'k SymKey,
    source: R,
    state: State,
    /// Off for a pass that only authenticates: all chunks but the last then hold ciphertext.
    decrypts: bool,
    /// The MAC that an earlier pass has found.
    expected: Option<[u8; MAC]>,
    mac: [u8; MAC],
    /// `[processed, ready to be taken][read, not processed]`
    buffer: Zeroizing<Vec<u8>>,
    ready: usize,
    filled: usize,
    read: u64,
    released: u64,
}

enum State {
    Start,
    Middle {
        mac: Box<hmac::Context>,
        previous: [u8; BLOCK],
    },
    End,
    /// The envelope was found wrong: it stays so, however often a caller reads on.
    Failed,
}

impl<'k, R: Read> Pass<'k, R> {
    pub(crate) fn new(key: &'k SymKey, source: R) -> Self {
        let buffer = Zeroizing::new(vec![0; CHUNK.saturating_add(HELD)]);
        Self {
            key,
            source,
            state: State::Start,
            decrypts: true,
            expected: None,
            mac: [0; MAC],
            buffer,
            ready: 0,
            filled: 0,
            read: 0,
            released: 0,
        }
    }

    /// Checks the whole envelope without decrypting more than its end.
    pub(crate) fn authenticate(mut self) -> Result<Authenticated, StreamError> {
        self.decrypts = false;
        while self.next_chunk()?.is_some() {}
        Ok(self.authenticated())
    }

    /// What was found right; to be asked for when [`Pass::next_chunk`] has given `None`.
    pub(crate) fn authenticated(&self) -> Authenticated {
        Authenticated { length: self.released, mac: self.mac }
    }

    /// The plaintext of the latest chunk.
    pub(crate) fn ready(&self) -> &[u8] {
        self.buffer.get(..self.ready).unwrap_or_default()
    }

    /// Processes the next chunk. `None` at the end of an envelope whose MAC and padding are right.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<&[u8]>, StreamError> {
        let at_end = self.refill()?;
        let state = std::mem::replace(&mut self.state, State::Failed);
        let (mut mac, mut previous) = match state {
            State::Start => self.start()?,
            State::Middle { mac, previous } => (mac, previous),
            State::End => {
                self.state = State::End;
                return Ok(None);
            }
            State::Failed => return Err(OpenError::Rejected.into()),
        };
        let filled = self.buffer.get_mut(..self.filled).unwrap_or_default();
        if at_end {
            self.mac = filled.last_chunk().copied().unwrap_or_default();
            if self.expected.is_some_and(|expected| expected != self.mac) {
                return Err(OpenError::Rejected.into());
            }
            self.ready = last_chunk(self.key, *mac, &previous, filled, self.read)?;
            self.filled = self.ready;
            self.state = State::End;
        } else {
            let processed = filled.len().saturating_sub(HELD);
            let whole = processed.saturating_sub(processed % BLOCK);
            let blocks = filled.get_mut(..whole).unwrap_or_default();
            mac.update(blocks);
            let next = blocks.last_chunk().copied().unwrap_or(previous);
            if self.decrypts {
                self.key.decrypt_blocks(&previous, blocks);
            }
            previous = next;
            self.ready = whole;
            self.state = State::Middle { mac, previous };
        }
        self.released = self.released.saturating_add(self.ready as u64);
        Ok(Some(self.ready()))
    }

    /// Drops what was taken and fills the buffer. True when the source has ended.
    fn refill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.ready..self.filled, 0);
        self.filled = self.filled.saturating_sub(self.ready);
        self.ready = 0;
        while let Some(room @ [_, ..]) = self.buffer.get_mut(self.filled..) {
            match self.source.read(room) {
                Ok(0) => return Ok(true),
                Ok(read) => {
                    self.filled = self.filled.saturating_add(read);
                    self.read = self.read.saturating_add(read as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Takes the IV off the front.
    fn start(&mut self) -> Result<(Box<hmac::Context>, [u8; BLOCK]), OpenError> {
        let short = Malformed::new(self.read, "ENV-06");
        if self.filled < SHORTEST {
            return Err(short.into());
        }
        let iv = *self.buffer.first_chunk::<BLOCK>().ok_or(short)?;
        self.buffer.copy_within(BLOCK..self.filled, 0);
        self.filled = self.filled.saturating_sub(BLOCK);
        let mut mac = Box::new(self.key.mac());
        mac.update(&iv);
        Ok((mac, iv))
    }
}

/// Verifies the end of an envelope and decrypts it in place; returns the length of its plaintext.
fn last_chunk(
    key: &SymKey,
    mut mac: hmac::Context,
    previous: &[u8; BLOCK],
    rest: &mut [u8],
    total: u64,
) -> Result<usize, OpenError> {
    let malformed = Malformed::new(total, "ENV-06");
    let (ciphertext, expected) = rest.split_last_chunk_mut::<MAC>().ok_or(malformed)?;
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK) {
        return Err(malformed.into());
    }
    mac.update(ciphertext);
    if !SymKey::mac_matches(mac, expected) {
        return Err(OpenError::Rejected);
    }
    key.decrypt_blocks(previous, ciphertext);
    plaintext_length(ciphertext).ok_or(OpenError::Rejected)
}

/// Seals what is written to it. Without [`Sealer::finish`] the result has no MAC and never opens.
///
/// ```
/// use sealwright_envelope::{SymKey, open, stream::Sealer};
/// use std::io::Write as _;
///
/// let key = SymKey::generate()?;
/// let mut sealer = Sealer::new(&key, Vec::new())?;
/// sealer.write_all(b"a long ")?;
/// sealer.write_all(b"story")?;
/// assert_eq!(open(&key, &sealer.finish()?)?, b"a long story");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sealer<'k, W> {
    encryption: Encryption<'k>,
    authentication: Authentication<W>,
    spare: Unfilled,
}

/// Shows nothing: the buffer holds plaintext.
impl<W> fmt::Debug for Sealer<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer([redacted])")
    }
}

impl<'k, W: Write> Sealer<'k, W> {
    /// Begins an envelope with a fresh random IV.
    ///
    /// # Errors
    /// [`SealError`](crate::SealError) as an [`io::Error`], or the sink's error.
    pub fn new(key: &'k SymKey, sink: W) -> io::Result<Self> {
        parts::seal(key, sink).map(Self::of)
    }

    #[cfg(feature = "hazmat")]
    pub(crate) fn with_iv(key: &'k SymKey, sink: W, iv: [u8; BLOCK]) -> io::Result<Self> {
        parts::seal_with_iv(key, sink, iv).map(Self::of)
    }

    fn of((encryption, authentication): (Encryption<'k>, Authentication<W>)) -> Self {
        Self { encryption, authentication, spare: Unfilled::default() }
    }

    /// Writes the padding and the MAC, and gives the sink back.
    ///
    /// # Errors
    /// The sink's error, also if it came from an earlier write.
    pub fn finish(mut self) -> io::Result<W> {
        self.check_sink()?;
        self.authentication.write(self.encryption.finish())?;
        self.authentication.finish()
    }

    fn check_sink(&self) -> io::Result<()> {
        if self.authentication.is_broken() { Err(io::Error::other("an earlier write has failed")) } else { Ok(()) }
    }
}

impl<W: Write> Write for Sealer<'_, W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.check_sink()?;
        let taken = self.encryption.take(data);
        if self.encryption.is_full() {
            let encrypted = self.encryption.encrypt(std::mem::take(&mut self.spare));
            self.spare = self.authentication.write(encrypted)?;
        }
        Ok(taken)
    }

    /// Flushes the sink. What does not fill a chunk yet stays here until [`Sealer::finish`].
    fn flush(&mut self) -> io::Result<()> {
        self.authentication.flush()
    }
}
