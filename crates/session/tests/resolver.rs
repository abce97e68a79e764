//! Ways that fail do not hide others, and looking for them ends (SES-11, PROXY-08).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_session::{Keyring, Policy, ProxyDepth, Records, Resolver, Route};
use sealwright_types::SessionId;
use sealwright_wrap::record::{DeviceToken, ProxyKey};
use sealwright_wrap::{KeySize, PrivateKey, symmetric, wrap};
use std::sync::Arc;

struct Session {
    id: SessionId,
    key: SymKey,
}

impl Session {
    fn new() -> Self {
        Self { id: SessionId::random().unwrap(), key: SymKey::generate().unwrap() }
    }

    fn through(&self, proxy: &Self) -> ProxyKey {
        let data = symmetric::wrap(&self.key, &proxy.key).unwrap().into();
        ProxyKey { session_id: self.id, proxy_session_id: proxy.id, data, revoked: false }
    }
}

fn chains(records: Records) -> Resolver {
    Resolver::new(Keyring::default(), records, Policy { proxies: ProxyDepth::Chains, ..Policy::default() })
}

#[test]
fn a_wrong_known_key_of_a_proxy_does_not_hide_its_token() {
    let (session, proxy) = (Session::new(), Session::new());
    let mine = Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap());
    let mut records = Records::default();
    records.add_known(proxy.id, &SymKey::generate().unwrap());
    records.add_proxy(session.through(&proxy));
    records.add_token(DeviceToken {
        session_id: proxy.id,
        device_id: None,
        created_for_key_hash: Some(mine.hash()),
        token: wrap(&proxy.key, mine.public()).unwrap().into(),
        revoked: false,
    });
    let mut keyring = Keyring::default();
    keyring.add(mine, None);
    let resolved = Resolver::new(keyring, records, Policy::default()).resolve(session.id).unwrap();
    assert_eq!(resolved.sym_key().unwrap().expose(), session.key.expose());
    assert_eq!((resolved.route, resolved.chain), (Route::Proxy, false));
}

#[test]
fn sessions_that_are_proxies_of_each_other_do_not_keep_a_resolver_busy() {
    let sessions: Vec<_> = (0..16).map(|_| Session::new()).collect();
    let mut records = Records::default();
    for session in &sessions {
        for proxy in sessions.iter().filter(|proxy| proxy.id != session.id) {
            records.add_proxy(session.through(proxy));
        }
    }
    let resolver = chains(records);
    assert!(sessions.iter().all(|session| resolver.resolve(session.id).is_err()));
}

#[test]
fn a_chain_may_have_any_length() {
    let sessions: Vec<_> = (0..4000).map(|_| Session::new()).collect();
    let mut records = Records::default();
    records.add_known(sessions[0].id, &sessions[0].key);
    for pair in sessions.windows(2) {
        records.add_proxy(pair[1].through(&pair[0]));
    }
    let resolver = chains(records);
    let last = sessions.last().unwrap();
    let resolved = resolver.resolve(last.id).unwrap();
    assert_eq!(resolved.sym_key().unwrap().expose(), last.key.expose());
    assert!(resolved.chain);
    assert!(!resolver.resolve(sessions[1].id).unwrap().chain);
}
