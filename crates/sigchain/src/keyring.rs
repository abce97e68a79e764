//! The key ring of a user beside the verified chain: only keys that pass both may be used (docs/spec/SIGCHAIN.md section 7).

use crate::verified::{Device, Verified};
use sealwright_types::{Coded, DeviceId, UserId};
use sealwright_wrap::KeyHash;
use std::collections::BTreeSet;

/// A device as a key ring holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingDevice {
    /// The device.
    pub id: DeviceId,
    /// The hash of its encryption key.
    pub encryption_key: KeyHash,
    /// The hash of its signing key.
    pub signing_key: KeyHash,
    /// Whether the ring holds it as revoked (SIG-51).
    pub revoked: bool,
}

/// Whose chain it is (SIG-52).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'a> {
    /// A user that is no group.
    User,
    /// A group, and its members as they are known otherwise, in any order. A group without members is the same as a chain that lists none: a
    /// user's chain passes as that of a group of nobody.
    Group(&'a [UserId]),
}

/// What becomes of a key that has expired (SIG-54).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expired {
    /// It receives, with a warning (the default).
    #[default]
    Warned,
    /// It does not receive.
    Refused,
}

/// Why a key ring and a chain do not fit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringFault {
    /// The chain does not know a device of the ring.
    #[error("the chain does not know the device {0} (SIG-50)")]
    SigchainMissingDevice(DeviceId),
    /// The chain has revoked a device that the ring holds as valid.
    #[error("the chain has revoked the device {0} (SIG-50)")]
    DeviceRevoked(DeviceId),
    /// The encryption key is another one in the chain.
    #[error("the device {0} has another encryption key in the chain (SIG-50)")]
    EncryptionKeyHash(DeviceId),
    /// The signing key is another one in the chain.
    #[error("the device {0} has another signing key in the chain (SIG-50)")]
    SigningKeyHash(DeviceId),
    /// The ring holds a device as revoked that the chain has not revoked.
    #[error("the device {0} is held as revoked, but the chain has not revoked it (SIG-51)")]
    DeviceState(DeviceId),
    /// The ring does not hold a device that the chain has not revoked.
    #[error("the device {0} of the chain is not held (SIG-50)")]
    DbMissingDevice(DeviceId),
    /// A user that is no group has blocks of members.
    #[error("a user that is no group has members (SIG-52)")]
    UserHasMembers,
    /// The members of the group are others in the chain.
    #[error("the members of the group are not those of the chain (SIG-52)")]
    GroupMembers,
    /// The key has expired.
    #[error("the device {0} has expired (SIG-54)")]
    DeviceExpired(DeviceId),
}

impl Coded for KeyringFault {
    fn code(&self) -> &'static str {
        match self {
            Self::SigchainMissingDevice(_) => "sigchain-missing-device",
            Self::DeviceRevoked(_) => "device-revoked",
            Self::EncryptionKeyHash(_) => "encryption-key-hash",
            Self::SigningKeyHash(_) => "signing-key-hash",
            Self::DeviceState(_) => "device-state",
            Self::DbMissingDevice(_) => "db-missing-device",
            Self::UserHasMembers => "user-has-members",
            Self::GroupMembers => "group-members",
            Self::DeviceExpired(_) => "device-expired",
        }
    }
}

impl Verified {
    /// Compares a key ring and the members of a group with the chain (SIG-50..52).
    ///
    /// # Errors
    /// The first [`KeyringFault`]: the devices of the ring in their order, then those of the chain, then the members.
    pub fn check_keyring(&self, ring: &[RingDevice], owner: Owner<'_>) -> Result<(), KeyringFault> {
        for device in ring {
            self.check_device(device)?;
        }
        let held: BTreeSet<DeviceId> = ring.iter().map(|device| device.id).collect();
        for (&id, device) in &self.devices {
            require(device.revoked || held.contains(&id), KeyringFault::DbMissingDevice(id))?;
        }
        self.check_owner(owner)
    }

    /// Whether a key may receive new session keys now, in seconds since 1970 (SIG-54). Gives the warning for one that has expired.
    ///
    /// # Errors
    /// [`KeyringFault`] when the chain does not know the device, has revoked it, or holds another encryption key for it, and when the key has
    /// expired and that is refused.
    pub fn may_receive(
        &self,
        id: DeviceId,
        encryption_key: KeyHash,
        now: u64,
        expired: Expired,
    ) -> Result<Option<KeyringFault>, KeyringFault> {
        let device = self.known(id)?;
        require(!device.revoked, KeyringFault::DeviceRevoked(id))?;
        require(device.encryption_key == Some(encryption_key), KeyringFault::EncryptionKeyHash(id))?;
        let warning = device.is_expired(now).then_some(KeyringFault::DeviceExpired(id));
        match (warning, expired) {
            (Some(fault), Expired::Refused) => Err(fault),
            (warning, _) => Ok(warning),
        }
    }

    fn check_device(&self, ring: &RingDevice) -> Result<(), KeyringFault> {
        let id = ring.id;
        let device = self.known(id)?;
        require(ring.revoked || !device.revoked, KeyringFault::DeviceRevoked(id))?;
        require(device.encryption_key == Some(ring.encryption_key), KeyringFault::EncryptionKeyHash(id))?;
        require(device.signing_key_hash == ring.signing_key, KeyringFault::SigningKeyHash(id))?;
        require(!ring.revoked || device.revoked, KeyringFault::DeviceState(id))
    }

    fn check_owner(&self, owner: Owner<'_>) -> Result<(), KeyringFault> {
        match owner {
            Owner::User => require(!self.has_member_blocks(), KeyringFault::UserHasMembers),
            Owner::Group(members) => {
                let known: BTreeSet<UserId> = members.iter().copied().collect();
                let in_chain: BTreeSet<UserId> = self.members.iter().copied().collect();
                require(known == in_chain, KeyringFault::GroupMembers)
            }
        }
    }

    fn known(&self, id: DeviceId) -> Result<&Device, KeyringFault> {
        self.devices.get(&id).ok_or(KeyringFault::SigchainMissingDevice(id))
    }
}

fn require(holds: bool, fault: KeyringFault) -> Result<(), KeyringFault> {
    if holds { Ok(()) } else { Err(fault) }
}
