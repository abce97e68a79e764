//! Plans of small random worlds: nearly the least work, exactly what they promise, and the same keys as without a plan (EGR-20..22).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use sealwright_envelope::SymKey;
use sealwright_session::{
    Closed, Costs, Keyring, MemoryStore, OverEncryptionKey, Policy, Reason, RecordStore, Records, Resolver, UnknownHash,
};
use sealwright_types::{Coded as _, SessionId, TmrAccessId, b64};
use sealwright_wrap::record::{DeviceToken, ProxyKey, TmrAccess};
use sealwright_wrap::{PrivateKey, symmetric, wrap};
use serde_json::Value;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;

/// Two keys of mine and a stranger's; small, so that many worlds are quick.
static KEYS: LazyLock<Vec<Arc<PrivateKey>>> = LazyLock::new(|| {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/peer/rsa.json")).unwrap();
    let small = file["keys"].as_array().unwrap().iter().filter(|key| key["bits"] == 1024);
    let read = |key: &Value| {
        let der = b64::decode_strict(key["pkcs8"].as_str().unwrap()).unwrap();
        Arc::new(PrivateKey::from_der(&der).unwrap().key)
    };
    small.take(3).map(read).collect()
});

const STRANGER: usize = 2;

/// How sessions are reached, by their numbers.
#[derive(Debug, Clone)]
struct World {
    /// Session and recipient, and whether the token names its key.
    tokens: Vec<(usize, usize, bool)>,
    /// Session and proxy.
    proxies: Vec<(usize, usize)>,
    tmr: Vec<usize>,
    known: Vec<usize>,
    needed: Vec<bool>,
    try_all: bool,
}

const SESSIONS: usize = 8;

fn worlds() -> impl Strategy<Value = World> {
    let session = || 0..SESSIONS;
    (
        prop::collection::vec((session(), 0..3_usize, prop::bool::weighted(0.8)), 0..9),
        prop::collection::vec((session(), session()), 0..14),
        prop::collection::vec(session(), 0..2),
        prop::collection::vec(session(), 0..2),
        prop::collection::vec(prop::bool::weighted(0.8), SESSIONS),
        any::<bool>(),
    )
        .prop_map(|(tokens, proxies, tmr, known, needed, try_all)| World {
            tokens,
            proxies,
            tmr,
            known,
            needed,
            try_all,
        })
}

fn id(number: usize) -> SessionId {
    // In another order than the numbers.
    let mut bytes = [(number as u8).wrapping_mul(91); 16];
    (bytes[6], bytes[8]) = (0x40, 0x80);
    SessionId::from_bytes(bytes).unwrap()
}

fn key(number: usize) -> SymKey {
    SymKey::from_bytes(&[number as u8 + 1; 64]).unwrap()
}

impl World {
    fn add_to(&self, records: &mut Records) {
        for &(session, recipient, named) in &self.tokens {
            let recipient = &KEYS[recipient];
            records.add_token(DeviceToken {
                session_id: id(session),
                device_id: None,
                created_for_key_hash: named.then(|| recipient.hash()),
                token: wrap(&key(session), recipient.public()).unwrap().into(),
                revoked: false,
            });
        }
        for &(session, proxy) in &self.proxies {
            let data = symmetric::wrap(&key(session), &key(proxy)).unwrap().into();
            records.add_proxy(ProxyKey { session_id: id(session), proxy_session_id: id(proxy), data, revoked: false });
        }
        let over = || SymKey::from_bytes(&[99; 64]).unwrap();
        for &session in &self.tmr {
            records.add_tmr_access(TmrAccess {
                session_id: id(session),
                tmr_access_id: TmrAccessId::random().unwrap(),
                auth_factor: None,
                creator: None,
                data: symmetric::wrap(&key(session), &over()).unwrap().into(),
                revoked: false,
            });
        }
        records.add_over_encryption_key(OverEncryptionKey { id: None, auth_factor: None, key: over() });
        self.known.iter().for_each(|&session| records.add_known(id(session), &key(session)));
    }

    fn resolver(&self) -> Resolver {
        let mut records = Records::default();
        self.add_to(&mut records);
        let mut keyring = Keyring::default();
        KEYS[..STRANGER].iter().for_each(|key| keyring.add(Arc::clone(key), None));
        let unknown_hash = if self.try_all { UnknownHash::TryAll } else { UnknownHash::Stop };
        Resolver::new(keyring, records, Policy { unknown_hash, ..Policy::default() })
    }

    fn needed(&self) -> Vec<SessionId> {
        let mut needed: Vec<_> = (0..SESSIONS).filter(|session| self.needed[*session]).map(id).collect();
        needed.sort_unstable();
        needed
    }

    /// What reaching a session directly takes: private-key operations.
    fn direct(&self, session: usize) -> Option<u64> {
        if self.known.contains(&session) {
            return Some(0);
        }
        let times = |&(_, recipient, named): &(usize, usize, bool)| match (recipient, named, self.try_all) {
            (STRANGER, true, false) => None,
            (0 | 1, true, _) => Some(1),
            _ => Some(2),
        };
        self.tokens.iter().filter(|token| token.0 == session).filter_map(times).min()
    }

    /// The least cost of all choices of directly opened sessions; sessions that nothing reaches cost nothing.
    fn optimum(&self, costs: &Costs) -> u64 {
        let rsa = costs.private_key(1024);
        let cost = |open: u32| {
            let is_open = |session: &usize| open >> session & 1 == 1;
            let opened: Option<u64> = (0..SESSIONS).filter(is_open).map(|session| self.direct(session)).sum();
            let served: Option<u64> = (0..SESSIONS)
                .filter(|session| self.needed[*session] && !is_open(session))
                .map(|session| {
                    let by_proxy = |proxy: usize| self.proxies.contains(&(session, proxy)) && proxy != session;
                    let reached = (0..SESSIONS).any(|proxy| by_proxy(proxy) && self.direct(proxy).is_some());
                    let serves = self.tmr.contains(&session) || (0..SESSIONS).filter(is_open).any(by_proxy);
                    match (serves, self.known.contains(&session), reached || self.direct(session).is_some()) {
                        (_, true, _) => Some(0),
                        (true, ..) => Some(costs.symmetric),
                        (false, _, false) => Some(0),
                        (false, _, true) => None,
                    }
                })
                .sum();
            Some(opened? * rsa + served?)
        };
        (0..1 << SESSIONS).filter_map(cost).min().unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_plan_is_nearly_the_best_and_does_what_it_promises(world in worlds()) {
        let (costs, needed, mut resolver) = (Costs::default(), world.needed(), world.resolver());
        resolver.plan(&needed, &costs);
        let mut prospects = Vec::new();
        let expected = resolver.expect(&needed, |prospect| prospects.push(prospect));
        let cost = expected.work.operations() * costs.private_key(1024) + expected.work.symmetric * costs.symmetric;
        let best = world.optimum(&costs);
        prop_assert!(cost as f64 <= best as f64 * 1.2, "EGR-20: {cost}, {best} is possible: {world:?}");
        prop_assert_eq!(prospects.iter().map(|prospect| prospect.session).collect::<Vec<_>>(), needed.clone());

        // A token that names no key may be nobody's: only opening tells.
        let strangers = world.tokens.iter().any(|token| token.1 == STRANGER);
        let usual = world.resolver();
        for prospect in &prospects {
            let (planned, unplanned) = (resolver.resolve(prospect.session), usual.resolve(prospect.session));
            match (&prospect.way, planned, unplanned) {
                (Ok(promise), Ok(planned), Ok(unplanned)) => {
                    let keys = [planned.sym_key().unwrap(), unplanned.sym_key().unwrap()];
                    prop_assert_eq!(keys[0].expose(), keys[1].expose());
                    prop_assert!(planned.route == promise.route || strangers);
                }
                (Err(reasons), Err(Closed { reasons: found }), Err(_)) => prop_assert_eq!(reasons.len(), found.len()),
                (Ok(_), planned, unplanned) => prop_assert!(strangers && planned.is_err() && unplanned.is_err()),
                (Err(_), ..) => prop_assert!(false, "{prospect:?}"),
            }
        }
        // Tokens that name no key are tried until one opens: at most as often as planned.
        let exact = world.tokens.iter().all(|token| token.2);
        let done = resolver.operations();
        prop_assert!(strangers || done <= expected.work.operations(), "{done} {expected:?}");
        prop_assert!(strangers || !exact || done == expected.work.operations(), "{done} {expected:?}");
    }

    #[test]
    fn threads_and_repeated_questions_change_neither_answers_nor_work(world in worlds()) {
        let (needed, mut resolver, mut other) = (world.needed(), world.resolver(), world.resolver());
        resolver.plan(&needed, &Costs::default());
        other.plan(&needed, &Costs::default());
        let answers = |resolver: &Resolver, order: &mut dyn Iterator<Item = &SessionId>| {
            order.map(|session| (*session, resolver.resolve_all(*session).map(|keys| keys.iter().map(|key| key.route).collect::<Vec<_>>()).ok())).collect::<std::collections::BTreeMap<_, _>>()
        };
        let alone = answers(&resolver, &mut needed.iter());
        thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| answers(&other, &mut needed.iter().rev()))).collect();
            threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), alone));
        });
        prop_assert_eq!(other.operations(), resolver.operations());
        prop_assert_eq!(answers(&other, &mut needed.iter()), alone);
        prop_assert_eq!(other.operations(), resolver.operations());
    }
}

#[test]
fn trying_all_keys_has_a_price_before_it_is_done() {
    let world = World {
        tokens: vec![(0, STRANGER, true), (0, STRANGER, true), (1, 0, true)],
        proxies: vec![],
        tmr: vec![],
        known: vec![],
        needed: vec![true; SESSIONS],
        try_all: false,
    };
    let mut resolver = world.resolver();
    resolver.plan(&world.needed(), &Costs::default());
    let mut trials = Vec::new();
    let expected =
        resolver.expect(&world.needed(), |prospect| trials.extend(prospect.trial.then_some(prospect.session)));
    // Two tokens, two keys of that size.
    assert_eq!((expected.trials.operations(), trials), (4, vec![id(0)]));
    assert_eq!(expected.work.operations(), 1);
}

/// Fails at the n-th reading.
#[derive(Debug)]
struct Failing(MemoryStore, AtomicUsize);

impl RecordStore for Failing {
    fn add(&mut self, session: SessionId, record: &[u8]) -> io::Result<()> {
        self.0.add(session, record)
    }

    fn seal(&mut self) -> io::Result<()> {
        self.0.seal()
    }

    fn get(&self, session: SessionId) -> io::Result<Option<Vec<u8>>> {
        match self.1.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => self.0.get(session),
            Err(_) => Err(io::Error::other("the disk is gone")),
        }
    }

    fn each(&self, take: &mut dyn FnMut(SessionId, &[u8])) -> io::Result<()> {
        self.0.each(take)
    }
}

#[test]
fn a_store_that_fails_does_not_pass_for_an_empty_one() {
    let world = World {
        tokens: vec![(0, 0, true)],
        proxies: vec![(1, 0)],
        tmr: vec![],
        known: vec![],
        needed: vec![true; SESSIONS],
        try_all: false,
    };
    for readings in 0..12 {
        let mut records = Records::in_store(Box::new(Failing(MemoryStore::default(), AtomicUsize::new(readings))));
        world.add_to(&mut records);
        let mut keyring = Keyring::default();
        keyring.add(Arc::clone(&KEYS[0]), None);
        let resolver = Resolver::new(keyring, records, Policy::default());
        match resolver.resolve(id(1)) {
            Ok(found) => assert_eq!(found.sym_key().unwrap().expose(), key(1).expose()),
            Err(closed) => {
                assert!(closed.reasons.contains(&Reason::Unreadable), "{readings}: {closed:?}");
                assert_eq!(closed.code(), "io");
            }
        }
        if readings == 0 {
            assert!(resolver.resolve(id(0)).is_err());
        }
    }
}
