//! What a verified chain says.

use crate::hash::{BlockHash, HashMismatch};
use crate::verify::Mode;
use sealwright_types::{DeviceId, UserId};
use sealwright_wrap::{KeyHash, PublicKey};
use std::collections::BTreeMap;

/// The state after a chain that has passed every check. Only verifying makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    pub(crate) members: Vec<UserId>,
    pub(crate) history: Vec<Entry>,
    pub(crate) mode: Mode,
}

/// A device of a verified chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// The hash of its encryption key. The chain does not hold the key; none if the text that stands there is the hash of nothing.
    pub encryption_key: Option<KeyHash>,
    /// Its signing key.
    pub signing_key: PublicKey,
    /// The hash under which the chain names the signing key.
    pub signing_key_hash: KeyHash,
    /// When it was made, in seconds since 1970.
    pub created_at: u64,
    /// The last second in which it is not expired.
    pub expire_at: u64,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A block of a verified chain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its hash.
    pub hash: BlockHash,
    /// When it was made, in seconds since 1970.
    pub created_at: u64,
    /// Who signed it.
    pub signed_by: SignedBy,
    /// What it did.
    pub change: Change,
}

/// Who stands behind a block (SIG-13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBy {
    /// A device of the user or group itself.
    Device(DeviceId),
    /// The server, under this name; nothing is signed.
    Server(String),
}

/// What a block did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A new device, until the last second in which it is not expired.
    Created(DeviceId, u64),
    /// New keys for a device, and a new expiry.
    Renewed(DeviceId, u64),
    /// The end of a device.
    Revoked(DeviceId),
    /// The members are these from now on, in the order in which they stand there.
    Members(Vec<UserId>),
    /// These are members no longer.
    MembersRemoved(Vec<UserId>),
}

impl Device {
    /// Whether it has expired: `now`, in seconds since 1970, is later than its last second.
    pub fn is_expired(&self, now: u64) -> bool {
        now > self.expire_at
    }
}

impl Verified {
    /// The state of an empty chain: no device, no member.
    pub fn empty(mode: Mode) -> Self {
        Self { devices: BTreeMap::new(), members: Vec::new(), history: Vec::new(), mode }
    }

    /// Every device that the chain knows, revoked ones too.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &Device)> {
        self.devices.iter().map(|(&id, device)| (id, device))
    }

    /// A device.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(&id)
    }

    /// The members, each once, in the order of the last list.
    pub fn members(&self) -> &[UserId] {
        &self.members
    }

    /// Every block, in order.
    pub fn history(&self) -> &[Entry] {
        &self.history
    }

    /// Whether a block lists members: the chain is a group's (SIG-52).
    pub fn has_member_blocks(&self) -> bool {
        self.history.iter().any(|entry| matches!(entry.change, Change::Members(_) | Change::MembersRemoved(_)))
    }

    /// By which rules it was verified.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The hash of a block, the last one by default, for comparison over another channel (SIG-53).
    pub fn hash(&self, position: Option<usize>) -> Option<BlockHash> {
        let entry = match position {
            Some(position) => self.history.get(position),
            None => self.history.last(),
        };
        entry.map(|entry| entry.hash)
    }

    /// Finds a hash that came over another channel: at this position, or anywhere (SIG-53). Gives the position.
    ///
    /// # Errors
    /// [`HashMismatch`].
    pub fn find(&self, hash: BlockHash, position: Option<usize>) -> Result<usize, HashMismatch> {
        let found = match position {
            Some(position) => self.hash(Some(position)).filter(|found| *found == hash).map(|_| position),
            None => self.history.iter().position(|entry| entry.hash == hash),
        };
        found.ok_or(HashMismatch)
    }
}
