//! The checks of SIGCHAIN section 5 written down a second time, over plain JSON, for blocks whose shape is right.

use ring::digest::{SHA256, digest};
use sealwright_types::{DeviceId, UserId, b64};
use sealwright_wrap::{KeyHash, PublicKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Encryption key, signing key, expiry, whether revoked.
pub(super) type Device = (Option<KeyHash>, KeyHash, u64, bool);
/// Devices and members.
pub(super) type State = (BTreeMap<DeviceId, Device>, BTreeSet<UserId>);
/// The state, or the position and code of the first fault.
pub(super) type Verdict = Result<State, (usize, &'static str)>;

#[derive(Default)]
pub(super) struct Model {
    devices: BTreeMap<DeviceId, Device>,
    keys: BTreeMap<DeviceId, PublicKey>,
    members: BTreeSet<UserId>,
    previous: Option<(String, u64)>,
}

const FIVE_YEARS: u64 = 157_680_000;

impl Model {
    pub(super) fn judge(mut self, blocks: &[Value], now: u64, strict: bool) -> Verdict {
        for (position, block) in blocks.iter().enumerate() {
            self.block(block, position, now, strict).map_err(|code| (position, code))?;
        }
        Ok((self.devices, self.members))
    }

    fn block(&mut self, block: &Value, index: usize, now: u64, strict: bool) -> Result<(), &'static str> {
        let text = |pointer: &str| block.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let number = |pointer: &str| block.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
        let kind = text("/transaction/operation/type");
        let (created, expire) = (number("/transaction/created_at"), number("/transaction/expire_at"));
        let is_self = text("/transaction/signer/user") == "self";
        let signer: Option<DeviceId> = text("/transaction/signer/device_id").parse().ok();
        let device: Option<DeviceId> = text("/transaction/operation/device/id").parse().ok();
        let hash_of = |member: &str| text(&format!("/transaction/operation/device/{member}")).parse::<KeyHash>().ok();
        let (encryption, signing) = (hash_of("encryption_pubkey_hash"), hash_of("signing_pubkey_hash"));
        let listed = block.pointer("/transaction/operation/members").filter(|members| !members.is_null());
        let users: Vec<UserId> = listed
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|user| user.as_str()?.parse().ok())
            .collect();
        let computed = hash(&block["transaction"]);
        let or = |holds: bool, code: &'static str| if holds { Ok(()) } else { Err(code) };

        or(text("/signature/hash") == computed, "invalid-hash")?;
        or(text("/signature/protocol") == "2", "invalid-protocol")?;
        let signature = b64::decode_strict(text("/signature/signature")).map_err(|_| "signature-malformed")?;
        or(number("/transaction/position") == index as u64, "wrong-position")?;
        let previous = self.previous.as_ref().map_or("", |(hash, _)| hash);
        or(text("/transaction/previous_hash") == previous, "wrong-previous-hash")?;
        if let Some((_, before)) = self.previous {
            or(created + 7_200 >= before, "created-order")?;
        } else {
            or(kind == "creation", "first-operation-type")?;
            or(signer == device, "first-operation-autosign")?;
        }
        or(created <= now + 3_600, "created-in-future")?;

        let known = device.and_then(|device| self.devices.get(&device)).copied();
        match kind {
            "creation" => {
                or(is_self, "create-self")?;
                or(known.is_none(), "create-existing")?;
                or(index == 0 || signer != device, "create-signer")?;
                or(expire >= created, "expire-before-create")?;
                or(expire - created <= FIVE_YEARS, "expire-too-late-create")?;
                let codes = ["missing-key-create", "bad-key-create-1", "bad-key-create-2"];
                self.new_key(block, device, (encryption, signing, expire), codes)?;
            }
            "renewal" => {
                or(is_self, "renew-self")?;
                or(known.is_some(), "renew-not-existing")?;
                or(signer == device, "renew-same-key")?;
                or(expire >= created, "expire-before-renew")?;
                or(expire - created <= FIVE_YEARS, "expire-too-late-renew")?;
            }
            "revocation" => {
                or(known.is_some(), "revoke-not-existing")?;
                or(known.is_some_and(|known| !known.3), "revoke-already-revoked")?;
                or(expire == 0, "revoke-expiration")?;
            }
            "members" => {
                or(expire == 0, "members-expiration")?;
                or(device.is_none(), "members-no-device")?;
                or(
                    text("/transaction/operation/device/encryption_pubkey_hash").is_empty(),
                    "members-no-encryption-key",
                )?;
                or(text("/transaction/operation/device/signing_pubkey_hash").is_empty(), "members-no-signing-key")?;
                self.members = users.iter().copied().collect();
            }
            _ => {
                or(expire == 0, "server-remove-expiration")?;
                or(!users.is_empty(), "server-remove-empty")?;
                for user in &users {
                    or(self.members.remove(user), "unknown-user-to-remove")?;
                }
            }
        }
        if matches!(kind, "creation" | "renewal" | "revocation") {
            or(listed.is_none(), "members")?;
        }

        if is_self {
            let signed_by = signer.and_then(|signer| Some((self.devices.get(&signer)?, self.keys.get(&signer)?)));
            let (&(_, _, end, revoked), key) = signed_by.ok_or("signer-unknown")?;
            or(!revoked, "signer-revoked")?;
            or(end >= created || kind == "renewal" && !strict, "signer-expired")?;
            or(key.verify(computed.as_bytes(), &signature).is_ok(), "signature-invalid")?;
        } else {
            or(matches!(kind, "revocation" | "server-remove-members"), "unsigned-not-revoke")?;
            or(text("/signature/signature").is_empty() && signer.is_none(), "signed-not-self")?;
        }

        if kind == "renewal" {
            let codes = ["missing-key-renew", "bad-key-renew-1", "bad-key-renew-2"];
            self.new_key(block, device, (encryption, signing, expire), codes)?;
        }
        if let (Some(device), "revocation") = (device, kind)
            && let Some(state) = self.devices.get_mut(&device)
        {
            state.3 = true;
        }
        if let Some(device) = device {
            let stored = self.devices.get(&device).map(|state| state.1);
            or(stored.is_some() && stored == signing, "wrong-key-hash")?;
        }
        self.previous = Some((computed, created));
        Ok(())
    }

    fn new_key(
        &mut self,
        block: &Value,
        device: Option<DeviceId>,
        (encryption, signing, expire): (Option<KeyHash>, Option<KeyHash>, u64),
        [missing, bad, other_text]: [&'static str; 3],
    ) -> Result<(), &'static str> {
        let entries = block.pointer("/extras/pubkeys").and_then(Value::as_array);
        for entry in entries.into_iter().flatten().filter_map(Value::as_str) {
            let Ok(bytes) = b64::decode_tolerant(entry) else { continue };
            let hash: [u8; 32] = digest(&SHA256, &bytes).as_ref().try_into().expect("32 bytes");
            if Some(KeyHash::from_bytes(hash)) != signing {
                continue;
            }
            let key = PublicKey::from_der(&bytes).map_err(|_| bad)?;
            if b64::encode(key.to_spki()) != entry {
                return Err(other_text);
            }
            if let (Some(device), Some(signing)) = (device, signing) {
                let revoked = self.devices.get(&device).is_some_and(|state| state.3);
                self.devices.insert(device, (encryption, signing, expire, revoked));
                self.keys.insert(device, key);
            }
            return Ok(());
        }
        Err(missing)
    }
}

/// The hash of a transaction as it stands there.
pub(super) fn hash(transaction: &Value) -> String {
    let member = |pointer: &str| transaction.pointer(pointer).unwrap_or(&Value::Null).to_string();
    let kind = transaction.pointer("/operation/type").and_then(Value::as_str).unwrap_or_default();
    let id = transaction.pointer("/operation/device/id").and_then(Value::as_str).unwrap_or_default();
    let text_of = |pointer: &str| match transaction.pointer(pointer) {
        None | Some(Value::Null) => "\"\"".to_owned(),
        Some(text) => text.to_string(),
    };
    let mut operation = Vec::new();
    if !id.is_empty() {
        operation.push(format!(
            "\"device\":{{\"encryption_pubkey_hash\":{},\"id\":{},\"signing_pubkey_hash\":{}}}",
            text_of("/operation/device/encryption_pubkey_hash"),
            member("/operation/device/id"),
            text_of("/operation/device/signing_pubkey_hash")
        ));
    }
    if kind.ends_with("members") {
        operation.push(format!("\"members\":{}", member("/operation/members")));
    }
    operation.push(format!("\"type\":{}", member("/operation/type")));
    let text = format!(
        "{{\"created_at\":{},\"expire_at\":{},\"operation\":{{{}}},\"position\":{},\"previous_hash\":{},\"signer\":{{\"device_id\":{},\"user\":{}}}}}",
        member("/created_at"),
        member("/expire_at"),
        operation.join(","),
        member("/position"),
        member("/previous_hash"),
        member("/signer/device_id"),
        member("/signer/user")
    );
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
