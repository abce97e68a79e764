//! Ctrl-C, and what else asks a program to end. During an egress the first one asks for an end without loss, the second one ends the program at
//! once. Otherwise it ends at once; where temporary files have names, they are removed first (ENV-09 b).

use crate::failure::Failure;
use crate::status::Status;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tempfile::NamedTempFile;

static ASKED: AtomicBool = AtomicBool::new(false);
static AT_PROMPT: AtomicBool = AtomicBool::new(false);
/// What goes with the program. What has got its last name is not found under this one any more.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From now on Ctrl-C, and what else asks a program to end, only sets [`is_asked`]; a second one ends the program with the status of a failure.
/// Says so on standard error if `tells`.
pub(crate) fn watch(tells: bool) -> Result<(), Failure> {
    let handler = move || {
        if ASKED.swap(true, Ordering::Relaxed) || AT_PROMPT.load(Ordering::Relaxed) {
            end();
        }
        if tells {
            // Nobody can be told that nobody can be told.
            let note = "finishing what was begun; once more ends it at once\n";
            io::stderr().write_all(note.as_bytes()).unwrap_or_default();
        }
    };
    ctrlc::set_handler(handler).map_err(|error| Failure::new("io", error))
}

/// Makes a temporary file that a signal removes.
pub(crate) fn temporary(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<NamedTempFile> {
    match ctrlc::set_handler(|| end()) {
        // Another file was made before, or [`watch`] watches.
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => {}
        Err(error) => return Err(io::Error::other(error)),
    }
    // A signal waits until the new file is known.
    let mut all = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    let file = make()?;
    all.push(file.path().to_owned());
    Ok(file)
}

/// Ends the program at once, and what is temporary with it.
fn end() -> ! {
    for path in TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        // It is the last that is done here: nobody can be told.
        let _ = std::fs::remove_file(path);
    }
    process::exit(Status::Failed as i32)
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
