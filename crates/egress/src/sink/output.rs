//! One output on its way through the sink into a private temporary file (EGR-27).

use super::new_sessions::NewSession;
use crate::place::{Finished, Hasher, Part};
use age::stream::StreamWriter;
use sealwright_envelope::file::{self, FileSealer, SealFileError};
use sealwright_envelope::name;
use sealwright_envelope::stream::{ContentHash, Withheld};
use std::io::{self, Write};

/// An output that is being written. What is written here is the plaintext; dropping it removes what became of it.
pub(crate) struct Output<'k> {
    form: Form<'k>,
    /// What was written here, where that is not what the file holds.
    clear: Option<Hasher>,
}

enum Form<'k> {
    Clear(Part),
    Age(Box<StreamWriter<Part>>),
    Container(Box<FileSealer<'k, Part>>),
    /// Too large for a container, which is told when it is known to be true.
    TooLarge,
    Complete(Part),
    /// Completing it has failed.
    Lost,
}

/// Shows nothing: there is plaintext in it.
impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output([redacted])")
    }
}

impl<'k> Output<'k> {
    pub(super) fn clear(part: Part) -> Self {
        Self { form: Form::Clear(part), clear: None }
    }

    pub(super) fn age(encryptor: age::Encryptor, part: Part) -> io::Result<Self> {
        let writer = Box::new(encryptor.wrap_output(part)?);
        Ok(Self { form: Form::Age(writer), clear: Some(Hasher::new()) })
    }

    /// A container for a file of `length` bytes. Neither name nor length are verified yet: what no container can hold is not refused here.
    pub(super) fn container(new: &'k NewSession, stored: &str, length: u64, part: Part) -> io::Result<Self> {
        let safe = name::safe(stored);
        let stored = if file::is_stored_name(stored) { stored } else { &safe };
        let form = match FileSealer::new(&new.key, new.id, stored, length, part) {
            Ok(sealer) => Form::Container(Box::new(sealer)),
            Err(SealFileError::TooLarge) => Form::TooLarge,
            Err(error) => return Err(io::Error::other(error)),
        };
        Ok(Self { form, clear: Some(Hasher::new()) })
    }

    /// Everything is written.
    pub(crate) fn finish(mut self) -> io::Result<Finished> {
        self.complete()?;
        match self.form {
            Form::Complete(part) => {
                let mut finished = part.finish()?;
                finished.clear_sha256 = self.clear.map(|hasher| hasher.finish().1);
                Ok(finished)
            }
            Form::TooLarge => Err(io::Error::other(SealFileError::TooLarge)),
            _ => Err(lost()),
        }
    }
}

impl Write for Form<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(part) => part.write(data),
            Self::Age(writer) => writer.write(data),
            Self::Container(sealer) => sealer.write(data),
            Self::TooLarge => Ok(data.len()),
            Self::Complete(_) | Self::Lost => Err(lost()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(part) | Self::Complete(part) => part.flush(),
            Self::Age(writer) => writer.flush(),
            Self::Container(sealer) => sealer.flush(),
            Self::TooLarge | Self::Lost => Ok(()),
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.form.write(data)?;
        if let Some(clear) = &mut self.clear {
            clear.update(data.get(..written).unwrap_or_default());
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.form.flush()
    }
}

/// Nobody but its owner can read it, and it has no name that anybody asked for.
impl Withheld for Output<'_> {
    fn complete(&mut self) -> io::Result<()> {
        let mut part = match std::mem::replace(&mut self.form, Form::Lost) {
            Form::Clear(part) | Form::Complete(part) => part,
            Form::Age(writer) => writer.finish()?,
            Form::Container(sealer) => sealer.finish().map_err(io::Error::other)?,
            Form::TooLarge => {
                self.form = Form::TooLarge;
                return Ok(());
            }
            Form::Lost => return Err(lost()),
        };
        part.complete()?;
        self.form = Form::Complete(part);
        Ok(())
    }

    fn content_hash(&mut self) -> Option<&mut ContentHash> {
        match &mut self.form {
            // What it holds is what is written here.
            Form::Clear(part) => part.content_hash(),
            _ => self.clear.as_mut().map(Hasher::content_hash),
        }
    }

    fn write_hashed(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.form {
            Form::Clear(part) => part.write_hashed(bytes),
            form => form.write_all(bytes),
        }
    }
}

fn lost() -> io::Error {
    io::Error::other("the output is complete")
}
