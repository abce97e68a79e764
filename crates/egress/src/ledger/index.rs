//! Where the latest line of each source stands in the manifest: 24 bytes for each of them, however long the lines are.

use super::Line;
use crate::hashed::{Hashed, ShortHash, short_hash};

/// The sources that have a line.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: Hashed<Place>,
}

/// The place of a line, and whether records of its file stayed closed, in one word.
#[derive(Debug, Clone, Copy)]
struct Place(u64);

impl Index {
    /// Remembers the latest line of a source.
    pub(super) fn insert(&mut self, line: &Line, place: u64) {
        let has_unopened = line.rows.is_some_and(|rows| !rows.all_opened());
        let place = Place(place << 1 | u64::from(has_unopened));
        self.places.insert(hash_of(&line.source, line.source_bytes.as_deref()), place);
    }

    /// Where the latest line of a source stands.
    pub(super) fn place(&self, source: &ShortHash) -> Option<u64> {
        self.places.get(source).map(|place| place.0 >> 1)
    }

    /// Whether the latest line of a source says that records stayed closed.
    pub(super) fn has_unopened(&self, source: &ShortHash) -> bool {
        self.places.get(source).is_some_and(|place| place.0 & 1 == 1)
    }
}

/// What stands for a source: its bytes if it is no text, which the text would not tell apart.
pub(super) fn hash_of(source: &str, source_bytes: Option<&str>) -> ShortHash {
    match source_bytes {
        Some(bytes) => short_hash(&[b"bytes", bytes.as_bytes()]),
        None => short_hash(&[b"text", source.as_bytes()]),
    }
}
