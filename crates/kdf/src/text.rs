//! The texts that go into a derivation, and the text that comes out of one.

use crate::derive::nfkc;
use crate::value::BadValue;
use sealwright_types::{AppId, Coded, SecretVec};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The longest text of an identifier or a validation key, in bytes (VAL-12).
pub(crate) const LONGEST_TEXT: usize = 1024;

/// A secret text: wiped on drop, printed as its name only, compared in constant time.
#[derive(ZeroizeOnDrop)]
pub struct SecretText(Zeroizing<String>);

sealwright_types::redacted_debug!(SecretText);

impl SecretText {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Takes the text over without copying it.
impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl ConstantTimeEq for SecretText {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_bytes().ct_eq(other.0.as_bytes())
    }
}

/// A password, or a `databaseKey` or `twoManRuleKey` text: never empty, held in NFKC only.
///
/// White space, case and control characters stay as they are (KDF-21). Two spellings with one NFKC form are the same password.
#[derive(ZeroizeOnDrop)]
pub struct Password(SecretVec);

sealwright_types::redacted_debug!(Password);

/// The text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// There is no text (KDF-34).
    #[error("the password is empty (KDF-34)")]
    Empty,
    /// The text has more than [`Password::LONGEST`] bytes (VAL-12).
    #[error("the password has more than {} bytes (VAL-12)", Password::LONGEST)]
    TooLong,
}

impl Coded for PasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty-password",
            Self::TooLong => "bad-value",
        }
    }
}

impl Password {
    /// Bytes of UTF-8 that a password may have before normalisation (VAL-12).
    pub const LONGEST: usize = 65_536;

    /// The password `text`. The caller wipes `text`.
    ///
    /// # Errors
    /// [`PasswordError`] for no text and for more than [`Self::LONGEST`] bytes.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        match text.len() {
            0 => Err(PasswordError::Empty),
            length if length > Self::LONGEST => Err(PasswordError::TooLong),
            _ => Ok(Self(nfkc(&[text]))),
        }
    }

    /// UTF-8 of the NFKC form.
    pub(crate) fn normalised(&self) -> &[u8] {
        self.0.expose()
    }
}

/// Whether both are the same password for every derivation.
impl ConstantTimeEq for Password {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// An application id in the application's own spelling, which goes into the salts as it is.
///
/// 1 to 1,024 bytes of any text (VAL-12). From an [`AppId`] the usual spelling comes: lower-case, hyphenated.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AppIdText(String);

impl AppIdText {
    /// The application id spelled `text`.
    ///
    /// # Errors
    /// [`BadValue`] for no text and for more than 1,024 bytes (VAL-12).
    pub fn new(text: &str) -> Result<Self, BadValue> {
        bounded(text, "VAL-12").map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<AppId> for AppIdText {
    fn from(id: AppId) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Debug for AppIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppIdText({:?})", self.0)
    }
}

/// A user's id in the application's own spelling (not Seald's UUID of the user), which goes into the salts as it is.
///
/// Read: 1 to 1,024 bytes of any text. Written: 1 to 64 characters (VAL-03).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserIdText(String);

impl UserIdText {
    /// Characters of a user id that SSKS takes from a writer, counted in UTF-16 units (VAL-03).
    pub const LONGEST_WRITTEN: usize = 64;

    /// A user id that something stored may have been made with.
    ///
    /// # Errors
    /// [`BadValue`] for no text and for more than 1,024 bytes.
    pub fn parse_tolerant(text: &str) -> Result<Self, BadValue> {
        bounded(text, "VAL-03").map(Self)
    }

    /// A user id for something new to be stored at SSKS.
    ///
    /// # Errors
    /// [`BadValue`] for no text and for more than 64 characters.
    pub fn parse_strict(text: &str) -> Result<Self, BadValue> {
        let user = Self::parse_tolerant(text)?;
        if user.may_be_written() { Ok(user) } else { Err(BadValue::of("VAL-03")) }
    }

    /// Whether something new may be stored under this id at SSKS.
    pub fn may_be_written(&self) -> bool {
        self.0.encode_utf16().count() <= Self::LONGEST_WRITTEN
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserIdText({:?})", self.0)
    }
}

/// A copy of a text of 1 to [`LONGEST_TEXT`] bytes.
pub(crate) fn bounded(text: &str, rule: &'static str) -> Result<String, BadValue> {
    if (1..=LONGEST_TEXT).contains(&text.len()) { Ok(text.to_owned()) } else { Err(BadValue::of(rule)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    fn normalised(text: &str) -> Vec<u8> {
        Password::new(text).unwrap().normalised().to_vec()
    }

    #[test]
    fn a_password_has_bounds() {
        assert_eq!(Password::new("").unwrap_err().code(), "empty-password");
        assert_eq!(Password::new(&"x".repeat(Password::LONGEST + 1)).unwrap_err().code(), "bad-value");
        assert_eq!(normalised(&"x".repeat(Password::LONGEST)).len(), Password::LONGEST);
    }

    #[test]
    fn identifiers_have_bounds() {
        for (length, readable, writable) in
            [(0, false, false), (1, true, true), (64, true, true), (65, true, false), (1025, false, false)]
        {
            let text = "u".repeat(length);
            assert_eq!(UserIdText::parse_tolerant(&text).is_ok(), readable, "{length}");
            assert_eq!(UserIdText::parse_strict(&text).is_ok(), writable, "{length}");
            assert_eq!(AppIdText::new(&text).is_ok(), readable, "{length}");
        }
        // 33 emoji are 66 UTF-16 units, which is what JavaScript counts.
        assert!(UserIdText::parse_strict(&"\u{1f44b}".repeat(33)).is_err());
    }

    #[test]
    fn an_app_id_is_spelled_in_lower_case() {
        let id: AppId = "12345678-1234-4ABC-8DEF-1234567890AB".parse().unwrap();
        assert_eq!(AppIdText::from(id).as_str(), "12345678-1234-4abc-8def-1234567890ab");
    }

    proptest! {
        #[test]
        fn canonical_spellings_are_one_password(text in "\\PC{1,24}") {
            let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
            prop_assert_eq!(normalised(&composed), normalised(&decomposed));
            prop_assert_eq!(normalised(&text), text.nfkc().collect::<String>().into_bytes());
        }

        #[test]
        fn nothing_is_trimmed_and_no_case_is_folded(text in "[ \\t\\n\0a-zA-Z]{1,24}") {
            prop_assert_eq!(normalised(&text), text.as_bytes());
        }

        #[test]
        fn equal_means_equal_in_nfkc(one in "[ae\u{301}\u{e9}\u{e1}]{1,4}", other in "[ae\u{301}\u{e9}\u{e1}]{1,4}") {
            let same: bool = Password::new(&one).unwrap().ct_eq(&Password::new(&other).unwrap()).into();
            prop_assert_eq!(same, one.nfkc().eq(other.nfkc()));
        }
    }
}
