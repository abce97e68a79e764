//! `derivation`, `derivation-normalisation`, `derivation-value`: from a password to a key, what a text becomes, forms of raw values.

use super::{Kind, Seen, code};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_envelope::SymKey;
use sealwright_kdf::value::{
    AuthFactor, BadValue, Challenge, JwtText, RawKey64, RawSecret, RawStorageKey, RawSymKey, TokenNonce,
    UserLicenseToken,
};
use sealwright_kdf::{
    AppIdText, ConnectorValue, DatabaseKey, DeriveError, Password, PasswordError, SecretText, SpelledSessionId,
    Spelling, StoredSalt, UserIdText, ValidationKey, database_key, database_raw_key, group_self_add_message_key,
    group_self_add_secret, pre_validation_token, session_id_spellings, ssks_password_key, ssks_password_secret,
    sym_enc_key_key, sym_enc_key_key_spelled, sym_enc_key_secret, sym_enc_key_secret_spelled, two_man_rule_key,
    user_license_token,
};
use sealwright_types::b64;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use subtle::ConstantTimeEq as _;

pub(crate) struct Derivation;

/// Which use, and what goes into it; what a use does not take is null. `salt` is hexadecimal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(rename = "use")]
    usage: Use,
    password: Option<String>,
    raw_key: Option<String>,
    app_id: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    /// How the session id stands in the salt; null means hyphenated in lower case.
    spelling: Option<SpelledAs>,
    group_id: Option<String>,
    salt: Option<String>,
    validation_key: Option<String>,
    validation_key_id: Option<String>,
    connector_value: Option<String>,
    nonce: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Use {
    DatabaseKey,
    DatabaseKeyNotGiven,
    DatabaseRawKey,
    SsksPasswordSecret,
    SsksPasswordKey,
    TwoManRuleKey,
    SymEncKeySecret,
    SymEncKeyKey,
    GroupSelfAddMessageKey,
    GroupSelfAddSecret,
    UserLicenseToken,
    PreValidationToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SpelledAs {
    LowerCase,
    UpperCase,
    S64,
    AsGiven,
}

/// The key in base64, or the text as the use writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    derived: String,
}

impl Kind for Derivation {
    const NAME: &'static str = "derivation";
    const FAMILIES: &'static [&'static str] = &["KDF", "VAL"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let got = match input.derive() {
            Ok(derived) => Ok(Output { derived }),
            Err(Fault::Refused(code)) => Err(code),
            Err(Fault::File(error)) => return Err(error),
        };
        Ok(vec![Seen::whole("derive", got, |_| 0)])
    }
}

/// The library refuses, or the vector does not give what its use takes.
enum Fault {
    Refused(&'static str),
    File(LoadError),
}

impl From<DeriveError> for Fault {
    fn from(error: DeriveError) -> Self {
        Self::Refused(code(error))
    }
}

impl From<BadValue> for Fault {
    fn from(error: BadValue) -> Self {
        Self::Refused(code(error))
    }
}

impl From<PasswordError> for Fault {
    fn from(error: PasswordError) -> Self {
        Self::Refused(code(error))
    }
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Self {
        Self::File(error)
    }
}

impl Input {
    fn derive(&self) -> Result<String, Fault> {
        let key = |key: SymKey| b64::encode(key.expose());
        let text = |text: SecretText| text.expose().to_owned();
        Ok(match self.usage {
            Use::DatabaseKey => key(database_key(DatabaseKey::Given(&self.password()?), &self.app()?)?),
            Use::DatabaseKeyNotGiven => key(database_key(DatabaseKey::NotGiven, &self.app()?)?),
            Use::DatabaseRawKey => key(database_raw_key(&RawKey64::parse_tolerant(given(&self.raw_key)?)?)?),
            Use::SsksPasswordSecret => text(ssks_password_secret(&self.password()?, &self.app()?, &self.user()?)?),
            Use::SsksPasswordKey => {
                key(ssks_password_key(&self.password()?, &self.app()?, &self.user()?, &self.salt()?)?)
            }
            Use::TwoManRuleKey => key(two_man_rule_key(&self.password()?, &self.app()?, &self.user()?, &self.salt()?)?),
            Use::SymEncKeySecret => {
                let (password, app) = (self.password()?, self.app()?);
                text(match self.spelled()? {
                    Some(spelled) => sym_enc_key_secret_spelled(&password, &app, &spelled)?,
                    None => sym_enc_key_secret(&password, &app, id(&self.session_id)?)?,
                })
            }
            Use::SymEncKeyKey => {
                let (password, app) = (self.password()?, self.app()?);
                key(match self.spelled()? {
                    Some(spelled) => sym_enc_key_key_spelled(&password, &app, &spelled)?,
                    None => sym_enc_key_key(&password, &app, id(&self.session_id)?)?,
                })
            }
            Use::GroupSelfAddMessageKey => key(group_self_add_message_key(&self.password()?, &self.app()?)?),
            Use::GroupSelfAddSecret => {
                text(group_self_add_secret(&self.password()?, &self.app()?, id(&self.group_id)?)?)
            }
            Use::UserLicenseToken => {
                let (user, app, key) = (self.user()?, self.app()?, self.validation_key()?);
                let token = user_license_token(&user, &app, id(&self.validation_key_id)?, &key, self.nonce()?)?;
                // What is written has to be what is read.
                UserLicenseToken::parse(token.to_text().expose())?.proof().expose().to_owned()
            }
            Use::PreValidationToken => {
                let connector = ConnectorValue::new(given(&self.connector_value)?)?;
                let key = self.validation_key()?;
                pre_validation_token(&connector, id(&self.validation_key_id)?, &key, self.nonce()?)?
                    .proof()
                    .expose()
                    .to_owned()
            }
        })
    }

    fn password(&self) -> Result<Password, Fault> {
        Ok(Password::new(given(&self.password)?)?)
    }

    fn app(&self) -> Result<AppIdText, Fault> {
        Ok(AppIdText::new(given(&self.app_id)?)?)
    }

    fn user(&self) -> Result<UserIdText, Fault> {
        Ok(UserIdText::parse_tolerant(given(&self.user_id)?)?)
    }

    fn validation_key(&self) -> Result<ValidationKey, Fault> {
        Ok(ValidationKey::new(given(&self.validation_key)?)?)
    }

    fn nonce(&self) -> Result<TokenNonce, Fault> {
        Ok(TokenNonce::from_token(given(&self.nonce)?)?)
    }

    fn salt(&self) -> Result<StoredSalt, LoadError> {
        let bytes = hex::decode(given(&self.salt)?).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(StoredSalt::from_blob).ok_or_else(|| LoadError::material("a salt that is not 32 bytes"))
    }

    /// The session id as the vector wants it spelled, `None` when it leaves the spelling to us.
    fn spelled(&self) -> Result<Option<SpelledSessionId>, LoadError> {
        let Some(spelling) = self.spelling else { return Ok(None) };
        let text = given(&self.session_id)?;
        let candidates = session_id_spellings(text).map_err(|_| LoadError::material("a session that is no id"))?;
        let wanted = |candidate: &SpelledSessionId| match spelling {
            SpelledAs::LowerCase => candidate.spelling() == Spelling::LowerCase,
            SpelledAs::UpperCase => candidate.spelling() == Spelling::UpperCase,
            SpelledAs::S64 => candidate.spelling() == Spelling::S64,
            SpelledAs::AsGiven => candidate.as_str() == text,
        };
        let found = candidates.into_iter().find(wanted);
        found.map(Some).ok_or_else(|| LoadError::material("a spelling that the session id does not have"))
    }
}

fn given(member: &Option<String>) -> Result<&str, LoadError> {
    member.as_deref().ok_or_else(|| LoadError::material("the use needs a member that is null"))
}

fn id<T: FromStr>(member: &Option<String>) -> Result<T, LoadError> {
    given(member)?.parse().map_err(|_| LoadError::material("not an id"))
}

pub(crate) struct Normalisation;

/// A text, and bytes in hexadecimal that are in normal form themselves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    text: String,
    utf8: String,
}

/// Whether the text becomes these bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Same {
    same: bool,
}

impl Kind for Normalisation {
    const NAME: &'static str = "derivation-normalisation";
    const FAMILIES: &'static [&'static str] = &["KDF"];
    const OPENS: bool = false;
    type In = Text;
    type Out = Same;

    /// From outside only equality shows: a text and its normal form are one password.
    fn run(Text { text, utf8 }: &Text, _: Material<'_>) -> Result<Vec<Seen<Same>>, LoadError> {
        let normal = hex::decode(utf8).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let normal = normal.ok_or_else(|| LoadError::material("not UTF-8 in hexadecimal"))?;
        let got = Password::new(text).and_then(|one| Ok((one, Password::new(&normal)?)));
        let got = got.map(|(one, other)| Same { same: bool::from(one.ct_eq(&other)) });
        Ok(vec![Seen::whole("password", got.map_err(code), |_| 0)])
    }
}

pub(crate) struct Value;

/// A raw value as text, which one it is, and whether it exists already (`read`) or is made anew (`write`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    value: Which,
    mode: Mode,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Which {
    RawKey,
    RawSymKey,
    RawStorageKey,
    UserId,
    RawSecret,
    AuthFactorEmail,
    AuthFactorSms,
    Challenge,
    UserLicenseToken,
    Jwt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    Read,
    Write,
}

/// The value as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    text: String,
}

impl Kind for Value {
    const NAME: &'static str = "derivation-value";
    const FAMILIES: &'static [&'static str] = &["VAL"];
    const OPENS: bool = false;
    type In = Raw;
    type Out = Written;

    fn run(Raw { value, mode, text }: &Raw, _: Material<'_>) -> Result<Vec<Seen<Written>>, LoadError> {
        let secret = |text: &SecretText| text.expose().to_owned();
        let got = match (value, mode) {
            (Which::RawKey, Mode::Read) => RawKey64::parse_tolerant(text).map(|key| secret(&key.to_text())),
            (Which::RawKey, Mode::Write) => RawKey64::parse_strict(text).map(|key| secret(&key.to_text())),
            (Which::RawSymKey, Mode::Read) => {
                RawSymKey::parse_tolerant(text).map(|key| b64::encode(key.key().expose()))
            }
            (Which::RawSymKey, Mode::Write) => {
                RawSymKey::parse_strict(text).and_then(|key| key.to_text()).map(|text| secret(&text))
            }
            (Which::RawStorageKey, Mode::Read) => RawStorageKey::parse_tolerant(text).map(|key| secret(key.text())),
            (Which::RawStorageKey, Mode::Write) => RawStorageKey::parse_strict(text).map(|key| secret(key.text())),
            (Which::UserId, Mode::Read) => UserIdText::parse_tolerant(text).map(|user| user.as_str().to_owned()),
            (Which::UserId, Mode::Write) => UserIdText::parse_strict(text).map(|user| user.as_str().to_owned()),
            // These are read and written alike.
            (Which::RawSecret, _) => RawSecret::new(text).map(|raw| secret(raw.text())),
            (Which::AuthFactorEmail, _) => AuthFactor::email(text).map(|factor| factor.value().to_owned()),
            (Which::AuthFactorSms, _) => AuthFactor::sms(text).map(|factor| factor.value().to_owned()),
            (Which::Challenge, _) => Challenge::new(text).map(|challenge| secret(challenge.text())),
            (Which::UserLicenseToken, _) => UserLicenseToken::parse(text).map(|token| secret(&token.to_text())),
            (Which::Jwt, _) => JwtText::parse(text).map(|jwt| secret(jwt.text())),
        };
        Ok(vec![Seen::whole("value", got.map(|text| Written { text }).map_err(code), |_| 0)])
    }
}
