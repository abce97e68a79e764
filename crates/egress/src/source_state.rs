//! What tells whether a source is still what it was when its line was written, and whether the same would be made of it (EGR-43).
//!
//! No moment of a change is in it, as copies of a bundle differ in them, and no hash of a whole file: reading terabytes to see that nothing is
//! to be done is not free. What is sealed begins with random bytes, so that its beginning tells one sealing from every other.

use crate::files::Files;
use crate::hashed::{ShortHash, short_hash};
use crate::options::Decisions;
use crate::scan::Content;
use sealwright_envelope::file::MAGIC;
use sealwright_types::SessionId;
use std::path::Path;

/// Bytes of what is sealed in which its random ones stand: more would be as much work as opening a small file.
const OF_SEALED: usize = 4096;

/// The state of a file of this length, that begins like this; `named` is the session that somebody has named for its source (EGR-11).
pub(crate) fn of(
    files: &Files,
    path: &Path,
    (length, content, beginning): (u64, &Content, &[u8]),
    named: Option<SessionId>,
    decisions: &Decisions,
) -> ShortHash {
    let session = content.session().or(named).map(|session| *session.as_bytes());
    let beside: Vec<_> = match content {
        Content::Records(form) => form.lengths_beside(files, path).into_iter().flat_map(u64::to_le_bytes).collect(),
        _ => Vec::new(),
    };
    let decided = match content {
        Content::Plain => &decisions.plain[..],
        Content::Records(_) => &decisions.records,
        Content::Archive => &decisions.archives,
        _ => &[],
    };
    let is_sealed = beginning.starts_with(MAGIC) || matches!(content, Content::RawEnvelope(_));
    let beginning = beginning.get(..OF_SEALED).filter(|_| is_sealed).unwrap_or(beginning);
    short_hash(&[
        kind(content).as_bytes(),
        session.as_ref().map_or(&[][..], |session| session),
        &length.to_le_bytes(),
        beginning,
        &beside,
        decided,
    ])
}

fn kind(content: &Content) -> &'static str {
    match content {
        Content::Container(_) => "container",
        Content::Message(_) => "message",
        Content::LegacyMessage(_) => "legacy-message",
        Content::Records(_) => "records",
        Content::Plain => "plain",
        Content::Malformed(_) => "malformed",
        Content::Archive => "archive",
        Content::RawEnvelope(_) => "raw-envelope",
        Content::Unreadable(_) => "unreadable",
    }
}
