//! Text messages: a JSON object of a session id and an envelope in base64 (docs/spec/ENVELOPE.md section 5).

use crate::envelope::{self, OpenError, SealError};
use crate::key::SymKey;
use sealwright_types::{Coded, Malformed, RuleId, SessionId, b64};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Why a message could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The text is not a message.
    #[error("not a message: wrong at byte {at} ({rule})")]
    Malformed {
        /// Offset in the text, in bytes; of the envelope for ENV-06.
        at: u64,
        /// The rule that was broken.
        rule: RuleId,
    },
    /// The message belongs to another session than the caller expected (MSG-13, MSG-15).
    #[error("the message does not belong to session {expected} (MSG-15)")]
    WrongSession {
        /// The session that the caller gave.
        expected: SessionId,
    },
    /// Authentication or decryption failed.
    #[error("rejected: wrong key or damaged data")]
    Rejected,
    /// The message opened, but is not UTF-8 text (MSG-23).
    #[error("the message is not UTF-8 text; open it as bytes instead (MSG-23)")]
    NotUtf8,
}

impl Coded for MessageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::WrongSession { .. } => "wrong-session",
            Self::Rejected => "rejected",
            Self::NotUtf8 => "not-utf8",
        }
    }
}

impl From<Malformed> for MessageError {
    fn from(Malformed { at, rule }: Malformed) -> Self {
        Self::Malformed { at, rule }
    }
}

impl From<OpenError> for MessageError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Malformed { at, rule } => Self::Malformed { at, rule },
            OpenError::Rejected => Self::Rejected,
        }
    }
}

/// A message whose shape is right: whose session it is, and an envelope that has not been opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    session: SessionId,
    sealed: Vec<u8>,
}

impl Message {
    /// Reads a message in every form of MSG-10 to MSG-22.
    ///
    /// # Errors
    /// [`MessageError::Malformed`].
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, MessageError> {
        let members = Members::parse(text.as_ref())?;
        let sealed = members.sealed()?;
        Ok(Self { session: members.session()?, sealed })
    }

    /// As [`Message::parse`], for a message of the expected session.
    ///
    /// # Errors
    /// [`MessageError::Malformed`], and [`MessageError::WrongSession`] (MSG-13, MSG-15).
    pub fn parse_expected(expected: SessionId, text: impl AsRef<[u8]>) -> Result<Self, MessageError> {
        let members = Members::parse(text.as_ref())?;
        let sealed = members.sealed()?;
        members.expect(expected)?;
        Ok(Self { session: expected, sealed })
    }

    /// Reads a message exactly as [`seal`] writes it (MSG-01). `None` for every other form, which [`Message::parse`] may read.
    pub fn parse_written(text: &str) -> Option<Self> {
        Self::between(text, [r#"{"sessionId":""#, r#"","data":""#, r#""}"#])
    }

    /// As [`Message::parse_written`], for a message in a JSON text, quotes and all: no copy of the text has to be made.
    pub fn parse_quoted(json: &str) -> Option<Self> {
        Self::between(json, [r#""{\"sessionId\":\""#, r#"\",\"data\":\""#, r#"\"}""#])
    }

    fn between(text: &str, [before, middle, after]: [&str; 3]) -> Option<Self> {
        const HYPHENATED: usize = 36;
        let (session, data) = text.strip_prefix(before)?.split_at_checked(HYPHENATED)?;
        let data = data.strip_prefix(middle)?.strip_suffix(after)?;
        let session = SessionId::parse_lower_case(session).ok()?;
        Some(Self { session, sealed: b64::decode_strict(data).ok()? })
    }

    /// Reads a message in raw form (MSG-02): the bare base64 of an envelope, of a session that the caller knows.
    ///
    /// # Errors
    /// [`MessageError::Malformed`].
    pub fn raw(session: SessionId, text: impl AsRef<[u8]>) -> Result<Self, MessageError> {
        let sealed = b64::decode_tolerant(text).map_err(|_| Malformed::new(0, "B64-02"))?;
        Ok(Self { session, sealed })
    }

    /// The session that the message names.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Bytes of the envelope.
    pub fn envelope_length(&self) -> usize {
        self.sealed.len()
    }

    /// Opens it.
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn open(&self, key: &SymKey) -> Result<Vec<u8>, OpenError> {
        envelope::open(key, &self.sealed)
    }

    /// As [`Message::open`], without another buffer.
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn into_plaintext(self, key: &SymKey) -> Result<Vec<u8>, OpenError> {
        self.into_plaintext_or_back(key).map_err(|(_, error)| error)
    }

    /// As [`Message::into_plaintext`]; on failure it gives the message back, for another key.
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn into_plaintext_or_back(mut self, key: &SymKey) -> Result<Vec<u8>, (Self, OpenError)> {
        match envelope::open_in_place(key, &mut self.sealed).map(|plaintext| plaintext.len()) {
            Ok(length) => {
                // The plaintext stands after the IV.
                self.sealed.drain(..crate::key::BLOCK);
                self.sealed.truncate(length);
                Ok(self.sealed)
            }
            Err(error) => Err((self, error)),
        }
    }
}

/// Seals a text for a session (MSG-01).
///
/// ```
/// use sealwright_envelope::{SymKey, message};
/// use sealwright_types::SessionId;
///
/// let (key, session) = (SymKey::generate()?, SessionId::random()?);
/// let sealed = message::seal(&key, session, "hello")?;
/// assert_eq!(message::session_id(&sealed)?, session);
/// assert_eq!(message::open(&key, session, &sealed)?, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`crate::seal`].
pub fn seal(key: &SymKey, session: SessionId, text: &str) -> Result<String, SealError> {
    Ok(written(session, &envelope::seal(key, text.as_bytes())?))
}

/// Opens a message of the expected session and gives its bytes.
///
/// # Errors
/// [`MessageError`], in this order: shape, session, length, authentication.
pub fn open(key: &SymKey, expected: SessionId, text: impl AsRef<[u8]>) -> Result<Vec<u8>, MessageError> {
    Ok(Message::parse_expected(expected, text)?.open(key)?)
}

/// As [`open`], for a message that has to be text.
///
/// # Errors
/// As [`open`], and [`MessageError::NotUtf8`] (MSG-23).
pub fn open_text(key: &SymKey, expected: SessionId, text: impl AsRef<[u8]>) -> Result<String, MessageError> {
    String::from_utf8(open(key, expected, text)?).map_err(|_| MessageError::NotUtf8)
}

/// The session that a message names; nothing but the member `sessionId` is needed (MSG-03).
///
/// # Errors
/// [`MessageError::Malformed`].
pub fn session_id(text: impl AsRef<[u8]>) -> Result<SessionId, MessageError> {
    Members::parse(text.as_ref())?.session()
}

/// Seals a text in raw form: the bare base64 of its envelope, without a session id (MSG-02).
///
/// # Errors
/// As [`crate::seal`].
pub fn seal_raw(key: &SymKey, text: &str) -> Result<String, SealError> {
    envelope::seal(key, text.as_bytes()).map(b64::encode)
}

/// Opens a message in raw form (MSG-02). Never guessed: the caller has to know that it is one.
///
/// # Errors
/// [`MessageError::Malformed`] or [`MessageError::Rejected`].
pub fn open_raw(key: &SymKey, text: impl AsRef<[u8]>) -> Result<Vec<u8>, MessageError> {
    let sealed = b64::decode_tolerant(text).map_err(|_| Malformed::new(0, "B64-02"))?;
    Ok(envelope::open(key, &sealed)?)
}

pub(crate) fn written(session: SessionId, sealed: &[u8]) -> String {
    format!(r#"{{"sessionId":"{session}","data":"{}"}}"#, b64::encode(sealed))
}

/// The two members, as they stand in the text.
struct Members<'a> {
    session: Member<'a>,
    data: Member<'a>,
    /// Whether a name of the two stands there in another case (MSG-21).
    other_case: bool,
}

enum Member<'a> {
    Missing,
    Text(Cow<'a, str>),
    NoText,
}

impl<'a> Members<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, Malformed> {
        let members: Self = serde_json::from_slice(text)
            .map_err(|error| Malformed::new(offset(text, error.line(), error.column()), "MSG-22"))?;
        if members.other_case {
            return Err(Malformed::new(0, "MSG-21"));
        }
        Ok(members)
    }

    fn session(&self) -> Result<SessionId, MessageError> {
        let Member::Text(text) = &self.session else {
            return Err(Malformed::new(0, "MSG-14").into());
        };
        let parsed = SessionId::parse_lower_case(text).or_else(|_| SessionId::parse_s64(text));
        parsed
            .map_err(|_| Malformed::new(0, if text.parse::<SessionId>().is_ok() { "MSG-13" } else { "MSG-14" }).into())
    }

    fn expect(&self, expected: SessionId) -> Result<(), MessageError> {
        match self.session() {
            Ok(session) if session == expected => Ok(()),
            // An upper-case id is well formed, but no session's (MSG-13).
            Err(MessageError::Malformed { rule, .. }) if rule == RuleId::new("MSG-13") => {
                Err(MessageError::WrongSession { expected })
            }
            Ok(_) => Err(MessageError::WrongSession { expected }),
            Err(error) => Err(error),
        }
    }

    fn sealed(&self) -> Result<Vec<u8>, Malformed> {
        match &self.data {
            Member::Text(text) => b64::decode_tolerant(text.as_bytes()).map_err(|_| Malformed::new(0, "B64-02")),
            Member::Missing | Member::NoText => Err(Malformed::new(0, "MSG-16")),
        }
    }
}

/// The byte offset of a line and column counted from one.
fn offset(text: &[u8], line: usize, column: usize) -> u64 {
    let before: usize = text.split_inclusive(|&byte| byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    before.saturating_add(column.saturating_sub(1)) as u64
}

/// Read by hand because the last of several members wins (MSG-11) and because names in another case are refused (MSG-21).
impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members { session: Member::Missing, data: Member::Missing, other_case: false };
                while let Some(Member::Text(name)) = map.next_key()? {
                    match &*name {
                        "sessionId" => members.session = map.next_value()?,
                        "data" => members.data = map.next_value()?,
                        other => {
                            members.other_case |= is_other_case(other, "SESSIONID") || is_other_case(other, "DATA");
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Whether some reader that ignores case would take `name` for the member. Long s and its like fold too.
fn is_other_case(name: &str, upper: &str) -> bool {
    name.chars().count() == upper.len() && name.to_uppercase() == upper
}

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Member<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Member::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Member::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Member::NoText)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Member::NoText)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Member::NoText)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Member::NoText)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Member::NoText)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Member::NoText)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Member::NoText)
            }
        }

        deserializer.deserialize_any(Any)
    }
}
