//! Where the records that lead to session keys lie during an egress: in memory while they are few, else in a temporary database (EGR-51).

mod disk;
mod runs;

pub(crate) use self::disk::DiskStore;

use crate::bundle::{Bundle, MESSAGE_KEYS, PROXY_KEYS, SYM_ENC_KEYS, TMR_ACCESSES};
use crate::error::EgressError;
use crate::lines::RecordFile;
use crate::options::Options;
use sealwright_session::Records;

/// Records are kept in memory up to so many bytes of record files.
const IN_MEMORY: u64 = 64 << 20;
/// What a byte of a compressed file is taken for.
const COMPRESSION: u64 = 4;

/// No records yet, in the store that is right for those of the bundle.
pub(crate) fn records_for(bundle: &Bundle, options: &Options) -> Result<Records, EgressError> {
    let mut bytes = 0_u64;
    for name in [MESSAGE_KEYS, PROXY_KEYS, SYM_ENC_KEYS, TMR_ACCESSES] {
        for file in RecordFile::find(bundle.files(), bundle.root(), name)? {
            let factor = if file.is_compressed() { COMPRESSION } else { 1 };
            bytes = bytes.saturating_add(file.length()?.saturating_mul(factor));
        }
    }
    if bytes <= options.records_in_memory.unwrap_or(IN_MEMORY) {
        return Ok(Records::default());
    }
    let directory = options.temporary.clone().unwrap_or_else(tempfile::env::temp_dir);
    Ok(Records::in_store(Box::new(DiskStore::new(directory))))
}
