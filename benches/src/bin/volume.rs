//! A million sessions: what planning and running an egress takes, and how fast sessions are unlocked.
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin volume -- plan [sessions]
//! cargo run --release -p sealwright-benches --bin volume -- unlock [sessions]
//! cargo run --release -p sealwright-benches --bin volume -- run DIR [--through-disk]
//! ```
//!
//! `plan` makes two bundles in a temporary directory, each with a token or a proxied key for every session: one with a message of each session in one file of JSON
//! Lines, one with a small file of each. The plan of each is made in a process of its own; fails when one takes more than 512 MiB resident (EGR-51).
//!
//! `unlock` resolves sessions on all cores, first with a token each, then nine of ten behind proxies, and lets `openssl speed` use the same cores in the same run.
//! Fails when proxies make it less than eight times as fast, or when it is slower than 0.9 times OpenSSL's private operations.
//!
//! `run` runs the egress of `DIR/bundle`, as the program `bundle` makes it, and tells seconds and peak. Linux only.
#![allow(clippy::print_stdout, reason = "it is a program")]

use sealwright_benches::bundle::{self, Mix, Shape};
use sealwright_benches::inputs::Failure;
use sealwright_benches::{openssl, peak};
use sealwright_egress::{Options, plan, run};
use sealwright_envelope::SymKey;
use sealwright_session::{Costs, Keyring, Policy, Records, Resolver};
use sealwright_types::SessionId;
use sealwright_wrap::record::{DeviceToken, ProxyKey};
use sealwright_wrap::{KeySize, PrivateKey, symmetric, wrap};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

const MOST_MEMORY: u64 = 512 << 20;
const PROXIES: usize = 100;
const LEAST_GAIN: f64 = 8.0;
const LEAST_OF_OPENSSL: f64 = 0.9;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>();
    match arguments[..] {
        ["plan"] => measure_plans(1_000_000),
        ["plan", sessions] => measure_plans(number(sessions)?),
        ["unlock"] => unlock(20_000),
        ["unlock", sessions] => unlock(number(sessions)?),
        ["child", bundle] => child(Path::new(bundle)),
        ["run", directory] => run_all(Path::new(directory), &confirmed()),
        ["run", directory, "--through-disk"] => {
            let mut options = confirmed();
            options.records_in_memory = Some(0);
            run_all(Path::new(directory), &options)
        }
        _ => Err("plan, unlock or run".into()),
    }
}

fn confirmed() -> Options {
    let mut options = Options::default();
    options.confirmed = true;
    options
}

/// Makes both bundles and lets a process of its own plan each.
fn measure_plans(sessions: usize) -> Result<(), Failure> {
    let whole = Shape { sessions, proxies: PROXIES, mix: Mix::Proxied, longest: 64, ..Shape::default() };
    let messages = Shape { rows: sessions, row_files: 1, files: 0, ..whole.clone() };
    let files = Shape { rows: 0, files: sessions, ..whole };
    let mut too_much = false;
    for (name, shape) in [("messages", messages), ("files", files)] {
        let directory = tempfile::tempdir()?;
        bundle::make(directory.path(), &shape)?;
        let output =
            Command::new(std::env::current_exe()?).arg("child").arg(directory.path().join("bundle")).output()?;
        if !output.status.success() {
            return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let mut numbers = text.split_whitespace();
        let seconds: f64 = numbers.next().ok_or("no seconds")?.parse()?;
        let resident: u64 = numbers.next().ok_or("no peak")?.parse()?;
        let operations: usize = numbers.next().ok_or("no operations")?.parse()?;
        println!(
            "plan of {sessions} sessions with {name}: {seconds:.1} s, peak resident {:.0} MiB, {operations} private-key operations",
            mebibytes(resident)
        );
        if operations != sessions.div_ceil(10) + PROXIES.min(sessions.div_ceil(10)) {
            return Err("another number of operations is expected".into());
        }
        too_much |= resident > MOST_MEMORY;
    }
    if too_much { Err("more than 512 MiB resident".into()) } else { Ok(()) }
}

/// A plan, and then seconds, peak in bytes and operations on standard output.
fn child(bundle: &Path) -> Result<(), Failure> {
    let started = Instant::now();
    let plan = plan(bundle, &confirmed(), &())?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{seconds} {} {}", peak::resident()?, plan.private_key_operations);
    Ok(())
}

fn run_all(directory: &Path, options: &Options) -> Result<(), Failure> {
    let output = directory.join("clear");
    let started = Instant::now();
    let summary = run(&directory.join("bundle"), &output, options, &())?;
    let (seconds, resident) = (started.elapsed().as_secs_f64(), peak::resident()?);
    let opened = summary.converted + summary.rows.converted;
    println!("run: {seconds:.1} s, {opened} opened, peak resident {:.0} MiB", mebibytes(resident));
    if resident > MOST_MEMORY { Err("more than 512 MiB resident".into()) } else { Ok(()) }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Sessions unlocked in a second, with a token each and behind proxies.
fn unlock(sessions: usize) -> Result<(), Failure> {
    let mine = Arc::new(PrivateKey::generate(KeySize::Rsa2048)?);
    let cores = thread::available_parallelism()?.get();
    let openssl = openssl::rsa_speed_on(2048, cores);
    let direct = unlocked_per_second(&mine, sessions, 1, cores)?;
    let proxied = unlocked_per_second(&mine, sessions * 10, 10, cores)?;
    println!("unlock: {direct:.0} sessions a second on {cores} cores with a token each");
    println!("unlock: {proxied:.0} with nine of ten behind proxies, {:.1} times as many", proxied / direct);
    if proxied < direct * LEAST_GAIN {
        return Err("proxies should make it eight times as fast".into());
    }
    match openssl {
        Some(speed) => {
            println!("unlock: openssl does {:.0} private operations, {:.2} of them", speed.sign, direct / speed.sign);
            if direct < speed.sign * LEAST_OF_OPENSSL { Err("slower than 0.9 times OpenSSL".into()) } else { Ok(()) }
        }
        None => Err("openssl is not installed".into()),
    }
}

/// Resolves sessions of which every `nth` has a token of its own and the others are behind proxies.
fn unlocked_per_second(mine: &Arc<PrivateKey>, sessions: usize, nth: usize, cores: usize) -> Result<f64, Failure> {
    let ids = |count| (0..count).map(|_| SessionId::random()).collect::<Result<Vec<_>, _>>();
    let key = SymKey::generate()?;
    let (proxies, mut needed) = (ids(PROXIES)?, ids(sessions)?);
    let mut records = Records::default();
    let token = |session_id| -> Result<DeviceToken, Failure> {
        let (created_for_key_hash, token) = (Some(mine.hash()), wrap(&key, mine.public())?.into());
        Ok(DeviceToken { session_id, device_id: None, created_for_key_hash, token, revoked: false })
    };
    for &proxy in &proxies {
        records.add_token(token(proxy)?);
    }
    for (place, &session_id) in needed.iter().enumerate() {
        if place % nth == 0 {
            records.add_token(token(session_id)?);
        } else if let Some(&proxy_session_id) = proxies.get(place % PROXIES) {
            let data = symmetric::wrap(&key, &key)?.into();
            records.add_proxy(ProxyKey { session_id, proxy_session_id, data, revoked: false });
        }
    }
    needed.sort_unstable();
    let mut keyring = Keyring::default();
    keyring.add(Arc::clone(mine), None);
    let mut resolver = Resolver::new(keyring, records, Policy::default());
    resolver.plan(&needed, &Costs::default());
    let share = needed.len().div_ceil(cores);
    let started = Instant::now();
    let opened: usize = thread::scope(|scope| {
        let resolver = &resolver;
        let open = |part: &[SessionId]| part.iter().filter(|session| resolver.resolve(**session).is_ok()).count();
        let parts: Vec<_> = needed.chunks(share).map(|part| scope.spawn(move || open(part))).collect();
        parts.into_iter().map(|part| part.join().unwrap_or(0)).sum()
    });
    let seconds = started.elapsed().as_secs_f64();
    if opened == needed.len() { Ok(needed.len() as f64 / seconds) } else { Err("a session stayed closed".into()) }
}
