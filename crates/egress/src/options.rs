//! What a caller decides about an egress, and how it hears of its progress.

use crate::fields::{Fields, SessionMap};
use crate::files::Files;
use crate::hashed::{ShortHash, short_hash};
use crate::place::Hasher;
use crate::shard::Shard;
use crate::sink::Sink;
use sealwright_session::{Policy, ProxyDepth, Revoked, UnknownHash};
use sealwright_types::SessionId;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

/// What a caller decides.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// How many threads work; all cores by default. The results do not depend on it (EGR-25).
    pub threads: Option<NonZero<usize>>,
    /// Whether tokens for unknown keys are tried with every key (EGR-26).
    pub unknown_hash: UnknownHash,
    /// Whether proxies are followed deeper than normal use does (EGR-21).
    pub proxies: ProxyDepth,
    /// Whether files that were never encrypted are copied to the output.
    pub copy_plain: bool,
    /// Whether a malformed record ends the run (EGR-03).
    pub strict: bool,
    /// Whether somebody has confirmed that the data of several users becomes readable (EGR-47).
    pub confirmed: bool,
    /// Which fields of records hold messages (EGR-13).
    pub fields: Fields,
    /// The sessions of sources that do not name them (EGR-11).
    pub session_map: SessionMap,
    /// The part of the egress that this run does (EGR-50); everything by default.
    pub shard: Option<Shard>,
    /// Whether [`merge`](crate::merge()) gives files of the shards a second name instead of copying them: what is changed in one place is then
    /// changed in both.
    pub hard_links: bool,
    /// How far the program has restricted itself, for the record of runs (EGR-46).
    pub sandbox: Option<String>,
    /// The file system; a test can let it fail.
    pub files: Files,
    /// Where outputs and keys go, and how.
    pub sink: Sink,
    /// Records of wrapped keys stay in memory up to so many bytes of their files; 64 MiB by default. More of them lie in an unlinked temporary
    /// file. The results do not depend on it (EGR-51).
    pub records_in_memory: Option<u64>,
    /// The directory of that file; the system's directory for temporary files by default.
    pub temporary: Option<PathBuf>,
}

impl Options {
    /// Revoked records are opened and reported (EGR-03).
    pub(crate) fn policy(&self) -> Policy {
        Policy { unknown_hash: self.unknown_hash, revoked: Revoked::Opened, proxies: self.proxies }
    }

    /// SHA-256 in hex over the options that decide which items open and what of them is written: parts of one egress have it in common. The
    /// sink is not in it, as an output knows its own.
    pub(crate) fn digest(&self) -> io::Result<String> {
        let Self { unknown_hash, proxies, copy_plain, fields, session_map, .. } = self;
        let decisive = Decisive {
            try_all_keys: *unknown_hash == UnknownHash::TryAll,
            follow_proxy_chains: *proxies == ProxyDepth::Chains,
            copy_plain: *copy_plain,
            fields: DecisiveFields::of(fields),
            sessions: session_map.sorted(),
        };
        let mut hasher = Hasher::new();
        serde_json::to_writer(&mut hasher, &decisive)?;
        Ok(hasher.finish().1)
    }

    /// What decides what is made of sources that are read.
    pub(crate) fn decisions(&self) -> io::Result<Decisions> {
        let fields = serde_json::to_vec(&DecisiveFields::of(&self.fields))?;
        let sessions = serde_json::to_vec(&self.session_map.sorted())?;
        let copied = [u8::from(self.copy_plain)];
        Ok(Decisions {
            plain: short_hash(&[&copied]),
            records: short_hash(&[&fields]),
            archives: short_hash(&[&copied, &fields, &sessions]),
        })
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
    }
}

/// Hashes of the options that decide what is made of a source, by what it is. Those that only find more keys are in none: what was open with
/// them stays so without them. Nor is the session that is named for a source: it stands in the state of that source alone.
#[derive(Debug)]
pub(crate) struct Decisions {
    pub(crate) plain: ShortHash,
    pub(crate) records: ShortHash,
    pub(crate) archives: ShortHash,
}

/// What [`Options::digest`] is of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decisive<'a> {
    try_all_keys: bool,
    follow_proxy_chains: bool,
    copy_plain: bool,
    #[serde(flatten)]
    fields: DecisiveFields<'a>,
    /// Sources and their sessions.
    sessions: Vec<(&'a str, SessionId)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DecisiveFields<'a> {
    /// Pointers, columns, tables.
    fields: [BTreeSet<&'a String>; 3],
    session_field: Option<&'a str>,
    binary_field: Option<&'a str>,
}

impl<'a> DecisiveFields<'a> {
    fn of(fields: &'a Fields) -> Self {
        let Fields { pointers, columns, tables, session, binary } = fields;
        Self {
            fields: [pointers, columns, tables].map(BTreeSet::from_iter),
            session_field: session.as_deref(),
            binary_field: binary.as_deref(),
        }
    }
}

/// What an egress is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Looking at what there is, in items.
    Scan,
    /// Unwrapping session keys, in sessions.
    Unlock,
    /// Decrypting, in bytes of input.
    Convert,
    /// Hashing outputs, in items.
    Verify,
}

/// Hears of the progress of an egress, from several threads.
pub trait Progress: Sync {
    /// A stage begins that has this much to do.
    fn stage(&self, stage: Stage, total: u64);
    /// So much more is done. Of a large item several times, while it is being read; over a stage it adds up to what there was to do.
    fn advance(&self, done: u64);
    /// Something that a person should know at once.
    fn note(&self, text: &str);
    /// Whether somebody wants the run to end soon. It is asked for before each item; those that were begun are finished.
    fn stopped(&self) -> bool {
        false
    }
}

/// Tells nobody.
impl Progress for () {
    fn stage(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
}
