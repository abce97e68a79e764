//! Archives that have to be opened again. An archive is opened as a whole (EGR-19).

use crate::error::EgressError;
use crate::ledger::{Ledger, Line};
use crate::scan::{Content, Item};
use std::collections::{HashMap, HashSet};

/// What the manifest says of the members of one archive, and of those of the archives in it.
#[derive(Default)]
struct Members {
    /// Archives say how many members they have.
    said: u64,
    listed: u64,
    is_unfinished: bool,
}

/// The archives among the items of which a member is not done, or has no line.
///
/// # Errors
/// When the manifest cannot be read.
pub(crate) fn unfinished(
    items: &[&Item],
    ledger: &Ledger,
    is_done: &dyn Fn(&Line) -> bool,
) -> Result<HashSet<String>, EgressError> {
    let archives = items.iter().filter(|item| item.content == Content::Archive);
    let mut archives: HashMap<_, _> = archives.map(|item| (item.source.text(), Members::default())).collect();
    if archives.is_empty() {
        return Ok(HashSet::new());
    }
    // A file may be called as a member would be.
    let files: HashSet<_> = items.iter().map(|item| item.source.text()).filter(|text| text.contains('!')).collect();
    for line in ledger.lines()? {
        let line = line?;
        let ends = line.source.match_indices('!').map(|(end, _)| end).chain([line.source.len()]);
        let mut names: Vec<_> = ends.filter_map(|end| line.source.get(..end)).collect();
        names.reverse();
        let is_item = |name: &&str| archives.contains_key(*name) || files.contains(*name);
        let Some(name) = names.into_iter().find(is_item) else { continue };
        let is_member = name.len() < line.source.len();
        let Some(members) = archives.get_mut(name) else { continue };
        members.said = members.said.saturating_add(line.members.unwrap_or(0));
        members.listed = members.listed.saturating_add(u64::from(is_member));
        members.is_unfinished = members.is_unfinished || (is_member && !is_done(&line));
    }
    let unfinished =
        archives.into_iter().filter(|(_, members)| members.is_unfinished || members.said != members.listed);
    Ok(unfinished.map(|(name, _)| name).collect())
}
