//! Session keys: from a file, from standard input, or typed without echo (CLI-01).

use crate::failure::Failure;
use crate::input::Input;
use sealwright::session::{Generation, SerializedSession};
use sealwright::types::{SecretString, SecretVec, b64};
use sealwright::{SessionId, SymKey};
use std::io::{self, IsTerminal as _};

/// No session key takes more bytes than this, however it is written.
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
    /// Whether a file was named.
    pub(crate) fn is_given(&self) -> bool {
        self.session_key_file.is_some()
    }

    /// Whether standard input is read for it.
    pub(crate) fn is_standard_input(&self) -> bool {
        self.session_key_file == Some(Input::Standard)
    }

    /// Reads the key. `taken` is another input of the command, which cannot come from standard input at the same time.
    pub(crate) fn read(&self, taken: Option<&Input>) -> Result<SessionKey, Failure> {
        match &self.session_key_file {
            Some(Input::Standard) if taken == Some(&Input::Standard) => Err(standard_input_twice()),
            Some(input) => parse(&input.read(LONGEST)?).map_err(|failure| failure.at(input)),
            None => parse(&typed()?).map_err(|failure| failure.at("what was typed")),
        }
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

/// Standard input was named for several things.
pub(crate) fn standard_input_twice() -> Failure {
    Failure::usage(
        "standard input cannot be several things at once",
        "put the secret into a file that only you can read, and name that",
    )
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

fn typed() -> Result<SecretVec, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "a session key is needed",
            "give it with --session-key-file FILE, or with `--session-key-file -` on standard input",
        ));
    }
    let typed = rpassword::prompt_password("Session key (base64) or serialised session, not shown: ")?;
    let typed = SecretString::from(typed);
    Ok(SecretVec::copy_of(typed.expose().as_bytes()))
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
