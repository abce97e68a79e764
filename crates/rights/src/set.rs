//! A set of rights: read, forward, revoke.

use std::fmt;
use std::str::FromStr;

/// Which of the three rights a record carries: read (`r`), forward (`f`), revoke (`v`).
///
/// As text its letters in this order, `rf` for example; nothing at all is the empty text.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rights(u8);

/// A text that is no set of rights: another letter, a letter twice, or another order than `r`, `f`, `v`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rights are some of the letters r, f, v, in this order")]
pub struct NoRights;

/// Each right with its letter and its name.
const LETTERS: [(Rights, char, &str); 3] =
    [(Rights::READ, 'r', "read"), (Rights::FORWARD, 'f', "forward"), (Rights::REVOKE, 'v', "revoke")];

impl Rights {
    /// No right.
    pub const NONE: Self = Self(0);
    /// To read.
    pub const READ: Self = Self(1);
    /// To forward: to add others.
    pub const FORWARD: Self = Self(2);
    /// To revoke.
    pub const REVOKE: Self = Self(4);
    /// To read and to forward: the usual default (DEF-01).
    pub const READ_FORWARD: Self = Self(3);
    /// To forward and to revoke: what a creator has in any case (RIGHT-13).
    pub const MANAGE: Self = Self(6);
    /// All three.
    pub const ALL: Self = Self(7);

    /// Each of the eight sets.
    pub fn every() -> impl Iterator<Item = Self> {
        (0..8).map(Self)
    }

    /// What is in one of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one, but not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of `other` is in this one.
    pub const fn contains(self, other: Self) -> bool {
        other.without(self).is_empty()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In words: `read and forward`.
    pub fn in_words(self) -> String {
        let names: Vec<_> =
            LETTERS.iter().filter(|(right, ..)| self.contains(*right)).map(|(.., name)| *name).collect();
        match names.as_slice() {
            [] => "nothing".to_owned(),
            [one] => (*one).to_owned(),
            [first, second] => format!("{first} and {second}"),
            [first, rest @ ..] => format!("{first}, {}", rest.join(" and ")),
        }
    }
}

impl FromStr for Rights {
    type Err = NoRights;

    fn from_str(text: &str) -> Result<Self, NoRights> {
        Self::every().find(|rights| rights.to_string() == text).ok_or(NoRights)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LETTERS.iter().filter(|(right, ..)| self.contains(*right)).try_for_each(|(_, letter, _)| write!(f, "{letter}"))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rights({self})")
    }
}

impl serde::Serialize for Rights {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Rights {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let texts = ["", "r", "f", "rf", "v", "rv", "fv", "rfv"];
        for (rights, text) in Rights::every().zip(texts) {
            assert_eq!(rights.to_string(), text);
            assert_eq!(text.parse(), Ok(rights));
        }
        for text in ["fr", "rr", "w", "R", "-", " r"] {
            assert_eq!(text.parse::<Rights>(), Err(NoRights), "{text}");
        }
        assert_eq!(Rights::ALL.in_words(), "read, forward and revoke");
        assert_eq!(Rights::MANAGE.in_words(), "forward and revoke");
    }

    #[test]
    fn sets() {
        for (a, b) in Rights::every().flat_map(|a| Rights::every().map(move |b| (a, b))) {
            assert!(a.union(b).contains(a) && a.union(b).contains(b));
            assert!(a.without(b).intersection(b).is_empty());
            assert_eq!(a.without(b).union(a.intersection(b)), a);
            assert_eq!(a.contains(b), a.union(b) == a);
        }
    }
}
