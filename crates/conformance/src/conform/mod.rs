//! Another implementation against the vectors: its shim is started, asked every test of the operations that it claims, and counted
//! (docs/spec/CONFORMANCE.md).

mod compare;
mod divergences;
mod levels;
mod line_process;
mod question;
mod shim;

pub use divergences::{Divergences, DivergencesError};
pub use levels::Level;
pub use shim::ShimError;

use crate::binary::Material;
use crate::check::{LoadError, Totals, vector_files};
use crate::schema::{SCHEMA_VERSION, Test, VectorFile, Verdict, kind_and_version};
use compare::Difference;
use sealwright_types::Coded;
use serde::Serialize;
use serde_json::Value;
use shim::{Reply, Shim};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// A test of which nothing but the frame is known.
type AnyTest = Test<Value, Value>;

/// The tests of one file.
struct Loaded {
    operation: String,
    tests: Vec<AnyTest>,
}

/// What a run takes beside the vectors and the command.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The list of known divergences (CONF-10).
    pub divergences: Divergences,
    /// How long an answer may take (CONF-06).
    pub time_limit: Duration,
    /// Whether somebody has asked for an end: the shim leads a process group of its own, which Ctrl-C in a terminal does not reach.
    pub is_interrupted: fn() -> bool,
}

impl Default for Options {
    fn default() -> Self {
        let (divergences, time_limit) = (Divergences::default(), Duration::from_secs(60));
        Self { divergences, time_limit, is_interrupted: || false }
    }
}

/// What a run has shown.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The shim's name and version.
    pub implementation: String,
    /// All operations together.
    pub totals: Totals,
    /// Each operation of the vectors.
    pub operations: BTreeMap<String, Totals>,
    /// Tests that are not as expected, listed or not, and tests that were not answered.
    pub cases: Vec<Case>,
    /// Levels that were reached, and what stands in the way of the others (CONF-20).
    pub levels: BTreeMap<Level, Option<String>>,
}

/// A test that did not pass.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// The operation.
    pub operation: String,
    /// The test.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// How it is counted.
    pub outcome: Outcome,
    /// What was expected and what was answered, or the reason of the list or of the shim.
    pub why: String,
}

/// How a test that did not pass is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// Not as expected.
    Failed,
    /// The shim cannot be asked this.
    Unsupported,
    /// Listed.
    KnownDivergence,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConformError {
    /// The vectors cannot be read.
    #[error(transparent)]
    Vectors(#[from] LoadError),
    /// The shim cannot be started or breaks the protocol.
    #[error(transparent)]
    Shim(#[from] ShimError),
}

impl Coded for ConformError {
    fn code(&self) -> &'static str {
        match self {
            Self::Vectors(error) => error.code(),
            Self::Shim(error) => error.code(),
        }
    }
}

/// Asks the shim that `command` starts every test under `directory`.
///
/// # Errors
/// [`ConformError`]: vectors that are not as they have to be, or a shim that breaks the protocol (CONF-06). Wrong answers are no error.
pub fn conform(directory: &Path, command: &[OsString], options: &Options) -> Result<Report, ConformError> {
    let mut shim = Shim::start(command, options.time_limit, options.is_interrupted)?;
    let mut report = Report { implementation: shim.implementation(), ..Report::default() };
    let mut listed: BTreeSet<&str> = options.divergences.tests().collect();
    for path in vector_files(directory)? {
        let Some(Loaded { operation, tests }) = load(&path)? else { continue };
        for test in &tests {
            listed.remove(test.id.as_str());
            let verdict = if shim.claims(&operation) {
                let question = question::of(test, Material { root: directory })?;
                let reply = shim.ask(&test.id, &operation, question)?;
                judge(test, &reply, &options.divergences)
            } else {
                Some((Outcome::Unsupported, "the operation is not claimed".to_owned()))
            };
            report.count(&operation, test, verdict);
        }
    }
    shim.finish()?;
    if report.totals.total == 0 {
        return Err(LoadError::Nothing(directory.to_owned()).into());
    }
    if report.totals.unsupported == report.totals.total {
        return Err(ShimError::NothingAnswered.into());
    }
    for id in listed {
        report.unknown_divergence(id);
    }
    report.levels = levels::reached(&report.operations);
    Ok(report)
}

/// The tests of a file; `None` for another version of its kind.
fn load(path: &Path) -> Result<Option<Loaded>, LoadError> {
    let invalid = |why: String| LoadError::Invalid { file: path.display().to_string(), why };
    let text = std::fs::read_to_string(path).map_err(|error| LoadError::io(path, error))?;
    let vectors: VectorFile<Value, Value> = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    let (kind, version) =
        kind_and_version(&vectors.schema).ok_or_else(|| invalid(format!("unknown schema {:?}", vectors.schema)))?;
    let operation = (version == SCHEMA_VERSION).then(|| kind.to_owned());
    if vectors.count != vectors.tests.len() {
        return Err(invalid(format!("count is {}, but there are {} tests", vectors.count, vectors.tests.len())));
    }
    Ok(operation.map(|operation| Loaded { operation, tests: vectors.tests }))
}

/// How a test that did not pass is counted, and why. The list hides exactly the difference that it names (CONF-10).
fn judge(test: &AnyTest, reply: &Reply, divergences: &Divergences) -> Option<(Outcome, String)> {
    if let Reply::Unsupported { reason } = reply {
        return Some((Outcome::Unsupported, reason.clone()));
    }
    match (compare::difference(test, reply), divergences.of(&test.id)) {
        (None, None) => None,
        (None, Some(listed)) => {
            let why = format!("listed as diverging with {:?}, but it is as expected", listed.answer);
            Some((Outcome::Failed, why))
        }
        (Some(Difference { answer, .. }), Some(listed)) if answer == listed.answer => {
            Some((Outcome::KnownDivergence, listed.reason.clone()))
        }
        (Some(difference), Some(listed)) => {
            let why = format!("{}; listed as diverging with {:?}", difference.why, listed.answer);
            Some((Outcome::Failed, why))
        }
        (Some(difference), None) => Some((Outcome::Failed, difference.why)),
    }
}

impl Report {
    fn count(&mut self, operation: &str, test: &AnyTest, verdict: Option<(Outcome, String)>) {
        let mut one = Totals { total: 1, ..Totals::default() };
        *match test.result {
            Verdict::Valid => &mut one.valid,
            Verdict::Invalid => &mut one.invalid,
            Verdict::Acceptable => &mut one.acceptable,
        } = 1;
        *match verdict {
            None => &mut one.passed,
            Some((Outcome::Failed, _)) => &mut one.failed,
            Some((Outcome::Unsupported, _)) => &mut one.unsupported,
            Some((Outcome::KnownDivergence, _)) => &mut one.known_divergences,
        } = 1;
        self.totals.add(&one);
        self.operations.entry(operation.to_owned()).or_default().add(&one);
        if let Some((outcome, why)) = verdict {
            let (id, rule) = (test.id.clone(), test.rule.clone());
            self.cases.push(Case { operation: operation.to_owned(), id, rule, outcome, why });
        }
    }

    /// A list that names tests which are not there hides what they were.
    fn unknown_divergence(&mut self, id: &str) {
        self.totals.failed += 1;
        let why = "listed as diverging, but there is no such test".to_owned();
        let (operation, rule) = (String::new(), "CONF-10".to_owned());
        self.cases.push(Case { operation, id: id.to_owned(), rule, outcome: Outcome::Failed, why });
    }
}
