//! Keys of 2048 to 8192 bits, on AWS-LC.
//!
//! AWS-LC draws OAEP seeds, PSS salts and blinding from its own generator, which the operating system seeds.

use crate::error::{BadSignature, EngineError};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaParameters, RsaPssSaltLength, RsaSignatureEncoding,
};
use sealwright_types::SecretVec;

static SIGN: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);
static VERIFY: RsaParameters = RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);

/// A private key of at least 2048 bits, prepared for decrypting.
pub(crate) struct ModernPrivateKey(OaepPrivateDecryptingKey);

/// A public key of at least 2048 bits, prepared for encrypting and verifying.
pub(crate) struct ModernPublicKey {
    encrypt: OaepPublicEncryptingKey,
    verify: ParsedPublicKey,
}

impl ModernPrivateKey {
    /// A new key with the public exponent 65537, as PKCS#8 (KEY-20).
    pub(crate) fn generate(size: KeySize) -> Result<SecretVec, EngineError> {
        let key = PrivateDecryptingKey::generate(size).map_err(|_| EngineError)?;
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| EngineError)?;
        Ok(SecretVec::copy_of(der.as_ref()))
    }

    /// The key in canonical PKCS#8.
    pub(crate) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, EngineError> {
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| EngineError)?;
        OaepPrivateDecryptingKey::new(key).map(Self).map_err(|_| EngineError)
    }

    /// RSAES-OAEP with SHA-1 and the empty label, into `message`, which is as long as the modulus. The length of the message, or
    /// `None` if the padding is wrong.
    pub(crate) fn decrypt(&self, ciphertext: &[u8], message: &mut [u8]) -> Option<usize> {
        self.0.decrypt(&OAEP_SHA1_MGF1SHA1, ciphertext, message, None).ok().map(|message| message.len())
    }

    /// RSASSA-PSS with SHA-256 and the longest salt (PSS-01). Signing is rare: its form of the key is made when it is needed.
    pub(crate) fn sign(pkcs8: &[u8], message: &[u8]) -> Result<Vec<u8>, EngineError> {
        let key = KeyPair::from_pkcs8(pkcs8).map_err(|_| EngineError)?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&SIGN, &SystemRandom::new(), message, &mut signature).map_err(|_| EngineError)?;
        Ok(signature)
    }
}

impl ModernPublicKey {
    /// The key in canonical SPKI.
    pub(crate) fn from_spki(spki: &[u8]) -> Result<Self, EngineError> {
        let key = PublicEncryptingKey::from_der(spki).map_err(|_| EngineError)?;
        Ok(Self {
            encrypt: OaepPublicEncryptingKey::new(key).map_err(|_| EngineError)?,
            verify: ParsedPublicKey::new(&VERIFY, spki).map_err(|_| EngineError)?,
        })
    }

    /// RSAES-OAEP with SHA-1 and the empty label.
    pub(crate) fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, EngineError> {
        let mut ciphertext = vec![0; self.encrypt.ciphertext_size()];
        let length =
            self.encrypt.encrypt(&OAEP_SHA1_MGF1SHA1, message, &mut ciphertext, None).map_err(|_| EngineError)?.len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }

    /// RSASSA-PSS with SHA-256 and the longest salt, nothing else.
    pub(crate) fn verify_longest_salt(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.verify.verify_sig(message, signature).map_err(|_| BadSignature)
    }
}
