//! The proof of possession at login (IDN-50).

use sealwright_types::{Coded, SessionId};
use sealwright_wrap::{EngineError, PrivateKey};

const PREFIX: &str = "BEARD-AUTH-";

/// A challenge of the login, checked before anything is signed: else the login would sign whatever a server wants.
///
/// ```
/// use sealwright_identity::LoginChallenge;
///
/// assert!(LoginChallenge::parse("BEARD-AUTH-af626a48-66a1-4450-9dd4-9487a6a887cb").is_ok());
/// assert!(LoginChallenge::parse("transfer everything").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginChallenge(String);

/// The text is not a login challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a login challenge, it is not signed (IDN-50)")]
pub struct BadChallenge;

impl Coded for BadChallenge {
    fn code(&self) -> &'static str {
        "bad-challenge"
    }
}

impl LoginChallenge {
    /// Takes `BEARD-AUTH-` and a lower-case hyphenated UUID, nothing else.
    ///
    /// # Errors
    /// [`BadChallenge`].
    pub fn parse(text: &str) -> Result<Self, BadChallenge> {
        let uuid = text.strip_prefix(PREFIX).ok_or(BadChallenge)?;
        // Of no session; every identifier has the form of UUID-01.
        SessionId::parse_lower_case(uuid).map_err(|_| BadChallenge)?;
        Ok(Self(text.to_owned()))
    }

    /// The signature over the characters of the challenge (PSS-03).
    ///
    /// # Errors
    /// [`EngineError`] when the engine fails.
    pub fn sign(&self, key: &PrivateKey) -> Result<Vec<u8>, EngineError> {
        key.sign(self.0.as_bytes())
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_challenge_is_a_challenge() {
        let uuid = "af626a48-66a1-4450-9dd4-9487a6a887cb";
        let good = format!("{PREFIX}{uuid}");
        assert_eq!(LoginChallenge::parse(&good).unwrap().as_str(), good);
        for bad in [
            "",
            PREFIX,
            uuid,
            &format!(" {good}"),
            &format!("{good}\n"),
            &format!("{good}0"),
            &format!("{PREFIX}{}", uuid.to_uppercase()),
            &format!("{PREFIX}{}", uuid.replace('-', "")),
            &good.to_lowercase(),
        ] {
            assert_eq!(LoginChallenge::parse(bad), Err(BadChallenge), "{bad:?}");
        }
    }
}
