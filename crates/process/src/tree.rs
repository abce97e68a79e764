//! The id of a state is the root of a tree over its commitments; a path in it proves that one of them belongs to the state (PROC-40, PROC-41).

use crate::json;
use crate::name::Field;
use crate::tagged::hash;
use crate::text::{Commitment, StateId};
use sealwright_types::{Coded, Malformed};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;

/// What a leaf stands for. A number in proofs and in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 0: a private attribute.
    Private,
    /// 1: a public attribute.
    Public,
    /// 2: the roles document.
    Roles,
}

/// The leaves of a state, sorted by label.
pub type Leaves = BTreeMap<Field, (Class, Commitment)>;

/// That a commitment belongs to a state. No key is needed to make or to verify one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What the leaf stands for.
    pub class: Class,
    /// The siblings, from the leaf up.
    pub path: Vec<Step>,
    /// The id of the state.
    pub root: StateId,
}

/// One sibling on the way up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its hash.
    pub h: StateId,
    /// Where it stands.
    pub side: Side,
}

/// Where a sibling stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Left.
    L,
    /// Right.
    R,
}

/// The proof does not show that the commitment belongs to the state (PROC-41).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rejected: the proof does not lead from this commitment to this state (PROC-41)")]
pub struct ProofRejected;

impl Coded for ProofRejected {
    fn code(&self) -> &'static str {
        "rejected"
    }
}

/// Steps of a proof at most (PROC-41).
const LONGEST: usize = 64;

impl Class {
    fn number(self) -> u8 {
        match self {
            Self::Private => 0,
            Self::Public => 1,
            Self::Roles => 2,
        }
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for Class {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(Self::Private),
            1 => Ok(Self::Public),
            2 => Ok(Self::Roles),
            _ => Err(de::Error::custom("no class")),
        }
    }
}

/// The root over the leaves (PROC-40).
///
/// # Errors
/// [`Malformed`] when there are none.
pub fn state_id(leaves: &Leaves) -> Result<StateId, Malformed> {
    let mut level: Vec<_> = leaves.values().map(|(class, commitment)| leaf(*class, *commitment)).collect();
    while level.len() > 1 {
        level = next_level(&level);
    }
    level.first().map(|root| StateId::from_bytes(*root)).ok_or(Malformed::new(0, "PROC-40"))
}

/// The proof for one label; `None` if it is not among the leaves.
pub fn prove(leaves: &Leaves, label: &Field) -> Option<Proof> {
    let (class, _) = leaves.get(label)?;
    let root = state_id(leaves).ok()?;
    let mut place = leaves.keys().position(|present| present == label)?;
    let mut level: Vec<_> = leaves.values().map(|(class, commitment)| leaf(*class, *commitment)).collect();
    let mut path = Vec::new();
    while level.len() > 1 {
        let (sibling, side) = if place & 1 == 0 { (place.saturating_add(1), Side::R) } else { (place ^ 1, Side::L) };
        // A node without sibling is promoted and leaves no step.
        path.extend(level.get(sibling).map(|hash| Step { h: StateId::from_bytes(*hash), side }));
        level = next_level(&level);
        place >>= 1;
    }
    Some(Proof { class: *class, path, root })
}

impl Proof {
    /// Reads a proof in exactly the form of PROC-41.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_json(text: &str) -> Result<Self, Malformed> {
        let proof: Self = json::read(text.as_bytes(), "PROC-41")?;
        if proof.path.len() > LONGEST { Err(Malformed::new(0, "PROC-41")) } else { Ok(proof) }
    }

    /// The form of PROC-41.
    pub fn to_json(&self) -> String {
        json::write_text(self)
    }

    /// Computes the root from class and commitment and compares it with both the proof's own and the state's id.
    ///
    /// # Errors
    /// [`ProofRejected`].
    pub fn verify(&self, commitment: &Commitment, state: &StateId) -> Result<(), ProofRejected> {
        if self.path.len() > LONGEST {
            return Err(ProofRejected);
        }
        let root = self.path.iter().fold(leaf(self.class, *commitment), |hash, step| match step.side {
            Side::L => node(step.h.as_bytes(), &hash),
            Side::R => node(&hash, step.h.as_bytes()),
        });
        let root = StateId::from_bytes(root);
        if root == self.root && root == *state { Ok(()) } else { Err(ProofRejected) }
    }
}

fn leaf(class: Class, commitment: Commitment) -> [u8; 32] {
    hash("leaf", &[&[class.number()], commitment.as_bytes()])
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    hash("node", &[left, right])
}

fn next_level(level: &[[u8; 32]]) -> Vec<[u8; 32]> {
    level
        .chunks(2)
        .filter_map(|pair| match pair {
            [left, right] => Some(node(left, right)),
            [alone] => Some(*alone),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(count: u8) -> Leaves {
        let name = |number: u8| format!("a{number:03}").parse().unwrap();
        (0..count).map(|number| (name(number), (Class::Private, Commitment::from_bytes([number; 32])))).collect()
    }

    #[test]
    fn the_roots_of_the_specification() {
        for (count, root) in [
            (1, "7844cdc5a46d55d06555c7bf39b6d54cc33f2662011707df00c53129688e3a29"),
            (3, "8961414af975c0e5aea12d276ab6ce58cf97f04b44b4912f147691f0e7507231"),
            (5, "7e398267d9145affd3bdf48dbe47c5161d3c92e7e9c948c29b779f4fa67aa0fb"),
            (8, "20ac9ec71542bb4651f0901345413503392f2e434bcf3b4329e0a6e67eeb1154"),
        ] {
            assert_eq!(state_id(&leaves(count)).unwrap().to_string(), root);
        }
        assert!(state_id(&leaves(0)).is_err());
    }

    proptest! {
        #[test]
        fn a_proof_shows_its_own_commitment_only(count in 1..40_u8, which: prop::sample::Index, other in 0..40_u8) {
            let leaves = leaves(count);
            let (label, (_, commitment)) = leaves.iter().nth(which.index(count.into())).unwrap();
            let proof = prove(&leaves, label).unwrap();
            prop_assert_eq!(&Proof::from_json(&proof.to_json()).unwrap(), &proof);
            prop_assert_eq!(proof.verify(commitment, &proof.root), Ok(()));
            let other = Commitment::from_bytes([other; 32]);
            prop_assert_eq!(proof.verify(&other, &proof.root).is_ok(), other == *commitment);
            for step in 0..proof.path.len() {
                let mut wrong = proof.clone();
                wrong.path.remove(step);
                prop_assert!(wrong.verify(commitment, &proof.root).is_err());
                let mut wrong = proof.clone();
                wrong.path[step].side = if wrong.path[step].side == Side::L { Side::R } else { Side::L };
                prop_assert!(wrong.verify(commitment, &proof.root).is_err());
            }
            let wrong = Proof { class: Class::Public, ..proof.clone() };
            prop_assert!(wrong.verify(commitment, &proof.root).is_err());
        }
    }
}
