//! Compares instruction counts with the baseline in the repository. Run by `scripts/instruction-benches`, which feeds it.
//!
//! ```text
//! instruction-gate machine               fails when the baseline was counted on another machine or with other tools, and says which
//! instruction-gate check                 fails when a bench needs 0.5 % more instructions than the baseline says
//! instruction-gate check FILE            the same against counts of this machine in place of the baseline
//! instruction-gate accept DATE REASON    makes what was counted the baseline and adds a line to the history
//! instruction-gate chart                 draws the history as docs/instructions.svg
//! instruction-gate chart-is-current      fails when the chart is another
//! ```
//!
//! Standard input of `check` and `accept`, and FILE: what `cargo bench -- --output-format=json` prints, one JSON object for each bench.
#![allow(clippy::print_stdout, reason = "it is a program")]

mod chart;
mod history;

use history::Accepted;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

type Failure = Box<dyn std::error::Error>;
/// Instructions by the name of the bench.
type Counts = BTreeMap<String, u64>;

const BASELINE: &str = "baseline.json";
const CHART: &str = "../../docs/instructions.svg";

/// The file `baseline.json`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    machine: Machine,
    instructions: Counts,
}

/// What the counts depend on beside our own code.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    compiler: String,
    valgrind: String,
    libc: String,
    cpu: Vec<String>,
}

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["machine"] => same_machine(),
        ["check"] => check(&Baseline::read()?.instructions, &counts(&io::read_to_string(io::stdin())?)?),
        ["check", file] => check(&counts(&fs::read_to_string(file)?)?, &counts(&io::read_to_string(io::stdin())?)?),
        ["accept", date, reason] if !reason.trim().is_empty() => {
            accept(counts(&io::read_to_string(io::stdin())?)?, date, reason)
        }
        ["chart"] => {
            fs::write(path(CHART), chart::draw(&history::read()?))?;
            Ok(ExitCode::SUCCESS)
        }
        ["chart-is-current"] => chart_is_current(),
        _ => {
            Err("usage: instruction-gate machine | check [FILE] | accept DATE REASON | chart | chart-is-current".into())
        }
    }
}

fn same_machine() -> Result<ExitCode, Failure> {
    let (baseline, here) = (Baseline::read()?.machine, Machine::here()?);
    if here == baseline {
        return Ok(ExitCode::SUCCESS);
    }
    println!("the baseline was counted elsewhere:\n  baseline {baseline:?}\n  here     {here:?}");
    Ok(ExitCode::FAILURE)
}

fn check(baseline: &Counts, counts: &Counts) -> Result<ExitCode, Failure> {
    let faults = faults(baseline, counts);
    for fault in &faults {
        println!("FAILED {fault}");
    }
    if faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("if this is meant: scripts/instruction-benches --accept \"reason\"");
    Ok(ExitCode::FAILURE)
}

fn accept(counts: Counts, date: &str, reason: &str) -> Result<ExitCode, Failure> {
    let before = Baseline::read().map(|baseline| baseline.instructions).unwrap_or_default();
    let names = before.keys().chain(counts.keys()).cloned();
    let changes = names.map(|name| {
        let change = (before.get(&name).copied(), counts.get(&name).copied());
        (name, change)
    });
    let changed = changes.filter(|(_, (before, after))| before != after).collect();
    history::append(&Accepted { date: date.into(), reason: reason.into(), changed })?;
    fs::write(path(CHART), chart::draw(&history::read()?))?;
    let baseline = Baseline { machine: Machine::here()?, instructions: counts };
    fs::write(path(BASELINE), serde_json::to_string_pretty(&baseline)? + "\n")?;
    Ok(ExitCode::SUCCESS)
}

fn chart_is_current() -> Result<ExitCode, Failure> {
    if fs::read_to_string(path(CHART)).unwrap_or_default() == chart::draw(&history::read()?) {
        return Ok(ExitCode::SUCCESS);
    }
    println!("docs/instructions.svg is not what the history gives: scripts/instruction-benches --chart");
    Ok(ExitCode::FAILURE)
}

impl Baseline {
    fn read() -> Result<Self, Failure> {
        Ok(serde_json::from_slice(&fs::read(path(BASELINE))?)?)
    }
}

/// What is worse than the baseline, or cannot be compared with it. Prints the table.
fn faults(baseline: &Counts, counts: &Counts) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, &now) in counts {
        let Some(&before) = baseline.get(name) else {
            faults.push(format!("{name}: is not in the baseline"));
            continue;
        };
        let percent = (now as f64 / before as f64 - 1.0) * 100.0;
        println!("{name:<40} {before:>12} {now:>12} {percent:>+8.2} %");
        // More than half a per cent, in whole numbers.
        if u128::from(now) * 1000 > u128::from(before) * 1005 {
            faults.push(format!("{name}: {percent:+.2} %"));
        }
    }
    faults
        .extend(baseline.keys().filter(|name| !counts.contains_key(*name)).map(|name| format!("{name}: did not run")));
    faults
}

/// Reads what the runner prints.
fn counts(lines: &str) -> Result<Counts, Failure> {
    let counts: Counts = lines.lines().map(count).collect::<Result<_, _>>()?;
    if counts.is_empty() { Err("nothing was counted".into()) } else { Ok(counts) }
}

fn count(line: &str) -> Result<(String, u64), Failure> {
    let summary: Value = serde_json::from_str(line)?;
    let text = |pointer| summary.pointer(pointer).and_then(Value::as_str).ok_or(format!("no {pointer}"));
    let instructions = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new").and_then(Value::as_u64);
    Ok((format!("{} {}", text("/function_name")?, text("/id")?), instructions.ok_or("no count of instructions")?))
}

impl Machine {
    fn here() -> Result<Self, Failure> {
        Ok(Self {
            compiler: said_by("rustc", &["--version"])?,
            valgrind: said_by("valgrind", &["--version"])?,
            libc: said_by("getconf", &["GNU_LIBC_VERSION"])?,
            cpu: cpu_features(),
        })
    }
}

fn said_by(program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The features by which the primitives and the C library choose their code.
fn cpu_features() -> Vec<String> {
    let mut features = vec![std::env::consts::ARCH.to_owned()];
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! detect {
            ($($feature:tt),+) => {$(
                if std::is_x86_feature_detected!($feature) {
                    features.push($feature.to_owned());
                }
            )+};
        }
        detect!("ssse3", "sse4.2", "aes", "pclmulqdq", "sha", "avx", "avx2", "bmi1", "bmi2", "adx", "avx512f", "vaes");
    }
    features
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, u64)]) -> Counts {
        pairs.iter().map(|&(name, count)| (name.to_owned(), count)).collect()
    }

    #[test]
    fn half_a_per_cent_more_passes_and_any_more_fails() {
        let baseline = of(&[("a", 1000), ("b", 10)]);
        assert!(faults(&baseline, &of(&[("a", 1005), ("b", 9)])).is_empty());
        assert_eq!(faults(&baseline, &of(&[("a", 1006), ("b", 10)])), ["a: +0.60 %"]);
    }

    #[test]
    fn a_bench_that_appears_or_vanishes_fails() {
        let faults = faults(&of(&[("a", 1)]), &of(&[("b", 1)]));
        assert_eq!(faults, ["b: is not in the baseline", "a: did not run"]);
    }

    #[test]
    fn the_runners_lines_are_read() {
        let line = r#"{"function_name":"open","id":"x","profiles":[{"data":{"total":{"metrics":{"Ir":{"values":{"new":7}}}}}}]}"#;
        assert_eq!(counts(line).unwrap(), of(&[("open x", 7)]));
        assert!(counts("").is_err());
        assert!(counts("{}").is_err());
    }
}
