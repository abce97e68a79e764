//! Chains of the vectors, with places for keys, hashes and signatures, so that a mutator works on what is checked.

use super::json;
use serde_json::{Value, json};

/// Chains in which every kind of block and every fault turns up once.
pub(super) fn chains() -> Vec<Vec<u8>> {
    let peer = json("vectors/peer/sigchain/sigchain.json");
    let mut seeds = Vec::new();
    for chain in peer["chains"].as_array().expect("chains") {
        let mut blocks = chain["blocks"].as_array().expect("blocks").clone();
        blocks.truncate(4);
        let own: Vec<String> = blocks.iter().flat_map(keys).collect();
        blocks.iter_mut().for_each(|block| replace(block, &own));
        seeds.push(Value::from(blocks).to_string().into_bytes());
    }
    seeds.push(br#"[{"position":0,"previousHash":"","createdAt":1767225600,"expireAt":1800000000,"signerUser":"self","signerDeviceId":"aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa","operationType":"creation","operationDeviceId":"aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa","operationEncryptionKeyHash":"","operationSigningKeyHash":"","operationMembers":[],"signatureString":"","pubkeys":[]}]"#.to_vec());
    seeds
}

/// The hash of the signing key that a block brings.
fn keys(block: &Value) -> Option<String> {
    block.pointer("/transaction/operation/device/signing_pubkey_hash")?.as_str().map(str::to_owned)
}

/// Places for the values that a mutator could not make: the first key of the chain is `@`, every other one `@@`.
fn replace(block: &mut Value, own: &[String]) {
    let place = |key: Option<String>| if key.is_none() || key.as_ref() == own.first() { "@" } else { "@@" };
    let key = place(keys(block));
    for (pointer, value) in [
        ("/transaction/operation/device/encryption_pubkey_hash", key),
        ("/transaction/operation/device/signing_pubkey_hash", key),
        ("/extras/pubkeys/0", key),
    ] {
        if let Some(target) = block.pointer_mut(pointer) {
            *target = json!(value);
        }
    }
    for pointer in ["/transaction/previous_hash", "/signature/hash", "/signature/signature"] {
        if let Some(target) =
            block.pointer_mut(pointer).filter(|value| value.as_str().is_some_and(|text| text.len() >= 64))
        {
            *target = json!("@");
        }
    }
}
