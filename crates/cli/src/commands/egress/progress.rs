//! What a person sees of an egress while it works.

use crate::console::Console;
use crate::interrupt;
use indicatif::{ProgressBar, ProgressStyle};
use sealwright::egress::{Progress, Stage};
use std::sync::{Mutex, PoisonError};

/// A bar for each stage, one after the other.
pub(super) struct Bars<'a> {
    console: &'a Console,
    current: Mutex<ProgressBar>,
}

impl<'a> Bars<'a> {
    pub(super) fn new(console: &'a Console) -> Self {
        Self { console, current: Mutex::new(ProgressBar::hidden()) }
    }

    fn current(&self) -> ProgressBar {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Progress for Bars<'_> {
    fn stage(&self, stage: Stage, total: u64) {
        self.current().finish_and_clear();
        let (name, numbers) = match stage {
            Stage::Scan => ("looking", "{pos} of {len} items"),
            Stage::Unlock => ("unlocking", "{pos} of {len} sessions"),
            Stage::Convert => ("decrypting", "{bytes} of {total_bytes}, {bytes_per_sec}"),
            Stage::Verify => ("checking", "{pos} of {len} items"),
            _ => ("working", "{pos} of {len}"),
        };
        let bar = if self.console.shows_progress() { ProgressBar::new(total) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template(&format!("{name:10} {{bar:30}} {numbers}, {{eta}} left"));
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    fn advance(&self, done: u64) {
        self.current().inc(done);
    }

    fn note(&self, text: &str) {
        self.current().suspend(|| self.console.note(text));
    }

    fn stopped(&self) -> bool {
        interrupt::is_asked()
    }
}

impl Drop for Bars<'_> {
    fn drop(&mut self) {
        self.current().finish_and_clear();
    }
}
