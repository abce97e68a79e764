//! Fixed inputs: keys and ciphertexts of the vectors, so that every run works on the same bytes.

use sealwright_envelope::SymKey;
use sealwright_types::b64;
use sealwright_wrap::PrivateKey;
use serde_json::Value;
use std::path::PathBuf;

/// Why an input could not be had.
pub type Failure = Box<dyn std::error::Error>;

/// The IV of everything that is sealed for opening.
pub const IV: [u8; 16] = *b"a fixed IV, once";

/// A file of the vectors.
pub fn vector_path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors")).join(name)
}

/// The bytes of a file of the vectors.
///
/// # Errors
/// When it cannot be read.
pub fn vector_bytes(name: &str) -> Result<Vec<u8>, Failure> {
    let path = vector_path(name);
    std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// A JSON file of the vectors.
///
/// # Errors
/// When it cannot be read.
pub fn vector_json(name: &str) -> Result<Value, Failure> {
    Ok(serde_json::from_slice(&vector_bytes(name)?)?)
}

/// The text at a JSON pointer.
///
/// # Errors
/// When no text is there.
pub fn text_at<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, Failure> {
    value.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("no text at {pointer}").into())
}

/// A symmetric key of 64 bytes.
///
/// # Errors
/// When the vectors are damaged.
pub fn sym_key() -> Result<SymKey, Failure> {
    let file = vector_json("peer/symkey.json")?;
    let vectors = file.pointer("/vectors").and_then(Value::as_array).ok_or("no vectors")?;
    let vector = vectors.iter().find(|vector| vector.pointer("/keySize") == Some(&256.into())).ok_or("no long key")?;
    Ok(SymKey::from_bytes(&b64::decode_strict(text_at(vector, "/key")?)?)?)
}

/// `length` bytes that repeat only after 256.
pub fn plaintext(length: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().map(|byte| byte.wrapping_mul(7).wrapping_add(3)).take(length).collect()
}

/// A private key of 2048 or 4096 bits, and a session key wrapped for it.
pub struct Wrapped {
    /// The key.
    pub private: PrivateKey,
    /// The same key in PKCS#8.
    pub pkcs8: Vec<u8>,
    /// What it opens.
    pub token: Vec<u8>,
}

/// A key of this size with a token, always the same.
///
/// # Errors
/// When the vectors are damaged.
pub fn wrapped(bits: u64) -> Result<Wrapped, Failure> {
    const SEED: &[u8; 20] = b"a fixed OAEP seed!!!";
    let rsa = vector_json("peer/rsa.json")?;
    let keys = rsa.pointer("/keys").and_then(Value::as_array).ok_or("no keys")?;
    let key = keys.iter().find(|key| key.pointer("/bits") == Some(&bits.into())).ok_or("no key of this size")?;
    let pkcs8 = b64::decode_strict(text_at(key, "/pkcs8")?)?;
    let private = PrivateKey::from_der(&pkcs8)?.key;
    let token = sealwright_wrap::hazmat::wrap_bytes_with_seed(sym_key()?.expose(), private.public(), SEED)?;
    Ok(Wrapped { private, pkcs8, token })
}
