//! Makes the vectors of the repository: from the peers' data, and from attacks built by hand. No randomness and no clock: running it again
//! changes nothing.
//!
//! Every verdict is written down by rule here. None is asked from the library, which the vectors are there to judge.

mod archive;
mod database;
mod der;
mod egress;
mod encodings;
mod envelope;
mod file;
mod go_storage;
mod identity;
mod keys;
mod message;
mod notes;
mod peer;
mod process;
mod recipients;
mod rights;
mod routes;
mod rsa;
mod schemas;
mod session;
mod sigchain;
mod stored;
mod tokens;
mod world;

use crate::binary::{Binary, LONGEST_INLINE};
use crate::kinds::Kind;
use crate::schema::{Released, SCHEMA_PREFIX, SCHEMA_VERSION, Source, Test, VectorFile, Verdict};
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Why the vectors could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The peers' data are missing, or a file could not be written.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    /// The peers' data are not as they were.
    #[error("the peers' data are not as expected: {0}")]
    Peer(String),
}

/// Everything that is generated: paths from the directory of the vectors, and contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Makes all files from the peers' data under `vectors`, without writing any.
///
/// # Errors
/// [`GenerateError`].
pub fn files(vectors: &Path) -> Result<Files, GenerateError> {
    let peer = peer::Peer { root: vectors };
    let mut files = Files::new();
    egress::add(&mut files)?;
    encodings::add(&mut files)?;
    envelope::add(&peer, &mut files)?;
    message::add(&peer, &mut files)?;
    file::add(&peer, &mut files)?;
    keys::add(&peer, &mut files)?;
    rsa::add(&peer, &mut files)?;
    tokens::add(&peer, &mut files)?;
    identity::add(&peer, &mut files)?;
    stored::add(&peer, &mut files)?;
    database::add(&peer, &mut files)?;
    go_storage::add(&peer, &mut files)?;
    session::add(&peer, &mut files)?;
    process::add(&mut files)?;
    sigchain::add(&peer, &mut files)?;
    routes::add(&peer, &mut files)?;
    recipients::add(&peer, &mut files)?;
    rights::add(&mut files)?;
    schemas::add(&mut files)?;
    Ok(files)
}

/// Makes all files and writes those that differ. Gives the paths of what changed.
///
/// # Errors
/// [`GenerateError`].
pub fn write(vectors: &Path) -> Result<Vec<String>, GenerateError> {
    let mut changed = Vec::new();
    for (name, content) in files(vectors)? {
        let path = vectors.join(&name);
        if std::fs::read(&path).is_ok_and(|present| present == content) {
            continue;
        }
        let written =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, content));
        written.map_err(|error| GenerateError::Io(name.clone(), error))?;
        changed.push(name);
    }
    Ok(changed)
}

/// A vector file that is being made.
struct Draft<K: Kind> {
    /// Path without `.json`.
    path: &'static str,
    prefix: &'static str,
    source: Source,
    tests: Vec<Test<K::In, K::Out>>,
    material: Files,
}

impl<K: Kind> Draft<K> {
    fn ours(path: &'static str, prefix: &'static str) -> Self {
        Self::of(path, prefix, "Sealwright", "cargo run -p sealwright-conformance -- generate")
    }

    /// From the data of peers.
    fn peers(path: &'static str, prefix: &'static str, how: &str) -> Self {
        Self::of(path, prefix, "the JavaScript SDK 0.34 with sscrypto 1.4.1, and the Go SDK 0.9.0", how)
    }

    fn of(path: &'static str, prefix: &'static str, by: &str, how: &str) -> Self {
        let source = Source { by: by.to_owned(), how: how.to_owned() };
        Self { path, prefix, source, tests: Vec::new(), material: Files::new() }
    }

    /// A test that has to be accepted; `released` counts its plaintext.
    fn valid(&mut self, rule: &str, comment: impl Into<String>, input: K::In, output: K::Out, released: u64) {
        self.push(rule, comment.into(), input, Verdict::Valid, None, Some(output), released, &[]);
    }

    /// A test that has to be refused.
    fn invalid(&mut self, rule: &str, comment: impl Into<String>, input: K::In, error: &str, flags: &[&str]) {
        self.push(rule, comment.into(), input, Verdict::Invalid, Some(error.to_owned()), None, 0, flags);
    }

    #[expect(clippy::too_many_arguments, reason = "the members of a test, once")]
    fn push(
        &mut self,
        rule: &str,
        comment: String,
        input: K::In,
        result: Verdict,
        error: Option<String>,
        output: Option<K::Out>,
        released: u64,
        flags: &[&str],
    ) {
        self.tests.push(Test {
            id: format!("{}-{:03}", self.prefix, self.tests.len() + 1),
            rule: rule.to_owned(),
            comment,
            input,
            result,
            error,
            output,
            released: K::OPENS.then_some(Released { len: released }),
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
        });
    }

    /// Bytes for an input: inside the file if they are few, else in a file of their own.
    fn binary(&mut self, bytes: &[u8]) -> Binary {
        if bytes.len() <= LONGEST_INLINE {
            return Binary::of(bytes);
        }
        let described = Binary::of(bytes);
        let hash = described.sha256.get(..16).unwrap_or_default();
        let directory = self.path.split('/').next().unwrap_or_default();
        let name = format!("{directory}/material/{hash}.bin");
        self.material.insert(name.clone(), bytes.to_vec());
        Binary::in_file(bytes, name)
    }

    fn finish(self, files: &mut Files) -> Result<(), GenerateError> {
        self.write(files, pretty)
    }

    /// For tests of many small members: one line for each.
    fn finish_in_lines(self, files: &mut Files) -> Result<(), GenerateError> {
        self.write(files, in_lines)
    }

    fn write(
        self,
        files: &mut Files,
        form: impl Fn(&VectorFile<K::In, K::Out>) -> Result<Vec<u8>, GenerateError>,
    ) -> Result<(), GenerateError> {
        let flags = self.tests.iter().flat_map(|test| test.flags.iter().cloned());
        let notes = flags.map(|flag| notes::note(&flag).map(|note| (flag, note))).collect::<Result<_, _>>()?;
        let file = VectorFile {
            schema: format!("{SCHEMA_PREFIX}{}/{SCHEMA_VERSION}", K::NAME),
            source: self.source,
            notes,
            count: self.tests.len(),
            tests: self.tests,
        };
        files.insert(format!("{}.json", self.path), form(&file)?);
        files.extend(self.material);
        Ok(())
    }
}

fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, GenerateError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| GenerateError::Peer(error.to_string()))?;
    text.push(b'\n');
    Ok(text)
}

/// As [`pretty`], with each test in a line of its own.
fn in_lines<I: serde::Serialize, O: serde::Serialize>(file: &VectorFile<I, O>) -> Result<Vec<u8>, GenerateError> {
    let VectorFile { schema, source, notes, count, tests } = file;
    let head = VectorFile::<(), ()> {
        schema: schema.clone(),
        source: source.clone(),
        notes: notes.clone(),
        count: *count,
        tests: Vec::new(),
    };
    let tests: Result<Vec<_>, _> = tests.iter().map(serde_json::to_string).collect();
    let lines = tests.map_err(broken)?.join(",\n    ");
    let head = String::from_utf8(pretty(&head)?).map_err(broken)?;
    Ok(head.replace("\"tests\": []", &format!("\"tests\": [\n    {lines}\n  ]")).into_bytes())
}

/// As many bytes as wanted, always the same for a label.
fn expand(label: &str, length: usize) -> Vec<u8> {
    (0_u64..)
        .flat_map(|block| {
            let input = [label.as_bytes(), &block.to_be_bytes()].concat();
            digest(&SHA256, &input).as_ref().to_vec()
        })
        .take(length)
        .collect()
}

/// The IV of a label.
fn iv(label: &str) -> [u8; 16] {
    let mut iv = [0; 16];
    iv.copy_from_slice(&expand(label, 16));
    iv
}

/// The content of test files, as the peers have it: byte i is `7·i + 3`.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (7 * place + 3) as u8).collect()
}

/// A failure of the library while attacks are built: it cannot happen, and if it does the vectors are not made.
fn broken(error: impl std::fmt::Display) -> GenerateError {
    GenerateError::Peer(error.to_string())
}
