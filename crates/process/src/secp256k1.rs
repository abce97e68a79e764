//! The bundled scheme: votes as Schnorr signatures of BIP 340 (PROC-66), pairwise secrets from key pairs (PROC-94).

use crate::member::DeviceAddress;
use crate::seal::PairSecret;
use crate::tagged::{PROFILE, hkdf};
use crate::vote::{BadSignature, Directory, Signer, Verifier};
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::schnorr::{Signature, SigningKey, VerifyingKey};
use k256::{ProjectivePoint, PublicKey};
use sealwright_types::random::RandomError;
use sealwright_types::{Coded, Secret, redacted_debug};
use zeroize::Zeroizing;

/// The key pair of a device: it signs votes, and agrees on secrets with other devices.
pub struct VotingKey {
    key: SigningKey,
    secret: Secret<32>,
}

redacted_debug!(VotingKey);

/// Bytes that are no key of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key of secp256k1")]
pub struct BadKey;

impl Coded for BadKey {
    fn code(&self) -> &'static str {
        "bad-value"
    }
}

impl VotingKey {
    /// A fresh key pair.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, RandomError> {
        loop {
            // Nearly every 32 bytes are a key.
            if let Ok(key) = Self::from_slice(Secret::<32>::random()?.expose()) {
                return Ok(key);
            }
        }
    }

    /// The key pair of a private key, 32 bytes.
    ///
    /// # Errors
    /// [`BadKey`] for another length, zero, and what is not below the order of the curve.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, BadKey> {
        let secret = Secret::from_slice(bytes).ok_or(BadKey)?;
        let key = SigningKey::from_slice(bytes).map_err(|_| BadKey)?;
        Ok(Self { key, secret })
    }

    /// The private key.
    pub fn expose(&self) -> &[u8; 32] {
        self.secret.expose()
    }

    /// The public key of votes: the x coordinate.
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes().into()
    }

    /// The public key for agreement: the point with even y, compressed, 33 bytes. The key pair of BIP 340 is that of this point.
    pub fn public_point(&self) -> [u8; 33] {
        let mut point = [2; 33];
        let (_, x) = point.split_at_mut(1);
        x.copy_from_slice(&self.public());
        point
    }

    /// The secret that this device and the one with that public point have in common (PROC-94):
    /// HKDF over the 33 bytes of the compressed common point.
    ///
    /// # Errors
    /// [`BadKey`] for what is no compressed point.
    pub fn agree(&self, other: &[u8; 33]) -> Result<PairSecret, BadKey> {
        // The library reads points without a sign too, whose first byte is 5.
        if !matches!(other.first(), Some(2 | 3)) {
            return Err(BadKey);
        }
        let other = PublicKey::from_sec1_bytes(other).map_err(|_| BadKey)?;
        #[expect(clippy::arithmetic_side_effects, reason = "the operation of the group, which cannot overflow")]
        let common = ProjectivePoint::from(*other.as_affine()) * **self.key.as_nonzero_scalar();
        let common = Zeroizing::new(
            <[u8; 33]>::try_from(common.to_affine().to_sec1_point(true).as_bytes()).map_err(|_| BadKey)?,
        );
        let info = [PROFILE.as_bytes(), b"pair-secret"].concat();
        PairSecret::from_slice(hkdf(common.as_slice(), &[], &info).expose()).ok_or(BadKey)
    }

    /// Signs with this auxiliary randomness.
    pub(crate) fn sign_with(&self, message: &[u8], auxiliary: &[u8; 32]) -> Result<[u8; 64], BadSignature> {
        let signature = self.key.sign_raw(message, auxiliary).map_err(|_| BadSignature)?;
        Ok(signature.to_bytes())
    }
}

impl Signer for VotingKey {
    fn sign(&self, message: &[u8; 32]) -> Result<Vec<u8>, BadSignature> {
        let auxiliary = Secret::<32>::random().map_err(|_| BadSignature)?;
        self.sign_with(message, auxiliary.expose()).map(|signature| signature.to_vec())
    }
}

/// Verifies by the keys of a directory.
#[derive(Debug, Clone, Copy)]
pub struct Schnorr<D>(pub D);

impl<D: Directory> Verifier for Schnorr<D> {
    fn verify(&self, device: &DeviceAddress, message: &[u8; 32], signature: &[u8]) -> Result<(), BadSignature> {
        verify(&self.0.key(device).ok_or(BadSignature)?, message, signature)
    }
}

/// Verifies a signature of BIP 340 over a message of any length: `public` is the x coordinate.
///
/// # Errors
/// [`BadSignature`].
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let key = VerifyingKey::from_slice(public).map_err(|_| BadSignature)?;
    let signature = Signature::try_from(signature).map_err(|_| BadSignature)?;
    key.verify_raw(message, &signature).map_err(|_| BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_devices_agree_and_a_third_does_not() {
        let [alice, bob, eve] = [0; 3].map(|_| VotingKey::generate().unwrap());
        let one = alice.agree(&bob.public_point()).unwrap();
        assert_eq!(one.expose(), bob.agree(&alice.public_point()).unwrap().expose());
        assert_ne!(one.expose(), eve.agree(&alice.public_point()).unwrap().expose());
        assert!(alice.agree(&[5; 33]).is_err());
        assert!(VotingKey::from_slice(&[0; 32]).is_err() && VotingKey::from_slice(&[0xff; 32]).is_err());
    }

    #[test]
    fn a_signature_is_of_one_key_and_one_message() {
        let key = VotingKey::generate().unwrap();
        let signature = key.sign(&[1; 32]).unwrap();
        assert!(verify(&key.public(), &[1; 32], &signature).is_ok());
        assert!(verify(&key.public(), &[2; 32], &signature).is_err());
        assert!(verify(&key.public(), &[1; 32], &signature[..63]).is_err());
        assert!(verify(&VotingKey::generate().unwrap().public(), &[1; 32], &signature).is_err());
    }
}
