//! Streams: any length, any pieces, any damage (ENV-05 to ENV-09).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod doors;

use doors::{Trickle, open_everywhere, pattern};
use proptest::prelude::*;
use sealwright_envelope::hazmat::{seal_with_iv, sealer_with_iv};
use sealwright_envelope::stream::{Opener, Sealer, StreamError, open_withheld};
use sealwright_envelope::{OpenError, SymKey, sealed_length};
use sealwright_types::Coded;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};

/// Bytes that are handled at a time inside.
const CHUNK: usize = 65_536;

fn key() -> SymKey {
    SymKey::from_bytes(&(0..64).collect::<Vec<u8>>()).unwrap()
}

fn sealed(length: usize) -> Vec<u8> {
    seal_with_iv(&key(), &[3; 16], &pattern(length)).unwrap()
}

fn stream_sealed(clear: &[u8], pieces: &[usize]) -> Vec<u8> {
    let key = key();
    let mut sealer = sealer_with_iv(&key, &[3; 16], Vec::new()).unwrap();
    let mut rest = clear;
    let mut pieces = pieces.iter().cycle();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
        sealer.write_all(piece).unwrap();
        rest = after;
    }
    sealer.flush().unwrap();
    sealer.finish().unwrap()
}

#[test]
fn every_length_around_the_borders_of_chunks() {
    for border in [0, 16, CHUNK - 16, CHUNK, CHUNK + 48, 2 * CHUNK] {
        for length in border.saturating_sub(34)..border + 34 {
            let one_shot = sealed(length);
            assert_eq!(Some(one_shot.len() as u64), sealed_length(length as u64), "ENV-04");
            assert_eq!(stream_sealed(&pattern(length), &[usize::MAX]), one_shot, "ENV-05, {length}");
            assert_eq!(open_everywhere(&key(), &one_shot).unwrap(), pattern(length), "{length}");
        }
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_of_a_short_envelope() {
    for length in [0, 15, 16, 40] {
        let good = sealed(length);
        // All bits of one, and one bit of each byte of the others.
        for bit in (0..good.len() * 8).step_by(if length == 16 { 1 } else { 9 }) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open_everywhere(&key(), &bad), Err(OpenError::Rejected), "bit {bit}");
        }
        for cut in 0..good.len() {
            let expected = if cut < 64 || cut % 16 != 0 { "malformed" } else { "rejected" };
            assert_eq!(open_everywhere(&key(), &good[..cut]).unwrap_err().code(), expected, "{cut}");
        }
        for more in 1..40 {
            let longer = [&good[..], &vec![0; more]].concat();
            let expected = if more % 16 != 0 { "malformed" } else { "rejected" };
            assert_eq!(open_everywhere(&key(), &longer).unwrap_err().code(), expected, "{more} more");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_pieces_round_trip(
        length in prop_oneof![0_usize..300, 65_000_usize..66_000, 0_usize..200_000],
        pieces in proptest::collection::vec(1_usize..70_000, 1..6),
        read in 1_usize..70_000,
    ) {
        let sealed = stream_sealed(&pattern(length), &pieces);
        prop_assert_eq!(&sealed, &self::sealed(length));
        let key = key();
        let mut opener = Opener::new(&key, Cursor::new(&sealed)).unwrap();
        let (mut opened, mut buffer) = (Vec::new(), vec![0; read]);
        loop {
            match opener.read(&mut buffer).unwrap() {
                0 => break,
                n => opened.extend_from_slice(&buffer[..n]),
            }
        }
        prop_assert_eq!(opened, pattern(length));
    }

    #[test]
    fn any_damage_is_refused(length in prop_oneof![0_usize..300, 60_000_usize..70_000], place: prop::sample::Index, flip in 1_u8.., cut: prop::sample::Index) {
        let good = sealed(length);
        let mut bad = good.clone();
        bad[place.index(good.len())] ^= flip;
        prop_assert_eq!(open_everywhere(&key(), &bad), Err(OpenError::Rejected));
        let cut = cut.index(good.len());
        prop_assert!(open_everywhere(&key(), &good[..cut]).is_err());
        bad.rotate_left(16);
        prop_assert!(open_everywhere(&key(), &bad).is_err());
    }
}

/// A source that is `first` until it is sought back, and `second` from then on.
struct Changing {
    first: Option<Cursor<Vec<u8>>>,
    second: Cursor<Vec<u8>>,
}

impl Read for Changing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.first.as_mut().unwrap_or(&mut self.second).read(buffer)
    }
}

impl Seek for Changing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Current(0) {
            self.first = None;
        }
        self.first.as_mut().unwrap_or(&mut self.second).seek(to)
    }
}

#[test]
fn a_source_that_changes_between_the_passes_ends_in_an_error() {
    let good = sealed(150_000);
    let mut damaged = good.clone();
    damaged[70_000] ^= 1;
    let other_of_same_key = seal_with_iv(&key(), &[4; 16], &pattern(150_000)).unwrap();
    let shorter_of_same_key = sealed(100);
    for (second, clean) in [
        (good.clone(), true),
        (damaged, false),
        (good[..100_000].to_vec(), false),
        (good[..100_001].to_vec(), false),
        (Vec::new(), false),
        ([&good[..], &[0; 16]].concat(), false),
        (other_of_same_key, false),
        (shorter_of_same_key, false),
    ] {
        let source = Changing { first: Some(Cursor::new(good.clone())), second: Cursor::new(second) };
        let key = key();
        let mut opener = Opener::new(&key, source).unwrap();
        let ended = opener.read_to_end(&mut Vec::new());
        assert_eq!(ended.is_ok(), clean);
        if let Err(error) = ended {
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(opener.read(&mut [0; 10]).is_err(), "an error stays");
        }
    }
}

#[test]
fn an_envelope_may_begin_anywhere_in_the_source() {
    let mut source = Cursor::new([&b"header"[..], &sealed(70_000)].concat());
    source.set_position(6);
    let key = key();
    let mut opened = Vec::new();
    Opener::new(&key, source).unwrap().read_to_end(&mut opened).unwrap();
    assert_eq!(opened, pattern(70_000));
}

/// Fails with an error of its own after some bytes.
struct Failing<T> {
    inner: T,
    left: usize,
}

fn failure() -> io::Error {
    io::Error::new(ErrorKind::StorageFull, "of its own")
}

impl<T: Read> Read for Failing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(failure());
        }
        let length = buffer.len().min(self.left).min(1000);
        let read = self.inner.read(&mut buffer[..length])?;
        self.left -= read;
        Ok(read)
    }
}

impl<T: Seek> Seek for Failing<T> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl<T: Write> Write for Failing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left < bytes.len() {
            // Only once: whoever writes on after an error is let through.
            self.left = usize::MAX;
            return Err(failure());
        }
        self.left -= bytes.len();
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn errors_of_source_and_sink_pass_through() {
    let key = key();
    let good = sealed(100_000);
    for left in [0, 5, 64, 70_000, good.len() - 1] {
        let failing = || Failing { inner: Cursor::new(good.clone()), left };
        let Err(StreamError::Io(error)) = Opener::new(&key, failing()) else { panic!("{left}") };
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::StorageFull, "of its own"));
        let Err(StreamError::Io(error)) = open_withheld(&key, failing(), Vec::new()) else { panic!("{left}") };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(StreamError::Io(error).code(), "io");
    }
    // In the second pass.
    let mut opener =
        Opener::new(&key, Failing { inner: Cursor::new(good.clone()), left: good.len() + 40_000 }).unwrap();
    assert_eq!(opener.read_to_end(&mut Vec::new()).unwrap_err().kind(), ErrorKind::StorageFull);
}

#[test]
fn a_sealer_whose_sink_has_failed_gives_no_envelope() {
    let key = key();
    for left in [16, 16 + CHUNK] {
        let mut sealer = Sealer::new(&key, Failing { inner: Vec::new(), left }).unwrap();
        let mut failed = 0;
        for _ in 0..4 {
            failed += usize::from(sealer.write_all(&pattern(CHUNK)).is_err());
        }
        assert_eq!(failed, 4 - (left - 16) / CHUNK, "an error stays");
        assert!(sealer.finish().is_err());
    }
    assert!(Sealer::new(&key, Failing { inner: Vec::new(), left: 15 }).is_err());
}

#[test]
fn interruptions_are_tried_again() {
    let key = key();
    for length in [0, 100, 70_000] {
        let mut opened = Vec::new();
        let mut opener = Opener::new(&key, Trickle::new(&sealed(length), 997)).unwrap();
        while let Ok(1..) = opener.by_ref().take(13).read_to_end(&mut opened) {}
        assert_eq!(opened, pattern(length));
    }
}

#[test]
fn debug_shows_no_plaintext() {
    let key = key();
    let secret = b"a secret that is in the buffer";
    let mut sealer = Sealer::new(&key, Vec::new()).unwrap();
    sealer.write_all(secret).unwrap();
    assert_eq!(format!("{sealer:?} {sealer:#?}"), "Sealer([redacted]) Sealer([redacted])");
    let mut opener = Opener::new(&key, Cursor::new(sealer.finish().unwrap())).unwrap();
    opener.read_exact(&mut [0; 1]).unwrap();
    assert_eq!(format!("{opener:?} {opener:#?}"), "Opener([redacted]) Opener([redacted])");
}
