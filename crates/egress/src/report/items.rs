//! Which items a bundle has: what ties the parts of an egress to one list of them.

use crate::place::Hasher;
use serde::{Deserialize, Serialize};

/// The items of a bundle, those in archives not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    /// How many.
    pub count: u64,
    /// SHA-256 over their sources, ordered bytewise, each ended by a zero byte: of what `find data messages ! -type d -print0 | LC_ALL=C sort -z`
    /// prints.
    pub sha256: String,
}

/// Takes the sources of items in their order.
#[derive(Debug)]
pub(crate) struct ItemList {
    count: u64,
    hasher: Hasher,
}

impl ItemList {
    pub(crate) fn new() -> Self {
        Self { count: 0, hasher: Hasher::new() }
    }

    pub(crate) fn add(&mut self, source: &[u8]) {
        self.count = self.count.saturating_add(1);
        self.hasher.update(source);
        self.hasher.update(b"\0");
    }

    pub(crate) fn finish(self) -> Items {
        Items { count: self.count, sha256: self.hasher.finish().1 }
    }
}
