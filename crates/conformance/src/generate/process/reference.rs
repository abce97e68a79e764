//! The cryptography of the profile a second time, over another library, in the most obvious way.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hmac;

const PROFILE: &[u8] = b"sealwright-process-1/";

pub(super) fn tagged(tag: &str, data: &[&[u8]]) -> [u8; 32] {
    bip340(&[PROFILE, tag.as_bytes()].concat(), &data.concat())
}

pub(super) fn bip340(tag: &[u8], data: &[u8]) -> [u8; 32] {
    let tag = sha256(tag);
    sha256(&[&tag, &tag, data].concat())
}

fn sha256(data: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, data).as_ref());
    hash
}

/// Ciphertext and tag.
pub(super) fn gcm(key: &[u8; 32], nonce: [u8; 12], associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut bytes = plaintext.to_vec();
    if let Ok(key) = UnboundKey::new(&AES_256_GCM, key) {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let _ = LessSafeKey::new(key).seal_in_place_append_tag(nonce, Aad::from(associated), &mut bytes);
    }
    bytes
}

pub(super) fn blob(key: &[u8; 32], nonce: [u8; 12], encoded: &[u8]) -> Vec<u8> {
    [&nonce, gcm(key, nonce, b"sealwright-process-1/attr", encoded).as_slice()].concat()
}

/// RFC 5869 with one block of output, by HMAC alone.
pub(super) fn hkdf(secret: &[u8], salt: &[u8], info: &[u8]) -> [u8; 32] {
    let mac = |key: &[u8], data: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
    let extracted = mac(if salt.is_empty() { &[0; 32] } else { salt }, secret);
    let mut key = [0; 32];
    key.copy_from_slice(mac(extracted.as_ref(), &[info, &[1]].concat()).as_ref());
    key
}

/// The 36 bytes of an outpoint in text.
pub(super) fn outpoint(text: &str) -> Vec<u8> {
    let (txid, vout) = text.split_once(':').unwrap_or_default();
    let mut bytes = hex::decode(txid).unwrap_or_default();
    bytes.reverse();
    bytes.extend(vout.parse::<u32>().unwrap_or_default().to_le_bytes());
    bytes
}

fn prefixed(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

pub(super) fn commit(process: &str, label: &str, encoded: &[u8], salt: Option<&[u8; 32]>) -> [u8; 32] {
    let (process, label) = (outpoint(process), prefixed(label));
    let length = (encoded.len() as u64).to_le_bytes();
    match salt {
        None => tagged("commit", &[&process, &label, &length, encoded]),
        Some(salt) => tagged("commit-blinded", &[&process, &label, &length, encoded, salt]),
    }
}

/// The siblings of a leaf from below, each with the side on which it stands.
pub(super) type Path = Vec<([u8; 32], char)>;

/// Leaves are label, class, commitment. The root, and for each leaf in the order of labels the siblings with their sides.
pub(super) fn tree(leaves: &[(String, u8, [u8; 32])]) -> ([u8; 32], Vec<Path>) {
    let mut leaves = leaves.to_vec();
    leaves.sort();
    // Each node with the leaves below it.
    let mut level: Vec<([u8; 32], Vec<usize>)> = leaves
        .iter()
        .enumerate()
        .map(|(place, (_, class, commitment))| (tagged("leaf", &[&[*class], commitment]), vec![place]))
        .collect();
    let mut paths = vec![Vec::new(); leaves.len()];
    while level.len() > 1 {
        let mut above = Vec::new();
        for pair in level.chunks(2) {
            let [(left, under_left), (right, under_right)] = pair else {
                above.extend_from_slice(pair);
                continue;
            };
            under_left.iter().for_each(|&leaf| paths[leaf].push((*right, 'R')));
            under_right.iter().for_each(|&leaf| paths[leaf].push((*left, 'L')));
            above.push((tagged("node", &[left, right]), [under_left.as_slice(), under_right].concat()));
        }
        level = above;
    }
    (level.first().map(|(root, _)| *root).unwrap_or_default(), paths)
}

pub(super) fn proof(class: u8, path: &[([u8; 32], char)], root: &[u8; 32]) -> String {
    let steps: Vec<_> =
        path.iter().map(|(hash, side)| format!("{{\"h\":\"{}\",\"side\":\"{side}\"}}", hex::encode(hash))).collect();
    format!("{{\"class\":{class},\"path\":[{}],\"root\":\"{}\"}}", steps.join(","), hex::encode(root))
}

pub(super) struct Share<'a> {
    pub(super) process: &'a str,
    pub(super) state: &'a [u8; 32],
    pub(super) attribute: &'a str,
    pub(super) sender: &'a str,
    pub(super) recipient: &'a str,
}

impl Share<'_> {
    pub(super) fn seal(&self, secret: &[u8; 32], nonce: [u8; 12], payload: &[u8]) -> Vec<u8> {
        let process = outpoint(self.process);
        let key = hkdf(secret, &process, b"sealwright-process-1/share-key");
        let names = [prefixed(self.attribute), prefixed(self.sender), prefixed(self.recipient)].concat();
        let associated = [b"sealwright-process-1/share".as_slice(), &process, self.state, &names].concat();
        [&[1], nonce.as_slice(), &gcm(&key, nonce, &associated, payload)].concat()
    }
}

pub(super) fn vote(process: &str, index: u64, previous: &[u8; 32], state: &[u8; 32], yes: bool) -> [u8; 32] {
    let tag = if yes { "vote-yes" } else { "vote-no" };
    tagged(tag, &[&outpoint(process), &index.to_le_bytes(), previous, state])
}
