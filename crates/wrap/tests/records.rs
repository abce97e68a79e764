//! Records as the API writes them and as a bundle does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use sealwright_envelope::{SymKey, open};
use sealwright_types::b64;
use sealwright_wrap::record::{
    AuthFactor, AuthFactorKind, DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess,
};
use sealwright_wrap::{KeyHash, PrivateKey, PublicKey, hazmat, oaep, symmetric, unwrap};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

static PEER: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/peer/session.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
});

const SESSION: &str = "4c764d16-b969-4d1d-91b2-d10ebca83389";
const DEVICE: &str = "cecb6840-522b-4a49-8f01-e8a6868a897b";
const OTHER: &str = "8cf625b4-db94-49d9-b75c-251e9061305b";
const HASH: &str = "fH1UPchppTrnOw7aKqDXpaJtMIqA3yM59wVthDXLHws=";

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    // Through text, as a bundle is read.
    serde_json::from_str(&value.to_string()).map_err(|error| error.to_string())
}

fn bytes(value: &Value) -> Vec<u8> {
    b64::decode_strict(value.as_str().unwrap()).unwrap()
}

fn sym_key(value: &Value) -> SymKey {
    SymKey::from_bytes(&bytes(value)).unwrap()
}

fn with(base: &Value, fields: Value) -> Value {
    let mut record = base.clone();
    record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    record
}

/// What is written is read again as the same.
fn round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(record: &T) {
    assert_eq!(&read::<T>(&serde_json::to_value(record).unwrap()).unwrap(), record);
}

/// Every private key of the peers' users, devices and group, current and old, by hash.
static KEYS: LazyLock<HashMap<KeyHash, PrivateKey>> = LazyLock::new(|| {
    let mut ders: Vec<&Value> = Vec::new();
    for user in PEER["users"].as_object().unwrap().values() {
        ders.extend([&user["encryptionKey"], &user["signingKey"]]);
        for old in ["oldEncryptionKeys", "oldSigningKeys"] {
            ders.extend(user[old].as_array().into_iter().flatten());
        }
    }
    ders.extend([&PEER["reencryption"][0]["newDeviceEncryptionKey"], &PEER["group"]["groupEncryptionKey"]]);
    let keys = ders.into_iter().filter(|der| der.is_string()).map(|der| PrivateKey::from_der(&bytes(der)).unwrap().key);
    keys.map(|key| (key.hash(), key)).collect()
});

#[test]
fn tokens_of_the_peers_open_and_are_made_again_from_their_seeds() {
    let entries = PEER["encryptedMessageKeys"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    for entry in entries {
        let record: DeviceToken = read(&json!({
            "message_id": entry["sessionId"], "created_for_key": entry["createdForKey"],
            "created_for_key_hash": entry["createdForKeyHash"], "token": entry["token"],
        }))
        .unwrap();
        round_trips(&record);
        let key = &KEYS[&record.created_for_key_hash.unwrap()];
        let session_key = bytes(&entry["sessionKey"]);
        assert_eq!(unwrap(key, &record.token).unwrap().expose(), session_key, "EMK-10");
        let seed = entry["oaepSeed"].as_str().unwrap();
        let seed: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&seed[2 * at..2 * at + 2], 16).unwrap()).collect();
        let token = hazmat::wrap_bytes_with_seed(&session_key, key.public(), &seed.try_into().unwrap()).unwrap();
        assert_eq!(token, *record.token);
    }
}

#[test]
fn tokens_of_a_re_encryption_open_with_both_keys() {
    let entry = &PEER["reencryption"][0];
    let records = |list: &Value| -> Vec<DeviceToken> {
        list.as_array().unwrap().iter().map(|record| read(record).unwrap()).collect()
    };
    let (missing, added) = (records(&entry["missing"]["data"]), records(&entry["added"]["keys"]));
    assert_eq!((missing.len(), added.len()), (3, 3));
    let mut opened = 0;
    for record in &added {
        let before = missing.iter().find(|before| before.session_id == record.session_id).unwrap();
        let session_key = unwrap(&KEYS[&record.created_for_key_hash.unwrap()], &record.token).unwrap();
        if let Some(old) = KEYS.get(&before.created_for_key_hash.unwrap()) {
            assert_eq!(unwrap(old, &before.token).unwrap().expose(), session_key.expose(), "EMK-20");
            opened += 1;
        }
    }
    assert_eq!(opened, 3);
}

#[test]
fn symmetric_wraps_of_the_peers_open() {
    let entry = &PEER["proxyKeys"][0];
    let record: ProxyKey = read(&entry["retrieveResponse"]["proxy_key_info"]["proxy_mk"]).unwrap();
    round_trips(&record);
    let opened = symmetric::unwrap(&record.data, &sym_key(&entry["proxySessionKey"])).unwrap();
    assert_eq!(opened.expose(), bytes(&entry["sessionKey"]), "WRAP-01");

    for entry in PEER["symEncKeys"].as_array().unwrap() {
        let record: SymEncKeyRecord = read(&json!({
            "sessionId": entry["sessionId"], "sym_enc_key_id": entry["symEncKeyId"], "data_b64": entry["addRequest"]["data"],
        }))
        .unwrap();
        round_trips(&record);
        let opened = symmetric::unwrap(&record.data, &sym_key(&entry["derivedSymKey"])).unwrap();
        assert_eq!(opened.expose(), bytes(&entry["sessionKey"]), "WRAP-02");
    }

    let entry = &PEER["tmrAccesses"][0];
    let ids = json!({"message_id": entry["sessionId"], "tmr_key_id": entry["tmrAccessId"]});
    let record: TmrAccess = read(&with(&entry["addRequest"]["tokens"][0], ids)).unwrap();
    round_trips(&record);
    let factor = AuthFactor { kind: AuthFactorKind::Email, value: "tmr@example.com".to_owned() };
    assert_eq!(record.auth_factor, Some(factor), "EGR-02");
    let opened = symmetric::unwrap(&record.data, &sym_key(&entry["rawOverEncryptionKey"])).unwrap();
    assert_eq!(opened.expose(), bytes(&entry["sessionKey"]), "WRAP-03");
}

#[test]
fn group_keys_of_the_peers_open() {
    let group = &PEER["group"];
    let response = &group["createResponse"];
    let device = json!({"device_id": response["group"]["device_id"]});
    let record: GroupKeyRecord = read(&with(&response["groupdevicekey"], device)).unwrap();
    round_trips(&record);
    // 2026-11-21T19:32:58.771Z
    assert_eq!(record.created.unwrap().unix_milliseconds(), 1_795_289_578_771, "EGR-02");
    let message_key = sym_key(&group["derivedGroupSymKey"]);
    let encryption = PrivateKey::from_der(&open(&message_key, &record.encrypted_encryption_private_key).unwrap());
    assert_eq!(
        encryption.unwrap().key.hash().to_string(),
        group["groupEncryptionKeyHash"].as_str().unwrap(),
        "WRAP-04"
    );
    let signing =
        PrivateKey::from_der(&open(&message_key, &record.encrypted_signing_private_key).unwrap()).unwrap().key;
    assert_eq!(signing.to_pkcs8().expose(), bytes(&group["groupSigningKey"]), "WRAP-04");
}

#[test]
fn a_temporary_key_of_a_group_opens_and_its_signature_verifies() {
    let group = &PEER["group"];
    let request = &group["tmrTemporaryKey"]["createRequest"];
    let key = PrivateKey::from_der(&bytes(&group["groupEncryptionKey"])).unwrap().key;
    let temporary =
        oaep::unwrap_bytes(&key, &b64::decode_s64(request["encrypted_symkey_group"].as_str().unwrap()).unwrap());
    assert_eq!(temporary.unwrap().expose(), bytes(&group["tmrTemporaryKey"]["symKey"]), "WRAP-05");
    let signing = PublicKey::from_der(&bytes(&group["createRequest"]["signing_pubkey"])).unwrap();
    let signature = b64::decode_s64(request["symkey_signature"].as_str().unwrap()).unwrap();
    signing.verify(&bytes(&group["tmrTemporaryKey"]["symKey"]), &signature).expect("WRAP-05");
}

#[test]
fn login_challenges_are_signed_as_they_stand() {
    let entries = PEER["login"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let request = &entry["request"];
        let key = &KEYS[&request["signing_pubkey_hash"].as_str().unwrap().parse().unwrap()];
        let challenge = request["challenge"].as_str().unwrap().as_bytes();
        key.public().verify(challenge, &bytes(&request["signed_challenge"])).expect("PSS-03");
    }
}

#[test]
fn every_spelling_of_a_token_is_read_and_two_may_agree_but_not_differ() {
    let base = json!({"sessionId": SESSION, "token": "AAEC/w=="});
    let plain: DeviceToken = read(&base).unwrap();
    assert_eq!((plain.device_id, plain.created_for_key_hash, plain.revoked), (None, None, false));
    for name in ["deviceId", "device_id", "key_id", "created_for_key", "created_for_key_id"] {
        for spelling in [DEVICE, &DEVICE.to_uppercase(), "zstoQFIrSkmPAeimhoqJew", "zstoQFIrSkmPAeimhoqJew=="] {
            let record: DeviceToken = read(&with(&base, json!({name: spelling}))).unwrap();
            assert_eq!(record.device_id, Some(DEVICE.parse().unwrap()), "EGR-01 {name}");
            read::<DeviceToken>(&with(&base, json!({name: spelling, "deviceId": DEVICE}))).expect("equal values");
        }
        if name != "deviceId" {
            let error = read::<DeviceToken>(&with(&base, json!({name: OTHER, "deviceId": DEVICE}))).unwrap_err();
            assert!(error.contains("EGR-01"), "{error}");
        }
    }
    for name in ["createdForKeyHash", "created_for_key_hash"] {
        let record: DeviceToken = read(&with(&base, json!({name: HASH}))).unwrap();
        assert_eq!(record.created_for_key_hash, Some(HASH.parse().unwrap()));
        for none in [json!(""), Value::Null] {
            let record: DeviceToken = read(&with(&base, json!({name: none}))).unwrap();
            assert_eq!(record.created_for_key_hash, None, "EMK-11");
        }
        read::<DeviceToken>(&with(&base, json!({name: "AAAA"}))).unwrap_err();
    }
    for token in ["AAEC%w", "AAEC/w", "AAEC/w=="] {
        let record: DeviceToken = read(&json!({"message_id": SESSION, "encrypted_message_key": token})).unwrap();
        assert_eq!(&*record.token, [0, 1, 2, 255], "B64-04");
        read::<DeviceToken>(&with(&base, json!({"encrypted_message_key": token}))).expect("equal bytes");
    }
    for wrong in [
        json!({"encrypted_message_key": "AAEC"}),
        json!({"message_id": OTHER}),
        json!({"token": ""}),
        json!({"token": "AAEC_w"}),
        json!({"token": 7}),
        json!({"token": null}),
        json!({"sessionId": "no id"}),
        json!({"revoked": "yes"}),
    ] {
        read::<DeviceToken>(&with(&base, wrong.clone())).expect_err(&wrong.to_string());
    }
    let ignored = json!({"unknown": {"deep": [1]}, "revoked": true, "deviceId": null});
    assert!(read::<DeviceToken>(&with(&base, ignored)).unwrap().revoked, "EMK-14");
}

#[test]
fn a_token_is_written_in_one_form() {
    let base = json!({"message_id": SESSION, "token": "AAEC%w", "key_id": DEVICE, "created_for_key_hash": HASH});
    let record: DeviceToken = read(&base).unwrap();
    let expected = json!({"sessionId": SESSION, "deviceId": DEVICE, "createdForKeyHash": HASH, "token": "AAEC/w=="});
    assert_eq!(serde_json::to_value(&record).unwrap(), expected, "EMK-03");
    assert_eq!(format!("{:?}", record.token), "Wrapped(4 bytes)");
}

#[test]
fn authentication_factors_come_whole_or_in_two_parts() {
    let base = json!({"sessionId": SESSION, "tmrAccessId": OTHER, "data": "AAEC"});
    let whole = json!({"type": "SMS", "value": "+33123456789"});
    let pair = json!({"auth_factor_type": "SMS", "auth_factor_value": "+33123456789"});
    let expected = AuthFactor { kind: AuthFactorKind::Sms, value: "+33123456789".to_owned() };
    for fields in [json!({"authFactor": whole}), json!({"auth_factor": whole}), pair.clone()] {
        let record: TmrAccess = read(&with(&base, fields.clone())).unwrap();
        assert_eq!(record.auth_factor.as_ref(), Some(&expected), "EGR-02");
        round_trips(&record);
        read::<TmrAccess>(&with(&with(&base, fields), pair.clone())).expect("equal values");
    }
    for wrong in [
        json!({"auth_factor_type": "SMS"}),
        json!({"auth_factor_value": "+33123456789"}),
        json!({"authFactor": {"type": "FAX", "value": "1"}}),
        with(&pair, json!({"authFactor": {"type": "EM", "value": "+33123456789"}})),
    ] {
        read::<TmrAccess>(&with(&base, wrong.clone())).expect_err(&wrong.to_string());
    }
    assert_eq!(read::<TmrAccess>(&base).unwrap().auth_factor, None);
}

#[test]
fn creation_is_seconds_or_a_date() {
    let base = json!({
        "groupId": SESSION, "deviceId": DEVICE, "messageId": OTHER,
        "encryptedEncryptionPrivateKey": "AAEC", "encryptedSigningPrivateKey": "AAEC",
    });
    assert_eq!(read::<GroupKeyRecord>(&base).unwrap().created, None);
    for (created, milliseconds) in [
        (json!(1_700_000_000), 1_700_000_000_000_i64),
        (json!(1_700_000_000.5), 1_700_000_000_500),
        (json!("2023-11-14T22:13:20Z"), 1_700_000_000_000),
        (json!("2023-11-14T23:13:20.5+01:00"), 1_700_000_000_500),
        (json!(-1.5), -1_500),
    ] {
        let record: GroupKeyRecord = read(&with(&base, json!({"created": created}))).unwrap();
        assert_eq!(record.created.unwrap().unix_milliseconds(), milliseconds, "EGR-02 {created}");
        round_trips(&record);
        // Whole seconds are written as such: not every reader takes 1700000000.0 for an integer.
        let written = serde_json::to_value(&record).unwrap();
        assert_eq!(written["created"].is_i64(), milliseconds % 1000 == 0, "{written}");
    }
    for wrong in [json!("yesterday"), json!(i64::MAX), json!(u64::MAX), json!([])] {
        read::<GroupKeyRecord>(&with(&base, json!({"created": wrong}))).unwrap_err();
    }
    read::<GroupKeyRecord>(&with(&base, json!({"message_id": SESSION}))).expect_err("EGR-01");
}

#[test]
fn an_array_is_no_record() {
    // As many elements as a token has spellings of its members, in their order.
    let token = json!([SESSION, null, null, null, null, null, null, null, null, "AAAA", null, null]);
    assert!(serde_json::from_value::<DeviceToken>(token).is_err());
    let proxy = json!([SESSION, null, SESSION, null, "AAAA", null, null]);
    assert!(serde_json::from_value::<ProxyKey>(proxy).is_err());
    let access =
        |factor: Value| json!({ "sessionId": SESSION, "tmrAccessId": SESSION, "authFactor": factor, "data": "AAAA" });
    assert!(serde_json::from_value::<TmrAccess>(access(json!({ "type": "EM", "value": "a@b.c" }))).is_ok());
    assert!(serde_json::from_value::<TmrAccess>(access(json!(["EM", "a@b.c"]))).is_err());
}
