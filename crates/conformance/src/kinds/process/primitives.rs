//! `process-primitive`: what the profile takes from standards.

use super::{FAMILIES, array, bytes};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::secp256k1::{VotingKey, verify};
use sealwright_process::{Value, hazmat};
use serde::{Deserialize, Serialize};

pub(crate) struct Primitive;

/// Members that an algorithm does not take are empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) algorithm: Algorithm,
    /// Key; tag of a tagged hash; input of HKDF; private key, or public key to verify with.
    pub(crate) key: String,
    /// Nonce; salt of HKDF; auxiliary randomness of a signature.
    pub(crate) nonce: String,
    /// Associated data; info of HKDF; the signature to verify.
    pub(crate) associated: String,
    /// Plaintext, ciphertext with tag, message, JSON text, public point.
    pub(crate) data: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Algorithm {
    Aes256GcmSeal,
    Aes256GcmOpen,
    TaggedHash,
    HkdfSha256,
    Jcs,
    Bip340Sign,
    Bip340Verify,
    PairSecret,
}

/// What comes out; empty when a signature is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) bytes: String,
}

impl Kind for Primitive {
    const NAME: &'static str = "process-primitive";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let Input { algorithm, key, nonce, associated, data } = input;
        let (data, associated) = (bytes(data)?, bytes(associated)?);
        let got = match algorithm {
            Algorithm::Aes256GcmSeal => Ok(hazmat::aes_256_gcm(&array(key)?, &array(nonce)?, &associated, &data)),
            Algorithm::Aes256GcmOpen => {
                let opened = hazmat::aes_256_gcm_open(&array(key)?, &array(nonce)?, &associated, &data);
                opened.map(|opened| opened.into_exposed()).map_err(code)
            }
            Algorithm::TaggedHash => Ok(hazmat::tagged_hash(&bytes(key)?, &data).to_vec()),
            Algorithm::HkdfSha256 => Ok(hazmat::hkdf(&bytes(key)?, &bytes(nonce)?, &associated).to_vec()),
            Algorithm::Jcs => {
                let text = String::from_utf8(data).map_err(|_| LoadError::material("not UTF-8"))?;
                Value::json(&text).map(|value| value.as_json().unwrap_or_default().into()).map_err(code)
            }
            Algorithm::Bip340Sign => VotingKey::from_slice(&bytes(key)?).map_err(code).and_then(|key| {
                let auxiliary = array(nonce).map_err(|_| "malformed")?;
                hazmat::sign(&key, &data, &auxiliary).map(Vec::from).map_err(code)
            }),
            Algorithm::Bip340Verify => verify(&array(key)?, &data, &associated).map(|()| Vec::new()).map_err(code),
            Algorithm::PairSecret => VotingKey::from_slice(&bytes(key)?).map_err(code).and_then(|key| {
                let point = data.as_slice().try_into().map_err(|_| "bad-value")?;
                key.agree(point).map(|secret| secret.expose().to_vec()).map_err(code)
            }),
        };
        Ok(vec![Seen::whole("primitive", got.map(|bytes| Output { bytes: hex::encode(bytes) }), |_| 0)])
    }
}
