//! Fingerprints of what an egress has read besides the data: the files of records and identities.
//!
//! The data themselves are not hashed: reading terabytes a second time is not free, and what was opened is pinned by the hashes of the
//! outputs in the manifest and by the MAC of each source.

use super::coverage::LISTED;
use crate::error::EgressError;
use crate::files::Files;
use crate::place::Hasher;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files of records and identities of a bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// How many.
    pub files: u64,
    /// How long they are together.
    pub bytes: u64,
    /// SHA-256 over a line `<sha256>  <path>` for each of them, ordered bytewise by path: what `sha256sum` prints.
    pub sha256: String,
    /// The first of them.
    pub first: Vec<InputFile>,
}

/// One file of records or identities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Relative to the bundle, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hex.
    pub sha256: String,
}

impl Inputs {
    /// Hashes these files and everything in these directories; names are relative to the bundle.
    pub(crate) fn of(files: &Files, bundle: &Path, names: &BTreeSet<String>) -> Result<Self, EgressError> {
        let mut paths = Vec::new();
        for name in names {
            collect(files, &bundle.join(name), &mut paths)?;
        }
        paths.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        let (mut inputs, mut all) = (Self::default(), Hasher::new());
        for path in paths {
            let (bytes, sha256) = Hasher::of_file(files, &path).map_err(EgressError::io("read", &path))?;
            let name = path.strip_prefix(bundle).unwrap_or(&path).to_string_lossy().into_owned();
            all.update(format!("{sha256}  {name}\n").as_bytes());
            inputs.files = inputs.files.saturating_add(1);
            inputs.bytes = inputs.bytes.saturating_add(bytes);
            if inputs.first.len() < LISTED {
                inputs.first.push(InputFile { path: name, bytes, sha256 });
            }
        }
        (_, inputs.sha256) = all.finish();
        Ok(inputs)
    }
}

fn collect(files: &Files, path: &Path, paths: &mut Vec<PathBuf>) -> Result<(), EgressError> {
    let failed = || EgressError::io("list", path);
    match files.metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            for entry in files.list(path).map_err(failed())? {
                // Links to directories are not followed, so that the walk ends.
                if entry.is_directory || files.metadata(&entry.path).is_ok_and(|metadata| metadata.is_file()) {
                    collect(files, &entry.path, paths)?;
                }
            }
        }
        Ok(metadata) if metadata.is_file() => paths.push(path.to_owned()),
        Ok(_) => {}
        // A link that leads nowhere.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed()(error)),
    }
    Ok(())
}
