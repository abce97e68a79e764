//! Many session keys in few pieces of memory, which are wiped when they are given back.

use sealwright_types::SecretVec;
use std::fmt;

/// Slots of one size: a length, some bytes about the key, and a key of at most 64 bytes. A slot is freed only together with all others.
#[derive(Default)]
pub(crate) struct Slots {
    chunks: Vec<SecretVec>,
    used: u32,
}

/// Bytes about the key.
pub(crate) const ABOUT: usize = 28;
const KEY: usize = 64;
const SLOT: usize = 1 + ABOUT + KEY;
/// Slots that are allocated at once.
const CHUNK: usize = 256;

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slots({} [redacted])", self.used)
    }
}

impl Slots {
    /// Fills a new slot and tells its place.
    pub(crate) fn push(&mut self, about: &[u8], key: &[u8]) -> u32 {
        let place = self.used;
        if place as usize >= self.chunks.len() * CHUNK {
            self.chunks.push(SecretVec::zeroed(CHUNK * SLOT));
        }
        self.used += 1;
        self.fill(place, about, key);
        place
    }

    /// Fills a slot anew.
    pub(crate) fn fill(&mut self, place: u32, about: &[u8], key: &[u8]) {
        let (chunk, begin) = (place as usize / CHUNK, place as usize % CHUNK * SLOT);
        let Some(slot) = self.chunks.get_mut(chunk).and_then(|chunk| chunk.expose_mut().get_mut(begin..begin + SLOT))
        else {
            return;
        };
        slot.fill(0);
        let (about_slot, key_slot) = slot[1..].split_at_mut(ABOUT);
        about_slot.iter_mut().zip(about).for_each(|(to, from)| *to = *from);
        key_slot.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        slot[0] = key.len().min(KEY) as u8;
    }

    /// What is known about the key.
    pub(crate) fn about(&self, place: u32) -> &[u8] {
        self.slot(place).get(1..=ABOUT).unwrap_or_default()
    }

    /// The key; empty if there is none.
    pub(crate) fn key(&self, place: u32) -> &[u8] {
        let slot = self.slot(place);
        let length = slot.first().copied().unwrap_or_default();
        slot.get(1 + ABOUT..1 + ABOUT + usize::from(length)).unwrap_or_default()
    }

    fn slot(&self, place: u32) -> &[u8] {
        let (chunk, begin) = (place as usize / CHUNK, place as usize % CHUNK * SLOT);
        self.chunks.get(chunk).and_then(|chunk| chunk.expose().get(begin..begin + SLOT)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_into_a_slot_is_there() {
        let mut slots = Slots::default();
        let places: Vec<_> =
            (0..1000_u32).map(|n| slots.push(&n.to_le_bytes(), &[n as u8; 64][..n as usize % 65])).collect();
        for (n, &place) in (0..1000_u32).zip(&places) {
            assert_eq!(slots.about(place)[..4], n.to_le_bytes());
            assert_eq!(slots.key(place), &[n as u8; 64][..n as usize % 65]);
        }
        slots.fill(places[700], &[1], &[]);
        assert_eq!((slots.about(700)[0], slots.about(700)[1], slots.key(700)), (1, 0, &[][..]));
        assert_eq!(slots.key(701), &[189; 64][..701 % 65]);
        assert_eq!(format!("{slots:?}"), "Slots(1000 [redacted])");
    }
}
