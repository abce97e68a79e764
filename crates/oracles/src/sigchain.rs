//! Sigchains: every door gives the verdict of a slow and obvious model, whatever the blocks say.

mod model;

use crate::Input;
use crate::keyring::IDENTITY;
use model::{Model, Verdict, hash};
use sealwright_identity::Identity;
use sealwright_sigchain::{Chain, Mode, Trusted, Verified, verify, verify_trusting};
use sealwright_types::{Coded as _, b64};
use sealwright_wrap::PrivateKey;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// When everything is verified, in seconds.
const NOW: u64 = 1_795_300_000;
/// Signing takes the time: more signatures would only make an input slow.
const MOST_SIGNATURES: usize = 6;

/// Two keys of 1024 bits: `@` stands for the first, `@@` for the second.
static KEYS: LazyLock<[Arc<PrivateKey>; 2]> = LazyLock::new(|| {
    let identity = Identity::from_bson(IDENTITY).expect("an identity").identity;
    [Arc::clone(&identity.current().signing), Arc::clone(&identity.current().encryption)]
});

/// Input: JSON. In blocks `@` and `@@` stand for a public key, its hash or a signature with it; as hashes of blocks, for the right ones.
pub(crate) fn sigchain(input: &[u8]) -> Input {
    let Ok(text) = std::str::from_utf8(input) else { return Input::Useless };
    if let Ok(chain) = Chain::from_flattened_json(text) {
        let _ = every_door(&chain, Mode::Normal);
    }
    if let Ok(chain) = Chain::from_json(text) {
        let _ = every_door(&chain, Mode::Strict);
    }
    let Ok(Value::Array(mut blocks)) = serde_json::from_str(text) else { return Input::Useful };
    fill(&mut blocks);
    let chain = Chain::from_json(&Value::from(blocks.clone()).to_string()).expect("an array");
    let shaped = chain.blocks().len();
    for mode in [Mode::Normal, Mode::Strict] {
        let ours = every_door(&chain, mode);
        let mut expected = Model::default().judge(&blocks[..shaped], NOW, mode == Mode::Strict);
        if let (Ok(_), Some(fault)) = (&expected, chain.fault()) {
            expected = Err((fault.position, fault.code()));
        }
        assert_eq!(ours, expected, "SIG-20..40, {mode:?}");
    }
    Input::Useful
}

/// The one verdict of every way of verifying a chain.
fn every_door(chain: &Chain, mode: Mode) -> Verdict {
    let whole = chain.verify(NOW, mode);
    let blocks = chain.blocks();
    let written = serde_json::to_string(blocks).expect("blocks are JSON");
    let again = Chain::from_json(&written).expect("what was written is read");
    for (block, again) in blocks.iter().zip(again.blocks()) {
        assert_eq!(block.computed_hash(), again.computed_hash(), "SIG-11");
    }
    let without_fault = verify(blocks, NOW, mode);
    let valid = without_fault.as_ref().map_or_else(|fault| fault.position, |verified| verified.history().len());
    let mut prefix = Verified::empty(mode);
    for known in 0..=valid {
        assert_eq!(prefix.extend(&blocks[known..], NOW), without_fault, "SIG-53: extended after {known}");
        if let Some(block) = blocks.get(known).filter(|_| known < valid) {
            prefix = prefix.extend(std::slice::from_ref(block), NOW).expect("a prefix of what is valid");
            let hash = prefix.hash(None).expect("a block");
            assert_eq!(prefix.find(hash, Some(known)), Ok(known), "SIG-53");
            let trusting = verify_trusting(chain, Trusted { position: known, hash }, NOW, mode);
            assert_eq!(trusting.map_err(|error| error.code()), whole.clone().map_err(|fault| fault.code()), "SIG-53");
        }
    }
    whole.map(|verified| summary(&verified)).map_err(|fault| (fault.position, fault.code()))
}

fn summary(verified: &Verified) -> model::State {
    let devices = verified.devices().map(|(id, device)| {
        let keys = (device.encryption_key, device.signing_key_hash);
        (id, (keys.0, keys.1, device.expire_at, device.revoked))
    });
    (devices.collect(), verified.members().iter().copied().collect::<BTreeSet<_>>())
}

/// Puts keys, hashes and signatures where the places for them are.
fn fill(blocks: &mut [Value]) {
    let (mut previous, mut signatures) = (String::new(), 0);
    for block in blocks {
        for pointer in [
            "/transaction/operation/device/encryption_pubkey_hash",
            "/transaction/operation/device/signing_pubkey_hash",
        ] {
            put(block.pointer_mut(pointer), |key| key.hash().to_string());
        }
        if let Some(Value::Array(keys)) = block.pointer_mut("/extras/pubkeys") {
            keys.iter_mut().for_each(|key| put(Some(key), |key| b64::encode(key.public().to_spki())));
        }
        put(block.pointer_mut("/transaction/previous_hash"), |_| previous.clone());
        let computed = hash(&block["transaction"]);
        put(block.pointer_mut("/signature/hash"), |_| computed.clone());
        put(block.pointer_mut("/signature/signature"), |key| {
            signatures += 1;
            if signatures > MOST_SIGNATURES {
                return String::new();
            }
            b64::encode(key.sign(computed.as_bytes()).expect("a signature"))
        });
        previous = computed;
    }
}

fn put(place: Option<&mut Value>, value: impl FnOnce(&PrivateKey) -> String) {
    if let Some(place) = place {
        match place.as_str() {
            Some("@") => *place = json!(value(&KEYS[0])),
            Some("@@") => *place = json!(value(&KEYS[1])),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICES: [&str; 2] = ["aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"];

    fn block(kind: &str, position: u64, device: &str, by: &str, keys: [&str; 2]) -> Value {
        json!({
            "transaction": {
                "position": position, "previous_hash": "@", "created_at": 1_767_225_600_u64,
                "expire_at": if kind == "revocation" { 0 } else { 1_800_000_000 },
                "signer": { "user": "self", "device_id": by },
                "operation": { "type": kind, "device": { "id": device, "encryption_pubkey_hash": "@", "signing_pubkey_hash": keys[0] } },
            },
            "signature": { "protocol": "2", "hash": "@", "signature": keys[1] },
            "extras": { "pubkeys": [keys[0]] },
        })
    }

    fn chain() -> Vec<Value> {
        vec![
            block("creation", 0, DEVICES[0], DEVICES[0], ["@", "@"]),
            block("renewal", 1, DEVICES[0], DEVICES[0], ["@@", "@"]),
            block("creation", 2, DEVICES[1], DEVICES[0], ["@", "@@"]),
            block("revocation", 3, DEVICES[1], DEVICES[1], ["@", "@"]),
        ]
    }

    #[test]
    fn the_places_make_a_valid_chain() {
        let mut blocks = chain();
        fill(&mut blocks);
        let chain = Chain::from_json(&Value::from(blocks.clone()).to_string()).unwrap();
        assert!(chain.verify(NOW, Mode::Strict).is_ok());
        assert!(Model::default().judge(&blocks, NOW, true).is_ok());
    }

    #[test]
    fn hand_picked_inputs_hold() {
        assert_eq!(sigchain(&[0xff]), Input::Useless);
        for input in ["", "[]", "{}", "[{}]", "[1]", "[[]]", "null", r#"[{"transaction":{},"signature":{}}]"#] {
            assert_eq!(sigchain(input.as_bytes()), Input::Useful);
        }
        let good = chain();
        sigchain(Value::from(good.clone()).to_string().as_bytes());
        for (pointer, value) in [
            ("/transaction/position", json!(7)),
            ("/transaction/previous_hash", json!("")),
            ("/transaction/created_at", json!(1)),
            ("/transaction/created_at", json!(1_999_999_999)),
            ("/transaction/expire_at", json!(1)),
            ("/transaction/signer/user", json!("server")),
            ("/transaction/signer/device_id", json!("")),
            ("/transaction/operation/type", json!("members")),
            ("/transaction/operation/device/signing_pubkey_hash", json!("@@")),
            ("/transaction/operation/device/id", json!(DEVICES[1].to_uppercase())),
            ("/signature/protocol", json!("1")),
            ("/signature/signature", json!("@@")),
            ("/signature/signature", json!("")),
            ("/extras/pubkeys", json!([])),
        ] {
            for position in 0..good.len() {
                let mut blocks = good.clone();
                *blocks[position].pointer_mut(pointer).unwrap() = value.clone();
                sigchain(Value::from(blocks).to_string().as_bytes());
            }
        }
    }
}
