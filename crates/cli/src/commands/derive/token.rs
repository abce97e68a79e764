//! Tokens with which an application's server vouches for a user (KDF-10, KDF-11).

use super::{Application, Derived, User, failed};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::output::Output;
use crate::secret::{Given, Wanted};
use crate::status::Status;
use sealwright::envelope::OpenError;
use sealwright::kdf::value::{BadValue, PreValidationToken, TokenNonce, UserLicenseToken};
use sealwright::kdf::{ConnectorValue, SecretText, ValidationKey, pre_validation_token, user_license_token};
use sealwright::types::ValidationKeyId;
use sealwright::types::random::RandomError;
use serde::{Deserialize, Serialize};
use std::io;
use subtle::ConstantTimeEq as _;

/// Make a user license token with a fresh nonce, or check one (KDF-10).
#[derive(Debug, clap::Args)]
pub(super) struct LicenseArguments {
    #[command(flatten)]
    application: Application,
    #[command(flatten)]
    user: User,
    #[command(flatten)]
    key: Key,
}

/// Make a pre-validation token with a fresh nonce, or check one (KDF-11): JSON `{"domain_validation_key_id","nonce","token"}`.
#[derive(Debug, clap::Args)]
pub(super) struct PreValidationArguments {
    /// What the server vouches for, usually `userId@appId`.
    #[arg(long, value_name = "TEXT", value_parser = ConnectorValue::new)]
    connector_value: ConnectorValue,
    #[command(flatten)]
    key: Key,
}

#[derive(Debug, clap::Args)]
struct Key {
    /// The id of the validation key.
    #[arg(long, value_name = "ID", required_unless_present = "check")]
    validation_key_id: Option<ValidationKeyId>,
    /// A file with the validation key as UTF-8 text, without the line break at its end; `-` is standard input. Without this option it is asked
    /// for on a terminal.
    #[arg(long, value_name = "FILE")]
    validation_key_file: Option<Input>,
    /// Make no token: check the one in this file.
    #[arg(long, value_name = "FILE", conflicts_with = "validation_key_id")]
    check: Option<Input>,
}

/// A pre-validation token as JSON.
#[derive(Serialize, Deserialize)]
struct PreValidationFields<'a> {
    domain_validation_key_id: ValidationKeyId,
    nonce: &'a str,
    token: &'a str,
}

const TOKEN: Wanted = Wanted { name: "Token", option: "--check" };

impl LicenseArguments {
    pub(super) fn checks(&self) -> bool {
        self.key.check.is_some()
    }

    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let token = self.token(self.key.id()?, &self.key.read()?, fresh_nonce()?)?;
        Ok(Derived { usage: "user-license-token", encoding: "text", text: token.to_text() })
    }

    pub(super) fn check(&self, target: Option<&Output>, console: &Console) -> Result<Status, Failure> {
        let (given, key) = self.key.read_with_token(target)?;
        let token = UserLicenseToken::parse(given.text()?).map_err(|error| {
            let form = "a user license token is `<id of the validation key>:<64 hexadecimal digits>:<128 hexadecimal digits>` in lower case";
            malformed(error, &given).hint(form)
        })?;
        let derived = self.token(token.validation_key_id(), &key, token.nonce().clone())?;
        verdict(token.proof(), derived.proof(), &given, console)
    }

    fn token(&self, id: ValidationKeyId, key: &ValidationKey, nonce: TokenNonce) -> Result<UserLicenseToken, Failure> {
        user_license_token(&self.user.user_id, &self.application.app_id, id, key, nonce).map_err(failed)
    }
}

impl PreValidationArguments {
    pub(super) fn checks(&self) -> bool {
        self.key.check.is_some()
    }

    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let token = self.token(self.key.id()?, &self.key.read()?, fresh_nonce()?)?;
        let fields = PreValidationFields {
            domain_validation_key_id: token.validation_key_id(),
            nonce: token.nonce().as_str(),
            token: token.proof().expose(),
        };
        let text = serde_json::to_string(&fields).map(SecretText::from).map_err(io::Error::from)?;
        Ok(Derived { usage: "pre-validation-token", encoding: "json", text })
    }

    pub(super) fn check(&self, target: Option<&Output>, console: &Console) -> Result<Status, Failure> {
        let (given, key) = self.key.read_with_token(target)?;
        let form = "a pre-validation token is JSON `{\"domain_validation_key_id\",\"nonce\",\"token\"}`, the last two in lower-case hexadecimal";
        let fields: PreValidationFields<'_> = serde_json::from_str(given.text()?).map_err(|_| {
            Failure::new("malformed", "not a pre-validation token (KDF-11)").hint(form).at(given.place())
        })?;
        let nonce = TokenNonce::from_token(fields.nonce).map_err(|error| malformed(error, &given).hint(form))?;
        let derived = self.token(fields.domain_validation_key_id, &key, nonce)?;
        verdict(&SecretText::from(fields.token.to_owned()), derived.proof(), &given, console)
    }

    fn token(
        &self,
        id: ValidationKeyId,
        key: &ValidationKey,
        nonce: TokenNonce,
    ) -> Result<PreValidationToken, Failure> {
        pre_validation_token(&self.connector_value, id, key, nonce).map_err(failed)
    }
}

impl Key {
    fn id(&self) -> Result<ValidationKeyId, Failure> {
        self.validation_key_id
            .ok_or_else(|| Failure::usage("the id of the validation key is needed", "give it with --validation-key-id"))
    }

    fn read(&self) -> Result<ValidationKey, Failure> {
        let wanted = Wanted { name: "Validation key", option: "--validation-key-file" };
        let given = wanted.read(self.validation_key_file.as_ref())?;
        ValidationKey::new(given.text()?).map_err(|error| {
            Failure::of(&error)
                .hint_for("bad-value", "a validation key is a text of 1 to 1,024 bytes")
                .at(given.place())
        })
    }

    /// The token that is to be checked, and the key.
    fn read_with_token(&self, target: Option<&Output>) -> Result<(Given, ValidationKey), Failure> {
        if target.is_some() {
            return Err(Failure::usage("with --check nothing is made that could be written", "leave -o out"));
        }
        input::read_once(self.check.iter().chain(&self.validation_key_file))?;
        Ok((TOKEN.read(self.check.as_ref())?, self.read()?))
    }
}

/// Compared in constant time.
fn verdict(given: &SecretText, derived: &SecretText, token: &Given, console: &Console) -> Result<Status, Failure> {
    if !bool::from(given.ct_eq(derived)) {
        return Err(Failure::from(OpenError::Rejected)
            .hint("the token is for another user, application or connector value, was made with another validation key, or was changed")
            .at(token.place()));
    }
    console.line("the token is genuine")?;
    console.value(&serde_json::json!({ "genuine": true }))?;
    Ok(Status::Success)
}

fn malformed(error: BadValue, token: &Given) -> Failure {
    Failure::new("malformed", error).at(token.place())
}

fn fresh_nonce() -> Result<TokenNonce, Failure> {
    TokenNonce::random().map_err(|error: RandomError| Failure::of(&error))
}
