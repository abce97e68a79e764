//! Which devices a process needs a connection to (PROC-98).

use crate::member::{DeviceAddress, Peers};
use crate::process::Process;
use crate::secrets::PairwiseSecrets;
use crate::state::State;
use crate::text::StateId;
use crate::value::Value;
use sealwright_types::Coded;
use std::collections::BTreeSet;

/// Nobody can be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// No member stands in a role, and no state tells addresses of a pairing.
    #[error("no role has members and no state has public pairedAddresses (PROC-98)")]
    NoAddresses,
    /// The process does not have this state.
    #[error("the state is not known")]
    UnknownState,
}

impl Coded for ConnectionError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoAddresses => "no-addresses",
            Self::UnknownState => "unknown-state",
        }
    }
}

/// The devices without a confirmed secret among those that a state of the process concerns, `own` left out.
///
/// These are the devices of the members of its roles. Without any member it is a pairing process: then the addresses are those of the
/// public attribute `pairedAddresses` of the named state; when none is named, of the last state before the placeholder, or of the latest
/// earlier one that has it.
///
/// # Errors
/// [`ConnectionError`].
pub fn missing_connections(
    process: &Process,
    state: Option<&StateId>,
    own: &DeviceAddress,
    peers: &Peers,
    secrets: &PairwiseSecrets,
) -> Result<BTreeSet<DeviceAddress>, ConnectionError> {
    let named = state.map(|id| process.state(id).ok_or(ConnectionError::UnknownState)).transpose()?;
    let concerned = named.or(process.last()).ok_or(ConnectionError::UnknownState)?;
    let members = concerned.roles().members();
    let devices = if members.is_empty() {
        let found = match named {
            Some(named) => paired_addresses(named),
            None => process.states().iter().rev().find_map(paired_addresses),
        };
        found.ok_or(ConnectionError::NoAddresses)?
    } else {
        members.iter().flat_map(|member| peers.devices(member)).cloned().collect()
    };
    Ok(devices.into_iter().filter(|device| device != own && secrets.confirmed(device).is_none()).collect())
}

fn paired_addresses(state: &State) -> Option<BTreeSet<DeviceAddress>> {
    let (_, encoded) = state.public_data().iter().find(|(name, _)| name.as_str() == "pairedAddresses")?;
    let value = Value::decode(encoded).ok()?;
    serde_json::from_str(value.as_json()?).ok()
}
