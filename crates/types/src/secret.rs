//! Buffers for secrets: wiped on drop, printed as a type name only, compared in constant time, never cloned by accident.

use crate::random::{self, RandomError};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Writes `Debug` for a secret type: the type's name and nothing else.
///
/// ```
/// struct Token([u8; 4]);
/// sealwright_types::redacted_debug!(Token);
/// assert_eq!(format!("{:?}", Token([1; 4])), "Token([redacted])");
/// ```
#[macro_export]
macro_rules! redacted_debug {
    ($($name:ident),+) => {$(
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )+};
}

/// A secret of exactly `N` bytes, in one box from its first byte on.
#[derive(ZeroizeOnDrop)]
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// `N` random bytes of the operating system.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's generator fails.
    pub fn random() -> Result<Self, RandomError> {
        let mut secret = Self::zeroed();
        random::fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// All bytes zero, to be filled in place.
    pub fn zeroed() -> Self {
        Self(Box::new([0; N]))
    }

    /// A copy of `bytes`; `None` unless there are exactly `N`.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != N {
            return None;
        }
        let mut secret = Self::zeroed();
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes, to be filled.
    pub fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> ConstantTimeEq for Secret<N> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_slice().ct_eq(other.0.as_slice())
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// A secret of any length. The length itself is not secret.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub struct SecretVec(Zeroizing<Vec<u8>>);

redacted_debug!(SecretVec);

impl SecretVec {
    /// `length` zero bytes, to be filled in place.
    pub fn zeroed(length: usize) -> Self {
        Self(Zeroizing::new(vec![0; length]))
    }

    /// A copy of `bytes`.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be filled.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the buffer up to the caller, who then has to wipe it.
    pub fn into_exposed(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

/// Takes the buffer over without copying it.
impl From<Vec<u8>> for SecretVec {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl ConstantTimeEq for SecretVec {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_slice().ct_eq(other.0.as_slice())
    }
}

/// A secret that is text, such as a key in base64.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub struct SecretString(String);

redacted_debug!(SecretString);

impl SecretString {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Takes the text over without copying it.
impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_byte() {
        let texts = [
            format!("{:?} {:#?}", Secret::<3>::from_slice(b"abc"), Secret::<3>::from_slice(b"abc")),
            format!("{:?} {:#?}", SecretVec::copy_of(b"abc"), SecretVec::copy_of(b"abc")),
            format!("{:?} {:#?}", SecretString::from("abc".to_owned()), SecretString::from("abc".to_owned())),
        ];
        for text in texts {
            assert!(text.contains("[redacted]"), "{text}");
            assert!(!text.contains("97") && !text.contains("abc"), "{text}");
        }
    }

    #[test]
    fn secrets_wipe_on_drop_and_have_no_accidental_traits() {
        fn wipes<T: ZeroizeOnDrop>() {}
        wipes::<Secret<4>>();
        wipes::<SecretVec>();
        wipes::<SecretString>();
    }

    #[test]
    fn comparison_sees_every_byte_and_the_length() {
        let secret = SecretVec::copy_of(b"0123456789");
        assert!(bool::from(secret.ct_eq(&SecretVec::copy_of(b"0123456789"))));
        assert!(!bool::from(secret.ct_eq(&SecretVec::copy_of(b"012345678"))));
        for position in 0..10 {
            let mut other = SecretVec::copy_of(b"0123456789");
            other.expose_mut()[position] ^= 1;
            assert!(!bool::from(secret.ct_eq(&other)));
        }
    }

    #[test]
    fn a_fixed_secret_takes_its_length_only() {
        assert!(Secret::<4>::from_slice(b"abc").is_none());
        assert!(Secret::<4>::from_slice(b"abcde").is_none());
        assert_eq!(Secret::<4>::from_slice(b"abcd").unwrap().expose(), b"abcd");
        assert_eq!(SecretVec::from(vec![1, 2]).into_exposed(), [1, 2]);
    }

    #[test]
    fn a_secret_of_any_length_knows_its_length() {
        assert_eq!(SecretVec::zeroed(3).expose(), [0; 3]);
        for length in [0, 1, 2, 70] {
            let secret = SecretVec::zeroed(length);
            assert_eq!((secret.len(), secret.is_empty()), (length, length == 0));
        }
    }
}
