//! What a plan says of each session before anything is opened: its way, whose key it spends, what it costs (EGR-20..22).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::{SymKey, seal};
use sealwright_kdf::{AppIdText, Password};
use sealwright_session::{
    Costs, Expectation, Keyring, OverEncryptionKey, PasswordOrKey, Policy, ProxyDepth, Reason, Records, Resolver,
    Route, SymEncKeySecret,
};
use sealwright_types::{DeviceId, GroupId, MessageId, SessionId, SymEncKeyId, TmrAccessId};
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess};
use sealwright_wrap::{KeyHash, KeySize, PrivateKey, symmetric, wrap};
use std::sync::{Arc, LazyLock};

/// Mine, another one of mine, a group's.
static KEYS: LazyLock<[Arc<PrivateKey>; 3]> =
    LazyLock::new(|| std::array::from_fn(|_| Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap())));
const GROUP: usize = 2;

fn id(number: u8) -> SessionId {
    let mut bytes = [number; 16];
    (bytes[6], bytes[8]) = (0x40, 0x80);
    SessionId::from_bytes(bytes).unwrap()
}

fn key(number: u8) -> SymKey {
    SymKey::from_bytes(&[number; 64]).unwrap()
}

fn token(session: u8, recipient: usize) -> DeviceToken {
    DeviceToken {
        session_id: id(session),
        device_id: None,
        created_for_key_hash: Some(KEYS[recipient].hash()),
        token: wrap(&key(session), KEYS[recipient].public()).unwrap().into(),
        revoked: false,
    }
}

fn behind(session: u8, proxy: u8, under: &SymKey) -> ProxyKey {
    let data = symmetric::wrap(&key(session), under).unwrap().into();
    ProxyKey { session_id: id(session), proxy_session_id: id(proxy), data, revoked: false }
}

fn add_tmr(records: &mut Records, session: u8) {
    records.add_over_encryption_key(OverEncryptionKey { id: None, auth_factor: None, key: key(99) });
    records.add_tmr_access(TmrAccess {
        session_id: id(session),
        tmr_access_id: TmrAccessId::random().unwrap(),
        auth_factor: None,
        creator: None,
        data: symmetric::wrap(&key(session), &key(99)).unwrap().into(),
        revoked: false,
    });
}

/// A group whose message key is that of session `message`, and a token for it.
fn add_to_group(records: &mut Records, message: u8, session: u8) {
    let device = DeviceId::random().unwrap();
    let sealed = seal(&key(message), KEYS[GROUP].to_pkcs8().expose()).unwrap();
    records.add_group_key(GroupKeyRecord {
        group_id: GroupId::random().unwrap(),
        device_id: device,
        message_id: MessageId::from_bytes(*id(message).as_bytes()).unwrap(),
        encrypted_encryption_private_key: sealed.clone().into(),
        encrypted_signing_private_key: sealed.into(),
        created: None,
    });
    records.add_token(token(message, 0));
    records.add_token(DeviceToken { device_id: Some(device), ..token(session, GROUP) });
}

fn resolver(records: Records, policy: Policy) -> Resolver {
    let mut keyring = Keyring::default();
    KEYS[..GROUP].iter().for_each(|key| keyring.add(Arc::clone(key), None));
    Resolver::new(keyring, records, policy)
}

/// The way to a session and the key that it spends, if there is one.
type Prospect = Option<(Route, Option<KeyHash>)>;

/// The prospect of each session, once everything is planned.
fn prospects(resolver: &mut Resolver, needed: &[SessionId]) -> (Vec<Prospect>, Expectation) {
    resolver.plan(needed, &Costs::default());
    let mut all = Vec::new();
    let expected =
        resolver.expect(needed, |prospect| all.push(prospect.way.ok().map(|promise| (promise.route, promise.by))));
    (all, expected)
}

#[test]
fn each_session_has_a_way_and_the_key_that_it_spends() {
    let mut records = Records::default();
    records.add_token(token(1, 0));
    records.add_token(token(2, 1));
    records.add_proxy(behind(3, 2, &key(2)));
    add_tmr(&mut records, 4);
    records.add_known(id(5), &key(5));
    let mut resolver = resolver(records, Policy::default());
    assert_eq!(resolver.sessions(), [1, 2, 3, 4, 5].map(id));
    let (all, expected) = prospects(&mut resolver, &[1, 2, 3, 4, 5, 6].map(id));
    let by = |place: usize| Some(KEYS[place].hash());
    let ways = [
        Some((Route::Direct, by(0))),
        Some((Route::Direct, by(1))),
        Some((Route::Proxy, by(1))),
        Some((Route::Tmr, None)),
        Some((Route::Known, None)),
        None,
    ];
    assert_eq!(all, ways);
    assert_eq!((expected.work.operations(), expected.work.symmetric, expected.work.scrypt), (2, 2, 0));
    assert_eq!(resolver.promising(id(6)), Err(vec![Reason::NoRecord]));
}

#[test]
fn a_chain_of_proxies_is_the_last_way_and_only_if_asked_for() {
    let chains = Policy { proxies: ProxyDepth::Chains, ..Policy::default() };
    for (policy, has_tmr, route) in
        [(Policy::default(), false, None), (chains, false, Some(Route::Proxy)), (chains, true, Some(Route::Tmr))]
    {
        let mut records = Records::default();
        records.add_token(token(1, 0));
        records.add_proxy(behind(2, 1, &key(1)));
        records.add_proxy(behind(3, 2, &key(2)));
        if has_tmr {
            add_tmr(&mut records, 3);
        }
        let resolver = resolver(records, policy);
        assert_eq!(resolver.promising(id(3)).ok(), route);
    }
}

#[test]
fn a_planned_way_that_fails_leaves_all_others() {
    for route in [Route::Direct, Route::Group] {
        let mut records = Records::default();
        records.add_known(id(1), &key(1));
        match route {
            Route::Direct => records.add_token(token(2, 0)),
            _ => add_to_group(&mut records, 3, 2),
        }
        // Nobody has the key that this is wrapped under.
        records.add_proxy(behind(2, 1, &key(77)));
        let mut resolver = resolver(records, Policy::default());
        let (all, _) = prospects(&mut resolver, &[id(2)]);
        assert_eq!(all, [Some((Route::Proxy, None))]);
        assert_eq!(resolver.resolve(id(2)).unwrap().route, route);
    }
}

#[test]
fn of_several_tokens_the_cheapest_is_tried_first() {
    let mut records = Records::default();
    records.add_token(DeviceToken { created_for_key_hash: None, ..token(1, 1) });
    records.add_token(token(1, 0));
    let mut resolver = resolver(records, Policy::default());
    let (_, expected) = prospects(&mut resolver, &[id(1)]);
    resolver.resolve(id(1)).unwrap();
    assert_eq!((resolver.operations(), expected.work.operations()), (1, 1));
}

#[test]
fn a_group_costs_its_own_key_too() {
    let mut records = Records::default();
    add_to_group(&mut records, 1, 2);
    let mut resolver = resolver(records, Policy::default());
    let (all, expected) = prospects(&mut resolver, &[id(2)]);
    assert_eq!(all, [Some((Route::Group, None))]);
    resolver.resolve(id(2)).unwrap();
    assert_eq!((expected.work.operations(), resolver.operations()), (2, 2));
}

#[test]
fn a_password_costs_a_derivation_and_needs_the_application() {
    for app in [None, Some(AppIdText::new("12345678-1234-4abc-8def-1234567890ab").unwrap())] {
        let sym_enc_key_id = SymEncKeyId::random().unwrap();
        let mut records = Records::default();
        let has_app = app.is_some();
        records.app = app;
        let data = symmetric::wrap(&key(1), &key(2)).unwrap().into();
        records.add_sym_enc_key(SymEncKeyRecord { session_id: id(1), sym_enc_key_id, data, revoked: false });
        let secret = PasswordOrKey::Password(Password::new("correct horse").unwrap());
        records.add_sym_enc_key_secret(SymEncKeySecret { id: sym_enc_key_id, session_spelling: None, secret });
        let mut resolver = resolver(records, Policy::default());
        let (all, expected) = prospects(&mut resolver, &[id(1)]);
        assert_eq!(all, [has_app.then_some((Route::SymEncKey, None))]);
        assert_eq!((expected.work.scrypt, expected.work.symmetric), if has_app { (1, 1) } else { (0, 0) });
    }
}
