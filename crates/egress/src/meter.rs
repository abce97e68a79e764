//! How much of an item has been read, told while it is being read: one large file may be everything that there is.

use crate::options::Progress;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that are told at once: what is smaller is told when it is done.
const STEP: u64 = 1024 * 1024;

/// Tells the length of one item, some of it as it is read and the rest at the end. What is read twice counts once.
pub(crate) struct Meter<'a> {
    progress: &'a dyn Progress,
    read: AtomicU64,
    untold: AtomicU64,
}

/// A source that is measured.
#[derive(Debug)]
pub(crate) struct Metered<'a, R> {
    source: R,
    meter: &'a Meter<'a>,
}

impl<'a> Meter<'a> {
    /// For an item of this length.
    pub(crate) fn new(progress: &'a dyn Progress, bytes: u64) -> Self {
        Self { progress, read: AtomicU64::new(0), untold: AtomicU64::new(bytes) }
    }

    pub(crate) fn measured<R>(&'a self, source: R) -> Metered<'a, R> {
        Metered { source, meter: self }
    }

    fn add(&self, read: usize) {
        let read = self.read.fetch_add(read as u64, Ordering::Relaxed).saturating_add(read as u64);
        if read >= STEP {
            let read = self.read.swap(0, Ordering::Relaxed);
            let less = |untold: u64| Some(untold.saturating_sub(read));
            // It never fails: there is always a new value.
            let untold = self.untold.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).unwrap_or(0);
            self.progress.advance(untold.min(read));
        }
    }
}

/// Whatever became of the item, all of it is done.
impl Drop for Meter<'_> {
    fn drop(&mut self) {
        self.progress.advance(*self.untold.get_mut());
    }
}

impl std::fmt::Debug for Meter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("untold", &self.untold).finish_non_exhaustive()
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.meter.add(read);
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.source.seek(position)
    }
}
