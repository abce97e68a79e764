//! Process data: records that several members share, with private attributes under keys of their own, commitments, roles and votes.
//!
//! This is the profile `sealwright-process-1` (docs/spec/PROCESS.md): it implements the documented model of 4NK and is **not** compatible with
//! 4NK's bytes, which are not public to us. Nothing here has a clock or does I/O.
//!
//! ```
//! use sealwright_process::{Author, Sealed, create, input, Roles};
//!
//! let process = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f:1".parse()?;
//! let alice = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f:0".parse()?;
//! let roles = Roles::from_input(&format!(
//!     r##"{{"owner":{{"members":["{alice}"],"rules":[{{"device_quorum":0,"fields":["#roles","price"],"quorum":10000}}]}}}}"##
//! ))?;
//! let (private, public) = (input::attributes(r#"{"price":42}"#)?, input::attributes(r#"{"title":"Offer"}"#)?);
//! let blinded = ["price".parse()?].into();
//! let author = Author { member: alice, keep_creator_keys: false };
//! let made = create(process, &private, &public, roles, &blinded, author)?;
//!
//! let state = &made.process.states()[0];
//! let price = "price".parse()?;
//! let commitment = state.commitment(&price).ok_or("there is a price")?;
//! let sealed = Sealed {
//!     process: &process,
//!     label: &price.clone().into(),
//!     commitment,
//!     key: state.key(&price).ok_or("alice may read it")?,
//!     salt: state.salt(&price),
//!     blob: &made.blobs[&commitment],
//! };
//! assert_eq!(sealed.read()?.as_json(), Some("42"));
//! state.prove(&price.into()).ok_or("it is in the state")?.verify(&commitment, &state.id())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec) | where |
//! |---|---|
//! | PROC-02 names | [`Name`], [`Field`] |
//! | PROC-03..06 values | [`Value`], [`input`] |
//! | PROC-10..12 sealing | [`seal`], [`open`], [`AttributeKey`] |
//! | PROC-20..24 commitments | [`commit`], [`Sealed::read`] |
//! | PROC-30, 31 roles | [`Roles`] |
//! | PROC-40, 41 state id and proofs | [`state_id`], [`Proof`] |
//! | PROC-50..52 entitlement | [`Roles::allow`], [`Roles::recipients`], [`Author`] |
//! | PROC-60..66 quorum and votes | [`Fraction`], [`Ballot`], [`accept`], [`secp256k1`] |
//! | PROC-70..73 states, processes, results | [`State`], [`Process`], [`ProcessView`], [`apply`] |
//! | PROC-80, 81 blob service | [`blobs`] |
//! | PROC-90..94 members, secrets | [`Device`], [`Peers`], [`PairwiseSecrets`], [`Secrets`] |
//! | PROC-95..98 shares, requests, connections | [`KeyShare`], [`Holder`], [`missing_connections`] |
//! | PROC-100..104 create and update | [`create`], [`update`] |
//! | PROC-97, 110, 111 retrieval | [`Reader`], [`Reason`] |
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod apply;
pub mod blobs;
mod change;
mod commitment;
mod connection;
#[cfg(test)]
mod example;
#[cfg(feature = "hazmat")]
pub mod hazmat;
pub mod input;
mod json;
mod meet;
mod member;
mod name;
mod outpoint;
mod process;
mod receive;
mod retrieve;
mod roles;
mod seal;
#[cfg(feature = "secp256k1")]
pub mod secp256k1;
mod secrets;
mod share;
mod state;
mod storage;
mod tagged;
mod text;
mod tree;
mod value;
mod vote;

pub use apply::{ApplyError, apply, apply_instead, diffs, load_process, process_ids, replace_process, store_process};
pub use change::{Attributes, Author, Blobs, Change, ChangeError, Delta, Diff, ProcessResult, Update, create, update};
pub use commitment::{ReadError, Sealed, commit};
pub use connection::{ConnectionError, missing_connections};
pub use member::{BadAddress, Device, DeviceAddress, Member, NoHandshake, NotPaired, Peers};
pub use name::{BadName, Field, Name};
pub use outpoint::Outpoint;
pub use process::{Process, ProcessView, PublicValue, Stale, StateView};
pub use receive::{Package, Received, Receiver, receive};
pub use retrieve::{
    Answer, Clock, KeySource, ManualClock, NoPeers, Policy, Reader, Reason, Retrieved, Token, TokenCheck,
};
pub use roles::{BadFraction, Fraction, MemberId, Role, Roles, Rule};
pub use seal::{AttributeKey, OVERHEAD, OpenError, PairSecret, Salt, open, seal};
pub use secrets::{PairwiseSecrets, Secrets, SecretsNotRestored};
pub use share::{Holder, KeyRequest, KeyShare, ShareContext, ShareError};
pub use state::State;
pub use storage::{Memory, MemoryTransaction, Storage, StorageError, Table, Transaction};
pub use text::{Commitment, StateId, TextError};
pub use tree::{Class, Leaves, Proof, ProofRejected, Side, Step, prove, state_id};
pub use value::{Undecodable, Value, ValueError};
pub use vote::{
    AcceptError, BadSignature, Ballot, Directory, Electorate, Motion, Outcome, Signer, ValidationToken, Verifier, Vote,
    accept, decide,
};
