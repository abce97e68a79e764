//! `conform`: another implementation against the formal vectors.

use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt;
use crate::output;
use crate::printable;
use crate::status::Status;
use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};
use sealwright::Coded as _;
use sealwright_conformance::Totals;
use sealwright_conformance::conform::{Case, ConformError, Divergences, Level, Options, Outcome, Report, conform};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Lines of failures that a person is shown; all of them stand in --json and --junit.
const SHOWN: usize = 40;

/// Run the formal vectors against another implementation.
///
/// COMMAND starts its shim: a program that reads one question a line and answers one line, as docs/spec/CONFORMANCE.md of the source describes.
/// Everything after `--` is passed to it.
///
/// With --json: one line for each test that did not pass, one with operations and levels, and a last one with the numbers.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The directory with the vectors.
    #[arg(long, value_name = "DIR", default_value = "vectors")]
    vectors: PathBuf,
    /// A list of known divergences with their reasons; an entry that is no longer true is a failure.
    #[arg(long, value_name = "FILE")]
    divergences: Option<PathBuf>,
    /// Write a report in the form of JUnit.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Seconds that an answer may take.
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    time_limit: NonZeroU32,
    /// The command that starts the shim.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What a machine is told beside the tests and the numbers.
#[derive(Serialize)]
struct Summary<'a> {
    implementation: &'a str,
    operations: &'a BTreeMap<String, Totals>,
    levels: &'a BTreeMap<Level, Option<String>>,
}

impl<'a> Summary<'a> {
    fn of(report: &'a Report) -> Self {
        Self { implementation: &report.implementation, operations: &report.operations, levels: &report.levels }
    }
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let mut options = Options::default();
    options.time_limit = Duration::from_secs(u64::from(arguments.time_limit.get()));
    if let Some(path) = &arguments.divergences {
        options.divergences = read_divergences(path)?;
    }
    if let Some(path) = &arguments.junit {
        output::check(path, console.global().force)?;
    }
    interrupt::watch(false)?;
    options.is_interrupted = interrupt::is_asked;
    let report = conform(&arguments.vectors, &arguments.command, &options).map_err(failure)?;
    if let Some(path) = &arguments.junit {
        let text = junit(&report).to_string().map_err(|error| Failure::new("io", error).at(path.display()))?;
        output::write(path, text.as_bytes(), console.global().force)?;
    }
    for case in &report.cases {
        console.value(case)?;
    }
    console.value(&Summary::of(&report))?;
    console.value(&report.totals)?;
    console.line(table(&report).trim_end())?;
    Ok(if report.totals.failed == 0 { Status::Success } else { Status::Failed })
}

fn read_divergences(path: &Path) -> Result<Divergences, Failure> {
    let text = std::fs::read(path).map_err(|error| Failure::from(error).at(path.display()))?;
    Divergences::parse(&text).map_err(|error| {
        Failure::missing(error.code(), error)
            .hint("docs/spec/CONFORMANCE.md of the source describes the list")
            .at(path.display())
    })
}

/// A run that could not be made (CONF-11).
fn failure(error: ConformError) -> Failure {
    Failure::missing(error.code(), error)
        .hint_for(
            "not-found",
            "the vectors stand in the directory `vectors` of the source; --vectors names another one",
        )
        .hint_for("shim-protocol", "docs/spec/CONFORMANCE.md of the source describes what a shim writes")
}

fn table(report: &Report) -> String {
    let mut table = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(table, "{}", printable::line(&report.implementation));
    let _ =
        writeln!(table, "{:26} {:>6} {:>6} {:>11} {:>9}", "operation", "passed", "failed", "unsupported", "diverging");
    for (operation, totals) in &report.operations {
        row(&mut table, operation, totals);
    }
    row(&mut table, "all", &report.totals);
    for case in report.cases.iter().filter(|case| case.outcome == Outcome::Failed).take(SHOWN) {
        let line = format!("failed {} {} ({}): {}", case.operation, case.id, case.rule, case.why);
        let _ = writeln!(table, "{}", printable::line(&line));
    }
    if report.totals.failed > SHOWN as u64 {
        let _ = writeln!(table, "and {} more", report.totals.failed - SHOWN as u64);
    }
    for (reason, count) in reasons(report) {
        let _ = writeln!(table, "{}", printable::line(&format!("{count} diverging: {reason}")));
    }
    for (level, obstacle) in &report.levels {
        let _ = match obstacle {
            None => writeln!(table, "level {}: reached", level.name()),
            Some(operation) => {
                writeln!(table, "level {}: not reached because of {}", level.name(), printable::line(operation))
            }
        };
    }
    table
}

fn row(table: &mut String, name: &str, totals: &Totals) {
    let Totals { passed, failed, unsupported, known_divergences, .. } = totals;
    let _ = writeln!(table, "{name:26} {passed:6} {failed:6} {unsupported:11} {known_divergences:9}");
}

/// The reasons of known divergences, and how many tests each explains.
fn reasons(report: &Report) -> Vec<(&str, usize)> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for case in report.cases.iter().filter(|case| case.outcome == Outcome::KnownDivergence) {
        match reasons.iter_mut().find(|(reason, _)| *reason == case.why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((&case.why, 1)),
        }
    }
    reasons
}

/// One suite for each operation. What passed is counted in the name of the suite: only cases that did not pass stand alone.
fn junit(report: &Report) -> JunitReport {
    let mut junit = JunitReport::new(report.implementation.clone());
    for (operation, totals) in &report.operations {
        let mut suite = TestSuite::new(operation.as_str());
        let passed = TestCase::new(format!("{} tests as expected", totals.passed), TestCaseStatus::success());
        suite.add_test_case(passed);
        suite.add_test_cases(report.cases.iter().filter(|case| case.operation == *operation).map(junit_case));
        junit.add_test_suite(suite);
    }
    let stale: Vec<_> = report.cases.iter().filter(|case| case.operation.is_empty()).map(junit_case).collect();
    if !stale.is_empty() {
        let mut suite = TestSuite::new("divergences");
        suite.add_test_cases(stale);
        junit.add_test_suite(suite);
    }
    junit
}

fn junit_case(case: &Case) -> TestCase {
    let mut status = match case.outcome {
        Outcome::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::skipped(),
    };
    status.set_message(case.why.as_str());
    TestCase::new(format!("{} ({})", case.id, case.rule), status)
}
