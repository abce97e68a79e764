//! The one-entry tar inside a container (docs/spec/ENVELOPE.md section 8): a writer of one fixed form and a reader of what exists.
//!
//! Header fields are the `tar` crate's business; what stands here is the order of blocks, fed piece by piece so that the same code
//! serves a pass that releases nothing and one that writes into withheld files.

use crate::name::Name;
use sealwright_types::{Coded, Cursor, Malformed, RuleId};
use std::io;
use tar::{EntryType, Header};

#[cfg(test)]
mod tests;

const BLOCK: usize = 512;
const BLOCK_LENGTH: u64 = BLOCK as u64;
/// The end of an archive: two zero blocks.
pub(crate) const TRAILER: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// The longest body of a PAX header (TAR-20).
const LONGEST_PAX: u64 = 65_536;
/// The longest name (TAR-20).
const LONGEST_NAME: usize = 4_096;
/// The largest file that can be written: eleven octal digits (TAR-03).
pub(crate) const LARGEST_FILE: u64 = 0o77_777_777_777;

/// Which entries of the archive are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Entries {
    /// Exactly one regular file and nothing else (the default).
    #[default]
    One,
    /// The first entry whatever it is; what follows is ignored, as the Go SDK does.
    First,
    /// Every regular file; entries of other kinds are named, not opened.
    List,
}

/// Why the archive inside a container was refused. Only ever reported after the MAC has verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TarError {
    /// The archive's structure is wrong.
    #[error("the archive inside is wrong at byte {at} ({rule})")]
    Malformed {
        /// Offset in the archive, in bytes.
        at: u64,
        /// The rule that was broken.
        rule: RuleId,
    },
    /// More than one entry (TAR-15).
    #[error("the container holds more than one file (TAR-15)")]
    SeveralEntries,
    /// A directory, a link or another entry that is no regular file (TAR-16).
    #[error("the container holds something that is not a regular file (TAR-16)")]
    NotAFile,
    /// No entry at all (TAR-19).
    #[error("the container holds no file (TAR-19)")]
    EmptyArchive,
    /// A bound of TAR-20 was passed.
    #[error("a name or an extended header of the archive is too large (TAR-20)")]
    TooLarge,
}

impl Coded for TarError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::SeveralEntries => "several-entries",
            Self::NotAFile => "not-a-file",
            Self::EmptyArchive => "empty-archive",
            Self::TooLarge => "too-large",
        }
    }
}

/// What a [`Reader`] tells while it is fed.
pub(crate) trait Sink {
    /// A wanted file begins at `offset` in the archive.
    fn begin(&mut self, name: Option<Name>, length: u64, offset: u64) -> io::Result<()>;
    /// More bytes of it, which stand at `position` in the archive.
    fn data(&mut self, bytes: &[u8], position: u64) -> io::Result<()>;
    /// An entry that is no regular file, under [`Entries::List`].
    fn skipped(&mut self, name: Name);
}

/// Reads an archive that is fed to it in pieces of any size.
pub(crate) struct Reader {
    wanted: Entries,
    state: State,
    /// Bytes of a block or of an extended header that is not complete yet.
    pending: Vec<u8>,
    extended: Extended,
    entries: u64,
    files: u64,
    position: u64,
    /// Where the block or the extended header in `pending` begins.
    pending_at: u64,
    error: Option<TarError>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    Extension { kind: Extension, left: u64, padding: u64 },
    Body { left: u64, padding: u64, wanted: bool },
    Padding { left: u64 },
    Trailer,
    Ignored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extension {
    Pax,
    LongName,
    Unused,
}

/// What extended headers say of the entry that follows them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extended {
    fn is_empty(&self) -> bool {
        self.path.is_none() && self.size.is_none()
    }
}

impl Reader {
    pub(crate) fn new(wanted: Entries) -> Self {
        Self {
            wanted,
            state: State::Header,
            pending: Vec::new(),
            extended: Extended::default(),
            entries: 0,
            files: 0,
            position: 0,
            pending_at: 0,
            error: None,
        }
    }

    /// Takes more of the archive. After the first error of the archive everything is ignored; the error comes from [`Reader::finish`].
    pub(crate) fn feed(&mut self, mut bytes: &[u8], sink: &mut impl Sink) -> io::Result<()> {
        while !bytes.is_empty() && self.error.is_none() {
            let taken = match self.step(bytes, sink) {
                Ok(taken) => taken,
                Err(Fault::Archive(error)) => {
                    self.error = Some(error);
                    return Ok(());
                }
                Err(Fault::Sink(error)) => return Err(error),
            };
            self.position = self.position.saturating_add(taken as u64);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// The verdict once everything has been fed.
    pub(crate) fn finish(self) -> Result<(), TarError> {
        let truncated = match self.state {
            State::Header => self.pending.iter().any(|&byte| byte != 0),
            State::Extension { .. } | State::Body { .. } => true,
            State::Padding { .. } | State::Trailer | State::Ignored => false,
        };
        // An extended header announces an entry.
        let truncated = truncated || !self.extended.is_empty();
        match self.error {
            Some(error) => Err(error),
            None if truncated => Err(malformed(self.position, "TAR-18")),
            None if self.entries == 0 => Err(TarError::EmptyArchive),
            None if self.files == 0 => Err(TarError::NotAFile),
            None => Ok(()),
        }
    }

    /// Consumes some of `bytes`, at least one, and tells how many.
    fn step(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<usize, Fault> {
        match self.state {
            State::Header => {
                let taken = self.collect(bytes, BLOCK_LENGTH.saturating_sub(self.pending.len() as u64));
                if self.pending.len() == BLOCK {
                    let block = std::mem::take(&mut self.pending);
                    self.header(&block, sink)?;
                }
                Ok(taken)
            }
            State::Extension { kind, left, padding } => {
                let taken = if kind == Extension::Unused { limit(bytes, left) } else { self.collect(bytes, left) };
                let left = left.saturating_sub(taken as u64);
                self.state = State::Extension { kind, left, padding };
                if left == 0 {
                    let body = std::mem::take(&mut self.pending);
                    self.extension(kind, &body)?;
                    self.state = State::Padding { left: padding };
                    self.skip_empty_states();
                }
                Ok(taken)
            }
            State::Body { left, padding, wanted } => {
                let taken = limit(bytes, left);
                if wanted {
                    sink.data(bytes.get(..taken).unwrap_or_default(), self.position)?;
                }
                self.state = State::Body { left: left.saturating_sub(taken as u64), padding, wanted };
                self.skip_empty_states();
                Ok(taken)
            }
            State::Padding { left } => {
                let taken = limit(bytes, left);
                self.state = State::Padding { left: left.saturating_sub(taken as u64) };
                self.skip_empty_states();
                Ok(taken)
            }
            State::Trailer => match bytes.iter().position(|&byte| byte != 0) {
                Some(zeros) => Err(malformed(self.position.saturating_add(zeros as u64), "TAR-17").into()),
                None => Ok(bytes.len()),
            },
            State::Ignored => Ok(bytes.len()),
        }
    }

    /// Moves on from a body or padding of which nothing is left, so that a state always has something to take.
    fn skip_empty_states(&mut self) {
        if let State::Body { left: 0, padding, .. } = self.state {
            self.state = State::Padding { left: padding };
        }
        if let State::Padding { left: 0 } = self.state {
            self.state = if self.entries > 0 && self.wanted == Entries::First { State::Ignored } else { State::Header };
        }
    }

    fn header(&mut self, block: &[u8], sink: &mut impl Sink) -> Result<(), Fault> {
        if block.iter().all(|&byte| byte == 0) {
            self.state = State::Trailer;
            return Ok(());
        }
        let header = Header::from_byte_slice(block);
        if header.cksum().ok() != Some(checksum(block)) {
            return Err(malformed(self.pending_at, "TAR-18").into());
        }
        let size = size(header).ok_or(malformed(self.pending_at, "TAR-18"))?;
        let extension = match header.entry_type() {
            EntryType::XHeader => Some(Extension::Pax),
            EntryType::GNULongName => Some(Extension::LongName),
            EntryType::XGlobalHeader | EntryType::GNULongLink => Some(Extension::Unused),
            _ => None,
        };
        match extension {
            Some(kind) => self.begin_extension(kind, size),
            None => self.begin_entry(header, size, sink),
        }
    }

    fn begin_extension(&mut self, kind: Extension, size: u64) -> Result<(), Fault> {
        // A long name ends with a NUL, which does not count.
        let bound = if kind == Extension::LongName { LONGEST_NAME.saturating_add(1) as u64 } else { LONGEST_PAX };
        if size > bound {
            return Err(TarError::TooLarge.into());
        }
        self.state = State::Extension { kind, left: size, padding: padding(size) };
        if size == 0 {
            self.state = State::Header;
        }
        Ok(())
    }

    fn begin_entry(&mut self, header: &Header, size: u64, sink: &mut impl Sink) -> Result<(), Fault> {
        let extended = std::mem::take(&mut self.extended);
        self.entries = self.entries.saturating_add(1);
        if self.wanted == Entries::One && self.entries > 1 {
            return Err(TarError::SeveralEntries.into());
        }
        let size = if has_body(header.entry_type()) { extended.size.unwrap_or(size) } else { 0 };
        let raw = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
        // Before there was a type for it, a directory was a NUL and a name that ends with `/`. What has content is a file all the same.
        let is_v7_directory = header.as_old().linkflag == [0] && size == 0 && raw.last() == Some(&b'/');
        let is_file = header.entry_type().is_file() && !is_v7_directory;
        if self.wanted == Entries::One && !is_file {
            return Err(TarError::NotAFile.into());
        }
        if raw.len() > LONGEST_NAME {
            return Err(TarError::TooLarge.into());
        }
        let name =
            Name::new(raw).map_err(|Malformed { rule, .. }| TarError::Malformed { at: self.pending_at, rule })?;
        let wanted = is_file || self.wanted == Entries::First;
        if wanted {
            self.files = self.files.saturating_add(1);
            let content_at = self.pending_at.saturating_add(BLOCK_LENGTH);
            sink.begin(Some(name), if is_file { size } else { 0 }, content_at)?;
        } else {
            sink.skipped(name);
        }
        self.state = State::Body { left: size, padding: padding(size), wanted: is_file };
        self.skip_empty_states();
        Ok(())
    }

    fn extension(&mut self, kind: Extension, body: &[u8]) -> Result<(), Fault> {
        match kind {
            Extension::Unused => {}
            Extension::LongName => {
                let name = body.split(|&byte| byte == 0).next().unwrap_or_default();
                self.extended.path = Some(name.to_vec());
            }
            Extension::Pax => {
                let malformed = malformed(self.pending_at, "TAR-20");
                for record in PaxRecords(Cursor::new(body)) {
                    match record.ok_or(malformed)? {
                        // An empty value takes the record back: the header's own field counts.
                        (b"path", b"") => self.extended.path = None,
                        (b"path", value) => self.extended.path = Some(value.to_vec()),
                        (b"size", b"") => self.extended.size = None,
                        (b"size", value) => self.extended.size = Some(decimal(value).ok_or(malformed)?),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Moves at most `missing` bytes to `pending`.
    fn collect(&mut self, bytes: &[u8], missing: u64) -> usize {
        if self.pending.is_empty() {
            self.pending_at = self.position;
        }
        let taken = limit(bytes, missing);
        self.pending.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        taken
    }
}

/// Records `<length> <key>=<value>\n`, the length decimal and counting itself. The `tar` crate's iterator splits at line feeds, which a
/// name may contain.
struct PaxRecords<'a>(Cursor<'a>);

impl<'a> Iterator for PaxRecords<'a> {
    /// Key and value; `None` inside for a record of another shape, after which nothing follows.
    type Item = Option<(&'a [u8], &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.remaining() == 0 {
            return None;
        }
        let record = self.record();
        if record.is_none() {
            self.0.rest();
        }
        Some(record)
    }
}

impl<'a> PaxRecords<'a> {
    fn record(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let start = self.0.position();
        let mut length = 0_usize;
        loop {
            match self.0.take(1).ok()? {
                [digit @ b'0'..=b'9'] => {
                    length = length.checked_mul(10)?.checked_add(usize::from(digit.checked_sub(b'0')?))?;
                }
                b" " if length > 0 => break,
                _ => return None,
            }
        }
        let digits = usize::try_from(self.0.position().checked_sub(start)?).ok()?;
        let (last, pair) = self.0.take(length.checked_sub(digits)?).ok()?.split_last()?;
        let equals = pair.iter().position(|&byte| byte == b'=').filter(|_| *last == b'\n')?;
        let (key, value) = pair.split_at_checked(equals)?;
        Some((key, value.strip_prefix(b"=")?))
    }
}

/// An error of the archive is held back until the MAC has verified; one of the sink is not.
enum Fault {
    Archive(TarError),
    Sink(io::Error),
}

impl From<TarError> for Fault {
    fn from(error: TarError) -> Self {
        Self::Archive(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Sink(error)
    }
}

fn malformed(at: u64, rule: &'static str) -> TarError {
    TarError::Malformed { at, rule: RuleId::new(rule) }
}

/// The size field. The `tar` crate drops what a binary number holds beyond 64 bits, other readers do not.
fn size(header: &Header) -> Option<u64> {
    let [marker, high @ .., _, _, _, _, _, _, _, _] = header.as_old().size;
    if marker & 0x80 != 0 && (marker, high) != (0x80, [0; 3]) {
        return None;
    }
    header.entry_size().ok()
}

/// Links, directories and devices have no content, whatever their size field says.
fn has_body(kind: EntryType) -> bool {
    !matches!(
        kind,
        EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Directory
            | EntryType::Fifo
    )
}

fn limit(bytes: &[u8], left: u64) -> usize {
    usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// Zero bytes after a body of `size` bytes.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK_LENGTH
}

/// The unsigned sum of a header with its checksum field as spaces (TAR-03).
fn checksum(block: &[u8]) -> u32 {
    const FIELD: std::ops::Range<usize> = 148..156;
    block.iter().enumerate().fold(0, |sum, (place, &byte)| {
        let byte = if FIELD.contains(&place) { b' ' } else { byte };
        sum.saturating_add(byte.into())
    })
}

/// The blocks before the content of the one file of an archive (TAR-01, TAR-02).
pub(crate) fn written_header(name: &str, size: u64) -> Vec<u8> {
    const PAX_NAME: &str = "PaxHeader";
    if name.is_ascii() && name.len() <= 100 {
        return header_block(name, size, EntryType::Regular).to_vec();
    }
    let record = pax_record("path", name);
    let mut blocks = header_block(PAX_NAME, record.len() as u64, EntryType::XHeader).to_vec();
    blocks.extend_from_slice(&record);
    blocks.extend(written_padding(record.len() as u64));
    blocks.extend_from_slice(&header_block(PAX_NAME, size, EntryType::Regular));
    blocks
}

/// The zero bytes that follow a body of `size` bytes.
pub(crate) fn written_padding(size: u64) -> impl Iterator<Item = u8> {
    (0..padding(size)).map(|_| 0)
}

fn header_block(name: &str, size: u64, kind: EntryType) -> [u8; BLOCK] {
    let mut header = Header::new_ustar();
    if let Some(ustar) = header.as_ustar_mut() {
        ustar.name.iter_mut().zip(name.bytes()).for_each(|(field, byte)| *field = byte);
        ustar.set_device_major(0);
        ustar.set_device_minor(0);
    }
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(0);
    header.set_entry_type(kind);
    // The crate writes seven digits and NUL; the profile wants six digits, NUL and a space.
    let text = format!("{:06o}\0 ", checksum(header.as_bytes()));
    header.as_old_mut().cksum.iter_mut().zip(text.bytes()).for_each(|(field, byte)| *field = byte);
    *header.as_bytes()
}

fn pax_record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    // The length counts its own digits.
    while length != length.to_string().len().saturating_add(rest.len()) {
        length = length.to_string().len().saturating_add(rest.len());
    }
    format!("{length}{rest}").into_bytes()
}
