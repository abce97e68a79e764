//! `egress run`: the egress itself.

use super::fields::FieldOptions;
use super::progress::Bars;
use super::{Records, failure, options, plan, sink};
use crate::confine::{self, Needs};
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt;
use crate::status::Status;
use sealwright::egress::{self, EgressError, Options, Shard, Summary};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

/// Decrypt everything of a bundle into a directory, in clear or encrypted again.
///
/// Every item ends in `manifest.jsonl` with its status; what stayed closed also in `unopened.jsonl`, with the reason; `report.html` sums up, for a person to sign, and `report.json` for a machine. A
/// run that was interrupted is continued by the same command, and one that is complete changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bundle, a directory.
    bundle: PathBuf,
    /// The directory for the decrypted files; made if it does not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    records: Records,
    #[command(flatten)]
    fields: FieldOptions,
    /// Copy files that were never encrypted, too.
    #[arg(long)]
    copy_plain: bool,
    /// Do only this part: I of N, with I from 0 to N-1. Each part has an output of its own; `egress merge` puts them together.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Tell what would be done, and do nothing: as `egress plan`. No secret of the sink is asked for.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    sink: sink::SinkOptions,
    #[command(flatten)]
    confine: confine::Choice,
}

const MEANING: &str = "\
the identities in this bundle belong to several users. Going on makes the data of all of them readable for whoever has the output:
  - the users must be told that their data becomes readable;
  - the machine should stand apart from production, and its disk should be encrypted;
  - bundle and output should be deleted as soon as they are not needed any more.
";

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let mut options = options(&arguments.records, console);
    options.copy_plain = arguments.copy_plain;
    arguments.fields.set(&mut options)?;
    options.shard = arguments.shard;
    if arguments.dry_run {
        let described = arguments.sink.describe()?;
        let needs = Needs { read: vec![&arguments.bundle], ..Needs::default() };
        let _confined = confine::confine(&needs, &arguments.confine, console)?;
        console.line(&described)?;
        console.value(&described)?;
        return plan::show(&arguments.bundle, &options, console);
    }
    options.sink = arguments.sink.read()?;
    let needs = Needs {
        read: vec![&arguments.bundle],
        output: Some(&arguments.out),
        write: options.sink.keys_out().map(|keys_out| confine::directory_of(&keys_out.path)).into_iter().collect(),
    };
    let confined = confine::confine(&needs, &arguments.confine, console)?;
    options.sandbox = Some(confined.told());
    interrupt::watch(!console.global().quiet)?;
    let summary = match carry_out(arguments, &options, console) {
        Err(EgressError::NotConfirmed { users }) => {
            interrupt::at_prompt(|| confirm(users, console))?;
            options.confirmed = true;
            carry_out(arguments, &options, console)
        }
        result => result,
    };
    let summary = summary.map_err(failure)?;
    console.line(table(&summary).trim_end())?;
    console.value(&summary)?;
    let status = Status::from_egress(summary.exit_status());
    let output = arguments.out.display();
    if summary.missing > 0 {
        console.note(format_args!(
            "items of this output that are not in the bundle any more, and that nobody has looked at again: {} of {}; is the data there, every disk mounted? {output}/report.json names them",
            summary.missing,
            summary.items()
        ));
    }
    match status {
        Status::Success if summary.items() == 0 => console.note(format_args!(
            "there was nothing to open: {}",
            match arguments.shard {
                Some(shard) => format!("no item of the bundle belongs to shard {shard}, or it holds no data"),
                None => "the bundle holds no file in data/ or messages/; is the data there, every disk mounted?".to_owned(),
            }
        )),
        Status::Unopened if is_only_missing(&summary) => {
            console.note(format_args!("what is there is open, in {output}; {output}/report.html sums up"))
        }
        Status::Success => console.note(format_args!("everything is open, in {output}; {output}/report.html sums up, `sealwright egress verify {output}` checks it")),
        Status::Unopened => console.note(format_args!(
            "something stayed closed: {output}/unopened.jsonl and {output}/manifest.jsonl tell what and why, {output}/report.html sums it up, with remedies"
        )),
        _ => console.note(format_args!(
            "something failed: {output}/manifest.jsonl tells what and why; the same command tries it again"
        )),
    }
    Ok(status)
}

/// Whether everything that is there is open.
fn is_only_missing(summary: &Summary) -> bool {
    let rows = summary.rows;
    summary.unopened_items() == 0 && [rows.closed, rows.rejected, rows.malformed] == [0; 3]
}

fn carry_out(arguments: &Arguments, options: &Options, console: &Console) -> Result<Summary, EgressError> {
    egress::run(&arguments.bundle, &arguments.out, options, &Bars::new(console))
}

/// Asks whether the data of several users may become readable (EGR-47).
fn confirm(users: usize, console: &Console) -> Result<(), Failure> {
    console.explain(MEANING);
    let told = || Failure::confirmation_needed(format!("the data of {users} users would become readable (EGR-47)"));
    if !io::stdin().is_terminal() {
        return Err(told());
    }
    let mut standard_error = io::stderr().lock();
    write!(standard_error, "Go on for all {users} users? Type yes: ")?;
    standard_error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("yes") { Ok(()) } else { Err(told()) }
}

pub(super) fn table(summary: &Summary) -> String {
    let rows = [
        ("converted", summary.converted),
        ("plain", summary.plain),
        ("closed", summary.closed),
        ("rejected", summary.rejected),
        ("malformed", summary.malformed),
        ("failed", summary.failed),
    ];
    let mut table: String = rows.iter().map(|(name, count)| format!("{name:10} {count}\n")).collect();
    if summary.missing > 0 {
        table.push_str(&format!("missing    {}\n", summary.missing));
    }
    let of = summary.rows;
    if of.records > 0 {
        table.push_str(&format!(
            "records    {}, of which converted {}, closed {}, rejected {}, malformed {}\n",
            of.records, of.converted, of.closed, of.rejected, of.malformed
        ));
    }
    table
}
