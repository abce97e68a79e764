//! The peers' chains with their verdicts; where the two differ, the resolution of the specification.

use super::super::peer::{Peer, list, text as text_of};
use super::super::{Draft, GenerateError, broken};
use super::maker::state;
use super::text;
use crate::kinds::sigchain::{Device, Form, SigchainVerify, State, VerifyInput};
use serde_json::Value;

/// When the chains were judged, in seconds: after the last of them was made, and before the one that is dated 2100.
const NOW: u64 = 1_795_300_000;

pub(super) fn chains(peer: &Peer<'_>) -> Result<Draft<SigchainVerify>, GenerateError> {
    let mut draft = Draft::peers("sigchain/verify-peers", "sigchain-peer", "peer/sigchain/sigchain.json");
    let data = peer.json("sigchain/sigchain.json")?;
    for chain in list(&data, "chains")? {
        let (name, blocks) = (text_of(chain, "name")?, list(chain, "blocks")?);
        let go_strict = if chain["goStrict"] == "same" { &chain["go"] } else { &chain["goStrict"] };
        for (strict, comment, go) in
            [(false, name.to_owned(), &chain["go"]), (true, format!("{name}, strict"), go_strict)]
        {
            // JS is recorded in the normal mode only, and is right about members; Go is right about the text of a signature.
            let js = if strict && go != &chain["go"] { go } else { &chain["js"] };
            let malformed = go["error"] == "INVALID_SIGCHAIN_TRANSACTION_SIGNATURE_MALFORMED";
            let verdict = if malformed { go } else { js };
            let input = VerifyInput { form: Form::Blocks, chain: text(blocks), now: NOW, strict };
            if verdict["ok"] == true {
                draft.valid(rule(None), comment, input, known(verdict, blocks)?, 0);
            } else {
                let code = code(text_of(verdict, "error")?);
                let differs = go["ok"] == true || chain["js"]["ok"] == true;
                let flags: &[&str] = if differs { &["SkippedCheck", "PeerAccepts"] } else { &["SkippedCheck"] };
                draft.invalid(rule(Some(&code)), comment, input, &code, flags);
            }
        }
    }
    Ok(draft)
}

/// Our code of a peer's error.
fn code(error: &str) -> String {
    let error = error.strip_prefix("GO_").unwrap_or(error);
    let error = error.strip_prefix("INVALID_SIGCHAIN_TRANSACTION_").unwrap_or(error);
    error.strip_prefix("SIGCHAIN_TRANSACTION_").unwrap_or(error).to_lowercase().replace('_', "-")
}

/// The rule of a code; that of an accepted chain is the one for all of them.
fn rule(code: Option<&str>) -> &'static str {
    match code {
        Some("invalid-hash") => "SIG-21",
        Some("invalid-protocol") => "SIG-22",
        Some("signature-malformed") => "SIG-23",
        Some("wrong-position") => "SIG-24",
        Some("created-order") => "SIG-26",
        Some("first-operation-type" | "first-operation-autosign") => "SIG-27",
        Some("created-in-future") => "SIG-28",
        Some(code) if code.ends_with("-create") || code.starts_with("create-") => "SIG-29",
        Some(code) if code.starts_with("renew-") => "SIG-30",
        Some(code) if code.starts_with("revoke-") => "SIG-31",
        Some(code) if code.starts_with("server-remove-") => "SIG-32",
        Some("unknown-user-to-remove") => "SIG-35",
        Some("unsigned-not-revoke" | "signed-not-self") => "SIG-37",
        Some("wrong-key-hash") => "SIG-39",
        _ => "SIG-36",
    }
}

/// What a peer knew after a chain.
fn known(verdict: &Value, blocks: &[Value]) -> Result<State, GenerateError> {
    let keys = verdict["knownKeys"].as_object().ok_or_else(|| broken("no knownKeys"))?;
    let mut devices = Vec::new();
    for (id, key) in keys {
        devices.push(Device {
            device: id.clone(),
            encryption_key_hash: Some(text_of(key, "encryptionKeyHash")?.to_owned()),
            signing_key_hash: text_of(key, "signingKeyHash")?.to_owned(),
            expire_at: key["expireAt"].as_u64().ok_or_else(|| broken("no expireAt"))?,
            revoked: key["revoked"] == true,
        });
    }
    devices.sort_by(|one, other| one.device.cmp(&other.device));
    let mut members: Vec<String> =
        list(verdict, "knownMembers")?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    members.sort();
    let hashes = blocks.iter().filter_map(|block| block.pointer("/signature/hash")?.as_str());
    Ok(State { devices, members, hashes: hashes.map(str::to_owned).collect() })
}

/// Chains as the databases of the JavaScript packages keep them.
pub(super) fn flattened(peer: &Peer<'_>) -> Result<Draft<SigchainVerify>, GenerateError> {
    let mut draft = Draft::peers("sigchain/verify-flattened", "sigchain-flat", "peer/localdb/manifest.json");
    let manifest = peer.json("localdb/manifest.json")?;
    let mut seen = Vec::new();
    for database in list(&manifest, "databases")? {
        let lines = database.pointer("/files/User.fdb/clear").and_then(Value::as_array);
        for line in lines.into_iter().flatten().filter_map(Value::as_str) {
            let Ok(user) = serde_json::from_str::<Value>(line) else { continue };
            let Some(blocks) = user["sigchain"].as_array().filter(|blocks| !blocks.is_empty()) else { continue };
            if seen.contains(blocks) {
                continue;
            }
            seen.push(blocks.clone());
            chain(&mut draft, text_of(&user, "id")?, blocks)?;
        }
    }
    Ok(draft)
}

fn chain(draft: &mut Draft<SigchainVerify>, user: &str, blocks: &[Value]) -> Result<(), GenerateError> {
    let input = |blocks: &[Value]| VerifyInput { form: Form::Flattened, chain: text(blocks), now: NOW, strict: false };
    let output = state(&blocks.iter().map(nested).collect::<Vec<_>>())?;
    draft.valid("SIG-02", format!("the chain of {user}"), input(blocks), output.clone(), 0);
    let further = |name: &str, value: Value| {
        let mut blocks = blocks.to_vec();
        blocks[0][name] = value;
        blocks
    };
    draft.valid(
        "SIG-03",
        format!("the chain of {user}, a further member"),
        input(&further("more", Value::from(1.5))),
        output,
        0,
    );
    for (name, value, code, rule) in [
        ("position", Value::from(1), "wrong-position", "SIG-24"),
        ("position", Value::from("0"), "malformed", "SIG-02"),
        ("createdAt", Value::Null, "malformed", "SIG-02"),
        ("previousHash", Value::from("00"), "wrong-previous-hash", "SIG-25"),
        ("operationType", Value::from("deletion"), "unknown-operation", "SIG-20"),
        ("operationDeviceId", Value::from(""), "malformed", "SIG-02"),
        ("operationMembers", serde_json::json!(["11111111-1111-4111-8111-111111111111"]), "members", "SIG-33"),
        ("operationSigningKeyHash", Value::from("AAAA"), "missing-key-create", "SIG-29"),
        ("signatureString", Value::from("!"), "signature-malformed", "SIG-23"),
        ("signatureString", Value::from("AAAA"), "signature-invalid", "SIG-36"),
        ("expireAt", Value::from(1_889_000_000), "signature-invalid", "SIG-36"),
        ("pubkeys", serde_json::json!([]), "missing-key-create", "SIG-29"),
        ("pubkeys", serde_json::json!([1]), "malformed", "SIG-02"),
    ] {
        let comment = format!("the chain of {user}, {name} {value}");
        draft.invalid(rule, comment, input(&further(name, value)), code, &["SkippedCheck"]);
    }
    Ok(())
}

/// A flattened block in the form of the API, as far as its transaction goes.
fn nested(block: &Value) -> Value {
    let member = |name: &str| block[name].clone();
    let mut operation = serde_json::json!({ "type": member("operationType") });
    if block["operationDeviceId"].is_string() {
        operation["device"] = serde_json::json!({
            "id": member("operationDeviceId"),
            "encryption_pubkey_hash": member("operationEncryptionKeyHash"),
            "signing_pubkey_hash": member("operationSigningKeyHash"),
        });
    } else {
        operation["members"] = member("operationMembers");
    }
    serde_json::json!({ "transaction": {
        "position": member("position"), "previous_hash": member("previousHash"), "created_at": member("createdAt"),
        "expire_at": member("expireAt"),
        "signer": { "user": member("signerUser"), "device_id": member("signerDeviceId") },
        "operation": operation,
    } })
}
