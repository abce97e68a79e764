//! Records, their defaults, and the paths that they make (RIGHTS.md sections 1 to 3).

use super::actions::{
    add, bob, bob_by_group, bob_by_proxy, change, convert, create, on, read_anonymously, read_by_key, read_by_tmr,
    retrieve, revoke, self_add,
};
use super::story::{Holder, Tests, group, key, people, proxy, session, tmr, user};
use serde_json::{Value, json};

pub(super) fn records(t: &mut Tests) {
    t.ok(
        "RIGHT-01",
        "a holder that is there already: success, and nothing changes",
        bob("rf").on("s", user("cy"), "r").does("bob", add("s", user("cy"), Some("rf"))),
    );
    t.no(
        "RIGHT-01",
        "g-id",
        "invalid-id",
        "a SymEncKey is always new",
        bob("rf").on("s", key("k"), "r").does("ann", add("s", key("k"), Some("r"))),
    );
    t.no(
        "RIGHT-01",
        "g-id",
        "invalid-id",
        "also when the old one was revoked",
        bob("rf").off("s", tmr("t"), "r").does("ann", add("s", tmr("t"), Some("r"))),
    );
    t.ok(
        "RIGHT-02",
        "adding again makes a new record with a new maker",
        bob("rf").off("s", user("cy"), "rfv").does("bob", add("s", user("cy"), Some("r"))),
    );
    t.no(
        "RIGHT-02",
        "g-exist",
        "not-found",
        "a revoked record cannot be changed back",
        bob("rfv").off("s", user("cy"), "r").does("ann", change("s", user("cy"), "f", "")),
    );
    t.ok(
        "RIGHT-03",
        "a user without the right to read has no wrapped key",
        session().does("ann", add("s", user("bob"), Some("fv"))),
    );
    t.no(
        "RIGHT-03",
        "g-r",
        "read-required",
        "a SymEncKey that does not read",
        session().does("ann", add("s", key("k"), Some("f"))),
    );
    t.no(
        "RIGHT-03",
        "g-r",
        "read-required",
        "a TMR access that does not read",
        session().does("ann", add("s", tmr("t"), Some(""))),
    );
    t.no(
        "RIGHT-03",
        "g-r",
        "read-required",
        "a proxy that does not read",
        session().made("p", "ann").on("p", user("ann"), "rfv").does("ann", add("s", proxy("p"), Some("fv"))),
    );
    t.no(
        "RIGHT-04",
        "g-v",
        "no-acl",
        "one target that may not be revoked refuses the whole list",
        bob("rf")
            .on_by("s", user("cy"), "r", "bob")
            .on("s", user("dan"), "r")
            .does("bob", revoke("s", &[user("cy"), user("dan")])),
    );
    t.ok(
        "RIGHT-04",
        "what was refused has changed nothing",
        bob("rf")
            .on_by("s", user("cy"), "r", "bob")
            .on("s", user("dan"), "r")
            .does("bob", revoke("s", &[user("cy"), user("dan")]))
            .does("cy", retrieve("s", false, false)),
    );
}

pub(super) fn defaults(t: &mut Tests) {
    let listed = |holder: Holder| people().team("g", &["cy", "bob"], "cy").does("ann", create("s", &[(holder, None)]));
    t.ok(
        "DEF-01",
        "a user may read and forward",
        listed(user("bob")).does("bob", retrieve("s", false, false)).does("bob", add("s", user("cy"), None)),
    );
    t.ok("DEF-01", "a group too", session().team("g", &["cy", "bob"], "cy").does("ann", add("s", group("g"), None)));
    t.no("DEF-01", "g-v", "no-acl", "a user may not revoke", listed(user("bob")).does("bob", on("revoke-others", "s")));
    t.ok(
        "DEF-02",
        "the creator among the recipients may do all",
        listed(user("ann")).does("ann", on("forget", "s")).does("ann", retrieve("s", false, false)),
    );
    t.no(
        "DEF-02",
        "g-path",
        "no-token",
        "the creator who is not among them does not read",
        listed(user("bob")).does("ann", on("forget", "s")).does("ann", retrieve("s", true, true)),
    );
    t.ok("DEF-02", "added later, the creator is like any other", bob("rf").does("bob", add("s", user("ann"), None)));
    let through = |last: Value| {
        bob_by_proxy("r", "rf")
            .does("ann", revoke("s", &[proxy("p")]))
            .does("ann", add("p", user("ann"), None))
            .does("ann", add("s", proxy("p"), None))
            .does("bob", last)
    };
    t.ok("DEF-03", "through a proxy one may forward", through(add("s", user("cy"), None)));
    t.no("DEF-03", "g-v", "no-acl", "through a proxy one may not revoke", through(on("revoke-others", "s")));
    t.ok(
        "DEF-04",
        "a SymEncKey allows to read and forward",
        session().does("ann", add("s", key("k"), None)).does("bob", self_add("s", Some("rf"))),
    );
    t.no(
        "DEF-04",
        "g-grant",
        "grant-exceeds",
        "but not to revoke",
        session().does("ann", add("s", key("k"), None)).does("bob", self_add("s", Some("rfv"))),
    );
    t.ok(
        "DEF-05",
        "a self-add gives read and forward",
        session().on("s", key("k"), "rfv").does("bob", self_add("s", None)),
    );
    t.no(
        "DEF-05",
        "g-v",
        "no-acl",
        "but not revoke, even if the SymEncKey has it",
        session().on("s", key("k"), "rfv").does("bob", self_add("s", None)).does("bob", on("revoke-others", "s")),
    );
    t.ok("DEF-06", "a TMR access has read and forward", session().does("ann", add("s", tmr("t"), None)));
    t.no(
        "DEF-06",
        "g-v",
        "no-acl",
        "but not revoke",
        session()
            .does("ann", add("s", tmr("t"), None))
            .does("bob", convert("s", true, true))
            .does("bob", on("revoke-others", "s")),
    );
    t.ok(
        "DEF-07",
        "a conversion gives the rights of the access",
        session().on("s", tmr("t"), "rv").does("bob", convert("s", true, true)).does("bob", on("revoke-others", "s")),
    );
    t.no(
        "DEF-07",
        "g-f",
        "no-acl",
        "and no more",
        session()
            .on("s", tmr("t"), "r")
            .does("bob", convert("s", true, true))
            .does("bob", add("s", user("cy"), Some("r"))),
    );
    t.ok("DEF-08", "a member has the rights of the group", bob_by_group("rf").does("bob", add("s", user("dan"), None)));
    t.no("DEF-08", "g-v", "no-acl", "and no more", bob_by_group("rf").does("bob", on("revoke-others", "s")));
    t.ok(
        "DEF-09",
        "somebody without an account reads",
        session().on("s", key("k"), "r").does(None, read_anonymously("s", 5)).does(None, on("use", "s")),
    );
    t.no(
        "DEF-09",
        "g-handle",
        "not-manageable",
        "and manages nothing",
        session().on("s", key("k"), "rfv").does(None, read_anonymously("s", 5)).does(None, on("revoke-others", "s")),
    );
    t.ok("DEF-10", "the creator manages without a record", bob("rf").does("ann", on("revoke-others", "s")));
    t.no("DEF-10", "g-path", "no-token", "and does not read", bob("rf").does("ann", retrieve("s", true, true)));
    t.no(
        "DEF-11",
        "g-grant",
        "grant-exceeds",
        "a default that is more than one may give is not shrunk",
        bob("fv").does("bob", add("s", user("cy"), None)),
    );
    t.ok("DEF-11", "said explicitly it is given", bob("fv").does("bob", add("s", user("cy"), Some("f"))));
}

pub(super) fn paths(t: &mut Tests) {
    t.ok("RIGHT-10", "an own record that reads", bob("r").does("bob", retrieve("s", false, false)));
    t.no(
        "RIGHT-10",
        "g-path",
        "no-token",
        "an own record that does not",
        bob("fv").does("bob", retrieve("s", true, true)),
    );
    t.no(
        "RIGHT-10",
        "g-path",
        "no-token",
        "an own record that was revoked",
        session().off("s", user("bob"), "r").does("bob", retrieve("s", true, true)),
    );
    t.ok("RIGHT-11", "a member now", bob_by_group("r").does("bob", retrieve("s", true, false)));
    t.no(
        "RIGHT-11",
        "g-path",
        "no-token",
        "no member any more",
        bob_by_group("r")
            .does("cy", json!({ "group-remove": { "group": "g", "user": "bob" } }))
            .does("bob", retrieve("s", true, true)),
    );
    t.no(
        "RIGHT-11",
        "g-path",
        "no-token",
        "a group that does not read",
        bob_by_group("fv").does("bob", retrieve("s", true, true)),
    );
    t.ok("RIGHT-12", "a direct recipient of the proxy", bob_by_proxy("r", "r").does("bob", retrieve("s", false, true)));
    t.no(
        "RIGHT-12",
        "g-path",
        "no-token",
        "a recipient of the proxy who does not read there",
        bob_by_proxy("fv", "rfv").does("bob", retrieve("s", true, true)),
    );
    t.no(
        "RIGHT-12",
        "g-stand",
        "unauthorized",
        "and so has no standing behind it",
        bob_by_proxy("fv", "rfv").does("bob", on("revoke-all", "s")),
    );
    t.no(
        "RIGHT-12",
        "g-path",
        "no-token",
        "the creator of the proxy without a record there",
        bob_by_proxy("r", "r").made("q", "dan").on("s", proxy("q"), "rfv").does("dan", retrieve("s", true, true)),
    );
    t.ok("RIGHT-13", "the creator may give everything", session().does("ann", add("s", user("bob"), Some("rfv"))));
    t.no("RIGHT-13", "g-path", "no-token", "but does not read", session().does("ann", retrieve("s", true, true)));
    t.ok("RIGHT-14", "a SymEncKey reads", session().on("s", key("k"), "r").does("bob", read_by_key("s", true)));
    t.no(
        "RIGHT-14",
        "g-handle",
        "not-manageable",
        "and does nothing else",
        session()
            .on("s", key("k"), "rfv")
            .does("bob", read_by_key("s", true))
            .does("bob", add("s", user("cy"), Some("r"))),
    );
    t.ok("RIGHT-15", "a TMR access reads", session().on("s", tmr("t"), "r").does("bob", read_by_tmr("s", true)));
    t.no(
        "RIGHT-15",
        "g-handle",
        "not-manageable",
        "and does nothing else",
        session().on("s", tmr("t"), "rfv").does("bob", read_by_tmr("s", true)).does("bob", on("revoke-all", "s")),
    );
    let two_ways = |a: &str, b: &str| bob(a).team("g", &["cy", "bob"], "cy").on("s", group("g"), b);
    t.ok(
        "RIGHT-16",
        "forward by the one path, the right to give by the other",
        two_ways("rf", "v").does("bob", add("s", user("dan"), Some("rfv"))),
    );
    t.no(
        "RIGHT-16",
        "g-grant",
        "grant-exceeds",
        "not what no path carries",
        two_ways("rf", "f").does("bob", add("s", user("dan"), Some("rfv"))),
    );
    t.ok(
        "RIGHT-17",
        "what one may do behind a proxy is the proxy's right",
        bob_by_proxy("r", "rfv").does("bob", on("revoke-others", "s")),
    );
    t.no(
        "RIGHT-17",
        "g-v",
        "no-acl",
        "one's own right on the proxy does not count behind it",
        bob_by_proxy("rfv", "rf").does("bob", on("revoke-others", "s")),
    );
    t.no(
        "RIGHT-17",
        "g-f",
        "no-acl",
        "and the proxy's right does not count on the proxy",
        bob_by_proxy("r", "rfv").does("bob", add("p", user("cy"), Some("r"))),
    );
    t.ok(
        "RIGHT-17",
        "whoever is brought into the proxy has the proxy's rights",
        bob_by_proxy("rf", "rfv").does("bob", add("p", user("cy"), Some("r"))).does("cy", on("revoke-others", "s")),
    );
    t.ok(
        "RIGHT-18",
        "management looks at paths that the retrieval did not take",
        bob("r")
            .team("g", &["cy", "bob"], "cy")
            .on("s", group("g"), "fv")
            .does("bob", retrieve("s", false, false))
            .does("bob", on("revoke-others", "s")),
    );
    t.no(
        "RIGHT-18",
        "g-path",
        "no-token",
        "a retrieval takes only those that it asked for",
        bob_by_group("r").does("bob", retrieve("s", false, true)),
    );
}
