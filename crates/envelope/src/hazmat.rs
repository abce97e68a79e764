//! Sealing with a chosen IV, for vectors and tests. A repeated IV shows which plaintexts begin alike; a predictable one can show more.

use crate::envelope::{self, SealError};
use crate::file::{self, SealFileError};
use crate::key::SymKey;
use crate::message;
use crate::parts::{self, Authentication, Encryption};
use crate::stream::Sealer;
use sealwright_types::SessionId;
use std::io::{self, Read, Write};

/// As [`crate::seal`], with this IV.
///
/// # Errors
/// As [`crate::seal`].
pub fn seal_with_iv(key: &SymKey, iv: &[u8; 16], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    envelope::seal_with_iv(key, iv, plaintext)
}

/// As [`Sealer::new`], with this IV.
///
/// # Errors
/// As [`Sealer::new`].
pub fn sealer_with_iv<'k, W: Write>(key: &'k SymKey, iv: &[u8; 16], sink: W) -> io::Result<Sealer<'k, W>> {
    Sealer::with_iv(key, sink, *iv)
}

/// As [`message::seal`], with this IV.
///
/// # Errors
/// As [`crate::seal`].
pub fn seal_message_with_iv(key: &SymKey, session: SessionId, iv: &[u8; 16], text: &str) -> Result<String, SealError> {
    Ok(message::written(session, &envelope::seal_with_iv(key, iv, text.as_bytes())?))
}

/// As [`file::seal`], with this IV.
///
/// # Errors
/// As [`file::seal`].
pub fn seal_file_with_iv(
    key: &SymKey,
    session: SessionId,
    iv: &[u8; 16],
    name: &str,
    length: u64,
    content: impl Read,
    sink: impl Write,
) -> Result<(), SealFileError> {
    file::seal_through(session, name, length, content, sink, |sink| Sealer::with_iv(key, sink, *iv))
}

/// As [`parts::seal`], with this IV.
///
/// # Errors
/// As [`parts::seal`].
pub fn seal_in_parts_with_iv<'k, W: Write>(
    key: &'k SymKey,
    iv: &[u8; 16],
    sink: W,
) -> io::Result<(Encryption<'k>, Authentication<W>)> {
    parts::seal_with_iv(key, sink, *iv)
}
