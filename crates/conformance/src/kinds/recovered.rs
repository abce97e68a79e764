//! What is recovered from the stores of a device: the output of three kinds.

use super::code;
use crate::binary::{Binary, Material, field};
use crate::check::LoadError;
use sealwright_envelope::SymKey;
use sealwright_identity::Identity;
use sealwright_identity::localdb::{CachedSession, Group, Recovered, StrayKeys};
use serde::{Deserialize, Serialize};

/// `noIdentity` is the code of the reason. Keys are hashes, the current one first. Contacts and connectors are counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Found {
    pub(crate) identity: Option<Who>,
    pub(crate) no_identity: Option<String>,
    pub(crate) other_identities: Vec<Who>,
    pub(crate) groups: Vec<Keys>,
    pub(crate) stray_keys: Vec<Stray>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) contacts: u64,
    pub(crate) connectors: u64,
    pub(crate) warnings: Vec<String>,
    pub(crate) damaged_lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Who {
    pub(crate) user: String,
    pub(crate) device: String,
    pub(crate) encryption_keys: Vec<String>,
    pub(crate) signing_keys: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Keys {
    pub(crate) group: String,
    pub(crate) encryption_keys: Vec<String>,
    pub(crate) signing_keys: Vec<String>,
}

/// Keys that make no identity and belong to no group: the ids that the store names, `null` without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Stray {
    pub(crate) user: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) encryption_keys: Vec<String>,
    pub(crate) signing_keys: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    pub(crate) session: String,
    pub(crate) key: String,
}

/// A line that could not be read: its file, its number from 1, and the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) file: String,
    pub(crate) number: u64,
    pub(crate) error: String,
}

impl From<Recovered> for Found {
    fn from(recovered: Recovered) -> Self {
        let (identity, no_identity) = match &recovered.identity {
            Ok(identity) => (Some(who(identity)), None),
            Err(reason) => (None, Some(code(*reason).to_owned())),
        };
        let line = |line: &sealwright_identity::localdb::DamagedLine| Line {
            file: line.source.file_name().to_owned(),
            number: line.number as u64,
            error: code(line.fault).to_owned(),
        };
        Self {
            identity,
            no_identity,
            other_identities: recovered.other_identities.iter().map(who).collect(),
            groups: recovered.groups.iter().map(keys).collect(),
            stray_keys: recovered.stray_keys.iter().map(stray).collect(),
            sessions: recovered.sessions.iter().map(session).collect(),
            contacts: recovered.contacts.len() as u64,
            connectors: recovered.connectors.len() as u64,
            warnings: recovered.warnings.iter().map(|&warning| code(warning).to_owned()).collect(),
            damaged_lines: recovered.damaged_lines.iter().map(line).collect(),
        }
    }
}

fn who(identity: &Identity) -> Who {
    Who {
        user: identity.user().to_string(),
        device: identity.device().to_string(),
        encryption_keys: identity.encryption_keys().map(|key| key.hash().to_string()).collect(),
        signing_keys: identity.signing_keys().map(|key| key.hash().to_string()).collect(),
    }
}

fn keys(group: &Group) -> Keys {
    Keys {
        group: group.id().to_string(),
        encryption_keys: group.encryption_keys().map(|key| key.hash().to_string()).collect(),
        signing_keys: group.signing_keys().map(|key| key.hash().to_string()).collect(),
    }
}

fn stray(stray: &StrayKeys) -> Stray {
    Stray {
        user: stray.user().map(|user| user.to_string()),
        device: stray.device().map(|device| device.to_string()),
        encryption_keys: stray.encryption_keys().map(|key| key.hash().to_string()).collect(),
        signing_keys: stray.signing_keys().map(|key| key.hash().to_string()).collect(),
    }
}

fn session(cached: &CachedSession) -> Session {
    Session { session: cached.session.to_string(), key: sealwright_types::b64::encode(cached.key.expose()) }
}

/// The key of a store.
pub(super) fn store_key(text: &str) -> Result<SymKey, LoadError> {
    SymKey::from_bytes(&field(text)?).map_err(|_| LoadError::material("a key of a wrong length"))
}

/// A file of a store, if it is there.
pub(super) fn file(binary: Option<&Binary>, material: &Material<'_>) -> Result<Option<Vec<u8>>, LoadError> {
    binary.map(|binary| material.bytes(binary)).transpose()
}
