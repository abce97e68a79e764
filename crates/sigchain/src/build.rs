//! The next block of a chain, for every operation (docs/spec/SIGCHAIN.md section 8).

use crate::block::{
    Block, DeviceOperation, MemberOperation, Operated, Operation, Signature, Signer, Spelled, Stray, Transaction,
};
use crate::fault::{Check, Fault};
use crate::verified::{Change, Device, Verified};
use crate::verify::{PROTOCOL, SELF};
use sealwright_types::{Coded, DeviceId, UserId, b64};
use sealwright_wrap::{EngineError, KeyHash, PrivateKey, PublicKey};
use std::collections::HashSet;

/// How long a device lives when nothing else is said, in seconds: three years of 365 days (SIG-61).
pub const DEFAULT_LIFE: u64 = 3 * 365 * 24 * 60 * 60;
/// The longest life of a device, in seconds: five years of 365 days (SIG-61).
pub const LONGEST_LIFE: u64 = crate::verify::LONGEST_LIFE;

/// Makes the block that follows upon a verified chain.
///
/// Every function gives a block that has passed the checks of section 5 on top of the chain (SIG-62).
#[derive(Debug, Clone, Copy)]
pub struct Next<'a> {
    chain: &'a Verified,
    now: u64,
    life: u64,
}

/// Who signs: a device and its signing key.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// The device.
    pub device: DeviceId,
    /// Its signing key.
    pub key: &'a PrivateKey,
}

/// The keys that a creation or a renewal brings.
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    /// The device.
    pub id: DeviceId,
    /// The hash of its encryption key.
    pub encryption_key: KeyHash,
    /// Its signing key.
    pub signing_key: &'a PublicKey,
}

/// A new block, and the chain with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The block.
    pub block: Block,
    /// The state after it.
    pub chain: Verified,
}

/// Why a block could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The block would not be valid on top of the chain (SIG-62).
    #[error(transparent)]
    Refused(#[from] Fault),
    /// The cryptographic engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Coded for BuildError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(fault) => fault.code(),
            Self::Engine(error) => error.code(),
        }
    }
}

impl Verified {
    /// Begins the next block, made `now`, in seconds since 1970 (SIG-61).
    pub fn next(&self, now: u64) -> Next<'_> {
        Next { chain: self, now, life: DEFAULT_LIFE }
    }
}

impl Next<'_> {
    /// Lets the device live so many seconds; at most [`LONGEST_LIFE`] are accepted.
    #[must_use]
    pub fn living(self, seconds: u64) -> Self {
        Self { life: seconds, ..self }
    }

    /// A new device. The first one of a chain signs for itself.
    ///
    /// # Errors
    /// [`BuildError`], as all of these.
    pub fn creation(self, author: Author<'_>, new: NewDevice<'_>) -> Result<Built, BuildError> {
        self.with_keys(DeviceOperation::Creation, author, new)
    }

    /// New keys for a device, signed with the old one.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn renewal(self, author: Author<'_>, new: NewDevice<'_>) -> Result<Built, BuildError> {
        self.with_keys(DeviceOperation::Renewal, author, new)
    }

    /// The end of a device.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn revocation(self, author: Author<'_>, device: DeviceId) -> Result<Built, BuildError> {
        let known = self.known(device)?;
        let keys = vec![b64::encode(known.signing_key.to_spki())];
        self.signed(0, revocation(device, known), keys, author)
    }

    /// The members of a group from now on, in this order (SIG-60).
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn members(self, author: Author<'_>, members: &[UserId]) -> Result<Built, BuildError> {
        self.signed(0, of_members(MemberOperation::Members, members), Vec::new(), author)
    }

    /// Adds members to those that there are: the old list as it stands there, without those that were removed since, then the new ones,
    /// each once (SIG-60).
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn further_members(self, author: Author<'_>, new: &[UserId]) -> Result<Built, BuildError> {
        let mut known: HashSet<UserId> = self.chain.members.iter().copied().collect();
        let mut members = self.last_list().to_vec();
        members.retain(|user| known.contains(user));
        members.extend(new.iter().filter(|user| known.insert(**user)));
        self.members(author, &members)
    }

    /// The end of a device, by the server: nothing is signed (SIG-13).
    ///
    /// # Errors
    /// [`BuildError::Refused`].
    pub fn server_revocation(self, server: &str, device: DeviceId) -> Result<Built, BuildError> {
        let operation = revocation(device, self.known(device)?);
        self.unsigned(operation, server)
    }

    /// The removal of members, by the server: nothing is signed (SIG-13).
    ///
    /// # Errors
    /// [`BuildError::Refused`].
    pub fn server_removal(self, server: &str, removed: &[UserId]) -> Result<Built, BuildError> {
        self.unsigned(of_members(MemberOperation::ServerRemoveMembers, removed), server)
    }

    fn with_keys(self, kind: DeviceOperation, author: Author<'_>, new: NewDevice<'_>) -> Result<Built, BuildError> {
        let device = Operated {
            id: Spelled::canonical(new.id),
            encryption_hash: Spelled::hash(new.encryption_key),
            signing_hash: Spelled::hash(new.signing_key.hash()),
        };
        let keys = vec![b64::encode(new.signing_key.to_spki())];
        let operation = Operation::Device { kind, device, with_members: false };
        self.signed(self.now.saturating_add(self.life), operation, keys, author)
    }

    fn signed(
        self,
        expire_at: u64,
        operation: Operation,
        public_keys: Vec<String>,
        author: Author<'_>,
    ) -> Result<Built, BuildError> {
        let signer = Signer { user: SELF.to_owned(), device: Some(Spelled::canonical(author.device)) };
        let transaction = self.transaction(expire_at, operation, signer);
        let signature = author.key.sign(&transaction.hash().text())?;
        self.finished(transaction, b64::encode(signature), public_keys)
    }

    fn unsigned(self, operation: Operation, server: &str) -> Result<Built, BuildError> {
        let transaction = self.transaction(0, operation, Signer { user: server.to_owned(), device: None });
        self.finished(transaction, String::new(), Vec::new())
    }

    fn transaction(&self, expire_at: u64, operation: Operation, signer: Signer) -> Transaction {
        Transaction {
            position: self.chain.history.len() as u64,
            previous_hash: self.chain.hash(None).map(|hash| hash.to_string()).unwrap_or_default(),
            created_at: self.now,
            expire_at,
            signer,
            operation,
        }
    }

    /// SIG-62.
    fn finished(
        self,
        transaction: Transaction,
        signature: String,
        public_keys: Vec<String>,
    ) -> Result<Built, BuildError> {
        let hash = transaction.hash().to_string();
        let signature = Signature { protocol: PROTOCOL.to_owned(), hash, signature };
        let block = Block { transaction, signature, public_keys };
        let chain = self.chain.extend(std::slice::from_ref(&block), self.now)?;
        Ok(Built { block, chain })
    }

    /// The last list of members as it was given.
    fn last_list(&self) -> &[UserId] {
        let mut lists = self.chain.history.iter().rev().filter_map(|entry| match &entry.change {
            Change::Members(members) => Some(members.as_slice()),
            _ => None,
        });
        lists.next().unwrap_or_default()
    }

    fn known(&self, device: DeviceId) -> Result<&Device, Fault> {
        let missing = Fault { position: self.chain.history.len(), check: Check::RevokeNotExisting };
        self.chain.device(device).ok_or(missing)
    }
}

fn revocation(id: DeviceId, device: &Device) -> Operation {
    let device = Operated {
        id: Spelled::canonical(id),
        encryption_hash: Spelled {
            text: device.encryption_key.map(|hash| hash.to_string()).unwrap_or_default(),
            value: device.encryption_key,
        },
        signing_hash: Spelled::hash(device.signing_key_hash),
    };
    Operation::Device { kind: DeviceOperation::Revocation, device, with_members: false }
}

fn of_members(kind: MemberOperation, members: &[UserId]) -> Operation {
    let members = members.iter().copied().map(Spelled::canonical).collect();
    Operation::Members { kind, members, device: Stray::default() }
}
