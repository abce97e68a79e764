//! `session show`: what a serialised session says.

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::key_file;
use sealwright::session::{RetrievalDetails, Through};
use sealwright::types::{SecretString, SymEncKeyId, b64};
use sealwright::{GroupId, SessionId};
use serde::Serialize;

/// Show what a serialised session says: its id, and how it was retrieved. The key stays hidden.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file with a serialised session; `-` is standard input.
    file: Input,
    /// Print the key too.
    #[arg(long)]
    expose: bool,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    session_id: Option<SessionId>,
    flow: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<GroupId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_session_id: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sym_enc_key_id: Option<SymEncKeyId>,
    from_cache: bool,
    key_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let session = key_file::read_serialized(&arguments.file)?;
    let key = arguments.expose.then(|| SecretString::from(b64::encode(session.key.expose())));
    let key = key.as_ref().map(SecretString::expose);
    let RetrievalDetails { flow, through, from_cache } =
        session.details.unwrap_or(RetrievalDetails { flow: session.flow(), through: None, from_cache: false });
    let mut shown = Shown {
        session_id: Some(session.id),
        flow: flow.as_str(),
        from_cache,
        key_bytes: session.key.expose().len(),
        key,
        ..Shown::default()
    };
    let mut rows = vec![("session", session.id.to_string()), ("flow", shown.flow.to_owned())];
    match through {
        Some(Through::Group(id)) => {
            shown.group_id = Some(id);
            rows.push(("group", id.to_string()));
        }
        Some(Through::Proxy(id)) => {
            shown.proxy_session_id = Some(id);
            rows.push(("proxy", id.to_string()));
        }
        Some(Through::SymEncKey(id)) => {
            shown.sym_enc_key_id = Some(id);
            rows.push(("SymEncKey", id.to_string()));
        }
        None => {}
    }
    rows.push(("cached", if from_cache { "yes" } else { "no" }.to_owned()));
    for (name, value) in rows {
        console.line(format_args!("{name:9} {value}"))?;
    }
    match key {
        Some(key) => console.line(format_args!("{:9} {key}", "key"))?,
        None => console.line(format_args!("{:9} {} bytes, hidden (--expose prints it)", "key", shown.key_bytes))?,
    }
    console.value(&shown)
}
