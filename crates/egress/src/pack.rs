//! A whole output as one tar archive, each file checked against the manifest while it goes in (docs/spec/EGRESS.md section 6).

use crate::error::EgressError;
use crate::files::Files;
use crate::finished;
use crate::ledger::{self, Line, Written};
use crate::options::{Options, Progress, Stage};
use crate::place::Hasher;
use crate::sink::outlet::IDENTITY;
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// What stands at the top of an output beside the files of its manifest, and belongs to it when it is handed over.
const BESIDE: [&str; 5] = ["manifest.jsonl", "unopened.jsonl", "report.json", "report.html", IDENTITY];

/// Writes an output as one tar archive: what describes it, then every file in the order of the manifest. The same output gives the same
/// archive: no times, no owners, mode 0600; names that are longer than the header has room for stand in PAX headers. What only a later
/// run needs (locks, the journal, new sessions under old keys) is left out.
///
/// # Errors
/// [`EgressError::NotFinished`] before anything is written, [`EgressError::Changed`] at the first file that is not what the manifest says,
/// [`EgressError::Locked`] while a run is writing, [`EgressError::Io`]. What was written until then is no complete archive.
pub fn pack(
    output: &Path,
    sink: &mut dyn Write,
    options: &Options,
    progress: &dyn Progress,
) -> Result<u64, EgressError> {
    let files = &options.files;
    let _lock = ledger::lock_shared(files, output)?;
    let lines = ledger::lines(files, output)?;
    finished::report(files, output)?;
    progress.stage(Stage::Verify, ledger::lines(files, output)?.count() as u64);
    let is_open = Cell::new(true);
    let mut archive = Builder::new(Gate { sink, is_open: &is_open });
    match fill(&mut archive, files, output, lines, progress) {
        Ok(files) => {
            let finished = archive.into_inner().and_then(|mut gate| gate.flush());
            finished.map(|()| files).map_err(EgressError::io("pack", output))
        }
        Err(error) => {
            is_open.set(false);
            Err(error)
        }
    }
}

fn fill(
    archive: &mut Builder<Gate<'_>>,
    files: &Files,
    output: &Path,
    lines: impl Iterator<Item = Result<Line, EgressError>>,
    progress: &dyn Progress,
) -> Result<u64, EgressError> {
    for name in BESIDE {
        let path = output.join(name);
        if let Some(file) = files.open_if_there(&path).map_err(EgressError::io("open", &path))? {
            let length = file.length().map_err(EgressError::io("read", &path))?;
            append(archive, name, length, file.take(length)).map_err(EgressError::io("pack", &path))?;
        }
    }
    let mut packed = 0;
    for line in lines {
        for written in line?.written() {
            append_checked(archive, files, output, &written)?;
            packed += 1;
        }
        progress.advance(1);
    }
    Ok(packed)
}

fn append_checked(
    archive: &mut Builder<Gate<'_>>,
    files: &Files,
    output: &Path,
    written: &Written,
) -> Result<(), EgressError> {
    let path = output.join(&written.output);
    let changed = || EgressError::Changed { path: path.clone() };
    let file = files.open_if_there(&path).map_err(EgressError::io("open", &path))?.ok_or_else(changed)?;
    if file.length().map_err(EgressError::io("read", &path))? != written.bytes {
        return Err(changed());
    }
    let mut content = Hashed { source: file.take(written.bytes), hasher: Hasher::new() };
    append(archive, &written.output, written.bytes, &mut content).map_err(EgressError::io("pack", &path))?;
    // The archive is already that far, but it never ends.
    if content.hasher.finish() != (written.bytes, written.sha256.clone()) { Err(changed()) } else { Ok(()) }
}

/// One file of exactly `length` bytes: what became shorter since is an error, as everything behind it would be shifted.
fn append(archive: &mut Builder<Gate<'_>>, name: &str, length: u64, content: impl Read) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(length);
    // What is not ASCII is read in as many ways as there are programs, unless it stands in a PAX header.
    if !name.is_ascii() || header.set_path(name).is_err() {
        archive.append_pax_extensions([("path", name.as_bytes())])?;
        let short: String = name.chars().filter(char::is_ascii_alphanumeric).take(50).collect();
        header.set_path(format!("long-{short}"))?;
    }
    header.set_cksum();
    let mut content = Counted { source: content, left: length };
    archive.append(&header, &mut content)?;
    if content.left > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Keeps an archive that failed from being ended: its builder would do so by itself.
struct Gate<'a> {
    sink: &'a mut dyn Write,
    is_open: &'a Cell<bool>,
}

impl Write for Gate<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.is_open.get() { self.sink.write(data) } else { Err(io::Error::other("the archive has failed")) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

struct Hashed<R> {
    source: R,
    hasher: Hasher,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

struct Counted<R> {
    source: R,
    left: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}
