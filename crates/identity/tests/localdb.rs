//! Local databases: those of the existing implementations, and every row of the table of damage (DB-01..05, DB-10, DB-11, DB-20..28).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/database.rs"]
mod database;

use database::{Database, MANIFEST, code, hashes};
use proptest::prelude::*;
use sealwright_envelope::{SymKey, open, seal};
use sealwright_identity::localdb::nedb::{self, Files, Profile};
use sealwright_identity::localdb::{LineFault, NoIdentity, Recovered, Source, Warning};
use sealwright_identity::{Identity, KeyPair};
use sealwright_kdf::value::RawKey64;
use sealwright_kdf::{AppIdText, DatabaseKey, Password, database_key, database_raw_key};
use sealwright_types::{Coded as _, DeviceId, UserId, b64};
use sealwright_wrap::{KeySize, PrivateKey};
use serde_json::json;
use std::sync::LazyLock;

fn giver(recovered: &Recovered) -> Vec<Source> {
    recovered.sources.iter().filter(|report| report.identity).map(|report| report.source).collect()
}

#[test]
fn every_database_of_the_existing_packages_opens() {
    for described in MANIFEST["databases"].as_array().unwrap() {
        let (directory, key) = (described["dir"].as_str().unwrap(), described["key"].as_str().unwrap());
        for snapshot in ["", "/snapshot-after-create", "/snapshot-after-use"] {
            let database = Database::at(&format!("{directory}{snapshot}"), key);
            let recovered = database.recover();
            let identity = recovered.identity.as_ref().unwrap();
            assert_eq!(identity.user().to_string(), described["sealdId"].as_str().unwrap());
            assert_eq!(identity.device().to_string(), described["deviceId"].as_str().unwrap());
            assert_eq!(
                identity.to_bson().expose(),
                open(&database.key, &database.key_backup).unwrap(),
                "{directory}{snapshot}"
            );
            assert_eq!((&recovered.warnings[..], recovered.damaged_lines.len()), (&[][..], 0), "{directory}{snapshot}");
            assert_eq!(giver(&recovered), [Source::KeyBackup]);
            assert!(recovered.expires.is_some() && recovered.other_identities.is_empty());
            let groups = usize::from(snapshot != "/snapshot-after-create");
            assert_eq!(recovered.groups.len(), groups, "DB-11");
            for group in &recovered.groups {
                assert!(group.encryption_keys().count() >= 1 && group.signing_keys().count() >= 1);
                assert!(group.device().is_some() && group.members() == [identity.user()]);
            }
            // The journal alone gives the same keys.
            let files = Files { key_backup: None, ..database.files() };
            let alone = nedb::recover(files, &database.key).unwrap();
            assert_eq!(hashes(alone.identity.as_ref().unwrap()), hashes(identity));
            assert_eq!(giver(&alone), [Source::Users]);
        }
        let empty = Database::at(&format!("{directory}/snapshot-empty"), key);
        let files = Files { key_backup: None, ..empty.files() };
        assert_eq!(code(&nedb::recover(files, &empty.key)), "no-identity");
    }
}

#[test]
fn the_keys_come_from_what_the_application_passes() {
    let app = AppIdText::new(MANIFEST["appId"].as_str().unwrap()).unwrap();
    let databases = &MANIFEST["databases"];
    let password = Password::new(databases[0]["options"]["databaseKey"].as_str().unwrap()).unwrap();
    let raw = RawKey64::parse_strict(databases[2]["options"]["databaseRawKey"].as_str().unwrap()).unwrap();
    let keys = [
        database_key(DatabaseKey::Given(&password), &app).unwrap(),
        database_key(DatabaseKey::NotGiven, &app).unwrap(),
        database_raw_key(&raw).unwrap(),
    ];
    for (place, key) in keys.iter().enumerate() {
        let described = &databases[place];
        let database = Database::at(described["dir"].as_str().unwrap(), described["key"].as_str().unwrap());
        assert_eq!(code(&nedb::recover(database.files(), key)), "ok");
    }
}

#[test]
fn db_01_line_ends_and_empty_lines_do_not_matter() {
    let mut database = Database::sample();
    let expected = hashes(&database.identity());
    database.users = format!("\r\n\n{}", database.lines().join("\r\n\n")).into_bytes();
    let recovered = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
    assert_eq!(hashes(&recovered.identity.unwrap()), expected);
    assert_eq!(recovered.sources[0].total, 4);
}

#[test]
fn db_03_the_temporary_file_is_read_where_the_other_is_missing() {
    let database = Database::sample();
    let files = |users| Files { users, users_temporary: Some(&database.users[..]), ..Files::default() };
    let recovered = nedb::recover(files(None), &database.key).unwrap();
    assert!(recovered.identity.is_ok());
    assert_eq!(giver(&recovered), [Source::UsersTemporary]);
    // If both exist, the temporary one is not looked at.
    let recovered = nedb::recover(files(Some(&b""[..])), &database.key).unwrap();
    assert_eq!(recovered.identity.unwrap_err(), NoIdentity::Missing);
}

#[test]
fn db_05_older_documents_are_read() {
    let database = Database::sample();
    let lines = database.clear_lines();
    let current = lines.iter().find(|line| line["isDefault"] == true).unwrap();
    let device = &current["devices"][0];
    let key = b64::decode_strict(device["serializedEncryptionKey"].as_str().unwrap()).unwrap();
    let older = json!({
        "_id": current["id"], "isDefault": true, "_version": 1,
        "keys": [{ "id": device["id"], "type": "PRIVATE", "state": "A", "serializedKey": b64::encode_s64(&key) }],
    });
    let mut database = database.with_clear_lines(&[older]);
    database.unregistered = [json!({"_id": "1", "email": "a@b.c"}), json!({"_id": "2", "type": "SMS", "value": "+33"})]
        .map(|line| b64::encode(seal(&database.key, line.to_string().as_bytes()).unwrap()))
        .join("\n")
        .into_bytes();
    let recovered = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
    let identity = recovered.identity.unwrap();
    let expected = PrivateKey::from_der(&key).unwrap().key.hash();
    assert_eq!(identity.user().to_s64(), current["id"].as_str().unwrap());
    assert_eq!(identity.current().encryption.hash(), expected);
    assert_eq!(identity.current().signing.hash(), expected, "one key for both uses");
    let connectors: Vec<_> = recovered.connectors.iter().map(|it| (it.kind.as_str(), it.value.as_str())).collect();
    assert_eq!(connectors, [("EM", "a@b.c"), ("SMS", "+33")]);
}

#[test]
fn db_20_a_wrong_key_is_rejected() {
    let database = Database::sample();
    let wrong = SymKey::generate().unwrap();
    assert_eq!(code(&nedb::recover(database.files(), &wrong)), "rejected");
    assert_eq!(code(&nedb::recover(Files { key_backup: None, ..database.files() }, &wrong)), "rejected");
    let only_backup = Files { users: None, unregistered: None, ..database.files() };
    assert_eq!(code(&nedb::recover(only_backup, &wrong)), "rejected");
    // Nothing at all is not a wrong key.
    assert_eq!(code(&nedb::recover(Files::<&[u8]>::default(), &wrong)), "no-identity");
}

#[test]
fn db_21_a_missing_backup_does_not_matter() {
    let database = Database::sample();
    let recovered = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
    assert_eq!(hashes(recovered.identity.as_ref().unwrap()), hashes(&database.identity()));
    assert_eq!((giver(&recovered), recovered.warnings.len()), (vec![Source::Users], 0));
}

#[test]
fn db_22_a_missing_or_empty_journal_leaves_the_backup() {
    let database = Database::sample();
    for users in [None, Some(&b""[..])] {
        let files = Files { users, unregistered: None, ..database.files() };
        let recovered = nedb::recover(files, &database.key).unwrap();
        assert_eq!(hashes(recovered.identity.as_ref().unwrap()), hashes(&database.identity()));
        assert_eq!((giver(&recovered), recovered.warnings.len()), (vec![Source::KeyBackup], 0));
    }
}

#[test]
fn db_23_what_is_readable_of_a_damaged_journal_is_read() {
    let whole = Database::sample();
    let lines = whole.lines();
    for (place, line) in lines.iter().enumerate() {
        // A wrong MAC, and a line that is cut in the middle.
        let mut flipped = b64::decode_strict(line).unwrap();
        *flipped.last_mut().unwrap() ^= 1;
        let cut = &line[..line.len() / 2 / 4 * 4];
        for (damaged, faults) in [
            (b64::encode(&flipped), &[LineFault::Rejected][..]),
            (cut.to_owned(), &[LineFault::NotAnEnvelope, LineFault::Rejected][..]),
        ] {
            let mut database = Database::sample();
            let mut lines = lines.clone();
            lines[place] = damaged;
            database.users = lines.join("\n").into_bytes();
            let recovered = database.recover();
            assert_eq!(hashes(recovered.identity.as_ref().unwrap()), hashes(&whole.identity()));
            assert_eq!(recovered.warnings, [Warning::CorruptLines { damaged: 1, total: lines.len() }]);
            assert_eq!(recovered.damaged_lines[0].number, place + 1);
            assert_eq!(recovered.damaged_lines[0].source, Source::Users);
            assert!(faults.contains(&recovered.damaged_lines[0].fault));
            // Group, contact, own identity, index: what the other lines hold is there.
            let is_group = whole.clear_lines()[place]["isGroup"] == true;
            assert_eq!(recovered.groups.len(), usize::from(!is_group));
        }
    }
}

#[test]
fn db_24_if_all_lines_are_damaged_the_backup_is_left_and_without_it_nothing() {
    let mut database = Database::sample();
    let total = database.lines().len();
    database.users =
        database.lines().iter().map(|line| format!("A{}", &line[1..])).collect::<Vec<_>>().join("\n").into_bytes();
    let recovered = database.recover();
    assert_eq!(hashes(recovered.identity.as_ref().unwrap()), hashes(&database.identity()));
    assert_eq!(recovered.damaged_lines.len(), total);
    assert_eq!(recovered.warnings, [Warning::CorruptLines { damaged: total, total }]);
    let files = Files { key_backup: None, unregistered: None, ..database.files() };
    assert_eq!(code(&nedb::recover(files, &database.key)), "rejected");
}

#[test]
fn db_25_db_26_a_damaged_or_empty_backup_leaves_the_journal() {
    let whole = Database::sample();
    let mut flipped = whole.key_backup.clone();
    flipped[100] ^= 1;
    let not_an_identity = seal(&whole.key, b"something else").unwrap();
    for backup in [&flipped[..], &whole.key_backup[..whole.key_backup.len() - 16], &[], &not_an_identity] {
        let files = Files { key_backup: Some(backup), ..whole.files() };
        let recovered = nedb::recover(files, &whole.key).unwrap();
        assert_eq!(hashes(recovered.identity.as_ref().unwrap()), hashes(&whole.identity()));
        assert_eq!(giver(&recovered), [Source::Users]);
        assert_eq!(recovered.warnings, [Warning::KeyBackupDamaged]);
        assert_eq!(recovered.warnings[0].code(), "key-backup-damaged");
    }
    let alone = Files { key_backup: Some(&flipped[..]), ..Files::default() };
    assert_eq!(code(&nedb::recover(alone, &whole.key)), "rejected");
    let alone = Files { key_backup: Some(&not_an_identity[..]), ..Files::default() };
    assert_eq!(code(&nedb::recover(alone, &whole.key)), "malformed", "the key is right");
}

#[test]
fn db_27_if_backup_and_journal_differ_the_keys_of_both_are_kept() {
    let whole = Database::sample();
    let in_journal = whole.identity();
    // Other current keys of the same device: merged.
    let pair = KeyPair { encryption: NEW_KEY.clone(), signing: NEW_KEY.clone() };
    let renewed = Identity::from_bson(whole.identity().to_bson().expose()).unwrap().identity;
    let renewed = renewed.prepare_renewal(pair).unwrap().adopt_prepared();
    // Without its old keys, to see that the journal's are taken.
    let backup = Identity::from_bson(&without_old_keys(&renewed)).unwrap().identity;
    let sealed = seal(&whole.key, backup.to_bson().expose()).unwrap();
    let recovered = nedb::recover(Files { key_backup: Some(&sealed[..]), ..whole.files() }, &whole.key).unwrap();
    let identity = recovered.identity.unwrap();
    assert_eq!(identity.current().encryption.hash(), NEW_KEY.hash(), "the backup counts");
    for hash in hashes(&in_journal) {
        assert!(hashes(&identity).contains(&hash), "key hashes of both are merged");
    }
    assert_eq!(recovered.warnings, [Warning::BackupDiffers]);
    assert!(recovered.other_identities.is_empty());

    // Another user: kept beside.
    let other = Database::at("localdb/no-key", MANIFEST["databases"][1]["key"].as_str().unwrap());
    let foreign = seal(&whole.key, other.identity().to_bson().expose()).unwrap();
    let recovered = nedb::recover(Files { key_backup: Some(&foreign[..]), ..whole.files() }, &whole.key).unwrap();
    assert_eq!(recovered.identity.unwrap().user(), other.identity().user());
    assert_eq!(hashes(&recovered.other_identities[0]), hashes(&in_journal));
    assert_eq!((recovered.warnings.len(), recovered.warnings[0].code()), (1, "backup-differs"));
}

/// The journal is newer than the backup and its signing key is damaged: the newer encryption key is still a candidate.
#[test]
fn db_27_a_device_of_the_journal_that_makes_no_identity_loses_no_key() {
    let whole = Database::sample();
    let newer = b64::encode(NEW_KEY.to_pkcs8().expose());
    for (member, value, warnings) in [
        ("serializedSigningKey", json!("!"), &["current-key-dropped", "backup-differs"][..]),
        ("id", json!(null), &["backup-differs"]),
    ] {
        let mut lines = whole.clear_lines();
        for line in lines.iter_mut().filter(|line| line["isDefault"] == true) {
            line["devices"][0]["serializedEncryptionKey"] = json!(newer);
            line["devices"][0][member] = value.clone();
        }
        let database = Database::sample().with_clear_lines(&lines);
        let recovered = database.recover();
        let codes: Vec<_> = recovered.warnings.iter().map(|warning| warning.code()).collect();
        assert_eq!(codes, warnings, "{member}");
        assert!(hashes(&recovered.identity.unwrap()).contains(&NEW_KEY.hash().to_string()), "{member}");

        let alone = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
        assert!(alone.identity.is_err());
        let [stray] = &alone.stray_keys[..] else { panic!("{member}: {:?}", alone.stray_keys) };
        assert!(stray.encryption_keys().any(|key| key.hash() == NEW_KEY.hash()), "{member}");
        assert_eq!((stray.user().is_some(), stray.device().is_some()), (true, member != "id"));
    }
}

static NEW_KEY: LazyLock<std::sync::Arc<PrivateKey>> =
    LazyLock::new(|| std::sync::Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap()));

fn without_old_keys(identity: &Identity) -> Vec<u8> {
    let text = |key: &PrivateKey| key.to_pkcs8().expose().iter().copied().map(char::from).collect::<String>();
    sealwright_types::bson::Writer::with_capacity(4096)
        .string("userId", &identity.user().to_s64())
        .string("keyId", &identity.device().to_s64())
        .string("encryptionKey", &text(&identity.current().encryption))
        .string("signingKey", &text(&identity.current().signing))
        .finish()
        .into_exposed()
}

#[test]
fn db_28_several_default_users_need_the_backup_to_decide() {
    let database = Database::sample();
    let mut lines = database.clear_lines();
    for line in &mut lines {
        if line["isGroup"] == true {
            line["isDefault"] = json!(true);
        }
    }
    let database = database.with_clear_lines(&lines);
    let recovered = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
    assert_eq!(recovered.identity.unwrap_err().code(), "several-default-users");
    assert_eq!(recovered.other_identities.len(), 2, "nothing is lost");
    let recovered = database.recover();
    assert_eq!(recovered.identity.unwrap().user(), database.identity().user());
    assert_eq!(recovered.other_identities.len(), 1);
}

#[test]
fn db_10_several_private_devices_are_not_decided() {
    let database = Database::sample();
    let mut lines = database.clear_lines();
    for line in lines.iter_mut().filter(|line| line["isDefault"] == true) {
        let mut second = line["devices"][0].clone();
        second["id"] = json!(DeviceId::random().unwrap().to_s64());
        line["devices"].as_array_mut().unwrap().push(second);
    }
    let database = database.with_clear_lines(&lines);
    let recovered = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
    assert_eq!(recovered.identity.unwrap_err().code(), "several-private-devices");
    assert_eq!(recovered.other_identities.len(), 2);
    assert!(database.recover().identity.is_ok());
}

#[test]
fn db_10_a_public_device_beside_the_private_one_does_not_count() {
    let database = Database::sample();
    let mut lines = database.clear_lines();
    let public = lines.iter().find(|line| line["devices"][0]["type"] == "PUBLIC").unwrap()["devices"][0].clone();
    for line in lines.iter_mut().filter(|line| line["isDefault"] == true) {
        line["devices"].as_array_mut().unwrap().push(public.clone());
    }
    let database = database.with_clear_lines(&lines);
    let recovered = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
    assert_eq!(hashes(&recovered.identity.unwrap()), hashes(&database.identity()));
    // A group of which only public keys are known gives none.
    for line in lines.iter_mut().filter(|line| line["isGroup"] == true) {
        line["devices"] = json!([public]);
    }
    assert!(database.with_clear_lines(&lines).recover().groups.is_empty());
}

#[test]
fn members_of_unexpected_kinds_spoil_nothing() {
    let database = Database::sample();
    let mut lines = database.clear_lines();
    for line in lines.iter_mut().filter(|line| line.get("devices").is_some()) {
        line["displayName"] = json!({"x": 1});
        line["created"] = json!("yesterday");
        line["connectors"] = json!(7);
        line["groupInfo"] = json!([]);
        let devices = line["devices"].as_array_mut().unwrap();
        devices.insert(0, json!("not a device"));
        for device in devices.iter_mut().filter(|device| device["type"] == "PRIVATE") {
            device["expirationDate"] = json!(null);
            device["serializedOldEncryptionKeys"].as_array_mut().unwrap().insert(0, json!("AAAA"));
        }
    }
    let database = database.with_clear_lines(&lines);
    let recovered = nedb::recover(Files { key_backup: None, ..database.files() }, &database.key).unwrap();
    assert_eq!(hashes(&recovered.identity.unwrap()), hashes(&database.identity()));
    assert!(recovered.damaged_lines.is_empty());
    let mut codes: Vec<_> = recovered.warnings.iter().map(|warning| warning.code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["old-key-dropped", "old-key-dropped"], "one of the identity, one of the group");
}

#[test]
fn a_database_written_here_is_read_here() {
    let sample = Database::sample().recover();
    let identity = sample.identity.unwrap();
    let profile = Profile {
        display_name: "Zo\u{eb} \"Z\"",
        device_name: "laptop",
        now: 1_795_289_582_331,
        expires: 1_889_897_582_000,
    };
    let key = SymKey::generate().unwrap();
    let written = nedb::write(&identity, &sample.groups, &profile, &key).unwrap();
    let files = || Files {
        users: Some(&written.users[..]),
        unregistered: Some(&written.unregistered[..]),
        key_backup: Some(&written.key_backup[..]),
        ..Files::default()
    };
    for files in [files(), Files { key_backup: None, ..files() }] {
        let read = nedb::recover(files, &key).unwrap();
        assert_eq!(hashes(&read.identity.unwrap()), hashes(&identity));
        assert_eq!((read.warnings.len(), read.damaged_lines.len(), read.expires), (0, 0, Some(profile.expires)));
        let group = |groups: &[sealwright_identity::localdb::Group]| {
            groups
                .iter()
                .map(|it| {
                    (
                        it.id(),
                        it.device(),
                        it.members().to_vec(),
                        it.encryption_keys().map(|key| key.hash()).collect::<Vec<_>>(),
                    )
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(group(&read.groups), group(&sample.groups));
    }
}

#[test]
fn val_11_names_that_the_packages_refuse_are_not_written() {
    let mut lines = Database::sample().clear_lines();
    for line in lines.iter_mut().filter(|line| line["isGroup"] == true) {
        line["displayName"] = json!("g".repeat(65));
    }
    let sample = Database::sample().with_clear_lines(&lines).recover();
    assert_eq!(sample.groups[0].name().unwrap().len(), 65, "read as it is");
    let (identity, key) = (sample.identity.unwrap(), SymKey::generate().unwrap());
    // Counted in UTF-16 code units: an emoji has two.
    for (display, device, fits) in [
        ("n".repeat(64), "d".repeat(36), true),
        ("\u{1f600}".repeat(32), "\u{1f600}".repeat(18), true),
        ("n".repeat(65), String::new(), false),
        ("\u{1f600}".repeat(33), String::new(), false),
        (String::new(), "d".repeat(37), false),
    ] {
        let profile = Profile { display_name: &display, device_name: &device, now: 0, expires: 0 };
        let written = nedb::write(&identity, &sample.groups, &profile, &key);
        assert_eq!(
            written.as_ref().err().map(|error| error.code()),
            (!fits).then_some("bad-value"),
            "{display} {device}"
        );
        let Ok(written) = written else { continue };
        let files = Files { users: Some(&written.users[..]), ..Files::default() };
        assert_eq!(nedb::recover(files, &key).unwrap().groups[0].name(), None);
    }
}

#[test]
fn one_line_can_be_checked_alone() {
    let database = Database::sample();
    for line in database.lines() {
        assert_eq!(nedb::check_line(line.as_bytes(), &database.key), Ok(()));
        assert_eq!(nedb::check_line(line.as_bytes(), &SymKey::generate().unwrap()), Err(LineFault::Rejected));
    }
    assert_eq!(LineFault::Rejected.code(), "rejected");
    assert_eq!(LineFault::NotBase64.code(), "malformed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to the bytes of a journal: no panic, and the identity of the backup is always there.
    #[test]
    fn any_damage_leaves_the_backup(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut database = Database::sample();
        for (place, byte) in changes {
            let place = place.index(database.users.len());
            database.users[place] = byte;
        }
        let recovered = database.recover();
        prop_assert_eq!(recovered.identity.unwrap().user(), UserId::from_bytes(*database.identity().user().as_bytes()).unwrap());
        for line in &recovered.damaged_lines {
            prop_assert!(line.number >= 1);
        }
    }
}
