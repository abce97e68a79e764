//! Text messages of the oldest form, `==GET=SEALD=…`: read only (docs/spec/ENVELOPE.md section 10).

use crate::envelope::{self, OpenError, SHORTEST};
use crate::key::SymKey;
use sealwright_types::{Cursor, Malformed, SessionId, b64};

/// How such a text begins (OLD-01).
pub const PREFIX: &str = "==GET=SEALD=";

/// A legacy message whose shape is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyMessage {
    /// Where its key comes from.
    pub key: LegacyKey,
    sealed: Vec<u8>,
}

/// Where the key of a legacy message comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegacyKey {
    /// From a session.
    Session(SessionId),
    /// From the message itself: it carries its key wrapped for several devices, which are not named (OLD-02).
    Tokens(Vec<Vec<u8>>),
}

impl LegacyMessage {
    /// Reads a legacy message (OLD-01 to OLD-03).
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed::new(0, "OLD-01");
        let inner = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix("/=")).ok_or(malformed)?;
        let mut parts = inner.split('=');
        let (Some(protocol), Some(key), Some(sealed), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed);
        };
        if sealed.contains('/') {
            return Err(malformed);
        }
        let sealed = b64::decode_s64(sealed).map_err(|_| malformed)?;
        let sealed = match protocol {
            "p" => without_constants(&sealed)?,
            "1" => sealed,
            _ => return Err(malformed),
        };
        Ok(Self { key: LegacyKey::parse(key)?, sealed })
    }

    /// Bytes of the envelope, without the constants of protocol `p`.
    pub fn envelope_length(&self) -> usize {
        self.sealed.len()
    }

    /// Opens it. Upstream showed the bytes as Latin-1 characters; here they are bytes (OLD-04).
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn open(&self, key: &SymKey) -> Result<Vec<u8>, OpenError> {
        envelope::open(key, &self.sealed)
    }
}

impl LegacyKey {
    fn parse(text: &str) -> Result<Self, Malformed> {
        let Some((count, tokens)) = text.split_once('/') else {
            return text.parse().map(Self::Session).map_err(|_| Malformed::new(0, "OLD-01"));
        };
        let malformed = Malformed::new(0, "OLD-02");
        let tokens: Result<Vec<_>, _> = tokens.split('/').map(b64::decode_s64).collect();
        let tokens = tokens.map_err(|_| malformed)?;
        if count != tokens.len().to_string() {
            return Err(malformed);
        }
        Ok(Self::Tokens(tokens))
    }
}

/// Protocol `p` has a constant byte in front and sixteen after the IV; they are not authenticated and not looked at (OLD-03).
fn without_constants(stored: &[u8]) -> Result<Vec<u8>, Malformed> {
    const CONSTANTS: usize = 17;
    let malformed = Malformed::new(stored.len() as u64, "OLD-03");
    if stored.len() < SHORTEST.saturating_add(CONSTANTS) {
        return Err(malformed);
    }
    let mut cursor = Cursor::new(stored);
    cursor.take(1).map_err(|_| malformed)?;
    let iv = cursor.take(16).map_err(|_| malformed)?;
    cursor.take(16).map_err(|_| malformed)?;
    Ok([iv, cursor.rest()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal;

    const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";

    fn key() -> SymKey {
        SymKey::from_bytes(&[3; 64]).unwrap()
    }

    fn text(protocol: &str, key_part: &str, sealed: &[u8]) -> String {
        format!("{PREFIX}{protocol}={key_part}={}/=", b64::encode_s64(sealed))
    }

    fn with_constants(sealed: &[u8]) -> Vec<u8> {
        [&[0x80], &sealed[..16], &[0; 16], &sealed[16..]].concat()
    }

    #[test]
    fn both_protocols_open() {
        let sealed = seal(&key(), b"old words").unwrap();
        for (protocol, stored) in [("1", sealed.clone()), ("p", with_constants(&sealed))] {
            for id in [SESSION, "WiIXIjbEQe6+VgJCrBIAAg"] {
                let message = LegacyMessage::parse(&text(protocol, id, &stored)).unwrap();
                assert_eq!(message.key, LegacyKey::Session(SESSION.parse().unwrap()));
                assert_eq!(message.open(&key()).unwrap(), b"old words");
            }
        }
    }

    #[test]
    fn the_constants_are_not_authenticated_and_everything_else_is() {
        let stored = with_constants(&seal(&key(), b"old words").unwrap());
        for place in 0..stored.len() {
            let mut changed = stored.clone();
            changed[place] ^= 1;
            let opened = LegacyMessage::parse(&text("p", SESSION, &changed)).unwrap().open(&key());
            assert_eq!(opened.is_ok(), place == 0 || (17..33).contains(&place), "{place}");
        }
    }

    #[test]
    fn tokens_are_counted() {
        let sealed = seal(&key(), b"x").unwrap();
        let tokens = format!("2/{}/{}", b64::encode_s64([1; 8]), b64::encode_s64([0xff; 8]));
        let message = LegacyMessage::parse(&text("1", &tokens, &sealed)).unwrap();
        assert_eq!(message.key, LegacyKey::Tokens(vec![vec![1; 8], vec![0xff; 8]]));
        for wrong in
            [tokens.replacen('2', "1", 1), tokens.replacen('2', "3", 1), tokens.replacen('2', "02", 1), "0/".into()]
        {
            let error = LegacyMessage::parse(&text("1", &wrong, &sealed)).unwrap_err();
            assert_eq!(error.rule.as_str(), "OLD-02", "{wrong}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let sealed = seal(&key(), b"").unwrap();
        let good = text("1", SESSION, &sealed);
        assert!(LegacyMessage::parse(&good).is_ok());
        for bad in [
            good.replace("=1=", "=2="),
            good.replace("/=", "="),
            good.replace("==GET", "=GET"),
            format!("{good} "),
            good.replace(SESSION, "nobody"),
            good.replace("=1=", "=1=x="),
            text("p", SESSION, &sealed),
            String::new(),
        ] {
            assert!(LegacyMessage::parse(&bad).is_err(), "{bad}");
        }
    }
}
