//! `process-diagnose`, `process-retrieve`: what a reader gets in a world where some things are not as they should be.
//!
//! The world: a process with the private attributes `hidden` (nobody of the reader's covers it) and `secret`, and the public `title`. The reader's
//! member stands in a role that covers `secret`. All values are the JSON string of the name.

use super::{FAMILIES, fault, good};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::blobs::{self, PutRequest, Retention};
use sealwright_process::{
    Answer, AttributeKey, Author, Commitment, Device, KeyRequest, KeySource, ManualClock, Member, Memory, Name,
    Outpoint, PairwiseSecrets, Peers, Policy, Process, Reader, Reason, Roles, Secrets, StateId, Token, TokenCheck,
    Value, create, hazmat, load_process, store_process,
};
use sealwright_types::Coded as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct World {
    /// Which attribute is asked for; null for all of them.
    pub(crate) attribute: Option<String>,
    pub(crate) faults: BTreeSet<Fault>,
    /// The key arrives after this try.
    pub(crate) arrives: Option<u32>,
    /// The peer refuses at this try; what arrives with the refusal is there.
    pub(crate) refuses: Option<u32>,
    pub(crate) tries: u32,
    pub(crate) delay: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    TokenRefused,
    NotPaired,
    NoHandshake,
    SecretsNotRestored,
    UnknownProcess,
    UnknownState,
    NotEntitled,
    NoKey,
    NoBlob,
    ShortBlob,
    DamagedBlob,
    Undecodable,
    OtherValue,
}

const READER: [u8; 32] = [1; 32];
const PROCESS: [u8; 32] = [9; 32];

struct Peer {
    asked: u32,
    arrives: Option<u32>,
    refuses: Option<u32>,
    key: AttributeKey,
    state: StateId,
}

impl KeySource<Memory> for Peer {
    fn ask(&mut self, request: &KeyRequest, storage: &mut Memory) -> Answer {
        self.asked += 1;
        if self.arrives == Some(self.asked)
            && let (Ok(Some(mut process)), Ok(name)) = (load_process(storage, &request.process), "secret".parse())
        {
            process.add_key(&self.state, &name, self.key.duplicate(), None);
            // What is not stored does not arrive, which the test notices.
            let _ = store_process(&process, storage);
        }
        if self.refuses == Some(self.asked) { Answer::Refused } else { Answer::Asked }
    }
}

struct Check(bool);

impl TokenCheck for Check {
    fn accepts(&self, _: &str, _: &str) -> bool {
        self.0
    }
}

/// The world with everything in it that a reader uses.
struct Built {
    device: Device,
    peers: Peers,
    secrets: Secrets,
    process: Outpoint,
    state: StateId,
    token: Check,
}

impl World {
    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn build(&self) -> Result<(Built, Memory, Peer), LoadError> {
        let member = Outpoint::new(READER, 0);
        let listed = if self.has(Fault::NotEntitled) { Outpoint::new([2; 32], 0) } else { member };
        let roles = format!(
            r#"{{"other":{{"members":[],"rules":[{{"device_quorum":0,"fields":["hidden"],"quorum":0}}]}},"reader":{{"members":["{listed}"],"rules":[{{"device_quorum":0,"fields":["secret"],"quorum":0}}]}}}}"#
        );
        let roles = Roles::from_input(&roles).map_err(fault("no roles"))?;
        let value = |text: &str| Ok((good::<Name>(text)?, Value::of(&text).map_err(fault("no value"))?));
        let private = [value("hidden")?, value("secret")?].into();
        let author = Author { member, keep_creator_keys: false };
        let id = Outpoint::new(PROCESS, 0);
        let made = create(id, &private, &[value("title")?].into(), roles, &BTreeSet::new(), author);
        let made = made.map_err(fault("no state"))?;
        let name = good("secret")?;
        let (key, _) = made.fresh_keys.get(&name).ok_or_else(|| LoadError::material("no key"))?;
        let state = made.process.last().ok_or_else(|| LoadError::material("no state"))?;
        let commitment = state.commitment(&name).ok_or_else(|| LoadError::material("no commitment"))?;
        let mut memory = Memory::default();
        for (blob_name, blob) in &made.blobs {
            if let Some(blob) = self.blob(key, *blob_name == commitment, blob)? {
                keep(&mut memory, *blob_name, blob)?;
            }
        }
        if !self.has(Fault::UnknownProcess) {
            let mut process: Process = made.process.without_secrets();
            if !self.has(Fault::NoKey) {
                process.add_key(&state.id(), &name, key.duplicate(), None);
            }
            store_process(&process, &mut memory).map_err(fault("no process"))?;
        }
        let mut device = Device::new(good("device")?);
        if !self.has(Fault::NotPaired) {
            device.pair(member, BTreeSet::new());
        }
        let mut peers = Peers::default();
        if !self.has(Fault::NoHandshake) {
            peers.apply_handshake([Member { id: member, addresses: device.addresses() }]).map_err(fault("nobody"))?;
        }
        let mut secrets = Secrets::default();
        if !self.has(Fault::SecretsNotRestored) {
            secrets.restore(PairwiseSecrets::default());
        }
        let real = state.id();
        let asked = if self.has(Fault::UnknownState) { StateId::from_bytes([8; 32]) } else { real };
        let peer = Peer { asked: 0, arrives: self.arrives, refuses: self.refuses, key: key.duplicate(), state: real };
        let token = Check(!self.has(Fault::TokenRefused));
        Ok((Built { device, peers, secrets, process: id, state: asked, token }, memory, peer))
    }

    /// What the store holds in the place of a blob.
    fn blob(&self, key: &AttributeKey, concerned: bool, blob: &[u8]) -> Result<Option<Vec<u8>>, LoadError> {
        let nonce = [5; 12];
        let other = || Ok::<_, LoadError>(Value::json("0").map_err(fault("no value"))?.encode());
        Ok(match concerned {
            false => Some(blob.to_vec()),
            true if self.has(Fault::NoBlob) => None,
            true if self.has(Fault::ShortBlob) => Some(blob.get(..27).unwrap_or_default().to_vec()),
            true if self.has(Fault::DamagedBlob) => Some(blob.iter().map(|byte| byte ^ 1).collect()),
            true if self.has(Fault::Undecodable) => Some(hazmat::seal(key, &nonce, b"\x02\x00null")),
            true if self.has(Fault::OtherValue) => Some(hazmat::seal(key, &nonce, other()?.expose())),
            true => Some(blob.to_vec()),
        })
    }
}

fn keep(memory: &mut Memory, key: Commitment, value: Vec<u8>) -> Result<(), LoadError> {
    let request = PutRequest { key, value, ttl: None };
    blobs::put(memory, &request, Retention::Permanent, 0).map_err(fault("no blob"))
}

impl Built {
    fn reader(&self, world: &World) -> Reader<'_> {
        Reader {
            token: Some(Token { check: &self.token, token: "token", origin: "origin" }),
            device: &self.device,
            peers: &self.peers,
            secrets: &self.secrets,
            policy: Policy { tries: world.tries, delay: world.delay },
            now: 0,
        }
    }
}

pub(crate) struct Diagnose;

/// The value, and how long each wait for the key was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Found {
    pub(crate) encoded: String,
    pub(crate) waits: Vec<u64>,
}

impl Kind for Diagnose {
    const NAME: &'static str = "process-diagnose";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = true;
    type In = World;
    type Out = Found;

    fn run(world: &World, _: Material<'_>) -> Result<Vec<Seen<Found>>, LoadError> {
        let (built, mut memory, mut peer) = world.build()?;
        let name = good(world.attribute.as_deref().unwrap_or_default())?;
        let mut clock = ManualClock::default();
        let got = built.reader(world).diagnose(&mut memory, &built.process, &built.state, &name, &mut peer, &mut clock);
        let got = got.map(|value| Found { encoded: hex::encode(value.encode().expose()), waits: clock.waits });
        Ok(vec![Seen::whole("diagnose", got.map_err(code), |found| found.encoded.len() as u64 / 2)])
    }
}

pub(crate) struct Retrieve;

/// Every name with its value or with the code of the reason; how long each wait was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct All {
    pub(crate) attributes: Vec<One>,
    pub(crate) waits: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct One {
    pub(crate) name: String,
    pub(crate) encoded: Option<String>,
    pub(crate) code: Option<String>,
}

impl Kind for Retrieve {
    const NAME: &'static str = "process-retrieve";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = true;
    type In = World;
    type Out = All;

    fn run(world: &World, _: Material<'_>) -> Result<Vec<Seen<All>>, LoadError> {
        let (built, mut memory, mut peer) = world.build()?;
        let mut clock = ManualClock::default();
        let got = built.reader(world).retrieve(&mut memory, &built.process, &built.state, &mut peer, &mut clock);
        let one = |(name, value): (Name, Result<Value, Reason>)| One {
            name: name.to_string(),
            code: value.as_ref().err().map(|reason| reason.code().to_owned()),
            encoded: value.ok().map(|value| hex::encode(value.encode().expose())),
        };
        let got =
            got.map(|all: BTreeMap<_, _>| All { attributes: all.into_iter().map(one).collect(), waits: clock.waits });
        let length = |all: &All| {
            all.attributes.iter().filter_map(|one| one.encoded.as_ref()).map(|text| text.len() as u64 / 2).sum()
        };
        Ok(vec![Seen::whole("retrieve", got.map_err(code), length)])
    }
}
