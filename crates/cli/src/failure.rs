//! Why a command ended early, and how a person and a machine are told (CLI-04).

use crate::hints;
use crate::printable;
use crate::status::Status;
use sealwright::Coded;
use sealwright::envelope::OpenError;
use sealwright::envelope::file::{FileError, SealFileError};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Display;
use std::io;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Help was shown, or nobody reads the output any more (CLI-03): success.
    NothingLeft,
    /// An error to be told.
    Told(Box<Told>),
}

/// An error as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    code: &'static str,
    message: String,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<Cow<'static, str>>,
    #[serde(skip)]
    status: Status,
}

/// As it stands on standard output under `--json`.
#[derive(Serialize)]
pub(crate) struct ErrorObject<'a> {
    pub(crate) error: &'a Told,
}

impl Failure {
    /// An error of the program itself.
    pub(crate) fn new(code: &'static str, message: impl Display) -> Self {
        let message = message.to_string();
        // Some errors begin with their code, which is printed anyway.
        let message =
            message.strip_prefix(code).and_then(|rest| rest.strip_prefix(": ")).map_or(message.clone(), str::to_owned);
        let hint = hints::of(code).map(Cow::Borrowed);
        Self::Told(Box::new(Told { code, message, place: None, hint, status: Status::Failed }))
    }

    /// The command line is wrong.
    pub(crate) fn usage(message: impl Display, hint: impl Into<Cow<'static, str>>) -> Self {
        Self::Told(Box::new(Told {
            code: "usage",
            message: message.to_string(),
            place: None,
            hint: Some(hint.into()),
            status: Status::Usage,
        }))
    }

    /// Something that a person has to confirm first: as a wrong command line (EGR-47).
    pub(crate) fn confirmation_needed(message: impl Display) -> Self {
        Self::missing("confirmation-needed", message)
    }

    /// The command line lacks something that shows only later: as a wrong command line.
    pub(crate) fn missing(code: &'static str, message: impl Display) -> Self {
        let mut failure = Self::new(code, message);
        if let Self::Told(told) = &mut failure {
            told.status = Status::Usage;
        }
        failure
    }

    /// An error of the library.
    pub(crate) fn of(error: &(impl Coded + Display)) -> Self {
        Self::new(error.code(), error)
    }

    /// Says where it happened; what is said already stays. A wrong command line is nowhere else.
    #[must_use]
    pub(crate) fn at(mut self, place: impl Display) -> Self {
        if let Self::Told(told) = &mut self
            && told.status != Status::Usage
        {
            told.place.get_or_insert_with(|| place.to_string());
        }
        self
    }

    /// Says what can be done, better than [`hints`] can.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        if let Self::Told(told) = &mut self {
            told.hint = Some(hint.into());
        }
        self
    }

    /// As [`Failure::hint`], for one code only.
    #[must_use]
    pub(crate) fn hint_for(self, code: &str, hint: impl Into<Cow<'static, str>>) -> Self {
        match &self {
            Self::Told(told) if told.code == code => self.hint(hint),
            _ => self,
        }
    }
}

impl Told {
    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// The lines for a person.
    pub(crate) fn lines(&self) -> String {
        let mut lines = format!("error[{}]: {}", self.code, printable::line(&self.message));
        if let Some(place) = &self.place {
            lines.push_str(&format!(" ({})", printable::line(place)));
        }
        lines.push('\n');
        if let Some(hint) = &self.hint {
            lines.push_str(&format!("hint: {}\n", printable::line(hint)));
        }
        lines
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::BrokenPipe => Self::NothingLeft,
            Kind::NotFound => Self::new("not-found", "there is no such file or directory"),
            Kind::PermissionDenied => Self::new("permission-denied", "permission denied"),
            Kind::NotADirectory => Self::new("not-a-directory", "this is a file, not a directory"),
            Kind::IsADirectory => Self::new("is-a-directory", "this is a directory, not a file"),
            Kind::AlreadyExists => Self::new("exists", "the output exists already"),
            Kind::StorageFull => Self::new("io", "there is no space left on the device"),
            _ => Self::new("io", error),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io(error) => error.into(),
            FileError::Archive(error) => Self::of(&error).hint_for(
                "malformed",
                "the file is exactly as it was encrypted: ask whoever encrypted it to do so again",
            ),
            error => Self::of(&error),
        }
    }
}

impl From<SealFileError> for Failure {
    fn from(error: SealFileError) -> Self {
        match error {
            SealFileError::Io(error) => error.into(),
            error => Self::of(&error),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::of(&error)
    }
}
