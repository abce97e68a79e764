//! AWS-LC against the `rsa` crate in both directions, and properties of wrapping and signing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use proptest::prelude::*;
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::{PaddingScheme as _, SignatureScheme as _};
use rsa::{Oaep, Pss, RsaPrivateKey, RsaPublicKey};
use sealwright_envelope::SymKey;
use sealwright_types::random::{self, RandomError};
use sealwright_types::{Coded as _, Secret};
use sealwright_wrap::{BadSignature, KeySize, PrivateKey, UnwrapError, hazmat, oaep, unwrap, wrap};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;
use subtle::ConstantTimeEq as _;

static MODERN: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(KeySize::Rsa2048).unwrap());
static LEGACY: LazyLock<PrivateKey> = LazyLock::new(|| hazmat::generate_1024().unwrap());

struct SystemRandom;

impl TryRng for SystemRandom {
    type Error = RandomError;

    fn try_next_u32(&mut self) -> Result<u32, RandomError> {
        let mut bytes = [0; 4];
        random::fill(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, RandomError> {
        let mut bytes = [0; 8];
        random::fill(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), RandomError> {
        random::fill(buffer)
    }
}

impl TryCryptoRng for SystemRandom {}

fn other_private() -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs8_der(MODERN.to_pkcs8().expose()).unwrap()
}

fn other_public() -> RsaPublicKey {
    RsaPublicKey::from_public_key_der(&MODERN.public().to_spki()).unwrap()
}

fn with_checksum(message: &[u8]) -> Vec<u8> {
    [&crc32fast::hash(message).to_le_bytes(), message].concat()
}

#[test]
fn a_generated_key_is_canonical_and_of_its_size() {
    let again = PrivateKey::from_der(MODERN.to_pkcs8().expose()).unwrap();
    assert_eq!(again.warnings, []);
    assert_eq!((again.key.bits(), again.key.modulus_length()), (2048, 256), "KEY-20");
    assert_eq!(again.key.to_pkcs8().expose(), MODERN.to_pkcs8().expose(), "KEY-21");
    assert_eq!(again.key.public(), MODERN.public());
    assert_ne!(PrivateKey::generate(KeySize::Rsa2048).unwrap().hash(), MODERN.hash());
    assert_eq!(PrivateKey::generate(KeySize::default()).unwrap().bits(), 4096, "KEY-20");
}

#[test]
fn keys_are_redacted_shared_between_threads_and_wiped_buffers() {
    fn shared<T: Send + Sync>() {}
    shared::<PrivateKey>();
    shared::<sealwright_wrap::PublicKey>();
    assert_eq!(format!("{:?} {:#?}", *MODERN, *LEGACY), "PrivateKey([redacted]) PrivateKey([redacted])");
    let imported = PrivateKey::from_der(LEGACY.to_pkcs8().expose()).unwrap();
    assert_eq!(format!("{imported:?}"), "Imported { key: PrivateKey([redacted]), warnings: [] }");
    assert_eq!(format!("{:?}", LEGACY.public()), format!("PublicKey(1024 bits, {})", LEGACY.hash()));
}

#[test]
fn session_keys_of_64_bytes_are_written() {
    for key in [&*MODERN, &*LEGACY] {
        let session_key = SymKey::generate().unwrap();
        let token = wrap(&session_key, key.public()).unwrap();
        assert_eq!(token.len(), key.modulus_length());
        assert!(bool::from(unwrap(key, &token).unwrap().ct_eq(&session_key)), "EMK-01");
        for length in [32, 48] {
            let short = SymKey::from_bytes(&vec![1; length]).unwrap();
            assert_eq!(wrap(&short, key.public()).unwrap_err().code(), "key-length", "EMK-01");
            let token = oaep::wrap_bytes(short.expose(), key.public()).unwrap();
            assert!(bool::from(unwrap(key, &token).unwrap().ct_eq(&short)), "EMK-01");
        }
        for length in [0, 1, 31, 33, 47, 49, 63, 65, 82] {
            let token = oaep::wrap_bytes(&vec![1; length], key.public()).unwrap();
            assert_eq!(unwrap(key, &token).unwrap_err(), UnwrapError::Rejected, "EMK-01 {length}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_token_is_rejected() {
    let token = wrap(&SymKey::generate().unwrap(), LEGACY.public()).unwrap();
    let modern = wrap(&SymKey::generate().unwrap(), MODERN.public()).unwrap();
    for (key, token) in [(&*LEGACY, token), (&*MODERN, modern)] {
        for bit in 0..token.len() * 8 {
            let mut damaged = token.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unwrap(key, &damaged).unwrap_err(), UnwrapError::Rejected, "OAEP-03 bit {bit}");
        }
    }
}

#[test]
fn a_checksum_with_any_wrong_bit_is_rejected() {
    for bit in 0..32 {
        let mut message = with_checksum(&[5; 64]);
        message[bit / 8] ^= 1 << (bit % 8);
        let token = hazmat::encrypt_with_seed(&message, MODERN.public(), &[7; 20]).unwrap();
        assert_eq!(unwrap(&MODERN, &token).unwrap_err(), UnwrapError::Rejected, "OAEP-02 bit {bit}");
    }
    for length in 0..4 {
        let token = hazmat::encrypt_with_seed(&vec![0; length], MODERN.public(), &[7; 20]).unwrap();
        assert_eq!(oaep::unwrap_bytes(&MODERN, &token).unwrap_err(), UnwrapError::Rejected, "OAEP-02 {length} bytes");
    }
}

#[test]
fn neither_a_seed_nor_a_salt_is_used_twice() {
    for key in [&*MODERN, &*LEGACY] {
        assert_ne!(oaep::wrap_bytes(b"m", key.public()).unwrap(), oaep::wrap_bytes(b"m", key.public()).unwrap());
        assert_ne!(key.sign(b"m").unwrap(), key.sign(b"m").unwrap());
    }
}

#[test]
fn signing_uses_the_longest_salt() {
    for key in [&*MODERN, &*LEGACY] {
        let public = RsaPublicKey::from_public_key_der(&key.public().to_spki()).unwrap();
        let signature = key.sign(b"message").unwrap();
        let longest = (key.bits() - 1).div_ceil(8) - 34;
        let verdict =
            |salt| Pss::<Sha256>::new_with_salt(salt).verify(&public, &Sha256::digest(b"message"), &signature);
        assert!(verdict(longest).is_ok(), "PSS-01");
        assert!(verdict(longest - 1).is_err());
        assert!(hazmat::sign_with_salt(key, b"message", &vec![1; longest + 1]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_one_engine_wraps_the_other_opens(message in proptest::collection::vec(any::<u8>(), 0..=210)) {
        let token = oaep::wrap_bytes(&message, MODERN.public()).unwrap();
        let opened = Oaep::<Sha1>::new().decrypt(Some(&mut SystemRandom), &other_private(), &token).unwrap();
        prop_assert_eq!(opened, with_checksum(&message));

        let token = Oaep::<Sha1>::new().encrypt(&mut SystemRandom, &other_public(), &with_checksum(&message)).unwrap();
        let opened = oaep::unwrap_bytes(&MODERN, &token).unwrap();
        prop_assert_eq!(opened.expose(), message.as_slice());
    }

    #[test]
    fn what_one_engine_signs_the_other_verifies(
        message in proptest::collection::vec(any::<u8>(), 0..300),
        salt in proptest::collection::vec(any::<u8>(), 0..=222),
    ) {
        let hashed = Sha256::digest(&message);
        let signature = MODERN.sign(&message).unwrap();
        prop_assert!(Pss::<Sha256>::new_with_salt(222).verify(&other_public(), &hashed, &signature).is_ok());

        let signature = hazmat::sign_with_salt(&MODERN, &message, &salt).unwrap();
        prop_assert!(MODERN.public().verify(&message, &signature).is_ok());
    }

    #[test]
    fn a_message_of_any_length_round_trips_or_is_too_long(length in 0..300_usize, legacy: bool) {
        let key = if legacy { &*LEGACY } else { &*MODERN };
        let limit = if legacy { 82 } else { 210 };
        let message = vec![0xa5; length];
        match oaep::wrap_bytes(&message, key.public()) {
            Ok(token) => {
                prop_assert!(length <= limit);
                let opened = oaep::unwrap_bytes(key, &token).unwrap();
                prop_assert_eq!(opened.expose(), message.as_slice());
            }
            Err(error) => {
                prop_assert!(length > limit);
                prop_assert_eq!(error.code(), "too-long");
            }
        }
    }

    #[test]
    fn a_changed_signature_or_message_is_refused(at in 0..256_usize, change in 1..=255_u8, legacy: bool) {
        let key = if legacy { &*LEGACY } else { &*MODERN };
        let message = *Secret::<32>::random().unwrap().expose();
        let mut signature = key.sign(&message).unwrap();
        let mut other = message;
        other[at % 32] ^= change;
        prop_assert_eq!(key.public().verify(&other, &signature), Err(BadSignature));
        let at = at % signature.len();
        signature[at] ^= change;
        prop_assert_eq!(key.public().verify(&message, &signature), Err(BadSignature));
        prop_assert_eq!(key.public().verify(&message, &signature[..at]), Err(BadSignature));
    }

    #[test]
    fn any_bytes_are_no_token(token in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(unwrap(&MODERN, &token).is_err());
        prop_assert!(unwrap(&LEGACY, &token).is_err());
        prop_assert!(MODERN.public().verify(b"", &token).is_err());
    }
}
