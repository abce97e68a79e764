//! Stories about access: the decision table, its guards, and the named cases (RIGHTS.md section 8).
#![allow(
    clippy::expect_used,
    reason = "the stories are fixed: one that cannot be told is found whenever they are made"
)]

mod actions;
mod examples;
mod guards;
mod managing;
mod reading;
mod records;
mod story;

use super::{Files, GenerateError};
use story::Tests;

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    decisions().into_draft("rights/decisions", "rights").finish_in_lines(files)?;
    guards::tests().into_draft("rights/guards", "rights-guards").finish_in_lines(files)?;
    examples::examples().into_draft("rights/examples", "rights").finish_in_lines(files)
}

fn decisions() -> Tests {
    let mut t = Tests::default();
    records::records(&mut t);
    records::defaults(&mut t);
    records::paths(&mut t);
    reading::reading(&mut t);
    managing::adding(&mut t);
    managing::changing(&mut t);
    managing::revoking(&mut t);
    reading::bearers(&mut t);
    managing::groups(&mut t);
    t
}
