//! Where `egress run` writes to, and how: options and what they mean.

use crate::confine;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::key_file;
use crate::secret::Wanted;
use sealwright::egress::{KeysOut, Recipient, Recipients, SessionIds, Sink};
use sealwright::types::SecretString;
use serde::Serialize;
use std::io::{self, BufReader, IsTerminal as _};
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

/// What the outputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// The plaintext.
    #[default]
    Clear,
    /// Encrypted with age: each output is a file `NAME.age`.
    Age,
    /// Encrypted for Seald again, with new sessions and keys: files become `NAME.seald`.
    Session,
}

/// The sink, and the file of keys.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "What is written")]
pub(super) struct SinkOptions {
    /// What the outputs are.
    #[arg(long, value_name = "SINK", value_enum, default_value = "clear")]
    sink: Kind,
    /// Who can open what is encrypted with age: a public key that begins with `age1`. May be given several times.
    #[arg(long = "recipient", short = 'r', value_name = "RECIPIENT")]
    recipients: Vec<String>,
    /// A file of such public keys, one in each line. May be given several times.
    #[arg(long = "recipients-file", short = 'R', value_name = "FILE")]
    recipients_files: Vec<Input>,
    /// Ask on the terminal for a passphrase that opens what is encrypted with age.
    #[arg(long, conflicts_with_all = ["passphrase_file", "recipients", "recipients_files"])]
    passphrase: bool,
    /// Read that passphrase from a file, without the line feed at its end.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipients", "recipients_files"])]
    passphrase_file: Option<Input>,
    /// The ids of new sessions, in lines `{"oldSessionId":ID,"sessionId":ID}`; without it they are random.
    #[arg(long, value_name = "FILE", conflicts_with = "into")]
    session_ids: Option<Input>,
    /// Encrypt everything for one session: a file as `sealwright session new` makes it.
    #[arg(long, value_name = "FILE")]
    into: Option<Input>,
    /// Write the session keys to this file, encrypted with age for the recipients or under the passphrase: the keys that were found, or with
    /// `--sink session` those of the new sessions. `age -d` makes a `session-keys.jsonl` of it.
    #[arg(long, value_name = "FILE")]
    keys_out: Option<PathBuf>,
}

const PASSPHRASE: Wanted = Wanted { name: "Passphrase for age", option: "--passphrase-file" };
/// More recipients than anybody has.
const LONGEST_RECIPIENTS: u64 = 1024 * 1024;

/// What a dry run says of the sink.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    sink: Kind,
    /// How many public keys can open what is encrypted with age.
    recipients: usize,
    passphrase: bool,
    into_one_session: bool,
    keys_out: Option<PathBuf>,
}

impl SinkOptions {
    /// Reads everything that the sink needs, secrets included.
    pub(super) fn read(&self) -> Result<Sink, Failure> {
        self.check()?;
        let given = self.recipients_files.iter().chain(&self.passphrase_file).chain(&self.session_ids);
        input::read_once(given.chain(&self.into))?;
        let recipients = if self.needs_recipients() { Some(self.recipients()?) } else { None };
        let keys_out = self.keys_out.clone().zip(recipients.clone());
        let keys_out = keys_out.map(|(path, recipients)| KeysOut { path, recipients });
        Ok(match (self.sink, &self.into, recipients, keys_out) {
            (Kind::Age, _, Some(recipients), keys_out) => Sink::Age { recipients, keys_out },
            (Kind::Session, Some(into), _, keys_out) => {
                let session = key_file::read_serialized(into)?;
                if session.key.expose().len() != sealwright::SymKey::LENGTH {
                    let failure = Failure::new("key-length", "the session's key is not 64 bytes long");
                    return Err(failure.hint(key_file::LONG_KEY).at(into));
                }
                Sink::IntoSession { session: session.id, key: Arc::new(session.key), keys_out }
            }
            (Kind::Session, None, _, Some(keys_out)) => Sink::NewSessions { ids: self.session_ids()?, keys_out },
            (_, _, _, keys_out) => Sink::Clear { keys_out },
        })
    }

    /// Checks everything that is no secret, and tells what would be done.
    pub(super) fn describe(&self) -> Result<Described, Failure> {
        self.check()?;
        let recipients = self.public_keys()?;
        self.session_ids()?;
        Ok(Described {
            sink: self.sink,
            recipients: recipients.len(),
            passphrase: self.has_passphrase(),
            into_one_session: self.into.is_some(),
            keys_out: self.keys_out.clone(),
        })
    }

    /// What does not fit together, before anything is read.
    fn check(&self) -> Result<(), Failure> {
        let is_session = self.sink == Kind::Session;
        if !is_session && (self.session_ids.is_some() || self.into.is_some()) {
            return Err(Failure::usage(
                "only `--sink session` has new sessions",
                "add --sink session, or leave --session-ids and --into out",
            ));
        }
        if is_session && self.into.is_none() && self.keys_out.is_none() {
            return Err(Failure::usage(
                "the keys of the new sessions would be lost",
                "name a file for them with --keys-out, or one session for everything with --into",
            ));
        }
        let has_recipients = !self.recipients.is_empty() || !self.recipients_files.is_empty() || self.has_passphrase();
        if let Some(keys_out) = &self.keys_out {
            let directory = confine::directory_of(keys_out);
            directory.metadata().map_err(|error| Failure::from(error).at(directory.display()))?;
        }
        if self.needs_recipients() && !has_recipients {
            return Err(Failure::usage(
                "it is not said who can open what is encrypted with age",
                "name a public key with -r, a file of them with -R, or a passphrase with --passphrase or --passphrase-file",
            ));
        }
        if !self.needs_recipients() && has_recipients {
            return Err(Failure::usage(
                "nothing would be encrypted with age",
                "add --sink age to encrypt the outputs, or --keys-out for the keys",
            ));
        }
        Ok(())
    }

    fn needs_recipients(&self) -> bool {
        self.sink == Kind::Age || self.keys_out.is_some()
    }

    fn has_passphrase(&self) -> bool {
        self.passphrase || self.passphrase_file.is_some()
    }

    fn recipients(&self) -> Result<Recipients, Failure> {
        let recipients = if self.has_passphrase() {
            Recipients::passphrase(self.read_passphrase()?)
        } else {
            Recipients::keys(self.public_keys()?)
        };
        recipients.map_err(|error| Failure::of(&error))
    }

    fn public_keys(&self) -> Result<Vec<Recipient>, Failure> {
        let mut keys = Vec::new();
        for text in &self.recipients {
            let recipient = Recipient::from_str(text).map_err(|error| Failure::of(&error).at("-r"))?;
            keys.push(recipient);
        }
        for file in &self.recipients_files {
            let bytes = file.read(LONGEST_RECIPIENTS)?;
            let text = std::str::from_utf8(bytes.expose())
                .map_err(|_| Failure::new("not-utf8", "a file of recipients is text").at(file))?;
            let found = Recipient::in_file(text).map_err(|error| Failure::of(&error).at(file))?;
            if found.is_empty() {
                return Err(Failure::new("bad-recipient", "the file names no recipient").at(file));
            }
            keys.extend(found);
        }
        Ok(keys)
    }

    fn read_passphrase(&self) -> Result<SecretString, Failure> {
        let given = PASSPHRASE.read(self.passphrase_file.as_ref())?;
        let passphrase = SecretString::from(given.text()?.to_owned());
        // What is mistyped now would never open anything.
        if self.passphrase_file.is_none() && io::stdin().is_terminal() {
            let again = Wanted { name: "The same passphrase again", ..PASSPHRASE }.read(None)?;
            if again.text()? != passphrase.expose() {
                return Err(Failure::new("bad-value", "the two passphrases differ"));
            }
        }
        Ok(passphrase)
    }

    fn session_ids(&self) -> Result<SessionIds, Failure> {
        let Some(file) = &self.session_ids else { return Ok(SessionIds::random()) };
        SessionIds::read(BufReader::new(file.open()?)).map_err(|error| Failure::of(&error).at(file))
    }
}

/// As a person reads it.
impl std::fmt::Display for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = match (self.passphrase, self.recipients) {
            (true, _) => "under a passphrase".to_owned(),
            (false, 1) => "for 1 recipient".to_owned(),
            (false, count) => format!("for {count} recipients"),
        };
        match self.sink {
            Kind::Clear => f.write_str("sink          clear")?,
            Kind::Age => write!(f, "sink          age, {who}: each output becomes NAME.age")?,
            Kind::Session if self.into_one_session => {
                f.write_str("sink          session, everything for one session: each file becomes NAME.seald")?;
            }
            Kind::Session => {
                f.write_str("sink          session, each one as a new session: each file becomes NAME.seald")?;
            }
        }
        match &self.keys_out {
            Some(path) => write!(f, "\nkeys          to {}, encrypted with age {who}", path.display()),
            None => Ok(()),
        }
    }
}
