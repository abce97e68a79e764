//! The file of session keys that a run leaves: always encrypted with age, complete or not there (docs/spec/EGRESS.md section 6).

use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::MANIFEST;
use crate::options::Options;
use crate::place::{Hasher, Part};
use crate::plan::Prepared;
use crate::report::Fingerprint;
use crate::sink::KeysOut;
use crate::sink::new_sessions::{locked, reopened};
use crate::sink::outlet::Outlet;
use crate::sink::recipients::{self, Who};
use crate::sink::state::WrittenKeys;
use crate::workers;
use sealwright_envelope::SymKey;
use sealwright_types::zeroize::Zeroizing;
use sealwright_types::{SessionId, b64};
use std::io::{self, BufReader, Write};
use std::path::Path;

/// A file for the keys of one run and of all runs before it.
pub(crate) struct KeysFile<'a> {
    keys_out: &'a KeysOut,
    prepared: &'a Prepared,
    outlet: &'a Outlet,
    output: &'a Path,
    /// The file is there, as an earlier run has written it.
    former: Option<String>,
}

impl KeysOut {
    /// Refuses a file among what is read or in the output, whatever links lead there, before anything is written: the run would read it as
    /// data, or write over it (EGR-37).
    pub(crate) fn check_place<P: AsRef<Path>>(
        &self,
        files: &Files,
        inputs: &[P],
        output: &Path,
    ) -> Result<(), EgressError> {
        let directory = files.canonicalize(directory(&self.path));
        let directory = directory.map_err(EgressError::io("open", self::directory(&self.path)))?;
        if inputs.iter().any(|input| directory.starts_with(input)) {
            return Err(EgressError::KeysOutInsideBundle { path: self.path.clone() });
        }
        if directory.starts_with(output) {
            return Err(EgressError::KeysOutInsideOutput { path: self.path.clone() });
        }
        Ok(())
    }
}

impl<'a> KeysFile<'a> {
    /// Tells before any work whether the file can be written.
    pub(crate) fn open(
        keys_out: &'a KeysOut,
        prepared: &'a Prepared,
        outlet: &'a Outlet,
        output: &'a Path,
    ) -> Result<Self, EgressError> {
        let path = &keys_out.path;
        let directory = outlet.files.canonicalize(directory(path)).map_err(EgressError::io("open", directory(path)))?;
        let taken = || EgressError::KeysOutTaken { path: path.clone() };
        let former = if outlet.files.exists(path).map_err(EgressError::io("open", path))? {
            if !outlet.files.metadata(path).is_ok_and(|metadata| metadata.is_file()) {
                return Err(taken());
            }
            Some(Hasher::of_file(&outlet.files, path).map_err(EgressError::io("read", path))?.1)
        } else {
            None
        };
        if former.as_ref().is_some_and(|former| !locked(&outlet.state).has_written(former)) {
            return Err(taken());
        }
        // Better told now than after hours.
        Part::create(&outlet.files, &directory).map_err(EgressError::io("write", path))?;
        Ok(Self { keys_out, prepared, outlet, output, former })
    }

    /// Writes the keys, unless the file holds them already.
    pub(crate) fn write(self, options: &Options) -> Result<(), EgressError> {
        let path = &self.keys_out.path;
        let content = self.content()?;
        let latest = locked(&self.outlet.state).keys().cloned();
        let is_latest =
            latest.is_some_and(|latest| Some(&latest.keys_sha256) == self.former.as_ref() && latest.content == content);
        if is_latest && self.is_for_them().map_err(EgressError::io("read", path))? {
            return Ok(());
        }
        self.write_keys(content, options).map_err(EgressError::io("write", path))
    }

    /// Whether the latest file is for those that it is wanted for. Nothing is kept that tells passphrases apart, as it would help to guess them:
    /// the file itself is tried. Public keys are part of [`Self::content`].
    fn is_for_them(&self) -> io::Result<bool> {
        match self.keys_out.recipients.who() {
            Who::Keys(_) => Ok(true),
            Who::Passphrase(passphrase) => {
                let file = BufReader::new(self.outlet.files.open(&self.keys_out.path)?);
                Ok(recipients::opened(passphrase, file).is_some())
            }
        }
    }

    fn write_keys(&self, content: String, options: &Options) -> io::Result<()> {
        let path = &self.keys_out.path;
        let mut writer =
            self.keys_out.recipients.encryptor()?.wrap_output(Part::create(&self.outlet.files, directory(path))?)?;
        if self.outlet.has_new_sessions() {
            self.new_keys(&mut writer)?;
        } else {
            self.found_keys(&mut writer, options)?;
        }
        let finished = writer.finish()?.finish()?;
        let keys_sha256 = finished.written("").sha256;
        locked(&self.outlet.state).announce_keys(WrittenKeys { keys_sha256, content })?;
        if self.former.is_some() {
            finished.replace(path)?
        } else {
            finished.publish(path)?
        }
        self.outlet.files.sync_directory(directory(path))
    }

    /// The new session of every old one of which something was sealed again.
    fn new_keys(&self, sink: &mut impl Write) -> io::Result<()> {
        let sessions = locked(&self.outlet.state).sessions();
        for old in sessions {
            let wrapped = locked(&self.outlet.state).session(old)?;
            let wrapped = wrapped.ok_or_else(|| io::Error::other("a new session is missing in sink.jsonl"))?;
            let new = reopened(&wrapped, &self.prepared.resolver)?;
            write_line(sink, new.id, &new.key, Some(old))?;
        }
        Ok(())
    }

    /// The keys that the data of this shard needs and that were found: of each session the first, and as many more as have opened something.
    fn found_keys(&self, sink: &mut impl Write, options: &Options) -> io::Result<()> {
        let needed = self.prepared.needed_by(&self.prepared.items_of(options.shard), options);
        let find = |&session: &SessionId| -> Vec<SymKey> {
            let keys = locked(&self.outlet.state).keys_of(session);
            let found = (0..keys).map_while(|nth| self.prepared.resolver.resolve_nth(session, nth).ok());
            found.filter_map(|key| key.sym_key()).collect()
        };
        workers::in_order(options.threads(), &needed, find, |&session, keys| {
            keys.iter().try_for_each(|key| write_line(sink, session, key, None))
        })
    }

    /// What decides which keys stand in the file, and who can read it: with new sessions which they are, otherwise how every item ended.
    fn content(&self) -> Result<String, EgressError> {
        let mut hasher = Hasher::new();
        hasher.update(format!("{:?}\n", self.keys_out.recipients).as_bytes());
        if self.outlet.has_new_sessions() {
            let sessions = locked(&self.outlet.state).sessions();
            sessions.iter().for_each(|session| hasher.update(session.as_bytes()));
        } else {
            let manifest = Fingerprint::of(&self.outlet.files, &self.output.join(MANIFEST))?;
            hasher.update(manifest.sha256.as_bytes());
        }
        Ok(hasher.finish().1)
    }
}

/// A record of `session-keys.jsonl`.
fn write_line(sink: &mut impl Write, session: SessionId, key: &SymKey, old: Option<SessionId>) -> io::Result<()> {
    let key = Zeroizing::new(b64::encode(key.expose()));
    let mut line = Zeroizing::new(Vec::with_capacity(256));
    write!(line, r#"{{"sessionId":"{session}","key":"{}""#, key.as_str())?;
    if let Some(old) = old {
        write!(line, r#","oldSessionId":"{old}""#)?;
    }
    line.extend_from_slice(b"}\n");
    sink.write_all(&line)
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
