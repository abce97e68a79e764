//! Sealing in two parts: what encrypts, and what authenticates and writes.

use super::{CHUNK, Order};
use crate::envelope::{SealError, pad};
use crate::key::{BLOCK, SymKey};
use ring::hmac;
use sealwright_types::{random, redacted_debug};
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The parts of sealing an envelope under a fresh random IV, which is written at once (ENV-05).
///
/// ```
/// use sealwright_envelope::parts::{self, Unfilled};
/// use sealwright_envelope::{SymKey, open};
///
/// let key = SymKey::generate()?;
/// let (mut encryption, mut authentication) = parts::seal(&key, Vec::new())?;
/// assert_eq!(encryption.take(b"a long story"), 12);
/// let spare = authentication.write(encryption.encrypt(Unfilled::default()))?;
/// authentication.write(encryption.finish())?;
/// assert_eq!(open(&key, &authentication.finish()?)?, b"a long story");
/// # drop(spare);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SealError`] as an [`io::Error`], or the sink's error.
pub fn seal<W: Write>(key: &SymKey, sink: W) -> io::Result<(Encryption<'_>, Authentication<W>)> {
    let mut iv = [0; BLOCK];
    random::fill(&mut iv).map_err(|error| io::Error::other(SealError::from(error)))?;
    seal_with_iv(key, sink, iv)
}

/// As [`seal`], with this IV.
pub(crate) fn seal_with_iv<W: Write>(
    key: &SymKey,
    mut sink: W,
    iv: [u8; BLOCK],
) -> io::Result<(Encryption<'_>, Authentication<W>)> {
    if !key.may_seal() {
        return Err(io::Error::other(SealError::ShortKey));
    }
    let mut mac = key.mac();
    mac.update(&iv);
    sink.write_all(&iv)?;
    let envelope = Arc::new(());
    let order = || Order { container: Arc::clone(&envelope), next: 0 };
    Ok((
        Encryption { key, previous: iv, filling: Unfilled::default(), order: order() },
        Authentication { mac: Box::new(mac), sink, state: State::Middle, order: order() },
    ))
}

/// A buffer to be filled with plaintext; its memory is reserved when it is first needed, and wiped when it is dropped.
#[derive(Default)]
pub struct Unfilled(Zeroizing<Vec<u8>>);

redacted_debug!(Unfilled);

/// A chunk of ciphertext.
pub struct Encrypted {
    bytes: Zeroizing<Vec<u8>>,
    is_last: bool,
    place: Order,
}

redacted_debug!(Encrypted);

/// Collects plaintext and encrypts it.
pub struct Encryption<'k> {
    key: &'k SymKey,
    previous: [u8; BLOCK],
    filling: Unfilled,
    order: Order,
}

/// Shows nothing: the buffer holds plaintext.
impl fmt::Debug for Encryption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encryption([redacted])")
    }
}

impl Encryption<'_> {
    /// Takes as much of `data` as there is room for in the chunk, and tells how much.
    pub fn take(&mut self, data: &[u8]) -> usize {
        let Unfilled(buffer) = &mut self.filling;
        if buffer.capacity() == 0 {
            // Room for one block more than a chunk: the padding never moves the buffer.
            buffer.reserve_exact(CHUNK.saturating_add(BLOCK));
        }
        let room = CHUNK.saturating_sub(buffer.len());
        let taken = data.get(..room.min(data.len())).unwrap_or_default();
        buffer.extend_from_slice(taken);
        taken.len()
    }

    /// Whether there is no room for more: time for [`Encryption::encrypt`].
    pub fn is_full(&self) -> bool {
        self.filling.0.len() >= CHUNK
    }

    /// Encrypts the whole blocks that were taken; what is left of a block begins the next chunk, which goes to `spare`.
    pub fn encrypt(&mut self, mut spare: Unfilled) -> Encrypted {
        let filled = self.filling.0.len();
        spare.0.clear();
        std::mem::swap(&mut self.filling, &mut spare);
        let whole = filled.saturating_sub(filled % BLOCK);
        self.take(spare.0.get(whole..).unwrap_or_default());
        spare.0.truncate(whole);
        self.encrypted(spare, false)
    }

    /// Encrypts what is left, with the padding.
    pub fn finish(mut self) -> Encrypted {
        let mut last = std::mem::take(&mut self.filling);
        if last.0.capacity() == 0 {
            last.0.reserve_exact(BLOCK);
        }
        pad(&mut last.0);
        self.encrypted(last, true)
    }

    fn encrypted(&mut self, Unfilled(mut bytes): Unfilled, is_last: bool) -> Encrypted {
        self.key.encrypt_blocks(&self.previous, &mut bytes);
        self.previous = bytes.last_chunk().copied().unwrap_or(self.previous);
        Encrypted { bytes, is_last, place: self.order.take() }
    }
}

/// Computes the MAC over what is encrypted and writes it. Without [`Authentication::finish`] the result has no MAC and never opens.
pub struct Authentication<W> {
    mac: Box<hmac::Context>,
    sink: W,
    state: State,
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Middle,
    /// The last chunk is written.
    Complete,
    /// The sink has failed: what it has got is not known.
    Broken,
}

impl<W> fmt::Debug for Authentication<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<W: Write> Authentication<W> {
    /// Authenticates and writes the next chunk, and gives its buffer back.
    ///
    /// # Errors
    /// The sink's error, also if it came from an earlier write; an error for a chunk that is not the next one of this envelope.
    pub fn write(&mut self, encrypted: Encrypted) -> io::Result<Unfilled> {
        let Encrypted { mut bytes, is_last, place } = encrypted;
        if std::mem::replace(&mut self.state, State::Broken) != State::Middle {
            return Err(io::Error::other("an earlier write has failed"));
        }
        self.order.follow(&place).map_err(|_| io::Error::other("not the next chunk of this envelope"))?;
        self.mac.update(&bytes);
        self.sink.write_all(&bytes)?;
        self.state = if is_last { State::Complete } else { State::Middle };
        bytes.clear();
        Ok(Unfilled(bytes))
    }

    /// Writes the MAC and gives the sink back.
    ///
    /// # Errors
    /// The sink's error, also if it came from an earlier write; an error unless the last chunk has been written.
    pub fn finish(mut self) -> io::Result<W> {
        if self.state != State::Complete {
            return Err(io::Error::other("the envelope is not complete"));
        }
        self.sink.write_all(self.mac.sign().as_ref())?;
        Ok(self.sink)
    }

    /// Flushes the sink.
    ///
    /// # Errors
    /// The sink's error.
    pub fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }

    /// Whether nothing more can be written: the sink has failed.
    pub(crate) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }
}
