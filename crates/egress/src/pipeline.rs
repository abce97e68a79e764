//! One large container on several cores: reading and MAC, decryption and archive, places, each on a thread of its own; sealing likewise.
//!
//! The parts are those of [`sealwright_envelope::parts`], which decide what is right; here are only threads and bounded queues between
//! them. What comes out is what one thread gives, byte for byte and error for error (EGR-55).

use sealwright_envelope::SymKey;
use sealwright_envelope::file::{Entries, Entry, FileError, Header, Opened};
use sealwright_envelope::parts::{
    self, Authentication, Decryption, Encrypted, Encryption, Reading, Unfilled, Verified,
};
use sealwright_envelope::stream::Withheld;
use std::io::{self, Read, Seek, Write};
use std::panic;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Containers of at least this many bytes are worth the threads.
pub(crate) const WORTH_THREADS: u64 = 8 * 1024 * 1024;
/// Bytes of a chunk: large enough that handing it over costs little, small enough that all of them stay in a processor's cache.
const CHUNK: usize = 512 * 1024;
/// Chunks that are on their way at once.
const BUFFERS: usize = 6;

/// As [`sealwright_envelope::file::open_withheld`], on several threads; places are made and written to on the calling one.
///
/// # Errors
/// As there.
pub(crate) fn open_withheld<W: Withheld>(
    key: &SymKey,
    header: &Header,
    source: impl Read + Seek + Send,
    entries: Entries,
    place: impl FnMut(&Entry) -> io::Result<W>,
) -> Result<Opened<W>, FileError> {
    open_in_chunks(key, header, source, entries, place, CHUNK)
}

fn open_in_chunks<W: Withheld>(
    key: &SymKey,
    header: &Header,
    source: impl Read + Seek + Send,
    entries: Entries,
    place: impl FnMut(&Entry) -> io::Result<W>,
    chunk: usize,
) -> Result<Opened<W>, FileError> {
    let (reading, decryption, mut placing) = parts::open(key, header, source, entries, place)?;
    let (sealed, to_decrypt) = sync_channel(BUFFERS);
    let (pieces, to_place) = sync_channel(BUFFERS);
    let (spare, to_fill) = sync_channel(BUFFERS);
    thread::scope(|scope| {
        for _ in 0..BUFFERS {
            send(&spare, reading.buffer(chunk));
        }
        let reading = scope.spawn(move || read_all(reading, &to_fill, &sealed));
        let decryption = scope.spawn(move || decrypt_all(decryption, &to_decrypt, &pieces));
        let placed: Result<(), FileError> = to_place.iter().try_for_each(|pieces| {
            send(&spare, placing.place(pieces)?);
            Ok(())
        });
        // Whoever still works finds nobody to work for.
        drop((to_place, spare));
        let (read, verified) = (joined(reading.join()), joined(decryption.join()));
        // A place fails at a chunk that was read and decrypted, and decryption misses what was not read: the earliest fault is told.
        placed?;
        read?;
        placing.finish(verified?)
    })
}

fn read_all<R: Read + Seek>(
    mut reading: Reading<R>,
    to_fill: &Receiver<parts::Buffer>,
    sealed: &SyncSender<parts::Sealed>,
) -> Result<(), FileError> {
    for buffer in to_fill {
        let Some(chunk) = reading.next(buffer)? else { break };
        if !send(sealed, chunk) {
            break;
        }
    }
    Ok(())
}

fn decrypt_all(
    mut decryption: Decryption<'_>,
    to_decrypt: &Receiver<parts::Sealed>,
    pieces: &SyncSender<parts::Pieces>,
) -> Result<Verified, FileError> {
    for sealed in to_decrypt {
        if !send(pieces, decryption.decrypt(sealed)?) {
            break;
        }
    }
    decryption.finish()
}

/// Whether there was somebody to send it to.
fn send<T>(to: &SyncSender<T>, value: T) -> bool {
    to.send(value).is_ok()
}

/// The result of a thread; its panic goes on here.
fn joined<T>(result: thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// As [`sealwright_envelope::stream::Sealer`], with the MAC and the writing to the sink on another thread once a chunk is full: nothing that is
/// smaller pays for a thread.
#[derive(Debug)]
pub struct Sealer<'k, W> {
    encryption: Encryption<'k>,
    writing: Writing<W>,
}

#[derive(Debug)]
enum Writing<W> {
    Here(Authentication<W>),
    Beside {
        encrypted: SyncSender<Encrypted>,
        spare: Receiver<Unfilled>,
        thread: JoinHandle<io::Result<Authentication<W>>>,
    },
    /// The sink has failed.
    Broken,
}

impl<'k, W: Write + Send + 'static> Sealer<'k, W> {
    /// Begins an envelope with a fresh random IV.
    ///
    /// # Errors
    /// As [`sealwright_envelope::stream::Sealer::new`].
    pub fn new(key: &'k SymKey, sink: W) -> io::Result<Self> {
        parts::seal(key, sink).map(Self::of)
    }

    fn of((encryption, authentication): (Encryption<'k>, Authentication<W>)) -> Self {
        Self { encryption, writing: Writing::Here(authentication) }
    }

    /// Writes the padding and the MAC, and gives the sink back.
    ///
    /// # Errors
    /// The sink's error, also if it came from an earlier write.
    pub fn finish(self) -> io::Result<W> {
        let last = self.encryption.finish();
        let mut authentication = match self.writing {
            Writing::Here(authentication) => authentication,
            Writing::Beside { encrypted, thread, .. } => {
                drop(encrypted);
                joined(thread.join())?
            }
            Writing::Broken => return Err(broken()),
        };
        authentication.write(last)?;
        authentication.finish()
    }

    /// Hands the full chunk over and gets room for the next one.
    fn hand_over(&mut self) -> io::Result<()> {
        let (encrypted, spare, thread) = match std::mem::replace(&mut self.writing, Writing::Broken) {
            Writing::Here(authentication) => beside(authentication)?,
            Writing::Beside { encrypted, spare, thread } => (encrypted, spare, thread),
            Writing::Broken => return Err(broken()),
        };
        let sent = spare.recv().is_ok_and(|room| send(&encrypted, self.encryption.encrypt(room)));
        if !sent {
            drop(encrypted);
            // Only a sink that has failed takes nothing.
            return Err(joined(thread.join()).err().unwrap_or_else(broken));
        }
        self.writing = Writing::Beside { encrypted, spare, thread };
        Ok(())
    }
}

type Beside<W> = (SyncSender<Encrypted>, Receiver<Unfilled>, JoinHandle<io::Result<Authentication<W>>>);

fn beside<W: Write + Send + 'static>(mut authentication: Authentication<W>) -> io::Result<Beside<W>> {
    let (encrypted, to_write) = sync_channel::<Encrypted>(BUFFERS);
    let (room, spare) = sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        send(&room, Unfilled::default());
    }
    let thread = thread::Builder::new().name("seal".to_owned()).spawn(move || {
        for chunk in to_write {
            send(&room, authentication.write(chunk)?);
        }
        Ok(authentication)
    })?;
    Ok((encrypted, spare, thread))
}

impl<W: Write + Send + 'static> Write for Sealer<'_, W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if let Writing::Broken = self.writing {
            return Err(broken());
        }
        let taken = self.encryption.take(data);
        if self.encryption.is_full() {
            self.hand_over()?;
        }
        Ok(taken)
    }

    /// Nothing: what is written reaches the sink at the latest with [`Sealer::finish`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broken() -> io::Error {
    io::Error::other("an earlier write has failed")
}

#[cfg(test)]
mod tests;
