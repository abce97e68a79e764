//! Everything that may lead to session keys: records of wrapped keys by session, and the secrets that open those which no private key opens.

pub(crate) mod encoded;

pub(crate) use self::encoded::SessionRecords;

use self::encoded::once;
use crate::slots::Slots;
use crate::store::{MemoryStore, RecordStore};
use sealwright_envelope::SymKey;
use sealwright_kdf::{AppIdText, Password};
use sealwright_types::{DeviceId, GroupId, SecretVec, SessionId, SymEncKeyId, TmrAccessId};
use sealwright_wrap::PrivateKey;
use sealwright_wrap::record::{AuthFactor, DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::{Arc, OnceLock};

/// Records of wrapped keys, and secrets. The wrapped keys lie in a store; the secrets, and what is about groups, in memory.
#[derive(Debug)]
pub struct Records {
    store: Box<dyn RecordStore>,
    /// What first went wrong with the store.
    failure: OnceLock<io::Error>,
    known: KnownKeys,
    group_keys: Vec<GroupKeyRecord>,
    group_private_keys: Vec<(Option<DeviceId>, Arc<PrivateKey>)>,
    /// The single device of each group; the group's id where a record tells it (GRP-01).
    group_devices: HashMap<DeviceId, Option<GroupId>>,
    sym_enc_key_secrets: HashMap<SymEncKeyId, Vec<SymEncKeySecret>>,
    over_encryption_keys: OverEncryptionKeys,
    /// The application's id, for passwords.
    pub app: Option<AppIdText>,
}

/// Session keys that were given.
#[derive(Debug, Default)]
struct KnownKeys {
    places: HashMap<SessionId, u32>,
    slots: Slots,
    /// The keys after the first one of a session.
    further: HashMap<SessionId, Vec<SecretVec>>,
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

impl Default for Records {
    fn default() -> Self {
        Self::in_store(Box::new(MemoryStore::default()))
    }
}

impl Records {
    /// No records yet, to be kept in this store, which is empty.
    pub fn in_store(store: Box<dyn RecordStore>) -> Self {
        Self {
            store,
            failure: OnceLock::new(),
            known: KnownKeys::default(),
            group_keys: Vec::new(),
            group_private_keys: Vec::new(),
            group_devices: HashMap::new(),
            sym_enc_key_secrets: HashMap::new(),
            over_encryption_keys: OverEncryptionKeys::default(),
            app: None,
        }
    }

    /// Adds a session key that is known already.
    pub fn add_known(&mut self, session: SessionId, key: &SymKey) {
        match self.known.places.entry(session) {
            Entry::Vacant(place) => {
                place.insert(self.known.slots.push(&[], key.expose()));
            }
            Entry::Occupied(_) => {
                self.known.further.entry(session).or_default().push(SecretVec::copy_of(key.expose()));
            }
        }
    }

    /// Adds a key wrapped for a device. Of equal records, here and below, one counts.
    pub fn add_token(&mut self, token: DeviceToken) {
        self.add(token.session_id, &encoded::token(&token));
    }

    /// Adds a key wrapped under a proxy session's key.
    pub fn add_proxy(&mut self, proxy: ProxyKey) {
        self.add(proxy.session_id, &encoded::proxy(&proxy));
    }

    /// Adds a key wrapped under a SymEncKey.
    pub fn add_sym_enc_key(&mut self, record: SymEncKeyRecord) {
        self.add(record.session_id, &encoded::sym_enc_key(&record));
    }

    /// Adds a key wrapped under an over-encryption key.
    pub fn add_tmr_access(&mut self, access: TmrAccess) {
        self.add(access.session_id, &encoded::tmr_access(&access));
    }

    /// Says that all records are there, and what has gone wrong with the store so far.
    ///
    /// # Errors
    /// The first error of the store. What is looked for nevertheless ends with [`Reason::Unreadable`](crate::Reason::Unreadable).
    pub fn seal(&mut self) -> io::Result<()> {
        if let Err(error) = self.store.seal() {
            self.failed(error);
        }
        match self.failure.get() {
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
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

    /// The records of a session's proxies, for adding another one (PROXY-05). The records are sealed before.
    pub fn proxies_of(&self, session: SessionId) -> Vec<ProxyKey> {
        self.get(session).map(|records| records.proxies).unwrap_or_default()
    }

    /// The records of a session; `None` without any, and where the store fails.
    pub(crate) fn get(&self, session: SessionId) -> Option<SessionRecords> {
        let bytes = self.store.get(session).map_err(|error| self.failed(error)).ok()?;
        let records = bytes.map_or_else(|| Some(SessionRecords::default()), |bytes| self.decoded(session, &bytes))?;
        (!records.is_empty() || self.is_known(session)).then_some(records)
    }

    /// Gives the sessions of `wanted`, which are sorted, to `take`, each with its records if there are any.
    pub(crate) fn each_of(&self, wanted: &[SessionId], mut take: impl FnMut(SessionId, Option<&SessionRecords>)) {
        let mut wanted = wanted.iter().copied().peekable();
        let without = SessionRecords::default();
        let of_store_none = |session| self.is_known(session).then_some(&without);
        let read = self.store.each(&mut |session, bytes| {
            while let Some(before) = wanted.next_if(|wanted| *wanted < session) {
                take(before, of_store_none(before));
            }
            if wanted.next_if_eq(&session).is_some() {
                take(session, self.decoded(session, bytes).as_ref());
            }
        });
        if let Err(error) = read {
            self.failed(error);
        }
        wanted.for_each(|session| take(session, of_store_none(session)));
    }

    /// The sessions that there are records of, sorted.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let mut sessions: Vec<_> = self.known.places.keys().copied().collect();
        if let Err(error) = self.store.each(&mut |session, _| sessions.push(session)) {
            self.failed(error);
        }
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// Whether the store has failed: an answer that nothing was found is worth nothing then.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.get().is_some()
    }

    pub(crate) fn is_known(&self, session: SessionId) -> bool {
        self.known.places.contains_key(&session)
    }

    /// The keys of a session that were given.
    pub(crate) fn known(&self, session: SessionId) -> impl Iterator<Item = &[u8]> {
        let first = self.known.places.get(&session).map(|place| self.known.slots.key(*place));
        let further = self.known.further.get(&session).into_iter().flatten().map(SecretVec::expose);
        first.into_iter().chain(further)
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

    /// Whether a token may be for a group at all.
    pub(crate) fn has_groups(&self) -> bool {
        !(self.group_devices.is_empty() && self.group_private_keys.is_empty())
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

    /// Makes what was added readable, and forgets what is there twice.
    pub(crate) fn finish(&mut self) {
        // What went wrong is told by the reasons of every session.
        drop(self.seal());
        once(&mut self.group_keys);
    }

    fn add(&mut self, session: SessionId, record: &[u8]) {
        if let Err(error) = self.store.add(session, record) {
            self.failed(error);
        }
    }

    fn decoded(&self, session: SessionId, bytes: &[u8]) -> Option<SessionRecords> {
        let damaged = |_| self.failed(io::Error::new(io::ErrorKind::InvalidData, "records came back damaged"));
        SessionRecords::decode(session, bytes).map_err(damaged).ok()
    }

    fn failed(&self, error: io::Error) {
        // The first one counts: later ones mostly follow from it.
        let _ = self.failure.set(error);
    }
}
