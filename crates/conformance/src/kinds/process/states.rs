//! `process-text`: reading the text of a process, and what of it may be listed.

use super::FAMILIES;
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::{Process, State};
use serde::{Deserialize, Serialize};

pub(crate) struct ProcessText;

/// The text of a process, keys included.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) text: String,
}

/// Ids of the states; names with keys; the listing, as JSON with sorted members, which has no place for keys, salts or opened values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) states: Vec<String>,
    pub(crate) keys: Vec<Vec<String>>,
    pub(crate) listing: serde_json::Value,
}

impl Kind for ProcessText {
    const NAME: &'static str = "process-text";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { text }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let got = Process::from_json(text.as_bytes()).map_err(code).and_then(|process| {
            // Written again it is the same, but for the case of digits (PROC-12).
            if !process.to_json().expose().eq_ignore_ascii_case(text.as_bytes()) {
                return Err("written-otherwise");
            }
            let keys = |state: &State| {
                state.private_names().filter(|name| state.key(name).is_some()).map(ToString::to_string).collect()
            };
            Ok(Output {
                states: process.states().iter().map(|state| state.id().to_string()).collect(),
                keys: process.states().iter().map(keys).collect(),
                listing: serde_json::to_value(process.view()).map_err(|_| "malformed")?,
            })
        });
        Ok(vec![Seen::whole("process", got, |_| 0)])
    }
}
