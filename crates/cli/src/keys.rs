//! The keys that may open one message or file: one that is given, or those that identities reach.

use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::key_file::{SessionKey, SessionKeyFile};
use sealwright::egress::{EgressError, SessionKeys, UnknownHash};
use sealwright::envelope::OpenError;
use sealwright::identity::Identity;
use sealwright::types::b64;
use sealwright::wrap::unwrap;
use sealwright::{Coded, SessionId, SymKey};
use std::fmt::Display;
use std::path::PathBuf;

/// Where the keys come from.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyArguments {
    #[command(flatten)]
    key: SessionKeyFile,
    /// Identity documents, raw or as base64 text: their private keys open tokens.
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with = "session_key_file")]
    identity: Vec<Input>,
    /// Files of records with the tokens, proxy keys or known keys of sessions, as in a bundle: message-keys.jsonl, proxy-keys.jsonl,
    /// session-keys.jsonl, or all in one; also .gz and .zst.
    #[arg(long, num_args = 1.., value_name = "JSONL", conflicts_with = "session_key_file")]
    keys: Vec<PathBuf>,
}

/// The keys that may open something.
pub(crate) enum Keys {
    Given(Box<SessionKey>),
    Reached { identities: Vec<Identity>, records: Box<SessionKeys> },
}

/// Far more than an identity with hundreds of old keys takes.
const LONGEST_IDENTITY: u64 = 16 * 1024 * 1024;
const NO_IDENTITY: &str =
    "an identity document is what the SDKs export as an identity; `sealwright inspect FILE` tells what a file is";

impl KeyArguments {
    /// Says before any work that standard input is wanted twice.
    pub(crate) fn check(&self, taken: &Input) -> Result<(), Failure> {
        input::read_once(self.identity.iter().chain([taken]).chain(self.key.file()))
    }

    /// The session that a given key is for, if it says so and nobody has to be asked.
    pub(crate) fn expected_session(&self) -> Option<SessionId> {
        self.key.file()?;
        self.key.read(None).ok()?.session
    }

    /// Reads them.
    pub(crate) fn read(&self, console: &Console) -> Result<Keys, Failure> {
        if self.key.file().is_some() || (self.identity.is_empty() && self.keys.is_empty()) {
            return self.key.read(None).map(Box::new).map(Keys::Given);
        }
        let identities: Vec<_> =
            self.identity.iter().map(|input| read_identity(input, console)).collect::<Result<_, _>>()?;
        let records = SessionKeys::read(&identities, &self.keys, UnknownHash::Stop).map_err(|error| match error {
            EgressError::Io { path, source, .. } => Failure::from(source).at(path.display()),
            error => Failure::of(&error),
        })?;
        for place in records.malformed_records() {
            console.warning("malformed", format_args!("{place} is no record of a key and was skipped (EGR-03)"));
        }
        Ok(Keys::Reached { identities, records: Box::new(records) })
    }
}

impl Keys {
    /// The session that they are for, if they say so.
    pub(crate) fn session(&self) -> Option<SessionId> {
        match self {
            Self::Given(key) => key.session,
            Self::Reached { .. } => None,
        }
    }

    /// Opens with the first of the session's keys that can (SES-10).
    pub(crate) fn each<T, E: Coded + Display + Into<Failure>>(
        self,
        session: Option<SessionId>,
        console: &Console,
        mut open: impl FnMut(&SymKey) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let (records, session) = match (self, session) {
            (Self::Given(key), _) => return open(&key.key).map_err(Into::into),
            (Self::Reached { records, .. }, Some(session)) => (records, session),
            (Self::Reached { .. }, None) => {
                return Err(Failure::new("no-token", "the message does not name its session"));
            }
        };
        let (mut key, _) = records.key(session, 0).map_err(|closed| Failure::of(&closed))?;
        for nth in 1.. {
            let error = match open(&key) {
                Ok(opened) => {
                    if records.is_by_revoked(session, &key) {
                        console
                            .warning("revoked", "the service has revoked every record that leads to the key (EMK-14)");
                    }
                    return Ok(opened);
                }
                Err(error) if error.code() == "rejected" => error,
                Err(error) => return Err(error.into()),
            };
            match records.key(session, nth) {
                Ok((next, _)) => key = next,
                Err(_) => return Err(error.into()),
            }
        }
        Err(OpenError::Rejected.into())
    }

    /// Opens with the first key that a token in the message itself gives (OLD-02).
    pub(crate) fn each_of_tokens<T>(
        &self,
        tokens: &[Vec<u8>],
        open: impl Fn(&SymKey) -> Result<T, OpenError>,
    ) -> Result<T, Failure> {
        let identities = match self {
            Self::Given(key) => return open(&key.key).map_err(Into::into),
            Self::Reached { identities, .. } => identities,
        };
        let private_keys = || identities.iter().flat_map(Identity::encryption_keys);
        let fitting = tokens.iter().flat_map(|token| {
            private_keys().filter(|key| key.modulus_length() == token.len()).map(move |key| (token, key))
        });
        let mut unwrapped = fitting.filter_map(|(token, key)| unwrap(key, token).ok()).peekable();
        if unwrapped.peek().is_none() {
            return Err(Failure::new("no-token", "none of the identities opens one of the keys in the message")
                .hint("give the identity of somebody whom the message was sent to"));
        }
        unwrapped.find_map(|key| open(&key).ok()).ok_or_else(|| OpenError::Rejected.into())
    }
}

/// Reads an identity document, and says what is odd about it (CLI-12): a former key that is missing may be the one that would have opened something.
pub(crate) fn read_identity(input: &Input, console: &Console) -> Result<Identity, Failure> {
    let read = read_identity_with_warnings(input)?;
    for warning in &read.warnings {
        console.warning(warning.code(), format_args!("{warning} ({input})"));
    }
    Ok(read.identity)
}

/// As [`read_identity`], for a caller that says itself what is odd about it.
pub(crate) fn read_identity_with_warnings(input: &Input) -> Result<sealwright::identity::Read, Failure> {
    let content = input.read(LONGEST_IDENTITY).map_err(|failure| failure.hint_for("too-large", NO_IDENTITY))?;
    let decoded = b64::decode_tolerant_secret(content.expose());
    Identity::from_bson(decoded.as_ref().unwrap_or(&content).expose())
        .map_err(|error| Failure::of(&error).hint_for("malformed", NO_IDENTITY).at(input))
}
