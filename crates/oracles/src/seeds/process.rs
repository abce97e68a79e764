//! Process data.

use super::{json, texts};

pub(super) fn values() -> Vec<Vec<u8>> {
    let encoded = bytes("value-read", "/in/encoded");
    [spread(encoded), texts(&json("vectors/process/value-write.json"), "/in/text")].concat()
}

pub(super) fn proofs() -> Vec<Vec<u8>> {
    texts(&json("vectors/process/proof.json"), "/in/proof")
}

/// Shares that were sealed under another secret, payloads to be sealed, and texts.
pub(super) fn shares() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> =
        bytes("share-seal", "/output/share").iter().map(|share| [&[0], share.as_slice()].concat()).collect();
    for tail in [&[0][..], &[1; 33], &[2]] {
        seeds.push([&[1, 1], [7; 32].as_slice(), tail].concat());
    }
    let id = "00".repeat(32);
    let share = format!(
        "{{\"attribute\":\"doc\",\"process\":\"{id}:1\",\"recipient\":\"b\",\"sender\":\"a\",\"share\":\"00\",\"state_id\":\"{id}\"}}"
    );
    let request = format!("{{\"asker\":\"a\",\"process\":\"{id}:1\",\"roles\":[\"r\"],\"state_ids\":[\"{id}\"]}}");
    seeds.extend([share, request].map(|text| format!("\x02{text}").into_bytes()));
    seeds
}

pub(super) fn processes() -> Vec<Vec<u8>> {
    ["text", "roles"]
        .iter()
        .flat_map(|name| texts(&json(&format!("vectors/process/{name}.json")), "/in/text"))
        .collect()
}

fn bytes(name: &str, pointer: &str) -> Vec<Vec<u8>> {
    let file = json(&format!("vectors/process/{name}.json"));
    let digits = |text: &Vec<u8>| {
        let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
        text.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, &next| byte << 4 | digit(next))).collect()
    };
    texts(&file, pointer).iter().map(digits).collect()
}

/// Most of these differ in one byte only.
fn spread(seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    seeds.into_iter().take(60).collect()
}
