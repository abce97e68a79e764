//! Peak resident memory of sealing and opening a file of 256 MiB by streaming, each in a process of its own:
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin memory
//! ```
//!
//! Fails when one of them needs more than 64 MiB. Linux only: the peak is `VmHWM` of `/proc/self/status`.
#![allow(clippy::print_stdout, reason = "it is a program")]

use sealwright_benches::inputs::{self, Failure};
use sealwright_benches::peak;
use sealwright_envelope::file::{self, Entries, SingleEntry};
use sealwright_envelope::stream::Withheld;
use sealwright_types::SessionId;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::Path;
use std::process::Command;

const LENGTH: u64 = 256 << 20;
const MOST: u64 = 64 << 20;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [task, directory] => run(task, Path::new(directory)),
        _ => measure_all(),
    }
}

/// Starts each task in a process of its own and prints its peak.
fn measure_all() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let mut plain = BufWriter::new(File::create(directory.path().join("plain"))?);
    io::copy(&mut io::repeat(0x5a).take(LENGTH), &mut plain)?;
    plain.flush()?;
    let mut too_much = false;
    for task in ["seal", "open", "open-withheld"] {
        let output = Command::new(std::env::current_exe()?).arg(task).arg(directory.path()).output()?;
        if !output.status.success() {
            return Err(format!("{task}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let peak: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
        println!(
            "{task:<14} {:>4} MiB file, peak resident {:>6.1} MiB",
            LENGTH >> 20,
            peak as f64 / f64::from(1 << 20)
        );
        too_much |= peak > MOST;
    }
    if too_much { Err("more than 64 MiB resident".into()) } else { Ok(()) }
}

/// One task, and then the peak in bytes on standard output.
fn run(task: &str, directory: &Path) -> Result<(), Failure> {
    let key = inputs::sym_key()?;
    let session: SessionId = "5a221722-36c4-41ee-be56-0242ac120002".parse()?;
    let (plain, sealed, opened) = (directory.join("plain"), directory.join("sealed"), directory.join("opened"));
    match task {
        "seal" => {
            let sink = BufWriter::new(File::create(sealed)?);
            file::seal(&key, session, "plain.bin", LENGTH, File::open(plain)?, sink)?;
        }
        "open" => {
            let mut source = File::open(sealed)?;
            let header = file::inspect(&mut source)?;
            let mut content = file::open(&key, &header, source, SingleEntry::Only)?;
            let copied = io::copy(&mut content, &mut File::create(opened)?)?;
            expect_all(copied)?;
        }
        "open-withheld" => {
            let mut source = File::open(sealed)?;
            let header = file::inspect(&mut source)?;
            let place = |_: &file::Entry| File::create(&opened).map(Place);
            let result = file::open_withheld(&key, &header, source, Entries::One, place)?;
            expect_all(result.files.iter().map(|(entry, _)| entry.length).sum())?;
        }
        _ => return Err("no such task".into()),
    }
    println!("{}", peak::resident()?);
    Ok(())
}

fn expect_all(length: u64) -> Result<(), Failure> {
    if length == LENGTH { Ok(()) } else { Err("another length came out".into()) }
}

/// A file in a directory that nobody else looks into.
struct Place(File);

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Withheld for Place {}
