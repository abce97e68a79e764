//! The decision table, one accepting and one refusing story for each rule at least, and the named cases.

use crate::form::File;
use crate::guards;
use crate::story::{Story, Tests, group, key, people, proxy, session, tmr, user};
use sealwright_rights::{CachePolicy, Handle};
use serde_json::{Value, json};

/// Every file with its name.
pub fn files() -> Vec<(&'static str, File)> {
    vec![
        ("decisions", decisions().file("rights")),
        ("guards", guards::tests().file("rights-guards")),
        ("examples", examples().file("rights")),
    ]
}

pub fn add(session: &str, holder: impl serde::Serialize, rights: Option<&str>) -> Value {
    json!({ "add": { "session": session, "holder": holder, "rights": rights } })
}

pub fn change(session: &str, holder: impl serde::Serialize, add: &str, remove: &str) -> Value {
    json!({ "change": { "session": session, "holder": holder, "add": add, "remove": remove } })
}

fn retrieve(session: &str, group: bool, proxy: bool) -> Value {
    json!({ "retrieve": { "session": session, "lookup": { "group": group, "proxy": proxy }, "device": 0 } })
}

pub fn revoke(session: &str, holders: &[impl serde::Serialize]) -> Value {
    json!({ "revoke": { "session": session, "holders": holders } })
}

pub fn on(action: &str, session: &str) -> Value {
    json!({ action: { "session": session } })
}

fn create(session: &str, records: &[(crate::story::Holder, Option<&str>)]) -> Value {
    let records: Vec<_> =
        records.iter().map(|(holder, rights)| json!({ "holder": holder, "rights": rights })).collect();
    json!({ "create": { "session": session, "records": records } })
}

fn self_add(session: &str, rights: Option<&str>) -> Value {
    json!({ "self-add": { "session": session, "key": "k", "proven": true, "rights": rights } })
}

fn read_by_key(session: &str, proven: bool) -> Value {
    json!({ "read-by-sym-enc-key": { "session": session, "key": "k", "proven": proven } })
}

fn read_anonymously(session: &str, scope: i32) -> Value {
    json!({ "read-anonymously": { "session": session, "key": "k", "proven": true, "scope": scope } })
}

fn read_by_tmr(session: &str, proven: bool) -> Value {
    json!({ "read-by-tmr": { "session": session, "access": "t", "proven": proven } })
}

fn convert(session: &str, proven: bool, delete: bool) -> Value {
    json!({ "convert": { "session": session, "access": "t", "proven": proven, "delete_on_convert": delete } })
}

/// Bob is a recipient with these rights and has the key.
fn bob(rights: &str) -> Story {
    session().on("s", user("bob"), rights).came("s", "bob")
}

/// Bob comes by group `g` only and has the key.
fn bob_by_group(rights: &str) -> Story {
    session().team("g", &["cy", "bob"], "cy").on("s", group("g"), rights).came("s", "bob")
}

/// Bob is on proxy `p` with the one set of rights, `p` on `s` with the other; Bob has both keys.
fn bob_by_proxy(on_proxy: &str, of_proxy: &str) -> Story {
    session()
        .made("p", "ann")
        .on("p", user("bob"), on_proxy)
        .came("p", "bob")
        .on("s", proxy("p"), of_proxy)
        .came("s", "bob")
}

fn decisions() -> Tests {
    let mut t = Tests::default();
    records(&mut t);
    defaults(&mut t);
    paths(&mut t);
    reading(&mut t);
    adding(&mut t);
    changing(&mut t);
    revoking(&mut t);
    bearers(&mut t);
    groups(&mut t);
    t
}

fn records(t: &mut Tests) {
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

fn defaults(t: &mut Tests) {
    let listed = |holder: crate::story::Holder| {
        people().team("g", &["cy", "bob"], "cy").does("ann", create("s", &[(holder, None)]))
    };
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

fn paths(t: &mut Tests) {
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

fn reading(t: &mut Tests) {
    let with_proxy = || people().made("p", "bob").on("p", user("bob"), "rfv");
    t.ok("RIGHT-20", "with nobody", people().does("ann", create("s", &[])));
    t.ok(
        "RIGHT-20",
        "with one of each kind",
        with_proxy().team("g", &["cy"], "cy").does(
            "bob",
            create(
                "s",
                &[
                    (user("cy"), Some("fv")),
                    (group("g"), None),
                    (proxy("p"), None),
                    (key("k"), Some("r")),
                    (tmr("t"), None),
                ],
            ),
        ),
    );
    t.ok(
        "RIGHT-20",
        "of a holder that is listed twice the first entry counts",
        people().does("ann", create("s", &[(user("bob"), Some("r")), (user("bob"), Some("rfv"))])),
    );
    t.ok(
        "RIGHT-20",
        "without an account, for users and TMR accesses",
        people()
            .does(None, create("s", &[(user("bob"), None), (tmr("t"), None)]))
            .does("bob", retrieve("s", false, false)),
    );
    t.no("RIGHT-20", "g-id", "invalid-id", "an id that is taken", session().does("bob", create("s", &[])));
    t.no(
        "RIGHT-20",
        "g-exist",
        "not-found",
        "for a user who does not exist",
        people().does("ann", create("s", &[(user("eve"), None)])),
    );
    t.no(
        "RIGHT-20",
        "g-kind",
        "unsupported-change",
        "without an account, for a SymEncKey",
        people().does(None, create("s", &[(key("k"), None)])),
    );
    t.no("RIGHT-20", "g-self", "proxy-self", "its own proxy", people().does("ann", create("s", &[(proxy("s"), None)])));
    t.no(
        "RIGHT-20",
        "g-r",
        "read-required",
        "a proxy that does not read",
        with_proxy().does("bob", create("s", &[(proxy("p"), Some("f"))])),
    );
    t.no(
        "RIGHT-20",
        "g-direct",
        "proxy-not-direct",
        "a proxy of others",
        with_proxy().does("ann", create("s", &[(proxy("p"), None)])),
    );
    t.ok(
        "RIGHT-21",
        "the key is wrapped for the device",
        session()
            .devices("bob", 2)
            .on("s", user("bob"), "r")
            .wrapped("s", &[0])
            .does("bob", retrieve("s", false, false)),
    );
    let second = json!({ "retrieve": { "session": "s", "lookup": { "group": true, "proxy": true }, "device": 1 } });
    t.no(
        "RIGHT-21",
        "g-device",
        "no-token-for-key",
        "the key is not wrapped for the device",
        session().devices("bob", 2).on("s", user("bob"), "r").wrapped("s", &[0]).does("bob", second.clone()),
    );
    t.ok(
        "RIGHT-21",
        "another path is for every device",
        session()
            .devices("bob", 2)
            .on("s", user("bob"), "r")
            .wrapped("s", &[0])
            .team("g", &["cy", "bob"], "cy")
            .on("s", group("g"), "r")
            .does("bob", second),
    );
    t.no("RIGHT-21", "g-exist", "not-found", "no such session", people().does("bob", retrieve("s", true, true)));
    t.no("RIGHT-21", "g-path", "no-token", "a stranger", session().does("dan", retrieve("s", true, true)));
    t.no(
        "RIGHT-21",
        "g-path",
        "no-token",
        "somebody without an account",
        session().on("s", user("bob"), "r").does(None, retrieve("s", true, true)),
    );
    t.ok(
        "RIGHT-22",
        "a key that was got before the revocation still opens",
        bob("r").does("ann", on("revoke-all", "s")).does("bob", on("use", "s")),
    );
    t.no(
        "RIGHT-22",
        "g-key",
        "key-not-held",
        "without the key nothing opens",
        bob("r").does("bob", on("forget", "s")).does("bob", on("use", "s")),
    );
    let cached = |policy| {
        session()
            .on("s", user("bob"), "r")
            .cache(policy)
            .does("bob", retrieve("s", false, false))
            .does("ann", on("revoke-others", "s"))
            .does("bob", on("forget", "s"))
    };
    t.ok(
        "RIGHT-22",
        "a cache without eviction gives the key to a revoked user",
        cached(CachePolicy::Keep).does("bob", on("list-own", "s")).does("bob", on("recall", "s")),
    );
    t.ok(
        "RIGHT-22",
        "with eviction too, as long as the user has not seen it",
        cached(CachePolicy::Evict).does("bob", on("recall", "s")),
    );
    t.no(
        "RIGHT-22",
        "g-key",
        "key-not-held",
        "then not any more",
        cached(CachePolicy::Evict).does("bob", on("list-own", "s")).does("bob", on("recall", "s")),
    );
}

fn adding(t: &mut Tests) {
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

fn changing(t: &mut Tests) {
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
        "what is there already needs no right",
        cy("rv", "rfv").does("bob", change("s", user("cy"), "rf", "")),
    );
    t.ok(
        "RIGHT-40",
        "forward to a SymEncKey",
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
    t.ok(
        "RIGHT-42",
        "what is not there needs no right to take",
        cy("rf", "r").does("bob", change("s", user("cy"), "f", "v")),
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

fn revoking(t: &mut Tests) {
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

fn bearers(t: &mut Tests) {
    let by_key = |rights: &str| session().on("s", key("k"), rights);
    for action in [
        add("s", user("cy"), Some("r")),
        change("s", key("k"), "", "f"),
        revoke("s", &[key("k")]),
        on("revoke-others", "s"),
        on("list", "s"),
    ] {
        let told = action.as_object().and_then(|action| action.keys().next()).expect("an action").clone();
        let story = by_key("rf").on("s", user("bob"), "rfv").does("bob", read_by_key("s", true));
        t.no(
            "RIGHT-70",
            "g-handle",
            "not-manageable",
            &format!("by a SymEncKey: {told}"),
            story.clone().does("bob", action.clone()),
        );
        t.ok(
            "RIGHT-70",
            &format!("after a plain retrieval: {told}"),
            story.does("bob", retrieve("s", false, false)).does("bob", action),
        );
    }
    t.ok("RIGHT-71", "it reads", by_key("r").does("bob", read_by_key("s", true)));
    t.no("RIGHT-71", "g-path", "no-token", "the wrong proof", by_key("r").does("bob", read_by_key("s", false)));
    t.no(
        "RIGHT-71",
        "g-path",
        "no-token",
        "revoked",
        session().off("s", key("k"), "r").does("bob", read_by_key("s", true)),
    );
    t.no(
        "RIGHT-71",
        "g-path",
        "no-token",
        "the right to read was taken from it",
        by_key("rf").does("ann", change("s", key("k"), "", "r")).does("bob", read_by_key("s", true)),
    );
    t.no(
        "RIGHT-71",
        "g-path",
        "no-token",
        "no such session: the same answer",
        people().does("bob", read_by_key("s", true)),
    );
    t.ok("RIGHT-72", "with the rights of the SymEncKey", by_key("rfv").does("bob", self_add("s", Some("rfv"))));
    t.ok("RIGHT-72", "with less", by_key("rfv").does("bob", self_add("s", Some("r"))));
    t.ok(
        "RIGHT-72",
        "who is a recipient already stays as is",
        by_key("rfv").on("s", user("bob"), "r").does("bob", self_add("s", Some("rfv"))),
    );
    t.no(
        "RIGHT-72",
        "g-f",
        "no-acl",
        "forward without read is not enough",
        by_key("rf").does("ann", change("s", key("k"), "", "r")).does("bob", self_add("s", Some("f"))),
    );
    t.no(
        "RIGHT-72",
        "g-f",
        "no-acl",
        "neither is read without forward",
        by_key("rv").does("bob", self_add("s", Some("r"))),
    );
    t.no(
        "RIGHT-72",
        "g-stand",
        "unauthorized",
        "somebody without an account",
        by_key("rf").does(None, self_add("s", Some("r"))),
    );
    t.ok("RIGHT-73", "scope 5", by_key("r").does(None, read_anonymously("s", 5)));
    t.ok("RIGHT-73", "scope -1", by_key("r").does(None, read_anonymously("s", -1)));
    t.no("RIGHT-73", "g-scope", "unauthorized", "another scope", by_key("r").does(None, read_anonymously("s", 4)));
    t.no(
        "RIGHT-73",
        "g-path",
        "no-token",
        "revoked",
        session().off("s", key("k"), "r").does(None, read_anonymously("s", 5)),
    );
    let by_tmr = |rights: &str| session().on("s", tmr("t"), rights);
    t.ok("RIGHT-74", "it reads", by_tmr("r").does("bob", read_by_tmr("s", true)));
    t.no(
        "RIGHT-74",
        "g-path",
        "no-token",
        "the factor is not proven",
        by_tmr("r").does("bob", read_by_tmr("s", false)),
    );
    t.no(
        "RIGHT-74",
        "g-path",
        "no-token",
        "revoked",
        session().off("s", tmr("t"), "r").does("bob", read_by_tmr("s", true)),
    );
    t.ok("RIGHT-75", "no right to forward is needed", by_tmr("r").does("bob", convert("s", true, true)));
    t.ok("RIGHT-75", "the access may stay", by_tmr("rf").does("bob", convert("s", true, false)));
    t.ok(
        "RIGHT-75",
        "who is a recipient already stays as is, and the access goes",
        by_tmr("rf").on("s", user("bob"), "r").does("bob", convert("s", true, true)),
    );
    t.no(
        "RIGHT-75",
        "g-path",
        "no-token",
        "a second time",
        by_tmr("rf").does("bob", convert("s", true, true)).does("cy", convert("s", true, true)),
    );
    t.no("RIGHT-75", "g-exist", "not-found", "no such session", people().does("bob", convert("s", true, true)));
    t.no(
        "RIGHT-75",
        "g-stand",
        "unauthorized",
        "somebody without an account",
        by_tmr("rf").does(None, convert("s", true, true)),
    );
}

fn groups(t: &mut Tests) {
    let team = || session().team("g", &["cy", "bob"], "cy").on("s", group("g"), "rf");
    let of_group = |action: &str, name: &str| json!({ action: { "group": "g", "user": name } });
    t.ok(
        "RIGHT-80",
        "an admin adds: old sessions open for the new member",
        team().does("cy", of_group("group-add", "dan")).does("dan", retrieve("s", true, false)),
    );
    t.ok("RIGHT-80", "a member again: nothing changes", team().does("cy", of_group("group-add", "bob")));
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

fn examples() -> Tests {
    let mut t = Tests::default();
    let rest = |action: &str| on(action, "s");
    let start = || bob("rf").does("bob", add("s", user("cy"), None));
    t.ok("EX-01", "a default recipient adds a third user", start());
    t.no("EX-01", "g-v", "no-acl", "and then revokes the others", start().does("bob", rest("revoke-others")));
    let start = || {
        bob("r")
            .team("g", &["cy", "bob"], "cy")
            .on("s", group("g"), "rfv")
            .does("bob", add("s", user("dan"), Some("rf")))
    };
    t.ok("EX-02", "direct read, and a group with everything: add", start());
    t.ok("EX-02", "and revoke all", start().does("bob", rest("revoke-all")));
    t.no("EX-02", "g-f", "no-acl", "without the group", bob("r").does("bob", add("s", user("dan"), Some("rf"))));
    t.no(
        "EX-03",
        "g-v",
        "no-acl",
        "with a proxy that may not revoke",
        bob_by_proxy("rfv", "rf").on("s", user("bob"), "r").does("bob", rest("revoke-all")),
    );
    let start = || bob_by_proxy("r", "rfv").on("s", user("bob"), "r").does("bob", add("s", user("dan"), Some("rf")));
    t.ok("EX-03", "direct read, and a proxy with everything: add", start());
    t.ok("EX-03", "and revoke all", start().does("bob", rest("revoke-all")));
    let chain = session().made("p", "ann").made("q", "ann").on("q", user("bob"), "rfv").on("p", proxy("q"), "rfv").on(
        "s",
        proxy("p"),
        "rfv",
    );
    t.no("EX-04", "g-path", "no-token", "a proxy of a proxy", chain.clone().does("bob", retrieve("s", true, true)));
    t.ok("EX-04", "the first step of the chain opens", chain.does("bob", retrieve("p", false, true)));
    let by_group = session().made("p", "ann").team("g", &["cy", "bob"], "cy").on("p", group("g"), "rfv").on(
        "s",
        proxy("p"),
        "rfv",
    );
    t.no(
        "EX-05",
        "g-path",
        "no-token",
        "a proxy that is reached by a group",
        by_group.clone().does("bob", retrieve("s", true, true)),
    );
    t.ok(
        "EX-05",
        "a direct recipient of the proxy comes through",
        by_group.on("p", user("bob"), "r").does("bob", retrieve("s", false, true)),
    );
    t.no(
        "EX-06",
        "g-f",
        "no-acl",
        "everything on the proxy, which only reads",
        bob_by_proxy("rfv", "r").does("bob", add("s", user("cy"), Some("r"))),
    );
    t.ok(
        "EX-06",
        "on the proxy itself it counts",
        bob_by_proxy("rfv", "r").does("bob", add("p", user("cy"), Some("rfv"))),
    );
    t.no(
        "EX-07",
        "g-grant",
        "grant-exceeds",
        "more than one has",
        bob("rf").does("bob", add("s", user("cy"), Some("rfv"))),
    );
    t.ok("EX-07", "as much as one has", bob("rf").does("bob", add("s", user("cy"), Some("rf"))));
    t.no(
        "EX-08",
        "g-f",
        "no-acl",
        "self-add by a SymEncKey that only reads",
        session().on("s", key("k"), "r").does("bob", self_add("s", Some("r"))),
    );
    t.no(
        "EX-08",
        "g-grant",
        "grant-exceeds",
        "self-add with more than the SymEncKey has",
        session().on("s", key("k"), "rf").does("bob", self_add("s", Some("rfv"))),
    );
    t.ok(
        "EX-08",
        "self-add with what it has",
        session().on("s", key("k"), "rf").does("bob", self_add("s", Some("rf"))),
    );
    let start = || session().on("s", key("k"), "r").on("s", user("bob"), "rf").does("bob", read_by_key("s", true));
    t.no(
        "EX-09",
        "g-handle",
        "not-manageable",
        "a recipient who came by a SymEncKey",
        start().does("bob", add("s", user("cy"), Some("r"))),
    );
    t.ok(
        "EX-09",
        "after a plain retrieval",
        start().does("bob", retrieve("s", false, false)).does("bob", add("s", user("cy"), Some("r"))),
    );
    t.no(
        "EX-10",
        "g-path",
        "no-token",
        "the creator without a record retrieves",
        session().does("ann", retrieve("s", true, true)),
    );
    t.ok("EX-10", "and adds while holding the key", session().does("ann", add("s", user("bob"), Some("r"))));
    t.no(
        "EX-10",
        "g-key",
        "key-not-held",
        "and adds after losing it",
        session().does("ann", rest("forget")).does("ann", add("s", user("bob"), Some("r"))),
    );
    let start = || bob("rf").does("bob", add("s", user("cy"), Some("r")));
    t.ok("EX-11", "who added it revokes it", start().does("bob", revoke("s", &[user("cy")])));
    t.no(
        "EX-11",
        "g-stand",
        "unauthorized",
        "not after being revoked",
        start().does("ann", revoke("s", &[user("bob")])).does("bob", revoke("s", &[user("cy")])),
    );
    t.ok("EX-12", "a stranger", session().does("ann", revoke("s", &[user("dan")])));
    t.no(
        "EX-12",
        "g-id",
        "invalid-id",
        "a malformed id",
        session().on("s", user("bob"), "r").does("ann", revoke("s", &[user("bob"), user("not an id!")])),
    );
    let start = || bob("rf").does("ann", rest("revoke-all"));
    t.ok("EX-13", "revoke all", start());
    t.no(
        "EX-13",
        "g-open",
        "session-closed",
        "then nobody is added, by the creator either",
        start().does("ann", add("s", user("bob"), Some("r"))),
    );
    let start = || bob_by_group("rv").does("bob", revoke("s", &[group("g")]));
    t.ok("EX-14", "a member revokes the group", start());
    t.no("EX-14", "g-path", "no-token", "and is outside", start().does("bob", retrieve("s", true, true)));
    let start =
        || session().on("s", user("bob"), "rfv").on("s", user("cy"), "r").does("bob", change("s", user("cy"), "", "r"));
    t.ok("EX-15", "read is taken away", start());
    t.no(
        "EX-15",
        "g-key",
        "key-not-held",
        "and cannot be given back without the key",
        start().does("bob", change("s", user("cy"), "r", "")),
    );
    let start = || {
        session().made("p", "ann").on("p", key("k"), "rf").on("s", proxy("p"), "r").does("bob", read_by_key("p", true))
    };
    t.no(
        "EX-16",
        "g-path",
        "no-token",
        "who reads the proxy by a SymEncKey does not come through",
        start().does("bob", retrieve("s", true, true)),
    );
    t.ok(
        "EX-16",
        "after the self-add to the proxy",
        start().does("bob", self_add("p", Some("rf"))).does("bob", retrieve("s", false, true)),
    );
    t.ok(
        "EX-16",
        "with a handle of one's own",
        start()
            .does_by("ann", Some(Handle::Created), add("p", user("bob"), Some("r")))
            .does("bob", retrieve("s", false, true)),
    );
    t
}
