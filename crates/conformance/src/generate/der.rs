//! DER and BSON as raw bytes, good and bad: what a library would not write.

use super::GenerateError;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;
/// `rsaEncryption` with NULL parameters.
pub(super) const RSA: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// An element: tag, length, content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let short = length.iter().position(|&byte| byte != 0).and_then(|first| length.get(first..)).unwrap_or_default();
    let mut bytes = vec![tag];
    match content.len() {
        0..=0x7f => bytes.push(content.len() as u8),
        _ => {
            bytes.push(0x80 | short.len() as u8);
            bytes.extend(short);
        }
    }
    bytes.extend(content);
    bytes
}

/// A number that is not negative, big-endian.
pub(super) fn integer(number: &[u8]) -> Vec<u8> {
    let number = number.iter().position(|&byte| byte != 0).and_then(|first| number.get(first..)).unwrap_or(&[0]);
    let sign = number.first().is_some_and(|first| first & 0x80 != 0);
    element(INTEGER, &if sign { [&[0], number].concat() } else { number.to_vec() })
}

/// SPKI of a modulus and an exponent.
pub(super) fn spki(modulus: &[u8], exponent: u64) -> Vec<u8> {
    spki_of(&[integer(modulus), integer(&exponent.to_be_bytes())].concat())
}

/// SPKI around the two numbers of a key.
pub(super) fn spki_of(numbers: &[u8]) -> Vec<u8> {
    let key = element(SEQUENCE, numbers);
    element(SEQUENCE, &[&RSA[..], &element(0x03, &[&[0], &key[..]].concat())].concat())
}

/// PKCS#8 of the nine numbers of a private key.
pub(super) fn pkcs8(numbers: &[Vec<u8>]) -> Vec<u8> {
    let key = element(SEQUENCE, &numbers.iter().flat_map(|number| integer(number)).collect::<Vec<_>>());
    element(SEQUENCE, &[&integer(&[0])[..], &RSA, &element(OCTET_STRING, &key)].concat())
}

/// The nine numbers of a key in PKCS#1: version, n, e, d, p, q, dP, dQ, qInv.
pub(super) fn numbers(pkcs1: &[u8]) -> Result<Vec<Vec<u8>>, GenerateError> {
    let broken = || GenerateError::Peer("a key that is not PKCS#1".to_owned());
    let mut rest = content(pkcs1).ok_or_else(broken)?.0;
    let mut numbers = Vec::new();
    while !rest.is_empty() {
        let (number, after) = content(rest).ok_or_else(broken)?;
        numbers.push(number.to_vec());
        rest = after;
    }
    Ok(numbers)
}

/// The content of the first element, and what follows it.
fn content(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.get(1..)?.split_first()?;
    let more = if length & 0x80 == 0 { 0 } else { usize::from(length & 0x7f) };
    let long = rest.get(..more)?.iter().fold(0, |value, &byte| value << 8 | usize::from(byte));
    rest.get(more..)?.split_at_checked(if more == 0 { length.into() } else { long })
}

/// A BSON document that is being written, field by field.
#[derive(Debug, Clone, Default)]
pub(super) struct Bson(Vec<u8>);

impl Bson {
    pub(super) fn field(mut self, kind: u8, name: &str, content: &[u8]) -> Self {
        self.0.push(kind);
        self.0.extend(name.as_bytes());
        self.0.push(0);
        self.0.extend(content);
        self
    }

    pub(super) fn string(self, name: &str, text: &str) -> Self {
        let content = [&(text.len() as u32 + 1).to_le_bytes(), text.as_bytes(), &[0]].concat();
        self.field(0x02, name, &content)
    }

    pub(super) fn binary(self, name: &str, subtype: u8, bytes: &[u8]) -> Self {
        let content = [&(bytes.len() as u32).to_le_bytes(), &[subtype][..], bytes].concat();
        self.field(0x05, name, &content)
    }

    pub(super) fn int32(self, name: &str, number: i32) -> Self {
        self.field(0x10, name, &number.to_le_bytes())
    }

    pub(super) fn boolean(self, name: &str, flag: bool) -> Self {
        self.field(0x08, name, &[flag.into()])
    }

    pub(super) fn null(self, name: &str) -> Self {
        self.field(0x0a, name, &[])
    }

    pub(super) fn document(self, name: &str, inner: Self) -> Self {
        self.field(0x03, name, &inner.finish())
    }

    pub(super) fn array(self, name: &str, inner: Self) -> Self {
        self.field(0x04, name, &inner.finish())
    }

    pub(super) fn finish(self) -> Vec<u8> {
        [&(self.0.len() as u32 + 5).to_le_bytes(), &self.0[..], &[0]].concat()
    }
}
