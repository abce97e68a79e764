//! Two guards of a rule that fail together: the first in the row refuses.

use super::actions::{add, change, on, revoke};
use super::story::{Story, Tests, key, people, proxy, tmr, user};
use sealwright_rights::Handle;
use serde_json::{Value, json};

/// The guards of a rule in their order, with the code of each.
struct Row {
    rule: &'static str,
    guards: &'static [(&'static str, &'static str)],
}

const ADD: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-open", "session-closed"),
    ("g-stand", "unauthorized"),
    ("g-f", "no-acl"),
    ("g-grant", "grant-exceeds"),
    ("g-same", ""),
    ("g-key", "key-not-held"),
];
const ADD_PROXY: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-open", "session-closed"),
    ("g-stand", "unauthorized"),
    ("g-self", "proxy-self"),
    ("g-f", "no-acl"),
    ("g-grant", "grant-exceeds"),
    ("g-r", "read-required"),
    ("g-direct", "proxy-not-direct"),
    ("g-same", ""),
    ("g-key", "key-not-held"),
];
const ADD_BEARER: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-open", "session-closed"),
    ("g-stand", "unauthorized"),
    ("g-f", "no-acl"),
    ("g-grant", "grant-exceeds"),
    ("g-r", "read-required"),
    ("g-key", "key-not-held"),
];
const RAISE: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-stand", "unauthorized"),
    ("g-kind", "unsupported-change"),
    ("g-f", "no-acl"),
    ("g-grant", "no-acl"),
    ("g-key", "key-not-held"),
];
const LOWER: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-stand", "unauthorized"),
    ("g-v", "no-acl"),
];
const BOTH: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-stand", "unauthorized"),
    ("g-kind", "unsupported-change"),
    ("g-f", "no-acl"),
    ("g-v", "no-acl"),
    ("g-grant", "no-acl"),
    ("g-key", "key-not-held"),
];
const FIXED: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-stand", "unauthorized"),
    ("g-kind", "unsupported-change"),
];
const LIST: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-handle", "not-manageable"),
    ("g-stand", "unauthorized"),
    ("g-f", "no-acl"),
];
const LEAVE: &[(&str, &str)] = &[("g-id", "invalid-id"), ("g-exist", "not-found"), ("g-handle", "not-manageable")];
const SELF_ADD: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-path", "no-token"),
    ("g-stand", "unauthorized"),
    ("g-f", "no-acl"),
    ("g-grant", "grant-exceeds"),
    ("g-r", "read-required"),
    ("g-same", ""),
];
const CREATE: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-kind", "unsupported-change"),
    ("g-self", "proxy-self"),
    ("g-r", "read-required"),
    ("g-direct", "proxy-not-direct"),
];
const RETRIEVE: &[(&str, &str)] =
    &[("g-id", "invalid-id"), ("g-exist", "not-found"), ("g-path", "no-token"), ("g-device", "no-token-for-key")];
const LOOK: &[(&str, &str)] = &[("g-id", "invalid-id"), ("g-exist", "not-found")];
const READ: &[(&str, &str)] = &[("g-id", "invalid-id"), ("g-path", "no-token"), ("g-stand", "unauthorized")];
const READ_ANONYMOUSLY: &[(&str, &str)] =
    &[("g-id", "invalid-id"), ("g-scope", "unauthorized"), ("g-path", "no-token")];
const CONVERT: &[(&str, &str)] = &[
    ("g-id", "invalid-id"),
    ("g-exist", "not-found"),
    ("g-path", "no-token"),
    ("g-stand", "unauthorized"),
    ("g-same", ""),
];
const GROUP: &[(&str, &str)] =
    &[("g-id", "invalid-id"), ("g-exist", "not-found"), ("g-admin", "unauthorized"), ("g-kind", "unsupported-change")];

/// The rules whose action fails in any case.
const NEVER: [&str; 2] = ["RIGHT-43", "RIGHT-44"];

const ROWS: [Row; 23] = [
    Row { rule: "RIGHT-31", guards: ADD },
    Row { rule: "RIGHT-32", guards: ADD_PROXY },
    Row { rule: "RIGHT-33", guards: ADD_BEARER },
    Row { rule: "RIGHT-34", guards: ADD_BEARER },
    Row { rule: "RIGHT-40", guards: RAISE },
    Row { rule: "RIGHT-41", guards: LOWER },
    Row { rule: "RIGHT-42", guards: BOTH },
    Row { rule: "RIGHT-43", guards: FIXED },
    Row { rule: "RIGHT-44", guards: FIXED },
    Row { rule: "RIGHT-50", guards: LOWER },
    Row { rule: "RIGHT-51", guards: LEAVE },
    Row { rule: "RIGHT-52", guards: LOWER },
    Row { rule: "RIGHT-53", guards: LOWER },
    Row { rule: "RIGHT-60", guards: LIST },
    Row { rule: "RIGHT-72", guards: SELF_ADD },
    Row { rule: "RIGHT-20", guards: CREATE },
    Row { rule: "RIGHT-21", guards: RETRIEVE },
    Row { rule: "RIGHT-61", guards: LOOK },
    Row { rule: "RIGHT-71", guards: READ },
    Row { rule: "RIGHT-73", guards: READ_ANONYMOUSLY },
    Row { rule: "RIGHT-74", guards: READ },
    Row { rule: "RIGHT-75", guards: CONVERT },
    Row { rule: "RIGHT-80", guards: GROUP },
];

/// For each rule the story in which everything holds, each guard failing alone, and each pair failing together.
pub(super) fn tests() -> Tests {
    let mut tests = Tests::default();
    for Row { rule, guards } in ROWS {
        if !NEVER.contains(&rule) {
            tests.ok(rule, "every guard holds", story(rule, &[]));
        }
        for (i, &(first, code)) in guards.iter().enumerate() {
            let mut test = |comment: &str, story| match code {
                "" => tests.ok(rule, comment, story),
                _ => tests.no(rule, first, code, comment, story),
            };
            test(&format!("only {first}"), story(rule, &[first]));
            for &(second, _) in guards.iter().skip(i + 1) {
                test(&format!("{first} before {second}"), story(rule, &[first, second]));
            }
        }
    }
    tests
}

/// Bob asks, with everything in order but the guards that have to fail.
fn story(rule: &str, failing: &[&str]) -> Story {
    let fails = |guard: &str| failing.contains(&guard);
    let session = match () {
        () if fails("g-id") => "not an id!",
        () if fails("g-exist") => "nowhere",
        () => "s",
    };
    match rule {
        "RIGHT-20" => return creation(&fails),
        "RIGHT-21" => return retrieval(session, &fails),
        "RIGHT-61" => return people().unheld("s", Some("ann")).does("bob", on("list-own", session)),
        "RIGHT-71" | "RIGHT-73" | "RIGHT-74" | "RIGHT-75" => return by_secret(rule, session, &fails),
        "RIGHT-72" => return self_add(session, &fails),
        "RIGHT-80" => return removal(&fails),
        _ => {}
    }
    let mut story = people().unheld("s", Some("ann")).made("p", "ann");
    // What Bob has on the session: everything but what the row has to miss. To miss the right to give is to ask for v.
    let own = match (fails("g-f"), fails("g-v"), fails("g-grant")) {
        // Here both rights are needed, and to miss the right to give is to ask for r.
        (forward, revoke, grant) if rule == "RIGHT-42" => &[(!grant, 'r'), (!forward, 'f'), (!revoke, 'v')]
            .iter()
            .filter(|(has, _)| *has)
            .map(|(_, letter)| letter)
            .collect::<String>(),
        (true, _, true) => "r",
        (true, true, _) => "r",
        (true, false, false) => "rv",
        (false, true, _) | (false, false, true) => "rf",
        (false, false, false) => "rfv",
    };
    if !fails("g-stand") {
        story = story.on("s", user("bob"), own);
    }
    if !fails("g-key") {
        story = story.came("s", "bob");
    }
    // A recipient of the proxy would stand by it where the proxy is on the session already.
    if !fails("g-direct") && !fails("g-stand") {
        story = story.on("p", user("bob"), "r");
    }
    story = story.came("p", "bob");
    let mut rights = String::new();
    rights += if fails("g-r") { "" } else { "r" };
    rights += if fails("g-f") || fails("g-grant") || rule == "RIGHT-42" { "" } else { "f" };
    rights += if fails("g-grant") && rule != "RIGHT-42" { "v" } else { "" };
    let holder = match rule {
        "RIGHT-32" | "RIGHT-43" => proxy(if fails("g-self") { session } else { "p" }),
        "RIGHT-33" => key("k"),
        "RIGHT-34" | "RIGHT-44" => tmr("t"),
        // Nobody but its bearer could wrap the key again.
        "RIGHT-40" if fails("g-kind") => key("k"),
        _ => user("cy"),
    };
    let action = match rule {
        "RIGHT-31" | "RIGHT-32" | "RIGHT-33" | "RIGHT-34" => {
            if fails("g-same") && !fails("g-self") {
                story = story.on("s", holder.clone(), "r");
            }
            add(session, holder, Some(&rights))
        }
        "RIGHT-40" => {
            story = story.on("s", holder.clone(), "");
            change(session, holder, &rights, "")
        }
        "RIGHT-41" => {
            story = story.on("s", holder.clone(), "rf");
            change(session, holder, "", "f")
        }
        "RIGHT-42" => {
            story = story.on("s", holder.clone(), "f");
            change(session, holder, &if fails("g-kind") { with_forward(&rights) } else { rights }, "f")
        }
        "RIGHT-43" | "RIGHT-44" => {
            story = story.on("s", holder.clone(), "r");
            change(session, holder, "f", "")
        }
        "RIGHT-50" => {
            story = story.on("s", holder.clone(), "rf");
            revoke(session, &[holder])
        }
        "RIGHT-51" => on("leave", session),
        "RIGHT-52" => on("revoke-all", session),
        "RIGHT-53" => on("revoke-others", session),
        "RIGHT-60" => on("list", session),
        other => unreachable!("{other}"),
    };
    if fails("g-open") {
        story = story.closed("s");
    }
    story.does_by("bob", fails("g-handle").then_some(Handle::Bearer), action)
}

fn with_forward(rights: &str) -> String {
    let has = |letter: char| letter == 'f' || rights.contains(letter);
    ['r', 'f', 'v'].into_iter().filter(|&letter| has(letter)).collect()
}

fn creation(fails: &dyn Fn(&str) -> bool) -> Story {
    let mut story = people().made("p", "ann");
    if !fails("g-direct") {
        story = story.on("p", user("bob"), "r");
    }
    let mut records: Vec<Value> = vec![json!({ "holder": proxy("p"), "rights": if fails("g-r") { "f" } else { "r" } })];
    if fails("g-exist") {
        records.push(json!({ "holder": user("eve"), "rights": "r" }));
    }
    if fails("g-self") {
        records.push(json!({ "holder": proxy("s"), "rights": "r" }));
    }
    let session = if fails("g-id") { "p" } else { "s" };
    let actor = if fails("g-kind") { None } else { Some("bob") };
    story.does(actor, json!({ "create": { "session": session, "records": records } }))
}

/// Of two devices the key is wrapped for the first.
fn retrieval(session: &str, fails: &dyn Fn(&str) -> bool) -> Story {
    let rights = if fails("g-path") { "" } else { "r" };
    let story = people().devices("bob", 2).unheld("s", Some("ann")).on("s", user("bob"), rights);
    let story = if fails("g-path") { story } else { story.wrapped("s", &[0]) };
    let lookup = json!({ "group": true, "proxy": true });
    let device = u8::from(fails("g-device"));
    story.does("bob", json!({ "retrieve": { "session": session, "lookup": lookup, "device": device } }))
}

fn by_secret(rule: &str, session: &str, fails: &dyn Fn(&str) -> bool) -> Story {
    let mut story = people().unheld("s", Some("ann")).on("s", key("k"), "r").on("s", tmr("t"), "r");
    if fails("g-same") {
        story = story.on("s", user("bob"), "r");
    }
    let proven = !fails("g-path");
    let actor = (!fails("g-stand")).then_some("bob");
    match rule {
        "RIGHT-71" => {
            story.does(actor, json!({ "read-by-sym-enc-key": { "session": session, "key": "k", "proven": proven } }))
        }
        "RIGHT-73" => {
            let scope = if fails("g-scope") { 4 } else { 5 };
            let by = json!({ "session": session, "key": "k", "proven": proven, "scope": scope });
            story.does(None, json!({ "read-anonymously": by }))
        }
        "RIGHT-74" => {
            story.does(actor, json!({ "read-by-tmr": { "session": session, "access": "t", "proven": proven } }))
        }
        _ => {
            let by = json!({ "session": session, "access": "t", "proven": proven, "delete_on_convert": true });
            story.does(actor, json!({ "convert": by }))
        }
    }
}

/// An admin removes a member, or the last admin.
fn removal(fails: &dyn Fn(&str) -> bool) -> Story {
    let group = match () {
        () if fails("g-id") => "not an id!",
        () if fails("g-exist") => "nowhere",
        () => "g",
    };
    let actor = if fails("g-admin") { "bob" } else { "cy" };
    let member = if fails("g-kind") { "cy" } else { "bob" };
    let story = people().team("g", &["bob", "cy"], "cy");
    story.does(actor, json!({ "group-remove": { "group": group, "user": member } }))
}

fn self_add(session: &str, fails: &dyn Fn(&str) -> bool) -> Story {
    let mut story = people().unheld("s", Some("ann")).on("s", key("k"), if fails("g-f") { "r" } else { "rf" });
    if fails("g-same") {
        story = story.on("s", user("bob"), "r");
    }
    let rights = match (fails("g-r"), fails("g-grant")) {
        (true, true) => "v",
        (true, false) => "f",
        (false, true) => "rv",
        (false, false) => "r",
    };
    let proven = !fails("g-path");
    let actor = (!fails("g-stand")).then_some("bob");
    story.does(actor, json!({ "self-add": { "session": session, "key": "k", "proven": proven, "rights": rights } }))
}
