//! What is done with a verified chain: hashes compared, newer copies, key rings, further blocks.

use super::super::{Draft, GenerateError, broken};
use super::maker::{
    DEVICE_1, DEVICE_2, DEVICE_3, KEY_2048, LIFE, Maker, NOW, START, Step, USERS, canonical, encryption_hash, hash,
    state,
};
use super::text;
use crate::kinds::sigchain::{
    BuildInput, BuildOutput, CompareInput, CompareOutput, GrowInput, Held, KeyringInput, Operation, ReceiveInput,
    ReceiveOutput, Receiving, SigchainBuild, SigchainCompare, SigchainGrow, SigchainKeyring, SigchainReceive, Signer,
};
use serde_json::{Value, json};

const BY_1: (&str, usize) = (DEVICE_1, 0);

/// Two devices and a list of members.
fn group(m: &Maker) -> Result<Vec<Step>, GenerateError> {
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    Ok(vec![first, m.creation(DEVICE_2, 1, BY_1, 10)?, m.members(BY_1, &USERS[..2], 20)])
}

pub(super) fn compare(m: &Maker) -> Result<Draft<SigchainCompare>, GenerateError> {
    let mut draft = Draft::ours("sigchain/compare", "sigchain-compare");
    let blocks = m.chain(&group(m)?)?;
    let chain = text(&blocks);
    let hashes = state(&blocks)?.hashes;
    let input = |hash: &str, position| CompareInput { chain: chain.clone(), now: NOW, hash: hash.to_owned(), position };
    for (place, hash) in hashes.iter().enumerate() {
        let place = place as u64;
        let output = || CompareOutput { position: place };
        draft.valid("SIG-53", format!("block {place}, anywhere"), input(hash, None), output(), 0);
        draft.valid("SIG-53", format!("block {place} at its position"), input(hash, Some(place)), output(), 0);
        for other in [(place + 1) % 3, 3, u64::from(u32::MAX)] {
            let comment = format!("block {place} at position {other}");
            draft.invalid("SIG-53", comment, input(hash, Some(other)), "hash-mismatch", &["StaleKeyring"]);
        }
        let comment = format!("block {place} in upper case");
        draft.invalid("SIG-53", comment, input(&hash.to_uppercase(), None), "malformed", &["StaleKeyring"]);
    }
    draft.invalid(
        "SIG-53",
        "a hash of another chain",
        input(&"0".repeat(64), None),
        "hash-mismatch",
        &["StaleKeyring"],
    );
    let empty = CompareInput { chain: "[]".to_owned(), ..input(&hashes[0], None) };
    draft.invalid("SIG-53", "an empty chain", empty, "hash-mismatch", &["StaleKeyring"]);
    Ok(draft)
}

pub(super) fn grow(m: &Maker) -> Result<Draft<SigchainGrow>, GenerateError> {
    let mut draft = Draft::ours("sigchain/grow", "sigchain-grow");
    let steps = group(m)?;
    let blocks = m.chain(&steps)?;
    let input = |known: &[Value], chain: &[Value]| GrowInput { known: text(known), chain: text(chain), now: NOW };
    for known in 0..=3 {
        let comment = format!("{known} of 3 blocks are known");
        draft.valid("SIG-53", comment, input(&blocks[..known], &blocks), state(&blocks)?, 0);
        if known < 3 {
            let comment = format!("{} blocks are known, {known} are there", known + 1);
            draft.invalid(
                "SIG-53",
                comment,
                input(&blocks[..=known], &blocks[..known]),
                "chain-shorter",
                &["StaleKeyring"],
            );
        }
    }
    let other = m.chain(&[steps[0].clone(), steps[1].clone().with("/expire_at", START + 99), steps[2].clone()])?;
    draft.invalid(
        "SIG-53",
        "the last known block is another one",
        input(&blocks[..2], &other),
        "chain-diverged",
        &["StaleKeyring"],
    );
    draft.invalid(
        "SIG-53",
        "a known block is another one, and so are those after it",
        input(&blocks, &other),
        "chain-diverged",
        &["StaleKeyring"],
    );
    draft.valid("SIG-53", "the histories part after what is known", input(&blocks[..1], &other), state(&other)?, 0);
    let mut damaged = blocks.clone();
    damaged[2]["signature"]["signature"] = json!(m.signature(1, b"another", None)?);
    draft.invalid(
        "SIG-53",
        "a new block with a bad signature",
        input(&blocks[..2], &damaged),
        "signature-invalid",
        &["StaleKeyring"],
    );
    let mut unsigned = blocks.clone();
    unsigned[0]["signature"]["signature"] = json!(m.signature(1, b"another", None)?);
    draft.valid(
        "SIG-53",
        "a known block with another signature: its hash is known",
        input(&blocks[..2], &unsigned),
        state(&blocks)?,
        0,
    );
    for (comment, known, whole) in
        [("after what is known", 2, 2), ("after new blocks", 1, 3), ("where blocks are known", 3, 2)]
    {
        let mut malformed = blocks.get(..whole).ok_or_else(|| broken("too many blocks"))?.to_vec();
        malformed.push(json!({ "transaction": {} }));
        let comment = format!("a block without shape {comment}");
        draft.invalid("SIG-53", comment, input(&blocks[..known], &malformed), "malformed", &["StaleKeyring"]);
    }
    Ok(draft)
}

pub(super) fn rings(m: &Maker) -> Result<Draft<SigchainKeyring>, GenerateError> {
    let mut draft = Draft::ours("sigchain/keyring", "sigchain-ring");
    let flag = &["StaleKeyring"][..];
    let user = group(m)?[..2].to_vec();
    let revoked = [&user[..], &[m.revocation(DEVICE_2, 1, BY_1, 20)?]].concat();
    let renewed = [&user[..], &[m.renewal(DEVICE_2, 2, 1, 20)?]].concat();
    let chain = |steps: &[Step]| m.chain(steps).map(|blocks| text(&blocks));
    let held = |device: &str, key: usize, revoked: bool| -> Result<Held, GenerateError> {
        Ok(Held {
            device: device.to_owned(),
            encryption_key_hash: encryption_hash(device, key),
            signing_key_hash: m.key(key)?.hash.clone(),
            revoked,
        })
    };
    let (one, two) = (held(DEVICE_1, 0, false)?, held(DEVICE_2, 1, false)?);
    let input = |chain: String, ring: &[&Held]| KeyringInput {
        chain,
        now: START + 1_000,
        ring: ring.iter().map(|&held| held.clone()).collect(),
        group_members: None,
        refuse_expired: false,
    };
    let receiving = |devices: &[&str], expired: &[&str]| {
        let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
        Receiving { devices: owned(devices), expired: owned(expired) }
    };
    let both = receiving(&[DEVICE_1, DEVICE_2], &[]);
    draft.valid("SIG-50", "two devices", input(chain(&user)?, &[&one, &two]), both.clone(), 0);
    let other_way = receiving(&[DEVICE_2, DEVICE_1], &[]);
    draft.valid("SIG-50", "two devices in another order", input(chain(&user)?, &[&two, &one]), other_way, 0);
    let gone = held(DEVICE_2, 1, true)?;
    let first_only = receiving(&[DEVICE_1], &[]);
    draft.valid("SIG-50", "a revoked device is not held", input(chain(&revoked)?, &[&one]), first_only.clone(), 0);
    draft.valid(
        "SIG-51",
        "a revoked device is held as revoked",
        input(chain(&revoked)?, &[&one, &gone]),
        first_only.clone(),
        0,
    );
    draft.valid("SIG-50", "nothing of nothing", input("[]".to_owned(), &[]), receiving(&[], &[]), 0);
    let after = held(DEVICE_2, 2, false)?;
    draft.valid("SIG-50", "the renewed keys", input(chain(&renewed)?, &[&one, &after]), both, 0);
    let encryption = Held { encryption_key_hash: encryption_hash(DEVICE_2, 2), ..two.clone() };
    let signing = Held { signing_key_hash: m.key(2)?.hash.clone(), ..two.clone() };
    let gone_encryption = Held { revoked: true, ..encryption.clone() };
    let gone_signing = Held { revoked: true, ..signing.clone() };
    let three = held(DEVICE_3, 2, false)?;
    let gone_three = held(DEVICE_3, 2, true)?;
    for (rule, code, comment, steps, ring) in [
        ("SIG-50", "sigchain-missing-device", "a device that the chain does not know", &user, vec![&one, &two, &three]),
        (
            "SIG-51",
            "sigchain-missing-device",
            "a revoked device that the chain does not know",
            &user,
            vec![&one, &two, &gone_three],
        ),
        ("SIG-50", "device-revoked", "a device that the chain revoked", &revoked, vec![&one, &two]),
        (
            "SIG-50",
            "device-revoked",
            "a device that the chain revoked, with another encryption key",
            &revoked,
            vec![&one, &encryption],
        ),
        ("SIG-50", "encryption-key-hash", "another encryption key", &user, vec![&one, &encryption]),
        ("SIG-50", "signing-key-hash", "another signing key", &user, vec![&one, &signing]),
        ("SIG-50", "encryption-key-hash", "the keys before a renewal", &renewed, vec![&one, &two]),
        ("SIG-50", "db-missing-device", "a device of the chain is not held", &user, vec![&one]),
        ("SIG-50", "db-missing-device", "nothing is held", &user, vec![]),
        ("SIG-50", "sigchain-missing-device", "an unknown device before one that is not held", &user, vec![&three]),
        ("SIG-50", "encryption-key-hash", "the first device of the ring counts", &user, vec![&encryption, &three]),
        ("SIG-51", "device-state", "held as revoked, not revoked in the chain", &user, vec![&one, &gone]),
        (
            "SIG-51",
            "encryption-key-hash",
            "held as revoked, another encryption key",
            &revoked,
            vec![&one, &gone_encryption],
        ),
        ("SIG-51", "signing-key-hash", "held as revoked, another signing key", &revoked, vec![&one, &gone_signing]),
        (
            "SIG-51",
            "encryption-key-hash",
            "held as revoked, another encryption key, not revoked in the chain",
            &user,
            vec![&one, &gone_encryption],
        ),
    ] {
        draft.invalid(rule, comment, input(chain(steps)?, &ring), code, flag);
    }
    draft.invalid(
        "SIG-50",
        "a device of an empty chain",
        input("[]".to_owned(), &[&one]),
        "sigchain-missing-device",
        flag,
    );
    let listed = [&user[..1], &[m.members(BY_1, &USERS[..2], 20)]].concat();
    let replaced = [&listed[..], &[m.members(BY_1, &USERS[1..3], 30)]].concat();
    let emptied = [&listed[..], &[m.members(BY_1, &[], 30)]].concat();
    let removed = [&listed[..], &[m.removal(&USERS[..1], 30)]].concat();
    let of = |steps: &[Step], members: Option<&[&str]>| -> Result<KeyringInput, GenerateError> {
        let members = members.map(|members| members.iter().map(|&member| member.to_owned()).collect());
        Ok(KeyringInput { group_members: members, ..input(chain(steps)?, &[&one]) })
    };
    for (comment, steps, members) in [
        ("the members of a group", &listed, vec![USERS[0], USERS[1]]),
        ("in another order", &listed, vec![USERS[1], USERS[0]]),
        ("one of them twice", &listed, vec![USERS[1], USERS[0], USERS[1]]),
        ("after a list was replaced", &replaced, vec![USERS[1], USERS[2]]),
        ("after the list was emptied", &emptied, vec![]),
        ("after a removal", &removed, vec![USERS[1]]),
    ] {
        draft.valid("SIG-52", comment, of(steps, Some(&members))?, first_only.clone(), 0);
    }
    draft.valid("SIG-52", "a group without any list", of(&user[..1], Some(&[]))?, first_only.clone(), 0);
    for (comment, steps, members) in [
        ("a member is missing", &listed, vec![USERS[0]]),
        ("a member too many", &listed, vec![USERS[0], USERS[1], USERS[2]]),
        ("those before the list was replaced", &replaced, vec![USERS[0], USERS[1], USERS[2]]),
        ("those before the removal", &removed, vec![USERS[0], USERS[1]]),
    ] {
        draft.invalid("SIG-52", comment, of(steps, Some(&members))?, "group-members", flag);
    }
    for (comment, steps) in [("a user with members", &listed), ("a user with an empty list of members", &emptied)] {
        draft.invalid("SIG-52", comment, of(steps, None)?, "user-has-members", flag);
    }
    let end = START + 10 + LIFE;
    let at = |now: u64, refuse_expired: bool| -> Result<KeyringInput, GenerateError> {
        Ok(KeyringInput { now, refuse_expired, ..input(chain(&user)?, &[&one, &two]) })
    };
    draft.valid(
        "SIG-54",
        "the last second of the first device",
        at(end - 10, true)?,
        receiving(&[DEVICE_1, DEVICE_2], &[]),
        0,
    );
    draft.valid(
        "SIG-54",
        "a second later: a warning",
        at(end - 9, false)?,
        receiving(&[DEVICE_1, DEVICE_2], &[DEVICE_1]),
        0,
    );
    draft.invalid("SIG-54", "a second later, refused", at(end - 9, true)?, "device-expired", flag);
    draft.valid(
        "SIG-54",
        "both have expired",
        at(end + 1, false)?,
        receiving(&[DEVICE_1, DEVICE_2], &[DEVICE_1, DEVICE_2]),
        0,
    );
    Ok(draft)
}

pub(super) fn receive(m: &Maker) -> Result<Draft<SigchainReceive>, GenerateError> {
    let mut draft = Draft::ours("sigchain/receive", "sigchain-receive");
    let flag = &["StaleKeyring"][..];
    let user = group(m)?[..2].to_vec();
    let revoked = [&user[..], &[m.revocation(DEVICE_2, 1, BY_1, 20)?]].concat();
    let renewed = [&user[..], &[m.renewal(DEVICE_2, 2, 1, 20)?]].concat();
    let end = START + 10 + LIFE;
    let input = |steps: &[Step], device: &str, key: usize, now: u64, refuse_expired: bool| {
        Ok::<_, GenerateError>(ReceiveInput {
            chain: text(&m.chain(steps)?),
            now,
            device: device.to_owned(),
            encryption_key_hash: encryption_hash(device, key),
            refuse_expired,
        })
    };
    for (comment, steps, key, now, refuse, expired) in [
        ("a device", &user, 1, START + 1_000, true, false),
        ("a renewed device", &renewed, 2, START + 1_000, true, false),
        ("the last second", &user, 1, end, true, false),
        ("a second later", &user, 1, end + 1, false, true),
        ("renewed a little longer", &renewed, 2, end + 10, true, false),
    ] {
        let output = ReceiveOutput { expired };
        draft.valid("SIG-54", comment, input(steps, DEVICE_2, key, now, refuse)?, output, 0);
    }
    for (comment, steps, device, key, now, refuse, code) in [
        ("an unknown device", &user, DEVICE_3, 2, START + 1_000, false, "sigchain-missing-device"),
        ("a revoked device", &revoked, DEVICE_2, 1, START + 1_000, false, "device-revoked"),
        ("another encryption key", &user, DEVICE_2, 2, START + 1_000, false, "encryption-key-hash"),
        ("the encryption key before a renewal", &renewed, DEVICE_2, 1, START + 1_000, false, "encryption-key-hash"),
        ("a second later, refused", &user, DEVICE_2, 1, end + 1, true, "device-expired"),
        ("a revoked device that has expired", &revoked, DEVICE_2, 1, end + 1, true, "device-revoked"),
    ] {
        draft.invalid("SIG-54", comment, input(steps, device, key, now, refuse)?, code, flag);
    }
    Ok(draft)
}

pub(super) fn build(m: &Maker) -> Result<Draft<SigchainBuild>, GenerateError> {
    let mut draft = Draft::ours("sigchain/build", "sigchain-build");
    let flag = &["Boundary"][..];
    let steps = group(m)?;
    let chain = |count: usize| -> Result<(String, u64, String), GenerateError> {
        let blocks = m.chain(steps.get(..count).ok_or_else(|| broken("too many blocks"))?)?;
        let previous = state(&blocks)?.hashes.pop().unwrap_or_default();
        Ok((text(&blocks), count as u64, previous))
    };
    let author = |device: &str, key: usize| -> Result<Option<Signer>, GenerateError> {
        Ok(Some(Signer { device: device.to_owned(), key: m.key(key)?.pkcs8.clone() }))
    };
    let plain = |chain: &str, operation| BuildInput {
        chain: chain.to_owned(),
        now: START + 1_000,
        operation,
        author: None,
        server: None,
        device: None,
        encryption_key_hash: None,
        signing_key: None,
        life: None,
        members: None,
    };
    let with_key =
        |chain: &str, operation, device: &str, key: usize, by: (&str, usize)| -> Result<BuildInput, GenerateError> {
            Ok(BuildInput {
                author: author(by.0, by.1)?,
                device: Some(device.to_owned()),
                encryption_key_hash: Some(encryption_hash(device, key)),
                signing_key: Some(m.key(key)?.spki.clone()),
                ..plain(chain, operation)
            })
        };
    let users = |users: &[&str]| Some(users.iter().map(|&user| user.to_owned()).collect::<Vec<_>>());
    // What has to come out: the operation, its end, who signs, at which place.
    let output = |operation: Value,
                  expire: u64,
                  signer: Value,
                  (_, position, previous): &(String, u64, String),
                  keys: &[&str]| {
        let signed = signer["user"] == "self";
        let transaction = json!({
            "position": position, "previous_hash": previous, "created_at": START + 1_000, "expire_at": expire,
            "signer": signer, "operation": operation,
        });
        let pubkeys = keys.iter().map(|&key| key.to_owned()).collect();
        BuildOutput { canonical: canonical(&transaction), hash: hash(&transaction), pubkeys, signed }
    };
    let of_device = |kind: &str, device: &str, key: usize| -> Result<Value, GenerateError> {
        Ok(json!({ "type": kind, "device": {
            "id": device, "encryption_pubkey_hash": encryption_hash(device, key), "signing_pubkey_hash": m.key(key)?.hash,
        } }))
    };
    let by = |device: &str| json!({ "user": "self", "device_id": device });
    let (none, one, two, all) = (chain(0)?, chain(1)?, chain(2)?, chain(3)?);

    for (rule, comment, on, operation, kind, device, key, signer) in [
        ("SIG-60", "the first device", &none, Operation::Creation, "creation", DEVICE_1, 0, BY_1),
        (
            "SIG-60",
            "a first device with 2048 bits",
            &none,
            Operation::Creation,
            "creation",
            DEVICE_1,
            KEY_2048,
            (DEVICE_1, KEY_2048),
        ),
        ("SIG-60", "a second device", &one, Operation::Creation, "creation", DEVICE_2, 1, BY_1),
        ("SIG-60", "a third device by the second", &all, Operation::Creation, "creation", DEVICE_3, 2, (DEVICE_2, 1)),
        ("SIG-60", "a renewal", &two, Operation::Renewal, "renewal", DEVICE_2, 3, (DEVICE_2, 1)),
    ] {
        let input = with_key(&on.0, operation, device, key, signer)?;
        let spki = &m.key(key)?.spki;
        let output = |life: u64| -> Result<BuildOutput, GenerateError> {
            Ok(output(of_device(kind, device, key)?, START + 1_000 + life, by(signer.0), on, &[spki]))
        };
        draft.valid(rule, comment, input.clone(), output(LIFE)?, 0);
        for life in [0, 1, 157_680_000] {
            let input = BuildInput { life: Some(life), ..input.clone() };
            draft.valid("SIG-61", format!("{comment}, for {life} seconds"), input, output(life)?, 0);
        }
        let input = BuildInput { life: Some(157_680_001), ..input };
        let code = if kind == "creation" { "expire-too-late-create" } else { "expire-too-late-renew" };
        draft.invalid("SIG-61", format!("{comment}, for a second more than five years"), input, code, flag);
    }
    let revoking = |on: &str, device: &str, by: (&str, usize)| -> Result<BuildInput, GenerateError> {
        Ok(BuildInput {
            author: author(by.0, by.1)?,
            device: Some(device.to_owned()),
            ..plain(on, Operation::Revocation)
        })
    };
    let revoked = of_device("revocation", DEVICE_2, 1)?;
    let spki_2 = m.key(1)?.spki.clone();
    draft.valid(
        "SIG-60",
        "a revocation",
        revoking(&two.0, DEVICE_2, BY_1)?,
        output(revoked.clone(), 0, by(DEVICE_1), &two, &[&spki_2]),
        0,
    );
    draft.valid(
        "SIG-60",
        "a device revokes itself",
        revoking(&two.0, DEVICE_2, (DEVICE_2, 1))?,
        output(revoked.clone(), 0, by(DEVICE_2), &two, &[&spki_2]),
        0,
    );
    let listing = |on: &str, operation, members: &[&str], by: (&str, usize)| -> Result<BuildInput, GenerateError> {
        Ok(BuildInput { author: author(by.0, by.1)?, members: users(members), ..plain(on, operation) })
    };
    for (comment, operation, given, listed) in [
        ("members in the order that was given", Operation::Members, vec![USERS[2], USERS[0]], vec![USERS[2], USERS[0]]),
        ("no members", Operation::Members, vec![], vec![]),
        (
            "further members after the old ones",
            Operation::FurtherMembers,
            vec![USERS[3], USERS[2]],
            vec![USERS[0], USERS[1], USERS[3], USERS[2]],
        ),
        (
            "a further member that is one already",
            Operation::FurtherMembers,
            vec![USERS[0], USERS[2]],
            vec![USERS[0], USERS[1], USERS[2]],
        ),
    ] {
        let expected = json!({ "type": "members", "members": listed });
        draft.valid(
            "SIG-60",
            comment,
            listing(&all.0, operation, &given, BY_1)?,
            output(expected, 0, by(DEVICE_1), &all, &[]),
            0,
        );
    }
    let server = json!({ "user": "server", "device_id": "" });
    let by_server = |on: &str, operation| BuildInput { server: Some("server".to_owned()), ..plain(on, operation) };
    let input = BuildInput { device: Some(DEVICE_2.to_owned()), ..by_server(&two.0, Operation::ServerRevocation) };
    draft.valid(
        "SIG-60",
        "a revocation by the server",
        input.clone(),
        output(revoked, 0, server.clone(), &two, &[]),
        0,
    );
    let removed = json!({ "type": "server-remove-members", "members": [USERS[1]] });
    let removal =
        |members: &[&str]| BuildInput { members: users(members), ..by_server(&all.0, Operation::ServerRemoval) };
    draft.valid("SIG-60", "a removal by the server", removal(&USERS[1..2]), output(removed, 0, server, &all, &[]), 0);

    let unknown = BuildInput { device: Some(DEVICE_3.to_owned()), ..input };
    draft.invalid("SIG-62", "the server revokes an unknown device", unknown, "revoke-not-existing", flag);
    for (comment, input, code) in [
        ("a device twice", with_key(&two.0, Operation::Creation, DEVICE_2, 1, BY_1)?, "create-existing"),
        (
            "a second device for itself",
            with_key(&one.0, Operation::Creation, DEVICE_2, 1, (DEVICE_2, 1))?,
            "create-signer",
        ),
        (
            "the first device by another",
            with_key(&none.0, Operation::Creation, DEVICE_1, 0, (DEVICE_2, 0))?,
            "first-operation-autosign",
        ),
        (
            "a renewal of an unknown device",
            with_key(&one.0, Operation::Renewal, DEVICE_2, 1, (DEVICE_2, 1))?,
            "renew-not-existing",
        ),
        ("a renewal by another device", with_key(&two.0, Operation::Renewal, DEVICE_2, 2, BY_1)?, "renew-same-key"),
        ("a renewal first", with_key(&none.0, Operation::Renewal, DEVICE_1, 0, BY_1)?, "first-operation-type"),
        (
            "a renewal with the wrong key",
            with_key(&two.0, Operation::Renewal, DEVICE_2, 2, (DEVICE_2, 2))?,
            "signature-invalid",
        ),
        (
            "a device by an unknown one",
            with_key(&one.0, Operation::Creation, DEVICE_2, 1, (DEVICE_3, 0))?,
            "signer-unknown",
        ),
        ("a revocation of an unknown device", revoking(&one.0, DEVICE_2, BY_1)?, "revoke-not-existing"),
        (
            "members with the key of another device",
            listing(&all.0, Operation::Members, &USERS[..1], (DEVICE_1, 1))?,
            "signature-invalid",
        ),
        ("members first", listing(&none.0, Operation::Members, &USERS[..1], BY_1)?, "first-operation-type"),
        ("a removal of nobody", removal(&[]), "server-remove-empty"),
        ("a removal of one who is no member", removal(&USERS[2..3]), "unknown-user-to-remove"),
    ] {
        draft.invalid("SIG-62", comment, input, code, flag);
    }
    let twice = m.chain(&[
        steps[0].clone(),
        m.members(BY_1, &[USERS[1], USERS[0], USERS[1], USERS[2]], 10),
        m.removal(&USERS[2..3], 20),
    ])?;
    let twice = (text(&twice), 3, state(&twice)?.hashes.pop().unwrap_or_default());
    let expected = json!({ "type": "members", "members": [USERS[1], USERS[0], USERS[1], USERS[3], USERS[2]] });
    draft.valid(
        "SIG-60",
        "further members, each once; the old list as it stands, without a removed user",
        listing(&twice.0, Operation::FurtherMembers, &[USERS[3], USERS[0], USERS[3], USERS[2]], BY_1)?,
        output(expected, 0, by(DEVICE_1), &twice, &[]),
        0,
    );
    Ok(draft)
}
