//! Keys and secrets that an application passes itself (VAL-01, VAL-02, VAL-04, VAL-05).

use super::BadValue;
use crate::SecretText;
use crate::derive::{DeriveError, sym_key};
use crate::text::{LONGEST_TEXT, bounded};
use sealwright_envelope::SymKey;
use sealwright_types::random::RandomError;
use sealwright_types::{Secret, SecretVec, b64};
use subtle::{Choice, ConstantTimeEq};
use zeroize::ZeroizeOnDrop;

/// A raw key of 64 bytes: `rawEncryptionKey`, `rawTwoManRuleKey`, `rawOverEncryptionKey`, `databaseRawKey` (VAL-01).
#[derive(ZeroizeOnDrop)]
pub struct RawKey64(Secret<64>);

sealwright_types::redacted_debug!(RawKey64);

impl RawKey64 {
    /// A fresh random key.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's generator fails.
    pub fn random() -> Result<Self, RandomError> {
        Secret::random().map(Self)
    }

    /// The key with these bytes, MAC key first.
    ///
    /// # Errors
    /// [`BadValue`] unless there are 64.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadValue> {
        Secret::from_slice(bytes).map(Self).ok_or(BadValue::of("VAL-01"))
    }

    /// Reads tolerant base64 (B64-02) of 64 bytes, at most 1,024 characters with its white space.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn parse_tolerant(text: &str) -> Result<Self, BadValue> {
        Self::from_bytes(decode(text, "VAL-01")?.expose())
    }

    /// Takes what the original SDKs take: `^[A-Za-z0-9+/]{86}==$`.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn parse_strict(text: &str) -> Result<Self, BadValue> {
        BadValue::unless(is_base64_of_64_bytes(text), "VAL-01")?;
        Self::parse_tolerant(text)
    }

    /// Standard padded base64, 88 characters.
    pub fn to_text(&self) -> SecretText {
        SecretText::from(b64::encode(self.0.expose()))
    }

    /// The 64 bytes as a key: MAC key, then AES key (KDF-23).
    ///
    /// # Errors
    /// [`DeriveError`] for a bug only.
    pub fn to_sym_key(&self) -> Result<SymKey, DeriveError> {
        sym_key(&self.0)
    }

    pub(crate) fn secret(&self) -> &Secret<64> {
        &self.0
    }
}

impl ConstantTimeEq for RawKey64 {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// The secret under which an identity is stored in raw mode, `rawStorageKey` (VAL-02).
#[derive(ZeroizeOnDrop)]
pub struct RawStorageKey(SecretText);

sealwright_types::redacted_debug!(RawStorageKey);

impl RawStorageKey {
    /// Characters of a key that is written.
    pub const LONGEST_WRITTEN: usize = 256;

    /// Reads any text of 1 to 1,024 bytes: some writers did not check theirs.
    ///
    /// # Errors
    /// [`BadValue`] for no text or a longer one.
    pub fn parse_tolerant(text: &str) -> Result<Self, BadValue> {
        bounded(text, "VAL-02").map(SecretText::from).map(Self)
    }

    /// Takes `^[A-Za-z0-9+/=\-_@.]{1,256}$`.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn parse_strict(text: &str) -> Result<Self, BadValue> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_@.".contains(&byte);
        BadValue::unless(text.len() <= Self::LONGEST_WRITTEN && text.bytes().all(allowed), "VAL-02")?;
        Self::parse_tolerant(text)
    }

    /// The text that is sent.
    pub const fn text(&self) -> &SecretText {
        &self.0
    }
}

/// A `rawSecret` of a SymEncKey or a `selfAddSecret` of a group: 1 to 1,024 bytes of any text (VAL-04).
#[derive(ZeroizeOnDrop)]
pub struct RawSecret(SecretText);

sealwright_types::redacted_debug!(RawSecret);

impl RawSecret {
    /// The secret `text`. The caller wipes `text`.
    ///
    /// # Errors
    /// [`BadValue`] for no text or a longer one.
    pub fn new(text: &str) -> Result<Self, BadValue> {
        bounded(text, "VAL-04").map(SecretText::from).map(Self)
    }

    /// The text that is sent.
    pub const fn text(&self) -> &SecretText {
        &self.0
    }
}

/// A `rawSymKey` of a SymEncKey or a `groupSymKey`: a key of 64 bytes, or of 32 or 48 where one exists (VAL-05).
#[derive(Debug)]
pub struct RawSymKey(SymKey);

impl RawSymKey {
    /// Reads tolerant base64 (B64-02) of 32, 48 or 64 bytes, at most 1,024 characters with its white space.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn parse_tolerant(text: &str) -> Result<Self, BadValue> {
        let bytes = decode(text, "VAL-05")?;
        SymKey::from_bytes(bytes.expose()).map(Self).map_err(|_| BadValue::of("VAL-05"))
    }

    /// Takes 64 bytes in padded base64 only.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn parse_strict(text: &str) -> Result<Self, BadValue> {
        BadValue::unless(is_base64_of_64_bytes(text), "VAL-05")?;
        Self::parse_tolerant(text)
    }

    /// Standard padded base64, 88 characters.
    ///
    /// # Errors
    /// [`BadValue`] for a key of fewer than 64 bytes: such a one is read, not written.
    pub fn to_text(&self) -> Result<SecretText, BadValue> {
        BadValue::unless(self.0.expose().len() == SymKey::LENGTH, "VAL-05")?;
        Ok(SecretText::from(b64::encode(self.0.expose())))
    }

    /// The key.
    pub const fn key(&self) -> &SymKey {
        &self.0
    }

    /// The key, given away.
    pub fn into_key(self) -> SymKey {
        self.0
    }
}

impl From<SymKey> for RawSymKey {
    fn from(key: SymKey) -> Self {
        Self(key)
    }
}

fn decode(text: &str, rule: &'static str) -> Result<SecretVec, BadValue> {
    BadValue::unless(text.len() <= LONGEST_TEXT, rule)?;
    b64::decode_tolerant_secret(text).map_err(|_| BadValue::of(rule))
}

/// `^[A-Za-z0-9+/]{86}==$`
fn is_base64_of_64_bytes(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    text.len() == 88 && text.strip_suffix("==").is_some_and(|digits| digits.bytes().all(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_key_has_64_bytes_in_any_base64() {
        for length in 0..=100 {
            let text = b64::encode(vec![0xfb; length]);
            assert_eq!(RawKey64::parse_tolerant(&text).is_ok(), length == 64, "{length}");
            assert_eq!(RawKey64::parse_strict(&text).is_ok(), length == 64, "{length}");
            assert_eq!(RawSymKey::parse_tolerant(&text).is_ok(), [32, 48, 64].contains(&length), "{length}");
            assert_eq!(RawSymKey::parse_strict(&text).is_ok(), length == 64, "{length}");
        }
        let canonical = b64::encode([0xfb; 64]);
        for text in [canonical.trim_end_matches('='), &canonical.replace('+', "-"), &format!("{canonical}\n")] {
            assert_eq!(RawKey64::parse_tolerant(text).unwrap().to_text().expose(), canonical);
            assert!(RawKey64::parse_strict(text).is_err(), "{text:?}");
            assert!(RawSymKey::parse_strict(text).is_err(), "{text:?}");
        }
        let short = format!("{}==", b64::encode([0xfb; 48]));
        assert!(RawSymKey::parse_tolerant(&short).is_ok() && RawSymKey::parse_strict(&short).is_err());
        let padded = format!("{canonical}{}", " ".repeat(1000));
        assert!(RawKey64::parse_tolerant(&padded).is_err());
    }

    #[test]
    fn a_short_key_is_read_but_not_written() {
        let key = RawSymKey::parse_tolerant(&b64::encode([1; 32])).unwrap();
        assert_eq!(key.to_text().unwrap_err(), BadValue::of("VAL-05"));
        let key = RawSymKey::from(SymKey::generate().unwrap());
        assert!(bool::from(RawSymKey::parse_strict(key.to_text().unwrap().expose()).unwrap().key().ct_eq(key.key())));
    }

    #[test]
    fn a_storage_key_is_matched_as_a_whole() {
        for good in ["a", "A-z_0@9.+/=", &"k".repeat(256)] {
            assert_eq!(RawStorageKey::parse_strict(good).unwrap().text().expose(), good);
        }
        // What the unanchored pattern with the range `=-_` lets pass.
        for loose in ["a b", "a\n", "<>?[]^", "caf\u{e9}", &"k".repeat(257), &"k".repeat(1024)] {
            assert!(RawStorageKey::parse_strict(loose).is_err(), "{loose:?}");
            assert_eq!(RawStorageKey::parse_tolerant(loose).unwrap().text().expose(), loose);
        }
        for bad in ["", &"k".repeat(1025)] {
            assert!(RawStorageKey::parse_strict(bad).is_err() && RawStorageKey::parse_tolerant(bad).is_err());
            assert!(RawSecret::new(bad).is_err());
        }
        assert_eq!(RawSecret::new("any \u{1f44b} text").unwrap().text().expose(), "any \u{1f44b} text");
    }
}
