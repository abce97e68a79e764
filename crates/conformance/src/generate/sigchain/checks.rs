//! For every check a chain on each side of it, and both sides of every boundary.

use super::super::{Draft, GenerateError};
use super::Chains;
use super::maker::{DEVICE_1, DEVICE_2, DEVICE_3, LIFE, Maker, NOW, START, Step, USERS};
use crate::kinds::sigchain::SigchainVerify;
use serde_json::{Value, json};

const LONGEST: u64 = 157_680_000;
const BY_1: (&str, usize) = (DEVICE_1, 0);
const BY_2: (&str, usize) = (DEVICE_2, 1);
const CHECK: &str = "SkippedCheck";
const EDGE: &str = "Boundary";

pub(super) fn chains(maker: &Maker) -> Result<Draft<SigchainVerify>, GenerateError> {
    let mut chains = Chains::new(maker, "sigchain/verify", "sigchain-verify");
    let c = &mut chains;
    form(c)?;
    place(c)?;
    creation(c)?;
    renewal(c)?;
    revocation(c)?;
    members(c)?;
    signer(c)?;
    server(c)?;
    Ok(chains.draft)
}

/// SIG-21..23.
fn form(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = m.creation(DEVICE_2, 1, BY_1, 10)?;
    let stated = m.chain(std::slice::from_ref(&first))?[0]["signature"]["hash"].as_str().unwrap_or_default().to_owned();
    c.accept("SIG-20", "an empty chain: an empty state", &[])?;
    c.accept("SIG-21", "one device", std::slice::from_ref(&first))?;
    let mut wrong = stated.clone();
    wrong.replace_range(63.., if stated.ends_with('0') { "1" } else { "0" });
    for (comment, hash) in [
        ("another last character", wrong),
        ("upper case", stated.to_uppercase()),
        ("empty", String::new()),
        ("a space before", format!(" {stated}")),
        ("cut", stated[..63].to_owned()),
    ] {
        c.refuse(
            "SIG-21",
            format!("the hash: {comment}"),
            &[first.clone().edited("/signature/hash", hash)],
            "invalid-hash",
            CHECK,
        )?;
    }
    for (member, value) in [
        ("/transaction/created_at", json!(START + 1)),
        ("/transaction/expire_at", json!(START + LIFE + 1)),
        ("/transaction/position", json!(1)),
        ("/transaction/previous_hash", json!("00")),
        ("/transaction/signer/user", json!("Self")),
        ("/transaction/signer/device_id", json!(DEVICE_2)),
        ("/transaction/operation/device/id", json!(DEVICE_2)),
        ("/transaction/operation/device/encryption_pubkey_hash", json!(m.key(2)?.hash)),
        ("/transaction/operation/device/signing_pubkey_hash", json!(m.key(2)?.hash)),
        ("/transaction/operation/type", json!("renewal")),
    ] {
        let step = first.clone().edited(member, value);
        c.refuse("SIG-21", format!("changed after it was signed: {member}"), &[step], "invalid-hash", CHECK)?;
    }
    let members =
        m.members(BY_1, &USERS[..2], 20).edited("/transaction/operation/members", json!([USERS[1], USERS[0]]));
    c.refuse("SIG-21", "the order of members changed", &[first.clone(), members], "invalid-hash", CHECK)?;
    c.accept("SIG-22", "two devices, protocol 2", &[first.clone(), second.clone()])?;
    for protocol in ["1", "", "02", "2 ", "3"] {
        let step = second.clone().edited("/signature/protocol", protocol);
        c.refuse("SIG-22", format!("protocol {protocol:?}"), &[first.clone(), step], "invalid-protocol", CHECK)?;
    }
    // The signature of 128 bytes has one padding character.
    let signature =
        m.chain(std::slice::from_ref(&first))?[0]["signature"]["signature"].as_str().unwrap_or_default().to_owned();
    for (comment, text) in [
        ("no padding", signature.trim_end_matches('=').to_owned()),
        ("a line feed after", format!("{signature}\n")),
        ("a space inside", format!("{} {}", &signature[..8], &signature[8..])),
        ("no base64", "not base64!".to_owned()),
        ("two padding characters", format!("{signature}=")),
        ("the alphabet of file names", format!("__--{}", &signature[4..])),
    ] {
        let step = first.clone().edited("/signature/signature", text);
        c.refuse("SIG-23", format!("the signature: {comment}"), &[step], "signature-malformed", CHECK)?;
    }
    c.accept(
        "SIG-23",
        "a server block with an empty signature",
        &[first.clone(), m.server_revocation(DEVICE_1, 0, 10)?],
    )?;
    c.accept("SIG-23", "a signature in strict base64", &[first, second])
}

/// SIG-24..28.
fn place(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = |at: u64| m.creation(DEVICE_2, 1, BY_1, at);
    c.accept("SIG-24", "positions 0, 1, 2", &[first.clone(), second(10)?, m.renewal(DEVICE_1, 2, 0, 20)?])?;
    c.refuse("SIG-24", "the first at position 1", &[first.clone().placed("position", 1)], "wrong-position", CHECK)?;
    for position in [0, 2] {
        let step = second(10)?.placed("position", position);
        c.refuse(
            "SIG-24",
            format!("the second at position {position}"),
            &[first.clone(), step],
            "wrong-position",
            CHECK,
        )?;
    }
    let all = m.chain(&[first.clone(), second(10)?, m.renewal(DEVICE_1, 2, 0, 20)?])?;
    let pick = |places: &[usize]| super::text(&places.iter().map(|&place| all[place].clone()).collect::<Vec<_>>());
    for (comment, places) in [
        ("the last two change places", &[0, 2, 1][..]),
        ("the first two change places", &[1, 0, 2]),
        ("the first is missing", &[1, 2]),
        ("one in the middle is missing", &[0, 2]),
        ("the second twice", &[0, 1, 1, 2]),
    ] {
        c.refuse_text("SIG-24", comment, pick(places), "wrong-position", CHECK);
    }
    c.accept_blocks("SIG-25", "each names the one before", &all)?;
    let stated = all[0]["signature"]["hash"].as_str().unwrap_or_default().to_owned();
    let elsewhere = m.chain(&[first.clone(), second(11)?, m.renewal(DEVICE_1, 2, 0, 20)?])?;
    let mixed = [all[0].clone(), all[1].clone(), elsewhere[2].clone()];
    c.refuse_text("SIG-25", "the third follows upon another second", super::text(&mixed), "wrong-previous-hash", CHECK);
    c.refuse(
        "SIG-25",
        "the first follows upon a block",
        &[first.clone().placed("previous_hash", stated.clone())],
        "wrong-previous-hash",
        CHECK,
    )?;
    for (comment, previous) in
        [("empty", String::new()), ("in upper case", stated.to_uppercase()), ("cut", stated[..63].to_owned())]
    {
        let step = second(10)?.placed("previous_hash", previous);
        c.refuse(
            "SIG-25",
            format!("the previous hash {comment}"),
            &[first.clone(), step],
            "wrong-previous-hash",
            CHECK,
        )?;
    }
    let later = first.clone().with("/created_at", START + 20_000).with("/expire_at", START + LIFE);
    c.accept("SIG-26", "dated exactly two hours before the one before it", &[later.clone(), second(12_800)?])?;
    c.refuse("SIG-26", "a second earlier", &[later.clone(), second(12_799)?], "created-order", EDGE)?;
    c.refuse("SIG-26", "three hours earlier", &[later.clone(), second(9_200)?], "created-order", EDGE)?;
    let third = m.creation(DEVICE_3, 2, BY_1, 5_600)?;
    c.accept("SIG-26", "two hours back, and again: only the one before counts", &[later, second(12_800)?, third])?;

    c.accept("SIG-27", "a creation first", std::slice::from_ref(&first))?;
    let renewal = m.renewal(DEVICE_1, 0, 0, 0)?;
    let revocation = m.revocation(DEVICE_1, 0, BY_1, 0)?;
    for (comment, step) in [
        ("a renewal", renewal),
        ("a revocation", revocation),
        ("members", m.members(BY_1, &USERS[..1], 0)),
        ("a removal by the server", m.removal(&USERS[..1], 0)),
        ("a revocation by the server", m.server_revocation(DEVICE_1, 0, 0)?),
    ] {
        c.refuse("SIG-27", format!("{comment} first"), &[step], "first-operation-type", CHECK)?;
    }
    for signer in [DEVICE_2, ""] {
        let step = first.clone().with("/signer/device_id", signer);
        c.refuse(
            "SIG-27",
            format!("the first device is created by {signer:?}"),
            &[step],
            "first-operation-autosign",
            CHECK,
        )?;
    }
    let ahead = |at: u64| -> Result<Step, GenerateError> {
        Ok(m.creation(DEVICE_1, 0, BY_1, 0)?.with("/created_at", NOW + at).with("/expire_at", NOW + at + LIFE))
    };
    c.accept("SIG-28", "dated an hour after now", &[ahead(3_600)?])?;
    c.refuse("SIG-28", "a second later", &[ahead(3_601)?], "created-in-future", EDGE)?;
    c.now = START;
    c.accept("SIG-28", "now is when it was made", std::slice::from_ref(&first))?;
    c.now = START - 3_600;
    c.accept("SIG-28", "an hour ahead of a clock", std::slice::from_ref(&first))?;
    c.now = START - 3_601;
    c.refuse("SIG-28", "a second more", &[first], "created-in-future", EDGE)?;
    c.now = NOW;
    Ok(())
}

/// SIG-29, but for the search of the key.
fn creation(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = m.creation(DEVICE_2, 1, BY_1, 10)?;
    c.accept("SIG-29", "a second device by the first", &[first.clone(), second.clone()])?;
    let third = m.creation(DEVICE_3, 2, BY_2, 20)?;
    c.accept("SIG-29", "a third device by the second", &[first.clone(), second.clone(), third])?;
    let same_key = m.creation(DEVICE_2, 0, BY_1, 10)?;
    c.accept("SIG-29", "two devices with one signing key", &[first.clone(), same_key])?;
    c.refuse(
        "SIG-29",
        "the server creates a device",
        &[first.clone(), second.clone().by_server()],
        "create-self",
        CHECK,
    )?;
    let other = second.clone().with("/signer/user", USERS[0]);
    c.refuse("SIG-29", "another user creates a device", &[first.clone(), other], "create-self", CHECK)?;
    c.refuse(
        "SIG-29",
        "the server creates the first device",
        &[first.clone().with("/signer/user", "server")],
        "create-self",
        CHECK,
    )?;
    let again = m.creation(DEVICE_1, 1, BY_1, 10)?;
    c.refuse("SIG-29", "a device twice", &[first.clone(), again], "create-existing", CHECK)?;
    let upper = m.creation(DEVICE_2, 2, BY_1, 20)?.with("/operation/device/id", DEVICE_2.to_uppercase());
    c.refuse(
        "SIG-29",
        "a device twice, in another case",
        &[first.clone(), second.clone(), upper],
        "create-existing",
        CHECK,
    )?;
    let gone = m.revocation(DEVICE_2, 1, BY_1, 20)?;
    let returns = m.creation(DEVICE_2, 2, BY_1, 30)?;
    c.refuse(
        "SIG-29",
        "a revoked device comes again",
        &[first.clone(), second.clone(), gone, returns],
        "create-existing",
        CHECK,
    )?;
    let own = m.creation(DEVICE_2, 1, BY_2, 10)?;
    c.refuse("SIG-29", "a second device signs for itself", &[first.clone(), own], "create-signer", CHECK)?;
    let until = |step: &Step, expire: u64| step.clone().with("/expire_at", expire);
    c.accept("SIG-29", "expires when it is made", &[until(&first, START)])?;
    c.refuse(
        "SIG-29",
        "expires a second before it is made",
        &[until(&first, START - 1)],
        "expire-before-create",
        EDGE,
    )?;
    c.refuse("SIG-29", "does not expire: 0", &[until(&first, 0)], "expire-before-create", EDGE)?;
    c.accept("SIG-29", "lives exactly five years", &[until(&first, START + LONGEST)])?;
    c.refuse("SIG-29", "lives a second longer", &[until(&first, START + LONGEST + 1)], "expire-too-late-create", EDGE)?;
    c.refuse("SIG-29", "lives as long as numbers go", &[until(&first, (1 << 53) - 1)], "expire-too-late-create", EDGE)?;
    c.refuse(
        "SIG-29",
        "the second device lives a second too long",
        &[first, until(&second, START + 10 + LONGEST + 1)],
        "expire-too-late-create",
        EDGE,
    )
}

/// SIG-30, and what a renewal is signed with.
fn renewal(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = m.creation(DEVICE_2, 1, BY_1, 10)?;
    let renewal = m.renewal(DEVICE_1, 2, 0, 20)?;
    c.accept("SIG-30", "new keys", &[first.clone(), renewal.clone()])?;
    let twice = m.renewal(DEVICE_1, 3, 2, 30)?;
    c.accept("SIG-30", "new keys twice", &[first.clone(), renewal.clone(), twice])?;
    c.accept("SIG-30", "the same keys, a later end", &[first.clone(), m.renewal(DEVICE_1, 0, 0, 20)?])?;
    c.refuse("SIG-30", "the server renews", &[first.clone(), renewal.clone().by_server()], "renew-self", CHECK)?;
    let unknown = m.renewal(DEVICE_2, 1, 1, 20)?;
    c.refuse("SIG-30", "an unknown device", &[first.clone(), unknown], "renew-not-existing", CHECK)?;
    let for_another = m.renewal(DEVICE_2, 2, 0, 20)?.with("/signer/device_id", DEVICE_1);
    c.refuse("SIG-30", "by another device", &[first.clone(), second.clone(), for_another], "renew-same-key", CHECK)?;
    let nobody = renewal.clone().with("/signer/device_id", "");
    c.refuse("SIG-30", "by no device", &[first.clone(), nobody], "renew-same-key", CHECK)?;
    let until = |expire: u64| [first.clone(), renewal.clone().with("/expire_at", expire)];
    c.accept("SIG-30", "expires when it is renewed", &until(START + 20))?;
    c.refuse("SIG-30", "expires a second before", &until(START + 19), "expire-before-renew", EDGE)?;
    c.accept("SIG-30", "lives exactly five years more", &until(START + 20 + LONGEST))?;
    c.refuse("SIG-30", "lives a second longer", &until(START + 21 + LONGEST), "expire-too-late-renew", EDGE)?;
    let gone = m.revocation(DEVICE_1, 0, BY_2, 20)?;
    let late = m.renewal(DEVICE_1, 2, 0, 30)?;
    c.refuse("SIG-36", "a revoked device is renewed", &[first.clone(), second, gone, late], "signer-revoked", CHECK)?;
    let by_new = m.renewal(DEVICE_1, 2, 2, 20)?;
    c.refuse("SIG-36", "a renewal signed by the new key", &[first.clone(), by_new], "signature-invalid", CHECK)?;
    let by_old = m.creation(DEVICE_2, 1, BY_1, 30)?;
    c.refuse(
        "SIG-36",
        "signed by the key that was renewed away",
        &[first.clone(), renewal.clone(), by_old],
        "signature-invalid",
        CHECK,
    )?;
    let by_current = m.creation(DEVICE_2, 1, (DEVICE_1, 2), 30)?;
    c.accept("SIG-36", "signed by the renewed key", &[first, renewal, by_current])
}

/// SIG-31, SIG-39.
fn revocation(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = m.creation(DEVICE_2, 1, BY_1, 10)?;
    let gone = m.revocation(DEVICE_2, 1, BY_1, 20)?;
    let both = [first.clone(), second.clone()];
    let with = |step: &Step| [&both[..], std::slice::from_ref(step)].concat();
    c.accept("SIG-31", "one device revokes another", &with(&gone))?;
    c.accept("SIG-31", "a device revokes itself", &with(&m.revocation(DEVICE_1, 0, BY_1, 20)?))?;
    c.accept("SIG-31", "the server revokes", &with(&m.server_revocation(DEVICE_2, 1, 20)?))?;
    c.refuse(
        "SIG-31",
        "an unknown device",
        &with(&m.revocation(DEVICE_3, 2, BY_1, 20)?),
        "revoke-not-existing",
        CHECK,
    )?;
    let again = m.revocation(DEVICE_2, 1, BY_1, 30)?;
    c.refuse("SIG-31", "twice", &[with(&gone), vec![again]].concat(), "revoke-already-revoked", CHECK)?;
    let again = m.server_revocation(DEVICE_2, 1, 30)?;
    c.refuse(
        "SIG-31",
        "by the user, then by the server",
        &[with(&gone), vec![again]].concat(),
        "revoke-already-revoked",
        CHECK,
    )?;
    for expire in [1, START + LIFE] {
        let step = gone.clone().with("/expire_at", expire);
        c.refuse("SIG-31", format!("a revocation until {expire}"), &with(&step), "revoke-expiration", EDGE)?;
    }
    let other_key = gone.clone().with("/operation/device/encryption_pubkey_hash", m.key(3)?.hash.clone());
    c.accept("SIG-39", "another encryption key named: nobody compares it", &with(&other_key))?;
    c.accept("SIG-39", "the signing key named", &with(&gone))?;
    for (comment, step) in [("by the user", gone.clone()), ("by the server", m.server_revocation(DEVICE_2, 1, 20)?)] {
        let step = step.with("/operation/device/signing_pubkey_hash", m.key(3)?.hash.clone());
        c.refuse("SIG-39", format!("another signing key named, {comment}"), &with(&step), "wrong-key-hash", CHECK)?;
    }
    let renewed = m.renewal(DEVICE_2, 2, 1, 20)?;
    let names_old = m.revocation(DEVICE_2, 1, BY_1, 30)?;
    let names_new = m.revocation(DEVICE_2, 2, BY_1, 30)?;
    c.refuse(
        "SIG-39",
        "the key named that was renewed away",
        &[with(&renewed), vec![names_old]].concat(),
        "wrong-key-hash",
        CHECK,
    )?;
    c.accept("SIG-39", "the renewed key named", &[with(&renewed), vec![names_new]].concat())?;
    let empty = gone.with("/operation/device/signing_pubkey_hash", "");
    c.refuse("SIG-39", "no signing key named", &with(&empty), "wrong-key-hash", CHECK)
}

/// SIG-32..35, SIG-39 for removals.
fn members(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let two = m.members(BY_1, &USERS[..2], 10);
    let group = [first.clone(), two.clone()];
    let with = |steps: &[Step]| [&group[..], steps].concat();
    c.accept("SIG-34", "a list of members", &group)?;
    c.accept("SIG-34", "a longer list", &with(&[m.members(BY_1, &USERS[..3], 20)]))?;
    c.accept("SIG-34", "a shorter list: it replaces the one before", &with(&[m.members(BY_1, &USERS[1..2], 20)]))?;
    c.accept("SIG-34", "an empty list", &with(&[m.members(BY_1, &[], 20)]))?;
    c.accept("SIG-34", "a member twice", &with(&[m.members(BY_1, &[USERS[0], USERS[1], USERS[0]], 20)]))?;
    let stray = json!({ "id": "", "encryption_pubkey_hash": "", "signing_pubkey_hash": "" });
    c.accept(
        "SIG-34",
        "a device with nothing in it, which is not hashed",
        &with(&[m.members(BY_1, &USERS[..3], 20).with("/operation/device", stray.clone())]),
    )?;
    for expire in [1, START + LIFE] {
        c.refuse(
            "SIG-34",
            format!("members until {expire}"),
            &with(&[m.members(BY_1, &USERS[..3], 20).with("/expire_at", expire)]),
            "members-expiration",
            EDGE,
        )?;
    }
    for (member, value, code) in [
        ("/operation/device/id", DEVICE_1.to_owned(), "members-no-device"),
        ("/operation/device/encryption_pubkey_hash", m.key(0)?.hash.clone(), "members-no-encryption-key"),
        ("/operation/device/signing_pubkey_hash", m.key(0)?.hash.clone(), "members-no-signing-key"),
    ] {
        let step = m.members(BY_1, &USERS[..3], 20).with("/operation/device", stray.clone()).with(member, value);
        c.refuse("SIG-34", format!("members with {member}"), &with(&[step]), code, CHECK)?;
    }

    let remove = |users: &[&str]| m.removal(users, 30);
    c.accept("SIG-32", "the server removes a member", &with(&[remove(&USERS[1..2])]))?;
    c.accept("SIG-32", "the server removes all members", &with(&[remove(&USERS[..2])]))?;
    c.accept(
        "SIG-32",
        "a device of the group removes a member",
        &with(&[remove(&USERS[1..2]).with("/signer", json!({ "user": "self", "device_id": DEVICE_1 })).signed_by(0)]),
    )?;
    for expire in [1, START + LIFE] {
        c.refuse(
            "SIG-32",
            format!("a removal until {expire}"),
            &with(&[remove(&USERS[..1]).with("/expire_at", expire)]),
            "server-remove-expiration",
            EDGE,
        )?;
    }
    c.refuse("SIG-32", "the server removes nobody", &with(&[remove(&[])]), "server-remove-empty", EDGE)?;

    for (comment, value) in [("one member", json!([USERS[0]])), ("no member", json!([]))] {
        for (kind, step) in [
            ("a creation", m.creation(DEVICE_2, 1, BY_1, 20)?),
            ("a renewal", m.renewal(DEVICE_1, 1, 0, 20)?),
            ("a revocation", m.revocation(DEVICE_1, 0, BY_1, 20)?),
        ] {
            let steps = [first.clone(), step.with("/operation/members", value.clone())];
            c.refuse("SIG-33", format!("{kind} with {comment}"), &steps, "members", CHECK)?;
        }
    }
    let null = m.creation(DEVICE_2, 1, BY_1, 20)?.with("/operation/members", Value::Null);
    c.accept("SIG-33", "a creation with members null, which is none", &[first.clone(), null])?;

    c.accept(
        "SIG-35",
        "removed, then listed again, then removed again",
        &with(&[remove(&USERS[1..2]), m.members(BY_1, &USERS[..2], 40), m.removal(&USERS[1..2], 50)]),
    )?;
    for (comment, steps) in [
        ("nobody's member", vec![remove(&USERS[2..3])]),
        ("one member and one who is none", vec![remove(&[USERS[0], USERS[2]])]),
        ("twice in one list", vec![remove(&[USERS[0], USERS[0]])]),
        ("removed before by the server", vec![remove(&USERS[..1]), remove(&USERS[..1])]),
        ("removed before by a list without them", vec![m.members(BY_1, &USERS[..1], 20), remove(&USERS[1..2])]),
        ("after the list was emptied", vec![m.members(BY_1, &[], 20), remove(&USERS[..1])]),
    ] {
        c.refuse("SIG-35", format!("removed: {comment}"), &with(&steps), "unknown-user-to-remove", CHECK)?;
    }
    c.refuse(
        "SIG-35",
        "a removal where there never was a list",
        &[first, remove(&USERS[..1])],
        "unknown-user-to-remove",
        CHECK,
    )?;

    let named = |id: &str, key: usize| -> Result<Step, GenerateError> {
        let device = json!({ "id": id, "encryption_pubkey_hash": "", "signing_pubkey_hash": m.key(key)?.hash });
        Ok(remove(&USERS[..1]).with("/operation/device", device))
    };
    c.accept("SIG-39", "a removal that names a device and its key", &with(&[named(DEVICE_1, 0)?]))?;
    c.refuse(
        "SIG-39",
        "a removal that names a device and another key",
        &with(&[named(DEVICE_1, 1)?]),
        "wrong-key-hash",
        CHECK,
    )?;
    c.refuse("SIG-39", "a removal that names an unknown device", &with(&[named(DEVICE_2, 0)?]), "wrong-key-hash", CHECK)
}

/// SIG-36.
fn signer(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = m.creation(DEVICE_2, 1, BY_1, 10)?;
    for (comment, signer) in [("an unknown device", DEVICE_3), ("no device", "")] {
        let step = second.clone().with("/signer/device_id", signer);
        c.refuse("SIG-36", format!("signed by {comment}"), &[first.clone(), step], "signer-unknown", CHECK)?;
        let step = m.members(BY_1, &USERS[..1], 10).with("/signer/device_id", signer);
        c.refuse("SIG-36", format!("members signed by {comment}"), &[first.clone(), step], "signer-unknown", CHECK)?;
    }
    let gone = m.revocation(DEVICE_1, 0, BY_1, 20)?;
    for (comment, step) in [
        ("creates a device", m.creation(DEVICE_3, 2, BY_1, 30)?),
        ("lists members", m.members(BY_1, &USERS[..1], 30)),
        ("revokes another", m.revocation(DEVICE_2, 1, BY_1, 30)?),
    ] {
        let steps = [first.clone(), second.clone(), gone.clone(), step];
        c.refuse("SIG-36", format!("a revoked device {comment}"), &steps, "signer-revoked", CHECK)?;
    }
    c.accept(
        "SIG-36",
        "after a revocation the other device signs",
        &[first.clone(), second.clone(), gone, m.members(BY_2, &USERS[..1], 30)],
    )?;

    let short = first.clone().with("/expire_at", START + 100);
    c.accept(
        "SIG-36",
        "signed in the last second of the signer",
        &[short.clone(), m.creation(DEVICE_2, 1, BY_1, 100)?],
    )?;
    c.refuse(
        "SIG-36",
        "signed a second later",
        &[short.clone(), m.creation(DEVICE_2, 1, BY_1, 101)?],
        "signer-expired",
        EDGE,
    )?;
    c.refuse(
        "SIG-36",
        "members by an expired device",
        &[short.clone(), m.members(BY_1, &USERS[..1], 101)],
        "signer-expired",
        EDGE,
    )?;
    c.refuse(
        "SIG-36",
        "a revocation by an expired device",
        &[short.clone(), m.revocation(DEVICE_1, 0, BY_1, 101)?],
        "signer-expired",
        EDGE,
    )?;
    let late = [short.clone(), m.renewal(DEVICE_1, 1, 0, 101)?];
    let in_time = [short, m.renewal(DEVICE_1, 1, 0, 100)?];
    c.accept("SIG-36", "an expired device renews itself", &late)?;
    let after = [&late[..], &[m.creation(DEVICE_2, 2, (DEVICE_1, 1), 102)?]].concat();
    c.accept("SIG-36", "an expired device renews itself, then signs", &after)?;
    c.strict = true;
    c.refuse("SIG-36", "strict: an expired device renews itself", &late, "signer-expired", EDGE)?;
    c.accept("SIG-36", "strict: renewed in the last second", &in_time)?;
    c.accept("SIG-36", "strict: two devices", &[first.clone(), second.clone()])?;
    c.strict = false;

    for salt in [0, 1, 20, 32, 93, 94] {
        c.accept("SIG-12", format!("a salt of {salt} bytes"), &[first.clone().salted(salt)])?;
    }
    let block = m.chain(std::slice::from_ref(&first))?.remove(0);
    let hash = block["signature"]["hash"].as_str().unwrap_or_default().to_owned();
    let raw = hex::decode(&hash).unwrap_or_default();
    let canonical = super::maker::canonical(&block["transaction"]);
    for (comment, message) in [
        ("the 32 bytes of the hash", &raw[..]),
        ("the canonical JSON", canonical.as_bytes()),
        ("the hash in upper case", hash.to_uppercase().as_bytes()),
        ("nothing", b""),
    ] {
        let step = first.clone().edited("/signature/signature", m.signature(0, message, None)?);
        c.refuse("SIG-12", format!("a signature over {comment}"), &[step], "signature-invalid", CHECK)?;
    }
    let step = first.clone().edited("/signature/signature", m.signature(1, hash.as_bytes(), None)?);
    c.refuse("SIG-36", "a signature of another key", &[step], "signature-invalid", CHECK)?;
    c.refuse(
        "SIG-36",
        "no signature",
        &[first.clone().edited("/signature/signature", "")],
        "signature-invalid",
        CHECK,
    )?;
    c.refuse(
        "SIG-36",
        "a short signature",
        &[first.clone().edited("/signature/signature", "AAAA")],
        "signature-invalid",
        CHECK,
    )?;
    let mut damaged = sealwright_types::b64::decode_strict(m.signature(0, hash.as_bytes(), None)?).unwrap_or_default();
    if let Some(byte) = damaged.last_mut() {
        *byte ^= 1;
    }
    let step = first.clone().edited("/signature/signature", sealwright_types::b64::encode(damaged));
    c.refuse("SIG-36", "the last bit of a signature", &[step], "signature-invalid", CHECK)?;
    let by_wrong = second.signed_by(1);
    c.refuse(
        "SIG-36",
        "a second device signed by its own key in the name of the first",
        &[first, by_wrong],
        "signature-invalid",
        CHECK,
    )
}

/// SIG-13, SIG-37.
fn server(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let group = [first.clone(), m.members(BY_1, &USERS[..2], 10)];
    let revocation = m.server_revocation(DEVICE_1, 0, 20)?;
    for user in ["server", "admin", "", "Self", "self ", USERS[0]] {
        let step = revocation.clone().with("/signer/user", user);
        c.accept("SIG-13", format!("a revocation in the name of {user:?}"), &[first.clone(), step])?;
    }
    c.accept(
        "SIG-37",
        "the server revokes and removes",
        &[&group[..], &[m.removal(&USERS[..1], 20), m.server_revocation(DEVICE_1, 0, 30)?]].concat(),
    )?;
    let members = m.members(BY_1, &USERS[..3], 20).by_server();
    c.refuse("SIG-37", "the server lists members", &[&group[..], &[members]].concat(), "unsigned-not-revoke", CHECK)?;
    let removal = m.removal(&USERS[..1], 20);
    for (name, steps, step) in [("a revocation", &group[..1], revocation), ("a removal", &group[..], removal)] {
        let named = step.clone().with("/signer/device_id", DEVICE_1);
        c.refuse(
            "SIG-37",
            format!("{name} of the server that names a device"),
            &[steps, &[named]].concat(),
            "signed-not-self",
            CHECK,
        )?;
        let signed = step.clone().signed_by(0);
        c.refuse(
            "SIG-37",
            format!("{name} of the server that is signed"),
            &[steps, &[signed]].concat(),
            "signed-not-self",
            CHECK,
        )?;
        let with_text = step.edited("/signature/signature", "AAAA");
        c.refuse(
            "SIG-37",
            format!("{name} of the server with a text for a signature"),
            &[steps, &[with_text]].concat(),
            "signed-not-self",
            CHECK,
        )?;
    }
    let both = m.server_revocation(DEVICE_1, 0, 20)?.with("/signer/device_id", DEVICE_1).signed_by(0);
    c.refuse(
        "SIG-13",
        "a good signature of the device in the name of the server",
        &[first, both],
        "signed-not-self",
        CHECK,
    )
}
