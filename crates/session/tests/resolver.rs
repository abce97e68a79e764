//! Ways that fail do not hide others, and looking for them ends (SES-11, PROXY-08).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_session::{Keyring, OverEncryptionKey, Policy, ProxyDepth, Records, Resolver, Route, Through};
use sealwright_types::{SessionId, TmrAccessId};
use sealwright_wrap::record::{DeviceToken, ProxyKey, TmrAccess};
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

#[test]
fn each_key_of_a_proxy_is_tried_in_whatever_order_sessions_are_asked_for() {
    let (proxy, ways) = (Session::new(), [Session::new(), Session::new()]);
    // Two ways lead to two keys of the proxy, and each of them opens one session.
    let keys = [SymKey::generate().unwrap(), SymKey::generate().unwrap()];
    let sessions = [Session::new(), Session::new()];
    for order in [[0, 1], [1, 0]] {
        let mut records = Records::default();
        for (place, way) in ways.iter().enumerate() {
            let of_proxy = Session { id: proxy.id, key: SymKey::from_bytes(keys[place].expose()).unwrap() };
            records.add_known(way.id, &way.key);
            records.add_proxy(of_proxy.through(way));
            records.add_proxy(sessions[place].through(&of_proxy));
        }
        let resolver = chains(records);
        for place in order {
            let resolved = resolver.resolve(sessions[place].id).unwrap();
            assert_eq!(resolved.sym_key().unwrap().expose(), sessions[place].key.expose());
            assert_eq!(resolved.through, Some(Through::Proxy(proxy.id)));
        }
    }
}

#[test]
fn what_was_found_for_one_session_does_not_decide_the_way_of_another() {
    let [asking, proxy, member] = [Session::new(), Session::new(), Session::new()];
    let over = SymKey::generate().unwrap();
    for order in [[&asking, &member], [&member, &asking]] {
        let mut records = Records::default();
        records.add_proxy(asking.through(&proxy));
        records.add_proxy(proxy.through(&member));
        records.add_proxy(member.through(&proxy));
        records.add_tmr_access(TmrAccess {
            session_id: member.id,
            tmr_access_id: TmrAccessId::random().unwrap(),
            auth_factor: None,
            creator: None,
            data: symmetric::wrap(&member.key, &over).unwrap().into(),
            revoked: false,
        });
        let key = SymKey::from_bytes(over.expose()).unwrap();
        records.add_over_encryption_key(OverEncryptionKey { id: None, auth_factor: None, key });
        let resolver = chains(records);
        let route = |session: &Session| resolver.resolve(session.id).unwrap().route;
        let routes = order.map(|session| (session.id == member.id, route(session)));
        assert!(routes.contains(&(true, Route::Tmr)) && routes.contains(&(false, Route::Proxy)), "{routes:?}");
    }
}

#[test]
fn a_session_may_have_many_keys() {
    let id = SessionId::random().unwrap();
    let mut records = Records::default();
    for place in 0..3_000_u64 {
        let key = SymKey::from_bytes(&[place.to_le_bytes(); 8].concat()).unwrap();
        records.add_known(id, &key);
    }
    assert_eq!(chains(records).resolve_all(id).unwrap().len(), 3_000);
}
