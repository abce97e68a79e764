//! Why an operation of this crate failed. None of these carries anything secret.

use sealwright_types::{Coded, RuleId};

/// Why a key could not be imported (docs/spec/KEYS.md section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not an RSA key in one of the encodings that are read (KEY-05..07), or its public exponent is out of range (KEY-11).
    #[error("not an RSA key in an encoding that is read ({rule})")]
    Malformed {
        /// The rule that was broken.
        rule: RuleId,
    },
    /// The modulus has fewer than 1024 or more than 8192 bits (KEY-10).
    #[error("an RSA key has 1024 to 8192 bits, not {bits} (KEY-10)")]
    Size {
        /// Bits of the modulus.
        bits: usize,
    },
    /// The parts of the private key do not belong together (KEY-12).
    #[error("the parts of the private key do not fit each other (KEY-12)")]
    Inconsistent,
}

impl KeyError {
    pub(crate) const fn malformed(rule: &'static str) -> Self {
        Self::Malformed { rule: RuleId::new(rule) }
    }
}

impl Coded for KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "key-malformed",
            Self::Size { .. } => "key-size",
            Self::Inconsistent => "key-inconsistent",
        }
    }
}

/// Why something could not be wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The message is too long for the key (OAEP-05).
    #[error("the key wraps at most {limit} bytes (OAEP-05)")]
    TooLong {
        /// The longest message that this key wraps, in bytes.
        limit: usize,
    },
    /// The session key has fewer than 64 bytes: not every implementation can read such a token (EMK-01).
    #[error("only a session key of 64 bytes is wrapped (EMK-01)")]
    ShortKey,
    /// The cryptographic engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Coded for WrapError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too-long",
            Self::ShortKey => "key-length",
            Self::Engine(error) => error.code(),
        }
    }
}

/// Why a wrapped key could not be opened: one reason without detail (OAEP-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapError {
    /// Wrong key or damaged data. OAEP, checksum, MAC, padding and the length of the key inside are all this.
    #[error("rejected: wrong key or damaged data")]
    Rejected,
}

impl Coded for UnwrapError {
    fn code(&self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
        }
    }
}

/// The signature is not one of this key over this message (PSS-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct BadSignature;

impl Coded for BadSignature {
    fn code(&self) -> &'static str {
        "bad-signature"
    }
}

/// The cryptographic engine failed at an operation with a valid key, for want of randomness or memory. Never caused by the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic engine failed")]
pub struct EngineError;

impl Coded for EngineError {
    fn code(&self) -> &'static str {
        "engine"
    }
}
