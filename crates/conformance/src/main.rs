//! `cargo run -p sealwright-conformance -- generate|rules|check`: the tools around the formal vectors, run at the root of the repository.
//! `check DIR` checks another directory, or a part of the vectors that needs no material of another part.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let done = match command.as_str() {
        "generate" => generate(),
        "rules" => rules(),
        "check" => check(Path::new(std::env::args().nth(2).as_deref().unwrap_or("vectors"))),
        _ => Err("usage: sealwright-conformance generate|rules|check [DIR]".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nowhere is left to tell it when this fails.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

type Done = Result<bool, Box<dyn std::error::Error>>;

fn generate() -> Done {
    let changed = sealwright_conformance::generate::write(Path::new("vectors"))?;
    for path in &changed {
        writeln!(io::stdout(), "changed {path}")?;
    }
    writeln!(io::stdout(), "{} files changed", changed.len())?;
    Ok(true)
}

fn rules() -> Done {
    let report = sealwright_conformance::rules::check(Path::new("."))?;
    write!(io::stdout(), "{report}")?;
    Ok(report.problems.is_empty())
}

fn check(directory: &Path) -> Done {
    let outcome = sealwright_conformance::check(directory)?;
    for failure in &outcome.failures {
        writeln!(io::stdout(), "{} {}: expected {}, got {}", failure.file, failure.id, failure.expected, failure.got)?;
    }
    writeln!(io::stdout(), "{}", serde_json::to_string(&outcome.totals)?)?;
    Ok(outcome.totals.failed == 0)
}
