//! Process data on disk: the stores of `sealwright-process` in an embedded database, and pairwise secrets in an envelope.
//!
//! ```no_run
//! use sealwright_process::{load_process, process_ids};
//! use sealwright_process_store::Disk;
//!
//! let store = Disk::open("home/store.redb".as_ref())?;
//! for id in process_ids(&store)? {
//!     let process = load_process(&store, &id)?;
//!     println!("{id}: {} states", process.map_or(0, |process| process.states().len()));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | rule (docs/spec) | where |
//! |---|---|
//! | PROC-73, 80, 81 stores that change as a whole | [`Disk`] |
//! | PROC-93 secrets in an envelope | [`seal_secrets`], [`open_secrets`] |

mod disk;
mod secrets;

pub use disk::{Disk, DiskTransaction};
pub use secrets::{SecretsError, open_secrets, seal_secrets};
