//! Plaintext from a pipe whose length has to be known before it is sealed: kept in memory if it is small, and otherwise in a temporary file
//! without a name, sealed under a key that only the running program has.

use crate::failure::Failure;
use crate::input::{Input, KEPT_IN_MEMORY, bounded, is_whole_file};
use sealwright::SymKey;
use sealwright::envelope::stream::{Opener, Sealer};
use sealwright::types::SecretVec;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek as _};

/// Plaintext of a known length.
pub(crate) enum Plaintext {
    File { file: File, metadata: fs::Metadata },
    Memory(SecretVec),
    Spool { key: Box<SymKey>, file: File, length: u64 },
}

impl Plaintext {
    pub(crate) fn open(input: &Input) -> Result<Self, Failure> {
        let file = input.open()?;
        if is_whole_file(&file) {
            let metadata = file.metadata().map_err(|error| Failure::from(error).at(input))?;
            return Ok(Self::File { file, metadata });
        }
        let beginning =
            bounded(&mut (&file).take(KEPT_IN_MEMORY), KEPT_IN_MEMORY).map_err(|failure| failure.at(input))?;
        if (beginning.len() as u64) < KEPT_IN_MEMORY {
            return Ok(Self::Memory(beginning));
        }
        let key = SymKey::generate().map_err(|error| Failure::of(&error))?;
        let spooled = || {
            let mut sealer = Sealer::new(&key, tempfile::tempfile()?)?;
            let length = io::copy(&mut Cursor::new(beginning.expose()).chain(&file), &mut sealer)?;
            let mut file = sealer.finish()?;
            file.rewind()?;
            Ok((file, length))
        };
        let (file, length) = spooled().map_err(|error: io::Error| Failure::from(error).at(input))?;
        Ok(Self::Spool { key: Box::new(key), file, length })
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::File { metadata, .. } => metadata.len(),
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spool { length, .. } => *length,
        }
    }

    /// Who may read, write and run the file, if there is one. That it runs as its owner is nothing for a copy of it.
    pub(crate) fn permissions(&self) -> Option<fs::Permissions> {
        match self {
            Self::File { metadata, .. } => Some(without_special_bits(metadata.permissions())),
            Self::Memory(_) | Self::Spool { .. } => None,
        }
    }

    /// The bytes.
    pub(crate) fn reader(&self) -> Result<Box<dyn Read + '_>, Failure> {
        Ok(match self {
            Self::File { file, .. } => Box::new(file),
            Self::Memory(bytes) => Box::new(bytes.expose()),
            Self::Spool { key, file, .. } => Box::new(Opener::new(key, file).map_err(|error| Failure::of(&error))?),
        })
    }
}

#[cfg(unix)]
fn without_special_bits(mut permissions: fs::Permissions) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    permissions.set_mode(permissions.mode() & 0o777);
    permissions
}

#[cfg(not(unix))]
fn without_special_bits(permissions: fs::Permissions) -> fs::Permissions {
    permissions
}
