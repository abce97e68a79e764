//! Envelopes: no bytes open without the key, every door gives the same verdict, and nothing comes out before it.

use crate::Input;
use crate::sealing::{IV, key, next, obvious_opening, sealed, signed};
use sealwright_envelope::stream::{Opener, StreamError, open_withheld};
use sealwright_envelope::{OpenError, hazmat, open, open_in_place};
use std::io::{self, Cursor, Read, Write as _};

/// Input: what stands before the MAC.
pub(crate) fn envelope(input: &[u8]) -> Input {
    let key = key();
    assert!(open(&key, input).is_err(), "bytes opened that were never sealed");

    let envelope = signed(input);
    let opened = every_door(&envelope);
    if envelope.len() < 64 || !envelope.len().is_multiple_of(16) {
        assert!(matches!(opened, Err(OpenError::Malformed { .. })), "ENV-06");
    } else {
        assert_eq!(opened.ok(), obvious_opening(input), "the obvious way says otherwise");
    }

    let resealed = sealed(input);
    assert_eq!(open(&key, &resealed).as_deref(), Ok(input), "round trip");
    assert_eq!(sealwright_envelope::sealed_length(input.len() as u64), Some(resealed.len() as u64), "ENV-04");
    Input::Useful
}

/// The one verdict of the one-shot doors and of the streams.
fn every_door(envelope: &[u8]) -> Result<Vec<u8>, OpenError> {
    let key = key();
    let opened = open(&key, envelope);
    let mut buffer = envelope.to_vec();
    let in_place = open_in_place(&key, &mut buffer).map(|plaintext| plaintext.to_vec());
    assert_eq!(in_place, opened, "in place");
    if opened.is_err() {
        assert_eq!(buffer, envelope, "a failure has changed the buffer");
    }
    assert_eq!(flat(open_withheld(&key, envelope, Vec::new())), opened, "withheld");
    let two_passes = Opener::new(&key, Cursor::new(envelope)).and_then(|mut opener| {
        let mut plaintext = Vec::new();
        opener.read_to_end(&mut plaintext)?;
        assert_eq!(opener.length(), plaintext.len() as u64, "the length was announced");
        Ok(plaintext)
    });
    assert_eq!(flat(two_passes), opened, "two passes");
    opened
}

fn flat<T>(result: Result<T, StreamError>) -> Result<T, OpenError> {
    result.map_err(|error| match error {
        StreamError::Open(error) => error,
        other => panic!("reading memory failed: {other}"),
    })
}

/// Input: how many times the rest is repeated; sizes of the pieces in which it is written and read; a byte that is damaged; content.
pub(crate) fn stream(mut input: &[u8]) -> Input {
    let repeats = [1, 2, 255, 4096][usize::from(next(&mut input) % 4)];
    let pieces = [next(&mut input), next(&mut input), next(&mut input)];
    let damaged = usize::from(u16::from_le_bytes([next(&mut input), next(&mut input)]));
    let mut content = input.repeat(repeats);
    // Beyond two chunks nothing new happens.
    content.truncate(200_000);

    let key = key();
    let expected = sealed(&content);
    let mut sealer = hazmat::sealer_with_iv(&key, &IV, Vec::new()).expect("a long key");
    let mut reader = Pieces { rest: &content, sizes: pieces, turn: 0 };
    io::copy(&mut reader, &mut sealer).expect("memory");
    sealer.flush().expect("memory");
    assert_eq!(sealer.finish().expect("memory"), expected, "ENV-05: one-shot and stream differ");

    let source = Pieces { rest: &expected, sizes: pieces, turn: 0 };
    assert_eq!(flat(open_withheld(&key, source, Vec::new())).as_ref(), Ok(&content), "in pieces");
    assert_eq!(every_door(&expected).as_ref(), Ok(&content), "every door");

    let mut wrong = expected;
    let at = damaged % wrong.len();
    wrong[at] ^= pieces[0] | 1;
    let source = Pieces { rest: &wrong, sizes: pieces, turn: 0 };
    assert_eq!(flat(open_withheld(&key, source, Vec::new())), Err(OpenError::Rejected), "damage in pieces");
    assert_eq!(every_door(&wrong), Err(OpenError::Rejected), "damage");
    wrong.truncate(at);
    assert!(every_door(&wrong).is_err(), "a truncated envelope opened");
    Input::Useful
}

/// Reads in pieces of three sizes in turn; a size of zero is an interruption.
struct Pieces<'a> {
    rest: &'a [u8],
    sizes: [u8; 3],
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        let size = usize::from(self.sizes[self.turn % 3]) * 257;
        if size == 0 && self.turn.is_multiple_of(2) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = size.clamp(1, buffer.len().max(1)).min(buffer.len());
        self.rest.read(&mut buffer[..length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_picked_inputs_hold() {
        for length in [0, 1, 15, 16, 31, 32, 33, 48, 100] {
            envelope(&vec![7; length]);
        }
        for input in [&b""[..], &[0; 7], &[1, 0, 0, 0, 5, 0, 9], &[3, 255, 1, 0, 77, 0, 1, 2, 3, 4, 5, 6, 7, 8]] {
            stream(input);
        }
    }

    #[test]
    fn an_envelope_of_ours_counts_as_forged() {
        let result = std::panic::catch_unwind(|| envelope(&sealed(b"known key")));
        assert!(result.is_err(), "the oracle must notice an envelope that opens");
    }
}
