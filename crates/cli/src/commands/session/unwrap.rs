//! `session unwrap`: the session key in one record.

use super::{OverEncryptionKeyFile, SymEncKeyCredential, write_session};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::key_file;
use crate::keys::read_identity;
use crate::output::{self, Output};
use sealwright::kdf::value::Credential;
use sealwright::kdf::{Spelling, session_id_spellings, sym_enc_key_key_spelled};
use sealwright::session::{Flow, Keyring, RetrievalDetails, SerializedSession, SymEncKeyError, Through, UnknownHash};
use sealwright::wrap::UnwrapError;
use sealwright::wrap::record::{DeviceToken, ProxyKey, SymEncKeyRecord, TmrAccess};
use sealwright::wrap::symmetric;
use sealwright::{Coded, SessionId, SymKey};
use serde::Serialize;
use std::fmt::Display;
use std::path::PathBuf;

/// Open one record of a wrapped session key, and write the session with its key into a file.
///
/// The record says what opens it: a token a private key of an identity (--identity), a proxy key the key of the proxy session
/// (--proxy-key-file), a SymEncKey its password or raw key, a TMR access the over-encryption key. `session resolve` finds the way through
/// several records by itself, groups included.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file with one record in JSON, as in the files of keys of a bundle; `-` is standard input.
    record: Input,
    /// Identity documents, raw or as base64 text.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    identity: Vec<Input>,
    /// A serialised session: the proxy session.
    #[arg(long, value_name = "FILE")]
    proxy_key_file: Option<Input>,
    #[command(flatten)]
    credential: SymEncKeyCredential,
    #[command(flatten)]
    over_encryption_key: OverEncryptionKeyFile,
    /// Try every private key for a token that names a key which no identity has.
    #[arg(long)]
    try_all_keys: bool,
    /// Where to write the serialised session; it is not printed on standard output.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// A record, by its members.
enum Record {
    Token(DeviceToken),
    Proxy(ProxyKey),
    SymEncKey(SymEncKeyRecord),
    TmrAccess(TmrAccess),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    session_id: SessionId,
    flow: &'static str,
    /// The spelling of the session's id that a password was derived with (KDF-30).
    #[serde(skip_serializing_if = "Option::is_none")]
    spelling: Option<&'static str>,
    output: String,
}

/// What opened a record.
struct Opened {
    key: SymKey,
    flow: Flow,
    through: Option<Through>,
    spelling: Option<Spelling>,
}

const LONGEST_RECORD: u64 = 1024 * 1024;

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    if Output::from(arguments.output.clone().into_os_string()) == Output::Standard {
        return Err(Failure::usage("session keys are not printed", "name a file with -o"));
    }
    output::check(&arguments.output, console.global().force)?;
    let files = arguments.identity.iter().chain(&arguments.proxy_key_file).chain(arguments.credential.files());
    let files = files.chain(&arguments.over_encryption_key.over_encryption_key_file);
    input::read_once(files.chain([&arguments.record]))?;
    let record = arguments.read()?;
    if record.is_revoked() {
        console.warning("revoked", "the service has revoked this record");
    }
    let Opened { key, flow, through, spelling } =
        arguments.open(&record, console).map_err(|failure| failure.at(&arguments.record))?;
    let spelling = spelling.map(name_of);
    if let Some(spelling) = spelling.filter(|&spelling| spelling != name_of(Spelling::LowerCase)) {
        console.note(format_args!("the password was derived with the session's id as {spelling} (KDF-30)"));
    }
    let details = Some(RetrievalDetails { flow, through, from_cache: false });
    let session = SerializedSession { id: record.session(), key, details };
    write_session(&arguments.output, &session, console)?;
    let output = arguments.output.display().to_string();
    console.value(&Told { session_id: session.id, flow: flow.as_str(), spelling, output })
}

impl Record {
    fn parse(text: &[u8]) -> Option<Self> {
        let proxy = || serde_json::from_slice(text).ok().map(Self::Proxy);
        let sym_enc_key = || serde_json::from_slice(text).ok().map(Self::SymEncKey);
        let tmr_access = || serde_json::from_slice(text).ok().map(Self::TmrAccess);
        let token = || serde_json::from_slice(text).ok().map(Self::Token);
        proxy().or_else(sym_enc_key).or_else(tmr_access).or_else(token)
    }

    fn session(&self) -> SessionId {
        match self {
            Self::Token(record) => record.session_id,
            Self::Proxy(record) => record.session_id,
            Self::SymEncKey(record) => record.session_id,
            Self::TmrAccess(record) => record.session_id,
        }
    }

    fn is_revoked(&self) -> bool {
        match self {
            Self::Token(record) => record.revoked,
            Self::Proxy(record) => record.revoked,
            Self::SymEncKey(record) => record.revoked,
            Self::TmrAccess(record) => record.revoked,
        }
    }
}

impl Arguments {
    fn read(&self) -> Result<Record, Failure> {
        let text = self.record.read(LONGEST_RECORD)?;
        Record::parse(text.expose()).ok_or_else(|| {
            Failure::new("malformed", "this is no record of a wrapped session key (EGR-01)")
                .hint("one JSON object, as a line of message-keys.jsonl, proxy-keys.jsonl, sym-enc-keys.jsonl or tmr-accesses.jsonl")
                .at(&self.record)
        })
    }

    fn open(&self, record: &Record, console: &Console) -> Result<Opened, Failure> {
        let opened = |key, flow, through| Opened { key, flow, through, spelling: None };
        match record {
            Record::Token(token) => {
                if self.identity.is_empty() {
                    return Err(needed("a token needs an identity", "name its document with --identity"));
                }
                let mut keyring = Keyring::default();
                for input in &self.identity {
                    keyring.add_identity(&read_identity(input, console)?);
                }
                let unknown = if self.try_all_keys { UnknownHash::TryAll } else { UnknownHash::Stop };
                let found = keyring.open(token, unknown).map_err(|error| {
                    Failure::of(&error).hint("give the identity that the token was made for; --try-all-keys also tries keys that it does not name")
                })?;
                Ok(opened(found.key, Flow::Direct, None))
            }
            Record::Proxy(link) => {
                let Some(file) = &self.proxy_key_file else {
                    return Err(needed(
                        "a proxy key needs the key of the proxy session",
                        "name its serialised session with --proxy-key-file",
                    ));
                };
                let proxy = key_file::read_serialized(file)?;
                if proxy.id != link.proxy_session_id {
                    let message = format!("the key belongs to session {}, not to {}", proxy.id, link.proxy_session_id);
                    return Err(Failure::new("wrong-session", message).at(file));
                }
                let key = symmetric::unwrap(&link.data, &proxy.key).map_err(rejected)?;
                Ok(opened(key, Flow::Proxy, Some(Through::Proxy(proxy.id))))
            }
            Record::SymEncKey(record) => {
                let found = match self.credential.read()? {
                    Credential::Raw { key, .. } => {
                        symmetric::unwrap(&record.data, &key.into_key()).ok().map(|key| (key, None))
                    }
                    Credential::Password(password) => {
                        let app = self.credential.app_id.as_ref();
                        let app = app.ok_or_else(|| rejected(SymEncKeyError::AppIdMissing))?;
                        let spellings = session_id_spellings(&record.session_id.to_string());
                        spellings.unwrap_or_default().iter().find_map(|spelling| {
                            let key = sym_enc_key_key_spelled(&password, app, spelling).ok()?;
                            let key = symmetric::unwrap(&record.data, &key).ok()?;
                            Some((key, Some(spelling.spelling())))
                        })
                    }
                };
                let (key, spelling) = found.ok_or_else(|| rejected(UnwrapError::Rejected))?;
                let through = Some(Through::SymEncKey(record.sym_enc_key_id));
                Ok(Opened { spelling, ..opened(key, Flow::SymEncKey, through) })
            }
            Record::TmrAccess(access) => {
                let key = symmetric::unwrap(&access.data, &self.over_encryption_key.read()?);
                Ok(opened(key.map_err(|error: UnwrapError| rejected(error))?, Flow::Tmr, None))
            }
        }
    }
}

/// As `derive` calls it.
fn name_of(spelling: Spelling) -> &'static str {
    match spelling {
        Spelling::LowerCase => "lower-case",
        Spelling::UpperCase => "upper-case",
        Spelling::S64 => "s64",
        _ => "as-given",
    }
}

fn needed(message: &str, hint: &'static str) -> Failure {
    Failure::missing("no-secret", message).hint(hint)
}

fn rejected(error: impl Coded + Display) -> Failure {
    Failure::of(&error).hint_for("rejected", "this secret does not open this record, or the record was damaged")
}
