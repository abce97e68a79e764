//! A process that is spoken to in lines. Every step ends at a deadline, and nothing of the process outlives the value that stands for it.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Bytes of the longest line.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// How long it takes at most until an interruption is noticed.
const NOTICE: Duration = Duration::from_millis(50);
/// The same for the end of the process.
const NOTICE_END: Duration = Duration::from_millis(2);
/// How long threads may take to notice that the process is gone.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a step did not come about.
#[derive(Debug)]
pub(super) enum Stop {
    /// The deadline has passed.
    Late,
    /// Somebody asked for an end.
    Interrupted,
    /// The process has closed this direction.
    Closed,
    /// Reading or writing failed otherwise.
    Io(io::Error),
}

/// Until when a step may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    /// None for a time that is too far away to be told.
    at: Option<Instant>,
    is_interrupted: fn() -> bool,
}

/// The process, with a thread for each direction. Dropping it kills the process and whatever that has started.
#[derive(Debug)]
pub(super) struct LineProcess {
    process: Child,
    is_killed: bool,
    questions: Option<SyncSender<Vec<u8>>>,
    written: Option<Receiver<io::Result<()>>>,
    answers: Option<Receiver<io::Result<Vec<u8>>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Deadline {
    pub(super) fn after(limit: Duration, is_interrupted: fn() -> bool) -> Self {
        Self { at: Instant::now().checked_add(limit), is_interrupted }
    }

    /// How long to wait before looking again.
    fn patience(&self, longest: Duration) -> Result<Duration, Stop> {
        if (self.is_interrupted)() {
            return Err(Stop::Interrupted);
        }
        let left = self.at.map_or(longest, |at| at.saturating_duration_since(Instant::now()));
        if left.is_zero() { Err(Stop::Late) } else { Ok(left.min(longest)) }
    }

    fn receive<T>(&self, from: Option<&Receiver<io::Result<T>>>) -> Result<T, Stop> {
        let from = from.ok_or(Stop::Closed)?;
        loop {
            match from.recv_timeout(self.patience(NOTICE)?) {
                Ok(received) => return received.map_err(Stop::Io),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Stop::Closed),
            }
        }
    }
}

impl LineProcess {
    pub(super) fn start(program: &OsString, arguments: &[OsString]) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        lead_group(&mut command);
        let process = command.spawn()?;
        let mut started =
            Self { process, is_killed: false, questions: None, written: None, answers: None, threads: Vec::new() };
        if let Some(input) = started.process.stdin.take() {
            let (questions, to_write) = sync_channel(1);
            let (done, written) = sync_channel(1);
            (started.questions, started.written) = (Some(questions), Some(written));
            started.threads.push(thread::Builder::new().spawn(move || write_lines(input, &to_write, &done))?);
        }
        if let Some(output) = started.process.stdout.take() {
            let (lines, answers) = sync_channel(1);
            started.answers = Some(answers);
            started.threads.push(thread::Builder::new().spawn(move || read_lines(output, &lines))?);
        }
        Ok(started)
    }

    /// Writes a line, which ends with LF.
    pub(super) fn write(&self, line: Vec<u8>, deadline: Deadline) -> Result<(), Stop> {
        let questions = self.questions.as_ref().ok_or(Stop::Closed)?;
        // There is room: the line before was written.
        questions.send(line).map_err(|_| Stop::Closed)?;
        match deadline.receive(self.written.as_ref()) {
            Err(Stop::Io(_)) => Err(Stop::Closed),
            other => other,
        }
    }

    /// The next line, without LF.
    pub(super) fn read(&self, deadline: Deadline) -> Result<Vec<u8>, Stop> {
        deadline.receive(self.answers.as_ref())
    }

    /// Says that there are no more lines.
    pub(super) fn close(&mut self) {
        self.questions = None;
    }

    /// How the process ended. What it has started and not ended is killed.
    pub(super) fn status(&mut self, deadline: Deadline) -> Result<ExitStatus, Stop> {
        while !has_ended(&mut self.process).map_err(Stop::Io)? {
            thread::sleep(deadline.patience(NOTICE_END)?);
        }
        self.kill();
        self.process.wait().map_err(Stop::Io)
    }

    fn kill(&mut self) {
        // Before the process is waited for, its number is nobody else's.
        if !std::mem::replace(&mut self.is_killed, true) {
            kill_group(&mut self.process);
        }
    }
}

impl Drop for LineProcess {
    fn drop(&mut self) {
        self.kill();
        // Nobody is left to be told.
        let _ = self.process.wait();
        (self.questions, self.written, self.answers) = (None, None, None);
        // A process that has left the group may hold the pipes: its threads end with it.
        let deadline = Deadline::after(FAREWELL, || false);
        for thread in self.threads.drain(..) {
            while !thread.is_finished() && deadline.patience(NOTICE_END).map(thread::sleep).is_ok() {}
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}

fn write_lines(mut input: ChildStdin, lines: &Receiver<Vec<u8>>, done: &SyncSender<io::Result<()>>) {
    for line in lines {
        let written = input.write_all(&line).and_then(|()| input.flush());
        let failed = written.is_err();
        if done.send(written).is_err() || failed {
            return;
        }
    }
}

fn read_lines(output: ChildStdout, lines: &SyncSender<io::Result<Vec<u8>>>) {
    let mut output = BufReader::new(output);
    while let Some(line) = next_line(&mut output).transpose() {
        let failed = line.is_err();
        if lines.send(line).is_err() || failed {
            return;
        }
    }
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

/// A shim is often a script around what does the work: killing the script alone would leave that behind.
#[cfg(unix)]
fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(unix)]
fn kill_group(process: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // It may have ended by itself.
    let _ = kill_process_group(Pid::from_child(process), Signal::KILL);
}

/// Does not wait for it: until then its number, which is that of the group, stays taken.
#[cfg(unix)]
fn has_ended(process: &mut Child) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(Pid::from_child(process)), options) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        ended => Ok(ended?.is_some()),
    }
}

#[cfg(not(unix))]
fn lead_group(_: &mut Command) {}

#[cfg(not(unix))]
fn kill_group(process: &mut Child) {
    // It may have ended by itself.
    let _ = process.kill();
}

#[cfg(not(unix))]
fn has_ended(process: &mut Child) -> io::Result<bool> {
    Ok(process.try_wait()?.is_some())
}
