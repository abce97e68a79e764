//! The private keys at hand, and which of them opens a token (docs/spec/KEYS.md section 5).

use sealwright_envelope::SymKey;
use sealwright_identity::Identity;
use sealwright_types::{Coded, DeviceId};
use sealwright_wrap::record::DeviceToken;
use sealwright_wrap::{KeyHash, PrivateKey, unwrap};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Private keys that may open tokens. Each key stands here once; the order in which keys were added never decides what opens.
#[derive(Debug, Default)]
pub struct Keyring {
    candidates: Vec<Candidate>,
    by_hash: BTreeMap<KeyHash, usize>,
    /// How many keys have a modulus of so many bytes.
    by_size: BTreeMap<usize, u64>,
}

/// A private key that may open a token.
#[derive(Debug)]
pub struct Candidate {
    /// The key.
    pub key: Arc<PrivateKey>,
    /// The devices that have it or had it.
    pub devices: Vec<DeviceId>,
}

/// What to do with a token that names a key which is not at hand, or which did not open it (EMK-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownHash {
    /// Give up: trying every key would cost one private-key operation each (the default).
    #[default]
    Stop,
    /// Go on with every other key of the right size, for recovery.
    TryAll,
}

/// An opened token.
#[derive(Debug)]
pub struct Opened<'a> {
    /// The session's key.
    pub key: SymKey,
    /// The private key that opened it.
    pub by: &'a Candidate,
}

/// No private key at hand opens the token. Nothing tells why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("none of the private keys at hand opens this token")]
pub struct NoToken;

impl Coded for NoToken {
    fn code(&self) -> &'static str {
        "no-token"
    }
}

impl Keyring {
    /// Adds a private key of a device. A key that is here already gets one more device.
    pub fn add(&mut self, key: Arc<PrivateKey>, device: Option<DeviceId>) {
        let next = self.candidates.len();
        let place = *self.by_hash.entry(key.hash()).or_insert(next);
        if place == next {
            *self.by_size.entry(key.modulus_length()).or_default() += 1;
            self.candidates.push(Candidate { key, devices: Vec::new() });
        }
        if let (Some(candidate), Some(device)) = (self.candidates.get_mut(place), device)
            && !candidate.devices.contains(&device)
        {
            candidate.devices.push(device);
        }
    }

    /// Adds all keys of an identity that may open a token: current, prepared, old.
    pub fn add_identity(&mut self, identity: &Identity) {
        for key in identity.encryption_keys() {
            self.add(Arc::clone(key), Some(identity.device()));
        }
    }

    /// Adds all keys of another keyring.
    pub fn append(&mut self, other: Self) {
        for Candidate { key, devices } in other.candidates {
            self.add(Arc::clone(&key), None);
            devices.into_iter().for_each(|device| self.add(Arc::clone(&key), Some(device)));
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.candidates.len()
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &PrivateKey> {
        self.candidates.iter().map(|candidate| &*candidate.key)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Whether the key with this hash is here.
    pub fn has(&self, hash: KeyHash) -> bool {
        self.by_hash.contains_key(&hash)
    }

    /// How many keys have a modulus of so many bytes.
    pub(crate) fn of_size(&self, bytes: usize) -> u64 {
        self.by_size.get(&bytes).copied().unwrap_or(0)
    }

    /// The keys to be tried for a token, in order (EMK-10..12). Each costs one private-key operation.
    pub fn candidates<'k>(
        &'k self,
        token: &DeviceToken,
        unknown: UnknownHash,
    ) -> impl Iterator<Item = &'k Candidate> + use<'k> {
        let hash = token.created_for_key_hash;
        let named = hash.and_then(|hash| self.by_hash.get(&hash)).and_then(|&place| self.candidates.get(place));
        let by_trial = hash.is_none() || unknown == UnknownHash::TryAll;
        // The named device goes first (EMK-11), but is a hint only (EMK-15).
        let (of_device, others): (Vec<_>, Vec<_>) = if by_trial {
            self.candidates_by_size(&token.token)
                .filter(|candidate| Some(candidate.key.hash()) != hash)
                .partition(|candidate| token.device_id.is_some_and(|device| candidate.devices.contains(&device)))
        } else {
            Default::default()
        };
        named.into_iter().chain(of_device).chain(others)
    }

    /// The keys to be tried for a token of which nothing is known but its bytes (OLD-02).
    pub fn candidates_by_size<'k>(&'k self, token: &[u8]) -> impl Iterator<Item = &'k Candidate> + use<'k> {
        let length = token.len();
        self.candidates.iter().filter(move |candidate| candidate.key.modulus_length() == length)
    }

    /// Opens a token with the first of its candidates that can. Whether it was revoked is for the caller to see (EMK-14).
    ///
    /// # Errors
    /// [`NoToken`].
    pub fn open(&self, token: &DeviceToken, unknown: UnknownHash) -> Result<Opened<'_>, NoToken> {
        open_with(self.candidates(token, unknown), &token.token, || {})
    }
}

/// Opens a token with the first of the candidates that can; `operation` is told of each private-key operation.
pub(crate) fn open_with<'k>(
    mut candidates: impl Iterator<Item = &'k Candidate>,
    token: &[u8],
    operation: impl Fn(),
) -> Result<Opened<'k>, NoToken> {
    let opened = candidates.find_map(|by| {
        operation();
        unwrap(&by.key, token).ok().map(|key| Opened { key, by })
    });
    opened.ok_or(NoToken)
}
