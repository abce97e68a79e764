//! Which way to a session's key costs the fewest private-key operations, and whether any way promises to lead there
//! (docs/spec/EGRESS.md section 4). Nothing here opens anything.

use crate::closed::Reason;
use crate::keyring::Keyring;
use crate::records::{PasswordOrKey, SessionRecords};
use crate::resolver::{ProxyDepth, Resolver};
use crate::route::Route;
use sealwright_types::SessionId;
use sealwright_wrap::record::DeviceToken;
use std::collections::{BTreeSet, HashMap};

impl Resolver {
    /// Decides for each needed session which records come first, so that the fewest private-key operations are spent (EGR-20).
    /// `needed` is sorted.
    ///
    /// A proxy serves when its own key is needed anyway, or when it replaces more work than it costs.
    pub fn prefer_shared_proxies(&mut self, needed: &[SessionId]) {
        for (proxy, sessions) in self.proxies_by_dependents(needed) {
            let open: Vec<_> =
                sessions.into_iter().filter(|session| self.preferred_proxy(*session).is_none()).collect();
            let saved: u64 = open.iter().map(|session| self.direct_cost(*session).unwrap_or(0)).sum();
            let is_only_way = open.iter().any(|session| self.direct_cost(*session).is_none());
            let is_needed = needed.binary_search(&proxy).is_ok();
            let own = if is_needed { 0 } else { self.direct_cost(proxy).unwrap_or(u64::MAX) };
            if saved > own || is_only_way {
                open.into_iter().for_each(|session| self.prefer_proxy(session, proxy));
            }
        }
    }

    /// Private-key operations that resolving `needed` is expected to take: each session by its first promising way, each proxy once.
    pub fn expected_operations(&self, needed: &[SessionId]) -> u64 {
        let directly: BTreeSet<_> = needed.iter().filter_map(|&session| self.opened_directly_for(session)).collect();
        directly.into_iter().filter_map(|session| self.token_operations(session)).sum()
    }

    /// The way that promises to lead to a session's key, or why none does.
    ///
    /// # Errors
    /// The reasons, without those that only opening can tell.
    pub fn promising(&self, session: SessionId) -> Result<Route, Vec<Reason>> {
        let Some(records) = self.records.get(session) else { return Err(vec![Reason::NoRecord]) };
        let proxies = || records.proxies.iter().map(|proxy| proxy.proxy_session_id).filter(|&proxy| proxy != session);
        let by_proxy = |proxy| {
            self.direct_cost(proxy).is_some()
                || (self.policy.proxies == ProxyDepth::Chains && self.records.get(proxy).is_some())
        };
        let ways = [
            (Route::Known, !records.known.is_empty()),
            (Route::Direct, self.direct_cost(session).is_some()),
            (Route::Group, records.tokens.iter().any(|token| self.promises_group(token))),
            (Route::Proxy, proxies().any(by_proxy)),
            (Route::SymEncKey, records.sym_enc_keys.iter().any(|record| self.has_secret(record.sym_enc_key_id))),
            (Route::Tmr, records.tmr_accesses.iter().any(|tmr| !self.records.over_encryption_keys_of(tmr).is_empty())),
        ];
        let promising = ways.into_iter().find_map(|(route, promises)| promises.then_some(route));
        promising.ok_or_else(|| self.missing(session, records))
    }

    /// Proxies that are reached directly, each with the needed sessions that they open, the most useful first.
    fn proxies_by_dependents(&self, needed: &[SessionId]) -> Vec<(SessionId, Vec<SessionId>)> {
        let mut dependents: HashMap<SessionId, Vec<SessionId>> = HashMap::new();
        for &session in needed {
            let Some(records) = self.records.get(session).filter(|records| records.known.is_empty()) else { continue };
            for proxy in records.proxies.iter().map(|proxy| proxy.proxy_session_id) {
                if proxy != session && self.direct_cost(proxy).is_some() {
                    dependents.entry(proxy).or_default().push(session);
                }
            }
        }
        let mut proxies: Vec<_> = dependents.into_iter().collect();
        proxies.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
        proxies
    }

    /// The work of reaching a session directly, in units that grow with the cube of the key's size; `None` if nothing promises to.
    fn direct_cost(&self, session: SessionId) -> Option<u64> {
        let records = self.records.get(session)?;
        if !records.known.is_empty() {
            return Some(0);
        }
        let cost = |token| self.candidates(token).map(|bytes| (bytes as u64 / 64).pow(3)).sum();
        records.tokens.iter().map(cost).filter(|&cost: &u64| cost > 0).min()
    }

    /// The session whose token is unwrapped for the sake of `session`: itself or a proxy. `None` if no own token is.
    fn opened_directly_for(&self, session: SessionId) -> Option<SessionId> {
        let records = self.records.get(session).filter(|records| records.known.is_empty())?;
        let mut proxies = records.proxies.iter().map(|proxy| proxy.proxy_session_id);
        match self.preferred_proxy(session) {
            Some(proxy) => Some(proxy),
            None if self.direct_cost(session).is_some() => Some(session),
            None => proxies.find(|&proxy| proxy != session && self.direct_cost(proxy).is_some()),
        }
    }

    fn token_operations(&self, session: SessionId) -> Option<u64> {
        let records = self.records.get(session).filter(|records| records.known.is_empty())?;
        let counts = records.tokens.iter().map(|token| self.candidates(token).count() as u64);
        counts.filter(|&count| count > 0).min()
    }

    /// The sizes in bytes of the keys that would be tried for a token.
    fn candidates<'a>(&'a self, token: &'a DeviceToken) -> impl Iterator<Item = usize> {
        let keyring: &Keyring = &self.keyring;
        keyring.candidates(token, self.policy.unknown_hash).map(|candidate| candidate.key.modulus_length())
    }

    fn promises_group(&self, token: &DeviceToken) -> bool {
        let is_recovered = |device| {
            self.records.group_keys().iter().filter(|record| record.device_id == device).any(|record| {
                SessionId::from_bytes(*record.message_id.as_bytes())
                    .is_ok_and(|session| self.direct_cost(session).is_some())
            })
        };
        let is_at_hand = |device| self.records.group_private_keys().iter().any(|(of, _)| *of == Some(device));
        token.device_id.is_some_and(|device| is_at_hand(device) || is_recovered(device))
    }

    fn has_secret(&self, id: sealwright_types::SymEncKeyId) -> bool {
        let has_app = self.records.app.is_some();
        self.records.secrets_of(id).any(|secret| has_app || matches!(secret.secret, PasswordOrKey::Key(_)))
    }

    fn missing(&self, session: SessionId, records: &SessionRecords) -> Vec<Reason> {
        self.reasons(session, records, |proxy| self.direct_cost(proxy).is_some())
    }
}
