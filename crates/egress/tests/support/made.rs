//! Bundles that tests make.

use crate::support::confirmed;
use sealwright_egress::{Line, run};
use sealwright_envelope::{self as envelope, SymKey, file};
use sealwright_types::{SessionId, b64};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A bundle with one known session.
pub(crate) struct Made {
    pub(crate) directory: TempDir,
    pub(crate) session: SessionId,
    pub(crate) key: SymKey,
}

impl Made {
    pub(crate) fn new() -> Self {
        let (directory, session) = (tempfile::tempdir().unwrap(), SessionId::random().unwrap());
        let key = SymKey::generate().unwrap();
        let record = format!("{{\"sessionId\":\"{session}\",\"key\":\"{}\"}}\n", b64::encode(key.expose()));
        fs::write(directory.path().join("session-keys.jsonl"), record).unwrap();
        Self { directory, session, key }
    }

    pub(crate) fn container(&self, name: &str, content: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        file::seal(&self.key, self.session, name, content.len() as u64, content, &mut sealed).unwrap();
        sealed
    }

    /// One container of several files.
    #[allow(dead_code, reason = "not every test needs it")]
    pub(crate) fn several(&self, files: &[(&str, &[u8])]) -> Vec<u8> {
        const HEADER: usize = 59;
        const TRAILER: usize = 1024;
        let (mut sealed, mut archive) = (Vec::new(), Vec::new());
        for (name, content) in files {
            sealed = self.container(name, content);
            archive.extend(envelope::open(&self.key, &sealed[HEADER..]).unwrap());
            archive.truncate(archive.len() - TRAILER);
        }
        archive.extend([0; TRAILER]);
        sealed.truncate(HEADER);
        sealed.extend(envelope::seal(&self.key, &archive).unwrap());
        sealed
    }

    pub(crate) fn add(&self, source: &str, bytes: impl AsRef<[u8]>) {
        let path = self.directory.path().join(source);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[allow(dead_code, reason = "not every test needs it")]
    pub(crate) fn run(&self, output: &Path) -> Vec<Line> {
        run(self.directory.path(), output, &confirmed(), &()).unwrap();
        let manifest = fs::read_to_string(output.join("manifest.jsonl")).unwrap();
        manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A tar archive of these files.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}
