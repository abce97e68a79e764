//! `stored-blob-open`: identities stored under a password or by the two-man rule.

use super::{Kind, Seen, code};
use crate::binary::{Binary, Material, field};
use crate::check::LoadError;
use sealwright_identity::ssks::{Account, Blob, BlobError, Mode, Opened, password, two_man_rule};
use sealwright_kdf::value::RawKey64;
use sealwright_kdf::{AppIdText, Password, UserIdText};
use serde::{Deserialize, Serialize};

pub(crate) struct StoredBlobOpen;

/// `blob` is the text as it is stored. `key` says what is at hand: a text to derive from, a raw key in base64, or a text of which
/// nobody knows which of both it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) protection: Protection,
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) key: AtHand,
    pub(crate) blob: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protection {
    Password,
    TwoManRule,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AtHand {
    Text(String),
    Raw(String),
    Undecided(String),
}

/// The identity document, which is not read here, and whether its key was derived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) document: Binary,
    pub(crate) derived: bool,
}

impl Kind for StoredBlobOpen {
    const NAME: &'static str = "stored-blob-open";
    const FAMILIES: &'static [&'static str] = &["BLOB", "IDN"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let app = AppIdText::new(&input.app).map_err(|_| LoadError::material("an application that is none"))?;
        let user = UserIdText::parse_tolerant(&input.user).map_err(|_| LoadError::material("a user that is none"))?;
        let known = AtHand::parse(&input.key)?;
        let got = open(input.protection, &Account { app, user }, known, &input.blob);
        let output = |(opened, mode): (Opened, Mode)| Output {
            document: Binary::of(opened.document().expose()),
            derived: mode == Mode::Derived,
        };
        Ok(vec![Seen::whole("open", got.map(output).map_err(code), |output| output.document.len)])
    }
}

/// What is at hand, read.
enum Known<'a> {
    Text(Password),
    Raw(RawKey64),
    Undecided(&'a str),
}

impl AtHand {
    fn parse(&self) -> Result<Known<'_>, LoadError> {
        Ok(match self {
            Self::Text(text) => {
                Known::Text(Password::new(text).map_err(|_| LoadError::material("a password that is none"))?)
            }
            Self::Raw(key) => {
                let key = RawKey64::from_bytes(&field(key)?);
                Known::Raw(key.map_err(|_| LoadError::material("a raw key that is none"))?)
            }
            Self::Undecided(text) => Known::Undecided(text),
        })
    }
}

fn open(protection: Protection, account: &Account, known: Known<'_>, blob: &str) -> Result<(Opened, Mode), BlobError> {
    let blob = Blob::from_base64(blob)?;
    match (protection, known) {
        (_, Known::Raw(key)) => blob.open_raw(&key).map(|opened| (opened, Mode::Raw)),
        (Protection::Password, Known::Text(text)) => {
            password::open(&blob, &password::Credential::Password(text), account).map(|opened| (opened, Mode::Derived))
        }
        (Protection::TwoManRule, Known::Text(text)) => {
            two_man_rule::open(&blob, &two_man_rule::Credential::Text(text), account)
                .map(|opened| (opened, Mode::Derived))
        }
        (Protection::Password, Known::Undecided(text)) => password::open_undecided(&blob, text, account),
        (Protection::TwoManRule, Known::Undecided(text)) => two_man_rule::open_undecided(&blob, text, account),
    }
}
