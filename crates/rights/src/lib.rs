//! Who may read, forward and revoke: pure decisions on access records, each with its rule and in words. No key is ever seen here.
//!
//! ```
//! use sealwright_rights::*;
//!
//! let (ann, bob, session) = (User(1), User(2), Session(1));
//! let mut world = World::new(CachePolicy::Off);
//! world.add_user(ann, 1)?;
//! world.add_user(bob, 1)?;
//! let to_bob = Wanted { holder: Holder::User(bob), rights: None };
//! world.apply(Actor::User(ann), Handle::None, &Action::Create { session, records: vec![to_bob] })?;
//! // Bob may read and forward, but not revoke.
//! let denied = world.decide(Actor::User(bob), Handle::None, &Action::RevokeOthers { session }).unwrap_err();
//! assert_eq!(denied.name(), "RIGHT-53/g-v");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec/RIGHTS.md) | where |
//! |---|---|
//! | RIGHT-01..03 records | [`Access`], [`Acl`], [`World::add_record`] |
//! | RIGHT-04 pure and atomic | [`World::decide`], [`World::apply`] |
//! | DEF-01..11 rights not given | [`Wanted`] |
//! | RIGHT-10..13, RIGHT-16..18 paths and what they carry | [`Path`], [`World::effective`], [`World::grantable`], [`World::reads`], [`World::stands`] |
//! | RIGHT-17 the two right sets of proxies | [`Entry`], [`Passage`] |
//! | guards and codes | [`Guard`], [`Denied`] |
//! | RIGHT-20..81 the decision table | [`Action`], [`World::decide`] |
//! | RIGHT-54 no cascade | [`Acl::added_by_closure`] |
//! | INV-01..25 | proved over all small worlds by the tests |
//!
//! The rules say what a conforming service or application has to decide. No offline program can enforce them: whoever has a key has it.

mod acl;
mod action;
mod decide;
mod decision;
mod default;
mod explain;
#[cfg(feature = "fault-injection")]
pub mod fault;
#[cfg(not(feature = "fault-injection"))]
mod fault;
mod id;
mod path;
pub mod scenario;
mod set;
mod world;

pub use acl::{Access, Acl, Holder};
pub use action::{Action, Actor, Handle, Lookup, Wanted};
pub use decision::{Change, Denied, Grant, Guard, Outcome};
pub use id::{Devices, Group, Session, SymEncKey, TmrAccess, User};
pub use path::{Entry, Passage, Path};
pub use set::{NoRights, Rights};
pub use world::{BadWorld, CachePolicy, Members, Memory, World};
