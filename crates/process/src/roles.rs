//! The roles document: who stands in a role, what its rules govern, how many have to agree (PROC-30, PROC-31).

use crate::json;
use crate::name::{Field, Name};
use crate::outpoint::Outpoint;
use crate::value::Value;
use sealwright_types::{Coded, Malformed, SecretVec};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// A member: the id of its pairing process (PROC-31).
pub type MemberId = Outpoint;

/// The roles of a state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(BTreeMap<Name, Role>);

/// Members and the rules that hold for them. Either may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Who stands in the role, sorted as text.
    #[serde(deserialize_with = "sorted")]
    pub members: BTreeSet<MemberId>,
    /// Its rules, sorted by their text.
    #[serde(deserialize_with = "sorted")]
    pub rules: BTreeSet<Rule>,
}

/// What a role may read, and how it decides on changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// How many of a member's devices have to agree for the member to do so.
    pub device_quorum: Fraction,
    /// What the rule governs and the role may read.
    #[serde(deserialize_with = "sorted")]
    pub fields: BTreeSet<Field>,
    /// How many of the role's members have to agree.
    pub quorum: Fraction,
}

/// A part of a whole in basis points, 0 to 10,000; never a float (PROC-60).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Fraction(u16);

/// The text is no fraction from 0 to 1 with at most four decimals (PROC-60).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fraction is 0 to 1 with at most four decimals (PROC-60)")]
pub struct BadFraction;

impl Coded for BadFraction {
    fn code(&self) -> &'static str {
        "bad-value"
    }
}

impl Fraction {
    /// All.
    pub const WHOLE: Self = Self(10_000);
    /// None.
    pub const NONE: Self = Self(0);

    /// So many ten-thousandths.
    ///
    /// # Errors
    /// [`BadFraction`] above 10,000.
    pub fn from_basis_points(points: u16) -> Result<Self, BadFraction> {
        if points <= Self::WHOLE.0 { Ok(Self(points)) } else { Err(BadFraction) }
    }

    /// In ten-thousandths.
    pub fn basis_points(self) -> u16 {
        self.0
    }

    /// The smallest number of `n` that is at least this part of it: ⌊(n·q + 9,999) / 10,000⌋ (PROC-60). What no voter at all means
    /// is decided by PROC-61.
    pub fn required(self, n: u32) -> u32 {
        let points = u64::from(n).saturating_mul(self.0.into()).saturating_add(9_999);
        let required = points.checked_div(10_000).unwrap_or_default();
        u32::try_from(required).unwrap_or(u32::MAX)
    }
}

/// `^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$`
impl FromStr for Fraction {
    type Err = BadFraction;

    fn from_str(text: &str) -> Result<Self, BadFraction> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        if !(1..=4).contains(&decimals.len()) || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadFraction);
        }
        let points: u16 = format!("{decimals:0<4}").parse().map_err(|_| BadFraction)?;
        match (whole, points) {
            ("0", points) => Ok(Self(points)),
            ("1", 0) => Ok(Self::WHOLE),
            _ => Err(BadFraction),
        }
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_basis_points(u16::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// By the text of PROC-31.
impl Ord for Rule {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        json::write_text(self).cmp(&json::write_text(other))
    }
}

impl PartialOrd for Rule {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Roles {
    /// The document with these roles.
    pub fn new(roles: BTreeMap<Name, Role>) -> Self {
        Self(roles)
    }

    /// Reads a document that has exactly the form of PROC-30 and PROC-31.
    ///
    /// # Errors
    /// [`Malformed`] for any other text, also for another order or white space.
    pub fn from_json(text: &str) -> Result<Self, Malformed> {
        json::read(text.as_bytes(), "PROC-31")
    }

    /// Reads a document as people write it: any white space and any order of members, nothing else.
    ///
    /// # Errors
    /// [`Malformed`] for what is no roles document.
    pub fn from_input(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed::new(0, "PROC-31");
        let value = Value::json(text).map_err(|_| malformed)?;
        serde_json::from_str(value.as_json().unwrap_or_default()).map_err(|_| malformed)
    }

    /// The one form of the document.
    pub fn to_json(&self) -> String {
        json::write_text(self)
    }

    /// The document as a value: what the label `#roles` commits to.
    pub fn encode(&self) -> SecretVec {
        let text = self.to_json();
        SecretVec::from([&[1, 0], text.as_bytes()].concat())
    }

    /// Each role with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Role)> {
        self.0.iter()
    }

    /// Everybody who stands in any role.
    pub fn members(&self) -> BTreeSet<MemberId> {
        self.0.values().flat_map(|role| role.members.iter().copied()).collect()
    }

    /// Whether any role lists the member: the coarse test of the original. What may be read is decided by [`Roles::allow`] (PROC-51).
    pub fn contain(&self, member: &MemberId) -> bool {
        self.0.values().any(|role| role.members.contains(member))
    }

    /// Whether some role lists the member and has a rule whose fields include the attribute (PROC-50). For private attributes;
    /// public ones need nobody's leave.
    pub fn allow(&self, member: &MemberId, attribute: &Field) -> bool {
        self.0.values().any(|role| role.members.contains(member) && role.covers(attribute))
    }

    /// Every member who may read a private attribute, each with all paired devices (PROC-51).
    pub fn recipients(&self, attribute: &Field) -> BTreeSet<MemberId> {
        self.0.values().filter(|role| role.covers(attribute)).flat_map(|role| role.members.iter().copied()).collect()
    }
}

impl Role {
    fn covers(&self, attribute: &Field) -> bool {
        self.rules.iter().any(|rule| rule.fields.contains(attribute))
    }
}

/// Lists that are sets: sorted, without duplicates, or refused.
fn sorted<'de, D: Deserializer<'de>, T: Deserialize<'de> + Ord>(deserializer: D) -> Result<BTreeSet<T>, D::Error> {
    let list = Vec::<T>::deserialize(deserializer)?;
    if !list.is_sorted_by(|one, next| one < next) {
        return Err(de::Error::custom("not sorted, or a duplicate"));
    }
    Ok(list.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_without_floats() {
        let points = |text: &str| text.parse::<Fraction>().ok().map(Fraction::basis_points);
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(10_000)),
            ("1.0000", Some(10_000)),
            ("0.07", Some(700)),
            ("0.0001", Some(1)),
            ("0.5", Some(5_000)),
            ("1.1", None),
            ("0.", None),
            (".5", None),
            ("0.00001", None),
            ("2", None),
            ("-0", None),
            ("", None),
            ("01", None),
            ("0.+1", None),
        ] {
            assert_eq!(points(text), expected, "{text}");
        }
        for (n, q, required) in [
            (3, 3_300, 1),
            (3, 3_400, 2),
            (3, 6_600, 2),
            (3, 6_700, 3),
            (3, 10_000, 3),
            (1, 100, 1),
            (100, 700, 7),
            (100, 1_500, 15),
            (u32::MAX, 10_000, u32::MAX),
        ] {
            assert_eq!(Fraction::from_basis_points(q).unwrap().required(n), required, "{n} {q}");
        }
    }

    #[test]
    fn one_form() {
        let roles = crate::example::roles();
        assert_eq!(Roles::from_json(&roles.to_json()).unwrap(), roles);
        let spaced = roles.to_json().replace(',', " , ");
        assert!(Roles::from_json(&spaced).is_err());
        assert_eq!(Roles::from_input(&spaced).unwrap(), roles);
        for (from, to) in [
            ("\"#roles\",\"doc\"", "\"doc\",\"#roles\""),
            ("\"doc\"", "\"doc\",\"doc\""),
            ("10000", "10001"),
            ("10000", "1.5"),
            ("\"#roles\"", "\"#other\""),
            ("\"quorum\"", "\"more\":1,\"quorum\""),
        ] {
            let wrong = roles.to_json().replacen(from, to, 1);
            assert_ne!(wrong, roles.to_json());
            assert!(Roles::from_json(&wrong).is_err() && Roles::from_input(&wrong).is_err(), "{wrong}");
        }
        assert_eq!(Roles::from_json("{\"r\":{\"members\":[],\"rules\":[]}}").unwrap().members().len(), 0);
    }
}
