//! Documents of `User.fdb` and `HairlessUser.fdb` (docs/spec/IDENTITY.md section 5.1, DB-05).

use super::field::{self, Field};
use super::{Connector, UnixMilliseconds};
use sealwright_types::{DeviceId, SecretVec, UserId};
use serde::Deserialize;

/// What counts of a user document: who it is, and the private devices.
pub(super) struct UserDocument {
    pub(super) user: Option<UserId>,
    pub(super) name: Option<String>,
    pub(super) is_default: bool,
    pub(super) is_group: bool,
    pub(super) members: Vec<UserId>,
    pub(super) private: Vec<PrivateDevice>,
    pub(super) devices: Vec<DeviceId>,
}

/// A device with private keys: DER bytes that nobody has looked at yet.
pub(super) struct PrivateDevice {
    pub(super) device: Option<DeviceId>,
    pub(super) encryption: Option<SecretVec>,
    pub(super) signing: Option<SecretVec>,
    pub(super) old_encryption: Vec<Option<SecretVec>>,
    pub(super) old_signing: Vec<Option<SecretVec>>,
    pub(super) expires: Option<UnixMilliseconds>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserFields<'a> {
    #[serde(borrow, rename = "_id")]
    document: Field<'a>,
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    display_name: Field<'a>,
    #[serde(borrow)]
    is_default: Field<'a>,
    #[serde(borrow)]
    is_group: Field<'a>,
    #[serde(borrow)]
    group_info: Field<'a>,
    #[serde(borrow)]
    devices: Field<'a>,
    #[serde(borrow)]
    keys: Field<'a>,
}

#[derive(Deserialize)]
struct GroupFields<'a> {
    #[serde(borrow)]
    members: Field<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceFields<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow, rename = "type")]
    kind: Field<'a>,
    #[serde(borrow)]
    expiration_date: Field<'a>,
    #[serde(borrow)]
    serialized_encryption_key: Field<'a>,
    #[serde(borrow)]
    serialized_signing_key: Field<'a>,
    #[serde(borrow)]
    serialized_old_encryption_keys: Field<'a>,
    #[serde(borrow)]
    serialized_old_signing_keys: Field<'a>,
    /// Before there were two keys: one in S64 for both uses.
    #[serde(borrow)]
    serialized_key: Field<'a>,
}

#[derive(Deserialize)]
struct UnregisteredFields<'a> {
    #[serde(borrow, rename = "type")]
    kind: Field<'a>,
    #[serde(borrow)]
    value: Field<'a>,
    #[serde(borrow)]
    email: Field<'a>,
}

impl UserDocument {
    pub(super) fn from_json(json: &str) -> Option<Self> {
        let fields: UserFields<'_> = field::object(json)?;
        let devices = if fields.devices.is_some() { fields.devices } else { fields.keys };
        let devices: Vec<DeviceFields<'_>> =
            field::list(devices).into_iter().filter_map(|raw| field::object(raw.get())).collect();
        let group: Option<GroupFields<'_>> = fields.group_info.and_then(|raw| field::object(raw.get()));
        Some(Self {
            user: field::id(fields.id).or_else(|| field::id(fields.document)),
            name: field::text(fields.display_name),
            is_default: field::is_true(fields.is_default),
            is_group: field::is_true(fields.is_group),
            members: group.map(|group| field::ids(group.members)).unwrap_or_default(),
            devices: devices.iter().filter_map(|device| field::id(device.id)).collect(),
            private: devices.iter().filter_map(PrivateDevice::from_fields).collect(),
        })
    }
}

impl PrivateDevice {
    /// Whether there is anything that may be a private key.
    pub(super) fn has_keys(&self) -> bool {
        let current = self.encryption.is_some() || self.signing.is_some();
        current || self.old_encryption.iter().chain(&self.old_signing).any(Option::is_some)
    }

    fn from_fields(fields: &DeviceFields<'_>) -> Option<Self> {
        if field::read(fields.kind) != Some("PRIVATE") {
            return None;
        }
        let key = |own: Field<'_>| field::secret(own.or(fields.serialized_key));
        Some(Self {
            device: field::id(fields.id),
            encryption: key(fields.serialized_encryption_key),
            signing: key(fields.serialized_signing_key),
            old_encryption: field::secrets(fields.serialized_old_encryption_keys),
            old_signing: field::secrets(fields.serialized_old_signing_keys),
            expires: field::date(fields.expiration_date),
        })
    }
}

/// A recipient without an account. Older documents have `email` (DB-05).
pub(super) fn unregistered(json: &str) -> Option<Connector> {
    let fields: UnregisteredFields<'_> = field::object(json)?;
    match (field::text(fields.kind), field::text(fields.value), field::text(fields.email)) {
        (Some(kind), Some(value), _) => Some(Connector { kind, value }),
        (_, _, Some(value)) => Some(Connector { kind: "EM".to_owned(), value }),
        _ => None,
    }
}
