//! Whether an answer is what the test says (CONF-03..05).

use super::AnyTest;
use super::question::binary;
use super::shim::Reply;
use crate::binary::Binary;
use sealwright_types::b64;
use serde::Deserialize;
use serde_json::Value;

/// How an answer differs.
#[derive(Debug)]
pub(super) struct Difference {
    /// What a list of divergences calls it: the code, `valid`, or `released`.
    pub(super) answer: String,
    /// In words.
    pub(super) why: String,
}

/// `None` if the answer is as expected.
pub(super) fn difference(test: &AnyTest, reply: &Reply) -> Option<Difference> {
    let (answer, as_expected, released) = match reply {
        Reply::Unsupported { .. } => return None,
        Reply::Valid { output, released } => {
            ("valid".to_owned(), test.output.as_ref().is_some_and(|wanted| same(wanted, output)), released)
        }
        Reply::Invalid { error, released } => (error.clone(), test.error.as_ref() == Some(error), released),
    };
    if !as_expected {
        return Some(Difference { why: format!("expected {}, answered {}", wanted(test), shown(reply)), answer });
    }
    let allowed = match reply {
        Reply::Invalid { .. } => Some(0),
        _ => test.released.map(|released| released.len),
    };
    match (allowed, released) {
        (Some(allowed), Some(released)) if *released > allowed => Some(Difference {
            answer: "released".to_owned(),
            why: format!("{released} bytes of plaintext were released, {allowed} are allowed"),
        }),
        _ => None,
    }
}

fn wanted(test: &AnyTest) -> String {
    match (&test.error, &test.output) {
        (Some(error), None) => error.clone(),
        (None, Some(output)) => format!("valid {}", cut(&output.to_string())),
        (error, _) => format!("valid or {}", error.as_deref().unwrap_or_default()),
    }
}

fn shown(reply: &Reply) -> String {
    match reply {
        Reply::Valid { output, .. } => format!("valid {}", cut(&output.to_string())),
        Reply::Invalid { error, .. } => error.clone(),
        Reply::Unsupported { reason } => reason.clone(),
    }
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 400;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Bytes by length and hash, numbers by value, everything else as it stands (CONF-04).
fn same(wanted: &Value, answered: &Value) -> bool {
    if let Some(wanted) = binary(wanted) {
        return described(answered).is_some_and(|answered| answered == wanted);
    }
    match (wanted, answered) {
        (Value::Array(wanted), Value::Array(answered)) => {
            wanted.len() == answered.len()
                && wanted.iter().zip(answered).all(|(wanted, answered)| same(wanted, answered))
        }
        (Value::Object(wanted), Value::Object(answered)) => {
            let member =
                |(name, wanted): (&String, &Value)| answered.get(name).is_some_and(|answered| same(wanted, answered));
            wanted.len() == answered.len() && wanted.iter().all(member)
        }
        (Value::Number(wanted), Value::Number(answered)) => wanted == answered || wanted.as_f64() == answered.as_f64(),
        _ => wanted == answered,
    }
}

/// Bytes as a shim gives them.
#[derive(Deserialize)]
struct Given {
    base64: Option<String>,
    len: Option<u64>,
    sha256: Option<String>,
}

fn described(answered: &Value) -> Option<Binary> {
    let given: Given = serde_json::from_value(answered.clone()).ok()?;
    match given {
        Given { base64: Some(text), .. } => b64::decode_strict(text).ok().map(|bytes| Binary::of(&bytes)),
        Given { len: Some(len), sha256: Some(sha256), .. } => Some(Binary { len, sha256, base64: None, file: None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bytes_are_compared_by_length_and_hash_and_all_else_exactly() {
        let wanted = json!({ "a": Binary::of(b"abc"), "b": [1, { "c": null }] });
        let hash = Binary::of(b"abc").sha256;
        for right in [
            json!({ "a": { "base64": "YWJj" }, "b": [1, { "c": null }] }),
            json!({ "b": [1.0, { "c": null }], "a": { "len": 3, "sha256": hash } }),
            json!({ "a": Binary::of(b"abc"), "b": [1, { "c": null }] }),
        ] {
            assert!(same(&wanted, &right), "{right}");
        }
        for wrong in [
            json!({ "a": { "base64": "YWJk" }, "b": [1, { "c": null }] }),
            json!({ "a": { "base64": "YWJj=" }, "b": [1, { "c": null }] }),
            json!({ "a": { "len": 4, "sha256": hash }, "b": [1, { "c": null }] }),
            json!({ "a": { "len": 3 }, "b": [1, { "c": null }] }),
            json!({ "a": { "base64": "YWJj" }, "b": [{ "c": null }, 1] }),
            json!({ "a": { "base64": "YWJj" }, "b": [1, {}] }),
            json!({ "a": { "base64": "YWJj" }, "b": [1, { "c": null }], "d": 1 }),
            json!("YWJj"),
        ] {
            assert!(!same(&wanted, &wrong), "{wrong}");
        }
    }
}
