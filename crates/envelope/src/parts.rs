//! A container opened, or an envelope sealed, in parts that can run beside each other, each on a thread of its own.
//!
//! Opening: [`Reading`] reads and authenticates, [`Decryption`] decrypts and takes the archive apart, [`Placing`] writes into places that
//! nobody can look into. Chunks go from one to the next, buffers come back:
//!
//! ```
//! use sealwright_envelope::{SymKey, file, parts};
//! # use sealwright_types::SessionId;
//! # use std::io::Cursor;
//! # let key = SymKey::generate()?;
//! # let mut container = Vec::new();
//! # file::seal(&key, SessionId::random()?, "note.txt", 5, &b"hello"[..], &mut container)?;
//! # let mut source = Cursor::new(container);
//! let header = file::inspect(&mut source)?;
//! let (mut reading, mut decryption, mut placing) =
//!     parts::open(&key, &header, source, file::Entries::One, |_| Ok(Vec::new()))?;
//! let mut buffer = reading.buffer(parts::CHUNK);
//! while let Some(sealed) = reading.next(buffer)? {
//!     let pieces = decryption.decrypt(sealed)?;
//!     buffer = placing.place(pieces)?;
//! }
//! let opened = placing.finish(decryption.finish()?)?;
//! assert_eq!(opened.files[0].1, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is in a chunk can only be got by way of the next part, and the places only with [`Verified`], which stands for a right MAC over all
//! chunks in their order, right padding and a right archive (ENV-09 b). Chunks of another container or in another order are rejected.
//!
//! Sealing: [`Encryption`] and [`Authentication`], begun by [`seal`].

mod in_turn;
mod sealing;

use crate::carrier::Carrier;
use crate::envelope::{OpenError, SHORTEST, plaintext_length};
use crate::file::{Entry, FileError, Opened};
use crate::header::{Header, Kind};
use crate::key::{BLOCK, MAC, SymKey};
use crate::name::Name;
use crate::paired::{RunningMac, Waiting};
use crate::stream::Withheld;
use crate::tar::{self, Entries};
use sealwright_types::{Malformed, redacted_debug};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use zeroize::Zeroizing;

pub(crate) use in_turn::open_in_turn;
#[cfg(feature = "hazmat")]
pub(crate) use sealing::seal_with_iv;
pub use sealing::{Authentication, Encrypted, Encryption, Unfilled, seal};

/// Bytes of a chunk when all parts run on one thread: they stay in the processor's cache from one part to the next.
pub const CHUNK: usize = 64 * 1024;
/// Bytes that are never processed before the end is known: the MAC and the block that holds the padding.
const HELD: usize = BLOCK + MAC;

/// What opens a container together: reading with the MAC, decrypting, writing.
pub type Parts<'k, R, P, W> = (Reading<R>, Decryption<'k>, Placing<P, W>);

/// The parts of opening a container. `place` makes the place for each file; what it is told of the file is not verified at that moment.
///
/// # Errors
/// [`FileError::Io`], and [`FileError::Malformed`] for base64 that is wrong from the beginning.
pub fn open<'k, R, W, P>(
    key: &'k SymKey,
    header: &Header,
    mut source: R,
    entries: Entries,
    place: P,
) -> Result<Parts<'k, R, P, W>, FileError>
where
    R: Read + Seek,
    W: Withheld,
    P: FnMut(&Entry) -> io::Result<W>,
{
    // No envelope is longer than what carries it.
    let longest = source.seek(SeekFrom::End(0))?;
    let mut carrier = header.carrier(source);
    carrier.restart(header.skip)?;
    let container = Arc::new(());
    let place_in_order = || Order { container: Arc::clone(&container), next: 0 };
    let archive = (header.kind != Kind::Legacy).then(|| tar::Reader::new(entries));
    Ok((
        Reading {
            source: carrier,
            longest,
            state: State::Middle(key.running_mac()),
            previous: [0; BLOCK],
            held: Vec::with_capacity(HELD.saturating_add(BLOCK)),
            read: 0,
            order: place_in_order(),
        },
        Decryption { key, archive, position: 0, padding_is_right: false, order: place_in_order() },
        Placing { place, files: Vec::new(), skipped: Vec::new(), order: place_in_order() },
    ))
}

/// Room for a chunk. It may hold plaintext of an earlier one and is wiped when it is dropped.
pub struct Buffer(Zeroizing<Vec<u8>>);

redacted_debug!(Buffer);

/// A chunk that has been authenticated as far as a MAC can be before its end: still ciphertext.
pub struct Sealed {
    buffer: Buffer,
    ciphertext: Range<usize>,
    /// The block of ciphertext before it, or the IV.
    previous: [u8; BLOCK],
    /// Whether the envelope ends with it; the MAC over all of it is right then.
    is_last: bool,
    place: Order,
}

redacted_debug!(Sealed);

/// A chunk that was read.
struct Loaded {
    buffer: Buffer,
    ciphertext: Range<usize>,
    previous: [u8; BLOCK],
    /// It has not taken this chunk yet.
    mac: RunningMac,
    /// The MAC at the end of the envelope, in the last chunk.
    expected: Option<[u8; MAC]>,
}

impl Loaded {
    fn waiting(&mut self) -> Waiting<'_> {
        // The IV at the beginning of the first chunk counts too.
        Waiting { mac: &mut self.mac, bytes: self.buffer.0.get(..self.ciphertext.end).unwrap_or_default() }
    }
}

/// A chunk of plaintext, taken apart. Unverified: only [`Placing`] can look into it.
pub struct Pieces {
    buffer: Buffer,
    events: Events,
    place: Order,
}

redacted_debug!(Pieces);

/// All chunks were there in their order, and MAC, padding and archive are right.
#[derive(Debug)]
pub struct Verified {
    /// Bytes of plaintext.
    length: u64,
    /// The place after the last chunk.
    end: Order,
}

/// The place of a chunk in its container.
#[derive(Debug)]
struct Order {
    container: Arc<()>,
    next: u64,
}

impl Order {
    /// This place; the next chunk has the next one.
    fn take(&mut self) -> Self {
        let place = Self { container: Arc::clone(&self.container), next: self.next };
        self.next = self.next.saturating_add(1);
        place
    }

    /// Goes on if the chunk at `place` is the next one.
    fn follow(&mut self, place: &Self) -> Result<(), OpenError> {
        if *self != *place {
            return Err(OpenError::Rejected);
        }
        self.next = self.next.saturating_add(1);
        Ok(())
    }
}

impl PartialEq for Order {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.container, &other.container) && self.next == other.next
    }
}

/// Reads chunks and computes the MAC over them.
pub struct Reading<R> {
    source: Carrier<R>,
    longest: u64,
    state: State,
    previous: [u8; BLOCK],
    /// Read, not processed.
    held: Vec<u8>,
    read: u64,
    order: Order,
}

enum State {
    Middle(RunningMac),
    End,
    /// The envelope was found wrong: it stays so, however often a caller reads on.
    Failed,
}

impl<R> fmt::Debug for Reading<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("read", &self.read).finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Reading<R> {
    /// Room for chunks of about `length` bytes, or for the whole envelope if it is shorter.
    pub fn buffer(&self, length: usize) -> Buffer {
        let whole = usize::try_from(self.longest).unwrap_or(usize::MAX);
        let room = length.min(whole).max(SHORTEST).saturating_add(HELD);
        Buffer(Zeroizing::new(vec![0; room]))
    }

    /// Reads the next chunk into `buffer`. The last one is given only if the MAC is right; then follows `None`.
    ///
    /// # Errors
    /// [`FileError::Io`]; [`FileError::Malformed`] for wrong base64 or an impossible length, [`FileError::Rejected`] for a wrong MAC.
    pub fn next(&mut self, buffer: Buffer) -> Result<Option<Sealed>, FileError> {
        let Some(mut loaded) = self.load(buffer)? else { return Ok(None) };
        loaded.waiting().take_all();
        self.authenticate(loaded).map(Some)
    }

    /// Reads the next chunk and leaves its MAC to others.
    fn load(&mut self, mut buffer: Buffer) -> Result<Option<Loaded>, FileError> {
        let mac = match std::mem::replace(&mut self.state, State::Failed) {
            State::Middle(mac) => mac,
            State::End => {
                self.state = State::End;
                return Ok(None);
            }
            State::Failed => return Err(FileError::Rejected),
        };
        let (filled, at_end) = self.fill(&mut buffer.0)?;
        let bytes = buffer.0.get(..filled).unwrap_or_default();
        let malformed = OpenError::from(Malformed::new(self.read, "ENV-06"));
        let mut start = 0;
        if self.order.next == 0 {
            if filled < SHORTEST {
                return Err(malformed.into());
            }
            self.previous = *bytes.first_chunk().ok_or(malformed)?;
            start = BLOCK;
        }
        let mut expected = None;
        let authenticated = if at_end {
            let (authenticated, mac) = bytes.split_last_chunk::<MAC>().ok_or(malformed)?;
            let ciphertext = authenticated.len().saturating_sub(start);
            if ciphertext == 0 || !ciphertext.is_multiple_of(BLOCK) {
                return Err(malformed.into());
            }
            expected = Some(*mac);
            authenticated
        } else {
            let processed = filled.saturating_sub(HELD);
            let whole = processed.saturating_sub(processed % BLOCK);
            let (authenticated, held) = bytes.split_at_checked(whole).ok_or(malformed)?;
            self.held.extend_from_slice(held);
            authenticated
        };
        let ciphertext = start..authenticated.len();
        let next = authenticated.last_chunk().copied().unwrap_or(self.previous);
        let previous = std::mem::replace(&mut self.previous, next);
        Ok(Some(Loaded { buffer, ciphertext, previous, mac, expected }))
    }

    /// Goes on with a chunk that the MAC has taken.
    fn authenticate(&mut self, loaded: Loaded) -> Result<Sealed, FileError> {
        let Loaded { buffer, ciphertext, previous, mac, expected } = loaded;
        self.state = match expected {
            None => State::Middle(mac),
            Some(expected) if mac.matches(&expected) => State::End,
            Some(_) => return Err(FileError::Rejected),
        };
        Ok(Sealed { buffer, ciphertext, previous, is_last: expected.is_some(), place: self.order.take() })
    }

    /// Fills a buffer with what was held and what follows. Tells how far, and whether the source has ended.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let mut filled = self.held.len();
        for (to, from) in buffer.iter_mut().zip(self.held.drain(..)) {
            *to = from;
        }
        while let Some(room @ [_, ..]) = buffer.get_mut(filled..) {
            match self.source.read(room) {
                Ok(0) => return Ok((filled, true)),
                Ok(read) => {
                    filled = filled.saturating_add(read);
                    self.read = self.read.saturating_add(read as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok((filled, false))
    }
}

/// Decrypts chunks and takes the archive in them apart.
pub struct Decryption<'k> {
    key: &'k SymKey,
    /// None for the legacy form, which holds the file itself.
    archive: Option<tar::Reader>,
    /// Bytes of plaintext so far.
    position: u64,
    padding_is_right: bool,
    order: Order,
}

impl fmt::Debug for Decryption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decryption").field("position", &self.position).finish_non_exhaustive()
    }
}

impl Decryption<'_> {
    /// Decrypts the next chunk.
    ///
    /// # Errors
    /// [`FileError::Rejected`] for wrong padding, and for a chunk that is not the next one of this container.
    pub fn decrypt(&mut self, sealed: Sealed) -> Result<Pieces, FileError> {
        let Sealed { mut buffer, ciphertext, previous, is_last, place } = sealed;
        self.order.follow(&place)?;
        let first = ciphertext.start;
        let blocks = buffer.0.get_mut(ciphertext).unwrap_or_default();
        self.key.decrypt_blocks(&previous, blocks);
        let mut plaintext = &*blocks;
        if is_last {
            let length = plaintext_length(blocks).ok_or(OpenError::Rejected)?;
            plaintext = blocks.get(..length).unwrap_or_default();
            self.padding_is_right = true;
        }
        let mut events = Events { list: Vec::new(), position: self.position, start: first };
        match &mut self.archive {
            Some(archive) => archive.feed(plaintext, &mut events)?,
            None => {
                if self.position == 0 {
                    tar::Sink::begin(&mut events, None, 0, 0)?;
                }
                tar::Sink::data(&mut events, plaintext, self.position)?;
            }
        }
        self.position = self.position.saturating_add(plaintext.len() as u64);
        Ok(Pieces { buffer, events, place })
    }

    /// The verdict once all chunks were decrypted.
    ///
    /// # Errors
    /// [`FileError::Rejected`] if the last chunk was not among them, [`FileError::Archive`].
    pub fn finish(self) -> Result<Verified, FileError> {
        if !self.padding_is_right {
            return Err(FileError::Rejected);
        }
        if let Some(archive) = self.archive {
            archive.finish()?;
        }
        Ok(Verified { length: self.position, end: self.order })
    }
}

/// What a chunk of the archive says, in its order.
struct Events {
    list: Vec<Event>,
    /// Where the chunk begins in the archive.
    position: u64,
    /// Where it begins in its buffer.
    start: usize,
}

enum Event {
    Begin(Entry),
    /// Bytes of the buffer.
    Data(Range<usize>),
    Skipped(Name),
}

impl tar::Sink for Events {
    fn begin(&mut self, name: Option<Name>, length: u64, _: u64) -> io::Result<()> {
        self.list.push(Event::Begin(Entry { name, length }));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let start = self.start.saturating_add(position.saturating_sub(self.position) as usize);
        self.list.push(Event::Data(start..start.saturating_add(bytes.len())));
        Ok(())
    }

    fn skipped(&mut self, name: Name) {
        self.list.push(Event::Skipped(name));
    }
}

/// Writes files into places that nobody can look into, and gives them back when everything is verified. On failure they are dropped.
pub struct Placing<P, W> {
    place: P,
    files: Vec<(Entry, W)>,
    skipped: Vec<Name>,
    order: Order,
}

impl<P, W> fmt::Debug for Placing<P, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placing").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl<W: Withheld, P: FnMut(&Entry) -> io::Result<W>> Placing<P, W> {
    /// Writes what is in the next chunk and gives its buffer back.
    ///
    /// # Errors
    /// [`FileError::Io`] of a place; [`FileError::Rejected`] for a chunk that is not the next one of this container.
    pub fn place(&mut self, pieces: Pieces) -> Result<Buffer, FileError> {
        self.place_with(pieces, |place, bytes| place.write_all(bytes))
    }

    /// As [`Placing::place`], and the MAC takes what waits for it, beside the hash that a place keeps.
    fn place_beside(&mut self, pieces: Pieces, mut waiting: Waiting<'_>) -> Result<Buffer, FileError> {
        let buffer = self.place_with(pieces, |place, bytes| match place.content_hash() {
            Some(hash) => {
                hash.update_beside(bytes, &mut waiting);
                place.write_hashed(bytes)
            }
            None => place.write_all(bytes),
        })?;
        waiting.take_all();
        Ok(buffer)
    }

    fn place_with(
        &mut self,
        pieces: Pieces,
        mut write: impl FnMut(&mut W, &[u8]) -> io::Result<()>,
    ) -> Result<Buffer, FileError> {
        let Pieces { buffer, events, place } = pieces;
        self.order.follow(&place)?;
        for event in events.list {
            match event {
                Event::Begin(entry) => self.begin(entry)?,
                Event::Data(range) => {
                    if let Some((_, place)) = self.files.last_mut() {
                        write(place, buffer.0.get(range).unwrap_or_default())?;
                    }
                }
                Event::Skipped(name) => self.skipped.push(name),
            }
        }
        Ok(buffer)
    }

    /// The files, all complete.
    ///
    /// # Errors
    /// [`FileError::Io`] of a place; [`FileError::Rejected`] unless all chunks were placed that `verified` stands for.
    pub fn finish(mut self, verified: Verified) -> Result<Opened<W>, FileError> {
        if self.order != verified.end {
            return Err(FileError::Rejected);
        }
        self.complete_last()?;
        if let Some((entry @ Entry { name: None, .. }, _)) = self.files.last_mut() {
            // The legacy form does not say how long its file is.
            entry.length = verified.length;
        }
        Ok(Opened { files: self.files, skipped: self.skipped })
    }

    fn begin(&mut self, entry: Entry) -> io::Result<()> {
        // An archive may hold more files than a process may keep open.
        self.complete_last()?;
        let place = (self.place)(&entry)?;
        self.files.push((entry, place));
        Ok(())
    }

    fn complete_last(&mut self) -> io::Result<()> {
        self.files.last_mut().map_or(Ok(()), |(_, place)| place.complete())
    }
}
