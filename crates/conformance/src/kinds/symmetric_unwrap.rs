//! `symmetric-unwrap`: a session key wrapped under another symmetric key.

use super::{Kind, Seen, code, good_key};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_types::b64;
use sealwright_wrap::record::{ProxyKey, SymEncKeyRecord, TmrAccess, Wrapped};
use sealwright_wrap::symmetric;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) struct SymmetricUnwrap;

/// What kind of record the wrap stands in, the key that it is under in base64, and the wrap as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) record: Record,
    pub(crate) key: String,
    pub(crate) data: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record {
    Proxy,
    SymEncKey,
    TmrAccess,
}

/// The session's key in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Output {
    pub(crate) session_key: String,
}

/// Any ids: the wrap is not bound to them.
const ONE: &str = "5a221722-36c4-41ee-be56-0242ac120002";
const OTHER: &str = "00000000-0000-1000-a000-7ea300000018";

impl Kind for SymmetricUnwrap {
    const NAME: &'static str = "symmetric-unwrap";
    const FAMILIES: &'static [&'static str] = &["WRAP"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(Input { record, key, data }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let under = good_key(key)?;
        let got = wrapped(*record, data).and_then(|data| symmetric::unwrap(&data, &under).map_err(code));
        let released = got.as_ref().map_or(0, |key| key.expose().len() as u64);
        let got = got.map(|key| Output { session_key: b64::encode(key.expose()) });
        Ok(vec![Seen { door: "record, unwrap".into(), got, released }])
    }
}

fn wrapped(record: Record, data: &str) -> Result<Wrapped, &'static str> {
    fn read<T: for<'de> Deserialize<'de>>(record: Value) -> Result<T, &'static str> {
        serde_json::from_value(record).map_err(|_| "malformed")
    }
    Ok(match record {
        Record::Proxy => read::<ProxyKey>(json!({ "message_id": ONE, "proxy_message_id": OTHER, "data": data }))?.data,
        Record::SymEncKey => {
            read::<SymEncKeyRecord>(json!({ "message_id": ONE, "sym_enc_key_id": ONE, "data": data }))?.data
        }
        Record::TmrAccess => read::<TmrAccess>(json!({ "message_id": ONE, "tmr_key_id": ONE, "token": data }))?.data,
    })
}
