//! What is made for recipients opens again by their own records, and by nothing else (docs/spec/SESSIONS.md sections 4 to 9).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::field_reassign_with_default, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_kdf::value::{AuthFactor, Credential, RawSecret, RawSymKey};
use sealwright_kdf::{AppIdText, Password};
use sealwright_rights::Rights;
use sealwright_session::{
    AfterConversion, IfMultiple, Keyring, OverEncryptionKey, PasswordOrKey, Policy, ProxyAddition, ProxyError, Reason,
    Records, Resolver, Revoked, Route, SerializedSession, ShareError, SymEncKey, SymEncKeyError, SymEncKeySecret,
    TmrFilter, UnverifiedDevice, convert_tmr_accesses, create_tmr_access, retrieve_by_tmr, wrap_for_unverified,
};
use sealwright_types::{Coded as _, DeviceId, SessionId, SymEncKeyId, TmrAccessId, UserId};
use sealwright_wrap::record::{DeviceToken, ProxyKey};
use sealwright_wrap::{KeySize, PrivateKey};
use std::sync::{Arc, LazyLock};

static KEYS: LazyLock<[Arc<PrivateKey>; 2]> =
    LazyLock::new(|| std::array::from_fn(|_| Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap())));

fn device(place: usize) -> UnverifiedDevice {
    UnverifiedDevice { id: DeviceId::random().unwrap(), encryption_key: KEYS[place].public().clone() }
}

fn keyring(place: usize) -> Keyring {
    let mut keyring = Keyring::default();
    keyring.add(Arc::clone(&KEYS[place]), None);
    keyring
}

fn session() -> (SessionId, SymKey) {
    (SessionId::random().unwrap(), SymKey::generate().unwrap())
}

fn resolver(keys: usize, records: Records) -> Resolver {
    Resolver::new(keyring(keys), records, Policy::default())
}

#[test]
fn ses_31_one_token_for_each_device_once() {
    let (id, key) = session();
    let devices = [device(0), device(1), device(1)];
    let again: Vec<_> = devices.iter().chain([&devices[0]]).cloned().collect();
    let tokens = wrap_for_unverified(id, &key, &again).unwrap();
    assert_eq!(
        tokens.iter().map(|token| token.device_id.unwrap()).collect::<Vec<_>>(),
        devices.clone().map(|of| of.id)
    );
    for (place, token) in tokens.iter().enumerate() {
        let mut records = Records::default();
        records.add_token(token.clone());
        let resolved = resolver(place.min(1), records).resolve(id).unwrap();
        assert_eq!(resolved.sym_key().unwrap().expose(), key.expose());
        assert_eq!(resolved.route, Route::Direct);
    }
    assert_eq!(wrap_for_unverified(id, &key, &[]).unwrap_err(), ShareError::NoDevice);
    let short = SymKey::from_bytes(&[1; 32]).unwrap();
    assert_eq!(wrap_for_unverified(id, &short, &devices).unwrap_err().code(), "key-length", "EMK-01");
}

#[test]
fn proxy_04_only_an_own_token_makes_a_proxy() {
    let ((target, target_key), (proxy, proxy_key)) = (session(), session());
    let mut records = Records::default();
    wrap_for_unverified(proxy, &proxy_key, &[device(0)])
        .unwrap()
        .into_iter()
        .for_each(|token| records.add_token(token));
    let direct = resolver(0, records).resolve_direct(proxy).unwrap();
    assert_eq!((direct.session(), direct.sym_key().unwrap().expose()), (proxy, proxy_key.expose()));
    let ProxyAddition::New(link) = direct.add_as_proxy_of(target, &target_key, &[]).unwrap() else { unreachable!() };
    assert_eq!(
        direct.add_as_proxy_of(target, &target_key, std::slice::from_ref(&link)).unwrap(),
        ProxyAddition::Present
    );
    let revoked = ProxyKey { revoked: true, ..link.clone() };
    let elsewhere = ProxyKey { session_id: SessionId::random().unwrap(), ..link.clone() };
    assert!(matches!(direct.add_as_proxy_of(target, &target_key, &[revoked, elsewhere]), Ok(ProxyAddition::New(_))));
    assert_eq!(direct.add_as_proxy_of(proxy, &proxy_key, &[]).unwrap_err(), ProxyError::ProxySelf, "PROXY-05");
    let short = SymKey::from_bytes(&[1; 48]).unwrap();
    assert_eq!(direct.add_as_proxy_of(target, &short, &[]).unwrap_err().code(), "key-length");

    let mut records = Records::default();
    wrap_for_unverified(proxy, &proxy_key, &[device(1)])
        .unwrap()
        .into_iter()
        .for_each(|token| records.add_token(token));
    records.add_proxy(link.clone());
    let through = resolver(1, records).resolve(target).unwrap();
    assert_eq!((through.sym_key().unwrap().expose(), through.route), (target_key.expose(), Route::Proxy));

    // A key that was given, or that another way leads to, does not qualify.
    let (link_to_proxy, outer) = (SymKey::generate().unwrap(), SessionId::random().unwrap());
    let mut records = Records::default();
    records.add_known(proxy, &proxy_key);
    records.add_known(outer, &link_to_proxy);
    records.add_proxy(link);
    let data = sealwright_wrap::symmetric::wrap(&proxy_key, &link_to_proxy).unwrap().into();
    records.add_proxy(ProxyKey { session_id: proxy, proxy_session_id: outer, data, revoked: false });
    let resolver = resolver(0, records);
    assert!(resolver.resolve(proxy).is_ok());
    assert_eq!(resolver.resolve_direct(proxy).unwrap_err().code(), "no-token");
    assert_eq!(resolver.resolve_direct(SessionId::random().unwrap()).unwrap_err().code(), "no-token");
}

#[test]
fn proxy_04_a_revoked_recipient_adds_no_proxy_even_for_recovery() {
    let (proxy, key) = session();
    let token = |place| wrap_for_unverified(proxy, &key, &[device(place)]).unwrap().remove(0);
    let revoked = DeviceToken { revoked: true, ..token(0) };
    let policy = Policy { revoked: Revoked::Opened, ..Policy::default() };
    let mut records = Records::default();
    records.add_token(revoked.clone());
    let resolver = Resolver::new(keyring(0), records, policy);
    assert!(resolver.resolve(proxy).is_ok());
    let Err(closed) = resolver.resolve_direct(proxy) else { unreachable!("revoked") };
    assert_eq!(closed.reasons, [Reason::Revoked]);
    // One that was not revoked qualifies beside it.
    let mut records = Records::default();
    records.add_token(revoked);
    records.add_token(token(0));
    assert!(Resolver::new(keyring(0), records, policy).resolve_direct(proxy).is_ok());
}

#[test]
fn sek_01_a_password_and_a_raw_pair_open_what_they_sealed() {
    let ((id, key), app) = (session(), AppIdText::new("12345678-1234-4abc-8def-1234567890ab").unwrap());
    let password = || Credential::Password(Password::new("correct horse").unwrap());
    let raw_key = SymKey::generate().unwrap();
    let raw = || Credential::Raw {
        secret: RawSecret::new("a raw secret").unwrap(),
        key: Box::new(RawSymKey::from(SymKey::from_bytes(raw_key.expose()).unwrap())),
    };
    let sym_enc_key = SymEncKeyId::random().unwrap();
    let missing = SymEncKey::new(sym_enc_key, id, password(), None).unwrap_err();
    assert_eq!((missing, missing.code()), (SymEncKeyError::AppIdMissing, "app-id-missing"), "ANON-01");
    for credential in [password(), raw()] {
        let is_raw = matches!(credential, Credential::Raw { .. });
        let made = SymEncKey::new(sym_enc_key, id, credential, Some(&app)).unwrap();
        assert_eq!(made.secret().expose().len(), if is_raw { 12 } else { 88 });
        let record = made.wrap(&key).unwrap();

        // By the owner, who then adds all own devices (SEK-04).
        let opened = made.open(&record).unwrap();
        assert_eq!(opened.key().expose(), key.expose());
        let devices = [device(0), device(0)];
        let tokens = opened.self_add(&devices, Rights::ALL, Rights::READ).unwrap();
        let mut records = Records::default();
        tokens.into_iter().for_each(|token| records.add_token(token));
        assert_eq!(resolver(0, records).resolve(id).unwrap().sym_key().unwrap().expose(), key.expose());
        assert_eq!(opened.self_add(&[], Rights::ALL, Rights::READ).unwrap_err().code(), "no-device");
        for (of_key, wanted, code) in [
            (Rights::READ, Rights::READ, "no-acl"),
            (Rights::MANAGE, Rights::REVOKE, "no-acl"),
            (Rights::READ_FORWARD, Rights::ALL, "grant-exceeds"),
            (Rights::ALL, Rights::MANAGE, "read-required"),
            (Rights::ALL, Rights::NONE, "read-required"),
        ] {
            assert_eq!(opened.self_add(&devices, of_key, wanted).unwrap_err().code(), code, "RIGHT-72");
        }

        // By the resolver.
        let mut records = Records::default();
        records.app = Some(app.clone());
        records.add_sym_enc_key(record.clone());
        let secret = if is_raw {
            PasswordOrKey::Key(SymKey::from_bytes(raw_key.expose()).unwrap())
        } else {
            PasswordOrKey::Password(Password::new("correct horse").unwrap())
        };
        records.add_sym_enc_key_secret(SymEncKeySecret { id: sym_enc_key, session_spelling: None, secret });
        let resolved = resolver(0, records).resolve(id).unwrap();
        assert_eq!((resolved.sym_key().unwrap().expose(), resolved.route), (key.expose(), Route::SymEncKey));

        // By somebody without an account (ANON-01).
        let anonymous = made.open_anonymously(&record).unwrap();
        let message = anonymous.seal_message("hello").unwrap();
        assert_eq!(sealwright_envelope::message::open(&key, id, &message).unwrap(), b"hello");
        assert_eq!(anonymous.open_message(&message).unwrap(), b"hello");
        assert_eq!(anonymous.open(&sealwright_envelope::seal(&key, b"bytes").unwrap()).unwrap(), b"bytes");
        assert_eq!(anonymous.open(&anonymous.seal(b"bytes").unwrap()).unwrap(), b"bytes");
        let text = anonymous.to_text();
        let read = SerializedSession::from_text(text.expose(), sealwright_session::Generation::Current).unwrap();
        assert_eq!((read.id, read.details, anonymous.id()), (id, None, id), "SER-02");

        // By nobody else.
        let mut damaged = record.clone();
        damaged.data = record.data[1..].to_vec().into();
        assert_eq!(made.open(&damaged).unwrap_err().code(), "rejected");
        let other = SymEncKey::new(SymEncKeyId::random().unwrap(), id, raw(), None).unwrap();
        assert_eq!(other.open(&record).unwrap_err().code(), "wrong-session");
    }
    let wrong = Credential::Password(Password::new("correct horsf").unwrap());
    let record = SymEncKey::new(sym_enc_key, id, password(), Some(&app)).unwrap().wrap(&key).unwrap();
    let wrong = SymEncKey::new(sym_enc_key, id, wrong, Some(&app)).unwrap();
    assert_eq!(wrong.open(&record).unwrap_err().code(), "rejected");
}

#[test]
fn tmr_01_an_access_opens_by_its_over_encryption_key() {
    let (id, key) = session();
    let over = SymKey::generate().unwrap();
    let factor = AuthFactor::email("Someone@Example.com").unwrap();
    let access = create_tmr_access(TmrAccessId::random().unwrap(), id, &key, &factor, &over).unwrap();
    assert_eq!(access.auth_factor.as_ref().unwrap().value, "someone@example.com", "VAL-07");
    let mut records = Records::default();
    records.add_tmr_access(access.clone());
    let opener = OverEncryptionKey { id: None, auth_factor: access.auth_factor.clone(), key: over };
    records.add_over_encryption_key(opener);
    let resolved = resolver(0, records).resolve(id).unwrap();
    assert_eq!((resolved.sym_key().unwrap().expose(), resolved.route), (key.expose(), Route::Tmr));
    let short = SymKey::from_bytes(&[1; 32]).unwrap();
    let refused = create_tmr_access(access.tmr_access_id, id, &key, &factor, &short).unwrap_err();
    assert_eq!(refused.code(), "key-length");
}

#[test]
fn tmr_02_several_matches_are_tried_only_on_request_and_then_all_of_them() {
    let over = SymKey::generate().unwrap();
    let (factor, other) = (AuthFactor::sms("+33612345678").unwrap(), AuthFactor::email("a@b.c").unwrap());
    let creators = [UserId::random().unwrap(), UserId::random().unwrap()];
    let sessions: Vec<_> = (0..3).map(|_| session()).collect();
    let made: Vec<_> = sessions
        .iter()
        .enumerate()
        .map(|(place, (id, key))| {
            // The first is for another over-encryption key: its MAC is wrong.
            let under =
                if place == 0 { SymKey::generate().unwrap() } else { SymKey::from_bytes(over.expose()).unwrap() };
            let mut access = create_tmr_access(TmrAccessId::random().unwrap(), *id, key, &factor, &under).unwrap();
            access.creator = Some(creators[place % 2]);
            access
        })
        .collect();
    let any = TmrFilter::default();
    let by = |filter: TmrFilter| retrieve_by_tmr(&made, &filter, &over, IfMultiple::Refuse);
    assert_eq!(by(any.clone()).unwrap_err().code(), "several-tmr-accesses");
    let all = retrieve_by_tmr(&made, &any, &over, IfMultiple::TryAll).unwrap();
    assert_eq!((all.session, all.key.expose()), (sessions[1].0, sessions[1].1.expose()));
    let of = |place: usize| TmrFilter { session: Some(sessions[place].0), ..TmrFilter::default() };
    assert_eq!(by(of(2)).unwrap().key.expose(), sessions[2].1.expose());
    assert_eq!(by(of(0)).unwrap_err().code(), "rejected");
    assert_eq!(by(TmrFilter { access: Some(made[2].tmr_access_id), ..any.clone() }).unwrap().session, sessions[2].0);
    assert_eq!(by(TmrFilter { creator: Some(creators[1]), ..any.clone() }).unwrap().access, made[1].tmr_access_id);
    assert_eq!(by(TmrFilter { creator: Some(creators[1]), ..of(2) }).unwrap_err().code(), "no-token");
    assert_eq!(by(TmrFilter { auth_factor: Some(other), ..of(1) }).unwrap_err().code(), "no-token");
    assert!(by(TmrFilter { auth_factor: Some(factor), ..of(1) }).is_ok());
    let revoked: Vec<_> =
        made.iter().cloned().map(|access| sealwright_wrap::record::TmrAccess { revoked: true, ..access }).collect();
    assert_eq!(retrieve_by_tmr(&revoked, &any, &over, IfMultiple::TryAll).unwrap_err().code(), "no-token");
    let stranger = SymKey::generate().unwrap();
    assert_eq!(retrieve_by_tmr(&made, &any, &stranger, IfMultiple::TryAll).unwrap_err().code(), "rejected");

    let conversion = convert_tmr_accesses(&made, &over, &[device(0), device(1)], AfterConversion::default()).unwrap();
    assert_eq!((conversion.after, conversion.closed), (AfterConversion::Delete, vec![made[0].tmr_access_id]), "TMR-03");
    let mut records = Records::default();
    for (converted, access) in conversion.converted.iter().zip(&made[1..]) {
        assert_eq!((converted.access, converted.tokens.len()), (access.tmr_access_id, 2));
        converted.tokens.iter().for_each(|token| records.add_token(token.clone()));
    }
    let resolver = resolver(1, records);
    for (id, key) in &sessions[1..] {
        assert_eq!(resolver.resolve(*id).unwrap().sym_key().unwrap().expose(), key.expose());
    }
    assert_eq!(convert_tmr_accesses(&made, &over, &[], AfterConversion::Keep).unwrap_err().code(), "no-device");
}
