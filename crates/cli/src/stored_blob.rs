//! Identities as SSKS stores them: blobs in files, raw or as base64 text (docs/spec/DERIVATION.md section 5).

use crate::failure::Failure;
use crate::input::Input;
use sealwright::identity::ssks::Blob;
use sealwright::kdf::StoredSalt;

/// As base64 text, with a line break here and there.
const LONGEST: u64 = 2 * Blob::LONGEST as u64;

/// Reads a blob. Text is tried first: a sealed identity never looks like base64.
pub(crate) fn read(input: &Input) -> Result<Blob, Failure> {
    let content = input.read(LONGEST)?;
    let text = std::str::from_utf8(content.expose()).ok().map(Blob::from_base64);
    let blob = match text {
        Some(Ok(blob)) => Ok(blob),
        Some(Err(error)) => Err(error),
        None => Blob::from_bytes(content.expose().to_vec()),
    };
    blob.map_err(|error| Failure::of(&error).hint_for("malformed", HINT).at(input))
}

/// The salt at the beginning of a blob.
pub(crate) fn salt(input: &Input) -> Result<StoredSalt, Failure> {
    read(input)?.salt().map_err(|error| Failure::of(&error).hint_for("malformed", HINT).at(input))
}

/// What a stored identity is.
pub(crate) const HINT: &str = "a stored identity is what SSKS gives as `data_b64`: the base64 of an envelope, behind a salt of 32 bytes if it was sealed with a \
                    password";
