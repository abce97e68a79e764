//! Databases in the form that browsers export: with their caches, and damaged (DB-04, DB-25, DB-30, DB-31).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/database.rs"]
mod database;

use database::{Database, MANIFEST, code, hashes};
use proptest::prelude::*;
use sealwright_envelope::{SymKey, seal};
use sealwright_identity::localdb::exported::{self, Exported};
use sealwright_identity::localdb::nedb::{self, Files};
use sealwright_identity::localdb::{Source, Warning};
use sealwright_types::{Coded as _, SessionId, b64};
use serde_json::{Value, json};

#[test]
fn the_exported_form_of_a_browser_opens_with_its_session_cache() {
    let database = Database::sample();
    let (session, session_key) = (SessionId::random().unwrap(), SymKey::generate().unwrap());
    let (app, path) = (MANIFEST["appId"].as_str().unwrap(), "my:path/db");
    let cached = json!({
        "serializationDate": 1_795_289_582_331_i64,
        "encryptedSymKey": b64::encode(seal(&database.key, session_key.expose()).unwrap()),
        "retrievalDetails": { "flow": 3, "proxySessionId": session.to_string(), "fromCache": false },
    });
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut stores = serde_json::Map::new();
    let mut store = |name: &str, value: Value| drop(stores.insert(name.to_owned(), value));
    store(&format!("{path}/User.fdb"), json!(text(&database.users)));
    store(&format!("{path}/HairlessUser.fdb"), json!(text(&database.unregistered)));
    store(&format!("{path}/SealdKeyBackup"), json!(b64::encode(&database.key_backup)));
    store(&format!("seald-cache-{app}-{path}:{session}"), json!(cached.to_string()));
    store(&format!("seald-cache-{app}-{path}:{}", SessionId::random().unwrap()), json!("{}"));
    store("something else", json!({"a": 1}));
    let exported = Exported::parse(Value::Object(stores).to_string().as_bytes()).unwrap();
    assert_eq!(exported.paths().collect::<Vec<_>>(), [path]);
    let recovered = exported.database(path).unwrap().recover(&database.key).unwrap();
    assert_eq!(hashes(&recovered.identity.unwrap()), hashes(&database.identity()));
    assert_eq!(recovered.groups.len(), 1);
    let [found] = &recovered.sessions[..] else { panic!("one session") };
    assert_eq!((found.session, found.stored, found.flow), (session, Some(1_795_289_582_331), Some(3)));
    assert_eq!((found.proxy, found.group), (Some(session), None));
    assert_eq!(found.key.expose(), session_key.expose());
    let report = recovered.sources.iter().find(|report| report.source == Source::SessionCache).unwrap();
    assert_eq!((report.total, report.readable), (2, 1));
    assert_eq!(code(&exported.database(path).unwrap().recover(&SymKey::generate().unwrap())), "rejected");
    for bad in [&b""[..], b"[]", b"{", b"7"] {
        assert_eq!(Exported::parse(bad).unwrap_err().code(), "malformed");
    }
    // Value by value, as an application would pass them.
    let backup = exported::key_backup(&b64::encode(&database.key_backup)).unwrap();
    let files = Files { key_backup: Some(&backup[..]), ..database.files() };
    assert!(nedb::recover(files, &database.key).unwrap().identity.is_ok());
    let entry = exported::open_cached_session(session, cached.to_string().as_bytes(), &database.key);
    assert_eq!(entry.unwrap().key.expose(), session_key.expose());
}

#[test]
fn db_25_a_backup_that_is_not_base64_spoils_nothing_beside_it() {
    let database = Database::sample();
    let users = String::from_utf8(database.users.clone()).unwrap();
    let backup = b64::encode(&database.key_backup);
    for length in [0, 400, 401, 402] {
        let form = json!({ "/a/User.fdb": users, "/a/SealdKeyBackup": backup[..length], "/b/User.fdb": users });
        let exported = Exported::parse(form.to_string().as_bytes()).unwrap();
        let recover = |path| exported.database(path).unwrap().recover(&database.key).unwrap();
        let (damaged, beside) = (recover("/a"), recover("/b"));
        assert_eq!(hashes(&damaged.identity.unwrap()), hashes(&database.identity()), "{length}");
        assert_eq!(damaged.warnings, [Warning::KeyBackupDamaged], "{length}");
        assert!(beside.identity.is_ok() && beside.warnings.is_empty(), "{length}");
    }
}

#[test]
fn db_04_damage_is_told_where_only_a_cached_session_proves_the_key() {
    let database = Database::sample();
    let sealed = b64::encode(seal(&database.key, SymKey::generate().unwrap().expose()).unwrap());
    let (app, session) = (MANIFEST["appId"].as_str().unwrap(), SessionId::random().unwrap());
    let entry = format!("seald-cache-{app}-/a:{session}");
    let form = json!({
        "/a/User.fdb": "!\n!\n",
        "/a/HairlessUser.fdb": "!",
        "/a/SealdKeyBackup": "AAAA",
        entry: json!({ "encryptedSymKey": sealed }).to_string(),
    });
    let exported = Exported::parse(form.to_string().as_bytes()).unwrap();
    let recovered = exported.database("/a").unwrap().recover(&database.key).unwrap();
    assert_eq!(recovered.identity.unwrap_err().code(), "no-identity");
    let codes: Vec<_> = recovered.warnings.iter().map(|warning| warning.code()).collect();
    assert_eq!(codes, ["key-backup-damaged", "corrupt-lines", "corrupt-lines"]);
    assert_eq!((recovered.damaged_lines.len(), recovered.sources.len(), recovered.sessions.len()), (3, 4, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_exports_never_panic(bytes: Vec<u8>, name: String, text: String) {
        drop(Exported::parse(&bytes));
        let _ = Exported::parse(json!({ name: text }).to_string().as_bytes());
    }
}
