//! `identity/database.json`: journals and key backups made up for every rule.

use super::super::envelope::{key, sealed};
use super::super::{Draft, GenerateError, broken, expand};
use super::{Pairs, USERS, backup, device, found, id, journal, line, seal_backup, stray, user, who};
use crate::kinds::database_recover::{DatabaseRecover, Input};
use crate::kinds::recovered::{Found, Keys, Line, Who};
use sealwright_types::b64;
use serde_json::{Value, json};

const DIFFERS: &str = "backup-differs";
const CORRUPT_LINES: &str = "corrupt-lines";
const BACKUP_DAMAGED: &str = "key-backup-damaged";
const CURRENT_DROPPED: &str = "current-key-dropped";
const STRAY: &str = "stray-keys";
/// The files of one made-up database.
#[derive(Clone, Default)]
struct Made {
    users: Option<String>,
    temporary: Option<String>,
    unregistered: Option<String>,
    unregistered_temporary: Option<String>,
    backup: Option<Vec<u8>>,
}

impl Made {
    fn input(&self, draft: &mut Draft<DatabaseRecover>) -> Input {
        let mut binary = |bytes: Option<&[u8]>| bytes.map(|bytes| draft.binary(bytes));
        Input {
            key: b64::encode(key(64)),
            users: binary(self.users.as_deref().map(str::as_bytes)),
            users_temporary: binary(self.temporary.as_deref().map(str::as_bytes)),
            unregistered: binary(self.unregistered.as_deref().map(str::as_bytes)),
            unregistered_temporary: binary(self.unregistered_temporary.as_deref().map(str::as_bytes)),
            key_backup: binary(self.backup.as_deref()),
        }
    }
}

/// What most tests begin with: user 1 with device 2 and keys 0 and 1, in the journal and in the backup.
struct Start<'a> {
    keys: &'a Pairs,
    document: Value,
    backup: Vec<u8>,
    identity: Who,
}

pub(super) fn draft(keys: &Pairs) -> Result<Draft<DatabaseRecover>, GenerateError> {
    let start = Start {
        keys,
        document: user("a", 1, true, vec![device(keys, 2, [0, 1], [&[], &[]])]),
        backup: seal_backup(&backup(keys, [1, 2], [0, 1]))?,
        identity: who(keys, [1, 2], &[0], &[1])?,
    };
    let mut draft = Draft::ours("identity/database", "db");
    journals(&mut draft, &start)?;
    lines(&mut draft, &start)?;
    documents(&mut draft, &start)?;
    damage(&mut draft, &start)?;
    disagreement(&mut draft, &start)?;
    Ok(draft)
}

fn accept(draft: &mut Draft<DatabaseRecover>, rule: &str, comment: &str, made: &Made, output: Found) {
    let input = made.input(draft);
    draft.valid(rule, comment, input, output, 0);
}

fn refuse(draft: &mut Draft<DatabaseRecover>, rule: &str, comment: &str, made: &Made, flag: &str) {
    let input = made.input(draft);
    draft.invalid(rule, comment, input, "rejected", &[flag]);
}

fn users(text: String) -> Made {
    Made { users: Some(text), ..Made::default() }
}

/// DB-02, DB-03: what the fold of a journal is.
fn journals(draft: &mut Draft<DatabaseRecover>, start: &Start<'_>) -> Result<(), GenerateError> {
    let keys = start.keys;
    let only = || found(Some(start.identity.clone()));
    let renewed = user("a", 1, true, vec![device(keys, 2, [2, 3], [&[0], &[1]])]);
    let renewed_identity = who(keys, [1, 2], &[2, 0], &[3, 1])?;
    let deleted = json!({ "_id": "a", "$$deleted": true });
    let index = json!({ "$$indexCreated": { "fieldName": "id", "unique": true, "sparse": false } });
    let removed = json!({ "$$indexRemoved": "id" });
    let document = start.document.clone();
    for (comment, documents, output) in [
        ("one document", vec![document.clone()], only()),
        ("index lines", vec![index, document.clone(), removed], only()),
        ("the last write wins", vec![document.clone(), renewed.clone()], found(Some(renewed_identity.clone()))),
        ("the last write wins, whatever it says", vec![renewed.clone(), document.clone()], only()),
        ("deleted", vec![document.clone(), deleted.clone()], found(None)),
        (
            "deleted and written again",
            vec![document.clone(), deleted.clone(), renewed.clone()],
            found(Some(renewed_identity.clone())),
        ),
        ("deleted before it was written", vec![deleted, document.clone()], only()),
        (
            "$$deleted false is a document",
            vec![document.clone(), {
                let mut kept = renewed.clone();
                kept["$$deleted"] = json!(false);
                kept
            }],
            found(Some(renewed_identity.clone())),
        ),
    ] {
        accept(draft, "DB-02", comment, &users(journal(&documents)?), output);
    }
    let both = Made { users: Some(journal(&[document])?), temporary: Some(journal(&[renewed])?), ..Made::default() };
    accept(draft, "DB-03", "both files: the temporary one does not count", &both, only());
    let temporary = Made { users: None, ..both };
    accept(draft, "DB-03", "the temporary file alone", &temporary, found(Some(renewed_identity)));
    Ok(())
}

/// DB-01, DB-04: lines and their ends, and lines that are none.
fn lines(draft: &mut Draft<DatabaseRecover>, start: &Start<'_>) -> Result<(), GenerateError> {
    let good = line(&start.document.to_string())?;
    let only = || found(Some(start.identity.clone()));
    let unpadded = good.trim_end_matches('=').replace('+', "-").replace('/', "_");
    for (comment, text) in [
        ("LF", format!("{good}\n")),
        ("no LF at the end", good.clone()),
        ("CR LF", format!("{good}\r\n")),
        ("empty lines", format!("\n\r\n{good}\n\n")),
        ("the URL alphabet without padding", unpadded),
    ] {
        accept(draft, "DB-01", comment, &users(text), only());
    }
    let mut other_key = key(64);
    other_key.reverse();
    let sealed_for_another = b64::encode(sealed(&other_key, "another key", b"{}")?);
    let of = |json: &str| line(json);
    let mut flipped = b64::decode_strict(&good).map_err(broken)?;
    flipped[20] ^= 1;
    for (comment, bad, error) in [
        ("not base64", "{\"_id\":\"a\"}".to_owned(), "malformed"),
        (
            "cut inside a block",
            good[..good.len() / 8 * 4 + 4].to_owned(),
            if b64::decode_strict(&good[..good.len() / 8 * 4 + 4]).is_ok_and(|cut| cut.len() % 16 == 0) {
                "rejected"
            } else {
                "malformed"
            },
        ),
        ("shorter than an envelope", good[..64].to_owned(), "malformed"),
        ("a changed byte", b64::encode(&flipped), "rejected"),
        ("another key", sealed_for_another, "rejected"),
        ("no JSON", of("{\"_id\":")?, "malformed"),
        ("an array", of("[\"a\",true]")?, "malformed"),
        ("a text", of("\"a\"")?, "malformed"),
        ("no _id", of("{\"id\":\"a\"}")?, "malformed"),
        ("an empty _id", of("{\"_id\":\"\"}")?, "malformed"),
        ("an _id that is a number", of("{\"_id\":7}")?, "malformed"),
    ] {
        let rule = if comment.contains("_id") || comment == "an array" { "DB-02" } else { "DB-04" };
        for (place, text) in [(1, format!("{bad}\n\n{good}\n")), (3, format!("{good}\n\n{bad}\n"))] {
            let mut output = only();
            output.warnings = vec![CORRUPT_LINES.to_owned()];
            output.damaged_lines = vec![Line { file: USERS.to_owned(), number: place, error: error.to_owned() }];
            accept(draft, rule, &format!("line {place}: {comment}"), &users(text), output);
        }
    }
    let many = format!("{}{good}\n", "!\n".repeat(40));
    let mut output = only();
    output.warnings = vec![CORRUPT_LINES.to_owned()];
    output.damaged_lines =
        (1..=40).map(|number| Line { file: USERS.to_owned(), number, error: "malformed".to_owned() }).collect();
    accept(draft, "DB-04", "forty of forty-one lines", &users(many), output);
    Ok(())
}

/// DB-05, DB-10, DB-11: which documents count for what.
fn documents(draft: &mut Draft<DatabaseRecover>, start: &Start<'_>) -> Result<(), GenerateError> {
    let keys = start.keys;
    let both = || device(keys, 2, [0, 1], [&[], &[]]);
    let mut public = device(keys, 9, [2, 3], [&[], &[]]);
    public["type"] = json!("PUBLIC");
    let of = |document: &Value| journal(std::slice::from_ref(document)).map(users);
    accept(
        draft,
        "DB-10",
        "a PUBLIC device beside the PRIVATE one",
        &of(&user("a", 1, true, vec![public.clone(), both()]))?,
        found(Some(start.identity.clone())),
    );
    let old = user("a", 1, true, vec![device(keys, 2, [0, 1], [&[2], &[3, 1]])]);
    let with_old = who(keys, [1, 2], &[0, 2], &[1, 3])?;
    accept(draft, "DB-10", "former keys, one of them the current one", &of(&old)?, found(Some(with_old)));
    accept(draft, "DB-10", "no PRIVATE device", &of(&user("a", 1, true, vec![public]))?, found(None));
    let mut contact = found(None);
    contact.contacts = 1;
    contact.stray_keys = vec![stray(keys, [Some(1), Some(2)], &[0], &[1])?];
    contact.warnings = vec![STRAY.to_owned()];
    accept(draft, "DB-10", "not the default user", &of(&user("a", 1, false, vec![both()]))?, contact);
    let two = user("a", 1, true, vec![both(), device(keys, 3, [2, 3], [&[], &[]])]);
    let several = |code: &str, others: Vec<Who>| Found {
        no_identity: Some(code.to_owned()),
        other_identities: others,
        ..found(None)
    };
    let second = who(keys, [1, 3], &[2], &[3])?;
    let output = several("several-private-devices", vec![start.identity.clone(), second]);
    accept(draft, "DB-10", "two PRIVATE devices", &of(&two)?, output);
    let defaults = [start.document.clone(), user("b", 4, true, vec![device(keys, 3, [2, 3], [&[], &[]])])];
    let other = who(keys, [4, 3], &[2], &[3])?;
    let output = several("several-default-users", vec![start.identity.clone(), other.clone()]);
    accept(draft, "DB-28", "two default users", &users(journal(&defaults)?), output);
    let decided = Made { backup: Some(start.backup.clone()), ..users(journal(&defaults)?) };
    let mut output = found(Some(start.identity.clone()));
    output.other_identities = vec![other];
    output.warnings = vec![DIFFERS.to_owned()];
    accept(draft, "DB-28", "two default users, and the backup decides", &decided, output);

    let mut group = user("g", 5, false, vec![device(keys, 6, [2, 3], [&[0], &[1]])]);
    group["isGroup"] = json!(true);
    let mut output = found(Some(start.identity.clone()));
    output.contacts = 1;
    output.groups =
        vec![Keys { group: id(5).0, encryption_keys: keys.hashes(&[2, 0])?, signing_keys: keys.hashes(&[3, 1])? }];
    accept(
        draft,
        "DB-11",
        "a group with its keys",
        &users(journal(&[start.document.clone(), group.clone()])?),
        output.clone(),
    );
    let mut nameless = group.clone();
    nameless["id"] = json!("no id");
    let kept = Found {
        stray_keys: vec![stray(keys, [None, Some(6)], &[2, 0], &[3, 1])?],
        warnings: vec![STRAY.to_owned()],
        ..found(Some(start.identity.clone()))
    };
    let comment = "a group without a usable id: its keys are kept";
    accept(draft, "DB-11", comment, &users(journal(&[start.document.clone(), nameless])?), kept);
    group["devices"][0]["type"] = json!("PUBLIC");
    output.groups.clear();
    accept(
        draft,
        "DB-11",
        "a group of which only public keys are known",
        &users(journal(&[start.document.clone(), group])?),
        output,
    );

    let s64 = b64::encode_s64(keys.der(0));
    let legacy = json!({ "_id": id(1).1, "isDefault": true, "_version": 2,
        "keys": [{ "id": id(2).1, "type": "PRIVATE", "serializedKey": s64 }] });
    accept(
        draft,
        "DB-05",
        "an old document: keys[] with one key, no id",
        &of(&legacy)?,
        found(Some(who(keys, [1, 2], &[0], &[0])?)),
    );
    let hairless = journal(&[
        json!({ "_id": "1", "type": "EM", "value": "new@example.com", "_version": 1 }),
        json!({ "_id": "2", "email": "old@example.com" }),
    ])?;
    let mut output = found(Some(start.identity.clone()));
    output.connectors = 2;
    let left = Made { unregistered_temporary: Some(hairless.clone()), ..of(&start.document)? };
    accept(draft, "DB-03", "recipients without an account: the temporary file alone", &left, output.clone());
    let mut nobody = output.clone();
    nobody.connectors = 0;
    let both = Made { unregistered: Some(String::new()), ..left.clone() };
    accept(draft, "DB-03", "recipients without an account: both files", &both, nobody.clone());
    nobody.warnings = vec![CORRUPT_LINES.to_owned()];
    nobody.damaged_lines =
        vec![Line { file: "HairlessUser.fdb~".to_owned(), number: 1, error: "malformed".to_owned() }];
    let damaged = Made { unregistered_temporary: Some("!\n".to_owned()), ..left };
    accept(draft, "DB-03", "recipients without an account: the temporary file alone, and damaged", &damaged, nobody);
    let made = Made { unregistered: Some(hairless), ..of(&start.document)? };
    accept(draft, "DB-05", "recipients without an account, new and old form", &made, output);
    Ok(())
}

/// DB-20..26: the table of damage.
fn damage(draft: &mut Draft<DatabaseRecover>, start: &Start<'_>) -> Result<(), GenerateError> {
    let good = journal(std::slice::from_ref(&start.document))?;
    let whole = Made { users: Some(good.clone()), backup: Some(start.backup.clone()), ..Made::default() };
    let only = || found(Some(start.identity.clone()));
    let warned = |code: &str| Found { warnings: vec![code.to_owned()], ..only() };
    accept(draft, "DB-20", "everything whole", &whole, only());
    for (comment, made) in [
        ("both", whole.clone()),
        ("the journal alone", Made { backup: None, ..whole.clone() }),
        ("the backup alone", Made { users: None, ..whole.clone() }),
    ] {
        let input = Input { key: b64::encode(expand("another key", 64)), ..made.input(draft) };
        draft.invalid("DB-20", format!("another key: {comment}"), input, "rejected", &["WrongKey"]);
    }
    accept(draft, "DB-21", "no key backup", &Made { backup: None, ..whole.clone() }, only());
    for (comment, text) in [
        ("no journal", None),
        ("an empty journal", Some(String::new())),
        ("a journal of empty lines", Some("\n\n".to_owned())),
    ] {
        accept(draft, "DB-22", comment, &Made { users: text, ..whole.clone() }, only());
    }
    accept(draft, "DB-22", "nothing at all", &Made::default(), found(None));
    let tail = &good[..good.len() / 2];
    for (comment, text, number) in [
        ("a damaged line before the good one", format!("!\n{good}"), 1),
        ("the last line is cut", format!("{good}{}", &tail[..tail.len() / 64 * 64 + 4]), 2),
    ] {
        let output = Found {
            damaged_lines: vec![Line { file: USERS.to_owned(), number, error: "malformed".to_owned() }],
            ..warned(CORRUPT_LINES)
        };
        accept(draft, "DB-23", comment, &Made { users: Some(text), ..whole.clone() }, output);
    }
    let all = "!\n!\n".to_owned();
    let lines = (1..=2).map(|number| Line { file: USERS.to_owned(), number, error: "malformed".to_owned() }).collect();
    let output = Found { damaged_lines: lines, ..warned(CORRUPT_LINES) };
    accept(draft, "DB-24", "all lines are damaged", &Made { users: Some(all.clone()), ..whole.clone() }, output);
    refuse(draft, "DB-24", "all lines are damaged, no backup", &users(all.clone()), "NothingOpens");
    let mut altered = start.backup.clone();
    altered[30] ^= 1;
    for (comment, bad) in [
        ("cut", start.backup[..start.backup.len() - 16].to_vec()),
        ("altered", altered.clone()),
        ("no envelope", vec![0; 20]),
    ] {
        accept(
            draft,
            "DB-25",
            &format!("the backup is {comment}"),
            &Made { backup: Some(bad.clone()), ..whole.clone() },
            warned(BACKUP_DAMAGED),
        );
        let both = Made { users: Some(all.clone()), backup: Some(bad), ..Made::default() };
        refuse(draft, "DB-24", &format!("all lines are damaged, the backup is {comment}"), &both, "NothingOpens");
    }
    let empty = seal_backup(b"no identity")?;
    accept(
        draft,
        "DB-25",
        "the backup holds no identity",
        &Made { backup: Some(empty), ..whole.clone() },
        warned(BACKUP_DAMAGED),
    );
    accept(draft, "DB-26", "the backup is empty", &Made { backup: Some(Vec::new()), ..whole }, warned(BACKUP_DAMAGED));
    let alone = Made { backup: Some(Vec::new()), ..Made::default() };
    refuse(draft, "DB-26", "an empty backup and nothing else", &alone, "NothingOpens");
    Ok(())
}

/// DB-27: the backup and the journal name different keys or ids.
fn disagreement(draft: &mut Draft<DatabaseRecover>, start: &Start<'_>) -> Result<(), GenerateError> {
    let keys = start.keys;
    let renewed = user("a", 1, true, vec![device(keys, 2, [2, 3], [&[], &[]])]);
    let made = |document: Value| {
        Ok::<_, GenerateError>(Made { backup: Some(start.backup.clone()), ..users(journal(&[document])?) })
    };
    let merged = who(keys, [1, 2], &[0, 2], &[1, 3])?;
    let output = Found { warnings: vec![DIFFERS.to_owned()], ..found(Some(merged)) };
    accept(draft, "DB-27", "other current keys of the same device", &made(renewed)?, output);
    let mine = || found(Some(start.identity.clone()));
    for (comment, ids) in [("another device", [1, 7]), ("another user", [8, 2])] {
        let document = user("a", ids[0], true, vec![device(keys, ids[1], [2, 3], [&[], &[]])]);
        let other = who(keys, ids, &[2], &[3])?;
        let output = Found { warnings: vec![DIFFERS.to_owned()], other_identities: vec![other], ..mine() };
        accept(draft, "DB-27", comment, &made(document)?, output);
    }
    unreadable(draft, start)
}

/// DB-27: a private device of the journal that makes no identity.
fn unreadable(draft: &mut Draft<DatabaseRecover>, start: &Start<'_>) -> Result<(), GenerateError> {
    let keys = start.keys;
    let whole = || device(keys, 2, [2, 3], [&[], &[]]);
    let with = |member: &str, value: Value| {
        let mut device = whole();
        device[member] = value;
        device
    };
    let without = |member: &str| {
        let mut device = whole();
        device.as_object_mut().map(|members| members.remove(member));
        device
    };
    let mut former = device(keys, 2, [2, 3], [&[2], &[]]);
    former["serializedEncryptionKey"] = json!("AAAA");
    let warned = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect::<Vec<_>>();
    for (comment, device, signing, warnings) in [
        (
            "its signing key is none",
            with("serializedSigningKey", json!("!!")),
            &[1][..],
            &[CURRENT_DROPPED, DIFFERS][..],
        ),
        ("its signing key is missing", without("serializedSigningKey"), &[1], &[CURRENT_DROPPED, DIFFERS]),
        ("its encryption key is none, a former one is one", former, &[1, 3], &[CURRENT_DROPPED, DIFFERS]),
        ("its id is missing", without("id"), &[1, 3], &[DIFFERS]),
        ("its id is none", with("id", json!("no id")), &[1, 3], &[DIFFERS]),
    ] {
        let made = Made { backup: Some(start.backup.clone()), ..users(journal(&[user("a", 1, true, vec![device])])?) };
        let identity = who(keys, [1, 2], &[0, 2], signing)?;
        let output = Found { warnings: warned(warnings), ..found(Some(identity)) };
        accept(draft, "DB-27", &format!("the device in the journal has keys of its own; {comment}"), &made, output);
    }

    let text = journal(&[user("a", 1, true, vec![with("serializedSigningKey", json!("!!"))])])?;
    let output = Found {
        no_identity: Some("malformed".to_owned()),
        stray_keys: vec![stray(keys, [Some(1), Some(2)], &[2], &[])?],
        warnings: warned(&[CURRENT_DROPPED, STRAY]),
        ..found(None)
    };
    accept(draft, "DB-27", "no backup, and the signing key of the device is none", &users(text), output);
    let mut other = with("serializedSigningKey", json!("!!"));
    other["id"] = json!(id(7).1);
    let text = journal(&[user("a", 1, true, vec![other])])?;
    let output = Found {
        stray_keys: vec![stray(keys, [Some(1), Some(7)], &[2], &[])?],
        warnings: warned(&[STRAY, CURRENT_DROPPED, DIFFERS]),
        ..found(Some(start.identity.clone()))
    };
    let made = Made { backup: Some(start.backup.clone()), ..users(text) };
    accept(draft, "DB-27", "another device in the journal, and its signing key is none", &made, output);
    Ok(())
}
