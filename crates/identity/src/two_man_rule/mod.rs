//! The two-man rule: the key is at the application's server, the sealed identity at SSKS, and neither opens anything alone
//! (docs/spec/IDENTITY.md section 8).
//!
//! The protocol is a machine without any network: it says which request comes next, takes the answer, and gives the next state. What is
//! out of order does not compile, or is a typed error.
//!
//! | state | what it allows |
//! |---|---|
//! | [`Client`] | [`start`](Client::start) a session (SSKS-01) |
//! | [`Session<Open>`] | save for the first time (SSKS-02), [`validate`](Session::validate) (SSKS-03) |
//! | [`Session<Locked>`] | [`validate`](Session::validate) only (SSKS-05) |
//! | [`Session<Authenticated>`] | save (SSKS-04), [`retrieve`](Session::retrieve) (SSKS-06, SSKS-07) |
//! | [`MustRenew`] | [`prepare`](MustRenew::prepare) the renewal, nothing else (SSKS-08) |
//! | [`Storing`] | send its request, then [`stored`](Storing::stored) |
//! | [`Prepared`] | renew, then [`renewed`](Prepared::renewed) |
//!
//! Retrieving without a challenge does not exist (SSKS-09):
//!
//! ```compile_fail,E0599
//! use sealwright_identity::two_man_rule::{Open, Session};
//! fn retrieve(session: Session<Open>) { session.retrieve(); }
//! ```
//!
//! Neither does saving in a session that has to be authenticated first (SSKS-05):
//!
//! ```compile_fail,E0599
//! use sealwright_identity::{Identity, two_man_rule::{Locked, Session}};
//! fn save(session: Session<Locked>, identity: &Identity) { session.save_first(identity); }
//! ```
//!
//! nor saving something else while a renewal is due, nor calling a renewal done that was not stored first (SSKS-08):
//!
//! ```compile_fail,E0599
//! use sealwright_identity::{Identity, two_man_rule::MustRenew};
//! fn save(state: MustRenew, identity: &Identity) { state.save(identity); }
//! ```
//! ```compile_fail,E0599
//! use sealwright_identity::two_man_rule::{Prepared, Storing};
//! fn renewed(state: Storing<Prepared>) { state.renewed(); }
//! ```
//!
//! nor using a session once more after it has been exchanged for the authenticated one (SSKS-03):
//!
//! ```compile_fail,E0382
//! use sealwright_identity::two_man_rule::{Open, Session};
//! use sealwright_kdf::value::Challenge;
//! fn twice(session: Session<Open>, challenge: Challenge, again: Challenge) {
//!     session.validate(challenge);
//!     session.validate(again);
//! }
//! ```
//!
//! **One retrieval at a time.** Two retrievals of one identity at the same instant, on two devices, may both have to renew: the second
//! renewal fails, and nothing offline can detect it. An application lets a user retrieve on one device at a time (SSKS-11).

pub mod backend;
mod renewal;
mod request;

pub use renewal::{Active, Copies, MustRenew, MustRenewError, PrepareError, PrepareFailed, Prepared, Renewed, Storing};
pub use request::{BadToken, Call, Request, SessionToken};

use crate::ssks::two_man_rule::{self as blobs, Credential};
use crate::ssks::{Account, Blob, BlobError, CredentialConflict, SealError};
use crate::{Identity, IdentityError, Read};
use sealwright_kdf::UserIdText;
use sealwright_kdf::value::{AuthFactor, BadValue, Challenge};
use sealwright_types::Coded;

/// What every step needs: whose identity it is, where challenges go, and the key that the application's server gave.
#[derive(Debug)]
pub struct Client {
    account: Account,
    factor: AuthFactor,
    credential: Credential,
}

/// A session of SSKS. `S` is what may be done in it.
#[derive(Debug)]
#[must_use = "the protocol goes on from here"]
pub struct Session<S> {
    client: Client,
    token: SessionToken,
    state: S,
}

/// Nothing is stored for the user yet, and nothing was authenticated: `must_authenticate` is false.
#[derive(Debug)]
pub struct Open(());

/// `must_authenticate` is true, and nothing was authenticated yet.
#[derive(Debug)]
pub struct Locked(());

/// The challenge was answered.
#[derive(Debug)]
pub struct Authenticated(());

/// A session as the application's server has started it (SSKS-01).
#[derive(Debug)]
#[must_use = "the protocol goes on from here"]
pub enum Started {
    /// `must_authenticate` is false.
    Open(Session<Open>),
    /// `must_authenticate` is true.
    Locked(Session<Locked>),
}

/// Something was to be done without a challenge in a session that has to be authenticated (SSKS-05). Gives the session back.
#[derive(Debug, thiserror::Error)]
#[error("this session has to be authenticated first (SSKS-05)")]
pub struct MustAuthenticate(pub Box<Session<Locked>>);

impl Coded for MustAuthenticate {
    fn code(&self) -> &'static str {
        "must-authenticate"
    }
}

/// A challenge was sent in to be checked (SSKS-03).
#[derive(Debug)]
#[must_use = "the answer decides how the protocol goes on"]
pub struct Validating<S>(Session<S>);

/// What SSKS says about a challenge.
#[derive(Debug)]
pub enum ChallengeAnswer {
    /// `new_id`: the session that is authenticated.
    Validated(SessionToken),
    /// 403 "Incorrect authentication credentials."
    Refused,
}

/// The challenge is not the one that was sent, or it is too old (SSKS-03, SSKS-12). Gives the session back for another try.
#[derive(Debug, thiserror::Error)]
#[error("the challenge is not the one that was sent, or it has expired (SSKS-03)")]
pub struct InvalidChallenge<S>(pub Box<Session<S>>);

impl<S> Coded for InvalidChallenge<S> {
    fn code(&self) -> &'static str {
        "invalid-challenge"
    }
}

/// A retrieval was asked for.
#[derive(Debug)]
#[must_use = "the answer decides how the protocol goes on"]
pub struct Retrieving(Session<Authenticated>);

/// What SSKS says to a retrieval.
#[derive(Debug)]
pub enum SearchAnswer {
    /// `data_b64` and `authenticated`.
    Found {
        /// The stored identity.
        blob: Blob,
        /// Whether it was stored in an authenticated session.
        authenticated: bool,
    },
    /// 404 on the key of the two-man rule.
    NotFound,
}

/// A retrieved identity.
#[derive(Debug)]
#[must_use = "a renewal may be due"]
pub enum Retrieved {
    /// It was stored in an authenticated session (SSKS-06).
    Identity(Session<Authenticated>, Read),
    /// It was not: whoever stood between may have stored it. Its keys have to be renewed (SSKS-07).
    MustRenew(MustRenew),
}

/// A retrieval failed. Gives the session back: where nothing is stored, a new identity may be saved in it.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct RetrieveFailed {
    /// The session.
    pub session: Box<Session<Authenticated>>,
    /// Why.
    pub error: RetrieveError,
}

/// Why a retrieval failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetrieveError {
    /// Nothing is stored (SSKS-06).
    #[error("no identity is stored for this user and this authentication factor (SSKS-06)")]
    NoIdentity,
    /// The key of the application's server does not open it.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// What opens is not an identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl Coded for RetrieveError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoIdentity => "no-identity",
            Self::Blob(error) => error.code(),
            Self::Identity(error) => error.code(),
        }
    }
}

impl Coded for RetrieveFailed {
    fn code(&self) -> &'static str {
        self.error.code()
    }
}

/// Why there is no authentication factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// Both forms or neither (SSKS-13).
    #[error(transparent)]
    Conflict(#[from] CredentialConflict),
    /// Not an e-mail address (VAL-07).
    #[error(transparent)]
    BadValue(#[from] BadValue),
}

impl Coded for FactorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Conflict(error) => error.code(),
            Self::BadValue(error) => error.code(),
        }
    }
}

/// The authentication factor of a caller that passes `email` or `authFactor` (SSKS-13).
///
/// # Errors
/// [`FactorError`] for both, neither, or a text that is no e-mail address.
pub fn auth_factor(email: Option<&str>, factor: Option<AuthFactor>) -> Result<AuthFactor, FactorError> {
    match (email, factor) {
        (Some(email), None) => Ok(AuthFactor::email(email)?),
        (None, Some(factor)) => Ok(factor),
        _ => Err(CredentialConflict.into()),
    }
}

impl Client {
    /// A client of one user.
    ///
    /// # Errors
    /// [`BadValue`] for a user id that SSKS does not take (VAL-03).
    pub fn new(account: Account, factor: AuthFactor, credential: Credential) -> Result<Self, BadValue> {
        UserIdText::parse_strict(account.user.as_str())?;
        Ok(Self { account, factor, credential })
    }

    /// The application's server has started a session and passes its id and `must_authenticate` on (SSKS-01).
    pub fn start(self, token: SessionToken, must_authenticate: bool) -> Started {
        if must_authenticate {
            Started::Locked(Session { client: self, token, state: Locked(()) })
        } else {
            Started::Open(Session { client: self, token, state: Open(()) })
        }
    }

    fn push(&self, token: &SessionToken, identity: &Identity) -> Result<Request, SealError> {
        let blob = blobs::seal(identity.to_bson().expose(), &self.credential, &self.account)?;
        Ok(Request::new(token, Call::Push { blob, factor: self.factor.clone() }))
    }
}

impl Started {
    /// The session for whoever wants to work without a challenge.
    ///
    /// # Errors
    /// [`MustAuthenticate`] (SSKS-05).
    pub fn into_open(self) -> Result<Session<Open>, MustAuthenticate> {
        match self {
            Self::Open(session) => Ok(session),
            Self::Locked(session) => Err(MustAuthenticate(Box::new(session))),
        }
    }
}

/// A state in which a challenge may be answered.
pub trait Unauthenticated: sealed::Sealed {}

impl Unauthenticated for Open {}
impl Unauthenticated for Locked {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Open {}
    impl Sealed for super::Locked {}
}

impl<S: Unauthenticated> Session<S> {
    /// Sends the challenge in that the user has received (SSKS-03).
    pub fn validate(self, challenge: Challenge) -> (Request, Validating<S>) {
        let call = Call::Validate { challenge, factor: self.client.factor.clone() };
        (Request::new(&self.token, call), Validating(self))
    }
}

impl Session<Open> {
    /// Saves an identity without any authentication: the first one ever only, SSKS refuses it later (SSKS-02). Whoever retrieves it has
    /// to renew it. The session ends with this request.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn save_first(self, identity: &Identity) -> Result<Request, SealError> {
        self.client.push(&self.token, identity)
    }
}

impl<S> Validating<S> {
    /// Takes the answer. From here on the new session counts.
    ///
    /// # Errors
    /// [`InvalidChallenge`].
    pub fn answer(self, answer: ChallengeAnswer) -> Result<Session<Authenticated>, InvalidChallenge<S>> {
        match answer {
            ChallengeAnswer::Validated(token) => Ok(Session { client: self.0.client, token, state: Authenticated(()) }),
            ChallengeAnswer::Refused => Err(InvalidChallenge(Box::new(self.0))),
        }
    }
}

impl Session<Authenticated> {
    /// Saves an identity (SSKS-04).
    ///
    /// # Errors
    /// [`SealError`].
    pub fn save(&self, identity: &Identity) -> Result<Request, SealError> {
        self.client.push(&self.token, identity)
    }

    /// Asks for the stored identity (SSKS-06, SSKS-07).
    pub fn retrieve(self) -> (Request, Retrieving) {
        (Request::new(&self.token, Call::Search), Retrieving(self))
    }

    /// Asks for a token that proves the authentication factor to others. What it holds is not documented.
    pub fn factor_token(&self) -> Request {
        Request::new(&self.token, Call::FactorToken { factor: self.client.factor.clone() })
    }

    /// Nothing is due.
    ///
    /// # Errors
    /// None here; the states of a renewal have the same method, which fails (SSKS-08).
    pub fn finish(self) -> Result<(), MustRenewError> {
        let Authenticated(()) = self.state;
        Ok(())
    }
}

impl Retrieving {
    /// Takes the answer: opens the identity. One derivation where the key is a text.
    ///
    /// # Errors
    /// [`RetrieveFailed`].
    pub fn answer(self, answer: SearchAnswer) -> Result<Retrieved, RetrieveFailed> {
        let session = self.0;
        let opened = match &answer {
            SearchAnswer::NotFound => Err(RetrieveError::NoIdentity),
            SearchAnswer::Found { blob, authenticated } => {
                open(&session.client, blob).map(|identity| (identity, *authenticated))
            }
        };
        match opened {
            Ok((read, true)) => Ok(Retrieved::Identity(session, read)),
            Ok((read, false)) => Ok(Retrieved::MustRenew(MustRenew::new(session, read))),
            Err(error) => Err(RetrieveFailed { session: Box::new(session), error }),
        }
    }
}

fn open(client: &Client, blob: &Blob) -> Result<Read, RetrieveError> {
    Ok(blobs::open(blob, &client.credential, &client.account)?.identity()?)
}
