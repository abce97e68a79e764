//! What a file is, found out without any key (CLI: `inspect`).

mod names;

pub(crate) use names::{add_name, directory};

use crate::failure::Failure;
use crate::input::{Source, bounded};
use names::{PRIVATE_KEYS_IF_SO, RECOVER_LOCALDB};
use sealwright::envelope::file::{self, Kind as Container};
use sealwright::envelope::legacy::{LegacyKey, LegacyMessage, PREFIX};
use sealwright::envelope::message::Message;
use sealwright::envelope::{OpenError, SHORTEST};
use sealwright::identity::{Identity, IdentityError, Use};
use sealwright::session::{Generation, SerializedSession};
use sealwright::types::{Malformed, b64};
use sealwright::wrap::{KeyHash, PrivateKey, PublicKey};
use sealwright::{Coded, DeviceId, SessionId, SymKey, UserId};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Display;
use std::io::{Read as _, Seek as _};

/// What was found out about a file. None of it is authenticated.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<SessionId>,
    /// The version field of protocol 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) envelope_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plaintext_bytes: Option<Between>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device_id: Option<DeviceId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) keys: Vec<Key>,
    /// Lines, records, blocks, or wrapped keys, whatever the kind has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contains: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) needs: Option<&'static str>,
}

/// An RSA key.
#[derive(Debug, Serialize)]
pub(crate) struct Key {
    pub(crate) usage: &'static str,
    pub(crate) bits: usize,
    pub(crate) hash: KeyHash,
}

/// Something odd.
#[derive(Debug, Serialize)]
pub(crate) struct Warning {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Warning {
    fn of(warning: &(impl Coded + Display)) -> Self {
        Self { code: warning.code(), message: warning.to_string() }
    }
}

/// A length that is not known exactly, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Between {
    pub(crate) least: u64,
    pub(crate) most: u64,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)+) => {
        /// The kinds of files.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub(crate) enum Kind { $($(#[$doc])* $name),+ }

        impl Kind {
            /// As it stands in JSON.
            pub(crate) fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// As a person reads it.
            pub(crate) fn words(self) -> &'static str {
                match self { $(Self::$name => $words),+ }
            }
        }
    };
}

kinds! {
    Message = "message", "encrypted message";
    LegacyMessage = "legacy-message", "encrypted message of the oldest form (==GET=SEALD=)";
    Protocol1 = "file-protocol-1", "encrypted file, protocol 1";
    Protocol1Base64 = "file-protocol-1-base64", "encrypted file, protocol 1, as base64 text";
    Protocol2 = "file-protocol-2", "encrypted file, protocol 2 (HTML)";
    LegacyFile = "legacy-file", "encrypted file of the oldest form";
    Identity = "identity", "identity document";
    LegacyIdentity = "legacy-identity", "identity document of the old format with a single key";
    PublicKey = "public-key", "RSA public key";
    PrivateKey = "private-key", "RSA private key";
    SerializedSession = "serialized-session", "serialised session";
    PossiblySessionKey = "possibly-session-key", "possibly a session key";
    PossiblySigchain = "possibly-sigchain", "possibly a sigchain";
    PossiblyLocalDatabase = "possibly-local-database", "possibly a local database";
    PossiblyLocalDatabaseDirectory = "possibly-local-database-directory", "possibly the directory of a local database of the JavaScript SDK";
    PossiblyKeyBackup = "possibly-key-backup", "possibly the key backup of a local database: an envelope named as one";
    PossiblyGoStorage = "possibly-go-storage", "possibly a file of a Go storage: an envelope named as one";
    PossiblyGoStorageDirectory = "possibly-go-storage-directory", "possibly the directory of a Go storage";
    PossiblyRecords = "possibly-records", "JSON Lines, possibly records of a bundle or with messages in them";
    PossiblyRawMessage = "possibly-raw-message", "possibly a raw message or a stored identity (SSKS): an envelope as base64 text";
    PossiblyBareEnvelope = "possibly-bare-envelope", "possibly a bare envelope";
    Bundle = "bundle", "egress bundle";
    BundleDescription = "bundle-description", "description of an egress bundle (bundle.json)";
    #[default]
    Unknown = "unknown", "not recognised";
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Larger files that do not announce themselves at their beginning are judged by their length alone.
const READ_WHOLE: u64 = 64 * 1024 * 1024;

const SESSION_KEY: &str =
    "the key of this session: `decrypt --session-key-file`; or a token of it and the identity that the token is for";
/// What a record of a wrapped session key has beside what a message has, in both spellings (EGR-01): a line of a bundle that is alone
/// in its file is no message.
const OF_WRAPPED_KEYS: [&str; 6] =
    ["proxySessionId", "proxy_message_id", "symEncKeyId", "sym_enc_key_id", "tmrAccessId", "tmr_key_id"];
const CONTAINS_PRIVATE_KEYS: &str = "private keys";
const CONTAINS_SESSION_KEY: &str = "a session key";

/// Finds out what a file is. What could be found out before an error stands in the finding.
pub(crate) fn recognize(source: &mut Source, length: u64, finding: &mut Finding) -> Result<(), Failure> {
    if length == 0 {
        return Err(Failure::new("malformed", "the file is empty (FILE-20)"));
    }
    let beginning = bounded(&mut source.by_ref().take(file::recognition_window()), u64::MAX)?;
    source.rewind()?;
    if let Some(kind) = file::recognize(beginning.expose()) {
        return container(kind, source, finding);
    }
    if file::MAGIC.starts_with(beginning.expose()) {
        return Err(Failure::new("malformed", "an encrypted file that was cut in its first bytes (FILE-20)"));
    }
    if length > READ_WHOLE {
        *finding = by_length(length);
        return Ok(());
    }
    let content = bounded(source, READ_WHOLE)?;
    *finding = text(content.expose())?.or_else(|| binary(content.expose())).unwrap_or_else(|| by_length(length));
    Ok(())
}

fn container(kind: Container, source: &mut Source, finding: &mut Finding) -> Result<(), Failure> {
    finding.kind = match kind {
        Container::Base64 => Kind::Protocol1Base64,
        Container::Html => Kind::Protocol2,
        Container::Legacy => Kind::LegacyFile,
        _ => Kind::Protocol1,
    };
    let header = file::inspect(source)?;
    finding.session_id = Some(header.session);
    finding.version = header.version.clone();
    let length = header.envelope_length(source)?;
    finding.envelope_bytes = Some(length);
    let inside = inside(length)?;
    finding.plaintext_bytes = Some(if kind == Container::Legacy { inside } else { inside.file_in_archive() });
    finding.needs = Some(SESSION_KEY);
    Ok(())
}

/// The plaintext of an envelope of this length (ENV-04, ENV-06).
fn inside(envelope: u64) -> Result<Between, Failure> {
    const OVERHEAD: u64 = SHORTEST as u64;
    match envelope.checked_sub(OVERHEAD) {
        Some(least) if envelope.is_multiple_of(16) => Ok(Between { least, most: least.saturating_add(15) }),
        _ => Err(Failure::of(&OpenError::from(Malformed::new(envelope, "ENV-06")))),
    }
}

impl Between {
    /// The file in an archive of this length: a header of 512 bytes, for long names another 1024, padding up to 511, a trailer of 1024.
    fn file_in_archive(self) -> Self {
        Self { least: self.least.saturating_sub(1536 + 1024 + 511), most: self.least.saturating_sub(1536) }
    }
}

fn text(content: &[u8]) -> Result<Option<Finding>, Failure> {
    let Ok(text) = std::str::from_utf8(content) else {
        return Ok(None);
    };
    let text = text.trim();
    if text.starts_with(PREFIX) {
        return legacy_message(text).map(Some);
    }
    if text.starts_with('{') {
        return object(content, text);
    }
    Ok(if text.starts_with('[') { blocks(text) } else { base64_text(text) })
}

fn legacy_message(text: &str) -> Result<Finding, Failure> {
    let message = LegacyMessage::parse(text).map_err(|error| Failure::of(&error))?;
    let length = message.envelope_length() as u64;
    let (session_id, count, needs) = match &message.key {
        LegacyKey::Session(session) => (Some(*session), None, SESSION_KEY),
        LegacyKey::Tokens(tokens) => (
            None,
            Some(tokens.len()),
            "the identity of one of those whom it was sent to: the message carries its own wrapped keys",
        ),
    };
    Ok(Finding {
        kind: Kind::LegacyMessage,
        session_id,
        count,
        envelope_bytes: Some(length),
        plaintext_bytes: Some(inside(length)?),
        needs: Some(needs),
        ..Finding::default()
    })
}

/// JSON that begins with an object: a message, a description of a bundle, or records.
fn object(content: &[u8], text: &str) -> Result<Option<Finding>, Failure> {
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) else {
        let begins_like_message = [r#"{"sessionId""#, r#"{"data""#].iter().any(|beginning| text.starts_with(beginning));
        return match records(text) {
            None if begins_like_message => message(content).map(Some),
            records => Ok(records),
        };
    };
    let has = |wanted: &str| members.keys().any(|name| name.eq_ignore_ascii_case(wanted));
    let is_wrapped_key = OF_WRAPPED_KEYS.iter().any(|name| members.contains_key(*name));
    if has("sessionId") && has("data") && !is_wrapped_key {
        return message(content).map(Some);
    }
    let format = members.get("format").and_then(Value::as_str).unwrap_or_default();
    if format.starts_with("sealwright-bundle") {
        return Ok(Some(Finding { kind: Kind::BundleDescription, ..Finding::default() }));
    }
    Ok(records(text))
}

fn message(content: &[u8]) -> Result<Finding, Failure> {
    let message = Message::parse(content).map_err(|error| Failure::of(&error))?;
    let length = message.envelope_length() as u64;
    Ok(Finding {
        kind: Kind::Message,
        session_id: Some(message.session()),
        envelope_bytes: Some(length),
        plaintext_bytes: Some(inside(length)?),
        needs: Some(SESSION_KEY),
        ..Finding::default()
    })
}

/// One JSON object in each line.
fn records(text: &str) -> Option<Finding> {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_object = |line: &&str| serde_json::from_str::<Map<String, Value>>(line).is_ok();
    lines.iter().all(is_object).then(|| Finding {
        kind: Kind::PossiblyRecords,
        count: Some(lines.len()),
        ..Finding::default()
    })
}

fn blocks(text: &str) -> Option<Finding> {
    let blocks: Vec<Map<String, Value>> = serde_json::from_str(text).ok()?;
    let is_block = |block: &Map<String, Value>| block.contains_key("transaction") && block.contains_key("signature");
    (!blocks.is_empty() && blocks.iter().all(is_block)).then(|| Finding {
        kind: Kind::PossiblySigchain,
        count: Some(blocks.len()),
        ..Finding::default()
    })
}

/// Base64 in one piece or in lines.
fn base64_text(text: &str) -> Option<Finding> {
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    let is_envelope = |line: &&str| b64::decode_tolerant(line).is_ok_and(|bytes| inside(bytes.len() as u64).is_ok());
    // Line breaks in the middle of one piece of base64 come after a number of characters that is no envelope's.
    if lines.len() > 1 && lines.iter().all(is_envelope) {
        return Some(Finding {
            kind: Kind::PossiblyLocalDatabase,
            count: Some(lines.len()),
            contains: Some(PRIVATE_KEYS_IF_SO),
            needs: Some(RECOVER_LOCALDB),
            ..Finding::default()
        });
    }
    let bytes = b64::decode_tolerant_secret(text).ok()?;
    if let Ok(session) = SerializedSession::from_text(text, Generation::Unknown) {
        return Some(Finding {
            kind: Kind::SerializedSession,
            session_id: Some(session.id),
            contains: Some(CONTAINS_SESSION_KEY),
            ..Finding::default()
        });
    }
    if SymKey::from_bytes(bytes.expose()).is_ok() {
        return Some(Finding {
            kind: Kind::PossiblySessionKey,
            contains: Some(CONTAINS_SESSION_KEY),
            ..Finding::default()
        });
    }
    binary(bytes.expose()).or_else(|| {
        let length = bytes.len() as u64;
        let inside = inside(length).ok()?;
        Some(Finding {
            kind: Kind::PossiblyRawMessage,
            envelope_bytes: Some(length),
            plaintext_bytes: Some(inside),
            needs: Some("the key of its session, which only the application knows; or, for an identity, `identity recover` and the password"),
            ..Finding::default()
        })
    })
}

fn binary(content: &[u8]) -> Option<Finding> {
    match Identity::from_bson(content) {
        Ok(read) => return Some(identity(&read.identity, &read.warnings)),
        Err(IdentityError::Legacy) => {
            let contains = Some("a private key");
            return Some(Finding { kind: Kind::LegacyIdentity, contains, ..Finding::default() });
        }
        Err(_) => {}
    }
    if let Ok(key) = PublicKey::from_der(content) {
        let keys = vec![Key { usage: "any", bits: key.bits(), hash: key.hash() }];
        let warnings = key.unusual_size().iter().map(Warning::of).collect();
        return Some(Finding { kind: Kind::PublicKey, keys, warnings, ..Finding::default() });
    }
    let imported = PrivateKey::from_der(content).ok()?;
    let keys = vec![Key { usage: "any", bits: imported.key.bits(), hash: imported.key.hash() }];
    let warnings = imported.warnings.iter().map(Warning::of).collect();
    Some(Finding { kind: Kind::PrivateKey, keys, warnings, contains: Some("a private key"), ..Finding::default() })
}

fn identity(identity: &Identity, warnings: &[sealwright::identity::Warning]) -> Finding {
    Finding {
        kind: Kind::Identity,
        user_id: Some(identity.user()),
        device_id: Some(identity.device()),
        keys: keys(identity),
        warnings: warnings.iter().map(Warning::of).collect(),
        contains: Some(CONTAINS_PRIVATE_KEYS),
        ..Finding::default()
    }
}

/// All keys of an identity, with what each is for.
pub(crate) fn keys(identity: &Identity) -> Vec<Key> {
    let all = [Use::Encryption, Use::Signing].map(|usage| key_uses(identity, usage));
    all.into_iter().flatten().map(|(usage, key)| Key { usage, bits: key.bits(), hash: key.hash() }).collect()
}

/// The keys of an identity for one use: current, prepared, old.
pub(crate) fn key_uses(identity: &Identity, usage: Use) -> Vec<(&'static str, &PrivateKey)> {
    let (names, current, prepared) = match usage {
        Use::Encryption => (
            ["encryption", "prepared encryption", "old encryption"],
            &identity.current().encryption,
            identity.prepared().map(|pair| &pair.encryption),
        ),
        Use::Signing => (
            ["signing", "prepared signing", "old signing"],
            &identity.current().signing,
            identity.prepared().map(|pair| &pair.signing),
        ),
    };
    let name = |key: &PrivateKey| match key.hash() {
        hash if hash == current.hash() => names[0],
        hash if prepared.is_some_and(|prepared| prepared.hash() == hash) => names[1],
        _ => names[2],
    };
    match usage {
        Use::Encryption => identity.encryption_keys().map(|key| (name(key), &**key)).collect(),
        Use::Signing => identity.signing_keys().map(|key| (name(key), &**key)).collect(),
    }
}

/// What only the length speaks for.
fn by_length(length: u64) -> Finding {
    if matches!(length, 32 | 48) {
        return Finding { kind: Kind::PossiblySessionKey, contains: Some(CONTAINS_SESSION_KEY), ..Finding::default() };
    }
    let Ok(inside) = inside(length) else {
        return Finding::default();
    };
    Finding {
        kind: Kind::PossiblyBareEnvelope,
        envelope_bytes: Some(length),
        plaintext_bytes: Some(inside),
        needs: Some("the key that it was sealed with; nothing in it says which that is"),
        ..Finding::default()
    }
}
