//! Finds the vector files of a directory, refuses what is not as it has to be, runs everything and compares.

use crate::binary::Material;
use crate::kinds::{self, Kind, Seen};
use crate::schema::{SCHEMA_VERSION, Test, VectorFile, Verdict, kind_and_version};
use sealwright_types::Coded;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// Directories of the vectors that hold other things than vector files.
const NOT_VECTORS: [&str; 5] = ["egress", "peer", "peers", "schemas", "shims"];

/// What a run has shown.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// All files together.
    pub totals: Totals,
    /// What was not as expected.
    pub failures: Vec<Failure>,
    /// Each file for itself, in the order of paths.
    pub files: Vec<FileOutcome>,
}

/// Numbers of tests (CLI-10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// All tests found.
    pub total: u64,
    /// With the verdict `valid`.
    pub valid: u64,
    /// With the verdict `invalid`.
    pub invalid: u64,
    /// With the verdict `acceptable`.
    pub acceptable: u64,
    /// As expected through every door.
    pub passed: u64,
    /// Not as expected.
    pub failed: u64,
    /// Of a kind or version that this build does not know.
    pub unsupported: u64,
    /// Differing as a list says that they do.
    pub known_divergences: u64,
}

/// One test that was not as expected through one door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The vector file, from the directory.
    pub file: String,
    /// The test.
    pub id: String,
    /// What the vector says.
    pub expected: String,
    /// Which door gave what.
    pub got: String,
}

/// One vector file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileOutcome {
    /// Its path from the directory.
    pub file: String,
    /// The kind of its tests.
    pub kind: String,
    /// Its numbers.
    pub totals: Totals,
}

/// The vectors cannot be run: a file is missing or is not what the schema says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file or directory could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what the schema says.
    #[error("{file}: {why}")]
    Invalid {
        /// Which, from the directory.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// There is no vector file.
    #[error("{}: no vector file here", .0.display())]
    Nothing(PathBuf),
    /// Tests are there, but none of a kind and version that this build knows.
    #[error("{}: no test of a kind and version that this build knows", .0.display())]
    NothingKnown(PathBuf),
}

impl Coded for LoadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::Invalid { .. } => "malformed",
            Self::Nothing(_) => "not-found",
            Self::NothingKnown(_) => "unsupported",
        }
    }
}

impl LoadError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// Something in a test; [`LoadError::in_file`] adds where.
    pub(crate) fn material(why: &str) -> Self {
        Self::Invalid { file: String::new(), why: why.to_owned() }
    }

    fn in_file(self, name: &str, id: &str) -> Self {
        match self {
            Self::Invalid { file, why } if file.is_empty() => {
                Self::Invalid { file: name.to_owned(), why: format!("{id}: {why}") }
            }
            other => other,
        }
    }
}

/// Runs every vector under `directory` through every door of the library.
///
/// # Errors
/// [`LoadError`] when a file does not have the shape of its kind, a count, id, rule or flag is wrong, material is missing, or no test ran. A test with another outcome is no error but a [`Failure`].
pub fn check(directory: &Path) -> Result<Outcome, LoadError> {
    let mut outcome = Outcome::default();
    let mut ids = HashSet::new();
    for path in vector_files(directory)? {
        let text = std::fs::read_to_string(&path).map_err(|error| LoadError::io(&path, error))?;
        let file = relative(directory, &path);
        run_text(&file, &text, Material { root: directory }, &mut ids, &mut outcome)?;
    }
    if outcome.totals.total == 0 {
        return Err(LoadError::Nothing(directory.to_owned()));
    }
    if outcome.totals.unsupported == outcome.totals.total {
        return Err(LoadError::NothingKnown(directory.to_owned()));
    }
    Ok(outcome)
}

/// The vector files under `directory`, in the order of their paths.
pub(crate) fn vector_files(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    for entry in entries(directory)? {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if entry.is_dir() && !NOT_VECTORS.contains(&name.as_str()) {
            collect(&entry, &mut files)?;
        } else if is_json(&entry) {
            files.push(entry);
        }
    }
    files.sort();
    Ok(files)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    for entry in entries(directory)? {
        if entry.is_dir() {
            collect(&entry, files)?;
        } else if is_json(&entry) {
            files.push(entry);
        }
    }
    Ok(())
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let read = std::fs::read_dir(directory).map_err(|error| LoadError::io(directory, error))?;
    read.map(|entry| entry.map(|entry| entry.path()).map_err(|error| LoadError::io(directory, error))).collect()
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn relative(directory: &Path, path: &Path) -> String {
    let path = path.strip_prefix(directory).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// What every vector file says first, whatever its kind.
#[derive(Deserialize)]
struct Opening {
    schema: String,
    count: u64,
    /// Of a kind that nobody knows, they can still be counted.
    tests: Vec<IgnoredAny>,
}

fn run_text(
    file: &str,
    text: &str,
    material: Material<'_>,
    ids: &mut HashSet<String>,
    outcome: &mut Outcome,
) -> Result<(), LoadError> {
    let invalid = |why: String| LoadError::Invalid { file: file.to_owned(), why };
    let opening: Opening = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
    let (kind, version) =
        kind_and_version(&opening.schema).ok_or_else(|| invalid(format!("unknown schema {:?}", opening.schema)))?;
    let Opening { count, tests, .. } = &opening;
    if usize::try_from(*count) != Ok(tests.len()) {
        return Err(invalid(format!("count is {count}, but there are {} tests", tests.len())));
    }
    let runner = kinds::RUNNERS.iter().find(|(name, _)| *name == kind && version == SCHEMA_VERSION);
    let (totals, failures) = match runner {
        Some((_, run)) => run(file, text, material, ids)?,
        None => (Totals { total: *count, unsupported: *count, ..Totals::default() }, Vec::new()),
    };
    outcome.totals.add(&totals);
    outcome.failures.extend(failures);
    outcome.files.push(FileOutcome { file: file.to_owned(), kind: kind.to_owned(), totals });
    Ok(())
}

/// Checks and runs a file of one kind.
pub(crate) fn run_file<K: Kind>(
    file: &str,
    text: &str,
    material: Material<'_>,
    ids: &mut HashSet<String>,
) -> Result<(Totals, Vec<Failure>), LoadError> {
    let invalid = |why: String| LoadError::Invalid { file: file.to_owned(), why };
    let vectors: VectorFile<K::In, K::Out> = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
    check_file::<K>(&vectors, ids).map_err(invalid)?;
    let mut totals = Totals::default();
    let mut failures = Vec::new();
    for test in &vectors.tests {
        totals.total += 1;
        *match test.result {
            Verdict::Valid => &mut totals.valid,
            Verdict::Invalid => &mut totals.invalid,
            Verdict::Acceptable => &mut totals.acceptable,
        } += 1;
        let seen = K::run(&test.input, material).map_err(|error| error.in_file(file, &test.id))?;
        match judge(test, &seen) {
            None => totals.passed += 1,
            Some((expected, got)) => {
                totals.failed += 1;
                failures.push(Failure { file: file.to_owned(), id: test.id.clone(), expected, got });
            }
        }
    }
    Ok((totals, failures))
}

/// What no schema can say: unique ids, flags and rules that exist, results with what belongs to them.
fn check_file<K: Kind>(vectors: &VectorFile<K::In, K::Out>, ids: &mut HashSet<String>) -> Result<(), String> {
    let mut flags = HashSet::new();
    for test in &vectors.tests {
        let Test { id, rule, error, output, released, .. } = test;
        if !ids.insert(id.clone()) {
            return Err(format!("the id {id} stands there twice"));
        }
        let family = rule.split_once('-').map_or(rule.as_str(), |(family, _)| family);
        if !K::FAMILIES.contains(&family) || !crate::rules::is_id(rule) {
            return Err(format!("{id}: {rule} is no rule of this kind"));
        }
        let (wants_error, wants_output) = match test.result {
            Verdict::Valid => (false, true),
            Verdict::Invalid => (true, false),
            Verdict::Acceptable => (true, true),
        };
        if (error.is_some(), output.is_some()) != (wants_error, wants_output) {
            return Err(format!("{id}: error or output does not fit the result"));
        }
        if released.is_some() != K::OPENS || (!wants_output && released.is_some_and(|released| released.len != 0)) {
            return Err(format!("{id}: released does not fit"));
        }
        for flag in &test.flags {
            if !vectors.notes.contains_key(flag) {
                return Err(format!("{id}: the flag {flag} is not explained"));
            }
            flags.insert(flag);
        }
    }
    match vectors.notes.keys().find(|flag| !flags.contains(flag)) {
        Some(flag) => Err(format!("no test carries the flag {flag}")),
        None => Ok(()),
    }
}

/// The first door that was not as expected: what was expected, what it gave.
fn judge<I, O: PartialEq + Serialize>(test: &Test<I, O>, seen: &[Seen<O>]) -> Option<(String, String)> {
    if seen.is_empty() {
        return Some(("a door".to_owned(), "none for this input".to_owned()));
    }
    let wrong = seen.iter().find(|seen| {
        let accepted = matches!((&seen.got, &test.output), (Ok(got), Some(output)) if got == output);
        let refused = matches!((&seen.got, &test.error), (Err(got), Some(error)) if got == error);
        let most = if seen.got.is_ok() { test.released.map(|released| released.len) } else { Some(0) };
        !(accepted || refused) || most.is_some_and(|most| seen.released != most)
    })?;
    let expected = match (&test.error, &test.output) {
        (Some(error), None) => format!("error {error}, nothing released"),
        (error, output) => {
            let or = error.as_ref().map(|error| format!(" or error {error}")).unwrap_or_default();
            format!("{}{or}, {:?} released", json(output), test.released.map(|released| released.len))
        }
    };
    let got = match &wrong.got {
        Ok(output) => json(output),
        Err(error) => format!("error {error}"),
    };
    Some((expected, format!("{}: {got}, {} released", wrong.door, wrong.released)))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl Totals {
    pub(crate) fn add(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.valid = self.valid.saturating_add(other.valid);
        self.invalid = self.invalid.saturating_add(other.invalid);
        self.acceptable = self.acceptable.saturating_add(other.acceptable);
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.unsupported = self.unsupported.saturating_add(other.unsupported);
        self.known_divergences = self.known_divergences.saturating_add(other.known_divergences);
    }
}
