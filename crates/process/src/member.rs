//! Devices, members and who is known (PROC-90, PROC-91).

use crate::roles::MemberId;
use crate::text::json_as_text;
use sealwright_types::Coded;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The address of a device: opaque text of 1 to 255 bytes (PROC-90).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceAddress(String);

/// The text is empty or longer than 255 bytes (PROC-90).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a device address has 1 to 255 bytes (PROC-90)")]
pub struct BadAddress;

impl Coded for BadAddress {
    fn code(&self) -> &'static str {
        "bad-value"
    }
}

impl DeviceAddress {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if (1..=255).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(BadAddress) }
    }
}

impl fmt::Display for DeviceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

json_as_text!(DeviceAddress);

/// A member: the id of its pairing process and the addresses of its devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The devices.
    pub addresses: BTreeSet<DeviceAddress>,
    /// The id of the pairing process.
    pub id: MemberId,
}

/// The device that this program runs on. Before pairing it has its own address only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    own: DeviceAddress,
    member: Option<Member>,
}

/// A test of roles without an id (PROC-90).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this device is not paired (PROC-90)")]
pub struct NotPaired;

impl Coded for NotPaired {
    fn code(&self) -> &'static str {
        "not-paired"
    }
}

impl Device {
    /// A device that is not paired.
    pub fn new(own: DeviceAddress) -> Self {
        Self { own, member: None }
    }

    /// Its address.
    pub fn address(&self) -> &DeviceAddress {
        &self.own
    }

    /// Makes it a device of a member; its own address belongs to the member from then on.
    pub fn pair(&mut self, id: MemberId, mut addresses: BTreeSet<DeviceAddress>) {
        addresses.insert(self.own.clone());
        self.member = Some(Member { addresses, id });
    }

    /// Back to its own address only.
    pub fn unpair(&mut self) {
        self.member = None;
    }

    /// The addresses that count as this member's.
    pub fn addresses(&self) -> BTreeSet<DeviceAddress> {
        self.member.as_ref().map_or_else(|| BTreeSet::from([self.own.clone()]), |member| member.addresses.clone())
    }

    /// The member that it belongs to.
    ///
    /// # Errors
    /// [`NotPaired`].
    pub fn member(&self) -> Result<MemberId, NotPaired> {
        self.member.as_ref().map(|member| member.id).ok_or(NotPaired)
    }
}

/// The members that a handshake has told about (PROC-91). Empty until then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peers(BTreeMap<MemberId, BTreeSet<DeviceAddress>>);

/// There was no handshake yet, or its list of members was empty (PROC-91).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no handshake with a relay yet (PROC-91)")]
pub struct NoHandshake;

impl Coded for NoHandshake {
    fn code(&self) -> &'static str {
        "no-handshake"
    }
}

impl Peers {
    /// Takes over the members of a handshake. A member that is known gets the addresses that are told now.
    ///
    /// # Errors
    /// [`NoHandshake`] for an empty list; nothing changes then.
    pub fn apply_handshake(&mut self, members: impl IntoIterator<Item = Member>) -> Result<(), NoHandshake> {
        let told: BTreeMap<_, _> = members.into_iter().map(|member| (member.id, member.addresses)).collect();
        if told.is_empty() {
            return Err(NoHandshake);
        }
        self.0.extend(told);
        Ok(())
    }

    /// Whether there was one.
    ///
    /// # Errors
    /// [`NoHandshake`].
    pub fn check(&self) -> Result<(), NoHandshake> {
        if self.0.is_empty() { Err(NoHandshake) } else { Ok(()) }
    }

    /// The devices of a member; none if it is not known.
    pub fn devices(&self, member: &MemberId) -> &BTreeSet<DeviceAddress> {
        const NOBODY: &BTreeSet<DeviceAddress> = &BTreeSet::new();
        self.0.get(member).unwrap_or(NOBODY)
    }

    /// The members that a device is paired to.
    pub fn members_of(&self, device: &DeviceAddress) -> impl Iterator<Item = &MemberId> {
        self.0.iter().filter(move |(_, devices)| devices.contains(device)).map(|(member, _)| member)
    }

    /// Every member with its devices.
    pub fn iter(&self) -> impl Iterator<Item = (&MemberId, &BTreeSet<DeviceAddress>)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairing_and_unpairing() {
        let [own, other] = ["own", "other"].map(|text| text.parse::<DeviceAddress>().unwrap());
        let mut device = Device::new(own.clone());
        assert_eq!((device.member(), device.addresses().len()), (Err(NotPaired), 1));
        device.pair(crate::example::process(), BTreeSet::from([other]));
        assert_eq!((device.member(), device.addresses().len()), (Ok(crate::example::process()), 2));
        device.unpair();
        assert_eq!((device.member(), device.addresses()), (Err(NotPaired), BTreeSet::from([own])));
        assert!("".parse::<DeviceAddress>().is_err() && "x".repeat(256).parse::<DeviceAddress>().is_err());
        let mut peers = Peers::default();
        assert_eq!((peers.apply_handshake([]), peers.check()), (Err(NoHandshake), Err(NoHandshake)));
    }
}
