//! Session keys through proxy sessions: one level, or chains of any length on request (docs/spec/SESSIONS.md section 5).

use super::{ProxyDepth, Resolved, Resolver, Step, steps};
use crate::route::Route;
use sealwright_envelope::SymKey;
use sealwright_types::SessionId;
use sealwright_wrap::record::ProxyKey;
use sealwright_wrap::symmetric;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

impl Resolver {
    pub(super) fn unwrap_proxy(&self, proxy: &ProxyKey) -> Option<Arc<Resolved>> {
        let by = proxy.proxy_session_id;
        // PROXY-05
        if by == proxy.session_id || self.is_skipped(proxy.revoked) {
            return None;
        }
        if let Some(key) = self.directly(by).find_map(|by| by.opens(proxy)) {
            return Some(Resolved::new(&key, Route::Proxy, false));
        }
        if self.policy.proxies == ProxyDepth::One {
            return None;
        }
        self.chained(proxy).and_then(|by| by.opens(proxy)).map(|key| Resolved::new(&key, Route::Proxy, true))
    }

    /// The key of a proxy session that is not reached directly, by the shortest chain of proxies that leads to it (PROXY-08). Each session
    /// is looked at once, and none is reached through the one that the proxy shall open.
    fn chained(&self, proxy: &ProxyKey) -> Option<Arc<Resolved>> {
        let target = proxy.proxy_session_id;
        let remembered = || self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = remembered().get(&target) {
            return Some(Arc::clone(key));
        }
        let mut seen = HashSet::from([proxy.session_id, target]);
        // Each session with the link to the one that it opens, by its place.
        let mut links: Vec<(SessionId, Option<(usize, &ProxyKey)>)> = vec![(target, None)];
        let mut place = 0;
        while let Some(&(session, _)) = links.get(place) {
            let unwound = self.without_proxies(session).and_then(|key| unwind(&links, place, key));
            if let Some(key) = unwound {
                remembered().insert(target, Arc::clone(&key));
                return Some(key);
            }
            let proxies = self.records.get(session).into_iter().flat_map(|records| &records.proxies);
            for link in proxies.filter(|link| !self.is_skipped(link.revoked)) {
                if seen.insert(link.proxy_session_id) {
                    links.push((link.proxy_session_id, Some((place, link))));
                }
            }
            place += 1;
        }
        None
    }

    /// A session's key by the first way that is no proxy.
    fn without_proxies(&self, session: SessionId) -> Option<Arc<Resolved>> {
        let records = self.records.get(session)?;
        let mut ways = steps(records, None).into_iter().filter(|step| !matches!(step, Step::Proxy(_)));
        ways.find_map(|step| self.take(session, records, step))
    }
}

impl Resolved {
    /// What a proxy record holds, if this key opens it (WRAP-01).
    fn opens(&self, proxy: &ProxyKey) -> Option<SymKey> {
        symmetric::unwrap(&proxy.data, &self.sym_key()?).ok()
    }
}

/// From the key of the session at `place` back through the links to the first session.
fn unwind(
    links: &[(SessionId, Option<(usize, &ProxyKey)>)],
    mut place: usize,
    mut key: Arc<Resolved>,
) -> Option<Arc<Resolved>> {
    while let Some((opened, link)) = links.get(place)?.1 {
        key = Resolved::new(&key.opens(link)?, Route::Proxy, true);
        place = opened;
    }
    Some(key)
}
