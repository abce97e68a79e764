//! Small worlds of members, roles and attributes.
#![allow(dead_code, reason = "each test takes what it needs")]

use sealwright_process::{
    Author, BadSignature, DeviceAddress, Electorate, Field, Fraction, Member, MemberId, Name, Outpoint, Peers, Role,
    Roles, Rule, Verifier,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn process() -> Outpoint {
    Outpoint::new([7; 32], 1)
}

pub(crate) fn member(number: usize) -> MemberId {
    Outpoint::new([u8::try_from(number).unwrap(); 32], 0)
}

pub(crate) fn device(number: usize) -> DeviceAddress {
    format!("dev-{number}").parse().unwrap()
}

pub(crate) fn name(number: usize) -> Name {
    format!("attribute-{number}").parse().unwrap()
}

/// One device for each member.
pub(crate) fn peers(count: usize) -> Peers {
    let mut peers = Peers::default();
    let members = (0..count).map(|number| Member { id: member(number), addresses: BTreeSet::from([device(number)]) });
    peers.apply_handshake(members).unwrap();
    peers
}

/// A role for each pair of members and attributes, with a rule that is satisfied without any vote.
pub(crate) fn roles(world: &[(Vec<usize>, Vec<usize>)]) -> Roles {
    let role = |(members, fields): &(Vec<usize>, Vec<usize>)| Role {
        members: members.iter().copied().map(member).collect(),
        rules: BTreeSet::from([rule(fields.iter().copied().map(|field| name(field).into()), 0)]),
    };
    let named =
        world.iter().enumerate().map(|(number, parts)| (format!("role-{number}").parse().unwrap(), role(parts)));
    Roles::new(named.collect())
}

pub(crate) fn rule(fields: impl IntoIterator<Item = Field>, quorum: u16) -> Rule {
    let quorum = Fraction::from_basis_points(quorum).unwrap();
    Rule { device_quorum: Fraction::NONE, fields: fields.into_iter().collect(), quorum }
}

/// One role of one member over everything, no votes needed.
pub(crate) fn owned_by_zero(attributes: usize) -> Roles {
    let fields = (0..attributes).map(|number| name(number).into()).chain([Field::Roles]);
    let role = Role { members: BTreeSet::from([member(0)]), rules: BTreeSet::from([rule(fields, 0)]) };
    Roles::new(BTreeMap::from([("owner".parse().unwrap(), role)]))
}

pub(crate) fn author(number: usize) -> Author {
    Author { member: member(number), keep_creator_keys: false }
}

/// Every signature is bad: for worlds whose rules need none.
pub(crate) struct Nobody;

impl Verifier for Nobody {
    fn verify(&self, _: &DeviceAddress, _: &[u8; 32], _: &[u8]) -> Result<(), BadSignature> {
        Err(BadSignature)
    }
}

pub(crate) fn electorate(peers: &Peers) -> Electorate<'_> {
    Electorate { peers, verifier: &Nobody }
}
