//! Secrets that a command needs: from a file, from standard input, or typed without echo (CLI-01).

use crate::failure::Failure;
use crate::input::Input;
use sealwright::SymKey;
use sealwright::kdf::Password;
use sealwright::kdf::value::{RawKey64, RawSymKey};
use sealwright::types::{SecretString, SecretVec};
use std::io::{self, IsTerminal as _};

/// What a secret is called, and the option that names its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// As the beginning of a sentence.
    pub(crate) name: &'static str,
    pub(crate) option: &'static str,
}

/// A secret as it was read, and where.
#[derive(Debug)]
pub(crate) struct Given {
    bytes: SecretVec,
    place: String,
}

const RAW_KEY: &str = "a raw key is 64 bytes, as they are or in base64";
/// No secret takes more bytes than this, however it is written.
const LONGEST: u64 = 128 * 1024;

impl Wanted {
    /// Reads the secret from the file, or asks for it where there is none.
    pub(crate) fn read(self, file: Option<&Input>) -> Result<Given, Failure> {
        match file {
            Some(input) => Ok(Given { bytes: input.read(LONGEST)?, place: input.to_string() }),
            None => self.ask(),
        }
    }

    fn ask(self) -> Result<Given, Failure> {
        let Self { name, option } = self;
        if !io::stdin().is_terminal() {
            return Err(Failure::missing("no-secret", format!("{} is needed", with_article(name)))
                .hint(format!("give it with {option} FILE, or with `{option} -` on standard input")));
        }
        let typed = SecretString::from(rpassword::prompt_password(format!("{name}, not shown: "))?);
        Ok(Given { bytes: SecretVec::copy_of(typed.expose().as_bytes()), place: "what was typed".to_owned() })
    }
}

impl Given {
    /// The bytes, every one of them.
    pub(crate) fn bytes(&self) -> &SecretVec {
        &self.bytes
    }

    /// Where it was read.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The text. One line break at its end belongs to the file and not to the text.
    pub(crate) fn text(&self) -> Result<&str, Failure> {
        let text = std::str::from_utf8(self.bytes.expose()).map_err(|_| {
            Failure::new("not-utf8", "this is not UTF-8 text")
                .hint("write the text into the file in UTF-8; keys are given in base64")
                .at(&self.place)
        })?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(text.strip_suffix('\r').unwrap_or(text))
    }

    /// The text as a password.
    pub(crate) fn password(&self) -> Result<Password, Failure> {
        Password::new(self.text()?).map_err(|error| {
            let longest = format!("at most {} bytes are read", Password::LONGEST);
            Failure::of(&error).hint_for("bad-value", longest).at(&self.place)
        })
    }

    /// A key of 64 bytes, in base64 or as it is. Text is tried first: 64 random bytes never look like base64.
    pub(crate) fn raw_key(&self) -> Result<RawKey64, Failure> {
        let text = std::str::from_utf8(self.bytes.expose()).unwrap_or_default();
        RawKey64::parse_tolerant(text)
            .or_else(|_| RawKey64::from_bytes(self.bytes.expose()))
            .map_err(|error| Failure::of(&error).hint_for("bad-value", RAW_KEY).at(&self.place))
    }

    /// As [`Given::raw_key`], also of 32 or 48 bytes, where such a key exists (VAL-05).
    pub(crate) fn raw_sym_key(&self) -> Result<RawSymKey, Failure> {
        let bytes = self.bytes.expose();
        RawSymKey::parse_tolerant(std::str::from_utf8(bytes).unwrap_or_default())
            .or_else(|error| SymKey::from_bytes(bytes).map(RawSymKey::from).map_err(|_| error))
            .map_err(|error| Failure::of(&error).hint_for("bad-value", RAW_KEY).at(&self.place))
    }
}

fn with_article(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    let article = if first.is_some_and(|first| "aeiou".contains(first)) { "an" } else { "a" };
    format!("{article} {}{}", first.unwrap_or_default(), characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(bytes: &[u8]) -> Given {
        Given { bytes: SecretVec::copy_of(bytes), place: "file".to_owned() }
    }

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_a_text() {
        for (file, text) in
            [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a \n", " a "), ("\na", "\na"), ("\n", "")]
        {
            assert_eq!(given(file.as_bytes()).text().unwrap(), text, "{file:?}");
        }
        assert!(given(b"\xff").text().is_err());
        assert!(given(b"\n").password().is_err());
    }

    #[test]
    fn the_raw_key_of_a_sym_enc_key_may_be_shorter() {
        for length in [32, 48, 64] {
            let bytes = vec![0x9d; length];
            for file in [bytes.clone(), sealwright::types::b64::encode(&bytes).into_bytes()] {
                assert_eq!(given(&file).raw_sym_key().unwrap().key().expose(), bytes);
            }
        }
        for wrong in [&[0x9d; 63][..], b"AAAA", b""] {
            assert!(given(wrong).raw_sym_key().is_err());
        }
    }

    #[test]
    fn a_raw_key_is_64_bytes_or_base64_of_them() {
        let bytes = [0x9d; 64];
        let text = sealwright::types::b64::encode(bytes);
        for file in [&bytes[..], text.as_bytes(), format!("{text}\r\n").as_bytes()] {
            assert_eq!(given(file).raw_key().unwrap().to_text().expose(), text);
        }
        for wrong in [&bytes[..63], b"AAAA", b""] {
            assert!(given(wrong).raw_key().is_err());
        }
    }
}
