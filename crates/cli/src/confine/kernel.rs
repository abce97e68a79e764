//! Landlock: the kernel refuses this process what no rule allows, until it ends.

use super::Extent;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, LandlockStatus, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, Scope, make_bitflags,
};
use std::fs;
use std::path::{Path, PathBuf};

/// The newest restrictions that the tests have tried. Older kernels do what they can.
const KNOWN: ABI = ABI::V6;
/// The first with TCP: Linux 6.7.
const NETWORK: ABI = ABI::V4;

const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
/// No devices, sockets, pipes or links.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir | Refer
});

/// What is allowed.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<(PathBuf, BitFlags<AccessFs>)>);

impl Rules {
    /// Reading a file, or everything in a directory. A link at the top of the directory leads where it leads: large data is often elsewhere.
    pub(super) fn read(&mut self, path: &Path) {
        self.0.push((path.to_owned(), READ));
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let links = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
        self.0.extend(links.map(|link| (link.path(), READ)));
    }

    /// Reading and writing in a directory.
    pub(super) fn write(&mut self, directory: &Path) {
        self.0.push((directory.to_owned(), WRITE));
    }

    /// Removing this directory, if it is empty: the kernel asks for a right on the one above.
    pub(super) fn remove_empty(&mut self, directory: &Path) {
        let above = directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.0.push((above.to_owned(), AccessFs::RemoveDir.into()));
    }

    /// From here on nothing else, for this thread and all that it begins.
    pub(super) fn apply(&self) -> Result<Extent, RulesetError> {
        let mut ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(KNOWN))?
            .handle_access(AccessNet::from_all(KNOWN))?
            .scope(Scope::from_all(KNOWN))?
            .create()?;
        for (path, access) in &self.0 {
            // What is not there needs no rule; whatever wants it will say so.
            let Ok(target) = PathFd::new(path) else { continue };
            let access = if path.is_dir() { *access } else { *access & AccessFs::from_file(KNOWN) };
            ruleset = ruleset.add_rule(PathBeneath::new(target, access))?;
        }
        Ok(match ruleset.restrict_self()?.landlock {
            LandlockStatus::Available { effective_abi, .. } if effective_abi >= NETWORK => Extent::FilesAndNetwork,
            LandlockStatus::Available { .. } => Extent::Files,
            LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => Extent::NoLandlock,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, ErrorKind};
    use std::thread;

    /// What a confined thread may do, or `None` where the kernel has no Landlock, which is said.
    fn confined<T: Send>(rules: &Rules, work: impl FnOnce(Extent) -> T + Send) -> Option<T> {
        let run = || {
            let extent = rules.apply().unwrap();
            (extent != Extent::NoLandlock).then(|| work(extent))
        };
        let result = thread::scope(|scope| scope.spawn(run).join().unwrap());
        if result.is_none() {
            assert!(std::env::var_os("SEALWRIGHT_REQUIRE_CONFINEMENT").is_none(), "the kernel has no Landlock");
            println!("not tried: the kernel has no Landlock");
        }
        result
    }

    fn refused<T>(result: io::Result<T>) -> bool {
        result.is_err_and(|error| matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::CrossesDevices))
    }

    #[test]
    fn only_what_is_allowed_is_read_and_written() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        for directory in ["in", "out", "other", "other/linked", "empty", "empty/made"] {
            fs::create_dir(path(directory)).unwrap();
        }
        for file in ["in/file", "other/secret", "other/linked/file"] {
            fs::write(path(file), "text").unwrap();
        }
        std::os::unix::fs::symlink(path("other/linked"), path("in/data")).unwrap();
        fs::create_dir(path("in/deep")).unwrap();
        std::os::unix::fs::symlink(path("other/secret"), path("in/deep/link")).unwrap();
        let mut rules = Rules::default();
        rules.read(&path("in"));
        rules.read(&path("missing"));
        rules.write(&path("out"));
        rules.remove_empty(&path("empty/made"));

        confined(&rules, |_| {
            assert_eq!(fs::read(path("in/file")).unwrap(), b"text");
            assert_eq!(fs::read(path("in/data/file")).unwrap(), b"text");
            assert!(refused(fs::read(path("other/secret"))));
            assert!(refused(fs::read(path("in/deep/link"))), "a link leads out");
            assert!(refused(fs::read("/etc/passwd")));
            assert!(refused(fs::read_dir(path("other"))));
            assert!(refused(fs::write(path("in/file"), "changed")));
            assert!(refused(fs::write(path("in/new"), "new")));
            assert!(refused(fs::remove_file(path("in/file"))));
            assert!(refused(fs::write(path("beside"), "new")));

            fs::write(path("out/file"), "new").unwrap();
            fs::create_dir(path("out/directory")).unwrap();
            fs::rename(path("out/file"), path("out/directory/file")).unwrap();
            assert_eq!(fs::read(path("out/directory/file")).unwrap(), b"new");
            assert!(refused(fs::rename(path("out/directory/file"), path("other/file"))));
            fs::remove_dir_all(path("out/directory")).unwrap();
            let mut unnamed = tempfile::tempfile_in(path("out")).unwrap();
            io::Write::write_all(&mut unnamed, b"new").unwrap();
            assert!(refused(tempfile::tempfile_in(path("other"))));
            assert!(refused(std::os::unix::fs::symlink("/", path("out/link"))));

            fs::remove_dir(path("empty/made")).unwrap();
            assert!(refused(std::process::Command::new("/bin/true").status()));
            let in_another_thread = thread::spawn(move || refused(fs::read("/etc/passwd")));
            assert!(in_another_thread.join().unwrap(), "a later thread");
        });
        // The thread is, the process is not.
        assert!(fs::read("/etc/passwd").is_ok());
    }

    #[test]
    #[expect(clippy::disallowed_types, reason = "shown to be refused")]
    fn no_connection_and_no_listening() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let open = || std::net::TcpStream::connect(address);
        assert!(open().is_ok());
        confined(&Rules::default(), |extent| {
            if extent == Extent::Files {
                assert!(std::env::var_os("SEALWRIGHT_REQUIRE_CONFINEMENT").is_none(), "the kernel restricts no TCP");
                return println!("not tried: the kernel restricts no TCP");
            }
            assert!(refused(open()));
            assert!(refused(std::net::TcpListener::bind("127.0.0.1:0")));
        });
    }
}
