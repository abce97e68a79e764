//! The signing key that a creation or a renewal brings: found by its hash, parsed, canonical.

use super::super::{Draft, GenerateError};
use super::Chains;
use super::maker::{DEVICE_1, KEY_1536, KEY_2048, KEY_3072, KEY_4096, KEY_E3, Maker, Step};
use crate::kinds::sigchain::SigchainVerify;
use ring::digest::{SHA256, digest};
use sealwright_types::b64;
use serde_json::{Value, json};

const BY_1: (&str, usize) = (DEVICE_1, 0);
const FLAG: &str = "KeySubstitution";

pub(super) fn chains(maker: &Maker) -> Result<Draft<SigchainVerify>, GenerateError> {
    let mut chains = Chains::new(maker, "sigchain/verify-keys", "sigchain-key");
    sizes(&mut chains)?;
    let second = maker.renewal(DEVICE_1, 1, 0, 10)?;
    let first = maker.creation(DEVICE_1, 0, BY_1, 0)?;
    search(&mut chains, "SIG-29", "create", 0, &[], &first)?;
    search(&mut chains, "SIG-38", "renew", 1, std::slice::from_ref(&first), &second)?;
    further(&mut chains, &first)?;
    Ok(chains.draft)
}

/// Keys of every size in every part.
fn sizes(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    for (rule, name, key) in [
        ("SIG-40", "1024 bits", 3),
        ("SIG-40", "2048 bits", KEY_2048),
        ("SIG-40", "4096 bits", KEY_4096),
        ("SIG-40", "1536 bits", KEY_1536),
        ("SIG-40", "3072 bits", KEY_3072),
        ("SIG-40", "2048 bits and the exponent 3", KEY_E3),
    ] {
        let first = c.maker.creation(DEVICE_1, key, (DEVICE_1, key), 0)?;
        c.accept(rule, format!("a device with a key of {name}"), std::slice::from_ref(&first))?;
        let renewed = c.maker.renewal(DEVICE_1, KEY_2048 + 1, key, 10)?;
        c.accept(rule, format!("renewed from a key of {name}"), &[first, renewed])?;
        let (first, renewed) = (c.maker.creation(DEVICE_1, 0, BY_1, 0)?, c.maker.renewal(DEVICE_1, key, 0, 10)?);
        c.accept(rule, format!("renewed to a key of {name}"), &[first, renewed])?;
    }
    Ok(())
}

/// The search among the entries, for a creation or a renewal to this key.
fn search(
    c: &mut Chains<'_>,
    rule: &str,
    suffix: &str,
    key: usize,
    before: &[Step],
    step: &Step,
) -> Result<(), GenerateError> {
    let spki = c.maker.key(key)?.spki.clone();
    let other = c.maker.key(2)?.spki.clone();
    let encryption = b64::encode("another entry");
    let with = |step: Step| [before, &[step]].concat();
    for (comment, keys) in [
        ("the key alone", vec![&spki[..]]),
        ("another key first", vec![&other, &spki]),
        ("another key last", vec![&spki, &other]),
        ("an entry before it that is no base64", vec!["!!", &spki]),
        ("an entry before it that is no key", vec![&encryption, &spki]),
        ("an empty entry before it", vec!["", &spki]),
        ("twice", vec![&spki, &spki]),
        ("among many", vec!["!!", &other, &encryption, "", &spki, &other, "=", &spki]),
    ] {
        c.accept("SIG-40", format!("{suffix}: {comment}"), &with(step.clone().keys(&keys)))?;
    }
    for (comment, keys) in [
        ("no entry", vec![]),
        ("another key only", vec![&other[..]]),
        ("an entry that is no base64 only", vec!["!!"]),
        ("the hash of the key instead of the key", vec![&c.maker.key(key)?.hash]),
        ("the key with a character too many", vec![&format!("{spki}A")]),
    ] {
        let code = format!("missing-key-{suffix}");
        c.refuse(rule, format!("{suffix}: {comment}"), &with(step.clone().keys(&keys)), &code, FLAG)?;
    }
    for (comment, member) in [("no extras", "/extras"), ("no pubkeys", "/extras/pubkeys")] {
        let code = format!("missing-key-{suffix}");
        c.refuse(rule, format!("{suffix}: {comment}"), &with(step.clone().removed(member)), &code, FLAG)?;
        let code = format!("missing-key-{suffix}");
        c.refuse(
            rule,
            format!("{suffix}: {comment}, null"),
            &with(step.clone().edited(member, Value::Null)),
            &code,
            FLAG,
        )?;
    }

    let hashed = |bytes: &[u8]| b64::encode(digest(&SHA256, bytes));
    let named = |bytes: &[u8]| {
        let step = step.clone().keys(&[&b64::encode(bytes)]);
        with(step.with("/operation/device/signing_pubkey_hash", hashed(bytes)))
    };
    for name in [
        "SPKI + 1 trailing byte",
        "SPKI truncated by 1",
        "private key given as public",
        "empty",
        "SPKI without NULL parameters",
        "SPKI with rsassaPss OID",
        "RSA-512 public",
        "EC P-256 public",
    ] {
        let der = c.maker.odd.get(name).ok_or_else(|| super::super::broken(name))?.clone();
        let code = format!("bad-key-{suffix}-1");
        c.refuse(rule, format!("{suffix}, named by its hash: {name}"), &named(&der), &code, FLAG)?;
    }
    let code = format!("bad-key-{suffix}-1");
    c.refuse(rule, format!("{suffix}, named by its hash: some text"), &named(b"no key"), &code, FLAG)?;
    let bare = c.maker.odd.get("bare PKCS#1 public").ok_or_else(|| super::super::broken("PKCS#1"))?.clone();
    let code = format!("bad-key-{suffix}-2");
    c.refuse(rule, format!("{suffix}, named by its hash: a key as PKCS#1"), &named(&bare), &code, FLAG)?;
    for (comment, keys) in [
        ("one padding character too many", vec![format!("{spki}=")]),
        ("a line feed after it", vec![format!("{spki}\n")]),
        ("a space in it", vec![format!("{} {}", &spki[..10], &spki[10..])]),
        ("in another spelling first, canonical after that", vec![format!("{spki}="), spki.clone()]),
    ] {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let code = format!("bad-key-{suffix}-2");
        c.refuse(rule, format!("{suffix}: {comment}"), &with(step.clone().keys(&keys)), &code, FLAG)?;
    }
    let canonical_first = [&spki[..], &format!("{spki}=")];
    c.accept(
        "SIG-40",
        format!("{suffix}: canonical first, in another spelling after that"),
        &with(step.clone().keys(&canonical_first)),
    )
}

/// Padding, alphabets, and what other operations bring.
fn further(c: &mut Chains<'_>, first: &Step) -> Result<(), GenerateError> {
    // An SPKI of 550 bytes has two padding characters.
    let large = c.maker.creation(DEVICE_1, KEY_4096, (DEVICE_1, KEY_4096), 0)?;
    let spki = c.maker.key(KEY_4096)?.spki.clone();
    for (comment, text) in [
        ("without padding", spki.trim_end_matches('=').to_owned()),
        ("half of the padding", spki.strip_suffix('=').unwrap_or_default().to_owned()),
        ("in the alphabet for URLs", spki.replace('+', "-").replace('/', "_")),
        (
            "with spare bits set",
            spki.replace("Q==", "R==").replace("w==", "x==").replace("g==", "h==").replace("A==", "B=="),
        ),
    ] {
        let step = large.clone().keys(&[&text]);
        c.refuse("SIG-29", format!("a key of 4096 bits {comment}"), &[step], "bad-key-create-2", FLAG)?;
    }
    c.accept("SIG-01", "a key of 4096 bits with its padding", &[large])?;
    let gone = c.maker.revocation(DEVICE_1, 0, BY_1, 10)?;
    let members = c.maker.members(BY_1, &[super::maker::USERS[0]], 10);
    let other = c.maker.key(2)?.spki.clone();
    for (comment, step) in [("a revocation", gone), ("members", members)] {
        for (what, keys) in [("no key", vec![]), ("another key", vec![&other[..]]), ("no base64", vec!["!!"])] {
            c.accept("SIG-01", format!("{comment} with {what}"), &[first.clone(), step.clone().keys(&keys)])?;
        }
        c.accept("SIG-01", format!("{comment} without extras"), &[first.clone(), step.clone().removed("/extras")])?;
        let more = step.edited("/extras/more", json!({ "pubkeys": [1] }));
        c.accept("SIG-03", format!("{comment} with a further member in extras"), &[first.clone(), more])?;
    }
    Ok(())
}
