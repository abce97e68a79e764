//! A question holds what the test holds; bytes that stand in files are put in (CONF-02).

use super::AnyTest;
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use sealwright_types::b64;
use serde_json::{Value, json};

/// The member `in` of the question.
pub(super) fn of(test: &AnyTest, material: Material<'_>) -> Result<Value, LoadError> {
    put_in(&test.input, material)
}

fn put_in(value: &Value, material: Material<'_>) -> Result<Value, LoadError> {
    if let Some(binary) = binary(value) {
        return Ok(json!({ "base64": b64::encode(material.bytes(&binary)?) }));
    }
    Ok(match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| put_in(item, material)).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| Ok((name.clone(), put_in(value, material)?)));
            Value::Object(members.collect::<Result<_, LoadError>>()?)
        }
        other => other.clone(),
    })
}

/// Bytes as a vector file has them.
pub(super) fn binary(value: &Value) -> Option<Binary> {
    let members = value.as_object()?;
    let is_binary =
        members.len() == 4 && ["len", "sha256", "base64", "file"].iter().all(|name| members.contains_key(*name));
    if is_binary { serde_json::from_value(value.clone()).ok() } else { None }
}
