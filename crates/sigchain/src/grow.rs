//! Chains grow at their end: what was verified once is not verified again (SIG-53).

use crate::block::Block;
use crate::chain::Chain;
use crate::fault::Fault;
use crate::hash::BlockHash;
use crate::verified::Verified;
use crate::verify::{Mode, continued};
use sealwright_types::Coded;

/// A block that is trusted because somebody compared its hash over another channel, or verified it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trusted {
    /// Its place in the chain, from 0.
    pub position: usize,
    /// Its hash.
    pub hash: BlockHash,
}

/// Why a chain is not the continuation of what is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrowError {
    /// The chain ends before the last block that is trusted: somebody holds blocks back.
    #[error("the chain has {found} blocks, and {known} are known (SIG-53)")]
    Shorter {
        /// Blocks that are known.
        known: usize,
        /// Blocks that are there.
        found: usize,
    },
    /// A block is another one than the trusted one at its place: there are two histories.
    #[error("block {position} is not the one that is known (SIG-53)")]
    Diverged {
        /// The first such block, or the trusted one.
        position: usize,
    },
    /// A block is not valid.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Coded for GrowError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shorter { .. } => "chain-shorter",
            Self::Diverged { .. } => "chain-diverged",
            Self::Fault(fault) => fault.code(),
        }
    }
}

/// Verifies a chain without the signatures up to a block that is trusted: its hash covers every transaction before it. Everything else is
/// checked, and after it the signatures too; last comes [`Chain::fault`].
///
/// # Errors
/// [`GrowError::Fault`] for a block that fails; [`GrowError::Shorter`] and [`GrowError::Diverged`] when the trusted block is not there.
pub fn verify_trusting(chain: &Chain, trusted: Trusted, now: u64, mode: Mode) -> Result<Verified, GrowError> {
    let known = trusted.position.saturating_add(1);
    let (before, after) = split(chain, known)?;
    if before.last().map(Block::computed_hash) != Some(trusted.hash) {
        return Err(GrowError::Diverged { position: trusted.position });
    }
    let state = continued(Verified::empty(mode), before, now, known)?;
    whole(continued(state, after, now, 0)?, chain)
}

impl Verified {
    /// Verifies blocks that follow upon these; nothing of what is there is verified again.
    ///
    /// # Errors
    /// [`Fault`], with the position in the whole chain.
    pub fn extend(&self, blocks: &[Block], now: u64) -> Result<Self, Fault> {
        continued(self.clone(), blocks, now, 0)
    }

    /// Verifies a newer copy of the whole chain: the blocks that are known have to be there, and only the new ones are verified;
    /// last comes [`Chain::fault`].
    ///
    /// # Errors
    /// [`GrowError::Shorter`] and [`GrowError::Diverged`] when the known blocks are not there; [`GrowError::Fault`].
    pub fn grow(&self, chain: &Chain, now: u64) -> Result<Self, GrowError> {
        let (before, after) = split(chain, self.history.len())?;
        let mut pairs = before.iter().zip(&self.history);
        if let Some(position) = pairs.position(|(block, entry)| block.computed_hash() != entry.hash) {
            return Err(GrowError::Diverged { position });
        }
        whole(self.extend(after, now)?, chain)
    }
}

/// The blocks that are known, and those after them. A chain that cannot be read so far is not shorter: nobody knows.
fn split(chain: &Chain, known: usize) -> Result<(&[Block], &[Block]), GrowError> {
    let blocks = chain.blocks();
    let shorter = GrowError::Shorter { known, found: blocks.len() };
    blocks.split_at_checked(known).ok_or(chain.fault().map_or(shorter, GrowError::Fault))
}

fn whole(verified: Verified, chain: &Chain) -> Result<Verified, GrowError> {
    chain.fault().map_or(Ok(verified), |fault| Err(fault.into()))
}
