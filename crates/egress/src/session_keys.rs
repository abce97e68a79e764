//! The keys of one session, from identities and files of records that a caller names: for opening a single message or file.

use crate::error::EgressError;
use crate::keys;
use crate::lines::{MalformedRecord, RecordFile};
use sealwright_envelope::SymKey;
use sealwright_identity::Identity;
use sealwright_session::{Closed, Keyring, Policy, Reason, Records, Resolver, Revoked, Route, UnknownHash};
use sealwright_types::{SecretString, SessionId};
use serde_json::value::RawValue;
use std::path::Path;

/// Everything at hand that may open sessions.
#[derive(Debug)]
pub struct SessionKeys {
    resolver: Resolver,
    malformed: Vec<MalformedRecord>,
}

impl SessionKeys {
    /// Reads files of JSON Lines, each line a record as in the files of keys of a bundle, whatever the file is called. A record that cannot be read is skipped (EGR-03).
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
        let (mut records, mut malformed) = (Records::default(), Vec::new());
        for path in files {
            let mut lines = RecordFile::named(path.as_ref()).records::<Box<RawValue>>()?;
            while let Some(line) = lines.next() {
                let added = line?.ok().and_then(|text| {
                    // A record may hold a key: the text is wiped.
                    let text = SecretString::from(String::from(Box::<str>::from(text)));
                    keys::add_record(&mut records, text.expose())
                });
                if added.is_none() {
                    malformed.push(lines.place());
                }
            }
        }
        let policy = Policy { unknown_hash, revoked: Revoked::Opened, ..Policy::default() };
        Ok(Self { resolver: Resolver::new(keyring, records, policy), malformed })
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
        let key = self.resolver.resolve_nth(session, nth)?;
        let sym_key = key.sym_key().ok_or_else(|| Closed { reasons: vec![Reason::Rejected] })?;
        Ok((sym_key, key.route))
    }
}
