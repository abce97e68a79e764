//! Tokens of an application's server (JWT-01).
#![cfg(feature = "jwt")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use sealwright_identity::jwt::{Claims, Connector, Lifetime, Scope, SharedSecret};
use sealwright_kdf::value::AuthFactor;
use sealwright_types::{Coded as _, UserId};
use serde_json::{Value, json};

const NOW: u64 = 1_795_289_582;
const AGE: Lifetime = Lifetime::seconds(600);

fn secret() -> SharedSecret {
    SharedSecret::new("secret-1", "the characters of the secret").unwrap()
}

fn claims_of(claims: &Claims) -> Value {
    let token = secret().sign(claims).unwrap();
    let middle = token.text().expose().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&sealwright_types::b64::decode_tolerant(middle).unwrap()).unwrap()
}

fn without_jti(mut claims: Value) -> Value {
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 32, "16 random bytes");
    claims
}

/// Signs any claims, as another library would.
fn forged(algorithm: jsonwebtoken::Algorithm, claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(b"the characters of the secret");
    jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm), claims, &key).unwrap()
}

#[test]
fn tokens_hold_the_documented_claims_and_no_others() {
    let user = UserId::random().unwrap();
    let ap = || Connector::application("user-1@app").unwrap();
    let table = [
        (
            Claims::sign_up(Some(ap()), NOW).unwrap(),
            json!({ "scopes": [3, 4], "join_team": true, "connector_add": { "type": "AP", "value": "user-1@app" } }),
        ),
        (Claims::sign_up(None, NOW).unwrap(), json!({ "scopes": [3], "join_team": true })),
        (
            Claims::add_connector(Connector::email("A@b.c").unwrap(), NOW).unwrap(),
            json!({ "scopes": [4], "connector_add": { "type": "EM", "value": "a@b.c" } }),
        ),
        (
            Claims::find_keys(vec![user], &[AuthFactor::sms("+33").unwrap()], NOW).unwrap(),
            json!({ "scopes": [1], "recipients": [user], "tmr_recipients": [{ "auth_factor_value": "+33", "auth_factor_type": "SMS" }] }),
        ),
        (Claims::retrieve_session(NOW).unwrap(), json!({ "scopes": [5] })),
    ];
    for (claims, mut expected) in table {
        expected["iss"] = json!("secret-1");
        expected["iat"] = json!(NOW);
        assert_eq!(without_jti(claims_of(&claims)), expected);
        let token = secret().sign(&claims).unwrap();
        assert!(token.text().expose().starts_with("eyJ"));
        let checked = secret().check(token.text().expose(), NOW, AGE).unwrap();
        assert_eq!(checked.issued_at(), NOW);
    }
    let (one, other) = (Claims::retrieve_session(NOW).unwrap(), Claims::retrieve_session(NOW).unwrap());
    assert_ne!(claims_of(&one)["jti"], claims_of(&other)["jti"]);
}

#[test]
fn what_is_checked_is_typed() {
    let user = UserId::random().unwrap();
    let sign_up = Claims::sign_up(Some(Connector::application("x").unwrap()), NOW).unwrap();
    let token = secret().sign(&sign_up).unwrap();
    let claims = secret().check(token.text().expose(), NOW, AGE).unwrap();
    assert!(claims.joins_team() && claims.allows(Scope::JoinTeam) && claims.allows(Scope::AddConnector));
    assert!(!claims.allows(Scope::AnonymousFindKeys));
    assert_eq!(claims.connector().unwrap().value(), "x");
    // A `retrieveSessionToken` has these three claims only; -1 is everything.
    for (scopes, allowed) in
        [(json!([5]), true), (json!([-1]), true), (json!([0, 1, 2, 3, 4]), false), (json!([]), false)]
    {
        let token = forged(jsonwebtoken::Algorithm::HS256, &json!({ "iss": "secret-1", "iat": NOW, "scopes": scopes }));
        let claims = secret().check(&token, NOW, AGE).unwrap();
        assert_eq!(claims.allows(Scope::AnonymousFindSymEncKey), allowed, "{scopes}");
    }
    let token = forged(
        jsonwebtoken::Algorithm::HS256,
        &json!({ "iss": "secret-1", "iat": NOW, "recipients": [user], "owner": user }),
    );
    assert_eq!(secret().check(&token, NOW, AGE).unwrap().recipients(), [user]);
}

#[test]
fn a_token_is_checked_against_secret_algorithm_issuer_claims_and_clock() {
    use jsonwebtoken::Algorithm::{HS256, HS384, HS512};
    let code = |token: &str, now| secret().check(token, now, AGE).map_or_else(|error| error.code(), |_| "ok");
    let good = json!({ "iss": "secret-1", "iat": NOW, "scopes": [5] });
    let token = forged(HS256, &good);
    for (now, expected) in [
        (NOW, "ok"),
        (NOW + 600, "ok"),
        (NOW + 601, "expired"),
        (NOW - 60, "ok"),
        (NOW - 61, "expired"),
        (0, "expired"),
        (u64::MAX, "expired"),
    ] {
        assert_eq!(code(&token, now), expected, "{now}");
    }
    let other = SharedSecret::new("secret-1", "other characters").unwrap();
    assert_eq!(other.check(&token, NOW, AGE).unwrap_err().code(), "rejected");
    let other_id = SharedSecret::new("secret-2", "the characters of the secret").unwrap();
    assert_eq!(other_id.check(&token, NOW, AGE).unwrap_err().code(), "rejected");
    for algorithm in [HS384, HS512] {
        assert_eq!(code(&forged(algorithm, &good), NOW), "malformed", "{algorithm:?}");
    }
    // No signature at all: alg "none".
    let none = ["eyJhbGciOiJub25lIn0", token.split('.').nth(1).unwrap(), ""].join(".");
    assert_eq!(code(&none, NOW), "malformed");
    for (name, value) in [
        ("iat", json!("text")),
        ("iat", json!(-1)),
        ("scopes", json!([6])),
        ("scopes", json!([-2])),
        ("exp", json!(NOW)),
        ("admin", json!(true)),
        ("connector_add", json!({ "type": "XX", "value": "v" })),
        ("connector_add", json!({ "type": "AP", "value": "v", "more": 1 })),
        ("recipients", json!(["not an id"])),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        assert_eq!(code(&forged(HS256, &claims), NOW), "malformed", "{claims}");
    }
    let mut nobody = good.clone();
    nobody.as_object_mut().unwrap().remove("iss");
    assert_eq!(code(&forged(HS256, &nobody), NOW), "rejected");
    for bad in ["", "a.b", "a.b.c", &format!("{token}="), &format!("{token}\n"), &token[..token.len() - 1]] {
        assert_ne!(code(bad, NOW), "ok", "{bad:?}");
    }
    assert!(SharedSecret::new("", "x").is_err() && SharedSecret::new("x", "").is_err());
}
