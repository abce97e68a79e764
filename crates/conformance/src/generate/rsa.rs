//! `keys/oaep-*.json` and `keys/signature-*.json`: the peers' ciphertexts and signatures, and systematic attacks on our own.

use super::peer::{Peer, bytes, list, number, text};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::kinds::oaep_unwrap::{self, OaepUnwrap};
use crate::kinds::oaep_wrap::{self, OaepWrap};
use crate::kinds::signature_verify::{self, SignatureVerify};
use sealwright_types::b64;
use sealwright_wrap::hazmat::{encrypt_with_seed, sign_with_salt};
use sealwright_wrap::{PrivateKey, PublicKey};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let data = peer.json("rsa.json")?;
    peer_unwraps(&data)?.finish(files)?;
    our_unwraps(&data)?.finish(files)?;
    wraps(&data)?.finish(files)?;
    peer_signatures(&data)?.finish(files)?;
    our_signatures(&data)?.finish(files)
}

/// An encoding of the key that a case names.
fn key<'a>(data: &'a Value, id: &str, encoding: &str) -> Result<&'a str, GenerateError> {
    let found = list(data, "keys")?.iter().find(|key| key["id"] == id);
    text(found.ok_or_else(|| broken(format!("no key {id}")))?, encoding)
}

/// A private key of the peers, of so many bits, to build attacks with.
pub(super) fn private(data: &Value, id: &str) -> Result<(String, PrivateKey), GenerateError> {
    let pkcs8 = key(data, id, "pkcs8")?;
    let der = b64::decode_strict(pkcs8).map_err(broken)?;
    Ok((pkcs8.to_owned(), PrivateKey::from_der(&der).map_err(broken)?.key))
}

/// The OAEP seed of a label.
fn seed(label: &str) -> [u8; 20] {
    let mut seed = [0; 20];
    seed.copy_from_slice(&expand(label, 20));
    seed
}

/// What comes out when these bytes are wrapped as they are, checksum or not.
pub(super) fn wrapped(key: &PublicKey, label: &str, content: &[u8]) -> Result<Vec<u8>, GenerateError> {
    encrypt_with_seed(content, key, &seed(label)).map_err(broken)
}

/// CRC-32 by its definition, bit by bit: written a second time here.
pub(super) fn checksum(message: &[u8]) -> [u8; 4] {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    let crc = message.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step));
    (!crc).to_le_bytes()
}

/// Checksum and message.
pub(super) fn checked(message: &[u8]) -> Vec<u8> {
    [&checksum(message), message].concat()
}

fn peer_unwraps(data: &Value) -> Result<Draft<OaepUnwrap>, GenerateError> {
    let mut draft = Draft::peers("keys/oaep-unwrap-peers", "oaep-peer", "peer/rsa.json");
    let mut seen = BTreeSet::new();
    for entry in list(data, "ciphertexts")? {
        let (id, by, clear) = (text(entry, "key")?, text(entry, "by")?, bytes(entry, "clear")?);
        let checked = entry.get("doCRC").is_none();
        // Each peer writes each length for keys of each size; the rest says nothing new.
        let bits = id.split('/').next().unwrap_or_default();
        if !seen.insert((bits, by, clear.len(), checked)) {
            continue;
        }
        let input = input(key(data, id, "pkcs8")?, &bytes(entry, "ciphertext")?);
        let comment = format!("{} bytes for the key {id}, by {by}", clear.len());
        if checked {
            draft.valid("OAEP-01", comment, input, output(&clear), clear.len() as u64);
        } else {
            draft.invalid("OAEP-02", format!("{comment}, no CRC"), input, "rejected", &["Checksum"]);
        }
    }
    let negatives = data.get("negatives").ok_or_else(|| broken("no negatives"))?;
    for entry in list(negatives, "decrypt")? {
        let (name, id) = (text(entry, "name")?, text(entry, "key")?);
        let input = input(key(data, id, "pkcs8")?, &bytes(entry, "ciphertext")?);
        let comment = format!("{name}, {id}");
        match name {
            "4 zero bytes (valid CRC of the empty message)" => draft.valid("OAEP-01", comment, input, output(b""), 0),
            _ if name.contains("CRC") => draft.invalid("OAEP-02", comment, input, "rejected", &["Checksum"]),
            _ => draft.invalid("OAEP-03", comment, input, "rejected", &["OaepOracle"]),
        }
    }
    Ok(draft)
}

fn input(key: &str, wrapped: &[u8]) -> oaep_unwrap::Input {
    oaep_unwrap::Input { key: key.to_owned(), wrapped: b64::encode(wrapped) }
}

fn output(message: &[u8]) -> oaep_unwrap::Output {
    oaep_unwrap::Output { message: b64::encode(message) }
}

fn our_unwraps(data: &Value) -> Result<Draft<OaepUnwrap>, GenerateError> {
    let mut draft = Draft::ours("keys/oaep-unwrap", "oaep-open");
    for id in ["1024/go", "2048/go", "4096/go"] {
        let (pkcs8, private) = private(data, id)?;
        let public = private.public();
        let longest = private.modulus_length() - 46;
        for length in [0, 1, 3, 4, 31, 32, 48, 64, 65, longest - 1, longest] {
            let message = expand("message", length);
            let token = wrapped(public, &format!("{length}"), &checked(&message))?;
            draft.valid(
                "OAEP-01",
                format!("{length} bytes, {id}"),
                input(&pkcs8, &token),
                output(&message),
                length as u64,
            );
        }
    }
    let (pkcs8, private) = private(data, "1024/go")?;
    let public = private.public();
    let message = expand("message", 64);
    let mut refuse = |rule: &str, comment: String, content: &[u8], flag: &str| {
        let token = wrapped(public, &comment, content)?;
        draft.invalid(rule, comment, input(&pkcs8, &token), "rejected", &[flag]);
        Ok::<_, GenerateError>(token)
    };
    for bit in 0..32 {
        let mut content = checked(&message);
        if let Some(byte) = content.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        refuse("OAEP-02", format!("bit {bit} of the CRC wrong"), &content, "Checksum")?;
    }
    let [a, b, c, d] = checksum(&message);
    for (comment, content) in [
        ("the CRC big-endian", [&[d, c, b, a], &message[..]].concat()),
        ("the CRC in halves the other way", [&[c, d, a, b], &message[..]].concat()),
        ("the CRC after the message", [&message[..], &[a, b, c, d]].concat()),
        ("the CRC without its last inversion", [&[!a, !b, !c, !d], &message[..]].concat()),
        ("the CRC twice", [&[a, b, c, d, a, b, c, d], &message[..]].concat()),
        ("no CRC", message.clone()),
        ("the CRC of another message", [&checksum(b"another")[..], &message].concat()),
        ("a byte of the message missing", [&[a, b, c, d], &message[..63]].concat()),
        ("a zero byte after the message", [&[a, b, c, d], &message[..], &[0]].concat()),
    ] {
        refuse("OAEP-02", comment.to_owned(), &content, "Checksum")?;
    }
    for length in 0..4 {
        refuse("OAEP-02", format!("{length} bytes in all"), &vec![0; length], "Checksum")?;
    }
    let token = wrapped(public, "token", &checked(&message))?;
    for place in [0, 1, token.len() / 2, token.len() - 1] {
        let mut damaged = token.clone();
        if let Some(byte) = damaged.get_mut(place) {
            *byte ^= 1;
        }
        draft.invalid("OAEP-03", format!("byte {place} damaged"), input(&pkcs8, &damaged), "rejected", &["OaepOracle"]);
    }
    let modulus = modulus(public)?;
    for (comment, token) in [
        ("a zero byte before", [&[0], &token[..]].concat()),
        ("a zero byte after", [&token[..], &[0]].concat()),
        ("the last byte missing", token[..token.len() - 1].to_vec()),
        ("the first byte missing", token[1..].to_vec()),
        ("twice", [&token[..], &token].concat()),
        ("nothing", Vec::new()),
        ("0", vec![0; token.len()]),
        ("1", [&vec![0; token.len() - 1][..], &[1]].concat()),
        ("the modulus", modulus.clone()),
        ("as large as can be", vec![0xff; token.len()]),
    ] {
        draft.invalid("OAEP-03", comment, input(&pkcs8, &token), "rejected", &["OaepOracle"]);
    }
    Ok(draft)
}

/// The modulus of a public key, as long as its tokens.
fn modulus(key: &PublicKey) -> Result<Vec<u8>, GenerateError> {
    // SPKI ends with the modulus, then tag, length and three bytes of the exponent 65537.
    let spki = key.to_spki();
    let end = spki.len() - 5;
    spki.get(end - key.modulus_length()..end).map(<[u8]>::to_vec).ok_or_else(|| broken("no modulus"))
}

fn wraps(data: &Value) -> Result<Draft<OaepWrap>, GenerateError> {
    let mut draft = Draft::peers("keys/oaep-wrap", "oaep-wrap", "peer/rsa.json");
    let input = |key: &str, seed: &[u8], message: &[u8]| oaep_wrap::Input {
        key: key.to_owned(),
        seed: b64::encode(seed),
        message: b64::encode(message),
    };
    let mut seen = BTreeSet::new();
    for entry in list(data, "ciphertexts")? {
        let (id, by, clear) = (text(entry, "key")?, text(entry, "by")?, bytes(entry, "clear")?);
        let bits = id.split('/').next().unwrap_or_default();
        if entry.get("doCRC").is_some() || !seen.insert((bits, by, clear.len())) {
            continue;
        }
        let seed = hex::decode(text(entry, "oaepSeed")?).map_err(broken)?;
        let output = oaep_wrap::Output { wrapped: text(entry, "ciphertext")?.to_owned() };
        let comment = format!("{} bytes for the key {id}, as {by} did", clear.len());
        draft.valid("OAEP-01", comment, input(key(data, id, "spki")?, &seed, &clear), output, 0);
    }
    let negatives = data.get("negatives").ok_or_else(|| broken("no negatives"))?;
    for entry in list(negatives, "encryptTooLong")? {
        let id = text(entry, "key")?;
        let most = number(entry, "maxAllowed")? as usize;
        for length in [most + 1, most + 4, most + 46, most + 47, most + 400] {
            let comment = format!("{length} bytes for the key {id}, which takes {most}");
            let input = input(key(data, id, "spki")?, &seed("too long"), &expand("message", length));
            draft.invalid("OAEP-05", comment, input, "too-long", &["Checksum"]);
        }
    }
    Ok(draft)
}

fn peer_signatures(data: &Value) -> Result<Draft<SignatureVerify>, GenerateError> {
    let mut draft = Draft::peers("keys/signature-verify-peers", "pss-peer", "peer/rsa.json");
    let mut seen = BTreeSet::new();
    for entry in list(data, "signatures")? {
        let (id, by, salt) = (text(entry, "key")?, text(entry, "by")?, number(entry, "saltLength")?);
        let message = bytes(entry, "message")?;
        if !seen.insert((id.split('/').next().unwrap_or_default(), by, message.len())) {
            continue;
        }
        let comment = format!("{} bytes, key {id}, salt of {salt}, by {by}", message.len());
        draft.valid("PSS-01", comment, of(data, entry)?, signature_verify::Output { verified: true }, 0);
    }
    let negatives = data.get("negatives").ok_or_else(|| broken("no negatives"))?;
    for entry in list(negatives, "pssOtherSalt")? {
        let comment = format!("key {}, salt of {}", text(entry, "key")?, number(entry, "saltLength")?);
        draft.valid("PSS-02", comment, of(data, entry)?, signature_verify::Output { verified: true }, 0);
    }
    for entry in list(negatives, "verify")? {
        let comment = format!("{}, key {}", text(entry, "name")?, text(entry, "key")?);
        draft.invalid("PSS-04", comment, of(data, entry)?, "bad-signature", &["SignatureTrick"]);
    }
    Ok(draft)
}

fn of(data: &Value, entry: &Value) -> Result<signature_verify::Input, GenerateError> {
    Ok(signature_verify::Input {
        key: key(data, text(entry, "key")?, "spki")?.to_owned(),
        message: text(entry, "message")?.to_owned(),
        signature: text(entry, "signature")?.to_owned(),
    })
}

fn our_signatures(data: &Value) -> Result<Draft<SignatureVerify>, GenerateError> {
    let mut draft = Draft::ours("keys/signature-verify", "pss-verify");
    for id in ["1024/go", "2048/go"] {
        let (_, private) = private(data, id)?;
        let spki = key(data, id, "spki")?;
        let message = b"BEARD-AUTH-5a221722-36c4-41ee-be56-0242ac120002";
        let input = |message: &[u8], signature: &[u8]| signature_verify::Input {
            key: spki.to_owned(),
            message: b64::encode(message),
            signature: b64::encode(signature),
        };
        let longest = (private.bits() - 1).div_ceil(8) - 34;
        for length in [0, 1, 20, 31, 32, 33, 64, longest - 1, longest] {
            let signature = sign_with_salt(&private, message, &expand("salt", length)).map_err(broken)?;
            let verified = signature_verify::Output { verified: true };
            let rule = if length == longest { "PSS-01" } else { "PSS-02" };
            draft.valid(rule, format!("key {id}, salt of {length}"), input(message, &signature), verified, 0);
        }
        let signature = sign_with_salt(&private, message, &expand("salt", longest)).map_err(broken)?;
        let mut refuse = |comment: &str, message: &[u8], signature: &[u8]| {
            draft.invalid(
                "PSS-04",
                format!("{comment}, key {id}"),
                input(message, signature),
                "bad-signature",
                &["SignatureTrick"],
            );
        };
        for place in [0, 1, signature.len() / 2, signature.len() - 1] {
            let mut damaged = signature.clone();
            if let Some(byte) = damaged.get_mut(place) {
                *byte ^= 1;
            }
            refuse(&format!("byte {place} damaged"), message, &damaged);
        }
        refuse("a zero byte before", message, &[&[0], &signature[..]].concat());
        refuse("a zero byte after", message, &[&signature[..], &[0]].concat());
        refuse("the last byte missing", message, &signature[..signature.len() - 1]);
        refuse("empty", message, b"");
        refuse("0", message, &vec![0; signature.len()]);
        refuse("the modulus", message, &modulus(private.public())?);
        refuse("as large as can be", message, &vec![0xff; signature.len()]);
        refuse("another message", &message[1..], &signature);
        refuse("no message", b"", &signature);
        refuse(
            "the hash of the message in its place",
            ring::digest::digest(&ring::digest::SHA256, message).as_ref(),
            &signature,
        );
    }
    Ok(draft)
}
