//! Which key opens this: the private keys at hand, the routes to a session's key, and sessions that travel as text.
//!
//! ```
//! use sealwright_envelope::SymKey;
//! use sealwright_session::{Keyring, UnknownHash};
//! use sealwright_wrap::{KeySize, PrivateKey, record::DeviceToken, wrap};
//! use sealwright_types::SessionId;
//! use std::sync::Arc;
//!
//! let (mine, key) = (Arc::new(PrivateKey::generate(KeySize::Rsa2048)?), SymKey::generate()?);
//! let token = DeviceToken {
//!     session_id: SessionId::random()?,
//!     device_id: None,
//!     created_for_key_hash: Some(mine.hash()),
//!     token: wrap(&key, mine.public())?.into(),
//!     revoked: false,
//! };
//! let mut keyring = Keyring::default();
//! keyring.add(mine, None);
//! assert_eq!(keyring.open(&token, UnknownHash::Stop)?.key.expose(), key.expose());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec) | where |
//! |---|---|
//! | EMK-10..15 **which private key opens a token: `keyring.rs`, `Keyring::candidates`** | [`Keyring`] |
//! | SER-01..14 serialised sessions | [`SerializedSession`] |
//! | FLOW-01, FLOW-02 | [`Flow`] |
//! | SES-22 routes | [`Route`] |

mod flow;
mod keyring;
mod route;
mod serialized;

pub use flow::{Flow, Generation};
pub use keyring::{Candidate, Keyring, NoToken, Opened, UnknownHash};
pub use route::Route;
pub use serialized::{RetrievalDetails, SerializedSession, Through};
