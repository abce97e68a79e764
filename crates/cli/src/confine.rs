//! What the program denies itself: files beside those that a command names, the network, core dumps, swapped-out memory (EGR-46).

#[cfg(target_os = "linux")]
mod kernel;
mod memory;

use crate::console::Console;
use crate::failure::Failure;
use std::fmt;
#[cfg(target_os = "linux")]
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use memory::protect;

/// Whether a command confines itself.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Choice {
    /// Let the program open files beside bundle and output: where files of the bundle are links that lead out of it.
    #[arg(long)]
    no_confine: bool,
}

/// What a command reads and writes from now on.
#[derive(Debug, Default)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "Linux only"))]
pub(crate) struct Needs<'a> {
    /// Directories and files that are read, with everything in them. What is not there needs nothing.
    pub(crate) read: Vec<&'a Path>,
    /// A directory that is read and written; made if it is not there.
    pub(crate) output: Option<&'a Path>,
    /// Directories that single files are written into.
    pub(crate) write: Vec<&'a Path>,
}

/// The directory that a file lies in.
pub(crate) fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// While this lives the program is confined, and after it too. What was made for it and is still empty goes with it.
#[derive(Debug)]
pub(crate) struct Confined {
    extent: Extent,
    /// Directories that were made, the deepest first.
    made: Vec<PathBuf>,
}

/// How far it worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "Linux only"))]
enum Extent {
    /// Files, TCP, signals, abstract sockets as far as the kernel knows them.
    FilesAndNetwork,
    /// A kernel before 6.7.
    Files,
    /// Nothing: the kernel has no Landlock, or it is switched off.
    NoLandlock,
    /// Nothing: `--no-confine`.
    NotWanted,
}

/// Confines the program, and says how far that worked. Secrets are read before, and threads begun after it: a thread that runs already stays
/// free.
///
/// # Errors
/// [`Failure`] if the output cannot be made, or the kernel refuses what it should be able to do.
pub(crate) fn confine(needs: &Needs<'_>, choice: &Choice, console: &Console) -> Result<Confined, Failure> {
    let mut confined = Confined { extent: Extent::NotWanted, made: Vec::new() };
    if !choice.no_confine {
        confined.extent = confined.apply(needs)?;
    }
    console.note(format_args!("{}; {}", confined.extent, memory::protect()));
    Ok(confined)
}

impl Confined {
    /// How far it worked, for the record of runs (EGR-44).
    pub(crate) fn told(&self) -> String {
        self.extent.to_string()
    }

    #[cfg(not(target_os = "linux"))]
    fn apply(&mut self, _: &Needs<'_>) -> Result<Extent, Failure> {
        Ok(Extent::NoLandlock)
    }

    #[cfg(target_os = "linux")]
    fn apply(&mut self, needs: &Needs<'_>) -> Result<Extent, Failure> {
        let mut rules = kernel::Rules::default();
        for path in &needs.read {
            rules.read(path);
        }
        for directory in &needs.write {
            rules.write(directory);
        }
        if let Some(output) = needs.output {
            // Whatever is wrong with an output inside of what is read is told later; nothing is to be made there.
            if !needs.read.iter().any(|read| is_inside(output, read)) && needs.read.iter().all(|path| path.is_dir()) {
                self.make(output)?;
            }
            rules.write(output);
        }
        // Where temporary files lie: next to the output, or in a directory of this process. What only reads may go without one.
        if let Some(spool) = needs.output.map(Path::to_owned).or_else(|| self.spool().ok()) {
            rules.write(&spool);
            if tempfile::env::override_temp_dir(&spool).is_err() {
                return Err(Failure::new("bug", "the place of temporary files is fixed already"));
            }
        }
        for made in &self.made {
            rules.remove_empty(made);
        }
        rules.apply().map_err(|error| Failure::new("io", format_args!("the program cannot confine itself: {error}")))
    }

    fn make(&mut self, output: &Path) -> Result<(), Failure> {
        let missing = output.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        self.made.extend(missing.map(Path::to_owned));
        create_private_directories(output).map_err(|error| {
            Failure::from(error).at(output.display()).hint_for("exists", "name a directory with --out")
        })
    }

    fn spool(&mut self) -> io::Result<PathBuf> {
        let directory = tempfile::Builder::new().prefix("sealwright-").tempdir()?.keep();
        self.made.push(directory.clone());
        Ok(directory)
    }
}

impl Drop for Confined {
    /// What is not empty stays.
    fn drop(&mut self) {
        for directory in &self.made {
            if std::fs::remove_dir(directory).is_err() {
                break;
            }
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FilesAndNetwork => "confined: files and network (TCP)",
            Self::Files => "confined: files only (a kernel from 6.7 on restricts TCP too)",
            Self::NoLandlock => "not confined: the kernel has no Landlock",
            Self::NotWanted => "not confined: --no-confine",
        })
    }
}

/// What will lie there was encrypted: for its owner only.
#[cfg(target_os = "linux")]
fn create_private_directories(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Whether `path`, which may not be there yet, lies in `directory`.
#[cfg(target_os = "linux")]
fn is_inside(path: &Path, directory: &Path) -> bool {
    let existing = path.ancestors().find_map(|ancestor| {
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        ancestor.canonicalize().ok()
    });
    matches!((existing, directory.canonicalize()), (Some(path), Ok(directory)) if path.starts_with(&directory))
}
