//! Session keys through groups, whose private keys are opened when they are needed (docs/spec/SESSIONS.md section 10).

use super::{Resolved, Resolver};
use crate::group::{GroupError, OpenedGroup};
use crate::keyring::{Candidate, Keyring, Opened, UnknownHash};
use crate::route::Route;
use crate::serialized::Through;
use sealwright_types::{DeviceId, GroupId, SecretVec};
use sealwright_wrap::PrivateKey;
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord};
use std::sync::{Arc, PoisonError};

impl Resolver {
    /// Opens the keys of a group by its message keys, which own tokens give (GRP-02, GRP-03).
    ///
    /// # Errors
    /// [`GroupError`].
    pub fn open_group(&self, group: GroupId) -> Result<OpenedGroup, GroupError> {
        let records = self.records.group_keys().iter().filter(|record| record.group_id == group);
        let records: Vec<_> = records.cloned().collect();
        OpenedGroup::open_trying(&records, |message| {
            let own = self.own(message.into()).map(|(_, key)| key);
            own.into_iter().chain(self.further(message.into()).to_vec()).filter_map(|key| key.sym_key()).collect()
        })
    }

    /// A token for a group: any may be one, as the device that it names is a hint only (EMK-15, EGR-04).
    pub(super) fn unwrap_group(&self, token: &DeviceToken) -> Option<Arc<Resolved>> {
        if self.is_skipped(token.revoked) {
            return None;
        }
        // A group whose device is named is opened alone: the others may never be needed.
        let of_device = token.device_id.filter(|device| self.records.is_group_device(*device));
        let of_device = of_device.map(|device| self.keyring_of_group(device)).unwrap_or_default();
        let is_named = |keyring: &Keyring| token.created_for_key_hash.is_some_and(|hash| keyring.has(hash));
        if (token.created_for_key_hash.is_none() || is_named(&of_device))
            && let Some(opened) = self.open_token(of_device.candidates(token, UnknownHash::Stop), &token.token)
        {
            return Some(self.through_group(token, &opened));
        }
        let is_tried = |candidate: &Candidate| match token.created_for_key_hash {
            Some(hash) => hash == candidate.key.hash() && of_device.has(hash),
            None => of_device.has(candidate.key.hash()),
        };
        let groups = self.group_keyring();
        let candidates = groups.candidates(token, self.policy.unknown_hash).filter(|candidate| !is_tried(candidate));
        self.open_token(candidates, &token.token).map(|opened| self.through_group(token, &opened))
    }

    fn through_group(&self, token: &DeviceToken, opened: &Opened<'_>) -> Arc<Resolved> {
        // The device of a token is a hint only (EMK-15): whose key it was counts first.
        let mut devices = opened.by.devices.iter().chain(&token.device_id);
        let group = devices.find_map(|device| self.records.group_of(*device));
        Resolved::through(&opened.key, Route::Group, group.map(Through::Group))
    }

    /// The private keys of all groups whose message key is reached directly, opened when the first one is needed.
    pub(super) fn group_keyring(&self) -> &Keyring {
        self.group_keyring.get_or_init(|| {
            let mut keyring = Keyring::default();
            for (device, key) in self.records.group_private_keys() {
                keyring.add(Arc::clone(key), *device);
            }
            for record in self.records.group_keys() {
                if let Some(key) = self.open_group_key(record) {
                    keyring.add(Arc::new(key), Some(record.device_id));
                }
            }
            keyring
        })
    }

    /// The private keys of one group, opened when they are needed.
    fn keyring_of_group(&self, device: DeviceId) -> Arc<Keyring> {
        let remembered = || self.keyrings_of_groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keyring) = remembered().get(&device) {
            return Arc::clone(keyring);
        }
        let mut keyring = Keyring::default();
        for (_, key) in self.records.group_private_keys().iter().filter(|(of, _)| *of == Some(device)) {
            keyring.add(Arc::clone(key), Some(device));
        }
        for record in self.records.group_keys().iter().filter(|record| record.device_id == device) {
            if let Some(key) = self.open_group_key(record) {
                keyring.add(Arc::new(key), Some(device));
            }
        }
        Arc::clone(remembered().entry(device).or_insert_with(|| Arc::new(keyring)))
    }

    fn open_group_key(&self, record: &GroupKeyRecord) -> Option<PrivateKey> {
        let sealed = &record.encrypted_encryption_private_key;
        let mut opened =
            self.directly(record.message_id.into()).map(|key| sealwright_envelope::open(&key.sym_key()?, sealed).ok());
        let der = SecretVec::from(opened.find_map(|der| der)?);
        PrivateKey::from_der(der.expose()).ok().map(|imported| imported.key)
    }
}
