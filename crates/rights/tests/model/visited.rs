//! Which worlds were seen already.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a world was reached first: depth, number of the world before, number of the question there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link(u64);

impl Link {
    /// A start world.
    pub fn start(number: usize) -> Self {
        Self::new(0, number, u16::MAX)
    }

    pub fn new(depth: usize, parent: usize, question: u16) -> Self {
        Self((depth as u64) << 56 | (parent as u64) << 16 | u64::from(question))
    }

    pub fn depth(self) -> usize {
        (self.0 >> 56) as usize
    }

    pub fn parent(self) -> usize {
        (self.0 >> 16 & 0xff_ffff_ffff) as usize
    }

    /// The question; none for a start world.
    pub fn question(self) -> Option<u16> {
        Some(self.0 as u16).filter(|&number| number != u16::MAX)
    }
}

/// Every world that was seen, by fingerprint, with the first way to it: the least link, so that threads do not change the result.
#[derive(Default)]
pub struct Visited([Mutex<Shard>; 16]);

type Shard = HashMap<[u64; 2], Link, BuildHasherDefault<Printed>>;

impl Visited {
    /// Notes a way to a world. Whether the world is new.
    pub fn insert(&self, print: u128, link: Link) -> bool {
        let key = [print as u64, (print >> 64) as u64];
        let mut shard = self.0[(key[1] >> 60) as usize].lock().unwrap();
        let mut new = false;
        let known = shard.entry(key).or_insert_with(|| {
            new = true;
            link
        });
        *known = link.min(*known);
        new
    }

    /// The worlds of a depth, in the order of their links.
    pub fn of_depth(&self, depth: usize) -> Vec<Link> {
        let mut links = Vec::new();
        for shard in &self.0 {
            links.extend(shard.lock().unwrap().values().filter(|link| link.depth() == depth));
        }
        links.sort_unstable();
        links
    }
}

/// A fingerprint is a hash already.
#[derive(Default)]
struct Printed(u64);

impl Hasher for Printed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.0 ^= u64::from_le_bytes(*word));
    }
}

/// Worlds that were seen lately, in bounded memory. What is forgotten is checked once more.
pub struct Recent(Vec<[AtomicU64; WAYS]>);

const WAYS: usize = 8;

impl Recent {
    /// Remembers up to two to this power worlds.
    pub fn new(power: u32) -> Self {
        Self((0..(1_usize << power) / WAYS).map(|_| Default::default()).collect())
    }

    /// Notes a world. Whether it may be new. A known world is taken for another one if 64 bits of the fingerprints are the same and those
    /// bits of the others that choose the bucket.
    pub fn insert(&self, print: u128) -> bool {
        let (tag, place) = ((print as u64).max(1), (print >> 64) as usize);
        let bucket = &self.0[place % self.0.len()];
        if bucket.iter().any(|known| known.load(Ordering::Relaxed) == tag) {
            return false;
        }
        let free = bucket.iter().find(|known| known.load(Ordering::Relaxed) == 0);
        free.unwrap_or(&bucket[tag as usize % WAYS]).store(tag, Ordering::Relaxed);
        true
    }
}

#[test]
fn a_world_is_new_once() {
    let (visited, recent) = (Visited::default(), Recent::new(6));
    assert!(visited.insert(7, Link::new(1, 5, 3)) && !visited.insert(7, Link::new(1, 2, 9)));
    assert!(visited.insert(7 << 64, Link::new(2, 1, 0)));
    assert_eq!(visited.of_depth(1), [Link::new(1, 2, 9)]);
    assert!(recent.insert(7) && !recent.insert(7) && recent.insert(7 << 64 | 8));
    (100..200).for_each(|print| assert!(recent.insert(print)));
    assert!(!recent.insert(199));
}
