//! Adding a proxy to a session (docs/spec/SESSIONS.md section 5).
//!
//! **The key of a proxy session cannot be renewed** (PROXY-06): somebody who was removed from it keeps what opens later data too, if it comes
//! into their hands. A group can be renewed.

use crate::closed::Closed;
use crate::resolver::{Resolved, Resolver};
use crate::share::ShareError;
use sealwright_envelope::SymKey;
use sealwright_types::{Coded, SessionId};
use sealwright_wrap::record::ProxyKey;
use sealwright_wrap::symmetric;
use std::sync::Arc;

/// The key of a session that an own token gave, lookups off: what alone may be made a proxy (PROXY-04).
///
/// Only [`Resolver::resolve_direct`] makes one. A key that came through a group, a proxy, a SymEncKey or a TMR access does not qualify, and
/// neither does one that was merely given.
#[derive(Debug, Clone)]
pub struct DirectKey {
    session: SessionId,
    resolved: Arc<Resolved>,
}

/// What adding a proxy comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyAddition {
    /// A record to be published.
    New(ProxyKey),
    /// The session has this proxy: there is nothing to do (PROXY-05).
    Present,
}

/// Why a proxy could not be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// A session is no proxy of itself (PROXY-05).
    #[error("a session cannot be its own proxy (PROXY-05)")]
    ProxySelf,
    /// The key could not be sealed.
    #[error(transparent)]
    Share(#[from] ShareError),
}

impl Coded for ProxyError {
    fn code(&self) -> &'static str {
        match self {
            Self::ProxySelf => "proxy-self",
            Self::Share(error) => error.code(),
        }
    }
}

impl DirectKey {
    /// The session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Its key, ready for use.
    pub fn sym_key(&self) -> Option<SymKey> {
        self.resolved.sym_key()
    }

    /// Makes this session a proxy of `target`, whose key the caller holds; `existing` are the target's proxies so far (PROXY-01, PROXY-04,
    /// PROXY-05). One that was revoked does not count as existing.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub fn add_as_proxy_of(
        &self,
        target: SessionId,
        target_key: &SymKey,
        existing: &[ProxyKey],
    ) -> Result<ProxyAddition, ProxyError> {
        if target == self.session {
            return Err(ProxyError::ProxySelf);
        }
        let is_this =
            |proxy: &ProxyKey| proxy.session_id == target && proxy.proxy_session_id == self.session && !proxy.revoked;
        if existing.iter().any(is_this) {
            return Ok(ProxyAddition::Present);
        }
        let under = self.resolved.ready()?;
        let data = symmetric::wrap(target_key, &under).map_err(ShareError::from)?.into();
        Ok(ProxyAddition::New(ProxyKey { session_id: target, proxy_session_id: self.session, data, revoked: false }))
    }
}

impl Resolver {
    /// The session's key by an own token alone: no lookup of groups or proxies, no SymEncKey, no TMR access, no key that was given
    /// (PROXY-04, GRP-03), and no token that was revoked, even where those are opened for recovery: whoever was revoked adds nothing.
    ///
    /// # Errors
    /// [`Closed`] with the reasons of its tokens.
    pub fn resolve_direct(&self, session: SessionId) -> Result<DirectKey, Closed> {
        match self.own_unrevoked(session) {
            Some(resolved) => Ok(DirectKey { session, resolved }),
            None => Err(self.closed_direct(session)),
        }
    }
}
