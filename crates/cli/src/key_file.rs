//! Session keys: from a file, from standard input, or typed without echo (CLI-01).

use crate::failure::Failure;
use crate::input::{self, Input};
use crate::secret::Wanted;
use sealwright::session::{Generation, SerializedSession};
use sealwright::types::{SecretVec, b64};
use sealwright::{SessionId, SymKey};

const SESSION_KEY: Wanted = Wanted { name: "Session key (base64) or serialised session", option: "--session-key-file" };
/// No serialised session takes more bytes than this.
const LONGEST: u64 = 64 * 1024;

/// What to do about a key that opens, but does not seal (ENV-02).
pub(crate) const LONG_KEY: &str = "not every implementation reads what a shorter key seals; `sealwright session new` makes a key of 64 bytes, for a new session";

/// Where a session key comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct SessionKeyFile {
    /// The session's key: base64 text, 32, 48 or 64 raw bytes, or a serialised session, whose id is then checked too. Without this
    /// option it is asked for on a terminal.
    #[arg(long, value_name = "FILE")]
    session_key_file: Option<Input>,
}

/// A session key, and whose it is if it says so.
#[derive(Debug)]
pub(crate) struct SessionKey {
    pub(crate) key: SymKey,
    pub(crate) session: Option<SessionId>,
}

impl SessionKeyFile {
    /// The file that was named.
    pub(crate) fn file(&self) -> Option<&Input> {
        self.session_key_file.as_ref()
    }

    /// Reads the key. `taken` is another input of the command, which cannot come from standard input at the same time.
    pub(crate) fn read(&self, taken: Option<&Input>) -> Result<SessionKey, Failure> {
        input::read_once(taken.into_iter().chain(self.file()))?;
        let given = SESSION_KEY.read(self.file())?;
        parse(given.bytes()).map_err(|failure| failure.at(given.place()))
    }
}

impl SessionKey {
    /// The session that is meant: the one that the command line names, or the one that the key names.
    pub(crate) fn session(&self, named: Option<SessionId>) -> Result<SessionId, Failure> {
        match (named, self.session) {
            (Some(named), Some(own)) if named != own => {
                Err(Failure::new("wrong-session", format!("the key belongs to session {own}, not to {named}"))
                    .hint("leave --session-id out, or use the key of that session"))
            }
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Err(Failure::usage(
                "the key does not say to which session it belongs",
                "name the session with --session-id, or give a serialised session",
            )),
        }
    }
}

/// Text is tried first: 64 random bytes never look like base64.
fn parse(bytes: &SecretVec) -> Result<SessionKey, Failure> {
    if let Ok(decoded) = b64::decode_tolerant_secret(bytes.expose()) {
        if let Ok(key) = SymKey::from_bytes(decoded.expose()) {
            return Ok(SessionKey { key, session: None });
        }
        if let Ok(session) = serialized(bytes) {
            return Ok(SessionKey { key: session.key, session: Some(session.id) });
        }
    }
    match SymKey::from_bytes(bytes.expose()) {
        Ok(key) => Ok(SessionKey { key, session: None }),
        Err(_) => Err(Failure::new("key-length", "this is no session key and no serialised session")),
    }
}

/// A serialised session from text that may end with a line feed.
pub(crate) fn serialized(bytes: &SecretVec) -> Result<SerializedSession, Failure> {
    let text = std::str::from_utf8(bytes.expose()).unwrap_or_default();
    SerializedSession::from_text(text, Generation::Unknown).map_err(|error| {
        Failure::new("malformed", format!("not a serialised session ({})", error.rule))
            .hint("a serialised session is one line of base64; `sealwright session new` makes one")
    })
}

/// Reads a file that holds a serialised session.
pub(crate) fn read_serialized(input: &Input) -> Result<SerializedSession, Failure> {
    serialized(&input.read(LONGEST)?).map_err(|failure| failure.at(input))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";

    fn read(bytes: &[u8]) -> Option<(Vec<u8>, Option<SessionId>)> {
        parse(&SecretVec::copy_of(bytes)).ok().map(|read| (read.key.expose().to_vec(), read.session))
    }

    #[test]
    fn a_key_is_read_in_every_spelling() {
        for length in [32, 48, 64_u8] {
            let key: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37) ^ 0x80).collect();
            let text = b64::encode(&key);
            for spelling in
                [key.clone(), text.clone().into(), format!("{text}\r\n").into(), text.replace('=', "").into()]
            {
                assert_eq!(read(&spelling), Some((key.clone(), None)), "{length}");
            }
        }
        let session =
            SerializedSession { id: SESSION.parse().unwrap(), key: SymKey::generate().unwrap(), details: None };
        let text = format!("{}\n", session.to_text().expose());
        assert_eq!(read(text.as_bytes()), Some((session.key.expose().to_vec(), Some(session.id))));
    }

    #[test]
    fn other_lengths_are_no_keys() {
        for wrong in [&b""[..], &[0x80; 31], &[0x80; 65], b"AAAA", b"not a key at all"] {
            assert!(read(wrong).is_none());
        }
    }
}
