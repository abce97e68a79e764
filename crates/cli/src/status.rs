//! Exit statuses, defined once (CLI-05).

use std::process::ExitCode;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Success = 0,
    Failed = 1,
    Usage = 2,
    Unopened = 3,
}

impl Status {
    /// The status that an egress asks for (EGR-45).
    pub(crate) fn from_egress(number: u8) -> Self {
        match number {
            0 => Self::Success,
            3 => Self::Unopened,
            _ => Self::Failed,
        }
    }
}

/// The number and meaning of every status, for help and manual pages.
pub(crate) const MEANINGS: [(u8, &str); 4] = [
    (0, "success; also when whoever read the output has closed the pipe"),
    (1, "failed: nothing, or not everything, was done"),
    (2, "the command line is wrong; nothing was done"),
    (3, "finished, but something stayed unopened"),
];

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}
