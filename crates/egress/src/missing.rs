//! Lines of an output whose source is not in the bundle, or not any more: a disk that is not mounted must not pass for data that is done.

use crate::error::EgressError;
use crate::hashed::ShortHash;
use crate::ledger::Lines;
use crate::report::Listed;
use crate::scan::{Content, Item};
use std::collections::HashMap;

/// The sources of lines that are none of these items, ordered like them, nor members of them.
pub(crate) fn sources(items: &[&Item], lines: Lines) -> Result<Listed<String>, EgressError> {
    let archives: HashMap<_, _> = items
        .iter()
        .filter(|item| matches!(item.content, Content::Archive | Content::Unreadable(_)))
        .map(|item| (item.source.text(), item.state))
        .collect();
    let mut items = items.iter().map(|item| item.source.bytes()).peekable();
    let mut missing = Listed::default();
    for line in lines {
        let line = line?;
        let source = line.source_key();
        while items.next_if(|item| *item < source).is_some() {}
        if items.peek() != Some(&source) && !is_member(&line.source, &archives, |state| line.is_of(state)) {
            missing.add(|| line.source);
        }
    }
    Ok(missing)
}

/// Whether an archive that is there holds the source. Of one that cannot be read now nobody knows.
fn is_member(
    source: &str,
    archives: &HashMap<String, Option<ShortHash>>,
    is_of: impl Fn(Option<ShortHash>) -> bool,
) -> bool {
    let mut names = source.match_indices('!').filter_map(|(end, _)| source.get(..end));
    names.any(|name| archives.get(name).is_some_and(|&state| state.is_none() || is_of(state)))
}
