//! What names say where bytes say nothing: local databases and storages of the SDKs are sealed, but always called the same.

use super::{Finding, Kind};

pub(super) const RECOVER_LOCALDB: &str = "the database key of the application: `identity recover --localdb DIR`";
const RECOVER_GO: &str = "the database key of the application: `identity recover --go-storage DIR`";
pub(super) const PRIVATE_KEYS_IF_SO: &str = "private keys, encrypted, if it is one";

/// What a file is called says more about an envelope than the envelope itself.
pub(crate) fn add_name(name: &str, finding: &mut Finding) {
    let (kind, contains, needs) = match (finding.kind, name) {
        (Kind::PossiblyBareEnvelope, "key_backup") => (Kind::PossiblyKeyBackup, PRIVATE_KEYS_IF_SO, RECOVER_LOCALDB),
        (Kind::PossiblyBareEnvelope, "current_device_storage" | "groups_storage") => {
            (Kind::PossiblyGoStorage, PRIVATE_KEYS_IF_SO, RECOVER_GO)
        }
        (Kind::PossiblyBareEnvelope, "encryption_session_storage") => {
            (Kind::PossiblyGoStorage, "session keys, encrypted, if it is one", RECOVER_GO)
        }
        (Kind::PossiblyBareEnvelope, "contacts_storage" | "connectors_storage") => {
            (Kind::PossiblyGoStorage, "names of contacts, encrypted, if it is one", RECOVER_GO)
        }
        (Kind::PossiblyRawMessage | Kind::PossiblyLocalDatabase, "HairlessUser.fdb" | "HairlessUser.fdb~") => {
            finding.count.get_or_insert(1);
            (Kind::PossiblyLocalDatabase, "addresses, encrypted, if it is one", RECOVER_LOCALDB)
        }
        // A journal of one line looks like any other envelope.
        (Kind::PossiblyRawMessage | Kind::PossiblyLocalDatabase, "User.fdb" | "User.fdb~") => {
            finding.count.get_or_insert(1);
            (Kind::PossiblyLocalDatabase, PRIVATE_KEYS_IF_SO, RECOVER_LOCALDB)
        }
        _ => return,
    };
    (finding.kind, finding.contains, finding.needs) = (kind, Some(contains), Some(needs));
}

/// What a directory with these names in it is, as far as names can say.
pub(crate) fn directory(has: impl Fn(&str) -> bool) -> Option<Finding> {
    const BUNDLE: [&str; 5] =
        ["bundle.json", "identities.jsonl", "message-keys.jsonl", "proxy-keys.jsonl", "session-keys.jsonl"];
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    let (kind, contains, needs) = if any(&BUNDLE) {
        let needs = "`egress plan` tells what of it can be opened";
        (Kind::Bundle, "private keys and session keys, as a rule", needs)
    } else if any(&["User.fdb", "User.fdb~", "key_backup"]) {
        (Kind::PossiblyLocalDatabaseDirectory, PRIVATE_KEYS_IF_SO, RECOVER_LOCALDB)
    } else if any(&["current_device_storage", "groups_storage", "encryption_session_storage"]) {
        (Kind::PossiblyGoStorageDirectory, PRIVATE_KEYS_IF_SO, RECOVER_GO)
    } else {
        return None;
    };
    Some(Finding { kind, contains: Some(contains), needs: Some(needs), ..Finding::default() })
}
