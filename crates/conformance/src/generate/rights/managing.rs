//! Adding, changing, revoking, listing, and groups (RIGHT-31 to RIGHT-61, RIGHT-80, RIGHT-81).

use super::actions::{add, bob, bob_by_group, bob_by_proxy, change, on, read_by_key, retrieve, revoke};
use super::story::{Tests, group, key, people, proxy, session, tmr, user};
use serde_json::json;

pub(super) fn adding(t: &mut Tests) {
    t.ok(
        "RIGHT-31",
        "a recipient who may forward adds a user",
        bob("rf").does("bob", add("s", user("cy"), Some("rf"))),
    );
    t.ok(
        "RIGHT-31",
        "the creator without a record adds a group",
        session().team("g", &["cy"], "cy").does("ann", add("s", group("g"), Some("rfv"))),
    );
    t.no(
        "RIGHT-31",
        "g-f",
        "no-acl",
        "a recipient who may not forward",
        bob("rv").does("bob", add("s", user("cy"), Some("r"))),
    );
    t.no(
        "RIGHT-31",
        "g-exist",
        "not-found",
        "a user who does not exist",
        bob("rf").does("bob", add("s", user("eve"), Some("r"))),
    );
    let with_proxy = |rights: &str| bob(rights).made("p", "bob").on("p", user("bob"), "r");
    t.ok(
        "RIGHT-32",
        "a direct recipient of the proxy adds it",
        with_proxy("rf").does("bob", add("s", proxy("p"), Some("rf"))),
    );
    t.ok(
        "RIGHT-32",
        "again: no error, no change",
        with_proxy("rf").on("s", proxy("p"), "r").does("bob", add("s", proxy("p"), Some("rf"))),
    );
    t.ok(
        "RIGHT-32",
        "two sessions may be proxies of each other",
        with_proxy("rf").on("p", proxy("s"), "r").does("bob", add("s", proxy("p"), Some("rf"))),
    );
    t.no(
        "RIGHT-32",
        "g-direct",
        "proxy-not-direct",
        "the creator of the proxy without a record there",
        bob("rf").made("p", "bob").does("bob", add("s", proxy("p"), Some("rf"))),
    );
    t.no(
        "RIGHT-32",
        "g-key",
        "key-not-held",
        "the proxy's key is not in memory",
        bob("rf").unheld("p", Some("ann")).on("p", user("bob"), "r").does("bob", add("s", proxy("p"), Some("r"))),
    );
    t.ok(
        "RIGHT-33",
        "a recipient who may forward adds a SymEncKey",
        bob("rf").does("bob", add("s", key("k"), Some("r"))),
    );
    t.no(
        "RIGHT-33",
        "g-grant",
        "grant-exceeds",
        "with more than one may give",
        bob("rf").does("bob", add("s", key("k"), Some("rv"))),
    );
    t.ok(
        "RIGHT-34",
        "a recipient who may forward adds a TMR access",
        bob("rf").does("bob", add("s", tmr("t"), Some("rf"))),
    );
    t.no("RIGHT-34", "g-f", "no-acl", "a recipient who may not", bob("r").does("bob", add("s", tmr("t"), Some("r"))));
}

pub(super) fn changing(t: &mut Tests) {
    let cy = |own: &str, has: &str| bob(own).on("s", user("cy"), has);
    t.ok("RIGHT-40", "a right that one has", cy("rf", "f").does("bob", change("s", user("cy"), "r", "")));
    t.ok(
        "RIGHT-40",
        "one's own record, by what a group gives",
        bob("r")
            .team("g", &["cy", "bob"], "cy")
            .on("s", group("g"), "fv")
            .does("bob", change("s", user("bob"), "fv", "")),
    );
    t.ok(
        "RIGHT-40",
        "what is there already: nothing changes",
        cy("rf", "rf").does("bob", change("s", user("cy"), "rf", "")),
    );
    t.no(
        "RIGHT-40",
        "g-f",
        "no-acl",
        "who may not forward is refused whether the right is there",
        cy("rv", "rf").does("bob", change("s", user("cy"), "f", "")),
    );
    t.no("RIGHT-40", "g-f", "no-acl", "or not", cy("rv", "r").does("bob", change("s", user("cy"), "f", "")));
    t.no(
        "RIGHT-40",
        "g-grant",
        "no-acl",
        "a right that one has not, although it is there already",
        cy("rf", "rfv").does("bob", change("s", user("cy"), "v", "")),
    );
    t.ok(
        "RIGHT-40",
        "forward to a SymEncKey",
        bob("rf").on("s", key("k"), "r").does("bob", change("s", key("k"), "f", "")),
    );
    t.no(
        "RIGHT-40",
        "g-kind",
        "unsupported-change",
        "read to a SymEncKey that has it",
        bob("rf").on("s", key("k"), "r").does("bob", change("s", key("k"), "rf", "")),
    );
    t.no(
        "RIGHT-40",
        "g-grant",
        "no-acl",
        "a right that one has not: as upstream says it",
        cy("rf", "r").does("bob", change("s", user("cy"), "v", "")),
    );
    t.no(
        "RIGHT-40",
        "g-kind",
        "unsupported-change",
        "read to a SymEncKey that has lost it",
        bob("rf")
            .on("s", key("k"), "rf")
            .does("ann", change("s", key("k"), "", "r"))
            .does("ann", change("s", key("k"), "r", "")),
    );
    t.ok(
        "RIGHT-41",
        "without read there is no wrapped key any more",
        cy("rv", "rf").does("bob", change("s", user("cy"), "", "r")),
    );
    t.no(
        "RIGHT-41",
        "g-v",
        "no-acl",
        "who may not revoke",
        cy("rf", "rf").does("bob", change("s", user("cy"), "", "f")),
    );
    t.no(
        "RIGHT-41",
        "g-v",
        "no-acl",
        "neither what is not there",
        cy("rf", "r").does("bob", change("s", user("cy"), "", "f")),
    );
    t.ok("RIGHT-41", "what is not there: nothing changes", cy("rv", "r").does("bob", change("s", user("cy"), "", "f")));
    t.no(
        "RIGHT-41",
        "g-path",
        "no-token",
        "whoever lost read reads no more",
        cy("rv", "rf").does("bob", change("s", user("cy"), "", "r")).does("cy", retrieve("s", true, true)),
    );
    t.ok(
        "RIGHT-42",
        "one right for another; the third stays",
        cy("rfv", "rv").does("bob", change("s", user("cy"), "f", "v")),
    );
    t.no(
        "RIGHT-42",
        "g-kind",
        "unsupported-change",
        "the same right both ways",
        cy("rfv", "rv").does("bob", change("s", user("cy"), "f", "f")),
    );
    t.no(
        "RIGHT-42",
        "g-v",
        "no-acl",
        "who may only forward",
        cy("rf", "rv").does("bob", change("s", user("cy"), "f", "v")),
    );
    t.no(
        "RIGHT-42",
        "g-v",
        "no-acl",
        "also when what is taken is not there",
        cy("rf", "r").does("bob", change("s", user("cy"), "f", "v")),
    );
    t.no(
        "RIGHT-42",
        "g-f",
        "no-acl",
        "who may only revoke, also when what is given is there",
        cy("rv", "rf").does("bob", change("s", user("cy"), "f", "r")),
    );
    t.ok(
        "RIGHT-42",
        "what is there already need not be one's own to give",
        cy("fv", "rv").does("bob", change("s", user("cy"), "rf", "v")),
    );
    t.no(
        "RIGHT-43",
        "g-kind",
        "unsupported-change",
        "a proxy",
        bob_by_proxy("r", "rf").does("ann", change("s", proxy("p"), "v", "")),
    );
    t.ok(
        "RIGHT-43",
        "revoke it and add it again",
        bob_by_proxy("r", "rf")
            .on("p", user("ann"), "rfv")
            .does("ann", revoke("s", &[proxy("p")]))
            .does("ann", add("s", proxy("p"), Some("rfv"))),
    );
    t.no(
        "RIGHT-44",
        "g-kind",
        "unsupported-change",
        "a TMR access",
        session().on("s", tmr("t"), "r").does("ann", change("s", tmr("t"), "f", "")),
    );
    t.ok(
        "RIGHT-44",
        "revoke it and add another",
        session()
            .on("s", tmr("t"), "r")
            .does("ann", revoke("s", &[tmr("t")]))
            .does("ann", add("s", tmr("u"), Some("rf"))),
    );
}

pub(super) fn revoking(t: &mut Tests) {
    let cy = |own: &str| bob(own).on("s", user("cy"), "rf").on("s", key("k"), "r");
    t.ok("RIGHT-50", "the creator", cy("rf").does("ann", revoke("s", &[user("cy"), key("k")])));
    t.ok(
        "RIGHT-50",
        "who may revoke, others' recipients too",
        cy("rv").does("bob", revoke("s", &[user("cy"), key("k"), user("dan")])),
    );
    t.ok(
        "RIGHT-50",
        "who added it",
        bob("rf").on_by("s", user("cy"), "rf", "bob").does("bob", revoke("s", &[user("cy")])),
    );
    t.ok(
        "RIGHT-50",
        "on a closed session nothing is left",
        cy("rf").closed("s").does("ann", revoke("s", &[user("cy")])),
    );
    t.no("RIGHT-50", "g-v", "no-acl", "a recipient like any other", cy("rf").does("bob", revoke("s", &[user("cy")])));
    t.no(
        "RIGHT-50",
        "g-v",
        "no-acl",
        "added by nobody is not added by somebody without an account",
        people()
            .unheld("s", None)
            .on("s", user("bob"), "rf")
            .on("s", user("cy"), "rf")
            .does("bob", revoke("s", &[user("cy")])),
    );
    t.ok("RIGHT-51", "one's own record goes", bob("r").does("bob", on("leave", "s")));
    t.ok("RIGHT-51", "there is none", bob_by_group("r").does("bob", on("leave", "s")));
    t.no(
        "RIGHT-51",
        "g-handle",
        "not-manageable",
        "with a session got by a SymEncKey",
        bob("r").on("s", key("k"), "r").does("bob", read_by_key("s", true)).does("bob", on("leave", "s")),
    );
    t.no("RIGHT-51", "g-exist", "not-found", "no such session", people().does("bob", on("leave", "s")));
    t.ok("RIGHT-52", "the creator", cy("rf").on("s", tmr("t"), "r").does("ann", on("revoke-all", "s")));
    t.ok(
        "RIGHT-52",
        "who may revoke, by a group",
        bob_by_group("rv").on("s", user("ann"), "rfv").does("bob", on("revoke-all", "s")),
    );
    t.ok("RIGHT-52", "the creator, again", session().closed("s").does("ann", on("revoke-all", "s")));
    t.no("RIGHT-52", "g-v", "no-acl", "who may not", cy("rf").does("bob", on("revoke-all", "s")));
    t.ok("RIGHT-53", "the own record stays", cy("rv").does("bob", on("revoke-others", "s")));
    t.ok("RIGHT-53", "whoever came by a group loses that", bob_by_group("rv").does("bob", on("revoke-others", "s")));
    t.no(
        "RIGHT-53",
        "g-v",
        "no-acl",
        "who has only added somebody",
        bob("rf").on_by("s", user("cy"), "rf", "bob").does("bob", on("revoke-others", "s")),
    );
    t.ok(
        "RIGHT-54",
        "what a revoked user has added stays",
        bob("rf")
            .on_by("s", user("cy"), "rf", "bob")
            .does("ann", revoke("s", &[user("bob")]))
            .does("cy", retrieve("s", false, false)),
    );
    t.no(
        "RIGHT-54",
        "g-path",
        "no-token",
        "the revoked user does not",
        bob("rf")
            .on_by("s", user("cy"), "rf", "bob")
            .does("ann", revoke("s", &[user("bob")]))
            .does("bob", retrieve("s", true, true)),
    );
    t.ok("RIGHT-60", "who may forward", cy("rf").does("bob", on("list", "s")));
    t.ok("RIGHT-60", "the creator", cy("rf").does("ann", on("list", "s")));
    t.no("RIGHT-60", "g-f", "no-acl", "who may not", cy("rv").does("bob", on("list", "s")));
    t.ok("RIGHT-61", "the own record", cy("v").does("bob", on("list-own", "s")));
    t.ok("RIGHT-61", "there is none", cy("v").does("dan", on("list-own", "s")));
    t.no("RIGHT-61", "g-exist", "not-found", "no such session", people().does("bob", on("list-own", "s")));
}

pub(super) fn groups(t: &mut Tests) {
    let team = || session().team("g", &["cy", "bob"], "cy").on("s", group("g"), "rf");
    let of_group = |action: &str, name: &str| json!({ action: { "group": "g", "user": name } });
    t.ok(
        "RIGHT-80",
        "an admin adds: old sessions open for the new member",
        team().does("cy", of_group("group-add", "dan")).does("dan", retrieve("s", true, false)),
    );
    t.ok("RIGHT-80", "a member again: nothing changes", team().does("cy", of_group("group-add", "bob")));
    let as_admin = |name: &str| json!({ "group-add": { "group": "g", "user": name, "admin": true } });
    t.ok(
        "RIGHT-80",
        "a member becomes an admin",
        team().does("cy", as_admin("bob")).does("bob", of_group("group-remove", "cy")),
    );
    t.ok("RIGHT-80", "an admin again: nothing changes", team().does("cy", as_admin("cy")));
    t.ok("RIGHT-80", "an admin stays one", team().does("cy", of_group("group-add", "cy")));
    t.ok("RIGHT-80", "a member leaves", team().does("bob", json!({ "group-leave": { "group": "g" } })));
    t.ok(
        "RIGHT-80",
        "an admin leaves when there is another",
        team()
            .does("cy", json!({ "group-add": { "group": "g", "user": "dan", "admin": true } }))
            .does("cy", json!({ "group-leave": { "group": "g" } })),
    );
    t.no("RIGHT-80", "g-admin", "unauthorized", "a member adds", team().does("bob", of_group("group-add", "dan")));
    t.no("RIGHT-80", "g-admin", "unauthorized", "a member removes", team().does("bob", of_group("group-remove", "cy")));
    t.no(
        "RIGHT-80",
        "g-admin",
        "unauthorized",
        "a stranger leaves",
        team().does("dan", json!({ "group-leave": { "group": "g" } })),
    );
    t.no(
        "RIGHT-80",
        "g-kind",
        "unsupported-change",
        "the last admin is removed",
        team().does("cy", of_group("group-remove", "cy")),
    );
    t.no(
        "RIGHT-80",
        "g-kind",
        "unsupported-change",
        "the last admin leaves",
        team().does("cy", json!({ "group-leave": { "group": "g" } })),
    );
    t.no("RIGHT-80", "g-exist", "not-found", "no such group", session().does("cy", of_group("group-add", "dan")));
    t.no(
        "RIGHT-80",
        "g-path",
        "no-token",
        "who was removed comes no more",
        team().does("cy", of_group("group-remove", "bob")).does("bob", retrieve("s", true, true)),
    );
    t.no(
        "RIGHT-81",
        "g-kind",
        "unsupported-change",
        "even by the creator",
        team().does("ann", json!({ "set-managing-group": { "session": "s", "group": "g" } })),
    );
    t.ok(
        "RIGHT-81",
        "give the group the right to revoke instead",
        team().does("ann", change("s", group("g"), "v", "")).does("bob", on("revoke-others", "s")),
    );
}
