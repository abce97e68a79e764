//! `message-open`: text messages.

use super::{Kind, Seen, code, good_key, session};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use sealwright_envelope::SymKey;
use sealwright_envelope::message::{self, Message};
use sealwright_types::SessionId;
use serde::{Deserialize, Serialize};

pub(crate) struct MessageOpen;

/// Key in base64; the session that the caller expects, null if none; the message; as what the caller wants it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) session: Option<String>,
    pub(crate) reading: Reading,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reading {
    /// Any bytes are good.
    Bytes,
    /// UTF-8 only.
    Text,
}

/// The session that the message names, and the plaintext.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) session: String,
    pub(crate) plaintext: Binary,
}

impl Kind for MessageOpen {
    const NAME: &'static str = "message-open";
    const FAMILIES: &'static [&'static str] = &["MSG"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let key = good_key(&input.key)?;
        let text = &input.message;
        Ok(match &input.session {
            None => unexpected(&key, text, input.reading),
            Some(expected) => {
                let expected = session(expected)?;
                let got = match input.reading {
                    Reading::Bytes => message::open(&key, expected, text),
                    Reading::Text => message::open_text(&key, expected, text).map(String::into_bytes),
                };
                vec![seen("open", got.map(|plaintext| (expected, plaintext)).map_err(code))]
            }
        })
    }
}

/// Without an expected session the message says which one it is.
fn unexpected(key: &SymKey, text: &str, reading: Reading) -> Vec<Seen<Output>> {
    let parsed = match Message::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![seen("parse", Err(code(error)))],
    };
    let id = parsed.session();
    let read = |plaintext: Vec<u8>| match reading {
        Reading::Text if std::str::from_utf8(&plaintext).is_err() => Err("not-utf8"),
        _ => Ok((id, plaintext)),
    };
    let opened = parsed.open(key).map_err(code).and_then(read);
    let in_place = parsed.into_plaintext(key).map_err(code).and_then(read);
    vec![seen("parse, open", opened), seen("parse, open in place", in_place)]
}

fn seen(door: &str, got: Result<(SessionId, Vec<u8>), &'static str>) -> Seen<Output> {
    let got =
        got.map(|(session, plaintext)| Output { session: session.to_string(), plaintext: Binary::of(&plaintext) });
    Seen::whole(door, got, |output| output.plaintext.len)
}
