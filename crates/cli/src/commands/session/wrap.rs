//! `session wrap`: a session key for recipients.

use super::{OverEncryptionKeyFile, SymEncKeyCredential, warn_of_malformed};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::key_file::{LONG_KEY, SessionKey, SessionKeyFile};
use crate::keys::read_identity;
use sealwright::egress::{EgressError, KeySources};
use sealwright::kdf::value::AuthFactor;
use sealwright::session::{Policy, ProxyAddition, SymEncKey, create_tmr_access};
use sealwright::types::{DeviceId, SymEncKeyId, TmrAccessId, b64};
use sealwright::wrap::record::{DeviceToken, ProxyKey, SymEncKeyRecord, TmrAccess};
use sealwright::wrap::{PublicKey, wrap};
use sealwright::{Coded, SessionId};
use std::collections::HashSet;
use std::path::PathBuf;

/// Wrap a session key for recipients: one record for each, as JSON Lines.
///
/// Recipients are devices of users and of groups (--recipient), proxy sessions (--proxy), SymEncKeys (--sym-enc-key), and holders of an
/// e-mail address or a telephone number (--tmr-access). The lines are records as in the files of a bundle. They are no secret: only what
/// they are wrapped for opens them. Nothing here verifies whose a public key is: take it from a verified sigchain.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    key: SessionKeyFile,
    /// The session; a serialised session as key says it itself.
    #[arg(long, value_name = "ID")]
    session_id: Option<SessionId>,
    #[command(flatten)]
    recipients: Recipients,
    /// The device of the one recipient, to be named in its record.
    #[arg(long, value_name = "ID", requires = "recipient")]
    device_id: Option<DeviceId>,
    /// Identity documents, raw or as base64 text, that open the proxy sessions' own tokens.
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "proxy")]
    identity: Vec<Input>,
    /// Files of records with the tokens of the proxy sessions, as in a bundle. A session that has a proxy already gets no second record of it.
    #[arg(long, num_args = 1.., value_name = "JSONL", requires = "proxy")]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    credential: SymEncKeyCredential,
    /// The id of the TMR access; without it, a random one.
    #[arg(long, value_name = "ID", requires = "tmr_access")]
    tmr_access_id: Option<TmrAccessId>,
    #[command(flatten)]
    over_encryption_key: OverEncryptionKeyFile,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Recipients {
    /// Files with recipients' RSA public keys, of users or of groups: DER or base64 text. `identity show` prints those of an identity.
    #[arg(long, num_args = 1.., value_name = "PUBLIC_KEY_FILE")]
    recipient: Vec<Input>,
    /// A proxy session. One of the identities must be its direct recipient: a key that came otherwise does not count (PROXY-04).
    #[arg(long, num_args = 1.., value_name = "SESSION_ID", requires = "identity")]
    proxy: Vec<SessionId>,
    /// A SymEncKey, whose password or raw key is given.
    #[arg(long, value_name = "ID")]
    sym_enc_key: Option<SymEncKeyId>,
    /// An e-mail address, or a telephone number that starts with `+`, whose over-encryption key is given.
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    tmr_access: Option<AuthFactor>,
}

/// What is printed.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Record {
    Token(DeviceToken),
    Proxy(ProxyKey),
    SymEncKey(SymEncKeyRecord),
    TmrAccess(TmrAccess),
}

/// The longest key of 8192 bits takes less, however it is written.
const LONGEST_KEY: u64 = 64 * 1024;

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let Recipients { recipient, proxy, sym_enc_key, tmr_access } = &arguments.recipients;
    if arguments.device_id.is_some() && recipient.len() != 1 {
        return Err(Failure::usage(
            "--device-id names the device of one recipient",
            "wrap for one recipient at a time",
        ));
    }
    if sym_enc_key.is_none() && arguments.credential.files().next().is_some() {
        return Err(Failure::usage("which SymEncKey is this secret for?", "name it with --sym-enc-key"));
    }
    if tmr_access.is_none() && arguments.over_encryption_key.over_encryption_key_file.is_some() {
        return Err(Failure::usage("whose over-encryption key is this?", "name their address with --tmr-access"));
    }
    let files = recipient.iter().chain(&arguments.identity).chain(arguments.credential.files());
    input::read_once(files.chain(&arguments.over_encryption_key.over_encryption_key_file).chain(arguments.key.file()))?;
    let key = arguments.key.read(None)?;
    let session = key.session(arguments.session_id)?;
    // Everything is read and wrapped before anything is printed.
    let mut records = Vec::new();
    let mut recipients = HashSet::new();
    for input in recipient {
        let recipient = read(input)?;
        let token = token(&key, session, &recipient, arguments.device_id).map_err(|failure| failure.at(input))?;
        if recipients.insert(token.created_for_key_hash) {
            if let Some(warning) = recipient.unusual_size() {
                console.warning(warning.code(), format_args!("{warning} ({input})"));
            }
            records.push(Record::Token(token));
        } else {
            console.note(format_args!("{input} is a recipient already"));
        }
    }
    if !proxy.is_empty() {
        records.extend(arguments.proxies(&key, session, console)?);
    }
    if let Some(id) = *sym_enc_key {
        let made = SymEncKey::new(id, session, arguments.credential.read()?, arguments.credential.app_id.as_ref());
        let made = made.map_err(|error| failed(&error))?;
        records.push(Record::SymEncKey(made.wrap(&key.key).map_err(|error| failed(&error))?));
    }
    if let Some(factor) = tmr_access {
        let random = || arguments.tmr_access_id.map_or_else(TmrAccessId::random, Ok);
        let id = random().map_err(|error| Failure::of(&error))?;
        let over = arguments.over_encryption_key.read()?;
        let access = create_tmr_access(id, session, &key.key, factor, &over).map_err(|error| failed(&error))?;
        records.push(Record::TmrAccess(access));
    }
    records.iter().try_for_each(|record| console.json(record))
}

impl Arguments {
    fn proxies(&self, key: &SessionKey, session: SessionId, console: &Console) -> Result<Vec<Record>, Failure> {
        let mut sources = KeySources::default();
        for input in &self.identity {
            sources.add_identity(&read_identity(input, console)?);
        }
        for path in &self.keys {
            sources.add_file(path).map_err(unreadable)?;
        }
        let mut existing = sources.records.proxies_of(session);
        let keys = sources.into_keys(Policy::default());
        warn_of_malformed(&keys, console);
        let mut records = Vec::new();
        for &proxy in &self.recipients.proxy {
            let direct = keys.resolver().resolve_direct(proxy).map_err(|closed| {
                Failure::of(&closed).hint(
                    "only a direct recipient of a proxy session adds it: give the identity that one of its tokens is made for, and with --keys the \
                     records that hold its tokens",
                )
            })?;
            match direct.add_as_proxy_of(session, &key.key, &existing).map_err(|error| failed(&error))? {
                ProxyAddition::New(record) => {
                    existing.push(record.clone());
                    records.push(Record::Proxy(record));
                }
                ProxyAddition::Present => console.note(format_args!("session {session} has proxy {proxy} already")),
            }
        }
        Ok(records)
    }
}

/// What reading a file of records failed with.
pub(super) fn unreadable(error: EgressError) -> Failure {
    match error {
        EgressError::Io { path, source, .. } => Failure::from(source).at(path.display()),
        error => Failure::of(&error),
    }
}

fn token(
    key: &SessionKey,
    session_id: SessionId,
    recipient: &PublicKey,
    device_id: Option<DeviceId>,
) -> Result<DeviceToken, Failure> {
    let token = wrap(&key.key, recipient).map_err(|error| failed(&error))?.into();
    Ok(DeviceToken { session_id, device_id, created_for_key_hash: Some(recipient.hash()), token, revoked: false })
}

fn read(input: &Input) -> Result<PublicKey, Failure> {
    let content = input.read(LONGEST_KEY)?;
    let decoded = b64::decode_tolerant(content.expose());
    let der = decoded.as_deref().unwrap_or(content.expose());
    PublicKey::from_der(der).map_err(|error| {
        Failure::of(&error)
            .hint_for("key-malformed", "a recipient is an RSA public key (SPKI or PKCS#1) as DER or as the base64 of it, without PEM lines; `sealwright identity show` prints the public keys of an identity")
            .at(input)
    })
}

fn failed(error: &(impl Coded + std::fmt::Display)) -> Failure {
    Failure::of(error).hint_for("key-length", LONG_KEY)
}

fn factor(text: &str) -> Result<AuthFactor, String> {
    let read = if text.starts_with('+') { AuthFactor::sms(text) } else { AuthFactor::email(text) };
    read.map_err(|_| "an e-mail address, or a telephone number as +33612345678".to_owned())
}
