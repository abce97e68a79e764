//! Databases of the JavaScript packages on disk (docs/spec/IDENTITY.md section 5).
//!
//! ```
//! use sealwright_envelope::SymKey;
//! use sealwright_identity::{Identity, localdb::nedb};
//! use sealwright_types::{DeviceId, UserId};
//! use sealwright_wrap::KeySize;
//!
//! let identity = Identity::generate(UserId::random()?, DeviceId::random()?, KeySize::Rsa2048)?;
//! let key = SymKey::generate()?; // usually kdf::database_key
//! let profile = nedb::Profile { display_name: "Zoe", device_name: "laptop", now: 1_795_289_582_331, expires: 1_889_897_582_000 };
//! let written = nedb::write(&identity, &[], &profile, &key)?;
//!
//! let files = nedb::Files { users: Some(&written.users[..]), key_backup: Some(&written.key_backup[..]), ..Default::default() };
//! let recovered = nedb::recover(files, &key)?;
//! assert_eq!(recovered.identity?.user(), identity.user());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use super::write::{Profile, WriteError, Written, write};

use super::journal::{self, Folded};
use super::keys::{self, Incomplete, StrayKeys};
use super::user::{self, PrivateDevice, UserDocument};
use super::{Connector, Contact, NoIdentity, RecoverError, Recovered, Source, SourceReport, Warning};
use crate::{Identity, IdentityError, Read};
use sealwright_envelope::{SymKey, open};
use sealwright_types::{SecretVec, UserId};
use std::io::{self, BufRead, Read as _};

/// The longest key backup that is read, in bytes.
const LONGEST_BACKUP: u64 = 16 * 1024 * 1024;

/// The files of a database directory, each `None` if it does not exist. Slices of bytes will do, and anything that reads.
///
/// A backup that stands in base64, as on React Native, is decoded first: [`super::exported`].
#[derive(Debug, Clone, Copy)]
pub struct Files<R> {
    /// `User.fdb`.
    pub users: Option<R>,
    /// `User.fdb~`: read only where `User.fdb` is missing (DB-03).
    pub users_temporary: Option<R>,
    /// `HairlessUser.fdb`.
    pub unregistered: Option<R>,
    /// `HairlessUser.fdb~`: read only where `HairlessUser.fdb` is missing (DB-03).
    pub unregistered_temporary: Option<R>,
    /// `key_backup`.
    pub key_backup: Option<R>,
}

impl<R> Default for Files<R> {
    fn default() -> Self {
        Self { users: None, users_temporary: None, unregistered: None, unregistered_temporary: None, key_backup: None }
    }
}

/// What the key backup gave.
enum Backup {
    Missing,
    /// Empty, cut, altered, or sealed under another key.
    Closed,
    /// Opened, and not an identity that can be read.
    Unreadable(IdentityError),
    Read(Read),
}

impl Backup {
    /// As [`Folded::is_closed`].
    fn is_closed(&self) -> Option<bool> {
        match self {
            Self::Missing => None,
            Self::Closed => Some(true),
            Self::Unreadable(_) | Self::Read(_) => Some(false),
        }
    }
}

/// Recovers everything from a database: the key backup first, then the journal line by line (DB-20..28).
///
/// # Errors
/// [`RecoverError::Rejected`] when there is something to open and nothing opens: a wrong key, or all of it is damaged. As soon as one
/// line or the backup opens, the database is damaged at most, and the result says where.
pub fn recover<R: BufRead>(files: Files<R>, key: &SymKey) -> Result<Recovered, RecoverError> {
    recover_with(files, key, false)
}

/// As [`recover`], where something beside the files may have proven the key: then what does not open is damage.
pub(super) fn recover_with<R: BufRead>(
    files: Files<R>,
    key: &SymKey,
    is_proven: bool,
) -> Result<Recovered, RecoverError> {
    let backup = read_backup(files.key_backup, key)?;
    let users = present(files.users, Source::Users, files.users_temporary, Source::UsersTemporary)
        .map(|(file, source)| Ok::<_, io::Error>((source, journal::fold(file, source, key, UserDocument::from_json)?)))
        .transpose()?;
    let unregistered =
        present(files.unregistered, Source::Unregistered, files.unregistered_temporary, Source::UnregisteredTemporary)
            .map(|(file, source)| Ok::<_, io::Error>((source, journal::fold(file, source, key, user::unregistered)?)))
            .transpose()?;

    // The smallest thing that opens proves the key.
    let closed = [
        users.as_ref().and_then(|(_, folded)| folded.is_closed()),
        unregistered.as_ref().and_then(|(_, folded)| folded.is_closed()),
        backup.is_closed(),
    ];
    if closed.contains(&Some(true)) && !closed.contains(&Some(false)) && !is_proven {
        return Err(RecoverError::Rejected);
    }

    let mut recovered = Recovered::empty();
    recovered.add_backup_report(&backup);
    let mut documents = Vec::new();
    if let Some((source, folded)) = users {
        recovered.add_journal_report(source, &folded);
        documents = folded.documents.into_values().collect();
    }
    recovered.add_documents(backup, &documents);
    if let Some((source, folded)) = unregistered {
        recovered.add_journal_report(source, &folded);
        recovered.connectors = folded.documents.into_values().collect();
    }
    Ok(recovered)
}

/// Opens one line of `User.fdb` and says whether it is a document, a deletion or an index line that the journal obeys.
///
/// # Errors
/// [`super::LineFault`].
pub fn check_line(line: &[u8], key: &SymKey) -> Result<(), super::LineFault> {
    let json = journal::open_line(line, key)?;
    journal::entry(&json, UserDocument::from_json).map(drop)
}

/// The file, or its temporary one where it is missing (DB-03).
fn present<R>(file: Option<R>, source: Source, temporary: Option<R>, temporary_source: Source) -> Option<(R, Source)> {
    file.map(|file| (file, source)).or_else(|| temporary.map(|file| (file, temporary_source)))
}

fn read_backup(file: Option<impl BufRead>, key: &SymKey) -> io::Result<Backup> {
    let Some(file) = file else { return Ok(Backup::Missing) };
    let mut sealed = Vec::new();
    file.take(LONGEST_BACKUP.saturating_add(1)).read_to_end(&mut sealed)?;
    // What is too long is cut here, and its MAC is wrong.
    Ok(match open(key, &sealed).map(SecretVec::from) {
        Err(_) => Backup::Closed,
        Ok(document) => match Identity::from_bson(document.expose()) {
            Err(error) => Backup::Unreadable(error),
            Ok(read) => Backup::Read(read),
        },
    })
}

impl Recovered {
    pub(super) fn empty() -> Self {
        Self {
            identity: Err(NoIdentity::Missing),
            expires: None,
            other_identities: Vec::new(),
            groups: Vec::new(),
            stray_keys: Vec::new(),
            sessions: Vec::new(),
            contacts: Vec::new(),
            connectors: Vec::<Connector>::new(),
            sources: Vec::new(),
            warnings: Vec::new(),
            damaged_lines: Vec::new(),
        }
    }

    fn add_backup_report(&mut self, backup: &Backup) {
        if matches!(backup, Backup::Missing) {
            return;
        }
        let readable = matches!(backup, Backup::Read(_));
        if !readable {
            self.warnings.push(Warning::KeyBackupDamaged);
        }
        let readable = usize::from(readable);
        self.sources.push(SourceReport { source: Source::KeyBackup, total: 1, readable, identity: false });
    }

    fn add_journal_report<T>(&mut self, source: Source, folded: &Folded<T>) {
        let (total, readable) = (folded.total, folded.readable());
        self.sources.push(SourceReport { source, total, readable, identity: false });
        if readable < total {
            self.warnings.push(Warning::CorruptLines { damaged: folded.damaged.len(), total });
        }
        self.damaged_lines.extend_from_slice(&folded.damaged);
    }

    /// Users, groups and contacts of the journal, and the identity of backup and journal together.
    fn add_documents(&mut self, backup: Backup, documents: &[UserDocument]) {
        let mut stray = Vec::new();
        for document in documents.iter().filter(|document| !document.is_default) {
            let group = if document.is_group { keys::group(document, &mut self.warnings) } else { None };
            match group {
                Some(group) => self.groups.push(group),
                None => stray.extend(keys::stray(document, &mut self.warnings)),
            }
            self.contacts.extend(contact(document));
        }
        let defaults: Vec<_> = documents.iter().filter(|document| document.is_default).collect();
        match backup {
            Backup::Read(read) => self.add_backup_identity(read, &defaults),
            Backup::Missing | Backup::Closed => self.add_journal_identity(&defaults, NoIdentity::Missing),
            Backup::Unreadable(error) => self.add_journal_identity(&defaults, NoIdentity::Unreadable(error)),
        }
        stray.into_iter().for_each(|keys| self.add_stray_keys(keys));
    }

    /// The backup counts. What the journal has besides is merged, or kept as another identity (DB-27, DB-28).
    fn add_backup_identity(&mut self, read: Read, defaults: &[&UserDocument]) {
        let mut identity = read.identity;
        self.warnings.extend(read.warnings.into_iter().map(Warning::from));
        let (mut differs, mut warnings) = (false, Vec::new());
        for document in defaults {
            for device in &document.private {
                match keys::identity(document.user, device, &mut warnings) {
                    Ok(other) if identity.is_same_device(&other) => {
                        differs |= !identity.agrees_with(&other);
                        self.expires = device.expires;
                        identity.merge(other.encryption_keys(), other.signing_keys());
                    }
                    Ok(other) => {
                        differs = true;
                        self.other_identities.push(other);
                    }
                    // The journal may be newer than the backup: no key that can be read is lost for another that cannot.
                    Err(Incomplete { keys, .. }) if keys.may_be_of(&identity) => {
                        differs = true;
                        identity.merge(keys.encryption_keys(), keys.signing_keys());
                    }
                    Err(Incomplete { keys, .. }) => {
                        differs = true;
                        self.add_stray_keys(keys);
                    }
                }
            }
        }
        // What is odd about a key that stands in both is said once.
        warnings.retain(|warning| !self.warnings.contains(warning));
        self.warnings.extend(warnings);
        if differs {
            self.warnings.push(Warning::BackupDiffers);
        }
        self.set_identity(Ok(identity), &[Source::KeyBackup]);
    }

    /// The journal alone: one default user with one private device (DB-10). Of several, all keys are kept as other identities.
    fn add_journal_identity(&mut self, defaults: &[&UserDocument], otherwise: NoIdentity) {
        let verdict = match defaults {
            [] => Err(otherwise),
            [document] => match &document.private[..] {
                [] => Err(otherwise),
                [device] => {
                    self.expires = device.expires;
                    self.device_identity(document.user, device).map_err(NoIdentity::Unreadable)
                }
                _ => Err(NoIdentity::SeveralPrivateDevices),
            },
            _ => Err(NoIdentity::SeveralDefaultUsers),
        };
        if matches!(verdict, Err(NoIdentity::SeveralDefaultUsers | NoIdentity::SeveralPrivateDevices)) {
            let devices =
                defaults.iter().flat_map(|document| document.private.iter().map(|device| (document.user, device)));
            for (user, device) in devices {
                if let Ok(identity) = self.device_identity(user, device) {
                    self.other_identities.push(identity);
                }
            }
        }
        self.set_identity(verdict, &[Source::Users, Source::UsersTemporary]);
    }

    /// The identity of a private device. Where it is none, the keys that can be read are kept.
    pub(super) fn device_identity(
        &mut self,
        user: Option<UserId>,
        device: &PrivateDevice,
    ) -> Result<Identity, IdentityError> {
        keys::identity(user, device, &mut self.warnings).map_err(|Incomplete { error, keys }| {
            self.add_stray_keys(keys);
            error
        })
    }

    pub(super) fn add_stray_keys(&mut self, keys: StrayKeys) {
        let count = keys.count();
        if count > 0 {
            self.warnings.push(Warning::StrayKeys { keys: count });
            self.stray_keys.push(keys);
        }
    }

    /// Sets the identity and marks the source where it comes from.
    pub(super) fn set_identity(&mut self, identity: Result<Identity, NoIdentity>, from: &[Source]) {
        if identity.is_ok() {
            for report in self.sources.iter_mut().filter(|report| from.contains(&report.source)) {
                report.identity = true;
            }
        }
        self.identity = identity;
    }
}

fn contact(document: &UserDocument) -> Option<Contact> {
    Some(Contact {
        user: document.user?,
        name: document.name.clone(),
        is_group: document.is_group,
        devices: document.devices.clone(),
    })
}
