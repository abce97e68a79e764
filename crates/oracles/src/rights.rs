//! Decisions on access: sequences of actions beside a second model, and stories as a person may write them.

use crate::Input;
use sealwright_rights::scenario::{Report, Scenario, run};

/// The reference and the invariants with which `crates/rights` is proved. They stay with its tests: no program needs them.
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    reason = "they belong to the tests of that crate, and a part is used here"
)]
#[path = "../../rights/tests/model/mod.rs"]
mod model;

/// Input: one byte for the world at the beginning, then 14 for each action, 200 actions at most.
pub(crate) fn rights(input: &[u8]) -> Input {
    match model::sequence::play(input, true) {
        Ok(played) if played.granted == 0 => Input::Useless,
        Ok(_) => Input::Useful,
        Err(difference) => panic!("{difference}"),
    }
}

/// Input: the JSON of a story.
pub(crate) fn scenario(input: &[u8]) -> Input {
    let Ok(text) = std::str::from_utf8(input) else { return Input::Useless };
    let Ok(story) = serde_json::from_str::<Scenario>(text) else { return Input::Useful };
    let written = serde_json::to_string(&story).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Scenario>(&written).ok().as_ref(),
        Some(&story),
        "a story is read as it was written"
    );

    let Ok(told) = run(&story) else { return Input::Useful };
    let Report { decisions, after } = &told.report;
    assert_eq!((decisions.len(), told.words.len()), (story.steps.len(), story.steps.len()));
    assert!(told.words.iter().all(|words| !words.contains(char::is_control)), "words are printed as they are");
    for decision in decisions {
        assert_eq!(decision.allowed, decision.code.is_none(), "a refusal has a code");
        assert_eq!(decision.allowed, !decision.by.contains('/'), "a refusal names its guard");
    }

    // What is left is a world again, and the same one.
    let world_alone = Scenario { world: after.clone(), steps: Vec::new() };
    assert_eq!(run(&world_alone).map(|told| told.report.after).as_ref(), Ok(after), "RIGHT-01..03");

    // RIGHT-04: without the refused steps everything ends the same. They may have named a session first, and so moved it to the front.
    let granted = story.steps.iter().zip(decisions).filter(|(_, decision)| decision.allowed).map(|(step, _)| step);
    let without_refused = Scenario { world: story.world.clone(), steps: granted.cloned().collect() };
    let by_name = |report: Report| {
        let mut world = report.after;
        world.sessions.sort_by(|one, other| one.id.cmp(&other.id));
        world
    };
    let other = run(&without_refused).map(|told| by_name(told.report));
    assert_eq!(other, Ok(by_name(told.report)), "RIGHT-04");
    Input::Useful
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::action_sequence;
    use sealwright_rights::fault::{Fault, inject};

    /// One test, because a fault is in the whole process.
    #[test]
    fn hand_picked_inputs_hold_and_a_broken_rule_is_noticed() {
        assert_eq!(rights(b""), Input::Useless);
        assert_eq!(rights(&[0; 10]), Input::Useless);
        assert_eq!(scenario(&[0xff]), Input::Useless);
        for text in ["", "{}", r#"{"world":{},"steps":[]}"#, r#"{"world":{"users":[{"id":""}]},"steps":[]}"#] {
            assert_eq!(scenario(text.as_bytes()), Input::Useful);
        }
        let refused = r#"{"world":{"users":[{"id":"ann"}]},"steps":[
            {"actor":"ann","action":{"leave":{"session":"later"}}},
            {"actor":"ann","action":{"create":{"session":"first","records":[]}}},
            {"actor":"ann","action":{"create":{"session":"later","records":[{"holder":{"user":"\n"}}]}}},
            {"actor":"ann","action":{"create":{"session":"later","records":[{"holder":{"user":"ann"}}]}}}]}"#;
        assert_eq!(scenario(refused.as_bytes()), Input::Useful);

        for &fault in Fault::EVERY {
            inject(Some(fault));
            let notices = |number| model::sequence::play(&action_sequence(number), true).is_err();
            let noticed = (0..200).any(notices);
            inject(None);
            assert!(noticed, "{fault:?}");
        }
        inject(Some(Fault::CreatorReads));
        let result = std::panic::catch_unwind(|| (0..20).for_each(|number| _ = rights(&action_sequence(number))));
        inject(None);
        assert!(result.is_err(), "the oracle must panic");
    }
}
