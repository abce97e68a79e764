//! RSA keys: hostile DER costs little and never panics; a key that is accepted works and has one canonical form.

use crate::Input;
use crate::sealing::{key, next};
use rsa::pkcs1::{RsaPrivateKey, RsaPrivateKeyRef, UintRef};
use rsa::pkcs8::der::{Decode as _, Encode as _};
use sealwright_wrap::{KeyError, PrivateKey, PublicKey, oaep, unwrap, wrap};

/// The key that is bent: 1024 bits, where everything is fastest.
const GOOD: &[u8] = include_bytes!("good_1024.pkcs1.der");

/// Input: PKCS#8 or PKCS#1 DER.
pub(crate) fn rsa_private(input: &[u8]) -> Input {
    if let Ok(imported) = PrivateKey::from_der(input) {
        works(&imported.key);
        let canonical = imported.key.to_pkcs8();
        let again = PrivateKey::from_der(canonical.expose()).expect("what was written is read");
        assert_eq!(again.key.hash(), imported.key.hash(), "KEY-23");
        assert_eq!(again.key.to_pkcs8().expose(), canonical.expose(), "KEY-21: one canonical form");
        assert!(again.warnings.iter().all(|warning| Some(*warning) == imported.key.public().unusual_size()), "KEY-13");
        assert!(PublicKey::from_der(input).is_err(), "KEY-07: a private key was taken for a public one");
    }
    Input::Useful
}

/// Input: SPKI or PKCS#1 DER.
pub(crate) fn rsa_public(input: &[u8]) -> Input {
    if let Ok(key) = PublicKey::from_der(input) {
        assert!((1024..=8192).contains(&key.bits()), "KEY-10");
        let again = PublicKey::from_der(&key.to_spki()).expect("what was written is read");
        assert_eq!((again.to_spki(), again.hash()), (key.to_spki(), key.hash()), "KEY-21: one canonical form");
        assert!(key.verify(b"message", &vec![1; key.modulus_length()]).is_err(), "a signature that nobody made");
        assert!(key.verify(b"message", b"").is_err());
        // A modulus that is no product of two primes may be too odd for an engine, which then says so.
        if let Ok(token) = oaep::wrap_bytes(b"message", &key) {
            assert_eq!(token.len(), key.modulus_length());
        }
        assert!(PrivateKey::from_der(input).is_err(), "KEY-07: a public key was taken for a private one");
    }
    Input::Useful
}

/// Input: changes to the numbers of a good key: which number, how, where.
pub(crate) fn rsa_numbers(mut input: &[u8]) -> Input {
    let good = RsaPrivateKeyRef::from_der(GOOD).expect("a good key");
    let public = good.public_key();
    let parts = [
        &public.modulus,
        &public.public_exponent,
        &good.private_exponent,
        &good.prime1,
        &good.prime2,
        &good.exponent1,
        &good.exponent2,
        &good.coefficient,
    ];
    let mut numbers = parts.map(|number| number.as_bytes().to_vec());
    // The CRT values do not count.
    let mut bent = false;
    while !input.is_empty() && input.len() < 64 {
        let which = usize::from(next(&mut input) % 8);
        let before = numbers[which].clone();
        bend(&mut numbers, which, &mut input);
        bent |= which < 5 && numbers[which] != before;
    }
    let Some(der) = der_of(&numbers) else { return Input::Useless };
    match PrivateKey::from_der(&der) {
        Ok(imported) => works(&imported.key),
        Err(error) => {
            assert!(bent, "KEY-13: wrong CRT values are no reason to refuse: {error}");
            assert!(
                !matches!(error, KeyError::Size { .. }) || numbers[0].len() != 128 || numbers[0][0] < 0x80,
                "KEY-10"
            );
        }
    }
    Input::Useful
}

/// PKCS#1 of modulus, exponents, primes, CRT exponents, coefficient.
fn der_of(numbers: &[Vec<u8>; 8]) -> Option<Vec<u8>> {
    let [n, e, d, p, q, dp, dq, qinv] = numbers;
    let number = |bytes| UintRef::new(bytes).ok();
    let key = RsaPrivateKey {
        modulus: number(n)?,
        public_exponent: number(e)?,
        private_exponent: number(d)?,
        prime1: number(p)?,
        prime2: number(q)?,
        exponent1: number(dp)?,
        exponent2: number(dq)?,
        coefficient: number(qinv)?,
        other_prime_infos: None,
    };
    key.to_der().ok()
}

fn bend(numbers: &mut [Vec<u8>; 8], which: usize, input: &mut &[u8]) {
    let (how, at, byte) = (next(input), usize::from(next(input)), next(input));
    let other = numbers[at % 8].clone();
    let number = &mut numbers[which];
    match how % 8 {
        0 => {
            let length = number.len();
            number[at % length] ^= byte;
        }
        1 => *number = vec![byte],
        2 => number.truncate(at % number.len() + 1),
        3 => number.extend(std::iter::repeat_n(byte, at * 4)),
        4 => *number = other,
        5 => *number = vec![0xff; at * 8 + 1],
        6 => *number.last_mut().expect("never empty") &= 0xfe,
        _ => {
            number.insert(0, byte | 1);
        }
    }
    if number.iter().all(|&byte| byte == 0) {
        *number = vec![0];
    }
}

/// Signing and verifying, wrapping and unwrapping fit each other.
fn works(private: &PrivateKey) {
    // Large keys are slow and nothing about them is different.
    if private.bits() > 2048 {
        return;
    }
    let signature = private.sign(b"message");
    let token = wrap(&key(), private.public());
    match (&signature, &token) {
        (Ok(signature), Ok(token)) => {
            private.public().verify(b"message", signature).expect("our own signature");
            assert!(private.public().verify(b"another", signature).is_err());
            assert_eq!(unwrap(private, token).expect("our own token").expose(), key().expose());
        }
        _ => assert!(signature.is_err() || token.is_err()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn the_good_key_is_good() {
        rsa_private(GOOD);
        rsa_numbers(b"");
        assert!(PrivateKey::from_der(GOOD).is_ok());
    }

    /// Numbers as large as the input allows, in every place, cost less than one signature of a large key.
    #[test]
    fn huge_numbers_are_cheap() {
        for (n, d, p, q) in [
            (1024, 20_000, 20_000, 20_000),
            (1024, 1, 31_000, 31_000),
            (1024, 62_000, 1, 1),
            (1024, 1024, 512, 512),
            (1024, 1024, 1024, 1),
            (128, 1, 62_000, 1),
        ] {
            let odd = |length| vec![0xff; length];
            let other = |length: usize| [odd(length - 1), vec![0xfd]].concat();
            let der = der_of(&[odd(n), vec![3], odd(d), odd(p), other(q), vec![1], vec![1], vec![1]]);
            let started = Instant::now();
            assert!(PrivateKey::from_der(&der.expect("numbers")).is_err());
            let taken = started.elapsed();
            assert!(taken < Duration::from_millis(100), "{n} {d} {p} {q}: {taken:?}");
            println!("{n} {d} {p} {q}: {taken:?}");
        }
    }

    #[test]
    fn every_single_bend_holds_and_is_quick() {
        let started = Instant::now();
        let mut tried = 0_u32;
        for which in 0..8 {
            for how in 0..8 {
                for (at, byte) in [(0, 0), (0, 1), (3, 0x80), (255, 0xff), (4, 2)] {
                    rsa_numbers(&[which, how, at, byte]);
                    tried += 1;
                }
            }
        }
        assert!(started.elapsed() / tried < Duration::from_millis(200), "{:?} each", started.elapsed() / tried);
    }
}
