//! The records that lead to session keys, and the keys that they lead to (docs/spec/EGRESS.md sections 4 and 5).

use crate::bundle::{Bundle, MESSAGE_KEYS, PROXY_KEYS, SESSION_KEYS};
use crate::error::EgressError;
use crate::lines::MalformedRecord;
use sealwright_envelope::SymKey;
use sealwright_session::{Generation, Keyring, Route, SerializedSession, UnknownHash};
use sealwright_types::{Coded, SecretString, SecretVec, SessionId, b64};
use sealwright_wrap::record::{DeviceToken, ProxyKey};
use sealwright_wrap::symmetric;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use subtle::ConstantTimeEq as _;

/// Everything that may open sessions: private keys, and records by session.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    keyring: Keyring,
    unknown_hash: UnknownHash,
    sessions: HashMap<SessionId, Entry>,
    /// Tokens that the service has revoked; they are opened nevertheless (EMK-14).
    pub(crate) revoked: u64,
    operations: AtomicU64,
}

/// What leads to one session's key.
#[derive(Debug, Default)]
struct Entry {
    known: Vec<SecretVec>,
    tokens: Vec<DeviceToken>,
    proxies: Vec<ProxyKey>,
    /// Proxies that the plan wants to be used before own tokens, because their keys are needed anyway.
    prefers_proxy: Option<SessionId>,
    /// The first of the tokens that opens, and its key.
    own: OnceLock<Option<(usize, Arc<SessionKey>)>>,
    opened: Mutex<Progress>,
}

/// How far the routes of a session have been tried.
#[derive(Debug, Default)]
struct Progress {
    keys: Vec<Arc<SessionKey>>,
    next: usize,
}

/// A session's key, and the way that led to it.
#[derive(Debug)]
pub(crate) struct SessionKey {
    bytes: SecretVec,
    pub(crate) route: Route,
}

/// Why no key of a session was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Closed {
    /// No record, or none that a private key at hand opens.
    NoToken,
    /// Only behind a proxy that is not reached directly (PROXY-02).
    ProxyNotDirect,
}

impl Closed {
    /// The code in manifests and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoToken => "no-token",
            Self::ProxyNotDirect => "proxy-not-direct",
        }
    }
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoToken => "no key of the session was found",
            Self::ProxyNotDirect => {
                "the session is reached only through a proxy that is not reached directly itself (PROXY-02)"
            }
        })
    }
}

impl Coded for Closed {
    fn code(&self) -> &'static str {
        self.as_str()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KnownKey {
    #[serde(alias = "message_id")]
    session_id: Option<SessionId>,
    key: Option<SecretText>,
    serialized: Option<SecretText>,
}

/// Text that is wiped.
struct SecretText(SecretString);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

/// The steps that may lead to a key.
#[derive(Debug, Clone, Copy)]
enum Step {
    Known(usize),
    /// The first own token that opens.
    OwnToken,
    /// A token after that one.
    FurtherToken(usize),
    Proxy(usize),
}

impl Vault {
    /// Reads all records of a bundle.
    pub(crate) fn from_bundle(
        bundle: &Bundle,
        keyring: Keyring,
        unknown_hash: UnknownHash,
        malformed: &mut Vec<MalformedRecord>,
    ) -> Result<Self, EgressError> {
        let mut vault = Self::new(keyring, unknown_hash);
        bundle.each(SESSION_KEYS, malformed, |place, record: KnownKey| vault.add_known(record).ok_or(place))?;
        bundle.each(PROXY_KEYS, malformed, |_, record: ProxyKey| {
            vault.add_proxy(record);
            Ok(())
        })?;
        bundle.each(MESSAGE_KEYS, malformed, |_, record: DeviceToken| {
            vault.add_token(record);
            Ok(())
        })?;
        Ok(vault)
    }

    /// No record yet.
    pub(crate) fn new(keyring: Keyring, unknown_hash: UnknownHash) -> Self {
        Self { keyring, unknown_hash, ..Self::default() }
    }

    /// Adds a record of any of the three kinds, told apart by its members.
    pub(crate) fn add_record(&mut self, text: &str) -> Option<()> {
        if let Ok(record) = serde_json::from_str(text) {
            self.add_token(record);
        } else if let Ok(record) = serde_json::from_str(text) {
            self.add_proxy(record);
        } else {
            self.add_known(serde_json::from_str(text).ok()?)?;
        }
        Some(())
    }

    fn add_token(&mut self, record: DeviceToken) {
        self.revoked += u64::from(record.revoked);
        add_once(&mut self.sessions.entry(record.session_id).or_default().tokens, record);
    }

    fn add_proxy(&mut self, record: ProxyKey) {
        self.revoked += u64::from(record.revoked);
        add_once(&mut self.sessions.entry(record.session_id).or_default().proxies, record);
    }

    fn add_known(&mut self, record: KnownKey) -> Option<()> {
        let (session, key) = match record {
            KnownKey { serialized: Some(text), key: None, .. } => {
                let session = SerializedSession::from_text(text.0.expose(), Generation::Unknown).ok()?;
                (session.id, SecretVec::copy_of(session.key.expose()))
            }
            KnownKey { session_id: Some(session), key: Some(text), serialized: None } => {
                (session, b64::decode_tolerant_secret(text.0.expose()).ok()?)
            }
            _ => return None,
        };
        SymKey::from_bytes(key.expose()).ok()?;
        self.sessions.entry(session).or_default().known.push(key);
        Some(())
    }

    /// Decides for each needed session which records come first, so that the fewest private-key operations are spent (EGR-20).
    ///
    /// A proxy serves when its own key is needed anyway, or when it replaces more operations than it costs.
    pub(crate) fn prefer_shared_proxies(&mut self, needed: &[SessionId]) {
        let mut dependents: HashMap<SessionId, Vec<SessionId>> = HashMap::new();
        for &session in needed {
            let Some(entry) = self.sessions.get(&session).filter(|entry| entry.known.is_empty()) else { continue };
            for proxy in &entry.proxies {
                let proxy = proxy.proxy_session_id;
                if proxy != session && self.direct_cost(proxy).is_some() {
                    dependents.entry(proxy).or_default().push(session);
                }
            }
        }
        let mut proxies: Vec<_> = dependents.into_iter().collect();
        proxies.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
        for (proxy, sessions) in proxies {
            let open: Vec<_> = sessions.into_iter().filter(|session| !self.is_served(*session)).collect();
            let saved: u64 = open.iter().map(|session| self.direct_cost(*session).unwrap_or(0)).sum();
            let is_only_way = open.iter().any(|session| self.direct_cost(*session).is_none());
            let own =
                if needed.binary_search(&proxy).is_ok() { 0 } else { self.direct_cost(proxy).unwrap_or(u64::MAX) };
            if saved > own || is_only_way {
                for session in open {
                    if let Some(entry) = self.sessions.get_mut(&session) {
                        entry.prefers_proxy = Some(proxy);
                    }
                }
            }
        }
    }

    fn is_served(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|entry| entry.prefers_proxy.is_some())
    }

    /// Private-key operations that reaching a session directly costs, weighted by key size; `None` if nothing promises to.
    fn direct_cost(&self, session: SessionId) -> Option<u64> {
        let entry = self.sessions.get(&session)?;
        if !entry.known.is_empty() {
            return Some(0);
        }
        entry.tokens.iter().map(|token| self.token_cost(token)).filter(|&cost| cost > 0).min()
    }

    /// The cost of a private-key operation grows with the cube of the key's size.
    fn token_cost(&self, token: &DeviceToken) -> u64 {
        const UNIT: u64 = 256;
        self.keyring
            .candidates(token, self.unknown_hash)
            .map(|candidate| (candidate.key.modulus_length() as u64).pow(3) / UNIT.pow(2))
            .sum()
    }

    /// Private-key operations that opening `needed` is expected to take: each session by its first promising way, each proxy once.
    pub(crate) fn expected_operations(&self, needed: &[SessionId]) -> u64 {
        let mut directly: Vec<SessionId> = Vec::new();
        for session in needed {
            let Some(entry) = self.sessions.get(session).filter(|entry| entry.known.is_empty()) else { continue };
            let first_proxy = || entry.proxies.iter().map(|proxy| proxy.proxy_session_id);
            let by_proxy = entry.prefers_proxy.or_else(|| {
                first_proxy().find(|&proxy| self.direct_cost(*session).is_none() && self.direct_cost(proxy).is_some())
            });
            directly.push(by_proxy.unwrap_or(*session));
        }
        directly.sort_unstable();
        directly.dedup();
        let operations = |session| {
            let entry = self.sessions.get(session).filter(|entry: &&Entry| entry.known.is_empty())?;
            let counts = entry.tokens.iter().map(|token| self.keyring.candidates(token, self.unknown_hash).count());
            counts.filter(|&count| count > 0).min()
        };
        directly.iter().filter_map(operations).map(|count| count as u64).sum()
    }

    /// Private-key operations done so far.
    pub(crate) fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Whether some way promises to lead to the session's key, and if not, why not. Costs no private-key operation.
    pub(crate) fn reachable(&self, session: SessionId) -> Result<Route, Closed> {
        let Some(entry) = self.sessions.get(&session) else { return Err(Closed::NoToken) };
        if !entry.known.is_empty() {
            return Ok(Route::Known);
        }
        if self.direct_cost(session).is_some() {
            return Ok(Route::Direct);
        }
        if entry.proxies.iter().any(|proxy| self.direct_cost(proxy.proxy_session_id).is_some()) {
            return Ok(Route::Proxy);
        }
        Err(self.why_closed(entry, |proxy| self.direct_cost(proxy).is_some()))
    }

    /// The session's key number `nth`: further ones are for data that an earlier one did not open (SES-10).
    pub(crate) fn key(&self, session: SessionId, nth: usize) -> Result<Arc<SessionKey>, Closed> {
        let entry = self.sessions.get(&session).ok_or(Closed::NoToken)?;
        let mut progress = entry.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let steps = entry.steps();
        while progress.keys.len() <= nth {
            let Some(&step) = steps.get(progress.next) else {
                return Err(self.why_closed(entry, |proxy| self.directly(proxy).is_some()));
            };
            progress.next += 1;
            if let Some(key) = self.take(session, entry, step)
                && !progress.keys.iter().any(|known| bool::from(known.bytes.ct_eq(&key.bytes)))
            {
                progress.keys.push(key);
            }
        }
        progress.keys.get(nth).cloned().ok_or(Closed::NoToken)
    }

    fn take(&self, session: SessionId, entry: &Entry, step: Step) -> Option<Arc<SessionKey>> {
        match step {
            Step::Known(place) => entry.known.get(place).map(SessionKey::known),
            Step::OwnToken => self.own(entry).map(|(_, key)| key),
            Step::FurtherToken(place) => {
                let (first, _) = self.own(entry)?;
                entry.tokens.get(place).filter(|_| place > first).and_then(|token| self.unwrap(token))
            }
            Step::Proxy(place) => {
                // A session is no proxy of itself (PROXY-05).
                let proxy = entry.proxies.get(place).filter(|proxy| proxy.proxy_session_id != session)?;
                let by = self.directly(proxy.proxy_session_id)?.sym_key()?;
                let key = symmetric::unwrap(&proxy.data, &by).ok()?;
                Some(SessionKey::new(&key, Route::Proxy))
            }
        }
    }

    /// A session's key by a known key or an own token: what it needs to serve as a proxy (PROXY-02, EGR-21).
    fn directly(&self, session: SessionId) -> Option<Arc<SessionKey>> {
        let entry = self.sessions.get(&session)?;
        let known = entry.known.first().map(SessionKey::known);
        known.or_else(|| self.own(entry).map(|(_, key)| key))
    }

    fn own(&self, entry: &Entry) -> Option<(usize, Arc<SessionKey>)> {
        let mut tokens = entry.tokens.iter().enumerate();
        let find = || tokens.find_map(|(place, token)| Some((place, self.unwrap(token)?)));
        entry.own.get_or_init(find).clone()
    }

    fn unwrap(&self, token: &DeviceToken) -> Option<Arc<SessionKey>> {
        for candidate in self.keyring.candidates(token, self.unknown_hash) {
            self.operations.fetch_add(1, Ordering::Relaxed);
            if let Ok(key) = sealwright_wrap::unwrap(&candidate.key, &token.token) {
                return Some(SessionKey::new(&key, Route::Direct));
            }
        }
        None
    }

    /// A proxy that is not reached directly, but has proxies of its own, is a chain (PROXY-02).
    fn why_closed(&self, entry: &Entry, is_reached_directly: impl Fn(SessionId) -> bool) -> Closed {
        let is_chain = |proxy: &ProxyKey| {
            let by = self.sessions.get(&proxy.proxy_session_id);
            by.is_some_and(|by| !by.proxies.is_empty()) && !is_reached_directly(proxy.proxy_session_id)
        };
        if entry.proxies.iter().any(is_chain) { Closed::ProxyNotDirect } else { Closed::NoToken }
    }
}

impl Entry {
    /// Known keys, then the preferred proxy, then the own token, then everything else.
    fn steps(&self) -> Vec<Step> {
        let preferred = |place: &usize| {
            self.proxies.get(*place).is_some_and(|proxy| Some(proxy.proxy_session_id) == self.prefers_proxy)
        };
        let (first, last): (Vec<_>, Vec<_>) = (0..self.proxies.len()).partition(preferred);
        let known = (0..self.known.len()).map(Step::Known);
        let further = (1..self.tokens.len()).map(Step::FurtherToken);
        known
            .chain(first.into_iter().map(Step::Proxy))
            .chain([Step::OwnToken])
            .chain(last.into_iter().map(Step::Proxy))
            .chain(further)
            .collect()
    }
}

impl SessionKey {
    fn new(key: &SymKey, route: Route) -> Arc<Self> {
        Arc::new(Self { bytes: SecretVec::copy_of(key.expose()), route })
    }

    fn known(bytes: &SecretVec) -> Arc<Self> {
        Arc::new(Self { bytes: SecretVec::copy_of(bytes.expose()), route: Route::Known })
    }

    /// The key, ready for use. It is kept as bytes because a ready key takes ten times their memory.
    pub(crate) fn sym_key(&self) -> Option<SymKey> {
        SymKey::from_bytes(self.bytes.expose()).ok()
    }
}

fn add_once<T: PartialEq>(records: &mut Vec<T>, record: T) {
    if !records.contains(&record) {
        records.push(record);
    }
}
