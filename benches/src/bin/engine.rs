//! The engine of the egress against the work that the rules demand, measured in turns in one run, on all cores:
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin engine [seconds per row [part of the names]]
//! ```
//!
//! * one file of 1 GiB against HMAC-SHA-256 over it on one core;
//! * many files against the schedule: HMAC-SHA-256 of the ciphertext, CBC decryption and SHA-256 of the output, divided by the cores;
//! * one million messages of 100 bytes from 1,000 sessions in one file of JSON Lines, messages a second and core;
//! * the peak of resident memory of each.
//!
//! Every egress is a whole run in a process of its own, with the allocator of the program. Fails below the lines that stand in the code. Linux only.
#![allow(clippy::print_stdout, reason = "it is a program")]

use ring::digest::{SHA256, digest};
use sealwright_benches::bundle::{self, Mix, Shape};
use sealwright_benches::ceiling::Primitives;
use sealwright_benches::inputs::{self, Failure};
use sealwright_benches::peak;
use sealwright_benches::turns::compare;
use sealwright_egress::Options;
use sealwright_envelope::{SymKey, file};
use sealwright_types::{SessionId, b64};
use std::cell::Cell;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Read as _};
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// The allocator of the program.
#[global_allocator]
static WIPED_WHEN_FREED: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

const MIB: usize = 1 << 20;
const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";
const MESSAGES: usize = 1_000_000;

/// The lines that hold on two cores and more.
const ONE_FILE: f64 = 0.65;
const MANY_FILES: f64 = 0.85;
/// What is reached: opening, naming and closing a file counts more for a small one, and is not in the schedule.
const MANY_SMALL_FILES: f64 = 0.7;
const MESSAGES_A_SECOND_A_CORE: f64 = 400_000.0;
const MOST_RESIDENT: u64 = 64 << 20;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", bundle, output] => run(Path::new(bundle), Path::new(output)),
        _ => measure(&arguments),
    }
}

/// One egress: its seconds and the peak of its memory in bytes, on standard output.
fn run(bundle: &Path, output: &Path) -> Result<(), Failure> {
    let started = Instant::now();
    let mut options = Options::default();
    options.confirmed = true;
    let summary = sealwright_egress::run(bundle, output, &options, &())?;
    let seconds = started.elapsed().as_secs_f64();
    let items =
        fs::read_dir(bundle.join("data")).into_iter().chain(fs::read_dir(bundle.join("messages"))).flatten().count();
    if summary.exit_status() != 0 || summary.converted != items as u64 {
        return Err("something stayed closed".into());
    }
    println!("{seconds} {}", peak::resident()?);
    Ok(())
}

fn measure(arguments: &[String]) -> Result<(), Failure> {
    let budget = arguments.first().map_or(Ok(2.0), |seconds| seconds.parse())?;
    let wanted = arguments.get(1).map_or("", String::as_str);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let (key, directory) = (inputs::sym_key()?, tempfile::tempdir()?);
    let work = Work::new(&key)?;
    let mut table = Table { budget: Duration::try_from_secs_f64(budget)?, cores, missed: Vec::new() };
    println!(
        "{cores} cores\n{:<34} {:>10} {:>10} {:>7} {:>6} {:>9}",
        "name", "ours", "ceiling", "ratio", "line", "peak"
    );

    let rows = [
        ("one file of 1 GiB / HMAC", vec![1024 * MIB], ONE_FILE),
        ("256 files of 4 MiB / schedule", vec![4 * MIB; 256], MANY_FILES),
        ("4,096 files of 256 KiB / schedule", vec![MIB / 4; 4_096], MANY_SMALL_FILES),
    ];
    for (name, lengths, line) in rows.into_iter().filter(|(name, ..)| name.contains(wanted)) {
        let bundle = directory.path().join("files");
        make_files(&bundle, &key, &lengths)?;
        let mebibytes = (lengths.iter().sum::<usize>() / MIB) as f64;
        let ceiling = || match lengths.len() {
            1 => work.mac(mebibytes),
            _ => (work.mac(mebibytes) + work.decrypt(mebibytes) + work.hash(mebibytes)) / cores as f64,
        };
        table.row(name, &bundle, line, ceiling)?;
        fs::remove_dir_all(&bundle)?;
    }
    if "messages".contains(wanted) {
        let made = directory.path().join("messages");
        let shape = Shape {
            sessions: 1_000,
            files: 0,
            rows: MESSAGES,
            row_files: 1,
            text: 100,
            mix: Mix::Known,
            ..Shape::default()
        };
        bundle::make(&made, &shape)?;
        let line = MESSAGES as f64 / MESSAGES_A_SECOND_A_CORE / cores as f64;
        table.row("1,000,000 messages / 400,000 a s core", &made.join("bundle"), 1.0, || line)?;
    }
    if table.missed.is_empty() { Ok(()) } else { Err(format!("below the line: {}", table.missed.join(", ")).into()) }
}

struct Table {
    budget: Duration,
    cores: usize,
    missed: Vec<String>,
}

impl Table {
    /// Prints a row: `ceiling` gives seconds, and `line` stands for the ratio that has to be reached.
    fn row(&mut self, name: &str, bundle: &Path, line: f64, ceiling: impl FnMut() -> f64) -> Result<(), Failure> {
        let (failure, peak) = (Cell::new(None), Cell::new(0));
        let ours = || match egress(bundle) {
            Ok((seconds, resident)) => {
                peak.set(peak.get().max(resident));
                seconds
            }
            Err(error) => {
                failure.set(Some(error));
                f64::NAN
            }
        };
        let compared = compare(self.budget, ours, ceiling);
        if let Some(failure) = failure.take() {
            return Err(failure);
        }
        let resident = peak.get() as f64 / MIB as f64;
        let (ours, ceiling, ratio) = (compared.ours, compared.ceiling, compared.ratio);
        println!("{name:<34} {ours:>8.3} s {ceiling:>8.3} s {ratio:>7.3} {line:>6.2} {resident:>5.1} MiB");
        if (self.cores > 1 && ratio < line) || peak.get() > MOST_RESIDENT {
            self.missed.push(name.to_owned());
        }
        Ok(())
    }
}

/// Runs an egress of the bundle in a process of its own into a new directory.
fn egress(bundle: &Path) -> Result<(f64, u64), Failure> {
    let output = tempfile::tempdir_in(bundle.parent().ok_or("no parent")?)?;
    let run = Command::new(std::env::current_exe()?).arg("run").arg(bundle).arg(output.path().join("out")).output()?;
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned().into());
    }
    let told = String::from_utf8(run.stdout)?;
    let (seconds, resident) = told.trim().split_once(' ').ok_or("two numbers")?;
    Ok((seconds.parse()?, resident.parse()?))
}

/// A bundle of one session with a container for each length.
fn make_files(bundle: &Path, key: &SymKey, lengths: &[usize]) -> Result<(), Failure> {
    let session: SessionId = SESSION.parse()?;
    fs::create_dir_all(bundle.join("data"))?;
    let record = format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(key.expose()));
    fs::write(bundle.join("session-keys.jsonl"), record)?;
    let plaintext = inputs::plaintext(MIB);
    for (nth, &length) in lengths.iter().enumerate() {
        let sink = BufWriter::new(File::create(bundle.join(format!("data/{nth}.seald")))?);
        let content = Repeated(&plaintext).take(length as u64);
        file::seal(key, session, &format!("{nth}.bin"), length as u64, content, sink)?;
    }
    Ok(())
}

/// Some bytes over and over.
struct Repeated<'a>(&'a [u8]);

impl std::io::Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        (&mut &*self.0).read(buffer)
    }
}

/// The passes alone, over a piece that stays in the cache.
struct Work {
    primitives: Primitives,
    piece: Vec<u8>,
}

impl Work {
    fn new(key: &SymKey) -> Result<Self, Failure> {
        let primitives = Primitives::new(key.expose()).ok_or("the key has 64 bytes")?;
        Ok(Self { primitives, piece: inputs::plaintext(MIB / 4) })
    }

    fn mac(&self, mebibytes: f64) -> f64 {
        self.seconds(mebibytes, |piece| self.primitives.mac(piece))
    }

    fn decrypt(&self, mebibytes: f64) -> f64 {
        self.seconds(mebibytes, |piece| self.primitives.decrypt(piece))
    }

    fn hash(&self, mebibytes: f64) -> f64 {
        self.seconds(mebibytes, |piece| {
            black_box(digest(&SHA256, piece));
        })
    }

    /// The seconds that a pass over so many bytes takes, from a quarter of them.
    fn seconds(&self, mebibytes: f64, mut pass: impl FnMut(&mut [u8])) -> f64 {
        let mut piece = self.piece.clone();
        let started = Instant::now();
        for _ in 0..mebibytes as usize {
            pass(&mut piece);
        }
        started.elapsed().as_secs_f64() * 4.0
    }
}
