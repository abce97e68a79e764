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
//! | SES-10, SES-11, SES-22 routes and their order | [`Route`], [`Resolver::resolve`] |
//! | PROXY-01..05, PROXY-08 | [`Resolver`], [`ProxyDepth`] |
//! | GRP-02..04 group keys, SEK-01, KDF-30, TMR-01, TMR-02 | [`Records`] |
//! | SIG-50..54, SES-31 keys for verified recipients | [`Recipients`], [`wrap_for`] |
//! | EGR-04, EGR-20, EGR-21 planning | [`Resolver::prefer_shared_proxies`], [`Resolver::promising`] |

mod closed;
mod cost;
mod flow;
mod keyring;
mod records;
mod resolver;
mod route;
mod serialized;
mod verified;

pub use closed::{Closed, Reason};
pub use flow::{Flow, Generation};
pub use keyring::{Candidate, Keyring, NoToken, Opened, UnknownHash};
pub use records::{OverEncryptionKey, PasswordOrKey, Records, SymEncKeySecret};
pub use resolver::{Policy, ProxyDepth, Resolved, Resolver, Revoked};
pub use route::Route;
pub use serialized::{RetrievalDetails, SerializedSession, Through};
pub use verified::{RecipientDevice, RecipientError, Recipients, wrap_for, wrap_unverified};
