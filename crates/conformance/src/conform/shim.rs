//! The conversation with a shim: a process that answers one line for each line (CONF-01..06).

use sealwright_types::Coded;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// The protocol that the first line has to name.
const PROTOCOL: &str = "sealwright-shim-1";
/// Bytes of the longest line.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

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
}

impl Coded for ShimError {
    fn code(&self) -> &'static str {
        match self {
            Self::Start(_) => "shim-not-started",
            Self::Late { .. } => "shim-late",
            Self::Ended(_) => "shim-ended",
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
    process: Child,
    questions: Option<ChildStdin>,
    lines: Receiver<io::Result<Vec<u8>>>,
    introduction: Introduction,
    time_limit: Duration,
}

impl Shim {
    pub(super) fn start(command: &[OsString], time_limit: Duration) -> Result<Self, ShimError> {
        let nothing = || io::Error::new(io::ErrorKind::InvalidInput, "no command");
        let [program, arguments @ ..] = command else { return Err(ShimError::Start(nothing())) };
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(ShimError::Start)?;
        let (questions, answers) =
            (process.stdin.take(), process.stdout.take().ok_or_else(|| ShimError::Start(nothing()))?);
        let introduction = Introduction {
            protocol: String::new(),
            name: String::new(),
            version: String::new(),
            operations: BTreeSet::new(),
        };
        let mut shim = Self { process, questions, lines: read_lines(answers), introduction, time_limit };
        shim.introduction = shim.read_introduction()?;
        Ok(shim)
    }

    fn read_introduction(&mut self) -> Result<Introduction, ShimError> {
        let line = self.line("the introduction")?;
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
        let sent = self.questions.as_mut().map(|questions| questions.write_all(&line).and_then(|()| questions.flush()));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.ended(id));
        }
        let line = self.line(id)?;
        let broken = |why: String| ShimError::Answer { id: id.to_owned(), why };
        let answer: Answer = serde_json::from_slice(&line).map_err(|error| broken(error.to_string()))?;
        answer.checked(id).map_err(broken)
    }

    /// Says that there are no more questions; the shim has to end well.
    pub(super) fn finish(mut self) -> Result<(), ShimError> {
        drop(self.questions.take());
        match self.lines.recv_timeout(self.time_limit) {
            Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => {
                return Err(ShimError::Ended("not, although its input was closed".to_owned()));
            }
            Ok(_) => return Err(ShimError::Ended("with more lines than questions".to_owned())),
        }
        match self.process.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(ShimError::Ended(format!("with {status}"))),
            Err(error) => Err(ShimError::Ended(error.to_string())),
        }
    }

    fn line(&mut self, id: &str) -> Result<Vec<u8>, ShimError> {
        match self.lines.recv_timeout(self.time_limit) {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(ShimError::Answer { id: id.to_owned(), why: error.to_string() }),
            Err(RecvTimeoutError::Timeout) => Err(ShimError::Late { id: id.to_owned() }),
            Err(RecvTimeoutError::Disconnected) => Err(self.ended(id)),
        }
    }

    fn ended(&mut self, id: &str) -> ShimError {
        let status = self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        ShimError::Ended(format!("at {id}: {status}"))
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
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

/// Reads lines in a thread of its own, so that waiting for one can end.
fn read_lines(output: ChildStdout) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        while let Some(line) = next_line(&mut output).transpose() {
            let failed = line.is_err();
            if sender.send(line).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

fn next_line(output: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    output.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a line that is too long or has no end")),
    }
}
