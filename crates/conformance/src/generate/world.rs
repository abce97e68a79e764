//! Sessions, private keys and records for the vectors about session keys: each session has an id and a key by its name.

use super::envelope::sealed;
use super::peer::Peer;
use super::rsa::{checked, private, wrapped};
use super::{GenerateError, broken, expand};
use crate::kinds::session_resolve::{Input, OverKey, Record, RecordKind, Secret};
use sealwright_types::b64;
use sealwright_wrap::PrivateKey;
use serde_json::{Value, json};

/// Private keys with their texts: mine, another one of mine, a group's, a stranger's.
pub(super) struct World {
    pub(super) texts: Vec<String>,
    pub(super) keys: Vec<PrivateKey>,
}

pub(super) const MINE: usize = 0;
pub(super) const ALSO_MINE: usize = 1;
pub(super) const GROUP: usize = 2;
pub(super) const STRANGER: usize = 3;

/// The id of a name: random-looking, version 4.
pub(super) fn id(name: &str) -> String {
    let mut hexadecimal = hex::encode(expand(&format!("id of {name}"), 16));
    hexadecimal.replace_range(12..13, "4");
    hexadecimal.replace_range(16..17, "8");
    let part = |from: usize, to: usize| hexadecimal.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// The key of the session of this name.
pub(super) fn key(name: &str) -> Vec<u8> {
    expand(&format!("session key of {name}"), 64)
}

pub(super) fn text(kind: RecordKind, record: &Value) -> Record {
    Record { kind, text: record.to_string() }
}

impl World {
    pub(super) fn read(peer: &Peer<'_>) -> Result<Self, GenerateError> {
        let data = peer.json("rsa.json")?;
        let ids = ["1024/go", "1024/js-forge", "1024/js-webcrypto", "2048/go", "2048/js-forge", "2048/js-webcrypto"];
        let keys = ids.iter().map(|id| private(&data, id)).collect::<Result<Vec<_>, _>>()?;
        let (texts, keys) = keys.into_iter().unzip();
        Ok(Self { texts, keys })
    }

    pub(super) fn key(&self, place: usize) -> Result<&PrivateKey, GenerateError> {
        self.keys.get(place).ok_or_else(|| broken("a key"))
    }

    /// What somebody with the two keys of their own looks for.
    pub(super) fn looking_for(&self, session: &str, records: Vec<Record>) -> Input {
        let keys = self.texts.iter().take(2).cloned().collect();
        Input { session: id(session), keys, records, ..Input::default() }
    }

    /// A token of a session with some key inside.
    pub(super) fn token_with(&self, session: &str, key: &[u8], recipient: usize) -> Result<Record, GenerateError> {
        let recipient = self.key(recipient)?;
        let token = b64::encode(wrapped(recipient.public(), &format!("token of {session}"), &checked(key))?);
        let hash = recipient.hash().to_string();
        Ok(text(RecordKind::Token, &json!({ "sessionId": id(session), "createdForKeyHash": hash, "token": token })))
    }

    pub(super) fn token(&self, session: &str, recipient: usize) -> Result<Record, GenerateError> {
        self.token_with(session, &key(session), recipient)
    }

    pub(super) fn for_group(&self, session: &str) -> Result<Record, GenerateError> {
        but(self.token(session, GROUP)?, &[("deviceId", json!(id("group device")))])
    }

    /// The keys of the group, under the key of the session "message".
    pub(super) fn group(&self) -> Result<Record, GenerateError> {
        let der = self.key(GROUP)?.to_pkcs8();
        let sealed = b64::encode(sealed(&key("message"), "group key", der.expose())?);
        Ok(text(
            RecordKind::GroupKey,
            &json!({
                "groupId": id("group"), "deviceId": id("group device"), "messageId": id("message"),
                "encryptedEncryptionPrivateKey": sealed, "encryptedSigningPrivateKey": sealed,
            }),
        ))
    }
}

/// A record with more members, which replace what is there.
pub(super) fn but(mut record: Record, members: &[(&str, Value)]) -> Result<Record, GenerateError> {
    let mut value: Value = serde_json::from_str(&record.text).map_err(broken)?;
    for (name, member) in members {
        value[*name] = member.clone();
    }
    record.text = value.to_string();
    Ok(record)
}

/// A session's key under the key of a proxy session.
pub(super) fn proxy(session: &str, by: &str) -> Result<Record, GenerateError> {
    let data = b64::encode(sealed(&key(by), &format!("{session} by {by}"), &key(session))?);
    Ok(text(RecordKind::ProxyKey, &json!({ "sessionId": id(session), "proxySessionId": id(by), "data": data })))
}

pub(super) fn sym_enc_key(session: &str, under: &[u8]) -> Result<Record, GenerateError> {
    let data = b64::encode(sealed(under, &format!("SymEncKey of {session}"), &key(session))?);
    let by = id(&format!("SymEncKey of {session}"));
    Ok(text(RecordKind::SymEncKey, &json!({ "sessionId": id(session), "symEncKeyId": by, "data": data })))
}

pub(super) fn raw(session: &str) -> Secret {
    let sym_enc_key_id = id(&format!("SymEncKey of {session}"));
    Secret { sym_enc_key_id, password: None, raw_sym_key: Some(b64::encode(key("raw"))) }
}

pub(super) fn tmr_access(session: &str) -> Result<Record, GenerateError> {
    let data = b64::encode(sealed(&key("over"), &format!("access to {session}"), &key(session))?);
    let by = id(&format!("access to {session}"));
    Ok(text(RecordKind::TmrAccess, &json!({ "sessionId": id(session), "tmrAccessId": by, "data": data })))
}

pub(super) fn over(session: &str) -> OverKey {
    OverKey { tmr_access_id: Some(id(&format!("access to {session}"))), key: b64::encode(key("over")) }
}
