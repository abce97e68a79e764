//! Databases of a peer, in memory.

use sealwright_envelope::{SymKey, open, seal};
use sealwright_identity::Identity;
use sealwright_identity::localdb::nedb::{self, Files};
use sealwright_identity::localdb::{RecoverError, Recovered};
use sealwright_types::{Coded as _, b64};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

pub(crate) fn peer(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peer").join(name)
}

pub(crate) static MANIFEST: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_slice(&fs::read(peer("localdb/manifest.json")).unwrap()).unwrap());

/// A database of a peer, in memory.
pub(crate) struct Database {
    pub(crate) key: SymKey,
    pub(crate) users: Vec<u8>,
    pub(crate) unregistered: Vec<u8>,
    pub(crate) key_backup: Vec<u8>,
}

impl Database {
    pub(crate) fn at(directory: &str, key: &str) -> Self {
        let file = |name: &str| fs::read(peer(directory).join(name)).unwrap_or_default();
        Self {
            key: SymKey::from_bytes(&b64::decode_strict(key).unwrap()).unwrap(),
            users: file("User.fdb"),
            unregistered: file("HairlessUser.fdb"),
            key_backup: file("key_backup"),
        }
    }

    /// The one with a database key.
    pub(crate) fn sample() -> Self {
        let described = &MANIFEST["databases"][0];
        Self::at(described["dir"].as_str().unwrap(), described["key"].as_str().unwrap())
    }

    pub(crate) fn files(&self) -> Files<&[u8]> {
        Files {
            users: Some(&self.users),
            unregistered: Some(&self.unregistered),
            key_backup: Some(&self.key_backup),
            ..Files::default()
        }
    }

    pub(crate) fn recover(&self) -> Recovered {
        nedb::recover(self.files(), &self.key).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        String::from_utf8(self.users.clone()).unwrap().lines().map(str::to_owned).collect()
    }

    pub(crate) fn clear_lines(&self) -> Vec<Value> {
        let clear = |line: &String| open(&self.key, &b64::decode_strict(line).unwrap()).unwrap();
        self.lines().iter().map(|line| serde_json::from_slice(&clear(line)).unwrap()).collect()
    }

    pub(crate) fn with_clear_lines(mut self, lines: &[Value]) -> Self {
        let sealed = |line: &Value| b64::encode(seal(&self.key, line.to_string().as_bytes()).unwrap());
        self.users = lines.iter().map(sealed).collect::<Vec<_>>().join("\n").into_bytes();
        self
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::from_bson(&open(&self.key, &self.key_backup).unwrap()).unwrap().identity
    }
}

pub(crate) fn hashes(identity: &Identity) -> Vec<String> {
    let mut hashes: Vec<_> = identity.encryption_keys().map(|key| key.hash().to_string()).collect();
    hashes.sort();
    hashes
}

pub(crate) fn code(recovered: &Result<Recovered, RecoverError>) -> &'static str {
    match recovered {
        Err(error) => error.code(),
        Ok(recovered) => recovered.identity.as_ref().map_or_else(|error| error.code(), |_| "ok"),
    }
}
