//! `session new`: a fresh session key.

use super::write_session;
use crate::console::Console;
use crate::failure::Failure;
use crate::output::Output;
use sealwright::session::SerializedSession;
use sealwright::{SessionId, SymKey};
use serde::Serialize;

/// Make a new session: a random key of 64 bytes, written as a serialised session.
///
/// Whoever has the serialised session can read and write everything that is encrypted for it. A file is readable by its owner only.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The id of the session; without it, a random one.
    #[arg(long, value_name = "ID")]
    session_id: Option<SessionId>,
    /// Where to write the serialised session; without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<Output>,
}

/// With `serialized`, also a record of `session-keys.jsonl` of a bundle.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made<'a> {
    session_id: SessionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    serialized: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let random = || Ok((arguments.session_id.map_or_else(SessionId::random, Ok)?, SymKey::generate()?));
    let (id, key) = random().map_err(|error: sealwright::types::random::RandomError| Failure::of(&error))?;
    let session = SerializedSession { id, key, details: None };
    match &arguments.output {
        Some(Output::Path(target)) => {
            write_session(target, &session, console)?;
            let output = Some(target.display().to_string());
            console.value(&Made { session_id: id, serialized: None, output })
        }
        Some(Output::Standard) | None => {
            console
                .warning("secret", "what is printed is a secret: whoever has it can read everything of this session");
            let text = session.to_text();
            console.line(text.expose())?;
            console.value(&Made { session_id: id, serialized: Some(text.expose()), output: None })
        }
    }
}
