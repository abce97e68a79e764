//! `serialized-session`: sessions that travel as text.

use super::{Kind, Seen, code};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_session::{Flow, Generation, SerializedSession, Through};
use sealwright_types::b64;
use serde::{Deserialize, Serialize};

pub(crate) struct Serialized;

/// The text. Numbers of flows are those of JS and GO10.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) text: String,
}

/// The session, its key in base64, how it was retrieved, and the text as it is written again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Output {
    pub(crate) session: String,
    pub(crate) key: String,
    pub(crate) flow: FlowName,
    pub(crate) through: Option<By>,
    pub(crate) from_cache: bool,
    pub(crate) written: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FlowName {
    Created,
    Direct,
    Group,
    Proxy,
    Local,
    SymEncKey,
    Tmr,
    Unknown,
}

/// What a session was retrieved through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct By {
    pub(crate) kind: Way,
    pub(crate) id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Way {
    Group,
    Proxy,
    SymEncKey,
}

impl Kind for Serialized {
    const NAME: &'static str = "serialized-session";
    const FAMILIES: &'static [&'static str] = &["SER"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { text }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let got = SerializedSession::from_text(text, Generation::Current).map(|session| output(&session));
        Ok(vec![Seen::whole("read", got.map_err(code), |_| 0)])
    }
}

fn output(session: &SerializedSession) -> Output {
    let by = |kind, id: String| By { kind, id };
    Output {
        session: session.id.to_string(),
        key: b64::encode(session.key.expose()),
        flow: match session.flow() {
            Flow::Created => FlowName::Created,
            Flow::Direct => FlowName::Direct,
            Flow::Group => FlowName::Group,
            Flow::Proxy => FlowName::Proxy,
            Flow::Local => FlowName::Local,
            Flow::SymEncKey => FlowName::SymEncKey,
            Flow::Tmr => FlowName::Tmr,
            _ => FlowName::Unknown,
        },
        through: session.details.and_then(|details| details.through).map(|through| match through {
            Through::Group(id) => by(Way::Group, id.to_string()),
            Through::Proxy(id) => by(Way::Proxy, id.to_string()),
            Through::SymEncKey(id) => by(Way::SymEncKey, id.to_string()),
        }),
        from_cache: session.details.is_some_and(|details| details.from_cache),
        written: session.to_text().expose().to_owned(),
    }
}
