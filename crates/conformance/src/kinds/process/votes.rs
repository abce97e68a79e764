//! `process-vote`, `process-token`, `process-acceptance`: what is signed, by whom, and when it is enough.

use super::roles::{Paired, numbered, outcome_text, peers};
use super::{FAMILIES, fault, field, good};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use ring::digest::{SHA256, digest};
use sealwright_process::secp256k1::{Schnorr, VotingKey};
use sealwright_process::{
    Author, Ballot, Change, DeviceAddress, Electorate, Field, Motion, Outpoint, Peers, Roles, StateId, Update,
    ValidationToken, Value, Vote, accept, create, update,
};
use sealwright_types::Coded as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct VoteMessage;

/// What is voted on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct MotionIn {
    pub(crate) process: String,
    pub(crate) index: u64,
    pub(crate) previous: String,
    pub(crate) state_id: String,
    pub(crate) vote: Vote,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) message: String,
}

impl MotionIn {
    fn motion(&self) -> Result<Motion, LoadError> {
        let (previous, state): (StateId, StateId) = (good(&self.previous)?, good(&self.state_id)?);
        Ok(Motion { process: good(&self.process)?, index: self.index, previous, state })
    }
}

impl Kind for VoteMessage {
    const NAME: &'static str = "process-vote";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = MotionIn;
    type Out = Message;

    fn run(input: &MotionIn, _: Material<'_>) -> Result<Vec<Seen<Message>>, LoadError> {
        let message = hex::encode(input.motion()?.message(input.vote));
        Ok(vec![Seen::whole("motion", Ok(Message { message }), |_| 0)])
    }
}

pub(crate) struct Token;

/// A vote and its signature by the device with this public key, null for a device that is not in the directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenIn {
    pub(crate) motion: MotionIn,
    pub(crate) key: Option<String>,
    pub(crate) sig: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verified {
    pub(crate) verified: bool,
}

impl Kind for Token {
    const NAME: &'static str = "process-token";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = TokenIn;
    type Out = Verified;

    fn run(TokenIn { motion, key, sig }: &TokenIn, _: Material<'_>) -> Result<Vec<Seen<Verified>>, LoadError> {
        let device: DeviceAddress = good("device")?;
        let key = key.as_deref().map(super::array).transpose()?;
        let directory: BTreeMap<_, _> = key.into_iter().map(|key| (device.clone(), key)).collect();
        let token = ValidationToken { device, sig: sig.clone(), vote: motion.vote };
        let got = token.verify(&motion.motion()?, &Schnorr(directory));
        Ok(vec![Seen::whole("token", got.map(|()| Verified { verified: true }).map_err(code), |_| 0)])
    }
}

pub(crate) struct Acceptance;

/// A state with these roles, an update that changes these names (`#roles` by other roles), and votes on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AcceptanceIn {
    pub(crate) roles: String,
    pub(crate) names: BTreeSet<String>,
    pub(crate) changed: BTreeSet<String>,
    pub(crate) members: Vec<Paired>,
    pub(crate) votes: Vec<VoteIn>,
}

/// `signer` signs for `device`; on this motion, or on the same content at another place of the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoteIn {
    pub(crate) device: String,
    pub(crate) signer: String,
    pub(crate) vote: Vote,
    pub(crate) replayed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptanceOut {
    pub(crate) outcome: String,
    pub(crate) contradicting: Vec<String>,
    pub(crate) forged: Vec<String>,
}

impl Kind for Acceptance {
    const NAME: &'static str = "process-acceptance";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = AcceptanceIn;
    type Out = AcceptanceOut;

    fn run(input: &AcceptanceIn, _: Material<'_>) -> Result<Vec<Seen<AcceptanceOut>>, LoadError> {
        let (before, mut process) = changed(input)?;
        let peers = peers(&input.members)?;
        let next = process.last().ok_or_else(|| LoadError::material("no state"))?;
        let (id, motion) = (next.id(), next.motion());
        let mut directory = BTreeMap::new();
        let mut tokens = Vec::new();
        for vote in &input.votes {
            let device: DeviceAddress = good(&vote.device)?;
            directory.insert(device.clone(), key_of(&vote.device)?.public());
            let motion = Motion { index: motion.index + u64::from(vote.replayed), ..motion };
            let token = motion.vote(vote.vote, &device, &key_of(&vote.signer)?).map_err(fault("no signature"))?;
            tokens.push(token);
        }
        process.add_votes(&id, tokens);
        let (verifier, next) = (Schnorr(directory), process.last());
        let next = next.ok_or_else(|| LoadError::material("no state"))?;
        let ballot = Ballot::count(next.validation_tokens(), &motion, &verifier);
        let texts = |devices: &BTreeSet<DeviceAddress>| devices.iter().map(DeviceAddress::to_string).collect();
        let got = accept(before.last(), next, Electorate { peers: &peers, verifier: &verifier });
        let got = got.map_err(|error| error.code()).map(|outcome| AcceptanceOut {
            outcome: outcome_text(outcome),
            contradicting: texts(&ballot.contradicting),
            forged: texts(&ballot.forged),
        });
        Ok(vec![Seen::whole("accept", got, |_| 0)])
    }
}

/// The process before the update, and after it.
fn changed(input: &AcceptanceIn) -> Result<(sealwright_process::Process, sealwright_process::Process), LoadError> {
    let roles = Roles::from_input(&input.roles).map_err(fault("no roles"))?;
    let author = Author { member: Outpoint::new([0; 32], 0), keep_creator_keys: true };
    let public = numbered(&input.names)?;
    let made = create(Outpoint::new([9; 32], 0), &BTreeMap::new(), &public, roles, &BTreeSet::new(), author);
    let before = made.map_err(fault("no state"))?.process;
    let mut change = Update::default();
    for text in &input.changed {
        match field(text)? {
            Field::Roles => change.roles = Some(Roles::default()),
            Field::Attribute(name) => {
                change.public.insert(name, Change::Set(Value::json("2").map_err(fault("a number"))?));
            }
        }
    }
    if input.changed.is_empty() {
        // No program of ours makes such a state: the text of the first one, at the next place.
        let unmade = fault("no second state");
        let text = String::from_utf8(before.to_json().into_exposed()).map_err(unmade)?;
        let mut whole: serde_json::Value = serde_json::from_str(&text).map_err(fault("no second state"))?;
        let mut again = whole["states"][0].clone();
        again["index"] = 1.into();
        again["prev"] = again["state_id"].clone();
        if let Some(states) = whole["states"].as_array_mut() {
            states.insert(1, again);
        }
        let after = sealwright_process::Process::from_json(whole.to_string().as_bytes());
        return Ok((before, after.map_err(fault("no second state"))?));
    }
    let nobody = Electorate { peers: &Peers::default(), verifier: &Schnorr(BTreeMap::new()) };
    let id = before.last().ok_or_else(|| LoadError::material("no state"))?.id();
    let after = update(&before, &id, &change, author, nobody, &BTreeMap::new()).map_err(fault("no update"))?.process;
    Ok((before, after))
}

/// The private key of a device of these tests: the hash of its address.
fn key_of(device: &str) -> Result<VotingKey, LoadError> {
    VotingKey::from_slice(digest(&SHA256, device.as_bytes()).as_ref()).map_err(fault("no key"))
}
