//! Private keys out of databases, made into identities and groups.

use super::Warning;
use super::user::{PrivateDevice, UserDocument};
use crate::identity::once_each;
use crate::{Identity, IdentityError, KeyPair, Use};
use sealwright_types::{DeviceId, GroupId, RuleId, SecretVec, UserId};
use sealwright_wrap::{KeyError, PrivateKey};
use std::sync::Arc;

/// Private keys that make no identity and belong to no group: an id or a current key is missing or cannot be read, or the document is
/// neither the default user's nor a group's. Any of them may open a token.
#[derive(Debug)]
pub struct StrayKeys {
    pub(super) user: Option<UserId>,
    pub(super) device: Option<DeviceId>,
    pub(super) encryption: Vec<Arc<PrivateKey>>,
    pub(super) signing: Vec<Arc<PrivateKey>>,
}

impl StrayKeys {
    /// The user, if the database names one.
    pub fn user(&self) -> Option<UserId> {
        self.user
    }

    /// The device, if the database names one.
    pub fn device(&self) -> Option<DeviceId> {
        self.device
    }

    /// All keys that may open a token, each once.
    pub fn encryption_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        once_each(self.encryption.iter())
    }

    /// All keys that may have made a signature, each once.
    pub fn signing_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        once_each(self.signing.iter())
    }

    /// How many keys there are, one for both uses counted twice.
    pub(super) fn count(&self) -> usize {
        self.encryption_keys().count().saturating_add(self.signing_keys().count())
    }

    /// Whether nothing says that they belong to another user or another device than this identity.
    pub(super) fn may_be_of(&self, identity: &Identity) -> bool {
        self.user.is_none_or(|user| user == identity.user) && self.device.is_none_or(|device| device == identity.device)
    }
}

/// A private device that makes no identity: why, and the keys that can be read.
pub(super) struct Incomplete {
    pub(super) error: IdentityError,
    pub(super) keys: StrayKeys,
}

/// A group and those of its private keys that could be read.
#[derive(Debug)]
pub struct Group {
    pub(super) id: GroupId,
    pub(super) device: Option<DeviceId>,
    pub(super) name: Option<String>,
    pub(super) members: Vec<UserId>,
    pub(super) encryption: Vec<Arc<PrivateKey>>,
    pub(super) signing: Vec<Arc<PrivateKey>>,
}

impl Group {
    /// The group.
    pub fn id(&self) -> GroupId {
        self.id
    }

    /// Its single device.
    pub fn device(&self) -> Option<DeviceId> {
        self.device
    }

    /// What it is called.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its members, as far as the database knows.
    pub fn members(&self) -> &[UserId] {
        &self.members
    }

    /// All keys that may open a token, current ones first, each once.
    pub fn encryption_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        once_each(self.encryption.iter())
    }

    /// All keys that may have made a signature, current ones first, each once.
    pub fn signing_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        once_each(self.signing.iter())
    }
}

/// The identity of a private device: its ids and current keys have to be readable (IDN-18), old keys are left out if they are not (IDN-17).
/// Where there is no identity, the keys that can be read are still given.
pub(super) fn identity(
    user: Option<UserId>,
    device: &PrivateDevice,
    warnings: &mut Vec<Warning>,
) -> Result<Identity, Incomplete> {
    let imported = Imported::of(device, warnings);
    let error = match (user.zip(device.device), &imported.encryption, &imported.signing) {
        (Some((user, device)), Ok(encryption), Ok(signing)) => {
            let current = KeyPair { encryption: Arc::clone(encryption), signing: Arc::clone(signing) };
            let Imported { old_encryption, old_signing, .. } = imported;
            return Ok(Identity { user, device, current, prepared: None, old_encryption, old_signing });
        }
        (None, ..) => IdentityError::Malformed { rule: RuleId::new("IDN-22") },
        (_, Err(error), _) => IdentityError::Key { usage: Use::Encryption, error: *error },
        (_, _, Err(error)) => IdentityError::Key { usage: Use::Signing, error: *error },
    };
    Err(Incomplete { error, keys: imported.into_stray(user, device.device) })
}

/// The keys of private devices that are neither the default user's nor those of a group that can be named.
pub(super) fn stray(document: &UserDocument, warnings: &mut Vec<Warning>) -> Vec<StrayKeys> {
    let keys = document.private.iter();
    keys.map(|device| Imported::of(device, warnings).into_stray(document.user, device.device)).collect()
}

/// The keys of a device, as far as they can be read.
struct Imported {
    encryption: Result<Arc<PrivateKey>, KeyError>,
    signing: Result<Arc<PrivateKey>, KeyError>,
    old_encryption: Vec<Arc<PrivateKey>>,
    old_signing: Vec<Arc<PrivateKey>>,
}

impl Imported {
    fn of(device: &PrivateDevice, warnings: &mut Vec<Warning>) -> Self {
        let mut current = |key: &Option<SecretVec>, usage| {
            import(key.as_ref(), warnings).inspect_err(|_| warnings.push(Warning::CurrentKeyDropped { usage }))
        };
        Self {
            encryption: current(&device.encryption, Use::Encryption),
            signing: current(&device.signing, Use::Signing),
            old_encryption: old_keys(&device.old_encryption, Use::Encryption, warnings),
            old_signing: old_keys(&device.old_signing, Use::Signing, warnings),
        }
    }

    fn into_stray(self, user: Option<UserId>, device: Option<DeviceId>) -> StrayKeys {
        StrayKeys {
            user,
            device,
            encryption: self.encryption.into_iter().chain(self.old_encryption).collect(),
            signing: self.signing.into_iter().chain(self.old_signing).collect(),
        }
    }
}

/// A group with the keys of its private devices (DB-11), if there are any.
pub(super) fn group(document: &UserDocument, warnings: &mut Vec<Warning>) -> Option<Group> {
    let id = GroupId::from_bytes(*document.user?.as_bytes()).ok()?;
    let device = document.private.first()?.device;
    let mut readable = |current: fn(&PrivateDevice) -> &Option<SecretVec>,
                        old: fn(&PrivateDevice) -> &Vec<Option<SecretVec>>| {
        let keys = document.private.iter().flat_map(|device| std::iter::once(current(device)).chain(old(device)));
        group_keys(Some(id), keys, warnings)
    };
    let encryption = readable(|device| &device.encryption, |device| &device.old_encryption);
    let signing = readable(|device| &device.signing, |device| &device.old_signing);
    Some(Group { id, device, name: document.name.clone(), members: document.members.clone(), encryption, signing })
}

/// The keys of a group that can be read. Of one that cannot be named only the whole is reported.
pub(super) fn group_keys<'a>(
    group: Option<GroupId>,
    keys: impl Iterator<Item = &'a Option<SecretVec>>,
    warnings: &mut Vec<Warning>,
) -> Vec<Arc<PrivateKey>> {
    let mut readable = Vec::new();
    for key in keys {
        match import(key.as_ref(), warnings) {
            Ok(key) => readable.push(key),
            Err(_) => warnings.extend(group.map(|group| Warning::GroupKeyDropped { group })),
        }
    }
    readable
}

fn old_keys(keys: &[Option<SecretVec>], usage: Use, warnings: &mut Vec<Warning>) -> Vec<Arc<PrivateKey>> {
    let mut readable = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        match import(key.as_ref(), warnings) {
            Ok(key) => readable.push(key),
            Err(_) => warnings.push(Warning::OldKeyDropped { usage, index }),
        }
    }
    readable
}

fn import(der: Option<&SecretVec>, warnings: &mut Vec<Warning>) -> Result<Arc<PrivateKey>, KeyError> {
    let imported = PrivateKey::from_der(der.map(SecretVec::expose).unwrap_or_default())?;
    warnings.extend(imported.warnings.into_iter().map(Warning::Key));
    Ok(Arc::new(imported.key))
}
