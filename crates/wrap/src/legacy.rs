//! The one door to the `rsa` crate: keys of 1024 to 2047 bits, signatures with another salt than the longest, and recorded seeds.
//!
//! Its private operations are not free of timing differences (RUSTSEC-2023-0071). They serve only keys that nothing else reads,
//! and are blinded with fresh randomness.

use crate::error::{BadSignature, EngineError};
use rsa::pss::{Signature, VerifyingKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::signature::Verifier as _;
use rsa::traits::{PaddingScheme as _, SignatureScheme as _};
use rsa::{Oaep, Pss, RsaPrivateKey, RsaPublicKey};
use sealwright_types::SecretVec;
use sealwright_types::random::{self, RandomError};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// A private key below 2048 bits.
pub(crate) struct LegacyPrivateKey(RsaPrivateKey);

/// A public key below 2048 bits, or one that verifies signatures with any salt.
pub(crate) struct LegacyPublicKey(RsaPublicKey);

impl LegacyPrivateKey {
    pub(crate) fn new(key: RsaPrivateKey) -> Self {
        Self(key)
    }

    /// RSAES-OAEP with SHA-1 and the empty label; `None` if the padding is wrong.
    pub(crate) fn decrypt(&self, ciphertext: &[u8]) -> Option<SecretVec> {
        let message = Oaep::<Sha1>::new().decrypt(Some(&mut SystemRandom), &self.0, ciphertext);
        message.ok().map(SecretVec::from)
    }

    /// RSASSA-PSS with SHA-256 and a salt of `salt_length` bytes, which comes from `random` first; then the blinding does.
    pub(crate) fn sign(
        &self,
        message: &[u8],
        salt_length: usize,
        random: &mut impl TryCryptoRng,
    ) -> Result<Vec<u8>, EngineError> {
        let scheme = Pss::<Sha256>::new_blinded_with_salt(salt_length);
        scheme.sign(Some(random), &self.0, &Sha256::digest(message)).map_err(|_| EngineError)
    }
}

impl LegacyPublicKey {
    pub(crate) fn new(key: RsaPublicKey) -> Self {
        Self(key)
    }

    /// RSAES-OAEP with SHA-1 and the empty label; the seed comes from `random`.
    pub(crate) fn encrypt(&self, message: &[u8], random: &mut impl TryCryptoRng) -> Result<Vec<u8>, EngineError> {
        Oaep::<Sha1>::new().encrypt(random, &self.0, message).map_err(|_| EngineError)
    }

    /// RSASSA-PSS with SHA-256 and a salt of any length (PSS-02).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature = Signature::try_from(signature).map_err(|_| BadSignature)?;
        let key = VerifyingKey::<Sha256>::new_with_auto_salt_len(self.0.clone());
        key.verify(message, &signature).map_err(|_| BadSignature)
    }
}

/// The operating system's generator, as the `rsa` crate wants to see it.
pub(crate) struct SystemRandom;

impl TryRng for SystemRandom {
    type Error = RandomError;

    fn try_next_u32(&mut self) -> Result<u32, RandomError> {
        let mut bytes = [0; 4];
        random::fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, RandomError> {
        let mut bytes = [0; 8];
        random::fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), RandomError> {
        random::fill(buffer)
    }
}

impl TryCryptoRng for SystemRandom {}
