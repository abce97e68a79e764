//! The identity document: one BSON document with private keys as Latin-1 text (docs/spec/IDENTITY.md sections 1 and 2).

use crate::identity::{Identity, IdentityError, KeyPair, Use};
use crate::latin1;
use sealwright_types::bson::{Document, Value, Writer};
use sealwright_types::{Coded, RuleId, SecretVec};
use sealwright_wrap::{KeyWarning, PrivateKey};
use std::sync::Arc;

const USER: &str = "userId";
const DEVICE: &str = "keyId";
const CURRENT: [&str; 2] = ["encryptionKey", "signingKey"];
const PREPARED: [&str; 2] = ["newEncryptionKey", "newSigningKey"];
const OLD: [&str; 2] = ["serializedOldEncryptionKeys", "serializedOldSigningKeys"];

/// What reading an identity document gives.
#[derive(Debug)]
pub struct Read {
    /// The identity.
    pub identity: Identity,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// What is odd about an identity that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// An old key could not be read and was left out (IDN-17).
    #[error("old {} key number {index} cannot be read and was left out (IDN-17)", match .usage { Use::Encryption => "encryption", Use::Signing => "signing" })]
    OldKeyDropped {
        /// Which list it stands in.
        usage: Use,
        /// Its place there, from zero.
        index: usize,
    },
    /// A key was accepted with a warning.
    #[error(transparent)]
    Key(#[from] KeyWarning),
}

impl Coded for Warning {
    fn code(&self) -> &'static str {
        match self {
            Self::OldKeyDropped { .. } => "old-key-dropped",
            Self::Key(warning) => warning.code(),
        }
    }
}

impl Identity {
    /// Reads an identity document in every variant of IDN-10 to IDN-25.
    ///
    /// # Errors
    /// [`IdentityError`]. An unreadable old key is a warning only.
    pub fn from_bson(bytes: &[u8]) -> Result<Read, IdentityError> {
        Reader::new(bytes)?.read()
    }

    /// The canonical document: fields in their order, S64 ids, PKCS#8 keys, both old lists even when empty (IDN-02, IDN-03).
    pub fn to_bson(&self) -> SecretVec {
        let keys = self.old_encryption.len().saturating_add(self.old_signing.len()).saturating_add(4);
        // A PKCS#8 key of 8192 bits as Latin-1 text in UTF-8 stays below this: the buffer never moves.
        let mut writer = Writer::with_capacity(keys.saturating_mul(8 * 1024))
            .string(USER, &self.user.to_s64())
            .string(DEVICE, &self.device.to_s64());
        writer = with_pair(writer, CURRENT, &self.current);
        if let Some(prepared) = &self.prepared {
            writer = with_pair(writer, PREPARED, prepared);
        }
        let [old_encryption, old_signing] = OLD;
        writer
            .strings(old_encryption, &texts(&self.old_encryption))
            .strings(old_signing, &texts(&self.old_signing))
            .finish()
    }
}

fn with_pair(writer: Writer, [encryption, signing]: [&'static str; 2], pair: &KeyPair) -> Writer {
    writer.string(encryption, &text(&pair.encryption)).string(signing, &text(&pair.signing))
}

fn texts(keys: &[Arc<PrivateKey>]) -> Vec<zeroize::Zeroizing<String>> {
    keys.iter().map(|key| text(key)).collect()
}

fn text(key: &PrivateKey) -> zeroize::Zeroizing<String> {
    latin1::encode(key.to_pkcs8().expose())
}

struct Reader<'a> {
    document: Document<'a>,
    warnings: Vec<Warning>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, IdentityError> {
        let rule = if bytes.is_empty() { "IDN-20" } else { "IDN-19" };
        let document = Document::parse(bytes).map_err(|_| malformed(rule))?;
        Ok(Self { document, warnings: Vec::new() })
    }

    fn read(mut self) -> Result<Read, IdentityError> {
        let current = match self.pair(CURRENT)? {
            [Some(encryption), Some(signing)] => KeyPair { encryption, signing },
            _ => return Err(IdentityError::Legacy),
        };
        let (user, device) = (self.id(USER)?, self.id(DEVICE)?);
        let prepared = match self.pair(PREPARED)? {
            [Some(encryption), Some(signing)] => Some(KeyPair { encryption, signing }),
            [None, None] => None,
            _ => return Err(IdentityError::PreparedIncomplete),
        };
        let [old_encryption, old_signing] = OLD;
        let old_encryption = self.old_keys(old_encryption, Use::Encryption)?;
        let old_signing = self.old_keys(old_signing, Use::Signing)?;
        let identity = Identity { user, device, current, prepared, old_encryption, old_signing };
        Ok(Read { identity, warnings: self.warnings })
    }

    /// An id in any spelling (IDN-22..24).
    fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T, IdentityError> {
        match self.field(name)? {
            Some(Value::String(text)) => text.parse().map_err(|_| malformed("IDN-22")),
            _ => Err(malformed("IDN-22")),
        }
    }

    fn pair(&mut self, [encryption, signing]: [&str; 2]) -> Result<[Option<Arc<PrivateKey>>; 2], IdentityError> {
        Ok([self.key(encryption, Use::Encryption)?, self.key(signing, Use::Signing)?])
    }

    /// A key that has to be readable if it is there (IDN-18). Null is the same as absent (IDN-12).
    fn key(&mut self, name: &str, usage: Use) -> Result<Option<Arc<PrivateKey>>, IdentityError> {
        let text = match self.field(name)? {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text,
            Some(_) => return Err(malformed("IDN-14")),
        };
        let der = latin1::decode(text).ok_or(malformed("IDN-01"))?;
        let imported = PrivateKey::from_der(der.expose()).map_err(|error| IdentityError::Key { usage, error })?;
        self.warnings.extend(imported.warnings.into_iter().map(Warning::Key));
        Ok(Some(Arc::new(imported.key)))
    }

    /// Old keys: what cannot be read is left out and told (IDN-17). A missing list is an empty one (IDN-10).
    fn old_keys(&mut self, name: &str, usage: Use) -> Result<Vec<Arc<PrivateKey>>, IdentityError> {
        let array = match self.field(name)? {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(array)) => array,
            Some(_) => return Err(malformed("IDN-10")),
        };
        let mut keys = Vec::new();
        for (index, value) in array.values().enumerate() {
            let der = if let Value::String(text) = value { latin1::decode(text) } else { None };
            match der.and_then(|der| PrivateKey::from_der(der.expose()).ok()) {
                Some(imported) => {
                    self.warnings.extend(imported.warnings.into_iter().map(Warning::Key));
                    keys.push(Arc::new(imported.key));
                }
                None => self.warnings.push(Warning::OldKeyDropped { usage, index }),
            }
        }
        Ok(keys)
    }

    /// A field that stands there twice is refused: readers would disagree on which one counts.
    fn field(&self, name: &str) -> Result<Option<Value<'a>>, IdentityError> {
        self.document.get(name).map_err(|_| malformed("IDN-11"))
    }
}

fn malformed(rule: &'static str) -> IdentityError {
    IdentityError::Malformed { rule: RuleId::new(rule) }
}
