//! Actions and beginnings that many stories share.

use super::story::{Holder, Story, group, proxy, session, user};
use serde_json::{Value, json};

pub(super) fn add(session: &str, holder: impl serde::Serialize, rights: Option<&str>) -> Value {
    json!({ "add": { "session": session, "holder": holder, "rights": rights } })
}

pub(super) fn change(session: &str, holder: impl serde::Serialize, add: &str, remove: &str) -> Value {
    json!({ "change": { "session": session, "holder": holder, "add": add, "remove": remove } })
}

pub(super) fn retrieve(session: &str, group: bool, proxy: bool) -> Value {
    json!({ "retrieve": { "session": session, "lookup": { "group": group, "proxy": proxy }, "device": 0 } })
}

pub(super) fn revoke(session: &str, holders: &[impl serde::Serialize]) -> Value {
    json!({ "revoke": { "session": session, "holders": holders } })
}

pub(super) fn on(action: &str, session: &str) -> Value {
    json!({ action: { "session": session } })
}

pub(super) fn create(session: &str, records: &[(Holder, Option<&str>)]) -> Value {
    let records: Vec<_> =
        records.iter().map(|(holder, rights)| json!({ "holder": holder, "rights": rights })).collect();
    json!({ "create": { "session": session, "records": records } })
}

pub(super) fn self_add(session: &str, rights: Option<&str>) -> Value {
    json!({ "self-add": { "session": session, "key": "k", "proven": true, "rights": rights } })
}

pub(super) fn read_by_key(session: &str, proven: bool) -> Value {
    json!({ "read-by-sym-enc-key": { "session": session, "key": "k", "proven": proven } })
}

pub(super) fn read_anonymously(session: &str, scope: i32) -> Value {
    json!({ "read-anonymously": { "session": session, "key": "k", "proven": true, "scope": scope } })
}

pub(super) fn read_by_tmr(session: &str, proven: bool) -> Value {
    json!({ "read-by-tmr": { "session": session, "access": "t", "proven": proven } })
}

pub(super) fn convert(session: &str, proven: bool, delete: bool) -> Value {
    json!({ "convert": { "session": session, "access": "t", "proven": proven, "delete_on_convert": delete } })
}

/// Bob is a recipient with these rights and has the key.
pub(super) fn bob(rights: &str) -> Story {
    session().on("s", user("bob"), rights).came("s", "bob")
}

/// Bob comes by group `g` only and has the key.
pub(super) fn bob_by_group(rights: &str) -> Story {
    session().team("g", &["cy", "bob"], "cy").on("s", group("g"), rights).came("s", "bob")
}

/// Bob is on proxy `p` with the one set of rights, `p` on `s` with the other; Bob has both keys.
pub(super) fn bob_by_proxy(on_proxy: &str, of_proxy: &str) -> Story {
    session()
        .made("p", "ann")
        .on("p", user("bob"), on_proxy)
        .came("p", "bob")
        .on("s", proxy("p"), of_proxy)
        .came("s", "bob")
}
