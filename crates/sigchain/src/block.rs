//! A block, and the hash of its transaction (docs/spec/SIGCHAIN.md sections 2 and 3).

use crate::hash::BlockHash;
use sealwright_types::{DeviceId, UserId};
use sealwright_wrap::KeyHash;
use serde::{Serialize, Serializer};

/// A block whose shape is right (SIG-02). What it says has not been checked.
///
/// Written as `{ "transaction", "signature", "extras" }` (docs/spec/SIGCHAIN.md section 2), every text in the spelling in which it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub(crate) transaction: Transaction,
    pub(crate) signature: Signature,
    /// `extras.pubkeys` as they stand there.
    pub(crate) public_keys: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) position: u64,
    pub(crate) previous_hash: String,
    /// Seconds since 1970, as all times here.
    pub(crate) created_at: u64,
    pub(crate) expire_at: u64,
    pub(crate) signer: Signer,
    pub(crate) operation: Operation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) user: String,
    /// None is written as an empty text.
    pub(crate) device: Option<Spelled<DeviceId>>,
}

/// What a block does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Device {
        kind: DeviceOperation,
        device: Operated,
        /// Whether there is a list of members too, which has no business there (SIG-33).
        with_members: bool,
    },
    Members {
        kind: MemberOperation,
        members: Vec<Spelled<UserId>>,
        /// What has no business there (SIG-34).
        device: Stray,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceOperation {
    Creation,
    Renewal,
    Revocation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberOperation {
    Members,
    ServerRemoveMembers,
}

/// The device of a device operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operated {
    pub(crate) id: Spelled<DeviceId>,
    /// None if the text is the hash of nothing.
    pub(crate) encryption_hash: Spelled<Option<KeyHash>>,
    pub(crate) signing_hash: Spelled<Option<KeyHash>>,
}

/// The device of an operation that is about none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stray {
    pub(crate) id: Option<Spelled<DeviceId>>,
    pub(crate) encryption_hash: String,
    pub(crate) signing_hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Signature {
    pub(crate) protocol: String,
    pub(crate) hash: String,
    pub(crate) signature: String,
}

/// A value in the spelling in which it is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spelled<T> {
    pub(crate) text: String,
    pub(crate) value: T,
}

impl Block {
    /// The hash of the transaction, computed from its fields (SIG-10, SIG-11).
    pub fn computed_hash(&self) -> BlockHash {
        self.transaction.hash()
    }

    /// The canonical JSON that is hashed (SIG-10, SIG-11).
    pub fn canonical(&self) -> String {
        String::from_utf8(self.transaction.canonical()).unwrap_or_default()
    }

    /// The hash that stands in the block. Only in a verified chain is it known to be the one of the transaction.
    pub fn stated_hash(&self) -> &str {
        &self.signature.hash
    }

    /// The entries of `extras.pubkeys`, as they stand there.
    pub fn public_keys(&self) -> &[String] {
        &self.public_keys
    }
}

impl Transaction {
    pub(crate) fn hash(&self) -> BlockHash {
        BlockHash::of(&self.canonical())
    }

    fn canonical(&self) -> Vec<u8> {
        // The members of `Hashed` stand in their order, and integers and texts are written in their canonical form, so that nothing is
        // left to be sorted: that would take a third of the time of a block. Writing into memory does not fail.
        serde_json::to_vec(&Hashed::of(self)).unwrap_or_default()
    }
}

impl DeviceOperation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Renewal => "renewal",
            Self::Revocation => "revocation",
        }
    }
}

impl MemberOperation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::ServerRemoveMembers => "server-remove-members",
        }
    }
}

impl<T: ToString> Spelled<T> {
    /// The value in its canonical spelling.
    pub(crate) fn canonical(value: T) -> Self {
        Self { text: value.to_string(), value }
    }
}

impl Spelled<Option<KeyHash>> {
    pub(crate) fn hash(value: KeyHash) -> Self {
        Self { text: value.to_string(), value: Some(value) }
    }
}

impl<T> Serialize for Spelled<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// The recognised fields of a transaction, as they are hashed: here and below in the order of their names.
#[derive(Serialize)]
struct Hashed<'a> {
    created_at: u64,
    expire_at: u64,
    operation: HashedOperation<'a>,
    position: u64,
    previous_hash: &'a str,
    signer: HashedSigner<'a>,
}

#[derive(Serialize)]
struct HashedOperation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<HashedDevice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<&'a [Spelled<UserId>]>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct HashedDevice<'a> {
    encryption_pubkey_hash: &'a str,
    id: &'a str,
    signing_pubkey_hash: &'a str,
}

#[derive(Serialize)]
struct HashedSigner<'a> {
    device_id: &'a str,
    user: &'a str,
}

impl<'a> Hashed<'a> {
    fn of(transaction: &'a Transaction) -> Self {
        let Transaction { position, previous_hash, created_at, expire_at, signer, operation } = transaction;
        Self {
            created_at: *created_at,
            expire_at: *expire_at,
            operation: HashedOperation::of(operation),
            position: *position,
            previous_hash,
            signer: HashedSigner {
                device_id: signer.device.as_ref().map_or("", |device| &device.text),
                user: &signer.user,
            },
        }
    }
}

impl<'a> HashedOperation<'a> {
    fn of(operation: &'a Operation) -> Self {
        match operation {
            Operation::Device { kind, device, .. } => Self {
                device: Some(HashedDevice {
                    encryption_pubkey_hash: &device.encryption_hash.text,
                    id: &device.id.text,
                    signing_pubkey_hash: &device.signing_hash.text,
                }),
                members: None,
                kind: kind.name(),
            },
            Operation::Members { kind, members, device } => Self {
                device: device.id.as_ref().map(|id| HashedDevice {
                    encryption_pubkey_hash: &device.encryption_hash,
                    id: &id.text,
                    signing_pubkey_hash: &device.signing_hash,
                }),
                members: Some(members),
                kind: kind.name(),
            },
        }
    }
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            transaction: Hashed<'a>,
            signature: &'a Signature,
            extras: Extras<'a>,
        }
        #[derive(Serialize)]
        struct Extras<'a> {
            pubkeys: &'a [String],
        }
        let extras = Extras { pubkeys: &self.public_keys };
        Written { transaction: Hashed::of(&self.transaction), signature: &self.signature, extras }.serialize(serializer)
    }
}
