//! Making states: a process from nothing, and a state from the one before it (PROC-100..104).

use crate::commitment::commit;
use crate::member::DeviceAddress;
use crate::name::{BadName, Field, Name};
use crate::outpoint::Outpoint;
use crate::process::{Process, Stale};
use crate::roles::{MemberId, Roles};
use crate::seal::{AttributeKey, PairSecret, Salt, seal};
use crate::state::{Content, State};
use crate::text::{Commitment, StateId};
use crate::tree::Class;
use crate::value::Value;
use crate::vote::Electorate;
use sealwright_types::random::RandomError;
use sealwright_types::{Coded, Malformed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Attributes by name.
pub type Attributes = BTreeMap<Name, Value>;

/// What happens to one attribute in an update. JSON null as a value is not the same as removal.
#[derive(Debug)]
pub enum Change {
    /// It has this value from now on.
    Set(Value),
    /// It is not there any more.
    Remove,
}

/// Changes by name.
pub type Delta = BTreeMap<Name, Change>;

/// Whoever makes a state.
#[derive(Debug, Clone, Copy)]
pub struct Author {
    /// The member. Keys are kept for what it may read.
    pub member: MemberId,
    /// Whether it keeps all keys, entitled or not (PROC-52). Off unless said.
    pub keep_creator_keys: bool,
}

/// What an update changes.
#[derive(Debug, Default)]
pub struct Update {
    /// Private attributes.
    pub private: Delta,
    /// Public attributes.
    pub public: Delta,
    /// Other roles.
    pub roles: Option<Roles>,
    /// Private attributes whose new commitments are blinded. Those that are blinded already stay so.
    pub blinded: BTreeSet<Name>,
}

/// What making a state gives, to be applied to the stores as a whole (PROC-73).
#[derive(Debug)]
pub struct ProcessResult {
    /// The process with its new state, with the keys that its author keeps.
    pub process: Process,
    /// The new blobs by their names.
    pub blobs: BTreeMap<Commitment, Vec<u8>>,
    /// What changed, sorted by name.
    pub diffs: Vec<Diff>,
    /// Pairwise secrets that came with it, confirmed ones; none from [`create`] and [`update`].
    pub secrets: BTreeMap<DeviceAddress, PairSecret>,
    /// Every new key with its salt, to be shared with those who may read; not applied to any store.
    pub fresh_keys: BTreeMap<Name, (AttributeKey, Option<Salt>)>,
}

/// What changed for one name (PROC-73).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// The name; `#roles` for the roles document.
    pub attribute: Field,
    /// The commitment after it; null when the name is gone.
    pub new: Option<Commitment>,
    /// Whom it concerns: for a private attribute those who may read it, otherwise everybody who stands in a role.
    pub notify: Vec<MemberId>,
    /// The commitment before it; null when the name was not there.
    pub old: Option<Commitment>,
    /// The process.
    pub process: Outpoint,
    /// The new state.
    pub state_id: StateId,
}

/// A state could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// A name that is private and public.
    #[error(transparent)]
    BadName(#[from] BadName),
    /// The state is not built on the latest valid one.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// The new state would be the old one: there is nothing to vote on.
    #[error("nothing is changed (PROC-64)")]
    Unchanged,
    /// It was to be blinded, and is no private attribute of the new state (PROC-22).
    #[error("{0} is to be blinded, and there is no such private attribute (PROC-22)")]
    UnknownAttribute(Name),
    /// Readers were removed from an attribute whose key this holder does not have (PROC-103).
    #[error("the key of {0} is needed to keep removed readers out of it (PROC-103)")]
    KeyMissing(Name),
    /// Readers were removed from an attribute whose blob this holder does not have, or that does not open.
    #[error("the blob of {0} is needed to keep removed readers out of it (PROC-102)")]
    BlobMissing(Name),
    /// The operating system gives no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Not reached with values of this crate: a state always has the leaf of its roles.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Coded for ChangeError {
    fn code(&self) -> &'static str {
        match self {
            Self::BadName(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Unchanged => "unchanged",
            Self::UnknownAttribute(_) => "unknown-attribute",
            Self::KeyMissing(_) => "key-missing",
            Self::BlobMissing(_) => "blob-missing",
            Self::Random(error) => error.code(),
            Self::Malformed(error) => error.code(),
        }
    }
}

/// Where blobs of former states are read from while a state is made.
pub trait Blobs {
    /// The blob of this name, if it is there.
    fn blob(&self, name: &Commitment) -> Option<Vec<u8>>;
}

impl Blobs for BTreeMap<Commitment, Vec<u8>> {
    fn blob(&self, name: &Commitment) -> Option<Vec<u8>> {
        self.get(name).cloned()
    }
}

/// Makes a process with its first state (PROC-100). Private attributes named in `blinded` get blinded commitments (PROC-22).
///
/// # Errors
/// [`ChangeError`].
pub fn create(
    process: Outpoint,
    private: &Attributes,
    public: &Attributes,
    roles: Roles,
    blinded: &BTreeSet<Name>,
    author: Author,
) -> Result<ProcessResult, ChangeError> {
    if private.keys().any(|name| public.contains_key(name)) {
        return Err(BadName.into());
    }
    let mut draft = Draft::new(process, BTreeSet::new());
    for (name, value) in private {
        draft.seal(name, value, blinded.contains(name))?;
    }
    draft.all_private(blinded)?;
    draft.public_data = public.iter().map(|(name, value)| (name.clone(), value.encode().into_exposed())).collect();
    let (state, drafted) = draft.finish(0, StateId::NONE, roles, author)?;
    let diffs = diffs(None, &state);
    let Drafted { blobs, fresh_keys } = drafted;
    Ok(ProcessResult { process: Process::new(state), blobs, diffs, secrets: BTreeMap::new(), fresh_keys })
}

/// Makes the state that follows `previous`, which has to be the latest valid one and the last of the process (PROC-101..104).
///
/// # Errors
/// [`ChangeError`].
pub fn update(
    process: &Process,
    previous: &StateId,
    update: &Update,
    author: Author,
    electorate: Electorate<'_>,
    blobs: &dyn Blobs,
) -> Result<ProcessResult, ChangeError> {
    let mut before = process.duplicate();
    if before.settle(electorate) < before.states().len() || before.last().is_none_or(|last| last.id() != *previous) {
        return Err(Stale.into());
    }
    update_last(before, update, author, blobs)
}

/// As [`update`], on the last state, which is accepted.
fn update_last(
    mut process: Process,
    update: &Update,
    author: Author,
    blobs: &dyn Blobs,
) -> Result<ProcessResult, ChangeError> {
    let last = process.last().ok_or(Stale)?;
    if update.private.keys().any(|name| update.public.contains_key(name)) {
        return Err(BadName.into());
    }
    let roles = update.roles.as_ref().unwrap_or(last.roles()).clone();
    let mut draft = Draft::new(process.id(), process.names());
    let names: BTreeSet<&Name> =
        last.commitments().keys().chain(update.private.keys()).chain(update.public.keys()).collect();
    for name in names {
        match (update.private.get(name), update.public.get(name)) {
            (Some(Change::Remove), _) | (_, Some(Change::Remove)) => {}
            (Some(Change::Set(value)), _) => draft.set_private(name, value, last, &roles, update)?,
            (None, Some(Change::Set(value))) => {
                draft.public_data.insert(name.clone(), value.encode().into_exposed());
            }
            (None, None) => match last.public_data().get(name) {
                Some(encoded) => {
                    draft.public_data.insert(name.clone(), encoded.clone());
                }
                None => draft.carry(name, last, &roles, update, blobs)?,
            },
        }
    }
    draft.all_private(&update.blinded)?;
    let index = last.index().checked_add(1).ok_or(Stale)?;
    let (state, drafted) = draft.finish(index, last.id(), roles, author)?;
    if last.changed(&state).is_empty() {
        return Err(ChangeError::Unchanged);
    }
    let diffs = diffs(Some(last), &state);
    let Drafted { blobs, fresh_keys } = drafted;
    process.push(state)?;
    Ok(ProcessResult { process, blobs, diffs, secrets: BTreeMap::new(), fresh_keys })
}

/// A state on the way.
struct Draft {
    process: Outpoint,
    /// Names that new blobs must not have (PROC-24).
    taken: BTreeSet<Commitment>,
    private: BTreeMap<Name, Commitment>,
    keys: BTreeMap<Name, (AttributeKey, Option<Salt>)>,
    public_data: BTreeMap<Name, Vec<u8>>,
    drafted: Drafted,
}

#[derive(Default)]
struct Drafted {
    blobs: BTreeMap<Commitment, Vec<u8>>,
    fresh_keys: BTreeMap<Name, (AttributeKey, Option<Salt>)>,
}

impl Draft {
    fn new(process: Outpoint, taken: BTreeSet<Commitment>) -> Self {
        let (private, keys, public_data) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { process, taken, private, keys, public_data, drafted: Drafted::default() }
    }

    /// A private attribute with a new key, nonce, blob and commitment.
    fn seal(&mut self, name: &Name, value: &Value, blinded: bool) -> Result<(), ChangeError> {
        let encoded = value.encode();
        let label = name.clone().into();
        let (key, blob) = seal(encoded.expose())?;
        let mut salt = if blinded { Some(Salt::random()?) } else { None };
        let mut commitment = commit(&self.process, &label, encoded.expose(), salt.as_ref());
        if self.taken.contains(&commitment) {
            // Stores are write-once: another blob cannot have a name that there was (PROC-24).
            let fresh = Salt::random()?;
            commitment = commit(&self.process, &label, encoded.expose(), Some(&fresh));
            salt = Some(fresh);
        }
        self.private.insert(name.clone(), commitment);
        self.drafted.blobs.insert(commitment, blob);
        self.drafted.fresh_keys.insert(name.clone(), (key.duplicate(), salt.as_ref().map(Salt::duplicate)));
        self.keys.insert(name.clone(), (key, salt));
        Ok(())
    }

    fn set_private(
        &mut self,
        name: &Name,
        value: &Value,
        last: &State,
        roles: &Roles,
        update: &Update,
    ) -> Result<(), ChangeError> {
        let was_private = last.class(name) == Some(Class::Private);
        let shrank = was_private && shrank(name, last, roles);
        let (key, salt) = (last.key(name), last.salt(name));
        if was_private && !shrank {
            let same = commit(&self.process, &name.clone().into(), value.encode().expose(), salt);
            if last.commitment(name) == Some(same) && !to_be_blinded(name, last, update) {
                self.keep(name, same, last);
                return Ok(());
            }
        }
        // Without its key nobody can tell whether the former commitment is blinded: it may be.
        let was_blinded = was_private && (salt.is_some() || key.is_none());
        self.seal(name, value, shrank || was_blinded || update.blinded.contains(name))
    }

    /// A private attribute that the update does not name: as it is, or under a new key if readers were removed (PROC-102) or it is to be
    /// blinded from now on (PROC-22).
    fn carry(
        &mut self,
        name: &Name,
        last: &State,
        roles: &Roles,
        update: &Update,
        blobs: &dyn Blobs,
    ) -> Result<(), ChangeError> {
        let Some(commitment) = last.commitment(name) else { return Ok(()) };
        if !shrank(name, last, roles) && !to_be_blinded(name, last, update) {
            self.keep(name, commitment, last);
            return Ok(());
        }
        let key = last.key(name).ok_or_else(|| ChangeError::KeyMissing(name.clone()))?;
        let missing = || ChangeError::BlobMissing(name.clone());
        let blob = blobs.blob(&commitment).ok_or_else(missing)?;
        let label = name.clone().into();
        let process = self.process;
        let sealed =
            crate::Sealed { process: &process, label: &label, commitment, key, salt: last.salt(name), blob: &blob };
        let value = sealed.read().map_err(|_| missing())?;
        self.seal(name, &value, true)
    }

    fn all_private(&self, names: &BTreeSet<Name>) -> Result<(), ChangeError> {
        let unknown = names.iter().find(|name| !self.private.contains_key(*name));
        unknown.map_or(Ok(()), |name| Err(ChangeError::UnknownAttribute(name.clone())))
    }

    fn keep(&mut self, name: &Name, commitment: Commitment, last: &State) {
        self.private.insert(name.clone(), commitment);
        if let Some(key) = last.key(name) {
            self.keys.insert(name.clone(), (key.duplicate(), last.salt(name).map(Salt::duplicate)));
        }
    }

    fn finish(self, index: u64, prev: StateId, roles: Roles, author: Author) -> Result<(State, Drafted), ChangeError> {
        let Self { process, private, keys, public_data, drafted, .. } = self;
        let mut state = State::new(Content { process, index, prev, private, public_data, roles })?;
        for (name, (key, salt)) in keys {
            if author.keep_creator_keys || state.roles().allow(&author.member, &name.clone().into()) {
                state.add_key(&name, &key, salt.as_ref());
            }
        }
        Ok((state, drafted))
    }
}

/// Whether an attribute that is not blinded, as far as we know, has to be.
fn to_be_blinded(name: &Name, last: &State, update: &Update) -> bool {
    update.blinded.contains(name) && last.salt(name).is_none()
}

/// Whether somebody who could read the attribute before cannot any more.
fn shrank(name: &Name, last: &State, roles: &Roles) -> bool {
    let label = name.clone().into();
    !last.roles().recipients(&label).is_subset(&roles.recipients(&label))
}

/// What is different between two states, and attributes that somebody else may read now.
fn diffs(previous: Option<&State>, state: &State) -> Vec<Diff> {
    let everybody = || {
        let mut members = state.roles().members();
        members.extend(previous.map(|previous| previous.roles().members()).unwrap_or_default());
        members
    };
    let mut names: BTreeSet<&Name> = state.commitments().keys().collect();
    names.extend(previous.into_iter().flat_map(|previous| previous.commitments().keys()));
    let mut diffs = Vec::new();
    let mut push = |attribute, old, new, notify: BTreeSet<MemberId>| {
        let (process, state_id) = (state.process(), state.id());
        diffs.push(Diff { attribute, new, notify: notify.into_iter().collect(), old, process, state_id });
    };
    for name in names {
        let class = |state: &State| state.class(name);
        let (old, new) = (previous.and_then(|previous| previous.commitment(name)), state.commitment(name));
        let before = previous.map(|previous| previous.recipients(name)).unwrap_or_default();
        let now = state.recipients(name);
        let is_public = [previous.and_then(class), class(state)].contains(&Some(Class::Public));
        let label = Field::Attribute(name.clone());
        if old != new || previous.and_then(class) != class(state) {
            push(label, old, new, if is_public { everybody() } else { before.union(&now).copied().collect() });
        } else if !now.is_subset(&before) {
            push(label, old, new, now.difference(&before).copied().collect());
        }
    }
    if previous.is_none_or(|previous| previous.roles() != state.roles()) {
        push(Field::Roles, previous.map(State::roles_commitment), Some(state.roles_commitment()), everybody());
    }
    diffs.sort();
    diffs
}
