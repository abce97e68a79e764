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
//! | SIG-50..54, SES-31 keys for verified recipients | [`Recipients`], [`wrap_for`] |
//! | EMK-02, SES-30, SES-31 tokens for devices | [`wrap_for_unverified`] |
//! | PROXY-01..03, PROXY-05, PROXY-08 opening | [`Resolver`], [`ProxyDepth`] |
//! | PROXY-04, PROXY-05 adding: **only a [`DirectKey`] becomes a proxy** | [`DirectKey::add_as_proxy_of`] |
//! | SEK-01..04, ANON-01, KDF-30 | [`SymEncKey`], [`BearerSession`], [`AnonymousSession`] |
//! | TMR-01..03 | [`create_tmr_access`], [`retrieve_by_tmr`], [`convert_tmr_accesses`] |
//! | GRP-01..08, GRP-20, GRP-21, GTK-01..04 | [`group`] |
//! | CACHE-01, CACHE-02 | [`SessionCache`] |
//! | EGR-04, EGR-20, EGR-21, EGR-26 planning | [`Resolver::plan`], [`Resolver::expect`], [`Resolver::promising`] |
//! | EGR-51 records outside of memory | [`RecordStore`] |

mod anonymous;
mod cache;
mod closed;
mod cost;
mod flow;
pub mod group;
mod keyring;
mod planning;
mod proxy;
mod records;
mod resolver;
mod route;
mod serialized;
mod share;
mod sharing;
mod slots;
mod store;
mod sym_enc_key;
mod tmr;
mod verified;
mod ways;

pub use anonymous::AnonymousSession;
pub use cache::{CachedSession, Revocation, SessionCache, TimeToLive};
pub use closed::{Closed, Reason};
pub use cost::{Costs, Work};
pub use flow::{Flow, Generation};
pub use group::{GroupError, OpenedGroup};
pub use keyring::{Candidate, Keyring, NoToken, Opened, UnknownHash};
pub use planning::{Expectation, Promise, Prospect};
pub use proxy::{DirectKey, ProxyAddition, ProxyError};
pub use records::{OverEncryptionKey, PasswordOrKey, Records, SymEncKeySecret};
pub use resolver::{Policy, ProxyDepth, Resolved, Resolver, Revoked};
pub use route::Route;
pub use serialized::{RetrievalDetails, SerializedSession, Through};
pub use share::{ShareError, UnverifiedDevice, wrap_for_unverified};
pub use store::{MemoryStore, RecordStore};
pub use sym_enc_key::{BearerSession, SymEncKey, SymEncKeyError};
pub use tmr::{
    AfterConversion, ConvertedAccess, IfMultiple, TmrConversion, TmrError, TmrFilter, TmrSession, convert_tmr_accesses,
    create_tmr_access, retrieve_by_tmr,
};
pub use verified::{RecipientDevice, RecipientError, Recipients, wrap_for};
