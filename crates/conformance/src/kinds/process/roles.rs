//! `process-roles`, `process-entitlement`, `process-quorum`: the roles document and what follows from it.

use super::{FAMILIES, fault, good, name};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::{
    Attributes, Author, Device, DeviceAddress, Fraction, Member, MemberId, Outcome, Outpoint, Peers, Role, Roles, Rule,
    Value, create,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct RolesRead;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) text: String,
}

/// Who stands in any role, and the value that the document is committed as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolesOut {
    pub(crate) members: Vec<String>,
    pub(crate) encoded: String,
}

impl Kind for RolesRead {
    const NAME: &'static str = "process-roles";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = Text;
    type Out = RolesOut;

    fn run(Text { text }: &Text, _: Material<'_>) -> Result<Vec<Seen<RolesOut>>, LoadError> {
        let got = Roles::from_json(text).map(|roles| RolesOut {
            members: roles.members().iter().map(MemberId::to_string).collect(),
            encoded: hex::encode(roles.encode().expose()),
        });
        Ok(vec![Seen::whole("roles", got.map_err(code), |_| 0)])
    }
}

pub(crate) struct Entitlement;

/// A state with these attributes; whether a member may read one of them. No member stands for a device that is not paired.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementIn {
    pub(crate) roles: String,
    pub(crate) private: Vec<String>,
    pub(crate) public: Vec<String>,
    pub(crate) members: Vec<Paired>,
    pub(crate) attribute: String,
    pub(crate) member: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paired {
    pub(crate) id: String,
    pub(crate) addresses: Vec<String>,
}

/// Whether it may; whether it stands in any role; the devices that the key goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct EntitlementOut {
    pub(crate) entitled: bool,
    pub(crate) in_roles: bool,
    pub(crate) devices: Vec<String>,
}

impl Kind for Entitlement {
    const NAME: &'static str = "process-entitlement";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = EntitlementIn;
    type Out = EntitlementOut;

    fn run(input: &EntitlementIn, _: Material<'_>) -> Result<Vec<Seen<EntitlementOut>>, LoadError> {
        let roles = Roles::from_input(&input.roles).map_err(fault("no roles"))?;
        let peers = peers(&input.members)?;
        let one = || Value::json("1").map_err(fault("a number"));
        let attributes = |names: &[String]| {
            names.iter().map(|text| Ok((name(text)?, one()?))).collect::<Result<Attributes, LoadError>>()
        };
        let (private, public) = (attributes(&input.private)?, attributes(&input.public)?);
        let author = Author { member: Outpoint::new([0; 32], 0), keep_creator_keys: false };
        let made = create(Outpoint::new([9; 32], 0), &private, &public, roles, &BTreeSet::new(), author);
        let made = made.map_err(fault("no state"))?;
        let state = made.process.last().ok_or_else(|| LoadError::material("no state"))?;
        let attribute = name(&input.attribute)?;
        let mut device = Device::new(good("a-device")?);
        if let Some(member) = &input.member {
            device.pair(good(member)?, BTreeSet::new());
        }
        let devices: BTreeSet<_> = state
            .recipients(&attribute)
            .iter()
            .flat_map(|member| peers.devices(member))
            .map(DeviceAddress::to_string)
            .collect();
        let got = device.member().map_err(code).map(|member| EntitlementOut {
            entitled: state.entitled(&member, &attribute),
            in_roles: state.roles().contain(&member),
            devices: devices.into_iter().collect(),
        });
        Ok(vec![Seen::whole("state", got, |_| 0)])
    }
}

pub(crate) fn peers(members: &[Paired]) -> Result<Peers, LoadError> {
    let mut peers = Peers::default();
    let read = |paired: &Paired| {
        let addresses = paired.addresses.iter().map(|address| good(address)).collect::<Result<_, _>>()?;
        Ok(Member { addresses, id: good(&paired.id)? })
    };
    let members = members.iter().map(read).collect::<Result<Vec<_>, LoadError>>()?;
    if !members.is_empty() {
        peers.apply_handshake(members).map_err(fault("no members"))?;
    }
    Ok(peers)
}

pub(crate) struct Quorum;

/// A fraction as text, and a number of members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuorumIn {
    pub(crate) fraction: String,
    pub(crate) members: u32,
}

/// In basis points; how many members it takes; what a rule says when nobody has voted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct QuorumOut {
    pub(crate) basis_points: u16,
    pub(crate) required: u32,
    pub(crate) without_votes: String,
}

impl Kind for Quorum {
    const NAME: &'static str = "process-quorum";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = QuorumIn;
    type Out = QuorumOut;

    fn run(QuorumIn { fraction, members }: &QuorumIn, _: Material<'_>) -> Result<Vec<Seen<QuorumOut>>, LoadError> {
        let got = fraction.parse::<Fraction>().map(|quorum| {
            let rule = Rule { device_quorum: Fraction::NONE, fields: BTreeSet::new(), quorum };
            // More members than this are only counted.
            let members_of_role = (0..(*members).min(1_000)).map(|number| Outpoint::new([0; 32], number)).collect();
            let role = Role { members: members_of_role, rules: BTreeSet::new() };
            let outcome = sealwright_process::Ballot::default().decide(&role, &rule, &Peers::default());
            QuorumOut {
                basis_points: quorum.basis_points(),
                required: quorum.required(*members),
                without_votes: outcome_text(outcome),
            }
        });
        Ok(vec![Seen::whole("fraction", got.map_err(code), |_| 0)])
    }
}

pub(crate) fn outcome_text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Satisfied => "satisfied",
        Outcome::Rejected => "rejected",
        Outcome::Pending => "pending",
    }
    .to_owned()
}

/// Roles by name, for attributes whose values do not matter.
pub(crate) fn numbered(names: &BTreeSet<String>) -> Result<Attributes, LoadError> {
    let attributes: Result<BTreeMap<_, _>, LoadError> =
        names.iter().map(|text| Ok((name(text)?, Value::json("1").map_err(fault("a number"))?))).collect();
    attributes
}
