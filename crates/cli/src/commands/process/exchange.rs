//! `process request`, `process share`, `process receive`: what travels between devices, as files.

use super::home::{Home, LONGEST, SecretsKey, from_hex, now, process, text, to_hex, warn_of_votes};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::output::{self, Output};
use crate::status::Status;
use sealwright::Coded;
use sealwright::process::blobs;
use sealwright::process::{
    Commitment, DeviceAddress, Holder, KeyRequest, KeyShare, Outpoint, Package as Sent, Process, Receiver, State,
    StateId, receive,
};
use sealwright::process_store::Disk;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Write a request for the keys that the own roles cover.
#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of the process.
    #[arg(long, value_name = "OUTPOINT")]
    id: Outpoint,
    /// The id of the state; without it, the last one that is accepted.
    #[arg(long, value_name = "STATE_ID")]
    state: Option<StateId>,
    /// Where to write it; without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<Output>,
}

/// Write what another device may have of a process: the process without keys, blobs, and the keys that its member's roles cover, sealed
/// for that device.
///
/// Blobs are those of the states that the request names; without one, of the last state that is accepted and of what is proposed after it.
#[derive(Debug, clap::Args)]
pub(crate) struct Share {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of the process.
    #[arg(long, value_name = "OUTPOINT")]
    id: Outpoint,
    /// A device, unasked; without it and without a request, the process is written without any key.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "request")]
    to: Option<DeviceAddress>,
    /// A file with a request that is answered.
    #[arg(long, value_name = "FILE")]
    request: Option<Input>,
    /// Add the blobs of all states.
    #[arg(long)]
    all_states: bool,
    /// Where to write it; without it, standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<Output>,
    #[command(flatten)]
    key: SecretsKey,
}

/// Take over what another device has shared: later states, votes, blobs, keys.
#[derive(Debug, clap::Args)]
pub(crate) struct Receive {
    /// The directory of the device.
    directory: PathBuf,
    /// A file that `process share` has written.
    file: Input,
    /// Take back own states that are not accepted, where the sender has another one in their place.
    #[arg(long)]
    instead: bool,
    #[command(flatten)]
    key: SecretsKey,
}

/// What is exchanged: the texts of the process and of the shares, as they are. Keys are in the shares only.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    blobs: BTreeMap<Commitment, String>,
    process: String,
    shares: Vec<String>,
}

#[derive(Serialize)]
struct Received<'a> {
    process: Outpoint,
    keys: usize,
    refused: &'a [Refused],
    left_out: &'a [StateId],
}

#[derive(Serialize)]
struct Refused {
    attribute: String,
    code: &'static str,
}

impl Request {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        let home = Home::open(&self.directory)?;
        let process = process(&home.store()?, &self.id)?;
        let state = home.state(&process, self.state.as_ref())?;
        let member = home.member()?;
        let roles = state.roles().iter().filter(|(_, role)| role.members.contains(&member));
        let request = KeyRequest {
            asker: home.address.clone(),
            process: self.id,
            roles: roles.map(|(name, _)| name.clone()).collect(),
            state_ids: vec![state.id()],
        };
        write(self.output.as_ref(), &request.to_json(), console)
    }
}

impl Share {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        input::read_once(self.request.iter().chain(self.key.file()))?;
        let home = Home::open(&self.directory)?;
        let store = home.store()?;
        let process = process(&store, &self.id)?;
        let request = match (&self.request, &self.to) {
            (Some(file), _) => Some(
                KeyRequest::from_json(text(file)?.expose().trim_end()).map_err(|error| Failure::of(&error).at(file))?,
            ),
            (None, Some(to)) => Some(KeyRequest {
                asker: to.clone(),
                process: self.id,
                roles: vec![],
                state_ids: vec![home.state(&process, None)?.id()],
            }),
            (None, None) => None,
        };
        let latest = home.state(&process, None)?.index();
        let named = request.as_ref().filter(|_| self.request.is_some()).map(|request| &request.state_ids);
        let states = process.states().iter().filter(|state| match named {
            _ if self.all_states => true,
            Some(ids) => ids.contains(&state.id()),
            None => state.index() >= latest,
        });
        let blobs = blobs_of(states, &store)?;
        let shares = match &request {
            Some(request) => {
                let secrets = home.secrets(&self.key.read()?)?;
                let holder =
                    Holder { address: &home.address, peers: &home.peers, secrets: &secrets, allow_pending: false };
                let (peers, verifier) = (home.all_peers(), home.verifier());
                let answer = holder.answer(request, &process, home.electorate(&peers, &verifier));
                answer.map_err(|error| {
                    Failure::of(&error)
                        .hint_for("refused", "no role of that member covers anything of this state; without --to the process can be shared without keys")
                        .hint_for("not-connected", "take over the card of that device first: `process meet`")
                })?
            }
            None => Vec::new(),
        };
        let package = Package {
            blobs,
            process: String::from_utf8(process.without_secrets().to_json().into_exposed()).unwrap_or_default(),
            shares: shares.iter().map(KeyShare::to_json).collect(),
        };
        let text = serde_json::to_string(&package).map_err(std::io::Error::from)?;
        bounded(text.len())?;
        console.note(format_args!("keys in it: {}", shares.len()));
        write(self.output.as_ref(), &text, console)
    }
}

impl Receive {
    pub(super) fn run(&self, console: &Console) -> Result<Status, Failure> {
        input::read_once([&self.file].into_iter().chain(self.key.file()))?;
        let home = Home::open(&self.directory)?;
        let malformed = || {
            Failure::new("malformed", "not what `process share` writes").hint("ask for the file again").at(&self.file)
        };
        let package: Package = serde_json::from_str(text(&self.file)?.expose()).map_err(|_| malformed())?;
        let sent = Process::from_json(package.process.as_bytes()).map_err(|_| malformed())?;
        let shares = package.shares.iter().map(|share| KeyShare::from_json(share));
        let shares = shares.collect::<Result<Vec<_>, _>>().map_err(|_| malformed())?;
        let blobs = package.blobs.iter().map(|(name, blob)| Some((*name, from_hex(blob)?)));
        let blobs = blobs.collect::<Option<_>>().ok_or_else(malformed)?;
        let secrets = if shares.is_empty() { None } else { Some(home.secrets(&self.key.read()?)?) };
        let holder = secrets.as_ref().map(|secrets| Holder {
            address: &home.address,
            peers: &home.peers,
            secrets,
            allow_pending: false,
        });
        let (peers, verifier) = (home.all_peers(), home.verifier());
        let electorate = home.electorate(&peers, &verifier);
        let receiver = Receiver { holder, electorate, instead: self.instead, now: now() };
        let received = receive(Sent { process: sent, blobs, shares }, receiver, &mut home.store()?);
        let received = received.map_err(|error| {
            Failure::of(&error)
                .hint_for("stale", "the sender has another state where one is accepted here, which is final")
        })?;
        let (merged, keys) = (&received.process, received.keys);
        let refused = received
            .refused
            .iter()
            .map(|(attribute, error)| Refused { attribute: attribute.to_string(), code: error.code() });
        let refused: Vec<_> = refused.collect();
        if !received.skipped.is_empty() {
            let count = received.skipped.len();
            console.warning(
                "blobs-skipped",
                format!("blobs that are not kept, because they belong to nothing here or differ from ours: {count}"),
            );
        }
        if !received.late.is_empty() {
            let devices: Vec<_> = received.late.iter().map(|device| crate::printable::line(device.as_str())).collect();
            console.warning(
                "late-votes",
                format!("votes against a state that is accepted, which is final, are not kept: {}", devices.join(", ")),
            );
        }
        for id in &received.withdrawn {
            console.warning("state-withdrawn", format!("gave way to the sender's: {id}"));
        }
        for id in &received.left_out {
            console.warning("state-left-out", format!("not taken over: {id}"));
        }
        if !received.left_out.is_empty() {
            console.note("a state is taken over where the one before it is accepted here (meet its voters first), a rule covers what it changes, and no own state that is not accepted stands there (--instead takes that back)");
        }
        warn_of_votes(&home, merged.states(), console);
        console.line(format_args!("process    {}", merged.id()))?;
        console.line(format_args!("states     {}", merged.states().len()))?;
        console.line(format_args!("keys       {keys}"))?;
        for Refused { attribute, code } in &refused {
            console.line(format_args!("refused    {}: [{code}]", crate::printable::line(attribute)))?;
        }
        let left_out = &received.left_out;
        console.value(&Received { process: merged.id(), keys, refused: &refused, left_out })?;
        Ok(if refused.is_empty() && left_out.is_empty() { Status::Success } else { Status::Unopened })
    }
}

/// The blobs of states that are at hand.
fn blobs_of<'a>(
    states: impl Iterator<Item = &'a State>,
    store: &Disk,
) -> Result<BTreeMap<Commitment, String>, Failure> {
    let names = states.flat_map(|state| state.private_names().filter_map(|name| state.commitment(name)));
    let (mut blobs, mut length) = (BTreeMap::new(), 0_usize);
    for name in names.collect::<BTreeSet<_>>() {
        if let Ok(blob) = blobs::get(store, &name, now()) {
            length = length.saturating_add(blob.len().saturating_mul(2));
            bounded(length)?;
            blobs.insert(name, to_hex(&blob));
        }
    }
    Ok(blobs)
}

/// Refuses what `process receive` would refuse; a line feed follows the text.
fn bounded(length: usize) -> Result<(), Failure> {
    if u64::try_from(length).is_ok_and(|length| length < LONGEST) {
        return Ok(());
    }
    Err(Failure::new("too-large", "what is shared would be longer than 256 MiB, which `process receive` does not take").hint(
        "share one state at a time: without --all-states, or by `process request --state`; the blobs of one state have room for 127 MiB",
    ))
}

fn write(target: Option<&Output>, text: &str, console: &Console) -> Result<(), Failure> {
    match target {
        Some(Output::Path(path)) => output::write(path, format!("{text}\n").as_bytes(), console.global().force),
        Some(Output::Standard) | None => console.bytes(format!("{text}\n").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_receive_takes_is_refused() {
        let longest = usize::try_from(LONGEST).unwrap();
        assert!(bounded(longest - 1).is_ok());
        assert!(bounded(longest).is_err());
    }
}
