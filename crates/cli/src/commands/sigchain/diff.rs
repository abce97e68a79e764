//! `sigchain diff`: whether one chain is the continuation of another.

use super::{Rules, file};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use sealwright::Coded as _;
use sealwright::sigchain::{Block, Chain, Fault};
use serde::Serialize;

/// Compare two sigchains block by block: the same, one the continuation of the other, or two histories.
///
/// Blocks are the same when their hashes are. A chain that is not valid is an error, whatever its blocks are. Two histories of one user are an error: somebody shows different chains to different people.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file with a sigchain; `-` is standard input.
    first: Input,
    /// A file with another one.
    second: Input,
    #[command(flatten)]
    rules: Rules,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    relation: &'static str,
    common: usize,
    first: Side,
    second: Side,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Side {
    blocks: usize,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    input::read_once([&arguments.first, &arguments.second])?;
    let (first, second) = (file::read(&arguments.first)?, file::read(&arguments.second)?);
    let pairs = first.blocks().iter().zip(second.blocks());
    let common = pairs.take_while(|(one, other)| one.computed_hash() == other.computed_hash()).count();
    let (rest_of_first, rest_of_second) = (rest(&first, common), rest(&second, common));
    let is_readable = first.fault().is_none() && second.fault().is_none();
    let (relation, words) = match (rest_of_first, rest_of_second) {
        // What follows upon the common blocks cannot be read: nobody knows.
        ([], _) | (_, []) if !is_readable => ("unknown", "not all of the rest can be read".to_owned()),
        ([], []) => ("same", "the same chain".to_owned()),
        ([], more) => ("second-continues", format!("the second has {} blocks more", more.len())),
        (more, []) => ("first-continues", format!("the first has {} blocks more", more.len())),
        _ => ("diverged", "two histories".to_owned()),
    };
    console.line(format_args!("{common} blocks in common: {words}"))?;
    for (mark, blocks) in [('<', rest_of_first), ('>', rest_of_second)] {
        for (place, block) in blocks.iter().enumerate() {
            console.line(format_args!("{mark} {:>3}  {}", common.saturating_add(place), block.computed_hash()))?;
        }
    }
    let (first, first_fault) = side("first", &first, &arguments.rules, console)?;
    let (second, second_fault) = side("second", &second, &arguments.rules, console)?;
    console.value(&Compared { relation, common, first, second })?;
    for (fault, input) in [(first_fault, &arguments.first), (second_fault, &arguments.second)] {
        fault.map_or(Ok(()), |fault| Err(file::failure(&fault, input)))?;
    }
    if relation == "diverged" {
        let failure = Failure::new("chain-diverged", format!("the chains differ from block {common} on"));
        return Err(failure.hint("one of them is forged, or somebody shows different chains to different people: compare hashes over another channel"));
    }
    Ok(())
}

fn rest(chain: &Chain, common: usize) -> &[Block] {
    chain.blocks().get(common..).unwrap_or_default()
}

fn side(name: &str, chain: &Chain, rules: &Rules, console: &Console) -> Result<(Side, Option<Fault>), Failure> {
    let blocks = chain.blocks().len();
    match chain.verify(rules.now(), rules.mode()) {
        Ok(_) => {
            console.line(format_args!("{name:6}  {blocks} blocks, valid"))?;
            Ok((Side { blocks, valid: true, error: None, position: None }, None))
        }
        Err(fault) => {
            console.line(format_args!("{name:6}  {blocks} blocks, not valid: {} at {fault}", fault.code()))?;
            let side = Side { blocks, valid: false, error: Some(fault.code()), position: Some(fault.position) };
            Ok((side, Some(fault)))
        }
    }
}
