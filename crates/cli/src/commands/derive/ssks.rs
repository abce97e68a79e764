//! What protects an identity at SSKS (KDF-03, KDF-04, KDF-05).

use super::{Application, Derived, PasswordFile, User, failed};
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::secret::Wanted;
use crate::stored_blob;
use sealwright::kdf::value::RawKey64;
use sealwright::kdf::{AppIdText, UserIdText, ssks_password_key, ssks_password_secret, two_man_rule_key};

/// Derive the secret under which SSKS stores an identity that is protected by a password (KDF-03), in hexadecimal.
#[derive(Debug, clap::Args)]
pub(super) struct SecretArguments {
    #[command(flatten)]
    application: Application,
    #[command(flatten)]
    user: User,
    #[command(flatten)]
    password: PasswordFile,
}

/// Derive the key that seals an identity at SSKS from a password (KDF-04).
///
/// Its salt stands at the beginning of the stored blob.
#[derive(Debug, clap::Args)]
pub(super) struct KeyArguments {
    #[command(flatten)]
    application: Application,
    #[command(flatten)]
    user: User,
    #[command(flatten)]
    password: PasswordFile,
    /// The stored blob, raw or as base64 text; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    blob_file: Input,
}

/// Derive the key that seals an identity at SSKS under the two-man rule from a `twoManRuleKey` (KDF-05), or make a `rawTwoManRuleKey`.
#[derive(Debug, clap::Args)]
pub(super) struct TwoManRuleArguments {
    /// Make a new `rawTwoManRuleKey`: 64 random bytes. An application's server keeps one for each user.
    #[arg(long, conflicts_with_all = ["app_id", "user_id", "two_man_rule_key_file", "blob_file"])]
    new: bool,
    /// The application's id, spelled as the application spells it: the text itself is part of the derivation.
    #[arg(long, value_name = "ID", value_parser = AppIdText::new, required_unless_present = "new")]
    app_id: Option<AppIdText>,
    /// The user's id in the application (not Seald's id of the user), spelled as the application spells it.
    #[arg(long, value_name = "ID", value_parser = UserIdText::parse_tolerant, required_unless_present = "new")]
    user_id: Option<UserIdText>,
    /// A file with the `twoManRuleKey` as UTF-8 text, without the line break at its end; `-` is standard input. Without this option it is asked
    /// for on a terminal.
    #[arg(long, value_name = "FILE")]
    two_man_rule_key_file: Option<Input>,
    /// The stored blob, raw or as base64 text; `-` is standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "new")]
    blob_file: Option<Input>,
}

impl SecretArguments {
    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let password = self.password.read()?;
        let secret = ssks_password_secret(&password, &self.application.app_id, &self.user.user_id).map_err(failed)?;
        Ok(Derived::hex("ssks-password-secret", secret))
    }
}

impl KeyArguments {
    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        input::read_once([&self.blob_file].into_iter().chain(&self.password.password_file))?;
        let salt = stored_blob::salt(&self.blob_file)?;
        let password = self.password.read()?;
        let key = ssks_password_key(&password, &self.application.app_id, &self.user.user_id, &salt).map_err(failed)?;
        Ok(Derived::key("ssks-password-key", &key))
    }
}

impl TwoManRuleArguments {
    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let usage = "two-man-rule-key";
        let (Some(app), Some(user), Some(blob)) = (&self.app_id, &self.user_id, &self.blob_file) else {
            let key = RawKey64::random().map_err(|error| Failure::of(&error))?;
            return Ok(Derived::raw_key(usage, &key));
        };
        input::read_once([blob].into_iter().chain(&self.two_man_rule_key_file))?;
        let salt = stored_blob::salt(blob)?;
        let wanted = Wanted { name: "Two-man-rule key", option: "--two-man-rule-key-file" };
        let text = wanted.read(self.two_man_rule_key_file.as_ref())?.password()?;
        Ok(Derived::key(usage, &two_man_rule_key(&text, app, user, &salt).map_err(failed)?))
    }
}
