//! From records and secrets to a session's key, one record after the other (docs/spec/SESSIONS.md sections 2 to 7).

mod groups;
mod memory;
mod proxy;
mod reasons;

use self::memory::Memories;
use self::proxy::Chained;
use crate::closed::{Closed, Reason};
use crate::flow::Flow;
use crate::keyring::{Candidate, Keyring, Opened, UnknownHash, open_with};
use crate::planning::Plan;
use crate::records::{PasswordOrKey, Records, SessionRecords, SymEncKeySecret};
use crate::route::Route;
use crate::serialized::Through;
use crate::share::ShareError;
use crate::ways::{Direct, RecoverableGroups};
use sealwright_envelope::{SealError, SymKey};
use sealwright_kdf::{session_id_spellings, sym_enc_key_key_spelled};
use sealwright_types::{DeviceId, SecretVec, SessionId};
use sealwright_wrap::record::{DeviceToken, SymEncKeyRecord, TmrAccess};
use sealwright_wrap::symmetric;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
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
    /// Which ways are taken, if somebody has asked for a plan.
    pub(crate) plan: Option<Plan>,
    /// For planning, which opens nothing.
    pub(crate) groups: OnceLock<RecoverableGroups>,
    pub(crate) direct_ways: Mutex<HashMap<SessionId, Option<Direct>>>,
    group_keyring: OnceLock<Keyring>,
    keyrings_of_groups: Mutex<HashMap<DeviceId, Arc<Keyring>>>,
    memories: Memories,
    chains: Mutex<HashMap<SessionId, Arc<Chained>>>,
    operations: AtomicU64,
}

/// How far the records of a session have been tried.
#[derive(Debug, Default)]
struct Progress {
    keys: Vec<Arc<Resolved>>,
    /// The same by a keyed hash, once there are many.
    by_hash: Option<Box<ByHash>>,
    next: usize,
}

#[derive(Debug, Default)]
struct ByHash {
    keys: HashMap<u64, Vec<Arc<Resolved>>>,
    hasher: RandomState,
}

/// One step towards a session's key: one record, by its place in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
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
        records.finish();
        Self {
            keyring,
            records,
            policy,
            plan: None,
            groups: OnceLock::new(),
            direct_ways: Mutex::default(),
            keyrings_of_groups: Mutex::default(),
            group_keyring: OnceLock::new(),
            memories: Memories::default(),
            chains: Mutex::default(),
            operations: AtomicU64::new(0),
        }
    }

    /// Finds keys by the same, but takes revoked records otherwise. What was found so far is forgotten.
    #[must_use]
    pub fn with_revoked(self, revoked: Revoked) -> Self {
        Self::new(self.keyring, self.records, Policy { revoked, ..self.policy })
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
        if nth == 0
            && let Some(key) = self.memories.first(session)
        {
            return Ok(key);
        }
        let found = self.advance(session, nth.saturating_add(1), |keys| keys.get(nth).cloned());
        found.ok_or_else(|| self.closed_after_all(session))
    }

    /// All keys of the session, all of them different, the preferred one first. More than one is the warning `key-mismatch` (SES-10): each
    /// record is opened to find that out.
    ///
    /// # Errors
    /// [`Closed`] with every reason.
    pub fn resolve_all(&self, session: SessionId) -> Result<Vec<Arc<Resolved>>, Closed> {
        let found = self.advance(session, usize::MAX, <[_]>::to_vec);
        if found.is_empty() { Err(self.closed_after_all(session)) } else { Ok(found) }
    }

    /// Tries records until there are so many keys, or no further records; takes from the keys then.
    fn advance<T>(&self, session: SessionId, wanted: usize, take: impl FnOnce(&[Arc<Resolved>]) -> T) -> T {
        let memory = self.memories.hold(session);
        let mut progress = memory.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.keys.len() < wanted
            && let Some(records) = self.records.get(session)
        {
            for step in self.steps(session, &records).into_iter().skip(progress.next) {
                progress.next += 1;
                if let Some(key) = self.take(session, &records, step) {
                    progress.add(key);
                }
                if progress.keys.len() >= wanted {
                    break;
                }
            }
        }
        take(&progress.keys)
    }

    fn closed_after_all(&self, session: SessionId) -> Closed {
        let records = self.records.get(session);
        let mut closed = match records {
            Some(records) => self.closed(session, &records),
            None => Closed { reasons: vec![Reason::NoRecord] },
        };
        if self.records.has_failed() {
            closed.reasons.push(Reason::Unreadable);
        }
        closed
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

    /// The private keys at hand.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The sessions that there are records of, sorted.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.records.sessions()
    }

    /// Private-key operations done so far.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// The steps in their order (SES-22), the way of the plan before all others but known keys.
    fn steps(&self, session: SessionId, records: &SessionRecords) -> Vec<Step> {
        let mut steps: Vec<Step> = (0..self.records.known(session).count()).map(Step::Known).collect();
        let planned = self.planned_step(session, records).filter(|step| !steps.contains(step));
        let known = steps.len();
        steps.extend(planned);
        steps.push(Step::OwnToken);
        steps.extend((0..records.tokens.len()).map(Step::GroupToken));
        steps.extend((0..records.proxies.len()).map(Step::Proxy));
        steps.extend((0..records.sym_enc_keys.len()).map(Step::SymEncKey));
        steps.extend((0..records.tmr_accesses.len()).map(Step::TmrAccess));
        steps.extend((0..records.tokens.len().saturating_sub(1)).map(Step::FurtherToken));
        if let Some(planned) = planned
            && let Some(again) = steps.iter().skip(known + 1).position(|step| *step == planned)
        {
            steps.remove(known + 1 + again);
        }
        steps
    }

    fn take(&self, session: SessionId, records: &SessionRecords, step: Step) -> Option<Arc<Resolved>> {
        match step {
            Step::Known(place) => self.records.known(session).nth(place).map(Resolved::known),
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
        let known = self.records.known(session).map(Resolved::known);
        let own = std::iter::once_with(move || self.own(session)).flatten().map(|(_, key)| key);
        let further = std::iter::once_with(move || self.further(session).to_vec()).flatten();
        known.chain(own).chain(further)
    }

    /// What own tokens after the first that opened hold, without repetitions.
    fn further(&self, session: SessionId) -> Arc<[Arc<Resolved>]> {
        let memory = self.memories.hold(session);
        let find = || {
            let Some((first, key)) = self.own(session) else { return Arc::new([]) as Arc<[_]> };
            let mut keys = vec![key];
            let records = self.records.get(session).unwrap_or_default();
            for token in self.in_order(&records.tokens).skip(first + 1) {
                if let Some(key) = self.unwrap_own(token)
                    && !is_among(&keys, &key)
                {
                    keys.push(key);
                }
            }
            keys.split_off(1).into()
        };
        Arc::clone(memory.further.get_or_init(find))
    }

    /// A session's key by the first own token that opens, and the token's place in the order in which they are tried.
    pub(crate) fn own(&self, session: SessionId) -> Option<(usize, Arc<Resolved>)> {
        let memory = self.memories.hold(session);
        let find = || {
            let records = self.records.get(session)?;
            let mut tokens = self.in_order(&records.tokens).enumerate();
            tokens.find_map(|(place, token)| Some((place, self.unwrap_own(token)?)))
        };
        memory.own.get_or_init(find).clone()
    }

    /// A session's key by the first own token that was not revoked, whatever the policy.
    pub(crate) fn own_unrevoked(&self, session: SessionId) -> Option<Arc<Resolved>> {
        let (first, key) = self.own(session)?;
        let records = self.records.get(session)?;
        let mut tokens = self.in_order(&records.tokens).skip(first);
        if tokens.next().is_some_and(|token| !token.revoked) {
            return Some(key);
        }
        tokens.filter(|token| !token.revoked).find_map(|token| self.unwrap_own(token))
    }

    fn unwrap_own(&self, token: &DeviceToken) -> Option<Arc<Resolved>> {
        if self.is_skipped(token.revoked) {
            return None;
        }
        self.unwrap_token(self.keyring.candidates(token, self.policy.unknown_hash), &token.token, Route::Direct)
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

    /// Forgets what was found out, but not what is there.
    pub(crate) fn forget(&mut self) {
        self.memories = Memories::default();
        self.chains = Mutex::default();
        self.direct_ways = Mutex::default();
        self.groups = OnceLock::new();
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

    fn known(bytes: &[u8]) -> Arc<Self> {
        Arc::new(Self { bytes: SecretVec::copy_of(bytes), route: Route::Known, through: None, chain: false })
    }

    /// Whether this is the key.
    pub fn is(&self, key: &SymKey) -> bool {
        bool::from(self.bytes.expose().ct_eq(key.expose()))
    }

    /// The key, ready for use. It is kept as bytes because a ready key takes ten times their memory.
    pub fn sym_key(&self) -> Option<SymKey> {
        SymKey::from_bytes(self.bytes.expose()).ok()
    }
}

impl Progress {
    /// As it was after so many steps that gave this key.
    fn resumed(next: usize, key: Option<Arc<Resolved>>) -> Self {
        Self { keys: key.into_iter().collect(), by_hash: None, next }
    }

    fn add(&mut self, key: Arc<Resolved>) {
        /// So many keys are compared one by one.
        const FEW: usize = 8;
        if self.keys.len() < FEW {
            if !is_among(&self.keys, &key) {
                self.keys.push(key);
            }
            return;
        }
        let by_hash = self.by_hash.get_or_insert_with(|| {
            let mut by_hash = ByHash::default();
            self.keys.iter().for_each(|key| by_hash.alike(key).push(Arc::clone(key)));
            Box::new(by_hash)
        });
        let alike = by_hash.alike(&key);
        if !is_among(alike, &key) {
            alike.push(Arc::clone(&key));
            self.keys.push(key);
        }
    }
}

impl ByHash {
    fn alike(&mut self, key: &Resolved) -> &mut Vec<Arc<Resolved>> {
        self.keys.entry(self.hasher.hash_one(key.bytes.expose())).or_default()
    }
}

fn is_among(keys: &[Arc<Resolved>], key: &Resolved) -> bool {
    keys.iter().any(|known| bool::from(known.bytes.ct_eq(&key.bytes)))
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
