//! Which ways to take, so that all needed sessions together cost as little as possible (docs/spec/EGRESS.md section 4). Nothing here opens anything.

use crate::closed::Reason;
use crate::cost::{Costs, Work};
use crate::resolver::{Resolver, Step};
use crate::route::Route;
use crate::sharing::{self, Client};
use crate::ways::{Shared, Way};
use sealwright_types::SessionId;
use sealwright_wrap::KeyHash;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What the ways of all sessions depend on. How a session is reached follows from it and its records: nothing is kept for each session.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) costs: Costs,
    /// What is opened for several sessions, or is needed itself.
    pub(crate) open: HashSet<Shared>,
}

/// How a session will be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// The session.
    pub session: SessionId,
    /// The way that promises to lead to its key, or the reasons why none does.
    pub way: Result<Promise, Vec<Reason>>,
    /// Whether trying all keys would give a session that nothing reaches another chance (EGR-26).
    pub trial: bool,
}

/// A way that promises to lead to a session's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Its last step.
    pub route: Route,
    /// The private key of a user that opens the session's own token or that of its proxy.
    pub by: Option<KeyHash>,
}

/// What resolving sessions is expected to take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// What the plan does.
    pub work: Work,
    /// What trying all keys adds at most for tokens of sessions that nothing reaches (EGR-26).
    pub trials: Work,
}

/// A session as the choice of shared things sees it: what it costs by an own token, in another way of its own, and through each shared thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    own: Option<u64>,
    other: Option<u64>,
    options: Vec<(usize, u64)>,
}

/// Shared things by the order in which they were met.
#[derive(Default)]
struct Met {
    places: HashMap<Shared, usize>,
    all: Vec<Shared>,
}

impl Resolver {
    /// Decides which ways sessions are reached by, so that resolving `needed`, which is sorted, costs as little as possible (EGR-20). To be
    /// called before anything is resolved; fall-backs stay in their order (SES-22).
    pub fn plan(&mut self, needed: &[SessionId], costs: &Costs) {
        self.plan = Some(Plan { costs: costs.clone(), open: HashSet::new() });
        self.forget();
        let (mut met, mut kinds) = (Met::default(), BTreeMap::<Kind, u64>::new());
        self.records.each_of(needed, |session, records| {
            let Some(records) = records else { return };
            let kind = met.kind(&self.ways(session, records), costs);
            if kind.is_served() {
                *kinds.entry(kind).or_default() += 1;
            }
        });
        let mut prices: Vec<u64> = met.all.iter().map(|shared| self.price(*shared, costs)).collect();
        let mut single = Vec::new();
        for (place, shared) in met.all.clone().into_iter().enumerate() {
            let Shared::Proxy(proxy) = shared else { continue };
            if needed.binary_search(&proxy).is_err() || prices[place] == 0 {
                continue;
            }
            // It is needed itself: opening it for others serves it too.
            let Some(records) = self.records.get(proxy) else { continue };
            let mut kind = met.kind(&self.ways(proxy, &records), costs);
            if let Some(alike) = kinds.get_mut(&kind) {
                *alike = alike.saturating_sub(1);
            }
            if kind.is_served() || kind.other.is_some_and(|other| kind.own > Some(other)) {
                kind.own = None;
                kind.options.push((place, 0));
                single.push(kind.client(1));
            } else {
                prices[place] = 0;
            }
        }
        let clients: Vec<_> = kinds
            .iter()
            .filter(|(_, alike)| **alike > 0)
            .map(|(kind, alike)| kind.client(*alike))
            .chain(single)
            .collect();
        let chosen = sharing::choose(&prices, &clients);
        let mut open: HashSet<_> =
            met.all.iter().zip(chosen).filter(|(_, open)| *open).map(|(shared, _)| *shared).collect();
        // Whoever opens a group opens its message sessions.
        let messages: Vec<_> = open
            .iter()
            .filter(|shared| matches!(shared, Shared::Group(_)))
            .flat_map(|group| self.sessions_of(*group))
            .collect();
        open.extend(messages.into_iter().map(Shared::Proxy));
        self.plan = Some(Plan { costs: costs.clone(), open });
    }

    /// What resolving `needed`, which is sorted, is expected to take: each session by its best way, what is shared once. Tells the prospect of each.
    pub fn expect(&self, needed: &[SessionId], mut tell: impl FnMut(Prospect)) -> Expectation {
        let mut expectation = Expectation::default();
        let (mut shared, mut own) = (BTreeSet::new(), BTreeSet::new());
        self.records.each_of(needed, |session, records| {
            let Some(records) = records else {
                let mut reasons = vec![Reason::NoRecord];
                reasons.extend(self.records.has_failed().then_some(Reason::Unreadable));
                return tell(Prospect { session, way: Err(reasons), trial: false });
            };
            let Some(way) = self.best_way(session, records) else {
                let trials: Vec<_> = records.tokens.iter().filter_map(|token| self.trial(token)).collect();
                trials.iter().for_each(|effort| expectation.trials.add(effort));
                if records.tokens.iter().any(|token| !self.is_skipped(token.revoked)) {
                    // Only opening all groups tells that the token is for none of them (EMK-15).
                    shared.insert(Shared::Group(None));
                }
                let way = Err(self.missing(session, records));
                return tell(Prospect { session, way, trial: !trials.is_empty() });
            };
            if way.step == Step::OwnToken && self.is_shared(session) {
                own.insert(session);
            } else {
                expectation.work.add(&way.effort);
            }
            shared.extend(way.shared);
            tell(Prospect { session, way: Ok(Promise { route: way.route, by: way.by }), trial: false });
        });
        own.extend(shared.into_iter().flat_map(|shared| self.sessions_of(shared)));
        for direct in own.into_iter().filter_map(|session| self.direct(session)) {
            expectation.work.add(&direct.effort);
        }
        expectation
    }

    /// Private-key operations that resolving `needed`, which is sorted, is expected to take.
    pub fn expected_operations(&self, needed: &[SessionId]) -> u64 {
        self.expect(needed, |_| {}).work.operations()
    }

    /// Whether the session's own token may be opened for the sake of others too.
    fn is_shared(&self, session: SessionId) -> bool {
        self.plan.as_ref().is_none_or(|plan| plan.open.contains(&Shared::Proxy(session)))
    }

    fn price(&self, shared: Shared, costs: &Costs) -> u64 {
        let sessions = self.sessions_of(shared).into_iter();
        sessions.filter_map(|session| self.direct(session)).map(|direct| costs.of(&direct.effort)).sum()
    }
}

impl Met {
    fn kind(&mut self, ways: &[Way], costs: &Costs) -> Kind {
        let mut kind = Kind { own: None, other: None, options: Vec::new() };
        for way in ways.iter().filter(|way| !way.chain) {
            let cost = costs.of(&way.effort);
            let least = |known: Option<u64>| Some(known.map_or(cost, |known| known.min(cost)));
            match way.shared {
                Some(shared) => kind.options.push((self.place(shared), cost)),
                None if way.step == Step::OwnToken => kind.own = least(kind.own),
                None => kind.other = least(kind.other),
            }
        }
        kind.options.sort_unstable();
        kind.options.dedup_by_key(|(place, _)| *place);
        kind
    }

    fn place(&mut self, shared: Shared) -> usize {
        *self.places.entry(shared).or_insert_with(|| {
            self.all.push(shared);
            self.all.len() - 1
        })
    }
}

impl Kind {
    fn alone(&self) -> Option<u64> {
        self.own.into_iter().chain(self.other).min()
    }

    /// Whether anything shared may be better for it than what it has alone.
    fn is_served(&self) -> bool {
        self.options.iter().any(|(_, cost)| self.alone().is_none_or(|alone| *cost < alone))
    }

    fn client(&self, weight: u64) -> Client {
        Client { weight, alone: self.alone(), options: self.options.clone() }
    }
}
