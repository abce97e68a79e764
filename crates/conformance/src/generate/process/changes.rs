//! `update`.

use super::roles::{document, role};
use super::{Draft, Files, GenerateError, OWN, STATED, member};
use crate::kinds::process::changes::{Attribute, Delta, Input, Output, Told, Updating};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    let mut draft: Draft<Updating> = Draft::ours("process/update", "proc-update");
    creations(&mut draft);
    updates(&mut draft);
    readers(&mut draft);
    draft.finish(files)
}

const ALL: &[&str] = &["#roles", "new", "open", "secret"];

/// One owner of everything; whether there is a second reader of `secret`.
fn roles(second: bool) -> String {
    let reader = if second { role(&[1], &[(0, 10_000, &["secret"])]) } else { role(&[], &[(0, 10_000, &["secret"])]) };
    document(&[("owner", role(&[0], &[(0, 0, ALL)])), ("reader", reader)])
}

fn start() -> Input {
    Input {
        author: member(0),
        keep_creator_keys: false,
        private: r#"{"secret":"s"}"#.into(),
        public: r#"{"open":"o"}"#.into(),
        roles: roles(false),
        blinded: vec![],
        before: vec![],
        without_keys: false,
        without_blobs: false,
        on: 0,
        change: None,
    }
}

fn delta(private: &str, public: &str) -> Delta {
    Delta { private: private.into(), public: public.into(), roles: None, blinded: vec![] }
}

fn change(private: &str, public: &str) -> Input {
    Input { change: Some(delta(private, public)), ..start() }
}

fn private(name: &str, commitment: &str, key: &str, blinded: bool) -> Attribute {
    Attribute { name: name.into(), class: "private".into(), commitment: commitment.into(), key: key.into(), blinded }
}

fn public(name: &str, commitment: &str) -> Attribute {
    Attribute {
        name: name.into(),
        class: "public".into(),
        commitment: commitment.into(),
        key: "none".into(),
        blinded: false,
    }
}

fn told(attribute: &str, notify: &[usize]) -> Told {
    Told { attribute: attribute.into(), notify: notify.iter().map(|&number| member(number)).collect() }
}

fn output(index: u64, attributes: Vec<Attribute>, changed: &[&str], blobs: usize, diffs: Vec<Told>) -> Output {
    let changed = changed.iter().map(|&name| name.to_owned()).collect();
    Output { index, attributes, changed, blobs, diffs }
}

fn creations(draft: &mut Draft<Updating>) {
    let made = |key: &str, blinded, notify: &[usize]| {
        let attributes = vec![public("open", "new"), private("secret", "new", key, blinded)];
        output(0, attributes, &[], 1, vec![told("#roles", notify), told("open", notify), told("secret", notify)])
    };
    draft.accepts("PROC-100", STATED, "create", start(), made("new", false, &[0]), 0);
    let blinded = Input { blinded: vec!["secret".into()], ..start() };
    draft.accepts("PROC-22", OWN, "create, blinded on request", blinded, made("new", true, &[0]), 0);
    draft.accepts(
        "PROC-73",
        STATED,
        "create for two readers: both are told",
        Input { roles: roles(true), ..start() },
        {
            let attributes = vec![public("open", "new"), private("secret", "new", "new", false)];
            output(0, attributes, &[], 1, vec![told("#roles", &[0, 1]), told("open", &[0, 1]), told("secret", &[0, 1])])
        },
        0,
    );
    let outsider = Input { author: member(3), ..start() };
    draft.accepts(
        "PROC-52",
        OWN,
        "create by somebody who may not read",
        outsider.clone(),
        made("none", false, &[0]),
        0,
    );
    let keeps = Input { keep_creator_keys: true, ..outsider };
    draft.accepts("PROC-52", OWN, "the same, keeping the keys", keeps, made("new", false, &[0]), 0);
    for (given, error, comment) in [
        (Input { public: r#"{"secret":1}"#.into(), ..start() }, "bad-name", "private and public"),
        (Input { private: r##"{"#roles":1}"##.into(), ..start() }, "bad-name", "a reserved name"),
        (Input { private: r#"{"a":[{"$binary":""}]}"#.into(), ..start() }, "nested-binary", "binary inside"),
        (Input { private: r#"{"a":1e999}"#.into(), ..start() }, "bad-value", "a number that is none"),
    ] {
        draft.refuses("PROC-100", OWN, format!("create: {comment}"), given, error);
    }
}

fn updates(draft: &mut Draft<Updating>) {
    let (same_open, same_secret) = (public("open", "kept"), private("secret", "kept", "kept", false));
    for (given, expected, comment) in [
        (
            change(r#"{"secret":"s"}"#, r#"{"new":1,"open":"o"}"#),
            output(
                1,
                vec![public("new", "new"), same_open.clone(), same_secret.clone()],
                &["new"],
                0,
                vec![told("new", &[0])],
            ),
            "the same values: carried",
        ),
        (
            change(r#"{"secret":"t"}"#, "{}"),
            output(
                1,
                vec![same_open.clone(), private("secret", "new", "new", false)],
                &["secret"],
                1,
                vec![told("secret", &[0])],
            ),
            "another private value: new key and blob",
        ),
        (
            change("{}", r#"{"open":"p"}"#),
            output(1, vec![public("open", "new"), same_secret.clone()], &["open"], 0, vec![told("open", &[0])]),
            "another public value",
        ),
        (
            change(r#"{"secret":null}"#, "{}"),
            output(1, vec![same_open.clone()], &["secret"], 0, vec![told("secret", &[0])]),
            "null removes a private attribute",
        ),
        (
            change("{}", r#"{"open":null}"#),
            output(1, vec![same_secret.clone()], &["open"], 0, vec![told("open", &[0])]),
            "null removes a public attribute",
        ),
        (
            change(r#"{"new":1}"#, "{}"),
            output(
                1,
                vec![private("new", "new", "new", false), same_open.clone(), same_secret.clone()],
                &["new"],
                1,
                vec![told("new", &[0])],
            ),
            "a new private attribute",
        ),
        (
            change("{}", r#"{"new":1}"#),
            output(
                1,
                vec![public("new", "new"), same_open.clone(), same_secret.clone()],
                &["new"],
                0,
                vec![told("new", &[0])],
            ),
            "a new public attribute",
        ),
        (
            change(r#"{"secret":{"$null":true}}"#, "{}"),
            output(
                1,
                vec![same_open.clone(), private("secret", "new", "new", false)],
                &["secret"],
                1,
                vec![told("secret", &[0])],
            ),
            "the value null is no removal",
        ),
        (
            change("{}", r#"{"secret":"t"}"#),
            output(1, vec![same_open.clone(), public("secret", "new")], &["secret"], 0, vec![told("secret", &[0])]),
            "private becomes public",
        ),
        (
            change("{}", r#"{"secret":"s"}"#),
            output(1, vec![same_open.clone(), public("secret", "kept")], &["secret"], 0, vec![told("secret", &[0])]),
            "private becomes public with the same value: the same plain commitment, another class",
        ),
        (
            change(r#"{"open":"p"}"#, "{}"),
            output(
                1,
                vec![private("open", "new", "new", false), same_secret.clone()],
                &["open"],
                1,
                vec![told("open", &[0])],
            ),
            "public becomes private",
        ),
        (
            change(r#"{"open":"o"}"#, "{}"),
            output(
                1,
                vec![private("open", "new", "new", true), same_secret.clone()],
                &["open"],
                1,
                vec![told("open", &[0])],
            ),
            "public becomes private with the same value: blinded, for the plain name was there",
        ),
    ] {
        draft.accepts("PROC-101", STATED, comment, given, expected, 0);
    }
    for (given, comment) in [
        (change("{}", "{}"), "nothing named"),
        (change(r#"{"secret":"s"}"#, r#"{"open":"o"}"#), "the same values"),
        (change(r#"{"absent":null}"#, "{}"), "removing what is not there"),
        (Input { change: Some(Delta { roles: Some(roles(false)), ..delta("{}", "{}") }), ..start() }, "the same roles"),
    ] {
        draft.refuses("PROC-104", OWN, format!("nothing changed: {comment}"), given, "unchanged");
    }
    let back = Input { before: vec![delta(r#"{"secret":"t"}"#, "{}")], on: 1, ..change(r#"{"secret":"s"}"#, "{}") };
    let expected = output(
        2,
        vec![same_open.clone(), private("secret", "new", "new", true)],
        &["secret"],
        1,
        vec![told("secret", &[0])],
    );
    draft.accepts("PROC-24", OWN, "a value that comes back is blinded", back, expected.clone(), 0);
    let again = Input { before: vec![delta(r#"{"secret":null}"#, "{}")], on: 1, ..change(r#"{"secret":"s"}"#, "{}") };
    draft.accepts("PROC-24", OWN, "a removed value that comes back is blinded", again, expected, 0);
    let stays = Input { blinded: vec!["secret".into()], ..change(r#"{"secret":"t"}"#, "{}") };
    let expected = |commitment: &str, key: &str, changed: &[&str], blobs, diffs| {
        output(1, vec![public("open", "kept"), private("secret", commitment, key, true)], changed, blobs, diffs)
    };
    draft.accepts(
        "PROC-22",
        OWN,
        "what is blinded stays blinded",
        stays,
        expected("new", "new", &["secret"], 1, vec![told("secret", &[0])]),
        0,
    );
    let same = Input { blinded: vec!["secret".into()], ..change(r#"{"secret":"s"}"#, r#"{"open":"p"}"#) };
    let carried = vec![public("open", "new"), private("secret", "kept", "kept", true)];
    let carried = output(1, carried, &["open"], 0, vec![told("open", &[0])]);
    draft.accepts("PROC-101", OWN, "the same value, blinded: carried", same, carried, 0);
    let wish = Delta { blinded: vec!["secret".into()], ..delta(r#"{"secret":"t"}"#, "{}") };
    let wish = Input { change: Some(wish), ..start() };
    draft.accepts(
        "PROC-22",
        OWN,
        "blinded on request",
        wish,
        expected("new", "new", &["secret"], 1, vec![told("secret", &[0])]),
        0,
    );
    let keyless = Input { without_keys: true, without_blobs: true, ..change("{}", r#"{"open":"p"}"#) };
    let carried = output(
        1,
        vec![public("open", "new"), private("secret", "kept", "none", false)],
        &["open"],
        0,
        vec![told("open", &[0])],
    );
    draft.accepts("PROC-103", OWN, "without a key the commitment is carried", keyless, carried, 0);
    let unknown = Input { without_keys: true, ..change(r#"{"secret":"t"}"#, "{}") };
    draft.accepts(
        "PROC-103",
        OWN,
        "without a key a new value is blinded: the old one may have been",
        unknown,
        expected("new", "new", &["secret"], 1, vec![told("secret", &[0])]),
        0,
    );
    let twice = change(r#"{"new":1}"#, r#"{"new":1}"#);
    draft.refuses("PROC-101", OWN, "a name in both changes", twice, "bad-name");
    draft.refuses("PROC-101", OWN, "a change that is no null", change(r#"{"secret":{"$null":1}}"#, "{}"), "bad-value");
    let old = Input { before: vec![delta("{}", r#"{"open":"p"}"#)], on: 0, ..change("{}", r#"{"open":"q"}"#) };
    draft.refuses("PROC-104", STATED, "built on an older state", old, "stale");
    let next = Input { before: vec![delta("{}", r#"{"open":"p"}"#)], on: 1, ..change("{}", r#"{"open":"q"}"#) };
    let expected = output(2, vec![public("open", "new"), same_secret], &["open"], 0, vec![told("open", &[0])]);
    draft.accepts("PROC-104", STATED, "built on the latest state", next, expected, 0);
}

fn readers(draft: &mut Draft<Updating>) {
    let to = |second: bool, private: &str| Delta { roles: Some(roles(second)), ..delta(private, "{}") };
    let shrinks = |private: &str| Input { roles: roles(true), change: Some(to(false, private)), ..start() };
    let rekeyed = || {
        let attributes = vec![public("open", "kept"), private("secret", "new", "new", true)];
        output(1, attributes, &["#roles", "secret"], 1, vec![told("#roles", &[0, 1]), told("secret", &[0, 1])])
    };
    draft.accepts(
        "PROC-102",
        OWN,
        "a reader is removed: new key, blob and blinded commitment",
        shrinks("{}"),
        rekeyed(),
        0,
    );
    draft.accepts(
        "PROC-102",
        OWN,
        "a reader is removed, the same value is given",
        shrinks(r#"{"secret":"s"}"#),
        rekeyed(),
        0,
    );
    draft.accepts(
        "PROC-102",
        OWN,
        "a reader is removed, another value is given",
        shrinks(r#"{"secret":"t"}"#),
        rekeyed(),
        0,
    );
    let grows = Input { change: Some(to(true, "{}")), ..start() };
    let attributes = vec![public("open", "kept"), private("secret", "kept", "kept", false)];
    let expected = output(1, attributes, &["#roles"], 0, vec![told("#roles", &[0, 1]), told("secret", &[1])]);
    draft.accepts("PROC-102", OWN, "a reader is added: the old key stays, the new reader is told", grows, expected, 0);
    let keyless = Input { without_keys: true, ..shrinks("{}") };
    draft.refuses("PROC-103", OWN, "a reader is removed by somebody without the key", keyless.clone(), "key-missing");
    let given = Input { change: Some(to(false, r#"{"secret":"s"}"#)), ..keyless };
    draft.accepts("PROC-103", OWN, "without the key, but with a value", given, rekeyed(), 0);
    let blobless = Input { without_blobs: true, ..shrinks("{}") };
    draft.refuses("PROC-102", OWN, "a reader is removed by somebody without the blob", blobless, "blob-missing");
}
