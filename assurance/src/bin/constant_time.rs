//! Runs operations on secrets under valgrind and counts the branches and addresses that depend on them. Run by `scripts/constant-time`.
//!
//! ```text
//! constant-time               every operation; fails when one of them depends on a secret in a way that declassified.supp does not explain
//! constant-time --planted     the same with leaks that were put in: each has to be seen
//! ```

use sealwright_assurance::memcheck::{complaints, conceal, is_watching, reveal, reveal_value};
use sealwright_assurance::vectors::{Failure, Vector, vectors};
use sealwright_envelope::{SymKey, open, open_in_place, seal};
use sealwright_identity::ssks::Blob;
use sealwright_kdf::value::RawKey64;
use sealwright_types::Secret;
use sealwright_wrap::hazmat::check_message;
use sealwright_wrap::{PrivateKey, oaep, symmetric};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use subtle::ConstantTimeEq as _;

/// An operation with its secrets concealed. Gives the number of inputs, and fails when a result is not what the vector says.
type Operation = fn() -> Result<usize, Failure>;

const OPERATIONS: &[(&str, Operation)] = &[
    ("envelope: open (key)", || opened("envelope/open.json", |key, sealed| open(key, sealed).ok())),
    ("envelope: open in place (key)", || {
        opened("envelope/open.json", |key, sealed| {
            let mut buffer = sealed.to_vec();
            let mut plaintext = open_in_place(key, &mut buffer).ok();
            reveal_value(&mut plaintext);
            plaintext.map(|plaintext| plaintext.to_vec())
        })
    }),
    ("envelope: open, peers (key)", || opened("envelope/open-peers.json", |key, sealed| open(key, sealed).ok())),
    ("envelope: seal (key, text)", sealed),
    ("unwrap: checksum, length, copy (message)", checked_messages),
    ("unwrap: OAEP, checksum, length, copy", || unwrapped("keys/oaep-unwrap.json")),
    ("unwrap: the same, peers", || unwrapped("keys/oaep-unwrap-peers.json")),
    ("unwrap under a symmetric key (key)", unwrapped_symmetrically),
    ("SSKS: open (raw key)", opened_blob),
    ("comparing secrets and keys", compared),
];

const PLANTED: &[(&str, Operation)] = &[
    ("planted: comparison with an early exit", || planted(|one, other| one.iter().zip(other).all(|(a, b)| a == b))),
    ("planted: table at a secret place", || {
        planted(|one, _| one.iter().fold(0_u8, |sum, &byte| black_box(&TABLE)[usize::from(sum ^ byte)]) == 7)
    }),
    ("planted: checksum compared only after the padding", || planted(|one, other| crc_first(one, other))),
];

static TABLE: [u8; 256] = [3; 256];

fn main() -> Result<ExitCode, Failure> {
    if !is_watching() {
        return Err("run me by scripts/constant-time: without valgrind nobody looks".into());
    }
    let planted = std::env::args().any(|argument| argument == "--planted");
    let mut as_it_should_be = true;
    for (name, operation) in if planted { PLANTED } else { OPERATIONS } {
        let before = complaints();
        let inputs = operation().map_err(|error| format!("{name}: {error}"))?;
        let seen = complaints() - before;
        println!("{name:<40} {inputs:>5} inputs {seen:>5} unexplained");
        as_it_should_be &= inputs > 0 && planted == (seen > 0);
    }
    Ok(if as_it_should_be { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The key is the secret, and with it the MAC that is expected, the plaintext and its padding.
fn opened(file: &str, open: fn(&SymKey, &[u8]) -> Option<Vec<u8>>) -> Result<usize, Failure> {
    let vectors = vectors(file)?;
    for vector in &vectors {
        // The length of a key is public.
        let key = concealed_key(&vector.bytes("/in/key")?).ok();
        let sealed = vector.bytes("/in/sealed")?;
        expect(vector, key.and_then(|key| open(&key, &sealed)), "/output/plaintext")?;
    }
    Ok(vectors.len())
}

/// Key and plaintext are secret; what comes out is public.
fn sealed() -> Result<usize, Failure> {
    let texts: Vec<Vec<u8>> = [0, 1, 15, 16, 17, 1000, 40_000].map(|length| vec![7; length]).into();
    for text in &texts {
        let key = concealed_key(&[9; SymKey::LENGTH])?;
        conceal(text);
        let mut envelope = seal(&key, text)?;
        reveal(&mut envelope);
        let key = SymKey::from_bytes(&[9; SymKey::LENGTH])?;
        let mut result = open(&key, &envelope)?;
        reveal(&mut result);
        if result != vec![7; text.len()] {
            return Err("what was sealed is not what was given".into());
        }
    }
    Ok(texts.len())
}

/// What is secret is made of the token, which is public: it is concealed so that all that is made of it is.
fn unwrapped(file: &str) -> Result<usize, Failure> {
    let vectors = vectors(file)?;
    let mut keys = BTreeMap::new();
    for vector in &vectors {
        let der = vector.bytes("/in/key")?;
        if !keys.contains_key(&der) {
            keys.insert(der.clone(), PrivateKey::from_der(&der)?.key);
        }
        let token = vector.bytes("/in/wrapped")?;
        conceal(&token);
        let mut result = oaep::unwrap_bytes(&keys[&der], &token);
        reveal_value(&mut result);
        expect(vector, result.ok().map(|message| message.expose().to_vec()), "/output/message")?;
    }
    Ok(vectors.len())
}

/// What comes after OAEP, for good messages and for such with one wrong bit in the checksum or the key; the length is public here.
fn checked_messages() -> Result<usize, Failure> {
    let mut inputs = 0;
    for vector in vectors("keys/oaep-unwrap.json")?.iter().filter(|vector| vector.valid) {
        let message = vector.bytes("/output/message")?;
        let with_checksum = [crc32fast::hash(&message).to_le_bytes().as_slice(), &message].concat();
        for bit in [None, Some(0), Some(31), Some(8 * with_checksum.len() - 1)] {
            let mut decrypted = with_checksum.clone();
            if let Some(bit) = bit {
                decrypted[bit / 8] ^= 1 << (bit % 8);
            }
            conceal(&decrypted);
            let mut result = check_message(&decrypted);
            reveal_value(&mut result);
            if result.is_ok() != bit.is_none() {
                return Err(format!("{}: another verdict", vector.id).into());
            }
            inputs += 1;
        }
    }
    Ok(inputs)
}

fn unwrapped_symmetrically() -> Result<usize, Failure> {
    let mut inputs = 0;
    for vector in vectors("keys/symmetric-unwrap.json")?.iter().filter(|vector| vector.valid) {
        let key = concealed_key(&vector.bytes("/in/key")?)?;
        let mut result = symmetric::unwrap(&vector.bytes("/in/data")?, &key);
        reveal_value(&mut result);
        expect(vector, result.ok().map(|key| key.expose().to_vec()), "/output/sessionKey")?;
        inputs += 1;
    }
    Ok(inputs)
}

/// Raw keys only: scrypt reads memory at places that depend on the password, as RFC 7914 has it.
fn opened_blob() -> Result<usize, Failure> {
    let mut inputs = 0;
    for vector in &vectors("identity/stored-blob.json")? {
        let (Ok(key), Ok(blob)) = (vector.bytes("/in/key/raw"), Blob::from_base64(vector.text("/in/blob")?)) else {
            continue;
        };
        conceal(&key);
        let key = RawKey64::from_bytes(&key)?;
        let mut result = blob.open_raw(&key);
        reveal_value(&mut result);
        expect(vector, result.ok().map(|opened| opened.document().expose().to_vec()), "/output/document")?;
        inputs += 1;
    }
    Ok(inputs)
}

fn compared() -> Result<usize, Failure> {
    let others = [[7; 64], [8; 64], [[7; 63].as_slice(), &[8]].concat().try_into().map_err(|_| "64 bytes")?];
    for (other, same) in others.iter().zip([true, false, false]) {
        let one = Secret::<64>::from_slice(&[7; 64]).ok_or("64 bytes")?;
        conceal(one.expose());
        let of_secrets = one.ct_eq(&Secret::from_slice(other).ok_or("64 bytes")?);
        let of_keys = concealed_key(&[7; 64])?.ct_eq(&SymKey::from_bytes(other)?);
        for verdict in [of_secrets, of_keys] {
            let mut verdict = verdict.unwrap_u8();
            reveal_value(&mut verdict);
            if (verdict == 1) != same {
                return Err("compared wrongly".into());
            }
        }
    }
    Ok(2 * others.len())
}

fn concealed_key(bytes: &[u8]) -> Result<SymKey, Failure> {
    let bytes = bytes.to_vec();
    conceal(&bytes);
    Ok(SymKey::from_bytes(&bytes)?)
}

/// Compares with the vector, after the verdict and the plaintext are known to everybody.
fn expect(vector: &Vector, mut result: Option<Vec<u8>>, output: &str) -> Result<(), Failure> {
    reveal_value(&mut result);
    if let Some(bytes) = &mut result {
        reveal(bytes);
    }
    let as_expected = match result {
        None => !vector.valid,
        // Of long results the vector has the length and a hash.
        Some(bytes) => match (vector.bytes(output), vector.number(&format!("{output}/len"))) {
            (Ok(expected), _) => bytes == expected,
            (Err(_), Some(length)) => bytes.len() as u64 == length,
            _ => false,
        },
    };
    if as_expected { Ok(()) } else { Err(format!("{}: another result", vector.id).into()) }
}

fn planted(leak: fn(&[u8], &[u8]) -> bool) -> Result<usize, Failure> {
    let secret = vec![7; 64];
    conceal(&secret);
    let mut verdict = black_box(leak(black_box(&secret), black_box(&[7; 64])));
    reveal_value(&mut verdict);
    Ok(1)
}

/// What the one decision of an unwrap is there to prevent: a mark of the padding is looked at alone, and the rest only if it is right.
fn crc_first(message: &[u8], expected: &[u8]) -> bool {
    message.first() == Some(&7) && message[1..5] == expected[1..5]
}
