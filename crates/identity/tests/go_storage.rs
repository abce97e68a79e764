//! The file storage of the Go SDK (GOFS-01..03), built here after its documented form.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use sealwright_envelope::seal;
use sealwright_identity::Identity;
use sealwright_identity::localdb::go::{Files, recover};
use sealwright_identity::localdb::{Connector, NoIdentity, Source, Warning};
use sealwright_kdf::value::RawKey64;
use sealwright_types::{Coded as _, DeviceId, SessionId, UserId, b64};
use sealwright_wrap::PrivateKey;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer/identity/go_alice_3old.bson");
    Identity::from_bson(&fs::read(path).unwrap()).unwrap().identity
});

fn key() -> RawKey64 {
    RawKey64::from_bytes(&[7; 64]).unwrap()
}

fn file(content: &Value) -> Vec<u8> {
    seal(&key().to_sym_key().unwrap(), content.to_string().as_bytes()).unwrap()
}

fn text(key: &PrivateKey) -> String {
    b64::encode(key.to_pkcs8().expose())
}

fn device() -> Value {
    let encryption: Vec<_> = IDENTITY.encryption_keys().map(|key| text(key)).collect();
    let signing: Vec<_> = IDENTITY.signing_keys().map(|key| text(key)).collect();
    json!({
        "userId": IDENTITY.user(), "deviceId": IDENTITY.device(),
        "encryptionPrivateKey": encryption[0], "signingPrivateKey": signing[0],
        "oldEncryptionPrivateKeys": encryption[1..], "oldSigningPrivateKeys": signing[1..],
        "deviceExpires": "2029-11-20T19:33:02Z",
    })
}

fn pair(place: usize) -> Value {
    let key = text(IDENTITY.encryption_keys().nth(place).unwrap());
    json!({ "messageId": SessionId::random().unwrap(), "encryptionPrivateKey": key, "signingPrivateKey": key })
}

#[test]
fn everything_in_a_storage_directory_is_recovered() {
    let (group, session, proxy) =
        (UserId::random().unwrap(), SessionId::random().unwrap(), SessionId::random().unwrap());
    let (member, group_device) = (UserId::random().unwrap(), DeviceId::random().unwrap());
    let groups = json!({ group.to_string(): {
        "id": group, "deviceId": group_device, "deviceExpires": "2029-11-20T19:33:02.123456789+01:00",
        "currentKey": pair(0), "oldKeys": [pair(1), pair(0)], "members": [{ "id": member, "isAdmin": true }],
    }});
    let sessions = json!({ session.to_string(): {
        "b64SerializedSymKey": b64::encode([9; 64]), "serializationDate": "2026-11-21T19:33:02.331Z",
        "retrievalDetails": { "flow": 3, "groupId": "", "proxySessionId": proxy },
    }});
    let contacts = json!({ member.to_string(): {
        "id": member, "isGroup": false, "sigchain": { "Blocks": [] },
        "devices": [{ "id": group_device, "signingKey": "AA==", "encryptionKey": "AA==" }],
    }});
    let connectors = json!({ "EM/a@b.c": { "any": "thing" }, "AP/user/1": null });
    let (device, groups, sessions, contacts, connectors) =
        (file(&device()), file(&groups), file(&sessions), file(&contacts), file(&connectors));
    let files = Files {
        current_device: Some(&device),
        groups: Some(&groups),
        sessions: Some(&sessions),
        contacts: Some(&contacts),
        connectors: Some(&connectors),
        names: &["lock", "groups_storage", "groups_storage_temp_20261121193302331"],
    };
    let recovered = recover(&files, &key()).unwrap();
    assert_eq!(recovered.warnings, [], "a temporary file beside its main file is ignored");
    let identity = recovered.identity.unwrap();
    assert_eq!(identity.to_bson().expose(), IDENTITY.to_bson().expose());
    assert_eq!(recovered.expires, Some(1_889_897_582_000));

    let [found] = &recovered.groups[..] else { panic!("one group") };
    assert_eq!((found.id().to_string(), found.device()), (group.to_string(), Some(group_device)));
    assert_eq!((found.members(), found.encryption_keys().count()), (&[member][..], 2));
    let [cached] = &recovered.sessions[..] else { panic!("one session") };
    assert_eq!((cached.session, cached.flow, cached.group, cached.proxy), (session, Some(3), None, Some(proxy)));
    assert_eq!((cached.stored, cached.key.expose()), (Some(1_795_289_582_331), &[9; 64][..]));
    assert_eq!((recovered.contacts[0].user, &recovered.contacts[0].devices[..]), (member, &[group_device][..]));
    let connector = |kind: &str, value: &str| Connector { kind: kind.to_owned(), value: value.to_owned() };
    assert_eq!(recovered.connectors, [connector("AP", "user/1"), connector("EM", "a@b.c")]);
    let identity_from: Vec<_> = recovered.sources.iter().filter(|it| it.identity).map(|it| it.source).collect();
    assert_eq!(identity_from, [Source::CurrentDevice]);
    assert!(recovered.sources.iter().all(|it| it.total == 1 && it.readable == 1) && recovered.sources.len() == 5);
}

#[test]
fn gofs_01_missing_and_empty_files_are_an_empty_state() {
    for current_device in [None, Some(&[][..])] {
        let recovered = recover(&Files { current_device, ..Files::default() }, &key()).unwrap();
        assert_eq!(recovered.identity.unwrap_err(), NoIdentity::Missing);
        assert!(recovered.warnings.is_empty());
    }
}

#[test]
fn gofs_02_a_temporary_file_alone_is_reported_and_not_used() {
    let names = ["current_device_storage_temp_20261121193302331", "groups_storage_tmp", "contacts_storage"];
    let recovered = recover(&Files { names: &names, ..Files::default() }, &key()).unwrap();
    assert_eq!(recovered.warnings, [Warning::TemporaryLeft(Source::CurrentDevice)]);
    assert_eq!(recovered.identity.unwrap_err().code(), "no-identity");
}

#[test]
fn gofs_03_null_and_absent_lists_are_empty() {
    for old in [Some(Value::Null), Some(json!([])), None] {
        let mut device = device();
        let fields = device.as_object_mut().unwrap();
        for name in ["oldEncryptionPrivateKeys", "oldSigningPrivateKeys"] {
            fields.remove(name);
            fields.extend(old.clone().map(|old| (name.to_owned(), old)));
        }
        let device = file(&device);
        let recovered = recover(&Files { current_device: Some(&device), ..Files::default() }, &key()).unwrap();
        assert_eq!(recovered.identity.unwrap().encryption_keys().count(), 1);
        assert_eq!(recovered.warnings, []);
    }
}

#[test]
fn a_wrong_key_is_told_from_a_damaged_file() {
    let device = file(&device());
    let sessions = file(
        &json!({ "not an id": {}, SessionId::random().unwrap().to_string(): { "b64SerializedSymKey": b64::encode([9; 64]) } }),
    );
    let files = Files { current_device: Some(&device), sessions: Some(&sessions), ..Files::default() };
    let wrong = RawKey64::from_bytes(&[8; 64]).unwrap();
    assert_eq!(recover(&files, &wrong).unwrap_err().code(), "rejected");
    let recovered = recover(&files, &key()).unwrap();
    assert_eq!(recovered.warnings, [Warning::FileDamaged(Source::Sessions)], "one entry");
    assert_eq!(recovered.sessions.len(), 1, "the other entry is there");

    let mut damaged = device.clone();
    damaged[40] ^= 1;
    let recovered = recover(&Files { current_device: Some(&damaged), ..files }, &key()).unwrap();
    assert_eq!(recovered.identity.unwrap_err().code(), "no-identity");
    assert_eq!(recovered.warnings[0], Warning::FileDamaged(Source::CurrentDevice));
    assert_eq!(recovered.sessions.len(), 1, "what opens is kept");
    for content in [json!([]), json!("text"), json!(7)] {
        let file = file(&content);
        let recovered = recover(&Files { groups: Some(&file), ..Files::default() }, &key()).unwrap();
        assert_eq!(recovered.warnings, [Warning::FileDamaged(Source::Groups)]);
    }
    let unreadable = file(
        &json!({ "userId": UserId::random().unwrap(), "deviceId": DeviceId::random().unwrap(), "encryptionPrivateKey": "AAAA" }),
    );
    let recovered = recover(&Files { current_device: Some(&unreadable), ..Files::default() }, &key()).unwrap();
    assert_eq!(recovered.identity.unwrap_err().code(), "malformed");
}

proptest! {
    #[test]
    fn arbitrary_content_never_panics(text: String, bytes: Vec<u8>) {
        let (sealed, json) = (seal(&key().to_sym_key().unwrap(), &bytes).unwrap(), file(&json!({ &text: { &text: text } })));
        for content in [&bytes, &sealed, &json] {
            let it = Some(&content[..]);
            let files = Files { current_device: it, contacts: it, connectors: it, groups: it, sessions: it, names: &[&text] };
            drop(recover(&files, &key()));
        }
    }
}
