//! `session`: new session keys, serialised sessions, session keys wrapped for recipients and opened again.

mod new;
mod resolve;
mod show;
mod unwrap;
mod wrap;

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use crate::secret::Wanted;
use crate::status::Status;
use sealwright::SymKey;
use sealwright::egress::SessionKeys;
use sealwright::kdf::value::{Credential, RawSecret};
use sealwright::kdf::{AppIdText, SecretText};
use sealwright::session::SerializedSession;
use std::path::Path;

/// Make, show, wrap, open and find session keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    New(new::Arguments),
    Show(show::Arguments),
    Wrap(Box<wrap::Arguments>),
    Unwrap(unwrap::Arguments),
    Resolve(resolve::Arguments),
}

/// What opens a SymEncKey: a password, or raw values (VAL-06).
#[derive(Debug, clap::Args)]
struct SymEncKeyCredential {
    /// The application's id, spelled as the application spells it. Needed with a password.
    #[arg(long, value_name = "ID", value_parser = AppIdText::new)]
    app_id: Option<AppIdText>,
    /// A file with the password of a SymEncKey as UTF-8 text, without the line break at its end; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "raw_key_file")]
    password_file: Option<Input>,
    /// A file with the raw key of a SymEncKey, 64 bytes as they are or in base64; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    raw_key_file: Option<Input>,
}

/// What opens TMR accesses.
#[derive(Debug, clap::Args)]
struct OverEncryptionKeyFile {
    /// A file with the over-encryption key of TMR accesses, 64 bytes as they are or in base64; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    over_encryption_key_file: Option<Input>,
}

const PASSWORD: Wanted = Wanted { name: "Password of the SymEncKey", option: "--password-file" };
const RAW_KEY: Wanted = Wanted { name: "Raw key of the SymEncKey (base64)", option: "--raw-key-file" };
const OVER_ENCRYPTION_KEY: Wanted =
    Wanted { name: "Over-encryption key (base64)", option: "--over-encryption-key-file" };

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    match command {
        Command::New(arguments) => new::run(arguments, console),
        Command::Show(arguments) => show::run(arguments, console),
        Command::Wrap(arguments) => wrap::run(arguments, console),
        Command::Unwrap(arguments) => unwrap::run(arguments, console),
        Command::Resolve(arguments) => return resolve::run(arguments, console),
    }?;
    Ok(Status::Success)
}

impl SymEncKeyCredential {
    fn files(&self) -> impl Iterator<Item = &Input> {
        self.password_file.iter().chain(&self.raw_key_file)
    }

    /// The credential. The proof is not part of what is wrapped or opened: with a raw key, any text stands for it.
    fn read(&self) -> Result<Credential, Failure> {
        match &self.raw_key_file {
            Some(file) => {
                let key = RAW_KEY.read(Some(file))?.raw_sym_key()?;
                let secret = RawSecret::new("-").map_err(|error| Failure::of(&error))?;
                Ok(Credential::Raw { secret, key: Box::new(key) })
            }
            None => Ok(Credential::Password(PASSWORD.read(self.password_file.as_ref())?.password()?)),
        }
    }
}

impl OverEncryptionKeyFile {
    fn read(&self) -> Result<SymKey, Failure> {
        let key = OVER_ENCRYPTION_KEY.read(self.over_encryption_key_file.as_ref())?.raw_key()?;
        key.to_sym_key().map_err(|error| Failure::of(&error))
    }
}

/// Says which lines of files of records were skipped.
fn warn_of_malformed(keys: &SessionKeys, console: &Console) {
    for place in keys.malformed_records() {
        console.warning("malformed", format_args!("{place} is no record of a key and was skipped (EGR-03)"));
    }
}

/// Writes a serialised session into a private file, and says so.
fn write_session(target: &Path, session: &SerializedSession, console: &Console) -> Result<(), Failure> {
    let line = SecretText::from(format!("{}\n", session.to_text().expose()));
    output::write(target, line.expose().as_bytes(), console.global().force)?;
    console.note(format_args!("wrote session {} with its key into {}", session.id, target.display()));
    Ok(())
}
