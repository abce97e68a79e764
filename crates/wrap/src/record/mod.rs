//! The records that carry wrapped keys (docs/spec/KEYS.md sections 4 and 7, docs/spec/EGRESS.md section 1).
//!
//! Read in the API's spelling of each field and in the bundle's (EGR-01), also in both at once if they agree; null is the same as
//! absent; unknown fields are ignored; an array is no record. Written in the bundle's spelling. A wrapped key is read as S64 or standard base64 (B64-04,
//! EMK-03, WRAP-10) and written as standard padded base64.

mod field;
pub mod spelling;

pub use field::{AuthFactor, AuthFactorKind, Created, Wrapped};

use crate::hash::KeyHash;
use sealwright_types::{DeviceId, GroupId, MessageId, SessionId, SymEncKeyId, TemporaryKeyId, TmrAccessId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A session key wrapped for a device of a user or of a group: what the API calls a token or an encrypted message key (EMK-02).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "spelling::Object<spelling::DeviceToken>")]
pub struct DeviceToken {
    /// The session. `sessionId`, `message_id`.
    pub session_id: SessionId,
    /// The device that it is meant for: a hint (EMK-15). `deviceId`, `device_id`, `key_id`, `created_for_key`,
    /// `created_for_key_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// The key that it is wrapped for; an empty text is none (EMK-11). `createdForKeyHash`, `created_for_key_hash`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_for_key_hash: Option<KeyHash>,
    /// What [`unwrap`](crate::unwrap) opens. `token`, `encrypted_message_key`.
    pub token: Wrapped,
    /// Whether the service has revoked it (EMK-14). `revoked`.
    #[serde(skip_serializing_if = "is_false")]
    pub revoked: bool,
}

/// A session key wrapped under a proxy session's key (WRAP-01).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "spelling::Object<spelling::ProxyKey>")]
pub struct ProxyKey {
    /// The session whose key is inside. `sessionId`, `message_id`.
    pub session_id: SessionId,
    /// The session whose key opens it. `proxySessionId`, `proxy_message_id`.
    pub proxy_session_id: SessionId,
    /// What [`symmetric::unwrap`](crate::symmetric::unwrap) opens. `data`, `data_b64`.
    pub data: Wrapped,
    /// Whether the service has revoked it. `revoked`.
    #[serde(skip_serializing_if = "is_false")]
    pub revoked: bool,
}

/// A session key wrapped under a SymEncKey (WRAP-02).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "spelling::Object<spelling::SymEncKeyRecord>")]
pub struct SymEncKeyRecord {
    /// The session whose key is inside. `sessionId`, `message_id`.
    pub session_id: SessionId,
    /// The SymEncKey that opens it. `symEncKeyId`, `sym_enc_key_id`.
    pub sym_enc_key_id: SymEncKeyId,
    /// What [`symmetric::unwrap`](crate::symmetric::unwrap) opens. `data`, `data_b64`.
    pub data: Wrapped,
    /// Whether the service has revoked it. `revoked`.
    #[serde(skip_serializing_if = "is_false")]
    pub revoked: bool,
}

/// A session key wrapped under an over-encryption key, given to whoever proves an authentication factor (WRAP-03).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "spelling::Object<spelling::TmrAccess>")]
pub struct TmrAccess {
    /// The session whose key is inside. `sessionId`, `message_id`.
    pub session_id: SessionId,
    /// The access. `tmrAccessId`, `tmr_key_id`.
    pub tmr_access_id: TmrAccessId,
    /// Who it is for (EGR-02). `authFactor`, `auth_factor`, or the pair `auth_factor_type` and `auth_factor_value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_factor: Option<AuthFactor>,
    /// Who created it. `createdById`, `created_by_id`.
    #[serde(rename = "createdById", skip_serializing_if = "Option::is_none")]
    pub creator: Option<UserId>,
    /// What [`symmetric::unwrap`](crate::symmetric::unwrap) opens. `data`, `data_b64`, `token`.
    pub data: Wrapped,
    /// Whether the service has revoked it. `revoked`.
    #[serde(skip_serializing_if = "is_false")]
    pub revoked: bool,
}

/// The private keys of a group, each sealed under the group's message key (WRAP-04).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "spelling::Object<spelling::GroupKeyRecord>")]
pub struct GroupKeyRecord {
    /// The group. `groupId`, `group_id`.
    pub group_id: GroupId,
    /// The group's single device. `deviceId`, `device_id`, `key_id`, `created_for_key`.
    pub device_id: DeviceId,
    /// The session whose key is the group's message key. `messageId`, `message_id`.
    pub message_id: MessageId,
    /// An envelope of PKCS#8. `encryptedEncryptionPrivateKey`, `encrypted_encryption_privkey`.
    pub encrypted_encryption_private_key: Wrapped,
    /// An envelope of PKCS#8. `encryptedSigningPrivateKey`, `encrypted_signing_privkey`.
    pub encrypted_signing_private_key: Wrapped,
    /// When the keys were made; the newest are the current ones. `created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Created>,
}

/// An invitation to a group: a key between the over-encryption key of the invited person and the message keys of the group (WRAP-05).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "spelling::Object<spelling::TemporaryKeyRecord>")]
pub struct TemporaryKeyRecord {
    /// The group. `groupId`, `group_id`.
    pub group_id: GroupId,
    /// The temporary key. `temporaryKeyId`, `temporary_key_id`, `id`.
    pub temporary_key_id: TemporaryKeyId,
    /// Whether who is invited becomes an administrator. `isAdmin`, `is_admin`.
    #[serde(skip_serializing_if = "is_false")]
    pub is_admin: bool,
    /// Who is invited (EGR-02). `authFactor`, `auth_factor`, or the pair `auth_factor_type` and `auth_factor_value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_factor: Option<AuthFactor>,
    /// The key sealed under the over-encryption key. `encryptedSymkeyRoek`, `encrypted_symkey_roek`.
    pub encrypted_symkey_roek: Wrapped,
    /// The key wrapped for the group's encryption key. `encryptedSymkeyGroup`, `encrypted_symkey_group`.
    pub encrypted_symkey_group: Wrapped,
    /// The signature of the group over the key's 64 bytes. `symkeySignature`, `symkey_signature`.
    pub symkey_signature: Wrapped,
    /// Every message key of the group sealed under the key. `data`.
    pub data: BTreeMap<MessageId, Wrapped>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
