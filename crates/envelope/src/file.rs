//! File containers: protocol 1 and its base64 text, HTML protocol 2 and the legacy form for reading (docs/spec/ENVELOPE.md sections 6 to 8).
//!
//! [`inspect`] tells without any key what a container says of itself. [`open`] verifies a container and then reads its one file;
//! [`open_withheld`] does it in one pass into places that nobody can look into yet; [`seal`] writes protocol 1.

use crate::carrier::Carrier;
use crate::envelope::{OpenError, SealError};
use crate::header::{has_html_marker, html_window, kind_of};
use crate::key::SymKey;
use crate::name::Name;
use crate::parts;
use crate::stream::{Authenticated, Opener, Pass, Sealer, StreamError, Withheld};
use crate::tar::{self, LARGEST_FILE, TRAILER};
use sealwright_types::{Coded, Malformed, RuleId, SessionId};
use std::fmt;
use std::io::{self, Read, Seek, Write};

pub use crate::header::{BASE64_MAGIC, Header, Kind, LEGACY_MAGIC, MAGIC};
pub use crate::tar::{Entries, TarError};

/// Why a container could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The public structure is wrong.
    #[error("not a container: wrong at byte {at} ({rule})")]
    Malformed {
        /// Offset in the input, in bytes.
        at: u64,
        /// The rule that was broken.
        rule: RuleId,
    },
    /// The container belongs to another session than the caller expected (FILE-19).
    #[error("the container belongs to session {found}, not to {expected} (FILE-19)")]
    WrongSession {
        /// The session that the caller gave.
        expected: SessionId,
        /// The session that the header names.
        found: SessionId,
    },
    /// Authentication or decryption failed.
    #[error("rejected: wrong key or damaged data")]
    Rejected,
    /// The archive inside was refused, after the MAC had verified.
    #[error(transparent)]
    Archive(#[from] TarError),
    /// The source or a sink failed.
    #[error("input or output failed: {0}")]
    Io(#[source] io::Error),
}

impl Coded for FileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::WrongSession { .. } => "wrong-session",
            Self::Rejected => "rejected",
            Self::Archive(error) => error.code(),
            Self::Io(_) => "io",
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        let inside = error.get_ref();
        if let Some(&Malformed { at, rule }) = inside.and_then(|inside| inside.downcast_ref()) {
            return Self::Malformed { at, rule };
        }
        match inside.and_then(|inside| inside.downcast_ref::<OpenError>()) {
            Some(&open) => open.into(),
            None => Self::Io(error),
        }
    }
}

impl From<OpenError> for FileError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Malformed { at, rule } => Self::Malformed { at, rule },
            OpenError::Rejected => Self::Rejected,
        }
    }
}

impl From<StreamError> for FileError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Io(error) => error.into(),
            StreamError::Open(error) => error.into(),
        }
    }
}

/// A file inside a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its stored and safe name; the legacy form stores none.
    pub name: Option<Name>,
    /// Its bytes.
    pub length: u64,
}

/// Tells whether a file is a container by its beginning, without requiring that the header is right: legacy form, protocol 1, base64 text,
/// HTML with the marker of protocol 2. `beginning` is what [`recognition_window`] asks for, or less if the file is shorter.
pub fn recognize(beginning: &[u8]) -> Option<Kind> {
    kind_of(beginning).or_else(|| has_html_marker(beginning).then_some(Kind::Html))
}

/// Bytes from the beginning of a file that [`recognize`] looks at.
pub const fn recognition_window() -> u64 {
    html_window()
}

/// Reads what a container says of itself, from the beginning of `source`. Needs no key; nothing of it is authenticated (FILE-02).
///
/// # Errors
/// [`FileError::Malformed`] or [`FileError::Io`].
pub fn inspect(source: &mut (impl Read + Seek)) -> Result<Header, FileError> {
    Ok(Header::read(source)?)
}

impl Header {
    /// Checks that the container belongs to `session` (FILE-19).
    ///
    /// # Errors
    /// [`FileError::WrongSession`].
    pub fn expect_session(&self, session: SessionId) -> Result<(), FileError> {
        if self.session == session {
            return Ok(());
        }
        Err(FileError::WrongSession { expected: session, found: self.session })
    }

    /// Bytes of the envelope in `source`, which this header was read from; whether that many can be an envelope is not looked at. Base64 is
    /// decoded to its end for it.
    ///
    /// # Errors
    /// [`FileError::Malformed`] for wrong base64 or a missing end (HTML-04), [`FileError::Io`].
    pub fn envelope_length(&self, mut source: impl Read + Seek) -> Result<u64, FileError> {
        if matches!(self.kind, Kind::Binary | Kind::Legacy) {
            let end = source.seek(io::SeekFrom::End(0))?;
            return Ok(end.saturating_sub(self.start).saturating_sub(self.skip));
        }
        let mut carrier = self.carrier(source);
        carrier.restart(self.skip)?;
        Ok(io::copy(&mut carrier, &mut io::sink())?)
    }
}

/// A verified file, read from its container.
///
/// Reading computes the MAC again; a container that changed after it was verified ends in an error, not in a clean end of file.
pub struct OpenedFile<'k, R: Read + Seek> {
    entry: Entry,
    opener: Opener<'k, Carrier<R>>,
    left: u64,
}

/// Shows the entry and nothing of the content.
impl<R: Read + Seek> fmt::Debug for OpenedFile<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedFile").field("entry", &self.entry).finish_non_exhaustive()
    }
}

/// Verifies a container and gives its one file to read. Two passes over the source; nothing is released before the first has
/// verified MAC, padding and archive.
///
/// # Errors
/// [`FileError`], in this order: input, MAC and padding, archive.
pub fn open<'k, R: Read + Seek>(
    key: &'k SymKey,
    header: &Header,
    source: R,
    entries: SingleEntry,
) -> Result<OpenedFile<'k, R>, FileError> {
    let mut carrier = header.carrier(source);
    carrier.restart(header.skip)?;
    let mut found = Found::default();
    let authenticated = match header.kind {
        Kind::Legacy => Pass::new(key, &mut carrier).authenticate()?,
        _ => read_archive(key, &mut carrier, entries.into(), &mut found)?,
    };
    carrier.restart(header.skip)?;
    let (entry, before) = match found.first {
        Some((entry, offset)) => (entry, offset),
        None => (Entry { name: None, length: authenticated.length }, 0),
    };
    let mut opener = Opener::second_pass(key, carrier, authenticated);
    io::copy(&mut opener.by_ref().take(before), &mut io::sink())?;
    let left = entry.length;
    Ok(OpenedFile { entry, opener, left })
}

/// Which entry [`open`] gives: one has to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SingleEntry {
    /// The one regular file; anything beside it is an error (the default).
    #[default]
    Only,
    /// The first entry, as the Go SDK does.
    First,
}

impl From<SingleEntry> for Entries {
    fn from(single: SingleEntry) -> Self {
        match single {
            SingleEntry::Only => Self::One,
            SingleEntry::First => Self::First,
        }
    }
}

impl<R: Read + Seek> OpenedFile<'_, R> {
    /// Name and length.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl<R: Read + Seek> Read for OpenedFile<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            // The end of file is told only when the MAC has verified again.
            return io::copy(&mut self.opener, &mut io::sink()).map(|_| 0);
        }
        // The plaintext is the one of the first pass, or reading it fails: it does not end before the file does.
        let read = self.opener.by_ref().take(self.left).read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

/// What [`open_withheld`] has opened: everything is verified.
#[derive(Debug)]
pub struct Opened<W> {
    /// The files in the order of the archive.
    pub files: Vec<(Entry, W)>,
    /// Entries that are no regular files, under [`Entries::List`].
    pub skipped: Vec<Name>,
}

/// Opens a container in one pass into places that nobody can look into, and gives them back only when MAC, padding and archive are right.
///
/// `place` makes the place for each file. What it is told of the file is not verified at that moment: no name may be used and no memory
/// be reserved by it.
///
/// # Errors
/// [`FileError`], in this order: input and places, MAC and padding, archive. All places are then dropped.
pub fn open_withheld<W: Withheld>(
    key: &SymKey,
    header: &Header,
    source: impl Read + Seek,
    entries: Entries,
    place: impl FnMut(&Entry) -> io::Result<W>,
) -> Result<Opened<W>, FileError> {
    parts::open_in_turn(parts::open(key, header, source, entries, place)?)
}

/// One pass over the envelope of an archive. An error of the archive is told only when the MAC has verified.
fn read_archive(
    key: &SymKey,
    carrier: impl Read,
    entries: Entries,
    sink: &mut impl tar::Sink,
) -> Result<Authenticated, FileError> {
    let mut pass = Pass::new(key, carrier);
    let mut archive = tar::Reader::new(entries);
    while let Some(unverified) = pass.next_chunk()? {
        archive.feed(unverified, sink)?;
    }
    archive.finish()?;
    Ok(pass.authenticated())
}

/// Remembers the first file and drops all content.
#[derive(Default)]
struct Found {
    first: Option<(Entry, u64)>,
}

impl tar::Sink for Found {
    fn begin(&mut self, name: Option<Name>, length: u64, offset: u64) -> io::Result<()> {
        self.first.get_or_insert((Entry { name, length }, offset));
        Ok(())
    }

    fn data(&mut self, _: &[u8], _: u64) -> io::Result<()> {
        Ok(())
    }

    fn skipped(&mut self, _: Name) {}
}

/// Why a container could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealFileError {
    /// The name is empty, longer than 256 UTF-16 code units, or holds NUL (TAR-03).
    #[error("a file name has 1 to 256 characters and no NUL (TAR-03)")]
    Name,
    /// The file is larger than 8,589,934,591 bytes (TAR-03).
    #[error("a container holds at most {LARGEST_FILE} bytes (TAR-03)")]
    TooLarge,
    /// The content has another length than was said.
    #[error("the content has another length than the {0} bytes that were announced")]
    Length(u64),
    /// The envelope could not be sealed: a short key without permission, or no random bytes.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The content could not be read or the container not be written.
    #[error("input or output failed: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for SealFileError {
    fn from(error: io::Error) -> Self {
        let inside = error.get_ref();
        if let Some(&Self::Length(length)) = inside.and_then(|inside| inside.downcast_ref()) {
            return Self::Length(length);
        }
        match inside.and_then(|inside| inside.downcast_ref::<SealError>()) {
            Some(&seal) => Self::Seal(seal),
            None => Self::Io(error),
        }
    }
}

impl Coded for SealFileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "bad-value",
            Self::TooLarge => "too-large",
            Self::Length(_) => "wrong-length",
            Self::Seal(error) => error.code(),
            Self::Io(_) => "io",
        }
    }
}

/// The bytes of the container of a file with this name and length; `None` if no number tells. Whether [`seal`] takes them it does not say.
pub fn sealed_length(name: &str, length: u64) -> Option<u64> {
    let header = tar::written_header(name, length).len() as u64;
    let archive = header
        .checked_add(length)?
        .checked_add(tar::written_padding(length).count() as u64)?
        .checked_add(TRAILER.len() as u64)?;
    crate::sealed_length(archive)?.checked_add(59)
}

/// Seals one file into a protocol 1 container (FILE-01, TAR-01, TAR-02). `length` is the number of bytes that `content` gives.
///
/// # Errors
/// [`SealFileError`]. What was written until then is no container.
pub fn seal(
    key: &SymKey,
    session: SessionId,
    name: &str,
    length: u64,
    content: impl Read,
    sink: impl Write,
) -> Result<(), SealFileError> {
    seal_through(session, name, length, content, sink, |sink| Sealer::new(key, sink))
}

/// As [`seal`], with the sealer that `start` makes.
pub(crate) fn seal_through<'k, W: Write>(
    session: SessionId,
    name: &str,
    length: u64,
    content: impl Read,
    sink: W,
    start: impl FnOnce(W) -> io::Result<Sealer<'k, W>>,
) -> Result<(), SealFileError> {
    let mut file = FileSealer::through(session, name, length, sink, start)?;
    // One byte more than announced is enough to see that there is more.
    io::copy(&mut content.take(length.saturating_add(1)), &mut file)?;
    file.finish()?.flush()?;
    Ok(())
}

/// Seals one file into a protocol 1 container while its content is written here, piece by piece (FILE-01, TAR-01, TAR-02). What was written
/// until [`FileSealer::finish`] is no container.
///
/// ```
/// use sealwright_envelope::{SymKey, file};
/// use sealwright_types::SessionId;
/// use std::io::Write as _;
///
/// let (key, session) = (SymKey::generate()?, SessionId::random()?);
/// let mut sealer = file::FileSealer::new(&key, session, "story.txt", 12, Vec::new())?;
/// sealer.write_all(b"a long ")?;
/// sealer.write_all(b"story")?;
/// assert_eq!(sealer.finish()?.len() as u64, file::sealed_length("story.txt", 12).unwrap_or(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileSealer<'k, W> {
    sealer: Sealer<'k, W>,
    length: u64,
    left: u64,
}

/// Shows nothing: the sealer holds plaintext.
impl<W> fmt::Debug for FileSealer<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileSealer([redacted])")
    }
}

impl<'k, W: Write> FileSealer<'k, W> {
    /// Begins a container for `length` bytes of content.
    ///
    /// # Errors
    /// [`SealFileError`].
    pub fn new(key: &'k SymKey, session: SessionId, name: &str, length: u64, sink: W) -> Result<Self, SealFileError> {
        Self::through(session, name, length, sink, |sink| Sealer::new(key, sink))
    }

    fn through(
        session: SessionId,
        name: &str,
        length: u64,
        mut sink: W,
        start: impl FnOnce(W) -> io::Result<Sealer<'k, W>>,
    ) -> Result<Self, SealFileError> {
        if !is_stored_name(name) {
            return Err(SealFileError::Name);
        }
        if length > LARGEST_FILE {
            return Err(SealFileError::TooLarge);
        }
        sink.write_all(&Header::written(session))?;
        let mut sealer = start(sink)?;
        sealer.write_all(&tar::written_header(name, length))?;
        Ok(Self { sealer, length, left: length })
    }

    /// Ends the container and gives its sink back.
    ///
    /// # Errors
    /// [`SealFileError::Length`] unless the announced bytes were written; [`SealFileError::Io`].
    pub fn finish(mut self) -> Result<W, SealFileError> {
        if self.left > 0 {
            return Err(SealFileError::Length(self.length));
        }
        let padding: Vec<u8> = tar::written_padding(self.length).collect();
        self.sealer.write_all(&padding)?;
        self.sealer.write_all(&TRAILER)?;
        Ok(self.sealer.finish()?)
    }
}

impl<W: Write> Write for FileSealer<'_, W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let too_much = || io::Error::other(SealFileError::Length(self.length));
        // The container would hold another file than its header says.
        if data.len() as u64 > self.left {
            return Err(too_much());
        }
        let written = self.sealer.write(data)?;
        self.left = self.left.saturating_sub(written as u64);
        Ok(written)
    }

    /// Flushes the sink. What does not fill a chunk yet stays here until [`FileSealer::finish`].
    fn flush(&mut self) -> io::Result<()> {
        self.sealer.flush()
    }
}

/// Whether a name can be stored in a container: 1 to 256 UTF-16 code units, no NUL (TAR-03).
pub fn is_stored_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('\0') && name.encode_utf16().count() <= 256
}
