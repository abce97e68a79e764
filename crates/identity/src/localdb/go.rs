//! The file storage of the Go and mobile SDKs (docs/spec/IDENTITY.md section 7).

use super::exported::RetrievalFields;
use super::field::{self, Field, Map};
use super::keys::{StrayKeys, group_keys};
use super::user::PrivateDevice;
use super::{
    CachedSession, Connector, Contact, Group, NoIdentity, RecoverError, Recovered, Source, SourceReport,
    UnixMilliseconds, Warning,
};
use sealwright_envelope::{SymKey, open};
use sealwright_kdf::value::RawKey64;
use sealwright_types::{SecretVec, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Every file that holds something.
const FILES: [Source; 5] =
    [Source::CurrentDevice, Source::Contacts, Source::Connectors, Source::Groups, Source::Sessions];

/// The files of a storage directory, each `None` if it does not exist, which is the same as empty (GOFS-01).
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a> {
    /// `current_device_storage`.
    pub current_device: Option<&'a [u8]>,
    /// `contacts_storage`.
    pub contacts: Option<&'a [u8]>,
    /// `connectors_storage`.
    pub connectors: Option<&'a [u8]>,
    /// `groups_storage`.
    pub groups: Option<&'a [u8]>,
    /// `encryption_session_storage`.
    pub sessions: Option<&'a [u8]>,
    /// The names of all files in the directory: temporary ones without their main file are reported (GOFS-02).
    pub names: &'a [&'a str],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceFields<'a> {
    #[serde(borrow)]
    user_id: Field<'a>,
    #[serde(borrow)]
    device_id: Field<'a>,
    #[serde(borrow)]
    encryption_private_key: Field<'a>,
    #[serde(borrow)]
    signing_private_key: Field<'a>,
    #[serde(borrow)]
    old_encryption_private_keys: Field<'a>,
    #[serde(borrow)]
    old_signing_private_keys: Field<'a>,
    #[serde(borrow)]
    device_expires: Field<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupFields<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    device_id: Field<'a>,
    #[serde(borrow)]
    current_key: Field<'a>,
    #[serde(borrow)]
    old_keys: Field<'a>,
    #[serde(borrow)]
    members: Field<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupKeyFields<'a> {
    #[serde(borrow)]
    encryption_private_key: Field<'a>,
    #[serde(borrow)]
    signing_private_key: Field<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContactFields<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    is_group: Field<'a>,
    #[serde(borrow)]
    devices: Field<'a>,
}

#[derive(Deserialize)]
struct IdField<'a> {
    #[serde(borrow)]
    id: Field<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionFields<'a> {
    #[serde(borrow, rename = "b64SerializedSymKey")]
    key: Field<'a>,
    #[serde(borrow)]
    serialization_date: Field<'a>,
    #[serde(borrow)]
    retrieval_details: Field<'a>,
}

/// What opening a file gave.
enum State {
    /// Missing or empty (GOFS-01).
    Empty,
    Rejected,
    Opened(SecretVec),
}

/// Recovers everything from a storage directory. Its key is the application's `databaseEncryptionKey`, 64 bytes as they are (GOFS-03).
///
/// # Errors
/// [`RecoverError::Rejected`] when there are files and none opens.
pub fn recover(files: &Files<'_>, key: &RawKey64) -> Result<Recovered, RecoverError> {
    let key = key.to_sym_key().map_err(|_| RecoverError::Rejected)?;
    let states = FILES.map(|source| (source, State::of(files.get(source), &key)));
    let any = |wanted: fn(&State) -> bool| states.iter().any(|(_, state)| wanted(state));
    if any(|state| matches!(state, State::Rejected)) && !any(|state| matches!(state, State::Opened(_))) {
        return Err(RecoverError::Rejected);
    }
    let mut recovered = Recovered::empty();
    for (source, state) in &states {
        recovered.add_file(*source, state);
    }
    for source in FILES {
        let is_temporary =
            |it: &&str| it.strip_prefix(source.file_name()).is_some_and(|rest| rest.starts_with("_temp_"));
        if files.get(source).is_none() && files.names.iter().any(is_temporary) {
            recovered.warnings.push(Warning::TemporaryLeft(source));
        }
    }
    Ok(recovered)
}

impl<'a> Files<'a> {
    fn get(&self, source: Source) -> Option<&'a [u8]> {
        match source {
            Source::CurrentDevice => self.current_device,
            Source::Contacts => self.contacts,
            Source::Connectors => self.connectors,
            Source::Groups => self.groups,
            Source::Sessions => self.sessions,
            _ => None,
        }
    }
}

impl State {
    fn of(file: Option<&[u8]>, key: &SymKey) -> Self {
        match file {
            None | Some([]) => Self::Empty,
            Some(sealed) => open(key, sealed).map_or(Self::Rejected, |json| Self::Opened(SecretVec::from(json))),
        }
    }
}

impl Recovered {
    fn add_file(&mut self, source: Source, state: &State) {
        let json = match state {
            State::Empty => return,
            State::Rejected => None,
            State::Opened(json) => std::str::from_utf8(json.expose()).ok(),
        };
        let done = json.and_then(|json| match source {
            Source::CurrentDevice => self.add_device(json),
            _ => self.add_map(source, json),
        });
        if done.is_none() {
            self.warnings.push(Warning::FileDamaged(source));
        }
        let identity = source == Source::CurrentDevice && self.identity.is_ok();
        self.sources.push(SourceReport { source, total: 1, readable: usize::from(done.is_some()), identity });
    }

    fn add_device(&mut self, json: &str) -> Option<()> {
        let fields: DeviceFields<'_> = field::object(json)?;
        // The state of nobody: an account that was never created.
        let user: Option<UserId> = field::id(fields.user_id);
        let device = PrivateDevice {
            device: field::id(fields.device_id),
            encryption: field::secret(fields.encryption_private_key),
            signing: field::secret(fields.signing_private_key),
            old_encryption: field::secrets(fields.old_encryption_private_keys),
            old_signing: field::secrets(fields.old_signing_private_keys),
            expires: milliseconds(fields.device_expires),
        };
        if user.is_some() || device.has_keys() {
            self.expires = device.expires;
            self.identity = self.device_identity(user, &device).map_err(NoIdentity::Unreadable);
        }
        Some(())
    }

    /// An entry that cannot be read is left out, and the file counts as damaged.
    fn add_map(&mut self, source: Source, json: &str) -> Option<()> {
        let map: Map<'_> = serde_json::from_str::<Option<Map<'_>>>(json).ok()?.unwrap_or_default();
        let mut complete = Some(());
        for (name, value) in map {
            let read = match source {
                Source::Groups => self.add_group(&name, value),
                Source::Sessions => session(&name, value).map(|it| self.sessions.push(it)),
                Source::Contacts => contact(&name, value).map(|it| self.contacts.push(it)),
                Source::Connectors => connector(&name).map(|it| self.connectors.push(it)),
                _ => None,
            };
            complete = complete.and(read);
        }
        complete
    }

    /// A group, or its keys alone if it cannot be named.
    fn add_group(&mut self, name: &str, value: &RawValue) -> Option<()> {
        let fields: GroupFields<'_> = field::object(value.get())?;
        let id = field::id(fields.id).or_else(|| name.parse().ok());
        let pairs: Vec<GroupKeyFields<'_>> = fields
            .current_key
            .into_iter()
            .chain(field::list(fields.old_keys))
            .filter_map(|raw| field::object(raw.get()))
            .collect();
        let encryption: Vec<_> = pairs.iter().map(|pair| field::secret(pair.encryption_private_key)).collect();
        let signing: Vec<_> = pairs.iter().map(|pair| field::secret(pair.signing_private_key)).collect();
        let encryption = group_keys(id, encryption.iter(), &mut self.warnings);
        let signing = group_keys(id, signing.iter(), &mut self.warnings);
        let device = field::id(fields.device_id);
        let Some(id) = id else {
            self.add_stray_keys(StrayKeys { user: None, device, encryption, signing });
            return None;
        };
        let members = field::list(fields.members).into_iter().filter_map(member).collect();
        self.groups.push(Group { id, device, name: None, members, encryption, signing });
        Some(())
    }
}

fn member(raw: &RawValue) -> Option<UserId> {
    field::id(field::object::<IdField<'_>>(raw.get())?.id)
}

fn session(name: &str, value: &RawValue) -> Option<CachedSession> {
    let fields: SessionFields<'_> = field::object(value.get())?;
    let details: Option<RetrievalFields<'_>> = fields.retrieval_details.and_then(|raw| field::object(raw.get()));
    let stored = milliseconds(fields.serialization_date);
    CachedSession::new(name.parse().ok()?, &field::secret(fields.key)?, stored, details)
}

fn contact(name: &str, value: &RawValue) -> Option<Contact> {
    let fields: ContactFields<'_> = field::object(value.get())?;
    let device = |raw: &RawValue| field::id(field::object::<IdField<'_>>(raw.get())?.id);
    Some(Contact {
        user: field::id(fields.id).or_else(|| name.parse().ok())?,
        name: None,
        is_group: field::is_true(fields.is_group),
        devices: field::list(fields.devices).into_iter().filter_map(device).collect(),
    })
}

/// `EM/<lower-cased e-mail>` or `AP/<value>`.
fn connector(name: &str) -> Option<Connector> {
    let (kind, value) = name.split_once('/')?;
    Some(Connector { kind: kind.to_owned(), value: value.to_owned() })
}

/// A date of RFC 3339.
fn milliseconds(date: Field<'_>) -> Option<UnixMilliseconds> {
    bson::DateTime::parse_rfc3339_str(field::text(date)?).ok().map(bson::DateTime::timestamp_millis)
}
