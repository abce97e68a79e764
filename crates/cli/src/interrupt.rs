//! Ctrl-C during long work: the first one asks for an end without loss, the second one ends the program at once.

use crate::failure::Failure;
use crate::status::Status;
use std::io::{self, Write as _};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static AT_PROMPT: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, and what else asks a program to end, only sets [`is_asked`]; a second one ends the program with the status of a failure.
/// Says so on standard error if `tells`.
pub(crate) fn watch(tells: bool) -> Result<(), Failure> {
    let handler = move || {
        if ASKED.swap(true, Ordering::Relaxed) || AT_PROMPT.load(Ordering::Relaxed) {
            process::exit(Status::Failed as i32);
        }
        if tells {
            // Nobody can be told that nobody can be told.
            let note = "finishing what was begun; once more ends it at once\n";
            io::stderr().write_all(note.as_bytes()).unwrap_or_default();
        }
    };
    ctrlc::set_handler(handler).map_err(|error| Failure::new("io", error))
}

/// Waits for a person's answer: nothing is under way that would have to be finished.
pub(crate) fn at_prompt<T>(ask: impl FnOnce() -> T) -> T {
    AT_PROMPT.store(true, Ordering::Relaxed);
    let answer = ask();
    AT_PROMPT.store(false, Ordering::Relaxed);
    answer
}

/// Whether somebody has asked for an end.
pub(crate) fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
