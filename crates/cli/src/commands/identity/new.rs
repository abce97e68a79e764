//! `identity new`: fresh private keys.

use crate::console::Console;
use crate::failure::Failure;
use crate::output::{self, Output};
use clap::ValueEnum;
use sealwright::identity::Identity;
use sealwright::wrap::KeySize;
use sealwright::{DeviceId, UserId};
use serde::Serialize;
use std::path::PathBuf;

/// Make a new identity: an encryption key and a signing key for a device of a user.
///
/// The file is readable by its owner only. Whoever has it can read everything that is encrypted for this user; nobody can make it again.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The user.
    #[arg(long, value_name = "ID")]
    user_id: UserId,
    /// The device.
    #[arg(long, value_name = "ID")]
    device_id: DeviceId,
    /// Bits of each key.
    #[arg(long, value_enum, default_value = "4096")]
    size: Size,
    /// Where to write the identity document; private keys are not printed on standard output.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Size {
    #[value(name = "2048")]
    Rsa2048,
    #[value(name = "4096")]
    Rsa4096,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    user_id: UserId,
    device_id: DeviceId,
    encryption_key_hash: String,
    signing_key_hash: String,
    output: String,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let target = &arguments.output;
    if Output::from(target.clone().into_os_string()) == Output::Standard {
        return Err(Failure::usage("private keys are not printed", "name a file with -o"));
    }
    output::check(target, console.global().force)?;
    let size = match arguments.size {
        Size::Rsa2048 => KeySize::Rsa2048,
        Size::Rsa4096 => KeySize::Rsa4096,
    };
    let identity =
        Identity::generate(arguments.user_id, arguments.device_id, size).map_err(|error| Failure::of(&error))?;
    output::write(target, identity.to_bson().expose(), console.global().force)?;
    console.note(format_args!("wrote the new identity of user {} into {}", identity.user(), target.display()));
    console.note("keep a copy in a safe place: without it, what is encrypted for this identity is lost");
    console.value(&Made {
        user_id: identity.user(),
        device_id: identity.device(),
        encryption_key_hash: identity.current().encryption.hash().to_string(),
        signing_key_hash: identity.current().signing.hash().to_string(),
        output: target.display().to_string(),
    })
}
