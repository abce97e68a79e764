//! `rights`: who may read, forward and revoke (CLI-20).

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::status::Status;
use sealwright::rights::scenario::{
    Decision, HolderText, Report, Scenario, TargetResult, Told, WorldText, run as play,
};
use serde::Serialize;

/// Decide who may read, forward and revoke.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Decide(Arguments),
}

/// Play a scenario and tell of every step whether it is allowed, by which rule, and which guard refuses it.
///
/// What is allowed is done before the next step; what is refused changes nothing. A refusal is an answer: the exit status is 0.
/// docs/spec/RIGHTS.md of the source says what a scenario is; every `in` of vectors/rights is one. With --json the world after the last
/// step is printed too.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file with the JSON of a scenario; `-` is standard input.
    file: Input,
    /// Tell in words what each step is, and why it is decided so.
    #[arg(long)]
    explain: bool,
}

/// A scenario is written by hand, or made by a program for one question.
const LARGEST: u64 = 1024 * 1024;

#[derive(Serialize)]
struct Shown<'a> {
    decisions: Vec<ShownDecision<'a>>,
    after: &'a WorldText,
}

#[derive(Serialize)]
struct ShownDecision<'a> {
    #[serde(flatten)]
    decision: &'a Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<&'a str>,
}

pub(crate) fn run(command: &Command, console: &Console) -> Result<Status, Failure> {
    let Command::Decide(Arguments { file, explain }) = command;
    let scenario = read(file)?;
    let Told { report: Report { decisions, after }, words } =
        play(&scenario).map_err(|error| explained(Failure::of(&error)).at(file))?;
    if decisions.is_empty() {
        console.note("there is no step to decide");
    }
    let mut shown = Vec::new();
    for (place, (decision, words)) in decisions.iter().zip(&words).enumerate() {
        let words = explain.then_some(words.as_str());
        console.line(format_args!("{:3}  {}", place.saturating_add(1), line(decision)))?;
        if let Some(words) = words {
            console.line(format_args!("     {words}"))?;
        }
        shown.push(ShownDecision { decision, words });
    }
    console.value(&Shown { decisions: shown, after: &after })?;
    Ok(Status::Success)
}

fn read(file: &Input) -> Result<Scenario, Failure> {
    let bytes = file.read(LARGEST).map_err(|failure| {
        failure.hint_for("too-large", "ask about fewer records: only those of one session and of its proxies matter")
    })?;
    serde_json::from_slice(bytes.expose())
        .map_err(|error| explained(Failure::new("malformed", format!("this is no scenario: {error}"))).at(file))
}

fn explained(failure: Failure) -> Failure {
    failure
        .hint_for("malformed", "docs/spec/RIGHTS.md section 8 of the source says what a scenario is")
        .hint_for("bad-world", "records, groups and keys in memory have to be as docs/spec/RIGHTS.md section 1 says")
}

/// The verdict and what it says; the words are for `--explain`.
fn line(decision: &Decision) -> String {
    let Decision { allowed, by, code, unchanged, targets, listed } = decision;
    let mut line = format!("{} {by}", if *allowed { "allowed" } else { "refused" });
    let mut add = |text: String| line = format!("{line}  {text}");
    if let Some(code) = code {
        add(format!("[{code}]"));
    }
    if *unchanged {
        add("unchanged".to_owned());
    }
    if let Some(targets) = targets {
        let results = targets.iter().map(|result| match result {
            TargetResult::Ok => "ok",
            TargetResult::Ko => "ko",
        });
        add(results.collect::<Vec<_>>().join(" "));
    }
    if let Some(holders) = listed {
        add(if holders.is_empty() {
            "nobody".to_owned()
        } else {
            holders.iter().map(HolderText::to_string).collect::<Vec<_>>().join(", ")
        });
    }
    line
}
