//! A state of a process, and its one text (PROC-70).

use crate::commitment::commit;
use crate::json;
use crate::name::{Field, Name};
use crate::outpoint::Outpoint;
use crate::roles::{MemberId, Roles};
use crate::seal::{AttributeKey, Salt};
use crate::text::{Commitment, SecretText, StateId};
use crate::tree::{Class, Leaves, Proof, prove, state_id};
use crate::value::Value;
use crate::vote::{Motion, ValidationToken};
use sealwright_types::{Malformed, SecretVec};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One state: what is committed to, who stands in which role, and what this holder knows of keys.
///
/// Commitments, public data, roles and id belong together and are checked together; keys, salts and votes are added to over time.
#[derive(Debug)]
pub struct State {
    process: Outpoint,
    index: u64,
    prev: StateId,
    commitments: BTreeMap<Name, Commitment>,
    public_data: BTreeMap<Name, Vec<u8>>,
    pub(crate) roles: Roles,
    state_id: StateId,
    pub(crate) keys: BTreeMap<Name, AttributeKey>,
    pub(crate) salts: BTreeMap<Name, Salt>,
    pub(crate) validation_tokens: Vec<ValidationToken>,
}

/// As it stands in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    index: u64,
    keys: BTreeMap<Name, SecretText>,
    pcd_commitment: BTreeMap<Name, Commitment>,
    prev: StateId,
    process: Outpoint,
    public_data: BTreeMap<Name, String>,
    roles: Roles,
    salts: BTreeMap<Name, SecretText>,
    state_id: StateId,
    validation_tokens: Vec<ValidationToken>,
}

const MALFORMED: Malformed = Malformed::new(0, "PROC-70");

/// What makes a state new.
pub(crate) struct Content {
    pub(crate) process: Outpoint,
    pub(crate) index: u64,
    pub(crate) prev: StateId,
    pub(crate) private: BTreeMap<Name, Commitment>,
    pub(crate) public_data: BTreeMap<Name, Vec<u8>>,
    pub(crate) roles: Roles,
}

impl State {
    /// A state without keys and votes. The commitments to public data and the id are computed.
    pub(crate) fn new(content: Content) -> Result<Self, Malformed> {
        let Content { process, index, prev, private, public_data, roles } = content;
        let mut commitments = private;
        for (name, encoded) in &public_data {
            commitments.insert(name.clone(), commit(&process, &name.clone().into(), encoded, None));
        }
        let mut state = Self {
            process,
            index,
            prev,
            commitments,
            public_data,
            roles,
            state_id: StateId::NONE,
            keys: BTreeMap::new(),
            salts: BTreeMap::new(),
            validation_tokens: Vec::new(),
        };
        state.state_id = state_id(&state.leaves())?;
        Ok(state)
    }

    /// The process that it belongs to.
    pub fn process(&self) -> Outpoint {
        self.process
    }

    /// Where it stands in the process, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The id of the state before it, [`StateId::NONE`] for the first.
    pub fn previous(&self) -> StateId {
        self.prev
    }

    /// Its id.
    pub fn id(&self) -> StateId {
        self.state_id
    }

    /// Its roles.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The votes on it, checked or not.
    pub fn validation_tokens(&self) -> &[ValidationToken] {
        &self.validation_tokens
    }

    /// The commitment to an attribute; for a private one the name of its blob.
    pub fn commitment(&self, name: &Name) -> Option<Commitment> {
        self.commitments.get(name).copied()
    }

    /// The commitments to all attributes.
    pub fn commitments(&self) -> &BTreeMap<Name, Commitment> {
        &self.commitments
    }

    /// The commitment to the roles document.
    pub fn roles_commitment(&self) -> Commitment {
        commit(&self.process, &Field::Roles, self.roles.encode().expose(), None)
    }

    /// The class of an attribute; `None` if there is no such.
    pub fn class(&self, name: &Name) -> Option<Class> {
        let class = if self.public_data.contains_key(name) { Class::Public } else { Class::Private };
        self.commitments.contains_key(name).then_some(class)
    }

    /// The names of the private attributes.
    pub fn private_names(&self) -> impl Iterator<Item = &Name> {
        self.commitments.keys().filter(|name| !self.public_data.contains_key(*name))
    }

    /// Public data as encoded values.
    pub fn public_data(&self) -> &BTreeMap<Name, Vec<u8>> {
        &self.public_data
    }

    /// Whether a member may read an attribute: anybody a public one, of a private one those whom a role of this state lets (PROC-50).
    pub fn entitled(&self, member: &MemberId, name: &Name) -> bool {
        match self.class(name) {
            Some(Class::Private) => self.roles.allow(member, &name.clone().into()),
            other => other.is_some(),
        }
    }

    /// The members that the key of an attribute goes to, each with all its devices; none for a public one, which has no key (PROC-51).
    pub fn recipients(&self, name: &Name) -> BTreeSet<MemberId> {
        match self.class(name) {
            Some(Class::Private) => self.roles.recipients(&name.clone().into()),
            _ => BTreeSet::new(),
        }
    }

    /// The key of a private attribute, if this holder has it.
    pub fn key(&self, name: &Name) -> Option<&AttributeKey> {
        self.keys.get(name)
    }

    /// The salt of a private attribute, if it is blinded and this holder has it.
    pub fn salt(&self, name: &Name) -> Option<&Salt> {
        self.salts.get(name)
    }

    /// What is voted on.
    pub fn motion(&self) -> Motion {
        Motion { process: self.process, index: self.index, previous: self.prev, state: self.state_id }
    }

    /// The proof that an attribute, or the roles document, belongs to this state (PROC-41); `None` for an unknown label.
    pub fn prove(&self, label: &Field) -> Option<Proof> {
        prove(&self.leaves(), label)
    }

    /// The names that another state has added, changed, removed, reclassified or re-keyed, and `#roles` if the document differs
    /// (PROC-64).
    pub fn changed(&self, next: &Self) -> BTreeSet<Field> {
        let names: BTreeSet<_> = self.commitments.keys().chain(next.commitments.keys()).collect();
        let seen = |state: &Self, name| (state.commitment(name), state.class(name));
        let mut changed: BTreeSet<Field> =
            names.into_iter().filter(|name| seen(self, name) != seen(next, name)).cloned().map(Field::from).collect();
        if self.roles != next.roles {
            changed.insert(Field::Roles);
        }
        changed
    }

    /// Whether its index and previous id are those of a state after `previous`.
    pub(crate) fn follows(&self, previous: Option<&Self>) -> bool {
        match previous {
            None => self.index == 0 && self.prev == StateId::NONE,
            Some(previous) => {
                self.process == previous.process
                    && Some(self.index) == previous.index.checked_add(1)
                    && self.prev == previous.state_id
            }
        }
    }

    /// Takes over keys, salts and votes of another copy; what this holder has is never dropped (PROC-73).
    pub(crate) fn merge(&mut self, other: Self) {
        for (name, key) in &other.keys {
            self.add_key(name, key, other.salts.get(name));
        }
        self.add_tokens(other.validation_tokens);
    }

    /// Adds a key with the salt that belongs to it; a key that is there stays, with its own salt.
    pub(crate) fn add_key(&mut self, name: &Name, key: &AttributeKey, salt: Option<&Salt>) {
        if !self.keys.contains_key(name) {
            self.keys.insert(name.clone(), key.duplicate());
            self.salts.extend(salt.map(|salt| (name.clone(), salt.duplicate())));
        }
    }

    /// Adds votes that are not there yet.
    pub(crate) fn add_tokens(&mut self, tokens: impl IntoIterator<Item = ValidationToken>) {
        let mut all: BTreeSet<_> = std::mem::take(&mut self.validation_tokens).into_iter().collect();
        all.extend(tokens);
        self.validation_tokens = all.into_iter().collect();
    }

    /// The same state without keys and salts: what may be shown and sent.
    pub(crate) fn without_secrets(&self) -> Self {
        Self {
            process: self.process,
            index: self.index,
            prev: self.prev,
            commitments: self.commitments.clone(),
            public_data: self.public_data.clone(),
            roles: self.roles.clone(),
            state_id: self.state_id,
            keys: BTreeMap::new(),
            salts: BTreeMap::new(),
            validation_tokens: self.validation_tokens.clone(),
        }
    }

    pub(crate) fn duplicate(&self) -> Self {
        let keys = self.keys.iter().map(|(name, key)| (name.clone(), key.duplicate())).collect();
        let salts = self.salts.iter().map(|(name, salt)| (name.clone(), salt.duplicate())).collect();
        Self { keys, salts, ..self.without_secrets() }
    }

    fn leaves(&self) -> Leaves {
        let class = |name| if self.public_data.contains_key(name) { Class::Public } else { Class::Private };
        let mut leaves: Leaves = self
            .commitments
            .iter()
            .map(|(name, commitment)| (name.clone().into(), (class(name), *commitment)))
            .collect();
        leaves.insert(Field::Roles, (Class::Roles, self.roles_commitment()));
        leaves
    }

    pub(crate) fn to_record(&self) -> Record {
        Record {
            index: self.index,
            keys: self.keys.iter().map(|(name, key)| (name.clone(), key.to_hex().into())).collect(),
            pcd_commitment: self.commitments.clone(),
            prev: self.prev,
            process: self.process,
            public_data: self.public_data.iter().map(|(name, data)| (name.clone(), hex::encode(data))).collect(),
            roles: self.roles.clone(),
            salts: self.salts.iter().map(|(name, salt)| (name.clone(), salt.to_hex().into())).collect(),
            state_id: self.state_id,
            validation_tokens: self.validation_tokens.clone(),
        }
    }

    /// Checks what a record says about itself: id, public commitments, sets of names.
    pub(crate) fn from_record(record: Record) -> Result<Self, Malformed> {
        let mut private = record.pcd_commitment.clone();
        let mut public_data = BTreeMap::new();
        for (name, data) in record.public_data {
            private.remove(&name).ok_or(MALFORMED)?;
            let encoded = hex::decode(&data).map_err(|_| MALFORMED)?;
            if hex::encode(&encoded) != data {
                return Err(MALFORMED);
            }
            // Public data that nobody can decode would be dropped by readers.
            Value::decode(&encoded).map_err(|_| MALFORMED)?;
            public_data.insert(name, encoded);
        }
        if !record.validation_tokens.is_sorted_by(|one, next| one < next) {
            return Err(MALFORMED);
        }
        let is_private = |name: &Name| private.contains_key(name);
        if !record.keys.keys().all(is_private) || !record.salts.keys().all(|name| record.keys.contains_key(name)) {
            return Err(MALFORMED);
        }
        if (record.index == 0) != (record.prev == StateId::NONE) {
            return Err(MALFORMED);
        }
        let (process, index, prev, roles) = (record.process, record.index, record.prev, record.roles);
        let mut state = Self::new(Content { process, index, prev, private, public_data, roles })?;
        if state.state_id != record.state_id || state.commitments != record.pcd_commitment {
            return Err(MALFORMED);
        }
        for (name, key) in record.keys {
            state.keys.insert(name, AttributeKey::from_hex(&key.0).map_err(|_| MALFORMED)?);
        }
        for (name, salt) in record.salts {
            state.salts.insert(name, Salt::from_hex(&salt.0).map_err(|_| MALFORMED)?);
        }
        state.validation_tokens = record.validation_tokens;
        Ok(state)
    }

    /// The one text of the state, keys and salts included: a secret.
    pub fn to_json(&self) -> SecretVec {
        json::write(&self.to_record())
    }

    /// Reads the text of a state and checks everything in it that can be checked without keys.
    ///
    /// # Errors
    /// [`Malformed`] for any other text, and for what contradicts itself.
    pub fn from_json(text: &[u8]) -> Result<Self, Malformed> {
        Self::from_record(json::read(text, "PROC-70")?)
    }
}
