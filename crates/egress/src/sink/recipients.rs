//! Who can open what is encrypted with age: public keys, or whoever knows a passphrase.

use age::secrecy::{ExposeSecret as _, SecretString as AgeSecret};
use age::{Decryptor, Encryptor, x25519};
use sealwright_types::zeroize::Zeroizing;
use sealwright_types::{Coded, SecretString};
use std::fmt;
use std::io::{self, BufRead, Read as _, Write};
use std::str::FromStr;
use std::sync::Arc;

/// A public key of the age tools, `age1...`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(x25519::Recipient);

/// Who can open a file: at least one public key, or a passphrase.
#[derive(Clone)]
pub struct Recipients(Who);

#[derive(Clone)]
pub(crate) enum Who {
    Keys(Arc<[Recipient]>),
    Passphrase(Arc<SecretString>),
}

/// Why recipients cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// The text is no public key of the age tools.
    #[error("not an age recipient: one begins with age1 and has 62 characters")]
    NotARecipient,
    /// A line of a file is no public key of the age tools.
    #[error("line {line} is not an age recipient: one begins with age1 and has 62 characters")]
    Line {
        /// The line, from one.
        line: u64,
    },
    /// There is no recipient.
    #[error("there is no recipient")]
    NoRecipient,
    /// The passphrase is empty.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// A secret key was given where a public one belongs.
    #[error("this is a secret key: a recipient is the public key that belongs to it")]
    SecretKey,
}

impl Coded for RecipientError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotARecipient | Self::Line { .. } | Self::NoRecipient | Self::SecretKey => "bad-recipient",
            Self::EmptyPassphrase => "empty-password",
        }
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err(RecipientError::SecretKey);
        }
        text.parse().map(Self).map_err(|_| RecipientError::NotARecipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Recipient {
    /// The recipients of a file, one in each line. Empty lines and lines that begin with `#` count as none, as for the age tools.
    ///
    /// # Errors
    /// [`RecipientError::Line`], [`RecipientError::SecretKey`].
    pub fn in_file(text: &str) -> Result<Vec<Self>, RecipientError> {
        let lines = text.lines().map(str::trim).zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        let recipient = |(line, number): (&str, u64)| {
            line.parse().map_err(|error| match error {
                RecipientError::NotARecipient => RecipientError::Line { line: number },
                error => error,
            })
        };
        lines.map(recipient).collect()
    }
}

impl Recipients {
    /// Each of these can open the file. Repetitions count once.
    ///
    /// # Errors
    /// [`RecipientError::NoRecipient`].
    pub fn keys(recipients: impl IntoIterator<Item = Recipient>) -> Result<Self, RecipientError> {
        let mut recipients: Vec<_> = recipients.into_iter().collect();
        recipients.sort_by_key(ToString::to_string);
        recipients.dedup();
        if recipients.is_empty() {
            return Err(RecipientError::NoRecipient);
        }
        Ok(Self(Who::Keys(recipients.into())))
    }

    /// Whoever knows the passphrase can open the file.
    ///
    /// # Errors
    /// [`RecipientError::EmptyPassphrase`].
    pub fn passphrase(passphrase: SecretString) -> Result<Self, RecipientError> {
        if passphrase.expose().is_empty() {
            return Err(RecipientError::EmptyPassphrase);
        }
        Ok(Self(Who::Passphrase(Arc::new(passphrase))))
    }

    pub(crate) fn who(&self) -> &Who {
        &self.0
    }

    /// What encrypts one file for them.
    pub(crate) fn encryptor(&self) -> io::Result<Encryptor> {
        match &self.0 {
            Who::Keys(recipients) => encryptor(recipients),
            Who::Passphrase(passphrase) => Ok(Encryptor::with_user_passphrase(secret(passphrase))),
        }
    }
}

/// Shows public keys and no passphrase.
impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Who::Keys(recipients) => f.debug_set().entries(recipients.iter()).finish(),
            Who::Passphrase(_) => f.write_str("Passphrase([redacted])"),
        }
    }
}

/// What encrypts one file for the owners of these keys.
pub(crate) fn encryptor(recipients: &[Recipient]) -> io::Result<Encryptor> {
    let recipients = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
    Encryptor::with_recipients(recipients).map_err(io::Error::other)
}

/// A fresh secret key as an identity file of the age tools, encrypted under the passphrase, and its public key.
pub(crate) fn new_identity(passphrase: &SecretString) -> io::Result<(Recipient, Vec<u8>)> {
    let identity = x25519::Identity::generate();
    let recipient = Recipient(identity.to_public());
    let text = identity.to_string();
    let text = Zeroizing::new(format!("# public key: {recipient}\n{}\n", text.expose_secret()));
    let mut writer = Encryptor::with_user_passphrase(secret(passphrase)).wrap_output(Vec::new())?;
    writer.write_all(text.as_bytes())?;
    Ok((recipient, writer.finish()?))
}

/// What the file holds, if the passphrase opens it.
pub(crate) fn opened(passphrase: &SecretString, file: impl BufRead) -> Option<impl io::Read> {
    let identity = age::scrypt::Identity::new(secret(passphrase));
    Decryptor::new_buffered(file).ok()?.decrypt(std::iter::once(&identity as _)).ok()
}

/// The public key of the identity file that the passphrase opens; `None` if it does not open it.
pub(crate) fn open_identity(passphrase: &SecretString, file: &[u8]) -> Option<Recipient> {
    /// An identity file has one short line; some comments are allowed for.
    const LONGEST: u64 = 4096;
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    opened(passphrase, file)?.take(LONGEST).read_to_string(&mut text).ok()?;
    let line = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-"))?;
    line.parse::<x25519::Identity>().ok().map(|identity| Recipient(identity.to_public()))
}

fn secret(passphrase: &SecretString) -> AgeSecret {
    AgeSecret::from(passphrase.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient() -> String {
        x25519::Identity::generate().to_public().to_string()
    }

    #[test]
    fn a_file_of_recipients_is_read_as_the_age_tools_do() {
        let [first, second] = [recipient(), recipient()];
        let text = format!("# of the archive\r\n{first}\r\n\n  {second}\n");
        let read: Vec<_> = Recipient::in_file(&text).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(read, [first, second]);
    }

    #[test]
    fn what_is_no_recipient_is_told_with_its_line() {
        let good = recipient();
        for wrong in ["age1", "ssh-ed25519 AAAA", "age1yubikey1qwe", &good[..61], &format!("{good} {good}")] {
            let text = format!("{good}\n#\n{wrong}\n");
            assert_eq!(Recipient::in_file(&text), Err(RecipientError::Line { line: 3 }), "{wrong}");
        }
        let identity = x25519::Identity::generate().to_string();
        assert_eq!(identity.expose_secret().parse::<Recipient>(), Err(RecipientError::SecretKey));
        assert_eq!(Recipients::keys([]).unwrap_err(), RecipientError::NoRecipient);
        assert_eq!(Recipients::passphrase(String::new().into()).unwrap_err(), RecipientError::EmptyPassphrase);
    }

    #[test]
    fn a_passphrase_is_never_shown() {
        let recipients = Recipients::passphrase("correct horse".to_owned().into()).unwrap();
        assert_eq!(format!("{recipients:?}"), "Passphrase([redacted])");
    }

    #[test]
    fn an_identity_opens_under_its_passphrase_alone() {
        let [right, wrong] = ["right", "wrong"].map(|text| SecretString::from(text.to_owned()));
        let (recipient, file) = new_identity(&right).unwrap();
        assert_eq!(open_identity(&right, &file), Some(recipient));
        assert_eq!(open_identity(&wrong, &file), None);
        assert_eq!(open_identity(&right, &file[..file.len() - 1]), None);
    }
}
