//! Retrieval: for every attribute a value, or the first reason why there is none, with what to do about it (PROC-97, PROC-110, PROC-111).

use crate::apply::load_process;
use crate::blobs::{self, BlobError};
use crate::commitment::{ReadError, Sealed, commit};
use crate::member::{Device, Peers};
use crate::name::{Field, Name};
use crate::outpoint::Outpoint;
use crate::process::Process;
use crate::seal::OpenError;
use crate::secrets::Secrets;
use crate::share::KeyRequest;
use crate::state::State;
use crate::storage::Storage;
use crate::text::StateId;
use crate::tree::Class;
use crate::value::Value;
use sealwright_types::Coded;
use std::collections::BTreeMap;

/// Why there is no value: the first of the checks, in this order, that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// 1: the token was not accepted for this origin.
    #[error("the token is not accepted for this origin")]
    TokenRefused,
    /// 2: the device belongs to no member.
    #[error("this device is not paired")]
    NotPaired,
    /// 3: no handshake yet, or one with an empty list of members.
    #[error("no handshake with a relay yet")]
    NoHandshake,
    /// 4: the pairwise secrets were not restored since the start.
    #[error("the pairwise secrets have not been restored since the start")]
    SecretsNotRestored,
    /// 5: the process is not known.
    #[error("the process is not known")]
    UnknownProcess,
    /// 6: the process does not have the state.
    #[error("the state is not known")]
    UnknownState,
    /// 7: the state does not have the attribute.
    #[error("the state has no such attribute")]
    UnknownAttribute,
    /// 8: no role of the member covers the attribute.
    #[error("not entitled to this attribute")]
    NotEntitled,
    /// 9: nobody has sent the key in time.
    #[error("the key has not arrived in time")]
    KeyTimeout,
    /// 9: the peer that was asked refused.
    #[error("the key was refused")]
    KeyRefused,
    /// 10: the blob is not in the store.
    #[error("the blob is not there")]
    BlobMissing,
    /// 11: the blob is too short.
    #[error("the blob is shorter than 28 bytes")]
    Malformed,
    /// 11: key and blob do not belong together, or the blob is damaged.
    #[error("rejected: wrong key or damaged blob")]
    Rejected,
    /// 12: what was opened is no value of this profile.
    #[error("what was opened is no encoded value of this profile")]
    Undecodable,
    /// 13: the value is not the one that was committed to.
    #[error("the value is not the one that was committed to")]
    CommitmentMismatch,
    /// The store failed or holds something else; not one of the checks.
    #[error("the store failed")]
    Store,
}

impl Coded for Reason {
    fn code(&self) -> &'static str {
        match self {
            Self::TokenRefused => "token-refused",
            Self::NotPaired => "not-paired",
            Self::NoHandshake => "no-handshake",
            Self::SecretsNotRestored => "secrets-not-restored",
            Self::UnknownProcess => "unknown-process",
            Self::UnknownState => "unknown-state",
            Self::UnknownAttribute => "unknown-attribute",
            Self::NotEntitled => "not-entitled",
            Self::KeyTimeout => "key-timeout",
            Self::KeyRefused => "key-refused",
            Self::BlobMissing => "blob-missing",
            Self::Malformed => "malformed",
            Self::Rejected => "rejected",
            Self::Undecodable => "undecodable",
            Self::CommitmentMismatch => "commitment-mismatch",
            Self::Store => "io",
        }
    }
}

impl Reason {
    /// What a person can do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::TokenRefused => "validate the token first",
            Self::NotPaired => "pair the device, and wait for the pairing process to be committed",
            Self::NoHandshake => "wait for a relay handshake",
            Self::SecretsNotRestored => "run the restore step at start",
            Self::UnknownProcess => "refresh the process list",
            Self::UnknownState => "check the state id",
            Self::UnknownAttribute => "check the name of the attribute",
            Self::NotEntitled => "no role of yours covers this field",
            Self::KeyTimeout | Self::KeyRefused => "check connections, ask again",
            Self::BlobMissing => "the result holding it was never applied",
            Self::Malformed | Self::Rejected => "wrong key or damaged blob",
            Self::Undecodable => "written by another profile or version",
            Self::CommitmentMismatch => "blob or key of another attribute or state",
            Self::Store => "check the directory of the store",
        }
    }
}

/// Says whether a token is good for an origin (PROC-111).
pub trait TokenCheck {
    /// Yes or no.
    fn accepts(&self, token: &str, origin: &str) -> bool;
}

/// A token with what it is checked by.
#[derive(Clone, Copy)]
pub struct Token<'a> {
    /// Who says whether it is good.
    pub check: &'a dyn TokenCheck,
    /// The token.
    pub token: &'a str,
    /// Where the wish comes from.
    pub origin: &'a str,
}

/// How often and how patiently a missing key is waited for (PROC-97).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How often the peers are asked.
    pub tries: u32,
    /// Milliseconds between asking and looking.
    pub delay: u64,
}

impl Default for Policy {
    /// Three times, a second each.
    fn default() -> Self {
        Self { tries: 3, delay: 1_000 }
    }
}

/// Lets time pass. This crate has no clock of its own.
pub trait Clock {
    /// Waits for so many milliseconds.
    fn wait(&mut self, milliseconds: u64);
}

/// What a peer said to a request for keys, as far as it is known at once. Keys arrive in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was asked.
    Asked,
    /// It refused (PROC-96).
    Refused,
}

/// Carries requests for keys to peers, and what they send into the store.
pub trait KeySource<S> {
    /// Asks. Asking again changes nothing.
    fn ask(&mut self, request: &KeyRequest, storage: &mut S) -> Answer;
}

/// Nobody to ask.
#[derive(Debug, Clone, Copy)]
pub struct NoPeers;

impl<S> KeySource<S> for NoPeers {
    fn ask(&mut self, _: &KeyRequest, _: &mut S) -> Answer {
        Answer::Asked
    }
}

/// For tests and single looks: no time passes, waits are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManualClock {
    /// Every wait, in milliseconds.
    pub waits: Vec<u64>,
}

impl Clock for ManualClock {
    fn wait(&mut self, milliseconds: u64) {
        self.waits.push(milliseconds);
    }
}

/// Whoever wants to read.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The token of an application, where there is one between.
    pub token: Option<Token<'a>>,
    /// The device.
    pub device: &'a Device,
    /// The members that are known.
    pub peers: &'a Peers,
    /// The secrets.
    pub secrets: &'a Secrets,
    /// How to wait for keys.
    pub policy: Policy,
    /// The time in seconds, for the expiry of blobs.
    pub now: u64,
}

/// The values of a state: every name with its value or with the reason why there is none.
pub type Retrieved = BTreeMap<Name, Result<Value, Reason>>;

impl Reader<'_> {
    /// The value of one attribute, or the first check that fails.
    ///
    /// # Errors
    /// [`Reason`].
    pub fn diagnose<S: Storage>(
        &self,
        storage: &mut S,
        process: &Outpoint,
        state: &StateId,
        name: &Name,
        source: &mut dyn KeySource<S>,
        clock: &mut dyn Clock,
    ) -> Result<Value, Reason> {
        let stored = self.enter(storage, process)?;
        let class = stored.as_ref().and_then(|stored| stored.state(state)?.class(name));
        // Public data need no secrets.
        if class != Some(Class::Public) && self.secrets.get().is_err() {
            return Err(Reason::SecretsNotRestored);
        }
        let stored = stored.ok_or(Reason::UnknownProcess)?;
        stored.state(state).ok_or(Reason::UnknownState)?;
        class.ok_or(Reason::UnknownAttribute)?;
        let (stored, without_key) = self.acquire(storage, stored, state, &[name], source, clock)?;
        self.read(storage, stored.state(state).ok_or(Reason::UnknownState)?, name, without_key)
    }

    /// The values of all attributes of a state. A name whose value is not there is never left out: it has its reason.
    ///
    /// # Errors
    /// [`Reason`] of the checks that come before any name: 1 to 3, 5 and 6.
    pub fn retrieve<S: Storage>(
        &self,
        storage: &mut S,
        process: &Outpoint,
        state: &StateId,
        source: &mut dyn KeySource<S>,
        clock: &mut dyn Clock,
    ) -> Result<Retrieved, Reason> {
        let stored = self.enter(storage, process)?.ok_or(Reason::UnknownProcess)?;
        let names: Vec<Name> = stored.state(state).ok_or(Reason::UnknownState)?.commitments().keys().cloned().collect();
        let wanted: Vec<&Name> = names.iter().collect();
        let (stored, without_key) = match self.secrets.get() {
            Ok(_) => self.acquire(storage, stored, state, &wanted, source, clock)?,
            Err(_) => (stored, Reason::SecretsNotRestored),
        };
        let state = stored.state(state).ok_or(Reason::UnknownState)?;
        Ok(names.iter().map(|name| (name.clone(), self.read(storage, state, name, without_key))).collect())
    }

    /// Checks 1 to 3, then the process if it is known.
    fn enter<S: Storage>(&self, storage: &S, process: &Outpoint) -> Result<Option<Process>, Reason> {
        if self.token.is_some_and(|token| !token.check.accepts(token.token, token.origin)) {
            return Err(Reason::TokenRefused);
        }
        self.device.member().map_err(|_| Reason::NotPaired)?;
        self.peers.check().map_err(|_| Reason::NoHandshake)?;
        load_process(storage, process).map_err(|_| Reason::Store)
    }

    /// Asks for the keys that are missing among `names` and may be had, and looks into the store after each try. Gives the process
    /// with whatever has arrived, and why what is still missing is missing.
    fn acquire<S: Storage>(
        &self,
        storage: &mut S,
        mut stored: Process,
        id: &StateId,
        names: &[&Name],
        source: &mut dyn KeySource<S>,
        clock: &mut dyn Clock,
    ) -> Result<(Process, Reason), Reason> {
        let missing = |stored: &Process| {
            stored.state(id).is_some_and(|state| {
                names.iter().any(|name| {
                    state.class(name) == Some(Class::Private) && self.allowed(state, name) && state.key(name).is_none()
                })
            })
        };
        let mut tries = 0..self.policy.tries;
        while missing(&stored) && tries.next().is_some() {
            let answer = source.ask(&self.request(&stored, id), storage);
            if answer == Answer::Asked {
                clock.wait(self.policy.delay);
            }
            // Also whoever refuses one key can have sent others.
            stored = load_process(storage, &stored.id()).map_err(|_| Reason::Store)?.ok_or(Reason::UnknownProcess)?;
            if answer == Answer::Refused {
                return Ok((stored, Reason::KeyRefused));
            }
        }
        Ok((stored, Reason::KeyTimeout))
    }

    fn request(&self, process: &Process, state: &StateId) -> KeyRequest {
        let member = self.device.member().ok();
        let roles = process.state(state).into_iter().flat_map(|state| state.roles().iter());
        let own = roles.filter(|(_, role)| member.is_some_and(|member| role.members.contains(&member)));
        KeyRequest {
            asker: self.device.address().clone(),
            process: process.id(),
            roles: own.map(|(name, _)| name.clone()).collect(),
            state_ids: vec![*state],
        }
    }

    fn allowed(&self, state: &State, name: &Name) -> bool {
        self.device.member().is_ok_and(|member| state.entitled(&member, name))
    }

    /// Checks 4 and 8 to 13 for one name of a state.
    fn read<S: Storage>(&self, storage: &S, state: &State, name: &Name, without_key: Reason) -> Result<Value, Reason> {
        let label = Field::Attribute(name.clone());
        let process = state.process();
        let commitment = state.commitment(name).ok_or(Reason::UnknownAttribute)?;
        if let Some(encoded) = state.public_data().get(name) {
            let value = Value::decode(encoded).map_err(|_| Reason::Undecodable)?;
            let same = commit(&process, &label, encoded, None) == commitment;
            return if same { Ok(value) } else { Err(Reason::CommitmentMismatch) };
        }
        self.secrets.get().map_err(|_| Reason::SecretsNotRestored)?;
        if !self.allowed(state, name) {
            return Err(Reason::NotEntitled);
        }
        let key = state.key(name).ok_or(without_key)?;
        let blob = blobs::get(storage, &commitment, self.now).map_err(|error| match error {
            BlobError::Storage(_) => Reason::Store,
            _ => Reason::BlobMissing,
        })?;
        let sealed = Sealed { process: &process, label: &label, commitment, key, salt: state.salt(name), blob: &blob };
        sealed.read().map_err(|error| match error {
            ReadError::Open(OpenError::Malformed) => Reason::Malformed,
            ReadError::Open(OpenError::Rejected) => Reason::Rejected,
            ReadError::Undecodable(_) => Reason::Undecodable,
            ReadError::CommitmentMismatch => Reason::CommitmentMismatch,
        })
    }
}
