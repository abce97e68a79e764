//! The entries of a tar in a stream, with a bound on everything that is kept of a header. The `tar` crate reads the headers.

use super::peeked::Peeked;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use tar::{Archive, EntryType};

/// Bytes that headers, long names and extended headers of one entry may take together.
const LARGEST_HEADERS: u64 = 1024 * 1024;
const BLOCK: u64 = 512;
/// The longest name that is kept, as for the archives inside containers (TAR-20).
const LONGEST_NAME: usize = 4_096;

/// What stands in a tar.
pub(super) enum Entry<'a> {
    File {
        name: Vec<u8>,
        content: &'a mut dyn Read,
        length: u64,
    },
    /// A link, a device, or anything else that holds no file.
    Other {
        name: Vec<u8>,
        kind: &'static str,
    },
}

pub(super) struct TarStream<'a> {
    archive: Archive<Bounded<'a>>,
    state: Rc<State>,
}

/// What the reader below the `tar` crate knows.
#[derive(Default)]
struct State {
    /// Bytes that may still be read before the next entry is there.
    left: Cell<u64>,
    /// Whether more was asked for.
    exceeded: Cell<bool>,
    /// Whether reading itself has failed, which is no damage.
    failed: Cell<bool>,
    /// Whether the latest bytes were zero, as they are at the end of a tar.
    zero: Cell<bool>,
}

impl<'a> TarStream<'a> {
    pub(super) fn new(input: Peeked<'a>) -> Self {
        let state = Rc::new(State::default());
        Self { archive: Archive::new(Bounded { input, state: state.clone() }), state }
    }

    /// Gives every entry to `take` and says what is wrong with the tar, if anything is.
    ///
    /// # Errors
    /// What could not be read, and the errors of `take`.
    pub(super) fn each(
        mut self,
        take: &mut dyn FnMut(Entry<'_>) -> io::Result<()>,
    ) -> io::Result<Option<&'static str>> {
        let state = &self.state;
        let (mut entries, mut skipped) = (self.archive.entries()?, 0_u64);
        loop {
            state.left.set(LARGEST_HEADERS.saturating_add(skipped));
            let entry = entries.next();
            state.left.set(u64::MAX);
            let mut entry = match entry {
                Some(Ok(entry)) => entry,
                Some(Err(error)) if state.failed.get() => return Err(error),
                Some(Err(_)) => return Ok(Some(if state.exceeded.get() { "too-large" } else { "damaged" })),
                None => break,
            };
            skipped = 0;
            let mut name = entry.path_bytes().into_owned();
            name.truncate(LONGEST_NAME);
            let length = entry.size();
            match kind(entry.header().entry_type()) {
                // Old archives tell directories by their names.
                Kind::File if length > 0 || !name.ends_with(b"/") => {
                    take(Entry::File { name, content: &mut entry, length })?;
                }
                Kind::File | Kind::Directory => {
                    io::copy(&mut entry, &mut io::sink())?;
                }
                Kind::Sparse => {
                    // Read as the file that it stands for, it may be endless; what it takes in the archive is skipped.
                    skipped = entry.header().entry_size().unwrap_or(0).saturating_add(BLOCK);
                    take(Entry::Other { name, kind: "a sparse file" })?;
                }
                Kind::Other(kind) => {
                    io::copy(&mut entry, &mut io::sink())?;
                    take(Entry::Other { name, kind })?;
                }
            }
        }
        if !state.zero.get() {
            return Ok(Some("damaged"));
        }
        rest_is_zero(&mut self.archive.into_inner()).map(|zero| (!zero).then_some("trailing-data"))
    }
}

/// Whether nothing follows that a reader of the tar would never see.
fn rest_is_zero(rest: &mut dyn Read) -> io::Result<bool> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = match rest.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.iter().take(read).any(|&byte| byte != 0) {
            return Ok(false);
        }
    }
}

enum Kind {
    File,
    Directory,
    Sparse,
    Other(&'static str),
}

fn kind(kind: EntryType) -> Kind {
    match kind {
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Other("a symbolic link"),
        EntryType::Link => Kind::Other("a hard link"),
        EntryType::Char | EntryType::Block | EntryType::Fifo => Kind::Other("a device"),
        EntryType::GNUSparse => Kind::Sparse,
        _ => Kind::Other("not a file"),
    }
}

struct Bounded<'a> {
    input: Peeked<'a>,
    state: Rc<State>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.state.left.get();
        if left == 0 {
            self.state.exceeded.set(true);
            return Err(io::ErrorKind::InvalidData.into());
        }
        let longest = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let result = self.input.read(buffer.get_mut(..longest).unwrap_or_default());
        match &result {
            Ok(read) => {
                self.state.left.set(left.saturating_sub(*read as u64));
                // The end of the stream is not the end of a tar.
                self.state.zero.set(*read > 0 && buffer.iter().take(*read).all(|&byte| byte == 0));
            }
            Err(error) if error.kind() != io::ErrorKind::Interrupted => self.state.failed.set(true),
            Err(_) => {}
        }
        result
    }
}
