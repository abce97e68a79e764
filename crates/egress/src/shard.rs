//! Which part of an egress one of several runs does: decided by the session, else by the source (docs/spec/EGRESS.md section 11).

use crate::error::EgressError;
use crate::files::Files;
use crate::place::Part;
use crate::scan::Item;
use ring::digest::{SHA256, digest};
use sealwright_types::{Coded, SessionId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

/// Where an output says which shard it holds.
pub(crate) const SHARD: &str = "shard.json";
const FORMAT: &str = "sealwright-shard-1";
const LONGEST: u64 = 4096;

/// One of several parts that together are a whole egress, `I/N` with I from 0 (EGR-50).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// A text names no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shard is written I/N in decimal digits, with I from 0 to N-1 (EGR-50)")]
pub struct ShardError;

impl Coded for ShardError {
    fn code(&self) -> &'static str {
        "bad-shard"
    }
}

impl Shard {
    /// The shard with this number, counted from 0, of so many.
    ///
    /// # Errors
    /// [`ShardError`] if there is none.
    pub fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        if index < count { Ok(Self { index, count }) } else { Err(ShardError) }
    }

    /// Its number, from 0.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many shards there are.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether a file of this session belongs to the shard (EGR-50).
    pub fn has_session(self, session: SessionId) -> bool {
        self.has(session.as_bytes())
    }

    /// Whether a source without a session of its own belongs to the shard, by its name in the manifest (EGR-50).
    pub fn has_source(self, source: &str) -> bool {
        self.has(source.as_bytes())
    }

    pub(crate) fn has_item(self, item: &Item) -> bool {
        item.session().map_or_else(|| self.has_source(&item.source.text()), |session| self.has_session(session))
    }

    /// The first 8 bytes of the SHA-256 of the name, big-endian, modulo the number of shards.
    fn has(self, name: &[u8]) -> bool {
        let hash = digest(&SHA256, name);
        let number = hash.as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        number % u64::from(self.count) == u64::from(self.index)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError)?;
        Self::new(number(index)?, number(count)?)
    }
}

/// One spelling for each number: digits without sign and without leading zeros.
fn number(text: &str) -> Result<u32, ShardError> {
    let one_spelling = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| one_spelling).ok_or(ShardError)
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[derive(Serialize, Deserialize)]
struct Note {
    format: String,
    index: u32,
    count: u32,
}

/// The shard that an output holds, if it holds one.
pub(crate) fn noted(files: &Files, output: &Path) -> Result<Option<Shard>, EgressError> {
    let path = output.join(SHARD);
    let text = match files.read_within(&path, LONGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(EgressError::io("read", &path)(error)),
    };
    let note: Option<Note> = serde_json::from_slice(&text).ok().filter(|note: &Note| note.format == FORMAT);
    let shard = note.and_then(|note| Shard::new(note.index, note.count).ok());
    shard.map(Some).ok_or(EgressError::NotAShard { path: output.to_owned(), reason: "shard.json cannot be read" })
}

/// Says in an output which shard it holds; nothing in one that holds everything. What it held before stays (EGR-33).
pub(crate) fn claim(files: &Files, output: &Path, shard: Option<Shard>, is_new: bool) -> Result<(), EgressError> {
    let held = noted(files, output)?;
    if held == shard {
        return Ok(());
    }
    let other = || EgressError::OtherShard { output: output.to_owned(), holds: held };
    let shard = shard.filter(|_| held.is_none() && is_new).ok_or_else(other)?;
    let path = output.join(SHARD);
    let write = || -> io::Result<()> {
        let mut part = Part::create(files, output)?;
        let note = Note { format: FORMAT.to_owned(), index: shard.index, count: shard.count };
        serde_json::to_writer(&mut part, &note)?;
        part.write_all(b"\n")?;
        part.finish()?.publish(&path)?;
        // It has to be there as long as anything else is.
        files.sync_directory(output)
    };
    write().map_err(EgressError::io("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    #[test]
    fn the_examples_of_the_specification() {
        let session: SessionId = "00000000-0000-1000-a000-7ea300000018".parse().unwrap();
        let of_four = |test: &dyn Fn(Shard) -> bool| (0..4).filter(|&index| test(Shard { index, count: 4 })).collect();
        let of_session: Vec<u32> = of_four(&|shard| shard.has_session(session));
        let of_source: Vec<u32> = of_four(&|shard| shard.has_source("messages/notes.jsonl"));
        assert_eq!((of_session, of_source), (vec![1], vec![0]));
    }

    #[test]
    fn an_output_holds_one_shard_for_ever() {
        let output = tempfile::tempdir().unwrap();
        let (one, two) = (Shard::new(1, 4).unwrap(), Shard::new(2, 4).unwrap());
        claim(&Files::default(), output.path(), Some(one), true).unwrap();
        claim(&Files::default(), output.path(), Some(one), false).unwrap();
        assert_eq!(noted(&Files::default(), output.path()).unwrap(), Some(one));
        assert!(matches!(
            claim(&Files::default(), output.path(), Some(two), false),
            Err(EgressError::OtherShard { .. })
        ));
        assert!(matches!(claim(&Files::default(), output.path(), None, false), Err(EgressError::OtherShard { .. })));
        fs::write(output.path().join(SHARD), r#"{"format":"sealwright-shard-1","index":4,"count":4}"#).unwrap();
        assert!(matches!(noted(&Files::default(), output.path()), Err(EgressError::NotAShard { .. })));
        let whole = tempfile::tempdir().unwrap();
        assert!(matches!(
            claim(&Files::default(), whole.path(), Some(one), false),
            Err(EgressError::OtherShard { .. })
        ));
        claim(&Files::default(), whole.path(), None, false).unwrap();
    }

    proptest! {
        #[test]
        fn everything_belongs_to_exactly_one_shard(source in ".*", bytes in any::<[u8; 16]>(), count in 1u32..50) {
            let shards = || (0..count).map(|index| Shard::new(index, count).unwrap());
            prop_assert_eq!(shards().filter(|shard| shard.has_source(&source)).count(), 1);
            if let Ok(session) = SessionId::from_bytes(bytes) {
                prop_assert_eq!(shards().filter(|shard| shard.has_session(session)).count(), 1);
            }
        }

        #[test]
        fn what_is_read_is_written_the_same(text in "[0-9]{0,11}/[0-9]{0,11}|.*") {
            if let Ok(shard) = text.parse::<Shard>() {
                prop_assert_eq!(shard.to_string(), text);
                prop_assert!(shard.index() < shard.count());
            }
        }
    }
}
