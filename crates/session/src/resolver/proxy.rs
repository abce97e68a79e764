//! Session keys through proxy sessions: one level, or chains of any length on request (docs/spec/SESSIONS.md section 5).

use super::{ProxyDepth, Resolved, Resolver, Step, is_among};
use crate::records::SessionRecords;
use sealwright_envelope::SymKey;
use sealwright_types::SessionId;
use sealwright_wrap::record::ProxyKey;
use sealwright_wrap::symmetric;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

/// What chains of proxies give for a proxy session, whoever asks.
#[derive(Debug)]
pub(super) struct Chained {
    keys: Vec<Arc<Resolved>>,
    /// The sessions that were looked at: for one of these to ask, all is to be looked for anew.
    sessions: Vec<SessionId>,
    /// Whether there are no other keys.
    is_all: bool,
}

/// A search for the keys of a proxy session.
#[derive(Default)]
struct Search {
    /// The sessions that may lead to it, nearest first.
    order: Vec<SessionId>,
    seen: HashSet<SessionId>,
    /// The links that a session's key may open.
    links: HashMap<SessionId, Vec<Arc<ProxyKey>>>,
    keys: HashMap<SessionId, Vec<Arc<Resolved>>>,
    /// Whether a chain was left out because it leads through the session that asks.
    met_asker: bool,
}

/// Searches of more sessions than this are not remembered.
const LONGEST_REMEMBERED: usize = 64;

impl Resolver {
    pub(super) fn unwrap_proxy(&self, proxy: &ProxyKey) -> Option<Arc<Resolved>> {
        let by = proxy.proxy_session_id;
        // PROXY-05
        if by == proxy.session_id || self.is_skipped(proxy.revoked) {
            return None;
        }
        if let Some(key) = self.directly(by).find_map(|by| by.opens(proxy)) {
            return Some(Resolved::behind(&key, by, false));
        }
        if self.policy.proxies == ProxyDepth::One {
            return None;
        }
        self.chained(proxy).map(|key| Resolved::behind(&key, by, true))
    }

    /// What a proxy record holds whose proxy session is reached by chains of proxies alone (PROXY-08). No chain leads through the session that
    /// the record shall open, and every key that any other chain gives is tried.
    fn chained(&self, proxy: &ProxyKey) -> Option<SymKey> {
        let target = proxy.proxy_session_id;
        let remembered = || self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        let before = remembered().get(&target).filter(|chained| !chained.sessions.contains(&proxy.session_id)).cloned();
        if let Some(before) = before {
            let opened = before.keys.iter().find_map(|key| key.opens(proxy));
            if opened.is_some() || before.is_all {
                return opened;
            }
        }
        let mut search = Search::default();
        let opened = self.search(proxy, &mut search);
        // Only what does not depend on who asks is remembered, and only where it is cheap to keep.
        if !search.met_asker && search.order.len() <= LONGEST_REMEMBERED {
            let keys = search.keys.remove(&target).unwrap_or_default();
            let chained = Chained { keys, sessions: search.order, is_all: opened.is_none() };
            remembered().insert(target, Arc::new(chained));
        }
        opened
    }

    /// Breadth first, so that short chains are found first; the further keys of a session only when first ones do not do.
    fn search(&self, proxy: &ProxyKey, search: &mut Search) -> Option<SymKey> {
        search.visit(proxy.proxy_session_id);
        let mut place = 0;
        while let Some(&session) = search.order.get(place) {
            let proxies = self.records.get(session).unwrap_or_default().proxies.into_iter().map(Arc::new);
            for link in proxies.filter(|link| !self.is_skipped(link.revoked)) {
                if link.proxy_session_id == proxy.session_id {
                    search.met_asker = true;
                } else {
                    search.visit(link.proxy_session_id);
                    search.links.entry(link.proxy_session_id).or_default().push(Arc::clone(&link));
                    let known = search.keys.get(&link.proxy_session_id).cloned().unwrap_or_default();
                    let found = known.iter().find_map(|key| {
                        let key = Resolved::behind(&key.opens(&link)?, link.proxy_session_id, true);
                        search.add(session, key, proxy)
                    });
                    if found.is_some() {
                        return found;
                    }
                }
            }
            let first = self.without_proxies(session).map(|(_, key)| key);
            if let Some(opened) = first.and_then(|key| search.add(session, key, proxy)) {
                return Some(opened);
            }
            place += 1;
        }
        let order = search.order.clone();
        order.into_iter().find_map(|session| {
            self.further_without_proxies(session).iter().find_map(|key| search.add(session, Arc::clone(key), proxy))
        })
    }

    /// A session's key by the first way that is no proxy.
    fn without_proxies(&self, session: SessionId) -> Option<(usize, Arc<Resolved>)> {
        let memory = self.memories.hold(session);
        let find = || {
            let records = self.records.get(session)?;
            let mut ways = self.ways_without_proxies(session, &records).enumerate();
            ways.find_map(|(place, step)| Some((place, self.take(session, &records, step)?)))
        };
        memory.delegated.get_or_init(find).clone()
    }

    /// A session's keys by the ways after it.
    fn further_without_proxies(&self, session: SessionId) -> Arc<[Arc<Resolved>]> {
        let memory = self.memories.hold(session);
        let find = || {
            let Some((first, _)) = self.without_proxies(session) else { return Arc::new([]) as Arc<[_]> };
            let records = self.records.get(session).unwrap_or_default();
            let ways = self.ways_without_proxies(session, &records).skip(first + 1);
            ways.filter_map(|step| self.take(session, &records, step)).collect()
        };
        Arc::clone(memory.delegated_further.get_or_init(find))
    }

    fn ways_without_proxies(&self, session: SessionId, records: &SessionRecords) -> impl Iterator<Item = Step> + use<> {
        self.steps(session, records).into_iter().filter(|step| !matches!(step, Step::Proxy(_)))
    }
}

impl Search {
    fn visit(&mut self, session: SessionId) {
        if self.seen.insert(session) {
            self.order.push(session);
        }
    }

    /// Adds a key of a session and all that it leads to; the end is a key that opens the record in question.
    fn add(&mut self, session: SessionId, key: Arc<Resolved>, proxy: &ProxyKey) -> Option<SymKey> {
        let mut new = vec![(session, key)];
        while let Some((session, key)) = new.pop() {
            let keys = self.keys.entry(session).or_default();
            if is_among(keys, &key) {
                continue;
            }
            keys.push(Arc::clone(&key));
            if session == proxy.proxy_session_id
                && let Some(opened) = key.opens(proxy)
            {
                return Some(opened);
            }
            for link in self.links.get(&session).into_iter().flatten() {
                if let Some(opened) = key.opens(link) {
                    new.push((link.session_id, Resolved::behind(&opened, session, true)));
                }
            }
        }
        None
    }
}

impl Resolved {
    /// What a proxy record holds, if this key opens it (WRAP-01).
    fn opens(&self, proxy: &ProxyKey) -> Option<SymKey> {
        symmetric::unwrap(&proxy.data, &self.sym_key()?).ok()
    }
}
