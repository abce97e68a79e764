//! Offline decryption of everything a customer owns: a bundle of encrypted data, wrapped keys and identities becomes a tree of clear files
//! with a manifest that accounts for every one of them.
//!
//! ```no_run
//! use sealwright_egress::{Options, plan, run, verify};
//! use std::path::Path;
//!
//! let (bundle, output) = (Path::new("bundle"), Path::new("clear"));
//! let options = Options::default();
//! println!("{} private-key operations", plan(bundle, &options, &())?.private_key_operations);
//! let summary = run(bundle, output, &options, &())?;
//! assert_eq!(summary.exit_status(), 0, "{} items stayed closed", summary.closed);
//! assert_eq!(verify(output, &options, &())?.exit_status(), 0);
//! # Ok::<(), sealwright_egress::EgressError>(())
//! ```
//!
//! The stages, each a module: `bundle` and `lines` read records, `recover` finds identities, `scan` looks at the data, `keys` reads
//! what leads to session keys, `plan` prepares and tells, `convert`, `records` and `messages` decrypt, `naming` and `place` give outputs
//! their names, `ledger` remembers, `run` holds it together, `verify` checks,
//! `report` tells how it ended, `merge` puts shards together, `diff` compares two outputs.
//!
//! | rule (docs/spec/EGRESS.md) | where |
//! |---|---|
//! | EGR-01..04 bundle | [`plan`], [`run`] |
//! | EGR-10, EGR-12, EGR-13 recognition | `scan`, `messages` |
//! | EGR-11, EGR-13, EGR-28 fields by name | [`Fields`], [`SessionMap`] |
//! | EGR-14, EGR-17..19 archives | `archive`, [`members`] |
//! | EGR-52..54 CSV, SQLite, compressed files | `record_files`, [`rewrite_records`] |
//! | EGR-15, EGR-16 identities | [`Attempt`], [`local_database`] |
//! | EGR-20..22 plan | [`Plan`] |
//! | EGR-25, EGR-26 unlocking | [`Options`] |
//! | EGR-27, EGR-28 conversion | [`run`] |
//! | EGR-30..32 **names: `naming.rs`; sanitised in `sealwright_envelope::name`** | [`run`] |
//! | EGR-33, EGR-50 shards | [`Shard`], [`merge()`] |
//! | EGR-40..43 ledger | [`Line`], [`Unopened`], [`verify()`], `finished` |
//! | EGR-51 bounded memory: **`store`, `needs`** | [`Options`] |
//! | EGR-45 statuses | [`Status`], [`Summary`] |
//! | SIG-20..39 many chains on all cores | [`verify_sigchains`] |
//! | EGR-47 confirmation | [`EgressError::NotConfirmed`] |

mod archive;
mod bundle;
mod convert;
mod csv_records;
mod diff;
mod done;
mod error;
mod fields;
mod files;
mod finished;
mod hashed;
mod keys;
mod keys_out;
mod ledger;
mod lines;
pub mod local_database;
mod merge;
mod messages;
mod meter;
mod naming;
mod needs;
mod options;
mod ordered;
mod pack;
mod pipeline;
mod place;
mod plan;
mod publish;
mod record_files;
mod records;
mod recover;
mod report;
mod run;
mod scan;
mod sequence;
mod session_keys;
mod shard;
mod sigchains;
mod single;
mod sink;
mod source;
mod spool;
mod sqlite;
mod store;
mod unopened_rows;
mod unpacked;
mod verify;
mod workers;

pub use diff::{Change, Comparison, Difference, diff};
pub use error::EgressError;
pub use fields::{Fields, SessionMap};
pub use files::{Action, Files, Verdict, Watch};
pub use ledger::{Line, Rows, Status, Unopened, Written};
pub use lines::MalformedRecord;
pub use merge::merge;
pub use options::{Options, Progress, Stage};
pub use pack::pack;
pub use pipeline::Sealer;
pub use plan::{Coverage, Covered, Expected, Plan, Sessions, Trials, Unreachable, plan};
pub use recover::{Attempt, Outcome};
pub use report::{
    BundleFacts, Fingerprint, Form, InputFile, Inputs, Items, Listed, Program, Report, ReportCoverage, Run, SizeClass,
    Summary, Tally, Unconverted, UserCoverage, Warning,
};
pub use run::run;
pub use session_keys::{KeySources, SessionKeys};
pub use shard::{Shard, ShardError};
pub use sigchains::verify_sigchains;
pub use single::{RecordFormat, members, rewrite_records};
pub use sink::recipients::{Recipient, RecipientError, Recipients};
pub use sink::session_ids::{SessionIds, SessionIdsError};
pub use sink::{KeysOut, Sink};
pub use verify::{Verification, verify};

pub use sealwright_session::{ProxyDepth, UnknownHash};
