//! `process-share-seal`, `process-share-open`, `process-answer`, `process-connections`: keys on their way between devices.

use super::roles::{Paired, numbered, peers};
use super::{FAMILIES, array, bytes, fault, good};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::{
    AttributeKey, Author, Change, DeviceAddress, Electorate, Holder, KeyRequest, KeyShare, Outpoint, PairSecret,
    PairwiseSecrets, Peers, Process, Roles, Salt, ShareContext, StateId, Update, Value, create, hazmat,
    missing_connections, secp256k1::Schnorr, update,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a share is bound to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Context {
    pub(crate) process: String,
    pub(crate) state_id: String,
    pub(crate) attribute: String,
    pub(crate) sender: String,
    pub(crate) recipient: String,
}

impl Context {
    fn read(&self) -> Result<ShareContext, LoadError> {
        Ok(ShareContext {
            attribute: good(&self.attribute)?,
            process: good(&self.process)?,
            recipient: good(&self.recipient)?,
            sender: good(&self.sender)?,
            state_id: good(&self.state_id)?,
        })
    }
}

pub(crate) struct ShareSeal;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealIn {
    pub(crate) context: Context,
    pub(crate) secret: String,
    pub(crate) nonce: String,
    pub(crate) key: String,
    pub(crate) salt: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    pub(crate) share: String,
}

impl Kind for ShareSeal {
    const NAME: &'static str = "process-share-seal";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = SealIn;
    type Out = Share;

    fn run(input: &SealIn, _: Material<'_>) -> Result<Vec<Seen<Share>>, LoadError> {
        let secret = PairSecret::from_hex(&input.secret).map_err(fault("no secret"))?;
        let key = AttributeKey::from_hex(&input.key).map_err(fault("no key"))?;
        let salt = input.salt.as_deref().map(Salt::from_hex).transpose().map_err(fault("no salt"))?;
        let share = hazmat::seal_share(input.context.read()?, &key, salt.as_ref(), &secret, &array(&input.nonce)?);
        Ok(vec![Seen::whole("share", Ok(Share { share: hex::encode(share.as_bytes()) }), |_| 0)])
    }
}

pub(crate) struct ShareOpen;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenIn {
    pub(crate) context: Context,
    pub(crate) secret: String,
    pub(crate) share: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opened {
    pub(crate) key: String,
    pub(crate) salt: Option<String>,
}

impl Kind for ShareOpen {
    const NAME: &'static str = "process-share-open";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = true;
    type In = OpenIn;
    type Out = Opened;

    fn run(input: &OpenIn, _: Material<'_>) -> Result<Vec<Seen<Opened>>, LoadError> {
        let secret = PairSecret::from_hex(&input.secret).map_err(fault("no secret"))?;
        let share = KeyShare::from_bytes(input.context.read()?, bytes(&input.share)?);
        let through_text = KeyShare::from_json(&share.to_json()).map_err(fault("a share that is not read again"))?;
        let open = |share: &KeyShare| {
            let opened = share.open(&secret).map_err(code)?;
            let salt = opened.1.map(|salt| salt.to_hex().expose().to_owned());
            Ok(Opened { key: opened.0.to_hex().expose().to_owned(), salt })
        };
        let length = |opened: &Opened| if opened.salt.is_some() { 64 } else { 32 };
        Ok(vec![Seen::whole("bytes", open(&share), length), Seen::whole("JSON", open(&through_text), length)])
    }
}

pub(crate) struct Answer;

/// A peer with a copy of a state with private attributes, some of whose keys it has, is asked for them by a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AnswerIn {
    pub(crate) roles: String,
    pub(crate) attributes: BTreeSet<String>,
    pub(crate) keys: BTreeSet<String>,
    pub(crate) members: Vec<Paired>,
    pub(crate) asker: String,
    pub(crate) claimed_roles: Vec<String>,
    pub(crate) known_state: bool,
    pub(crate) known_process: bool,
    pub(crate) secret: SecretState,
    pub(crate) allow_pending: bool,
    /// The roles of a second state, without votes, which is the one that is asked about.
    pub(crate) next_roles: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecretState {
    None,
    Pending,
    Confirmed,
}

/// The attributes whose keys were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerOut {
    pub(crate) attributes: Vec<String>,
}

impl Kind for Answer {
    const NAME: &'static str = "process-answer";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = AnswerIn;
    type Out = AnswerOut;

    fn run(input: &AnswerIn, _: Material<'_>) -> Result<Vec<Seen<AnswerOut>>, LoadError> {
        let roles = Roles::from_input(&input.roles).map_err(fault("no roles"))?;
        let author = Author { member: Outpoint::new([0; 32], 0), keep_creator_keys: true };
        let attributes = numbered(&input.attributes)?;
        let made = create(Outpoint::new([9; 32], 0), &attributes, &BTreeMap::new(), roles, &BTreeSet::new(), author);
        let made = made.map_err(fault("no state"))?;
        let mut process = made.process.without_secrets();
        let first = made.process.last().ok_or_else(|| LoadError::material("no state"))?.id();
        let nobody = Electorate { peers: &Peers::default(), verifier: &Schnorr(BTreeMap::new()) };
        if let Some(roles) = &input.next_roles {
            let roles = Some(Roles::from_input(roles).map_err(fault("no roles"))?);
            let change = Update { roles, ..Update::default() };
            let next = update(&process, &first, &change, author, nobody, &BTreeMap::new());
            process = next.map_err(fault("no state"))?.process;
        }
        let id = process.last().ok_or_else(|| LoadError::material("no state"))?.id();
        for (name, (key, salt)) in made.fresh_keys {
            if input.keys.contains(name.as_str()) {
                process.add_key(&first, &name, key, salt);
            }
        }
        let asker: DeviceAddress = good(&input.asker)?;
        let mut secrets = PairwiseSecrets::default();
        if input.secret != SecretState::None {
            secrets.add_pending(
                asker.clone(),
                PairSecret::from_slice(&[1; 32]).ok_or_else(|| LoadError::material("no secret"))?,
            );
        }
        if input.secret == SecretState::Confirmed {
            secrets.confirm(&asker);
        }
        let (address, peers) = (good("holder")?, peers(&input.members)?);
        let holder = Holder { address: &address, peers: &peers, secrets: &secrets, allow_pending: input.allow_pending };
        let request = KeyRequest {
            asker,
            process: if input.known_process { process.id() } else { Outpoint::new([8; 32], 0) },
            roles: input.claimed_roles.iter().map(|role| good(role)).collect::<Result<_, _>>()?,
            state_ids: vec![if input.known_state { id } else { StateId::from_bytes([8; 32]) }],
        };
        let request = KeyRequest::from_json(&request.to_json()).map_err(fault("a request that is not read again"))?;
        let names = |shares: Vec<KeyShare>| shares.iter().map(|share| share.context.attribute.to_string()).collect();
        // Asked twice, it says the same.
        let electorate = Electorate { peers: &peers, verifier: &Schnorr(BTreeMap::new()) };
        let answers = [(); 2].map(|()| holder.answer(&request, &process, electorate));
        let doors = ["first", "again"].into_iter().zip(answers);
        let seen = doors.map(|(door, got)| {
            Seen::whole(door, got.map(|shares| AnswerOut { attributes: names(shares) }).map_err(code), |_| 0)
        });
        Ok(seen.collect())
    }
}

pub(crate) struct Connections;

/// States by their public `pairedAddresses`, null where a state has none; which one is named; who has a confirmed secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionsIn {
    pub(crate) roles: String,
    pub(crate) states: Vec<Option<Vec<String>>>,
    pub(crate) named: Option<usize>,
    pub(crate) members: Vec<Paired>,
    pub(crate) own: String,
    pub(crate) confirmed: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionsOut {
    pub(crate) missing: Vec<String>,
}

impl Kind for Connections {
    const NAME: &'static str = "process-connections";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = ConnectionsIn;
    type Out = ConnectionsOut;

    fn run(input: &ConnectionsIn, _: Material<'_>) -> Result<Vec<Seen<ConnectionsOut>>, LoadError> {
        let process = states(input)?;
        let mut secrets = PairwiseSecrets::default();
        for address in &input.confirmed {
            let address: DeviceAddress = good(address)?;
            secrets.add_pending(
                address.clone(),
                PairSecret::from_slice(&[1; 32]).ok_or_else(|| LoadError::material("no secret"))?,
            );
            secrets.confirm(&address);
        }
        let named = input
            .named
            .map(|index| process.states().get(index).map_or(StateId::from_bytes([8; 32]), |state| state.id()));
        let got = missing_connections(&process, named.as_ref(), &good(&input.own)?, &peers(&input.members)?, &secrets);
        let texts = |devices: BTreeSet<DeviceAddress>| devices.iter().map(DeviceAddress::to_string).collect();
        let got = got.map(|devices| ConnectionsOut { missing: texts(devices) }).map_err(code);
        Ok(vec![Seen::whole("connections", got, |_| 0)])
    }
}

/// A process with a state for each element. A number makes every state another one.
fn states(input: &ConnectionsIn) -> Result<Process, LoadError> {
    let author = Author { member: Outpoint::new([0; 32], 0), keep_creator_keys: true };
    let nothing = fault::<()>("no state");
    let rules = Roles::from_input(&input.roles).map_err(fault("no roles"))?;
    let mut process: Option<Process> = None;
    for (number, addresses) in input.states.iter().enumerate() {
        let mut public = BTreeMap::from([(good("number")?, Value::of(&number).map_err(fault("a number"))?)]);
        if let Some(addresses) = addresses {
            public.insert(good("pairedAddresses")?, Value::of(addresses).map_err(fault("addresses"))?);
        }
        let made = match &process {
            None => {
                create(Outpoint::new([9; 32], 0), &BTreeMap::new(), &public, rules.clone(), &BTreeSet::new(), author)
            }
            Some(process) => {
                let mut public: BTreeMap<_, _> =
                    public.into_iter().map(|(name, value)| (name, Change::Set(value))).collect();
                public.entry(good("pairedAddresses")?).or_insert(Change::Remove);
                let nobody = Electorate { peers: &Peers::default(), verifier: &Schnorr(BTreeMap::new()) };
                let last = process.last().map(|last| last.id()).ok_or_else(|| LoadError::material("no state"))?;
                update(process, &last, &Update { public, ..Update::default() }, author, nobody, &BTreeMap::new())
            }
        };
        process = Some(made.map_err(fault("no state"))?.process);
    }
    process.ok_or(()).map_err(nothing)
}
