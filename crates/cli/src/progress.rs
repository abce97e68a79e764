//! Progress bars: on a terminal only, on standard error (CLI-03).

use crate::console::Console;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{Read, Seek};

/// Shows below this size would only flicker.
const WORTH_SHOWING: u64 = 64 * 1024 * 1024;

/// `source`, with a bar that tells how much of `total` bytes has been read.
pub(crate) fn reading<R: Read>(source: R, total: u64, console: &Console) -> impl Read + use<R> {
    bar(total, console).wrap_read(source)
}

/// As [`reading`], for a source that is read from any position.
pub(crate) fn seeking<R: Read + Seek>(source: R, total: u64, console: &Console) -> impl Read + Seek + use<R> {
    bar(total, console).wrap_read(source)
}

fn bar(total: u64, console: &Console) -> ProgressBar {
    if total < WORTH_SHOWING || !console.shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
