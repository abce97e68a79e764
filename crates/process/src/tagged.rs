//! The tagged hash of the profile, and the pieces that hashes and keys are made over (section 2).

use hkdf::Hkdf;
use ring::digest::{Context, SHA256, digest};
use sealwright_types::Secret;
use sha2::Sha256;

/// `T`: what begins every tag, every associated datum and every derivation info of the profile.
pub(crate) const PROFILE: &str = "sealwright-process-1/";

/// `TH(tag, data)` with the parts of `data` one after the other.
pub(crate) fn hash(tag: &str, data: &[&[u8]]) -> [u8; 32] {
    let mut name = PROFILE.to_owned();
    name.push_str(tag);
    bip340(name.as_bytes(), data)
}

/// The construction of BIP 340: SHA-256 over the hash of the tag, twice, and the data.
pub(crate) fn bip340(tag: &[u8], data: &[&[u8]]) -> [u8; 32] {
    let tag = digest(&SHA256, tag);
    let mut context = Context::new(&SHA256);
    context.update(tag.as_ref());
    context.update(tag.as_ref());
    data.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The length of `bytes` as `lp` writes it. What gets this prefix is a name or an address and has at most 255 bytes.
pub(crate) fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}

/// HKDF-SHA-256 with 32 bytes of output.
pub(crate) fn hkdf(secret: &[u8], salt: &[u8], info: &[u8]) -> Secret<32> {
    let mut key = Secret::zeroed();
    // 32 bytes are far below the longest output.
    let _ = Hkdf::<Sha256>::new(Some(salt), secret).expand(info, key.expose_mut());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors() {
        let tag = hex::encode(digest(&SHA256, b"sealwright-process-1/commit"));
        assert_eq!(tag, "fd9a2c517fa1663fec3627345d0002579991cf9d3efea9b5b455287527a76397");
        let challenge = hex::encode(bip340(b"BIP0340/challenge", &[]));
        assert_eq!(challenge, "c216d352f5818b7b4beacd4ae0a26fe888080823d2a598856661bcd54f1b3713");
        assert_eq!(hash("commit", &[b"ab", b"c"]), hash("commit", &[b"a", b"bc"]));
    }
}
