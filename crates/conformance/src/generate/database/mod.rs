//! `identity/database*.json` and `identity/exported.json`: what the JavaScript packages leave on a device, whole and damaged.

mod exported;
mod ours;

use super::der::Bson;
use super::envelope::{key, sealed};
use super::identity::{hash_of, latin1};
use super::peer::{Peer, bytes, list, text};
use super::{Draft, Files, GenerateError, broken};
use crate::binary::Binary;
use crate::kinds::database_recover::{DatabaseRecover, Input};
use crate::kinds::recovered::{Found, Keys, Stray, Who};
use sealwright_types::b64;
use serde_json::{Value, json};

const USERS: &str = "User.fdb";
const UNREGISTERED: &str = "HairlessUser.fdb";

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let keys = Pairs::read(peer)?;
    peers(peer)?.finish(files)?;
    ours::draft(&keys)?.finish(files)?;
    exported::draft(&keys)?.finish(files)
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

/// Keys without an identity or a group.
pub(super) fn stray(
    keys: &Pairs,
    ids: [Option<u8>; 2],
    encryption: &[usize],
    signing: &[usize],
) -> Result<Stray, GenerateError> {
    let [user, device] = ids.map(|number| number.map(|number| id(number).0));
    Ok(Stray { user, device, encryption_keys: keys.hashes(encryption)?, signing_keys: keys.hashes(signing)? })
}

/// A finding with an identity and nothing odd.
pub(super) fn found(identity: Option<Who>) -> Found {
    let no_identity = identity.is_none().then(|| "no-identity".to_owned());
    Found {
        identity,
        no_identity,
        other_identities: Vec::new(),
        groups: Vec::new(),
        stray_keys: Vec::new(),
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
            ..Input::default()
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
