//! The symmetric half of the Seald formats: keys, envelopes, streams, text messages and file containers.
//!
//! ```
//! use sealwright_envelope::{SymKey, file, message};
//! use sealwright_types::SessionId;
//! use std::io::{Cursor, Read as _};
//!
//! let (key, session) = (SymKey::generate()?, SessionId::random()?);
//! let text = message::seal(&key, session, "see the file")?;
//! assert_eq!(message::open_text(&key, session, &text)?, "see the file");
//!
//! let mut container = Vec::new();
//! file::seal(&key, session, "note.txt", 5, &b"hello"[..], &mut container)?;
//! let header = file::inspect(&mut Cursor::new(&container))?;
//! let mut opened = file::open(&key, &header, Cursor::new(&container), file::SingleEntry::Only)?;
//! let mut content = String::new();
//! opened.read_to_string(&mut content)?;
//! assert_eq!((header.session, content.as_str()), (session, "hello"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec/ENVELOPE.md) | where |
//! |---|---|
//! | ENV-01..03 keys | [`SymKey`] |
//! | ENV-04..08 the envelope; **the MAC is checked in `envelope.rs`, `Authentic::check`** | [`seal`], [`open`], [`open_in_place`] |
//! | ENV-09 streams; **the MAC is checked in `stream.rs`, `last_chunk`, and in `parts.rs`, `Reading::next`** | [`stream`], [`parts`] |
//! | MSG-01..23 | [`message`] |
//! | FILE-01..20, FILE-30, FILE-31, HTML-01..05, OLD-05 | [`mod@file`] |
//! | TAR-01..21 | [`file::Entries`], [`file::TarError`] |
//! | TAR-22, FILE-32 names; **sanitised in `name.rs`, `safe`** | [`name`] |
//! | OLD-01..04 | [`legacy`] |
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod carrier;
mod envelope;
pub mod file;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod header;
mod key;
pub mod legacy;
pub mod message;
pub mod name;
mod paired;
pub mod parts;
pub mod stream;
mod tar;

pub use envelope::{OpenError, SHORTEST, SealError, open, open_in_place, seal, sealed_length};
pub use key::{KeyLengthError, SymKey};
