//! Raw values that are used without a derivation: what may be read, and what may be written (docs/spec/DERIVATION.md section 6).
//!
//! Where reading and writing differ, `parse_tolerant` reads what exists and `parse_strict` takes what we would write. Every pattern
//! holds for the whole text.

mod credential;
mod factor;
mod raw;
mod token;

pub use credential::{Credential, CredentialConflict};
pub use factor::{AuthFactor, Challenge};
pub use raw::{RawKey64, RawSecret, RawStorageKey, RawSymKey};
pub use token::{JwtText, PreValidationToken, TokenNonce, UserLicenseToken};

use sealwright_types::{Coded, RuleId};

/// The value breaks a rule. Says which one, never what the value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not of the required form ({rule})")]
pub struct BadValue {
    /// The rule that was broken.
    pub rule: RuleId,
}

impl BadValue {
    pub(crate) const fn of(rule: &'static str) -> Self {
        Self { rule: RuleId::new(rule) }
    }

    /// `Ok` if the rule holds.
    pub(crate) fn unless(holds: bool, rule: &'static str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::of(rule)) }
    }
}

impl Coded for BadValue {
    fn code(&self) -> &'static str {
        "bad-value"
    }
}

/// Whether `text` is `length` lower-case hexadecimal digits.
fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
