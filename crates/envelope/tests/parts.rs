//! Opening and sealing in parts: chunks of any size give what one pass gives, and chunks that are no chain give nothing (ENV-05, ENV-09).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod doors;

use doors::{Failure, File, Trickle, Watched, open_file_everywhere};
use proptest::prelude::*;
use ring::digest::{SHA256, digest};
use sealwright_envelope::file::{self, Entries, FileError, SingleEntry};
use sealwright_envelope::hazmat::{seal_in_parts_with_iv, seal_with_iv};
use sealwright_envelope::parts::{self, Decryption, Placing, Reading, Sealed, Unfilled};
use sealwright_envelope::stream::{ContentHash, Withheld};
use sealwright_envelope::{SymKey, open};
use sealwright_types::{Coded as _, SessionId};
use std::io::{self, Cursor, Write};

fn key() -> SymKey {
    SymKey::from_bytes(&[7; 64]).unwrap()
}

fn container(content: &[u8]) -> Vec<u8> {
    let mut container = Vec::new();
    let session: SessionId = "5a221722-36c4-41ee-be56-0242ac120002".parse().unwrap();
    file::seal(&key(), session, "name.bin", content.len() as u64, content, &mut container).unwrap();
    container
}

/// Opens with buffers of about `length` bytes.
fn open_in_chunks(container: &[u8], piece: usize, length: usize) -> Result<File, Failure> {
    let (key, mut source) = (key(), Trickle::new(container, piece));
    let header = file::inspect(&mut source)?;
    let (mut reading, mut decryption, mut placing) =
        parts::open(&key, &header, source, Entries::One, |_| Ok(Watched::default()))?;
    let mut buffer = reading.buffer(length);
    while let Some(sealed) = reading.next(buffer)? {
        buffer = placing.place(decryption.decrypt(sealed)?)?;
    }
    let (entry, place) = placing.finish(decryption.finish()?)?.files.remove(0);
    let content = place.0.borrow().clone();
    Ok(File { name: entry.name, content })
}

/// Keeps the hash of what it holds.
#[derive(Debug, Default)]
struct Hashed {
    content: Vec<u8>,
    hash: ContentHash,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.content.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Withheld for Hashed {
    fn content_hash(&mut self) -> Option<&mut ContentHash> {
        Some(&mut self.hash)
    }

    fn write_hashed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.content.write_all(bytes)
    }
}

/// Opens into a place that keeps the hash of what it holds, and gives that too.
fn open_hashed(container: &[u8], piece: usize) -> Result<(File, [u8; 32]), Failure> {
    let mut source = Trickle::new(container, piece);
    let header = file::inspect(&mut source)?;
    let opened = file::open_withheld(&key(), &header, source, Entries::One, |_| Ok(Hashed::default()))?;
    let (entry, place) = opened.files.into_iter().next().unwrap();
    Ok((File { name: entry.name, content: place.content }, place.hash.finish()))
}

/// A change to a container.
#[derive(Debug, Clone)]
enum Damage {
    Nothing,
    Bit(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Longer(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::Nothing),
        (any::<prop::sample::Index>(), 0..8_u8).prop_map(|(at, bit)| Damage::Bit(at, bit)),
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (1..40_usize).prop_map(Damage::Longer),
    ]
}

fn damaged(mut bytes: Vec<u8>, damage: &Damage) -> Vec<u8> {
    match damage {
        Damage::Nothing => {}
        Damage::Bit(at, bit) => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Longer(more) => bytes.resize(bytes.len() + more, 0),
    }
    bytes
}

proptest! {
    #[test]
    fn chunks_of_any_size_give_one_verdict(
        length in 0..5_000_usize, chunk in 0..3_000_usize, piece in 1..2_000_usize, damage in damage()
    ) {
        let container = damaged(container(&doors::pattern(length)), &damage);
        let expected = open_file_everywhere(&key(), &container, SingleEntry::Only);
        prop_assert_eq!(open_in_chunks(&container, piece, chunk), expected);
    }

    #[test]
    fn a_hash_beside_the_mac_is_that_of_the_content(
        length in 0..150_000_usize, piece in 300..40_000_usize, damage in damage()
    ) {
        let container = damaged(container(&doors::pattern(length)), &damage);
        let expected = open_in_chunks(&container, piece, 65_536);
        match open_hashed(&container, piece) {
            Ok((file, hash)) => {
                let alone = digest(&SHA256, &file.content);
                prop_assert_eq!(&hash[..], alone.as_ref());
                prop_assert!(Ok(file) == expected);
            }
            Err(failure) => prop_assert!(Err(failure) == expected),
        }
    }

    #[test]
    fn sealed_in_chunks_as_in_one_go(
        length in 0..200_000_usize, pieces in prop::collection::vec((1..70_000_usize, any::<bool>()), 1..20)
    ) {
        let (key, iv, plaintext) = (key(), [9; 16], doors::pattern(length));
        let (mut encryption, mut authentication) = seal_in_parts_with_iv(&key, &iv, Vec::new()).unwrap();
        let (mut rest, mut spare) = (&plaintext[..], Unfilled::default());
        for (piece, early) in pieces.into_iter().cycle() {
            let taken = encryption.take(&rest[..piece.min(rest.len())]);
            rest = &rest[taken..];
            if encryption.is_full() || early {
                spare = authentication.write(encryption.encrypt(spare)).unwrap();
            }
            if rest.is_empty() {
                break;
            }
        }
        authentication.write(encryption.finish()).unwrap();
        let sealed = authentication.finish().unwrap();
        prop_assert!(sealed == seal_with_iv(&key, &iv, &plaintext).unwrap(), "ENV-05");
        prop_assert!(open(&key, &sealed).unwrap() == plaintext);
    }
}

type Place = fn(&file::Entry) -> io::Result<Vec<u8>>;
type Parts<'k> = (Reading<Cursor<Vec<u8>>>, Decryption<'k>, Placing<Place, Vec<u8>>);

fn begin(key: &SymKey) -> Parts<'_> {
    let container = container(&[5; 1_000]);
    let header = file::inspect(&mut Cursor::new(&container)).unwrap();
    parts::open(key, &header, Cursor::new(container), Entries::One, (|_| Ok(Vec::new())) as Place).unwrap()
}

fn all_chunks(reading: &mut Reading<Cursor<Vec<u8>>>) -> Vec<Sealed> {
    std::iter::from_fn(|| reading.next(reading.buffer(256)).unwrap()).collect()
}

#[test]
fn chunks_that_are_no_chain_are_rejected() {
    let key = key();
    let (mut reading, mut decryption, _) = begin(&key);
    let mut chunks = all_chunks(&mut reading);
    assert!(chunks.len() > 3);
    let second = chunks.remove(1);
    assert!(matches!(decryption.decrypt(second), Err(FileError::Rejected)), "another order");

    let (mut reading, mut decryption, _) = begin(&key);
    let last = all_chunks(&mut reading).pop().unwrap();
    assert!(matches!(decryption.decrypt(last), Err(FileError::Rejected)), "only the last");
    assert!(matches!(decryption.finish(), Err(FileError::Rejected)));

    let (mut reading, mut decryption, _) = begin(&key);
    let mut chunks = all_chunks(&mut reading);
    chunks.pop();
    chunks.into_iter().for_each(|chunk| drop(decryption.decrypt(chunk).unwrap()));
    assert!(matches!(decryption.finish(), Err(FileError::Rejected)), "without the last");

    let (mut reading, ..) = begin(&key);
    let (_, mut decryption, _) = begin(&key);
    let foreign = all_chunks(&mut reading).remove(0);
    assert!(matches!(decryption.decrypt(foreign), Err(FileError::Rejected)), "of another container");
}

#[test]
fn places_are_given_back_only_with_all_chunks() {
    let key = key();
    let (mut reading, mut decryption, placing) = begin(&key);
    let pieces: Vec<_> = all_chunks(&mut reading).into_iter().map(|chunk| decryption.decrypt(chunk).unwrap()).collect();
    let verified = decryption.finish().unwrap();
    assert!(matches!(placing.finish(verified), Err(FileError::Rejected)), "nothing was placed");

    let (mut reading, mut decryption, _) = begin(&key);
    let (.., mut placing) = begin(&key);
    for chunk in all_chunks(&mut reading) {
        assert!(matches!(placing.place(decryption.decrypt(chunk).unwrap()), Err(FileError::Rejected)));
    }
    let verified = decryption.finish().unwrap();
    assert!(matches!(placing.finish(verified), Err(FileError::Rejected)), "verified elsewhere");
    drop(pieces);
}

#[test]
fn what_was_found_wrong_stays_wrong() {
    let mut container = container(b"text");
    *container.last_mut().unwrap() ^= 1;
    let header = file::inspect(&mut Cursor::new(&container)).unwrap();
    let key = key();
    let (mut reading, ..) =
        parts::open(&key, &header, Cursor::new(container), Entries::One, (|_| Ok(Vec::new())) as Place).unwrap();
    for _ in 0..3 {
        assert_eq!(reading.next(reading.buffer(4_096)).unwrap_err().code(), "rejected");
    }
}

#[test]
fn an_envelope_is_complete_only_with_all_chunks_in_order() {
    let key = key();
    let sealed = |skip: usize| {
        let (mut encryption, mut authentication) = parts::seal(&key, Vec::new()).unwrap();
        let mut chunks = Vec::new();
        for _ in 0..3 {
            encryption.take(&[1; 64]);
            chunks.push(encryption.encrypt(Unfilled::default()));
        }
        chunks.push(encryption.finish());
        if skip < chunks.len() {
            drop(chunks.remove(skip));
        }
        for chunk in chunks {
            authentication.write(chunk)?;
        }
        authentication.finish()
    };
    assert!(sealed(4).is_ok());
    for skipped in 0..4 {
        assert!(sealed(skipped).is_err(), "{skipped}");
    }
}

#[test]
fn a_sink_that_fails_is_not_written_to_again() {
    struct Failing(usize);
    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 2 { Err(io::Error::other("full")) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let key = key();
    let (mut encryption, mut authentication) = parts::seal(&key, Failing(0)).unwrap();
    encryption.take(&[1; 64]);
    assert_eq!(authentication.write(encryption.encrypt(Unfilled::default())).unwrap_err().to_string(), "full");
    assert!(authentication.write(encryption.finish()).is_err());
    assert!(authentication.finish().is_err());
}
