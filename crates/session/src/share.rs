//! A session key for the devices of its recipients (docs/spec/KEYS.md section 4, docs/spec/SESSIONS.md section 4).

use sealwright_envelope::{SealError, SymKey};
use sealwright_types::{Coded, DeviceId, SessionId};
use sealwright_wrap::record::DeviceToken;
use sealwright_wrap::{PublicKey, WrapError, wrap};
use std::collections::HashSet;

/// A device that a key is to be wrapped for, as somebody named it. **Nothing here proves whose key it is**: whoever can put a key of their own into
/// this list reads everything that is wrapped for it. [`Recipients::devices`](crate::Recipients::devices) gives those that a verified
/// sigchain knows (SES-31).
#[derive(Debug, Clone, PartialEq)]
pub struct UnverifiedDevice {
    /// The device.
    pub id: DeviceId,
    /// The key that is said to be its encryption key.
    pub encryption_key: PublicKey,
}

/// Why a key could not be given to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// The recipient has no device that could read it (SES-31).
    #[error("there is no device to wrap the key for (SES-31)")]
    NoDevice,
    /// It could not be wrapped for a device.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// It could not be sealed under another key.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Coded for ShareError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoDevice => "no-device",
            Self::Wrap(error) => error.code(),
            Self::Seal(error) => error.code(),
        }
    }
}

/// Wraps a session's key: one token for each device, in their order, equal devices once (EMK-02, SES-31).
///
/// # Errors
/// [`ShareError::NoDevice`] for an empty list; [`ShareError::Wrap`] for a key of fewer than 64 bytes (EMK-01).
pub fn wrap_for_unverified(
    session: SessionId,
    key: &SymKey,
    devices: &[UnverifiedDevice],
) -> Result<Vec<DeviceToken>, ShareError> {
    if devices.is_empty() {
        return Err(ShareError::NoDevice);
    }
    let mut seen = HashSet::new();
    let once = devices.iter().filter(|device| seen.insert((device.id, device.encryption_key.hash())));
    let wrapped = once.map(|device| {
        Ok(DeviceToken {
            session_id: session,
            device_id: Some(device.id),
            created_for_key_hash: Some(device.encryption_key.hash()),
            token: wrap(key, &device.encryption_key)?.into(),
            revoked: false,
        })
    });
    wrapped.collect()
}

/// A second handle on a key.
pub(crate) fn same(key: &SymKey) -> Result<SymKey, ShareError> {
    SymKey::from_bytes(key.expose()).map_err(|_| ShareError::Seal(SealError::ShortKey))
}
