//! Commitments: hashes that bind a value to a process and a label, and that name blobs (PROC-20..24).

use crate::name::Field;
use crate::outpoint::Outpoint;
use crate::seal::{AttributeKey, OpenError, Salt, open};
use crate::tagged::{hash, length};
use crate::text::Commitment;
use crate::value::{Undecodable, Value};
use sealwright_types::Coded;

/// A private attribute could not be read: what a blob, a key and a commitment give together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The blob does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It opens, but holds no value of this profile.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// It holds a value that the commitment does not belong to (PROC-23).
    #[error("the value is not the one that was committed to (PROC-23)")]
    CommitmentMismatch,
}

impl Coded for ReadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Undecodable(error) => error.code(),
            Self::CommitmentMismatch => "commitment-mismatch",
        }
    }
}

/// Commits to an encoded value under a label of a process; blinded if there is a salt (section 5).
///
/// ```text
/// plain   = TH("commit",         outpoint36 ‖ lp(label) ‖ u64 LE length of value ‖ value)
/// blinded = TH("commit-blinded", outpoint36 ‖ lp(label) ‖ u64 LE length of value ‖ value ‖ salt32)
/// ```
///
/// Whoever sees a plain commitment to a value of low entropy can find the value by guessing: blind these (PROC-22).
pub fn commit(process: &Outpoint, label: &Field, encoded: &[u8], salt: Option<&Salt>) -> Commitment {
    let label = label.as_str().as_bytes();
    let (tag, salt) = match salt {
        None => ("commit", &[][..]),
        Some(salt) => ("commit-blinded", salt.expose().as_slice()),
    };
    let size = (encoded.len() as u64).to_le_bytes();
    Commitment::from_bytes(hash(tag, &[&process.to_bytes(), &length(label), label, &size, encoded, salt]))
}

/// What a private attribute is sealed and committed with.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    /// The process, whatever the state.
    pub process: &'a Outpoint,
    /// The attribute.
    pub label: &'a Field,
    /// What the state says about its value.
    pub commitment: Commitment,
    /// The key of the blob.
    pub key: &'a AttributeKey,
    /// The salt of a blinded commitment.
    pub salt: Option<&'a Salt>,
    /// The blob.
    pub blob: &'a [u8],
}

impl Sealed<'_> {
    /// Opens, decodes, and compares the commitment; nothing is given before all three are done (PROC-23).
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(&self) -> Result<Value, ReadError> {
        let encoded = open(self.key, self.blob)?;
        let value = Value::decode(encoded.expose())?;
        if commit(self.process, self.label, encoded.expose(), self.salt) != self.commitment {
            return Err(ReadError::CommitmentMismatch);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        let process = crate::example::process();
        let [doc, title] = ["doc", "title"].map(|name| name.parse::<Field>().unwrap());
        let hello = Value::binary("text/plain", b"hello").unwrap().encode();
        let plain = commit(&process, &doc, hello.expose(), None);
        assert_eq!(plain.to_string(), "aa6d8358d0c78f9818814a9a0877ee2ff34a869feabde8f23d1d28826cd7e93b");
        let blinded = commit(&process, &doc, hello.expose(), Salt::from_slice(&[0xff; 32]).as_ref());
        assert_eq!(blinded.to_string(), "1dd9a94219f08c5ee1f947e77c3fb85f4ea3ad1401f91b2cb777fbfeffe1f07b");
        let e = Value::json("\"é\"").unwrap().encode();
        let title = commit(&process, &title, e.expose(), None);
        assert_eq!(title.to_string(), "6442bd57d981881106ac8469138b4393032ebfa8f7b6125a268c603221fa49c8");
    }
}
