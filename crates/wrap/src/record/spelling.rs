//! Every spelling of every field (EGR-01), each in a place of its own, so that two that differ are noticed.

use super::{AuthFactor, AuthFactorKind, Created, Wrapped};
use crate::hash::KeyHash;
use sealwright_types::{DeviceId, GroupId, MessageId, SessionId, SymEncKeyId, TemporaryKeyId, TmrAccessId, UserId};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// What is read from an object only: a derived reader would take an array for the fields in their order.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

/// Two spellings of one field have different values, or none is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpellingError {
    /// The spellings of this field have different values.
    #[error("spellings of `{0}` differ (EGR-01)")]
    Different(&'static str),
    /// No spelling of this field is there.
    #[error("missing field `{0}`")]
    Missing(&'static str),
}

/// The one value among the spellings of a field (EGR-01).
///
/// # Errors
/// [`SpellingError::Different`].
pub fn optional<T: PartialEq>(
    name: &'static str,
    spellings: impl IntoIterator<Item = Option<T>>,
) -> Result<Option<T>, SpellingError> {
    let mut values = spellings.into_iter().flatten();
    let first = values.next();
    if values.all(|value| Some(&value) == first.as_ref()) { Ok(first) } else { Err(SpellingError::Different(name)) }
}

/// As [`optional`], of a field that has to be there.
///
/// # Errors
/// [`SpellingError`].
pub fn required<T: PartialEq>(
    name: &'static str,
    spellings: impl IntoIterator<Item = Option<T>>,
) -> Result<T, SpellingError> {
    optional(name, spellings)?.ok_or(SpellingError::Missing(name))
}

/// A factor that stands there as two members (EGR-02).
fn pair(kind: Option<AuthFactorKind>, value: Option<String>) -> Result<Option<AuthFactor>, SpellingError> {
    match (kind, value) {
        (Some(kind), Some(value)) => Ok(Some(AuthFactor { kind, value })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(SpellingError::Missing("auth_factor_value")),
        (None, Some(_)) => Err(SpellingError::Missing("auth_factor_type")),
    }
}

/// A hash that is written as an empty text is none (EMK-11).
fn hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KeyHash>, D::Error> {
    match Option::<Cow<'de, str>>::deserialize(deserializer)? {
        Some(text) if !text.is_empty() => text.parse().map(Some).map_err(serde::de::Error::custom),
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
pub(super) struct AuthFactorMembers {
    #[serde(rename = "type")]
    kind: AuthFactorKind,
    value: String,
}

impl From<Object<AuthFactorMembers>> for AuthFactor {
    fn from(Object(AuthFactorMembers { kind, value }): Object<AuthFactorMembers>) -> Self {
        Self { kind, value }
    }
}

#[derive(Deserialize)]
pub(super) struct DeviceToken {
    #[serde(rename = "sessionId")]
    session_id: Option<SessionId>,
    message_id: Option<SessionId>,
    #[serde(rename = "deviceId")]
    device_id_camel: Option<DeviceId>,
    device_id: Option<DeviceId>,
    key_id: Option<DeviceId>,
    created_for_key: Option<DeviceId>,
    created_for_key_id: Option<DeviceId>,
    #[serde(rename = "createdForKeyHash", default, deserialize_with = "hash")]
    created_for_key_hash_camel: Option<KeyHash>,
    #[serde(default, deserialize_with = "hash")]
    created_for_key_hash: Option<KeyHash>,
    token: Option<Wrapped>,
    encrypted_message_key: Option<Wrapped>,
    revoked: Option<bool>,
}

impl TryFrom<Object<DeviceToken>> for super::DeviceToken {
    type Error = SpellingError;

    fn try_from(Object(raw): Object<DeviceToken>) -> Result<Self, SpellingError> {
        let device_ids = [raw.device_id_camel, raw.device_id, raw.key_id, raw.created_for_key, raw.created_for_key_id];
        let hashes = [raw.created_for_key_hash_camel, raw.created_for_key_hash];
        Ok(Self {
            session_id: required("sessionId", [raw.session_id, raw.message_id])?,
            device_id: optional("deviceId", device_ids)?,
            created_for_key_hash: optional("createdForKeyHash", hashes)?,
            token: required("token", [raw.token, raw.encrypted_message_key])?,
            revoked: raw.revoked.unwrap_or(false),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct ProxyKey {
    #[serde(rename = "sessionId")]
    session_id: Option<SessionId>,
    message_id: Option<SessionId>,
    #[serde(rename = "proxySessionId")]
    proxy_session_id: Option<SessionId>,
    proxy_message_id: Option<SessionId>,
    data: Option<Wrapped>,
    data_b64: Option<Wrapped>,
    revoked: Option<bool>,
}

impl TryFrom<Object<ProxyKey>> for super::ProxyKey {
    type Error = SpellingError;

    fn try_from(Object(raw): Object<ProxyKey>) -> Result<Self, SpellingError> {
        Ok(Self {
            session_id: required("sessionId", [raw.session_id, raw.message_id])?,
            proxy_session_id: required("proxySessionId", [raw.proxy_session_id, raw.proxy_message_id])?,
            data: required("data", [raw.data, raw.data_b64])?,
            revoked: raw.revoked.unwrap_or(false),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct SymEncKeyRecord {
    #[serde(rename = "sessionId")]
    session_id: Option<SessionId>,
    message_id: Option<SessionId>,
    #[serde(rename = "symEncKeyId")]
    sym_enc_key_id_camel: Option<SymEncKeyId>,
    sym_enc_key_id: Option<SymEncKeyId>,
    data: Option<Wrapped>,
    data_b64: Option<Wrapped>,
    revoked: Option<bool>,
}

impl TryFrom<Object<SymEncKeyRecord>> for super::SymEncKeyRecord {
    type Error = SpellingError;

    fn try_from(Object(raw): Object<SymEncKeyRecord>) -> Result<Self, SpellingError> {
        Ok(Self {
            session_id: required("sessionId", [raw.session_id, raw.message_id])?,
            sym_enc_key_id: required("symEncKeyId", [raw.sym_enc_key_id_camel, raw.sym_enc_key_id])?,
            data: required("data", [raw.data, raw.data_b64])?,
            revoked: raw.revoked.unwrap_or(false),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct TmrAccess {
    #[serde(rename = "sessionId")]
    session_id: Option<SessionId>,
    message_id: Option<SessionId>,
    #[serde(rename = "tmrAccessId")]
    tmr_access_id: Option<TmrAccessId>,
    tmr_key_id: Option<TmrAccessId>,
    #[serde(rename = "authFactor")]
    auth_factor_camel: Option<AuthFactor>,
    auth_factor: Option<AuthFactor>,
    auth_factor_type: Option<AuthFactorKind>,
    auth_factor_value: Option<String>,
    #[serde(rename = "createdById")]
    created_by_id_camel: Option<UserId>,
    created_by_id: Option<UserId>,
    data: Option<Wrapped>,
    data_b64: Option<Wrapped>,
    token: Option<Wrapped>,
    revoked: Option<bool>,
}

impl TryFrom<Object<TmrAccess>> for super::TmrAccess {
    type Error = SpellingError;

    fn try_from(Object(raw): Object<TmrAccess>) -> Result<Self, SpellingError> {
        let pair = pair(raw.auth_factor_type, raw.auth_factor_value)?;
        Ok(Self {
            session_id: required("sessionId", [raw.session_id, raw.message_id])?,
            tmr_access_id: required("tmrAccessId", [raw.tmr_access_id, raw.tmr_key_id])?,
            auth_factor: optional("authFactor", [raw.auth_factor_camel, raw.auth_factor, pair])?,
            creator: optional("createdById", [raw.created_by_id_camel, raw.created_by_id])?,
            data: required("data", [raw.data, raw.data_b64, raw.token])?,
            revoked: raw.revoked.unwrap_or(false),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct GroupKeyRecord {
    #[serde(rename = "groupId")]
    group_id_camel: Option<GroupId>,
    group_id: Option<GroupId>,
    #[serde(rename = "deviceId")]
    device_id_camel: Option<DeviceId>,
    device_id: Option<DeviceId>,
    key_id: Option<DeviceId>,
    created_for_key: Option<DeviceId>,
    #[serde(rename = "messageId")]
    message_id_camel: Option<MessageId>,
    message_id: Option<MessageId>,
    #[serde(rename = "encryptedEncryptionPrivateKey")]
    encryption_camel: Option<Wrapped>,
    #[serde(rename = "encrypted_encryption_privkey")]
    encryption: Option<Wrapped>,
    #[serde(rename = "encryptedSigningPrivateKey")]
    signing_camel: Option<Wrapped>,
    #[serde(rename = "encrypted_signing_privkey")]
    signing: Option<Wrapped>,
    created: Option<Created>,
}

impl TryFrom<Object<GroupKeyRecord>> for super::GroupKeyRecord {
    type Error = SpellingError;

    fn try_from(Object(raw): Object<GroupKeyRecord>) -> Result<Self, SpellingError> {
        let device_ids = [raw.device_id_camel, raw.device_id, raw.key_id, raw.created_for_key];
        let encryption = [raw.encryption_camel, raw.encryption];
        let signing = [raw.signing_camel, raw.signing];
        Ok(Self {
            group_id: required("groupId", [raw.group_id_camel, raw.group_id])?,
            device_id: required("deviceId", device_ids)?,
            message_id: required("messageId", [raw.message_id_camel, raw.message_id])?,
            encrypted_encryption_private_key: required("encryptedEncryptionPrivateKey", encryption)?,
            encrypted_signing_private_key: required("encryptedSigningPrivateKey", signing)?,
            created: raw.created,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct TemporaryKeyRecord {
    #[serde(rename = "groupId")]
    group_id_camel: Option<GroupId>,
    group_id: Option<GroupId>,
    #[serde(rename = "temporaryKeyId")]
    temporary_key_id_camel: Option<TemporaryKeyId>,
    temporary_key_id: Option<TemporaryKeyId>,
    id: Option<TemporaryKeyId>,
    #[serde(rename = "isAdmin")]
    is_admin_camel: Option<bool>,
    is_admin: Option<bool>,
    #[serde(rename = "authFactor")]
    auth_factor_camel: Option<AuthFactor>,
    auth_factor: Option<AuthFactor>,
    auth_factor_type: Option<AuthFactorKind>,
    auth_factor_value: Option<String>,
    #[serde(rename = "encryptedSymkeyRoek")]
    roek_camel: Option<Wrapped>,
    #[serde(rename = "encrypted_symkey_roek")]
    roek: Option<Wrapped>,
    #[serde(rename = "encryptedSymkeyGroup")]
    group_camel: Option<Wrapped>,
    #[serde(rename = "encrypted_symkey_group")]
    group: Option<Wrapped>,
    #[serde(rename = "symkeySignature")]
    signature_camel: Option<Wrapped>,
    #[serde(rename = "symkey_signature")]
    signature: Option<Wrapped>,
    data: Option<BTreeMap<MessageId, Wrapped>>,
}

impl TryFrom<Object<TemporaryKeyRecord>> for super::TemporaryKeyRecord {
    type Error = SpellingError;

    fn try_from(Object(raw): Object<TemporaryKeyRecord>) -> Result<Self, SpellingError> {
        let ids = [raw.temporary_key_id_camel, raw.temporary_key_id, raw.id];
        let factors = [raw.auth_factor_camel, raw.auth_factor, pair(raw.auth_factor_type, raw.auth_factor_value)?];
        Ok(Self {
            group_id: required("groupId", [raw.group_id_camel, raw.group_id])?,
            temporary_key_id: required("temporaryKeyId", ids)?,
            is_admin: optional("isAdmin", [raw.is_admin_camel, raw.is_admin])?.unwrap_or(false),
            auth_factor: optional("authFactor", factors)?,
            encrypted_symkey_roek: required("encryptedSymkeyRoek", [raw.roek_camel, raw.roek])?,
            encrypted_symkey_group: required("encryptedSymkeyGroup", [raw.group_camel, raw.group])?,
            symkey_signature: required("symkeySignature", [raw.signature_camel, raw.signature])?,
            data: required("data", [raw.data])?,
        })
    }
}
