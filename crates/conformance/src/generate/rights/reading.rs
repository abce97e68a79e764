//! Ways to the key, and what whoever comes by a secret may do (RIGHT-20 to RIGHT-22, RIGHT-70 to RIGHT-75).

use super::actions::{
    add, bob, change, convert, create, on, read_anonymously, read_by_key, read_by_tmr, retrieve, revoke, self_add,
};
use super::story::{Tests, group, key, people, proxy, session, tmr, user};
use sealwright_rights::CachePolicy;
use serde_json::json;

pub(super) fn reading(t: &mut Tests) {
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
        "a holder that is listed twice with the same rights has one record",
        people().does("ann", create("s", &[(user("bob"), Some("rf")), (user("cy"), None), (user("bob"), None)])),
    );
    t.no(
        "RIGHT-20",
        "g-kind",
        "unsupported-change",
        "a holder that is listed twice with different rights",
        people().does("ann", create("s", &[(user("bob"), Some("r")), (user("bob"), Some("rfv"))])),
    );
    t.no(
        "RIGHT-20",
        "g-kind",
        "unsupported-change",
        "the creator too, whose default is another",
        people().does("ann", create("s", &[(user("ann"), None), (user("ann"), Some("rf"))])),
    );
    t.no(
        "RIGHT-20",
        "g-r",
        "read-required",
        "every entry has to hold, the second of a proxy too",
        with_proxy().does("bob", create("s", &[(proxy("p"), Some("f")), (proxy("p"), Some("f"))])),
    );
    t.no(
        "RIGHT-20",
        "g-id",
        "invalid-id",
        "a SymEncKey that is listed twice",
        people().does("ann", create("s", &[(key("k"), None), (key("k"), None)])),
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

pub(super) fn bearers(t: &mut Tests) {
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
    t.no(
        "RIGHT-71",
        "g-stand",
        "unauthorized",
        "somebody without an account",
        by_key("r").does(None, read_by_key("s", true)),
    );
    t.no(
        "RIGHT-71",
        "g-path",
        "no-token",
        "somebody without an account and proof",
        by_key("r").does(None, read_by_key("s", false)),
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
    t.no(
        "RIGHT-74",
        "g-stand",
        "unauthorized",
        "somebody without an account",
        by_tmr("r").does(None, read_by_tmr("s", true)),
    );
    t.ok("RIGHT-75", "no right to forward is needed", by_tmr("r").does("bob", convert("s", true, true)));
    t.ok("RIGHT-75", "the access may stay", by_tmr("rf").does("bob", convert("s", true, false)));
    t.ok(
        "RIGHT-75",
        "who is a recipient already stays as is, and the access goes",
        by_tmr("rf").on("s", user("bob"), "r").does("bob", convert("s", true, true)),
    );
    t.ok(
        "RIGHT-75",
        "who is a recipient already and leaves the access: nothing changes",
        by_tmr("rf").on("s", user("bob"), "r").does("bob", convert("s", true, false)),
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
