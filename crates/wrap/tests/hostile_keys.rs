//! Keys made to hurt: each is refused with a code, quickly and without a panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use proptest::prelude::*;
use rsa::BoxedUint;
use rsa::pkcs1::{self, RsaPublicKeyRef, UintRef};
use rsa::pkcs8::der::Encode as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{RsaPrivateKey, pkcs8::DecodePrivateKey as _};
use sealwright_types::Coded as _;
use sealwright_wrap::{KeyError, KeyWarning, PrivateKey, PublicKey, hazmat, oaep};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| hazmat::generate_1024().unwrap().to_pkcs8().into_exposed());

/// The numbers of an RSAPrivateKey, to be bent.
#[derive(Clone)]
struct Numbers {
    n: Vec<u8>,
    e: Vec<u8>,
    d: Vec<u8>,
    p: Vec<u8>,
    q: Vec<u8>,
}

type Bend = fn(&mut Numbers);

impl Numbers {
    fn good() -> Self {
        let key = RsaPrivateKey::from_pkcs8_der(&SMALL).unwrap();
        let bytes = |number: &BoxedUint| number.to_be_bytes().to_vec();
        Self {
            n: bytes(key.n()),
            e: bytes(key.e()),
            d: bytes(key.d()),
            p: bytes(&key.primes()[0]),
            q: bytes(&key.primes()[1]),
        }
    }

    fn der(&self) -> Vec<u8> {
        let number = |bytes| UintRef::new(bytes).unwrap();
        pkcs1::RsaPrivateKey {
            modulus: number(&self.n),
            public_exponent: number(&self.e),
            private_exponent: number(&self.d),
            prime1: number(&self.p),
            prime2: number(&self.q),
            exponent1: number(&[1]),
            exponent2: number(&[1]),
            coefficient: number(&[1]),
            other_prime_infos: None,
        }
        .to_der()
        .unwrap()
    }
}

fn code(der: &[u8]) -> &'static str {
    let start = Instant::now();
    let code = PrivateKey::from_der(der).unwrap_err().code();
    assert!(start.elapsed() < Duration::from_secs(5));
    code
}

fn public_der(n: &[u8], e: &[u8]) -> Vec<u8> {
    RsaPublicKeyRef { modulus: UintRef::new(n).unwrap(), public_exponent: UintRef::new(e).unwrap() }.to_der().unwrap()
}

#[test]
fn the_numbers_unbent_are_a_key() {
    let imported = PrivateKey::from_der(&Numbers::good().der()).unwrap();
    assert_eq!(imported.warnings, [KeyWarning::CrtRecomputed], "KEY-13");
    assert_eq!(imported.key.to_pkcs8().expose(), *SMALL);
}

#[test]
fn parts_that_do_not_fit_are_inconsistent() {
    let good = Numbers::good();
    let bent: &[(&str, Bend)] = &[
        ("p = 0", |key| key.p = vec![0]),
        ("p = 1", |key| key.p = vec![1]),
        ("p = 1, q = n", |key| (key.p, key.q) = (vec![1], key.n.clone())),
        ("q = 1, p = n", |key| (key.q, key.p) = (vec![1], key.n.clone())),
        ("p even", |key| *key.p.last_mut().unwrap() ^= 1),
        ("q even", |key| *key.q.last_mut().unwrap() ^= 1),
        ("p = q", |key| key.q = key.p.clone()),
        ("n other", |key| key.n[5] ^= 1),
        ("n even", |key| *key.n.last_mut().unwrap() ^= 1),
        ("d = 0", |key| key.d = vec![0]),
        ("d = 1", |key| key.d = vec![1]),
        ("d other", |key| key.d[5] ^= 1),
        ("d ≥ n", |key| key.d = vec![0xff; key.n.len()]),
        ("d huge", |key| key.d = vec![0xff; 4000]),
        ("p huge", |key| key.p = vec![0xff; 4000]),
        ("e other", |key| key.e = vec![3]),
    ];
    for (name, bend) in bent {
        let mut key = good.clone();
        bend(&mut key);
        assert_eq!(code(&key.der()), "key-inconsistent", "KEY-12 {name}");
    }
}

#[test]
fn a_square_modulus_is_inconsistent_even_if_everything_else_fits() {
    // n = p², with d·e ≡ 1 modulo p - 1.
    let key = RsaPrivateKey::from_pkcs8_der(&SMALL).unwrap();
    let p = key.primes()[0].to_be_bytes().to_vec();
    let prime = BoxedUint::from_be_slice(&p, 1024).unwrap();
    let square = (&prime * &prime).to_be_bytes().to_vec();
    let d = key.dp().unwrap().to_be_bytes().to_vec();
    let numbers = Numbers { n: square, d, q: p.clone(), p, ..Numbers::good() };
    assert!(numbers.n[0] >= 0x80, "a prime of such a key has its two highest bits set");
    assert_eq!(code(&numbers.der()), "key-inconsistent", "KEY-12");
}

#[test]
fn sizes_are_checked_before_anything_is_computed() {
    let good = Numbers::good();
    for (bytes, expected) in
        [(1, "key-size"), (127, "key-size"), (1025, "key-size"), (8000, "key-size"), (70_000, "key-malformed")]
    {
        let key = Numbers { n: vec![0xff; bytes], ..good.clone() };
        assert_eq!(code(&key.der()), expected, "KEY-10 {bytes}");
        let public = PublicKey::from_der(&public_der(&vec![0xff; bytes], &[3]));
        assert_eq!(public.unwrap_err().code(), expected, "KEY-10 {bytes}");
    }
    let mut modulus = vec![0xff; 128];
    modulus[0] = 0x7f;
    assert_eq!(PublicKey::from_der(&public_der(&modulus, &[3])).unwrap_err(), KeyError::Size { bits: 1023 });
    modulus[0] = 0x80;
    assert_eq!(PublicKey::from_der(&public_der(&modulus, &[3])).unwrap().bits(), 1024);
    assert_eq!(PublicKey::from_der(&public_der(&[0xff; 1024], &[3])).unwrap().bits(), 8192);
}

#[test]
fn public_exponents_have_bounds() {
    let n = Numbers::good().n;
    let accepted: [&[u8]; 4] = [&[3], &[5], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]];
    for e in accepted {
        PublicKey::from_der(&public_der(&n, e)).expect("KEY-11");
    }
    let refused: [&[u8]; 7] = [&[0], &[1], &[2], &[4], &[2, 0, 0, 0, 1], &[0xff; 8], &[0xff; 9]];
    for e in refused {
        let error = PublicKey::from_der(&public_der(&n, e)).unwrap_err();
        assert_eq!(error, KeyError::Malformed { rule: sealwright_types::RuleId::new("KEY-11") }, "{e:?}");
    }
}

#[test]
fn an_even_modulus_is_no_public_key() {
    let mut n = Numbers::good().n;
    *n.last_mut().unwrap() ^= 1;
    assert_eq!(PublicKey::from_der(&public_der(&n, &[3])).unwrap_err().code(), "key-malformed");
    let mut n = vec![0xff; 256];
    *n.last_mut().unwrap() = 0xfe;
    assert_eq!(PublicKey::from_der(&public_der(&n, &[3])).unwrap_err().code(), "key-malformed");
}

#[test]
fn keys_of_three_primes_are_refused() {
    // OtherPrimeInfos with one prime, and version 1, behind the numbers of a good key.
    let mut body = Numbers::good().der();
    let numbers = body.split_off(4);
    let mut multi = vec![2, 1, 1];
    multi.extend_from_slice(&numbers[3..]);
    multi.extend_from_slice(&[0x30, 11, 0x30, 9, 2, 1, 3, 2, 1, 1, 2, 1, 1]);
    let mut der = vec![0x30, 0x82];
    der.extend_from_slice(&u16::try_from(multi.len()).unwrap().to_be_bytes());
    der.extend_from_slice(&multi);
    assert_eq!(code(&der), "key-malformed");
}

#[test]
fn every_truncation_and_every_extension_is_malformed() {
    let public = PrivateKey::from_der(&SMALL).unwrap().key.public().to_spki();
    for length in 0..SMALL.len() {
        assert_eq!(code(&SMALL[..length]), "key-malformed");
    }
    for length in 0..public.len() {
        assert_eq!(PublicKey::from_der(&public[..length]).unwrap_err().code(), "key-malformed");
    }
    for extra in [0, 0x30, 0xff] {
        assert_eq!(code(&[SMALL.as_slice(), &[extra]].concat()), "key-malformed", "KEY-06");
        let pkcs1 = Numbers::good().der();
        assert_eq!(code(&[pkcs1.as_slice(), &[extra]].concat()), "key-malformed", "KEY-06");
        assert!(PublicKey::from_der(&[public.as_slice(), &[extra]].concat()).is_err(), "KEY-07");
    }
}

#[test]
fn sizes_between_the_usual_ones_work_in_both_engines() {
    for bits in [1025, 1030, 1031, 1537, 2047, 2049, 2056] {
        let key = hazmat::generate(bits).unwrap();
        assert_eq!(key.bits(), bits);
        assert_eq!(key.public().unusual_size(), Some(KeyWarning::UnusualSize { bits }), "KEY-09");
        let longest = vec![9; oaep::longest(key.public())];
        let token = oaep::wrap_bytes(&longest, key.public()).unwrap();
        assert_eq!(token.len(), key.modulus_length());
        assert_eq!(oaep::unwrap_bytes(&key, &token).unwrap().expose(), longest, "{bits}");
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature.len(), key.modulus_length());
        key.public().verify(b"message", &signature).unwrap_or_else(|_| panic!("PSS-01 {bits}"));
        assert!(key.public().verify(b"massage", &signature).is_err());
    }
}

/// A DER element.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    if content.len() < 128 {
        [&[tag, length[1]], content.as_slice()].concat()
    } else if content.len() < 256 {
        [&[tag, 0x81, length[1]], content.as_slice()].concat()
    } else {
        [&[tag, 0x82, length[0], length[1]], content.as_slice()].concat()
    }
}

#[test]
fn the_wrapping_of_a_private_key_has_one_form() {
    const VERSION: &[u8] = &[2, 1, 0];
    const RSA: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    const RSA_WITHOUT_NULL: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    const RSASSA_PSS: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
    let key = element(4, &[&Numbers::good().der()]);
    let accepted: [(&str, &[&[u8]]); 3] = [
        ("plain", &[VERSION, RSA, &key]),
        ("empty attributes", &[VERSION, RSA, &key, &[0xa0, 0]]),
        ("an attribute", &[VERSION, RSA, &key, &[0xa0, 9, 0x30, 7, 6, 3, 0x55, 0x1d, 0x0f, 0x31, 0]]),
    ];
    for (name, parts) in accepted {
        let imported = PrivateKey::from_der(&element(0x30, parts)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(imported.key.to_pkcs8().expose(), *SMALL, "KEY-04, KEY-21 {name}");
    }
    let refused: [(&str, &[&[u8]]); 7] = [
        ("version 1", &[&[2, 1, 1], RSA, &key]),
        ("version 1 with a public key", &[&[2, 1, 1], RSA, &key, &[0xa1, 3, 3, 1, 0]]),
        ("without NULL", &[VERSION, RSA_WITHOUT_NULL, &key]),
        ("rsassaPss", &[VERSION, RSASSA_PSS, &key]),
        ("a field after the attributes", &[VERSION, RSA, &key, &[0xa0, 0], &[0xa5, 0]]),
        ("a byte after the key inside", &[VERSION, RSA, &element(4, &[&Numbers::good().der(), &[0]])]),
        ("no key", &[VERSION, RSA, &[4, 0]]),
    ];
    for (name, parts) in refused {
        assert_eq!(code(&element(0x30, parts)), "key-malformed", "KEY-05, KEY-06 {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_changed_byte_never_panics_and_never_passes_for_the_same_key(at in 0..600_usize, change in 1..=255_u8) {
        let mut der = SMALL.clone();
        let at = at % der.len();
        der[at] ^= change;
        if let Ok(imported) = PrivateKey::from_der(&der) {
            // Only the CRT values, which are not used, may change.
            let again = imported.key.to_pkcs8();
            prop_assert_eq!(again.expose(), SMALL.as_slice());
            prop_assert_eq!(imported.warnings, [KeyWarning::CrtRecomputed]);
        }
    }

    #[test]
    fn any_bytes_are_handled(der in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(PrivateKey::from_der(&der).is_err());
        prop_assert!(PublicKey::from_der(&der).is_err());
    }
}
