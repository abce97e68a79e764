//! What a local database gave, in a form that can be compared, and written as another database.

use crate::sealing::key;
use sealwright_identity::Identity;
use sealwright_identity::localdb::{
    CachedSession, Connector, Contact, Group, NoIdentity, Recovered, StrayKeys, UnixMilliseconds, Warning, nedb,
};
use sealwright_types::{DeviceId, GroupId, SessionId, UserId};
use sealwright_wrap::{KeyHash, PrivateKey};
use std::sync::Arc;

const PROFILE: nedb::Profile<'_> = nedb::Profile { display_name: "Zoë", device_name: "", now: -1, expires: 7 };

/// Everything except the reports and the damage.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) identity: Result<Vec<u8>, NoIdentity>,
    pub(crate) expires: Option<UnixMilliseconds>,
    pub(crate) others: Vec<Vec<u8>>,
    pub(crate) groups: Vec<GroupContents>,
    pub(crate) stray: Vec<StrayContents>,
    pub(crate) sessions: Vec<SessionContents>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) connectors: Vec<Connector>,
}

/// A cached session: its id, key, date and flow, the group and the proxy session through which it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SessionContents {
    id: SessionId,
    key: Vec<u8>,
    stored: Option<UnixMilliseconds>,
    flow: Option<i64>,
    through: (Option<GroupId>, Option<SessionId>),
}

/// A group: its id, device, name and members, and the hashes of its keys.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupContents {
    id: GroupId,
    device: Option<DeviceId>,
    name: Option<String>,
    members: Vec<UserId>,
    encryption: Vec<KeyHash>,
    signing: Vec<KeyHash>,
}

impl Contents {
    pub(crate) fn of(recovered: &Recovered) -> Self {
        let document = |identity: &Identity| identity.to_bson().expose().to_vec();
        let session = |it: &CachedSession| SessionContents {
            id: it.session,
            key: it.key.expose().to_vec(),
            stored: it.stored,
            flow: it.flow,
            through: (it.group, it.proxy),
        };
        Self {
            identity: recovered.identity.as_ref().map(document).map_err(|error| *error),
            expires: recovered.expires,
            others: recovered.other_identities.iter().map(document).collect(),
            groups: recovered.groups.iter().map(GroupContents::of).collect(),
            stray: recovered.stray_keys.iter().map(StrayContents::of).collect(),
            sessions: recovered.sessions.iter().map(session).collect(),
            contacts: recovered.contacts.clone(),
            connectors: recovered.connectors.clone(),
        }
    }
}

/// Keys without an identity: whose they may be, and their hashes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StrayContents {
    user: Option<UserId>,
    device: Option<DeviceId>,
    encryption: Vec<KeyHash>,
    signing: Vec<KeyHash>,
}

impl StrayContents {
    fn of(stray: &StrayKeys) -> Self {
        let (encryption, signing) = (hashes(stray.encryption_keys()), hashes(stray.signing_keys()));
        assert!(!(encryption.is_empty() && signing.is_empty()), "keys that are none");
        Self { user: stray.user(), device: stray.device(), encryption, signing }
    }
}

impl GroupContents {
    fn of(group: &Group) -> Self {
        Self {
            id: group.id(),
            device: group.device(),
            name: group.name().map(str::to_owned),
            members: group.members().to_vec(),
            encryption: hashes(group.encryption_keys()),
            signing: hashes(group.signing_keys()),
        }
    }

    /// VAL-11: a longer name is not written.
    fn with_a_name_that_fits(mut self) -> Self {
        self.name = self.name.filter(|name| name.encode_utf16().count() <= 64);
        self
    }

    /// Whether a database can be written with it.
    fn is_whole(&self) -> bool {
        self.device.is_some() && !self.encryption.is_empty() && !self.signing.is_empty()
    }
}

fn hashes<'a>(keys: impl Iterator<Item = &'a Arc<PrivateKey>>) -> Vec<KeyHash> {
    keys.map(|key| key.hash()).collect()
}

/// What was recovered and is written as a new database is recovered from there: with the key backup and without.
pub(crate) fn written_is_read_again(recovered: &Recovered) {
    let Ok(identity) = &recovered.identity else { return };
    let written = nedb::write(identity, &recovered.groups, &PROFILE, &key()).expect("a long key");
    let document = identity.to_bson();
    let expected = recovered.groups.iter().map(GroupContents::of).filter(GroupContents::is_whole);
    let expected = sorted(expected.map(GroupContents::with_a_name_that_fits).collect());
    let with_backup = nedb::Files {
        users: Some(&written.users[..]),
        unregistered: Some(&written.unregistered[..]),
        key_backup: Some(&written.key_backup[..]),
        ..nedb::Files::default()
    };
    for (files, is_complete) in [(with_backup, true), (nedb::Files { key_backup: None, ..with_backup }, false)] {
        let again = nedb::recover(files, &key()).expect("what was written is read");
        assert!(again.damaged_lines.is_empty() && again.other_identities.is_empty(), "{again:?}");
        assert!(again.warnings.iter().all(|warning| matches!(warning, Warning::Key(_))), "{:?}", again.warnings);
        assert_eq!(again.expires, Some(PROFILE.expires));
        let contents = Contents::of(&again);
        assert_eq!(sorted(contents.groups), expected, "groups");
        let expected = if is_complete {
            document.expose().to_vec()
        } else {
            // A prepared renewal stands in the backup only.
            let own = Identity::from_bson(document.expose()).expect("our own document").identity;
            own.discard_prepared().to_bson().expose().to_vec()
        };
        assert_eq!(contents.identity, Ok(expected), "identity");
    }
}

/// Documents of a database are in the order of their random names.
fn sorted(mut groups: Vec<GroupContents>) -> Vec<GroupContents> {
    groups.sort();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::{BACKUP, IDENTITY};

    fn carol() -> Recovered {
        let files = nedb::Files { key_backup: Some(&BACKUP[..]), ..nedb::Files::default() };
        nedb::recover(files, &key()).unwrap()
    }

    #[test]
    fn an_identity_is_written_and_read_again() {
        let recovered = carol();
        written_is_read_again(&recovered);
        assert_eq!(Contents::of(&recovered), Contents::of(&carol()));
        assert_eq!(Contents::of(&recovered).identity.unwrap(), IDENTITY);
    }

    #[test]
    fn a_difference_is_seen() {
        let mut other = carol();
        other.connectors.push(Connector { kind: "EM".into(), value: String::new() });
        assert_ne!(Contents::of(&other), Contents::of(&carol()));
        other = carol();
        other.identity = Err(NoIdentity::Missing);
        assert_ne!(Contents::of(&other), Contents::of(&carol()));
    }
}
