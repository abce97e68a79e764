//! Temporary keys of a group: invitations by e-mail or telephone (docs/spec/SESSIONS.md section 11).

use super::membership::{Membership, Role};
use super::{GroupError, GroupGeneration, OpenedGroup};
use crate::tmr::recorded;
use sealwright_envelope::SymKey;
use sealwright_kdf::value::AuthFactor;
use sealwright_types::{GroupId, MessageId, TemporaryKeyId, UserId};
use sealwright_wrap::record::{GroupKeyRecord, TemporaryKeyRecord, Wrapped};
use sealwright_wrap::{KeyHash, PublicKey, UnwrapError, symmetric, unwrap, wrap};
use std::collections::{BTreeMap, HashSet};

/// A temporary key that was opened **and** whose signature a known key of the group made (GTK-03).
#[derive(Debug)]
pub struct TemporaryKey {
    id: TemporaryKeyId,
    group: GroupId,
    key: SymKey,
    role: Role,
    data: BTreeMap<MessageId, Wrapped>,
    known: HashSet<KeyHash>,
}

/// Whom to invite.
#[derive(Debug, Clone)]
pub struct Invitation<'a> {
    /// The id that the service gives.
    pub id: TemporaryKeyId,
    /// Where the invitation is proved.
    pub auth_factor: &'a AuthFactor,
    /// What they may do once they have joined.
    pub role: Role,
    /// The key that the application hands to them itself.
    pub over_encryption_key: &'a SymKey,
}

/// A pending temporary key that was moved on to new keys of the group (GTK-04).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewedTemporaryKey {
    /// The temporary key.
    pub id: TemporaryKeyId,
    /// The new message key under the temporary key: `data`.
    pub data: Wrapped,
    /// By the **new** signing key: `signature`.
    pub signature: Wrapped,
    /// For the **new** encryption key: `encrypted_symkey_group`.
    pub encrypted_symkey_group: Wrapped,
}

/// The bytes of a temporary key (GTK-01).
const KEY_LENGTH: usize = 64;

impl OpenedGroup {
    /// Invites somebody (GTK-01). Only administrators do.
    ///
    /// # Errors
    /// [`GroupError::Membership`]; [`GroupError::Share`] for an over-encryption key of fewer than 64 bytes.
    pub fn invite(
        &self,
        by: UserId,
        membership: &Membership,
        invitation: &Invitation<'_>,
    ) -> Result<TemporaryKeyRecord, GroupError> {
        membership.require_admin(by)?;
        let key = SymKey::generate()?;
        let mut data = BTreeMap::new();
        for generation in self.generations() {
            data.insert(generation.message_id, symmetric::wrap(&generation.message_key, &key)?.into());
        }
        let keys = &self.current.keys;
        Ok(TemporaryKeyRecord {
            group_id: self.id,
            temporary_key_id: invitation.id,
            is_admin: invitation.role == Role::Admin,
            auth_factor: Some(recorded(invitation.auth_factor)),
            encrypted_symkey_roek: symmetric::wrap(&key, invitation.over_encryption_key)?.into(),
            encrypted_symkey_group: wrap(&key, keys.encryption.public())?.into(),
            symkey_signature: keys.signing.sign(key.expose())?.into(),
            data,
        })
    }

    /// Moves a pending temporary key on (GTK-03, GTK-04): every encryption key of the group is tried, every signing key may have signed.
    pub(super) fn renew_temporary_key(
        &self,
        record: &TemporaryKeyRecord,
        new: &GroupGeneration,
    ) -> Result<RenewedTemporaryKey, GroupError> {
        let mut generations = self.generations();
        let key = generations
            .find_map(|generation| unwrap(&generation.keys.encryption, &record.encrypted_symkey_group).ok())
            .ok_or(UnwrapError::Rejected)?;
        let signing: Vec<_> = self.generations().map(|generation| generation.keys.signing.public().clone()).collect();
        verify(record, &key, &signing)?;
        Ok(RenewedTemporaryKey {
            id: record.temporary_key_id,
            data: symmetric::wrap(&new.message_key, &key)?.into(),
            signature: new.keys.signing.sign(key.expose())?.into(),
            encrypted_symkey_group: wrap(&key, new.keys.encryption.public())?.into(),
        })
    }
}

impl TemporaryKey {
    /// Opens a temporary key with the over-encryption key and verifies its signature (GTK-02, GTK-03). `known_signing_keys` are the group's,
    /// current and former, **from its verified sigchain**: without them anybody who can write the record invites into a group of their own.
    ///
    /// # Errors
    /// [`GroupError::Rejected`] if it does not open; [`GroupError::BadSignature`].
    pub fn open(
        record: &TemporaryKeyRecord,
        over_encryption_key: &SymKey,
        known_signing_keys: &[PublicKey],
    ) -> Result<Self, GroupError> {
        let key = symmetric::unwrap(&record.encrypted_symkey_roek, over_encryption_key)?;
        verify(record, &key, known_signing_keys)?;
        let role = if record.is_admin { Role::Admin } else { Role::Member };
        let known = known_signing_keys.iter().map(PublicKey::hash).collect();
        Ok(Self { id: record.temporary_key_id, group: record.group_id, key, role, data: record.data.clone(), known })
    }

    /// The temporary key.
    pub fn id(&self) -> TemporaryKeyId {
        self.id
    }

    /// What whoever was invited may do, as it was fixed when they were (GTK-02).
    pub fn role(&self) -> Role {
        self.role
    }

    /// Opens all keys of the group (GTK-02). [`OpenedGroup::join`] follows. Nothing signs the records: each generation must have a signing key
    /// that was known when the invitation was opened.
    ///
    /// # Errors
    /// [`GroupError::UnknownSigningKey`];
    /// [`GroupError::KeyMissing`] if the invitation lacks a message key or one does not open; [`GroupError::NoRecord`],
    /// [`GroupError::Rejected`].
    pub fn open_group(&self, records: &[GroupKeyRecord]) -> Result<OpenedGroup, GroupError> {
        if records.iter().any(|record| record.group_id != self.group) {
            return Err(GroupError::NoRecord);
        }
        let group = OpenedGroup::open(records, |message| symmetric::unwrap(self.data.get(&message)?, &self.key).ok())?;
        for generation in group.generations() {
            if !self.known.contains(&generation.keys.signing.hash()) {
                return Err(GroupError::UnknownSigningKey { message: generation.message_id });
            }
        }
        Ok(group)
    }
}

/// Whether one of the keys signed the temporary key (GTK-03). The same keys sign the 64 hexadecimal characters of published block hashes
/// (PSS-03), so that such a text is no key, whoever signed it; a key of 64 random bytes never is one.
fn verify(record: &TemporaryKeyRecord, key: &SymKey, known: &[PublicKey]) -> Result<(), GroupError> {
    let bytes = key.expose();
    let is_key = bytes.len() == KEY_LENGTH && !bytes.iter().all(u8::is_ascii_hexdigit);
    let signed = is_key && known.iter().any(|signer| signer.verify(bytes, &record.symkey_signature).is_ok());
    if signed { Ok(()) } else { Err(GroupError::BadSignature { id: record.temporary_key_id }) }
}
