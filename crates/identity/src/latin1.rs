//! Bytes as text: each byte is the code point of the same number (IDN-01).

use sealwright_types::SecretVec;
use zeroize::Zeroizing;

/// The bytes of a text whose code points are all below 256; `None` for any other text.
pub(crate) fn decode(text: &str) -> Option<SecretVec> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        bytes.push(u8::try_from(u32::from(character)).ok()?);
    }
    Some(SecretVec::from(std::mem::take(&mut *bytes)))
}

/// The text of these bytes. Bytes from 0x80 on take two bytes of UTF-8.
pub(crate) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().saturating_mul(2)));
    text.extend(bytes.iter().copied().map(char::from));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_round_trip(bytes: Vec<u8>) {
            let text = encode(&bytes);
            let decoded = decode(&text).unwrap();
            prop_assert_eq!(decoded.expose(), &bytes[..]);
        }

        #[test]
        fn only_code_points_below_256_are_bytes(text: String) {
            prop_assert_eq!(decode(&text).is_some(), text.chars().all(|character| u32::from(character) < 256));
        }
    }
}
