//! What is made for recipients is opened step by step by the open-source library `sscrypto`, live in a local process, and what it makes is opened here.
//!
//! Skipped with a printed reason when Node or the library is not there; with `SEALWRIGHT_REQUIRE_NODE` set that is a failure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

#[path = "../../wrap/tests/live/mod.rs"]
mod live;

use live::Peer;
use sealwright_envelope::SymKey;
use sealwright_kdf::value::{AuthFactor, Credential, RawSecret, RawSymKey};
use sealwright_session::group::{
    GroupIds, GroupKeyPairs, Invitation, MemberDevices, Membership, MessageKeyOrigin, OpenedGroup, Role, TemporaryKey,
    create_group,
};
use sealwright_session::{
    Keyring, Policy, ProxyAddition, Records, Resolver, SymEncKey, UnverifiedDevice, create_tmr_access,
    wrap_for_unverified,
};
use sealwright_types::{DeviceId, GroupId, MessageId, SessionId, SymEncKeyId, TemporaryKeyId, TmrAccessId, UserId};
use sealwright_wrap::record::{Created, ProxyKey};
use sealwright_wrap::{KeySize, PrivateKey};
use std::sync::Arc;

fn same(key: &SymKey) -> SymKey {
    SymKey::from_bytes(key.expose()).unwrap()
}

#[test]
fn the_peer_opens_every_record() {
    let Some(mut peer) = Peer::start() else { return };
    let mine = Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap());
    let pkcs8 = mine.to_pkcs8();
    let device = UnverifiedDevice { id: DeviceId::random().unwrap(), encryption_key: mine.public().clone() };
    let sessions: [_; 2] = std::array::from_fn(|_| (SessionId::random().unwrap(), SymKey::generate().unwrap()));
    let [(target, key), (proxy, proxy_key)] = &sessions;

    // A token, and a proxy behind it.
    let tokens = wrap_for_unverified(*proxy, proxy_key, std::slice::from_ref(&device)).unwrap();
    let token = [("pkcs8", pkcs8.expose()), ("token", &*tokens[0].token)];
    assert_eq!(peer.ask("rsa-decrypt", &token).unwrap(), proxy_key.expose());
    let mut records = Records::default();
    records.add_token(tokens[0].clone());
    let mut keyring = Keyring::default();
    keyring.add(Arc::clone(&mine), None);
    let resolver = Resolver::new(keyring, records, Policy::default());
    let direct = resolver.resolve_direct(*proxy).unwrap();
    let ProxyAddition::New(link) = direct.add_as_proxy_of(*target, key, &[]).unwrap() else { unreachable!() };
    let opened = peer.ask("sym-open", &[("key", proxy_key.expose()), ("sealed", &link.data)]).unwrap();
    assert_eq!(opened, key.expose());

    // A SymEncKey and a TMR access.
    let raw = SymKey::generate().unwrap();
    let secret = RawSecret::new("a raw secret").unwrap();
    let credential = Credential::Raw { secret, key: Box::new(RawSymKey::from(same(&raw))) };
    let sym_enc_key = SymEncKey::new(SymEncKeyId::random().unwrap(), *target, credential, None).unwrap();
    let record = sym_enc_key.wrap(key).unwrap();
    assert_eq!(peer.ask("sym-open", &[("key", raw.expose()), ("sealed", &record.data)]).unwrap(), key.expose());
    let factor = AuthFactor::email("a@b.c").unwrap();
    let access = create_tmr_access(TmrAccessId::random().unwrap(), *target, key, &factor, &raw).unwrap();
    assert_eq!(peer.ask("sym-open", &[("key", raw.expose()), ("sealed", &access.data)]).unwrap(), key.expose());

    // The reverse: what the peer sealed is a proxy key.
    let theirs = peer.ask("sym-seal", &[("key", proxy_key.expose()), ("clear", key.expose())]).unwrap();
    let theirs = ProxyKey { data: theirs.into(), ..link };
    let mut records = Records::default();
    records.add_known(*proxy, proxy_key);
    records.add_proxy(theirs);
    let resolved = Resolver::new(Keyring::default(), records, Policy::default()).resolve(*target).unwrap();
    assert_eq!(resolved.sym_key().unwrap().expose(), key.expose());
}

#[test]
fn the_peer_opens_a_group_and_an_invitation() {
    let Some(mut peer) = Peer::start() else { return };
    let mine = PrivateKey::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = mine.to_pkcs8();
    let alice = UserId::random().unwrap();
    let device = UnverifiedDevice { id: DeviceId::random().unwrap(), encryption_key: mine.public().clone() };
    let membership = Membership::founded_by(alice, &[alice], &[alice]).unwrap();
    let ids = GroupIds {
        group: GroupId::random().unwrap(),
        device: DeviceId::random().unwrap(),
        message: MessageId::random().unwrap(),
    };
    let keys = GroupKeyPairs::generate(KeySize::Rsa2048).unwrap();
    let (encryption, signing) = (keys.encryption.to_pkcs8(), keys.signing.public().to_spki());
    let devices = [MemberDevices { user: alice, devices: vec![device] }];
    let created = Created::from_unix_milliseconds(0);
    let made = create_group(ids, &membership, &devices, keys, MessageKeyOrigin::Random, created).unwrap();

    let token = [("pkcs8", pkcs8.expose()), ("token", &*made.tokens[0].token)];
    let message_key = peer.ask("rsa-decrypt", &token).unwrap();
    let sealed = &*made.record.encrypted_encryption_private_key;
    assert_eq!(peer.ask("sym-open", &[("key", &message_key), ("sealed", sealed)]).unwrap(), encryption.expose());
    let public = peer.ask("private-to-public", &[("pkcs8", encryption.expose())]).unwrap();
    assert_eq!(public, made.block.encryption.to_spki());

    let over = SymKey::generate().unwrap();
    let factor = AuthFactor::sms("+33612345678").unwrap();
    let id = TemporaryKeyId::random().unwrap();
    let invitation = Invitation { id, auth_factor: &factor, role: Role::Member, over_encryption_key: &over };
    let mut record = made.group.invite(alice, &membership, &invitation).unwrap();
    let temporary = peer.ask("sym-open", &[("key", over.expose()), ("sealed", &record.encrypted_symkey_roek)]).unwrap();
    let wrapped = [("pkcs8", encryption.expose()), ("token", &*record.encrypted_symkey_group)];
    assert_eq!(peer.ask("rsa-decrypt", &wrapped).unwrap(), temporary);
    let signed = [("spki", &*signing), ("message", &temporary), ("signature", &record.symkey_signature)];
    peer.ask("verify", &signed).unwrap();
    let sealed = &record.data[&ids.message];
    assert_eq!(peer.ask("sym-open", &[("key", &temporary), ("sealed", sealed)]).unwrap(), message_key);

    // The reverse: an invitation that the peer signed.
    let private = made.group.current().keys.signing.to_pkcs8();
    record.symkey_signature = peer.ask("sign", &[("pkcs8", private.expose()), ("message", &temporary)]).unwrap().into();
    let known = [made.group.current().keys.signing.public().clone()];
    let group: OpenedGroup =
        TemporaryKey::open(&record, &over, &known).unwrap().open_group(std::slice::from_ref(&made.record)).unwrap();
    assert_eq!(group.current().message_key.expose(), message_key);
}
