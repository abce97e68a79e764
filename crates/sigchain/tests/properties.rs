//! What no change of a chain can do, and what every change leaves as it was.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs, reason = "tests")]

use proptest::prelude::*;
use proptest::sample::Index;
use sealwright_sigchain::{Author, Built, Chain, Fault, Mode, NewDevice, Trusted, Verified, verify, verify_trusting};
use sealwright_types::{DeviceId, UserId};
use sealwright_wrap::{PrivateKey, hazmat};
use serde_json::{Value, json};
use std::sync::LazyLock;

const NOW: u64 = 1_795_300_000;

static KEYS: LazyLock<Vec<PrivateKey>> = LazyLock::new(|| (0..4).map(|_| hazmat::generate_1024().unwrap()).collect());

/// A valid chain: what each byte asks for is done if it can be done.
fn chain(wishes: &[u8]) -> Vec<Value> {
    let mut devices = vec![(DeviceId::random().unwrap(), 0_usize, false)];
    let users: Vec<UserId> = (0..3).map(|_| UserId::random().unwrap()).collect();
    let new = |id, key: usize| NewDevice { id, encryption_key: KEYS[key].hash(), signing_key: KEYS[key].public() };
    let author = |(device, key, _): (DeviceId, usize, bool)| Author { device, key: &KEYS[key] };
    let first = devices[0];
    let Built { block, mut chain } =
        Verified::empty(Mode::Normal).next(NOW - 1_000).creation(author(first), new(first.0, 0)).unwrap();
    let mut blocks = vec![block];
    for (step, &wish) in wishes.iter().enumerate() {
        let next = chain.next(NOW - 900 + step as u64);
        let key = usize::from(wish >> 4) % KEYS.len();
        let living: Vec<_> = (0..devices.len()).filter(|&place| !devices[place].2).collect();
        let Some(&by) = living.get(usize::from(wish >> 6) % living.len().max(1)) else { break };
        let built = match wish % 8 {
            0 | 1 => {
                let device = (DeviceId::random().unwrap(), key, false);
                devices.push(device);
                next.creation(author(devices[by]), new(device.0, key))
            }
            2 | 3 => {
                let old = devices[by];
                devices[by].1 = key;
                next.renewal(author(old), new(old.0, key))
            }
            4 if living.len() > 1 => {
                devices[living[0]].2 = true;
                next.revocation(author(devices[by]), devices[living[0]].0)
            }
            5 if living.len() > 1 => {
                devices[living[0]].2 = true;
                next.server_revocation("server", devices[living[0]].0)
            }
            6 if !chain.members().is_empty() => next.server_removal("server", &chain.members()[..1]),
            _ => next.members(author(devices[by]), &users[..usize::from(wish >> 5) % 4]),
        };
        let built = built.unwrap();
        blocks.push(built.block);
        chain = built.chain;
    }
    blocks.iter().map(|block| serde_json::to_value(block).unwrap()).collect()
}

fn read(blocks: &[Value]) -> Chain {
    Chain::from_json(&Value::from(blocks.to_vec()).to_string()).unwrap()
}

fn verdict(blocks: &[Value]) -> Result<Verified, Fault> {
    read(blocks).verify(NOW, Mode::Normal)
}

/// Pointers to everything inside of a value that is no object.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found))
        }
        _ => found.push(at.to_owned()),
    }
}

/// Another value of the same kind.
fn changed(value: &Value, how: u8, place: &Index, character: char) -> Value {
    match value {
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            json!(if how.is_multiple_of(2) {
                number + 1 + u64::from(how)
            } else {
                number.saturating_sub(u64::from(how))
            })
        }
        Value::String(text) => {
            let mut text: Vec<char> = text.chars().collect();
            let at = place.index(text.len() + 1);
            match how % 4 {
                0 => text.insert(at, character),
                1 if at < text.len() => drop(text.remove(at)),
                2 if at < text.len() => text[at] = character,
                3 if at < text.len() => text.truncate(at),
                _ => text.push(character),
            }
            json!(text.into_iter().collect::<String>())
        }
        Value::Array(items) => {
            let mut items = items.clone();
            match how % 3 {
                0 if !items.is_empty() => drop(items.remove(place.index(items.len()))),
                1 if items.len() > 1 => items.reverse(),
                _ => items.push(json!("99999999-9999-4999-8999-999999999999")),
            }
            json!(items)
        }
        other => other.clone(),
    }
}

fn wishes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..6)
}

/// A character that turns up in chains, or any other.
fn characters() -> impl Strategy<Value = char> {
    prop_oneof![4 => prop::sample::select("0aAfF+/=-_ \n2".chars().collect::<Vec<_>>()), 1 => any::<char>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_change_of_a_transaction_or_a_signature_is_refused(
        wishes in wishes(), which: Index, leaf: Index, how: u8, place: Index, character in characters(),
    ) {
        let good = chain(&wishes);
        prop_assert!(verdict(&good).is_ok());
        let mut bad = good.clone();
        let position = which.index(bad.len());
        let mut found = Vec::new();
        leaves(&bad[position]["transaction"], "/transaction", &mut found);
        leaves(&bad[position]["signature"], "/signature", &mut found);
        let pointer = &found[leaf.index(found.len())];
        let target = bad[position].pointer_mut(pointer).unwrap();
        let new = changed(target, how, &place, character);
        prop_assume!(*target != new);
        *target = new;
        let fault = verdict(&bad).map(|_| ());
        prop_assert!(fault.is_err_and(|fault| fault.position == position), "{pointer} of block {position}");
    }

    #[test]
    fn a_changed_transaction_with_a_fitting_hash_needs_a_new_signature(
        wishes in wishes(), which: Index, leaf: Index, how: u8, place: Index, character in characters(),
    ) {
        let mut blocks = chain(&wishes);
        let position = which.index(blocks.len());
        blocks.truncate(position + 1);
        prop_assume!(blocks[position]["transaction"]["signer"]["user"] == "self");
        let mut found = Vec::new();
        leaves(&blocks[position]["transaction"], "/transaction", &mut found);
        let pointer = &found[leaf.index(found.len())];
        // In the name of the server everything is unsigned.
        prop_assume!(pointer != "/transaction/signer/user");
        let target = blocks[position].pointer_mut(pointer).unwrap();
        let new = changed(target, how, &place, character);
        prop_assume!(*target != new);
        *target = new;
        if let Some(block) = read(&blocks).blocks().get(position) {
            blocks[position]["signature"]["hash"] = json!(block.computed_hash());
        }
        let fault = verdict(&blocks).map(|_| ());
        prop_assert!(fault.is_err_and(|fault| fault.position == position), "{pointer}");
    }

    #[test]
    fn every_change_of_the_entry_that_is_used_is_refused(
        wishes in wishes(), which: Index, how: u8, place: Index, character in characters(), remove: bool,
    ) {
        let mut blocks = chain(&wishes);
        let with_key = |block: &Value| matches!(block["transaction"]["operation"]["type"].as_str(), Some("creation" | "renewal"));
        let places: Vec<_> = (0..blocks.len()).filter(|&place| with_key(&blocks[place])).collect();
        let position = places[which.index(places.len())];
        let keys = blocks[position]["extras"]["pubkeys"].as_array_mut().unwrap();
        let new = changed(&keys[0], how, &place, character);
        prop_assume!(keys[0] != new);
        if remove { drop(keys.remove(0)) } else { keys[0] = new }
        let fault = verdict(&blocks).map(|_| ());
        prop_assert!(fault.is_err_and(|fault| fault.position == position));
    }

    #[test]
    fn every_other_change_of_extras_leaves_the_verdict(
        wishes in wishes(), which: Index, entries in prop::collection::vec("[A-Za-z0-9+/=!]{0,200}", 0..4), more: bool, bad: bool,
    ) {
        let mut blocks = chain(&wishes);
        if bad {
            let position = which.index(blocks.len());
            blocks[position]["signature"]["signature"] = json!("AAAA");
        }
        let before = verdict(&blocks);
        let position = which.index(blocks.len());
        let operation = blocks[position]["transaction"]["operation"]["type"].clone();
        let keys = blocks[position]["extras"]["pubkeys"].as_array_mut().unwrap();
        if operation == "revocation" {
            keys.clear();
        }
        for (place, entry) in entries.iter().enumerate() {
            keys.insert(place % (keys.len() + 1), json!(entry));
        }
        if more {
            blocks[position]["extras"]["more"] = json!({ "pubkeys": [1, null] });
        }
        prop_assert_eq!(verdict(&blocks), before);
    }

    #[test]
    fn prefixes_are_valid_and_grow_to_the_whole(wishes in wishes(), which: Index) {
        let blocks = chain(&wishes);
        let whole = verdict(&blocks).unwrap();
        let known = which.index(blocks.len() + 1);
        let prefix = verdict(&blocks[..known]).unwrap();
        let all = read(&blocks);
        prop_assert_eq!(prefix.extend(&all.blocks()[known..], NOW), Ok(whole.clone()));
        prop_assert_eq!(prefix.grow(&all, NOW), Ok(whole.clone()));
        for (position, entry) in whole.history().iter().enumerate() {
            let trusted = Trusted { position, hash: entry.hash };
            prop_assert_eq!(verify_trusting(&all, trusted, NOW, Mode::Normal), Ok(whole.clone()));
            prop_assert_eq!(whole.find(entry.hash, None), Ok(position));
        }
        prop_assert_eq!(verify(all.blocks(), NOW, Mode::Strict).map(|strict| strict.history().to_vec()), Ok(whole.history().to_vec()));
    }

    #[test]
    fn another_order_is_refused(wishes in wishes(), order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle()) {
        let blocks = chain(&wishes);
        let order: Vec<usize> = order.into_iter().filter(|&place| place < blocks.len()).collect();
        prop_assume!(!order.is_sorted());
        let shuffled: Vec<_> = order.iter().map(|&place| blocks[place].clone()).collect();
        prop_assert!(verdict(&shuffled).is_err());
    }

    #[test]
    fn a_block_that_is_missing_in_the_middle_or_doubled_is_refused(wishes in wishes(), which: Index) {
        let blocks = chain(&wishes);
        let position = which.index(blocks.len());
        let mut doubled = blocks.clone();
        doubled.insert(position, blocks[position].clone());
        prop_assert!(verdict(&doubled).is_err());
        let mut without = blocks.clone();
        without.remove(position);
        prop_assert!(verdict(&without).is_err() || position + 1 == blocks.len());
    }

    #[test]
    fn any_text_is_judged(text in r#"[\[\]{}",:a-z_0-9\\ -]{0,60}"#) {
        for chain in [Chain::from_json(&text), Chain::from_flattened_json(&text)].into_iter().flatten() {
            let _ = chain.verify(NOW, Mode::Normal);
        }
    }

    /// The library for canonical JSON writes the same text, whatever stands in the blocks.
    #[test]
    fn canonical_texts_are_those_of_the_library(wishes in wishes(), user: String, hashes: [String; 2], position in 0..1_u64 << 53) {
        for mut block in chain(&wishes) {
            block["transaction"]["position"] = json!(position);
            block["transaction"]["signer"]["user"] = json!(user);
            if let Some(device) = block["transaction"]["operation"].get_mut("device") {
                device["encryption_pubkey_hash"] = json!(hashes[0]);
                device["signing_pubkey_hash"] = json!(hashes[1]);
            }
            let expected = serde_json_canonicalizer::to_string(&block["transaction"]).unwrap();
            prop_assert_eq!(read(&[block]).blocks()[0].canonical(), expected);
        }
    }

    /// The same text by a writer of our own.
    #[test]
    fn texts_are_hashed_with_the_fewest_escapes(user: String, previous: String) {
        let transaction = json!({
            "created_at": 1, "expire_at": 0, "operation": { "members": [], "type": "members" }, "position": 3,
            "previous_hash": previous, "signer": { "device_id": "", "user": user },
        });
        let signature = json!({ "protocol": "2", "hash": "", "signature": "" });
        let chain = read(&[json!({ "transaction": transaction, "signature": signature })]);
        let quoted = |text: &str| {
            text.chars().fold(String::new(), |done, character| done + &match character {
                '"' | '\\' => format!("\\{character}"),
                '\u{8}' => "\\b".to_owned(),
                '\t' => "\\t".to_owned(),
                '\n' => "\\n".to_owned(),
                '\u{c}' => "\\f".to_owned(),
                '\r' => "\\r".to_owned(),
                '\0'..='\u{1f}' => format!("\\u{:04x}", u32::from(character)),
                _ => character.to_string(),
            })
        };
        let expected = format!(
            r#"{{"created_at":1,"expire_at":0,"operation":{{"members":[],"type":"members"}},"position":3,"previous_hash":"{}","signer":{{"device_id":"","user":"{}"}}}}"#,
            quoted(&previous), quoted(&user),
        );
        prop_assert_eq!(chain.blocks()[0].canonical(), expected);
    }
}

/// The faults of a chain with the position, as vectors do not say it.
#[test]
fn faults_name_the_first_bad_block() {
    let good = chain(&[0, 16, 2, 7]);
    for position in 0..good.len() {
        let mut bad = good.clone();
        for block in &mut bad[position..] {
            block["signature"]["protocol"] = json!("1");
        }
        let fault = verdict(&bad).unwrap_err();
        assert_eq!((fault.position, fault.check.rule().as_str()), (position, "SIG-22"));
        let mut shapeless = good.clone();
        shapeless[position] = json!(null);
        let fault = verdict(&shapeless).unwrap_err();
        assert_eq!((fault.position, fault.check.rule().as_str()), (position, "SIG-20"));
    }
}
