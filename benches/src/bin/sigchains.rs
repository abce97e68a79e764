//! Sigchains: 10,000 chains of five blocks with keys of 2048 bits, against the bare imports of keys and verifications of signatures in them, and on all cores.
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin sigchains [rounds]
//! ```
//!
//! The same work is done in turns in one run and measured in time on the processor; what counts is the fastest round of each, because whatever else
//! the machine does only ever adds time. Fails when verifying takes more than 1.15 times as long as imports and signatures, and also more than 1.5 times as
//! long as the signatures alone; or when two cores or more need more than 0.55 of the time of one. Linux only.
#![allow(clippy::print_stdout, reason = "it is a program")]

use sealwright_benches::inputs::{self, Failure};
use sealwright_egress::{Options, verify_sigchains};
use sealwright_sigchain::{Author, Built, Chain, Mode, NewDevice, Verified};
use sealwright_types::{DeviceId, b64};
use sealwright_wrap::{PrivateKey, PublicKey};
use serde_json::Value;
use std::hint::black_box;
use std::num::NonZero;
use std::time::Instant;

const CHAINS: usize = 10_000;
/// Different chains; they are repeated.
const DIFFERENT: usize = 50;
const NOW: u64 = 1_795_300_000;
const MOST_OF_ALL: f64 = 1.15;
const MOST_OF_SIGNATURES: f64 = 1.5;
const MOST_ON_ALL_CORES: f64 = 0.55;

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().nth(1).map_or(Ok(5), |rounds| rounds.parse::<u32>())?.max(1);
    let texts: Vec<String> = texts()?;
    let chains: Vec<Chain> = texts.iter().map(|text| Chain::from_json(text)).collect::<Result<_, _>>()?;
    let parts: Vec<Parts> = texts.iter().map(|text| Parts::of(text)).collect::<Result<_, _>>()?;
    let all = CHAINS / DIFFERENT;

    let (mut read, mut verified, mut bare, mut signatures) = (f64::MAX, f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..rounds {
        let measured = |work: &dyn Fn() -> bool| {
            let started = processor_seconds()?;
            let good = (0..all).all(|_| work());
            let seconds = processor_seconds()? - started;
            if good { Ok::<_, Failure>(seconds) } else { Err("a chain is not valid".into()) }
        };
        verified =
            verified.min(measured(&|| chains.iter().all(|chain| black_box(chain.verify(NOW, Mode::Normal)).is_ok()))?);
        bare = bare.min(measured(&|| parts.iter().all(Parts::import_and_verify))?);
        signatures = signatures.min(measured(&|| parts.iter().all(Parts::verify))?);
        read = read.min(measured(&|| texts.iter().all(|text| black_box(Chain::from_json(text)).is_ok()))?);
    }
    let (of_all, of_signatures) = (verified / bare, verified / signatures);
    println!("{CHAINS} chains of five blocks, seconds on one core");
    println!("verifying                {verified:>8.3}");
    println!("imports and signatures   {bare:>8.3}   verifying takes {of_all:.3} times as long");
    println!("signatures alone         {signatures:>8.3}   verifying takes {of_signatures:.3} times as long");
    println!("reading the JSON before  {read:>8.3}");
    let on_all = on_all_cores(&chains, rounds)?;
    if of_all > MOST_OF_ALL && of_signatures > MOST_OF_SIGNATURES {
        return Err(format!("more than {MOST_OF_ALL} and {MOST_OF_SIGNATURES}").into());
    }
    if on_all.is_some_and(|part| part > MOST_ON_ALL_CORES) {
        return Err(format!("all cores need more than {MOST_ON_ALL_CORES} of the time of one").into());
    }
    Ok(())
}

/// Two devices with renewals: four keys come in, five signatures.
fn texts() -> Result<Vec<String>, Failure> {
    let rsa = inputs::vector_json("peer/rsa.json")?;
    let keys = rsa.pointer("/keys").and_then(Value::as_array).ok_or("no keys")?;
    let keys: Vec<PrivateKey> = keys
        .iter()
        .filter(|key| key.pointer("/bits") == Some(&2048.into()))
        .map(|key| Ok(PrivateKey::from_der(&b64::decode_strict(inputs::text_at(key, "/pkcs8")?)?)?.key))
        .collect::<Result<_, Failure>>()?;
    let [a, b, c, d, ..] = keys.as_slice() else { return Err("four keys of 2048 bits".into()) };
    (0..DIFFERENT)
        .map(|_| {
            let (first, second) = (DeviceId::random()?, DeviceId::random()?);
            let device = |id, key| NewDevice { id, encryption_key: PublicKey::hash(key), signing_key: key };
            let author = |device, key| Author { device, key };
            let mut blocks = Vec::new();
            let mut push = |built: Built| {
                blocks.push(built.block);
                built.chain
            };
            let chain = Verified::empty(Mode::Normal);
            let chain = push(chain.next(NOW).creation(author(first, a), device(first, a.public()))?);
            let chain = push(chain.next(NOW).renewal(author(first, a), device(first, b.public()))?);
            let chain = push(chain.next(NOW).creation(author(first, b), device(second, c.public()))?);
            let chain = push(chain.next(NOW).renewal(author(second, c), device(second, d.public()))?);
            push(chain.next(NOW).revocation(author(first, b), second)?);
            Ok(serde_json::to_string(&blocks)?)
        })
        .collect()
}

/// What cannot be saved: the keys as DER, and who signed what.
struct Parts {
    keys: Vec<Vec<u8>>,
    signed: Vec<(PublicKey, Vec<u8>, Vec<u8>)>,
}

impl Parts {
    fn of(text: &str) -> Result<Self, Failure> {
        let blocks: Vec<Value> = serde_json::from_str(text)?;
        let mut parts = Self { keys: Vec::new(), signed: Vec::new() };
        for block in &blocks {
            // A revocation repeats a key that is there already.
            if block.pointer("/transaction/operation/type") != Some(&"revocation".into()) {
                parts.keys.push(b64::decode_strict(inputs::text_at(block, "/extras/pubkeys/0")?)?);
            }
        }
        let imported: Vec<PublicKey> =
            parts.keys.iter().map(|key| PublicKey::from_der(key)).collect::<Result<_, _>>()?;
        for (block, signer) in blocks.iter().zip([0, 0, 1, 2, 1]) {
            let key = imported.get(signer).ok_or("no such key")?.clone();
            let signature = b64::decode_strict(inputs::text_at(block, "/signature/signature")?)?;
            parts.signed.push((key, inputs::text_at(block, "/signature/hash")?.as_bytes().to_vec(), signature));
        }
        Ok(parts)
    }

    fn import_and_verify(&self) -> bool {
        self.keys.iter().all(|key| black_box(PublicKey::from_der(key)).is_ok()) && self.verify()
    }

    fn verify(&self) -> bool {
        self.signed.iter().all(|(key, hash, signature)| black_box(key.verify(hash, signature)).is_ok())
    }
}

/// The time on all cores in parts of the time on one; `None` on a machine with one core.
fn on_all_cores(chains: &[Chain], rounds: u32) -> Result<Option<f64>, Failure> {
    let many: Vec<Chain> = chains.iter().cycle().take(CHAINS).cloned().collect();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let seconds = |threads: usize| {
        let mut options = Options::default();
        options.threads = NonZero::new(threads);
        let started = Instant::now();
        let good = verify_sigchains(&many, NOW, Mode::Normal, &options).iter().all(Result::is_ok);
        if good { Ok::<_, Failure>(started.elapsed().as_secs_f64()) } else { Err("a chain is not valid".into()) }
    };
    let (mut one, mut all) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        one = one.min(seconds(1)?);
        all = all.min(seconds(cores)?);
    }
    println!("in the pool of an egress: {one:.2} s on one core, {all:.2} s on {cores}, {:.3} of the time", all / one);
    Ok((cores > 1).then_some(all / one))
}

/// How long this thread has been on a processor: the first number of `/proc/thread-self/schedstat`, in nanoseconds. Linux only.
fn processor_seconds() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = text.split_whitespace().next().ok_or("no number")?.parse()?;
    Ok(nanoseconds as f64 / 1e9)
}
