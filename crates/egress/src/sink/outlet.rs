//! The sink of one run, ready for use: what an earlier run into the same output used, or else what the caller wants.

use super::new_sessions::{NewSession, NewSessions, NoNewSession, key_check, locked};
use super::output::Output;
use super::recipients::{self, Recipient, Recipients, Who};
use super::state::{Head, State};
use super::{AGE, SEALD, Sink};
use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::Damage;
use crate::place::{Finished, Part};
use sealwright_envelope::{SymKey, message, name};
use sealwright_session::Resolver;
use sealwright_types::{SecretString, SessionId};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The file in an output that opens it together with a passphrase, by `age -d -i identity.age`.
pub(crate) const IDENTITY: &str = "identity.age";
/// The longest of these files: a secret key and some comments.
pub(crate) const LONGEST_IDENTITY: u64 = 64 * 1024;

/// The sink of one run.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) files: Files,
    kind: Kind,
    /// Whether the keys that were found are wanted as a file.
    keeps_found_keys: bool,
    pub(crate) state: Mutex<State>,
}

#[derive(Debug)]
enum Kind {
    Clear,
    Age(Arc<[Recipient]>),
    NewSessions(NewSessions),
    IntoSession(Arc<NewSession>),
}

impl Outlet {
    /// Makes the sink ready. `is_new` says that the output holds nothing yet, `damage` what a line is that cannot be read.
    pub(crate) fn open(
        files: &Files,
        output: &Path,
        sink: &Sink,
        is_new: bool,
        damage: Damage,
    ) -> Result<Self, EgressError> {
        let mut state = State::open(files, output, damage)?;
        let former = state.head().cloned();
        if let Some(former) = former.as_ref().map(|head| head.sink.as_str()).or((!is_new).then_some("clear"))
            && former != sink.kind()
        {
            return Err(other_sink(output, format!("the sink {former}"), format!("the sink {}", sink.kind())));
        }
        let (kind, head) = match sink {
            Sink::Clear { keys_out } => (Kind::Clear, keys_out.as_ref().map(|_| Head::of(sink))),
            Sink::Age { recipients, .. } => {
                let (recipients, identity) = keys(files, output, recipients, former.as_ref())?;
                let head = Head {
                    recipients: recipients.iter().map(ToString::to_string).collect(),
                    identity,
                    ..Head::of(sink)
                };
                (Kind::Age(recipients), Some(head))
            }
            Sink::NewSessions { ids, .. } => (Kind::NewSessions(NewSessions::new(ids.clone())), Some(Head::of(sink))),
            Sink::IntoSession { session, key, .. } => {
                let io = || EgressError::io("prepare", output);
                let key_check = key_check(*session, key).map_err(io())?;
                let key = SymKey::from_bytes(key.expose()).map_err(io::Error::other).map_err(io())?;
                let head = Head { into_session_id: Some(*session), key_check: Some(key_check), ..Head::of(sink) };
                (Kind::IntoSession(Arc::new(NewSession { id: *session, key })), Some(head))
            }
        };
        match (former, head) {
            (Some(former), Some(head)) if former != head => {
                return Err(other_sink(output, former.to_string(), head.to_string()));
            }
            (None, Some(head)) => state.begin(head).map_err(EgressError::io("write", output))?,
            _ => {}
        }
        let keeps_found_keys = sink.keys_out().is_some() && !matches!(kind, Kind::NewSessions(_));
        Ok(Self { files: files.clone(), kind, keeps_found_keys, state: Mutex::new(state) })
    }

    /// The session that data of `old` is sealed for again, if it is. `None` for `old` is a message that belongs to no session.
    pub(crate) fn target(
        &self,
        old: Option<SessionId>,
        resolver: &Resolver,
    ) -> Result<Option<Arc<NewSession>>, NoNewSession> {
        match (&self.kind, old) {
            (Kind::Clear | Kind::Age(_), _) => Ok(None),
            (Kind::IntoSession(new), _) => Ok(Some(Arc::clone(new))),
            (Kind::NewSessions(sessions), Some(old)) => sessions.of(old, &self.state, resolver).map(Some),
            (Kind::NewSessions(_), None) => Err(NoNewSession::NoOldSession),
        }
    }

    /// Says that the old session's key number `nth` has opened data: its new session is kept from now on.
    pub(crate) fn opened(&self, old: SessionId, nth: usize, key: &SymKey) -> io::Result<()> {
        match &self.kind {
            Kind::NewSessions(sessions) => sessions.keep(old, key, &self.state),
            _ if nth > 0 && self.keeps_found_keys => locked(&self.state).keep_several(old, nth.saturating_add(1)),
            _ => Ok(()),
        }
    }

    /// Everything that outputs need to be read again is there for good: they may have their names.
    pub(crate) fn settle(&self) -> io::Result<()> {
        locked(&self.state).settle()
    }

    /// A file that came out of a container, with its stored name and its length, neither of them verified yet.
    pub(crate) fn file<'k>(
        &self,
        directory: &Path,
        target: Option<&'k NewSession>,
        stored: &str,
        length: u64,
    ) -> io::Result<Output<'k>> {
        match target {
            Some(new) => Output::container(new, stored, length, Part::create(&self.files, directory)?),
            None => self.whole(directory),
        }
    }

    /// A file that is no container of its own: records, or one that was never encrypted.
    pub(crate) fn whole<'k>(&self, directory: &Path) -> io::Result<Output<'k>> {
        let part = Part::create(&self.files, directory)?;
        match &self.kind {
            Kind::Age(recipients) => Output::age(recipients::encryptor(recipients)?, part),
            _ => Ok(Output::clear(part)),
        }
    }

    /// A message that is a file of its own. Only text can be sealed again as a message: `None` for anything else.
    pub(crate) fn message(
        &self,
        directory: &Path,
        target: Option<&NewSession>,
        clear: &[u8],
    ) -> io::Result<Option<Finished>> {
        let mut output = self.whole(directory)?;
        let Some(new) = target else {
            output.write_all(clear)?;
            return output.finish().map(Some);
        };
        let Ok(text) = std::str::from_utf8(clear) else { return Ok(None) };
        output.write_all(new.sealed(text)?.as_bytes())?;
        let mut finished = output.finish()?;
        let mut hasher = crate::place::Hasher::new();
        hasher.update(clear);
        finished.clear_sha256 = Some(hasher.finish().1);
        Ok(Some(finished))
    }

    /// What is appended to the names of outputs.
    pub(crate) fn appended(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Clear => None,
            Kind::Age(_) => Some(AGE),
            Kind::NewSessions(_) | Kind::IntoSession(_) => Some(SEALD),
        }
    }

    /// The name of an output that is a file or a message of its own.
    pub(crate) fn name(&self, name: String) -> String {
        match self.appended() {
            Some(appended) => ending(name, appended),
            None => name,
        }
    }

    /// The name of an output that is written as a whole.
    pub(crate) fn name_of_whole(&self, name: String) -> String {
        match self.kind {
            Kind::Age(_) => ending(name, AGE),
            _ => name,
        }
    }

    /// Whether record files come out differently each time, and nothing tells that they hold the same.
    pub(crate) fn seals_records(&self) -> bool {
        matches!(self.kind, Kind::NewSessions(_) | Kind::IntoSession(_))
    }

    pub(crate) fn has_new_sessions(&self) -> bool {
        matches!(self.kind, Kind::NewSessions(_))
    }
}

impl NewSession {
    /// A text as a message of this session.
    pub(crate) fn sealed(&self, text: &str) -> io::Result<String> {
        message::seal(&self.key, self.id, text).map_err(io::Error::other)
    }
}

impl Head {
    fn of(sink: &Sink) -> Self {
        Self {
            sink: sink.kind().to_owned(),
            recipients: Vec::new(),
            identity: None,
            into_session_id: None,
            key_check: None,
        }
    }
}

/// As a person would say it.
impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.identity, self.into_session_id) {
            (Some(_), _) => f.write_str("a passphrase"),
            (None, Some(session)) => write!(f, "session {session} with one of its keys"),
            (None, None) if self.recipients.is_empty() => f.write_str("new sessions"),
            (None, None) => f.write_str(&self.recipients.join(", ")),
        }
    }
}

/// The public keys that outputs are encrypted for. One scrypt for each output would take a second and 256 MiB each time: a passphrase
/// encrypts a secret key of this output instead, once, and that is what opens every file.
fn keys(
    files: &Files,
    output: &Path,
    recipients: &Recipients,
    former: Option<&Head>,
) -> Result<(Arc<[Recipient]>, Option<String>), EgressError> {
    let passphrase = match recipients.who() {
        Who::Keys(recipients) => return Ok((Arc::clone(recipients), None)),
        Who::Passphrase(passphrase) => passphrase,
    };
    let recipient = match former {
        Some(former) if former.identity.is_none() => {
            return Err(other_sink(output, former.to_string(), "a passphrase".to_owned()));
        }
        Some(_) => {
            let path = output.join(IDENTITY);
            let file = files.read_within(&path, LONGEST_IDENTITY).map_err(EgressError::io("read", &path))?;
            recipients::open_identity(passphrase, &file).ok_or(EgressError::WrongPassphrase { path })?
        }
        None => write_identity(files, output, passphrase).map_err(EgressError::io("write", &output.join(IDENTITY)))?,
    };
    Ok((Arc::new([recipient]), Some(IDENTITY.to_owned())))
}

fn write_identity(files: &Files, output: &Path, passphrase: &SecretString) -> io::Result<Recipient> {
    let (recipient, file) = recipients::new_identity(passphrase)?;
    let mut part = Part::create(files, output)?;
    part.write_all(&file)?;
    part.finish()?.replace(&output.join(IDENTITY))?;
    files.sync_directory(output)?;
    Ok(recipient)
}

/// The name with this ending, cut before it so that the whole stays within 255 bytes.
fn ending(name: String, ending: &str) -> String {
    let longest = name.floor_char_boundary(name::LONGEST.saturating_sub(ending.len()));
    format!("{}{ending}", name.get(..longest).unwrap_or(&name))
}

fn other_sink(output: &Path, former: String, wanted: String) -> EgressError {
    EgressError::OtherSink { output: output.to_owned(), former, wanted }
}
