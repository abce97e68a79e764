//! `identity/exported.json`: the form in which a browser or a telephone gives its database away.

use super::super::envelope::{key, sealed};
use super::super::{Draft, GenerateError, expand};
use super::{Pairs, backup, device, found, id, journal, seal_backup, user, who};
use crate::kinds::exported_recover::{self, ExportedRecover};
use crate::kinds::recovered::{Found, Line, Session};
use sealwright_types::b64;
use serde_json::{Value, json};

/// DB-30, DB-31.
pub(super) fn draft(keys: &Pairs) -> Result<Draft<ExportedRecover>, GenerateError> {
    const PATH: &str = "/app/db";
    let mut draft = Draft::ours("identity/exported", "exported");
    let document = user("a", 1, true, vec![device(keys, 2, [0, 1], [&[], &[]])]);
    let journal = journal(&[document])?;
    let backup = b64::encode(seal_backup(&backup(keys, [1, 2], [0, 1]))?);
    let identity = who(keys, [1, 2], &[0], &[1])?;
    let session_key = expand("a cached session key", 64);
    let session = id(9).0;
    let encrypted = b64::encode(sealed(&key(64), "cached", &session_key)?);
    let cached = |sealed: &str| {
        json!({ "serializationDate": 1_795_289_582_331_i64, "encryptedSymKey": sealed, "retrievalDetails": { "flow": 2 } }).to_string()
    };
    let names = |members: &[(&str, String)]| {
        let object: serde_json::Map<_, _> =
            members.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        Value::Object(object).to_string()
    };
    let (fdb, sealed_backup) = (format!("{PATH}/User.fdb"), format!("{PATH}/SealdKeyBackup"));
    let cache = format!("seald-cache-12345678-1234-4abc-8def-1234567890ab-{PATH}:{session}");
    let with_session =
        Found { sessions: vec![Session { session, key: b64::encode(&session_key) }], ..found(Some(identity.clone())) };
    let mut input = |text: String, key_bytes: &[u8]| exported_recover::Input {
        key: b64::encode(key_bytes),
        path: PATH.to_owned(),
        exported: draft.binary(text.as_bytes()),
    };
    let own = key(64);
    let whole = names(&[(&fdb, journal.clone()), (&sealed_backup, backup.clone()), (&cache, cached(&encrypted))]);
    let strangers = names(&[(&fdb, journal.clone()), ("another-name", "text".to_owned())]);
    let damaged_backup = |warnings: &[&str]| Found {
        warnings: warnings.iter().map(|&code| code.to_owned()).collect(),
        ..found(Some(identity.clone()))
    };
    let damaged_backup = damaged_backup(&["key-backup-damaged"]);
    let cut = |length: usize| names(&[(&fdb, journal.clone()), (&sealed_backup, backup[..length].to_owned())]);
    let beside = names(&[
        (&fdb, journal.clone()),
        ("/app/other/User.fdb", journal.clone()),
        ("/app/other/SealdKeyBackup", backup[..401].to_owned()),
    ]);
    let damaged =
        names(&[(&fdb, "!\n".to_owned()), (&sealed_backup, backup[..400].to_owned()), (&cache, cached(&encrypted))]);
    let only_session = || Found { identity: None, no_identity: Some("no-identity".to_owned()), ..with_session.clone() };
    let told = Found {
        warnings: vec!["key-backup-damaged".to_owned(), "corrupt-lines".to_owned()],
        damaged_lines: vec![Line { file: "User.fdb".to_owned(), number: 1, error: "malformed".to_owned() }],
        ..only_session()
    };
    let valid = [
        ("DB-04", "all lines and the backup damaged, and a cached session proves the key", input(damaged, &own), told),
        ("DB-25", "a backup cut to 400 characters", input(cut(400), &own), damaged_backup.clone()),
        ("DB-25", "a backup cut to 401 characters: not base64", input(cut(401), &own), damaged_backup.clone()),
        ("DB-25", "a backup cut to 402 characters", input(cut(402), &own), damaged_backup),
        (
            "DB-25",
            "a backup of another database that is not base64",
            input(beside, &own),
            found(Some(identity.clone())),
        ),
        ("DB-30", "journal", input(names(&[(&fdb, journal.clone())]), &own), found(Some(identity.clone()))),
        ("DB-30", "backup", input(names(&[(&sealed_backup, backup)]), &own), found(Some(identity.clone()))),
        ("DB-30", "names of other stores", input(strangers, &own), found(Some(identity))),
        ("DB-31", "journal, backup and a cached session", input(whole.clone(), &own), with_session.clone()),
        (
            "DB-31",
            "a cached session alone proves the key",
            input(names(&[(&cache, cached(&encrypted))]), &own),
            only_session(),
        ),
    ];
    let other = expand("another key", 64);
    let array = format!("[{:?}]", "x");
    let only_junk = names(&[(&sealed_backup, "!".to_owned())]);
    let invalid = [
        ("DB-30", "another key", input(whole, &other), "rejected", "WrongKey"),
        ("DB-30", "an array", input(array, &own), "malformed", "TypeConfusion"),
        ("DB-30", "no JSON", input("{".to_owned(), &own), "malformed", "TypeConfusion"),
        ("DB-24", "a backup that is not base64, and nothing else", input(only_junk, &own), "rejected", "NothingOpens"),
        (
            "DB-31",
            "a cached session under another key",
            input(names(&[(&cache, cached(&encrypted))]), &other),
            "rejected",
            "WrongKey",
        ),
        (
            "DB-31",
            "an array for a cached session",
            input(names(&[(&cache, format!("[1,{encrypted:?},null]"))]), &own),
            "rejected",
            "TypeConfusion",
        ),
    ];
    for (rule, comment, input, output) in valid {
        draft.valid(rule, comment, input, output, 0);
    }
    for (rule, comment, input, error, flag) in invalid {
        draft.invalid(rule, comment, input, error, &[flag]);
    }
    Ok(draft)
}
