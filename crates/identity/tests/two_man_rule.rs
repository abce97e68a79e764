//! The protocol of the two-man rule, played against the decisions of the other side (SSKS-01..13).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use sealwright_identity::ssks::two_man_rule::Credential;
use sealwright_identity::ssks::{Account, Blob};
use sealwright_identity::two_man_rule::backend::{self, Refused, Session as Seen, Store};
use sealwright_identity::two_man_rule::{
    Active, Call, ChallengeAnswer, Client, Copies, PrepareError, Request, RetrieveError, Retrieved, SearchAnswer,
    SessionToken, Started, auth_factor,
};
use sealwright_identity::{Identity, KeyPair};
use sealwright_kdf::value::{AuthFactor, Challenge, RawKey64};
use sealwright_kdf::{AppIdText, UserIdText};
use sealwright_types::{Coded as _, DeviceId, UserId};
use sealwright_wrap::KeySize;
use std::sync::LazyLock;

/// Key generation is what takes time here.
static PAIRS: LazyLock<[KeyPair; 3]> = LazyLock::new(|| {
    let single = |_| {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap().encryption;
        KeyPair { encryption: key.clone(), signing: key }
    };
    [0, 1, 2].map(single)
});

fn identity() -> Identity {
    let mut identity =
        Identity::generate(UserId::random().unwrap(), DeviceId::random().unwrap(), KeySize::Rsa2048).unwrap();
    identity = identity.prepare_renewal(PAIRS[0].clone()).unwrap().adopt_prepared();
    identity
}

static IDENTITY: LazyLock<Vec<u8>> = LazyLock::new(|| identity().to_bson().into_exposed());

fn stored_identity() -> Identity {
    Identity::from_bson(&IDENTITY).unwrap().identity
}

fn factor() -> AuthFactor {
    AuthFactor::email("Alice@Example.com").unwrap()
}

fn client(byte: u8) -> Client {
    let account = Account {
        app: AppIdText::new("12345678-1234-4abc-8def-1234567890ab").unwrap(),
        user: UserIdText::parse_tolerant("user-1").unwrap(),
    };
    Client::new(account, factor(), Credential::Raw(RawKey64::from_bytes(&[byte; 64]).unwrap())).unwrap()
}

fn token(text: &str) -> SessionToken {
    SessionToken::new(text).unwrap()
}

fn challenge(text: &str) -> Challenge {
    Challenge::new(text).unwrap()
}

/// A store that keeps to the decisions of `backend`, with sessions called `open` and `authenticated`.
struct Server {
    state: Store,
    blob: Option<Blob>,
    must_authenticate: bool,
    challenge: Challenge,
}

impl Server {
    fn new(state: Store, blob: Option<Blob>) -> Self {
        let must_authenticate = backend::must_authenticate(state, false);
        Self { state, blob, must_authenticate, challenge: challenge("abcdefgh") }
    }

    fn seen(&self, request: &Request) -> Seen {
        match request.session().text().expose() {
            "authenticated" => Seen::Authenticated,
            "open" => Seen::Open { must_authenticate: self.must_authenticate },
            other => panic!("{other}"),
        }
    }

    fn push(&mut self, request: &Request) -> Result<(), Refused> {
        self.state = backend::save(self.seen(request), self.state)?;
        let Call::Push { blob, .. } = request.call() else { panic!("{}", request.path()) };
        self.blob = Some(blob.clone());
        Ok(())
    }

    fn search(&self, request: &Request) -> SearchAnswer {
        assert!(matches!(request.call(), Call::Search));
        match backend::retrieve(self.seen(request), self.state) {
            Ok(authenticated) => SearchAnswer::Found { blob: self.blob.clone().unwrap(), authenticated },
            Err(Refused::NoIdentity) => SearchAnswer::NotFound,
            Err(other) => panic!("{other}"),
        }
    }

    fn validate(&self, request: &Request) -> ChallengeAnswer {
        let Call::Validate { challenge, .. } = request.call() else { panic!("{}", request.path()) };
        match backend::validate(&self.challenge, 0, challenge, 60) {
            Ok(_) => ChallengeAnswer::Validated(token("authenticated")),
            Err(_) => ChallengeAnswer::Refused,
        }
    }
}

/// A server on which an identity was saved for the first time, without a challenge.
fn after_first_save() -> Server {
    let mut server = Server::new(Store::Empty, None);
    let session = client(1).start(token("open"), server.must_authenticate).into_open().unwrap();
    server.push(&session.save_first(&stored_identity()).unwrap()).unwrap();
    assert_eq!(server.state, Store::Unauthenticated);
    server.must_authenticate = backend::must_authenticate(server.state, false);
    server
}

fn authenticated(
    server: &Server,
) -> sealwright_identity::two_man_rule::Session<sealwright_identity::two_man_rule::Authenticated> {
    let Started::Locked(session) = client(1).start(token("open"), true) else { panic!("locked") };
    let (request, validating) = session.validate(challenge("abcdefgh"));
    validating.answer(server.validate(&request)).unwrap()
}

#[test]
fn an_unauthenticated_save_is_renewed_before_anything_else() {
    let mut server = after_first_save();
    let former = stored_identity().current().encryption.hash();
    let (request, retrieving) = authenticated(&server).retrieve();
    let Retrieved::MustRenew(due) = retrieving.answer(server.search(&request)).unwrap() else { panic!("SSKS-07") };
    assert_eq!(due.identity().current().encryption.hash(), former);

    let storing = due.prepare(PAIRS[1].clone()).unwrap();
    server.push(storing.request()).unwrap();
    // Here the application may crash: the stored identity has the former keys and the new ones.
    let (request, retrieving) = authenticated(&server).retrieve();
    let Retrieved::Identity(_, crashed) = retrieving.answer(server.search(&request)).unwrap() else { panic!() };
    let held: Vec<_> = crashed.identity.encryption_keys().map(|key| key.hash()).collect();
    assert!(held.contains(&former) && held.contains(&PAIRS[1].encryption.hash()), "SSKS-08, IDN-40");

    let prepared = storing.stored();
    assert_eq!(prepared.new_keys().unwrap().encryption.hash(), PAIRS[1].encryption.hash());
    let storing = prepared.renewed().unwrap();
    server.push(storing.request()).unwrap();
    let renewed = storing.stored();
    assert_eq!(renewed.copies, Copies, "SSKS-10");
    assert_eq!(renewed.identity.current().encryption.hash(), PAIRS[1].encryption.hash());
    assert!(renewed.identity.encryption_keys().any(|key| key.hash() == former));
    renewed.finish().unwrap();
    assert_eq!(server.state, Store::Authenticated);

    let (request, retrieving) = authenticated(&server).retrieve();
    let Retrieved::Identity(session, read) = retrieving.answer(server.search(&request)).unwrap() else {
        panic!("SSKS-06")
    };
    assert!(read.identity.prepared().is_none());
    session.finish().unwrap();
}

#[test]
fn whoever_stops_before_the_renewal_is_stored_is_told() {
    let server = after_first_save();
    let due = || {
        let (request, retrieving) = authenticated(&server).retrieve();
        let Retrieved::MustRenew(due) = retrieving.answer(server.search(&request)).unwrap() else { panic!() };
        due
    };
    assert_eq!(due().finish().unwrap_err().code(), "must-renew");
    let storing = due().prepare(PAIRS[1].clone()).unwrap();
    assert_eq!(storing.finish().unwrap_err().code(), "must-renew");
    let prepared = due().prepare(PAIRS[1].clone()).unwrap().stored();
    assert_eq!(prepared.finish().unwrap_err().code(), "must-renew");
    let storing = due().prepare(PAIRS[1].clone()).unwrap().stored().renewed().unwrap();
    assert_eq!(storing.finish().unwrap_err().code(), "must-renew");
    // The key server refused: as due as before, and the keys are the former ones.
    let due = due().prepare(PAIRS[1].clone()).unwrap().stored().refused();
    assert_eq!(due.identity().current().encryption.hash(), PAIRS[0].encryption.hash());
    assert!(due.identity().prepared().is_none());
    assert_eq!(due.finish().unwrap_err().code(), "must-renew");
}

#[test]
fn a_prepared_renewal_from_before_is_decided_first() {
    let mut server = after_first_save();
    let prepared = stored_identity().prepare_renewal(PAIRS[1].clone()).unwrap();
    let session = client(1).start(token("open"), false).into_open().unwrap();
    let request = session.save_first(&prepared).unwrap();
    let Call::Push { blob, .. } = request.call() else { panic!() };
    server.blob = Some(blob.clone());
    for (active, current) in [(Active::Current, 0), (Active::Prepared, 1)] {
        let (request, retrieving) = authenticated(&server).retrieve();
        let Retrieved::MustRenew(due) = retrieving.answer(server.search(&request)).unwrap() else { panic!() };
        let failed = due.prepare(PAIRS[2].clone()).unwrap_err();
        assert_eq!((failed.error, failed.error.code()), (PrepareError::Undecided, "prepared-undecided"));
        let due = failed.state.decide(active);
        assert_eq!(due.identity().current().encryption.hash(), PAIRS[current].encryption.hash());
        assert!(due.prepare(PAIRS[2].clone()).is_ok());
    }
}

#[test]
fn a_locked_session_does_nothing_without_a_challenge() {
    let error = client(1).start(token("open"), true).into_open().unwrap_err();
    assert_eq!(error.code(), "must-authenticate");
    // The session is not lost.
    let (request, validating) = error.0.validate(challenge("zzzzzzzz"));
    let server = after_first_save();
    let refused = validating.answer(server.validate(&request)).unwrap_err();
    assert_eq!(refused.code(), "invalid-challenge");
    let (request, validating) = refused.0.validate(challenge("abcdefgh"));
    let session = validating.answer(server.validate(&request)).unwrap();
    let (request, _) = session.retrieve();
    assert_eq!(request.session().text().expose(), "authenticated", "SSKS-03");
}

#[test]
fn the_other_side_refuses_a_second_save_without_a_challenge() {
    let mut server = after_first_save();
    // A client that is told a lie about `must_authenticate`.
    let session = client(1).start(token("open"), false).into_open().unwrap();
    let refused = server.push(&session.save_first(&stored_identity()).unwrap()).unwrap_err();
    assert_eq!((refused, refused.code()), (Refused::MustAuthenticate, "must-authenticate"));
}

#[test]
fn nothing_stored_and_a_wrong_key_give_the_session_back() {
    let empty = Server::new(Store::Empty, None);
    let (request, retrieving) = authenticated(&empty).retrieve();
    let failed = retrieving.answer(empty.search(&request)).unwrap_err();
    assert_eq!((failed.error, failed.code()), (RetrieveError::NoIdentity, "no-identity"));
    let mut server = empty;
    server.push(&failed.session.save(&stored_identity()).unwrap()).unwrap();
    assert_eq!(server.state, Store::Authenticated, "SSKS-04");

    let Started::Locked(session) = client(2).start(token("open"), true) else { panic!() };
    let (request, validating) = session.validate(challenge("abcdefgh"));
    let (request, retrieving) = validating.answer(server.validate(&request)).unwrap().retrieve();
    assert_eq!(retrieving.answer(server.search(&request)).unwrap_err().code(), "rejected");
}

#[test]
fn requests_have_the_documented_paths_and_bodies() {
    let server = after_first_save();
    let Started::Locked(session) = client(1).start(token("open"), true) else { panic!() };
    let (request, validating) = session.validate(challenge("abcdefgh"));
    let body = |request: &Request| serde_json::to_string(request.call()).unwrap();
    assert_eq!(request.path(), "/tmr/front/challenge_validate/");
    assert_eq!(body(&request), r#"{"challenge":"abcdefgh","auth_factor":{"type":"EM","value":"alice@example.com"}}"#);
    let session = validating.answer(server.validate(&request)).unwrap();
    let token = session.factor_token();
    assert_eq!(token.path(), "/tmr/front/get_factor_token/");
    assert_eq!(body(&token), r#"{"auth_factor_type":"EM","auth_factor_value":"alice@example.com"}"#);
    let push = session.save(&stored_identity()).unwrap();
    assert_eq!(push.path(), "/tmr/front/push/");
    let body_of_push = body(&push);
    assert!(body_of_push.starts_with(r#"{"data_b64":""#));
    assert!(body_of_push.ends_with(r#"","auth_factor":{"type":"EM","value":"alice@example.com"}}"#));
    let (search, _) = session.retrieve();
    assert_eq!((search.path(), body(&search).as_str()), ("/tmr/front/search/", "{}"));
}

#[test]
fn a_factor_has_exactly_one_form() {
    assert_eq!(auth_factor(Some("Alice@Example.com"), None), Ok(factor()));
    assert_eq!(auth_factor(None, Some(factor())), Ok(factor()));
    for (email, factor) in [(None, None), (Some("a@b.c"), Some(factor()))] {
        assert_eq!(auth_factor(email, factor).unwrap_err().code(), "credential-conflict", "SSKS-13");
    }
    assert_eq!(auth_factor(Some("nobody"), None).unwrap_err().code(), "bad-value");
    for bad in ["", "a b", "a\n", &"x".repeat(1025)] {
        assert!(SessionToken::new(bad).is_err());
    }
}
