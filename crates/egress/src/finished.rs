//! Whether an output is what its last run left when it ended (EGR-43): asked by everything that takes an output for the whole of it.

use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{JOURNAL, MANIFEST, UNOPENED};
use crate::report::Report;
use crate::sink::outlet::IDENTITY;
use std::path::Path;

/// The report of an output whose last run has ended. The journal is gone then, and manifest, `unopened.jsonl` and `identity.age` are those
/// that the report names.
///
/// # Errors
/// [`EgressError::NotFinished`] with the first reason why the output is none, [`EgressError::Io`].
pub(crate) fn report(files: &Files, output: &Path) -> Result<Report, EgressError> {
    let not_finished = |reason| EgressError::NotFinished { output: output.to_owned(), reason };
    let journal = output.join(JOURNAL);
    if files.exists(&journal).map_err(EgressError::io("open", &journal))? {
        return Err(not_finished("its run has not finished: run it again"));
    }
    let report =
        Report::read(files, output)?.ok_or_else(|| not_finished("its run has not finished: it has no report"))?;
    for (name, noted) in [(MANIFEST, &report.manifest), (UNOPENED, &report.unopened)] {
        if !noted.is_of(files, &output.join(name))? {
            return Err(not_finished("its report is of another manifest or unopened.jsonl: run it again"));
        }
    }
    let identity = output.join(IDENTITY);
    let is_same = match &report.identity {
        Some(noted) => noted.is_of(files, &identity)?,
        None => !files.exists(&identity).map_err(EgressError::io("read", &identity))?,
    };
    if !is_same {
        return Err(not_finished(
            "identity.age is missing or not the one of its report: its outputs open with that one alone",
        ));
    }
    Ok(report)
}
