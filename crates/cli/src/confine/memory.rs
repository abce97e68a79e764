//! No core dumps, nobody else looking into the process, and no secrets in swapped-out memory, as far as the system allows.

use std::fmt;
use std::sync::OnceLock;

/// What is protected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protection {
    no_core_dumps: bool,
    locked: Locked,
}

#[derive(Debug, Clone, Copy)]
enum Locked {
    /// Whatever is in memory stays there.
    All,
    /// The process may lock so many bytes: locking would make later allocations fail.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "asked on Linux only"))]
    Limited(u64),
    No,
}

/// Protects the memory of the process. Does it once, and tells from then on what came of it.
pub(crate) fn protect() -> Protection {
    static PROTECTION: OnceLock<Protection> = OnceLock::new();
    *PROTECTION.get_or_init(|| Protection { no_core_dumps: no_core_dumps(), locked: lock() })
}

/// A size of 0 is not enough: a dump that goes into a program instead of a file pays no attention to it, but is not made of a process that is
/// not dumpable. Such a process cannot be traced by others of the same user either.
#[cfg(target_os = "linux")]
fn no_core_dumps() -> bool {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let limited = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let undumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    limited.is_ok() && undumpable.is_ok()
}

/// Pages are locked when they are first used: the address space is much larger.
#[cfg(target_os = "linux")]
fn lock() -> Locked {
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let lock = || mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT);
    let limit = getrlimit(Resource::Memlock);
    let raised = limit.maximum.is_none() && setrlimit(Resource::Memlock, Rlimit { current: None, ..limit }).is_ok();
    let Some(bytes) = limit.current.filter(|_| !raised) else { return lock().map_or(Locked::No, |()| Locked::All) };
    // Whoever may lock although nothing may be locked is held by no limit later. A process in a namespace of its own only seems privileged.
    let nothing = Rlimit { current: Some(0), ..limit };
    let locked = setrlimit(Resource::Memlock, nothing).and_then(|()| lock());
    match (locked, setrlimit(Resource::Memlock, limit)) {
        (Ok(()), Ok(())) => Locked::All,
        _ => Locked::Limited(bytes),
    }
}

#[cfg(not(target_os = "linux"))]
fn no_core_dumps() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn lock() -> Locked {
    Locked::No
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.no_core_dumps { "no core dumps; " } else { "core dumps possible; " })?;
        match self.locked {
            Locked::All => f.write_str("memory locked"),
            Locked::Limited(bytes) => write!(f, "memory not locked (the limit is {} KiB)", bytes / 1024),
            Locked::No => f.write_str("memory not locked"),
        }
    }
}
