//! Login proofs and administrators' backups (IDN-50, ADM-01), and what must not show of secrets.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::{SymKey, seal};
use sealwright_identity::admin_backup;
use sealwright_identity::localdb::{CachedSession, Recovered, nedb};
use sealwright_identity::ssks::{Account, Blob, password, two_man_rule};
use sealwright_identity::two_man_rule::{Call, Client, SessionToken};
use sealwright_identity::{Identity, KeyPair, LoginChallenge};
use sealwright_kdf::value::{AuthFactor, Challenge, RawKey64, RawStorageKey};
use sealwright_kdf::{AppIdText, Password, UserIdText};
use sealwright_types::{Coded as _, SessionId, b64};
use sealwright_wrap::{KeySize, PrivateKey, PublicKey};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use zeroize::ZeroizeOnDrop;

static KEY: LazyLock<Arc<PrivateKey>> = LazyLock::new(|| Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap()));

fn peer(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer").join(name)
}

#[test]
fn the_login_signature_is_over_the_characters_of_the_challenge() {
    let session: Value = serde_json::from_slice(&fs::read(peer("session.json")).unwrap()).unwrap();
    let mut checked = 0;
    for login in session["login"].as_array().unwrap() {
        let request = &login["request"];
        let challenge = LoginChallenge::parse(request["challenge"].as_str().unwrap()).unwrap();
        let ours = challenge.sign(&KEY).unwrap();
        KEY.public().verify(challenge.as_str().as_bytes(), &ours).unwrap();
        // Theirs, under the public key that the request names.
        let hash = request["signing_pubkey_hash"].as_str().unwrap();
        let signature = b64::decode_strict(request["signed_challenge"].as_str().unwrap()).unwrap();
        for key in public_keys(&session).into_iter().filter(|key| key.hash().to_string() == hash) {
            key.verify(challenge.as_str().as_bytes(), &signature).unwrap();
            checked += 1;
        }
    }
    assert!(checked > 0, "a signature of the peer was checked");
}

/// Every public half of a private key, and every public key, anywhere in the JSON.
fn public_keys(value: &Value) -> Vec<PublicKey> {
    match value {
        Value::String(text) if text.starts_with("MII") => {
            let Ok(der) = b64::decode_strict(text) else { return Vec::new() };
            let private = PrivateKey::from_der(&der).map(|imported| imported.key.public().clone());
            private.or_else(|_| PublicKey::from_der(&der)).into_iter().collect()
        }
        Value::Array(values) => values.iter().flat_map(public_keys).collect(),
        Value::Object(values) => values.values().flat_map(public_keys).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn an_administrator_opens_a_backup() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let backup = admin_backup::seal(&pair, KEY.public()).unwrap();
    let opened = admin_backup::open(&backup, &KEY).unwrap();
    assert_eq!(opened.encryption.hash(), pair.encryption.hash());
    assert_eq!(opened.signing.hash(), pair.signing.hash());

    assert_eq!(admin_backup::open(&backup, &pair.encryption).unwrap_err().code(), "rejected", "another administrator");
    let document: Value = serde_json::from_slice(&backup).unwrap();
    let code = |name: &str, value: Value| {
        let mut changed = document.clone();
        changed[name] = value;
        admin_backup::open(changed.to_string().as_bytes(), &KEY).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code("more", json!(1)), "ok");
    assert_eq!(code("version", json!(1)), "malformed");
    assert_eq!(code("version", json!(3)), "malformed");
    assert_eq!(code("encryptedSymKey", json!("AAAA")), "rejected");
    assert_eq!(code("encryptedSymKey", json!("?")), "malformed");
    assert_eq!(code("encryptedBackupSigningKey", document["encryptedSymKey"].clone()), "rejected");
    for bad in [&b""[..], b"{}", b"[]"] {
        assert_eq!(admin_backup::open(bad, &KEY).unwrap_err().code(), "malformed");
    }
    // The members in their order, but no object.
    let members = ["version", "encryptedBackupEncryptionKey", "encryptedBackupSigningKey", "encryptedSymKey"];
    let array = Value::from(members.map(|name| document[name].clone()).to_vec()).to_string();
    assert_eq!(admin_backup::open(array.as_bytes(), &KEY).unwrap_err().code(), "malformed");
    // Opened, and no key: the structure is wrong, not the key.
    let (key, wrapped) = known_key();
    let sealed = b64::encode(seal(&key, b"no key").unwrap());
    let document = json!({ "version": 2, "encryptedBackupEncryptionKey": sealed, "encryptedBackupSigningKey": sealed, "encryptedSymKey": wrapped });
    assert_eq!(admin_backup::open(document.to_string().as_bytes(), &KEY).unwrap_err().code(), "malformed");
}

fn known_key() -> (SymKey, String) {
    let key = SymKey::generate().unwrap();
    let wrapped = b64::encode(sealwright_wrap::wrap(&key, KEY.public()).unwrap());
    (key, wrapped)
}

#[test]
fn what_is_secret_does_not_show_and_is_wiped() {
    fn wipes<T: ZeroizeOnDrop>() {}
    wipes::<sealwright_kdf::SecretText>();
    wipes::<Password>();
    wipes::<RawKey64>();
    wipes::<RawStorageKey>();
    wipes::<sealwright_types::SecretVec>();

    let account = Account { app: AppIdText::new("app").unwrap(), user: UserIdText::parse_tolerant("user").unwrap() };
    let raw = || RawKey64::from_bytes(&[0x5a; 64]).unwrap();
    let storage = RawStorageKey::parse_strict("MySecretStorage").unwrap();
    let credential = password::Credential::Raw { storage, key: raw() };
    let blob = password::seal(b"MySecretDocument", &credential, &account).unwrap();
    let opened = password::open(&blob, &credential, &account).unwrap();
    let other =
        password::Credential::Raw { storage: RawStorageKey::parse_strict("MySecretOther").unwrap(), key: raw() };
    let change = password::change(&blob, &credential, &other, &account).unwrap();
    let client = Client::new(account, AuthFactor::sms("+33").unwrap(), two_man_rule::Credential::Raw(raw())).unwrap();
    let token = SessionToken::new("MySecretToken").unwrap();
    let call =
        Call::Validate { challenge: Challenge::new("abcdefgh").unwrap(), factor: AuthFactor::sms("+33").unwrap() };
    let session = CachedSession {
        session: SessionId::random().unwrap(),
        key: SymKey::from_bytes(&[0x5a; 64]).unwrap(),
        stored: None,
        flow: None,
        group: None,
        proxy: None,
    };
    let recovered = sample();
    let shown = [
        format!("{credential:?} {credential:#?}"),
        format!("{opened:?} {opened:#?}"),
        format!("{:?} {:?}", change.old_secret, change.new_secret),
        format!("{token:?} {call:?} {session:?} {recovered:?}"),
        format!("{:?}", client.start(token, false)),
    ];
    for shown in shown {
        assert!(shown.contains("[redacted]"), "{shown}");
        for secret in ["MySecret", "abcdefgh", "90, 90", "5a5a", "WlpaWlpa", "MIIEv", "48, 130"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}

fn sample() -> Recovered {
    let identity = Identity::from_bson(&fs::read(peer("identity/js_alice_0old.bson")).unwrap()).unwrap().identity;
    let profile = nedb::Profile { display_name: "n", device_name: "d", now: 0, expires: 0 };
    let key = SymKey::generate().unwrap();
    let written = nedb::write(&identity, &[], &profile, &key).unwrap();
    let files = nedb::Files { users: Some(&written.users[..]), ..Default::default() };
    nedb::recover(files, &key).unwrap()
}

#[test]
fn a_blob_is_public() {
    // Stored at SSKS in the open: it may be compared and printed.
    let blob = Blob::from_bytes(vec![1; 64]).unwrap();
    assert_eq!(blob, Blob::from_base64(&blob.to_base64()).unwrap());
}
