//! Everything that is asked in one world, each answer checked, and each new world that follows.

use super::invariants::{self, Invariant, Standings, Step, Views};
use super::questions::{Question, Questions, RENAMING};
use super::reference::Facts;
use super::renaming::sorted;
use sealwright_rights::{Denied, Grant, Outcome, World};
use std::collections::BTreeMap;

/// What was asked and answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// Worlds in which everything was asked.
    pub expanded: u64,
    /// Questions.
    pub steps: u64,
    /// Of these, those that were granted.
    pub granted: u64,
    /// Worlds that followed and were checked.
    pub worlds: u64,
    /// How often each invariant was broken, and a first example.
    pub broken: BTreeMap<Invariant, (u64, String)>,
}

/// Asks, with room that it uses again.
#[derive(Default)]
pub struct Checker {
    pub answers: Answers,
    views: Views,
    after: World,
    expected: Facts,
    after_facts: Facts,
}

impl Checker {
    /// Checks a world from which a search starts.
    pub fn start(&mut self, world: &World) {
        let broken = invariants::of_world(world, &Facts::of(world), &mut self.views);
        self.answers.note(&broken, || format!("start {world:?}"));
    }

    /// Asks everything in a world. `is_new` is told each other world that follows, with the question that leads to it, and says whether it
    /// has to be checked; `spoilt` is told those in which something is broken: nothing is to be learnt from what follows a mistake.
    pub fn expand(
        &mut self,
        before: &World,
        questions: &Questions,
        mut is_new: impl FnMut(&World, u16) -> bool,
        mut spoilt: impl FnMut(&World),
    ) {
        self.answers.expanded += 1;
        let facts = Facts::of(before);
        let standings = Standings::of(before);
        // The records in another order too (INV-24).
        let renamed = RENAMING.reversed_world(before);
        self.after.clone_from(before);
        self.expected.clone_from(&facts);
        for (number, question) in questions.of(before) {
            let Question { actor, action, .. } = question;
            let handle = before.handle(*actor, action);
            let answer = self.after.apply(*actor, handle, action);
            let changed = self.after != *before;
            let (after, actor) = (&self.after, *actor);
            let step = Step {
                before,
                facts: &facts,
                standings: &standings,
                actor,
                handle,
                action,
                answer: &answer,
                after,
                changed,
            };
            let mut broken = invariants::of_step(&step);
            let (other, other_action) = &question.renamed;
            if !same(&answer, &renamed.decide(*other, handle, other_action)) {
                broken.push("INV-24");
            }

            let by_reference = self.expected.answer(actor, handle, action);
            let after_facts = if changed {
                self.after_facts.take(after);
                &self.after_facts
            } else {
                &facts
            };
            let agrees = match (&answer, by_reference) {
                (Ok(grant), Ok(outcome)) => *grant.outcome() == outcome && *after_facts == self.expected,
                (Err(denied), Err((rule, guard))) => {
                    denied.rule().as_str() == rule && denied.guard().as_str() == guard && !changed
                }
                _ => false,
            };
            if !agrees {
                broken.push("REF");
            }
            self.answers.steps += 1;
            self.answers.granted += u64::from(answer.is_ok());
            if changed && is_new(after, number) {
                self.answers.worlds += 1;
                broken.extend(invariants::of_world(after, after_facts, &mut self.views));
                if !broken.is_empty() {
                    spoilt(after);
                }
            }
            if !broken.is_empty() {
                self.answers.note(&broken, || format!("{actor:?} {handle:?} {action:?} in {before:?}"));
            }
            if changed {
                self.after.clone_from(before);
            }
            // A refusal of the reference leaves the facts alone, as is seen after the last question.
            if changed || !agrees {
                self.expected.clone_from(&facts);
            }
        }
        assert!(self.expected == facts, "the reference changed facts and refused");
    }
}

/// Whether two answers are the same under [`RENAMING`]. A list of holders says nothing by its order.
fn same(answer: &Result<Grant, Denied>, told: &Result<Grant, Denied>) -> bool {
    match (answer, told) {
        (Ok(grant), Ok(told)) => {
            let outcomes = match (grant.outcome(), told.outcome()) {
                (Outcome::Listed(_), Outcome::Listed(_)) => {
                    sorted(RENAMING.outcome(grant.outcome())) == sorted(told.outcome().clone())
                }
                (one, other) => one == other,
            };
            outcomes && grant.rule() == told.rule()
        }
        (Err(denied), Err(told)) => denied == told,
        _ => false,
    }
}

impl Answers {
    fn note(&mut self, broken: &[Invariant], example: impl Fn() -> String) {
        for name in broken {
            self.broken.entry(name).or_insert_with(|| (0, example())).0 += 1;
        }
    }

    pub fn add(&mut self, part: Self) {
        self.expanded += part.expanded;
        self.steps += part.steps;
        self.granted += part.granted;
        self.worlds += part.worlds;
        for (name, (times, example)) in part.broken {
            self.broken.entry(name).or_insert((0, example)).0 += times;
        }
    }
}
