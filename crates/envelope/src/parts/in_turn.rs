//! All parts of opening on one thread.

use super::Parts;
use crate::file::{Entry, FileError, Opened};
use crate::stream::Withheld;
use std::io::{self, Read, Seek};

/// Bytes of a chunk: two of them stay in the innermost cache, and few hashes have no MAC beside them.
const CHUNK: usize = 16 * 1024;

/// Opens everything. The MAC over a chunk is computed beside the hash of the chunk before it, where a place keeps one.
pub(crate) fn open_in_turn<R: Read + Seek, W: Withheld, P: FnMut(&Entry) -> io::Result<W>>(
    (mut reading, mut decryption, mut placing): Parts<'_, R, P, W>,
) -> Result<Opened<W>, FileError> {
    let mut next = reading.next(reading.buffer(CHUNK))?;
    let mut spare = None;
    while let Some(sealed) = next {
        let is_last = sealed.is_last;
        let pieces = decryption.decrypt(sealed)?;
        next = if is_last {
            placing.place(pieces)?;
            None
        } else {
            match reading.load(spare.take().unwrap_or_else(|| reading.buffer(CHUNK))) {
                Ok(Some(mut loaded)) => {
                    spare = Some(placing.place_beside(pieces, loaded.waiting())?);
                    Some(reading.authenticate(loaded)?)
                }
                // A place that fails fails before what is read after it.
                nothing => {
                    placing.place(pieces)?;
                    return Err(nothing.err().unwrap_or(FileError::Rejected));
                }
            }
        };
    }
    placing.finish(decryption.finish()?)
}
