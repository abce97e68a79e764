//! Every way into an envelope and into a container. All of them have to give one verdict, and nothing when it is bad.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use sealwright_envelope::file::{self, Entries, FileError, SingleEntry};
use sealwright_envelope::name::Name;
use sealwright_envelope::stream::{Opener, Withheld, open_withheld};
use sealwright_envelope::{OpenError, SymKey, open, open_in_place};
use sealwright_types::Coded;
use std::cell::RefCell;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Where the peers' data stand.
pub fn peer(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer").join(name)
}

/// One JSON file of the peers' data.
pub fn peer_json(name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(peer(name)).unwrap();
    // serde_json has no text with half a surrogate; the JavaScript peer wrote U+FFFD for the one that is there.
    serde_json::from_str(&text.replace("\\ud800", "\\ufffd")).unwrap()
}

/// The base64 text of a member.
pub fn bytes(value: &serde_json::Value) -> Vec<u8> {
    sealwright_types::b64::decode_strict(value.as_str().unwrap()).unwrap()
}

/// The content of all the peers' files.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (7 * place + 3) as u8).collect()
}

/// A source that gives few bytes at a time, and is interrupted now and then.
pub struct Trickle {
    source: Cursor<Vec<u8>>,
    piece: usize,
    calls: usize,
}

impl Trickle {
    pub fn new(bytes: &[u8], piece: usize) -> Self {
        Self { source: Cursor::new(bytes.to_vec()), piece, calls: 0 }
    }
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls % 5 == 3 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(self.piece);
        self.source.read(&mut buffer[..length])
    }
}

impl Seek for Trickle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

/// A withheld sink whose owner can see, in tests only, whether it was dropped.
#[derive(Clone, Debug, Default)]
pub struct Watched(pub Rc<RefCell<Vec<u8>>>);

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Withheld for Watched {}

/// Opens an envelope through every door and gives their one verdict.
pub fn open_everywhere(key: &SymKey, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let verdict = open(key, sealed);

    let mut buffer = sealed.to_vec();
    assert_eq!(open_in_place(key, &mut buffer).map(|opened| opened.to_vec()), verdict, "open_in_place");
    if verdict.is_err() {
        assert_eq!(buffer, sealed, "open_in_place leaves the buffer as it was");
    }

    for piece in [1, 7, 16, 63, 4096, 65_521] {
        if sealed.len() / piece > 4096 {
            continue;
        }
        let streamed = Opener::new(key, Trickle::new(sealed, piece)).map(|mut opener| {
            let mut opened = Vec::new();
            opener.read_to_end(&mut opened).unwrap();
            assert_eq!(opener.length(), opened.len() as u64);
            opened
        });
        assert_eq!(
            streamed.map_err(|error| error.code()),
            verdict.clone().map_err(|error| error.code()),
            "Opener, {piece}"
        );

        let watched = Watched::default();
        let seen = Rc::downgrade(&watched.0);
        let opened = open_withheld(key, Trickle::new(sealed, piece), watched);
        match (&verdict, opened) {
            (Ok(expected), Ok(sink)) => assert_eq!(*sink.0.borrow(), *expected),
            (Err(expected), Err(error)) => {
                assert_eq!(error.code(), expected.code(), "open_withheld, {piece}");
                assert!(seen.upgrade().is_none(), "the sink is gone");
            }
            (expected, got) => panic!("open_withheld, {piece}: {expected:?}, {:?}", got.map(drop)),
        }
    }
    verdict
}

/// A file out of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: Option<Name>,
    pub content: Vec<u8>,
}

/// What stands in an error: code, rule and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: &'static str,
    pub rule: Option<&'static str>,
    pub at: Option<u64>,
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let (at, rule) = match error {
            FileError::Malformed { at, rule } => (Some(at), Some(rule)),
            FileError::Archive(file::TarError::Malformed { at, rule }) => (Some(at), Some(rule)),
            _ => (None, None),
        };
        Self { code: error.code(), rule: rule.map(|rule| rule.as_str()), at }
    }
}

/// Opens a container of one file through every door and gives their one verdict.
pub fn open_file_everywhere(key: &SymKey, container: &[u8], single: SingleEntry) -> Result<File, Failure> {
    let mut verdict = None;
    for piece in [3, 61, 512, 65_521, usize::MAX] {
        if container.len() / piece > 4_096 {
            continue;
        }
        let read = read_file(key, Trickle::new(container, piece), single);
        let withheld = withhold_files(key, Trickle::new(container, piece), single.into()).map(|mut files| {
            assert_eq!(files.len(), 1, "one file");
            files.remove(0)
        });
        assert_eq!(read, withheld, "open and open_withheld, {piece}");
        let first = verdict.get_or_insert_with(|| read.clone());
        assert_eq!(*first, read, "piece {piece}");
    }
    verdict.unwrap()
}

fn read_file(key: &SymKey, mut source: Trickle, single: SingleEntry) -> Result<File, Failure> {
    let header = file::inspect(&mut source)?;
    let mut opened = file::open(key, &header, source, single)?;
    let entry = opened.entry().clone();
    let mut content = Vec::new();
    opened.read_to_end(&mut content).unwrap();
    assert_eq!(entry.length, content.len() as u64);
    Ok(File { name: entry.name, content })
}

/// All wanted files of a container, opened in one pass.
pub fn withhold_files(key: &SymKey, mut source: impl Read + Seek, entries: Entries) -> Result<Vec<File>, Failure> {
    let header = file::inspect(&mut source)?;
    let mut places = Vec::new();
    let opened = file::open_withheld(key, &header, source, entries, |_| {
        let watched = Watched::default();
        places.push(Rc::downgrade(&watched.0));
        Ok(watched)
    });
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            assert!(places.iter().all(|place| place.upgrade().is_none()), "all places are gone");
            return Err(error.into());
        }
    };
    Ok(opened
        .files
        .into_iter()
        .map(|(entry, place)| {
            let content = place.0.borrow().clone();
            assert_eq!(entry.length, content.len() as u64);
            File { name: entry.name, content }
        })
        .collect())
}
