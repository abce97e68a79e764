//! The secret and the key of a SymEncKey that is protected by a password (KDF-06, KDF-07), and the spellings of a session id (KDF-30).

use crate::derive::{DeriveError, derive_base64, derive_key, nfkc};
use crate::{AppIdText, Password, SecretText};
use sealwright_envelope::SymKey;
use sealwright_types::{IdError, SecretVec, SessionId};

const SECRET_SALT: &str = "seald-SymEncKey-Secret|";
const KEY_SALT: &str = "seald-SymEncKey-SymKey|";

/// The secret that proves the password: **standard padded base64**, 88 characters, sent as that text (KDF-06, KDF-36).
///
/// The session id goes in lower-case and hyphenated, which is what nearly every writer used (KDF-30).
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn sym_enc_key_secret(password: &Password, app: &AppIdText, session: SessionId) -> Result<SecretText, DeriveError> {
    sym_enc_key_secret_spelled(password, app, &SpelledSessionId::usual(session))
}

/// The key that wraps the session's key (KDF-07). Its base64 text is how it travels between programs.
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn sym_enc_key_key(password: &Password, app: &AppIdText, session: SessionId) -> Result<SymKey, DeriveError> {
    sym_enc_key_key_spelled(password, app, &SpelledSessionId::usual(session))
}

/// As [`sym_enc_key_secret`], with another spelling of the session id. For recovery only.
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn sym_enc_key_secret_spelled(
    password: &Password,
    app: &AppIdText,
    session: &SpelledSessionId,
) -> Result<SecretText, DeriveError> {
    derive_base64(password.normalised(), salt(SECRET_SALT, app, session).expose())
}

/// As [`sym_enc_key_key`], with another spelling of the session id. For recovery only.
///
/// # Errors
/// [`DeriveError`] for a bug only.
pub fn sym_enc_key_key_spelled(
    password: &Password,
    app: &AppIdText,
    session: &SpelledSessionId,
) -> Result<SymKey, DeriveError> {
    derive_key(password.normalised(), salt(KEY_SALT, app, session).expose())
}

/// The spellings with which a writer may have derived, in the order in which to try them, each text once (KDF-30):
/// lower-case hyphenated, as given, upper-case hyphenated, S64.
///
/// # Errors
/// [`IdError`] when `given` is no session id in any spelling.
///
/// ```
/// use sealwright_kdf::{Spelling, session_id_spellings};
///
/// let candidates = session_id_spellings("5a221722-36c4-41ee-be56-0242ac120002")?;
/// let order: Vec<_> = candidates.iter().map(|candidate| candidate.spelling()).collect();
/// assert_eq!(order, [Spelling::LowerCase, Spelling::UpperCase, Spelling::S64]);
/// # Ok::<(), sealwright_types::IdError>(())
/// ```
pub fn session_id_spellings(given: &str) -> Result<Vec<SpelledSessionId>, IdError> {
    let id: SessionId = given.parse()?;
    let hyphenated = id.to_string();
    let all = [
        (Spelling::AsGiven, given.to_owned()),
        (Spelling::UpperCase, hyphenated.to_uppercase()),
        (Spelling::S64, id.to_s64()),
    ];
    let mut candidates = vec![SpelledSessionId { spelling: Spelling::LowerCase, text: hyphenated }];
    for (spelling, text) in all {
        if candidates.iter().all(|earlier| earlier.text != text) {
            candidates.push(SpelledSessionId { spelling, text });
        }
    }
    Ok(candidates)
}

/// A session id in one of the spellings that a writer may have put into a salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpelledSessionId {
    spelling: Spelling,
    text: String,
}

/// Which spelling it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Spelling {
    /// Lower-case, hyphenated: the one that we derive with.
    LowerCase,
    /// Exactly what was given, where that is none of the others before it.
    AsGiven,
    /// Upper-case, hyphenated.
    UpperCase,
    /// S64 of 22 characters.
    S64,
}

impl SpelledSessionId {
    /// Which spelling it is, for the report of what matched.
    pub const fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// The text that goes into the salt.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn usual(id: SessionId) -> Self {
        Self { spelling: Spelling::LowerCase, text: id.to_string() }
    }
}

fn salt(label: &str, app: &AppIdText, session: &SpelledSessionId) -> SecretVec {
    nfkc(&[label, app.as_str(), "|", session.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_come_in_order_and_once() {
        const LOWER: &str = "5a221722-36c4-41ee-be56-0242ac120002";
        const UPPER: &str = "5A221722-36C4-41EE-BE56-0242AC120002";
        const MIXED: &str = "5A221722-36c4-41ee-be56-0242ac120002";
        const S64: &str = "WiIXIjbEQe6+VgJCrBIAAg";
        let table: &[(&str, &[&str])] = &[
            (LOWER, &[LOWER, UPPER, S64]),
            (UPPER, &[LOWER, UPPER, S64]),
            (MIXED, &[LOWER, MIXED, UPPER, S64]),
            (S64, &[LOWER, S64, UPPER]),
            ("WiIXIjbEQe6+VgJCrBIAAg==", &[LOWER, "WiIXIjbEQe6+VgJCrBIAAg==", UPPER, S64]),
        ];
        for (given, expected) in table {
            let candidates = session_id_spellings(given).unwrap();
            let texts: Vec<_> = candidates.iter().map(SpelledSessionId::as_str).collect();
            assert_eq!(texts, *expected, "{given}");
        }
        assert!(session_id_spellings("no id").is_err());
    }
}
