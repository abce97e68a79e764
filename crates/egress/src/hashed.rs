//! Names and sources by the millions, each as a hash of sixteen bytes.

use ring::digest::{Context, SHA256};
use std::collections::HashMap;

/// Tables that a map consists of. While one of them grows it is there twice: that must not be said of the whole map.
const TABLES: usize = 256;

/// Stands for a name.
pub(crate) type ShortHash = [u8; 16];

/// A map of hashes: 24 bytes for a value of eight, 16 for none, and what free places take.
#[derive(Debug)]
pub(crate) struct Hashed<V> {
    tables: Vec<HashMap<ShortHash, V>>,
}

impl<V> Default for Hashed<V> {
    fn default() -> Self {
        Self { tables: (0..TABLES).map(|_| HashMap::new()).collect() }
    }
}

impl<V> Hashed<V> {
    /// Remembers a value, and gives the one that was there.
    pub(crate) fn insert(&mut self, hash: ShortHash, value: V) -> Option<V> {
        let table = self.tables.get_mut(usize::from(hash[0]))?;
        table.insert(hash, value)
    }

    pub(crate) fn get(&self, hash: &ShortHash) -> Option<&V> {
        self.tables.get(usize::from(hash[0]))?.get(hash)
    }
}

/// The first half of SHA-256 over several parts, each with its length. Nobody can make two that are equal.
pub(crate) fn short_hash(parts: &[&[u8]]) -> ShortHash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    let mut short = ShortHash::default();
    context.finish().as_ref().iter().zip(&mut short).for_each(|(byte, place)| *place = *byte);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(short_hash(&[b"a", b"bc"]), short_hash(&[b"ab", b"c"]));
        assert_ne!(short_hash(&[b"a"]), short_hash(&[b"a", b""]));
    }

    #[test]
    fn the_latest_value_counts() {
        let mut map = Hashed::default();
        let hashes: Vec<_> = (0..5000_u32).map(|number| short_hash(&[&number.to_le_bytes()])).collect();
        for (number, hash) in hashes.iter().enumerate() {
            assert_eq!((map.insert(*hash, 0), map.insert(*hash, number)), (None, Some(0)));
        }
        assert!(hashes.iter().enumerate().all(|(number, hash)| map.get(hash) == Some(&number)));
        assert_eq!(map.get(&short_hash(&[b"another"])), None);
    }
}
