//! `sigchain/*.json`: chains on both sides of every check, orders of checks, shapes, key rings, growth, building; and the peers' chains.

mod beside;
mod checks;
mod keys;
mod maker;
mod order;
mod peers;
mod shapes;

use super::peer::Peer;
use super::{Draft, Files, GenerateError};
use crate::kinds::sigchain::{Form, SigchainVerify, VerifyInput};
use maker::{Maker, NOW, Step, state};
use serde_json::Value;

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let maker = Maker::new(peer)?;
    checks::chains(&maker)?.finish(files)?;
    keys::chains(&maker)?.finish(files)?;
    order::chains(&maker)?.finish(files)?;
    shapes::chains(&maker)?.finish(files)?;
    shapes::hashes(peer)?.finish(files)?;
    beside::compare(&maker)?.finish(files)?;
    beside::grow(&maker)?.finish(files)?;
    beside::rings(&maker)?.finish(files)?;
    beside::receive(&maker)?.finish(files)?;
    beside::build(&maker)?.finish(files)?;
    peers::chains(peer)?.finish(files)?;
    peers::flattened(peer)?.finish(files)
}

/// The vectors of verification that are being made.
struct Chains<'a> {
    maker: &'a Maker,
    draft: Draft<SigchainVerify>,
    now: u64,
    strict: bool,
}

impl<'a> Chains<'a> {
    fn new(maker: &'a Maker, path: &'static str, prefix: &'static str) -> Self {
        Self { maker, draft: Draft::ours(path, prefix), now: NOW, strict: false }
    }

    fn input(&self, text: String) -> VerifyInput {
        VerifyInput { form: Form::Blocks, chain: text, now: self.now, strict: self.strict }
    }

    fn accept(&mut self, rule: &str, comment: impl Into<String>, steps: &[Step]) -> Result<(), GenerateError> {
        let blocks = self.maker.chain(steps)?;
        self.accept_blocks(rule, comment, &blocks)
    }

    fn accept_blocks(&mut self, rule: &str, comment: impl Into<String>, blocks: &[Value]) -> Result<(), GenerateError> {
        let input = self.input(text(blocks));
        self.draft.valid(rule, comment, input, state(blocks)?, 0);
        Ok(())
    }

    fn refuse(
        &mut self,
        rule: &str,
        comment: impl Into<String>,
        steps: &[Step],
        code: &str,
        flag: &str,
    ) -> Result<(), GenerateError> {
        let blocks = self.maker.chain(steps)?;
        self.refuse_text(rule, comment, text(&blocks), code, flag);
        Ok(())
    }

    fn refuse_text(&mut self, rule: &str, comment: impl Into<String>, text: String, code: &str, flag: &str) {
        let input = self.input(text);
        self.draft.invalid(rule, comment, input, code, &[flag]);
    }
}

fn text(blocks: &[Value]) -> String {
    Value::from(blocks.to_vec()).to_string()
}
