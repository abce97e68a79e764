//! Several threads give what one gives: verdicts, outputs, and nothing more after a failure.

use super::*;
use proptest::prelude::*;
use sealwright_envelope::{file, open};
use sealwright_types::{Coded as _, SessionId};
use std::io::{Cursor, SeekFrom};
use std::sync::atomic::{AtomicUsize, Ordering};

fn key() -> SymKey {
    SymKey::from_bytes(&[7; 64]).unwrap()
}

fn container(length: usize) -> Vec<u8> {
    let session: SessionId = "5a221722-36c4-41ee-be56-0242ac120002".parse().unwrap();
    let content: Vec<u8> = (0..length).map(|place| (7 * place + 3) as u8).collect();
    let mut container = Vec::new();
    file::seal(&key(), session, "name.bin", length as u64, &content[..], &mut container).unwrap();
    container
}

/// A source that fails at a place, if there is one.
struct Source {
    bytes: Cursor<Vec<u8>>,
    fails_at: u64,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.fails_at.saturating_sub(self.bytes.position());
        if left == 0 {
            return Err(io::Error::other("read error"));
        }
        Read::take(&mut self.bytes, left).read(buffer)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// A place that fails when it is full, and tells when it is gone.
struct Place<'a> {
    content: Vec<u8>,
    room: usize,
    alive: &'a AtomicUsize,
}

impl Write for Place<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.content.len() + bytes.len() > self.room {
            return Err(io::Error::other("full"));
        }
        self.content.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Withheld for Place<'_> {}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Names and contents, or the error as it is told.
type Verdict = Result<Vec<(Option<String>, Vec<u8>)>, (&'static str, String)>;

/// Who opens.
#[derive(Clone, Copy)]
enum By {
    SeveralThreads { chunk: usize },
    OneThread { chunk: usize },
    Envelope,
}

fn verdict(container: &[u8], fails_at: u64, room: usize, by: By) -> Verdict {
    let alive = AtomicUsize::new(0);
    let opened = || {
        let mut source = Source { bytes: Cursor::new(container.to_vec()), fails_at };
        let (key, header) = (key(), file::inspect(&mut source)?);
        let place = |_: &Entry| {
            alive.fetch_add(1, Ordering::Relaxed);
            Ok(Place { content: Vec::new(), room, alive: &alive })
        };
        match by {
            By::SeveralThreads { chunk } => open_in_chunks(&key, &header, source, Entries::List, place, chunk),
            By::OneThread { chunk } => {
                let (mut reading, mut decryption, mut placing) =
                    parts::open(&key, &header, source, Entries::List, place)?;
                let mut buffer = reading.buffer(chunk);
                while let Some(sealed) = reading.next(buffer)? {
                    buffer = placing.place(decryption.decrypt(sealed)?)?;
                }
                placing.finish(decryption.finish()?)
            }
            By::Envelope => file::open_withheld(&key, &header, source, Entries::List, place),
        }
    };
    let verdict = opened().map_err(|error: FileError| (error.code(), error.to_string())).map(|mut opened| {
        let name = |entry: &Entry| entry.name.as_ref().map(|name| name.raw.clone());
        opened.files.iter_mut().map(|(entry, place)| (name(entry), std::mem::take(&mut place.content))).collect()
    });
    assert_eq!(alive.into_inner(), 0, "no place is left behind");
    verdict
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn several_threads_give_what_one_gives(
        length in 0..400_000_usize,
        chunk in 0..60_000_usize,
        flipped in prop::option::of((any::<prop::sample::Index>(), 0..8_u8)),
        cut in prop::option::of(any::<prop::sample::Index>()),
        fails_at in prop::option::of(any::<prop::sample::Index>()),
        room in prop::option::of(0..400_000_usize),
    ) {
        let mut container = container(length);
        if let Some((at, bit)) = flipped {
            let at = at.index(container.len());
            container[at] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            container.truncate(cut.index(container.len()));
        }
        let fails_at = fails_at.map_or(u64::MAX, |at| at.index(container.len().max(1)) as u64);
        let got = verdict(&container, fails_at, room.unwrap_or(usize::MAX), By::SeveralThreads { chunk });
        // How much reaches a place before another fault is found depends on the size of the chunks, not on the threads.
        let same = verdict(&container, fails_at, room.unwrap_or(usize::MAX), By::OneThread { chunk });
        prop_assert!(got == same, "{:?}, {:?}", got.err(), same.err());
        if room.is_none() {
            let envelope = verdict(&container, fails_at, usize::MAX, By::Envelope);
            prop_assert!(got == envelope, "{:?}, {:?}", got.err(), envelope.err());
        }
    }

    #[test]
    fn sealed_on_two_threads_it_opens(pieces in prop::collection::vec(1..200_000_usize, 0..12)) {
        let (key, mut plaintext) = (key(), Vec::new());
        let mut sealer = Sealer::new(&key, Vec::new()).unwrap();
        for (nth, piece) in pieces.into_iter().enumerate() {
            let piece = vec![nth as u8; piece];
            sealer.write_all(&piece).unwrap();
            plaintext.extend(piece);
        }
        prop_assert!(open(&key, &sealer.finish().unwrap()).unwrap() == plaintext);
    }
}

#[test]
fn a_panic_of_a_place_is_told_and_not_waited_for() {
    let container = container(3_000_000);
    let opening = panic::AssertUnwindSafe(|| {
        let mut source = Cursor::new(&container);
        let header = file::inspect(&mut source).unwrap();
        let place = |_: &Entry| -> io::Result<Vec<u8>> { panic!("of a place") };
        drop(open_in_chunks(&key(), &header, source, Entries::List, place, 4_096));
    });
    let panic = panic::catch_unwind(opening).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"of a place"));
}

#[test]
fn a_sink_that_fails_is_told_once_and_written_to_no_more() {
    #[derive(Debug)]
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::Error::other("full"))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let key = key();
    for (length, room) in [(3_000_000, 1_000_000), (10_000_000, 16), (100_000, 70_000), (65_536, 65_552), (100, 100)] {
        let mut sealer = Sealer::new(&key, Full(room)).unwrap();
        let mut told = Vec::new();
        for piece in vec![0; length].chunks(50_000) {
            told.extend(sealer.write_all(piece).err());
        }
        told.extend(sealer.finish().err());
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(told[0], "full", "{length}");
        assert!(told[1..].iter().all(|told| told.contains("earlier write")), "{told:?}");
    }
}
