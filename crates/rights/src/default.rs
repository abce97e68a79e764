//! Rights that are not given explicitly (RIGHTS.md section 2).

use crate::{Holder, Rights, User};

/// The rights of a record of a new session: the creator among the recipients has all (DEF-02).
pub(crate) fn at_creation(holder: Holder, creator: Option<User>) -> Rights {
    match (holder, creator) {
        (Holder::User(user), Some(creator)) if user == creator => Rights::ALL,
        _ => when_added(holder),
    }
}

/// The rights of a record that is added later: to users and groups (DEF-01), proxies (DEF-03), SymEncKeys (DEF-04) and TMR accesses
/// (DEF-06) alike. When the caller may not grant them, they are not shrunk: the guard refuses (DEF-11).
pub(crate) const fn when_added(_: Holder) -> Rights {
    Rights::READ_FORWARD
}

/// The rights of who adds themselves through a SymEncKey (DEF-05).
pub(crate) const SELF_ADD: Rights = Rights::READ_FORWARD;
