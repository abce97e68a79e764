//! A key of the oracles' own, and envelopes made with it around whatever bytes: what an attacker cannot do, and what is needed to look
//! behind the MAC.

use aes::Aes256;
use cbc::cipher::{Array, BlockModeDecrypt as _, KeyIvInit as _};
use ring::hmac;
use sealwright_envelope::{SymKey, hazmat};
use sealwright_types::{SessionId, b64};

pub(crate) const KEY: [u8; 64] = *b"the key with which the oracles seal, known to everybody who read";
pub(crate) const IV: [u8; 16] = *b"an IV that fixed";
const MAC: usize = 32;

pub(crate) fn key() -> SymKey {
    SymKey::from_bytes(&KEY).expect("64 bytes")
}

pub(crate) fn session() -> SessionId {
    "5a221722-36c4-41ee-be56-0242ac120002".parse().expect("an id")
}

/// An envelope of `plaintext`.
pub(crate) fn sealed(plaintext: &[u8]) -> Vec<u8> {
    hazmat::seal_with_iv(&key(), &IV, plaintext).expect("a long key")
}

/// `authenticated` with the right MAC behind it, whatever it holds.
pub(crate) fn signed(authenticated: &[u8]) -> Vec<u8> {
    let (mac_key, _) = KEY.split_at(MAC);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, mac_key), authenticated);
    [authenticated, tag.as_ref()].concat()
}

/// What an envelope with a right MAC holds, computed in the most obvious way; `None` for wrong padding or length.
pub(crate) fn obvious_opening(authenticated: &[u8]) -> Option<Vec<u8>> {
    let (iv, ciphertext) = authenticated.split_first_chunk::<16>()?;
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(16) {
        return None;
    }
    let (_, aes_key) = KEY.split_at(MAC);
    let mut plaintext = ciphertext.to_vec();
    cbc::Decryptor::<Aes256>::new_from_slices(aes_key, iv)
        .expect("32 and 16 bytes")
        .decrypt_blocks(Array::slice_as_chunks_mut(&mut plaintext).0);
    let padding = usize::from(*plaintext.last()?);
    if !(1..=16).contains(&padding) {
        return None;
    }
    let tail = plaintext.split_off(plaintext.len() - padding);
    tail.iter().all(|&byte| usize::from(byte) == padding).then_some(plaintext)
}

/// Puts base64 of an envelope of `plaintext` where `place` stands in a text, so that mutation of the text does not break the envelope.
pub(crate) fn with_envelope(text: &[u8], place: &[u8], plaintext: &[u8], spelled: fn(&[u8]) -> String) -> Vec<u8> {
    let envelope = spelled(&sealed(plaintext));
    let Some(at) = text.windows(place.len()).position(|window| window == place) else {
        return text.to_vec();
    };
    let (before, rest) = text.split_at(at);
    let (_, after) = rest.split_at(place.len());
    [before, envelope.as_bytes(), after].concat()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    b64::encode(bytes)
}

/// Takes the first bytes off as a number between 0 and 255, 0 when there are none.
pub(crate) fn next(input: &mut &[u8]) -> u8 {
    match input.split_first() {
        Some((&first, rest)) => {
            *input = rest;
            first
        }
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_opens_and_what_is_sealed_opens_obviously() {
        let envelope = sealed(b"hello");
        let (authenticated, _) = envelope.split_at(envelope.len() - MAC);
        assert_eq!(signed(authenticated), envelope);
        assert_eq!(obvious_opening(authenticated).unwrap(), b"hello");
        assert_eq!(obvious_opening(&authenticated[..16]), None);
        assert_eq!(with_envelope(b"a@b", b"@", b"", |_| "X".into()), b"aXb");
    }
}
