//! What is no block, what further members mean, and what is hashed.

use super::super::peer::{Peer, list, text as text_of};
use super::super::{Draft, GenerateError};
use super::Chains;
use super::maker::{DEVICE_1, DEVICE_2, Maker, USERS, canonical, hash};
use crate::kinds::sigchain::{HashInput, HashOutput, SigchainHash, SigchainVerify};
use serde_json::{Value, json};

const BY_1: (&str, usize) = (DEVICE_1, 0);
const FLAG: &str = "WeakShape";

pub(super) fn chains(maker: &Maker) -> Result<Draft<SigchainVerify>, GenerateError> {
    let mut chains = Chains::new(maker, "sigchain/verify-shapes", "sigchain-shape");
    texts(&mut chains)?;
    kinds(&mut chains)?;
    further(&mut chains)?;
    Ok(chains.draft)
}

/// Whole texts.
fn texts(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let first = c.maker.creation(DEVICE_1, 0, BY_1, 0)?;
    let blocks = c.maker.chain(&[first])?;
    let one = blocks[0].to_string();
    for (comment, text) in [
        ("nothing", String::new()),
        ("null", "null".to_owned()),
        ("a number", "1".to_owned()),
        ("an object", "{}".to_owned()),
        ("a block outside of an array", one.clone()),
        ("an array that does not end", format!("[{one}")),
        ("text after the array", format!("[{one}] 1")),
        ("a comma at the end", format!("[{one},]")),
        ("a block of text", format!("[{:?}]", "block")),
        ("a member twice in the block", format!("[{}]", one.replacen('{', r#"{"transaction":{},"#, 1))),
        (
            "a member twice in the transaction",
            format!("[{}]", one.replacen(r#""position":0"#, r#""position":0,"position":0"#, 1)),
        ),
        (
            "a member twice, escaped once",
            format!("[{}]", one.replacen(r#""position":0"#, r#""position":0,"\u0070osition":1"#, 1)),
        ),
        (
            "a member twice in the signature",
            format!("[{}]", one.replacen(r#""protocol":"2""#, r#""protocol":"2","protocol":"1""#, 1)),
        ),
        ("a position with a fraction", format!("[{}]", one.replacen(r#""position":0"#, r#""position":0.5"#, 1))),
        ("a position with an empty fraction", format!("[{}]", one.replacen(r#""position":0"#, r#""position":0.0"#, 1))),
        ("a position with an exponent", format!("[{}]", one.replacen(r#""position":0"#, r#""position":0e0"#, 1))),
        ("a negative position", format!("[{}]", one.replacen(r#""position":0"#, r#""position":-1"#, 1))),
        ("minus zero", format!("[{}]", one.replacen(r#""position":0"#, r#""position":-0"#, 1))),
        ("half a surrogate in a text", format!("[{}]", one.replacen(r#""user":"self""#, r#""user":"self\ud800""#, 1))),
    ] {
        c.refuse_text("SIG-02", comment, text, "malformed", FLAG);
    }
    let spaced = format!(" [\n\t{}\r\n] ", one.replace(',', " , ").replace("\":", "\" : "));
    let input = c.input(spaced);
    c.draft.valid("SIG-02", "white space everywhere", input, super::state(&blocks)?, 0);
    let escaped = format!("[{}]", one.replace("\"user\":\"self\"", r#""\u0075ser":"\u0073elf""#).replace('/', "\\/"));
    let input = c.input(escaped);
    c.draft.valid(
        "SIG-10",
        "escapes that need not be: the text counts, not its spelling",
        input,
        super::state(&blocks)?,
        0,
    );
    Ok(())
}

/// Members that are missing or of another kind.
fn kinds(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    let members = m.members(BY_1, &USERS[..1], 10);
    for member in [
        "/transaction",
        "/transaction/position",
        "/transaction/previous_hash",
        "/transaction/created_at",
        "/transaction/expire_at",
        "/transaction/signer",
        "/transaction/signer/user",
        "/transaction/signer/device_id",
        "/transaction/operation",
        "/transaction/operation/type",
        "/transaction/operation/device",
        "/transaction/operation/device/id",
        "/transaction/operation/device/encryption_pubkey_hash",
        "/transaction/operation/device/signing_pubkey_hash",
        "/signature",
        "/signature/protocol",
        "/signature/hash",
        "/signature/signature",
    ] {
        c.refuse("SIG-02", format!("without {member}"), &[first.clone().removed(member)], "malformed", FLAG)?;
        for value in [Value::Null, json!([]), json!(true), json!({ "a": 1 }), json!([1])] {
            let comment = format!("{member} is {value}");
            c.refuse("SIG-02", comment, &[first.clone().edited(member, value)], "malformed", FLAG)?;
        }
    }
    for member in ["/transaction/position", "/transaction/created_at", "/transaction/expire_at"] {
        for value in [json!("0"), json!(-1), json!(0.5), json!(1e20), json!(9_007_199_254_740_992_u64)] {
            let comment = format!("{member} is {value}");
            c.refuse("SIG-02", comment, &[first.clone().edited(member, value)], "malformed", FLAG)?;
        }
    }
    for (member, value) in [
        ("/transaction/previous_hash", json!(0)),
        ("/transaction/signer/user", json!(1)),
        ("/transaction/signer/device_id", json!("device")),
        ("/transaction/signer/device_id", json!("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa")),
        ("/transaction/operation/device/id", json!("")),
        ("/transaction/operation/device/id", json!("device")),
        ("/transaction/operation/members", json!("nobody")),
        ("/transaction/operation/members", json!([1])),
        ("/signature/protocol", json!(2)),
        ("/extras", json!([])),
        ("/extras", json!("none")),
        ("/extras/pubkeys", json!("none")),
        ("/extras/pubkeys", json!({})),
        ("/extras/pubkeys", json!([1])),
        ("/extras/pubkeys", json!([null])),
    ] {
        let comment = format!("{member} is {value}");
        c.refuse("SIG-02", comment, &[first.clone().edited(member, value)], "malformed", FLAG)?;
    }
    for (comment, step) in [
        ("without members", members.clone().removed("/transaction/operation/members")),
        ("members null", members.clone().edited("/transaction/operation/members", Value::Null)),
        ("members that are no list", members.clone().edited("/transaction/operation/members", json!({}))),
        ("a member that is no id", members.clone().edited("/transaction/operation/members", json!(["somebody"]))),
        ("a member that is a number", members.clone().edited("/transaction/operation/members", json!([1]))),
        ("a device that is a list", members.clone().edited("/transaction/operation/device", json!([]))),
        ("a device whose id is a number", members.clone().edited("/transaction/operation/device", json!({ "id": 1 }))),
    ] {
        c.refuse("SIG-02", format!("a list of members {comment}"), &[first.clone(), step], "malformed", FLAG)?;
    }
    let null = members.with("/operation/device", Value::Null);
    c.accept("SIG-02", "a list of members with device null, which is none", &[first.clone(), null])?;
    for kind in ["", "Creation", "deletion", "creation ", "server-remove-member", "server-revocation"] {
        let step = m.creation(DEVICE_2, 1, BY_1, 10)?.with("/operation/type", kind);
        c.refuse("SIG-20", format!("the operation {kind:?}"), &[first.clone(), step], "unknown-operation", FLAG)?;
        let step = m.members(BY_1, &USERS[..1], 10).with("/operation/type", kind);
        c.refuse(
            "SIG-20",
            format!("the operation {kind:?} with members"),
            &[first.clone(), step],
            "unknown-operation",
            FLAG,
        )?;
    }
    Ok(())
}

/// SIG-03, and spellings that stay as they are.
fn further(c: &mut Chains<'_>) -> Result<(), GenerateError> {
    let m = c.maker;
    let first = m.creation(DEVICE_1, 0, BY_1, 0)?;
    for member in [
        "/more",
        "/transaction/more",
        "/transaction/signer/more",
        "/transaction/operation/more",
        "/transaction/operation/device/more",
        "/signature/more",
        "/extras/more",
    ] {
        for value in [json!(1.5), json!({ "position": -1 })] {
            let comment = format!("{member} is {value}");
            c.accept("SIG-03", comment, &[first.clone().edited(member, value)])?;
        }
    }
    let signed_with_it = first.clone().with("/more", "hashed by nobody");
    c.accept("SIG-03", "a further member that was there when the block was signed", &[signed_with_it])?;
    let upper = m
        .creation(DEVICE_1, 0, (&DEVICE_1.to_uppercase(), 0), 0)?
        .with("/operation/device/id", DEVICE_1.to_uppercase());
    c.accept("SIG-11", "ids in upper case: hashed as they stand there", &[upper])?;
    let server = m.server_revocation(DEVICE_1, 0, 10)?;
    for user in ["a \"quoted\" \\ name", "tab\tline\nfeed", "\u{1}\u{1f}\u{7f}", "é € 😀 \u{2028}", "</script>"] {
        let step = server.clone().with("/signer/user", user);
        c.accept("SIG-10", format!("a server called {user:?}"), &[first.clone(), step])?;
    }
    Ok(())
}

/// Canonical texts and their hashes: the peers', and ours with every kind of escape.
pub(super) fn hashes(peer: &Peer<'_>) -> Result<Draft<SigchainHash>, GenerateError> {
    let mut draft = Draft::ours("sigchain/hash", "sigchain-hash");
    let data = peer.json("sigchain/sigchain.json")?;
    for entry in list(&data, "canonicalJson")? {
        let transaction = &entry["transaction"];
        let output = HashOutput {
            canonical: text_of(entry, "canonical")?.to_owned(),
            hash: text_of(entry, "sha256")?.to_owned(),
        };
        draft.valid(
            "SIG-10",
            "a transaction of the peers",
            HashInput { transaction: transaction.to_string() },
            output,
            0,
        );
    }
    let reference = r#"{"created_at":1795288077,"expire_at":0,"operation":{"members":["b3ef9225-9206-48b4-a564-57ee78837abf","2f97fa9c-0f02-4821-9b92-44d00211517d"],"type":"members"},"position":1,"previous_hash":"02f562ff95b7656e472314b8f81fbdf0b174f0042b0c233d84d07f26bc09a104","signer":{"device_id":"2be73947-304b-4987-aca4-f44f2111d8c3","user":"self"}}"#;
    let output = HashOutput {
        canonical: reference.to_owned(),
        hash: "3bba821afb548699c1649dd748c2af28e714b136eccd10b7aca9f6318c7b7965".to_owned(),
    };
    draft.valid(
        "SIG-10",
        "the reference of the specification",
        HashInput { transaction: reference.to_owned() },
        output,
        0,
    );

    // Written down character by character: only these have to be escaped, and in this form.
    let escapes = r#""\b\f\n\r\t\"\\\u0000\u001f/""#.to_owned() + "\u{7f}é€😀\u{2028}\"";
    let escapes = escapes.replacen("/\"", "/", 1);
    let canonical_text = format!(
        r#"{{"created_at":9007199254740991,"expire_at":0,"operation":{{"device":{{"encryption_pubkey_hash":"","id":"{DEVICE_1}","signing_pubkey_hash":"a"}},"type":"revocation"}},"position":0,"previous_hash":"","signer":{{"device_id":"","user":{escapes}}}}}"#
    );
    let transaction = format!(
        r#"{{"position":0,"previous_hash":"","signer":{{"user":{escapes},"device_id":""}},"operation":{{"type":"revocation","device":{{"id":"{DEVICE_1}","signing_pubkey_hash":"a","encryption_pubkey_hash":""}}}},"expire_at":0,"created_at":9007199254740991}}"#
    );
    let output = HashOutput {
        hash: hex::encode(ring::digest::digest(&ring::digest::SHA256, canonical_text.as_bytes())),
        canonical: canonical_text,
    };
    draft.valid("SIG-10", "every escape, the largest number", HashInput { transaction }, output, 0);

    let base = json!({
        "position": 3, "previous_hash": "ab", "created_at": 1, "expire_at": 2, "more": [1.5, null],
        "signer": { "user": "self", "device_id": DEVICE_1, "more": 1 },
        "operation": { "type": "renewal", "device": {
            "id": DEVICE_1, "encryption_pubkey_hash": "x", "signing_pubkey_hash": "y", "more": {},
        }, "members": null },
    });
    let mut cases = vec![("further members are not hashed", base.clone())];
    for (comment, kind, members, device) in [
        (
            "members of an operation on a device are not hashed",
            "creation",
            json!([USERS[0]]),
            base["operation"]["device"].clone(),
        ),
        ("an empty list is hashed", "members", json!([]), Value::Null),
        ("the order of a list stays", "server-remove-members", json!([USERS[2], USERS[0], USERS[1]]), Value::Null),
        (
            "a device without id is not hashed",
            "members",
            json!([USERS[0]]),
            json!({ "id": "", "encryption_pubkey_hash": "x", "signing_pubkey_hash": "y" }),
        ),
        ("a device with an id is hashed", "members", json!([USERS[0]]), base["operation"]["device"].clone()),
    ] {
        let mut transaction = base.clone();
        transaction["operation"] = json!({ "type": kind, "members": members, "device": device });
        cases.push((comment, transaction));
    }
    for (comment, transaction) in cases {
        let output = HashOutput { canonical: canonical(&transaction), hash: hash(&transaction) };
        draft.valid("SIG-11", comment, HashInput { transaction: transaction.to_string() }, output, 0);
    }
    for (comment, transaction) in [
        ("a number that is no integer", r#"{"position":1.5}"#.to_owned()),
        ("an empty object", "{}".to_owned()),
        ("a list", "[]".to_owned()),
        (
            "a number that other readers round",
            base.to_string().replace("\"created_at\":1", "\"created_at\":9007199254740993"),
        ),
    ] {
        draft.invalid("SIG-10", comment, HashInput { transaction }, "malformed", &["HashScope"]);
    }
    Ok(draft)
}
