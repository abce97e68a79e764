//! The requests of the two-man rule: what a caller with a network sends to SSKS.

use crate::ssks::Blob;
use sealwright_kdf::SecretText;
use sealwright_kdf::value::{AuthFactor, Challenge};
use sealwright_types::Coded;
use serde::{Serialize, Serializer};

/// The id of a session of SSKS, 1 to 1,024 bytes of text. Whoever has an authenticated one can retrieve and replace the sealed identity.
#[derive(Debug)]
pub struct SessionToken(SecretText);

/// The text is not an id of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of a session of SSKS")]
pub struct BadToken;

impl Coded for BadToken {
    fn code(&self) -> &'static str {
        "bad-value"
    }
}

impl SessionToken {
    /// The session with this id. The caller wipes `text`.
    ///
    /// # Errors
    /// [`BadToken`] for no text, a longer one, or one that does not fit into a header.
    pub fn new(text: &str) -> Result<Self, BadToken> {
        let fits = (1..=1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(SecretText::from(text.to_owned()))) } else { Err(BadToken) }
    }

    /// The text.
    pub const fn text(&self) -> &SecretText {
        &self.0
    }
}

/// One request: POST to [`path`](Self::path), header `X-SEALD-SESSION`, body the JSON of [`call`](Self::call).
#[derive(Debug)]
#[must_use = "a request is to be sent"]
pub struct Request {
    session: SessionToken,
    call: Call,
}

/// What a request asks for. Serialises to its JSON body.
#[derive(Debug)]
#[non_exhaustive]
pub enum Call {
    /// Check a challenge.
    Validate {
        /// What the user typed.
        challenge: Challenge,
        /// Where it was sent.
        factor: AuthFactor,
    },
    /// Store an identity.
    Push {
        /// The sealed identity.
        blob: Blob,
        /// Whose it is.
        factor: AuthFactor,
    },
    /// Give the stored identity.
    Search,
    /// Give a token that proves the factor.
    FactorToken {
        /// Which factor.
        factor: AuthFactor,
    },
}

impl Request {
    pub(super) fn new(session: &SessionToken, call: Call) -> Self {
        Self { session: SessionToken(SecretText::from(session.0.expose().to_owned())), call }
    }

    /// The path of the request.
    pub fn path(&self) -> &'static str {
        match self.call {
            Call::Validate { .. } => "/tmr/front/challenge_validate/",
            Call::Push { .. } => "/tmr/front/push/",
            Call::Search => "/tmr/front/search/",
            Call::FactorToken { .. } => "/tmr/front/get_factor_token/",
        }
    }

    /// The header `X-SEALD-SESSION`.
    pub fn session(&self) -> &SessionToken {
        &self.session
    }

    /// What is asked for.
    pub fn call(&self) -> &Call {
        &self.call
    }
}

#[derive(Serialize)]
struct Factor<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Validate { challenge: &'a str, auth_factor: Factor<'a> },
    Push { data_b64: String, auth_factor: Factor<'a> },
    Search {},
    FactorToken { auth_factor_type: &'a str, auth_factor_value: &'a str },
}

/// The JSON body.
impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = match self {
            Self::Validate { challenge, factor } => {
                Body::Validate { challenge: challenge.text().expose(), auth_factor: Factor::of(factor) }
            }
            Self::Push { blob, factor } => Body::Push { data_b64: blob.to_base64(), auth_factor: Factor::of(factor) },
            Self::Search => Body::Search {},
            Self::FactorToken { factor } => {
                Body::FactorToken { auth_factor_type: factor.type_name(), auth_factor_value: factor.value() }
            }
        };
        body.serialize(serializer)
    }
}

impl<'a> Factor<'a> {
    fn of(factor: &'a AuthFactor) -> Self {
        Self { kind: factor.type_name(), value: factor.value() }
    }
}
