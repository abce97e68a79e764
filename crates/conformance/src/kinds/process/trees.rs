//! `process-tree`, `process-proof`: the id of a state, and what proves that something belongs to it.

use super::{FAMILIES, field, good};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen, code};
use sealwright_process::{Class, Leaves, Proof, prove, state_id};
use serde::{Deserialize, Serialize};

pub(crate) struct Tree;

/// Leaves in any order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreeIn {
    pub(crate) leaves: Vec<Leaf>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leaf {
    pub(crate) label: String,
    pub(crate) class: u8,
    pub(crate) commitment: String,
}

/// The root, and the proof of each leaf in the order of labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TreeOut {
    pub(crate) state_id: String,
    pub(crate) proofs: Vec<String>,
}

impl Kind for Tree {
    const NAME: &'static str = "process-tree";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = TreeIn;
    type Out = TreeOut;

    fn run(TreeIn { leaves }: &TreeIn, _: Material<'_>) -> Result<Vec<Seen<TreeOut>>, LoadError> {
        let read = |leaf: &Leaf| {
            let class = match leaf.class {
                0 => Class::Private,
                1 => Class::Public,
                2 => Class::Roles,
                _ => return Err(LoadError::material("no class")),
            };
            Ok((field(&leaf.label)?, (class, good(&leaf.commitment)?)))
        };
        let leaves: Leaves = leaves.iter().map(read).collect::<Result<_, _>>()?;
        let got = state_id(&leaves).map(|root| TreeOut {
            state_id: root.to_string(),
            proofs: leaves.keys().filter_map(|label| Some(prove(&leaves, label)?.to_json())).collect(),
        });
        Ok(vec![Seen::whole("tree", got.map_err(code), |_| 0)])
    }
}

pub(crate) struct ProofVerify;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ProofIn {
    pub(crate) proof: String,
    pub(crate) commitment: String,
    pub(crate) state_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verified {
    pub(crate) verified: bool,
}

impl Kind for ProofVerify {
    const NAME: &'static str = "process-proof";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = ProofIn;
    type Out = Verified;

    fn run(
        ProofIn { proof, commitment, state_id }: &ProofIn,
        _: Material<'_>,
    ) -> Result<Vec<Seen<Verified>>, LoadError> {
        let (commitment, state_id) = (good(commitment)?, good(state_id)?);
        let got = Proof::from_json(proof).map_err(code);
        let got = got.and_then(|proof| proof.verify(&commitment, &state_id).map_err(code));
        Ok(vec![Seen::whole("proof", got.map(|()| Verified { verified: true }), |_| 0)])
    }
}
