//! Private places for what cannot be read where it lies: databases that are changed, members of archives that are read twice.

use crate::files::Files;
use crate::place::{PREFIX, SUFFIX, is_temporary};
use sealwright_types::random;
use std::io;
use std::path::{Path, PathBuf};

/// Where private things are put.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spool<'a> {
    pub(crate) files: &'a Files,
    pub(crate) directory: &'a Path,
}

/// A directory for its owner only. It vanishes with its owner, with everything in it.
#[derive(Debug)]
pub(crate) struct PrivateDirectory {
    files: Files,
    pub(crate) path: PathBuf,
}

impl Spool<'_> {
    pub(crate) fn directory(&self) -> io::Result<PrivateDirectory> {
        let mut name = [0; 12];
        random::fill(&mut name).map_err(io::Error::other)?;
        let path = self.directory.join(format!("{PREFIX}{}{SUFFIX}", hex::encode(name)));
        self.files.create_private_directory(&path)?;
        Ok(PrivateDirectory { files: self.files.clone(), path })
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        drop(self.files.remove_directory(&self.path));
    }
}

/// Removes what an interrupted run has left in the directory of an output. Outputs lie deeper.
pub(crate) fn remove_left_over(files: &Files, output: &Path) -> io::Result<()> {
    for entry in files.list(output)? {
        if entry.is_directory && is_temporary(&entry.path) {
            files.remove_directory(&entry.path)?;
        }
    }
    Ok(())
}
