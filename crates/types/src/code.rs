//! Error codes and rule ids: the two names that an error carries to people, programs and vectors.

use std::fmt;

/// Implemented by every public error: a stable kebab-case code.
///
/// The same strings stand in the vectors (`error`) and in the program's JSON output.
pub trait Coded {
    /// The stable code, for example `rejected` or `malformed`.
    fn code(&self) -> &'static str;
}

/// The id of a rule of the specification (`docs/spec`), for example `ENV-06`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(&'static str);

impl RuleId {
    /// Names a rule.
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// The id as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The public structure of an input is wrong: where, and which rule says so. Never what the bytes were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed at byte {at} ({rule})")]
pub struct Malformed {
    /// Offset in the input, in bytes.
    pub at: u64,
    /// The rule that was broken.
    pub rule: RuleId,
}

impl Malformed {
    /// The structure breaks `rule` at byte `at`.
    pub const fn new(at: u64, rule: &'static str) -> Self {
        Self { at, rule: RuleId::new(rule) }
    }
}

impl Coded for Malformed {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::b64::Base64Error;
    use crate::random::RandomError;

    #[test]
    fn codes_are_stable() {
        assert_eq!(Malformed::new(1, "ENV-06").code(), "malformed");
        assert_eq!(Base64Error.code(), "malformed");
        assert_eq!(RandomError.code(), "no-randomness");
    }
}
