//! The named cases of RIGHTS.md section 8.

use super::actions::{add, bob, bob_by_group, bob_by_proxy, change, on, read_by_key, retrieve, revoke, self_add};
use super::story::{Tests, group, key, proxy, session, user};
use sealwright_rights::Handle;

pub(super) fn examples() -> Tests {
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
