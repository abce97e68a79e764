//! The ways that promise to lead to a session's key, and what each costs (docs/spec/EGRESS.md section 4). Nothing here opens anything.

use crate::closed::Reason;
use crate::cost::{Costs, Effort};
use crate::keyring::UnknownHash;
use crate::records::{PasswordOrKey, SessionRecords, SymEncKeySecret};
use crate::resolver::{ProxyDepth, Resolver, Step};
use crate::route::Route;
use sealwright_types::{DeviceId, SessionId};
use sealwright_wrap::KeyHash;
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, SymEncKeyRecord, TmrAccess};
use std::collections::{HashMap, HashSet};

/// A way that promises to lead to a session's key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) route: Route,
    pub(crate) step: Step,
    pub(crate) effort: Effort,
    /// What has to be opened before, once for all sessions.
    pub(crate) shared: Option<Shared>,
    /// Whether only a chain of proxies leads there: what that costs, nobody knows.
    pub(crate) chain: bool,
    /// The private key that opens the token, where one is spent.
    pub(crate) by: Option<KeyHash>,
}

/// What is opened once and serves many sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shared {
    /// The key of a proxy session, by its own token.
    Proxy(SessionId),
    /// The private keys of the group with this device, by the tokens of its message keys; of all groups where the device is not known.
    Group(Option<DeviceId>),
}

/// How a session is reached directly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Direct {
    /// Nothing where the key was given.
    pub(crate) effort: Effort,
    pub(crate) by: Option<KeyHash>,
}

/// Groups that promise to be recovered.
#[derive(Debug, Default)]
pub(crate) struct RecoverableGroups {
    /// The message sessions of each group's device; none where its keys are at hand.
    devices: HashMap<DeviceId, Vec<SessionId>>,
    at_hand: HashSet<KeyHash>,
    any_sealed: bool,
}

impl Resolver {
    /// The way that promises to lead to a session's key at the least cost, or why none does.
    ///
    /// # Errors
    /// The reasons, without those that only opening can tell.
    pub fn promising(&self, session: SessionId) -> Result<Route, Vec<Reason>> {
        let Some(records) = self.records.get(session) else { return Err(vec![Reason::NoRecord]) };
        match self.best_way(session, &records) {
            Some(way) => Ok(way.route),
            None => Err(self.missing(session, &records)),
        }
    }

    /// The way of the plan, if there is a plan.
    pub(crate) fn planned_step(&self, session: SessionId, records: &SessionRecords) -> Option<Step> {
        self.plan.as_ref()?;
        self.best_way(session, records).map(|way| way.step)
    }

    /// The cheapest way given what the plan opens anyway; the first one of equal ways; the first one of all without a plan.
    pub(crate) fn best_way(&self, session: SessionId, records: &SessionRecords) -> Option<Way> {
        let ways = self.ways(session, records);
        let Some(plan) = &self.plan else { return ways.into_iter().min_by_key(|way| way.chain) };
        ways.into_iter().min_by_key(|way| {
            let is_open = way.shared.is_none_or(|shared| plan.open.contains(&shared));
            let is_opened_anyway = way.step == Step::OwnToken && plan.open.contains(&Shared::Proxy(session));
            let cost = if is_opened_anyway { 0 } else { plan.costs.of(&way.effort) };
            (way.chain, !is_open, cost)
        })
    }

    /// All of them in the order of preference (SES-22).
    pub(crate) fn ways(&self, session: SessionId, records: &SessionRecords) -> Vec<Way> {
        let way = |route, step, effort| Way { route, step, effort, shared: None, chain: false, by: None };
        if self.records.is_known(session) {
            return vec![way(Route::Known, Step::Known(0), Effort::default())];
        }
        let mut ways = Vec::new();
        if let Some(direct) = self.direct_by(&records.tokens) {
            ways.push(Way { by: direct.by, ..way(Route::Direct, Step::OwnToken, direct.effort) });
        }
        for (place, token) in records.tokens.iter().enumerate() {
            if let Some((shared, times)) = self.promised_group(token) {
                let effort = Effort::private_key(bits(token), times);
                ways.push(Way { shared, ..way(Route::Group, Step::GroupToken(place), effort) });
            }
        }
        for (place, link) in records.proxies.iter().enumerate() {
            let proxy = link.proxy_session_id;
            if self.is_skipped(link.revoked) || proxy == session {
                continue;
            }
            let way = way(Route::Proxy, Step::Proxy(place), Effort::symmetric(1));
            match self.direct(proxy) {
                Some(direct) => ways.push(Way { shared: Some(Shared::Proxy(proxy)), by: direct.by, ..way }),
                None if self.policy.proxies == ProxyDepth::Chains && self.records.get(proxy).is_some() => {
                    ways.push(Way { chain: true, ..way });
                }
                None => {}
            }
        }
        for (place, record) in records.sym_enc_keys.iter().enumerate() {
            if let Some(effort) = self.secret_of(record) {
                ways.push(way(Route::SymEncKey, Step::SymEncKey(place), effort));
            }
        }
        for (place, access) in records.tmr_accesses.iter().enumerate() {
            let keys = self.over_encryption_keys(access);
            if keys > 0 {
                ways.push(way(Route::Tmr, Step::TmrAccess(place), Effort::symmetric(keys)));
            }
        }
        ways
    }

    /// How a session is reached by a known key or an own token. Told from memory, as the same proxies are asked for again and again.
    pub(crate) fn direct(&self, session: SessionId) -> Option<Direct> {
        if self.records.is_known(session) {
            return Some(Direct { effort: Effort::default(), by: None });
        }
        let before = self.direct_ways.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&session).copied();
        before.unwrap_or_else(|| {
            let direct = self.records.get(session).and_then(|records| self.direct_by(&records.tokens));
            self.direct_ways.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(session, direct);
            direct
        })
    }

    /// The sessions whose keys have to be reached directly for something shared.
    pub(crate) fn sessions_of(&self, shared: Shared) -> Vec<SessionId> {
        let groups = self.recoverable_groups();
        match shared {
            Shared::Proxy(session) => vec![session],
            Shared::Group(Some(device)) => groups.devices.get(&device).cloned().unwrap_or_default(),
            Shared::Group(None) => groups.devices.values().flatten().copied().collect(),
        }
    }

    /// The own tokens in the order in which they are tried: as the records stand, by cost where there is a plan.
    pub(crate) fn in_order<'t>(&self, tokens: &'t [DeviceToken]) -> impl Iterator<Item = &'t DeviceToken> + use<'t> {
        let mut places: Vec<&DeviceToken> = tokens.iter().collect();
        if let Some(plan) = &self.plan
            && places.len() > 1
        {
            let cost =
                |token: &&DeviceToken| self.token_effort(token).map_or(u64::MAX, |effort| plan.costs.of(&effort));
            places.sort_by_cached_key(cost);
        }
        places.into_iter()
    }

    /// The work of trying a token with every key that may open it; `None` without any (EMK-10..12).
    pub(crate) fn token_effort(&self, token: &DeviceToken) -> Option<Effort> {
        if self.is_skipped(token.revoked) {
            return None;
        }
        let times = match token.created_for_key_hash {
            Some(hash) if self.keyring.has(hash) => 1,
            Some(_) if self.policy.unknown_hash == UnknownHash::Stop => 0,
            _ => self.keyring.of_size(token.token.len()),
        };
        (times > 0).then(|| Effort::private_key(bits(token), times))
    }

    /// The work of trying a token with every key whose hash it does not name: what `--try-all-keys` adds (EGR-26).
    pub(crate) fn trial(&self, token: &DeviceToken) -> Option<Effort> {
        let times = self.keyring.of_size(token.token.len());
        let is_tried = token.created_for_key_hash.is_some_and(|hash| !self.keyring.has(hash));
        (is_tried && times > 0 && !self.is_skipped(token.revoked)).then(|| Effort::private_key(bits(token), times))
    }

    fn direct_by(&self, tokens: &[DeviceToken]) -> Option<Direct> {
        let costs = self.plan.as_ref().map_or_else(Costs::default, |plan| plan.costs.clone());
        let efforts = tokens.iter().filter_map(|token| Some((token, self.token_effort(token)?)));
        let (token, effort) = efforts.min_by_key(|(_, effort)| costs.of(effort))?;
        let by = token.created_for_key_hash.filter(|hash| self.keyring.has(*hash));
        let first = || self.keyring.candidates(token, self.policy.unknown_hash).next().map(|by| by.key.hash());
        Some(Direct { effort, by: by.or_else(first) })
    }

    /// What has to be opened before a token that may be for a group, and how often the token is tried then. The device that it names is a hint
    /// only (EMK-15).
    fn promised_group(&self, token: &DeviceToken) -> Option<(Option<Shared>, u64)> {
        if self.is_skipped(token.revoked) {
            return None;
        }
        let groups = self.recoverable_groups();
        let hash = token.created_for_key_hash;
        if hash.is_some_and(|hash| groups.at_hand.contains(&hash)) {
            return Some((None, 1));
        }
        if let Some(device) = token.device_id
            && let Some(messages) = groups.devices.get(&device)
        {
            let shared = (!messages.is_empty()).then_some(Shared::Group(Some(device)));
            return Some((shared, if hash.is_some() { 1 } else { messages.len().max(1) as u64 }));
        }
        match (token.device_id, hash) {
            // It may be that of a key which is sealed still: only opening tells. Where a device is named it hardly is.
            (None, Some(_)) => groups.any_sealed.then_some((Some(Shared::Group(None)), 1)),
            (Some(_), Some(_)) => None,
            // Own keys are tried first.
            (Some(_), None) if self.token_effort(token).is_some() => None,
            (_, None) => {
                let keys = groups.at_hand.len() + groups.devices.values().map(Vec::len).sum::<usize>();
                let shared = groups.any_sealed.then_some(Shared::Group(None));
                (keys > 0).then_some((shared, keys as u64))
            }
        }
    }

    fn secret_of(&self, record: &SymEncKeyRecord) -> Option<Effort> {
        if self.is_skipped(record.revoked) {
            return None;
        }
        let efforts = self.records.secrets_of(record.sym_enc_key_id).iter().filter_map(|secret| self.effort_of(secret));
        efforts.min_by_key(|effort| effort.scrypt)
    }

    fn effort_of(&self, secret: &SymEncKeySecret) -> Option<Effort> {
        match secret.secret {
            PasswordOrKey::Key(_) => Some(Effort::symmetric(1)),
            PasswordOrKey::Password(_) if self.records.app.is_some() => {
                Some(Effort { scrypt: 1, ..Effort::symmetric(1) })
            }
            PasswordOrKey::Password(_) => None,
        }
    }

    fn over_encryption_keys(&self, access: &TmrAccess) -> u64 {
        if self.is_skipped(access.revoked) { 0 } else { self.records.over_encryption_keys_of(access).count() as u64 }
    }

    pub(crate) fn missing(&self, session: SessionId, records: &SessionRecords) -> Vec<Reason> {
        self.reasons(session, records, |proxy| self.direct(proxy).is_some(), |_| false)
    }

    /// The groups whose keys are at hand, or whose message key promises to be reached directly.
    fn recoverable_groups(&self) -> &RecoverableGroups {
        self.groups.get_or_init(|| {
            let mut groups = RecoverableGroups::default();
            let promised = |record: &&GroupKeyRecord| self.direct(record.message_id.into()).is_some();
            for record in self.records.group_keys().iter().filter(promised) {
                groups.any_sealed = true;
                groups.devices.entry(record.device_id).or_default().push(record.message_id.into());
            }
            for (device, key) in self.records.group_private_keys() {
                groups.at_hand.insert(key.hash());
                if let Some(device) = device {
                    groups.devices.entry(*device).or_default();
                }
            }
            groups
        })
    }
}

/// A token is as long as the modulus of the key that opens it.
fn bits(token: &DeviceToken) -> usize {
    token.token.len().saturating_mul(8)
}
