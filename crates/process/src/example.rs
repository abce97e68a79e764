//! The worked example of the specification, for tests.

use crate::{Fraction, Outpoint, Role, Roles, Rule};
use std::collections::BTreeSet;

const TXID: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub(crate) fn process() -> Outpoint {
    format!("{TXID}:1").parse().unwrap()
}

pub(crate) fn roles() -> Roles {
    let fields = ["#roles", "doc", "title"].iter().map(|name| name.parse().unwrap()).collect();
    let rule = Rule { device_quorum: Fraction::NONE, fields, quorum: Fraction::WHOLE };
    let members = BTreeSet::from([format!("{TXID}:0").parse().unwrap()]);
    Roles::new([("owner".parse().unwrap(), Role { members, rules: BTreeSet::from([rule]) })].into())
}
