//! Whose keys are these: the signed history of a user's devices or a group's members, verified, compared with a key ring, and continued.
//!
//! ```
//! use sealwright_sigchain::{Author, Chain, Mode, NewDevice, Verified};
//! use sealwright_types::DeviceId;
//! use sealwright_wrap::{KeySize, PrivateKey};
//!
//! let (encryption, signing) = (PrivateKey::generate(KeySize::Rsa2048)?, PrivateKey::generate(KeySize::Rsa2048)?);
//! let (now, device) = (1_795_289_567, DeviceId::random()?);
//! let author = Author { device, key: &signing };
//! let new = NewDevice { id: device, encryption_key: encryption.hash(), signing_key: signing.public() };
//! let built = Verified::empty(Mode::Normal).next(now).creation(author, new)?;
//!
//! let text = serde_json::to_string(&[&built.block])?;
//! let verified = Chain::from_json(&text)?.verify(now, Mode::Normal)?;
//! assert_eq!(verified.device(device).and_then(|device| device.encryption_key), Some(encryption.hash()));
//! assert_eq!(verified.hash(None), built.chain.hash(None));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec/SIGCHAIN.md) | where |
//! |---|---|
//! | SIG-01..03 shape | [`Chain`], [`Block`] |
//! | SIG-10, SIG-11 hash | [`Block::computed_hash`] |
//! | SIG-12, SIG-13, SIG-20..40 **the ordered checks: `verify.rs`, `Run::block`** | [`verify()`], [`Check`] |
//! | SIG-50..52 key ring | [`Verified::check_keyring`] |
//! | SIG-53 comparison, growth | [`Verified::hash`], [`Verified::find`], [`Verified::grow`], [`verify_trusting`] |
//! | SIG-54 who may receive keys | [`Verified::may_receive`] |
//! | SIG-60..62 writing | [`Next`] |
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod block;
mod build;
mod chain;
mod fault;
mod flattened;
mod grow;
mod hash;
mod keyring;
mod object;
mod shape;
mod verified;
mod verify;

pub use block::Block;
pub use build::{Author, BuildError, Built, DEFAULT_LIFE, LONGEST_LIFE, NewDevice, Next};
pub use chain::{Chain, NotAChain};
pub use fault::{Check, Fault};
pub use grow::{GrowError, Trusted, verify_trusting};
pub use hash::{BlockHash, BlockHashError, HashMismatch};
pub use keyring::{Expired, KeyringFault, Owner, RingDevice};
pub use verified::{Change, Device, Entry, SignedBy, Verified};
pub use verify::{Mode, verify};
