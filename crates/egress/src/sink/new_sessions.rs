//! New sessions for old ones: drawn once, kept so that every later run uses the same ones (docs/spec/EGRESS.md section 6).

use super::session_ids::SessionIds;
use super::state::State;
use ring::hkdf;
use sealwright_envelope::{self as envelope, SymKey};
use sealwright_session::Resolver;
use sealwright_types::{Secret, SessionId, b64};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A session that data is sealed for.
#[derive(Debug)]
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    pub(crate) key: SymKey,
}

/// Why data cannot be sealed again.
#[derive(Debug)]
pub(crate) enum NoNewSession {
    /// The file of session ids does not name the old session.
    NotNamed,
    /// A legacy message that carries its own key belongs to no session.
    NoOldSession,
    /// Only text can be sealed as a message.
    NotText,
    /// The new session could not be drawn, kept or read.
    Io(io::Error),
}

impl NoNewSession {
    /// The code of the manifest.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotNamed => "no-session-id",
            Self::NoOldSession => "no-session",
            Self::NotText => "not-utf8",
            Self::Io(_) => "io",
        }
    }
}

impl From<io::Error> for NoNewSession {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A new session as it is kept: its key is encrypted under a key that is derived from the old session's key, both ids being part of the derivation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WrappedSession {
    pub(crate) old_session_id: SessionId,
    session_id: SessionId,
    wrapped_key: String,
}

/// What separates these derivations from any other use of a session key.
const WRAPPING: &[u8] = b"sealwright egress new session key 1";
const CHECKING: &[u8] = b"sealwright egress session key check 1";

impl WrappedSession {
    /// Bytes of a line: three ids, 128 bytes in base64.
    pub(crate) const USUAL_LENGTH: usize = 512;

    fn wrap(old: SessionId, old_key: &SymKey, new: &NewSession) -> io::Result<Self> {
        let key = wrapping_key(old, old_key, new.id)?;
        let wrapped = envelope::seal(&key, new.key.expose()).map_err(io::Error::other)?;
        Ok(Self { old_session_id: old, session_id: new.id, wrapped_key: b64::encode(wrapped) })
    }

    /// `None` unless this is the key that it was wrapped under.
    fn unwrap(&self, old_key: &SymKey) -> Option<NewSession> {
        let key = wrapping_key(self.old_session_id, old_key, self.session_id).ok()?;
        let mut wrapped = b64::decode_strict(&self.wrapped_key).ok()?;
        let opened = envelope::open_in_place(&key, &mut wrapped).ok()?;
        let key = SymKey::from_bytes(opened);
        sealwright_types::zeroize::Zeroize::zeroize(opened);
        key.ok().map(|key| NewSession { id: self.session_id, key })
    }
}

/// The key that the key of the session `new` is wrapped under: HKDF-SHA-256 (RFC 5869) of the old session's key.
fn wrapping_key(old: SessionId, old_key: &SymKey, new: SessionId) -> io::Result<SymKey> {
    let derived = derived::<{ SymKey::LENGTH }>(WRAPPING, old_key, &[old.as_bytes(), new.as_bytes()])?;
    SymKey::from_bytes(derived.expose()).map_err(io::Error::other)
}

/// What tells the key of a session from others and says nothing about it.
pub(crate) fn key_check(session: SessionId, key: &SymKey) -> io::Result<String> {
    derived::<16>(CHECKING, key, &[session.as_bytes()]).map(|check| hex::encode(check.expose()))
}

fn derived<const N: usize>(use_: &[u8], key: &SymKey, info: &[&[u8]]) -> io::Result<Secret<N>> {
    struct Length(usize);

    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    let mut secret = Secret::zeroed();
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, use_).extract(key.expose());
    let filled = extracted.expand(info, Length(N)).and_then(|okm| okm.fill(secret.expose_mut()));
    filled.map_err(|_| io::Error::other("a key could not be derived"))?;
    Ok(secret)
}

/// New sessions that are ready: neighbouring items mostly belong to the same ones.
const KEPT_READY: usize = 1024;

/// The new sessions of a run and of those before it.
#[derive(Debug)]
pub(crate) struct NewSessions {
    ids: SessionIds,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Drawn for data that has not opened yet: not kept until then.
    drawn: HashMap<SessionId, Arc<NewSession>>,
    ready: HashMap<SessionId, Arc<NewSession>>,
}

impl Known {
    fn get(&self, old: SessionId) -> Option<Arc<NewSession>> {
        self.ready.get(&old).or_else(|| self.drawn.get(&old)).cloned()
    }

    fn add_ready(&mut self, old: SessionId, new: Arc<NewSession>) {
        if self.ready.len() >= KEPT_READY {
            self.ready.clear();
        }
        self.ready.insert(old, new);
    }
}

impl NewSessions {
    pub(crate) fn new(ids: SessionIds) -> Self {
        Self { ids, known: Mutex::default() }
    }

    /// The new session of an old one: the one that is kept, or else a new one.
    pub(crate) fn of(
        &self,
        old: SessionId,
        state: &Mutex<State>,
        resolver: &Resolver,
    ) -> Result<Arc<NewSession>, NoNewSession> {
        if let Some(new) = self.known().get(old) {
            return Ok(new);
        }
        let wrapped = locked(state).session(old)?;
        if let Some(wrapped) = wrapped {
            let new = Arc::new(reopened(&wrapped, resolver)?);
            self.known().add_ready(old, Arc::clone(&new));
            return Ok(new);
        }
        let mut known = self.known();
        if let Some(new) = known.get(old) {
            return Ok(new);
        }
        // Another thread may have kept one since.
        if let Some(wrapped) = locked(state).session(old)? {
            let new = Arc::new(reopened(&wrapped, resolver)?);
            known.add_ready(old, Arc::clone(&new));
            return Ok(new);
        }
        let id = self.ids.of(old)?.ok_or(NoNewSession::NotNamed)?;
        let new = Arc::new(NewSession { id, key: SymKey::generate().map_err(io::Error::other)? });
        known.drawn.insert(old, Arc::clone(&new));
        Ok(new)
    }

    /// Keeps the new session of an old one, whose key has opened data: no other key may be what it is wrapped under.
    pub(crate) fn keep(&self, old: SessionId, old_key: &SymKey, state: &Mutex<State>) -> io::Result<()> {
        let mut known = self.known();
        let Some(new) = known.drawn.get(&old).cloned() else { return Ok(()) };
        locked(state).keep_session(WrappedSession::wrap(old, old_key, &new)?)?;
        known.drawn.remove(&old);
        known.add_ready(old, new);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        locked(&self.known)
    }
}

/// The new session, by whichever key of the old one it was wrapped under.
pub(crate) fn reopened(wrapped: &WrappedSession, resolver: &Resolver) -> io::Result<NewSession> {
    let keys = (0..).map_while(|nth| resolver.resolve_nth(wrapped.old_session_id, nth).ok());
    let mut opened = keys.filter_map(|key| key.sym_key()).filter_map(|key| wrapped.unwrap(&key));
    opened.next().ok_or_else(|| {
        let session = wrapped.old_session_id;
        io::Error::other(format!("no key of session {session} opens the key of its new session in sink.jsonl"))
    })
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_opens_by_the_old_key_and_for_these_ids_alone() {
        let [old, other] = [(); 2].map(|()| SessionId::random().unwrap());
        let [old_key, other_key] = [(); 2].map(|()| SymKey::generate().unwrap());
        let new = NewSession { id: SessionId::random().unwrap(), key: SymKey::generate().unwrap() };
        let wrapped = || WrappedSession::wrap(old, &old_key, &new).unwrap();
        assert_eq!(wrapped().unwrap(&old_key).unwrap().key.expose(), new.key.expose());
        assert!(wrapped().unwrap(&other_key).is_none());
        assert!(WrappedSession { old_session_id: other, ..wrapped() }.unwrap(&old_key).is_none());
        assert!(WrappedSession { session_id: other, ..wrapped() }.unwrap(&old_key).is_none());
    }

    #[test]
    fn short_old_keys_keep_new_ones_too() {
        let old = SessionId::random().unwrap();
        let old_key = SymKey::from_bytes(&[7; 32]).unwrap();
        let new = NewSession { id: SessionId::random().unwrap(), key: SymKey::generate().unwrap() };
        let wrapped = WrappedSession::wrap(old, &old_key, &new).unwrap();
        assert!(wrapped.unwrap(&old_key).is_some());
        assert_ne!(key_check(old, &old_key).unwrap(), key_check(old, &new.key).unwrap());
    }
}
