//! Tokens that an application's server makes for its users: JSON Web Tokens under HS256 (JWT-01, docs/spec/IDENTITY.md section 11).
//!
//! For tests and for servers. A client checks the shape only and passes the token on.
//!
//! ```
//! use sealwright_identity::jwt::{Claims, Connector, Lifetime, Scope, SharedSecret};
//!
//! let secret = SharedSecret::new("b3f1a2c4-0000-4000-8000-000000000001", "the shared secret")?;
//! let now = 1_795_289_582; // the caller's clock, in seconds
//! let connector = Connector::application("user-1@12345678-1234-4abc-8def-1234567890ab")?;
//! let token = secret.sign(&Claims::sign_up(Some(connector), now)?)?;
//!
//! let claims = secret.check(token.text().expose(), now + 60, Lifetime::seconds(600))?;
//! assert!(claims.allows(Scope::JoinTeam));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sealwright_kdf::SecretText;
use sealwright_kdf::value::{AuthFactor, BadValue, JwtText};
use sealwright_types::random::{self, RandomError};
use sealwright_types::{Coded, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Seconds by which the clocks of two servers may differ.
const CLOCK_TOLERANCE: u64 = 60;
/// The longest id or text in a token, in bytes.
const LONGEST_TEXT: usize = 1024;

/// The secret that an application's server shares with Seald's, and its id, which is the token's `iss`.
#[derive(Debug)]
pub struct SharedSecret {
    id: String,
    secret: SecretText,
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Everything.
    All,
    /// Create a message without an account.
    AnonymousCreateMessage,
    /// Find the keys of users without an account.
    AnonymousFindKeys,
    /// Find the signed histories of users without an account.
    AnonymousFindSigchain,
    /// Join the application's team.
    JoinTeam,
    /// Add a connector.
    AddConnector,
    /// Find a SymEncKey without an account.
    AnonymousFindSymEncKey,
}

/// How a user is reached: `AP`, a name of the application, or `EM`, an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    #[serde(rename = "type")]
    kind: ConnectorKind,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum ConnectorKind {
    #[serde(rename = "AP")]
    Application,
    #[serde(rename = "EM")]
    Email,
}

/// A recipient of the two-man rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TmrRecipient {
    auth_factor_value: String,
    auth_factor_type: String,
}

/// The claims of a token: these and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    iat: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    join_team: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connector_add: Option<Connector>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<UserId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tmr_recipients: Vec<TmrRecipient>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<UserId>,
}

/// How old a token may be. Tokens carry no end of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(u64);

/// Why a token could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// No random bytes for `jti`.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The token would be longer than anybody reads.
    #[error("the token would be too long (VAL-10)")]
    TooLong,
    /// The library failed. Ours: please report it.
    #[error("bug in the writer of tokens, please report it")]
    Bug,
}

impl Coded for SignError {
    fn code(&self) -> &'static str {
        match self {
            Self::Random(error) => error.code(),
            Self::TooLong => "too-large",
            Self::Bug => "bug",
        }
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not a token with these claims, or of another algorithm than HS256.
    #[error("not a token of this kind (JWT-01)")]
    Malformed,
    /// Another secret, or altered.
    #[error("rejected: another shared secret or altered token")]
    Rejected,
    /// Made in the future, or too old.
    #[error("the token is too old or not valid yet (JWT-01)")]
    Expired,
}

impl Coded for TokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// The text of an id, a secret or a connector is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text of 1 to {LONGEST_TEXT} bytes is expected")]
pub struct TextLength;

impl Coded for TextLength {
    fn code(&self) -> &'static str {
        "bad-value"
    }
}

impl SharedSecret {
    /// The shared secret with this id. Its ASCII characters are the key. The caller wipes `secret`.
    ///
    /// # Errors
    /// [`TextLength`].
    pub fn new(id: &str, secret: &str) -> Result<Self, TextLength> {
        Ok(Self { id: bounded(id)?, secret: SecretText::from(bounded(secret)?) })
    }

    /// Signs a token with these claims; `iss` is the id of this secret.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, claims: &Claims) -> Result<JwtText, SignError> {
        let claims = Claims { iss: Some(self.id.clone()), ..claims.clone() };
        let key = EncodingKey::from_secret(self.secret.expose().as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|_| SignError::Bug)?;
        let token = SecretText::from(token);
        JwtText::parse(token.expose()).map_err(|BadValue { .. }| SignError::TooLong)
    }

    /// Checks a token: the algorithm, the signature, the issuer, the claims, and its age at `now`, in seconds.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn check(&self, token: &str, now: u64, lifetime: Lifetime) -> Result<Claims, TokenError> {
        JwtText::parse(token).map_err(|BadValue { .. }| TokenError::Malformed)?;
        let mut rules = Validation::new(Algorithm::HS256);
        // The clock is the caller's, and no token has these claims.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let key = DecodingKey::from_secret(self.secret.expose().as_bytes());
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenError::Rejected,
            _ => TokenError::Malformed,
        })?;
        let claims = claims.claims;
        if claims.iss.as_ref() != Some(&self.id) {
            return Err(TokenError::Rejected);
        }
        let made = claims.iat;
        let in_time = made <= now.saturating_add(CLOCK_TOLERANCE) && now.saturating_sub(made) <= lifetime.0;
        if in_time { Ok(claims) } else { Err(TokenError::Expired) }
    }
}

impl Lifetime {
    /// At most so many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }
}

impl Connector {
    /// A name of the application, usually `userId@appId`.
    ///
    /// # Errors
    /// [`TextLength`].
    pub fn application(value: &str) -> Result<Self, TextLength> {
        Ok(Self { kind: ConnectorKind::Application, value: bounded(value)? })
    }

    /// An e-mail address.
    ///
    /// # Errors
    /// [`BadValue`] for a text that is none (VAL-07).
    pub fn email(value: &str) -> Result<Self, BadValue> {
        Ok(Self { kind: ConnectorKind::Email, value: AuthFactor::email(value)?.value().to_owned() })
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl Claims {
    /// Lets its bearer sign up: join the team, and be reached by `connector` if there is one. `now` in seconds.
    ///
    /// # Errors
    /// [`RandomError`] when there are no random bytes for `jti`.
    pub fn sign_up(connector: Option<Connector>, now: u64) -> Result<Self, RandomError> {
        let mut scopes = vec![Scope::JoinTeam];
        if connector.is_some() {
            scopes.push(Scope::AddConnector);
        }
        Ok(Self { join_team: Some(true), connector_add: connector, ..Self::new(scopes, now)? })
    }

    /// Lets its bearer add a connector to an account.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn add_connector(connector: Connector, now: u64) -> Result<Self, RandomError> {
        Ok(Self { connector_add: Some(connector), ..Self::new(vec![Scope::AddConnector], now)? })
    }

    /// Lets its bearer find the keys of these users, and of these recipients of the two-man rule, without an account.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn find_keys(recipients: Vec<UserId>, factors: &[AuthFactor], now: u64) -> Result<Self, RandomError> {
        let tmr_recipients = factors.iter().map(TmrRecipient::of).collect();
        Ok(Self { recipients, tmr_recipients, ..Self::new(vec![Scope::AnonymousFindKeys], now)? })
    }

    /// Lets its bearer retrieve a session by a SymEncKey without an account: a `retrieveSessionToken`.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn retrieve_session(now: u64) -> Result<Self, RandomError> {
        Self::new(vec![Scope::AnonymousFindSymEncKey], now)
    }

    /// Whether the token may be used for this.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|&it| it == scope || it == Scope::All)
    }

    /// When the token was made, in seconds.
    pub const fn issued_at(&self) -> u64 {
        self.iat
    }

    /// Whether its bearer joins the team.
    pub fn joins_team(&self) -> bool {
        self.join_team == Some(true)
    }

    /// The connector that is added.
    pub const fn connector(&self) -> Option<&Connector> {
        self.connector_add.as_ref()
    }

    /// The users whose keys may be found.
    pub fn recipients(&self) -> &[UserId] {
        &self.recipients
    }

    fn new(scopes: Vec<Scope>, now: u64) -> Result<Self, RandomError> {
        let mut jti = [0; 16];
        random::fill(&mut jti)?;
        Ok(Self {
            iss: None,
            iat: now,
            jti: Some(hex::encode(jti)),
            scopes,
            join_team: None,
            connector_add: None,
            recipients: Vec::new(),
            tmr_recipients: Vec::new(),
            owner: None,
        })
    }
}

impl TmrRecipient {
    fn of(factor: &AuthFactor) -> Self {
        Self { auth_factor_value: factor.value().to_owned(), auth_factor_type: factor.type_name().to_owned() }
    }
}

impl Scope {
    const EVERY: [Self; 7] = [
        Self::All,
        Self::AnonymousCreateMessage,
        Self::AnonymousFindKeys,
        Self::AnonymousFindSigchain,
        Self::JoinTeam,
        Self::AddConnector,
        Self::AnonymousFindSymEncKey,
    ];

    const fn number(self) -> i8 {
        match self {
            Self::All => -1,
            Self::AnonymousCreateMessage => 0,
            Self::AnonymousFindKeys => 1,
            Self::AnonymousFindSigchain => 2,
            Self::JoinTeam => 3,
            Self::AddConnector => 4,
            Self::AnonymousFindSymEncKey => 5,
        }
    }
}

/// Written as its number.
impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i8(self.number())
    }
}

/// Read from its number; others are refused.
impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i8::deserialize(deserializer)?;
        let known = Self::EVERY.into_iter().find(|scope| scope.number() == number);
        known.ok_or_else(|| de::Error::custom("unknown scope"))
    }
}

fn bounded(text: &str) -> Result<String, TextLength> {
    if (1..=LONGEST_TEXT).contains(&text.len()) { Ok(text.to_owned()) } else { Err(TextLength) }
}
