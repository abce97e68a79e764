//! Two SHA-256 computations on one core, each in the waiting times of the other.
//!
//! SHA-256 is a chain: each step waits for the one before. A processor with instructions for it has time for the steps of a second chain
//! meanwhile, if it sees both: fed in turns, block by block, the MAC of what is read and the hash of what is written take three quarters
//! of the time that they take one after the other. Without such instructions nothing is gained, and `ring` computes each for itself.

use crate::key::{MAC, same};
use hmac::digest::Digest as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sealwright_types::redacted_debug;
use sha2::Sha256;

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// A running SHA-256 of what is written to a place: see [`Withheld::content_hash`](crate::stream::Withheld::content_hash).
pub struct ContentHash {
    state: State<Sha256, ring::digest::Context>,
    length: u64,
}

/// A running HMAC-SHA-256.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct RunningMac {
    state: State<Hmac<Sha256>, ring::hmac::Context>,
    length: u64,
}

#[cfg_attr(test, derive(Clone))]
enum State<P, A> {
    Paired(Box<P>),
    Alone(Box<A>),
}

/// What a MAC has still to take.
pub(crate) struct Waiting<'a> {
    pub(crate) mac: &'a mut RunningMac,
    pub(crate) bytes: &'a [u8],
}

redacted_debug!(ContentHash);
redacted_debug!(RunningMac);

impl Default for ContentHash {
    fn default() -> Self {
        let alone = || State::Alone(Box::new(ring::digest::Context::new(&ring::digest::SHA256)));
        Self { state: if has_instructions() { State::Paired(Box::default()) } else { alone() }, length: 0 }
    }
}

impl ContentHash {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Paired(hash) => hash.update(bytes),
            State::Alone(hash) => hash.update(bytes),
        }
        self.length = self.length.saturating_add(bytes.len() as u64);
    }

    /// Takes the next bytes, and the MAC meanwhile as many of those that wait for it, if both are of the kind that gains by it.
    pub(crate) fn update_beside(&mut self, bytes: &[u8], waiting: &mut Waiting<'_>) {
        let (State::Paired(hash), State::Paired(mac)) = (&mut self.state, &mut waiting.mac.state) else {
            return self.update(bytes);
        };
        // Both begin with a whole block: what is none would be copied about at every step.
        let (head, blocks) = split(bytes, to_next_block(self.length));
        let (mac_head, mac_blocks) = split(waiting.bytes, to_next_block(waiting.mac.length));
        hash.update(head);
        mac.update(mac_head);
        let steps = blocks.len().min(mac_blocks.len()) / BLOCK;
        let (blocks, tail) = split(blocks, steps.saturating_mul(BLOCK));
        let (mac_blocks, mac_tail) = split(mac_blocks, steps.saturating_mul(BLOCK));
        for (block, mac_block) in blocks.chunks_exact(BLOCK).zip(mac_blocks.chunks_exact(BLOCK)) {
            hash.update(block);
            mac.update(mac_block);
        }
        hash.update(tail);
        self.length = self.length.saturating_add(bytes.len() as u64);
        let taken = waiting.bytes.len().saturating_sub(mac_tail.len());
        waiting.mac.length = waiting.mac.length.saturating_add(taken as u64);
        waiting.bytes = mac_tail;
    }

    /// Bytes that were taken.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The hash of everything that was taken.
    pub fn finish(self) -> [u8; 32] {
        match self.state {
            State::Paired(hash) => hash.finalize().into(),
            State::Alone(hash) => hash.finish().as_ref().try_into().unwrap_or_default(),
        }
    }
}

impl RunningMac {
    /// `key` is that of the MAC, `alone` its state where nothing is paired.
    pub(crate) fn new(key: &[u8], alone: impl FnOnce() -> ring::hmac::Context) -> Self {
        let paired = if has_instructions() { Hmac::new_from_slice(key).ok() } else { None };
        let state = paired.map_or_else(|| State::Alone(Box::new(alone())), |mac| State::Paired(Box::new(mac)));
        Self { state, length: 0 }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Paired(mac) => mac.update(bytes),
            State::Alone(mac) => mac.update(bytes),
        }
        self.length = self.length.saturating_add(bytes.len() as u64);
    }

    /// Whether it is the expected one, compared in constant time.
    pub(crate) fn matches(self, expected: &[u8; MAC]) -> bool {
        match self.state {
            State::Paired(mac) => same(&mac.finalize().into_bytes(), expected),
            State::Alone(mac) => same(mac.sign().as_ref(), expected),
        }
    }
}

impl Waiting<'_> {
    /// The MAC takes everything that is left.
    pub(crate) fn take_all(self) {
        self.mac.update(self.bytes);
    }
}

/// Whether this processor has instructions for SHA-256.
fn has_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("sha");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sha2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

/// Bytes that a block lacks after `length`.
fn to_next_block(length: u64) -> usize {
    (length.wrapping_neg() % 64) as usize
}

/// At `at` or at the end.
fn split(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &[u8] = &[7; 32];

    fn states() -> [(ContentHash, RunningMac); 2] {
        let alone = || ring::hmac::Context::with_key(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY));
        let mac = Hmac::new_from_slice(KEY).unwrap();
        [
            (
                ContentHash { state: State::Paired(Box::default()), length: 0 },
                RunningMac { state: State::Paired(Box::new(mac)), length: 0 },
            ),
            (
                ContentHash {
                    state: State::Alone(Box::new(ring::digest::Context::new(&ring::digest::SHA256))),
                    length: 0,
                },
                RunningMac { state: State::Alone(Box::new(alone())), length: 0 },
            ),
        ]
    }

    proptest! {
        #[test]
        fn both_are_what_each_is_alone(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), prop::collection::vec(any::<u8>(), 0..300)), 0..20)
        ) {
            let (bytes, mac_bytes): (Vec<_>, Vec<_>) = pieces.iter().cloned().unzip();
            let (bytes, mac_bytes) = (bytes.concat(), mac_bytes.concat());
            let expected = ring::digest::digest(&ring::digest::SHA256, &bytes);
            let expected_mac = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY), &mac_bytes);
            for (mut hash, mut mac) in states() {
                for (bytes, mac_bytes) in &pieces {
                    let (first, second) = split(bytes, bytes.len() / 3);
                    let mut waiting = Waiting { mac: &mut mac, bytes: mac_bytes };
                    hash.update_beside(first, &mut waiting);
                    hash.update_beside(second, &mut waiting);
                    waiting.take_all();
                }
                prop_assert_eq!(hash.length(), bytes.len() as u64);
                prop_assert_eq!(&hash.finish()[..], expected.as_ref());
                let expected_mac: [u8; MAC] = expected_mac.as_ref().try_into().unwrap();
                let mut other = expected_mac;
                other[pieces.len()] ^= 1;
                prop_assert!(mac.clone().matches(&expected_mac) && !mac.matches(&other));
            }
        }
    }
}
