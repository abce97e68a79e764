//! Time on a processor, so that waiting for one does not count.

use crate::inputs::Failure;

/// How long this thread has been on a processor: the first number of `/proc/thread-self/schedstat`, in nanoseconds. Linux only.
///
/// # Errors
/// When the file is not there or holds no number.
pub fn processor_seconds() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = text.split_whitespace().next().ok_or("no number")?.parse()?;
    Ok(nanoseconds as f64 / 1e9)
}
