//! What is printed where: results on standard output, everything else on standard error (CLI-02).

use crate::arguments::Global;
use crate::failure::{ErrorObject, Failure, Told};
use crate::printable;
use crate::status::Status;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

/// Prints as the global options say.
#[derive(Debug)]
pub(crate) struct Console {
    global: Global,
}

impl Console {
    pub(crate) fn new(global: Global) -> Self {
        Self { global }
    }

    /// The options that every command has.
    pub(crate) fn global(&self) -> &Global {
        &self.global
    }

    /// A result as bytes that stand for themselves.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut output = io::stdout().lock();
        output.write_all(bytes)?;
        Ok(output.flush()?)
    }

    /// A result for a person, given without its last line feed; nothing under `--json`.
    pub(crate) fn line(&self, text: impl Display) -> Result<(), Failure> {
        if self.global.json {
            return Ok(());
        }
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// A result for a machine, one JSON value in one line; nothing without `--json`.
    pub(crate) fn value(&self, value: &impl Serialize) -> Result<(), Failure> {
        if !self.global.json {
            return Ok(());
        }
        self.json(value)
    }

    /// A result that is a JSON value for persons and machines alike.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut line, printable::JsonFormatter);
        value.serialize(&mut serializer).map_err(io::Error::from)?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Tells a person what has been done; nothing under `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        self.aside(&text.to_string());
    }

    /// Tells a person to be careful; nothing under `--quiet`.
    pub(crate) fn warning(&self, code: &str, text: impl Display) {
        self.aside(&format!("warning[{code}]: {text}"));
    }

    /// Explains something in several lines, whatever `--quiet` says.
    pub(crate) fn explain(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Tells a person an error, on standard error.
    pub(crate) fn error(&self, told: &Told) {
        // Nobody is left to be told that standard error is closed.
        let _ = io::stderr().write_all(told.lines().as_bytes());
    }

    /// As [`Console::error`].
    pub(crate) fn tell(&self, failure: &Failure) {
        if let Failure::Told(told) = failure {
            self.error(told);
        }
    }

    /// The status that the program ends with. An error is told to a person, and under `--json` to a machine too.
    pub(crate) fn finish(&self, result: Result<Status, Failure>) -> Status {
        match result {
            Ok(status) => status,
            Err(Failure::NothingLeft) => Status::Success,
            Err(Failure::Told(told)) => {
                self.error(&told);
                let _ = self.value(&ErrorObject { error: &told });
                told.status()
            }
        }
    }

    /// Whether a person looks at standard output.
    pub(crate) fn shows_results_on_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether progress may be shown.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.global.quiet && io::stderr().is_terminal()
    }

    fn aside(&self, text: &str) {
        if !self.global.quiet {
            let _ = io::stderr().write_all(format!("{}\n", printable::line(text)).as_bytes());
        }
    }
}
