//! The conversation with a shim: a process that answers one line for each line (CONF-01..06).

use super::line_process::{Deadline, LineProcess, Stop};
use sealwright_types::Coded;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::time::Duration;

/// The protocol that the first line has to name.
const PROTOCOL: &str = "sealwright-shim-1";

/// The shim cannot be started or breaks the protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShimError {
    /// The command could not be started.
    #[error("the shim cannot be started: {0}")]
    Start(#[source] io::Error),
    /// The first line is not an introduction (CONF-01).
    #[error("the first line of the shim is no introduction: {0} (CONF-01)")]
    Introduction(String),
    /// An answer is not one (CONF-03, CONF-06).
    #[error("{id}: the answer of the shim is none: {why} (CONF-06)")]
    Answer {
        /// The test.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// No answer in time (CONF-06).
    #[error("{id}: no answer in time (CONF-06)")]
    Late {
        /// The test.
        id: String,
    },
    /// The shim ended, or did not end well (CONF-02, CONF-06).
    #[error("the shim ended {0} (CONF-06)")]
    Ended(String),
    /// No test of the vectors is one that the shim can be asked (CONF-11).
    #[error("the shim answers no test of these vectors (CONF-11)")]
    NothingAnswered,
    /// Somebody asked for an end.
    #[error("interrupted before the last answer")]
    Interrupted,
}

impl Coded for ShimError {
    fn code(&self) -> &'static str {
        match self {
            Self::Start(_) => "shim-not-started",
            Self::Late { .. } => "shim-late",
            Self::Ended(_) => "shim-ended",
            Self::NothingAnswered => "unsupported",
            Self::Interrupted => "shim-interrupted",
            Self::Introduction(_) | Self::Answer { .. } => "shim-protocol",
        }
    }
}

/// What the shim says first.
#[derive(Deserialize)]
struct Introduction {
    protocol: String,
    name: String,
    version: String,
    operations: BTreeSet<String>,
}

/// An answer.
#[derive(Debug)]
pub(super) enum Reply {
    Valid { output: Value, released: Option<u64> },
    Invalid { error: String, released: Option<u64> },
    Unsupported { reason: String },
}

/// An answer as it stands in a line.
#[derive(Deserialize)]
struct Answer {
    id: String,
    result: String,
    output: Option<Value>,
    error: Option<String>,
    reason: Option<String>,
    released: Option<Released>,
}

#[derive(Deserialize)]
struct Released {
    len: u64,
}

/// A shim that has introduced itself. Killed when it is dropped before [`Shim::finish`].
pub(super) struct Shim {
    process: LineProcess,
    introduction: Introduction,
    time_limit: Duration,
    is_interrupted: fn() -> bool,
}

impl Shim {
    pub(super) fn start(
        command: &[OsString],
        time_limit: Duration,
        is_interrupted: fn() -> bool,
    ) -> Result<Self, ShimError> {
        let nothing = || io::Error::new(io::ErrorKind::InvalidInput, "no command");
        let [program, arguments @ ..] = command else { return Err(ShimError::Start(nothing())) };
        let process = LineProcess::start(program, arguments).map_err(ShimError::Start)?;
        let introduction = Introduction {
            protocol: String::new(),
            name: String::new(),
            version: String::new(),
            operations: BTreeSet::new(),
        };
        let mut shim = Self { process, introduction, time_limit, is_interrupted };
        shim.introduction = shim.read_introduction()?;
        Ok(shim)
    }

    fn read_introduction(&mut self) -> Result<Introduction, ShimError> {
        let line = self.line("the introduction", self.deadline())?;
        let introduction: Introduction =
            serde_json::from_slice(&line).map_err(|error| ShimError::Introduction(error.to_string()))?;
        if introduction.protocol != PROTOCOL {
            return Err(ShimError::Introduction(format!("the protocol {:?}", introduction.protocol)));
        }
        if introduction.operations.is_empty() {
            return Err(ShimError::Introduction("it claims no operation".to_owned()));
        }
        Ok(introduction)
    }

    /// Name and version.
    pub(super) fn implementation(&self) -> String {
        format!("{} {}", self.introduction.name, self.introduction.version)
    }

    pub(super) fn claims(&self, operation: &str) -> bool {
        self.introduction.operations.contains(operation)
    }

    /// Asks one question and waits for its answer.
    pub(super) fn ask(&mut self, id: &str, operation: &str, input: Value) -> Result<Reply, ShimError> {
        let mut line = json!({ "id": id, "op": operation, "in": input }).to_string().into_bytes();
        line.push(b'\n');
        let deadline = self.deadline();
        self.process.write(line, deadline).map_err(|stop| self.stopped(id, stop, deadline))?;
        let line = self.line(id, deadline)?;
        let broken = |why: String| ShimError::Answer { id: id.to_owned(), why };
        let answer: Answer = serde_json::from_slice(&line).map_err(|error| broken(error.to_string()))?;
        answer.checked(id).map_err(broken)
    }

    /// Says that there are no more questions; the shim has to end well.
    pub(super) fn finish(mut self) -> Result<(), ShimError> {
        self.process.close();
        let deadline = self.deadline();
        let ended = match self.process.read(deadline) {
            Ok(_) | Err(Stop::Io(_)) => return Err(ShimError::Ended("with more lines than questions".to_owned())),
            Err(Stop::Closed) => self.process.status(deadline),
            Err(stop) => Err(stop),
        };
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(ShimError::Ended(format!("with {status}"))),
            Err(Stop::Interrupted) => Err(ShimError::Interrupted),
            Err(Stop::Io(error)) => Err(ShimError::Ended(error.to_string())),
            Err(Stop::Late | Stop::Closed) => Err(ShimError::Ended("not, although its input was closed".to_owned())),
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.time_limit, self.is_interrupted)
    }

    fn line(&mut self, id: &str, deadline: Deadline) -> Result<Vec<u8>, ShimError> {
        self.process.read(deadline).map_err(|stop| self.stopped(id, stop, deadline))
    }

    /// What is to be said of a step that did not come about. A shim that has closed a direction and does not end gives no answer in time.
    fn stopped(&mut self, id: &str, stop: Stop, deadline: Deadline) -> ShimError {
        let id = id.to_owned();
        match stop {
            Stop::Late => ShimError::Late { id },
            Stop::Interrupted => ShimError::Interrupted,
            Stop::Io(error) => ShimError::Answer { id, why: error.to_string() },
            Stop::Closed => match self.process.status(deadline) {
                Ok(status) => ShimError::Ended(format!("at {id}: {status}")),
                Err(Stop::Io(error)) => ShimError::Ended(format!("at {id}: {error}")),
                Err(Stop::Interrupted) => ShimError::Interrupted,
                Err(Stop::Late | Stop::Closed) => ShimError::Late { id },
            },
        }
    }
}

impl Answer {
    fn checked(self, id: &str) -> Result<Reply, String> {
        if self.id != id {
            return Err(format!("it is for {:?}", self.id));
        }
        let released = self.released.map(|released| released.len);
        match (self.result.as_str(), self.output, self.error) {
            ("valid", Some(output), None) => Ok(Reply::Valid { output, released }),
            ("invalid", None, Some(error)) => Ok(Reply::Invalid { error, released }),
            ("unsupported", None, None) => Ok(Reply::Unsupported { reason: self.reason.unwrap_or_default() }),
            (result, output, error) => Err(format!(
                "{result:?} with{} output and with{} error",
                or_out(output.is_some()),
                or_out(error.is_some())
            )),
        }
    }
}

const fn or_out(there: bool) -> &'static str {
    if there { "" } else { "out" }
}
