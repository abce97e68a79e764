//! A file system that fails at a chosen operation, and one that forgets what was not made durable.

use sealwright_egress::{Action, Verdict, Watch};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What happens at operation number `at`, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: operations are counted.
    Count,
    /// It and all later ones are not carried out, as if the process were killed.
    Crash,
    /// The same, but half of what is being written arrives.
    Torn,
    /// It fails once with this error of the system.
    Once(i32),
    /// From then on nothing more fits on the disk.
    Full,
}

#[derive(Debug)]
pub(crate) struct Faulty {
    kind: Kind,
    at: usize,
    operations: AtomicUsize,
    unsynced: Mutex<Unsynced>,
}

/// What a loss of power may undo.
#[derive(Debug, Default)]
struct Unsynced {
    /// How much of each file that was written is durable.
    durable: BTreeMap<PathBuf, u64>,
    /// Changes of names and lengths, the latest last.
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    /// What had the name before.
    former: Option<Vec<u8>>,
    /// How much of that is durable, if not all of it is.
    former_durable: Option<u64>,
    name: PathBuf,
    /// What was renamed.
    from: Option<PathBuf>,
}

pub(crate) const ENOENT: i32 = 2;
pub(crate) const EINTR: i32 = 4;
pub(crate) const EIO: i32 = 5;
pub(crate) const EACCES: i32 = 13;
pub(crate) const ENOSPC: i32 = 28;

impl Faulty {
    pub(crate) fn new(kind: Kind, at: usize) -> Self {
        Self { kind, at, operations: AtomicUsize::new(0), unsynced: Mutex::default() }
    }

    pub(crate) fn operations(&self) -> usize {
        self.operations.load(Ordering::Relaxed)
    }

    /// Loses what was not made durable: each change of a name by the bits of `which`, the content of files in one of three ways.
    pub(crate) fn lose_power(&self, which: usize) {
        let mut unsynced = self.unsynced.lock().unwrap();
        let Unsynced { durable, changes } = &mut *unsynced;
        for (number, change) in changes.drain(..).enumerate().collect::<Vec<_>>().into_iter().rev() {
            if which.wrapping_mul(0x9e37_79b9).rotate_left(number as u32 * 5) & 1 == 0 {
                continue;
            }
            if let Some(from) = change.from {
                fs::rename(&change.name, &from).unwrap();
                if let Some(length) = durable.remove(&change.name) {
                    durable.insert(from, length);
                }
            }
            if let Some(former) = change.former {
                fs::write(&change.name, former).unwrap();
                durable.extend(change.former_durable.map(|length| (change.name.clone(), length)));
            }
        }
        for (path, &durable) in durable.iter() {
            let Ok(mut content) = fs::read(path) else { continue };
            let durable = usize::try_from(durable).unwrap().min(content.len());
            if content.len() > durable {
                let lost = &mut content[durable..];
                match which % 3 {
                    0 => lost.fill(0),
                    1 => lost.fill(b'\n'),
                    _ => content.truncate(durable),
                }
                fs::write(path, content).unwrap();
            }
        }
    }

    fn fate(&self, number: usize, action: Action<'_>) -> io::Result<Verdict> {
        let killed = || io::Error::other("killed");
        let needs_space =
            matches!(action, Action::Create | Action::Append | Action::Write(_) | Action::CreateDirectory);
        match (self.kind, action) {
            (Kind::Torn, Action::Write(length)) if number == self.at => Ok(Verdict::Short(length / 2)),
            (Kind::Crash | Kind::Torn, _) if number >= self.at => Err(killed()),
            (Kind::Once(code), _) if number == self.at => Err(io::Error::from_raw_os_error(code)),
            (Kind::Full, _) if number >= self.at && needs_space => Err(io::Error::from_raw_os_error(ENOSPC)),
            _ => Ok(Verdict::Proceed),
        }
    }
}

impl Watch for Faulty {
    fn before(&self, action: Action<'_>, path: &Path) -> io::Result<Verdict> {
        let number = self.operations.fetch_add(1, Ordering::Relaxed) + 1;
        let verdict = self.fate(number, action)?;
        self.unsynced.lock().unwrap().note(action, path);
        Ok(verdict)
    }
}

impl Unsynced {
    fn note(&mut self, action: Action<'_>, path: &Path) {
        let durable = &mut self.durable;
        let mut change = |name: &Path, from: Option<&Path>| Change {
            former: fs::read(name).ok(),
            former_durable: durable.remove(name),
            name: name.to_owned(),
            from: from.map(Path::to_owned),
        };
        match action {
            Action::Write(_) => {
                let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
                self.durable.entry(path.to_owned()).or_insert(length);
            }
            Action::Truncate(length) => {
                let change = change(path, None);
                if let Some(durable) = change.former_durable {
                    self.durable.insert(path.to_owned(), durable.min(length));
                }
                self.changes.push(change);
            }
            Action::Replace(name) | Action::Publish(name) => {
                self.changes.push(change(name, Some(path)));
                if let Some(durable) = self.durable.remove(path) {
                    self.durable.insert(name.to_owned(), durable);
                }
            }
            Action::Remove => {
                self.changes.push(change(path, None));
            }
            Action::Sync if path.is_dir() => {
                self.changes.retain(|change| change.name.parent() != Some(path));
            }
            Action::Sync => {
                self.durable.remove(path);
                self.changes.retain(|change| change.from.is_some() || change.name != path);
            }
            Action::SyncAll => *self = Self::default(),
            _ => {}
        }
    }
}
