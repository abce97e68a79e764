//! `sigchain show`: what stands in a chain, verified or not.

use super::file;
use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::moment::shown;
use crate::printable;
use sealwright::sigchain::Block;
use serde_json::{Value, json};

/// Show what stands in a sigchain without verifying it; with --json, its blocks in the form of the service.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file with a sigchain; `-` is standard input.
    file: Input,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let chain = file::read(&arguments.file)?;
    console.warning("unverified", "nothing here has been verified: `sealwright sigchain verify` does that");
    let mut blocks = Vec::new();
    for (place, block) in chain.blocks().iter().enumerate() {
        let mut value = serde_json::to_value(block).unwrap_or_default();
        console.line(format_args!("{place:>4}  {}", words(&value)))?;
        let hash = block.computed_hash();
        let as_stated = if is_right(block) { "" } else { "  (the block says another one)" };
        console.line(format_args!("      hash {hash}{as_stated}, {} public keys", block.public_keys().len()))?;
        if let Some(members) = value.as_object_mut() {
            members.insert("computedHash".to_owned(), json!(hash));
        }
        blocks.push(value);
    }
    match chain.fault() {
        Some(fault) => Err(file::failure(&fault, &arguments.file)),
        None => console.value(&blocks),
    }
}

fn is_right(block: &Block) -> bool {
    block.computed_hash().to_string() == block.stated_hash()
}

fn words(block: &Value) -> String {
    let text = |pointer: &str| {
        printable::line(block.pointer(pointer).and_then(Value::as_str).unwrap_or_default()).into_owned()
    };
    let time = |pointer: &str| block.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let members = block.pointer("/transaction/operation/members").and_then(Value::as_array);
    let of = match members {
        Some(members) => members.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        None => text("/transaction/operation/device/id"),
    };
    let until = match time("/transaction/expire_at") {
        0 => String::new(),
        end => format!(" until {}", shown(end)),
    };
    let device = match text("/transaction/signer/device_id") {
        device if device.is_empty() => "without a device".to_owned(),
        device => format!("device {device}"),
    };
    // What is in quotation marks is a name: nobody can call himself something that looks like a signature of the user.
    let signer = match block.pointer("/transaction/signer/user").and_then(Value::as_str).unwrap_or_default() {
        "self" => format!("signer self, {device}"),
        name => format!("by the server {}, {device}", printable::quoted(name)),
    };
    let operation = text("/transaction/operation/type");
    format!("{}  {operation} {of}{until}, {signer}", shown(time("/transaction/created_at")))
}
