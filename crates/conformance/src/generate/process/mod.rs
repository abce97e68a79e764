//! `process/`: process data. Each test carries as flag who fixes what it tests: a standard, 4NK's public documentation, or this profile alone.

mod changes;
mod primitives;
mod reference;
mod retrieval;
mod roles;
mod sealing;
mod shares;
mod states;
mod stores;
mod trees;
mod values;
mod votes;

use super::{Draft, Files, GenerateError};
use crate::kinds::Kind;

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    primitives::add(files)?;
    values::add(files)?;
    sealing::add(files)?;
    trees::add(files)?;
    roles::add(files)?;
    votes::add(files)?;
    states::add(files)?;
    stores::add(files)?;
    shares::add(files)?;
    changes::add(files)?;
    retrieval::add(files)
}

const STANDARD: &str = "FixedByStandard";
const STATED: &str = "StatedBy4NK";
const OWN: &str = "OwnProfile";

const TXID: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The process of the worked example.
fn process() -> String {
    format!("{TXID}:1")
}

/// A member; number 0 is the one of the worked example.
fn member(number: usize) -> String {
    format!("{TXID}:{}", [0, 2, 3, 4, 5, 6, 7, 8, 9][number])
}

fn counting<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    bytes.iter_mut().zip(0..).for_each(|(byte, number)| *byte = number);
    bytes
}

/// The encoding of a JSON value that is canonical already.
fn json(text: &str) -> Vec<u8> {
    [&[1, 0], text.as_bytes()].concat()
}

fn binary(media_type: &str, bytes: &[u8]) -> Vec<u8> {
    [&[1, 1], (media_type.len() as u16).to_be_bytes().as_slice(), media_type.as_bytes(), bytes].concat()
}

impl<K: Kind> Draft<K> {
    /// A test that has to be accepted, with who fixes it.
    fn accepts(
        &mut self,
        rule: &str,
        flag: &str,
        comment: impl Into<String>,
        input: K::In,
        output: K::Out,
        released: usize,
    ) {
        let (verdict, released) = (crate::schema::Verdict::Valid, released as u64);
        self.push(rule, comment.into(), input, verdict, None, Some(output), released, &[flag]);
    }

    /// A test that has to be refused, with who fixes it.
    fn refuses(&mut self, rule: &str, flag: &str, comment: impl Into<String>, input: K::In, error: &str) {
        self.invalid(rule, comment, input, error, &[flag]);
    }
}
