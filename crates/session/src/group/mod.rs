//! Groups: making, opening, renewing and changing them (docs/spec/SESSIONS.md sections 10 to 12).
//!
//! What has to stand in the group's sigchain comes back as values ([`DeviceKeys`], lists of members); building and signing the blocks is the
//! caller's. **Devices are unverified here**: take them from verified sigchains.

mod change;
mod membership;
mod temporary;

pub use change::{Joined, NewKeys, NewMember, NextMessageKey, Renewal, is_renewal_due};
pub use membership::{Membership, MembershipError, Role};
pub use temporary::{Invitation, RenewedTemporaryKey, TemporaryKey};

use crate::share::{ShareError, UnverifiedDevice, same, wrap_for_unverified};
use sealwright_envelope::{self as envelope, SymKey};
use sealwright_types::random::RandomError;
use sealwright_types::{Coded, DeviceId, GroupId, MessageId, SecretVec, SessionId, TemporaryKeyId, UserId};
use sealwright_wrap::record::{Created, DeviceToken, GroupKeyRecord};
use sealwright_wrap::{EngineError, KeyHash, KeySize, PrivateKey, PublicKey, UnwrapError};
use std::sync::Arc;

/// A group whose keys are open: all generations of them, oldest first.
#[derive(Debug)]
pub struct OpenedGroup {
    id: GroupId,
    device: DeviceId,
    former: Vec<GroupGeneration>,
    current: GroupGeneration,
    /// Whether its message key is known to be the one that members join by themselves with (GRP-21).
    self_add: bool,
}

/// One generation of a group's keys.
#[derive(Debug)]
pub struct GroupGeneration {
    /// The session that carries the message key.
    pub message_id: MessageId,
    /// The message key, under which the two private keys are sealed (GRP-02).
    pub message_key: SymKey,
    /// The private keys.
    pub keys: GroupKeyPairs,
    /// When they were made.
    pub created: Option<Created>,
}

/// The two private keys of a group (GRP-01).
#[derive(Debug, Clone)]
pub struct GroupKeyPairs {
    /// Opens what is wrapped for the group.
    pub encryption: Arc<PrivateKey>,
    /// Signs the blocks of the group's sigchain.
    pub signing: Arc<PrivateKey>,
}

/// What a block of the group's sigchain says about its single device when the group is created or its keys are renewed.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceKeys {
    /// The device.
    pub device: DeviceId,
    /// Its encryption key.
    pub encryption: PublicKey,
    /// Its signing key.
    pub signing: PublicKey,
    /// The key that signs the block: at a renewal the **former** signing key (GRP-05), at the creation the new one.
    pub signed_by: KeyHash,
}

/// The message key of a new group (GRP-02).
#[derive(Debug)]
pub enum MessageKeyOrigin {
    /// 64 random bytes.
    Random,
    /// The key that members join by themselves with, from a password (KDF-08) or raw (GRP-20). It stays the same for ever, so that a renewal
    /// keeps nothing from those who know it (GRP-21).
    SelfAdd(Box<SymKey>),
}

/// The ids of a new group, which the service gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupIds {
    /// The group: its user id.
    pub group: GroupId,
    /// Its single device (GRP-01).
    pub device: DeviceId,
    /// The session that carries its first message key.
    pub message: MessageId,
}

/// A member's devices. A member without any is refused: they could not read (SES-31).
#[derive(Debug, Clone)]
pub struct MemberDevices {
    /// The member.
    pub user: UserId,
    /// Where they read.
    pub devices: Vec<UnverifiedDevice>,
}

/// A new group, and what has to be published of it.
#[derive(Debug)]
pub struct CreatedGroup {
    /// Its sealed private keys.
    pub record: GroupKeyRecord,
    /// Its message key, wrapped for the devices of all members.
    pub tokens: Vec<DeviceToken>,
    /// What the first block of its sigchain says; the second one lists the members.
    pub block: DeviceKeys,
    /// The group, ready for use.
    pub group: OpenedGroup,
}

/// Why something about a group failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// There is no record of the group's keys, or records of different groups or devices.
    #[error("there are no records of the keys of one group with one device (GRP-01)")]
    NoRecord,
    /// A message key of the group is not at hand (GRP-03).
    #[error("the group message key of session {message} is not at hand (GRP-03)")]
    KeyMissing {
        /// The session that carries it.
        message: MessageId,
    },
    /// Something sealed does not open: the wrong key, or damaged data.
    #[error(transparent)]
    Rejected(#[from] UnwrapError),
    /// The temporary key is signed by no known key of the group (GTK-03).
    #[error("temporary key {id} is signed by no known signing key of the group (GTK-03)")]
    BadSignature {
        /// The temporary key.
        id: TemporaryKeyId,
    },
    /// The keys that an invitation leads to are not those of the group's sigchain (GTK-02).
    #[error("the signing key of session {message} is no known one of the group (GTK-02)")]
    UnknownSigningKey {
        /// The session that carries the message key.
        message: MessageId,
    },
    /// A renewal under a session that carries a message key of the group already (GRP-05).
    #[error("session {message} carries a message key of the group already (GRP-05)")]
    MessageIdReused {
        /// The session.
        message: MessageId,
    },
    /// A renewal of keys that were made at the end of time (GRP-05).
    #[error("no moment is later than that of the group's keys (GRP-05)")]
    NoLaterMoment,
    /// A new message key in a group that members join by themselves: it must stay the same (GRP-21).
    #[error("the message key of a group with self-add stays the same (GRP-21)")]
    SelfAddKeyChanged,
    /// Its members are not as they must be.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// A key could not be given to somebody.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A signature could not be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Coded for GroupError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoRecord => "no-token",
            Self::KeyMissing { .. } => "group-key-missing",
            Self::Rejected(error) => error.code(),
            Self::BadSignature { .. } | Self::UnknownSigningKey { .. } => "bad-signature",
            Self::MessageIdReused { .. } => "message-id-reused",
            Self::NoLaterMoment => "no-later-moment",
            Self::SelfAddKeyChanged => "self-add-key-changed",
            Self::Membership(error) => error.code(),
            Self::Share(error) => error.code(),
            Self::Random(error) => error.code(),
            Self::Engine(error) => error.code(),
        }
    }
}

impl From<sealwright_wrap::WrapError> for GroupError {
    fn from(error: sealwright_wrap::WrapError) -> Self {
        Self::Share(error.into())
    }
}

impl From<envelope::SealError> for GroupError {
    fn from(error: envelope::SealError) -> Self {
        Self::Share(error.into())
    }
}

impl GroupKeyPairs {
    /// Two new key pairs. 4096 bits may take some seconds.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn generate(size: KeySize) -> Result<Self, EngineError> {
        let key = || PrivateKey::generate(size).map(Arc::new);
        Ok(Self { encryption: key()?, signing: key()? })
    }
}

impl MemberDevices {
    /// The devices of every member, in the order of the list.
    fn of_all<'a>(all: &'a [Self], members: &[UserId]) -> Result<Vec<&'a UnverifiedDevice>, GroupError> {
        let mut devices = Vec::new();
        for member in members {
            let own = all.iter().filter(|of| of.user == *member).flat_map(|of| &of.devices);
            let before = devices.len();
            devices.extend(own);
            if devices.len() == before {
                return Err(ShareError::NoDevice.into());
            }
        }
        Ok(devices)
    }
}

/// Makes a group (GRP-01, GRP-02, GRP-03).
///
/// # Errors
/// [`GroupError::Share`] with [`ShareError::NoDevice`] if a member has no device.
pub fn create_group(
    ids: GroupIds,
    membership: &Membership,
    devices: &[MemberDevices],
    keys: GroupKeyPairs,
    origin: MessageKeyOrigin,
    created: Created,
) -> Result<CreatedGroup, GroupError> {
    let devices = MemberDevices::of_all(devices, membership.members())?;
    let self_add = matches!(origin, MessageKeyOrigin::SelfAdd(_));
    let message_key = match origin {
        MessageKeyOrigin::Random => SymKey::generate()?,
        MessageKeyOrigin::SelfAdd(key) => *key,
    };
    let generation = GroupGeneration { message_id: ids.message, message_key, keys, created: Some(created) };
    let group = OpenedGroup { id: ids.group, device: ids.device, former: Vec::new(), current: generation, self_add };
    Ok(CreatedGroup {
        record: group.record(&group.current)?,
        tokens: group.current.wrap_for(&devices)?,
        block: group.device_keys(&group.current, &group.current),
        group,
    })
}

impl OpenedGroup {
    /// Opens the keys of a group, given its records in any order and its message keys (GRP-02, GRP-04). **The message keys must have been
    /// reached directly**, as [`Resolver::resolve_direct`](crate::Resolver::resolve_direct) does (GRP-03).
    ///
    /// # Errors
    /// [`GroupError::NoRecord`], [`GroupError::KeyMissing`], [`GroupError::Rejected`].
    pub fn open(
        records: &[GroupKeyRecord],
        message_key: impl Fn(MessageId) -> Option<SymKey>,
    ) -> Result<Self, GroupError> {
        Self::open_trying(records, |message| message_key(message).into_iter().collect())
    }

    /// As [`Self::open`], where several keys may be the message key.
    pub(crate) fn open_trying(
        records: &[GroupKeyRecord],
        message_keys: impl Fn(MessageId) -> Vec<SymKey>,
    ) -> Result<Self, GroupError> {
        let first = records.first().ok_or(GroupError::NoRecord)?;
        if records.iter().any(|record| (record.group_id, record.device_id) != (first.group_id, first.device_id)) {
            return Err(GroupError::NoRecord);
        }
        // By `created`, else as they stand: the sort is stable (GRP-04).
        let mut ordered: Vec<_> = records.iter().collect();
        if records.iter().all(|record| record.created.is_some()) {
            ordered.sort_by_key(|record| record.created);
        }
        let mut former = Vec::new();
        for record in ordered {
            let message = record.message_id;
            let mut tried = Err(GroupError::KeyMissing { message });
            for key in message_keys(message) {
                tried = GroupGeneration::open(record, key);
                if tried.is_ok() {
                    break;
                }
            }
            former.push(tried?);
        }
        let current = former.pop().ok_or(GroupError::NoRecord)?;
        Ok(Self { id: first.group_id, device: first.device_id, former, current, self_add: false })
    }

    /// Opens the keys of a group with the key that its members join by themselves with: it is the message key of all generations (GRP-20).
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_self_add_key(records: &[GroupKeyRecord], key: &SymKey) -> Result<Self, GroupError> {
        Ok(Self { self_add: true, ..Self::open(records, |_| same(key).ok())? })
    }

    /// The group.
    pub fn id(&self) -> GroupId {
        self.id
    }

    /// Its single device.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The keys in use.
    pub fn current(&self) -> &GroupGeneration {
        &self.current
    }

    /// All keys, the current ones last.
    pub fn generations(&self) -> impl Iterator<Item = &GroupGeneration> {
        self.former.iter().chain([&self.current])
    }

    fn record(&self, generation: &GroupGeneration) -> Result<GroupKeyRecord, GroupError> {
        let sealed = |key: &PrivateKey| envelope::seal(&generation.message_key, key.to_pkcs8().expose());
        Ok(GroupKeyRecord {
            group_id: self.id,
            device_id: self.device,
            message_id: generation.message_id,
            encrypted_encryption_private_key: sealed(&generation.keys.encryption)?.into(),
            encrypted_signing_private_key: sealed(&generation.keys.signing)?.into(),
            created: generation.created,
        })
    }

    fn device_keys(&self, of: &GroupGeneration, signer: &GroupGeneration) -> DeviceKeys {
        DeviceKeys {
            device: self.device,
            encryption: of.keys.encryption.public().clone(),
            signing: of.keys.signing.public().clone(),
            signed_by: signer.keys.signing.hash(),
        }
    }
}

impl GroupGeneration {
    fn open(record: &GroupKeyRecord, message_key: SymKey) -> Result<Self, GroupError> {
        let opened = |sealed: &[u8]| {
            let der = envelope::open(&message_key, sealed).map(SecretVec::from).map_err(|_| UnwrapError::Rejected)?;
            let imported = PrivateKey::from_der(der.expose()).map_err(|_| UnwrapError::Rejected)?;
            Ok::<_, UnwrapError>(Arc::new(imported.key))
        };
        let keys = GroupKeyPairs {
            encryption: opened(&record.encrypted_encryption_private_key)?,
            signing: opened(&record.encrypted_signing_private_key)?,
        };
        Ok(Self { message_id: record.message_id, message_key, keys, created: record.created })
    }

    /// The session that carries the message key.
    pub fn session(&self) -> SessionId {
        self.message_id.into()
    }

    fn wrap_for(&self, devices: &[&UnverifiedDevice]) -> Result<Vec<DeviceToken>, ShareError> {
        let devices: Vec<_> = devices.iter().copied().cloned().collect();
        wrap_for_unverified(self.session(), &self.message_key, &devices)
    }
}
