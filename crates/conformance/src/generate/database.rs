//! `identity/database*.json` and `identity/exported.json`: what the JavaScript packages leave on a device, whole and damaged.

use super::der::Bson;
use super::envelope::{key, sealed};
use super::identity::{hash_of, latin1};
use super::peer::{Peer, bytes, list, text};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::binary::Binary;
use crate::kinds::database_recover::{DatabaseRecover, Input};
use crate::kinds::exported_recover::{self, ExportedRecover};
use crate::kinds::recovered::{Found, Keys, Line, Session, Who};
use sealwright_types::b64;
use serde_json::{Value, json};

const USERS: &str = "User.fdb";
const UNREGISTERED: &str = "HairlessUser.fdb";
const BACKUP_DAMAGED: &str = "key-backup-damaged";
const CORRUPT_LINES: &str = "corrupt-lines";
const DIFFERS: &str = "backup-differs";

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let keys = Pairs::read(peer)?;
    peers(peer)?.finish(files)?;
    ours(&keys)?.finish(files)?;
    exported(&keys)?.finish(files)
}

/// Private keys of 1024 bits, PKCS#8.
pub(super) struct Pairs(Vec<Vec<u8>>);

impl Pairs {
    pub(super) fn read(peer: &Peer<'_>) -> Result<Self, GenerateError> {
        let data = peer.json("rsa.json")?;
        let small = list(&data, "keys")?.iter().filter(|key| key["bits"] == 1024);
        let keys: Vec<_> = small.map(|key| bytes(key, "pkcs8")).collect::<Result<_, _>>()?;
        if keys.len() < 4 { Err(broken("fewer than four keys of 1024 bits")) } else { Ok(Self(keys)) }
    }

    pub(super) fn der(&self, place: usize) -> &[u8] {
        &self.0[place]
    }

    pub(super) fn text(&self, place: usize) -> String {
        b64::encode(&self.0[place])
    }

    pub(super) fn hash(&self, place: usize) -> Result<String, GenerateError> {
        hash_of(&self.0[place])
    }

    pub(super) fn hashes(&self, places: &[usize]) -> Result<Vec<String>, GenerateError> {
        places.iter().map(|&place| self.hash(place)).collect()
    }
}

/// An id: hyphenated and S64.
pub(super) fn id(number: u8) -> (String, String) {
    let mut bytes = [0x11; 16];
    bytes[6] = 0x41;
    bytes[8] = 0x81;
    bytes[15] = number;
    let digits = hex::encode(bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits[range].to_owned());
    (parts.join("-"), b64::encode_s64(bytes))
}

pub(super) fn who(keys: &Pairs, ids: [u8; 2], encryption: &[usize], signing: &[usize]) -> Result<Who, GenerateError> {
    Ok(Who {
        user: id(ids[0]).0,
        device: id(ids[1]).0,
        encryption_keys: keys.hashes(encryption)?,
        signing_keys: keys.hashes(signing)?,
    })
}

/// A finding with an identity and nothing odd.
pub(super) fn found(identity: Option<Who>) -> Found {
    let no_identity = identity.is_none().then(|| "no-identity".to_owned());
    Found {
        identity,
        no_identity,
        other_identities: Vec::new(),
        groups: Vec::new(),
        sessions: Vec::new(),
        contacts: 0,
        connectors: 0,
        warnings: Vec::new(),
        damaged_lines: Vec::new(),
    }
}

/// A device with private keys: its id, the keys in use, the former ones.
fn device(keys: &Pairs, number: u8, current: [usize; 2], old: [&[usize]; 2]) -> Value {
    let texts = |places: &[usize]| places.iter().map(|&place| keys.text(place)).collect::<Vec<_>>();
    json!({
        "id": id(number).1, "type": "PRIVATE", "state": "A", "deviceName": "laptop",
        "expirationDate": { "$$date": 1_889_897_582_000_i64 },
        "serializedEncryptionKey": keys.text(current[0]), "serializedSigningKey": keys.text(current[1]),
        "serializedOldEncryptionKeys": texts(old[0]), "serializedOldSigningKeys": texts(old[1]),
    })
}

fn user(document: &str, number: u8, default: bool, devices: Vec<Value>) -> Value {
    json!({ "_id": document, "id": id(number).1, "isDefault": default, "isGroup": false, "devices": devices, "_version": 4 })
}

/// The document of a key backup.
fn backup(keys: &Pairs, ids: [u8; 2], current: [usize; 2]) -> Vec<u8> {
    Bson::default()
        .string("userId", &id(ids[0]).1)
        .string("keyId", &id(ids[1]).1)
        .string("encryptionKey", &latin1(keys.der(current[0])))
        .string("signingKey", &latin1(keys.der(current[1])))
        .array("serializedOldEncryptionKeys", Bson::default())
        .array("serializedOldSigningKeys", Bson::default())
        .finish()
}

/// One line of a journal, without its end.
fn line(json: &str) -> Result<String, GenerateError> {
    Ok(b64::encode(sealed(&key(64), &format!("line {json}"), json.as_bytes())?))
}

fn journal(documents: &[Value]) -> Result<String, GenerateError> {
    let lines: Vec<_> = documents.iter().map(|document| line(&document.to_string())).collect::<Result<_, _>>()?;
    Ok(lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect())
}

fn seal_backup(document: &[u8]) -> Result<Vec<u8>, GenerateError> {
    sealed(&key(64), "key backup", document)
}

/// The three databases of the peers.
fn peers(peer: &Peer<'_>) -> Result<Draft<DatabaseRecover>, GenerateError> {
    let mut draft = Draft::peers("identity/database-peers", "db-peer", "peer/localdb/");
    let manifest = peer.json("localdb/manifest.json")?;
    for database in list(&manifest, "databases")? {
        let directory = text(database, "dir")?;
        let file = |name: &str| {
            let (content, path) = peer.file(&format!("{directory}/{name}"))?;
            Ok::<_, GenerateError>(Some(Binary::in_file(&content, path)))
        };
        let input = Input {
            key: text(database, "key")?.to_owned(),
            users: file(USERS)?,
            unregistered: file(UNREGISTERED)?,
            key_backup: file("key_backup")?,
            users_temporary: None,
        };
        let output = peer_finding(database)?;
        draft.valid("DB-10", directory, input.clone(), output.clone(), 0);
        let without_backup = Input { key_backup: None, ..input.clone() };
        draft.valid("DB-21", format!("{directory}, without its key backup"), without_backup, output.clone(), 0);
        let temporary = Input { users: None, users_temporary: input.users.clone(), ..input.clone() };
        draft.valid("DB-03", format!("{directory}, as a crash left it"), temporary, output, 0);
        let other = Input { key: b64::encode(key(64)), ..input };
        draft.invalid("DB-20", format!("{directory}, another key"), other, "rejected", &["WrongKey"]);
    }
    Ok(draft)
}

/// What stands in a peer's database in clear.
fn peer_finding(database: &Value) -> Result<Found, GenerateError> {
    let clear = list(&database["files"][USERS], "clear")?;
    let documents: Vec<Value> = clear
        .iter()
        .map(|line| serde_json::from_str(line.as_str().unwrap_or_default()).map_err(broken))
        .collect::<Result<_, _>>()?;
    let hashes = |device: &Value, current: &str, old: &str| {
        let old = device[old].as_array().into_iter().flatten();
        let keys = std::iter::once(&device[current]).chain(old);
        keys.map(|key| hash_of(&b64::decode_strict(key.as_str().unwrap_or_default()).map_err(broken)?))
            .collect::<Result<Vec<_>, _>>()
    };
    let mut found = found(None);
    let mut groups = std::collections::BTreeMap::new();
    for document in &documents {
        let Some(device) =
            document["devices"].as_array().and_then(|devices| devices.iter().find(|it| it["type"] == "PRIVATE"))
        else {
            continue;
        };
        let encryption = hashes(device, "serializedEncryptionKey", "serializedOldEncryptionKeys")?;
        let signing = hashes(device, "serializedSigningKey", "serializedOldSigningKeys")?;
        if document["isDefault"] == true {
            found.no_identity = None;
            found.identity = Some(Who {
                user: text(database, "sealdId")?.to_owned(),
                device: text(database, "deviceId")?.to_owned(),
                encryption_keys: encryption,
                signing_keys: signing,
            });
        } else {
            let group = super::identity::hyphenated(text(document, "id")?)?;
            let keys = Keys { group, encryption_keys: encryption, signing_keys: signing };
            groups.insert(text(document, "_id")?.to_owned(), keys);
        }
    }
    let others = documents.iter().filter(|document| document.get("_id").is_some() && document["isDefault"] != true);
    found.contacts =
        others.map(|document| document["_id"].to_string()).collect::<std::collections::BTreeSet<_>>().len() as u64;
    found.groups = groups.into_values().collect();
    Ok(found)
}

/// The files of one made-up database.
#[derive(Clone, Default)]
struct Made {
    users: Option<String>,
    temporary: Option<String>,
    unregistered: Option<String>,
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

fn ours(keys: &Pairs) -> Result<Draft<DatabaseRecover>, GenerateError> {
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
    let made = Made { unregistered: Some(hairless), ..of(&start.document)? };
    let mut output = found(Some(start.identity.clone()));
    output.connectors = 2;
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
    Ok(())
}

/// DB-30, DB-31.
fn exported(keys: &Pairs) -> Result<Draft<ExportedRecover>, GenerateError> {
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
    let valid = [
        ("DB-30", "journal", input(names(&[(&fdb, journal.clone())]), &own), found(Some(identity.clone()))),
        ("DB-30", "backup", input(names(&[(&sealed_backup, backup)]), &own), found(Some(identity.clone()))),
        ("DB-30", "names of other stores", input(strangers, &own), found(Some(identity))),
        ("DB-31", "journal, backup and a cached session", input(whole.clone(), &own), with_session.clone()),
        (
            "DB-31",
            "a cached session alone proves the key",
            input(names(&[(&cache, cached(&encrypted))]), &own),
            Found { identity: None, no_identity: Some("no-identity".to_owned()), ..with_session },
        ),
    ];
    let other = expand("another key", 64);
    let array = format!("[{:?}]", "x");
    let not_base64 = names(&[(&fdb, journal), (&sealed_backup, "!".to_owned())]);
    let invalid = [
        ("DB-30", "another key", input(whole, &other), "rejected", "WrongKey"),
        ("DB-30", "an array", input(array, &own), "malformed", "TypeConfusion"),
        ("DB-30", "no JSON", input("{".to_owned(), &own), "malformed", "TypeConfusion"),
        ("DB-30", "a backup that is not base64", input(not_base64, &own), "malformed", "Base64Junk"),
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
