//! The keys of single sessions, from identities, bundles and files of records that a caller names.

use crate::bundle::Bundle;
use crate::error::EgressError;
use crate::files::Files;
use crate::keys::{self, Keys};
use crate::lines::{MalformedRecord, RecordFile};
use crate::options::Options;
use crate::recover::Recovered;
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

/// Where keys and records come from, one source after the other.
#[derive(Debug, Default)]
pub struct KeySources {
    keyring: Keyring,
    /// The records so far; secrets that stand in no file are added here.
    pub records: Records,
    malformed: Vec<MalformedRecord>,
}

impl KeySources {
    /// Adds the private keys of an identity.
    pub fn add_identity(&mut self, identity: &Identity) {
        self.keyring.add_identity(identity);
    }

    /// Adds a file of JSON Lines, each line a record as in the files of keys of a bundle, whatever the file is called. A record that cannot be
    /// read is skipped (EGR-03).
    ///
    /// # Errors
    /// [`EgressError::Io`].
    pub fn add_file(&mut self, path: &Path) -> Result<(), EgressError> {
        let mut lines = RecordFile::named(path).records::<Box<RawValue>>()?;
        while let Some(line) = lines.next() {
            let added = line?.ok().and_then(|text| {
                // A record may hold a key: the text is wiped.
                let text = SecretString::from(String::from(Box::<str>::from(text)));
                keys::add_record(&mut self.records, text.expose())
            });
            if added.is_none() {
                self.malformed.push(lines.place());
            }
        }
        Ok(())
    }

    /// Adds everything of a bundle that leads to keys: records, secrets, and the identities that its secrets recover.
    ///
    /// # Errors
    /// [`EgressError`] when it is no bundle or cannot be read.
    pub fn add_bundle(&mut self, path: &Path) -> Result<(), EgressError> {
        let bundle = Bundle::open(&Files::default(), path, false)?;
        let recovered = Recovered::from_bundle(&bundle, Options::default().threads(), &mut self.malformed)?;
        Keys::add_to(&mut self.records, &bundle, &mut self.malformed)?;
        Keys::add_recovered(&mut self.records, recovered.group_keys, &recovered.sessions);
        self.keyring.append(recovered.keyring);
        Ok(())
    }

    /// What finds keys by all of them.
    pub fn into_keys(self, policy: Policy) -> SessionKeys {
        let resolver = Resolver::new(self.keyring, self.records, policy);
        SessionKeys { resolver, malformed: self.malformed }
    }
}

impl SessionKeys {
    /// Reads files of records, and opens revoked ones too.
    ///
    /// # Errors
    /// [`EgressError::Io`].
    pub fn read(
        identities: &[Identity],
        files: &[impl AsRef<Path>],
        unknown_hash: UnknownHash,
    ) -> Result<Self, EgressError> {
        let mut sources = KeySources::default();
        identities.iter().for_each(|identity| sources.add_identity(identity));
        files.iter().try_for_each(|path| sources.add_file(path.as_ref()))?;
        Ok(sources.into_keys(Policy { unknown_hash, revoked: Revoked::Opened, ..Policy::default() }))
    }

    /// Records that could not be read.
    pub fn malformed_records(&self) -> &[MalformedRecord] {
        &self.malformed
    }

    /// What finds the keys.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
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

    /// Whether only records that the service has revoked lead to this key of the session (EMK-14). It is found out by trying again without them.
    pub fn is_by_revoked(self, session: SessionId, key: &SymKey) -> bool {
        let unrevoked = self.resolver.with_revoked(Revoked::Skipped).resolve_all(session).unwrap_or_default();
        !unrevoked.iter().any(|found| found.is(key))
    }
}
