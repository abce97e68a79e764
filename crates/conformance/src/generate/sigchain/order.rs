//! Two faults in one chain: which one is told.

use super::super::{Draft, GenerateError};
use super::Chains;
use super::maker::{DEVICE_1, DEVICE_2, DEVICE_3, Maker, NOW, START, USERS};
use crate::kinds::sigchain::SigchainVerify;
use serde_json::{Value, json};

const BY_1: (&str, usize) = (DEVICE_1, 0);
const FLAG: &str = "CheckOrder";

pub(super) fn chains(maker: &Maker) -> Result<Draft<SigchainVerify>, GenerateError> {
    let mut chains = Chains::new(maker, "sigchain/verify-order", "sigchain-order");
    one_block(&mut chains)?;
    two_blocks(&mut chains)?;
    Ok(chains.draft)
}

/// Two faults in the last block: the check that stands first in the specification.
fn one_block(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = || m.creation(DEVICE_2, 1, BY_1, 10);
    let other = m.key(3)?.hash.clone();
    let five_years = 157_680_000;
    let group = m.members(BY_1, &USERS[..2], 10);
    let gone = m.revocation(DEVICE_1, 0, BY_1, 20)?;
    let stray = json!({ "id": DEVICE_1, "encryption_pubkey_hash": other, "signing_pubkey_hash": other });
    let half = json!({ "id": "", "encryption_pubkey_hash": other, "signing_pubkey_hash": other });
    let short = first.clone().with("/expire_at", START + 100);
    for (rule, code, comment, steps) in [
        (
            "SIG-20",
            "malformed",
            "shape, hash",
            vec![first.clone(), second()?.edited("/signature/hash", "00").removed("/transaction/position")],
        ),
        (
            "SIG-20",
            "unknown-operation",
            "operation, hash",
            vec![
                first.clone(),
                second()?.edited("/signature/hash", "00").edited("/transaction/operation/type", "other"),
            ],
        ),
        (
            "SIG-21",
            "invalid-hash",
            "hash, protocol",
            vec![first.clone(), second()?.edited("/signature/hash", "00").edited("/signature/protocol", "1")],
        ),
        (
            "SIG-22",
            "invalid-protocol",
            "protocol, signature text",
            vec![first.clone(), second()?.edited("/signature/protocol", "1").edited("/signature/signature", "!")],
        ),
        (
            "SIG-23",
            "signature-malformed",
            "signature text, position",
            vec![first.clone(), second()?.edited("/signature/signature", "!").placed("position", 5)],
        ),
        (
            "SIG-24",
            "wrong-position",
            "position, previous hash",
            vec![first.clone(), second()?.placed("position", 5).placed("previous_hash", "")],
        ),
        (
            "SIG-25",
            "wrong-previous-hash",
            "previous hash, order of time",
            vec![first.clone(), second()?.placed("previous_hash", "").with("/created_at", START - 10_000)],
        ),
        (
            "SIG-26",
            "created-order",
            "order of time, life",
            vec![first.clone(), second()?.with("/created_at", START - 10_000).with("/expire_at", 1)],
        ),
        (
            "SIG-27",
            "first-operation-type",
            "first operation, future",
            vec![m.renewal(DEVICE_1, 0, 0, 0)?.with("/created_at", NOW + 9_999)],
        ),
        (
            "SIG-27",
            "first-operation-autosign",
            "first signer, future",
            vec![first.clone().with("/signer/device_id", DEVICE_2).with("/created_at", NOW + 9_999)],
        ),
        (
            "SIG-28",
            "created-in-future",
            "future, signer",
            vec![first.clone(), second()?.by_server().with("/created_at", NOW + 9_999)],
        ),
        (
            "SIG-29",
            "create-self",
            "self, existing",
            vec![first.clone(), m.creation(DEVICE_1, 1, BY_1, 10)?.by_server()],
        ),
        (
            "SIG-29",
            "create-existing",
            "existing, signer",
            vec![first.clone(), m.creation(DEVICE_1, 0, BY_1, 10)?.with("/expire_at", 1)],
        ),
        (
            "SIG-29",
            "create-signer",
            "signer, life",
            vec![first.clone(), m.creation(DEVICE_2, 1, (DEVICE_2, 1), 10)?.with("/expire_at", 1)],
        ),
        (
            "SIG-29",
            "expire-before-create",
            "life, missing key",
            vec![first.clone(), second()?.with("/expire_at", 1).keys(&[])],
        ),
        (
            "SIG-29",
            "expire-too-late-create",
            "long life, missing key",
            vec![first.clone(), second()?.with("/expire_at", START + five_years + 99).keys(&[])],
        ),
        (
            "SIG-29",
            "missing-key-create",
            "missing key, members",
            vec![first.clone(), second()?.keys(&[]).with("/operation/members", json!([]))],
        ),
        (
            "SIG-29",
            "bad-key-create-2",
            "key in another spelling, members",
            vec![
                first.clone(),
                second()?.keys(&[&format!("{}=", m.key(1)?.spki)]).with("/operation/members", json!([])),
            ],
        ),
        ("SIG-30", "renew-self", "self, existing", vec![first.clone(), m.renewal(DEVICE_2, 1, 0, 10)?.by_server()]),
        (
            "SIG-30",
            "renew-not-existing",
            "existing, signer",
            vec![first.clone(), m.renewal(DEVICE_2, 1, 0, 10)?.with("/signer/device_id", DEVICE_1)],
        ),
        (
            "SIG-30",
            "renew-same-key",
            "signer, life",
            vec![
                first.clone(),
                second()?,
                m.renewal(DEVICE_2, 1, 0, 20)?.with("/signer/device_id", DEVICE_1).with("/expire_at", 1),
            ],
        ),
        (
            "SIG-30",
            "expire-before-renew",
            "life, members",
            vec![
                first.clone(),
                m.renewal(DEVICE_1, 1, 0, 10)?.with("/expire_at", 1).with("/operation/members", json!([])),
            ],
        ),
        (
            "SIG-30",
            "expire-too-late-renew",
            "long life, members",
            vec![
                first.clone(),
                m.renewal(DEVICE_1, 1, 0, 10)?
                    .with("/expire_at", START + five_years + 99)
                    .with("/operation/members", json!([])),
            ],
        ),
        (
            "SIG-31",
            "revoke-not-existing",
            "existing, expiry",
            vec![first.clone(), m.revocation(DEVICE_2, 1, BY_1, 10)?.with("/expire_at", 1)],
        ),
        (
            "SIG-31",
            "revoke-already-revoked",
            "revoked, expiry",
            vec![first.clone(), gone.clone(), m.revocation(DEVICE_1, 0, BY_1, 30)?.with("/expire_at", 1)],
        ),
        (
            "SIG-31",
            "revoke-expiration",
            "expiry, members",
            vec![first.clone(), gone.clone().with("/expire_at", 1).with("/operation/members", json!([]))],
        ),
        (
            "SIG-32",
            "server-remove-expiration",
            "expiry, empty",
            vec![first.clone(), group.clone(), m.removal(&[], 20).with("/expire_at", 1)],
        ),
        (
            "SIG-32",
            "server-remove-expiration",
            "expiry, unknown user",
            vec![first.clone(), group.clone(), m.removal(&USERS[2..3], 20).with("/expire_at", 1)],
        ),
        (
            "SIG-33",
            "members",
            "members, signer",
            vec![first.clone(), second()?.with("/operation/members", json!([])).with("/signer/device_id", DEVICE_3)],
        ),
        (
            "SIG-34",
            "members-expiration",
            "expiry, device",
            vec![first.clone(), group.clone().with("/expire_at", 1).with("/operation/device", stray.clone())],
        ),
        (
            "SIG-34",
            "members-no-device",
            "device, keys",
            vec![first.clone(), group.clone().with("/operation/device", stray.clone())],
        ),
        (
            "SIG-34",
            "members-no-encryption-key",
            "encryption key, signing key",
            vec![first.clone(), group.clone().with("/operation/device", half.clone())],
        ),
        (
            "SIG-34",
            "members-no-encryption-key",
            "encryption key, server",
            vec![first.clone(), group.clone().with("/operation/device", half).by_server()],
        ),
        (
            "SIG-35",
            "unknown-user-to-remove",
            "unknown user, signature",
            vec![first.clone(), group.clone(), m.removal(&USERS[2..3], 20).signed_by(0)],
        ),
        (
            "SIG-36",
            "signer-unknown",
            "unknown signer, signature",
            vec![first.clone(), second()?.with("/signer/device_id", DEVICE_3).signed_by(2)],
        ),
        (
            "SIG-36",
            "signer-revoked",
            "revoked signer, expired signer",
            vec![short.clone(), gone.clone(), m.members(BY_1, &USERS[..1], 101)],
        ),
        (
            "SIG-36",
            "signer-expired",
            "expired signer, signature",
            vec![short, m.members(BY_1, &USERS[..1], 101).signed_by(1)],
        ),
        (
            "SIG-36",
            "signature-invalid",
            "signature, missing key",
            vec![first.clone(), m.renewal(DEVICE_1, 1, 2, 10)?.keys(&[])],
        ),
        (
            "SIG-36",
            "signature-invalid",
            "signature, wrong key hash",
            vec![
                first.clone(),
                second()?,
                m.revocation(DEVICE_2, 1, BY_1, 20)?
                    .with("/operation/device/signing_pubkey_hash", other.clone())
                    .signed_by(3),
            ],
        ),
        (
            "SIG-37",
            "unsigned-not-revoke",
            "operation, signature",
            vec![first.clone(), group.clone().by_server().signed_by(0)],
        ),
        (
            "SIG-37",
            "signed-not-self",
            "signature, wrong key hash",
            vec![
                first.clone(),
                m.server_revocation(DEVICE_1, 0, 20)?.with("/operation/device/signing_pubkey_hash", other).signed_by(0),
            ],
        ),
    ] {
        c.refuse(rule, format!("two faults in one block: {comment}"), &steps, code, FLAG)?;
    }
    Ok(())
}

/// Faults in two blocks: the first block counts, whichever check it fails. Then shape before the type of the operation, in one block.
fn two_blocks(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let second = m.creation(DEVICE_2, 1, BY_1, 10)?;
    let third = m.creation(DEVICE_3, 2, BY_1, 20)?;
    let bad_signature = second.clone().signed_by(1);
    let wrong_key =
        m.revocation(DEVICE_2, 1, BY_1, 20)?.with("/operation/device/signing_pubkey_hash", m.key(3)?.hash.clone());
    let last = [
        ("shape", third.clone().removed("/transaction/position")),
        ("no transaction", third.clone().removed("/transaction")),
        ("operation", third.clone().edited("/transaction/operation/type", "other")),
        ("hash", third.clone().edited("/signature/hash", "00")),
        ("protocol", third.clone().edited("/signature/protocol", "1")),
        ("position", third.placed("position", 7)),
    ];
    for (comment, last) in last {
        let steps = [first.clone(), bad_signature.clone(), last.clone()];
        c.refuse("SIG-20", format!("a signature, later {comment}"), &steps, "signature-invalid", FLAG)?;
        let steps = [first.clone(), second.clone(), wrong_key.clone(), last.placed("position", 3)];
        c.refuse("SIG-20", format!("a wrong key hash, later {comment}"), &steps, "wrong-key-hash", FLAG)?;
    }
    let blocks = m.chain(&[first, second])?;
    for (comment, last) in
        [("null", Value::Null), ("a number", json!(1)), ("an empty object", json!({})), ("a list", json!([]))]
    {
        let mut chain = blocks.clone();
        chain.push(last.clone());
        c.refuse_text("SIG-20", format!("two good blocks, then {comment}"), super::text(&chain), "malformed", FLAG);
        chain[1]["signature"]["protocol"] = json!("1");
        c.refuse_text("SIG-20", format!("a protocol, then {comment}"), super::text(&chain), "invalid-protocol", FLAG);
    }
    let unknown = m.creation(DEVICE_2, 1, BY_1, 10)?.edited("/transaction/operation/type", "other");
    for (comment, step) in [
        ("signature without a hash", unknown.clone().removed("/signature/hash")),
        ("public keys that are no list", unknown.clone().edited("/extras/pubkeys", "none")),
        ("a device whose id is none", unknown.edited("/transaction/operation/device/id", "device")),
    ] {
        let steps = [m.creation(DEVICE_1, 0, BY_1, 0)?, step];
        c.refuse("SIG-20", format!("two faults in one block: operation, {comment}"), &steps, "malformed", FLAG)?;
    }
    Ok(())
}
