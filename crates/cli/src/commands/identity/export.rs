//! `identity export`: an identity document in its one canonical form.

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::keys::read_identity_with_warnings;
use crate::output::{self, Output};
use crate::recognition::{self, Key, Warning};
use sealwright::{Coded as _, DeviceId, UserId};
use serde::Serialize;
use std::path::PathBuf;

/// Write an identity document in its canonical form, which every SDK imports.
///
/// A document with a prepared renewal holds two pairs of keys. Which of them is in use, only the service knows; without one of the two options
/// both stay in the document, and both are tried where something is opened.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// An identity document, raw or as base64 text; `-` is standard input.
    file: Input,
    /// The renewal has taken place: the prepared keys become the current ones, and the current ones old ones.
    #[arg(long, conflicts_with = "discard_prepared")]
    adopt_prepared: bool,
    /// The renewal has not taken place: the prepared keys are left out.
    #[arg(long)]
    discard_prepared: bool,
    /// Where to write the identity document; private keys are not printed on standard output.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    user_id: UserId,
    device_id: DeviceId,
    keys: Vec<Key>,
    warnings: Vec<Warning>,
    output: String,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let target = &arguments.output;
    if Output::from(target.clone().into_os_string()) == Output::Standard {
        return Err(Failure::usage("private keys are not printed", "name a file with -o"));
    }
    output::check(target, console.global().force)?;
    let read = read_identity_with_warnings(&arguments.file)?;
    let mut identity = read.identity;
    let decided = arguments.adopt_prepared || arguments.discard_prepared;
    if decided && identity.prepared().is_none() {
        return Err(Failure::new("no-prepared-renewal", "there is no prepared renewal in this identity (IDN-43)")
            .hint("leave --adopt-prepared and --discard-prepared out")
            .at(&arguments.file));
    }
    if arguments.adopt_prepared {
        identity = identity.adopt_prepared();
    } else if arguments.discard_prepared {
        identity = identity.discard_prepared();
    }
    let warnings: Vec<_> =
        read.warnings.iter().map(|warning| Warning { code: warning.code(), message: warning.to_string() }).collect();
    output::write(target, identity.to_bson().expose(), console.global().force)?;
    for Warning { code, message } in &warnings {
        console.warning(code, message);
    }
    console.note(format_args!("wrote the identity of user {} into {}", identity.user(), target.display()));
    if identity.prepared().is_some() {
        console.note(
            "a prepared renewal is in it: whether its keys or the current ones are in use is not decided (IDN-43)",
        );
    }
    console.value(&Exported {
        user_id: identity.user(),
        device_id: identity.device(),
        keys: recognition::keys(&identity),
        warnings,
        output: target.display().to_string(),
    })
}
