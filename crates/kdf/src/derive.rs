//! The one derivation behind every use: scrypt at a fixed cost, over texts in NFKC.

use crate::SecretText;
use scrypt::Params;
use sealwright_envelope::SymKey;
use sealwright_types::{Coded, Secret, SecretVec, b64};
use unicode_normalization::UnicodeNormalization as _;

/// log2 of N = 16384 (KDF-20).
const LOG_N: u8 = 14;
/// Block size r (KDF-20).
const BLOCK_SIZE: u32 = 8;
/// Parallelism p (KDF-20).
const PARALLELISM: u32 = 1;
/// Bytes of output (KDF-20).
const OUTPUT: usize = 64;

/// A derivation failed although nothing that a caller passes can make it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The scrypt library refused the constant parameters, or its output has another length. Ours: please report it.
    #[error("bug in the key derivation, please report it")]
    Bug,
}

impl Coded for DeriveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Bug => "bug",
        }
    }
}

/// 64 bytes derived from `password` and `salt` (KDF-20).
pub(crate) fn derive(password: &[u8], salt: &[u8]) -> Result<Secret<OUTPUT>, DeriveError> {
    let cost = Params::new(LOG_N, BLOCK_SIZE, PARALLELISM, OUTPUT).map_err(|_| DeriveError::Bug)?;
    let mut output = Secret::zeroed();
    scrypt::scrypt(password, salt, &cost, output.expose_mut()).map_err(|_| DeriveError::Bug)?;
    Ok(output)
}

/// The 64 bytes as a key: MAC key, then AES key (KDF-23).
pub(crate) fn derive_key(password: &[u8], salt: &[u8]) -> Result<SymKey, DeriveError> {
    sym_key(&derive(password, salt)?)
}

/// The 64 bytes in lower-case hexadecimal, 128 characters.
pub(crate) fn derive_hex(password: &[u8], salt: &[u8]) -> Result<SecretText, DeriveError> {
    let mut digits = SecretVec::zeroed(2 * OUTPUT);
    hex::encode_to_slice(derive(password, salt)?.expose(), digits.expose_mut()).map_err(|_| DeriveError::Bug)?;
    String::from_utf8(digits.into_exposed()).map(SecretText::from).map_err(|_| DeriveError::Bug)
}

/// The 64 bytes in standard padded base64, 88 characters.
pub(crate) fn derive_base64(password: &[u8], salt: &[u8]) -> Result<SecretText, DeriveError> {
    Ok(SecretText::from(b64::encode(derive(password, salt)?.expose())))
}

/// Bytes as a key: MAC key, then AES key (KDF-23).
pub(crate) fn sym_key(bytes: &Secret<OUTPUT>) -> Result<SymKey, DeriveError> {
    SymKey::from_bytes(bytes.expose()).map_err(|_| DeriveError::Bug)
}

/// E(x) of the specification: UTF-8 of the NFKC form of all `pieces` together (KDF-21, KDF-22).
///
/// Measured first and then written, so that the buffer never moves and leaves no copy behind.
pub(crate) fn nfkc(pieces: &[&str]) -> SecretVec {
    let characters = || pieces.iter().flat_map(|piece| piece.chars()).nfkc();
    let mut text = SecretVec::zeroed(characters().map(char::len_utf8).sum());
    let mut free = text.expose_mut();
    for character in characters() {
        // The first pass has seen the same characters, so there is always room.
        let Some((place, rest)) = free.split_at_mut_checked(character.len_utf8()) else { break };
        character.encode_utf8(place);
        free = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_stable() {
        assert_eq!(DeriveError::Bug.code(), "bug");
    }

    /// The vector of RFC 7914 section 12 with our N, r and p: only the inputs and the output are free.
    #[test]
    fn rfc_7914_vector_of_this_cost() {
        let expected = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2\
                        d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887";
        let derived = derive_hex(b"pleaseletmein", b"SodiumChloride").unwrap();
        assert_eq!(derived.expose(), expected);
    }

    #[test]
    fn the_library_gives_the_other_rfc_7914_vectors() {
        let table = [
            (
                ("", "", 4, 1, 1),
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442\
                 fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
            ),
            (
                ("password", "NaCl", 10, 8, 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162\
                 2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
            ),
        ];
        for ((password, salt, log_n, r, p), expected) in table {
            let mut output = [0; OUTPUT];
            let cost = Params::new(log_n, r, p, OUTPUT).unwrap();
            scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &cost, &mut output).unwrap();
            assert_eq!(hex::encode(output), expected, "{password:?}");
        }
    }

    #[test]
    fn text_becomes_nfkc_as_a_whole_and_nothing_else() {
        assert_eq!(nfkc(&["pas\u{308}\u{fb01}"]).expose(), [0x70, 0x61, 0x73, 0xcc, 0x88, 0x66, 0x69]);
        assert_eq!(nfkc(&["a", "\u{30a}|", " B\n\0 "]).expose(), "\u{e5}| B\n\0 ".as_bytes());
        assert!(nfkc(&[]).is_empty());
    }
}
