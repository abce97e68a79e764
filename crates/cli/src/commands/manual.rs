//! `man`: manual pages, from the definition of the command line.

use crate::arguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::output;
use crate::status::{self, Status};
use clap::CommandFactory as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::fs;
use std::path::PathBuf;

/// Write manual pages into a directory: `sealwright.1` and one for each command.
///
/// For example: `sealwright man ~/.local/share/man/man1`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The directory; made if it does not exist.
    directory: PathBuf,
}

/// Files that the program makes or reads without being told their names.
const FILES: [(&str, &str); 2] = [
    (
        ".sealwright-*.part",
        "Output that is not complete yet, beside where it will stand: of `egress run`, and of every command where the system cannot make files without \
         a name. It is readable by its owner only and goes away when the program ends, also by Ctrl-C; after a crash it may be removed.",
    ),
    (
        "$TMPDIR",
        "Where large input from a pipe waits, in a temporary file without a name: ciphertext as it came, plaintext encrypted under a key that only \
         the running program has.",
    ),
];

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory).map_err(|error| Failure::from(error).at(directory.display()))?;
    let mut definition = arguments::Arguments::command();
    definition.build();
    let pages = pages(&definition)?;
    // Nothing is written if something stands in the way.
    for (name, _) in &pages {
        output::check(&directory.join(name), console.global().force)?;
    }
    for (name, page) in &pages {
        output::write_public(&directory.join(name), page, console.global().force)?;
    }
    console.note(format_args!("wrote {} manual pages into {}", pages.len(), directory.display()));
    console.value(&serde_json::json!({ "directory": directory.to_string_lossy(), "pages": pages.len() }))?;
    Ok(Status::Success)
}

fn pages(command: &clap::Command) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let man = Man::new(command.clone()).manual("Sealwright").source(concat!("sealwright ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    exit_status_and_files().to_writer(&mut page)?;
    man.render_version_section(&mut page)?;
    let mut pages = vec![(man.get_filename(), page)];
    for subcommand in command.get_subcommands() {
        pages.extend(self::pages(subcommand)?);
    }
    Ok(pages)
}

fn exit_status_and_files() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (number, meaning) in status::MEANINGS {
        roff.control("TP", []).text([bold(number.to_string())]).text([roman(meaning)]);
    }
    roff.control("SH", ["FILES"]);
    for (name, meaning) in FILES {
        roff.control("TP", []).text([bold(name)]).text([roman(meaning)]);
    }
    roff
}
