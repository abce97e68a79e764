//! RSA key pairs: import, generation, export, signatures (docs/spec/KEYS.md sections 1, 2 and 6).

use crate::error::{BadSignature, EngineError, KeyError};
use crate::hash::KeyHash;
use crate::import::{self, PrivateParts, PublicParts};
use crate::legacy::{LegacyPrivateKey, LegacyPublicKey, SystemRandom};
use crate::modern::{ModernPrivateKey, ModernPublicKey};
use rsa::RsaPublicKey;
use sealwright_types::SecretVec;
use std::fmt;
use std::sync::Arc;

/// From this size on AWS-LC computes; below it, the legacy engine does.
const MODERN_BITS: usize = 2048;
/// Bytes of a PSS encoding beside the salt: SHA-256, separator, trailer.
const PSS_OVERHEAD: usize = 34;

/// A private key, ready for use. One key may serve both for wrapping and for signing (KEY-14).
pub struct PrivateKey {
    public: PublicKey,
    pkcs8: SecretVec,
    engine: PrivateEngine,
}

sealwright_types::redacted_debug!(PrivateKey);

enum PrivateEngine {
    Modern(ModernPrivateKey),
    Legacy(Box<LegacyPrivateKey>),
}

/// A public key. Cloning is cheap; two are equal if their hashes are (KEY-22).
#[derive(Clone)]
pub struct PublicKey(Arc<PublicInner>);

struct PublicInner {
    spki: Vec<u8>,
    hash: KeyHash,
    bits: usize,
    key: RsaPublicKey,
    engine: PublicEngine,
}

enum PublicEngine {
    Modern(ModernPublicKey),
    Legacy(LegacyPublicKey),
}

/// What an import gives: the key, and what is odd about it.
#[derive(Debug)]
pub struct Imported<K> {
    /// The key.
    pub key: K,
    /// What a person should know about it; mostly nothing.
    pub warnings: Vec<KeyWarning>,
}

/// What is odd about a key that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyWarning {
    /// The stored CRT values were wrong and have been computed anew: a signature made with them could have leaked the key (KEY-13).
    #[error("the CRT values of the private key were wrong and have been recomputed (KEY-13)")]
    CrtRecomputed,
    /// The size is none of 1024, 2048 and 4096 bits: the JavaScript SDK cannot read this key (KEY-09).
    #[error("the JavaScript SDK cannot read a key of {bits} bits (KEY-09)")]
    UnusualSize {
        /// Bits of the modulus.
        bits: usize,
    },
}

impl sealwright_types::Coded for KeyWarning {
    fn code(&self) -> &'static str {
        match self {
            Self::CrtRecomputed => "crt-recomputed",
            Self::UnusualSize { .. } => "unusual-size",
        }
    }
}

/// How large a new key is (KEY-20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeySize {
    /// 2048 bits.
    Rsa2048,
    /// 4096 bits, what the SDKs make.
    #[default]
    Rsa4096,
}

impl PrivateKey {
    /// Reads PKCS#8 or bare PKCS#1 DER (KEY-01..14). Stored CRT values are not used but recomputed.
    ///
    /// # Errors
    /// [`KeyError`]: another encoding or trailing bytes, a size out of 1024..=8192 bits, or parts that do not fit each other.
    pub fn from_der(der: &[u8]) -> Result<Imported<Self>, KeyError> {
        let parts = import::private(der)?;
        let mut warnings = Vec::new();
        if parts.crt_recomputed {
            warnings.push(KeyWarning::CrtRecomputed);
        }
        let key = Self::from_parts(parts)?;
        warnings.extend(key.public.unusual_size());
        Ok(Imported { key, warnings })
    }

    /// A new key with the public exponent 65537 (KEY-20). 4096 bits may take some seconds.
    ///
    /// # Errors
    /// [`EngineError`] when the engine fails.
    pub fn generate(size: KeySize) -> Result<Self, EngineError> {
        let size = match size {
            KeySize::Rsa2048 => aws_lc_rs::rsa::KeySize::Rsa2048,
            KeySize::Rsa4096 => aws_lc_rs::rsa::KeySize::Rsa4096,
        };
        let pkcs8 = ModernPrivateKey::generate(size)?;
        let parts = import::private(pkcs8.expose()).map_err(|_| EngineError)?;
        Self::from_parts(parts).map_err(|_| EngineError)
    }

    /// Canonical PKCS#8 DER: NULL parameters, no attributes (KEY-21).
    pub fn to_pkcs8(&self) -> SecretVec {
        SecretVec::copy_of(self.pkcs8.expose())
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The hash of the public half (KEY-23).
    pub fn hash(&self) -> KeyHash {
        self.public.hash()
    }

    /// Bits of the modulus.
    pub fn bits(&self) -> usize {
        self.public.bits()
    }

    /// Bytes of the modulus: the length of every token and signature.
    pub fn modulus_length(&self) -> usize {
        self.public.modulus_length()
    }

    /// Signs with RSASSA-PSS, SHA-256, MGF1-SHA-256 and the longest salt (PSS-01, PSS-03). As long as the modulus.
    ///
    /// # Errors
    /// [`EngineError`] when the engine fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, EngineError> {
        match &self.engine {
            PrivateEngine::Modern(_) => ModernPrivateKey::sign(self.pkcs8.expose(), message),
            PrivateEngine::Legacy(key) => key.sign(message, self.public.longest_salt(), &mut SystemRandom),
        }
    }

    /// Decrypts RSAES-OAEP into `message`, which is as long as the modulus, and gives the length.
    pub(crate) fn decrypt(&self, ciphertext: &[u8], message: &mut [u8]) -> Option<usize> {
        match &self.engine {
            PrivateEngine::Modern(key) => key.decrypt(ciphertext, message),
            PrivateEngine::Legacy(key) => {
                let decrypted = key.decrypt(ciphertext)?;
                message.get_mut(..decrypted.len())?.copy_from_slice(decrypted.expose());
                Some(decrypted.len())
            }
        }
    }

    pub(crate) fn from_parts(parts: PrivateParts) -> Result<Self, KeyError> {
        let public = PublicKey::from_parts(import::public_parts(parts.key.to_public_key())?)?;
        let engine = if public.bits() < MODERN_BITS {
            PrivateEngine::Legacy(Box::new(LegacyPrivateKey::new(parts.key)))
        } else {
            let key = ModernPrivateKey::from_pkcs8(parts.pkcs8.expose()).map_err(|_| KeyError::Inconsistent)?;
            PrivateEngine::Modern(key)
        };
        Ok(Self { public, pkcs8: parts.pkcs8, engine })
    }
}

impl PublicKey {
    /// Reads SPKI or bare PKCS#1 DER (KEY-01, KEY-03, KEY-05, KEY-07..11).
    ///
    /// # Errors
    /// [`KeyError`]: another encoding or trailing bytes, or a size out of 1024..=8192 bits.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_parts(import::public(der)?)
    }

    /// Canonical SPKI DER with NULL parameters (KEY-21).
    pub fn to_spki(&self) -> Vec<u8> {
        self.0.spki.clone()
    }

    /// SHA-256 of [`to_spki`](Self::to_spki) (KEY-23).
    pub fn hash(&self) -> KeyHash {
        self.0.hash
    }

    /// Bits of the modulus.
    pub fn bits(&self) -> usize {
        self.0.bits
    }

    /// Bytes of the modulus: the length of every token and signature.
    pub fn modulus_length(&self) -> usize {
        self.0.bits.div_ceil(8)
    }

    /// The warning that belongs to a size that not every implementation reads (KEY-09).
    pub fn unusual_size(&self) -> Option<KeyWarning> {
        let bits = self.bits();
        (!matches!(bits, 1024 | 2048 | 4096)).then_some(KeyWarning::UnusualSize { bits })
    }

    /// Verifies RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of any length (PSS-02, PSS-04).
    ///
    /// # Errors
    /// [`BadSignature`] for everything that is not such a signature of this key over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if signature.len() != self.modulus_length() {
            return Err(BadSignature);
        }
        match &self.0.engine {
            PublicEngine::Modern(key) => {
                key.verify_longest_salt(message, signature).or_else(|_| self.any_salt().verify(message, signature))
            }
            PublicEngine::Legacy(key) => key.verify(message, signature),
        }
    }

    /// Encrypts with RSAES-OAEP and a fresh seed.
    pub(crate) fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, EngineError> {
        match &self.0.engine {
            PublicEngine::Modern(key) => key.encrypt(message),
            PublicEngine::Legacy(key) => key.encrypt(message, &mut SystemRandom),
        }
    }

    /// The key in the engine that takes every salt and every seed.
    pub(crate) fn any_salt(&self) -> LegacyPublicKey {
        LegacyPublicKey::new(self.0.key.clone())
    }

    /// Bytes of the longest salt: ⌈(bits − 1)/8⌉ − 34 (PSS-01).
    pub(crate) fn longest_salt(&self) -> usize {
        self.bits().saturating_sub(1).div_ceil(8).saturating_sub(PSS_OVERHEAD)
    }

    fn from_parts(PublicParts { key, spki, bits }: PublicParts) -> Result<Self, KeyError> {
        let engine = if bits < MODERN_BITS {
            PublicEngine::Legacy(LegacyPublicKey::new(key.clone()))
        } else {
            PublicEngine::Modern(ModernPublicKey::from_spki(&spki).map_err(|_| KeyError::malformed("KEY-05"))?)
        };
        Ok(Self(Arc::new(PublicInner { hash: KeyHash::of_spki(&spki), spki, bits, key, engine })))
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.hash() == other.hash()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bits, {})", self.bits(), self.hash())
    }
}
