//! The asymmetric half of the Seald formats: RSA keys, session keys wrapped for them, signatures, and the records that carry wrapped keys.
//!
//! ```
//! use sealwright_envelope::SymKey;
//! use sealwright_wrap::{KeySize, PrivateKey, unwrap, wrap};
//!
//! let identity = PrivateKey::generate(KeySize::Rsa2048)?;
//! let session_key = SymKey::generate()?;
//! let token = wrap(&session_key, identity.public())?;
//! assert_eq!(unwrap(&identity, &token)?.expose(), session_key.expose());
//!
//! let signature = identity.sign(b"challenge")?;
//! identity.public().verify(b"challenge", &signature)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec/KEYS.md) | where |
//! |---|---|
//! | KEY-01..14 import | [`PrivateKey::from_der`], [`PublicKey::from_der`] |
//! | KEY-20 generation | [`PrivateKey::generate`] |
//! | KEY-21 export | [`PrivateKey::to_pkcs8`], [`PublicKey::to_spki`] |
//! | KEY-22, KEY-23 comparison | [`KeyHash`] |
//! | OAEP-01..05 wrapping any message | [`oaep::wrap_bytes`], [`oaep::unwrap_bytes`] |
//! | EMK-01 session keys | [`wrap`], [`unwrap`] |
//! | EMK-03, WRAP-10, EGR-01, EGR-02 records | [`record`] |
//! | PSS-01, PSS-03 signing | [`PrivateKey::sign`] |
//! | PSS-02, PSS-04 verifying | [`PublicKey::verify`] |
//! | WRAP-01..03, WRAP-11 symmetric wraps | [`symmetric`] |
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod error;
mod hash;
#[cfg(feature = "hazmat")]
pub mod hazmat;
mod import;
mod key;
mod legacy;
mod modern;
pub mod oaep;
pub mod record;
pub mod symmetric;

pub use error::{BadSignature, EngineError, KeyError, UnwrapError, WrapError};
pub use hash::{KeyHash, KeyHashError};
pub use key::{Imported, KeySize, KeyWarning, PrivateKey, PublicKey};
pub use oaep::{unwrap, wrap};
