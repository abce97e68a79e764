//! Reading a sigchain in any of the forms in which it is found.

use crate::failure::Failure;
use crate::input::Input;
use sealwright::sigchain::{Chain, Fault};
use serde::Deserialize;
use serde_json::Value;
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

/// The chain in a file.
pub(super) fn read(input: &Input) -> Result<Chain, Failure> {
    let content = input.read(LONGEST)?;
    let text = std::str::from_utf8(content.expose()).map_err(|_| not_a_chain("not a text").at(input))?;
    let text = unwrapped(text);
    let is_flattened = serde_json::from_str::<Vec<&RawValue>>(text).ok().is_some_and(|blocks| {
        let first = blocks.first().and_then(|block| serde_json::from_str::<Value>(block.get()).ok());
        first.is_some_and(|first| first.get("operationType").is_some() && first.get("transaction").is_none())
    });
    let chain = if is_flattened { Chain::from_flattened_json(text) } else { Chain::from_json(text) };
    chain.map_err(|error| not_a_chain(&error.to_string()).at(input))
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
fn unwrapped(mut text: &str) -> &str {
    // A user document holds a chain, a chain of the Go SDK its blocks: nothing is wrapped deeper.
    for _ in 0..2 {
        match serde_json::from_str::<Holder<'_>>(text) {
            Ok(Holder { sigchain: Some(inner), .. } | Holder { blocks: Some(inner), .. })
                if text.trim_start().starts_with('{') =>
            {
                text = inner.get();
            }
            _ => break,
        }
    }
    text
}
