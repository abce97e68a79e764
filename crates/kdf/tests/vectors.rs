//! The formal vectors of `vectors/derivation`, through the public face.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_kdf::value::{
    AuthFactor, BadValue, Challenge, JwtText, RawKey64, RawSecret, RawStorageKey, RawSymKey, TokenNonce,
    UserLicenseToken,
};
use sealwright_kdf::*;
use sealwright_types::{Coded, b64};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<I> {
    schema: String,
    #[serde(rename = "source")]
    _source: BTreeMap<String, String>,
    notes: BTreeMap<String, serde_json::Value>,
    count: usize,
    tests: Vec<Test<I>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test<I> {
    id: String,
    #[serde(rename = "rule")]
    _rule: String,
    comment: String,
    #[serde(rename = "in")]
    input: I,
    result: String,
    out: Option<String>,
    error: Option<String>,
    flags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Use {
    #[serde(rename = "use")]
    name: String,
    password: Option<String>,
    raw_key: Option<String>,
    app_id: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    spelling: Option<String>,
    group_id: Option<String>,
    salt: Option<String>,
    validation_key: Option<String>,
    validation_key_id: Option<String>,
    connector_value: Option<String>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    value: String,
    mode: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

/// Reads a file and checks what holds for each: its schema, its count, ids that occur once, flags that are explained.
fn load<I: DeserializeOwned>(name: &str, schema: &str) -> Vec<Test<I>> {
    let path = format!("{}/../../vectors/derivation/{name}", env!("CARGO_MANIFEST_DIR"));
    let file: File<I> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(file.schema, schema);
    assert!(file.count > 0 && file.count == file.tests.len());
    let ids: BTreeSet<_> = file.tests.iter().map(|test| &test.id).collect();
    assert_eq!(ids.len(), file.count);
    let flags: BTreeSet<_> = file.tests.iter().flat_map(|test| &test.flags).collect();
    assert!(flags.into_iter().eq(file.notes.keys()));
    file.tests
}

impl<I> Test<I> {
    fn check(&self, got: Result<String, String>) {
        let expected = match self.result.as_str() {
            "valid" => Ok(self.out.clone().expect("out")),
            "invalid" => Err(self.error.clone().expect("error")),
            other => panic!("result {other}"),
        };
        assert_eq!(got, expected, "{}: {}", self.id, self.comment);
    }
}

type Outcome = Result<String, String>;

fn code(error: impl Coded) -> String {
    error.code().to_owned()
}

fn key_text(key: &SymKey) -> String {
    b64::encode(key.expose())
}

impl Use {
    fn run(&self) -> Outcome {
        let key = |derived: Result<SymKey, DeriveError>| derived.map(|key| key_text(&key)).map_err(code);
        let text =
            |derived: Result<SecretText, DeriveError>| derived.map(|text| text.expose().to_owned()).map_err(code);
        match self.name.as_str() {
            "database-key" => key(database_key(DatabaseKey::Given(&self.password()?), &self.app()?)),
            "database-key-not-given" => key(database_key(DatabaseKey::NotGiven, &self.app()?)),
            "database-raw-key" => {
                let raw = RawKey64::parse_tolerant(self.raw_key.as_ref().unwrap()).map_err(code)?;
                key(database_raw_key(&raw))
            }
            "ssks-password-secret" => text(ssks_password_secret(&self.password()?, &self.app()?, &self.user()?)),
            "ssks-password-key" => key(ssks_password_key(&self.password()?, &self.app()?, &self.user()?, &self.salt())),
            "two-man-rule-key" => key(two_man_rule_key(&self.password()?, &self.app()?, &self.user()?, &self.salt())),
            "sym-enc-key-secret" => {
                let (password, app) = (self.password()?, self.app()?);
                text(match self.spelled() {
                    Ok(spelled) => sym_enc_key_secret_spelled(&password, &app, &spelled),
                    Err(id) => sym_enc_key_secret(&password, &app, id.parse().unwrap()),
                })
            }
            "sym-enc-key-key" => {
                let (password, app) = (self.password()?, self.app()?);
                key(match self.spelled() {
                    Ok(spelled) => sym_enc_key_key_spelled(&password, &app, &spelled),
                    Err(id) => sym_enc_key_key(&password, &app, id.parse().unwrap()),
                })
            }
            "group-self-add-message-key" => key(group_self_add_message_key(&self.password()?, &self.app()?)),
            "group-self-add-secret" => {
                let group = self.group_id.as_ref().unwrap().parse().unwrap();
                text(group_self_add_secret(&self.password()?, &self.app()?, group))
            }
            "user-license-token" => {
                let id = self.validation_key_id.as_ref().unwrap().parse().unwrap();
                let token = user_license_token(&self.user()?, &self.app()?, id, &self.validation_key()?, self.nonce()?)
                    .map_err(code)?;
                let read = UserLicenseToken::parse(token.to_text().expose()).unwrap();
                assert_eq!((read.validation_key_id(), read.nonce()), (id, token.nonce()));
                Ok(read.proof().expose().to_owned())
            }
            "pre-validation-token" => {
                let connector = ConnectorValue::new(self.connector_value.as_ref().unwrap()).map_err(code)?;
                let id = self.validation_key_id.as_ref().unwrap().parse().unwrap();
                let token =
                    pre_validation_token(&connector, id, &self.validation_key()?, self.nonce()?).map_err(code)?;
                assert_eq!(token.validation_key_id(), id);
                assert_eq!(token.nonce().as_str(), self.nonce.as_deref().unwrap());
                Ok(token.proof().expose().to_owned())
            }
            other => panic!("unknown use {other}"),
        }
    }

    fn password(&self) -> Result<Password, String> {
        Password::new(self.password.as_ref().unwrap()).map_err(code)
    }

    fn app(&self) -> Result<AppIdText, String> {
        AppIdText::new(self.app_id.as_ref().unwrap()).map_err(code)
    }

    fn user(&self) -> Result<UserIdText, String> {
        UserIdText::parse_tolerant(self.user_id.as_ref().unwrap()).map_err(code)
    }

    fn validation_key(&self) -> Result<ValidationKey, String> {
        ValidationKey::new(self.validation_key.as_ref().unwrap()).map_err(code)
    }

    fn nonce(&self) -> Result<TokenNonce, String> {
        TokenNonce::from_token(self.nonce.as_ref().unwrap()).map_err(code)
    }

    fn salt(&self) -> StoredSalt {
        let mut salt = [0; StoredSalt::LENGTH];
        let digits = self.salt.as_ref().unwrap();
        assert_eq!(digits.len(), 2 * salt.len());
        for (byte, at) in salt.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        }
        StoredSalt::from_blob(salt)
    }

    /// The session id as the vector wants it spelled; `Err` with the id when it leaves the spelling to us.
    fn spelled(&self) -> Result<SpelledSessionId, &str> {
        let id = self.session_id.as_deref().unwrap();
        let Some(spelling) = &self.spelling else { return Err(id) };
        let candidates = session_id_spellings(id).unwrap();
        let wanted = |candidate: &SpelledSessionId| match spelling.as_str() {
            "lower-case" => candidate.spelling() == Spelling::LowerCase,
            "upper-case" => candidate.spelling() == Spelling::UpperCase,
            "s64" => candidate.spelling() == Spelling::S64,
            "as-given" => candidate.as_str() == id,
            other => panic!("unknown spelling {other}"),
        };
        Ok(candidates.into_iter().find(wanted).unwrap())
    }
}

#[test]
fn uses() {
    let tests: Vec<Test<Use>> = load("uses.json", "sealwright-vectors/derivation/1");
    for result in ["valid", "invalid"] {
        let uses = tests.iter().filter(|test| test.result == result).map(|test| test.input.name.as_str());
        // Every use derives something, and each one that takes an input refuses something.
        assert_eq!(uses.collect::<BTreeSet<_>>().len(), 12, "{result}");
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for first in 0..threads {
            let part = tests.iter().skip(first).step_by(threads);
            scope.spawn(move || part.for_each(|test| test.check(test.input.run())));
        }
    });
}

impl Value {
    fn run(&self) -> Outcome {
        let text = self.text.as_str();
        let strict = match self.mode.as_str() {
            "read" => false,
            "write" => true,
            other => panic!("unknown mode {other}"),
        };
        let secret = |text: &SecretText| text.expose().to_owned();
        let written: Result<String, BadValue> = match (self.value.as_str(), strict) {
            ("raw-key", false) => RawKey64::parse_tolerant(text).map(|key| secret(&key.to_text())),
            ("raw-key", true) => RawKey64::parse_strict(text).map(|key| secret(&key.to_text())),
            ("raw-sym-key", false) => RawSymKey::parse_tolerant(text).map(|key| key_text(key.key())),
            ("raw-sym-key", true) => {
                RawSymKey::parse_strict(text).and_then(|key| key.to_text()).map(|text| secret(&text))
            }
            ("raw-storage-key", false) => RawStorageKey::parse_tolerant(text).map(|key| secret(key.text())),
            ("raw-storage-key", true) => RawStorageKey::parse_strict(text).map(|key| secret(key.text())),
            ("user-id", false) => UserIdText::parse_tolerant(text).map(|user| user.as_str().to_owned()),
            ("user-id", true) => UserIdText::parse_strict(text).map(|user| user.as_str().to_owned()),
            ("raw-secret", true) => RawSecret::new(text).map(|raw| secret(raw.text())),
            ("auth-factor-email", true) => AuthFactor::email(text).map(|factor| factor.value().to_owned()),
            ("auth-factor-sms", true) => AuthFactor::sms(text).map(|factor| factor.value().to_owned()),
            ("challenge", true) => Challenge::new(text).map(|challenge| secret(challenge.text())),
            ("user-license-token", true) => UserLicenseToken::parse(text).map(|token| secret(&token.to_text())),
            ("jwt", true) => JwtText::parse(text).map(|jwt| secret(jwt.text())),
            (other, _) => panic!("unknown value {other}"),
        };
        written.map_err(code)
    }
}

#[test]
fn values() {
    for test in load::<Value>("values.json", "sealwright-vectors/derivation-value/1") {
        test.check(test.input.run());
    }
}

/// From outside only equality shows: a text and its normal form are one password. The bytes are compared inside the crate.
#[test]
fn normalisation() {
    for test in load::<Text>("normalisation.json", "sealwright-vectors/derivation-normalisation/1") {
        let digits = test.out.as_ref().unwrap();
        let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
        let normal = String::from_utf8(bytes.collect()).unwrap();
        match (Password::new(&test.input.text), Password::new(&normal)) {
            (Ok(one), Ok(other)) => {
                assert!(bool::from(subtle::ConstantTimeEq::ct_eq(&one, &other)), "{}", test.comment);
            }
            (Err(error), Err(_)) => assert_eq!((error.code(), normal.as_str()), ("empty-password", "")),
            _ => panic!("{}", test.comment),
        }
    }
}
