//! `process-update`: what a change does to each attribute.

use super::{FAMILIES, fault, good};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::{Kind, Seen};
use sealwright_process::secp256k1::Schnorr;
use sealwright_process::{
    Author, Class, Commitment, Electorate, Field, MemberId, Name, Outpoint, Peers, Process, ProcessResult, Roles,
    State, Update, create, input, update,
};
use sealwright_types::Coded as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Updating;

/// The first state, changes that were made before, what the author does not have, and the change that is tested.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Input {
    pub(crate) author: String,
    pub(crate) keep_creator_keys: bool,
    pub(crate) private: String,
    pub(crate) public: String,
    pub(crate) roles: String,
    pub(crate) blinded: Vec<String>,
    pub(crate) before: Vec<Delta>,
    pub(crate) without_keys: bool,
    pub(crate) without_blobs: bool,
    /// The place of the state that it is built on.
    pub(crate) on: usize,
    pub(crate) change: Option<Delta>,
}

/// Changes as inputs write them: JSON texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delta {
    pub(crate) private: String,
    pub(crate) public: String,
    pub(crate) roles: Option<String>,
    pub(crate) blinded: Vec<String>,
}

/// The new state against the one before it; without a change the first state against nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) index: u64,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) changed: Vec<String>,
    pub(crate) blobs: usize,
    pub(crate) diffs: Vec<Told>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) class: String,
    /// `kept`: as in the state before; else `new`.
    pub(crate) commitment: String,
    /// `kept`, `new`, or `none`: the author does not have it.
    pub(crate) key: String,
    /// Whether the author has a salt.
    pub(crate) blinded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    pub(crate) attribute: String,
    pub(crate) notify: Vec<String>,
}

enum Refused {
    Library(&'static str),
    File(LoadError),
}

impl From<LoadError> for Refused {
    fn from(error: LoadError) -> Self {
        Self::File(error)
    }
}

fn library(error: impl sealwright_types::Coded) -> Refused {
    Refused::Library(error.code())
}

impl Kind for Updating {
    const NAME: &'static str = "process-update";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(given: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let got = match given.make() {
            Ok(output) => Ok(output),
            Err(Refused::Library(code)) => Err(code),
            Err(Refused::File(error)) => return Err(error),
        };
        Ok(vec![Seen::whole("update", got, |_| 0)])
    }
}

impl Input {
    fn make(&self) -> Result<Output, Refused> {
        let author = Author { member: good(&self.author)?, keep_creator_keys: self.keep_creator_keys };
        let (private, public) = (attributes(&self.private)?, attributes(&self.public)?);
        let roles = Roles::from_input(&self.roles).map_err(fault("no roles"))?;
        let made = create(Outpoint::new([9; 32], 0), &private, &public, roles, &names(&self.blinded)?, author);
        let mut made = made.map_err(library)?;
        let mut blobs = made.blobs.clone();
        let Some(change) = &self.change else { return Ok(describe(None, &made)?) };
        for delta in &self.before {
            let last = last(&made.process)?.id();
            made = update(&made.process, &last, &delta.read()?, author, electorate(), &blobs).map_err(library)?;
            blobs.extend(made.blobs.clone());
        }
        let mut before = made.process;
        if self.without_keys {
            before = before.without_secrets();
        }
        if self.without_blobs {
            blobs.clear();
        }
        let on = before.states().get(self.on).ok_or_else(|| LoadError::material("no such state"))?.id();
        let change = change.read()?;
        let after = update(&before, &on, &change, author, electorate(), &blobs).map_err(library)?;
        Ok(describe(Some(last(&before)?), &after)?)
    }
}

impl Delta {
    fn read(&self) -> Result<Update, Refused> {
        let delta = |text: &str| input::delta(text).map_err(|error| Refused::Library(error.code()));
        let roles = self.roles.as_deref().map(Roles::from_input).transpose().map_err(fault("no roles"))?;
        let (private, public) = (delta(&self.private)?, delta(&self.public)?);
        Ok(Update { private, public, roles, blinded: names(&self.blinded)? })
    }
}

/// The rules of these tests are satisfied without votes.
fn electorate() -> Electorate<'static> {
    static NOBODY: Schnorr<BTreeMap<sealwright_process::DeviceAddress, [u8; 32]>> = Schnorr(BTreeMap::new());
    static PEERS: std::sync::LazyLock<Peers> = std::sync::LazyLock::new(Peers::default);
    Electorate { peers: &PEERS, verifier: &NOBODY }
}

fn attributes(text: &str) -> Result<sealwright_process::Attributes, Refused> {
    input::attributes(text).map_err(|error| Refused::Library(error.code()))
}

fn names(texts: &[String]) -> Result<BTreeSet<Name>, LoadError> {
    texts.iter().map(|text| good(text)).collect()
}

fn last(process: &Process) -> Result<&State, LoadError> {
    process.last().ok_or_else(|| LoadError::material("no state"))
}

fn describe(before: Option<&State>, made: &ProcessResult) -> Result<Output, LoadError> {
    let state = last(&made.process)?;
    let attribute = |(name, commitment): (&Name, &Commitment)| {
        let old = before.and_then(|before| before.commitment(name));
        let key = |state: &State| state.key(name).map(|key| *key.expose());
        let word = match (before.and_then(key), key(state)) {
            (_, None) => "none",
            (Some(old), Some(new)) if old == new => "kept",
            _ => "new",
        };
        Attribute {
            name: name.to_string(),
            class: if state.class(name) == Some(Class::Public) { "public" } else { "private" }.to_owned(),
            commitment: if old == Some(*commitment) { "kept" } else { "new" }.to_owned(),
            key: word.to_owned(),
            blinded: state.salt(name).is_some(),
        }
    };
    let told = |diff: &sealwright_process::Diff| Told {
        attribute: diff.attribute.to_string(),
        notify: diff.notify.iter().map(MemberId::to_string).collect(),
    };
    Ok(Output {
        index: state.index(),
        attributes: state.commitments().iter().map(attribute).collect(),
        changed: before.map(|before| before.changed(state)).unwrap_or_default().iter().map(Field::to_string).collect(),
        blobs: made.blobs.len(),
        diffs: made.diffs.iter().map(told).collect(),
    })
}
