//! Wall clock of opening and sealing, and of the primitives alone over the same bytes: for the history of one machine.
//!
//! ```text
//! cargo bench -p sealwright-benches --bench throughput
//! ```
//!
//! What counts is the ratio of ours to the ceiling; the program `ratios` measures it in turns, which a busy machine does not bend.
#![allow(missing_docs, clippy::expect_used, reason = "a bench")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealwright_benches::ceiling::Primitives;
use sealwright_benches::inputs::{self, IV, Wrapped};
use sealwright_envelope::stream::{Opener, Sealer};
use sealwright_envelope::{hazmat, open, open_in_place, seal};
use std::io::{self, Cursor, Write as _};

const SIZES: [usize; 4] = [100, 1024, 65_536, 16 << 20];

fn envelopes(criterion: &mut Criterion) {
    let key = inputs::sym_key().expect("vectors");
    let primitives = Primitives::new(key.expose()).expect("64 bytes");
    for length in SIZES {
        let plaintext = inputs::plaintext(length);
        let sealed = hazmat::seal_with_iv(&key, &IV, &plaintext).expect("a long key");
        let mut scratch = sealed.clone();
        let mut group = criterion.benchmark_group("envelope");
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(BenchmarkId::new("open in place", length), |bencher| {
            bencher.iter_batched_ref(
                || sealed.clone(),
                |sealed| open_in_place(&key, sealed).map(|plaintext| plaintext.len()),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(BenchmarkId::new("open", length), |bencher| bencher.iter(|| open(&key, &sealed)));
        group.bench_function(BenchmarkId::new("seal", length), |bencher| bencher.iter(|| seal(&key, &plaintext)));
        group
            .bench_function(BenchmarkId::new("HMAC alone", length), |bencher| bencher.iter(|| primitives.mac(&sealed)));
        group.bench_function(BenchmarkId::new("CBC decryption alone", length), |bencher| {
            bencher.iter(|| primitives.decrypt(&mut scratch));
        });
        group.bench_function(BenchmarkId::new("CBC encryption alone", length), |bencher| {
            bencher.iter(|| primitives.encrypt(&mut scratch));
        });
        group.finish();
    }
}

fn streams(criterion: &mut Criterion) {
    const LENGTH: usize = 16 << 20;
    let key = inputs::sym_key().expect("vectors");
    let plaintext = inputs::plaintext(LENGTH);
    let sealed = hazmat::seal_with_iv(&key, &IV, &plaintext).expect("a long key");
    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Bytes(LENGTH as u64));
    group.bench_function("Sealer", |bencher| {
        bencher.iter(|| {
            let mut sealer = Sealer::new(&key, io::sink())?;
            sealer.write_all(&plaintext)?;
            sealer.finish().map(drop)
        });
    });
    group.bench_function("Opener", |bencher| {
        bencher.iter(|| {
            let mut opener = Opener::new(&key, Cursor::new(&sealed)).map_err(io::Error::other)?;
            io::copy(&mut opener, &mut io::sink())
        });
    });
    group.finish();
}

fn rsa(criterion: &mut Criterion) {
    const MESSAGE: &[u8] = b"a challenge of the service";
    let mut group = criterion.benchmark_group("rsa");
    for bits in [2048, 4096] {
        let Wrapped { private, token, .. } = inputs::wrapped(bits).expect("vectors");
        let signature = private.sign(MESSAGE).expect("the engine works");
        group.bench_function(BenchmarkId::new("unwrap", bits), |bencher| {
            bencher.iter(|| sealwright_wrap::unwrap(&private, &token));
        });
        group.bench_function(BenchmarkId::new("sign", bits), |bencher| bencher.iter(|| private.sign(MESSAGE)));
        group.bench_function(BenchmarkId::new("verify", bits), |bencher| {
            bencher.iter(|| private.public().verify(MESSAGE, &signature));
        });
    }
    group.finish();
}

criterion_group!(benches, envelopes, streams, rsa);
criterion_main!(benches);
