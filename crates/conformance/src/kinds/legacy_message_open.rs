//! `legacy-message-open`: text messages of the oldest form.

use super::{Kind, Seen, code, good_key};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use sealwright_envelope::legacy::{LegacyKey, LegacyMessage};
use sealwright_types::b64;
use serde::{Deserialize, Serialize};

pub(crate) struct LegacyMessageOpen;

/// Key in base64, and the message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) message: String,
}

/// The session that the message names or else null; the wrapped keys that it carries, in base64; the plaintext.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) session: Option<String>,
    pub(crate) tokens: Vec<String>,
    pub(crate) plaintext: Binary,
}

impl Kind for LegacyMessageOpen {
    const NAME: &'static str = "legacy-message-open";
    const FAMILIES: &'static [&'static str] = &["OLD"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let key = good_key(&input.key)?;
        let got = LegacyMessage::parse(&input.message).map_err(code).and_then(|message| {
            let plaintext = Binary::of(&message.open(&key).map_err(code)?);
            let (session, tokens) = match message.key {
                LegacyKey::Session(session) => (Some(session.to_string()), Vec::new()),
                LegacyKey::Tokens(tokens) => (None, tokens.iter().map(b64::encode).collect()),
            };
            Ok(Output { session, tokens, plaintext })
        });
        Ok(vec![Seen::whole("parse, open", got, |output| output.plaintext.len)])
    }
}
