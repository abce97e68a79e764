//! What a step is, in words.

use super::names::is_name;
use super::text::{ActionText, HolderText, Step};
use crate::Rights;
use std::fmt;

/// `ann adds user bob to session s with read and forward`.
pub(super) fn tell(step: &Step) -> String {
    let who = step.actor.as_deref().map_or("somebody without an account".to_owned(), shown);
    format!("{who} {}", what(&step.action))
}

fn what(action: &ActionText) -> String {
    use ActionText as Text;
    let proof = |proven: &bool| if *proven { "" } else { ", without the right proof" };
    match action {
        Text::Create { session, records } if records.is_empty() => format!("creates session {}", shown(session)),
        Text::Create { session, records } => {
            let records: Vec<_> = records.iter().map(|record| with(&record.holder, record.rights)).collect();
            format!("creates session {} for {}", shown(session), records.join(", "))
        }
        Text::Retrieve { session, lookup, .. } => {
            let by = match (lookup.group, lookup.proxy) {
                (false, false) => "directly",
                (true, false) => "directly or by a group",
                (false, true) => "directly or by a proxy",
                (true, true) => "directly, by a group or by a proxy",
            };
            format!("retrieves session {} {by}", shown(session))
        }
        Text::Use { session } => format!("uses the key of session {}", shown(session)),
        Text::Recall { session } => format!("takes the key of session {} from the cache", shown(session)),
        Text::Forget { session } => format!("forgets session {}", shown(session)),
        Text::Add { session, holder, rights } => {
            format!("adds {} to session {}", with(holder, *rights), shown(session))
        }
        Text::Change { session, holder, add, remove } => {
            let (add, remove) = (add.in_words(), remove.in_words());
            format!("gives {} on session {} {add}, and takes {remove}", holder, shown(session))
        }
        Text::Revoke { session, holders } => {
            let holders: Vec<_> = holders.iter().map(HolderText::to_string).collect();
            format!("revokes {} from session {}", holders.join(", "), shown(session))
        }
        Text::Leave { session } => format!("leaves session {}", shown(session)),
        Text::RevokeAll { session } => format!("revokes everything on session {}", shown(session)),
        Text::RevokeOthers { session } => format!("revokes everything of others on session {}", shown(session)),
        Text::List { session } => format!("lists the others on session {}", shown(session)),
        Text::ListOwn { session } => format!("looks at the own record on session {}", shown(session)),
        Text::ReadBySymEncKey { session, key, proven } => {
            format!("reads session {} by SymEncKey {}{}", shown(session), shown(key), proof(proven))
        }
        Text::SelfAdd { session, key, proven, rights } => {
            let rights = in_words(*rights);
            format!("joins session {} by SymEncKey {} with {rights}{}", shown(session), shown(key), proof(proven))
        }
        Text::ReadAnonymously { session, key, proven, scope } => {
            let (session, key) = (shown(session), shown(key));
            format!("reads session {session} by SymEncKey {key} with a token of scope {scope}{}", proof(proven))
        }
        Text::ReadByTmr { session, access, proven } => {
            format!("reads session {} by TMR access {}{}", shown(session), shown(access), proof(proven))
        }
        Text::Convert { session, access, proven, .. } => {
            format!("converts TMR access {} of session {}{}", shown(access), shown(session), proof(proven))
        }
        Text::GroupAdd { group, user, admin } => {
            let role = if *admin { " as admin" } else { "" };
            format!("adds {} to group {}{role}", shown(user), shown(group))
        }
        Text::GroupRemove { group, user } => format!("removes {} from group {}", shown(user), shown(group)),
        Text::GroupLeave { group } => format!("leaves group {}", shown(group)),
        Text::SetManagingGroup { session, group } => {
            format!("names group {} to manage session {}", shown(group), shown(session))
        }
    }
}

fn with(holder: &HolderText, rights: Option<Rights>) -> String {
    format!("{holder} with {}", in_words(rights))
}

fn in_words(rights: Option<Rights>) -> String {
    rights.map_or_else(|| "the default rights".to_owned(), Rights::in_words)
}

/// `user bob`; a malformed name is not shown.
impl fmt::Display for HolderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match self {
            Self::User(name) => ("user", name),
            Self::Group(name) => ("group", name),
            Self::Proxy(name) => ("proxy", name),
            Self::SymEncKey(name) => ("SymEncKey", name),
            Self::Tmr(name) => ("TMR access", name),
        };
        write!(f, "{kind} {}", shown(name))
    }
}

/// A name as it can be printed: a malformed one may hold anything.
fn shown(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { "(malformed)".to_owned() }
}
