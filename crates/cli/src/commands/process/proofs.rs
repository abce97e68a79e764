//! `process prove` and `process verify`: that an attribute belongs to a state, shown to somebody who has neither key nor directory.

use super::home::{Home, process, read_input, text};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use sealwright::process::{Class, Commitment, Field, Outpoint, Proof, StateId, commit, input};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Prove that an attribute, or `#roles`, belongs to a state. The proof holds no value and no key.
#[derive(Debug, clap::Args)]
pub(crate) struct Prove {
    /// The directory of the device.
    directory: PathBuf,
    /// The id of the process.
    #[arg(long, value_name = "OUTPOINT")]
    id: Outpoint,
    /// The id of the state; without it, the last one that is accepted.
    #[arg(long, value_name = "STATE_ID")]
    state: Option<StateId>,
    /// The attribute, or `#roles`.
    #[arg(long, value_name = "NAME")]
    attribute: Field,
}

/// Verify a proof: that its commitment belongs to the state. Take the id of the state from where you trust it, not from the proof.
///
/// Of which attribute it is shows only with the value: names are in commitments, not in proofs.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// A file with a proof, as `process prove` prints it.
    proof: Input,
    /// The id of the state.
    #[arg(long, value_name = "STATE_ID")]
    state: StateId,
    /// A file with the value of the attribute, JSON as for `create`: whether the commitment is to this value. Blinded commitments cannot
    /// be checked so.
    #[arg(long, value_name = "FILE")]
    value: Option<Input>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    attribute: Field,
    commitment: Commitment,
    process: Outpoint,
    proof: Proof,
}

#[derive(Serialize)]
struct Verified {
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<Field>,
    commitment: Commitment,
    state_id: StateId,
    value: bool,
}

impl Prove {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        let home = Home::open(&self.directory)?;
        let process = process(&home.store()?, &self.id)?;
        let state = home.state(&process, self.state.as_ref())?;
        let unknown = || Failure::new("unknown-attribute", "the state has no such attribute");
        let commitment = match &self.attribute {
            Field::Roles => Some(state.roles_commitment()),
            Field::Attribute(name) => state.commitment(name),
        };
        let (commitment, proof) = commitment.zip(state.prove(&self.attribute)).ok_or_else(unknown)?;
        console.json(&Statement { attribute: self.attribute.clone(), commitment, process: self.id, proof })
    }
}

impl Verify {
    pub(super) fn run(&self, console: &Console) -> Result<(), Failure> {
        let statement: Statement = read_input(&self.proof)?;
        let refused = |failure: Failure| {
            failure.hint_for("rejected", "the proof is of another state or attribute, or was changed").at(&self.proof)
        };
        statement.proof.verify(&statement.commitment, &self.state).map_err(|error| refused(Failure::of(&error)))?;
        if (statement.proof.class == Class::Roles) != (statement.attribute == Field::Roles) {
            return Err(refused(Failure::new("rejected", "the proof is not of a commitment of this class")));
        }
        if let Some(file) = &self.value {
            let members = format!("{{\"value\":{}}}", text(file)?.expose());
            let value = input::attributes(&members).map_err(|error| Failure::of(&error).at(file))?;
            let encoded = value.values().next().map(|value| value.encode());
            let same = encoded.is_some_and(|encoded| {
                commit(&statement.process, &statement.attribute, encoded.expose(), None) == statement.commitment
            });
            if !same || value.len() != 1 {
                return Err(Failure::new(
                    "commitment-mismatch",
                    "the commitment is not to this value, or it is blinded",
                )
                .at(file));
            }
        }
        let (state_id, commitment) = (self.state, statement.commitment);
        // Without the value a name in the proof is a mere claim, but for the roles, whose class is in the tree.
        let attribute = Some(statement.attribute).filter(|name| self.value.is_some() || *name == Field::Roles);
        match &attribute {
            Some(name) => {
                let with_value = if self.value.is_some() { ", with this value" } else { "" };
                console.line(format_args!(
                    "{} belongs to state {state_id}{with_value}",
                    crate::printable::line(name.as_str())
                ))?;
            }
            None => console.line(format_args!(
                "the commitment {commitment} belongs to state {state_id}; of which attribute it is, --value tells"
            ))?,
        }
        console.value(&Verified { attribute, commitment, state_id, value: self.value.is_some() })
    }
}
