//! Files without a name (Linux): however the program ends, the system leaves nothing of them.

use rustix::fs::{AtFlags, CWD, OFlags, linkat};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A private file that can get a name in the directory later. `None` where the file system knows no such files, or where nothing could name them.
pub(super) fn create(directory: &Path) -> Option<File> {
    let flags = i32::try_from(OFlags::TMPFILE.bits()).ok()?;
    let file = OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(flags).open(directory).ok()?;
    in_process(&file).exists().then_some(file)
}

/// Gives the file a name that nothing has yet.
pub(super) fn link(file: &File, target: &Path) -> io::Result<()> {
    Ok(linkat(CWD, in_process(file), CWD, target, AtFlags::SYMLINK_FOLLOW)?)
}

/// What stands for an open file among the files of this process.
fn in_process(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}
