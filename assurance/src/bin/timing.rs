//! Whether the time of an unwrap tells wrong padding from a wrong checksum: Welch's t-test over many runs of both, as in "dude, is my code
//! constant time?" (Reparaz, Balasch, Verbauwhede 2016). A |t| above 5 tells them apart. Run by `scripts/constant-time --timing`.

use dudect_bencher::rand::RngExt as _;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use sealwright_types::random;
use sealwright_wrap::hazmat::{encrypt_with_seed, generate_1024};
use sealwright_wrap::{KeySize, PrivateKey, oaep};
use std::hint::black_box;

/// Tokens of each kind: enough that no predictor learns them by heart.
const TOKENS: usize = 64;
const CRC: usize = 4;
const SESSION_KEY: usize = 64;

fn unwrap_2048(runner: &mut CtRunner, rng: &mut BenchRng) {
    let Ok(key) = PrivateKey::generate(KeySize::Rsa2048) else { return };
    unwraps(runner, rng, &key, 60_000);
}

fn unwrap_1024(runner: &mut CtRunner, rng: &mut BenchRng) {
    let Ok(key) = generate_1024() else { return };
    unwraps(runner, rng, &key, 60_000);
}

/// A comparison that stops at the first difference, which has to be seen: at the first byte or at the last.
fn planted_early_exit(runner: &mut CtRunner, rng: &mut BenchRng) {
    let secret = [7_u8; 1024];
    let (mut early, mut late) = (secret, secret);
    early[0] = 8;
    late[1023] = 8;
    for _ in 0..100_000 {
        let (class, other) = if rng.random::<bool>() { (Class::Left, &early) } else { (Class::Right, &late) };
        runner.run_one(class, || black_box(&secret).iter().zip(black_box(other)).all(|(a, b)| a == b));
    }
}

fn unwraps(runner: &mut CtRunner, rng: &mut BenchRng, key: &PrivateKey, runs: usize) {
    let wrong_padding: Vec<_> = (0..TOKENS).map(|_| wrong_padding(key)).collect();
    let wrong_checksum: Vec<_> = (0..TOKENS).map(|_| wrong_checksum(key)).collect();
    for _ in 0..runs {
        let place = rng.random_range(0..TOKENS);
        let (class, tokens) =
            if rng.random::<bool>() { (Class::Left, &wrong_padding) } else { (Class::Right, &wrong_checksum) };
        let token = &tokens[place];
        runner.run_one(class, || oaep::unwrap(key, token).is_err());
    }
}

/// A number below the modulus is the encryption of something, and that something is no OAEP encoding.
fn wrong_padding(key: &PrivateKey) -> Vec<u8> {
    let mut token = random_bytes(key.modulus_length());
    token[0] &= 0x3f;
    token
}

/// A good OAEP encoding of a session key after four bytes that are not its checksum.
fn wrong_checksum(key: &PrivateKey) -> Vec<u8> {
    let seed = random_bytes(20).try_into().unwrap_or_default();
    encrypt_with_seed(&random_bytes(CRC + SESSION_KEY), key.public(), &seed).unwrap_or_default()
}

fn random_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    assert!(random::fill(&mut bytes).is_ok(), "the system gives no random bytes");
    bytes
}

ctbench_main!(unwrap_2048, unwrap_1024, planted_early_exit);
