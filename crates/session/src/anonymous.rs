//! Sessions of readers without an account (docs/spec/SESSIONS.md section 9).

use crate::serialized::SerializedSession;
use sealwright_envelope::message::{self, MessageError};
use sealwright_envelope::{OpenError, SealError, SymKey};
use sealwright_types::{SecretString, SessionId};

/// A session that was retrieved anonymously: it seals and opens, it manages nothing and adds nobody (ANON-01). Its key stays inside, so that it
/// cannot be wrapped for anybody.
#[derive(Debug)]
pub struct AnonymousSession {
    inner: SerializedSession,
}

impl AnonymousSession {
    pub(crate) fn new(id: SessionId, key: SymKey) -> Self {
        Self { inner: SerializedSession { id, key, details: None } }
    }

    /// The session.
    pub fn id(&self) -> SessionId {
        self.inner.id
    }

    /// Seals bytes.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(&self, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        sealwright_envelope::seal(&self.inner.key, clear)
    }

    /// Opens what was sealed for the session.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        sealwright_envelope::open(&self.inner.key, sealed)
    }

    /// Seals a text message.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal_message(&self, text: &str) -> Result<String, SealError> {
        message::seal(&self.inner.key, self.inner.id, text)
    }

    /// Opens a text message of the session.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn open_message(&self, message: &str) -> Result<Vec<u8>, MessageError> {
        message::open(&self.inner.key, self.inner.id, message)
    }

    /// The session as text, `{id, key}` without details (SER-02). A secret: whoever has it reads and writes everything of the session.
    pub fn to_text(&self) -> SecretString {
        self.inner.to_text()
    }
}
