//! `inspect`: what each file is, without any key.

use crate::console::Console;
use crate::failure::{Failure, Told};
use crate::input::Input;
use crate::printable;
use crate::recognition::{self, Between, Finding, Kind};
use crate::status::Status;
use serde::Serialize;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Tell what each file is, without any key: its kind, its session, its sizes, what it takes to open it.
///
/// Nothing of what is told is authenticated. Private keys and session keys are never printed. With --json, one line for each file.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, egress bundles, or directories of local databases; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<Input>,
}

/// One line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(flatten)]
    finding: &'a Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Told>,
}

const DAMAGED: &str = "the file was cut or changed on its way; copy it again from where it came";

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let mut status = Status::Success;
    let mut between = "";
    for input in &arguments.files {
        let (mut finding, mut bytes) = (Finding::default(), None);
        let error = match inspect(input, &mut finding, &mut bytes) {
            Ok(()) => None,
            Err(failure) => match failure.at(input).hint_for("malformed", DAMAGED) {
                Failure::Told(told) => Some(told),
                nothing_left => return Err(nothing_left),
            },
        };
        let file = input.to_string();
        console.value(&Line { file: &file, bytes, finding: &finding, error: error.as_deref() })?;
        if error.is_none() || finding.kind != Kind::Unknown {
            console.line(format_args!("{between}{}", table(&file, bytes, &finding)))?;
            between = "\n";
        }
        if let Some(told) = error {
            console.error(&told);
            status = Status::Failed;
        }
    }
    Ok(status)
}

/// Fills in what there is to know, as far as it goes.
fn inspect(input: &Input, finding: &mut Finding, bytes: &mut Option<u64>) -> Result<(), Failure> {
    if let Some(path) = input.path().filter(|path| path.is_dir()) {
        return directory(path, finding);
    }
    let mut source = input.open_ciphertext()?;
    let length = source.length()?;
    *bytes = Some(length);
    recognition::recognize(&mut source, length, finding)?;
    if let Some(name) = input.path().and_then(Path::file_name).and_then(OsStr::to_str) {
        recognition::add_name(name, finding);
    }
    Ok(())
}

/// A directory is what the files are of which it holds some.
fn directory(path: &Path, finding: &mut Finding) -> Result<(), Failure> {
    *finding = recognition::directory(|name| path.join(name).is_file())
        .ok_or_else(|| Failure::from(io::Error::from(io::ErrorKind::IsADirectory)))?;
    Ok(())
}

fn table(file: &str, bytes: Option<u64>, finding: &Finding) -> String {
    let mut rows = vec![("kind", finding.kind.words().to_owned())];
    let mut row = |name, value: Option<String>| rows.extend(value.map(|value| (name, value)));
    row("contains", finding.contains.map(str::to_owned));
    row("session", finding.session_id.map(|id| id.to_string()));
    row("version", finding.version.clone());
    row("user", finding.user_id.map(|id| id.to_string()));
    row("device", finding.device_id.map(|id| id.to_string()));
    for key in &finding.keys {
        row("key", Some(format!("{}, {} bits, hash {}", key.usage, key.bits, key.hash)));
    }
    row(count_name(finding.kind), finding.count.map(|count| count.to_string()));
    row("size", sizes(bytes, finding));
    for warning in &finding.warnings {
        row("warning", Some(format!("[{}] {}", warning.code, warning.message)));
    }
    row("to open", finding.needs.map(str::to_owned));
    let mut table = printable::line(file).into_owned();
    for (name, value) in rows {
        // Writing to a string does not fail.
        let _ = write!(table, "\n  {name:9} {}", printable::line(&value));
    }
    table
}

fn count_name(kind: Kind) -> &'static str {
    match kind {
        Kind::PossiblySigchain => "blocks",
        Kind::PossiblyLocalDatabase => "lines",
        Kind::LegacyMessage => "wrapped",
        _ => "records",
    }
}

fn sizes(bytes: Option<u64>, finding: &Finding) -> Option<String> {
    let mut sizes = Vec::new();
    sizes.extend(bytes.map(|bytes| format!("{bytes} bytes")));
    sizes.extend(finding.envelope_bytes.map(|bytes| format!("envelope {bytes}")));
    sizes.extend(finding.plaintext_bytes.map(|Between { least, most }| match least == most {
        true => format!("plaintext {least}"),
        false => format!("plaintext {least} to {most}"),
    }));
    (!sizes.is_empty()).then(|| sizes.join(", "))
}
