//! `message-seal`: writing text messages with a given IV.

use super::{Kind, Seen, code, good_key, iv, session};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_envelope::hazmat::seal_message_with_iv;
use serde::{Deserialize, Serialize};

pub(crate) struct MessageSeal;

/// Key and IV in base64, the session, the text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) iv: String,
    pub(crate) session: String,
    pub(crate) text: String,
}

/// The message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) message: String,
}

impl Kind for MessageSeal {
    const NAME: &'static str = "message-seal";
    const FAMILIES: &'static [&'static str] = &["MSG"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let (key, iv, session) = (good_key(&input.key)?, iv(&input.iv)?, session(&input.session)?);
        let got = seal_message_with_iv(&key, session, &iv, &input.text).map_err(code);
        Ok(vec![Seen::whole("seal", got.map(|message| Output { message }), |_| 0)])
    }
}
