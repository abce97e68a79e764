//! A process: its states, and the place of the next one (PROC-71).

use crate::json;
use crate::name::Name;
use crate::outpoint::Outpoint;
use crate::seal::{AttributeKey, Salt};
use crate::state::{Record, State};
use crate::text::{Commitment, StateId};
use crate::tree::Class;
use crate::value::Value;
use crate::vote::{AcceptError, Electorate, Outcome, ValidationToken, Vote, accept};
use sealwright_types::{Coded, Malformed, SecretVec};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A process: one state after the other. After the last one stands the placeholder of the state that is not decided yet; it is part of
/// the text, not of this type, because it never holds anything.
#[derive(Debug)]
pub struct Process {
    id: Outpoint,
    pub(crate) states: Vec<State>,
    /// How many states, from the first one, this holder has seen accepted: they stay so (PROC-64).
    settled: usize,
    /// States that were taken back or gave way to others, with what is known of them: the names of their blobs are not free again (PROC-24),
    /// and no key is dropped should they come back (PROC-73).
    pub(crate) withdrawn: Vec<State>,
}

/// The copies of a process do not continue each other (PROC-104).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stale: another state stands at this place of the process (PROC-104)")]
pub struct Stale;

impl Coded for Stale {
    fn code(&self) -> &'static str {
        "stale"
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    process: Outpoint,
    states: Vec<Element>,
}

/// What this holder alone has decided about a process. It is stored beside it and never sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    accepted: usize,
    withdrawn: Vec<Record>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Element {
    State(Box<Record>),
    Placeholder(Placeholder),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placeholder {
    placeholder: bool,
}

/// A process as it may be listed: a type of its own without a place for keys, salts or opened values (PROC-72).
#[derive(Debug, Serialize)]
pub struct ProcessView {
    /// The process.
    pub process: Outpoint,
    /// Its states.
    pub states: Vec<StateView>,
}

/// A state as it may be listed.
#[derive(Debug, Serialize)]
pub struct StateView {
    /// Its id.
    pub state_id: StateId,
    /// The commitments to all attributes.
    pub pcd_commitment: BTreeMap<Name, Commitment>,
    /// The names of the private ones.
    pub private: Vec<Name>,
    /// Public data, decoded.
    pub public_data: BTreeMap<Name, PublicValue>,
    /// The roles.
    pub roles: crate::Roles,
    /// The votes on it.
    pub validation_tokens: Vec<ValidationToken>,
}

/// A decoded public value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PublicValue {
    /// JSON in the form of RFC 8785.
    Json(String),
    /// Bytes in hexadecimal.
    Binary {
        /// The media type, empty if unstated.
        media_type: String,
        /// The bytes in hexadecimal.
        bytes: String,
    },
}

const MALFORMED: Malformed = Malformed::new(0, "PROC-71");

impl Process {
    /// A process with its first state.
    pub(crate) fn new(first: State) -> Self {
        Self { id: first.process(), states: vec![first], settled: 0, withdrawn: Vec::new() }
    }

    /// Its id.
    pub fn id(&self) -> Outpoint {
        self.id
    }

    /// Its states, the first one first. There is at least one.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The state with this id; of several with the same content the latest.
    pub fn state(&self, id: &StateId) -> Option<&State> {
        self.states.iter().rev().find(|state| state.id() == *id)
    }

    /// The last state, valid or not.
    pub fn last(&self) -> Option<&State> {
        self.states.last()
    }

    /// The last state that was accepted, as all before it (PROC-64). The first needs no vote.
    pub fn latest_valid(&self, electorate: Electorate<'_>) -> Option<&State> {
        self.accepted(electorate).last()
    }

    /// The states that were accepted: those before the first that was not.
    pub(crate) fn accepted(&self, electorate: Electorate<'_>) -> &[State] {
        let outcomes = self.outcomes(electorate);
        let count = outcomes.iter().take_while(|outcome| **outcome == Ok(Outcome::Satisfied)).count();
        self.states.get(..count).unwrap_or_default()
    }

    /// What the electorate says about each state (PROC-64); one that does not stand on a valid state is stale, whatever its votes, and one that
    /// was seen accepted is so.
    pub fn outcomes(&self, electorate: Electorate<'_>) -> Vec<Result<Outcome, AcceptError>> {
        let (mut previous, mut on_valid) = (None, true);
        let judged = self.states.iter().enumerate().map(|(place, state)| {
            let outcome = match on_valid {
                true if place < self.settled => Ok(Outcome::Satisfied),
                true => accept(previous, state, electorate),
                false => Err(AcceptError::Stale),
            };
            (previous, on_valid) = (Some(state), outcome == Ok(Outcome::Satisfied));
            outcome
        });
        judged.collect()
    }

    /// What the electorate says about a state; of several with the same content the latest.
    ///
    /// # Errors
    /// [`AcceptError`]; a state that is not in the process is stale, as one that does not stand on a valid state.
    pub fn outcome(&self, id: &StateId, electorate: Electorate<'_>) -> Result<Outcome, AcceptError> {
        let place = self.states.iter().rposition(|state| state.id() == *id).ok_or(AcceptError::Stale)?;
        self.outcomes(electorate).into_iter().nth(place).unwrap_or(Err(AcceptError::Stale))
    }

    /// Records which states are accepted now, before anything changes: later votes, other devices or members do not undo it (PROC-64). Gives
    /// their number.
    pub fn settle(&mut self, electorate: Electorate<'_>) -> usize {
        self.settled = self.accepted(electorate).len();
        self.settled
    }

    /// How many states, from the first one, are recorded as accepted.
    pub fn settled(&self) -> usize {
        self.settled
    }

    /// Every commitment of every state: what no new blob may be named (PROC-24).
    pub(crate) fn names(&self) -> BTreeSet<Commitment> {
        self.states.iter().chain(&self.withdrawn).flat_map(|state| state.commitments().values()).copied().collect()
    }

    pub(crate) fn push(&mut self, state: State) -> Result<(), Stale> {
        if !state.follows(self.states.last()) {
            return Err(Stale);
        }
        self.append(state);
        Ok(())
    }

    /// A state that was withdrawn before comes back with what is known of it.
    pub(crate) fn append(&mut self, mut state: State) {
        if let Some(place) = self.withdrawn.iter().position(|known| known.motion() == state.motion()) {
            state.merge(self.withdrawn.remove(place));
        }
        self.states.push(state);
    }

    /// Takes every state at the end back that is not accepted, so that another one can be proposed. Gives `false` when there is none such.
    pub fn withdraw_undecided(&mut self, electorate: Electorate<'_>) -> bool {
        let accepted = self.settle(electorate);
        self.withdraw_from(accepted)
    }

    pub(crate) fn withdraw_from(&mut self, place: usize) -> bool {
        let undecided: Vec<_> = self.states.drain(place.min(self.states.len())..).collect();
        let any = !undecided.is_empty();
        undecided.into_iter().for_each(|state| self.set_aside(state));
        any
    }

    fn set_aside(&mut self, state: State) {
        let mut known = self.states.iter_mut().chain(&mut self.withdrawn);
        match known.find(|known| known.motion() == state.motion()) {
            Some(known) => known.merge(state),
            None => self.withdrawn.push(state),
        }
    }

    /// How many states, from the first one, both have.
    pub(crate) fn common(&self, other: &Self) -> usize {
        let pairs = self.states.iter().zip(&other.states);
        pairs.take_while(|(one, other)| one.motion() == other.motion()).count()
    }

    /// Takes over what another copy of this holder knows: later states, keys, salts, votes, what is decided. What is here is never dropped
    /// (PROC-73, PROC-91). For what others send there is [`crate::receive`].
    ///
    /// # Errors
    /// [`Stale`] when the copies have different states at one place, or are of different processes; nothing changes then.
    pub fn merge(&mut self, other: Self) -> Result<(), Stale> {
        if other.id != self.id || self.common(&other) < self.states.len().min(other.states.len()) {
            return Err(Stale);
        }
        let mut theirs = other.states.into_iter();
        for (ours, theirs) in self.states.iter_mut().zip(theirs.by_ref()) {
            ours.merge(theirs);
        }
        theirs.for_each(|state| self.append(state));
        self.settled = self.settled.max(other.settled);
        other.withdrawn.into_iter().for_each(|state| self.set_aside(state));
        self.spread_keys();
        Ok(())
    }

    /// A key opens the blob that a commitment names, in whichever states the attribute has this commitment.
    pub(crate) fn spread_keys(&mut self) {
        let mut held = BTreeMap::new();
        for state in self.states.iter().chain(&self.withdrawn) {
            for name in state.private_names() {
                if let (Some(commitment), Some(key)) = (state.commitment(name), state.key(name)) {
                    let salt = state.salt(name).map(Salt::duplicate);
                    held.entry((name.clone(), commitment)).or_insert((key.duplicate(), salt));
                }
            }
        }
        for state in &mut self.states {
            for ((name, commitment), (key, salt)) in &held {
                if state.commitment(name) == Some(*commitment) && state.class(name) == Some(Class::Private) {
                    state.add_key(name, key, salt.as_ref());
                }
            }
        }
    }

    /// Adds a key, with its salt, for a private attribute of a state; `false` if there is no such attribute. A key that is there stays.
    pub fn add_key(&mut self, state: &StateId, name: &Name, key: AttributeKey, salt: Option<Salt>) -> bool {
        let mut found = false;
        for state in self.states.iter_mut().filter(|present| present.id() == *state) {
            if state.class(name) == Some(Class::Private) {
                state.add_key(name, &key, salt.as_ref());
                found = true;
            }
        }
        self.spread_keys();
        found
    }

    /// Sets the key of a blob, with its salt, wherever the attribute has this commitment; what was there is dropped.
    pub(crate) fn replace_key(&mut self, name: &Name, commitment: Commitment, key: &AttributeKey, salt: Option<&Salt>) {
        for state in &mut self.states {
            if state.commitment(name) == Some(commitment) && state.class(name) == Some(Class::Private) {
                state.keys.remove(name);
                state.salts.remove(name);
                state.add_key(name, key, salt);
            }
        }
    }

    /// Adds votes to the latest state with this id; `false` if there is no such state. They are checked when they are counted. A state that is
    /// recorded as accepted takes none against it.
    pub fn add_votes(&mut self, state: &StateId, tokens: impl IntoIterator<Item = ValidationToken>) -> bool {
        let place = self.states.iter().rposition(|present| present.id() == *state);
        let is_settled = place.is_some_and(|place| place < self.settled);
        let taken = tokens.into_iter().filter(|token| !is_settled || token.vote == Vote::Yes);
        place.and_then(|place| self.states.get_mut(place)).map(|state| state.add_tokens(taken)).is_some()
    }

    /// The process without any key or salt, and without what only this holder has decided: to be sent to others.
    pub fn without_secrets(&self) -> Self {
        let states = self.states.iter().map(State::without_secrets).collect();
        Self { id: self.id, states, settled: 0, withdrawn: Vec::new() }
    }

    pub(crate) fn duplicate(&self) -> Self {
        let duplicates = |states: &[State]| states.iter().map(State::duplicate).collect();
        let (states, withdrawn) = (duplicates(&self.states), duplicates(&self.withdrawn));
        Self { id: self.id, states, settled: self.settled, withdrawn }
    }

    /// The process as it may be listed (PROC-72).
    pub fn view(&self) -> ProcessView {
        ProcessView { process: self.id, states: self.states.iter().map(StateView::of).collect() }
    }

    /// The one text of the process, keys and salts included: a secret.
    pub fn to_json(&self) -> SecretVec {
        let states = self.states.iter().map(|state| Element::State(Box::new(state.to_record())));
        let placeholder = Element::Placeholder(Placeholder { placeholder: true });
        json::write(&Text { process: self.id, states: states.chain([placeholder]).collect() })
    }

    /// Reads the text of a process: every state is checked, and that each follows the one before it.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_json(text: &[u8]) -> Result<Self, Malformed> {
        let mut text: Text = json::read(text, "PROC-71")?;
        match text.states.pop() {
            Some(Element::Placeholder(Placeholder { placeholder: true })) => {}
            _ => return Err(MALFORMED),
        }
        let mut states: Vec<State> = Vec::new();
        for element in text.states {
            let Element::State(record) = element else { return Err(MALFORMED) };
            let state = State::from_record(*record)?;
            if state.process() != text.process || !state.follows(states.last()) {
                return Err(MALFORMED);
            }
            states.push(state);
        }
        if states.is_empty() {
            Err(MALFORMED)
        } else {
            Ok(Self { id: text.process, states, settled: 0, withdrawn: Vec::new() })
        }
    }

    /// What only this holder has decided, keys of withdrawn states included: a secret.
    pub(crate) fn decisions(&self) -> SecretVec {
        json::write(&Decisions {
            accepted: self.settled,
            withdrawn: self.withdrawn.iter().map(State::to_record).collect(),
        })
    }

    /// The process with what its holder has decided about it.
    pub(crate) fn decided(self, text: &[u8]) -> Result<Self, Malformed> {
        let Decisions { accepted, withdrawn } = json::read(text, "PROC-64")?;
        let withdrawn = withdrawn.into_iter().map(State::from_record).collect::<Result<Vec<_>, _>>()?;
        if accepted > self.states.len() || withdrawn.iter().any(|state| state.process() != self.id) {
            return Err(Malformed::new(0, "PROC-64"));
        }
        Ok(Self { settled: accepted, withdrawn, ..self })
    }
}

impl StateView {
    fn of(state: &State) -> Self {
        let decoded = state.public_data().iter().filter_map(|(name, encoded)| {
            // Every way into a state checks that its public data decode.
            Some((name.clone(), PublicValue::of(&Value::decode(encoded).ok()?)))
        });
        Self {
            state_id: state.id(),
            pcd_commitment: state.commitments().clone(),
            private: state.private_names().cloned().collect(),
            public_data: decoded.collect(),
            roles: state.roles().clone(),
            validation_tokens: state.validation_tokens().to_vec(),
        }
    }
}

impl PublicValue {
    fn of(value: &Value) -> Self {
        match value.as_binary() {
            Some((media_type, bytes)) => Self::Binary { media_type: media_type.to_owned(), bytes: hex::encode(bytes) },
            None => Self::Json(value.as_json().unwrap_or_default().to_owned()),
        }
    }
}
