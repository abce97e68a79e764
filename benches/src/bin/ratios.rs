//! Ours against the ceiling of the primitives, measured in turns in one run:
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin ratios [seconds per row [part of the names]]
//! ```
//!
//! Prints `name  ours  ceiling  ratio`, times of one operation; the ratio is the speed in parts of the ceiling's. Rows of RSA compare with
//! `openssl speed` where it is installed and with the `rsa` crate.
#![allow(clippy::print_stdout, reason = "it is a program")]

use rsa::pkcs8::DecodePrivateKey as _;
use rsa::pss::{SigningKey, VerifyingKey};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Verifier as _};
use rsa::{Oaep, RsaPrivateKey};
use sealwright_benches::ceiling::Primitives;
use sealwright_benches::inputs::{self, Failure, IV, Wrapped};
use sealwright_benches::openssl;
use sealwright_benches::turns::{compare, seconds_each, seconds_repeated};
use sealwright_envelope::stream::{Opener, Sealer, open_withheld};
use sealwright_envelope::{SymKey, hazmat, open, open_in_place, seal};
use sha1::Sha1;
use sha2::Sha256;
use std::hint::black_box;
use std::io::{self, Cursor, Write as _};
use std::time::Duration;

const SIZES: [(&str, usize); 4] = [("100 B", 100), ("1 KiB", 1024), ("64 KiB", 65_536), ("16 MiB", 16 << 20)];
/// Bytes that are worked on between two looks at the clock, for small sizes: they stay in the cache.
const BATCH: usize = 128 * 1024;

fn main() -> Result<(), Failure> {
    let budget = match std::env::args().nth(1) {
        Some(seconds) => Duration::try_from_secs_f64(seconds.parse()?)?,
        None => Duration::from_secs(2),
    };
    let table = Table { budget, wanted: std::env::args().nth(2).unwrap_or_default() };
    let key = inputs::sym_key()?;
    let primitives = Primitives::new(key.expose()).ok_or("the key has 64 bytes")?;
    println!("{:<36} {:>15} {:>15} {:>6}", "name", "ours", "ceiling", "ratio");
    for (label, length) in SIZES {
        envelopes(&table, &key, &primitives, label, length)?;
    }
    streams(&table, &key, &primitives)?;
    for bits in [2048, 4096] {
        rsa(&table, bits)?;
    }
    Ok(())
}

/// What is printed: the rows whose names contain `wanted`.
struct Table {
    budget: Duration,
    wanted: String,
}

impl Table {
    fn row(&self, name: &str, ours: impl FnMut() -> f64, ceiling: impl FnMut() -> f64) {
        if name.contains(&self.wanted) {
            println!("{name:<36} {}", compare(self.budget, ours, ceiling));
        }
    }
}

/// One-shot opening and sealing.
fn envelopes(table: &Table, key: &SymKey, primitives: &Primitives, label: &str, length: usize) -> Result<(), Failure> {
    let plaintext = inputs::plaintext(length);
    let sealed = hazmat::seal_with_iv(key, &IV, &plaintext)?;
    let count = (BATCH / sealed.len()).max(1);
    let mut batch = vec![sealed.clone(); count];
    let mut scratch = vec![sealed.clone(); count];
    let mut ceiling_of_open = || {
        scratch.iter_mut().for_each(|buffer| buffer.copy_from_slice(&sealed));
        seconds_each(&mut scratch, |buffer| primitives.open(buffer))
    };
    let in_place = || {
        batch.iter_mut().for_each(|buffer| buffer.copy_from_slice(&sealed));
        seconds_each(&mut batch, |buffer| {
            black_box(open_in_place(key, buffer).is_ok());
        })
    };
    table.row(&format!("open in place, {label}"), in_place, &mut ceiling_of_open);

    let mut control = vec![sealed.clone(); count];
    let again = || {
        control.iter_mut().for_each(|buffer| buffer.copy_from_slice(&sealed));
        seconds_each(&mut control, |buffer| primitives.open(buffer))
    };
    table.row(&format!("control: the ceiling itself, {label}"), again, &mut ceiling_of_open);

    let mut sources = vec![sealed.clone(); count];
    let ours = || seconds_each(&mut sources, |source| drop(black_box(open(key, source))));
    table.row(&format!("open, {label}"), ours, ceiling_of_open);

    let mut plaintexts = vec![plaintext; count];
    let ours = || seconds_each(&mut plaintexts, |plaintext| drop(black_box(seal(key, plaintext))));
    let ceiling = || seconds_each(&mut scratch, |buffer| primitives.seal(buffer));
    table.row(&format!("seal, {label}"), ours, ceiling);
    Ok(())
}

/// Streams of 16 MiB from memory to a buffer that is there already.
fn streams(table: &Table, key: &SymKey, primitives: &Primitives) -> Result<(), Failure> {
    let plaintext = inputs::plaintext(16 << 20);
    let sealed = hazmat::seal_with_iv(key, &IV, &plaintext)?;
    let mut scratch = [sealed.clone()];
    let mut sink = [sealed.clone()];

    let ours = || {
        seconds_each(&mut sink, |sink| {
            let mut target = std::mem::take(sink);
            target.clear();
            let finished = Sealer::new(key, target).and_then(|mut sealer| {
                sealer.write_all(&plaintext)?;
                sealer.finish()
            });
            *sink = finished.unwrap_or_default();
        })
    };
    table.row("Sealer, 16 MiB", ours, || seconds_each(&mut scratch, |buffer| primitives.seal(buffer)));

    let ours = || {
        seconds_each(&mut sink, |sink| {
            let mut target = std::mem::take(sink);
            target.clear();
            *sink = open_withheld(key, &sealed[..], target).unwrap_or_default();
        })
    };
    table.row("open_withheld, 16 MiB", ours, || seconds_each(&mut scratch, |buffer| primitives.open(buffer)));

    let ours = || {
        seconds_each(&mut sink, |sink| {
            sink.clear();
            let copied = Opener::new(key, Cursor::new(&sealed)).map(|mut opener| io::copy(&mut opener, sink).is_ok());
            black_box(copied.is_ok());
        })
    };
    let ceiling = || seconds_each(&mut scratch, |buffer| primitives.open_twice(buffer));
    table.row("Opener (two passes), 16 MiB", ours, ceiling);
    Ok(())
}

/// Unwrapping, signing and verifying against OpenSSL's bare private and public operations and against the `rsa` crate.
fn rsa(table: &Table, bits: u64) -> Result<(), Failure> {
    const MESSAGE: &[u8] = b"a challenge of the service";
    const SLICE: Duration = Duration::from_millis(500);
    let Wrapped { private, pkcs8, token } = inputs::wrapped(bits)?;
    let signature = private.sign(MESSAGE)?;
    let unwrap = || seconds_repeated(SLICE, || drop(black_box(sealwright_wrap::unwrap(&private, &token))));
    let sign = || seconds_repeated(SLICE, || drop(black_box(private.sign(MESSAGE))));
    let verify = || {
        seconds_repeated(SLICE, || {
            black_box(private.public().verify(MESSAGE, &signature).is_ok());
        })
    };

    if openssl::is_installed() {
        let private_operation = || openssl::rsa_speed(bits).map_or(f64::NAN, |speed| 1.0 / speed.sign);
        let public_operation = || openssl::rsa_speed(bits).map_or(f64::NAN, |speed| 1.0 / speed.verify);
        table.row(&format!("unwrap {bits} / openssl"), unwrap, private_operation);
        table.row(&format!("sign {bits} / openssl"), sign, private_operation);
        table.row(&format!("verify {bits} / openssl"), verify, public_operation);
    } else {
        println!("unwrap, sign, verify {bits} / openssl: skipped, there is no program `openssl`");
    }

    let peer = RsaPrivateKey::from_pkcs8_der(&pkcs8)?;
    let mut random = rsa::rand_core::UnwrapErr(SystemRandom);
    let peer_unwrap =
        || seconds_repeated(SLICE, || drop(black_box(peer.decrypt_blinded(&mut random, Oaep::<Sha1>::new(), &token))));
    table.row(&format!("unwrap {bits} / rsa crate"), unwrap, peer_unwrap);
    let signing = SigningKey::<Sha256>::new(peer.clone());
    let peer_sign = || {
        seconds_repeated(SLICE, || {
            black_box(signing.sign_with_rng(&mut rsa::rand_core::UnwrapErr(SystemRandom), MESSAGE).to_vec());
        })
    };
    table.row(&format!("sign {bits} / rsa crate"), sign, peer_sign);
    let verifying = VerifyingKey::<Sha256>::new_with_auto_salt_len(peer.to_public_key());
    let parsed = rsa::pss::Signature::try_from(&signature[..])?;
    let peer_verify = || {
        seconds_repeated(SLICE, || {
            black_box(verifying.verify(MESSAGE, &parsed).is_ok());
        })
    };
    table.row(&format!("verify {bits} / rsa crate"), verify, peer_verify);
    Ok(())
}

/// The operating system's generator, as the `rsa` crate wants to see it.
struct SystemRandom;

impl rsa::rand_core::TryRng for SystemRandom {
    type Error = sealwright_types::random::RandomError;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Self::Error> {
        sealwright_types::random::fill(buffer)
    }
}

impl rsa::rand_core::TryCryptoRng for SystemRandom {}
