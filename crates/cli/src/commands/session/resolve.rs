//! `session resolve`: which way leads to a session's key, or why none does.

use super::wrap::unreadable;
use super::{OverEncryptionKeyFile, SymEncKeyCredential, warn_of_malformed, write_session};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::keys::read_identity;
use crate::output::{self, Output};
use crate::status::Status;
use sealwright::egress::{KeySources, ProxyDepth, SessionKeys, UnknownHash};
use sealwright::kdf::value::Credential;
use sealwright::session::{
    OverEncryptionKey, PasswordOrKey, Policy, Reason, Resolved, RetrievalDetails, Revoked, SerializedSession,
    SymEncKeySecret,
};
use sealwright::types::SymEncKeyId;
use sealwright::{Coded as _, SessionId};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Tell which way leads to the keys of sessions, or every reason why none does.
///
/// Records and secrets come from a bundle, from files of records, or from both. The keys are opened, not only planned, and nothing of them is
/// printed; with -o the one session that is named is written into a file, with its key.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Bundles, which are directories, and files of records as in a bundle; also .gz and .zst.
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// The sessions; without this option, all that there are records of.
    #[arg(long, num_args = 1.., value_name = "ID")]
    session_id: Vec<SessionId>,
    /// More identity documents, raw or as base64 text.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    identity: Vec<Input>,
    /// The SymEncKey that the given password or raw key opens.
    #[arg(long, value_name = "ID")]
    sym_enc_key: Option<SymEncKeyId>,
    #[command(flatten)]
    credential: SymEncKeyCredential,
    #[command(flatten)]
    over_encryption_key: OverEncryptionKeyFile,
    /// Also try tokens for keys that no identity has, with every private key.
    #[arg(long)]
    try_all_keys: bool,
    /// Follow proxies of proxies, and proxies that are reached through groups, SymEncKeys and TMR accesses: for recovery.
    #[arg(long)]
    follow_proxy_chains: bool,
    /// Open records that the service has revoked: for recovery.
    #[arg(long)]
    open_revoked: bool,
    /// Where to write the one session that is named, with its key.
    #[arg(long, short, value_name = "FILE", requires = "session_id")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    sessions: Vec<Found>,
    private_key_operations: u64,
    malformed_records: Vec<String>,
}

/// What was found out about a session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    session_id: SessionId,
    route: Option<&'static str>,
    flow: Option<&'static str>,
    /// Whether only recovery follows this way (PROXY-08).
    chain: bool,
    /// Whether other ways lead to other keys (SES-10).
    key_mismatch: bool,
    error: Option<&'static str>,
    reasons: Vec<Why>,
}

#[derive(Serialize)]
struct Why {
    code: &'static str,
    message: String,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let target = match (&arguments.output, arguments.session_id.as_slice()) {
        (None, _) => None,
        (Some(path), [_]) if Output::from(path.clone().into_os_string()) != Output::Standard => Some(path),
        (Some(_), [_]) => return Err(Failure::usage("session keys are not printed", "name a file with -o")),
        (Some(_), _) => return Err(Failure::usage("-o writes one session", "name one session with --session-id")),
    };
    target.map_or(Ok(()), |path| output::check(path, console.global().force))?;
    let keys = arguments.gather(console)?;
    warn_of_malformed(&keys, console);
    let sessions =
        if arguments.session_id.is_empty() { keys.resolver().sessions() } else { arguments.session_id.clone() };
    let mut found = Vec::with_capacity(sessions.len());
    for session in sessions {
        let (told, key) = find(&keys, session);
        lines(&told).iter().try_for_each(|line| console.line(line))?;
        if let (Some(path), Some(key)) = (target, key) {
            let details = Some(RetrievalDetails { flow: key.flow(), through: key.through, from_cache: false });
            let key = key.sym_key().ok_or_else(|| Failure::new("rejected", "the key cannot be used"))?;
            write_session(path, &SerializedSession { id: session, key, details }, console)?;
        }
        found.push(told);
    }
    let all = found.iter().all(|told| told.error.is_none());
    console.value(&Told {
        sessions: found,
        private_key_operations: keys.resolver().operations(),
        malformed_records: keys.malformed_records().iter().map(ToString::to_string).collect(),
    })?;
    Ok(if all { Status::Success } else { Status::Unopened })
}

impl Arguments {
    fn gather(&self, console: &Console) -> Result<SessionKeys, Failure> {
        let files = self.identity.iter().chain(self.credential.files());
        input::read_once(files.chain(&self.over_encryption_key.over_encryption_key_file))?;
        let mut sources = KeySources::default();
        for path in &self.sources {
            let read = if path.is_dir() { sources.add_bundle(path) } else { sources.add_file(path) };
            read.map_err(unreadable)?;
        }
        for input in &self.identity {
            sources.add_identity(&read_identity(input, console)?);
        }
        if let Some(app) = &self.credential.app_id {
            sources.records.app = Some(app.clone());
        }
        if let Some(id) = self.sym_enc_key {
            let secret = match self.credential.read()? {
                Credential::Password(password) => PasswordOrKey::Password(password),
                Credential::Raw { key, .. } => PasswordOrKey::Key(key.into_key()),
            };
            sources.records.add_sym_enc_key_secret(SymEncKeySecret { id, session_spelling: None, secret });
        } else if self.credential.files().next().is_some() {
            return Err(Failure::usage("which SymEncKey is this secret for?", "name it with --sym-enc-key"));
        }
        if self.over_encryption_key.over_encryption_key_file.is_some() {
            let key = self.over_encryption_key.read()?;
            sources.records.add_over_encryption_key(OverEncryptionKey { id: None, auth_factor: None, key });
        }
        let policy = Policy {
            unknown_hash: if self.try_all_keys { UnknownHash::TryAll } else { UnknownHash::Stop },
            revoked: if self.open_revoked { Revoked::Opened } else { Revoked::Skipped },
            proxies: if self.follow_proxy_chains { ProxyDepth::Chains } else { ProxyDepth::One },
        };
        Ok(sources.into_keys(policy))
    }
}

fn find(keys: &SessionKeys, session_id: SessionId) -> (Found, Option<Arc<Resolved>>) {
    match keys.resolver().resolve_all(session_id) {
        Ok(found) => {
            let first = found.first().cloned();
            let told = Found {
                session_id,
                route: first.as_ref().map(|key| key.route.as_str()),
                flow: first.as_ref().map(|key| key.flow().as_str()),
                chain: first.as_ref().is_some_and(|key| key.chain),
                key_mismatch: found.len() > 1,
                error: None,
                reasons: Vec::new(),
            };
            (told, first)
        }
        Err(closed) => {
            let why = |reason: &Reason| Why { code: reason.code(), message: reason.to_string() };
            let reasons = closed.reasons.iter().map(why).collect();
            let error = Some(closed.code());
            (Found { session_id, route: None, flow: None, chain: false, key_mismatch: false, error, reasons }, None)
        }
    }
}

fn lines(told: &Found) -> Vec<String> {
    let mut lines = vec![format!("{:9} {}", "session", told.session_id)];
    let mut row = |name: &str, value: String| lines.push(format!("  {name:7} {value}"));
    if let (Some(route), Some(flow)) = (told.route, told.flow) {
        row("route", if told.chain { format!("{route}, by a chain of proxies (PROXY-08)") } else { route.to_owned() });
        row("flow", flow.to_owned());
    }
    if told.key_mismatch {
        row("warning", "key-mismatch: other ways lead to other keys; the data decide (SES-10)".to_owned());
    }
    if let Some(error) = told.error {
        row("closed", error.to_owned());
    }
    for Why { code, message } in &told.reasons {
        row("reason", format!("{message} [{code}]"));
    }
    lines
}
