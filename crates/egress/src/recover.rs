//! Identities of a bundle: every source is tried, every attempt is reported (docs/spec/EGRESS.md section 3).

mod database;
mod ssks;

use self::ssks::{ByPassword, ByTwoManRule};
use crate::bundle::{Bundle, IDENTITIES};
use crate::error::EgressError;
use crate::files::{Entry, Files};
use crate::keys::SecretText;
use crate::lines::MalformedRecord;
use sealwright_envelope::SymKey;
use sealwright_identity::Identity;
use sealwright_session::Keyring;
use sealwright_types::{Coded as _, DeviceId, SecretVec, SessionId, UserId, b64};
use sealwright_wrap::record::spelling::{SpellingError, optional};
use sealwright_wrap::{KeyHash, PrivateKey};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The largest identity document that is read. A hundred renewals fit several times.
const LARGEST_DOCUMENT: u64 = 4 * 1024 * 1024;

/// What trying one source of an identity gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// File, or file and line.
    pub source: String,
    /// How the user is called in reports (EGR-16).
    pub user: String,
    /// The user's id, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seald_id: Option<UserId>,
    /// The device's id, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why nothing came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Cow<'static, str>>,
    /// What is odd about the identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What came of an attempt to recover an identity (EGR-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// The private keys are there.
    Recovered,
    /// The secret is right and the slot is empty: the identity was stored elsewhere.
    SlotDisabled,
    /// A wrong secret or damaged data: one MAC cannot tell.
    Rejected,
    /// No secret for it is in the bundle.
    NoSecret,
    /// Not an identity, or it cannot be read.
    Malformed,
}

/// All identities that could be recovered.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    pub(crate) keyring: Keyring,
    pub(crate) attempts: Vec<Attempt>,
    /// Private keys of groups that databases hold, with the group's device.
    pub(crate) group_keys: Vec<(Option<DeviceId>, Arc<PrivateKey>)>,
    /// Session keys that databases hold.
    pub(crate) sessions: Vec<(SessionId, SymKey)>,
    /// Names at the top of the bundle that hold databases.
    pub(crate) directories: BTreeSet<String>,
    users: BTreeSet<UserId>,
    /// Whose private key it is.
    pub(crate) owners: HashMap<KeyHash, UserId>,
}

#[derive(Deserialize)]
struct IdentityRecord {
    #[serde(rename = "sealdId")]
    seald_id_camel: Option<UserId>,
    seald_id: Option<UserId>,
    #[serde(rename = "deviceId")]
    device_id_camel: Option<DeviceId>,
    device_id: Option<DeviceId>,
    key_id: Option<DeviceId>,
    created_for_key: Option<DeviceId>,
    identity: SecretText,
}

impl IdentityRecord {
    /// The ids of user and device, however they are spelt.
    fn ids(&self) -> Result<(Option<UserId>, Option<DeviceId>), SpellingError> {
        let devices = [self.device_id_camel, self.device_id, self.key_id, self.created_for_key];
        Ok((optional("sealdId", [self.seald_id_camel, self.seald_id])?, optional("deviceId", devices)?))
    }
}

impl Recovered {
    /// Tries every source, in the order of EGR-15.
    pub(crate) fn from_bundle(
        bundle: &Bundle,
        threads: usize,
        malformed: &mut Vec<MalformedRecord>,
    ) -> Result<Self, EgressError> {
        let mut recovered = Self::default();
        bundle.each(IDENTITIES, malformed, |place, record: IdentityRecord| {
            let (user, device) = record.ids().map_err(|_| place.clone())?;
            let document = b64::decode_tolerant_secret(record.identity.0.expose()).map_err(|_| place.clone())?;
            let attempt = recovered.document(&place.to_string(), &document, user, device);
            recovered.attempts.push(attempt);
            Ok(())
        })?;
        recovered.try_directory(bundle)?;
        recovered.try_stored::<ByTwoManRule>(bundle, threads, malformed)?;
        recovered.try_stored::<ByPassword>(bundle, threads, malformed)?;
        recovered.try_databases(bundle, malformed)?;
        Ok(recovered)
    }

    /// How many users' identities are in use (EGR-47).
    pub(crate) fn users(&self) -> usize {
        self.users.len()
    }

    /// Raw documents in `identities/`.
    fn try_directory(&mut self, bundle: &Bundle) -> Result<(), EgressError> {
        let directory = bundle.root().join("identities");
        if !bundle.files().is_directory(&directory).map_err(EgressError::io("open", &directory))? {
            return Ok(());
        }
        for Entry { path, .. } in bundle.files().list(&directory).map_err(EgressError::io("list", &directory))? {
            let source = format!("identities/{}", path.file_name().unwrap_or_default().to_string_lossy());
            let attempt = match read_document(bundle.files(), &path) {
                Ok(Some(document)) => self.document(&source, &document, None, None),
                Ok(None) => Attempt::failed(source, None, None, Outcome::Malformed, "malformed"),
                Err(_) => Attempt::failed(source, None, None, Outcome::Malformed, "io"),
            };
            self.attempts.push(attempt);
        }
        Ok(())
    }

    /// Reads one document. Ids that stand beside it have to be the ones inside.
    fn document(
        &mut self,
        source: &str,
        document: &SecretVec,
        user: Option<UserId>,
        device: Option<DeviceId>,
    ) -> Attempt {
        let failed = |error| Attempt::failed(source.to_owned(), user, device, Outcome::Malformed, error);
        let read = match Identity::from_bson(document.expose()) {
            Ok(read) => read,
            Err(error) => return failed(error.code()),
        };
        let identity = read.identity;
        let contradicts = user.is_some_and(|user| user != identity.user())
            || device.is_some_and(|device| device != identity.device());
        if contradicts {
            return failed("ids-differ");
        }
        self.identity(source, &identity, read.warnings.iter().map(ToString::to_string).collect())
    }

    /// Takes over the keys of an identity.
    fn identity(&mut self, source: &str, identity: &Identity, warnings: Vec<String>) -> Attempt {
        self.keyring.add_identity(identity);
        self.users.insert(identity.user());
        for key in identity.encryption_keys() {
            self.owners.insert(key.hash(), identity.user());
        }
        Attempt {
            source: source.to_owned(),
            user: identity.user().to_string(),
            seald_id: Some(identity.user()),
            device_id: Some(identity.device()),
            outcome: Outcome::Recovered,
            error: None,
            warnings,
        }
    }
}

impl Attempt {
    fn failed(
        source: String,
        user: Option<UserId>,
        device: Option<DeviceId>,
        outcome: Outcome,
        error: &'static str,
    ) -> Self {
        let name = user.map(|user| user.to_string()).or_else(|| device.map(|device| format!("device:{device}")));
        Self {
            user: name.unwrap_or_else(|| "unknown".to_owned()),
            source,
            seald_id: user,
            device_id: device,
            outcome,
            error: Some(error.into()),
            warnings: Vec::new(),
        }
    }
}

/// The bytes of a file; `None` for what cannot be a document.
fn read_document(files: &Files, path: &Path) -> io::Result<Option<SecretVec>> {
    let metadata = files.metadata(path)?;
    if !metadata.is_file() || metadata.len() > LARGEST_DOCUMENT {
        return Ok(None);
    }
    files.read(path).map(SecretVec::from).map(Some)
}
