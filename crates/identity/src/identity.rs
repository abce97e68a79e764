//! An identity in memory, and the renewal of its keys.

use sealwright_types::{Coded, DeviceId, UserId};
use sealwright_wrap::{EngineError, KeyError, KeyHash, KeySize, PrivateKey};
use std::sync::Arc;

/// What a private key of an identity is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Unwrapping session keys.
    Encryption,
    /// Signing.
    Signing,
}

/// An encryption key and a signing key; old accounts have one key for both (KEY-14).
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// Unwraps session keys.
    pub encryption: Arc<PrivateKey>,
    /// Signs.
    pub signing: Arc<PrivateKey>,
}

/// Who somebody is, and all private keys they have had.
#[derive(Debug)]
pub struct Identity {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) current: KeyPair,
    pub(crate) prepared: Option<KeyPair>,
    pub(crate) old_encryption: Vec<Arc<PrivateKey>>,
    pub(crate) old_signing: Vec<Arc<PrivateKey>>,
}

/// Why an identity document could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not an identity document: its BSON, its ids, or the text of a key.
    #[error("not an identity document ({rule})")]
    Malformed {
        /// The rule that was broken.
        rule: sealwright_types::RuleId,
    },
    /// A current or prepared private key cannot be read (IDN-18).
    #[error("the {} key cannot be read: {error} (IDN-18)", match .usage { Use::Encryption => "encryption", Use::Signing => "signing" })]
    Key {
        /// Which of the keys.
        usage: Use,
        /// What is wrong with it.
        error: KeyError,
    },
    /// One of the two current keys is missing, as in the old format with a single key (IDN-21).
    #[error("an identity of the old format with a single key (IDN-21)")]
    Legacy,
    /// Only one of the two prepared keys is there (IDN-13).
    #[error("only one of the two prepared keys is there (IDN-13)")]
    PreparedIncomplete,
}

impl Coded for IdentityError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } | Self::Key { .. } => "malformed",
            Self::Legacy => "legacy-identity",
            Self::PreparedIncomplete => "prepared-incomplete",
        }
    }
}

/// Why a prepared renewal could not be put into an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreparedError {
    /// The prepared renewal belongs to other current keys (IDN-41).
    #[error("the prepared renewal was made from other keys than the current ones (IDN-41)")]
    WrongCurrentKey,
    /// The identity holds another prepared renewal: say first which keys are in use, or the ones in use may be lost.
    #[error("a renewal was prepared before, and nobody has said whether it took place (IDN-43)")]
    Undecided,
}

impl Coded for PreparedError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongCurrentKey => "wrong-current-key",
            Self::Undecided => "prepared-undecided",
        }
    }
}

impl KeyPair {
    /// Two new keys.
    ///
    /// # Errors
    /// [`EngineError`] when key generation fails.
    pub fn generate(size: KeySize) -> Result<Self, EngineError> {
        Ok(Self { encryption: Arc::new(PrivateKey::generate(size)?), signing: Arc::new(PrivateKey::generate(size)?) })
    }

    /// Whether both keys are those of the other pair, by their hashes (KEY-22).
    fn is(&self, other: &Self) -> bool {
        self.encryption.hash() == other.encryption.hash() && self.signing.hash() == other.signing.hash()
    }
}

impl Identity {
    /// A new identity with fresh keys.
    ///
    /// # Errors
    /// [`EngineError`] when key generation fails.
    pub fn generate(user: UserId, device: DeviceId, size: KeySize) -> Result<Self, EngineError> {
        let current = KeyPair::generate(size)?;
        Ok(Self { user, device, current, prepared: None, old_encryption: Vec::new(), old_signing: Vec::new() })
    }

    /// The user.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The device.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The keys in use.
    pub fn current(&self) -> &KeyPair {
        &self.current
    }

    /// The keys of a renewal that has been prepared: as long as nobody has said otherwise, they may be in use already (IDN-43).
    pub fn prepared(&self) -> Option<&KeyPair> {
        self.prepared.as_ref()
    }

    /// All keys that may open a token: current, prepared, old; each once (IDN-31, IDN-43).
    pub fn encryption_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        let prepared = self.prepared.iter().map(|pair| &pair.encryption);
        once_each(std::iter::once(&self.current.encryption).chain(prepared).chain(&self.old_encryption))
    }

    /// All keys that may have made a signature: current, prepared, old; each once.
    pub fn signing_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        let prepared = self.prepared.iter().map(|pair| &pair.signing);
        once_each(std::iter::once(&self.current.signing).chain(prepared).chain(&self.old_signing))
    }

    /// The same identity with a prepared renewal, to be stored before the renewal takes place (IDN-40).
    ///
    /// # Errors
    /// [`PreparedError::Undecided`] where another renewal has been prepared: its keys may be in use (IDN-43).
    pub fn prepare_renewal(self, new: KeyPair) -> Result<Self, PreparedError> {
        match &self.prepared {
            Some(prepared) if !prepared.is(&new) => Err(PreparedError::Undecided),
            _ => Ok(self.with_prepared(new)),
        }
    }

    pub(crate) fn with_prepared(mut self, new: KeyPair) -> Self {
        self.prepared = Some(new);
        self
    }

    /// Takes over the renewal that `stored` holds, after it was stored elsewhere (IDN-41).
    ///
    /// # Errors
    /// [`PreparedError`] unless the current keys of both are the same, and no other renewal has been prepared here that `stored` does
    /// not hold.
    pub fn take_prepared(mut self, stored: &Identity) -> Result<Self, PreparedError> {
        if !self.current.is(&stored.current) {
            return Err(PreparedError::WrongCurrentKey);
        }
        match (&self.prepared, &stored.prepared) {
            (Some(own), Some(taken)) if own.is(taken) => {}
            (Some(_), _) => return Err(PreparedError::Undecided),
            (None, taken) => self.prepared.clone_from(taken),
        }
        Ok(self)
    }

    /// Takes keys that are not here yet among the old ones: any of them may open a token.
    pub(crate) fn merge<'a>(
        &mut self,
        encryption: impl Iterator<Item = &'a Arc<PrivateKey>>,
        signing: impl Iterator<Item = &'a Arc<PrivateKey>>,
    ) {
        let own: Vec<KeyHash> = self.encryption_keys().map(|key| key.hash()).collect();
        self.old_encryption.extend(encryption.filter(|key| !own.contains(&key.hash())).map(Arc::clone));
        let own: Vec<KeyHash> = self.signing_keys().map(|key| key.hash()).collect();
        self.old_signing.extend(signing.filter(|key| !own.contains(&key.hash())).map(Arc::clone));
    }

    /// Whether both are the same device of the same user with the same current keys.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        self.is_same_device(other) && self.current.is(&other.current)
    }

    /// Whether both are the same device of the same user.
    pub(crate) fn is_same_device(&self, other: &Self) -> bool {
        self.user == other.user && self.device == other.device
    }

    /// The renewal has taken place: the prepared keys are the current ones, the former ones the last of the old (IDN-43). Without a
    /// prepared renewal nothing changes.
    #[must_use]
    pub fn adopt_prepared(mut self) -> Self {
        if let Some(new) = self.prepared.take() {
            let former = std::mem::replace(&mut self.current, new);
            self.old_encryption.push(former.encryption);
            self.old_signing.push(former.signing);
        }
        self
    }

    /// The renewal has not taken place: the prepared keys are dropped (IDN-43).
    #[must_use]
    pub fn discard_prepared(mut self) -> Self {
        self.prepared = None;
        self
    }
}

pub(crate) fn once_each<'a>(
    keys: impl Iterator<Item = &'a Arc<PrivateKey>>,
) -> impl Iterator<Item = &'a Arc<PrivateKey>> {
    let mut seen = std::collections::BTreeSet::new();
    keys.filter(move |key| seen.insert(key.hash()))
}
