//! What a container says before its envelope: which kind it is and which session's key opens it. None of this is authenticated (FILE-02).

use crate::carrier::{Carrier, End};
use sealwright_types::bson::{Document, Value, Writer};
use sealwright_types::{Malformed, SessionId};
use std::io::{self, Read, Seek, SeekFrom};

/// The first bytes of protocol 1.
pub const MAGIC: &[u8; 9] = b"SEALD.IO_";
/// The first bytes of the legacy file form, which begins like protocol 1 (OLD-05).
pub const LEGACY_MAGIC: &[u8; 23] = b"SEALD.IO_Encrypted_File";
/// The first characters of protocol 1 in base64 (FILE-30).
pub const BASE64_MAGIC: &[u8; 12] = b"U0VBTEQuSU9f";
/// The longest BSON document of a header (FILE-18).
const LONGEST_BSON: u32 = 65_536;
/// The marker of protocol 2 has to begin before this offset (HTML-02).
const MARKER_WITHIN: usize = 65_536;
const MARKER: &[u8] = b"window.sealdDocument = ";
const UID_MARKER: &[u8] = b"window.sealdDocumentUID";

/// The kinds of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Protocol 1: magic, BSON header, envelope of a tar.
    Binary,
    /// Protocol 1 as base64 text (FILE-30).
    Base64,
    /// Protocol 2: HTML with the envelope of a tar in base64. Read only (HTML-01).
    Html,
    /// The legacy form: magic, S64 id, envelope of the file itself. Read only (OLD-05).
    Legacy,
}

/// What a container says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The kind of container.
    pub kind: Kind,
    /// The session whose key should open it.
    pub session: SessionId,
    /// The version field of protocol 1, if there is one; it decides nothing (FILE-10, FILE-11).
    pub version: Option<String>,
    /// Where the part with the envelope begins in the source, in bytes.
    pub(crate) start: u64,
    /// Bytes between there and the envelope, after base64 if there is any.
    pub(crate) skip: u64,
}

impl Header {
    /// Reads the header of a container from the beginning of `source`.
    pub(crate) fn read(source: &mut (impl Read + Seek)) -> io::Result<Self> {
        source.seek(SeekFrom::Start(0))?;
        let mut beginning = Vec::new();
        source.take(LEGACY_MAGIC.len() as u64).read_to_end(&mut beginning)?;
        match kind_of(&beginning) {
            Some(Kind::Legacy) => legacy(source),
            Some(Kind::Binary) => binary(Carrier::bytes(source, 0), Kind::Binary),
            Some(Kind::Base64) => binary(Carrier::base64(source, 0, End::Source), Kind::Base64),
            None if beginning.len() < MAGIC.len() => Err(malformed(beginning.len() as u64, "FILE-20")),
            Some(Kind::Html) | None => html(source),
        }
    }

    /// The envelope of the container, to be read with [`Carrier::restart`] first.
    pub(crate) fn carrier<R: Read + Seek>(&self, source: R) -> Carrier<R> {
        match self.kind {
            Kind::Binary | Kind::Legacy => Carrier::bytes(source, self.start),
            Kind::Base64 => Carrier::base64(source, self.start, End::Source),
            Kind::Html => Carrier::base64(source, self.start, End::Quote),
        }
    }

    /// The bytes of a protocol 1 header: always 59 (FILE-01).
    pub(crate) fn written(session: SessionId) -> Vec<u8> {
        let document = Writer::with_capacity(64).string("v", "1").string("mid", &session.to_s64()).finish();
        let length = document.len() as u32;
        [MAGIC, length.to_le_bytes().as_slice(), document.expose()].concat()
    }
}

/// What the first bytes of a file say: a kind of container that announces itself at the start, or nothing.
pub(crate) fn kind_of(beginning: &[u8]) -> Option<Kind> {
    match beginning {
        _ if beginning.starts_with(LEGACY_MAGIC) => Some(Kind::Legacy),
        _ if beginning.starts_with(MAGIC) => Some(Kind::Binary),
        _ if beginning.starts_with(BASE64_MAGIC) => Some(Kind::Base64),
        _ => None,
    }
}

/// Whether the marker of protocol 2 begins early enough in a text that begins with `beginning` (HTML-02).
pub(crate) fn has_html_marker(beginning: &[u8]) -> bool {
    marker_at(beginning).is_some()
}

/// Bytes from the beginning of a file that decide whether it is HTML of protocol 2.
pub(crate) const fn html_window() -> u64 {
    (MARKER_WITHIN as u64).saturating_add(MARKER.len() as u64)
}

fn binary<R: Read + Seek>(mut carrier: Carrier<R>, kind: Kind) -> io::Result<Header> {
    const BEFORE_BSON: u64 = 13;
    carrier.restart(MAGIC.len() as u64)?;
    let mut length = [0; 4];
    read_exact(&mut carrier, &mut length, MAGIC.len() as u64)?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_BSON {
        return Err(malformed(MAGIC.len() as u64, "FILE-18"));
    }
    if length == 0 {
        return Err(malformed(MAGIC.len() as u64, "FILE-17"));
    }
    let mut document = vec![0; length as usize];
    read_exact(&mut carrier, &mut document, BEFORE_BSON)?;
    let (session, version) = fields(&document)?;
    Ok(Header { kind, session, version, start: 0, skip: BEFORE_BSON.saturating_add(length.into()) })
}

fn fields(document: &[u8]) -> io::Result<(SessionId, Option<String>)> {
    const AT: u64 = 13;
    let document = Document::parse(document).map_err(|_| malformed(AT, "FILE-16"))?;
    let Ok(Some(Value::String(mid))) = document.get("mid") else {
        return Err(malformed(AT, "FILE-15"));
    };
    let session = SessionId::parse_s64(mid).map_err(|_| malformed(AT, "FILE-14"))?;
    let version = match document.get("v") {
        Ok(Some(Value::String(version))) => Some(version.to_owned()),
        Ok(Some(Value::Integer(version))) => Some(version.to_string()),
        _ => None,
    };
    Ok((session, version))
}

fn legacy(source: &mut (impl Read + Seek)) -> io::Result<Header> {
    const AT: u64 = LEGACY_MAGIC.len() as u64;
    const ID_LENGTH: usize = 22;
    source.seek(SeekFrom::Start(AT))?;
    let mut id = [0; ID_LENGTH];
    read_exact(source, &mut id, AT)?;
    let id = std::str::from_utf8(&id).map_err(|_| malformed(AT, "OLD-05"))?;
    let session = SessionId::parse_s64(id).map_err(|_| malformed(AT, "OLD-05"))?;
    Ok(Header { kind: Kind::Legacy, session, version: None, start: AT, skip: ID_LENGTH as u64 })
}

fn html(source: &mut (impl Read + Seek)) -> io::Result<Header> {
    source.seek(SeekFrom::Start(0))?;
    let mut window = Vec::new();
    source.by_ref().take(html_window()).read_to_end(&mut window)?;
    let marker = marker_at(&window).ok_or_else(|| malformed(0, "HTML-02"))?;
    let before = window.get(..marker).unwrap_or_default();
    let session = uid(before).ok_or_else(|| malformed(0, "HTML-03"))?;
    let payload = after_quote(source, marker.saturating_add(MARKER.len()) as u64)?;
    Ok(Header { kind: Kind::Html, session, version: None, start: payload, skip: 0 })
}

fn marker_at(window: &[u8]) -> Option<usize> {
    find(window, MARKER).filter(|&at| at < MARKER_WITHIN)
}

/// The id in the first `window.sealdDocumentUID = '…'` of the text (HTML-03).
fn uid(text: &[u8]) -> Option<SessionId> {
    let mut rest = text;
    loop {
        let at = find(rest, UID_MARKER)?;
        rest = rest.get(at.checked_add(UID_MARKER.len())?..)?;
        if let Some(value) = quoted_value(rest) {
            return SessionId::parse_lower_case(std::str::from_utf8(value).ok()?).ok();
        }
    }
}

/// `= '…'` with optional white space: what stands between the quotes.
fn quoted_value(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let text = text.strip_prefix(b"'").or_else(|| text.strip_prefix(b"\""))?;
    let end = text.iter().position(|byte| matches!(byte, b'\'' | b'"'))?;
    text.get(..end).filter(|value| !value.contains(&b'\n') && !value.contains(&b'\r'))
}

/// The offset after the first `'` at or after `from` (HTML-04).
fn after_quote(source: &mut (impl Read + Seek), from: u64) -> io::Result<u64> {
    source.seek(SeekFrom::Start(from))?;
    let mut at = from;
    let mut piece = [0; 4096];
    loop {
        let read = match source.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Err(malformed(at, "HTML-04"));
        }
        if let Some(quote) = bytes.iter().position(|&byte| byte == b'\'') {
            return Ok(at.saturating_add(quote as u64).saturating_add(1));
        }
        at = at.saturating_add(read as u64);
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// Fills `buffer`; a source that ends before is malformed at `at` (FILE-20).
fn read_exact(source: &mut impl Read, buffer: &mut [u8], at: u64) -> io::Result<()> {
    source.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => malformed(at, "FILE-20"),
        _ => error,
    })
}

/// A structural error on its way through a reader; [`crate::file::FileError`] takes it out again.
fn malformed(at: u64, rule: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Malformed::new(at, rule))
}
