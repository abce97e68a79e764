//! The vectors of the house, as far as they are needed here.

use sealwright_types::b64;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Why a vector could not be read: says which and what.
pub type Failure = Box<dyn std::error::Error>;

/// A test of a vector file.
pub struct Vector {
    /// Its id.
    pub id: String,
    /// Whether the operation has to succeed.
    pub valid: bool,
    test: Value,
}

/// All tests of a file below `vectors/`.
///
/// # Errors
/// The file is missing or not a vector file.
pub fn vectors(file: &str) -> Result<Vec<Vector>, Failure> {
    let text = std::fs::read(directory().join(file))?;
    let content: Value = serde_json::from_slice(&text)?;
    let tests = content["tests"].as_array().ok_or("no tests")?;
    let vector = |test: &Value| Vector {
        id: test["id"].as_str().unwrap_or_default().to_owned(),
        valid: test["result"] == "valid",
        test: test.clone(),
    };
    Ok(tests.iter().map(vector).collect())
}

impl Vector {
    /// A text at a JSON pointer such as `/in/user`.
    ///
    /// # Errors
    /// There is none.
    pub fn text(&self, pointer: &str) -> Result<&str, Failure> {
        let text = self.test.pointer(pointer).and_then(Value::as_str);
        text.ok_or_else(|| format!("{}: no text at {pointer}", self.id).into())
    }

    /// A whole number at a JSON pointer.
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.test.pointer(pointer)?.as_u64()
    }

    /// Bytes at a JSON pointer: base64, or an object that holds it or names a file.
    ///
    /// # Errors
    /// There are none.
    pub fn bytes(&self, pointer: &str) -> Result<Vec<u8>, Failure> {
        if let Ok(file) = self.text(&format!("{pointer}/file")) {
            return Ok(std::fs::read(directory().join(file))?);
        }
        let text = self.text(pointer).or_else(|_| self.text(&format!("{pointer}/base64")))?;
        b64::decode_strict(text).map_err(|error| format!("{}: {pointer}: {error}", self.id).into())
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}
