//! Reading a sigchain in any of the forms in which it is found.

use crate::failure::Failure;
use crate::input::Input;
use sealwright::sigchain::{Chain, Fault};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A block with a key of 8192 bits takes less than 4 KiB: this is enough for fifteen thousand.
const LONGEST: u64 = 64 * 1024 * 1024;

const HINT: &str = "a sigchain is a JSON array of blocks, each with `transaction`, `signature` and `extras`, or in the flat form of the local databases";

/// An object that holds a chain. What else stands in it is of no interest.
#[derive(Deserialize)]
struct Holder<'a> {
    #[serde(borrow)]
    sigchain: Option<&'a RawValue>,
    #[serde(borrow, rename = "Blocks")]
    blocks: Option<&'a RawValue>,
}

/// What tells the two forms of a block apart. What else stands in it is not looked at (SIG-03).
#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow, rename = "operationType")]
    operation_type: Option<&'a RawValue>,
    #[serde(borrow)]
    transaction: Option<&'a RawValue>,
}

/// The chain in a file.
pub(super) fn read(input: &Input) -> Result<Chain, Failure> {
    let content = input.read(LONGEST)?;
    let text = std::str::from_utf8(content.expose()).map_err(|_| not_a_chain("not a text").at(input))?;
    let text = unwrapped(text).map_err(|failure| failure.at(input))?;
    let chain = if is_flattened(text) { Chain::from_flattened_json(text) } else { Chain::from_json(text) };
    chain.map_err(|error| not_a_chain(&error.to_string()).at(input))
}

/// Whether the first block of an array is in the flat form.
fn is_flattened(text: &str) -> bool {
    let blocks = text.trim_start().strip_prefix('[').unwrap_or_default();
    let first = serde_json::Deserializer::from_str(blocks).into_iter::<Form<'_>>().next();
    matches!(first, Some(Ok(Form { operation_type: Some(_), transaction: None })))
}

/// The failure of a block.
pub(super) fn failure(fault: &Fault, input: &Input) -> Failure {
    let failure = Failure::new(sealwright::Coded::code(fault), format!("{} ({})", fault.check, fault.check.rule()));
    let hint = match sealwright::Coded::code(fault) {
        "malformed" | "unknown-operation" => HINT,
        "created-in-future" => "check the clock of this machine, or say with --at as of when to verify",
        "signer-expired" => "without --strict an expired device may still renew itself",
        _ => {
            "do not wrap anything for this user or group: ask for the chain again, and compare its hash over another channel"
        }
    };
    failure.hint(hint).at(format_args!("block {} of {input}", fault.position))
}

fn not_a_chain(why: &str) -> Failure {
    Failure::new("malformed", why).hint(HINT)
}

/// The array inside of the objects around it.
fn unwrapped(mut text: &str) -> Result<&str, Failure> {
    // A user document holds a chain, a chain of the Go SDK its blocks: nothing is wrapped deeper.
    for _ in 0..2 {
        match serde_json::from_str::<Holder<'_>>(text) {
            Ok(Holder { sigchain: Some(_), blocks: Some(_) }) if text.trim_start().starts_with('{') => {
                return Err(not_a_chain("an object with both `sigchain` and `Blocks`: which chain is meant?"));
            }
            Ok(Holder { sigchain: Some(inner), .. } | Holder { blocks: Some(inner), .. })
                if text.trim_start().starts_with('{') =>
            {
                text = inner.get();
            }
            _ => break,
        }
    }
    Ok(text)
}
