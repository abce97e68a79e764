//! A session as text: base64 of a small BSON document with the key inside (docs/spec/KEYS.md section 8).
//!
//! Whoever has the text can read and write everything of the session, also after having been revoked. It is a secret.

use crate::flow::{Flow, Generation};
use sealwright_envelope::SymKey;
use sealwright_types::bson::{Document, Value, Writer};
use sealwright_types::{GroupId, Malformed, SecretString, SessionId, SymEncKeyId, b64};

/// A session that travels as text.
#[derive(Debug)]
pub struct SerializedSession {
    /// The session.
    pub id: SessionId,
    /// Its key.
    pub key: SymKey,
    /// How it was retrieved; anonymous sessions do not say (SER-02).
    pub details: Option<RetrievalDetails>,
}

/// How a session was retrieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrievalDetails {
    /// The way.
    pub flow: Flow,
    /// Through what.
    pub through: Option<Through>,
    /// Whether it came from a cache.
    pub from_cache: bool,
}

/// What a session was retrieved through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// A group.
    Group(GroupId),
    /// A proxy session.
    Proxy(SessionId),
    /// A SymEncKey.
    SymEncKey(SymEncKeyId),
}

impl SerializedSession {
    /// Reads a serialised session (SER-10..14). Missing details mean that the key came with the message.
    ///
    /// # Errors
    /// [`Malformed`] for another encoding, a missing or wrong id, a key of another type or length, trailing bytes.
    pub fn from_text(text: &str, generation: Generation) -> Result<Self, Malformed> {
        let malformed = Malformed::new(0, "SER-11");
        let bytes = b64::decode_tolerant_secret(text).map_err(|_| malformed)?;
        let document = Document::parse(bytes.expose()).map_err(|_| malformed)?;
        let id = match document.get("id") {
            Ok(Some(Value::String(id))) => id.parse().map_err(|_| Malformed::new(0, "SER-12"))?,
            _ => return Err(malformed),
        };
        let key = match document.get("key") {
            Ok(Some(Value::Binary(key))) => SymKey::from_bytes(key).map_err(|_| malformed)?,
            _ => return Err(malformed),
        };
        let details = match document.get("retrievalDetails") {
            Ok(Some(Value::Document(details))) => Some(RetrievalDetails::read(details, generation)?),
            Ok(None | Some(Value::Null)) => None,
            _ => return Err(malformed),
        };
        Ok(Self { id, key, details })
    }

    /// The text: standard base64 of the canonical document (SER-01).
    pub fn to_text(&self) -> SecretString {
        const LONGEST: usize = 256;
        let mut writer =
            Writer::with_capacity(LONGEST).string("id", &self.id.to_string()).binary("key", self.key.expose());
        if let Some(details) = &self.details {
            writer = writer.document("retrievalDetails", details.written());
        }
        b64::encode(writer.finish().expose()).into()
    }

    /// The flow that the text tells: local when it tells none (SER-13).
    pub fn flow(&self) -> Flow {
        self.details.map_or(Flow::Local, |details| details.flow)
    }
}

impl RetrievalDetails {
    fn read(document: Document<'_>, generation: Generation) -> Result<Self, Malformed> {
        let malformed = Malformed::new(0, "SER-14");
        let flow = match document.get("flow").map_err(|_| malformed)? {
            Some(Value::Integer(number)) => Flow::from_number(Some(number), generation),
            _ => Flow::from_number(None, generation),
        };
        let text = |name| match document.get(name) {
            Ok(Some(Value::String(text))) => Some(text),
            _ => None,
        };
        let through = None
            .or_else(|| text("groupId").and_then(|id| id.parse().ok()).map(Through::Group))
            .or_else(|| text("proxySessionId").and_then(|id| id.parse().ok()).map(Through::Proxy))
            .or_else(|| text("symEncKeyId").and_then(|id| id.parse().ok()).map(Through::SymEncKey));
        let from_cache = matches!(document.get("fromCache"), Ok(Some(Value::Boolean(true))));
        Ok(Self { flow, through, from_cache })
    }

    fn written(&self) -> Writer {
        let mut writer = Writer::with_capacity(128);
        if let Some(number) = self.flow.to_number() {
            writer = writer.int32("flow", number);
        }
        writer = match self.through {
            Some(Through::Group(id)) => writer.string("groupId", &id.to_string()),
            Some(Through::Proxy(id)) => writer.string("proxySessionId", &id.to_string()),
            Some(Through::SymEncKey(id)) => writer.string("symEncKeyId", &id.to_string()),
            None => writer,
        };
        writer.boolean("fromCache", self.from_cache)
    }
}
