//! Reading keys: DER is parsed, measured and checked before anything computes with it (docs/spec/KEYS.md section 1).

use crate::error::KeyError;
use rsa::pkcs1::{self, EncodeRsaPrivateKey as _, RsaPrivateKeyRef, RsaPublicKeyRef, UintRef};
use rsa::pkcs8::der::asn1::{AnyRef, Null, OctetStringRef, SequenceRef};
use rsa::pkcs8::der::{self, Decode as _, ErrorKind, Reader as _, SliceReader, TagMode, TagNumber};
use rsa::pkcs8::spki::AlgorithmIdentifierRef;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, SubjectPublicKeyInfoRef};
use rsa::{RsaPrivateKey, RsaPublicKey};
use sealwright_types::SecretVec;
use subtle::{Choice, ConstantTimeEq as _};

/// Longer input is no key: one of 8192 bits takes less than 6 KiB.
const MAX_DER: usize = 64 * 1024;
/// Bits of a modulus (KEY-10).
const SIZES: std::ops::RangeInclusive<usize> = 1024..=8192;
/// Public exponents (KEY-11); they are odd as well.
const EXPONENTS: std::ops::Range<u64> = 3..1 << 33;

/// A checked private key.
pub(crate) struct PrivateParts {
    pub(crate) key: RsaPrivateKey,
    /// Canonical PKCS#8 with recomputed CRT values (KEY-13, KEY-21).
    pub(crate) pkcs8: SecretVec,
    /// Whether the CRT values that were given differ from the recomputed ones.
    pub(crate) crt_recomputed: bool,
}

/// A checked public key.
pub(crate) struct PublicParts {
    pub(crate) key: RsaPublicKey,
    /// Canonical SPKI (KEY-21).
    pub(crate) spki: Vec<u8>,
    pub(crate) bits: usize,
}

/// Reads PKCS#8 or bare PKCS#1 (KEY-01, KEY-02, KEY-04).
pub(crate) fn private(der: &[u8]) -> Result<PrivateParts, KeyError> {
    let given = bounded(der)
        .and_then(|der| either(pkcs8(der), RsaPrivateKeyRef::from_der(der)))
        .map_err(|fault| malformed(fault, "KEY-06"))?;
    if given.other_prime_infos.is_some() {
        return Err(KeyError::malformed("KEY-05"));
    }
    check_public_numbers(&given.public_key())?;
    if given.prime1 == given.prime2 {
        return Err(KeyError::Inconsistent);
    }
    // n = p·q, d < n, d·e ≡ 1 modulo p - 1 and q - 1 (KEY-12); the CRT values are computed from these.
    let key = RsaPrivateKey::try_from(given.clone()).map_err(|_| KeyError::Inconsistent)?;
    let canonical = key.to_pkcs1_der().map_err(|_| KeyError::Inconsistent)?;
    let pkcs8 = key.to_pkcs8_der().map_err(|_| KeyError::Inconsistent)?;
    let recomputed = canonical.decode_msg::<RsaPrivateKeyRef<'_>>().map_err(|_| KeyError::Inconsistent)?;
    Ok(PrivateParts {
        crt_recomputed: !bool::from(same_crt(&given, &recomputed)),
        pkcs8: SecretVec::copy_of(pkcs8.as_bytes()),
        key,
    })
}

/// Reads SPKI or bare PKCS#1 (KEY-01, KEY-03).
pub(crate) fn public(der: &[u8]) -> Result<PublicParts, KeyError> {
    let given = bounded(der)
        .and_then(|der| either(spki(der), RsaPublicKeyRef::from_der(der)))
        .map_err(|fault| malformed(fault, "KEY-07"))?;
    check_public_numbers(&given)?;
    // What is left to go wrong is an even modulus.
    public_parts(RsaPublicKey::try_from(given).map_err(|_| KeyError::malformed("KEY-05"))?)
}

/// The public half of a checked private key.
pub(crate) fn public_parts(key: RsaPublicKey) -> Result<PublicParts, KeyError> {
    use rsa::traits::PublicKeyParts as _;
    let spki = key.to_public_key_der().map_err(|_| KeyError::malformed("KEY-05"))?.into_vec();
    let bits = usize::try_from(key.n().bits_vartime()).map_err(|_| KeyError::malformed("KEY-05"))?;
    Ok(PublicParts { key, spki, bits })
}

fn bounded(der: &[u8]) -> der::Result<&[u8]> {
    if der.len() > MAX_DER { Err(ErrorKind::Overlength.into()) } else { Ok(der) }
}

/// The first reading if it worked, else the second. Of two faults a trailing byte says most.
fn either<T>(first: der::Result<T>, second: der::Result<T>) -> der::Result<T> {
    first.or_else(|fault| second.map_err(|other| if is_trailing(&fault) { fault } else { other }))
}

fn is_trailing(fault: &der::Error) -> bool {
    matches!(fault.kind(), ErrorKind::TrailingData { .. })
}

fn malformed(fault: der::Error, trailing: &'static str) -> KeyError {
    KeyError::malformed(if is_trailing(&fault) { trailing } else { "KEY-05" })
}

/// `SEQUENCE { version 0, algorithm, OCTET STRING { RSAPrivateKey }, [0] attributes OPTIONAL }`. Attributes say nothing about the
/// key and are skipped; anything after them is refused.
fn pkcs8(der: &[u8]) -> der::Result<RsaPrivateKeyRef<'_>> {
    let mut reader = SliceReader::new(der)?;
    let key = reader.sequence(|fields| {
        let version: u8 = fields.decode()?;
        let algorithm: AlgorithmIdentifierRef<'_> = fields.decode()?;
        let key: &OctetStringRef = fields.decode()?;
        fields.context_specific::<&SequenceRef>(TagNumber(0), TagMode::Implicit)?;
        let known = version == 0 && is_rsa(&algorithm);
        if known { Ok(key.as_bytes()) } else { Err(der::Error::from(ErrorKind::Failed)) }
    })?;
    reader.finish()?;
    RsaPrivateKeyRef::from_der(key)
}

/// `SEQUENCE { algorithm, BIT STRING { RSAPublicKey } }`.
fn spki(der: &[u8]) -> der::Result<RsaPublicKeyRef<'_>> {
    let info = SubjectPublicKeyInfoRef::from_der(der)?;
    match info.subject_public_key.as_bytes() {
        Some(key) if is_rsa(&info.algorithm) => RsaPublicKeyRef::from_der(key),
        _ => Err(ErrorKind::Failed.into()),
    }
}

/// `rsaEncryption` with NULL parameters, nothing else (KEY-05).
fn is_rsa(algorithm: &AlgorithmIdentifierRef<'_>) -> bool {
    algorithm.oid == pkcs1::ALGORITHM_OID && algorithm.parameters == Some(AnyRef::from(Null))
}

/// The sizes of modulus and exponent, before anything is computed with them (KEY-10, KEY-11).
fn check_public_numbers(key: &RsaPublicKeyRef<'_>) -> Result<(), KeyError> {
    let bits = bit_length(&key.modulus);
    if !SIZES.contains(&bits) {
        return Err(KeyError::Size { bits });
    }
    match small_number(&key.public_exponent) {
        Some(exponent) if EXPONENTS.contains(&exponent) && exponent & 1 == 1 => Ok(()),
        _ => Err(KeyError::malformed("KEY-11")),
    }
}

/// DER integers have no leading zero bytes.
fn bit_length(number: &UintRef<'_>) -> usize {
    let bytes = number.as_bytes();
    let unused = bytes.first().map_or(0, |byte| byte.leading_zeros());
    bytes.len().saturating_mul(8).saturating_sub(usize::try_from(unused).unwrap_or(0))
}

fn small_number(number: &UintRef<'_>) -> Option<u64> {
    let bytes = number.as_bytes();
    if bytes.len() > size_of::<u64>() {
        return None;
    }
    Some(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

fn same_crt(given: &RsaPrivateKeyRef<'_>, recomputed: &RsaPrivateKeyRef<'_>) -> Choice {
    given.exponent1.as_bytes().ct_eq(recomputed.exponent1.as_bytes())
        & given.exponent2.as_bytes().ct_eq(recomputed.exponent2.as_bytes())
        & given.coefficient.as_bytes().ct_eq(recomputed.coefficient.as_bytes())
}
