//! Identities of the Seald formats: who somebody is, which private keys they have, and every way back to these.
//!
//! ```
//! use sealwright_identity::Identity;
//! use sealwright_types::{DeviceId, UserId};
//! use sealwright_wrap::KeySize;
//!
//! let identity = Identity::generate(UserId::random()?, DeviceId::random()?, KeySize::Rsa2048)?;
//! let document = identity.to_bson();
//! let read = Identity::from_bson(document.expose())?;
//! assert_eq!(read.identity.encryption_keys().next().map(|key| key.hash()), Some(identity.current().encryption.hash()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec/IDENTITY.md) | where |
//! |---|---|
//! | IDN-01..03, IDN-10..25 the document | [`Identity::from_bson`], [`Identity::to_bson`] |
//! | IDN-30, IDN-31 old keys | [`Identity::encryption_keys`] |
//! | IDN-40..43 prepared renewal | [`Identity::prepare_renewal`], [`Identity::adopt_prepared`], [`Identity::discard_prepared`] |
//! | DB-01..05, DB-10, DB-11, DB-20..28 databases on disk | [`localdb::nedb`] |
//! | DB-30, DB-31 databases of browsers | [`localdb::exported`] |
//! | GOFS-01..03 files of the Go SDK | [`localdb::go`] |
//! | SSKS-01..13 two-man rule | [`two_man_rule`] |
//! | ADM-01 administrators' backups | [`admin_backup::open`] |
//! | IDN-50 login | [`LoginChallenge`] |
//! | JWT-01 tokens of an application's server | `jwt` (feature `jwt`) |
//!
//! | rule (docs/spec/DERIVATION.md) | where |
//! |---|---|
//! | BLOB-01, BLOB-02, BLOB-05, BLOB-14 password protection | [`ssks::password`] |
//! | BLOB-03, BLOB-04 two-man rule | [`ssks::two_man_rule`] |
//! | BLOB-10 salted or not | [`ssks::password::open_undecided`], [`ssks::two_man_rule::open_undecided`] |
//! | BLOB-11..13 length, base64, empty slots | [`ssks::Blob`], [`ssks::BlobError`] |
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

pub mod admin_backup;
mod document;
mod identity;
#[cfg(feature = "jwt")]
pub mod jwt;
mod latin1;
pub mod localdb;
mod login;
pub mod ssks;
pub mod two_man_rule;

pub use document::{Read, Warning};
pub use identity::{Identity, IdentityError, KeyPair, PreparedError, Use};
pub use login::{BadChallenge, LoginChallenge};
