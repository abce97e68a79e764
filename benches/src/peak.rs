//! The peak of a process's memory. Linux only.

use crate::inputs::Failure;

/// The most memory that this process has had resident so far, in bytes: `VmHWM` of `/proc/self/status`.
///
/// # Errors
/// Where there is no such file.
pub fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes.saturating_mul(1024))
}
