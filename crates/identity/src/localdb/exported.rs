//! Databases of browsers and React Native, as somebody has exported them (DB-30, DB-31).
//!
//! The exported form is one JSON object: the names are those of the stores, the values are texts, bytes in base64.
//!
//! | store | name | value |
//! |---|---|---|
//! | localforage `NeDB`, `nedbdata`; AsyncStorage | `<path>/User.fdb`, `<path>/HairlessUser.fdb`, with `~` behind | the text of the file |
//! | localforage `Seald`, `backupKey`; AsyncStorage | `<path>/SealdKeyBackup` | the bytes of the key backup, base64 |
//! | localStorage | `seald-cache-<appId>-<path>:<sessionId>` | JSON of a cached session |
//!
//! Whoever has the values one by one passes them to [`nedb::recover`] and [`open_cached_session`].

use super::field::{self, Field};
use super::{CachedSession, RecoverError, Recovered, Source, SourceReport, nedb};
use sealwright_envelope::{SymKey, open};
use sealwright_types::b64::{self, Base64Error};
use sealwright_types::{Coded, SecretVec, SessionId};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

const USERS: &str = "/User.fdb";
const USERS_TEMPORARY: &str = "/User.fdb~";
const UNREGISTERED: &str = "/HairlessUser.fdb";
const UNREGISTERED_TEMPORARY: &str = "/HairlessUser.fdb~";
const KEY_BACKUP: &str = "/SealdKeyBackup";
const CACHE: &str = "seald-cache-";
/// Characters of an application id and the hyphen behind it.
const APP_ID: usize = 37;

/// The bytes are not an exported form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an exported database: a JSON object with texts (DB-30)")]
pub struct NotExported;

impl Coded for NotExported {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

/// The databases of an exported form.
#[derive(Debug, Default)]
pub struct Exported(BTreeMap<String, Database>);

/// One database of an exported form. Still sealed.
#[derive(Debug, Default)]
pub struct Database {
    users: Option<String>,
    users_temporary: Option<String>,
    unregistered: Option<String>,
    unregistered_temporary: Option<String>,
    key_backup: Option<Vec<u8>>,
    sessions: Vec<(Option<SessionId>, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CacheFields<'a> {
    #[serde(borrow)]
    serialization_date: Field<'a>,
    #[serde(borrow)]
    encrypted_sym_key: Field<'a>,
    #[serde(borrow)]
    retrieval_details: Field<'a>,
}

/// What a cache says about how a session was retrieved.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetrievalFields<'a> {
    #[serde(borrow)]
    pub(super) flow: Field<'a>,
    #[serde(borrow)]
    pub(super) group_id: Field<'a>,
    #[serde(borrow)]
    pub(super) proxy_session_id: Field<'a>,
}

impl Exported {
    /// Reads an exported form. Names that are not of the stores are ignored.
    ///
    /// # Errors
    /// [`NotExported`].
    pub fn parse(json: &[u8]) -> Result<Self, NotExported> {
        let texts: BTreeMap<Cow<'_, str>, field::Text<'_>> = serde_json::from_slice(json).map_err(|_| NotExported)?;
        let mut exported = Self::default();
        for (name, field::Text(text)) in texts {
            let Some(text) = text else { continue };
            exported.add(&name, text.into_owned());
        }
        Ok(exported)
    }

    /// The paths of the databases.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The database at this path.
    pub fn database(&self, path: &str) -> Option<&Database> {
        self.0.get(path)
    }

    fn add(&mut self, name: &str, text: String) {
        if let Some(path) = name.strip_suffix(USERS) {
            self.at(path).users = Some(text);
        } else if let Some(path) = name.strip_suffix(USERS_TEMPORARY) {
            self.at(path).users_temporary = Some(text);
        } else if let Some(path) = name.strip_suffix(UNREGISTERED) {
            self.at(path).unregistered = Some(text);
        } else if let Some(path) = name.strip_suffix(UNREGISTERED_TEMPORARY) {
            self.at(path).unregistered_temporary = Some(text);
        } else if let Some(path) = name.strip_suffix(KEY_BACKUP) {
            // What is not base64 was cut or altered, and counts as a damaged backup, as an empty one does (DB-25, DB-26).
            self.at(path).key_backup = Some(key_backup(&text).unwrap_or_default());
        } else if let Some((path, session)) = cache_name(name) {
            self.at(path).sessions.push((session.parse().ok(), text));
        }
    }

    fn at(&mut self, path: &str) -> &mut Database {
        self.0.entry(path.to_owned()).or_default()
    }
}

impl Database {
    /// Recovers everything, cached sessions too.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub fn recover(&self, key: &SymKey) -> Result<Recovered, RecoverError> {
        let files = nedb::Files {
            users: self.users.as_deref().map(str::as_bytes),
            users_temporary: self.users_temporary.as_deref().map(str::as_bytes),
            unregistered: self.unregistered.as_deref().map(str::as_bytes),
            unregistered_temporary: self.unregistered_temporary.as_deref().map(str::as_bytes),
            key_backup: self.key_backup.as_deref(),
        };
        let sessions: Vec<_> = self
            .sessions
            .iter()
            .filter_map(|(session, text)| open_cached_session((*session)?, text.as_bytes(), key))
            .collect();
        // An entry that opens says that the key is right.
        let mut recovered = nedb::recover_with(files, key, !sessions.is_empty())?;
        let nothing_else = recovered.sources.iter().all(|report| report.total == 0);
        if nothing_else && sessions.is_empty() && !self.sessions.is_empty() {
            return Err(RecoverError::Rejected);
        }
        if !self.sessions.is_empty() {
            let (total, readable) = (self.sessions.len(), sessions.len());
            recovered.sources.push(SourceReport { source: Source::SessionCache, total, readable, identity: false });
        }
        recovered.sessions = sessions;
        Ok(recovered)
    }
}

/// The bytes of a key backup that stands in base64, as on React Native (DB-30).
///
/// # Errors
/// [`Base64Error`].
pub fn key_backup(text: &str) -> Result<Vec<u8>, Base64Error> {
    b64::decode_tolerant(text)
}

/// Opens an entry of the session cache: JSON `{serializationDate, encryptedSymKey, retrievalDetails}` (DB-31). `None` if it is not one, if
/// the key is another, or if what is inside is no session key.
pub fn open_cached_session(session: SessionId, json: &[u8], key: &SymKey) -> Option<CachedSession> {
    let fields: CacheFields<'_> = field::object(std::str::from_utf8(json).ok()?)?;
    let sealed = b64::decode_tolerant(field::text(fields.encrypted_sym_key)?).ok()?;
    let opened = open(key, &sealed).map(SecretVec::from).ok()?;
    let details: Option<RetrievalFields<'_>> = fields.retrieval_details.and_then(|raw| field::object(raw.get()));
    CachedSession::new(session, &opened, field::read(fields.serialization_date), details)
}

impl CachedSession {
    pub(super) fn new(
        session: SessionId,
        key: &SecretVec,
        stored: Option<super::UnixMilliseconds>,
        details: Option<RetrievalFields<'_>>,
    ) -> Option<Self> {
        let key = SymKey::from_bytes(key.expose()).ok()?;
        let (flow, group, proxy) = match details {
            Some(it) => (field::read(it.flow), field::id(it.group_id), field::id(it.proxy_session_id)),
            None => (None, None, None),
        };
        Some(Self { session, key, stored, flow, group, proxy })
    }
}

/// Path and session id of an entry of the session cache: `seald-cache-<appId>-<path>:<sessionId>`.
fn cache_name(name: &str) -> Option<(&str, &str)> {
    let (_, rest) = name.strip_prefix(CACHE)?.split_at_checked(APP_ID)?;
    rest.rsplit_once(':')
}
