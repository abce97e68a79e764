//! Identities, group keys and cached sessions in local databases of the SDKs (docs/spec/EGRESS.md section 3).

use super::{Attempt, Outcome, Recovered};
use crate::bundle::{Bundle, LOCAL_DATABASES};
use crate::error::EgressError;
use crate::keys::SecretText;
use crate::lines::MalformedRecord;
use crate::local_database;
use sealwright_envelope::SymKey;
use sealwright_identity::localdb::exported::Exported;
use sealwright_identity::localdb::{self, RecoverError};
use sealwright_kdf::value::RawKey64;
use sealwright_kdf::{AppIdText, DatabaseKey, Password, database_key, database_raw_key};
use sealwright_types::Coded as _;
use serde::Deserialize;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DatabaseRecord {
    path: PathBuf,
    #[serde(default)]
    kind: Kind,
    database_key: Option<SecretText>,
    database_raw_key: Option<SecretText>,
    database_encryption_key: Option<SecretText>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Nedb,
    Browser,
    Go,
}

/// How a database is sealed.
enum Credential {
    /// `databaseKey`, or none given: a key is derived from it.
    Derived(Option<Password>),
    /// `databaseRawKey`, or the key of the Go SDK.
    Raw(RawKey64),
}

impl Recovered {
    pub(super) fn try_databases(
        &mut self,
        bundle: &Bundle,
        malformed: &mut Vec<MalformedRecord>,
    ) -> Result<(), EgressError> {
        let mut databases = Vec::new();
        bundle.each(LOCAL_DATABASES, malformed, |place, record: DatabaseRecord| {
            let is_inside =
                record.path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            let path = bundle.root().join(&record.path);
            let source = format!("{place} ({})", record.path.display());
            self.directories.extend(record.path.iter().next().map(|top| top.to_string_lossy().into_owned()));
            let (kind, credential) = (record.kind, record.credential().filter(|_| is_inside).ok_or(place)?);
            databases.push((source, path, kind, credential));
            Ok(())
        })?;
        for (source, path, kind, credential) in databases {
            for found in open(bundle, &path, kind, &credential).unwrap_or_else(|failed| vec![Err(failed)]) {
                match found {
                    Ok(found) => self.take_over(&source, found),
                    Err((outcome, error)) => {
                        self.attempts.push(Attempt::failed(source.clone(), None, None, outcome, error));
                    }
                }
            }
        }
        Ok(())
    }

    /// Everything that a database holds counts, also when it has no identity.
    fn take_over(&mut self, source: &str, found: localdb::Recovered) {
        let mut warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
        warnings.extend(found.damaged_lines.iter().map(ToString::to_string));
        for group in &found.groups {
            for key in group.encryption_keys() {
                self.group_keys.push((group.device(), Arc::clone(key)));
            }
        }
        for stray in &found.stray_keys {
            for key in stray.encryption_keys() {
                self.keyring.add(Arc::clone(key), stray.device());
                self.owners.extend(stray.user().map(|user| (key.hash(), user)));
            }
        }
        self.sessions.extend(found.sessions.into_iter().map(|cached| (cached.session, cached.key)));
        let mut attempts = Vec::new();
        match &found.identity {
            Ok(identity) => attempts.push(self.identity(source, identity, warnings)),
            Err(error) => {
                let failed = Attempt::failed(source.to_owned(), None, None, Outcome::Malformed, error.code());
                attempts.push(Attempt { warnings, ..failed });
            }
        }
        for other in &found.other_identities {
            attempts.push(self.identity(source, other, Vec::new()));
        }
        self.attempts.extend(attempts);
    }
}

impl DatabaseRecord {
    /// The one key that the kind of database takes.
    fn credential(self) -> Option<Credential> {
        let raw = |text: SecretText| RawKey64::parse_tolerant(text.0.expose()).ok().map(Credential::Raw);
        match (self.kind, self.database_key, self.database_raw_key, self.database_encryption_key) {
            (Kind::Go, None, None, Some(key)) => raw(key),
            (Kind::Nedb | Kind::Browser, None, Some(key), None) => raw(key),
            (Kind::Nedb | Kind::Browser, Some(password), None, None) => {
                Some(Credential::Derived(Some(Password::new(password.0.expose()).ok()?)))
            }
            (Kind::Nedb | Kind::Browser, None, None, None) => Some(Credential::Derived(None)),
            _ => None,
        }
    }
}

type Failed = (Outcome, &'static str);

/// What each database gives; an exported form may hold several.
fn open(
    bundle: &Bundle,
    path: &Path,
    kind: Kind,
    credential: &Credential,
) -> Result<Vec<Result<localdb::Recovered, Failed>>, Failed> {
    let (files, app) = (bundle.files(), bundle.app.as_ref());
    match kind {
        Kind::Nedb => Ok(vec![local_database::nedb_in(files, path, &key(credential, app)?).map_err(failed)]),
        Kind::Browser => {
            let exported =
                local_database::file(files, path).map_err(io_failed)?.ok_or((Outcome::Malformed, "malformed"))?;
            let exported = Exported::parse(&exported).map_err(|error| (Outcome::Malformed, error.code()))?;
            let key = key(credential, app)?;
            let databases = exported.paths().filter_map(|path| exported.database(path));
            let found: Vec<_> = databases.map(|database| database.recover(&key).map_err(failed)).collect();
            if found.is_empty() { Err((Outcome::Malformed, "malformed")) } else { Ok(found) }
        }
        Kind::Go => match credential {
            Credential::Raw(key) => Ok(vec![local_database::go_in(files, path, key).map_err(failed)]),
            Credential::Derived(_) => Err((Outcome::NoSecret, "no-secret")),
        },
    }
}

fn key(credential: &Credential, app: Option<&AppIdText>) -> Result<SymKey, Failed> {
    let key = match (credential, app) {
        (Credential::Raw(key), _) => database_raw_key(key),
        (Credential::Derived(None), Some(app)) => database_key(DatabaseKey::NotGiven, app),
        (Credential::Derived(Some(password)), Some(app)) => database_key(DatabaseKey::Given(password), app),
        (Credential::Derived(_), None) => return Err((Outcome::NoSecret, "app-id-missing")),
    };
    key.map_err(|error| (Outcome::Rejected, error.code()))
}

fn io_failed(_: io::Error) -> Failed {
    (Outcome::Malformed, "io")
}

fn failed(error: RecoverError) -> Failed {
    let outcome = if error == RecoverError::Rejected { Outcome::Rejected } else { Outcome::Malformed };
    (outcome, error.code())
}
