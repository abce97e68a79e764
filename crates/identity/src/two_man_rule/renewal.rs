//! The duty to renew: an identity that was stored without authentication gets new keys before anything else happens (SSKS-08).
//!
//! Four steps in one authenticated session: store the *prepared* renewal, renew, store the renewed identity, be done. Whatever crashes in
//! between, the stored identity holds every key that may be in use.

use super::{Authenticated, Request, Session};
use crate::ssks::SealError;
use crate::{Identity, KeyPair, Read, Warning};
use sealwright_types::Coded;

/// A retrieved identity of which the keys have to be renewed (SSKS-07).
#[derive(Debug)]
#[must_use = "the keys of this identity have to be renewed (SSKS-08)"]
pub struct MustRenew {
    session: Session<Authenticated>,
    read: Read,
}

/// Something that has to be stored before the protocol goes on to `N`.
#[derive(Debug)]
#[must_use = "the request is to be sent, and the renewal to be completed (SSKS-08)"]
pub struct Storing<N> {
    request: Request,
    next: N,
}

/// The prepared renewal is stored: now the keys are renewed at the key server, with [`Self::new_keys`].
#[derive(Debug)]
#[must_use = "the renewal is to be completed (SSKS-08)"]
pub struct Prepared {
    session: Session<Authenticated>,
    identity: Identity,
}

/// The renewed identity is stored: the duty is done.
#[derive(Debug)]
pub struct Renewed {
    /// The session, for whatever comes next.
    pub session: Session<Authenticated>,
    /// The identity with its new keys.
    pub identity: Identity,
    /// What the caller still has to see to.
    pub copies: Copies,
}

/// A reminder: copies of the identity elsewhere, such as a slot of the password protection, still hold the former keys only and are to be
/// stored again (SSKS-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copies;

/// Which keys are in use, of an identity that was found with a prepared renewal (IDN-43). A login with the new keys tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active {
    /// The renewal did not take place.
    Current,
    /// It did.
    Prepared,
}

/// The protocol ended while a renewal was due (SSKS-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the identity was stored without authentication and its keys have not been renewed and stored again (SSKS-08)")]
pub struct MustRenewError;

impl Coded for MustRenewError {
    fn code(&self) -> &'static str {
        "must-renew"
    }
}

/// A renewal could not be prepared. Gives the state back.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct PrepareFailed {
    /// The state as it was.
    pub state: Box<MustRenew>,
    /// Why.
    pub error: PrepareError,
}

/// Why a renewal could not be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The identity holds a prepared renewal from before: say first which keys are in use, or the ones in use may be lost.
    #[error("a renewal was prepared before, and nobody has said whether it took place (IDN-43)")]
    Undecided,
    /// The identity could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Coded for PrepareError {
    fn code(&self) -> &'static str {
        match self {
            Self::Undecided => "prepared-undecided",
            Self::Seal(error) => error.code(),
        }
    }
}

impl MustRenew {
    pub(super) fn new(session: Session<Authenticated>, read: Read) -> Self {
        Self { session, read }
    }

    /// The identity, to be used for the renewal and for reading; it is handed over when the renewal is done.
    pub fn identity(&self) -> &Identity {
        &self.read.identity
    }

    /// What is odd about the identity.
    pub fn warnings(&self) -> &[Warning] {
        &self.read.warnings
    }

    /// Says which keys are in use where the identity came with a prepared renewal; without one nothing changes.
    pub fn decide(mut self, active: Active) -> Self {
        self.read.identity = match active {
            Active::Current => self.read.identity.discard_prepared(),
            Active::Prepared => self.read.identity.adopt_prepared(),
        };
        self
    }

    /// Prepares the renewal with new keys. It is stored before it takes place, so that a crash loses nothing (IDN-40).
    ///
    /// # Errors
    /// [`PrepareFailed`].
    pub fn prepare(self, new: KeyPair) -> Result<Storing<Prepared>, PrepareFailed> {
        if self.read.identity.prepared().is_some() {
            return Err(PrepareFailed { state: Box::new(self), error: PrepareError::Undecided });
        }
        let Self { session, read: Read { identity, warnings } } = self;
        let identity = identity.with_prepared(new);
        match session.save(&identity) {
            Ok(request) => Ok(Storing { request, next: Prepared { session, identity } }),
            Err(error) => {
                let read = Read { identity: identity.discard_prepared(), warnings };
                Err(PrepareFailed { state: Box::new(Self { session, read }), error: error.into() })
            }
        }
    }

    /// The renewal is due.
    ///
    /// # Errors
    /// [`MustRenewError`], always.
    pub fn finish(self) -> Result<(), MustRenewError> {
        Err(MustRenewError)
    }
}

impl<N> Storing<N> {
    /// What has to be sent. It may be sent again.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// SSKS has answered that it is stored.
    pub fn stored(self) -> N {
        self.next
    }

    /// Nobody has said that it is stored.
    ///
    /// # Errors
    /// [`MustRenewError`], always.
    pub fn finish(self) -> Result<(), MustRenewError> {
        Err(MustRenewError)
    }
}

impl Prepared {
    /// The identity: current keys and prepared ones.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The keys to renew with.
    pub fn new_keys(&self) -> Option<&KeyPair> {
        self.identity.prepared()
    }

    /// The key server has taken the new keys: the renewed identity is to be stored.
    ///
    /// # Errors
    /// [`SealError`]. Nothing is lost: the prepared renewal is stored.
    pub fn renewed(self) -> Result<Storing<Renewed>, SealError> {
        let identity = self.identity.adopt_prepared();
        let request = self.session.save(&identity)?;
        Ok(Storing { request, next: Renewed { session: self.session, identity, copies: Copies } })
    }

    /// The key server has refused the new keys: the renewal is as due as before.
    pub fn refused(self) -> MustRenew {
        let read = Read { identity: self.identity.discard_prepared(), warnings: Vec::new() };
        MustRenew { session: self.session, read }
    }

    /// The renewal is due.
    ///
    /// # Errors
    /// [`MustRenewError`], always.
    pub fn finish(self) -> Result<(), MustRenewError> {
        Err(MustRenewError)
    }
}

impl Renewed {
    /// Nothing is due any more.
    ///
    /// # Errors
    /// None; here for symmetry with the other states.
    pub fn finish(self) -> Result<(), MustRenewError> {
        Ok(())
    }
}
