//! Wrapping under another symmetric key: proxies, SymEncKeys, TMR accesses (docs/spec/KEYS.md section 7).

use crate::error::UnwrapError;
use sealwright_envelope::{self as envelope, SealError, SymKey};
use sealwright_types::SecretVec;

/// Wraps `target` under another key: an envelope (WRAP-01..03).
///
/// # Errors
/// [`SealError::ShortKey`] if one of the keys has fewer than 64 bytes; [`SealError::Random`].
pub fn wrap(target: &SymKey, under: &SymKey) -> Result<Vec<u8>, SealError> {
    if target.expose().len() != SymKey::LENGTH {
        return Err(SealError::ShortKey);
    }
    envelope::seal(under, target.expose())
}

/// Opens what [`wrap`] made (WRAP-01..03, WRAP-11).
///
/// # Errors
/// [`UnwrapError::Rejected`] for everything that is not a key of 32, 48 or 64 bytes sealed under `under`.
pub fn unwrap(data: &[u8], under: &SymKey) -> Result<SymKey, UnwrapError> {
    let bytes = envelope::open(under, data).map(SecretVec::from).map_err(|_| UnwrapError::Rejected)?;
    SymKey::from_bytes(bytes.expose()).map_err(|_| UnwrapError::Rejected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealwright_envelope::seal;
    use sealwright_types::Coded as _;
    use subtle::ConstantTimeEq as _;

    #[test]
    fn keys_of_three_lengths_are_read_and_one_is_written() {
        let under = SymKey::generate().unwrap();
        for length in 0..=80 {
            let opened = unwrap(&seal(&under, &vec![7; length]).unwrap(), &under);
            assert_eq!(opened.is_ok(), [32, 48, 64].contains(&length), "WRAP-11: {length}");
        }
        let target = SymKey::generate().unwrap();
        let opened = unwrap(&wrap(&target, &under).unwrap(), &under).unwrap();
        assert!(bool::from(opened.ct_eq(&target)));
        let short = SymKey::from_bytes(&[1; 32]).unwrap();
        assert_eq!(wrap(&short, &under).unwrap_err().code(), "key-length");
    }

    #[test]
    fn every_failure_is_rejected() {
        let under = SymKey::generate().unwrap();
        let data = wrap(&SymKey::generate().unwrap(), &under).unwrap();
        for at in 0..data.len() {
            let mut damaged = data.clone();
            damaged[at] ^= 1;
            assert_eq!(unwrap(&damaged, &under).unwrap_err(), UnwrapError::Rejected);
            assert_eq!(unwrap(&data[..at], &under).unwrap_err().code(), "rejected");
        }
        assert!(unwrap(&data, &SymKey::generate().unwrap()).is_err());
    }
}
