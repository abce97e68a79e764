//! What the SDKs leave on a device: databases of the JavaScript packages ([`nedb`], [`exported`]) and files of the Go one ([`go`]).
//!
//! Read-only: a database is never modified. Everything that can still be read is given, with a report of what could not
//! (docs/spec/IDENTITY.md sections 5 to 7).

pub mod exported;
mod field;
pub mod go;
mod journal;
mod keys;
pub mod nedb;
mod user;
mod write;

pub use journal::{DamagedLine, LineFault};
pub use keys::{Group, StrayKeys};

use crate::{Identity, IdentityError, Use};
use sealwright_envelope::SymKey;
use sealwright_types::{Coded, DeviceId, GroupId, SessionId, UserId};
use sealwright_wrap::KeyWarning;

/// A moment in milliseconds since 1970-01-01 UTC.
pub type UnixMilliseconds = i64;

/// Everything that was found in a local database.
#[derive(Debug)]
pub struct Recovered {
    /// The identity, or why there is none although the key of the database is right.
    pub identity: Result<Identity, NoIdentity>,
    /// When the current keys of the identity expire, if the database says so.
    pub expires: Option<UnixMilliseconds>,
    /// Identities under other ids: of a key backup and a journal that disagree, or of several default users (DB-27, DB-28). Their keys are
    /// candidates too.
    pub other_identities: Vec<Identity>,
    /// Groups of which the database holds private keys (DB-11).
    pub groups: Vec<Group>,
    /// Private keys that make no identity and belong to no group that can be named. They are candidates too.
    pub stray_keys: Vec<StrayKeys>,
    /// Cached session keys.
    pub sessions: Vec<CachedSession>,
    /// Other users and groups that the database knows.
    pub contacts: Vec<Contact>,
    /// Recipients without an account, and how they are reached.
    pub connectors: Vec<Connector>,
    /// What each source gave, in the order of reading.
    pub sources: Vec<SourceReport>,
    /// What is odd.
    pub warnings: Vec<Warning>,
    /// Lines that could not be read.
    pub damaged_lines: Vec<DamagedLine>,
}

/// Why a database that opens has no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoIdentity {
    /// No default user with a private device, and no key backup (DB-10).
    #[error("there is no identity in it (DB-10)")]
    Missing,
    /// More than one default user, and no key backup that decides (DB-28).
    #[error("there are several default users and no key backup to decide between them (DB-28)")]
    SeveralDefaultUsers,
    /// More than one private device, and no key backup that decides (DB-10).
    #[error("the default user has several private devices and there is no key backup to decide between them (DB-10)")]
    SeveralPrivateDevices,
    /// The identity is there and cannot be read.
    #[error(transparent)]
    Unreadable(#[from] IdentityError),
}

impl Coded for NoIdentity {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "no-identity",
            Self::SeveralDefaultUsers => "several-default-users",
            Self::SeveralPrivateDevices => "several-private-devices",
            Self::Unreadable(error) => error.code(),
        }
    }
}

/// Why nothing could be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// No file and no line opens: a wrong key, or all of it is damaged (DB-20, DB-24).
    #[error("rejected: wrong database key, or everything is damaged")]
    Rejected,
    /// Reading failed.
    #[error("the database cannot be read: {0}")]
    Io(std::io::ErrorKind),
}

impl Coded for RecoverError {
    fn code(&self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Io(_) => "io",
        }
    }
}

impl From<std::io::Error> for RecoverError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// A file of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// `key_backup`, or its form in a browser.
    KeyBackup,
    /// `User.fdb`.
    Users,
    /// `User.fdb~`, read where `User.fdb` is missing (DB-03).
    UsersTemporary,
    /// `HairlessUser.fdb`.
    Unregistered,
    /// `HairlessUser.fdb~`, read where `HairlessUser.fdb` is missing (DB-03).
    UnregisteredTemporary,
    /// Entries of the session cache of a browser (DB-31).
    SessionCache,
    /// `current_device_storage` of the Go SDK.
    CurrentDevice,
    /// `contacts_storage` of the Go SDK.
    Contacts,
    /// `connectors_storage` of the Go SDK.
    Connectors,
    /// `groups_storage` of the Go SDK.
    Groups,
    /// `encryption_session_storage` of the Go SDK.
    Sessions,
}

impl Source {
    /// The name of the file on disk.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::KeyBackup => "key_backup",
            Self::Users => "User.fdb",
            Self::UsersTemporary => "User.fdb~",
            Self::Unregistered => "HairlessUser.fdb",
            Self::UnregisteredTemporary => "HairlessUser.fdb~",
            Self::SessionCache => "the session cache",
            Self::CurrentDevice => "current_device_storage",
            Self::Contacts => "contacts_storage",
            Self::Connectors => "connectors_storage",
            Self::Groups => "groups_storage",
            Self::Sessions => "encryption_session_storage",
        }
    }
}

/// What one source gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceReport {
    /// Which one.
    pub source: Source,
    /// Lines of a journal that are not empty, entries of a cache, or 1 for a file that is one envelope.
    pub total: usize,
    /// How many of these open and hold what they should.
    pub readable: usize,
    /// Whether [`Recovered::identity`] comes from here.
    pub identity: bool,
}

/// What is odd about a database that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// The key backup is empty, cut or altered, or holds no identity (DB-25, DB-26).
    #[error("the key backup is damaged (DB-25)")]
    KeyBackupDamaged,
    /// The key backup and the journal name different ids or current keys (DB-27).
    #[error("the key backup and the database differ; the backup counts, the keys of both are kept (DB-27)")]
    BackupDiffers,
    /// Some lines cannot be read (DB-04, DB-23).
    #[error("{damaged} of {total} lines cannot be read (DB-04)")]
    CorruptLines {
        /// How many.
        damaged: usize,
        /// Of how many.
        total: usize,
    },
    /// A file of the Go SDK cannot be opened or read.
    #[error("{} cannot be read", .0.file_name())]
    FileDamaged(Source),
    /// A temporary file stands where its main file is missing. It is not used (GOFS-02).
    #[error("{} is missing and a temporary file was left behind; it is not used (GOFS-02)", .0.file_name())]
    TemporaryLeft(Source),
    /// A current key of a private device is missing or cannot be read, and was left out (DB-27).
    #[error("a current {} key in the database is missing or cannot be read and was left out (DB-27)", match .usage { Use::Encryption => "encryption", Use::Signing => "signing" })]
    CurrentKeyDropped {
        /// What the key is for.
        usage: Use,
    },
    /// Private keys can be read that make no identity and belong to no group ([`Recovered::stray_keys`]).
    #[error(
        "{keys} private keys belong to no identity and no group that can be read; they are kept to open tokens with (DB-27)"
    )]
    StrayKeys {
        /// How many, one for both uses counted twice.
        keys: usize,
    },
    /// An old key cannot be read and was left out (IDN-17).
    #[error("old {} key number {index} cannot be read and was left out (IDN-17)", match .usage { Use::Encryption => "encryption", Use::Signing => "signing" })]
    OldKeyDropped {
        /// What the key is for.
        usage: Use,
        /// Its place in its list, from zero.
        index: usize,
    },
    /// A private key of a group cannot be read and was left out.
    #[error("a private key of group {group} cannot be read and was left out")]
    GroupKeyDropped {
        /// The group.
        group: GroupId,
    },
    /// A key was accepted with a warning.
    #[error(transparent)]
    Key(#[from] KeyWarning),
}

impl Coded for Warning {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyBackupDamaged => "key-backup-damaged",
            Self::BackupDiffers => "backup-differs",
            Self::CorruptLines { .. } => "corrupt-lines",
            Self::FileDamaged(_) => "file-damaged",
            Self::TemporaryLeft(_) => "temporary-left",
            Self::OldKeyDropped { .. } | Self::GroupKeyDropped { .. } => "old-key-dropped",
            Self::CurrentKeyDropped { .. } => "current-key-dropped",
            Self::StrayKeys { .. } => "stray-keys",
            Self::Key(warning) => warning.code(),
        }
    }
}

impl From<crate::Warning> for Warning {
    fn from(warning: crate::Warning) -> Self {
        match warning {
            crate::Warning::OldKeyDropped { usage, index } => Self::OldKeyDropped { usage, index },
            crate::Warning::Key(warning) => Self::Key(warning),
        }
    }
}

/// A session key out of a cache.
#[derive(Debug)]
pub struct CachedSession {
    /// The session.
    pub session: SessionId,
    /// Its key.
    pub key: SymKey,
    /// When it was put there.
    pub stored: Option<UnixMilliseconds>,
    /// The number of the retrieval flow, as its writer counts (FLOW-02).
    pub flow: Option<i64>,
    /// The group through which it was retrieved.
    pub group: Option<GroupId>,
    /// The proxy session through which it was retrieved.
    pub proxy: Option<SessionId>,
}

/// Another user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The user, or the group.
    pub user: UserId,
    /// What it is called.
    pub name: Option<String>,
    /// Whether it is a group.
    pub is_group: bool,
    /// The devices that the database knows.
    pub devices: Vec<DeviceId>,
}

/// How somebody is reached: an e-mail address (`EM`), a telephone number (`SMS`), or a name of the application (`AP`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connector {
    /// The kind, as it is stored.
    pub kind: String,
    /// The value, as it is stored.
    pub value: String,
}
