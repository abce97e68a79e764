//! Being built.
#![allow(missing_docs, dead_code)]
mod bundle;
mod error;
mod lines;
mod options;
mod recover;
mod scan;
mod source;
mod vault;
pub use error::EgressError;
