//! Votes: what is signed, whose voice counts, and when a change is accepted (PROC-60..66).

use crate::member::{DeviceAddress, Peers};
use crate::name::Field;
use crate::outpoint::Outpoint;
use crate::roles::{Fraction, Role, Rule};
use crate::state::State;
use crate::tagged::hash;
use crate::text::StateId;
use sealwright_types::Coded;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vote {
    /// For the state.
    Yes,
    /// Against it.
    No,
}

/// What a state's content is voted on as. Index and previous state keep an old vote from approving the same content again (PROC-65).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Motion {
    /// The process.
    pub process: Outpoint,
    /// Where the state stands in it.
    pub index: u64,
    /// The state before it; [`StateId::NONE`] for the first.
    pub previous: StateId,
    /// The state.
    pub state: StateId,
}

/// A signed vote: an entry of `validation_tokens` (PROC-66).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationToken {
    /// The device that signed.
    pub device: DeviceAddress,
    /// The signature in lower-case hexadecimal.
    pub sig: String,
    /// What for.
    pub vote: Vote,
}

/// The signature is not one of this device over this vote (PROC-66).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad signature: not made by this device for this vote (PROC-66)")]
pub struct BadSignature;

impl Coded for BadSignature {
    fn code(&self) -> &'static str {
        "bad-signature"
    }
}

/// Signs votes for a device. The bundled one is [`crate::secp256k1::VotingKey`].
pub trait Signer {
    /// Signs the 32 bytes of a vote.
    ///
    /// # Errors
    /// [`BadSignature`] when no signature could be made.
    fn sign(&self, message: &[u8; 32]) -> Result<Vec<u8>, BadSignature>;
}

/// Verifies the votes of devices. The bundled one is [`crate::secp256k1::Schnorr`] over a [`Directory`].
pub trait Verifier {
    /// Checks a signature of a device over the 32 bytes of a vote.
    ///
    /// # Errors
    /// [`BadSignature`], also for a device that is not known.
    fn verify(&self, device: &DeviceAddress, message: &[u8; 32], signature: &[u8]) -> Result<(), BadSignature>;
}

/// Which key a device signs with.
pub trait Directory {
    /// The key: for the bundled scheme the x coordinate.
    fn key(&self, device: &DeviceAddress) -> Option<[u8; 32]>;
}

impl Directory for BTreeMap<DeviceAddress, [u8; 32]> {
    fn key(&self, device: &DeviceAddress) -> Option<[u8; 32]> {
        self.get(device).copied()
    }
}

/// Who decides: the members with their devices, and how signatures are checked.
#[derive(Clone, Copy)]
pub struct Electorate<'a> {
    /// Members and devices.
    pub peers: &'a Peers,
    /// The signature scheme.
    pub verifier: &'a dyn Verifier,
}

/// The votes of devices whose signatures are good, each device once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ballot {
    votes: BTreeMap<DeviceAddress, Vote>,
    /// Devices that voted both ways: they count for neither (PROC-62).
    pub contradicting: BTreeSet<DeviceAddress>,
    /// Devices with a signature that is not theirs: it does not count.
    pub forged: BTreeSet<DeviceAddress>,
}

/// What a rule says (PROC-63).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Enough members agree.
    Satisfied,
    /// So many are against it that it cannot be satisfied any more.
    Rejected,
    /// Not decided yet.
    Pending,
}

/// An update cannot be voted on (PROC-64).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// No rule of the previous state covers these names: nobody can change them.
    #[error("no rule covers {} (PROC-64)", names(.0))]
    Uncovered(BTreeSet<Field>),
    /// Nothing is different: there is nothing to agree to.
    #[error("nothing is changed (PROC-64)")]
    Unchanged,
    /// The state does not follow the one that it is compared with (PROC-104).
    #[error("built on another state than the latest valid one (PROC-104)")]
    Stale,
}

impl Coded for AcceptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Uncovered(_) => "uncovered",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
        }
    }
}

pub(crate) fn names(fields: &BTreeSet<Field>) -> String {
    fields.iter().map(Field::as_str).collect::<Vec<_>>().join(", ")
}

impl Motion {
    /// The 32 bytes that are signed.
    pub fn message(&self, vote: Vote) -> [u8; 32] {
        let tag = match vote {
            Vote::Yes => "vote-yes",
            Vote::No => "vote-no",
        };
        let index = self.index.to_le_bytes();
        hash(tag, &[&self.process.to_bytes(), &index, self.previous.as_bytes(), self.state.as_bytes()])
    }

    /// Signs a vote for a device.
    ///
    /// # Errors
    /// [`BadSignature`] when the signer makes none.
    pub fn vote(
        &self,
        vote: Vote,
        device: &DeviceAddress,
        signer: &dyn Signer,
    ) -> Result<ValidationToken, BadSignature> {
        let signature = signer.sign(&self.message(vote))?;
        Ok(ValidationToken { device: device.clone(), sig: hex::encode(signature), vote })
    }
}

impl ValidationToken {
    /// Checks the signature.
    ///
    /// # Errors
    /// [`BadSignature`], also for a signature that is not lower-case hexadecimal.
    pub fn verify(&self, motion: &Motion, verifier: &dyn Verifier) -> Result<(), BadSignature> {
        let signature = hex::decode(&self.sig).map_err(|_| BadSignature)?;
        if hex::encode(&signature) != self.sig {
            return Err(BadSignature);
        }
        verifier.verify(&self.device, &motion.message(self.vote), &signature)
    }
}

impl Ballot {
    /// Counts the tokens whose signatures are good.
    pub fn count(tokens: &[ValidationToken], motion: &Motion, verifier: &dyn Verifier) -> Self {
        let mut ballot = Self::default();
        for token in tokens {
            if token.verify(motion, verifier).is_err() {
                ballot.forged.insert(token.device.clone());
            } else if *ballot.votes.entry(token.device.clone()).or_insert(token.vote) != token.vote {
                ballot.contradicting.insert(token.device.clone());
            }
        }
        ballot.votes.retain(|device, _| !ballot.contradicting.contains(device));
        ballot
    }

    /// A ballot of votes that were verified elsewhere.
    pub fn of(votes: impl IntoIterator<Item = (DeviceAddress, Vote)>) -> Self {
        let mut ballot = Self::default();
        for (device, vote) in votes {
            if *ballot.votes.entry(device.clone()).or_insert(vote) != vote {
                ballot.contradicting.insert(device);
            }
        }
        ballot.votes.retain(|device, _| !ballot.contradicting.contains(device));
        ballot
    }

    /// The votes that count, each device once.
    pub fn votes(&self) -> &BTreeMap<DeviceAddress, Vote> {
        &self.votes
    }

    /// What a rule of a role says about these votes (PROC-61..63).
    pub fn decide(&self, role: &Role, rule: &Rule, peers: &Peers) -> Outcome {
        if rule.quorum == Fraction::NONE {
            return Outcome::Satisfied;
        }
        let n = u32::try_from(role.members.len()).unwrap_or(u32::MAX);
        if n == 0 {
            return Outcome::Rejected;
        }
        let (mut yes, mut no) = (0_u32, 0_u32);
        for member in &role.members {
            match self.voice(peers.devices(member), rule.device_quorum) {
                Some(Vote::Yes) => yes = yes.saturating_add(1),
                Some(Vote::No) => no = no.saturating_add(1),
                None => {}
            }
        }
        let required = rule.quorum.required(n);
        if yes >= required {
            Outcome::Satisfied
        } else if n.saturating_sub(no) < required {
            Outcome::Rejected
        } else {
            Outcome::Pending
        }
    }

    /// What a member says with its devices (PROC-62). One that says both with different devices says nothing.
    fn voice(&self, devices: &BTreeSet<DeviceAddress>, quorum: Fraction) -> Option<Vote> {
        let d = u32::try_from(devices.len()).unwrap_or(u32::MAX);
        let required = quorum.required(d).max(1);
        let says = |vote| {
            let voices = devices.iter().filter(|&device| self.votes.get(device) == Some(&vote)).count();
            u32::try_from(voices).unwrap_or(u32::MAX) >= required
        };
        match (says(Vote::Yes), says(Vote::No)) {
            (true, false) => Some(Vote::Yes),
            (false, true) => Some(Vote::No),
            _ => None,
        }
    }
}

/// Whether a state may follow the previous one (PROC-64): satisfied when every changed name is covered by a satisfied rule of the
/// previous state's roles. The first state needs no vote.
///
/// # Errors
/// [`AcceptError`].
pub fn accept(previous: Option<&State>, next: &State, electorate: Electorate<'_>) -> Result<Outcome, AcceptError> {
    if !next.follows(previous) {
        return Err(AcceptError::Stale);
    }
    let Some(previous) = previous else { return Ok(Outcome::Satisfied) };
    let ballot = Ballot::count(&next.validation_tokens, &next.motion(), electorate.verifier);
    decide(previous, next, &ballot, electorate.peers)
}

/// As [`accept`], with votes that are counted already.
///
/// # Errors
/// [`AcceptError::Uncovered`], [`AcceptError::Unchanged`].
pub fn decide(previous: &State, next: &State, ballot: &Ballot, peers: &Peers) -> Result<Outcome, AcceptError> {
    let mut uncovered = BTreeSet::new();
    let mut whole = Outcome::Satisfied;
    let changed = previous.changed(next);
    if changed.is_empty() {
        return Err(AcceptError::Unchanged);
    }
    for name in changed {
        let rules = previous.roles.iter().flat_map(|(_, role)| role.rules.iter().map(move |rule| (role, rule)));
        let outcomes = rules
            .filter(|(_, rule)| rule.fields.contains(&name))
            .map(|(role, rule)| ballot.decide(role, rule, peers))
            .collect::<Vec<_>>();
        if outcomes.is_empty() {
            uncovered.insert(name);
        } else if outcomes.contains(&Outcome::Satisfied) {
            // Any satisfied rule is enough; several that are not do not add up.
        } else if !outcomes.contains(&Outcome::Pending) {
            whole = Outcome::Rejected;
        } else if whole == Outcome::Satisfied {
            whole = Outcome::Pending;
        }
    }
    if uncovered.is_empty() { Ok(whole) } else { Err(AcceptError::Uncovered(uncovered)) }
}
