//! Taking over what another device has sent: states, votes, blobs, keys; everything or nothing (PROC-73, PROC-81, PROC-95).

use crate::apply::{ApplyError, forget_diffs, load_process, put_process};
use crate::blobs::{self, BlobsOf};
use crate::change::Blobs;
use crate::commitment::Sealed;
use crate::meet::{Met, meet};
use crate::member::DeviceAddress;
use crate::name::Name;
use crate::process::Process;
use crate::share::{Holder, KeyShare, ShareError};
use crate::storage::{Storage, Transaction};
use crate::text::{Commitment, StateId};
use crate::vote::Electorate;
use std::collections::{BTreeMap, BTreeSet};

/// What another device has sent.
#[derive(Debug)]
pub struct Package {
    /// Its copy of the process. Keys in it are not taken over: they come in shares, from whom we know.
    pub process: Process,
    /// Blobs by the names that it says they have.
    pub blobs: BTreeMap<Commitment, Vec<u8>>,
    /// Keys.
    pub shares: Vec<KeyShare>,
}

/// Who takes something over, and how.
#[derive(Clone, Copy)]
pub struct Receiver<'a> {
    /// Opens shares; without one, no key is taken.
    pub holder: Option<Holder<'a>>,
    /// Says which states are accepted.
    pub electorate: Electorate<'a>,
    /// Whether a state of ours that is not accepted gives way to any that the sender has at its place.
    pub instead: bool,
    /// The time in seconds.
    pub now: u64,
}

/// What was taken over.
#[derive(Debug)]
pub struct Received {
    /// The process as it is stored now.
    pub process: Process,
    /// How many keys were added, or took the place of one that did not open its blob.
    pub keys: usize,
    /// The keys that were not taken, and why.
    pub refused: Vec<(Name, ShareError)>,
    /// The blobs that were not kept: of no private attribute, empty, or other bytes than ours without a key that shows ours to be damaged.
    pub skipped: BTreeSet<Commitment>,
    /// The devices with a vote against a state that is recorded as accepted: such a vote comes too late, and is not kept (PROC-64).
    pub late: BTreeSet<DeviceAddress>,
    /// The sender's states that were not taken: nobody can accept them, they do not stand on an accepted state, or ours did not give way.
    pub left_out: Vec<StateId>,
    /// Our states that gave way.
    pub withdrawn: Vec<StateId>,
}

/// Takes over a package, in one change of the stores. A single key or blob that is refused does not keep the rest out.
///
/// # Errors
/// [`ApplyError`]; nothing has changed then.
pub fn receive(package: Package, receiver: Receiver<'_>, storage: &mut impl Storage) -> Result<Received, ApplyError> {
    let Package { process: sent, blobs: mut offered, shares } = package;
    let Receiver { holder, electorate, instead, now } = receiver;
    let stored = load_process(storage, &sent.id())?;
    let Met { mut process, late, left_out, withdrawn } = meet(stored, &sent, electorate, instead)?;
    let named = private_commitments(&process);
    let mut skipped = BTreeSet::new();
    offered.retain(|name, blob| {
        let kept = named.contains(name) && !blob.is_empty();
        kept || !skipped.insert(*name)
    });
    let (mut keys, mut refused) = (0_usize, Vec::new());
    let ours = BlobsOf { storage, now };
    for (share, holder) in shares.iter().filter_map(|share| Some((share, holder?))) {
        let mut taken = holder.receive(share, &mut process, &First(&ours, &offered));
        // A damaged blob of ours would keep the right key out for ever.
        if taken == Err(ShareError::Rejected) && !opened_with_ours(&process, share, &ours) {
            taken = holder.receive(share, &mut process, &First(&offered, &ours));
        }
        match taken {
            Ok(added) => keys = keys.saturating_add(added.into()),
            Err(error) => refused.push((share.context.attribute.clone(), error)),
        }
    }
    let replaced = resolve(&process, &mut offered, &ours, &mut skipped);
    let mut transaction = storage.begin()?;
    for (name, blob) in &offered {
        if replaced.contains(name) {
            blobs::replace(&mut transaction, name, blob)?;
        } else {
            blobs::put_for_ever(&mut transaction, name, blob, now)?;
        }
    }
    put_process(&mut transaction, &process)?;
    forget_diffs(&mut transaction, &process)?;
    transaction.commit()?;
    Ok(Received { process, keys, refused, skipped, late, left_out, withdrawn })
}

/// The blob of the first that has it.
struct First<'a>(&'a dyn Blobs, &'a dyn Blobs);

impl Blobs for First<'_> {
    fn blob(&self, name: &Commitment) -> Option<Vec<u8>> {
        self.0.blob(name).or_else(|| self.1.blob(name))
    }
}

fn private_commitments(process: &Process) -> BTreeSet<Commitment> {
    let names =
        |state: &crate::State| state.private_names().filter_map(|name| state.commitment(name)).collect::<Vec<_>>();
    process.states().iter().flat_map(names).collect()
}

/// Whether a held key opens a blob with this name.
fn opens(process: &Process, commitment: &Commitment, blob: &[u8]) -> bool {
    process.states().iter().any(|state| {
        state.private_names().any(|name| {
            let Some(key) = state.key(name).filter(|_| state.commitment(name) == Some(*commitment)) else {
                return false;
            };
            let (process, label) = (state.process(), name.clone().into());
            let (commitment, salt) = (*commitment, state.salt(name));
            Sealed { process: &process, label: &label, commitment, key, salt, blob }.read().is_ok()
        })
    })
}

fn opened_with_ours(process: &Process, share: &KeyShare, ours: &dyn Blobs) -> bool {
    let state = process.state(&share.context.state_id);
    let commitment = state.and_then(|state| state.commitment(&share.context.attribute));
    commitment.is_some_and(|name| ours.blob(&name).is_some_and(|blob| opens(process, &name, &blob)))
}

/// Where other bytes are offered than we have: ours stay, unless a key shows that they are damaged and the offered ones are not.
fn resolve(
    process: &Process,
    offered: &mut BTreeMap<Commitment, Vec<u8>>,
    ours: &dyn Blobs,
    skipped: &mut BTreeSet<Commitment>,
) -> BTreeSet<Commitment> {
    let mut replaced = BTreeSet::new();
    offered.retain(|name, theirs| {
        let Some(held) = ours.blob(name).filter(|held| held != theirs) else { return true };
        let better = !opens(process, name, &held) && opens(process, name, theirs);
        let set = if better { &mut replaced } else { &mut *skipped };
        set.insert(*name);
        better
    });
    replaced
}
