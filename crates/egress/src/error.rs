//! Why an egress could not be carried out as a whole. What goes wrong with single items stands in the manifest instead.

use crate::shard::Shard;
use sealwright_types::Coded;
use std::io;
use std::path::{Path, PathBuf};

/// Why an egress stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// The path is no bundle.
    #[error("{} is not a bundle: {reason}", .path.display())]
    NotABundle {
        /// What was given.
        path: PathBuf,
        /// What is missing or wrong.
        reason: &'static str,
    },
    /// The output directory lies inside what is read, a bundle or a shard, or that inside it: the run would read what it writes.
    #[error("{} and what is read lie inside each other", .output.display())]
    OutputInsideBundle {
        /// The output directory.
        output: PathBuf,
    },
    /// Another run is writing to the same output (EGR-40).
    #[error("another run is writing to {}", .output.display())]
    Locked {
        /// The output directory.
        output: PathBuf,
    },
    /// Identities of more than one user are in use and nobody has confirmed that this is meant (EGR-47).
    #[error("this bundle opens the data of {users} users: a server-side egress has to be confirmed (EGR-47)")]
    NotConfirmed {
        /// How many users' identities were recovered.
        users: usize,
    },
    /// A record cannot be read, and `strict` was asked for (EGR-03).
    #[error("{record} is malformed and nothing malformed was to be accepted (EGR-03)")]
    MalformedRecord {
        /// File and line.
        record: String,
    },
    /// The manifest of the output cannot be read.
    #[error("{} line {line} is not a manifest line", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The line, from one.
        line: u64,
    },
    /// The output holds another part of an egress than the one that was asked for (EGR-50).
    #[error("{} holds {}: a part of an egress has an output of its own", .output.display(), shown(.holds.as_ref()))]
    OtherShard {
        /// The output directory.
        output: PathBuf,
        /// The shard that it holds; everything if none.
        holds: Option<Shard>,
    },
    /// The output is not what a run leaves that has come to its end (EGR-43).
    #[error("{}: {reason}", .output.display())]
    NotFinished {
        /// The output directory.
        output: PathBuf,
        /// What is missing or wrong.
        reason: &'static str,
    },
    /// The directory holds no finished shard (EGR-33).
    #[error("{}: {reason}", .path.display())]
    NotAShard {
        /// What was given.
        path: PathBuf,
        /// What is missing or wrong.
        reason: &'static str,
    },
    /// The shards are not one egress (EGR-33).
    #[error("{0}")]
    Shards(String),
    /// Somebody wanted the run to end. What is finished is published, and the same run goes on from there (EGR-43).
    #[error("interrupted: what is finished stays")]
    Interrupted,
    /// The output was begun with another sink, for others, or for another session.
    #[error("{} was written for {former}, this run is for {wanted}", .output.display())]
    OtherSink {
        /// The output directory.
        output: PathBuf,
        /// What it was written for.
        former: String,
        /// What was asked for.
        wanted: String,
    },
    /// The passphrase is not the one that the output was begun with.
    #[error("{} does not open under this passphrase", .path.display())]
    WrongPassphrase {
        /// The file that it should open.
        path: PathBuf,
    },
    /// Where the keys should go there is a file that no run into this output has written.
    #[error("{} is not of this output and is not overwritten", .path.display())]
    KeysOutTaken {
        /// The file.
        path: PathBuf,
    },
    /// The file for the keys would be part of what is read.
    #[error("{} lies inside the bundle", .path.display())]
    KeysOutInsideBundle {
        /// The file.
        path: PathBuf,
    },
    /// The file for the keys would be part of the output, which has names of its own.
    #[error("{} lies inside the output", .path.display())]
    KeysOutInsideOutput {
        /// The file.
        path: PathBuf,
    },
    /// A file of the output is missing, or is not what the manifest says.
    #[error("{} is missing or is not what the manifest says", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Something else has the name that a file is to get.
    #[error("{} is in the way: it was not written by this command", .path.display())]
    InTheWay {
        /// What is there.
        path: PathBuf,
    },
    /// A file of the bundle or of the output failed.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Coded for EgressError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotABundle { .. } => "not-a-bundle",
            Self::OutputInsideBundle { .. } => "output-inside-bundle",
            Self::Locked { .. } => "locked",
            Self::NotConfirmed { .. } => "confirmation-needed",
            Self::MalformedRecord { .. } | Self::Manifest { .. } => "malformed",
            Self::OtherShard { .. } => "other-shard",
            Self::NotFinished { .. } => "not-finished",
            Self::NotAShard { .. } => "not-a-shard",
            Self::Shards(_) => "shards-incomplete",
            Self::InTheWay { .. } => "exists",
            Self::Interrupted => "interrupted",
            Self::OtherSink { .. } => "other-sink",
            Self::WrongPassphrase { .. } => "rejected",
            Self::KeysOutTaken { .. } => "exists",
            Self::KeysOutInsideBundle { .. } => "output-inside-bundle",
            Self::KeysOutInsideOutput { .. } => "keys-inside-output",
            Self::Changed { .. } => "output-changed",
            Self::Io { .. } => "io",
        }
    }
}

impl EgressError {
    /// Says what was tried with which file, for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// What an output holds.
fn shown(shard: Option<&Shard>) -> String {
    shard.map_or_else(|| "an egress without shards".to_owned(), |shard| format!("shard {shard}"))
}
