//! The keys of one session, from identities and files of records that a caller names: for opening a single message or file.

use crate::error::EgressError;
use crate::lines::{MalformedRecord, RecordFile};
use crate::vault::{Closed, Vault};
use sealwright_envelope::SymKey;
use sealwright_identity::Identity;
use sealwright_session::{Keyring, Route, UnknownHash};
use sealwright_types::{SecretString, SessionId};
use serde_json::value::RawValue;
use std::path::Path;

/// Everything at hand that may open sessions.
#[derive(Debug)]
pub struct SessionKeys {
    vault: Vault,
    malformed: Vec<MalformedRecord>,
}

impl SessionKeys {
    /// Reads files of JSON Lines, each line a record as in `message-keys.jsonl`, `proxy-keys.jsonl` or `session-keys.jsonl` of a bundle. A
    /// record that cannot be read is skipped (EGR-03).
    ///
    /// # Errors
    /// [`EgressError::Io`].
    pub fn read(
        identities: &[Identity],
        files: &[impl AsRef<Path>],
        unknown_hash: UnknownHash,
    ) -> Result<Self, EgressError> {
        let mut keyring = Keyring::default();
        identities.iter().for_each(|identity| keyring.add_identity(identity));
        let mut keys = Self { vault: Vault::new(keyring, unknown_hash), malformed: Vec::new() };
        for path in files {
            let mut records = RecordFile::named(path.as_ref()).records::<Box<RawValue>>()?;
            while let Some(record) = records.next() {
                let added = record?.ok().and_then(|text| {
                    // A record may hold a key: the text is wiped.
                    let text = SecretString::from(String::from(Box::<str>::from(text)));
                    keys.vault.add_record(text.expose())
                });
                if added.is_none() {
                    keys.malformed.push(records.place());
                }
            }
        }
        Ok(keys)
    }

    /// Records that could not be read.
    pub fn malformed_records(&self) -> &[MalformedRecord] {
        &self.malformed
    }

    /// The session's key number `nth`, and the way that led to it: further keys are for data that an earlier one did not open (SES-10).
    ///
    /// # Errors
    /// [`Closed`].
    pub fn key(&self, session: SessionId, nth: usize) -> Result<(SymKey, Route), Closed> {
        let key = self.vault.key(session, nth)?;
        Ok((key.sym_key().ok_or(Closed::NoToken)?, key.route))
    }
}
