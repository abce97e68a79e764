//! From records and secrets to a session's key, one record after the other (docs/spec/SESSIONS.md sections 2 to 7).

mod proxy;
mod reasons;

use self::proxy::Chained;
use crate::closed::{Closed, Reason};
use crate::cost::RecoverableGroups;
use crate::flow::Flow;
use crate::group::{GroupError, OpenedGroup};
use crate::keyring::{Candidate, Keyring, Opened, UnknownHash, open_with};
use crate::records::{PasswordOrKey, Records, SessionRecords, SymEncKeySecret};
use crate::route::Route;
use crate::serialized::Through;
use crate::share::ShareError;
use sealwright_envelope::{SealError, SymKey};
use sealwright_kdf::{session_id_spellings, sym_enc_key_key_spelled};
use sealwright_types::{GroupId, SecretVec, SessionId};
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, SymEncKeyRecord, TmrAccess};
use sealwright_wrap::{PrivateKey, symmetric};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use subtle::ConstantTimeEq as _;

/// What a resolver may do beyond the rules of normal use, for recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Whether tokens for unknown keys are tried with every key (EMK-12).
    pub unknown_hash: UnknownHash,
    /// Whether records that were revoked are opened (EMK-14).
    pub revoked: Revoked,
    /// How deep proxies lead (PROXY-02, PROXY-08).
    pub proxies: ProxyDepth,
}

/// What becomes of records that the service has revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Revoked {
    /// They are skipped, as in normal use (the default).
    #[default]
    Skipped,
    /// They are opened, for recovery.
    Opened,
}

/// How deep proxies lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyDepth {
    /// One level: the proxy session is reached by an own token (the default).
    #[default]
    One,
    /// Any way to the proxy session counts, for recovery on explicit request.
    Chains,
}

/// A session's key, and the way that led to it.
#[derive(Debug)]
pub struct Resolved {
    bytes: SecretVec,
    /// The last step of the way.
    pub route: Route,
    /// Through what it led, as far as records tell: a revocation of that is one of the session (CACHE-02).
    pub through: Option<Through>,
    /// Whether the way is one that normal use does not have (PROXY-08).
    pub chain: bool,
}

/// Finds session keys. Answers depend on the records and secrets alone, never on the order of questions.
///
/// Private-key operations are done once for each token that is needed and remembered.
#[derive(Debug)]
pub struct Resolver {
    pub(crate) keyring: Keyring,
    pub(crate) records: Records,
    pub(crate) policy: Policy,
    /// For planning, which opens nothing.
    pub(crate) groups: OnceLock<RecoverableGroups>,
    group_keyring: OnceLock<Keyring>,
    memory: HashMap<SessionId, Memory>,
    chains: Mutex<HashMap<SessionId, Arc<Chained>>>,
    operations: AtomicU64,
}

/// What has been found out about a session.
#[derive(Debug, Default)]
struct Memory {
    /// A proxy that is used before own tokens, because its key is needed anyway.
    preferred_proxy: Option<SessionId>,
    /// The first own token that opens, and its key.
    own: OnceLock<Option<(usize, Arc<Resolved>)>>,
    /// What the own tokens after it open, where that is another key.
    further: OnceLock<Vec<Arc<Resolved>>>,
    /// The first key of a way that is no proxy, and the place of its step.
    delegated: OnceLock<Option<(usize, Arc<Resolved>)>>,
    /// The other keys of ways that are no proxies.
    delegated_further: OnceLock<Vec<Arc<Resolved>>>,
    progress: Mutex<Progress>,
}

/// How far the records of a session have been tried.
#[derive(Debug, Default)]
struct Progress {
    keys: Vec<Arc<Resolved>>,
    /// The same by a keyed hash, for sessions with many keys.
    by_hash: HashMap<u64, Vec<Arc<Resolved>>>,
    hasher: RandomState,
    next: usize,
}

/// One step towards a session's key: one record, by its place in its list.
#[derive(Debug, Clone, Copy)]
enum Step {
    Known(usize),
    /// The first own token that opens.
    OwnToken,
    GroupToken(usize),
    Proxy(usize),
    SymEncKey(usize),
    TmrAccess(usize),
    /// A key of the own tokens after the first that opened.
    FurtherToken(usize),
}

impl Resolver {
    /// Finds keys by these private keys, records and secrets.
    pub fn new(keyring: Keyring, mut records: Records, policy: Policy) -> Self {
        records.forget_repetitions();
        let memory = records.sessions().map(|session| (session, Memory::default())).collect();
        Self {
            keyring,
            records,
            policy,
            groups: OnceLock::new(),
            group_keyring: OnceLock::new(),
            memory,
            chains: Mutex::default(),
            operations: AtomicU64::new(0),
        }
    }

    /// The session's key: known, direct, group, proxy, SymEncKey, TMR access, whichever opens first (SES-22).
    ///
    /// # Errors
    /// [`Closed`] with every reason.
    pub fn resolve(&self, session: SessionId) -> Result<Arc<Resolved>, Closed> {
        self.resolve_nth(session, 0)
    }

    /// The session's key number `nth`, all of them different: further ones are for data that the first did not open (SES-10).
    ///
    /// # Errors
    /// [`Closed`] with every reason.
    pub fn resolve_nth(&self, session: SessionId, nth: usize) -> Result<Arc<Resolved>, Closed> {
        let progress = self.advance(session, nth.saturating_add(1))?;
        progress.keys.get(nth).cloned().ok_or_else(|| self.closed_after_all(session))
    }

    /// All keys of the session, all of them different, the preferred one first. More than one is the warning `key-mismatch` (SES-10): each
    /// record is opened to find that out.
    ///
    /// # Errors
    /// [`Closed`] with every reason.
    pub fn resolve_all(&self, session: SessionId) -> Result<Vec<Arc<Resolved>>, Closed> {
        let progress = self.advance(session, usize::MAX)?;
        if progress.keys.is_empty() { Err(self.closed_after_all(session)) } else { Ok(progress.keys.clone()) }
    }

    /// Tries records until there are so many keys, or no further records.
    fn advance(&self, session: SessionId, wanted: usize) -> Result<MutexGuard<'_, Progress>, Closed> {
        let found = self.records.get(session).zip(self.memory.get(&session));
        let (records, memory) = found.ok_or_else(|| Closed { reasons: vec![Reason::NoRecord] })?;
        let mut progress = memory.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.keys.len() < wanted {
            for step in steps(records, memory.preferred_proxy).into_iter().skip(progress.next) {
                progress.next += 1;
                if let Some(key) = self.take(session, records, step) {
                    progress.add(key);
                }
                if progress.keys.len() >= wanted {
                    break;
                }
            }
        }
        Ok(progress)
    }

    fn closed_after_all(&self, session: SessionId) -> Closed {
        let no_record = || Closed { reasons: vec![Reason::NoRecord] };
        self.records.get(session).map_or_else(no_record, |records| self.closed(session, records))
    }

    /// Opens the keys of a group by its message keys, which own tokens give (GRP-02, GRP-03).
    ///
    /// # Errors
    /// [`GroupError`].
    pub fn open_group(&self, group: GroupId) -> Result<OpenedGroup, GroupError> {
        let records = self.records.group_keys().iter().filter(|record| record.group_id == group);
        let records: Vec<_> = records.cloned().collect();
        OpenedGroup::open_trying(&records, |message| {
            let own = self.own(message.into()).map(|(_, key)| key);
            own.into_iter()
                .chain(self.further(message.into()).iter().cloned())
                .filter_map(|key| key.sym_key())
                .collect()
        })
    }

    /// The key that a legacy message carries itself, wrapped for devices that it does not name (SES-40). Only own keys are tried, and
    /// nothing is remembered: there is no session.
    ///
    /// # Errors
    /// [`Closed`].
    pub fn resolve_local(&self, tokens: &[Vec<u8>]) -> Result<Arc<Resolved>, Closed> {
        let mut opened =
            tokens.iter().map(|token| self.unwrap_token(self.keyring.candidates_by_size(token), token, Route::Local));
        let no_token = || Closed { reasons: vec![Reason::NoToken { device: None }] };
        opened.find_map(|key| key).ok_or_else(no_token)
    }

    /// The sessions that there are records of, sorted.
    pub fn sessions(&self) -> Vec<SessionId> {
        let mut sessions: Vec<_> = self.records.sessions().collect();
        sessions.sort_unstable();
        sessions
    }

    /// Private-key operations done so far.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Prefers a proxy of a session to the session's own tokens.
    pub(crate) fn prefer_proxy(&mut self, session: SessionId, proxy: SessionId) {
        if let Some(memory) = self.memory.get_mut(&session) {
            memory.preferred_proxy = Some(proxy);
        }
    }

    pub(crate) fn preferred_proxy(&self, session: SessionId) -> Option<SessionId> {
        self.memory.get(&session).and_then(|memory| memory.preferred_proxy)
    }

    fn take(&self, session: SessionId, records: &SessionRecords, step: Step) -> Option<Arc<Resolved>> {
        match step {
            Step::Known(place) => records.known.get(place).map(Resolved::known),
            Step::OwnToken => self.own(session).map(|(_, key)| key),
            Step::FurtherToken(place) => self.further(session).get(place).cloned(),
            Step::GroupToken(place) => self.unwrap_group(records.tokens.get(place)?),
            Step::Proxy(place) => self.unwrap_proxy(records.proxies.get(place)?),
            Step::SymEncKey(place) => self.unwrap_sym_enc_key(records.sym_enc_keys.get(place)?),
            Step::TmrAccess(place) => self.unwrap_tmr_access(records.tmr_accesses.get(place)?),
        }
    }

    /// A session's keys by known keys and own tokens: what it needs to serve as a proxy or to carry a group's message key
    /// (PROXY-02, GRP-03, EGR-21). Some of them may be wrong: all of them are for trying.
    fn directly(&self, session: SessionId) -> impl Iterator<Item = Arc<Resolved>> {
        let known = self.records.get(session).into_iter().flat_map(|records| &records.known).map(Resolved::known);
        let own = std::iter::once_with(move || self.own(session)).flatten().map(|(_, key)| key);
        let further = std::iter::once_with(move || self.further(session)).flatten().map(Arc::clone);
        known.chain(own).chain(further)
    }

    /// What own tokens after the first that opened hold, without repetitions.
    fn further(&self, session: SessionId) -> &[Arc<Resolved>] {
        let (Some(records), Some(memory)) = (self.records.get(session), self.memory.get(&session)) else { return &[] };
        memory.further.get_or_init(|| {
            let Some((first, key)) = self.own(session) else { return Vec::new() };
            let mut keys = vec![key];
            for key in records.tokens.iter().skip(first + 1).filter_map(|token| self.unwrap_own(token)) {
                if !is_among(&keys, &key) {
                    keys.push(key);
                }
            }
            keys.split_off(1)
        })
    }

    pub(crate) fn own(&self, session: SessionId) -> Option<(usize, Arc<Resolved>)> {
        let (records, memory) = (self.records.get(session)?, self.memory.get(&session)?);
        let mut tokens = records.tokens.iter().enumerate();
        let find = || tokens.find_map(|(place, token)| Some((place, self.unwrap_own(token)?)));
        memory.own.get_or_init(find).clone()
    }

    /// A session's key by the first own token that was not revoked, whatever the policy.
    pub(crate) fn own_unrevoked(&self, session: SessionId) -> Option<Arc<Resolved>> {
        let (first, key) = self.own(session)?;
        let tokens = &self.records.get(session)?.tokens;
        if tokens.get(first).is_some_and(|token| !token.revoked) {
            return Some(key);
        }
        tokens.iter().skip(first + 1).filter(|token| !token.revoked).find_map(|token| self.unwrap_own(token))
    }

    fn unwrap_own(&self, token: &DeviceToken) -> Option<Arc<Resolved>> {
        if self.is_skipped(token.revoked) {
            return None;
        }
        self.unwrap_token(self.keyring.candidates(token, self.policy.unknown_hash), &token.token, Route::Direct)
    }

    /// A token for a group's device; one that names no device may be one (EGR-04).
    fn unwrap_group(&self, token: &DeviceToken) -> Option<Arc<Resolved>> {
        if self.is_skipped(token.revoked) {
            return None;
        }
        let may_be = token.device_id.is_none_or(|device| self.records.is_group_device(device));
        let groups = self.group_keyring();
        let named = token.created_for_key_hash.is_some_and(|hash| groups.has(hash));
        if !(may_be || named) {
            return None;
        }
        let candidates = groups.candidates(token, self.policy.unknown_hash);
        let opened = self.open_token(candidates, &token.token)?;
        // The device of a token is a hint only (EMK-15): whose key it was counts first.
        let mut devices = opened.by.devices.iter().chain(&token.device_id);
        let group = devices.find_map(|device| self.records.group_of(*device));
        Some(Resolved::through(&opened.key, Route::Group, group.map(Through::Group)))
    }

    fn unwrap_token<'k>(
        &self,
        candidates: impl Iterator<Item = &'k Candidate>,
        token: &[u8],
        route: Route,
    ) -> Option<Arc<Resolved>> {
        self.open_token(candidates, token).map(|opened| Resolved::through(&opened.key, route, None))
    }

    fn open_token<'k>(&self, candidates: impl Iterator<Item = &'k Candidate>, token: &[u8]) -> Option<Opened<'k>> {
        let count = || {
            self.operations.fetch_add(1, Ordering::Relaxed);
        };
        open_with(candidates, token, count).ok()
    }

    /// The private keys of all groups whose message key is reached directly, opened when the first one is needed.
    fn group_keyring(&self) -> &Keyring {
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

    fn open_group_key(&self, record: &GroupKeyRecord) -> Option<PrivateKey> {
        let sealed = &record.encrypted_encryption_private_key;
        let mut opened =
            self.directly(record.message_id.into()).map(|key| sealwright_envelope::open(&key.sym_key()?, sealed).ok());
        let der = SecretVec::from(opened.find_map(|der| der)?);
        PrivateKey::from_der(der.expose()).ok().map(|imported| imported.key)
    }

    pub(crate) fn is_skipped(&self, revoked: bool) -> bool {
        revoked && self.policy.revoked == Revoked::Skipped
    }

    fn unwrap_sym_enc_key(&self, record: &SymEncKeyRecord) -> Option<Arc<Resolved>> {
        if self.is_skipped(record.revoked) {
            return None;
        }
        let key = self.records.secrets_of(record.sym_enc_key_id).iter().find_map(|secret| match &secret.secret {
            PasswordOrKey::Key(key) => symmetric::unwrap(&record.data, key).ok(),
            PasswordOrKey::Password(password) => {
                let app = self.records.app.as_ref()?;
                let mut spellings = spellings(record.session_id, secret).into_iter();
                spellings.find_map(|spelling| {
                    let key = sym_enc_key_key_spelled(password, app, &spelling).ok()?;
                    symmetric::unwrap(&record.data, &key).ok()
                })
            }
        })?;
        Some(Resolved::through(&key, Route::SymEncKey, Some(Through::SymEncKey(record.sym_enc_key_id))))
    }

    fn unwrap_tmr_access(&self, access: &TmrAccess) -> Option<Arc<Resolved>> {
        if self.is_skipped(access.revoked) {
            return None;
        }
        let key = self
            .records
            .over_encryption_keys_of(access)
            .find_map(|by| symmetric::unwrap(&access.data, &by.key).ok())?;
        Some(Resolved::through(&key, Route::Tmr, None))
    }
}

impl Resolved {
    fn through(key: &SymKey, route: Route, through: Option<Through>) -> Arc<Self> {
        Arc::new(Self { bytes: SecretVec::copy_of(key.expose()), route, through, chain: false })
    }

    /// What a proxy record held; `chain` as in the member of that name.
    fn behind(key: &SymKey, proxy: SessionId, chain: bool) -> Arc<Self> {
        let through = Some(Through::Proxy(proxy));
        Arc::new(Self { bytes: SecretVec::copy_of(key.expose()), route: Route::Proxy, through, chain })
    }

    /// How the session is said to have been retrieved (FLOW-01).
    pub fn flow(&self) -> Flow {
        self.route.flow()
    }

    /// As [`Self::sym_key`], where the key is needed to seal.
    pub(crate) fn ready(&self) -> Result<SymKey, ShareError> {
        self.sym_key().ok_or(ShareError::Seal(SealError::ShortKey))
    }

    fn known(bytes: &SecretVec) -> Arc<Self> {
        Arc::new(Self { bytes: SecretVec::copy_of(bytes.expose()), route: Route::Known, through: None, chain: false })
    }

    /// The key, ready for use. It is kept as bytes because a ready key takes ten times their memory.
    pub fn sym_key(&self) -> Option<SymKey> {
        SymKey::from_bytes(self.bytes.expose()).ok()
    }
}

impl Progress {
    fn add(&mut self, key: Arc<Resolved>) {
        let alike = self.by_hash.entry(self.hasher.hash_one(key.bytes.expose())).or_default();
        if !is_among(alike, &key) {
            alike.push(Arc::clone(&key));
            self.keys.push(key);
        }
    }
}

fn is_among(keys: &[Arc<Resolved>], key: &Resolved) -> bool {
    keys.iter().any(|known| bool::from(known.bytes.ct_eq(&key.bytes)))
}

/// The steps in their order (SES-22), a preferred proxy before the own token.
fn steps(records: &SessionRecords, preferred: Option<SessionId>) -> Vec<Step> {
    let is_preferred =
        |place: &usize| records.proxies.get(*place).is_some_and(|proxy| Some(proxy.proxy_session_id) == preferred);
    let (first, last): (Vec<_>, Vec<_>) = (0..records.proxies.len()).partition(is_preferred);
    let mut steps: Vec<Step> = (0..records.known.len()).map(Step::Known).collect();
    steps.extend(first.into_iter().map(Step::Proxy));
    steps.push(Step::OwnToken);
    steps.extend((0..records.tokens.len()).map(Step::GroupToken));
    steps.extend(last.into_iter().map(Step::Proxy));
    steps.extend((0..records.sym_enc_keys.len()).map(Step::SymEncKey));
    steps.extend((0..records.tmr_accesses.len()).map(Step::TmrAccess));
    steps.extend((0..records.tokens.len().saturating_sub(1)).map(Step::FurtherToken));
    steps
}

/// The spellings of a session id that a password may have been derived with, the canonical one first (KDF-30).
fn spellings(session: SessionId, secret: &SymEncKeySecret) -> Vec<sealwright_kdf::SpelledSessionId> {
    let mut spellings = session_id_spellings(&session.to_string()).unwrap_or_default();
    if let Some(given) = &secret.session_spelling {
        let others = session_id_spellings(given).unwrap_or_default();
        let is_new =
            |other: &sealwright_kdf::SpelledSessionId| spellings.iter().all(|known| known.as_str() != other.as_str());
        let others: Vec<_> = others.into_iter().filter(is_new).collect();
        spellings.extend(others);
    }
    spellings
}
