//! The same rules seen from the other side: what a store has to decide (SSKS-01..07, SSKS-12).

use sealwright_kdf::value::Challenge;
use sealwright_types::Coded;
use subtle::ConstantTimeEq as _;

/// Seconds for which a challenge is valid (SSKS-12).
pub const CHALLENGE_LIFETIME: u64 = 6 * 60 * 60;

/// What is stored for a user and an authentication factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Store {
    /// Nothing.
    Empty,
    /// An identity that was saved without authentication.
    Unauthenticated,
    /// An identity that was saved in an authenticated session.
    Authenticated,
}

/// A session as the store sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Session {
    /// Not authenticated.
    Open {
        /// What was said to the application's server.
        must_authenticate: bool,
    },
    /// Authenticated.
    Authenticated,
}

/// Why the store refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The session has to be authenticated first (SSKS-02, SSKS-05, SSKS-09).
    #[error("this session has to be authenticated first (SSKS-05)")]
    MustAuthenticate,
    /// Another challenge, or it is too old (SSKS-03, SSKS-12).
    #[error("not the challenge that was sent, or it has expired (SSKS-03, SSKS-12)")]
    InvalidChallenge,
    /// Nothing is stored (SSKS-06).
    #[error("no identity is stored (SSKS-06)")]
    NoIdentity,
}

impl Coded for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::MustAuthenticate => "must-authenticate",
            Self::InvalidChallenge => "invalid-challenge",
            Self::NoIdentity => "no-identity",
        }
    }
}

/// What `must_authenticate` has to be: as soon as something is stored, or when the application's server insists (SSKS-01, SSKS-02).
pub const fn must_authenticate(store: Store, force: bool) -> bool {
    force || !matches!(store, Store::Empty)
}

/// What is stored after a save in this session (SSKS-02, SSKS-04, SSKS-05).
///
/// # Errors
/// [`Refused::MustAuthenticate`] without authentication, unless it is the first save ever.
pub const fn save(session: Session, store: Store) -> Result<Store, Refused> {
    match (session, store) {
        (Session::Authenticated, _) => Ok(Store::Authenticated),
        (Session::Open { must_authenticate: false }, Store::Empty) => Ok(Store::Unauthenticated),
        _ => Err(Refused::MustAuthenticate),
    }
}

/// The `authenticated` that goes with a retrieved identity (SSKS-06, SSKS-07, SSKS-09).
///
/// # Errors
/// [`Refused::MustAuthenticate`] in every session that is not authenticated, [`Refused::NoIdentity`] where nothing is stored.
pub const fn retrieve(session: Session, store: Store) -> Result<bool, Refused> {
    match (session, store) {
        (Session::Open { .. }, _) => Err(Refused::MustAuthenticate),
        (_, Store::Empty) => Err(Refused::NoIdentity),
        (_, Store::Unauthenticated) => Ok(false),
        (_, Store::Authenticated) => Ok(true),
    }
}

/// Whether a challenge opens a session: the one that was sent, at most six hours ago (SSKS-03, SSKS-12). Times are in seconds.
///
/// # Errors
/// [`Refused::InvalidChallenge`].
pub fn validate(sent: &Challenge, sent_at: u64, given: &Challenge, now: u64) -> Result<Session, Refused> {
    let fresh = now.checked_sub(sent_at).is_some_and(|age| age <= CHALLENGE_LIFETIME);
    let same = bool::from(sent.text().ct_eq(given.text()));
    if fresh && same { Ok(Session::Authenticated) } else { Err(Refused::InvalidChallenge) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_valid_for_six_hours() {
        let challenge = |text: &str| Challenge::new(text).unwrap();
        let sent = challenge("abcdefgh");
        let check = |given: &str, now| validate(&sent, 1_000, &challenge(given), now);
        assert_eq!(check("abcdefgh", 1_000), Ok(Session::Authenticated));
        assert_eq!(check("abcdefgh", 1_000 + 6 * 3600), Ok(Session::Authenticated));
        for (given, now) in [("abcdefgh", 1_001 + 6 * 3600), ("abcdefgh", 999), ("abcdefgj", 1_000)] {
            assert_eq!(check(given, now), Err(Refused::InvalidChallenge), "{given} {now}");
        }
    }

    /// Over every sequence of sessions and requests: nothing is ever retrieved or replaced without authentication.
    #[test]
    fn no_order_of_requests_goes_around_the_authentication() {
        let sessions = [
            Session::Open { must_authenticate: false },
            Session::Open { must_authenticate: true },
            Session::Authenticated,
        ];
        let (mut seen, mut to_do) = (std::collections::HashSet::new(), vec![Store::Empty]);
        while let Some(store) = to_do.pop() {
            if !seen.insert(store) {
                continue;
            }
            assert_eq!(must_authenticate(store, false), store != Store::Empty);
            assert!(must_authenticate(store, true));
            for session in sessions {
                let unauthenticated = session != Session::Authenticated;
                assert!(!unauthenticated || retrieve(session, store) == Err(Refused::MustAuthenticate));
                match save(session, store) {
                    Ok(after) => {
                        assert!(!unauthenticated || store == Store::Empty);
                        assert_eq!(retrieve(Session::Authenticated, after), Ok(!unauthenticated));
                        to_do.push(after);
                    }
                    Err(error) => assert_eq!(error, Refused::MustAuthenticate),
                }
            }
        }
        assert_eq!(seen.len(), 3);
    }
}
