//! Makes blocks, good and bad, without the library: canonical JSON and the state of a chain are written a second time here.

use super::super::peer::{Peer, bytes, list, text};
use super::super::{GenerateError, broken, expand};
use crate::kinds::sigchain::{Device, State};
use ring::digest::{SHA256, digest};
use sealwright_types::b64;
use sealwright_wrap::PrivateKey;
use sealwright_wrap::hazmat::sign_with_salt;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// When the first block of every chain is made, in seconds.
pub(super) const START: u64 = 1_767_225_600;
/// When chains are verified.
pub(super) const NOW: u64 = START + 100_000_000;
/// How long devices live.
pub(super) const LIFE: u64 = 94_608_000;

pub(super) const DEVICE_1: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
pub(super) const DEVICE_2: &str = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
pub(super) const DEVICE_3: &str = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";
pub(super) const USERS: [&str; 4] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333",
    "44444444-4444-4444-8444-444444444444",
];

/// Four keys of 1024 bits, two of 2048, then one each of 4096, 1536 and 3072, and one of 2048 with the exponent 3.
pub(super) const KEY_2048: usize = 4;
pub(super) const KEY_4096: usize = 6;
pub(super) const KEY_1536: usize = 7;
pub(super) const KEY_3072: usize = 8;
pub(super) const KEY_E3: usize = 9;

pub(super) struct Key {
    pub(super) pkcs8: String,
    pub(super) private: PrivateKey,
    pub(super) spki: String,
    pub(super) hash: String,
}

pub(super) struct Maker {
    pub(super) keys: Vec<Key>,
    /// Public keys in odd encodings, by their names.
    pub(super) odd: BTreeMap<String, Vec<u8>>,
}

/// A block to be made: a transaction without place, who signs it, what is changed after that.
#[derive(Clone)]
pub(super) struct Step {
    transaction: Value,
    signer: Option<usize>,
    salt: Option<usize>,
    keys: Value,
    /// Place and previous hash, where they are not the right ones.
    place: Map<String, Value>,
    edits: Vec<(&'static str, Option<Value>)>,
}

impl Maker {
    pub(super) fn new(peer: &Peer<'_>) -> Result<Self, GenerateError> {
        let data = peer.json("rsa.json")?;
        let (all, imports) = (list(&data, "keys")?, list(&data, "imports")?);
        let find = |list: &[Value], member: &str, name: &str, encoding: &str| {
            let found = list.iter().find(|entry| entry.get(member).and_then(Value::as_str) == Some(name));
            bytes(found.ok_or_else(|| broken(name))?, encoding)
        };
        let mut ders = Vec::new();
        for id in [
            "1024/go",
            "1024/js-forge",
            "1024/js-webcrypto",
            "1024/js-node (openssl)",
            "2048/go",
            "2048/js-forge",
            "4096/go",
        ] {
            ders.push(find(all, "id", id, "pkcs8")?);
        }
        for name in ["RSA-1536 private", "RSA-3072 private", "RSA-2048 e=3 private"] {
            ders.push(find(imports, "name", name, "der")?);
        }
        let mut odd = BTreeMap::new();
        for case in imports.iter().filter(|case| case["kind"] == "public") {
            odd.insert(text(case, "name")?.to_owned(), bytes(case, "der")?);
        }
        Ok(Self { keys: ders.iter().map(|der| key(der)).collect::<Result<_, _>>()?, odd })
    }

    pub(super) fn key(&self, key: usize) -> Result<&Key, GenerateError> {
        self.keys.get(key).ok_or_else(|| broken("no such key"))
    }

    /// A device made by another one, or by itself.
    pub(super) fn creation(&self, device: &str, key: usize, by: (&str, usize), at: u64) -> Result<Step, GenerateError> {
        self.with_key("creation", device, key, by, at)
    }

    pub(super) fn renewal(&self, device: &str, new: usize, old: usize, at: u64) -> Result<Step, GenerateError> {
        self.with_key("renewal", device, new, (device, old), at)
    }

    pub(super) fn revocation(
        &self,
        device: &str,
        key: usize,
        by: (&str, usize),
        at: u64,
    ) -> Result<Step, GenerateError> {
        Ok(self.with_key("revocation", device, key, by, at)?.with("/expire_at", 0))
    }

    pub(super) fn server_revocation(&self, device: &str, key: usize, at: u64) -> Result<Step, GenerateError> {
        Ok(self.revocation(device, key, (device, key), at)?.by_server())
    }

    pub(super) fn members(&self, by: (&str, usize), members: &[&str], at: u64) -> Step {
        let operation = json!({ "type": "members", "members": members });
        Step::new(
            json!({
                "created_at": START + at, "expire_at": 0, "signer": { "user": "self", "device_id": by.0 }, "operation": operation,
            }),
            Some(by.1),
            json!([]),
        )
    }

    pub(super) fn removal(&self, members: &[&str], at: u64) -> Step {
        self.members((DEVICE_1, 0), members, at).with("/operation/type", "server-remove-members").by_server()
    }

    fn with_key(
        &self,
        kind: &str,
        device: &str,
        key: usize,
        by: (&str, usize),
        at: u64,
    ) -> Result<Step, GenerateError> {
        let created = START + at;
        let Key { spki, hash, .. } = self.key(key)?;
        let operation = json!({ "type": kind, "device": {
            "id": device, "encryption_pubkey_hash": encryption_hash(device, key), "signing_pubkey_hash": hash,
        } });
        let transaction = json!({
            "created_at": created, "expire_at": created + LIFE, "signer": { "user": "self", "device_id": by.0 },
            "operation": operation,
        });
        Ok(Step::new(transaction, Some(by.1), json!([spki])))
    }

    /// The blocks of a chain. Each follows upon the transaction before it as that was signed, whatever was edited afterwards.
    pub(super) fn chain(&self, steps: &[Step]) -> Result<Vec<Value>, GenerateError> {
        let mut blocks: Vec<Value> = Vec::new();
        let mut previous = String::new();
        for (position, step) in steps.iter().enumerate() {
            let mut transaction = step.transaction.clone();
            for (name, value) in [("position", json!(position)), ("previous_hash", json!(previous))] {
                transaction[name] = step.place.get(name).cloned().unwrap_or(value);
            }
            previous = hash(&transaction);
            blocks.push(self.block(step, transaction, &previous)?);
        }
        Ok(blocks)
    }

    fn block(&self, step: &Step, transaction: Value, hash: &str) -> Result<Value, GenerateError> {
        let signature = match step.signer {
            Some(signer) => self.signature(signer, hash.as_bytes(), step.salt)?,
            None => String::new(),
        };
        let mut block = json!({
            "transaction": transaction,
            "signature": { "protocol": "2", "hash": hash, "signature": signature },
            "extras": { "pubkeys": step.keys },
        });
        for (pointer, value) in &step.edits {
            set(&mut block, pointer, value.clone());
        }
        Ok(block)
    }

    /// A signature with a salt that the message decides, the longest one by default.
    pub(super) fn signature(&self, key: usize, message: &[u8], salt: Option<usize>) -> Result<String, GenerateError> {
        let private = &self.key(key)?.private;
        let length = salt.unwrap_or((private.bits() - 1).div_ceil(8) - 34);
        let label = hex::encode(digest(&SHA256, message));
        sign_with_salt(private, message, &expand(&label, length)).map(b64::encode).map_err(broken)
    }
}

fn key(der: &[u8]) -> Result<Key, GenerateError> {
    let private = PrivateKey::from_der(der).map_err(broken)?.key;
    let spki = private.public().to_spki();
    Ok(Key { pkcs8: b64::encode(der), hash: b64::encode(digest(&SHA256, &spki)), spki: b64::encode(spki), private })
}

impl Step {
    fn new(transaction: Value, signer: Option<usize>, keys: Value) -> Self {
        Self { transaction, signer, salt: None, keys, place: Map::new(), edits: Vec::new() }
    }

    /// Another value in the transaction, before it is hashed and signed.
    pub(super) fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        set(&mut self.transaction, pointer, Some(value.into()));
        self
    }

    /// Another position or previous hash, before it is hashed and signed.
    pub(super) fn placed(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.place.insert(name.to_owned(), value.into());
        self
    }

    /// Another value in the block, after it was signed.
    pub(super) fn edited(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.edits.push((pointer, Some(value.into())));
        self
    }

    /// A member of the block taken away after it was signed.
    pub(super) fn removed(mut self, pointer: &'static str) -> Self {
        self.edits.push((pointer, None));
        self
    }

    pub(super) fn keys(mut self, keys: &[&str]) -> Self {
        self.keys = json!(keys);
        self
    }

    pub(super) fn signed_by(mut self, key: usize) -> Self {
        self.signer = Some(key);
        self
    }

    pub(super) fn salted(mut self, length: usize) -> Self {
        self.salt = Some(length);
        self
    }

    pub(super) fn by_server(mut self) -> Self {
        self.signer = None;
        self.keys = json!([]);
        self.with("/signer", json!({ "user": "server", "device_id": "" }))
    }
}

fn set(target: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    if let Some(Value::Object(parent)) = target.pointer_mut(parent) {
        match value {
            Some(value) => parent.insert(name.to_owned(), value),
            None => parent.remove(name),
        };
    }
}

/// A hash for an encryption key that nobody has: chains do not hold these keys.
pub(super) fn encryption_hash(device: &str, key: usize) -> String {
    b64::encode(digest(&SHA256, format!("encryption key {key} of {device}").as_bytes()))
}

/// The text that is hashed: the recognised fields, sorted, without white space (SIG-10, SIG-11).
pub(super) fn canonical(transaction: &Value) -> String {
    let member = |pointer: &str| transaction.pointer(pointer).unwrap_or(&Value::Null).to_string();
    let device = match transaction.pointer("/operation/device/id").and_then(Value::as_str) {
        None | Some("") => String::new(),
        Some(_) => format!(
            r#""device":{{"encryption_pubkey_hash":{},"id":{},"signing_pubkey_hash":{}}},"#,
            member("/operation/device/encryption_pubkey_hash"),
            member("/operation/device/id"),
            member("/operation/device/signing_pubkey_hash"),
        ),
    };
    let members = match transaction.pointer("/operation/type").and_then(Value::as_str) {
        Some("members" | "server-remove-members") => format!(r#""members":{},"#, member("/operation/members")),
        _ => String::new(),
    };
    format!(
        r#"{{"created_at":{},"expire_at":{},"operation":{{{device}{members}"type":{}}},"position":{},"previous_hash":{},"signer":{{"device_id":{},"user":{}}}}}"#,
        member("/created_at"),
        member("/expire_at"),
        member("/operation/type"),
        member("/position"),
        member("/previous_hash"),
        member("/signer/device_id"),
        member("/signer/user"),
    )
}

pub(super) fn hash(transaction: &Value) -> String {
    hex::encode(digest(&SHA256, canonical(transaction).as_bytes()))
}

/// The state after a valid chain.
pub(super) fn state(blocks: &[Value]) -> Result<State, GenerateError> {
    let mut devices: BTreeMap<String, Device> = BTreeMap::new();
    let mut members: Vec<String> = Vec::new();
    let mut hashes = Vec::new();
    for block in blocks {
        let transaction = block.get("transaction").unwrap_or(&Value::Null);
        let text = |pointer: &str| transaction.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let users = || -> Vec<String> {
            let users = transaction.pointer("/operation/members").and_then(Value::as_array);
            users.into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase).collect()
        };
        hashes.push(hash(transaction));
        let id = text("/operation/device/id").to_lowercase();
        match text("/operation/type").as_str() {
            "creation" | "renewal" => {
                let device = Device {
                    device: id.clone(),
                    encryption_key_hash: Some(text("/operation/device/encryption_pubkey_hash")),
                    signing_key_hash: text("/operation/device/signing_pubkey_hash"),
                    expire_at: transaction["expire_at"].as_u64().ok_or_else(|| broken("expire_at"))?,
                    revoked: false,
                };
                devices.insert(id, device);
            }
            "revocation" => {
                devices.get_mut(&id).ok_or_else(|| broken("an unknown device"))?.revoked = true;
            }
            "members" => members = users(),
            _ => {
                let removed = users();
                members.retain(|member| !removed.contains(member));
            }
        }
    }
    members.sort();
    members.dedup();
    Ok(State { devices: devices.into_values().collect(), members, hashes })
}
