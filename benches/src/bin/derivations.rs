//! Password derivations: one against OpenSSL's scrypt, and 200 in an egress on one core and on all of them.
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin derivations [rounds]
//! ```
//!
//! OpenSSL's scrypt is Python's `hashlib.scrypt`, in one process that stays; both are measured in time on the processor, so that waiting for one does not
//! count. They take turns; what counts is the fastest derivation of each, because whatever else the machine does only ever adds
//! time. The allocator is the program's, which wipes what it takes back; so does OpenSSL. Fails when ours is not 1.2 times as fast as OpenSSL's, when two
//! cores or more need more than 0.55 of the time of one, or when more than 64 MiB are resident (`VmHWM`). Linux only.
#![allow(clippy::print_stdout, reason = "it is a program")]

use sealwright_benches::inputs::{self, Failure};
use sealwright_benches::peak;
use sealwright_benches::processor::processor_seconds;
use sealwright_egress::{Options, Outcome, plan};
use sealwright_identity::ssks::{Account, password};
use sealwright_kdf::{AppIdText, Password, UserIdText, ssks_password_secret};
use serde_json::json;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// The allocator of the program.
#[global_allocator]
static WIPED_WHEN_FREED: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

/// Blobs in the bundle, each of which takes one derivation.
const BLOBS: usize = 200;
/// Derivations of each side in a turn against OpenSSL.
const TURN: u32 = 5;
/// Turns of each side in a round.
const TURNS: u32 = 4;
const LEAST_SPEED: f64 = 1.2;
const MOST_TIME: f64 = 0.55;
const MOST_MEMORY: u64 = 64 << 20;
const APP: &str = "12345678-1234-4abc-8def-1234567890ab";

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [bundle, threads] => recover(Path::new(bundle), threads.parse()?),
        [rounds] => measure(rounds.parse()?),
        _ => measure(5),
    }
}

fn measure(rounds: u32) -> Result<(), Failure> {
    let speed = against_openssl(rounds)?;
    let (time, memory) = on_all_cores(rounds)?;
    if speed.is_some_and(|speed| speed < LEAST_SPEED) {
        return Err(format!("slower than {LEAST_SPEED} times OpenSSL").into());
    }
    if time.is_some_and(|time| time > MOST_TIME) {
        return Err(format!("all cores need more than {MOST_TIME} of the time of one").into());
    }
    if memory > MOST_MEMORY { Err("more than 64 MiB resident".into()) } else { Ok(()) }
}

/// How many times as fast as OpenSSL ours is; `None` without Python.
fn against_openssl(rounds: u32) -> Result<Option<f64>, Failure> {
    let Some(mut openssl) = OpenSsl::start()? else {
        println!("scrypt: skipped, there is no python3 with hashlib.scrypt");
        return Ok(None);
    };
    let password = Password::new("correct horse battery staple")?;
    let (app, user) = (AppIdText::new(APP)?, UserIdText::parse_strict("user-1")?);
    let ours = || {
        let mut best = f64::INFINITY;
        for _ in 0..TURN {
            let started = processor_seconds()?;
            black_box(ssks_password_secret(&password, &app, &user)?);
            best = best.min(processor_seconds()? - started);
        }
        Ok::<_, Failure>(best)
    };
    let (mut best, mut best_of_openssl) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds.max(1) * TURNS {
        best = best.min(ours()?);
        best_of_openssl = best_of_openssl.min(openssl.turn()?);
    }
    let speed = best_of_openssl / best;
    println!("scrypt: ours {:.1} ms, OpenSSL {:.1} ms, {speed:.2} times as fast", best * 1e3, best_of_openssl * 1e3);
    Ok(Some(speed))
}

/// Python's `hashlib.scrypt`, which is OpenSSL's: a process that derives as often as a line says and answers with the seconds of the fastest.
struct OpenSsl {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl OpenSsl {
    /// `None` where there is no Python with OpenSSL.
    fn start() -> Result<Option<Self>, Failure> {
        const SCRIPT: &str = "\
import hashlib, sys, time
def derive():
    return hashlib.scrypt(b'correct horse battery staple', salt=b'seald-ssks-secret|12345678-1234-4abc-8def-1234567890ab|user-1',
                          n=16384, r=8, p=1, dklen=64)
print(derive().hex(), flush=True)
def seconds():
    started = time.process_time()
    derive()
    return time.process_time() - started
for line in sys.stdin:
    print(min(seconds() for _ in range(int(line))), flush=True)
";
        let started = Command::new("python3")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut process) = started else { return Ok(None) };
        let input = process.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut openssl = Self { process, input, output };
        let derived = openssl.line()?;
        if derived.is_empty() {
            return Ok(None);
        }
        // Both do the same work.
        let ours = ssks_password_secret(
            &Password::new("correct horse battery staple")?,
            &AppIdText::new(APP)?,
            &UserIdText::parse_strict("user-1")?,
        )?;
        if derived.trim() == ours.expose() { Ok(Some(openssl)) } else { Err("OpenSSL derives something else".into()) }
    }

    /// The seconds of the fastest derivation of a turn.
    fn turn(&mut self) -> Result<f64, Failure> {
        writeln!(self.input, "{TURN}")?;
        Ok(self.line()?.trim().parse()?)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The time on all cores in parts of the time on one, `None` on a machine with one core, and the peak memory on all cores.
fn on_all_cores(rounds: u32) -> Result<(Option<f64>, u64), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let directory = tempfile::tempdir()?;
    write_bundle(directory.path())?;
    let (mut one, mut all, mut memory) = (f64::INFINITY, f64::INFINITY, 0);
    for _ in 0..rounds.max(1) {
        one = one.min(recover_in_a_process(directory.path(), 1)?.0);
        let (seconds, peak) = recover_in_a_process(directory.path(), cores)?;
        all = all.min(seconds);
        memory = memory.max(peak);
    }
    println!(
        "{BLOBS} derivations in an egress: {one:.2} s on one core, {all:.2} s on {cores}, {:.3} of the time; peak resident {:.1} MiB",
        all / one,
        memory as f64 / f64::from(1 << 20)
    );
    Ok(((cores > 1).then_some(all / one), memory))
}

/// A bundle with identities that are stored under passwords, and the passwords.
fn write_bundle(bundle: &Path) -> Result<(), Failure> {
    let document = inputs::vector_bytes("peer/identity/js_alice_0old.bson")?;
    let (mut blobs, mut passwords) = (String::new(), String::new());
    for number in 0..BLOBS {
        let (user, text) = (format!("user-{number}"), format!("password {number}"));
        let account = Account { app: AppIdText::new(APP)?, user: UserIdText::parse_strict(&user)? };
        let blob = password::seal(&document, &password::Credential::Password(Password::new(&text)?), &account)?;
        blobs.push_str(&format!("{}\n", json!({ "userId": user, "data": blob.to_base64() })));
        passwords.push_str(&format!("{}\n", json!({ "userId": user, "password": text })));
    }
    std::fs::create_dir(bundle.join("data"))?;
    std::fs::write(bundle.join("bundle.json"), json!({ "format": "sealwright-bundle-1", "appId": APP }).to_string())?;
    std::fs::write(bundle.join("ssks-password.jsonl"), blobs)?;
    std::fs::write(bundle.join("passwords.jsonl"), passwords)?;
    Ok(())
}

/// The seconds of a recovery, and its peak memory.
fn recover_in_a_process(bundle: &Path, threads: usize) -> Result<(f64, u64), Failure> {
    let output = Command::new(std::env::current_exe()?).arg(bundle).arg(threads.to_string()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let (seconds, peak) = text.trim().split_once(' ').ok_or("no two numbers")?;
    Ok((seconds.parse()?, peak.parse()?))
}

/// Recovers the identities of the bundle, as every plan of an egress does.
fn recover(bundle: &Path, threads: usize) -> Result<(), Failure> {
    let mut options = Options::default();
    options.threads = NonZero::new(threads);
    let started = Instant::now();
    let plan = plan(bundle, &options, &())?;
    let seconds = started.elapsed().as_secs_f64();
    let recovered = plan.identities.iter().filter(|attempt| attempt.outcome == Outcome::Recovered).count();
    if recovered != BLOBS {
        return Err(format!("{recovered} of {BLOBS} identities recovered").into());
    }
    println!("{seconds} {}", peak::resident()?);
    Ok(())
}
