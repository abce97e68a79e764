//! Everything that may lead to session keys: records of wrapped keys by session, and the secrets that open those which no private key opens.

use sealwright_envelope::SymKey;
use sealwright_kdf::{AppIdText, Password};
use sealwright_types::{DeviceId, GroupId, SecretVec, SessionId, SymEncKeyId, TmrAccessId};
use sealwright_wrap::PrivateKey;
use sealwright_wrap::record::{AuthFactor, DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

/// Records of wrapped keys, and secrets.
#[derive(Debug, Default)]
pub struct Records {
    by_session: HashMap<SessionId, SessionRecords>,
    group_keys: Vec<GroupKeyRecord>,
    group_private_keys: Vec<(Option<DeviceId>, Arc<PrivateKey>)>,
    /// The single device of each group; the group's id where a record tells it (GRP-01).
    group_devices: HashMap<DeviceId, Option<GroupId>>,
    sym_enc_key_secrets: HashMap<SymEncKeyId, Vec<SymEncKeySecret>>,
    over_encryption_keys: OverEncryptionKeys,
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

/// Over-encryption keys by what they name (EGR-04).
#[derive(Debug, Default)]
struct OverEncryptionKeys {
    by_id: HashMap<TmrAccessId, Vec<OverEncryptionKey>>,
    by_factor: HashMap<AuthFactor, Vec<OverEncryptionKey>>,
    by_nothing: Vec<OverEncryptionKey>,
}

impl Records {
    /// Adds a session key that is known already.
    pub fn add_known(&mut self, session: SessionId, key: &SymKey) {
        self.of(session).known.push(SecretVec::copy_of(key.expose()));
    }

    /// Adds a key wrapped for a device. Of equal records, here and below, one counts.
    pub fn add_token(&mut self, token: DeviceToken) {
        self.of(token.session_id).tokens.push(token);
    }

    /// Adds a key wrapped under a proxy session's key.
    pub fn add_proxy(&mut self, proxy: ProxyKey) {
        self.of(proxy.session_id).proxies.push(proxy);
    }

    /// Adds a key wrapped under a SymEncKey.
    pub fn add_sym_enc_key(&mut self, record: SymEncKeyRecord) {
        self.of(record.session_id).sym_enc_keys.push(record);
    }

    /// Adds a key wrapped under an over-encryption key.
    pub fn add_tmr_access(&mut self, access: TmrAccess) {
        self.of(access.session_id).tmr_accesses.push(access);
    }

    /// Adds private keys of a group, sealed under the group's message key.
    pub fn add_group_key(&mut self, record: GroupKeyRecord) {
        self.group_devices.insert(record.device_id, Some(record.group_id));
        self.group_keys.push(record);
    }

    /// Adds a private key of a group that is at hand already, for example from a local database (DB-11).
    pub fn add_group_private_key(&mut self, device: Option<DeviceId>, key: Arc<PrivateKey>) {
        if let Some(device) = device {
            self.group_devices.entry(device).or_default();
        }
        self.group_private_keys.push((device, key));
    }

    /// Adds what opens the records of a SymEncKey.
    pub fn add_sym_enc_key_secret(&mut self, secret: SymEncKeySecret) {
        self.sym_enc_key_secrets.entry(secret.id).or_default().push(secret);
    }

    /// Adds what opens TMR accesses.
    pub fn add_over_encryption_key(&mut self, key: OverEncryptionKey) {
        let keys = &mut self.over_encryption_keys;
        match (key.id, &key.auth_factor) {
            (Some(id), _) => keys.by_id.entry(id).or_default().push(key),
            (None, Some(factor)) => keys.by_factor.entry(factor.clone()).or_default().push(key),
            (None, None) => keys.by_nothing.push(key),
        }
    }

    /// The records of a session's proxies, for adding another one (PROXY-05).
    pub fn proxies_of(&self, session: SessionId) -> Vec<ProxyKey> {
        self.get(session).map(|records| records.proxies.clone()).unwrap_or_default()
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
        self.group_devices.contains_key(&device)
    }

    /// The group whose single device this is, if a record tells.
    pub(crate) fn group_of(&self, device: DeviceId) -> Option<GroupId> {
        self.group_devices.get(&device).copied().flatten()
    }

    pub(crate) fn secrets_of(&self, id: SymEncKeyId) -> &[SymEncKeySecret] {
        self.sym_enc_key_secrets.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The keys to be tried for an access: those of its id, then those of its factor, then those that name nothing (EGR-04).
    pub(crate) fn over_encryption_keys_of(&self, access: &TmrAccess) -> impl Iterator<Item = &OverEncryptionKey> {
        let keys = &self.over_encryption_keys;
        let by_factor = access.auth_factor.as_ref().and_then(|factor| keys.by_factor.get(factor));
        keys.by_id.get(&access.tmr_access_id).into_iter().chain(by_factor).chain([&keys.by_nothing]).flatten()
    }

    /// Forgets what is there twice.
    pub(crate) fn forget_repetitions(&mut self) {
        for records in self.by_session.values_mut() {
            once(&mut records.tokens);
            once(&mut records.proxies);
            once(&mut records.sym_enc_keys);
            once(&mut records.tmr_accesses);
        }
        once(&mut self.group_keys);
    }

    fn of(&mut self, session: SessionId) -> &mut SessionRecords {
        self.by_session.entry(session).or_default()
    }
}

/// Keeps the first of equal records.
fn once<T: Eq + Hash>(records: &mut Vec<T>) {
    if records.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(records.len());
    let mut first = records.iter().map(|record| seen.insert(record)).collect::<Vec<_>>().into_iter();
    records.retain(|_| first.next().unwrap_or(true));
}
