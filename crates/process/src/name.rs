//! Names of attributes and roles, and the labels under which values are committed (PROC-02).

use crate::text::json_as_text;
use sealwright_types::Coded;
use std::fmt;
use std::str::FromStr;

/// The name of an attribute or a role: UTF-8, 1 to 255 bytes, not beginning with `#`. Compared and sorted as bytes, never normalised.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// What a rule governs and a commitment is made under: an attribute, or the roles document itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// `#roles`.
    Roles,
    /// An attribute.
    Attribute(Name),
}

/// A name that is empty, too long, begins with `#`, or stands there twice (PROC-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 255 bytes, does not begin with #, and is private or public, not both (PROC-02)")]
pub struct BadName;

impl Coded for BadName {
    fn code(&self) -> &'static str {
        "bad-name"
    }
}

const LONGEST: usize = 255;
const ROLES: &str = "#roles";

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn new(text: &str) -> Result<Self, BadName> {
        let good = (1..=LONGEST).contains(&text.len()) && !text.starts_with('#');
        good.then(|| Self(text.to_owned())).ok_or(BadName)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Field {
    /// As it stands in documents and commitments.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Roles => ROLES,
            Self::Attribute(name) => name.as_str(),
        }
    }
}

impl From<Name> for Field {
    fn from(name: Name) -> Self {
        Self::Attribute(name)
    }
}

/// Sorted as bytes, `#roles` among the names.
impl Ord for Field {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Field {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        Self::new(text)
    }
}

impl FromStr for Field {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        if text == ROLES { Ok(Self::Roles) } else { Name::new(text).map(Self::Attribute) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

json_as_text!(Name, Field);
