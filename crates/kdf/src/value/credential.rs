//! The two exclusive forms of a SymEncKey credential (VAL-06).

use super::{RawSecret, RawSymKey};
use crate::Password;
use sealwright_types::Coded;

/// How somebody proves that a SymEncKey is theirs and opens it: a password, or a raw secret together with a raw key (VAL-06).
#[derive(Debug)]
pub enum Credential {
    /// Both are derived from a password.
    Password(Password),
    /// Both are given.
    Raw {
        /// The proof that is sent.
        secret: RawSecret,
        /// The key that wraps.
        key: Box<RawSymKey>,
    },
}

/// Both forms, neither, or half of one (VAL-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give either a password, or a raw secret and a raw key (VAL-06)")]
pub struct CredentialConflict;

impl Coded for CredentialConflict {
    fn code(&self) -> &'static str {
        "credential-conflict"
    }
}

impl Credential {
    /// The credential that these optional parts make.
    ///
    /// # Errors
    /// [`CredentialConflict`] unless they are exactly one of the two forms.
    pub fn from_parts(
        password: Option<Password>,
        secret: Option<RawSecret>,
        key: Option<RawSymKey>,
    ) -> Result<Self, CredentialConflict> {
        match (password, secret, key) {
            (Some(password), None, None) => Ok(Self::Password(password)),
            (None, Some(secret), Some(key)) => Ok(Self::Raw { secret, key: Box::new(key) }),
            _ => Err(CredentialConflict),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealwright_envelope::SymKey;

    #[test]
    fn exactly_two_of_the_eight_combinations_are_credentials() {
        for parts in 0..8_u8 {
            let given = |bit: u8| parts & bit != 0;
            let password = given(1).then(|| Password::new("password").unwrap());
            let secret = given(2).then(|| RawSecret::new("secret").unwrap());
            let key = given(4).then(|| RawSymKey::from(SymKey::generate().unwrap()));
            match (parts, Credential::from_parts(password, secret, key)) {
                (1, Ok(Credential::Password(_))) | (6, Ok(Credential::Raw { .. })) => {}
                (0 | 2..=5 | 7, Err(error)) => assert_eq!(error.code(), "credential-conflict"),
                (_, other) => panic!("{parts}: {other:?}"),
            }
        }
    }
}
