//! The primitives alone, one after the other on a buffer that is there already: what no envelope can beat by more than cache effects.

use aes::Aes256;
use cbc::cipher::{Array, BlockModeDecrypt as _, BlockModeEncrypt as _, InnerIvInit as _, KeyInit as _};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::hint::black_box;

const BLOCK: usize = 16;
const MAC: usize = 32;

/// HMAC-SHA-256 and AES-256-CBC with the two halves of a 64-byte key.
pub struct Primitives {
    mac: hmac::Key,
    aes: Aes256,
}

impl Primitives {
    /// Takes the key apart; `None` unless it has 64 bytes.
    pub fn new(key: &[u8]) -> Option<Self> {
        let (mac, aes) = key.split_at_checked(32)?;
        Some(Self { mac: hmac::Key::new(hmac::HMAC_SHA256, mac), aes: Aes256::new_from_slice(aes).ok()? })
    }

    /// HMAC alone over what the MAC of an envelope covers.
    pub fn mac(&self, sealed: &[u8]) {
        let covered = sealed.len().saturating_sub(MAC);
        black_box(hmac::sign(&self.mac, sealed.get(..covered).unwrap_or_default()));
    }

    /// CBC decryption alone, in place, of the ciphertext of an envelope.
    pub fn decrypt(&self, sealed: &mut [u8]) {
        let (iv, blocks) = parts(sealed);
        cbc::Decryptor::inner_iv_init(&self.aes, &iv.into()).decrypt_blocks(Array::slice_as_chunks_mut(blocks).0);
    }

    /// CBC encryption alone, in place, of what is to become the ciphertext of an envelope.
    pub fn encrypt(&self, sealed: &mut [u8]) {
        let (iv, blocks) = parts(sealed);
        cbc::Encryptor::inner_iv_init(&self.aes, &iv.into()).encrypt_blocks(Array::slice_as_chunks_mut(blocks).0);
    }

    /// The ceiling of opening: HMAC, then decryption.
    pub fn open(&self, sealed: &mut [u8]) {
        self.mac(sealed);
        self.decrypt(sealed);
        black_box(&sealed);
    }

    /// The ceiling of opening a source that is read twice: HMAC, HMAC again, decryption.
    pub fn open_twice(&self, sealed: &mut [u8]) {
        self.mac(sealed);
        self.open(sealed);
    }

    /// The ceiling of sealing: 16 bytes from the operating system, encryption, then HMAC.
    pub fn seal(&self, sealed: &mut [u8]) {
        let mut iv = [0; BLOCK];
        let filled = SystemRandom::new().fill(&mut iv);
        black_box(filled.is_ok());
        if let Some(place) = sealed.first_chunk_mut() {
            *place = iv;
        }
        self.encrypt(sealed);
        self.mac(sealed);
        black_box(&sealed);
    }
}

/// The IV and the ciphertext.
fn parts(sealed: &mut [u8]) -> ([u8; BLOCK], &mut [u8]) {
    let end = sealed.len().saturating_sub(MAC);
    match sealed.get_mut(..end).and_then(<[u8]>::split_first_chunk_mut) {
        Some((iv, blocks)) => (*iv, blocks),
        None => ([0; BLOCK], &mut []),
    }
}
