//! Bundles of any size with known truth: every route, everything that stays closed, equal names, damaged files, rows of messages.
//!
//! The same shape and seed give the same sessions, keys, contents and fates; private keys, IVs and OAEP seeds are random.

mod check;
mod data;
mod secrets;

pub use check::{Difference, check};

use crate::inputs::Failure;
use ring::digest::{SHA256, digest};
use sealwright_envelope::SymKey;
use sealwright_types::SessionId;
use secrets::Secrets;
use std::fs;
use std::path::Path;

/// What a bundle is to hold.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Sessions that the data may need.
    pub sessions: usize,
    /// Files in `data/`; the sessions take turns.
    pub files: usize,
    /// The longest content of a file, in bytes.
    pub longest: usize,
    /// Records with one message each in `messages/`; the sessions take turns.
    pub rows: usize,
    /// Record files that share them.
    pub row_files: usize,
    /// Length of a message's text, in bytes.
    pub text: usize,
    /// Users with an identity each.
    pub users: usize,
    /// Proxy sessions.
    pub proxies: usize,
    /// How the sessions are reached.
    pub mix: Mix,
    /// What tells one bundle from another.
    pub seed: u64,
}

/// How the sessions are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Every route, and every reason to stay closed; damaged, malformed and plain files among the data.
    Everything,
    /// All by tokens of their own.
    Direct,
    /// Nine of ten through proxies.
    Proxied,
    /// All keys are known.
    Known,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            sessions: 2_000,
            files: 10_000,
            longest: 4_096,
            rows: 10_000,
            row_files: 10,
            text: 100,
            users: 3,
            proxies: 10,
            mix: Mix::Everything,
            seed: 1,
        }
    }
}

/// How a session is reached, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Direct,
    /// Tokens of two users.
    Shared,
    Proxy,
    Known,
    Group,
    SymEncKey,
    Tmr,
    /// A token for nobody's key.
    Stranger,
    /// A SymEncKey that nobody has.
    NoSecret,
    /// A proxy that itself is only behind a proxy.
    FarProxy,
    /// A token for a group whose key nobody can open.
    LostGroup,
}

impl Way {
    fn of(session: usize, mix: Mix) -> Self {
        match mix {
            Mix::Direct => Self::Direct,
            Mix::Known => Self::Known,
            Mix::Proxied if session.is_multiple_of(10) => Self::Direct,
            Mix::Proxied => Self::Proxy,
            Mix::Everything => match session % 20 {
                0..=6 => Self::Direct,
                7 => Self::Shared,
                8..=11 => Self::Proxy,
                12 => Self::Known,
                13 => Self::Group,
                14 => Self::SymEncKey,
                15 => Self::Tmr,
                16 => Self::Stranger,
                17 => Self::NoSecret,
                18 => Self::FarProxy,
                _ => Self::LostGroup,
            },
        }
    }

    /// Route or code, as the manifest has them.
    fn fate(self) -> Result<&'static str, &'static str> {
        match self {
            Self::Direct | Self::Shared => Ok("direct"),
            Self::Proxy => Ok("proxy"),
            Self::Known => Ok("known"),
            Self::Group => Ok("group"),
            Self::SymEncKey => Ok("symEncKey"),
            Self::Tmr => Ok("tmr"),
            Self::Stranger => Err("no-token"),
            Self::NoSecret => Err("no-secret"),
            Self::FarProxy => Err("proxy-not-direct"),
            Self::LostGroup => Err("group-key-missing"),
        }
    }
}

/// Makes `bundle/` and its truth, `expected.jsonl`, in a directory that is empty or does not exist.
///
/// # Errors
/// When something cannot be made or written.
pub fn make(directory: &Path, shape: &Shape) -> Result<(), Failure> {
    let bundle = directory.join("bundle");
    fs::create_dir_all(bundle.join("identities"))?;
    let secrets = Secrets::make(shape)?;
    secrets.write(&bundle, shape)?;
    data::write(directory, &bundle, shape)
}

impl Shape {
    /// 32 bytes that depend on the seed and on nothing else.
    fn bytes(&self, of: &str, number: usize) -> [u8; 32] {
        let name = format!("{} {of} {number}", self.seed);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, name.as_bytes()).as_ref());
        bytes
    }

    /// An id that is a UUID of version 4.
    fn id(&self, of: &str, number: usize) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&self.bytes(of, number)[..16]);
        id[6] = id[6] & 0x0f | 0x40;
        id[8] = id[8] & 0x3f | 0x80;
        id
    }

    fn session(&self, of: &str, number: usize) -> Result<SessionId, Failure> {
        Ok(SessionId::from_bytes(self.id(of, number))?)
    }

    fn key(&self, of: &str, number: usize) -> Result<SymKey, Failure> {
        let halves = ["first half", "second half"].map(|half| self.bytes(&format!("{of} {half}"), number));
        Ok(SymKey::from_bytes(halves.as_flattened())?)
    }
}
