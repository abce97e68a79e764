//! Session keys for people, not for keys: only devices that a verified chain vouches for (docs/spec/SIGCHAIN.md section 7).
//!
//! A chain names no user and no group. Whose it is only the caller can know: by comparing the hash of a block over another channel, or with what was
//! known before (SIG-53).

use crate::share::{ShareError, UnverifiedDevice, wrap_for_unverified};
use sealwright_envelope::SymKey;
use sealwright_sigchain::{Expired, KeyringFault, Owner, RingDevice, Verified};
use sealwright_types::{Coded, DeviceId, SessionId};
use sealwright_wrap::record::DeviceToken;
use sealwright_wrap::{KeyHash, PublicKey};

/// A device of a recipient as it is known from elsewhere: its encryption key, and the hash of its signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientDevice {
    /// The device.
    pub id: DeviceId,
    /// Its encryption key.
    pub encryption_key: PublicKey,
    /// The hash of its signing key.
    pub signing_key: KeyHash,
    /// Whether it is known to be revoked.
    pub revoked: bool,
}

/// The devices of one user or group that receive session keys. Only comparing them with a verified chain makes this.
#[derive(Debug, Clone)]
pub struct Recipients {
    devices: Vec<UnverifiedDevice>,
    warnings: Vec<KeyringFault>,
}

/// Why nothing is wrapped for a user or group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// The devices are not those of the chain, or one has expired and that is refused (SIG-50..54).
    #[error(transparent)]
    Keyring(#[from] KeyringFault),
    /// No device is left (SES-31).
    #[error("the chain has no device that is not revoked (SES-31)")]
    NoDevice,
}

impl Coded for RecipientError {
    fn code(&self) -> &'static str {
        match self {
            Self::Keyring(fault) => fault.code(),
            Self::NoDevice => "no-device",
        }
    }
}

impl Recipients {
    /// Compares the devices of a user or group with their verified chain, and keeps those that are alive `now`, in seconds since 1970
    /// (SIG-50..52, SIG-54, SES-31).
    ///
    /// That the chain is that of the person who is meant is not checked here, because nothing in it says so: the caller has compared a hash of it,
    /// with `Verified::find` or by growing from what was known (SIG-53). A chain and devices that somebody else made fit each other too.
    ///
    /// # Errors
    /// [`RecipientError`]: one device that does not fit is enough, so that nobody is left out in silence.
    pub fn verified(
        chain: &Verified,
        devices: &[RecipientDevice],
        owner: Owner<'_>,
        now: u64,
        expired: Expired,
    ) -> Result<Self, RecipientError> {
        let ring: Vec<RingDevice> = devices.iter().map(RecipientDevice::in_ring).collect();
        chain.check_keyring(&ring, owner)?;
        let mut recipients = Self { devices: Vec::new(), warnings: Vec::new() };
        for device in devices.iter().filter(|device| !device.revoked) {
            let key = &device.encryption_key;
            recipients.warnings.extend(chain.may_receive(device.id, key.hash(), now, expired)?);
            recipients.devices.push(UnverifiedDevice { id: device.id, encryption_key: key.clone() });
        }
        if recipients.devices.is_empty() { Err(RecipientError::NoDevice) } else { Ok(recipients) }
    }

    /// The devices that receive, in the order in which they were given: for the calls of this crate that take devices and ask no chain
    /// themselves.
    pub fn devices(&self) -> &[UnverifiedDevice] {
        &self.devices
    }

    /// What a person should know: devices that have expired and receive all the same (SIG-54).
    pub fn warnings(&self) -> &[KeyringFault] {
        &self.warnings
    }
}

impl RecipientDevice {
    fn in_ring(&self) -> RingDevice {
        let encryption_key = self.encryption_key.hash();
        RingDevice { id: self.id, encryption_key, signing_key: self.signing_key, revoked: self.revoked }
    }
}

/// Wraps a session's key for every device of verified recipients (EMK-02).
///
/// # Errors
/// [`ShareError`].
pub fn wrap_for(recipients: &Recipients, session: SessionId, key: &SymKey) -> Result<Vec<DeviceToken>, ShareError> {
    wrap_for_unverified(session, key, &recipients.devices)
}
