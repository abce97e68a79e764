//! `sigchain-verify`, `sigchain-hash`, `sigchain-compare`, `sigchain-grow`, `sigchain-keyring`, `sigchain-receive`,
//! `sigchain-build`: signed histories of devices and members.

use super::{Kind, Seen, code, private_key};
use crate::binary::{Material, field};
use crate::check::LoadError;
use sealwright_sigchain::{
    Author, BlockHash, BuildError, Built, Chain, Expired, Fault, KeyringFault, Mode, NewDevice, NotAChain, Owner,
    RingDevice, Trusted, Verified, verify_trusting,
};
use sealwright_types::{DeviceId, UserId};
use sealwright_wrap::{KeyHash, PublicKey};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

pub(crate) struct SigchainVerify;
pub(crate) struct SigchainHash;
pub(crate) struct SigchainCompare;
pub(crate) struct SigchainGrow;
pub(crate) struct SigchainKeyring;
pub(crate) struct SigchainReceive;
pub(crate) struct SigchainBuild;

/// How the blocks of a chain are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    Blocks,
    Flattened,
}

/// The text of the array of blocks; `now` in seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyInput {
    pub(crate) form: Form,
    pub(crate) chain: String,
    pub(crate) now: u64,
    pub(crate) strict: bool,
}

/// Devices in the order of their ids, members in the order of their ids, each once, and the hash of every block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) devices: Vec<Device>,
    pub(crate) members: Vec<String>,
    pub(crate) hashes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) device: String,
    pub(crate) encryption_key_hash: Option<String>,
    pub(crate) signing_key_hash: String,
    pub(crate) expire_at: u64,
    pub(crate) revoked: bool,
}

/// The text of a transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HashInput {
    pub(crate) transaction: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HashOutput {
    pub(crate) canonical: String,
    pub(crate) hash: String,
}

/// A valid chain, a hash that came over another channel, and where it has to be, or null for anywhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareInput {
    pub(crate) chain: String,
    pub(crate) now: u64,
    pub(crate) hash: String,
    pub(crate) position: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareOutput {
    pub(crate) position: u64,
}

/// A valid chain that is known, and a newer copy of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrowInput {
    pub(crate) known: String,
    pub(crate) chain: String,
    pub(crate) now: u64,
}

/// A valid chain, the key ring beside it, and the members as they are known otherwise; null for a user that is no group.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct KeyringInput {
    pub(crate) chain: String,
    pub(crate) now: u64,
    pub(crate) ring: Vec<Held>,
    pub(crate) group_members: Option<Vec<String>>,
    pub(crate) refuse_expired: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Held {
    pub(crate) device: String,
    pub(crate) encryption_key_hash: String,
    pub(crate) signing_key_hash: String,
    pub(crate) revoked: bool,
}

/// The devices that may receive new session keys, and those of them that have expired, both in the order of the ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receiving {
    pub(crate) devices: Vec<String>,
    pub(crate) expired: Vec<String>,
}

/// A valid chain, and a device with the encryption key that is to receive a session key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ReceiveInput {
    pub(crate) chain: String,
    pub(crate) now: u64,
    pub(crate) device: String,
    pub(crate) encryption_key_hash: String,
    pub(crate) refuse_expired: bool,
}

/// Whether the device has expired, which is a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiveOutput {
    pub(crate) expired: bool,
}

/// What to build on top of a chain. Members that an operation does not take are null. Keys: `author` PKCS#8, `signingKey` SPKI.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct BuildInput {
    pub(crate) chain: String,
    pub(crate) now: u64,
    pub(crate) operation: Operation,
    pub(crate) author: Option<Signer>,
    pub(crate) server: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) encryption_key_hash: Option<String>,
    pub(crate) signing_key: Option<String>,
    pub(crate) life: Option<u64>,
    pub(crate) members: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operation {
    Creation,
    Renewal,
    Revocation,
    Members,
    FurtherMembers,
    ServerRevocation,
    ServerRemoval,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signer {
    pub(crate) device: String,
    pub(crate) key: String,
}

/// The canonical transaction, its hash, the public keys that go with it, and whether a signature does. The signature itself differs each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildOutput {
    pub(crate) canonical: String,
    pub(crate) hash: String,
    pub(crate) pubkeys: Vec<String>,
    pub(crate) signed: bool,
}

impl Kind for SigchainVerify {
    const NAME: &'static str = "sigchain-verify";
    const FAMILIES: &'static [&'static str] = &["SIG"];
    const OPENS: bool = false;
    type In = VerifyInput;
    type Out = State;

    fn run(VerifyInput { form, chain, now, strict }: &VerifyInput, _: Material<'_>) -> Seens<State> {
        let mode = if *strict { Mode::Strict } else { Mode::Normal };
        let read = match form {
            Form::Blocks => Chain::from_json(chain),
            Form::Flattened => Chain::from_flattened_json(chain),
        };
        let chain = match read {
            Ok(chain) => chain,
            Err(NotAChain) => return Ok(vec![seen("verify", Err(code(NotAChain)))]),
        };
        let whole = chain.verify(*now, mode);
        let mut seens = vec![seen("verify", whole.as_ref().map(state).map_err(|&fault| code(fault)))];
        let one_by_one = chain
            .blocks()
            .iter()
            .try_fold(Verified::empty(mode), |state, block| state.extend(std::slice::from_ref(block), *now));
        let one_by_one = one_by_one.and_then(|state| chain.fault().map_or(Ok(state), Err));
        same(&whole, &one_by_one, "block by block", &mut seens);
        let valid = whole.as_ref().map_or_else(|fault| fault.position, |verified| verified.history().len());
        for known in 0..=valid {
            let (before, after) = chain.blocks().split_at_checked(known).unwrap_or_default();
            let prefix = sealwright_sigchain::verify(before, *now, mode);
            let grown = prefix.and_then(|state| state.extend(after, *now));
            let grown = grown.and_then(|state| chain.fault().map_or(Ok(state), Err));
            same(&whole, &grown, &format!("after {known} known blocks"), &mut seens);
            if let Some(position) = known.checked_sub(1)
                && let Some(hash) = before.last().map(sealwright_sigchain::Block::computed_hash)
            {
                let trusting = verify_trusting(&chain, Trusted { position, hash }, *now, mode);
                let trusting = trusting.as_ref().map(state).map_err(|&error| code(error));
                seens.push(seen(&format!("trusting block {position}"), trusting));
            }
        }
        Ok(seens)
    }
}

type Seens<O> = Result<Vec<Seen<O>>, LoadError>;

fn seen<O>(door: &str, got: Result<O, &'static str>) -> Seen<O> {
    Seen::whole(door, got, |_| 0)
}

/// A door that has to give exactly the same, position and history included.
fn same(whole: &Result<Verified, Fault>, other: &Result<Verified, Fault>, door: &str, seens: &mut Vec<Seen<State>>) {
    let got = if whole == other { other.as_ref().map(state).map_err(|&fault| code(fault)) } else { Err("differs") };
    seens.push(seen(door, got));
}

fn state(verified: &Verified) -> State {
    let mut members: Vec<_> = verified.members().iter().map(ToString::to_string).collect();
    members.sort();
    State {
        devices: verified
            .devices()
            .map(|(id, device)| Device {
                device: id.to_string(),
                encryption_key_hash: device.encryption_key.map(|hash| hash.to_string()),
                signing_key_hash: device.signing_key_hash.to_string(),
                expire_at: device.expire_at,
                revoked: device.revoked,
            })
            .collect(),
        members,
        hashes: verified.history().iter().map(|entry| entry.hash.to_string()).collect(),
    }
}

impl Kind for SigchainHash {
    const NAME: &'static str = "sigchain-hash";
    const FAMILIES: &'static [&'static str] = &["SIG"];
    const OPENS: bool = false;
    type In = HashInput;
    type Out = HashOutput;

    fn run(HashInput { transaction }: &HashInput, _: Material<'_>) -> Seens<HashOutput> {
        let text =
            format!(r#"[{{"transaction":{transaction},"signature":{{"protocol":"2","hash":"","signature":""}}}}]"#);
        let chain = Chain::from_json(&text).map_err(|_| LoadError::material("a transaction that is no JSON"))?;
        let got = match (chain.blocks(), chain.fault()) {
            ([block], _) => Ok(HashOutput { canonical: block.canonical(), hash: block.computed_hash().to_string() }),
            (_, fault) => Err(fault.map_or("nothing", code)),
        };
        Ok(vec![seen("hash", got)])
    }
}

impl Kind for SigchainCompare {
    const NAME: &'static str = "sigchain-compare";
    const FAMILIES: &'static [&'static str] = &["SIG"];
    const OPENS: bool = false;
    type In = CompareInput;
    type Out = CompareOutput;

    fn run(CompareInput { chain, now, hash, position }: &CompareInput, _: Material<'_>) -> Seens<CompareOutput> {
        let verified = good_chain(chain, *now)?.1;
        let position = position.map(usize::try_from).transpose().map_err(|_| LoadError::material("a position"))?;
        let got = match hash.parse::<BlockHash>() {
            Ok(hash) => verified.find(hash, position).map_err(code),
            Err(error) => Err(code(error)),
        };
        Ok(vec![seen("find", got.map(|position| CompareOutput { position: position as u64 }))])
    }
}

impl Kind for SigchainGrow {
    const NAME: &'static str = "sigchain-grow";
    const FAMILIES: &'static [&'static str] = &["SIG"];
    const OPENS: bool = false;
    type In = GrowInput;
    type Out = State;

    fn run(GrowInput { known, chain, now }: &GrowInput, _: Material<'_>) -> Seens<State> {
        let known = good_chain(known, *now)?.1;
        let chain = Chain::from_json(chain).map_err(|_| LoadError::material("a chain that is no JSON"))?;
        let grown = known.grow(&chain, *now);
        let mut seens = vec![seen("grow", grown.as_ref().map(state).map_err(|&error| code(error)))];
        if let (Some(position), Some(hash)) = (known.history().len().checked_sub(1), known.hash(None)) {
            let trusting = verify_trusting(&chain, Trusted { position, hash }, *now, known.mode());
            seens.push(seen("trusting", trusting.as_ref().map(state).map_err(|&error| code(error))));
        }
        Ok(seens)
    }
}

impl Kind for SigchainKeyring {
    const NAME: &'static str = "sigchain-keyring";
    const FAMILIES: &'static [&'static str] = &["SIG"];
    const OPENS: bool = false;
    type In = KeyringInput;
    type Out = Receiving;

    fn run(input: &KeyringInput, _: Material<'_>) -> Seens<Receiving> {
        let verified = good_chain(&input.chain, input.now)?.1;
        let ring: Vec<RingDevice> = input.ring.iter().map(held).collect::<Result<_, _>>()?;
        let members: Option<Vec<UserId>> = input.group_members.as_deref().map(users).transpose()?;
        let owner = members.as_deref().map_or(Owner::User, Owner::Group);
        let got = receiving(&verified, &ring, owner, input.now, expired(input.refuse_expired));
        Ok(vec![seen("key ring", got.map_err(code))])
    }
}

fn receiving(
    verified: &Verified,
    ring: &[RingDevice],
    owner: Owner<'_>,
    now: u64,
    expired: Expired,
) -> Result<Receiving, KeyringFault> {
    verified.check_keyring(ring, owner)?;
    let mut receiving = Receiving { devices: Vec::new(), expired: Vec::new() };
    for device in ring.iter().filter(|device| !device.revoked) {
        let warning = verified.may_receive(device.id, device.encryption_key, now, expired)?;
        receiving.devices.push(device.id.to_string());
        receiving.expired.extend(warning.map(|_| device.id.to_string()));
    }
    Ok(receiving)
}

fn expired(refused: bool) -> Expired {
    if refused { Expired::Refused } else { Expired::Warned }
}

impl Kind for SigchainReceive {
    const NAME: &'static str = "sigchain-receive";
    const FAMILIES: &'static [&'static str] = &["SIG"];
    const OPENS: bool = false;
    type In = ReceiveInput;
    type Out = ReceiveOutput;

    fn run(input: &ReceiveInput, _: Material<'_>) -> Seens<ReceiveOutput> {
        let verified = good_chain(&input.chain, input.now)?.1;
        let (device, hash) = (parsed(&input.device)?, parsed(&input.encryption_key_hash)?);
        let got = verified.may_receive(device, hash, input.now, expired(input.refuse_expired));
        let got = got.map(|warning| ReceiveOutput { expired: warning.is_some() });
        Ok(vec![seen("receive", got.map_err(code))])
    }
}

impl Kind for SigchainBuild {
    const NAME: &'static str = "sigchain-build";
    const FAMILIES: &'static [&'static str] = &["SIG"];
    const OPENS: bool = false;
    type In = BuildInput;
    type Out = BuildOutput;

    fn run(input: &BuildInput, _: Material<'_>) -> Seens<BuildOutput> {
        let (chain, verified) = good_chain(&input.chain, input.now)?;
        let got = match build(input, &verified)? {
            Err(error) => Err(code(error)),
            Ok(Built { block, chain: after }) => {
                let written = serde_json::to_value(&block).unwrap_or_default();
                let text =
                    serde_json::to_string(&[chain.blocks(), std::slice::from_ref(&block)].concat()).unwrap_or_default();
                let again = Chain::from_json(&text).ok().and_then(|chain| chain.verify(input.now, Mode::Strict).ok());
                if again.is_none_or(|again| again.history() != after.history()) {
                    Err("differs")
                } else {
                    Ok(BuildOutput {
                        canonical: block.canonical(),
                        hash: block.stated_hash().to_owned(),
                        pubkeys: block.public_keys().to_vec(),
                        signed: written.pointer("/signature/signature").is_some_and(|signature| signature != ""),
                    })
                }
            }
        };
        Ok(vec![seen("build", got)])
    }
}

fn build(input: &BuildInput, verified: &Verified) -> Result<Result<Built, BuildError>, LoadError> {
    let missing = || LoadError::material("a member that the operation takes is null");
    let mut next = verified.next(input.now);
    if let Some(life) = input.life {
        next = next.living(life);
    }
    let device = || input.device.as_deref().ok_or_else(missing).and_then(parsed::<DeviceId>);
    let members = || input.members.as_deref().ok_or_else(missing).and_then(users);
    let server = || input.server.as_deref().ok_or_else(missing);
    match input.operation {
        Operation::ServerRevocation => return Ok(next.server_revocation(server()?, device()?)),
        Operation::ServerRemoval => return Ok(next.server_removal(server()?, &members()?)),
        _ => {}
    }
    let signer = input.author.as_ref().ok_or_else(missing)?;
    let key = private_key(&signer.key)?;
    let author = Author { device: parsed(&signer.device)?, key: &key };
    Ok(match input.operation {
        Operation::Revocation => next.revocation(author, device()?),
        Operation::Members => next.members(author, &members()?),
        Operation::FurtherMembers => next.further_members(author, &members()?),
        _ => {
            let spki = field(input.signing_key.as_deref().ok_or_else(missing)?)?;
            let signing_key = PublicKey::from_der(&spki).map_err(|_| LoadError::material("a key that is none"))?;
            let encryption_key = parsed::<KeyHash>(input.encryption_key_hash.as_deref().ok_or_else(missing)?)?;
            let new = NewDevice { id: device()?, encryption_key, signing_key: &signing_key };
            match input.operation {
                Operation::Creation => next.creation(author, new),
                _ => next.renewal(author, new),
            }
        }
    })
}

/// A chain that has to be valid because the tests of this kind are not about that.
fn good_chain(text: &str, now: u64) -> Result<(Chain, Verified), LoadError> {
    let chain = Chain::from_json(text).map_err(|_| LoadError::material("a chain that is no JSON"))?;
    let verified = chain.verify(now, Mode::Normal);
    verified.map(|verified| (chain, verified)).map_err(|_| LoadError::material("a chain that is not valid"))
}

fn held(held: &Held) -> Result<RingDevice, LoadError> {
    Ok(RingDevice {
        id: parsed(&held.device)?,
        encryption_key: parsed(&held.encryption_key_hash)?,
        signing_key: parsed(&held.signing_key_hash)?,
        revoked: held.revoked,
    })
}

fn users(texts: &[String]) -> Result<Vec<UserId>, LoadError> {
    texts.iter().map(|text| parsed(text)).collect()
}

fn parsed<T: FromStr>(text: &str) -> Result<T, LoadError> {
    text.parse().map_err(|_| LoadError::material("an id or a hash that is none"))
}
