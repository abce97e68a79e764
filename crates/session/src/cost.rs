//! Which way to a session's key costs the fewest private-key operations, and whether any way promises to lead there
//! (docs/spec/EGRESS.md section 4). Nothing here opens anything.

use crate::closed::Reason;
use crate::records::{PasswordOrKey, SessionRecords, SymEncKeySecret};
use crate::resolver::{ProxyDepth, Resolver};
use crate::route::Route;
use sealwright_types::{DeviceId, SessionId};
use sealwright_wrap::KeyHash;
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, SymEncKeyRecord, TmrAccess};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Groups that promise to be recovered.
#[derive(Debug)]
pub(crate) struct RecoverableGroups {
    devices: HashSet<DeviceId>,
    at_hand: HashSet<KeyHash>,
    any_sealed: bool,
}

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
        let proxies = || self.proxies_of(session, records);
        let by_proxy = |proxy| {
            self.direct_cost(proxy).is_some()
                || (self.policy.proxies == ProxyDepth::Chains && self.records.get(proxy).is_some())
        };
        let has_over_encryption_key = |access: &TmrAccess| {
            !self.is_skipped(access.revoked) && self.records.over_encryption_keys_of(access).next().is_some()
        };
        let ways = [
            (Route::Known, !records.known.is_empty()),
            (Route::Direct, self.direct_cost(session).is_some()),
            (Route::Group, records.tokens.iter().any(|token| self.promises_group(token))),
            (Route::Proxy, proxies().any(by_proxy)),
            (Route::SymEncKey, records.sym_enc_keys.iter().any(|record| self.has_secret(record))),
            (Route::Tmr, records.tmr_accesses.iter().any(has_over_encryption_key)),
        ];
        let promising = ways.into_iter().find_map(|(route, promises)| promises.then_some(route));
        promising.ok_or_else(|| self.missing(session, records))
    }

    /// Proxies that are reached directly, each with the needed sessions that they open, the most useful first.
    fn proxies_by_dependents(&self, needed: &[SessionId]) -> Vec<(SessionId, Vec<SessionId>)> {
        let mut dependents: HashMap<SessionId, Vec<SessionId>> = HashMap::new();
        for &session in needed {
            let Some(records) = self.records.get(session).filter(|records| records.known.is_empty()) else { continue };
            for proxy in self.proxies_of(session, records) {
                dependents.entry(proxy).or_default().push(session);
            }
        }
        dependents.retain(|&proxy, _| self.direct_cost(proxy).is_some());
        let mut proxies: Vec<_> = dependents.into_iter().collect();
        proxies.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
        proxies
    }

    /// The sessions that are proxies of this one.
    fn proxies_of<'a>(
        &'a self,
        session: SessionId,
        records: &'a SessionRecords,
    ) -> impl Iterator<Item = SessionId> + 'a {
        let live = records.proxies.iter().filter(|proxy| !self.is_skipped(proxy.revoked));
        live.map(|proxy| proxy.proxy_session_id).filter(move |&proxy| proxy != session)
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
        let mut proxies = self.proxies_of(session, records);
        match self.preferred_proxy(session) {
            Some(proxy) => Some(proxy),
            None if self.direct_cost(session).is_some() => Some(session),
            None => proxies.find(|&proxy| self.direct_cost(proxy).is_some()),
        }
    }

    fn token_operations(&self, session: SessionId) -> Option<u64> {
        let records = self.records.get(session).filter(|records| records.known.is_empty())?;
        let counts = records.tokens.iter().map(|token| self.candidates(token).count() as u64);
        counts.filter(|&count| count > 0).min()
    }

    /// The sizes in bytes of the keys that would be tried for a token.
    fn candidates<'a>(&'a self, token: &DeviceToken) -> impl Iterator<Item = usize> + use<'a> {
        let live = !self.is_skipped(token.revoked);
        let candidates = live.then(|| self.keyring.candidates(token, self.policy.unknown_hash));
        candidates.into_iter().flatten().map(|candidate| candidate.key.modulus_length())
    }

    /// A token for a group's device, or one that names no device and may be for any (EGR-04).
    fn promises_group(&self, token: &DeviceToken) -> bool {
        if self.is_skipped(token.revoked) {
            return false;
        }
        let groups = self.recoverable_groups();
        match token.device_id {
            Some(device) => groups.devices.contains(&device),
            None => match token.created_for_key_hash {
                // It may be that of a key which is sealed still: only opening tells.
                Some(hash) => groups.any_sealed || groups.at_hand.contains(&hash),
                None => groups.any_sealed || !groups.at_hand.is_empty(),
            },
        }
    }

    fn has_secret(&self, record: &SymEncKeyRecord) -> bool {
        let has_app = self.records.app.is_some();
        let usable = |secret: &SymEncKeySecret| has_app || matches!(secret.secret, PasswordOrKey::Key(_));
        !self.is_skipped(record.revoked) && self.records.secrets_of(record.sym_enc_key_id).iter().any(usable)
    }

    fn missing(&self, session: SessionId, records: &SessionRecords) -> Vec<Reason> {
        self.reasons(session, records, |proxy| self.direct_cost(proxy).is_some(), |_| false)
    }

    /// The groups whose keys are at hand, or whose message key promises to be reached directly.
    fn recoverable_groups(&self) -> &RecoverableGroups {
        self.groups.get_or_init(|| {
            let promised = |record: &&GroupKeyRecord| self.direct_cost(record.message_id.into()).is_some();
            let sealed: HashSet<_> =
                self.records.group_keys().iter().filter(promised).map(|record| record.device_id).collect();
            let at_hand = self.records.group_private_keys();
            RecoverableGroups {
                any_sealed: !sealed.is_empty(),
                at_hand: at_hand.iter().map(|(_, key)| key.hash()).collect(),
                devices: at_hand.iter().filter_map(|(device, _)| *device).chain(sealed).collect(),
            }
        })
    }
}
