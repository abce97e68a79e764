//! Which record leads to a session's key, in which order, and what is said about those that do not (docs/spec/SESSIONS.md sections 2 to 7).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use sealwright_envelope::{SymKey, seal};
use sealwright_session::{
    Closed, Flow, Keyring, OverEncryptionKey, PasswordOrKey, Policy, ProxyDepth, Reason, Records, Resolver, Revoked,
    Route, SymEncKeySecret, Through,
};
use sealwright_types::{Coded as _, DeviceId, GroupId, MessageId, SessionId, SymEncKeyId, TmrAccessId};
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess};
use sealwright_wrap::{KeySize, PrivateKey, symmetric, wrap};
use std::sync::{Arc, LazyLock};

/// Mine, another one of mine, a group's, a stranger's.
static KEYS: LazyLock<[Arc<PrivateKey>; 4]> =
    LazyLock::new(|| std::array::from_fn(|_| Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap())));
const MINE: usize = 0;
const ALSO_MINE: usize = 1;
const GROUP: usize = 2;
const STRANGER: usize = 3;

struct Session {
    id: SessionId,
    key: SymKey,
}

fn session() -> Session {
    Session { id: SessionId::random().unwrap(), key: SymKey::generate().unwrap() }
}

fn key() -> SymKey {
    SymKey::generate().unwrap()
}

impl Session {
    fn token(&self, recipient: usize) -> DeviceToken {
        self.token_with(&self.key, recipient)
    }

    fn token_with(&self, key: &SymKey, recipient: usize) -> DeviceToken {
        DeviceToken {
            session_id: self.id,
            device_id: None,
            created_for_key_hash: Some(KEYS[recipient].hash()),
            token: wrap(key, KEYS[recipient].public()).unwrap().into(),
            revoked: false,
        }
    }

    fn behind(&self, proxy: &Self) -> ProxyKey {
        let data = symmetric::wrap(&self.key, &proxy.key).unwrap().into();
        ProxyKey { session_id: self.id, proxy_session_id: proxy.id, data, revoked: false }
    }

    fn sym_enc_key(&self, under: &SymKey) -> SymEncKeyRecord {
        let data = symmetric::wrap(&self.key, under).unwrap().into();
        let sym_enc_key_id = SymEncKeyId::random().unwrap();
        SymEncKeyRecord { session_id: self.id, sym_enc_key_id, data, revoked: false }
    }

    fn tmr_access(&self, under: &SymKey) -> TmrAccess {
        let data = symmetric::wrap(&self.key, under).unwrap().into();
        let tmr_access_id = TmrAccessId::random().unwrap();
        TmrAccess { session_id: self.id, tmr_access_id, auth_factor: None, creator: None, data, revoked: false }
    }
}

fn group(message: &Session) -> GroupKeyRecord {
    let sealed = seal(&message.key, KEYS[GROUP].to_pkcs8().expose()).unwrap();
    GroupKeyRecord {
        group_id: GroupId::random().unwrap(),
        device_id: DeviceId::random().unwrap(),
        message_id: MessageId::from_bytes(*message.id.as_bytes()).unwrap(),
        encrypted_encryption_private_key: sealed.clone().into(),
        encrypted_signing_private_key: sealed.into(),
        created: None,
    }
}

fn raw(record: &SymEncKeyRecord, key: &SymKey) -> SymEncKeySecret {
    let secret = PasswordOrKey::Key(SymKey::from_bytes(key.expose()).unwrap());
    SymEncKeySecret { id: record.sym_enc_key_id, session_spelling: None, secret }
}

fn resolver(records: Records, policy: Policy) -> Resolver {
    let mut keyring = Keyring::default();
    keyring.add(Arc::clone(&KEYS[MINE]), None);
    keyring.add(Arc::clone(&KEYS[ALSO_MINE]), None);
    Resolver::new(keyring, records, policy)
}

fn usual(records: Records) -> Resolver {
    resolver(records, Policy::default())
}

fn reasons(closed: Result<impl Sized, Closed>) -> Vec<Reason> {
    closed.err().unwrap().reasons
}

#[test]
fn ses_22_the_least_delegated_way_first_and_ses_10_the_others_after_it() {
    let session = session();
    let (proxy, message, mut records) = (self::session(), self::session(), Records::default());
    let keys: Vec<_> = (0..6).map(|_| key()).collect();
    let of = |place: usize| Session { id: session.id, key: SymKey::from_bytes(keys[place].expose()).unwrap() };
    // Every way leads to another key, and none is where it would be tried.
    let over = key();
    records.add_tmr_access(of(5).tmr_access(&over));
    records.add_over_encryption_key(OverEncryptionKey {
        id: None,
        auth_factor: None,
        key: SymKey::from_bytes(over.expose()).unwrap(),
    });
    let record = of(4).sym_enc_key(&over);
    let sym_enc_key = record.sym_enc_key_id;
    records.add_sym_enc_key_secret(raw(&record, &over));
    records.add_sym_enc_key(record);
    records.add_token(proxy.token(MINE));
    records.add_proxy(of(3).behind(&proxy));
    let of_group = group(&message);
    let group = of_group.group_id;
    records.add_token(message.token(MINE));
    records.add_token(DeviceToken { device_id: Some(of_group.device_id), ..of(2).token(GROUP) });
    records.add_group_key(of_group);
    records.add_token(of(1).token(MINE));
    records.add_known(session.id, &keys[0]);
    let resolver = usual(records);
    let all = resolver.resolve_all(session.id).unwrap();
    let found: Vec<_> =
        all.iter().map(|key| (key.route, key.flow(), key.sym_key().unwrap().expose().to_vec())).collect();
    let ways = [
        (Route::Known, Flow::Unknown(None)),
        (Route::Direct, Flow::Direct),
        (Route::Group, Flow::Group),
        (Route::Proxy, Flow::Proxy),
        (Route::SymEncKey, Flow::SymEncKey),
        (Route::Tmr, Flow::Tmr),
    ];
    let expected: Vec<_> =
        ways.into_iter().zip(&keys).map(|((route, flow), key)| (route, flow, key.expose().to_vec())).collect();
    assert_eq!(found, expected, "all of them, the warning key-mismatch");
    let through: Vec<_> = all.iter().map(|key| key.through).collect();
    let group = Some(Through::Group(group));
    let sym_enc_key = Some(Through::SymEncKey(sym_enc_key));
    assert_eq!(through, [None, None, group, Some(Through::Proxy(proxy.id)), sym_enc_key, None], "CACHE-02");
    assert_eq!(resolver.resolve(session.id).unwrap().route, Route::Known);
}

#[test]
fn one_key_on_several_ways_is_no_mismatch() {
    let (session, proxy, mut records) = (session(), session(), Records::default());
    records.add_token(session.token(MINE));
    records.add_token(session.token(ALSO_MINE));
    records.add_token(proxy.token(MINE));
    records.add_proxy(session.behind(&proxy));
    assert_eq!(usual(records).resolve_all(session.id).unwrap().len(), 1);
}

#[test]
fn a_second_key_is_not_forgotten() {
    let (session, mut records) = (session(), Records::default());
    records.add_known(session.id, &key());
    let over = key();
    records.add_tmr_access(session.tmr_access(&over));
    records.add_over_encryption_key(OverEncryptionKey { id: None, auth_factor: None, key: over });
    let resolver = usual(records);
    for _ in 0..2 {
        let routes: Vec<_> = resolver.resolve_all(session.id).unwrap().iter().map(|key| key.route).collect();
        assert_eq!(routes, [Route::Known, Route::Tmr]);
    }
}

#[test]
fn emk_13_several_tokens_in_their_order() {
    let (session, other) = (session(), key());
    for (order, first) in [([0, 1], &session.key), ([1, 0], &other)] {
        let tokens = [session.token(MINE), session.token_with(&other, ALSO_MINE)];
        let mut records = Records::default();
        let stranger = session.token(STRANGER);
        records.add_token(stranger);
        order.iter().for_each(|&place| records.add_token(tokens[place].clone()));
        let resolver = usual(records);
        let found = resolver.resolve_all(session.id).unwrap();
        assert_eq!((found.len(), found[0].sym_key().unwrap().expose()), (2, first.expose()));
        assert_eq!(resolver.operations(), 2, "each token that somebody opens costs one operation");
    }
}

#[test]
fn a_proxy_serves_whichever_of_its_tokens_is_right() {
    for wrong_first in [true, false] {
        let (session, proxy, mut records) = (session(), session(), Records::default());
        let (right, wrong) = (proxy.token(MINE), proxy.token_with(&key(), ALSO_MINE));
        let (first, second) = if wrong_first { (wrong, right) } else { (right, wrong) };
        records.add_token(first);
        records.add_token(second);
        records.add_proxy(session.behind(&proxy));
        let resolved = usual(records).resolve(session.id).unwrap();
        assert_eq!((resolved.sym_key().unwrap().expose(), resolved.route), (session.key.expose(), Route::Proxy));
    }
}

#[test]
fn ses_23_a_missing_group_key_is_named() {
    let (session, message) = (session(), session());
    let record = group(&message);
    let (device, id) = (record.device_id, record.group_id);
    let token = DeviceToken { device_id: Some(device), ..session.token(GROUP) };
    let missing = Reason::GroupKeyMissing { device, group: Some(id), wanted: Some(KEYS[GROUP].hash()) };
    // The message key is out of reach, or reached otherwise than directly (GRP-03).
    let (proxy, over) = (self::session(), key());
    for way in 0..4 {
        let mut records = Records::default();
        records.add_group_key(record.clone());
        records.add_token(token.clone());
        match way {
            0 => {}
            1 => {
                records.add_token(proxy.token(MINE));
                records.add_proxy(message.behind(&proxy));
            }
            2 => {
                let record = message.sym_enc_key(&over);
                records.add_sym_enc_key_secret(raw(&record, &over));
                records.add_sym_enc_key(record);
            }
            _ => records.add_token(DeviceToken { device_id: Some(device), ..message.token(GROUP) }),
        }
        let closed = usual(records).resolve(session.id).unwrap_err();
        assert_eq!((closed.reasons.as_slice(), closed.code()), ([missing].as_slice(), "group-key-missing"), "{way}");
        assert!(closed.to_string().contains(&KEYS[GROUP].hash().to_string()));
        assert!(closed.to_string().contains(&id.to_string()));
    }
    let mut records = Records::default();
    records.add_group_key(record.clone());
    records.add_token(message.token(MINE));
    let damaged = DeviceToken { token: vec![1; 256].into(), ..token.clone() };
    records.add_token(damaged);
    assert_eq!(
        reasons(usual(records).resolve(session.id)),
        [Reason::Rejected],
        "the key is there, the token is not for it"
    );

    // Any token may be for a group, whatever device it names (EMK-15, EGR-04), and a plan says so.
    for (device_id, created_for_key_hash) in [
        (Some(device), token.created_for_key_hash),
        (None, token.created_for_key_hash),
        (None, None),
        (Some(DeviceId::random().unwrap()), None),
    ] {
        let mut records = Records::default();
        records.add_group_key(record.clone());
        records.add_token(message.token(MINE));
        records.add_token(DeviceToken { device_id, created_for_key_hash, ..token.clone() });
        let resolver = usual(records);
        // Without a hash an own key promises as much.
        let promised = if created_for_key_hash.is_some() { Route::Group } else { Route::Direct };
        assert_eq!(resolver.promising(session.id), Ok(promised));
        assert_eq!(resolver.resolve(session.id).unwrap().route, Route::Group);
    }
    for (device_id, hash, promised) in [
        (None, Some(GROUP), true),
        (None, None, true),
        (None, Some(STRANGER), false),
        (Some(device), Some(STRANGER), true),
        (Some(DeviceId::random().unwrap()), Some(GROUP), true),
        (Some(DeviceId::random().unwrap()), Some(STRANGER), false),
        (Some(DeviceId::random().unwrap()), None, true),
    ] {
        let mut records = Records::default();
        records.add_group_private_key(Some(device), Arc::clone(&KEYS[GROUP]));
        let created_for_key_hash = hash.map(|place: usize| KEYS[place].hash());
        // Of a length that no own key has, so that none of them promises anything.
        let token = vec![1; 128].into();
        records.add_token(DeviceToken {
            session_id: session.id,
            device_id,
            created_for_key_hash,
            token,
            revoked: false,
        });
        let promising = usual(records).promising(session.id);
        assert_eq!(promising.is_ok(), promised, "{device_id:?} {hash:?}");
    }
}

#[test]
fn proxy_02_and_proxy_03_a_proxy_is_reached_directly() {
    let (session, proxy, outer, message, over) = (session(), session(), session(), session(), key());
    let record = group(&message);
    for way in ["nothing", "proxy", "group", "sym-enc-key", "tmr", "stranger"] {
        let mut records = Records::default();
        records.add_proxy(session.behind(&proxy));
        match way {
            "proxy" => {
                records.add_token(outer.token(MINE));
                records.add_proxy(proxy.behind(&outer));
            }
            "group" => {
                records.add_group_key(record.clone());
                records.add_token(message.token(MINE));
                records.add_token(DeviceToken { device_id: Some(record.device_id), ..proxy.token(GROUP) });
            }
            "sym-enc-key" => {
                let record = proxy.sym_enc_key(&over);
                records.add_sym_enc_key_secret(raw(&record, &over));
                records.add_sym_enc_key(record);
            }
            "tmr" => {
                records.add_tmr_access(proxy.tmr_access(&over));
                let key = SymKey::from_bytes(over.expose()).unwrap();
                records.add_over_encryption_key(OverEncryptionKey { id: None, auth_factor: None, key });
            }
            "stranger" => records.add_token(proxy.token(STRANGER)),
            _ => {}
        }
        let closed = usual(records).resolve(session.id).unwrap_err();
        let expected = match way {
            "nothing" | "stranger" => Reason::ProxyClosed { proxy: proxy.id },
            _ => Reason::ProxyNotDirect { proxy: proxy.id },
        };
        assert_eq!(closed.reasons, [expected], "{way}");
    }
}

#[test]
fn proxy_05_a_session_is_no_proxy_of_itself() {
    let session = session();
    for proxies in [ProxyDepth::One, ProxyDepth::Chains] {
        let mut records = Records::default();
        records.add_proxy(session.behind(&session));
        let resolver = resolver(records, Policy { proxies, ..Policy::default() });
        let closed = resolver.resolve(session.id).unwrap_err();
        assert_eq!(closed.reasons, [Reason::ProxySelf { proxy: session.id }]);
        assert_eq!((closed.reasons[0].code(), closed.code()), ("proxy-self", "no-token"));
    }
}

#[test]
fn emk_14_revoked_records_are_skipped_and_opened_on_request() {
    let (session, proxy, message, over) = (session(), session(), session(), key());
    let of_group = group(&message);
    let sym_enc_key = session.sym_enc_key(&over);
    for way in 0..5 {
        let make = || {
            let mut records = Records::default();
            match way {
                0 => records.add_token(DeviceToken { revoked: true, ..session.token(MINE) }),
                1 => {
                    records.add_group_key(of_group.clone());
                    records.add_token(message.token(MINE));
                    let device_id = Some(of_group.device_id);
                    records.add_token(DeviceToken { revoked: true, device_id, ..session.token(GROUP) });
                }
                2 => {
                    records.add_token(proxy.token(MINE));
                    records.add_proxy(ProxyKey { revoked: true, ..session.behind(&proxy) });
                }
                3 => {
                    records.add_sym_enc_key_secret(raw(&sym_enc_key, &over));
                    records.add_sym_enc_key(SymEncKeyRecord { revoked: true, ..sym_enc_key.clone() });
                }
                _ => {
                    records.add_tmr_access(TmrAccess { revoked: true, ..session.tmr_access(&over) });
                    let key = SymKey::from_bytes(over.expose()).unwrap();
                    records.add_over_encryption_key(OverEncryptionKey { id: None, auth_factor: None, key });
                }
            }
            records
        };
        let skipping = usual(make());
        assert_eq!(skipping.promising(session.id), Err(vec![Reason::Revoked]), "{way}");
        let closed = skipping.resolve(session.id).unwrap_err();
        assert_eq!((closed.reasons.as_slice(), closed.code()), ([Reason::Revoked].as_slice(), "revoked"), "{way}");
        let opening = resolver(make(), Policy { revoked: Revoked::Opened, ..Policy::default() });
        assert!(opening.promising(session.id).is_ok());
        assert_eq!(opening.resolve(session.id).unwrap().sym_key().unwrap().expose(), session.key.expose());
    }
}

#[test]
fn ses_11_every_record_says_why_it_did_not_lead_there() {
    let (session, proxy, over) = (session(), session(), key());
    let device = DeviceId::random().unwrap();
    let (first, second, mut records) = (session.sym_enc_key(&over), session.sym_enc_key(&over), Records::default());
    let (lost, damaged) = (session.tmr_access(&over), session.tmr_access(&over));
    records.add_token(DeviceToken { device_id: Some(device), ..session.token(STRANGER) });
    records.add_token(session.token(STRANGER));
    records.add_proxy(session.behind(&proxy));
    records.add_sym_enc_key(first.clone());
    records.add_sym_enc_key_secret(raw(&second, &key()));
    records.add_sym_enc_key(second);
    records.add_tmr_access(lost.clone());
    records.add_over_encryption_key(OverEncryptionKey {
        id: Some(damaged.tmr_access_id),
        auth_factor: None,
        key: key(),
    });
    records.add_tmr_access(damaged);
    let expected = [
        Reason::NoToken { device: Some(device) },
        Reason::NoToken { device: None },
        Reason::ProxyClosed { proxy: proxy.id },
        Reason::SymEncKeySecretMissing { id: first.sym_enc_key_id },
        Reason::Rejected,
        Reason::OverEncryptionKeyMissing { id: lost.tmr_access_id },
        Reason::Rejected,
    ];
    let resolver = usual(records);
    assert_eq!(reasons(resolver.resolve(session.id)), expected);
    assert_eq!(reasons(resolver.resolve(self::session().id)), [Reason::NoRecord]);
}

/// One way of adding a record.
type Add = Box<dyn Fn(&mut Records) + Send + Sync>;

/// Records that agree with each other, and the sessions that they lead to, or do not.
static WORLD: LazyLock<(Vec<Add>, Vec<Session>)> = LazyLock::new(|| {
    let sessions: Vec<_> = (0..6).map(|_| session()).collect();
    let [direct, proxied, for_group, message, closed, not_direct] = sessions.as_slice() else { unreachable!() };
    let of_group = group(message);
    let device_id = Some(of_group.device_id);
    let mut add: Vec<Add> = vec![Box::new(move |records| records.add_group_key(of_group.clone()))];
    for token in [
        direct.token(MINE),
        direct.token(ALSO_MINE),
        message.token(MINE),
        closed.token(STRANGER),
        DeviceToken { device_id, ..for_group.token(GROUP) },
        DeviceToken { created_for_key_hash: None, ..for_group.token(STRANGER) },
        DeviceToken { revoked: true, ..closed.token(MINE) },
    ] {
        add.push(Box::new(move |records| records.add_token(token.clone())));
    }
    for proxy in [proxied.behind(direct), direct.behind(proxied), not_direct.behind(proxied), closed.behind(closed)] {
        add.push(Box::new(move |records| records.add_proxy(proxy.clone())));
    }
    (add, sessions)
});

/// A route and a key, or the codes of the reasons, sorted.
type Outcome = Result<(Route, Vec<u8>), Vec<&'static str>>;

fn outcomes(order: &[usize]) -> Vec<Outcome> {
    let (add, sessions) = &*WORLD;
    let mut records = Records::default();
    order.iter().for_each(|&place| add[place](&mut records));
    let resolver = usual(records);
    let outcome = |session: &Session| match resolver.resolve(session.id) {
        Ok(found) => Ok((found.route, found.sym_key().unwrap().expose().to_vec())),
        Err(closed) => {
            let mut reasons: Vec<_> = closed.reasons.iter().map(Reason::code).collect();
            reasons.sort_unstable();
            Err(reasons)
        }
    };
    sessions.iter().map(outcome).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_order_of_records_that_agree_decides_nothing(order in Just((0..12).collect::<Vec<_>>()).prop_shuffle()) {
        prop_assert_eq!(WORLD.0.len(), 12);
        let expected = outcomes(&(0..12).collect::<Vec<_>>());
        let routes: Vec<_> = expected.iter().map(|found| found.as_ref().map(|(route, _)| *route).map_err(Vec::len)).collect();
        let direct = Ok(Route::Direct);
        prop_assert_eq!(routes, [direct, Ok(Route::Proxy), Ok(Route::Group), direct, Err(3), Err(1)]);
        prop_assert_eq!(outcomes(&order), expected);
    }
}

#[test]
fn ses_40_a_message_with_its_own_tokens_opens_by_own_keys_only() {
    let (session, message) = (session(), session());
    let tokens = |recipients: &[usize]| -> Vec<Vec<u8>> {
        recipients.iter().map(|&recipient| session.token(recipient).token.to_vec()).collect()
    };
    let mut records = Records::default();
    records.add_group_key(group(&message));
    records.add_token(message.token(MINE));
    let resolver = usual(records);
    let found = resolver.resolve_local(&tokens(&[STRANGER, ALSO_MINE])).unwrap();
    assert_eq!((found.sym_key().unwrap().expose(), found.route), (session.key.expose(), Route::Local));
    assert_eq!(found.flow(), Flow::Local);
    assert_eq!(resolver.operations(), 4, "no token says whom it is for: every key is tried");
    for closed in [tokens(&[STRANGER, GROUP]), Vec::new(), vec![vec![1; 7]]] {
        assert_eq!(reasons(resolver.resolve_local(&closed)), [Reason::NoToken { device: None }]);
    }
}
