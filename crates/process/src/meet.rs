//! Copies of different holders meet: what is accepted stays, what is undecided can give way (PROC-64, PROC-91, PROC-104).

use crate::member::DeviceAddress;
use crate::process::{Process, Stale};
use crate::state::State;
use crate::text::StateId;
use crate::vote::{Ballot, Electorate, Outcome, Vote, accept};
use std::collections::BTreeSet;

/// Our copy after it has met another one.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) process: Process,
    /// Devices with a vote against a state that is recorded as accepted.
    pub(crate) late: BTreeSet<DeviceAddress>,
    /// The sender's states that were not taken.
    pub(crate) left_out: Vec<StateId>,
    /// Our states that gave way.
    pub(crate) withdrawn: Vec<StateId>,
}

/// Takes over votes on the states that both have, then the sender's later states as far as they are accepted, and one that is undecided. No key
/// and no decision of the sender counts.
///
/// Where ours has an undecided state and the sender another one, ours gives way to one that is accepted, to one that everybody backs who backs
/// ours, where ours cannot be accepted any more to any that can, and with `instead` to any.
///
/// # Errors
/// [`Stale`] when there are different states at a place that is decided here.
pub(crate) fn meet(
    ours: Option<Process>,
    sent: &Process,
    electorate: Electorate<'_>,
    instead: bool,
) -> Result<Met, Stale> {
    let sent = sent.without_secrets();
    let mut process = match ours {
        Some(ours) => ours,
        None => Process::new(sent.states().first().ok_or(Stale)?.without_secrets()),
    };
    let settled = process.settle(electorate);
    let mut place = process.common(&sent);
    if sent.id() != process.id() || place == 0 {
        return Err(Stale);
    }
    let mut late = BTreeSet::new();
    let mut theirs = sent.states.into_iter();
    for (number, (ours, mut theirs)) in process.states.iter_mut().take(place).zip(theirs.by_ref()).enumerate() {
        if number < settled {
            late.extend(drop_late(ours, &mut theirs, electorate));
        }
        ours.merge(theirs);
    }
    let (mut left_out, mut withdrawn) = (Vec::new(), Vec::new());
    for next in theirs {
        let accepted = process.settle(electorate);
        if accepted > place {
            return Err(Stale);
        }
        // What does not stand on the last accepted state, or cannot be accepted by anybody, is not stored.
        let before = process.latest_valid(electorate);
        let is_motion = accepted == place && accept(before, &next, electorate).is_ok();
        if !is_motion || !(instead || gives_way(&process, before, &next, electorate)) {
            left_out.push(next.id());
            continue;
        }
        withdrawn.extend(process.states.iter().skip(place).map(State::id));
        process.withdraw_from(place);
        process.append(next);
        place = place.saturating_add(1);
    }
    process.settle(electorate);
    process.spread_keys();
    Ok(Met { process, late, left_out, withdrawn })
}

/// Takes votes against an accepted state out of theirs; gives the devices whose signatures are good.
fn drop_late(ours: &State, theirs: &mut State, electorate: Electorate<'_>) -> BTreeSet<DeviceAddress> {
    let motion = ours.motion();
    let late = theirs
        .validation_tokens
        .extract_if(.., |token| token.vote == Vote::No && !ours.validation_tokens().contains(token))
        .filter(|token| token.verify(&motion, electorate.verifier).is_ok());
    late.map(|token| token.device).collect()
}

/// Whether our undecided state, if there is one, makes room for another one on the same accepted state.
fn gives_way(process: &Process, before: Option<&State>, next: &State, electorate: Electorate<'_>) -> bool {
    let (Some(before), Some(ours)) = (before, process.states().iter().find(|state| state.follows(before))) else {
        return true;
    };
    match (accept(Some(before), ours, electorate), accept(Some(before), next, electorate)) {
        (_, Ok(Outcome::Satisfied)) => true,
        (_, Ok(Outcome::Rejected) | Err(_)) => false,
        (Err(_) | Ok(Outcome::Rejected), Ok(Outcome::Pending)) => true,
        (Ok(_), Ok(Outcome::Pending)) => {
            let (ours, theirs) = (backers(before, ours, electorate), backers(before, next, electorate));
            let was_here = process.withdrawn.iter().any(|state| state.motion() == next.motion());
            !was_here && !theirs.is_empty() && ours.is_subset(&theirs)
        }
    }
}

/// The devices of members who have a role in the process, and have voted for a state.
fn backers(before: &State, state: &State, electorate: Electorate<'_>) -> BTreeSet<DeviceAddress> {
    let ballot = Ballot::count(state.validation_tokens(), &state.motion(), electorate.verifier);
    let members = before.roles().members();
    let is_member = |device: &DeviceAddress| electorate.peers.members_of(device).any(|member| members.contains(member));
    let votes = ballot.votes().iter().filter(|(device, vote)| **vote == Vote::Yes && is_member(device));
    votes.map(|(device, _)| device.clone()).collect()
}
