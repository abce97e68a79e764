//! Base64 in its three readings and S64, the spelling that fits into a file name.
//!
//! S64 is standard base64 with `%` for `/` and without `=`; `+` stays (docs/spec/ENVELOPE.md section 4).

use crate::{Coded, SecretVec};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use zeroize::Zeroizing;

/// The text is not base64 in the wanted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64")]
pub struct Base64Error;

impl Coded for Base64Error {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

/// Standard alphabet, padding or none, spare bits ignored: what is left of the tolerant forms after white space and padding are gone.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Standard alphabet, padded, no line breaks (B64-03).
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    general_purpose::STANDARD.encode(bytes)
}

/// S64 of `bytes` (B64-04).
pub fn encode_s64(bytes: impl AsRef<[u8]>) -> String {
    general_purpose::STANDARD_NO_PAD.encode(bytes).replace('/', "%")
}

/// Reads the one canonical form: standard alphabet, padded, spare bits zero, nothing else (B64-01).
///
/// For data that is hashed or compared as text.
///
/// # Errors
/// [`Base64Error`] for every other form.
pub fn decode_strict(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64Error> {
    general_purpose::STANDARD.decode(text).map_err(|_| Base64Error)
}

/// Reads what existing writers have produced (B64-02): padding missing or of another length, `-` and `_` for `+` and `/`,
/// spaces, tabs and line breaks anywhere, spare bits set.
///
/// # Errors
/// [`Base64Error`] for any other character, text after `=`, or a single character left over.
pub fn decode_tolerant(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64Error> {
    decode_tolerant_secret(text).map(SecretVec::into_exposed)
}

/// As [`decode_tolerant`], for secrets: no unwiped copy is left behind.
///
/// # Errors
/// As [`decode_tolerant`].
pub fn decode_tolerant_secret(text: impl AsRef<[u8]>) -> Result<SecretVec, Base64Error> {
    let text = text.as_ref();
    // Most input has the canonical form already.
    if let Ok(bytes) = decode_whole(text) {
        return Ok(bytes);
    }
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut padded = false;
    for &byte in text {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'=' => padded = true,
            _ if padded => return Err(Base64Error),
            b'-' => digits.push(b'+'),
            b'_' => digits.push(b'/'),
            _ => digits.push(byte),
        }
    }
    decode_whole(&digits)
}

/// Reads S64, and standard base64 with it (B64-04): `%` is `/`, every `=` is dropped, spare bits are ignored.
///
/// # Errors
/// [`Base64Error`] for empty text, a foreign character, or a single character left over.
pub fn decode_s64(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64Error> {
    decode_s64_secret(text).map(SecretVec::into_exposed)
}

/// As [`decode_s64`], for secrets: no unwiped copy is left behind.
///
/// # Errors
/// As [`decode_s64`].
pub fn decode_s64_secret(text: impl AsRef<[u8]>) -> Result<SecretVec, Base64Error> {
    let text = text.as_ref();
    if text.is_empty() {
        return Err(Base64Error);
    }
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().filter(|&&byte| byte != b'=').map(|&byte| if byte == b'%' { b'/' } else { byte }));
    decode_whole(&digits)
}

fn decode_whole(text: &[u8]) -> Result<SecretVec, Base64Error> {
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
    let length = LENIENT.decode_slice(text, &mut bytes).map_err(|_| Base64Error)?;
    bytes.truncate(length);
    Ok(SecretVec::from(std::mem::take(&mut *bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Text, strict reading, tolerant reading, S64 reading.
    type Row = (&'static str, Option<&'static [u8]>, Option<&'static [u8]>, Option<&'static [u8]>);

    /// One row of the table in docs/spec each.
    const TABLE: &[Row] = &[
        ("aGVsbG8/", Some(b"hello?"), Some(b"hello?"), Some(b"hello?")),
        ("aGVsbG8=", Some(b"hello"), Some(b"hello"), Some(b"hello")),
        ("aGVsbG8", None, Some(b"hello"), Some(b"hello")),
        ("aGVsbG8_", None, Some(b"hello?"), None),
        ("aGVsbG8%", None, None, Some(b"hello?")),
        ("aGVs\r\nbG8=", None, Some(b"hello"), None),
        ("aGVs \tbG8=", None, Some(b"hello"), None),
        ("aGVsbG8=\n", None, Some(b"hello"), None),
        ("aGVs!bG8=", None, None, None),
        ("aGVsbG9=", None, Some(b"hello"), Some(b"hello")),
        ("aGVsbG8=aGVs", None, None, Some(b"hello\x1a\x19\x5b")),
        ("AAAA=", None, Some(&[0; 3]), Some(&[0; 3])),
        ("AA=", None, Some(&[0]), Some(&[0])),
        ("AAA==", None, Some(&[0; 2]), Some(&[0; 2])),
        ("AAAAA", None, None, None),
        ("", Some(b""), Some(b""), None),
    ];

    #[test]
    fn the_table_of_readings() {
        for &(text, strict, tolerant, s64) in TABLE {
            assert_eq!(decode_strict(text).ok().as_deref(), strict, "strict {text:?}");
            assert_eq!(decode_tolerant(text).ok().as_deref(), tolerant, "tolerant {text:?}");
            assert_eq!(decode_s64(text).ok().as_deref(), s64, "S64 {text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_reader_reads_what_is_written(bytes: Vec<u8>) {
            prop_assert_eq!(&decode_strict(encode(&bytes)).unwrap(), &bytes);
            prop_assert_eq!(&decode_tolerant(encode(&bytes)).unwrap(), &bytes);
            if !bytes.is_empty() {
                prop_assert_eq!(&decode_s64(encode(&bytes)).unwrap(), &bytes);
                prop_assert_eq!(&decode_s64(encode_s64(&bytes)).unwrap(), &bytes);
            }
        }

        #[test]
        fn what_strict_accepts_is_canonical(text in "[A-Za-z0-9+/=]{0,24}") {
            if let Ok(bytes) = decode_strict(&text) {
                prop_assert_eq!(encode(bytes), text);
            }
        }
    }
}
