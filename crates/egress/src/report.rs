//! What an egress ended with: counts, exit status, and what stayed closed (docs/spec/EGRESS.md sections 8 and 9).

use crate::error::EgressError;
use crate::ledger::{Line, Rows, Status};
use crate::lines::MalformedRecord;
use crate::recover::Attempt;
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of the report in the output.
pub(crate) const REPORT: &str = "report.json";

/// How the items of an output ended (CLI-10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Opened and written.
    pub converted: u64,
    /// No key was found.
    pub closed: u64,
    /// A MAC or padding was wrong under every key.
    pub rejected: u64,
    /// The structure is wrong.
    pub malformed: u64,
    /// Never encrypted.
    pub plain: u64,
    /// Could not be read or written, or not supported yet.
    pub failed: u64,
    /// Records inside record files.
    pub rows: Rows,
}

impl Summary {
    pub(crate) fn count(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Converted => &mut self.converted,
            Status::Closed => &mut self.closed,
            Status::Rejected => &mut self.rejected,
            Status::Malformed => &mut self.malformed,
            Status::Plain => &mut self.plain,
            Status::Failed => &mut self.failed,
        }
    }

    /// The exit status of the program (EGR-45): 1 something failed, 3 something stayed unopened, 0 otherwise.
    pub fn exit_status(&self) -> u8 {
        if self.failed > 0 {
            1
        } else if self.closed + self.rejected + self.malformed > 0 || !self.rows.all_opened() {
            3
        } else {
            0
        }
    }
}

impl std::ops::AddAssign for Rows {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.converted += other.converted;
        self.closed += other.closed;
        self.rejected += other.rejected;
        self.malformed += other.malformed;
    }
}

/// The report of an output: the same for every run that ends with the same items.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// The counts.
    pub summary: Summary,
    /// The form of the egress (EGR-47): the identities of one user, or of several.
    pub form: Form,
    /// Every attempt to recover an identity.
    pub identities: Vec<Attempt>,
    /// Converted files by route.
    pub routes: BTreeMap<String, u64>,
    /// Why what did not open did not, in files.
    pub reasons: BTreeMap<String, u64>,
    /// Records of the bundle that could not be read.
    pub malformed_records: Vec<MalformedRecord>,
    /// Tokens and wraps that the service had revoked; they were opened nevertheless (EMK-14).
    pub revoked_records: u64,
    /// Names in the bundle that are no part of one.
    pub unknown: Vec<String>,
}

/// Whose data becomes readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// One user, with their own identity.
    ClientSide,
    /// Several users: end-to-end secrecy ends here.
    ServerSide,
}

impl Report {
    pub(crate) fn count_lines(
        &mut self,
        lines: impl Iterator<Item = Result<Line, EgressError>>,
    ) -> Result<(), EgressError> {
        for line in lines {
            let line = line?;
            *self.summary.count(line.status) += 1;
            self.summary.rows += line.rows.unwrap_or_default();
            if let Some(route) = line.route {
                *self.routes.entry(route).or_default() += 1;
            }
            if let Some(error) = line.error {
                *self.reasons.entry(error).or_default() += 1;
            }
        }
        Ok(())
    }
}
