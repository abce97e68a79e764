//! The ground floor of Sealwright: identifiers, encodings, secret buffers, bounded readers and the convention for error codes.
//!
//! ```
//! use sealwright_types::{SessionId, b64};
//!
//! let id: SessionId = "5a221722-36c4-41ee-be56-0242ac120002".parse()?;
//! assert_eq!(id.to_s64(), "WiIXIjbEQe6+VgJCrBIAAg");
//! assert_eq!("WiIXIjbEQe6+VgJCrBIAAg".parse::<SessionId>()?, id);
//! assert_eq!(b64::decode_tolerant("aGVs bG8")?, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec) | where |
//! |---|---|
//! | B64-01 strict base64 | [`b64::decode_strict`] |
//! | B64-02 tolerant base64 | [`b64::decode_tolerant`], [`b64::decode_tolerant_secret`] |
//! | B64-03 writing | [`b64::encode`] |
//! | B64-04 S64 | [`b64::decode_s64`], [`b64::encode_s64`] |
//! | UUID-01..03 identifiers | [`SessionId`] and its siblings |
//! | FILE-03 bounded BSON | [`bson::Document`] |
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

pub mod b64;
pub mod bson;
mod code;
mod cursor;
mod id;
pub mod random;
mod secret;

pub use code::{Coded, Malformed, RuleId};
pub use cursor::{Cursor, Truncated};
pub use id::{
    AppId, DeviceId, GroupId, IdError, MessageId, SessionId, SymEncKeyId, TemporaryKeyId, TmrAccessId, UserId,
    ValidationKeyId,
};
pub use secret::{Secret, SecretString, SecretVec};

#[doc(hidden)]
pub use zeroize;
