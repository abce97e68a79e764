//! Sealwright: the formats of the Seald end-to-end-encryption system, read and written offline. One dependency that brings everything.
//!
//! Independent and not affiliated with Seald. No network anywhere; no clock, thread or file but in [`egress`] and [`process_store`]: bytes go in, bytes come out.
//!
//! # A guided tour
//!
//! A *session* is what data is encrypted for: an id, and a symmetric key of 64 bytes.
//!
//! ```
//! use sealwright::{SessionId, SymKey};
//!
//! let (key, session) = (SymKey::generate()?, SessionId::random()?);
//! # let _ = (key, session);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With it, texts become *messages*, JSON that can stand in any text field, and files become *containers*:
//!
//! ```
//! use sealwright::envelope::{file, message};
//! use sealwright::{SessionId, SymKey};
//! use std::io::{Cursor, Read as _};
//!
//! # let (key, session) = (SymKey::generate()?, SessionId::random()?);
//! let text = message::seal(&key, session, "see the file")?;
//! assert_eq!(message::session_id(&text)?, session);
//! assert_eq!(message::open_text(&key, session, &text)?, "see the file");
//!
//! let mut container = Vec::new();
//! file::seal(&key, session, "note.txt", 5, &b"hello"[..], &mut container)?;
//! let header = file::inspect(&mut Cursor::new(&container))?;
//! header.expect_session(session)?;
//! let mut content = String::new();
//! // The MAC over the whole container has been checked when `open` returns; nothing is released before.
//! file::open(&key, &header, Cursor::new(&container), file::SingleEntry::Only)?.read_to_string(&mut content)?;
//! assert_eq!(content, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A person is an *identity*: a user id, a device id, and RSA keys. The session's key is wrapped for each device that may read; that is a
//! *token*. A *keyring* holds the private keys at hand and knows which of them opens a token:
//!
//! ```
//! use sealwright::identity::Identity;
//! use sealwright::session::{Keyring, UnknownHash};
//! use sealwright::wrap::record::DeviceToken;
//! use sealwright::wrap::{KeySize, wrap};
//! use sealwright::{DeviceId, SessionId, SymKey, UserId};
//!
//! # let (key, session) = (SymKey::generate()?, SessionId::random()?);
//! let alice = Identity::generate(UserId::random()?, DeviceId::random()?, KeySize::Rsa2048)?;
//! let recipient = alice.current().encryption.public();
//! let token = DeviceToken {
//!     session_id: session,
//!     device_id: Some(alice.device()),
//!     created_for_key_hash: Some(recipient.hash()),
//!     token: wrap(&key, recipient)?.into(),
//!     revoked: false,
//! };
//!
//! let exported = alice.to_bson();
//! let alice = Identity::from_bson(exported.expose())?.identity;
//! let mut keyring = Keyring::default();
//! keyring.add_identity(&alice);
//! let opened = keyring.open(&token, UnknownHash::Stop)?;
//! assert_eq!(opened.key.expose(), key.expose());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A session can also travel as text, the key inside. Whoever has that text can read everything of the session:
//!
//! ```
//! use sealwright::session::{Generation, SerializedSession};
//! use sealwright::{SessionId, SymKey};
//!
//! # let (key, session) = (SymKey::generate()?, SessionId::random()?);
//! let text = SerializedSession { id: session, key, details: None }.to_text();
//! let read = SerializedSession::from_text(text.expose(), Generation::Current)?;
//! assert_eq!(read.id, session);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Whose key is it that a session's key is wrapped for? A *sigchain* says: the signed history of a user's devices or a group's members. Once it is
//! verified, [`session::wrap_for`] wraps for the devices that it vouches for, and for no others:
//!
//! ```
//! use sealwright::session::{RecipientDevice, Recipients, wrap_for};
//! use sealwright::sigchain::{Author, Expired, Mode, NewDevice, Owner, Verified};
//! use sealwright::wrap::{KeySize, PrivateKey};
//! use sealwright::{DeviceId, SessionId, SymKey};
//!
//! # let (key, session) = (SymKey::generate()?, SessionId::random()?);
//! # let (encryption, signing) = (PrivateKey::generate(KeySize::Rsa2048)?, PrivateKey::generate(KeySize::Rsa2048)?);
//! # let (now, id) = (1_795_289_567, DeviceId::random()?);
//! let author = Author { device: id, key: &signing };
//! let new = NewDevice { id, encryption_key: encryption.hash(), signing_key: signing.public() };
//! let chain = Verified::empty(Mode::Normal).next(now).creation(author, new)?.chain;
//!
//! let device =
//!     RecipientDevice { id, encryption_key: encryption.public().clone(), signing_key: signing.hash(), revoked: false };
//! let bob = Recipients::verified(&chain, &[device], Owner::User, now, Expired::Refused)?;
//! assert_eq!(wrap_for(&bob, session, &key)?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With files, everything at once: a *bundle* of data, wrapped keys and identities is decrypted into a tree of clear files by
//! [`egress::run`].
//!
//! # The rooms
//!
//! | module | what it is for |
//! |---|---|
//! | [`types`] | identifiers, encodings, secret buffers, the convention for error codes |
//! | [`envelope`] | symmetric keys and what they seal: envelopes, streams, messages, file containers |
//! | [`rights`] | who may read, forward and revoke: decisions on records, with rule and reason |
//! | [`wrap`] | RSA keys, wrapped session keys, signatures, the records that carry wrapped keys |
//! | [`kdf`] | every password-based derivation |
//! | [`identity`] | identity documents: who am I, which private keys |
//! | [`sigchain`] | whose keys are these: the signed history of a user's devices or a group's members |
//! | [`session`] | which key opens this: keyrings, routes, serialised sessions; what recipients and groups need to open it |
//! | [`process`] | process data, a separate system: private attributes, commitments, roles, votes, key shares |
//! | [`process_store`] | process data on disk |
//! | [`egress`] | bulk offline decryption, with threads and files |
//!
//! Every error has a stable [`code`](Coded::code). What could serve an attacker as an oracle is one variant, `rejected`, without detail.

pub use sealwright_egress as egress;
pub use sealwright_envelope as envelope;
pub use sealwright_identity as identity;
pub use sealwright_kdf as kdf;
pub use sealwright_process as process;
pub use sealwright_process_store as process_store;
pub use sealwright_rights as rights;
pub use sealwright_session as session;
pub use sealwright_sigchain as sigchain;
pub use sealwright_types as types;
pub use sealwright_wrap as wrap;

pub use sealwright_envelope::SymKey;
pub use sealwright_types::{AppId, Coded, DeviceId, GroupId, SessionId, UserId};

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
