//! CSV with messages in its fields: rewritten with the clear text in place, every other byte unchanged (EGR-13, EGR-28, EGR-53).
//!
//! The first record is the header when no field of it is a message; it is not counted. The separator is the one of `,` `;` tab and `|` that
//! cuts the first record into most fields, the comma in doubt.

use crate::fields::{Fields, Reading};
use crate::messages::{self, Fault, Opener, RawSession, Rewritten};
use csv_core::ReadFieldResult;
use sealwright_envelope::message::Message;
use sealwright_types::{SessionId, b64};
use std::io::{self, BufRead, Write};
use std::ops::Range;

/// The longest record that is read as one.
const LONGEST_RECORD: usize = crate::lines::LONGEST_LINE;
/// The most fields of a record.
const MOST_FIELDS: usize = 65_536;
/// Unquoted bytes that are taken at once.
const PIECE: usize = 16 * 1024;

/// Rewrites the records of a file and tells how they ended.
pub(crate) fn rewrite<'a>(
    mut source: impl BufRead,
    sink: &mut impl Write,
    mut done: Rewritten<'a>,
    opener: &mut Opener<'_>,
    reading: Reading<'_>,
) -> io::Result<Rewritten<'a>> {
    if is_utf16(source.fill_buf()?) {
        done.count(&[Fault::malformed("not-utf8")], false)?;
        io::copy(&mut source, sink)?;
        return Ok(done);
    }
    let mut records = Records::new(source)?;
    let mut columns = None;
    let mut record = Record::default();
    loop {
        match records.read(&mut record, &mut |bytes| sink.write_all(bytes))? {
            Step::End => {
                sink.write_all(&record.raw)?;
                return Ok(done);
            }
            Step::TooLarge => {
                columns.get_or_insert_with(Columns::default);
                done.count(&[Fault::malformed("too-large")], false)?;
            }
            Step::Record => {
                let first = columns.is_none();
                let columns = columns.get_or_insert_with(|| Columns::new(&record, reading.fields, &mut done.warnings));
                if first && columns.is_header {
                    sink.write_all(&record.raw)?;
                    continue;
                }
                let rewritten = record.open(columns, reading, records.delimiter, opener)?;
                done.chain |= rewritten.chain;
                done.count(&rewritten.faults, rewritten.opened)?;
                record.write(&rewritten.replaced, sink)?;
            }
        }
    }
}

/// Gives the sessions whose messages stand in the records of a file to `take`.
pub(crate) fn sessions(source: impl BufRead, reading: Reading<'_>, take: &mut dyn FnMut(SessionId)) -> io::Result<()> {
    let mut records = Records::new(source)?;
    let (mut columns, mut record) = (None, Record::default());
    loop {
        match records.read(&mut record, &mut |_| Ok(()))? {
            Step::End => return Ok(()),
            Step::TooLarge => drop(columns.get_or_insert_with(Columns::default)),
            Step::Record => {
                let columns = columns.get_or_insert_with(|| Columns::new(&record, reading.fields, &mut Vec::new()));
                for (_, message) in record.messages(columns, reading) {
                    message.iter().map(Message::session).for_each(&mut *take);
                }
            }
        }
    }
}

/// Which columns are what, by the header.
#[derive(Debug, Default, Clone)]
struct Columns {
    is_header: bool,
    /// The only ones that are looked at.
    messages: Option<Vec<usize>>,
    session: Option<usize>,
    binary: Option<usize>,
}

impl Columns {
    fn new(first: &Record, fields: &Fields, warnings: &mut Vec<String>) -> Self {
        let is_header = !(0..first.fields.len()).any(|index| first.text(index).is_some_and(messages::is_message));
        let mut place = |name: &String| {
            let found = (0..first.fields.len()).find(|&index| is_header && first.text(index) == Some(name));
            if found.is_none() {
                warnings.push(format!("no column is called {name}"));
            }
            found
        };
        Self {
            is_header,
            messages: (!fields.columns.is_empty()).then(|| fields.columns.iter().filter_map(&mut place).collect()),
            session: fields.session.as_ref().and_then(&mut place),
            binary: fields.binary.as_ref().and_then(&mut place),
        }
    }

    fn has(&self, index: usize) -> bool {
        self.messages.as_ref().is_none_or(|messages| messages.contains(&index))
    }
}

/// One record: its bytes, and where its fields stand.
#[derive(Debug, Default)]
struct Record {
    raw: Vec<u8>,
    unquoted: Vec<u8>,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    /// In the bytes of the record, with its quotes.
    raw: Range<usize>,
    /// In the unquoted bytes.
    unquoted: Range<usize>,
}

/// What became of a record.
#[derive(Default)]
struct Opened {
    /// Fields with what stands there instead, in order.
    replaced: Vec<(usize, Vec<u8>)>,
    faults: Vec<Fault>,
    opened: bool,
    chain: bool,
}

impl Record {
    fn raw(&self, field: &Field) -> &[u8] {
        self.raw.get(field.raw.clone()).unwrap_or_default()
    }

    fn text(&self, index: usize) -> Option<&str> {
        let field = self.fields.get(index)?;
        std::str::from_utf8(self.unquoted.get(field.unquoted.clone())?).ok()
    }

    fn messages<'a>(
        &'a self,
        columns: &'a Columns,
        reading: Reading<'a>,
    ) -> impl Iterator<Item = (usize, Result<Message, Fault>)> + 'a {
        let session = columns.session.and_then(|index| self.text(index)?.trim().parse().ok());
        let session = RawSession::new(session, reading);
        let named = columns.messages.is_some();
        (0..self.fields.len()).filter(|&index| columns.has(index)).filter_map(move |index| {
            let text = self.text(index)?;
            let found = if named { messages::find_in_named(text, session) } else { messages::find(text) };
            Some((index, found?))
        })
    }

    fn open(
        &self,
        columns: &Columns,
        reading: Reading<'_>,
        delimiter: u8,
        opener: &mut Opener<'_>,
    ) -> io::Result<Opened> {
        let mut done = Opened::default();
        if !self.fields.iter().all(|field| is_well_quoted(self.raw(field))) {
            // Nobody knows where its fields begin and end.
            done.faults.push(Fault::malformed("malformed"));
            return Ok(done);
        }
        for (index, message) in self.messages(columns, reading) {
            let clear = match opener.open(message)? {
                Ok(clear) => clear,
                Err(fault) => {
                    done.faults.push(fault);
                    continue;
                }
            };
            let chain = clear.chain;
            let replaced = match clear.into_text() {
                Ok(text) => Some((index, text)),
                Err(not_text) => {
                    let free = columns.binary.filter(|&binary| self.is_free(binary, &done));
                    let replaced = free.map(|binary| (binary, b64::encode(&not_text.bytes)));
                    if replaced.is_none() {
                        done.faults.push(not_text.fault);
                    }
                    replaced
                }
            };
            if let Some((index, text)) = replaced {
                let quoted = self.fields.get(index).is_some_and(|field| self.raw(field).starts_with(b"\""));
                done.replaced.push((index, written(&text, quoted, delimiter)));
                done.opened = true;
                done.chain |= chain;
            }
        }
        done.replaced.sort_by_key(|&(index, _)| index);
        Ok(done)
    }

    /// Whether a field is there, empty, and not taken yet.
    fn is_free(&self, index: usize, done: &Opened) -> bool {
        self.text(index) == Some("") && !done.replaced.iter().any(|&(taken, _)| taken == index)
    }

    fn write(&self, replaced: &[(usize, Vec<u8>)], sink: &mut impl Write) -> io::Result<()> {
        let mut at = 0;
        for (index, text) in replaced {
            let Some(field) = self.fields.get(*index) else { continue };
            sink.write_all(self.raw.get(at..field.raw.start).unwrap_or_default())?;
            sink.write_all(text)?;
            at = field.raw.end;
        }
        sink.write_all(self.raw.get(at..).unwrap_or_default())
    }
}

/// A field as it is written: quoted if it was, and where it has to be.
fn written(text: &str, quoted: bool, delimiter: u8) -> Vec<u8> {
    let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n');
    if quoted || text.bytes().any(special) { format!("\"{}\"", text.replace('"', "\"\"")).into() } else { text.into() }
}

/// Whether a field that begins with a quote is quoted as RFC 4180 says. What is not may have swallowed other fields.
fn is_well_quoted(raw: &[u8]) -> bool {
    let Some(rest) = raw.strip_prefix(b"\"") else { return true };
    let Some(inside) = rest.strip_suffix(b"\"") else { return false };
    let mut open = false;
    for &byte in inside {
        if byte == b'"' {
            open = !open;
        } else if open {
            return false;
        }
    }
    !open
}

fn is_utf16(beginning: &[u8]) -> bool {
    beginning.starts_with(&[0xff, 0xfe]) || beginning.starts_with(&[0xfe, 0xff])
}

/// The records of a file, one by one.
struct Records<R> {
    source: R,
    reader: csv_core::Reader,
    delimiter: u8,
    piece: Vec<u8>,
    at_beginning: bool,
}

enum Step {
    Record,
    /// A record that is too large and has been given away.
    TooLarge,
    /// No record any more; empty lines may stand in `raw`.
    End,
}

impl<R: BufRead> Records<R> {
    fn new(mut source: R) -> io::Result<Self> {
        let delimiter = delimiter(source.fill_buf()?);
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Ok(Self { source, reader, delimiter, piece: vec![0; PIECE], at_beginning: true })
    }

    /// Reads the next record; the beginning of one that is too large goes to `too_large`.
    fn read(&mut self, record: &mut Record, too_large: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<Step> {
        let Record { raw, unquoted, fields } = record;
        raw.clear();
        unquoted.clear();
        fields.clear();
        let (mut start, mut text_start, mut is_too_large) = (0, 0, false);
        loop {
            let input = self.source.fill_buf()?;
            let at_end = input.is_empty();
            let (result, read, written) = self.reader.read_field(input, &mut self.piece);
            raw.extend_from_slice(input.get(..read).unwrap_or_default());
            unquoted.extend_from_slice(self.piece.get(..written).unwrap_or_default());
            self.source.consume(read);
            is_too_large |= raw.len() > LONGEST_RECORD || fields.len() > MOST_FIELDS;
            if is_too_large {
                too_large(raw)?;
                raw.clear();
                unquoted.clear();
                fields.clear();
            }
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => continue,
                ReadFieldResult::End => return Ok(if is_too_large { Step::TooLarge } else { Step::End }),
                ReadFieldResult::Field { record_end } => {
                    if fields.is_empty() && !is_too_large {
                        start = before_first_field(raw, self.at_beginning);
                    }
                    // What ends a field is a byte that was read, unless the file ended.
                    let end = raw.len().saturating_sub(usize::from(!at_end)).max(start);
                    fields.push(Field { raw: start..end, unquoted: text_start..unquoted.len() });
                    (start, text_start) = (raw.len(), unquoted.len());
                    if record_end {
                        self.at_beginning = false;
                        return Ok(if is_too_large { Step::TooLarge } else { Step::Record });
                    }
                }
            }
        }
    }
}

/// Bytes before the first field of a record: the mark at the beginning of a file, the rest of a line end, empty lines.
fn before_first_field(raw: &[u8], at_beginning: bool) -> usize {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mark = if at_beginning && raw.starts_with(MARK) { MARK.len() } else { 0 };
    let lines = raw.iter().skip(mark).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    mark + lines
}

/// What separates the fields.
fn delimiter(beginning: &[u8]) -> u8 {
    let fields = |delimiter| {
        let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        let (mut input, mut piece, mut count) = (beginning, [0; 1024], 0_usize);
        loop {
            let (result, read, _) = reader.read_field(input, &mut piece);
            input = input.get(read..).unwrap_or_default();
            match result {
                ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end: false } => count += 1,
                _ => return count,
            }
        }
    };
    let mut best = (b',', fields(b','));
    for candidate in [b';', b'\t', b'|'] {
        let count = fields(candidate);
        if count > best.1 {
            best = (candidate, count);
        }
    }
    best.0
}
