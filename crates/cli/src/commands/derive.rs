//! `derive`: the keys and secrets that the SDKs derive from passwords (docs/spec/DERIVATION.md section 2).

mod database;
mod group;
mod ssks;
mod sym_enc_key;
mod token;

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::output::{self, Output};
use crate::secret::Wanted;
use crate::status::Status;
use sealwright::SymKey;
use sealwright::kdf::value::RawKey64;
use sealwright::kdf::{AppIdText, DeriveError, Password, SecretText, UserIdText};
use sealwright::types::b64;
use serde::Serialize;

/// Derive keys and secrets from passwords, exactly as the SDKs do, one subcommand for each use.
///
/// What is derived is a secret and is printed as the text in which programs exchange it: keys in base64, secrets and tokens in the form in which
/// they are sent. A password may be spelled in any Unicode form.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write the result into this file, readable by its owner only, instead of printing it.
    #[arg(long, short, global = true, value_name = "FILE")]
    output: Option<Output>,
    #[command(subcommand)]
    derivation: Derivation,
}

/// In the order of the rules.
#[derive(Debug, clap::Subcommand)]
enum Derivation {
    DatabaseKey(database::KeyArguments),
    DatabaseRawKey(database::RawKeyArguments),
    SsksPasswordSecret(ssks::SecretArguments),
    SsksPasswordKey(ssks::KeyArguments),
    TwoManRuleKey(ssks::TwoManRuleArguments),
    SymEncKeySecret(sym_enc_key::SecretArguments),
    SymEncKeyKey(sym_enc_key::KeyArguments),
    GroupSelfAddMessageKey(group::MessageKeyArguments),
    GroupSelfAddSecret(group::SecretArguments),
    UserLicenseToken(token::LicenseArguments),
    PreValidationToken(token::PreValidationArguments),
}

/// What came out.
struct Derived {
    /// The name of the subcommand.
    usage: &'static str,
    encoding: &'static str,
    text: SecretText,
}

/// As it stands in JSON.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(rename = "use")]
    usage: &'static str,
    encoding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

/// The application.
#[derive(Debug, clap::Args)]
struct Application {
    /// The application's id, spelled as the application spells it: the text itself is part of the derivation.
    #[arg(long, value_name = "ID", value_parser = AppIdText::new)]
    app_id: AppIdText,
}

/// A user of the application.
#[derive(Debug, clap::Args)]
struct User {
    /// The user's id in the application (not Seald's id of the user), spelled as the application spells it.
    #[arg(long, value_name = "ID", value_parser = UserIdText::parse_tolerant)]
    user_id: UserIdText,
}

/// A password.
#[derive(Debug, clap::Args)]
struct PasswordFile {
    /// A file with the password as UTF-8 text, without the line break at its end; `-` is standard input. Without this option the password is
    /// asked for on a terminal.
    #[arg(long, value_name = "FILE")]
    password_file: Option<Input>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let target = arguments.output.as_ref();
    if let Some(Output::Path(path)) = target {
        output::check(path, console.global().force)?;
    }
    let derived = match &arguments.derivation {
        Derivation::DatabaseKey(arguments) => arguments.derive(console),
        Derivation::DatabaseRawKey(arguments) => arguments.derive(),
        Derivation::SsksPasswordSecret(arguments) => arguments.derive(),
        Derivation::SsksPasswordKey(arguments) => arguments.derive(),
        Derivation::TwoManRuleKey(arguments) => arguments.derive(),
        Derivation::SymEncKeySecret(arguments) => arguments.derive(),
        Derivation::SymEncKeyKey(arguments) => arguments.derive(),
        Derivation::GroupSelfAddMessageKey(arguments) => arguments.derive(console),
        Derivation::GroupSelfAddSecret(arguments) => arguments.derive(),
        Derivation::UserLicenseToken(arguments) if arguments.checks() => return arguments.check(target, console),
        Derivation::UserLicenseToken(arguments) => arguments.derive(),
        Derivation::PreValidationToken(arguments) if arguments.checks() => return arguments.check(target, console),
        Derivation::PreValidationToken(arguments) => arguments.derive(),
    }?;
    derived.give(target, console)?;
    Ok(Status::Success)
}

impl Derived {
    fn hex(usage: &'static str, text: SecretText) -> Self {
        Self { usage, encoding: "hex", text }
    }

    fn base64(usage: &'static str, text: SecretText) -> Self {
        Self { usage, encoding: "base64", text }
    }

    fn key(usage: &'static str, key: &SymKey) -> Self {
        Self::base64(usage, SecretText::from(b64::encode(key.expose())))
    }

    fn raw_key(usage: &'static str, key: &RawKey64) -> Self {
        Self::base64(usage, key.to_text())
    }

    fn give(&self, target: Option<&Output>, console: &Console) -> Result<(), Failure> {
        let Self { usage, encoding, text } = self;
        match target {
            Some(Output::Path(path)) => {
                output::write(path, format!("{}\n", text.expose()).as_bytes(), console.global().force)?;
                console.note(format_args!("wrote what was derived into {}", path.display()));
                console.value(&Shown { usage, encoding, value: None, output: Some(path.display().to_string()) })
            }
            Some(Output::Standard) | None => {
                console.warning("secret", "what is printed is a secret");
                console.line(text.expose())?;
                console.value(&Shown { usage, encoding, value: Some(text.expose()), output: None })
            }
        }
    }
}

impl PasswordFile {
    fn read(&self) -> Result<Password, Failure> {
        Wanted { name: "Password", option: "--password-file" }.read(self.password_file.as_ref())?.password()
    }
}

/// A bug, told as one.
fn failed(error: DeriveError) -> Failure {
    Failure::of(&error)
}
