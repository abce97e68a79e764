//! Private keys out of databases, made into identities and groups.

use super::Warning;
use super::user::{PrivateDevice, UserDocument};
use crate::identity::once_each;
use crate::{Identity, IdentityError, KeyPair, Use};
use sealwright_types::{DeviceId, GroupId, RuleId, SecretVec, UserId};
use sealwright_wrap::{KeyError, PrivateKey};
use std::sync::Arc;

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

/// The identity of a private device: its current keys have to be readable (IDN-18), old ones are left out if they are not (IDN-17).
pub(super) fn identity(
    user: Option<UserId>,
    device: &PrivateDevice,
    warnings: &mut Vec<Warning>,
) -> Result<Identity, IdentityError> {
    let missing = IdentityError::Malformed { rule: RuleId::new("IDN-22") };
    let (user, id) = (user.ok_or(missing)?, device.device.ok_or(missing)?);
    let mut current = |key: &Option<SecretVec>, usage| {
        import(key.as_ref(), warnings).map_err(|error| IdentityError::Key { usage, error })
    };
    Ok(Identity {
        user,
        device: id,
        current: KeyPair {
            encryption: current(&device.encryption, Use::Encryption)?,
            signing: current(&device.signing, Use::Signing)?,
        },
        prepared: None,
        old_encryption: old_keys(&device.old_encryption, Use::Encryption, warnings),
        old_signing: old_keys(&device.old_signing, Use::Signing, warnings),
    })
}

/// A group with the keys of its private devices (DB-11), if there are any.
pub(super) fn group(document: &UserDocument, warnings: &mut Vec<Warning>) -> Option<Group> {
    let id = GroupId::from_bytes(*document.user?.as_bytes()).ok()?;
    let device = document.private.first()?.device;
    let mut readable = |current: fn(&PrivateDevice) -> &Option<SecretVec>,
                        old: fn(&PrivateDevice) -> &Vec<Option<SecretVec>>| {
        let keys = document.private.iter().flat_map(|device| std::iter::once(current(device)).chain(old(device)));
        group_keys(id, keys, warnings)
    };
    let encryption = readable(|device| &device.encryption, |device| &device.old_encryption);
    let signing = readable(|device| &device.signing, |device| &device.old_signing);
    Some(Group { id, device, name: document.name.clone(), members: document.members.clone(), encryption, signing })
}

/// The keys of a group that can be read.
pub(super) fn group_keys<'a>(
    group: GroupId,
    keys: impl Iterator<Item = &'a Option<SecretVec>>,
    warnings: &mut Vec<Warning>,
) -> Vec<Arc<PrivateKey>> {
    let mut readable = Vec::new();
    for key in keys {
        match import(key.as_ref(), warnings) {
            Ok(key) => readable.push(key),
            Err(_) => warnings.push(Warning::GroupKeyDropped { group }),
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
