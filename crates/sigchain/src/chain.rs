//! A chain as it was read, not yet verified.

use crate::block::Block;
use crate::fault::{Check, Fault};
use crate::verified::Verified;
use crate::verify::{Mode, verify};
use crate::{flattened, shape};
use sealwright_types::Coded;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The blocks of a chain up to the first that is none.
///
/// A block without the right shape is a fault like any other: those before it are checked first (SIG-20).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    blocks: Vec<Block>,
    fault: Option<Fault>,
}

/// The text is not a JSON array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sigchain: a JSON array of blocks is one (SIG-02)")]
pub struct NotAChain;

impl Coded for NotAChain {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

impl Chain {
    /// Reads an array of blocks in the form of the API (SIG-02, SIG-03).
    ///
    /// # Errors
    /// [`NotAChain`] when the text is no JSON array. What is wrong with a block is told by [`Chain::fault`] and [`Chain::verify`].
    pub fn from_json(text: &str) -> Result<Self, NotAChain> {
        Self::read(text, shape::block)
    }

    /// Reads an array of blocks as the databases of the JavaScript packages keep them: `{position, previousHash, ...}`. Their hashes are
    /// computed.
    ///
    /// # Errors
    /// As [`Chain::from_json`].
    pub fn from_flattened_json(text: &str) -> Result<Self, NotAChain> {
        Self::read(text, flattened::block)
    }

    /// The blocks whose shape is right, up to the first whose shape is not.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The first block whose shape is not right.
    pub fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Verifies all of it; `now` is in seconds since 1970 (SIG-20..39).
    ///
    /// # Errors
    /// [`Fault`]: the first failing check of the first failing block.
    pub fn verify(&self, now: u64, mode: Mode) -> Result<Verified, Fault> {
        let verified = verify(&self.blocks, now, mode)?;
        self.fault.map_or(Ok(verified), Err)
    }

    fn read(text: &str, block: fn(&str) -> Result<Block, Check>) -> Result<Self, NotAChain> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let chain = deserializer.deserialize_seq(Blocks(block)).map_err(|_| NotAChain)?;
        deserializer.end().map_err(|_| NotAChain)?;
        Ok(chain)
    }
}

/// Reads the elements one by one, so that no more is kept than blocks that are right.
struct Blocks(fn(&str) -> Result<Block, Check>);

impl<'de> Visitor<'de> for Blocks {
    type Value = Chain;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Chain, A::Error> {
        let mut chain = Chain::default();
        while chain.fault.is_none()
            && let Some(value) = elements.next_element::<&'de RawValue>()?
        {
            match self.0(value.get()) {
                Ok(block) => chain.blocks.push(block),
                Err(check) => chain.fault = Some(Fault { position: chain.blocks.len(), check }),
            }
        }
        // The rest has to be JSON.
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_that_are_no_blocks_take_no_memory() {
        let text = format!("[{}1]", "1,".repeat(100_000));
        let chain = Chain::from_json(&text).unwrap();
        assert_eq!((chain.fault().map(|fault| fault.position), chain.blocks.capacity()), (Some(0), 0));
        for text in ["[1,", "[1,]", "[1] 1", "[1,\"]"] {
            assert_eq!(Chain::from_json(text), Err(NotAChain), "{text}");
        }
    }
}
