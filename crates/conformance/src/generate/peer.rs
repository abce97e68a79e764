//! The peers' data, as the generator reads them.

use super::GenerateError;
use sealwright_types::b64;
use serde_json::Value;
use std::path::Path;

pub(super) struct Peer<'a> {
    pub(super) root: &'a Path,
}

impl Peer<'_> {
    pub(super) fn json(&self, name: &str) -> Result<Value, GenerateError> {
        let path = format!("peer/{name}");
        let text = std::fs::read_to_string(self.root.join(&path));
        let text = text.map_err(|error| GenerateError::Io(path.clone(), error))?;
        // serde_json has no text with half a surrogate; the JavaScript peer wrote U+FFFD for the one that is there.
        let text = text.replace("\\ud800", "\\ufffd");
        serde_json::from_str(&text).map_err(|error| GenerateError::Peer(format!("{path}: {error}")))
    }

    /// The bytes of a file, and its path from the directory of the vectors.
    pub(super) fn file(&self, name: &str) -> Result<(Vec<u8>, String), GenerateError> {
        let path = format!("peer/{name}");
        let bytes = std::fs::read(self.root.join(&path)).map_err(|error| GenerateError::Io(path.clone(), error))?;
        Ok((bytes, path))
    }
}

pub(super) fn list<'a>(value: &'a Value, member: &str) -> Result<&'a Vec<Value>, GenerateError> {
    value.get(member).and_then(Value::as_array).ok_or_else(|| missing(member))
}

pub(super) fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str, GenerateError> {
    value.get(member).and_then(Value::as_str).ok_or_else(|| missing(member))
}

pub(super) fn number(value: &Value, member: &str) -> Result<u64, GenerateError> {
    value.get(member).and_then(Value::as_u64).ok_or_else(|| missing(member))
}

/// The bytes of a member in base64.
pub(super) fn bytes(value: &Value, member: &str) -> Result<Vec<u8>, GenerateError> {
    b64::decode_strict(text(value, member)?).map_err(|_| missing(member))
}

fn missing(member: &str) -> GenerateError {
    GenerateError::Peer(format!("{member} is missing"))
}
