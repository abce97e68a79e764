//! Archives of any shape, block by block.

use super::GenerateError;
use tar::{EntryType, Header};

/// A header block with a right checksum.
pub(super) fn header(mut header: Header, kind: EntryType, name: &[u8], size: u64) -> Vec<u8> {
    let field = &mut header.as_old_mut().name;
    field.iter_mut().zip(name).for_each(|(field, &byte)| *field = byte);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_entry_type(kind);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// A header block with some bytes of it written over, and its checksum mended.
pub(super) fn patched(block: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut block = block.to_vec();
    block.iter_mut().skip(at).zip(bytes).for_each(|(field, &byte)| *field = byte);
    let mut header = Header::from_byte_slice(&block).clone();
    header.set_cksum();
    header.as_bytes().to_vec()
}

pub(super) fn padded(body: &[u8]) -> Vec<u8> {
    let mut padded = body.to_vec();
    padded.resize(body.len().next_multiple_of(512), 0);
    padded
}

pub(super) fn entry(kind: EntryType, name: &str, content: &[u8]) -> Vec<u8> {
    [header(Header::new_ustar(), kind, name.as_bytes(), content.len() as u64), padded(content)].concat()
}

pub(super) fn regular(name: &str, content: &[u8]) -> Vec<u8> {
    entry(EntryType::Regular, name, content)
}

/// A PAX record, its length counting itself.
pub(super) fn record(key: &str, value: &str) -> Result<String, GenerateError> {
    let rest = format!(" {key}={value}\n");
    let length = (1..100_000).find(|length: &usize| *length == length.to_string().len() + rest.len());
    length.map(|length| format!("{length}{rest}")).ok_or_else(|| super::broken("a record that is too long"))
}

pub(super) fn pax(records: &[(&str, &str)]) -> Result<Vec<u8>, GenerateError> {
    let body = records.iter().map(|(key, value)| record(key, value)).collect::<Result<String, _>>()?;
    Ok(entry(EntryType::XHeader, "PaxHeader", body.as_bytes()))
}

/// The parts and two zero blocks.
pub(super) fn end(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0; 1024]].concat()
}
