//! Everything that may lead to session keys: records of wrapped keys by session, and the secrets that open those which no private key opens.

use sealwright_envelope::SymKey;
use sealwright_kdf::{AppIdText, Password};
use sealwright_types::{DeviceId, SecretVec, SessionId, SymEncKeyId, TmrAccessId};
use sealwright_wrap::PrivateKey;
use sealwright_wrap::record::{AuthFactor, DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Records of wrapped keys, and secrets.
#[derive(Debug, Default)]
pub struct Records {
    by_session: HashMap<SessionId, SessionRecords>,
    group_keys: Vec<GroupKeyRecord>,
    group_private_keys: Vec<(Option<DeviceId>, Arc<PrivateKey>)>,
    group_devices: HashSet<DeviceId>,
    sym_enc_key_secrets: Vec<SymEncKeySecret>,
    over_encryption_keys: Vec<OverEncryptionKey>,
    /// The application's id, for passwords.
    pub app: Option<AppIdText>,
}

/// The records that lead to one session.
#[derive(Debug, Default)]
pub(crate) struct SessionRecords {
    pub(crate) known: Vec<SecretVec>,
    pub(crate) tokens: Vec<DeviceToken>,
    pub(crate) proxies: Vec<ProxyKey>,
    pub(crate) sym_enc_keys: Vec<SymEncKeyRecord>,
    pub(crate) tmr_accesses: Vec<TmrAccess>,
}

/// What opens the records of a SymEncKey.
#[derive(Debug)]
pub struct SymEncKeySecret {
    /// The SymEncKey.
    pub id: SymEncKeyId,
    /// The session that it was made for, as the caller spelt it: some implementations derive from that spelling (KDF-30).
    pub session_spelling: Option<String>,
    /// A password or the key itself.
    pub secret: PasswordOrKey,
}

/// A password that a key is derived from, or the key itself.
#[derive(Debug)]
pub enum PasswordOrKey {
    /// A password.
    Password(Password),
    /// The raw key.
    Key(SymKey),
}

/// What opens TMR accesses. Without an id and a factor it is tried on all of them (EGR-04).
#[derive(Debug)]
pub struct OverEncryptionKey {
    /// The access that it belongs to.
    pub id: Option<TmrAccessId>,
    /// The authentication factor that it belongs to.
    pub auth_factor: Option<AuthFactor>,
    /// The key.
    pub key: SymKey,
}

impl Records {
    /// Adds a session key that is known already.
    pub fn add_known(&mut self, session: SessionId, key: &SymKey) {
        self.of(session).known.push(SecretVec::copy_of(key.expose()));
    }

    /// Adds a key wrapped for a device; equal records count once.
    pub fn add_token(&mut self, token: DeviceToken) {
        add_once(&mut self.of(token.session_id).tokens, token);
    }

    /// Adds a key wrapped under a proxy session's key.
    pub fn add_proxy(&mut self, proxy: ProxyKey) {
        add_once(&mut self.of(proxy.session_id).proxies, proxy);
    }

    /// Adds a key wrapped under a SymEncKey.
    pub fn add_sym_enc_key(&mut self, record: SymEncKeyRecord) {
        add_once(&mut self.of(record.session_id).sym_enc_keys, record);
    }

    /// Adds a key wrapped under an over-encryption key.
    pub fn add_tmr_access(&mut self, access: TmrAccess) {
        add_once(&mut self.of(access.session_id).tmr_accesses, access);
    }

    /// Adds private keys of a group, sealed under the group's message key.
    pub fn add_group_key(&mut self, record: GroupKeyRecord) {
        self.group_devices.insert(record.device_id);
        add_once(&mut self.group_keys, record);
    }

    /// Adds a private key of a group that is at hand already, for example from a local database (DB-11).
    pub fn add_group_private_key(&mut self, device: Option<DeviceId>, key: Arc<PrivateKey>) {
        self.group_devices.extend(device);
        self.group_private_keys.push((device, key));
    }

    /// Adds what opens the records of a SymEncKey.
    pub fn add_sym_enc_key_secret(&mut self, secret: SymEncKeySecret) {
        self.sym_enc_key_secrets.push(secret);
    }

    /// Adds what opens TMR accesses.
    pub fn add_over_encryption_key(&mut self, key: OverEncryptionKey) {
        self.over_encryption_keys.push(key);
    }

    pub(crate) fn get(&self, session: SessionId) -> Option<&SessionRecords> {
        self.by_session.get(&session)
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.by_session.keys().copied()
    }

    pub(crate) fn group_keys(&self) -> &[GroupKeyRecord] {
        &self.group_keys
    }

    pub(crate) fn group_private_keys(&self) -> &[(Option<DeviceId>, Arc<PrivateKey>)] {
        &self.group_private_keys
    }

    pub(crate) fn is_group_device(&self, device: DeviceId) -> bool {
        self.group_devices.contains(&device)
    }

    pub(crate) fn secrets_of(&self, id: SymEncKeyId) -> impl Iterator<Item = &SymEncKeySecret> {
        self.sym_enc_key_secrets.iter().filter(move |secret| secret.id == id)
    }

    /// The keys to be tried for an access: those of its id, then those of its factor, then those that name nothing (EGR-04).
    pub(crate) fn over_encryption_keys_of(&self, access: &TmrAccess) -> Vec<&OverEncryptionKey> {
        let by_id = |key: &&OverEncryptionKey| key.id == Some(access.tmr_access_id);
        let by_factor = |key: &&OverEncryptionKey| {
            key.id.is_none() && key.auth_factor.is_some() && key.auth_factor == access.auth_factor
        };
        let by_nothing = |key: &&OverEncryptionKey| key.id.is_none() && key.auth_factor.is_none();
        let keys = || self.over_encryption_keys.iter();
        keys().filter(by_id).chain(keys().filter(by_factor)).chain(keys().filter(by_nothing)).collect()
    }

    fn of(&mut self, session: SessionId) -> &mut SessionRecords {
        self.by_session.entry(session).or_default()
    }
}

fn add_once<T: PartialEq>(records: &mut Vec<T>, record: T) {
    if !records.contains(&record) {
        records.push(record);
    }
}
