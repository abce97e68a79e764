//! Bytes in a vector file: small ones inside, large ones in a file of their own, all of them with length and hash.

use crate::check::LoadError;
use ring::digest::{SHA256, digest};
use sealwright_types::b64;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path};

/// Bytes longer than this stand in a file of their own.
pub(crate) const LONGEST_INLINE: usize = 4_096;

/// Bytes. As an input they stand in `base64` or in `file`; an output may be given by length and hash alone.
///
/// Two of them are equal when length and hash are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binary {
    /// How many.
    pub len: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// The bytes in strict base64.
    pub base64: Option<String>,
    /// A file that holds them: its path from the directory of the vectors, with `/`.
    pub file: Option<String>,
}

impl PartialEq for Binary {
    fn eq(&self, other: &Self) -> bool {
        (self.len, &self.sha256) == (other.len, &other.sha256)
    }
}

impl Binary {
    /// Describes `bytes`, with the bytes themselves if they are few.
    pub fn of(bytes: &[u8]) -> Self {
        let base64 = (bytes.len() <= LONGEST_INLINE).then(|| b64::encode(bytes));
        let sha256 = hex::encode(digest(&SHA256, bytes));
        Self { len: bytes.len() as u64, sha256, base64, file: None }
    }

    /// Describes `bytes` that stand in a file.
    pub fn in_file(bytes: &[u8], file: String) -> Self {
        Self { base64: None, file: Some(file), ..Self::of(bytes) }
    }
}

/// The directory in which the files of large material stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Material<'a> {
    pub(crate) root: &'a Path,
}

impl Material<'_> {
    /// The bytes, checked against length and hash.
    pub(crate) fn bytes(&self, binary: &Binary) -> Result<Vec<u8>, LoadError> {
        let bytes = match (&binary.base64, &binary.file) {
            (Some(text), None) => b64::decode_strict(text).map_err(|_| LoadError::material("not strict base64"))?,
            (None, Some(file)) => self.read(file)?,
            _ => return Err(LoadError::material("not exactly one of base64 and file")),
        };
        if bytes.len() as u64 != binary.len || hex::encode(digest(&SHA256, &bytes)) != binary.sha256 {
            return Err(LoadError::material("bytes of another length or hash than the file says"));
        }
        Ok(bytes)
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, LoadError> {
        let path = Path::new(file);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(LoadError::material("a path that leaves the directory of the vectors"));
        }
        let path = self.root.join(path);
        std::fs::read(&path).map_err(|error| LoadError::io(&path, error))
    }
}

/// Bytes of a short field, in strict base64.
pub(crate) fn field(text: &str) -> Result<Vec<u8>, LoadError> {
    b64::decode_strict(text).map_err(|_| LoadError::material("not strict base64"))
}
