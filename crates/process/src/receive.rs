//! Taking over what another device has sent: states, votes, blobs, keys; everything or nothing (PROC-73, PROC-81, PROC-95).

use crate::apply::{ApplyError, key, load_process};
use crate::blobs::{self, BlobsOf};
use crate::change::Blobs;
use crate::commitment::Sealed;
use crate::name::Name;
use crate::process::Process;
use crate::share::{Holder, KeyShare, ShareError};
use crate::storage::{Storage, Table, Transaction};
use crate::text::Commitment;
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
}

/// Takes over a package, in one change of the stores. A single key or blob that is refused does not keep the rest out. Without a `holder`,
/// no key is taken. `now` counts seconds.
///
/// # Errors
/// [`ApplyError`]; nothing has changed then.
pub fn receive(
    package: Package,
    holder: Option<Holder<'_>>,
    storage: &mut impl Storage,
    now: u64,
) -> Result<Received, ApplyError> {
    let Package { process: sent, blobs: mut offered, shares } = package;
    let sent = sent.without_secrets();
    let mut process = match load_process(storage, &sent.id())? {
        Some(mut stored) => {
            stored.merge(sent)?;
            stored
        }
        None => sent,
    };
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
    transaction.put(Table::Processes, &key(&process.id()), process.to_json().expose())?;
    transaction.commit()?;
    Ok(Received { process, keys, refused, skipped })
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
