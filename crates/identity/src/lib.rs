//! Identities of the Seald formats: the document that holds a person's private keys.
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
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod document;
mod identity;
mod latin1;

pub use document::{Read, Warning};
pub use identity::{Identity, IdentityError, KeyPair, Use, WrongCurrentKey};
