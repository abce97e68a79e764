//! `envelope/open*.json` and `envelope/seal.json`: the peers' envelopes, and systematic attacks on our own.

use super::peer::{Peer, bytes, list, number, text};
use super::{Draft, Files, GenerateError, broken, expand, iv, pattern};
use crate::binary::Binary;
use crate::kinds::envelope_open::{self, EnvelopeOpen};
use crate::kinds::envelope_seal::{self, EnvelopeSeal};
use ring::{digest, hmac};
use sealwright_envelope::SymKey;
use sealwright_envelope::hazmat::seal_with_iv;
use sealwright_types::b64;

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    peers(peer)?.finish(files)?;
    attacks()?.finish(files)?;
    seal(peer)?.finish(files)
}

/// A key of `length` bytes.
pub(super) fn key(length: usize) -> Vec<u8> {
    expand(&format!("key of {length}"), length)
}

pub(super) fn sealed(key: &[u8], label: &str, plaintext: &[u8]) -> Result<Vec<u8>, GenerateError> {
    let key = SymKey::from_bytes(key).map_err(broken)?.allow_short_sealing();
    seal_with_iv(&key, &iv(label), plaintext).map_err(broken)
}

fn peers(peer: &Peer<'_>) -> Result<Draft<EnvelopeOpen>, GenerateError> {
    let data = peer.json("symkey.json")?;
    let mut draft = Draft::peers("envelope/open-peers", "env-peer", "peer/symkey.json");
    for vector in list(&data, "vectors")? {
        let (key, clear) = (bytes(vector, "key")?, pattern(number(vector, "clearLength")? as usize));
        let sealed = bytes(vector, "ciphertext")?;
        let comment = format!("{} bytes under a key of {}", clear.len(), key.len());
        valid(&mut draft, "ENV-04", &comment, &key, &sealed, &clear);
    }
    for negative in list(&data, "negatives")? {
        let (name, key, sealed) = (text(negative, "name")?, bytes(negative, "key")?, bytes(negative, "ciphertext")?);
        // The only two that are good: sixteen bytes of padding, whole.
        if name.contains("padding byte 16 correct") || name.contains("whole single block of padding 16") {
            let clear = if name.contains("whole") { Vec::new() } else { expected_of_padding_16(negative)? };
            valid(&mut draft, "ENV-08", name, &key, &sealed, &clear);
            continue;
        }
        let accepted = list(negative, "outcomes")?.iter().any(|outcome| outcome.get("ok") == Some(&true.into()));
        let mut flags = vec![peer_flag(name)];
        if accepted {
            flags.push("PeerAccepts");
        }
        let (rule, error) = match () {
            () if sealed.len() < 64 || !sealed.len().is_multiple_of(16) => ("ENV-06", "malformed"),
            () if name.contains("padding") || name.contains("wrong-aes-key") => ("ENV-08", "rejected"),
            () => ("ENV-07", "rejected"),
        };
        invalid(&mut draft, rule, name, &key, &sealed, error, &flags);
    }
    Ok(draft)
}

/// What every peer gave for the one of these envelopes that has content.
fn expected_of_padding_16(negative: &serde_json::Value) -> Result<Vec<u8>, GenerateError> {
    let outcome = list(negative, "outcomes")?.first();
    bytes(outcome.ok_or_else(|| broken("no outcome"))?, "clear")
}

fn peer_flag(name: &str) -> &'static str {
    match name {
        _ if name.contains("ciphertext of") || name.contains("no ciphertext") => "NonBlockLength",
        _ if name.contains("padding") => "BadPadding",
        _ if name.starts_with("wrong-") => "WrongKey",
        _ if name.starts_with("truncated") || name.starts_with("random-bytes") => "Truncation",
        _ => "EarlyRelease",
    }
}

fn valid(draft: &mut Draft<EnvelopeOpen>, rule: &str, comment: &str, key: &[u8], sealed: &[u8], clear: &[u8]) {
    let input = envelope_open::Input { key: b64::encode(key), sealed: draft.binary(sealed) };
    let output = envelope_open::Output { plaintext: Binary::of(clear) };
    draft.valid(rule, comment, input, output, clear.len() as u64);
}

fn invalid(
    draft: &mut Draft<EnvelopeOpen>,
    rule: &str,
    comment: &str,
    key: &[u8],
    sealed: &[u8],
    error: &str,
    flags: &[&str],
) {
    let input = envelope_open::Input { key: b64::encode(key), sealed: draft.binary(sealed) };
    draft.invalid(rule, comment, input, error, flags);
}

fn attacks() -> Result<Draft<EnvelopeOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/open", "env-open");
    keys(&mut draft)?;
    truncations(&mut draft)?;
    flips(&mut draft)?;
    paddings(&mut draft)?;
    macs(&mut draft)?;
    long(&mut draft)?;
    Ok(draft)
}

fn keys(draft: &mut Draft<EnvelopeOpen>) -> Result<(), GenerateError> {
    for length in [32, 48, 64] {
        let key = key(length);
        for clear in [0, 1, 15, 16, 17, 100] {
            let comment = format!("{clear} bytes under a key of {length}");
            let sealed = sealed(&key, &comment, &pattern(clear))?;
            valid(draft, "ENV-01", &comment, &key, &sealed, &pattern(clear));
        }
        let good = sealed(&key, "key halves", b"which half is which?")?;
        let (mac, aes) = key.split_at(length / 2);
        let other = expand("another key", length);
        let (other_mac, other_aes) = other.split_at(length / 2);
        for (wrong, rule, comment) in [
            ([aes, mac], "ENV-07", "halves swapped"),
            ([other_mac, aes], "ENV-07", "another MAC key"),
            ([mac, mac], "ENV-08", "the MAC key for both"),
            ([aes, aes], "ENV-07", "the AES key for both"),
            ([mac, other_aes], "ENV-08", "another AES key under a good MAC"),
            ([other_mac, other_aes], "ENV-07", "another key"),
        ] {
            let comment = format!("key of {length}: {comment}");
            invalid(draft, rule, &comment, &wrong.concat(), &good, "rejected", &["WrongKey"]);
        }
    }
    let good = sealed(&key(64), "key lengths", b"text")?;
    for length in [0, 1, 16, 24, 31, 33, 40, 47, 49, 56, 63, 65, 80, 96, 128] {
        let comment = format!("a key of {length} bytes");
        invalid(
            draft,
            "ENV-01",
            &comment,
            &expand("key of another length", length),
            &good,
            "key-length",
            &["WrongKey"],
        );
    }
    Ok(())
}

fn truncations(draft: &mut Draft<EnvelopeOpen>) -> Result<(), GenerateError> {
    let key = key(64);
    let good = sealed(&key, "truncations", &pattern(33))?;
    for length in 0..good.len() {
        let (rule, error) = length_verdict(length);
        let cut = good.get(..length).unwrap_or_default();
        invalid(draft, rule, &format!("cut to {length} of {} bytes", good.len()), &key, cut, error, &["Truncation"]);
    }
    for length in [1, 15, 16, 31, 32, 64, 80] {
        let (rule, error) = length_verdict(good.len() - length);
        let cut = good.get(length..).unwrap_or_default();
        invalid(draft, rule, &format!("{length} bytes missing in front"), &key, cut, error, &["Truncation"]);
    }
    for more in [1, 15, 16, 17, 32, 48] {
        let (rule, error) = length_verdict(good.len() + more);
        let longer = [&good[..], &vec![0; more]].concat();
        invalid(draft, rule, &format!("{more} zero bytes appended"), &key, &longer, error, &["Truncation"]);
    }
    let twice = [&good[..], &good].concat();
    invalid(draft, "ENV-07", "the same envelope twice", &key, &twice, "rejected", &["Truncation"]);
    let blocks: Vec<&[u8]> = good.chunks(16).collect();
    for order in [[0, 2, 1, 3, 4, 5], [1, 0, 2, 3, 4, 5], [0, 1, 2, 3, 5, 4], [0, 3, 2, 1, 4, 5], [0, 1, 1, 3, 4, 5]] {
        let moved: Vec<u8> =
            order.iter().filter_map(|&block| blocks.get(block)).flat_map(|block| block.to_vec()).collect();
        let comment = format!("blocks in the order {order:?}");
        invalid(draft, "ENV-07", &comment, &key, &moved, "rejected", &["EarlyRelease"]);
    }
    let without = |block: usize| -> Vec<u8> {
        blocks.iter().enumerate().filter(|(place, _)| *place != block).flat_map(|(_, block)| block.to_vec()).collect()
    };
    for block in 0..4 {
        let comment = format!("block {block} taken out");
        invalid(draft, "ENV-07", &comment, &key, &without(block), "rejected", &["Truncation"]);
    }
    Ok(())
}

fn length_verdict(length: usize) -> (&'static str, &'static str) {
    if length < 64 || !length.is_multiple_of(16) { ("ENV-06", "malformed") } else { ("ENV-07", "rejected") }
}

fn flips(draft: &mut Draft<EnvelopeOpen>) -> Result<(), GenerateError> {
    let key = key(64);
    let good = sealed(&key, "flips", &pattern(20))?;
    for place in 0..good.len() {
        let part = match place {
            0..16 => "IV",
            _ if place >= good.len() - 32 => "MAC",
            _ => "ciphertext",
        };
        // One bit a byte, all eight bits in turn, and both ends of every part in full.
        let ends = [0, 15, 16, good.len() - 33, good.len() - 32, good.len() - 1];
        let bits = if ends.contains(&place) { vec![0, 7] } else { vec![place % 8] };
        for bit in bits {
            let mut bad = good.clone();
            if let Some(byte) = bad.get_mut(place) {
                *byte ^= 1 << bit;
            }
            let comment = format!("{part}: bit {bit} of byte {place} flipped");
            invalid(draft, "ENV-07", &comment, &key, &bad, "rejected", &["EarlyRelease"]);
        }
    }
    Ok(())
}

/// An envelope of blocks that are taken as they are, padding or not.
fn of_blocks(key: &[u8], label: &str, blocks: &[u8]) -> Result<Vec<u8>, GenerateError> {
    let with_padding = sealed(key, label, blocks)?;
    // IV and the blocks: neither the block of padding nor the MAC.
    let kept = with_padding.get(..16 + blocks.len()).unwrap_or_default();
    Ok(signed(key, kept))
}

/// `data` and the MAC over it.
fn signed(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mac_key = key.get(..key.len() / 2).unwrap_or_default();
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, mac_key), data);
    [data, mac.as_ref()].concat()
}

fn paddings(draft: &mut Draft<EnvelopeOpen>) -> Result<(), GenerateError> {
    let key = key(64);
    for length in 1..=16_u8 {
        let mut block = pattern(32);
        let kept = 32 - usize::from(length);
        block.truncate(kept);
        block.resize(32, length);
        let comment = format!("good MAC, {length} bytes of padding");
        let good = of_blocks(&key, &comment, &block)?;
        valid(draft, "ENV-08", &comment, &key, &good, &pattern(kept));
        // The first of its bytes, and one in the middle.
        for wrong in [kept, (kept + 31) / 2] {
            if wrong >= 31 {
                continue;
            }
            let mut block = block.clone();
            if let Some(byte) = block.get_mut(wrong) {
                *byte ^= 1;
            }
            let comment = format!("good MAC, padding of {length} with byte {} of it wrong", wrong - kept);
            let bad = of_blocks(&key, &comment, &block)?;
            invalid(draft, "ENV-08", &comment, &key, &bad, "rejected", &["BadPadding"]);
        }
    }
    for last in [0, 17, 18, 32, 127, 128, 254, 255] {
        for (fill, kind) in [(0, "zeros"), (last, "the same byte")] {
            let mut block = [fill; 32];
            block[31] = last;
            let comment = format!("good MAC, last byte {last}, {kind} before it");
            let bad = of_blocks(&key, &comment, &block)?;
            invalid(draft, "ENV-08", &comment, &key, &bad, "rejected", &["BadPadding"]);
        }
    }
    let mut across = pattern(32);
    across.truncate(14);
    across.resize(32, 18);
    let bad = of_blocks(&key, "across", &across)?;
    invalid(
        draft,
        "ENV-08",
        "good MAC, 18 bytes of padding across two blocks",
        &key,
        &bad,
        "rejected",
        &["BadPadding"],
    );
    for (tail, kind) in
        [(&[0x80_u8, 0, 0, 0][..], "ISO 7816-4"), (&[0, 0, 0, 4], "ANSI X9.23"), (&[9, 9, 9, 4], "ISO 10126")]
    {
        let bad = of_blocks(&key, kind, &[&pattern(28)[..], tail].concat())?;
        let comment = format!("good MAC, padding by {kind}");
        invalid(draft, "ENV-08", &comment, &key, &bad, "rejected", &["BadPadding"]);
    }
    for ciphertext in [0, 1, 15, 17, 31, 33] {
        let data = expand("no whole block", 16 + ciphertext);
        let comment = format!("good MAC over {ciphertext} bytes of ciphertext");
        invalid(draft, "ENV-06", &comment, &key, &signed(&key, &data), "malformed", &["NonBlockLength"]);
    }
    Ok(())
}

fn macs(draft: &mut Draft<EnvelopeOpen>) -> Result<(), GenerateError> {
    let key = key(64);
    let clear = pattern(24);
    let good = sealed(&key, "macs", &clear)?;
    let (data, _) = good.split_at(good.len() - 32);
    let (iv, ciphertext) = data.split_at(16);
    let (mac_key, aes_key) = key.split_at(32);
    let sha256 = |key: &[u8], parts: &[&[u8]]| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
    };
    let cut = |algorithm, key: &[u8]| {
        let mac = hmac::sign(&hmac::Key::new(algorithm, key), data);
        mac.as_ref().iter().copied().chain([0; 32]).take(32).collect::<Vec<u8>>()
    };
    let right = sha256(mac_key, &[data]);
    let half = right.get(..16).unwrap_or_default();
    let mut reversed = right.clone();
    reversed.reverse();
    let bits = ((data.len() as u64) * 8).to_be_bytes();
    for (mac, comment) in [
        (sha256(mac_key, &[ciphertext]), "MAC over the ciphertext alone"),
        (sha256(mac_key, &[iv]), "MAC over the IV alone"),
        (sha256(mac_key, &[ciphertext, iv]), "MAC over ciphertext and IV in the wrong order"),
        (sha256(mac_key, &[&clear]), "MAC over the plaintext"),
        (sha256(mac_key, &[iv, &clear]), "MAC over IV and plaintext"),
        (sha256(mac_key, &[]), "MAC over nothing"),
        (sha256(mac_key, &[data, &bits]), "MAC over the data and their length in bits"),
        (sha256(aes_key, &[data]), "MAC with the AES key"),
        (sha256(&key, &[data]), "MAC with the whole key"),
        (sha256(&[], &[data]), "MAC with an empty key"),
        (cut(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac_key), "HMAC-SHA-1, filled with zeros"),
        (cut(hmac::HMAC_SHA384, mac_key), "HMAC-SHA-384, cut"),
        (cut(hmac::HMAC_SHA512, mac_key), "HMAC-SHA-512, cut"),
        (digest::digest(&digest::SHA256, data).as_ref().to_vec(), "a hash without key"),
        ([half, &[0; 16]].concat(), "half of the MAC, the rest zeros"),
        ([half, half].concat(), "the first half of the MAC twice"),
        (reversed, "the MAC backwards"),
        (vec![0; 32], "zeros for a MAC"),
        (vec![0xff; 32], "ones for a MAC"),
    ] {
        invalid(draft, "ENV-07", comment, &key, &[data, &mac].concat(), "rejected", &["MacScope"]);
    }
    let in_front = [&right[..], data].concat();
    invalid(draft, "ENV-07", "MAC in front", &key, &in_front, "rejected", &["MacScope"]);
    let other = sealed(&key, "another envelope of the same key", &clear)?;
    let (other_data, other_mac) = other.split_at(other.len() - 32);
    for (mixed, comment) in [
        ([data, other_mac].concat(), "the MAC of another envelope"),
        ([iv, other_data.get(16..).unwrap_or_default(), &right].concat(), "the ciphertext of another envelope"),
        ([other_data.get(..16).unwrap_or_default(), ciphertext, &right].concat(), "the IV of another envelope"),
    ] {
        invalid(draft, "ENV-07", comment, &key, &mixed, "rejected", &["MacScope"]);
    }
    Ok(())
}

/// Lengths around the pieces in which streams are usually read.
fn long(draft: &mut Draft<EnvelopeOpen>) -> Result<(), GenerateError> {
    let key = key(64);
    for clear in [8_191, 65_488, 65_520, 131_041] {
        let comment = format!("{clear} bytes");
        let good = sealed(&key, &comment, &pattern(clear))?;
        valid(draft, "ENV-04", &comment, &key, &good, &pattern(clear));
    }
    let good = sealed(&key, "long and damaged", &pattern(70_000))?;
    let mut late = good.clone();
    if let Some(byte) = late.last_mut() {
        *byte ^= 1;
    }
    let last_of_mac = "70000 bytes, the last bit of the MAC flipped: all plaintext is right, none may be seen";
    invalid(draft, "ENV-07", last_of_mac, &key, &late, "rejected", &["EarlyRelease"]);
    let cut = good.get(..65_536).unwrap_or_default();
    invalid(draft, "ENV-07", "70000 bytes, cut at 65536", &key, cut, "rejected", &["Truncation"]);
    Ok(())
}

fn seal(peer: &Peer<'_>) -> Result<Draft<EnvelopeSeal>, GenerateError> {
    let data = peer.json("symkey.json")?;
    let mut draft = Draft::peers("envelope/seal", "env-seal", "peer/symkey.json");
    for vector in list(&data, "vectors")? {
        let (key, sealed) = (bytes(vector, "key")?, bytes(vector, "ciphertext")?);
        let clear = pattern(number(vector, "clearLength")? as usize);
        let comment = format!("{} bytes under a key of {}", clear.len(), key.len());
        let plaintext = draft.binary(&clear);
        let input = |allow_short_key| envelope_seal::Input {
            key: b64::encode(&key),
            iv: text(vector, "iv").unwrap_or_default().to_owned(),
            allow_short_key,
            plaintext: plaintext.clone(),
        };
        let output = envelope_seal::Output { sealed: Binary::of(&sealed) };
        let rule = if key.len() == SymKey::LENGTH { "ENV-05" } else { "ENV-02" };
        draft.valid(rule, comment.as_str(), input(key.len() < SymKey::LENGTH), output, 0);
        if key.len() < SymKey::LENGTH {
            draft.invalid(
                "ENV-02",
                format!("{comment}, without permission"),
                input(false),
                "key-length",
                &["WrongKey"],
            );
        }
    }
    for length in [0, 16, 31, 33, 63, 65, 128] {
        let input = envelope_seal::Input {
            key: b64::encode(expand("key of another length", length)),
            iv: b64::encode(iv("seal")),
            allow_short_key: true,
            plaintext: Binary::of(b"text"),
        };
        draft.invalid("ENV-01", format!("a key of {length} bytes"), input, "key-length", &["WrongKey"]);
    }
    Ok(draft)
}
