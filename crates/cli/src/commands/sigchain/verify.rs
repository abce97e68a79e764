//! `sigchain verify`: every check, then what the chain says.

use super::{Rules, file};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::moment::shown;
use sealwright::sigchain::{BlockHash, Change, Device, Entry, SignedBy, Verified};
use sealwright::wrap::KeyHash;
use sealwright::{DeviceId, UserId};
use serde::Serialize;

/// Verify a sigchain, and show what it says: its history, its devices, its members.
///
/// The hash of the last block is the name of the whole chain: two people who see the same hash have the same chain.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file with a sigchain; `-` is standard input.
    file: Input,
    #[command(flatten)]
    rules: Rules,
    /// The hash that some block has to have: it came over another channel.
    #[arg(long, value_name = "HASH")]
    expect_hash: Option<BlockHash>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    valid: bool,
    strict: bool,
    at: u64,
    hash: Option<BlockHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_hash_position: Option<usize>,
    blocks: Vec<ShownBlock<'a>>,
    devices: Vec<ShownDevice>,
    members: &'a [UserId],
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownBlock<'a> {
    position: usize,
    hash: Option<BlockHash>,
    created_at: u64,
    signer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer_device: Option<DeviceId>,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<&'a [UserId]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownDevice {
    device: DeviceId,
    state: &'static str,
    created_at: u64,
    expire_at: u64,
    encryption_key_hash: Option<KeyHash>,
    signing_key_hash: KeyHash,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let (input, now) = (&arguments.file, arguments.rules.now());
    let chain = file::read(input)?;
    let verified = chain.verify(now, arguments.rules.mode()).map_err(|fault| file::failure(&fault, input))?;
    let expected = arguments.expect_hash.map(|hash| verified.find(hash, None)).transpose();
    let expected_hash_position = expected.map_err(|error| {
        Failure::of(&error)
            .hint("this is another chain than the one whose hash you were given, or an older copy of it")
            .at(input)
    })?;
    table(&verified, now, console)?;
    if let Some(position) = expected_hash_position {
        console.line(format_args!("the expected hash is that of block {position}"))?;
    }
    console.value(&Shown {
        valid: true,
        strict: arguments.rules.strict,
        at: now,
        hash: verified.hash(None),
        expected_hash_position,
        blocks: verified.history().iter().enumerate().map(|(position, entry)| shown_block(position, entry)).collect(),
        devices: verified.devices().map(|(id, device)| shown_device(id, device, now)).collect(),
        members: verified.members(),
    })
}

fn table(verified: &Verified, now: u64, console: &Console) -> Result<(), Failure> {
    console.line(format_args!("valid: {} blocks as of {}", verified.history().len(), shown(now)))?;
    for (position, entry) in verified.history().iter().enumerate() {
        console.line(format_args!("{position:>4}  {}  {}", shown(entry.created_at), words(entry)))?;
    }
    if let Some(hash) = verified.hash(None) {
        console.line(format_args!("hash    {hash}"))?;
    }
    for (id, device) in verified.devices() {
        let encryption = device.encryption_key.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
        let state = state(device, now);
        let until = shown(device.expire_at);
        console.line(format_args!("device  {id}  {state:7}  until {until}  encryption key {encryption}"))?;
    }
    for member in verified.members() {
        console.line(format_args!("member  {member}"))?;
    }
    Ok(())
}

/// What a block did and who signed it, in words.
fn words(entry: &Entry) -> String {
    let (change, operated) = match &entry.change {
        Change::Created(device, until) => (format!("creates  {device} until {}", shown(*until)), Some(*device)),
        Change::Renewed(device, until) => (format!("renews   {device} until {}", shown(*until)), Some(*device)),
        Change::Revoked(device) => (format!("revokes  {device}"), Some(*device)),
        Change::Members(members) => (format!("members  {}", list(members)), None),
        Change::MembersRemoved(members) => (format!("removes  {}", list(members)), None),
        _ => ("changes  something unknown".to_owned(), None),
    };
    let signed = match &entry.signed_by {
        SignedBy::Device(device) if Some(*device) == operated => "signed by itself".to_owned(),
        SignedBy::Device(device) => format!("signed by {device}"),
        SignedBy::Server(name) => format!("by the server {}, not signed", crate::printable::quoted(name)),
    };
    format!("{change}, {signed}")
}

fn list(members: &[UserId]) -> String {
    if members.is_empty() {
        return "nobody".to_owned();
    }
    members.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn state(device: &Device, now: u64) -> &'static str {
    match (device.revoked, device.is_expired(now)) {
        (true, _) => "revoked",
        (false, true) => "expired",
        (false, false) => "valid",
    }
}

fn shown_device(device: DeviceId, found: &Device, now: u64) -> ShownDevice {
    ShownDevice {
        device,
        state: state(found, now),
        created_at: found.created_at,
        expire_at: found.expire_at,
        encryption_key_hash: found.encryption_key,
        signing_key_hash: found.signing_key_hash,
    }
}

fn shown_block(position: usize, entry: &Entry) -> ShownBlock<'_> {
    let (signer, signer_device) = match &entry.signed_by {
        SignedBy::Device(device) => ("self", Some(*device)),
        SignedBy::Server(name) => (name.as_str(), None),
    };
    let block = ShownBlock {
        position,
        hash: Some(entry.hash),
        created_at: entry.created_at,
        signer,
        signer_device,
        ..ShownBlock::default()
    };
    match &entry.change {
        Change::Created(device, until) => {
            ShownBlock { operation: "creation", device: Some(*device), expire_at: Some(*until), ..block }
        }
        Change::Renewed(device, until) => {
            ShownBlock { operation: "renewal", device: Some(*device), expire_at: Some(*until), ..block }
        }
        Change::Revoked(device) => ShownBlock { operation: "revocation", device: Some(*device), ..block },
        Change::Members(members) => ShownBlock { operation: "members", members: Some(members), ..block },
        Change::MembersRemoved(members) => {
            ShownBlock { operation: "server-remove-members", members: Some(members), ..block }
        }
        _ => block,
    }
}
