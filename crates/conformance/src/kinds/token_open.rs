//! `token-open`: a session key wrapped for one of several private keys.

use super::{Kind, Seen, code, private_key};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_session::{Keyring, UnknownHash};
use sealwright_types::b64;
use sealwright_wrap::record::DeviceToken;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

pub(crate) struct TokenOpen;

/// Private keys as PKCS#8 in base64; the hash that stands beside the token or null; the token as it is written in a record; whether all
/// keys are tried where none has the hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Input {
    pub(crate) keys: Vec<String>,
    pub(crate) created_for_key_hash: Option<String>,
    pub(crate) token: String,
    pub(crate) try_all_keys: bool,
}

/// The session's key in base64, and the hash of the key that opened the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Output {
    pub(crate) session_key: String,
    pub(crate) opened_by: String,
}

/// Any session: the token does not say which one it belongs to.
const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";

impl Kind for TokenOpen {
    const NAME: &'static str = "token-open";
    const FAMILIES: &'static [&'static str] = &["EMK"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let keys = input.keys.iter().map(|key| private_key(key).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let (hash, token) = (&input.created_for_key_hash, &input.token);
        let records = [
            ("bundle", json!({ "sessionId": SESSION, "createdForKeyHash": hash, "token": token })),
            ("api", json!({ "message_id": SESSION, "created_for_key_hash": hash, "encrypted_message_key": token })),
        ];
        let unknown = if input.try_all_keys { UnknownHash::TryAll } else { UnknownHash::Stop };
        // The order of the keys carries no meaning.
        let orders = [("", keys.clone()), (", keys backwards", keys.into_iter().rev().collect())];
        let mut seen = Vec::new();
        for (order, keys) in orders {
            let mut keyring = Keyring::default();
            keys.into_iter().for_each(|key| keyring.add(key, None));
            for (spelling, record) in &records {
                let got = open(&keyring, record.clone(), unknown);
                let released = got.as_ref().map_or(0, |(length, _)| *length);
                let got = got.map(|(_, output)| output);
                seen.push(Seen { door: format!("record as in the {spelling}{order}"), got, released });
            }
        }
        Ok(seen)
    }
}

fn open(keyring: &Keyring, record: serde_json::Value, unknown: UnknownHash) -> Result<(u64, Output), &'static str> {
    let token: DeviceToken = serde_json::from_value(record).map_err(|_| "malformed")?;
    let opened = keyring.open(&token, unknown).map_err(code)?;
    let key = opened.key.expose();
    let output = Output { session_key: b64::encode(key), opened_by: opened.by.key.hash().to_string() };
    Ok((key.len() as u64, output))
}
