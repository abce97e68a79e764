//! Everything in the captured traffic of an existing implementation opens, and nothing is left over (`vectors/peer/session.json`).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use sealwright_envelope::{SymKey, message, open};
use sealwright_kdf::value::{AuthFactor, Credential, RawSecret, RawSymKey};
use sealwright_kdf::{AppIdText, Password, group_self_add_message_key, group_self_add_secret};
use sealwright_session::group::{Membership, OpenedGroup, Role, TemporaryKey};
use sealwright_session::{
    AfterConversion, Flow, Generation, IfMultiple, Keyring, Policy, Records, Resolver, Route, SerializedSession,
    SymEncKey, TmrFilter, UnknownHash, UnverifiedDevice, convert_tmr_accesses, retrieve_by_tmr,
};
use sealwright_types::{DeviceId, SessionId, b64};
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TemporaryKeyRecord, TmrAccess};
use sealwright_wrap::{PrivateKey, PublicKey, symmetric, unwrap};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

static PEER: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/peer/session.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
});

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn key(value: &Value) -> SymKey {
    SymKey::from_bytes(&b64::decode_strict(text(value)).unwrap()).unwrap()
}

fn private(value: &Value) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::from_der(&b64::decode_strict(text(value)).unwrap()).unwrap().key)
}

fn public(value: &Value) -> PublicKey {
    PublicKey::from_der(&b64::decode_strict(text(value)).unwrap()).unwrap()
}

/// An object with more members.
fn with(object: &Value, more: Value) -> Value {
    let mut object: Map<_, _> = object.as_object().unwrap().clone();
    object.extend(more.as_object().unwrap().clone());
    Value::Object(object)
}

fn record<T: serde::de::DeserializeOwned>(object: &Value, more: Value) -> T {
    serde_json::from_value(with(object, more)).unwrap()
}

fn keyring(user: &str) -> Keyring {
    let (user, mut keyring) = (&PEER["users"][user], Keyring::default());
    let device = Some(text(&user["deviceId"]).parse().unwrap());
    keyring.add(private(&user["encryptionKey"]), device);
    list(&user["oldEncryptionKeys"]).iter().for_each(|key| keyring.add(private(key), device));
    keyring
}

/// Every value that is a ciphertext or a signature, under the member that it stands in.
fn sealed(value: &Value, found: &mut BTreeMap<String, &'static str>) {
    const MEMBERS: [&str; 9] = [
        "token",
        "encrypted_message_key",
        "data",
        "encrypted_encryption_privkey",
        "encrypted_signing_privkey",
        "encrypted_symkey_roek",
        "encrypted_symkey_group",
        "symkey_signature",
        "message",
    ];
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let known = MEMBERS.iter().find(|known| *known == name);
                match (known, member) {
                    (Some(kind), Value::String(text)) if text.len() > 36 => drop(found.insert(text.clone(), kind)),
                    (Some(kind), Value::Object(of)) if *kind == "data" && of.values().all(Value::is_string) => {
                        found.extend(of.values().map(|value| (text(value).to_owned(), *kind)));
                    }
                    _ => sealed(member, found),
                }
            }
            let renewed = members.contains_key("encrypted_symkey_group").then(|| members.get("signature")).flatten();
            found.extend(renewed.map(|signature| (text(signature).to_owned(), "symkey_signature")));
        }
        Value::Array(values) => values.iter().for_each(|value| sealed(value, found)),
        _ => {}
    }
}

/// All keys of the file: those that stand there, and those of the group before and after its renewal.
struct AllKeys {
    private: Vec<Arc<PrivateKey>>,
    symmetric: Vec<SymKey>,
}

fn all_keys() -> AllKeys {
    fn walk(value: &Value, keys: &mut AllKeys) {
        match value {
            Value::Object(members) => members.values().for_each(|value| walk(value, keys)),
            Value::Array(values) => values.iter().for_each(|value| walk(value, keys)),
            Value::String(text) => match b64::decode_strict(text) {
                Ok(bytes) if bytes.len() == 64 => keys.symmetric.push(SymKey::from_bytes(&bytes).unwrap()),
                Ok(bytes) => {
                    keys.private.extend(PrivateKey::from_der(&bytes).ok().map(|imported| Arc::new(imported.key)))
                }
                Err(_) => {}
            },
            _ => {}
        }
    }
    let mut keys = AllKeys { private: Vec::new(), symmetric: Vec::new() };
    walk(&PEER, &mut keys);
    let group = key(&PEER["group"]["derivedGroupSymKey"]);
    for name in ["encrypted_encryption_privkey", "encrypted_signing_privkey"] {
        let der = open(&group, &b64::decode_strict(text(&PEER["group"]["renewRequest"][name])).unwrap()).unwrap();
        keys.private.push(Arc::new(PrivateKey::from_der(&der).unwrap().key));
    }
    keys
}

#[test]
fn nothing_stays_closed() {
    let mut found = BTreeMap::new();
    sealed(&PEER, &mut found);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    found.values().for_each(|kind| *counts.entry(kind).or_default() += 1);
    let expected = [
        ("data", 5),
        ("encrypted_encryption_privkey", 2),
        // Two more stand under `token` too.
        ("encrypted_message_key", 6),
        ("encrypted_signing_privkey", 2),
        ("encrypted_symkey_group", 2),
        ("encrypted_symkey_roek", 1),
        ("message", 3),
        ("symkey_signature", 2),
        ("token", 12),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    let keys = all_keys();
    let session_keys: BTreeSet<_> = keys.symmetric.iter().map(|key| key.expose().to_vec()).collect();
    for (text, kind) in found {
        let bytes = b64::decode_s64(&text).unwrap_or_default();
        let by_private = || keys.private.iter().find_map(|private| unwrap(private, &bytes).ok());
        let by_symmetric = || keys.symmetric.iter().find_map(|key| symmetric::unwrap(&bytes, key).ok());
        let opened = match kind {
            "message" => keys.symmetric.iter().any(|key| message::Message::parse(&text).unwrap().open(key).is_ok()),
            "symkey_signature" => {
                let signed =
                    |by: &PrivateKey| keys.symmetric.iter().any(|key| by.public().verify(key.expose(), &bytes).is_ok());
                keys.private.iter().any(|by| signed(by))
            }
            "encrypted_encryption_privkey" | "encrypted_signing_privkey" => {
                keys.symmetric.iter().any(|key| open(key, &bytes).is_ok_and(|der| PrivateKey::from_der(&der).is_ok()))
            }
            _ => by_private().or_else(by_symmetric).is_some_and(|key| session_keys.contains(key.expose())),
        };
        assert!(opened, "{kind} {text}");
    }
}

#[test]
fn every_token_opens_for_its_user_by_the_rules() {
    let mut count = 0;
    for entry in list(&PEER["encryptedMessageKeys"]) {
        let token: DeviceToken = record(
            &json!({}),
            json!({
                "message_id": entry["sessionId"], "created_for_key": entry["createdForKey"],
                "created_for_key_hash": entry["createdForKeyHash"], "token": entry["token"],
            }),
        );
        let opened = keyring(text(&entry["privateKeyOf"]));
        let opened = opened.open(&token, UnknownHash::Stop).unwrap();
        assert_eq!(opened.key.expose(), key(&entry["sessionKey"]).expose());
        assert_eq!(opened.by.key.hash().to_string(), text(&entry["createdForKeyHash"]));
        count += 1;
    }
    let answer = list(&PEER["retrieveResponse"]["token"]);
    let session = PEER["encryptedMessageKeys"][0]["sessionId"].clone();
    for token in answer {
        let token: DeviceToken = record(token, json!({ "message_id": session }));
        assert!(keyring("bob").open(&token, UnknownHash::Stop).is_ok());
        count += 1;
    }
    assert_eq!(count, 5);
}

#[test]
fn every_serialised_session_is_read_and_its_messages_open() {
    let flows =
        [Flow::Created, Flow::Direct, Flow::Proxy, Flow::SymEncKey, Flow::SymEncKey, Flow::Unknown(None), Flow::Group];
    assert_eq!(list(&PEER["serializedSessions"]).len(), flows.len());
    for (entry, flow) in list(&PEER["serializedSessions"]).iter().zip(flows) {
        let session = SerializedSession::from_text(text(&entry["serialized"]), Generation::Current).unwrap();
        assert_eq!(session.flow(), flow, "{}", entry["name"]);
        assert_eq!(session.to_text().expose(), text(&entry["serialized"]));
        if let Some(sealed) = entry["message"].as_str() {
            assert_eq!(message::open_text(&session.key, session.id, sealed).unwrap(), text(&entry["clear"]));
        }
    }
}

#[test]
fn proxies_open_and_are_made_from_what_was_reached_directly() {
    let [entry] = list(&PEER["proxyKeys"]) else { panic!("one") };
    let info = &entry["retrieveResponse"]["proxy_key_info"];
    let proxy: ProxyKey = record(&info["proxy_mk"], json!({}));
    let mut records = Records::default();
    let token = record(&info["encrypted_proxy_message_key"], json!({ "message_id": entry["proxySessionId"] }));
    records.add_token(token);
    records.add_proxy(proxy.clone());
    let resolver = Resolver::new(keyring("alice"), records, Policy::default());
    let resolved = resolver.resolve(proxy.session_id).unwrap();
    assert_eq!((resolved.route, resolved.flow()), (Route::Proxy, Flow::Proxy));
    assert_eq!(resolved.sym_key().unwrap().expose(), key(&entry["sessionKey"]).expose());
    let clear = message::open_text(&resolved.sym_key().unwrap(), proxy.session_id, text(&entry["message"])).unwrap();
    assert_eq!(clear, text(&entry["clear"]));
    let direct = resolver.resolve_direct(proxy.proxy_session_id).unwrap();
    assert_eq!(direct.sym_key().unwrap().expose(), key(&entry["proxySessionKey"]).expose());
    assert!(resolver.resolve_direct(proxy.session_id).is_err());
}

#[test]
fn sym_enc_keys_open_by_what_proves_them() {
    let app = AppIdText::new(text(&PEER["appId"])).unwrap();
    assert_eq!(list(&PEER["symEncKeys"]).len(), 2);
    for entry in list(&PEER["symEncKeys"]) {
        let credential = match entry["kind"].as_str() {
            Some("password") => Credential::Password(Password::new(text(&entry["password"])).unwrap()),
            _ => Credential::Raw {
                secret: RawSecret::new(text(&entry["rawSecret"])).unwrap(),
                key: Box::new(RawSymKey::parse_tolerant(text(&entry["rawSymKey"])).unwrap()),
            },
        };
        let session: SessionId = text(&entry["sessionId"]).parse().unwrap();
        let id = text(&entry["symEncKeyId"]).parse().unwrap();
        let sym_enc_key = SymEncKey::new(id, session, credential, Some(&app)).unwrap();
        assert_eq!(sym_enc_key.secret().expose(), text(&entry["retrieveRequest"]["secret"]));
        let record: SymEncKeyRecord =
            record(&entry["retrieveResponse"], json!({ "sessionId": session, "symEncKeyId": entry["symEncKeyId"] }));
        assert_eq!(sym_enc_key.open(&record).unwrap().key().expose(), key(&entry["sessionKey"]).expose());
    }
}

fn device_of(user: &str, hash: &Value) -> UnverifiedDevice {
    let encryption_key = private(&PEER["users"][user]["encryptionKey"]).public().clone();
    assert_eq!(encryption_key.hash().to_string(), text(hash));
    UnverifiedDevice { id: text(&PEER["users"][user]["deviceId"]).parse().unwrap(), encryption_key }
}

#[test]
fn tmr_accesses_open_and_are_converted_for_the_same_device() {
    let [entry] = list(&PEER["tmrAccesses"]) else { panic!("one") };
    let [written] = list(&entry["addRequest"]["tokens"]) else { panic!("one") };
    let ids = json!({ "sessionId": entry["sessionId"], "tmr_key_id": entry["tmrAccessId"] });
    let access: TmrAccess = record(written, ids);
    let over = key(&entry["rawOverEncryptionKey"]);
    let factor = AuthFactor::email(text(&entry["authFactor"]["value"])).unwrap();
    let filter = TmrFilter { auth_factor: Some(factor), session: Some(access.session_id), ..TmrFilter::default() };
    let opened = retrieve_by_tmr(std::slice::from_ref(&access), &filter, &over, IfMultiple::Refuse).unwrap();
    assert_eq!(opened.key.expose(), key(&entry["sessionKey"]).expose());
    let request = &entry["convertRequest"];
    let theirs = &request["message_tokens"][0]["device_tokens"][0];
    let device = device_of("carol", &theirs["created_for_key_hash"]);
    let ours = convert_tmr_accesses(&[access], &over, &[device], AfterConversion::Delete).unwrap();
    assert_eq!(request["delete_on_convert"], json!(ours.after == AfterConversion::Delete));
    assert_eq!(request["converted"], json!([ours.converted[0].access]));
    let ours = &ours.converted[0].tokens[0];
    assert_eq!(json!(ours.device_id), theirs["created_for_key_id"]);
    let theirs: DeviceToken = record(theirs, json!({ "sessionId": entry["sessionId"] }));
    for token in [ours, &theirs] {
        let carol = keyring("carol");
        assert_eq!(carol.open(token, UnknownHash::Stop).unwrap().key.expose(), opened.key.expose());
    }
}

fn group_records() -> Vec<GroupKeyRecord> {
    let group = &PEER["group"];
    let device = json!({ "device_id": group["createResponse"]["group"]["device_id"] });
    let first = record(&group["createResponse"]["groupdevicekey"], device.clone());
    let renewed = &group["renewRequest"];
    let missing = &PEER["reencryption"][0]["missing"]["data"][2]["message_id"];
    let second = with(
        &device,
        json!({
            "group_id": group["groupId"], "message_id": missing, "created": "2026-11-21T19:33:00.000Z",
            "encrypted_encryption_privkey": renewed["encrypted_encryption_privkey"],
            "encrypted_signing_privkey": renewed["encrypted_signing_privkey"],
        }),
    );
    vec![first, record(&second, json!({}))]
}

#[test]
fn the_group_opens_for_members_before_and_after_its_renewal() {
    let group = &PEER["group"];
    let records = group_records();
    let mut all = Records::default();
    records.iter().for_each(|record| all.add_group_key(record.clone()));
    let (created, renewed) =
        (list(&group["createRequest"]["message_keys"]), list(&group["renewRequest"]["message_keys"]));
    assert_eq!((created.len(), renewed.len()), (3, 4));
    for (tokens, of) in [(created, &records[0]), (renewed, &records[1])] {
        tokens.iter().for_each(|token| all.add_token(record(token, json!({ "message_id": of.message_id }))));
    }
    let for_group = &group["messageForGroup"];
    let answer = &for_group["retrieveRequests"][0]["response"]["token"][0];
    let token: DeviceToken = record(answer, json!({ "message_id": for_group["sessionId"] }));
    all.add_token(token.clone());
    let resolver = Resolver::new(keyring("bob"), all, Policy::default());
    let resolved = resolver.resolve(token.session_id).unwrap();
    assert_eq!((resolved.route, resolved.flow()), (Route::Group, Flow::Group));
    assert_eq!(resolved.sym_key().unwrap().expose(), key(&for_group["sessionKey"]).expose());
    let clear =
        message::open_text(&resolved.sym_key().unwrap(), token.session_id, text(&for_group["message"])).unwrap();
    assert_eq!(clear, text(&for_group["clear"]));
    let opened = resolver.open_group(records[0].group_id).unwrap();
    assert_eq!(
        opened.current().keys.encryption.public().to_spki(),
        public(&group["renewRequest"]["encrypt_pubkey"]).to_spki()
    );
    let first = opened.generations().next().unwrap();
    assert_eq!(first.keys.encryption.hash(), private(&group["groupEncryptionKey"]).hash());
    assert_eq!(first.keys.signing.hash(), private(&group["groupSigningKey"]).hash());
}

#[test]
fn members_join_the_group_by_its_password() {
    let group = &PEER["group"];
    let app = AppIdText::new(text(&PEER["appId"])).unwrap();
    let password = Password::new(text(&group["selfAddPassword"])).unwrap();
    let records = group_records();
    let secret = group_self_add_secret(&password, &app, records[0].group_id).unwrap();
    assert_eq!(secret.expose(), text(&group["selfAddRequest"]["membership_secret"]));
    let symmetric = group_self_add_message_key(&password, &app).unwrap();
    let opened = OpenedGroup::open_with_self_add_key(&records, &symmetric).unwrap();
    assert_eq!(opened.generations().count(), 2, "GRP-21");

    let request = &group["selfAddRequest"];
    let theirs = &request["edited_beardusers_device_messages"][text(&PEER["users"]["carol"]["sealdId"])][0];
    let device = device_of("carol", &theirs["message_keys"][0]["created_for_key_hash"]);
    let theirs: DeviceToken = record(&theirs["message_keys"][0], json!({ "message_id": theirs["message_id"] }));
    let carol = keyring("carol");
    assert_eq!(carol.open(&theirs, UnknownHash::Stop).unwrap().key.expose(), symmetric.expose());
    let users = |value: &Value| list(value).iter().map(|id| text(id).parse().unwrap()).collect::<Vec<_>>();
    let before =
        Membership::existing(&users(&group["createRequest"]["members"]), &users(&group["createRequest"]["admins"]));
    let user = text(&PEER["users"]["carol"]["sealdId"]).parse().unwrap();
    let who = sealwright_session::group::MemberDevices { user, devices: vec![device] };
    let joined = opened.join(&before.unwrap(), &who, Role::Member).unwrap();
    let listed = &request["transaction_data_members"]["transaction"]["operation"]["members"];
    assert_eq!(json!(joined.membership.members()), *listed);
    assert_eq!(joined.tokens[0].device_id, theirs.device_id);
    assert_eq!(carol.open(&joined.tokens[0], UnknownHash::Stop).unwrap().key.expose(), symmetric.expose());
}

#[test]
fn the_invitation_opens_before_and_after_the_renewal() {
    let group = &PEER["group"];
    let temporary = &group["tmrTemporaryKey"];
    let over = key(&temporary["rawOverEncryptionKey"]);
    let ids = json!({ "group_id": group["groupId"], "id": temporary["id"] });
    let mut invitation: TemporaryKeyRecord = record(&temporary["createRequest"], ids);
    assert_eq!(
        (invitation.is_admin, invitation.auth_factor.as_ref().unwrap().value.as_str()),
        (false, "x@example.com")
    );
    let signing = [public(&group["createRequest"]["signing_pubkey"]), public(&group["renewRequest"]["signing_pubkey"])];
    let records = group_records();
    let opened = TemporaryKey::open(&invitation, &over, &signing[..1]).unwrap();
    assert!(TemporaryKey::open(&invitation, &over, &signing[1..]).is_err(), "GTK-03");
    let before = opened.open_group(&records[..1]).unwrap();
    let wrapped = unwrap(&before.current().keys.encryption, &invitation.encrypted_symkey_group).unwrap();
    assert_eq!(wrapped.expose(), key(&temporary["symKey"]).expose());

    let renewed = &group["renewRequest"]["group_tmr_keys_data"][text(&temporary["id"])];
    let bytes = |name: &str| b64::decode_s64(text(&renewed[name])).unwrap().into();
    invitation.data.insert(records[1].message_id, bytes("data"));
    (invitation.symkey_signature, invitation.encrypted_symkey_group) =
        (bytes("signature"), bytes("encrypted_symkey_group"));
    let opened = TemporaryKey::open(&invitation, &over, &signing[1..]).unwrap();
    assert!(TemporaryKey::open(&invitation, &over, &signing[..1]).is_err());
    assert!(opened.open_group(&records).is_err(), "GTK-03: the former signing key is not known");
    let opened = TemporaryKey::open(&invitation, &over, &signing).unwrap();
    let after = opened.open_group(&records).unwrap();
    let wrapped = unwrap(&after.current().keys.encryption, &invitation.encrypted_symkey_group).unwrap();
    assert_eq!(wrapped.expose(), key(&temporary["symKey"]).expose());
}

#[test]
fn emk_20_a_new_device_gets_what_the_old_one_had() {
    let [entry] = list(&PEER["reencryption"]) else { panic!("one") };
    let (missing, added) = (list(&entry["missing"]["data"]), list(&entry["added"]["keys"]));
    assert_eq!((missing.len(), added.len()), (3, 3));
    let mut new = Keyring::default();
    let device: DeviceId = text(&entry["newDeviceId"]).parse().unwrap();
    new.add(private(&entry["newDeviceEncryptionKey"]), Some(device));
    for (old, given) in missing.iter().zip(added) {
        let (old, given): (DeviceToken, DeviceToken) = (record(old, json!({})), record(given, json!({})));
        let bob = keyring("bob");
        let key = bob.open(&old, UnknownHash::TryAll).unwrap().key;
        assert_eq!(new.open(&given, UnknownHash::Stop).unwrap().key.expose(), key.expose());
    }
}
