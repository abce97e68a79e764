//! Writing a database that the JavaScript packages open (docs/spec/IDENTITY.md section 5).

use super::{Group, UnixMilliseconds};
use crate::Identity;
use sealwright_envelope::{SealError, SymKey, seal};
use sealwright_types::random::{self, RandomError};
use sealwright_types::{Coded, b64};
use sealwright_wrap::PrivateKey;
use serde::Serialize;
use std::io;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The number of migrations that a user document of today has seen (DB-05).
const USER_VERSION: u32 = 4;

/// The longest names that the packages take, in UTF-16 code units (VAL-11).
const LONGEST_DISPLAY_NAME: usize = 64;
const LONGEST_DEVICE_NAME: usize = 36;
const LONGEST_GROUP_NAME: usize = 64;

/// What a database says about its owner beside the keys.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    /// The user's name: at most 64 UTF-16 code units (VAL-11).
    pub display_name: &'a str,
    /// The device's name: at most 36 UTF-16 code units (VAL-11).
    pub device_name: &'a str,
    /// The moment of writing.
    pub now: UnixMilliseconds,
    /// When the current keys expire.
    pub expires: UnixMilliseconds,
}

/// The files of a new database.
#[derive(Debug)]
pub struct Written {
    /// `User.fdb`.
    pub users: Vec<u8>,
    /// `HairlessUser.fdb`.
    pub unregistered: Vec<u8>,
    /// `key_backup`.
    pub key_backup: Vec<u8>,
}

/// Why a database could not be written. Never caused by what was recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A name of the profile is longer than the packages take (VAL-11).
    #[error("a display name has at most 64 characters, a device name 36 (VAL-11)")]
    NameTooLong,
    /// No random bytes for the names of documents.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A line could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A document could not be serialised. Ours: please report it.
    #[error("bug in the database writer, please report it")]
    Bug,
}

impl Coded for WriteError {
    fn code(&self) -> &'static str {
        match self {
            Self::NameTooLong => "bad-value",
            Self::Random(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Bug => "bug",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserDocument<'a> {
    id: String,
    created: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    connectors: [(); 0],
    is_default: bool,
    last_updated: Date,
    has_team: bool,
    devices: [Device<'a>; 1],
    sigchain: [(); 0],
    is_group: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_info: Option<GroupInfo>,
    group_known_keys_ids: [(); 0],
    #[serde(rename = "_version")]
    version: u32,
    #[serde(rename = "_id")]
    document: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Device<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<&'a str>,
    created: Date,
    updated: Date,
    expiration_date: Date,
    serialized_encryption_key: &'a str,
    serialized_signing_key: &'a str,
    serialized_old_encryption_keys: Vec<&'a str>,
    serialized_old_signing_keys: Vec<&'a str>,
}

#[derive(Serialize)]
struct GroupInfo {
    members: Vec<String>,
    admins: [(); 0],
}

#[derive(Serialize)]
struct Date {
    #[serde(rename = "$$date")]
    milliseconds: UnixMilliseconds,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    field_name: &'static str,
    unique: bool,
    sparse: bool,
}

#[derive(Serialize)]
struct IndexLine {
    #[serde(rename = "$$indexCreated")]
    created: Index,
}

/// Whose document it is.
struct Owner<'a> {
    id: String,
    name: Option<&'a str>,
    is_default: bool,
    group: Option<GroupInfo>,
}

/// The keys of a device, in base64.
struct DeviceKeys {
    id: String,
    encryption: Zeroizing<String>,
    signing: Zeroizing<String>,
    old_encryption: Vec<Zeroizing<String>>,
    old_signing: Vec<Zeroizing<String>>,
}

/// Writes a database: the identity as default user, groups with their private devices, the index lines, the key backup.
///
/// Signed histories and other users are not written: the packages fetch them. A prepared renewal stands in the key backup only, as
/// there. A group of which only one kind of key is known is left out; of a group's name that is longer than the packages take, nothing is
/// written (VAL-11): they fetch it.
///
/// # Errors
/// [`WriteError`].
pub fn write(
    identity: &Identity,
    groups: &[Group],
    profile: &Profile<'_>,
    key: &SymKey,
) -> Result<Written, WriteError> {
    if !fits(profile.display_name, LONGEST_DISPLAY_NAME) || !fits(profile.device_name, LONGEST_DEVICE_NAME) {
        return Err(WriteError::NameTooLong);
    }
    let keys = DeviceKeys {
        id: identity.device.to_s64(),
        encryption: base64(&identity.current.encryption),
        signing: base64(&identity.current.signing),
        old_encryption: identity.old_encryption.iter().map(base64).collect(),
        old_signing: identity.old_signing.iter().map(base64).collect(),
    };
    let owner = Owner { id: identity.user.to_s64(), name: Some(profile.display_name), is_default: true, group: None };
    let mut users = Vec::new();
    push_line(&mut users, &document(owner, &keys, profile)?, key)?;
    for group in groups {
        let Some(keys) = DeviceKeys::of_group(group) else { continue };
        let members = group.members.iter().map(|member| member.to_s64()).collect();
        let info = GroupInfo { members, admins: [] };
        let name = group.name().filter(|name| fits(name, LONGEST_GROUP_NAME));
        let owner = Owner { id: group.id.to_s64(), name, is_default: false, group: Some(info) };
        push_line(&mut users, &document(owner, &keys, profile)?, key)?;
    }
    push_line(&mut users, &index("id"), key)?;
    let mut unregistered = Vec::new();
    push_line(&mut unregistered, &index("value"), key)?;
    Ok(Written { users, unregistered, key_backup: seal(key, identity.to_bson().expose())? })
}

/// Whether a text has at most so many UTF-16 code units, which is how the packages count.
fn fits(text: &str, longest: usize) -> bool {
    text.encode_utf16().count() <= longest
}

impl DeviceKeys {
    fn of_group(group: &Group) -> Option<Self> {
        let (mut encryption, mut signing) = (group.encryption_keys(), group.signing_keys());
        Some(Self {
            id: group.device?.to_s64(),
            encryption: base64(encryption.next()?),
            signing: base64(signing.next()?),
            old_encryption: encryption.map(base64).collect(),
            old_signing: signing.map(base64).collect(),
        })
    }
}

fn document<'a>(
    owner: Owner<'a>,
    keys: &'a DeviceKeys,
    profile: &Profile<'a>,
) -> Result<UserDocument<'a>, RandomError> {
    let now = || Date { milliseconds: profile.now };
    Ok(UserDocument {
        created: now(),
        display_name: owner.name,
        connectors: [],
        is_default: owner.is_default,
        last_updated: now(),
        has_team: owner.is_default,
        devices: [Device {
            id: &keys.id,
            kind: "PRIVATE",
            state: "A",
            device_name: owner.is_default.then_some(profile.device_name),
            created: now(),
            updated: now(),
            expiration_date: Date { milliseconds: profile.expires },
            serialized_encryption_key: &keys.encryption,
            serialized_signing_key: &keys.signing,
            serialized_old_encryption_keys: keys.old_encryption.iter().map(|key| key.as_str()).collect(),
            serialized_old_signing_keys: keys.old_signing.iter().map(|key| key.as_str()).collect(),
        }],
        sigchain: [],
        is_group: owner.group.is_some(),
        group_info: owner.group,
        group_known_keys_ids: [],
        version: USER_VERSION,
        document: document_name()?,
        id: owner.id,
    })
}

/// The index that the packages keep on a field.
fn index(field_name: &'static str) -> IndexLine {
    IndexLine { created: Index { field_name, unique: true, sparse: false } }
}

/// Sixteen random characters, as NeDB names documents.
fn document_name() -> Result<String, RandomError> {
    let mut bytes = [0; 8];
    random::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

fn base64(key: &Arc<PrivateKey>) -> Zeroizing<String> {
    Zeroizing::new(b64::encode(key.to_pkcs8().expose()))
}

/// Appends one sealed line. Measured first and then written, so that the clear text never moves and leaves no copy behind.
fn push_line(file: &mut Vec<u8>, line: &impl Serialize, key: &SymKey) -> Result<(), WriteError> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, line).map_err(|_| WriteError::Bug)?;
    let mut json = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *json, line).map_err(|_| WriteError::Bug)?;
    file.extend_from_slice(b64::encode(seal(key, &json)?).as_bytes());
    file.push(b'\n');
    Ok(())
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
