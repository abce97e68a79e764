//! `process show` and `process open`: what anybody may see, and what only readers may.

use super::home::{Home, SecretsKey, now, process, warn_of_votes};
use super::states::outcome;
use crate::console::Console;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::printable;
use crate::status::Status;
use sealwright::Coded;
use sealwright::process::{
    Ballot, ManualClock, Name, NoPeers, Outpoint, Policy, ProcessView, PublicValue, Reader, Reason, Retrieved, Secrets,
    StateId, Value, input, load_process, process_ids,
};
use serde::Serialize;
use std::path::PathBuf;

/// Show processes: public data, names, commitments, roles, votes. Nothing that is opened, and no key.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of a process; without it, all of them.
    #[arg(long, value_name = "OUTPOINT")]
    id: Option<Outpoint>,
}

/// Open a state: the value of every attribute, or the reason why there is none and what to do about it.
#[derive(Debug, clap::Args)]
pub(crate) struct Open {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of the process.
    #[arg(long, value_name = "OUTPOINT")]
    id: Outpoint,
    /// The id of the state; without it, the last one that is accepted.
    #[arg(long, value_name = "STATE_ID")]
    state: Option<StateId>,
    /// One attribute only.
    #[arg(long, value_name = "NAME")]
    attribute: Option<Name>,
    /// Write the one attribute into a file: the bytes of a binary value, else JSON.
    #[arg(long, short, value_name = "FILE", requires = "attribute")]
    output: Option<Output>,
    #[command(flatten)]
    key: SecretsKey,
}

#[derive(Serialize)]
struct Shown<'a> {
    outcomes: Vec<&'static str>,
    #[serde(flatten)]
    view: &'a ProcessView,
}

#[derive(Serialize)]
struct Opened<'a> {
    attribute: &'a Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

impl Show {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        let home = Home::open(&self.directory)?;
        let store = home.store()?;
        let ids = match self.id {
            Some(id) => vec![id],
            None => process_ids(&store).map_err(|error| Failure::of(&error))?,
        };
        let (peers, verifier) = (home.all_peers(), home.verifier());
        for id in ids {
            let shown = process(&store, &id)?;
            let view = shown.view();
            let electorate = home.electorate(&peers, &verifier);
            let outcomes = shown.outcomes(electorate).into_iter().map(outcome).collect();
            console.line(format_args!("process    {id}"))?;
            for ((state, outcome), judged) in view.states.iter().zip(&outcomes).zip(shown.states()) {
                let ballot = Ballot::count(judged.validation_tokens(), &judged.motion(), &verifier);
                console.line(format_args!(
                    "state      {} ({outcome}, votes {})",
                    state.state_id,
                    ballot.votes().len()
                ))?;
                for name in &state.private {
                    console.line(format_args!("private    {}", printable::line(name.as_str())))?;
                }
                for (name, value) in &state.public_data {
                    let value = match value {
                        PublicValue::Json(text) => text.clone(),
                        PublicValue::Binary { media_type, bytes } => format!("{media_type} {bytes}"),
                    };
                    console.line(format_args!(
                        "public     {}: {}",
                        printable::line(name.as_str()),
                        printable::line(&value)
                    ))?;
                }
                for (name, role) in state.roles.iter() {
                    console.line(format_args!(
                        "role       {}: members {}",
                        printable::line(name.as_str()),
                        role.members.len()
                    ))?;
                }
            }
            warn_of_votes(&home, shown.states(), console);
            console.value(&Shown { outcomes, view: &view })?;
        }
        Ok(())
    }
}

impl Open {
    pub(super) fn run(&self, console: &Console) -> Result<Status, Failure> {
        if let Some(Output::Path(target)) = &self.output {
            output::check(target, console.global().force)?;
        }
        let home = Home::open(&self.directory)?;
        // Without the key nothing is restored, and public attributes are shown all the same.
        let secrets = match self.key.file() {
            Some(_) => home.restored(&self.key.read()?)?,
            None => Secrets::default(),
        };
        let mut store = home.store()?;
        let state = match (self.state, load_process(&store, &self.id).map_err(|error| Failure::of(&error))?) {
            (Some(id), _) => id,
            (None, Some(process)) => home.state(&process, None)?.id(),
            // The reader says what is missing first (PROC-110).
            (None, None) => StateId::NONE,
        };
        // Peers are asked through files, not from here: one look.
        let policy = Policy { tries: 0, ..Policy::default() };
        let reader =
            Reader { token: None, device: &home.device, peers: &home.peers, secrets: &secrets, policy, now: now() };
        let (mut peers, mut clock) = (NoPeers, ManualClock::default());
        let Some(name) = &self.attribute else {
            let all = reader.retrieve(&mut store, &self.id, &state, &mut peers, &mut clock).map_err(failure)?;
            return tell(&all, console);
        };
        let value = reader.diagnose(&mut store, &self.id, &state, name, &mut peers, &mut clock).map_err(failure)?;
        self.write(name, &value, console)?;
        Ok(Status::Success)
    }

    fn write(&self, name: &Name, value: &Value, console: &Console) -> Result<(), Failure> {
        let bytes = match (value.as_binary(), value.as_json()) {
            (Some((_, bytes)), _) => bytes,
            (None, json) => json.unwrap_or_default().as_bytes(),
        };
        match &self.output {
            Some(Output::Path(target)) => {
                output::write(target, bytes, console.global().force)?;
                console.note(format_args!("wrote {} into {}", printable::line(name.as_str()), target.display()));
                Ok(())
            }
            Some(Output::Standard) => console.bytes(bytes),
            None => one(name, &Ok(value), console),
        }
    }
}

fn tell(all: &Retrieved, console: &Console) -> Result<Status, Failure> {
    for (name, value) in all {
        one(name, &value.as_ref().map_err(|reason| *reason), console)?;
    }
    let unopened = all.values().any(Result::is_err);
    Ok(if unopened { Status::Unopened } else { Status::Success })
}

fn one(name: &Name, value: &Result<&Value, Reason>, console: &Console) -> Result<(), Failure> {
    let shown = printable::line(name.as_str());
    match value {
        Ok(value) => {
            let text = input::write(value);
            console.line(format_args!("{shown}: {}", printable::line(&text)))?;
            console.value(&Opened { attribute: name, value: Some(&text), code: None })
        }
        Err(reason) => {
            let (code, remedy) = (reason.code(), remedy(*reason));
            console.line(format_args!("{shown}: [{code}] {reason}; {remedy}"))?;
            console.value(&Opened { attribute: name, value: None, code: Some(code) })
        }
    }
}

fn failure(reason: Reason) -> Failure {
    Failure::of(&reason).hint(remedy(reason))
}

/// The remedy, in terms of this program where it has one of its own.
fn remedy(reason: Reason) -> &'static str {
    match reason {
        Reason::SecretsNotRestored => "give --secrets-key-file",
        Reason::UnknownProcess => "take it over from another device: `sealwright process receive`",
        Reason::NoHandshake => "take over the cards of others: `sealwright process meet`",
        Reason::KeyTimeout | Reason::KeyRefused => "ask for it: `sealwright process request`",
        other => other.remedy(),
    }
}
