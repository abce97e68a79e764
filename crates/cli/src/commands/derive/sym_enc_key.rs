//! A SymEncKey that is protected by a password (KDF-06, KDF-07, KDF-30).

use super::{Application, Derived, PasswordFile, failed};
use crate::failure::Failure;
use clap::ValueEnum;
use sealwright::SessionId;
use sealwright::kdf::{SpelledSessionId, session_id_spellings, sym_enc_key_key_spelled, sym_enc_key_secret_spelled};
use sealwright::types::IdError;

/// Derive the secret that proves the password of a SymEncKey (KDF-06), in base64.
#[derive(Debug, clap::Args)]
pub(super) struct SecretArguments {
    #[command(flatten)]
    application: Application,
    #[command(flatten)]
    session: Session,
    #[command(flatten)]
    password: PasswordFile,
}

/// Derive the key of a SymEncKey from its password (KDF-07).
#[derive(Debug, clap::Args)]
pub(super) struct KeyArguments {
    #[command(flatten)]
    application: Application,
    #[command(flatten)]
    session: Session,
    #[command(flatten)]
    password: PasswordFile,
}

#[derive(Debug, clap::Args)]
struct Session {
    /// The session, in any spelling.
    #[arg(long, value_name = "ID", value_parser = session_id)]
    session_id: String,
    /// How the session id is spelled in the derivation: some programs did not take the usual spelling, and derived something else.
    #[arg(long, value_enum, default_value = "lower-case")]
    spelling: Spelling,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Spelling {
    /// Lower-case with hyphens: the usual one.
    LowerCase,
    /// Exactly as --session-id is spelled.
    AsGiven,
    /// Upper-case with hyphens.
    UpperCase,
    /// The short form of 22 characters.
    S64,
}

impl SecretArguments {
    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let session = self.session.spelled()?;
        let password = self.password.read()?;
        let secret = sym_enc_key_secret_spelled(&password, &self.application.app_id, &session).map_err(failed)?;
        Ok(Derived::base64("sym-enc-key-secret", secret))
    }
}

impl KeyArguments {
    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let session = self.session.spelled()?;
        let password = self.password.read()?;
        let key = sym_enc_key_key_spelled(&password, &self.application.app_id, &session).map_err(failed)?;
        Ok(Derived::key("sym-enc-key-key", &key))
    }
}

impl Session {
    fn spelled(&self) -> Result<SpelledSessionId, Failure> {
        let id: SessionId = self.session_id.parse().map_err(|error: IdError| Failure::of(&error))?;
        let text = match self.spelling {
            Spelling::LowerCase => id.to_string(),
            Spelling::AsGiven => self.session_id.clone(),
            Spelling::UpperCase => id.to_string().to_uppercase(),
            Spelling::S64 => id.to_s64(),
        };
        let candidates = session_id_spellings(&self.session_id).map_err(|error| Failure::of(&error))?;
        let spelled = candidates.into_iter().find(|candidate| candidate.as_str() == text);
        spelled.ok_or_else(|| Failure::of(&IdError))
    }
}

/// Any spelling of an id, as it is.
fn session_id(text: &str) -> Result<String, IdError> {
    text.parse::<SessionId>().map(|_| text.to_owned())
}
