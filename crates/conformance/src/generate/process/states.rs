//! `text`: processes as text.

use super::reference::{commit, tree};
use super::roles::{document, role};
use super::{Draft, Files, GenerateError, OWN, STATED, TXID, json, process};
use crate::kinds::process::states::{Input, Output, ProcessText};
use serde_json::{Value, json as value};

const KEY: &str = "4b";
const SALT: &str = "5a";

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    let mut draft: Draft<ProcessText> = Draft::ours("process/text", "proc-text");
    let one = text(&[State::first()]);
    let two = text(&[State::first(), State::second()]);
    draft.accepts("PROC-70", STATED, "one state", Input { text: one.clone() }, output(&[State::first()]), 0);
    draft.accepts(
        "PROC-71",
        STATED,
        "two states",
        Input { text: two.clone() },
        output(&[State::first(), State::second()]),
        0,
    );
    let bare = State { keys: false, ..State::first() };
    draft.accepts(
        "PROC-72",
        STATED,
        "a state without keys",
        Input { text: text(std::slice::from_ref(&bare)) },
        output(&[bare]),
        0,
    );
    let replace = |from: &str, to: &str| {
        let changed = two.replacen(from, to, 1);
        assert_ne!(changed, two, "{from}");
        changed
    };
    let id = hex::encode(State::first().id());
    let public = hex::encode(json("\"o\""));
    let upper = Input { text: replace(&KEY.repeat(32), &KEY.repeat(32).to_uppercase()) };
    let votes = |votes: &[Value]| {
        replace("\"validation_tokens\":[]", &format!("\"validation_tokens\":{}", Value::from(votes.to_vec())))
    };
    let vote = |device: &str, sig: &str, vote: &str| value!({ "device": device, "sig": sig, "vote": vote });
    let sorted = [vote("a", "00", "yes"), vote("a", "00", "no"), vote("a", "01", "yes"), vote("b", "00", "no")];
    let swapped = |one: usize, other: usize| {
        let mut all = sorted.clone();
        all.swap(one, other);
        votes(&all)
    };
    draft.accepts("PROC-12", OWN, "a key in upper case", upper, output(&[State::first(), State::second()]), 0);
    for (rule, text, comment) in [
        (
            "PROC-70",
            replace(&format!("\"state_id\":\"{id}\""), &format!("\"state_id\":\"{}\"", "77".repeat(32))),
            "another state id",
        ),
        (
            "PROC-70",
            replace(&public, &hex::encode(json("\"p\""))),
            "public data that the commitment does not belong to",
        ),
        ("PROC-70", replace(&public, "0100"), "public data that do not decode"),
        (
            "PROC-70",
            replace("\"public_data\":{\"open\"", "\"public_data\":{\"other\""),
            "public data without a commitment",
        ),
        ("PROC-70", replace("\"keys\":{\"secret\"", "\"keys\":{\"open\""), "a key of a public attribute"),
        ("PROC-70", replace("\"keys\":{\"secret\"", "\"keys\":{\"other\""), "a key of no attribute"),
        ("PROC-70", replace("\"salts\":{\"secret\"", "\"salts\":{\"other\""), "a salt without a key"),
        ("PROC-70", replace("\"#roles\",\"open\"", "\"open\""), "other roles"),
        ("PROC-70", replace(&KEY.repeat(32), &KEY.repeat(31)), "a key of 31 bytes"),
        ("PROC-70", replace("\"index\":0", "\"index\":1"), "an index without a previous state"),
        ("PROC-70", replace("\"index\":0", "\"index\":-1"), "a negative index"),
        ("PROC-70", replace("\"index\":0", "\"index\": 0"), "white space"),
        ("PROC-70", replace("\"index\":0", "\"index\":0,\"index\":0"), "a member twice"),
        ("PROC-70", replace("\"index\":0", "\"index\":0,\"more\":0"), "another member"),
        ("PROC-70", replace("{\"index\"", "{\"#\":0,\"index\""), "another member before"),
        ("PROC-70", replace("\"validation_tokens\":[]", "\"validation_tokens\":[{}]"), "a vote that is none"),
        ("PROC-70", replace(",\"validation_tokens\":[]", ""), "no votes"),
        ("PROC-71", replace(",{\"placeholder\":true}", ""), "no placeholder"),
        ("PROC-71", replace("{\"placeholder\":true}", "{\"placeholder\":false}"), "a placeholder that is none"),
        (
            "PROC-71",
            replace("{\"placeholder\":true}", "{\"placeholder\":true},{\"placeholder\":true}"),
            "two placeholders",
        ),
        ("PROC-71", format!("{{\"process\":\"{}\",\"states\":[{{\"placeholder\":true}}]}}", process()), "no state"),
        ("PROC-71", text(&[State::second(), State::first()]), "states in another order"),
        ("PROC-71", text(&[State::first(), State::first()]), "a state twice"),
        ("PROC-71", text(&[State::second()]), "the first state is missing"),
        (
            "PROC-71",
            two.replacen(&format!("{{\"process\":\"{}\"", process()), &format!("{{\"process\":\"{TXID}:9\""), 1),
            "another process",
        ),
        ("PROC-71", one[..one.len() - 1].to_owned(), "cut"),
        ("PROC-71", format!("{one}\n"), "a line feed behind it"),
        ("PROC-71", String::new(), "nothing"),
        ("PROC-70", replace(&public, &public.to_uppercase()), "public data in upper case"),
        ("PROC-70", swapped(2, 3), "votes not sorted by device"),
        ("PROC-70", swapped(1, 2), "votes not sorted by signature"),
        ("PROC-70", swapped(0, 1), "no before yes, of one device and signature"),
        ("PROC-70", votes(&[vote("a", "00", "yes"), vote("a", "00", "yes")]), "a vote twice"),
    ] {
        let flag = if comment.contains("placeholder") { STATED } else { OWN };
        draft.refuses(rule, flag, comment, Input { text }, "malformed");
    }
    let mut listed = output(&[State::first(), State::second()]);
    listed.listing["states"][0]["validation_tokens"] = Value::from(sorted.to_vec());
    draft.accepts("PROC-70", OWN, "votes, sorted", Input { text: votes(&sorted) }, listed, 0);
    draft.finish(files)
}

/// A private `secret`, whose blob nobody needs here, and a public `open`.
#[derive(Clone)]
struct State {
    index: u64,
    prev: [u8; 32],
    open: &'static str,
    keys: bool,
}

impl State {
    fn first() -> Self {
        Self { index: 0, prev: [0; 32], open: "\"o\"", keys: true }
    }

    fn second() -> Self {
        Self { index: 1, prev: Self::first().id(), open: "{\"a\":1}", keys: true }
    }

    fn roles() -> String {
        document(&[("owner", role(&[0], &[(0, 10_000, &["#roles", "open", "secret"])]))])
    }

    fn leaves(&self) -> Vec<(String, u8, [u8; 32])> {
        vec![
            ("#roles".into(), 2, commit(&process(), "#roles", &json(&Self::roles()), None)),
            ("open".into(), 1, commit(&process(), "open", &json(self.open), None)),
            ("secret".into(), 0, [0xcc; 32]),
        ]
    }

    fn id(&self) -> [u8; 32] {
        tree(&self.leaves()).0
    }

    fn commitments(&self) -> Value {
        let of = |place: usize| hex::encode(self.leaves()[place].2);
        value!({ "open": of(1), "secret": of(2) })
    }

    fn roles_value() -> Value {
        Self::roles().parse().unwrap_or_default()
    }

    fn text(&self) -> Value {
        let secret = |byte: &str| if self.keys { value!({ "secret": byte.repeat(32) }) } else { value!({}) };
        value!({
            "index": self.index,
            "keys": secret(KEY),
            "pcd_commitment": self.commitments(),
            "prev": hex::encode(self.prev),
            "process": process(),
            "public_data": { "open": hex::encode(json(self.open)) },
            "roles": Self::roles_value(),
            "salts": secret(SALT),
            "state_id": hex::encode(self.id()),
            "validation_tokens": [],
        })
    }

    fn listing(&self) -> Value {
        value!({
            "state_id": hex::encode(self.id()),
            "pcd_commitment": self.commitments(),
            "private": ["secret"],
            "public_data": { "open": { "json": self.open } },
            "roles": Self::roles_value(),
            "validation_tokens": [],
        })
    }
}

/// Members are sorted, and there is nothing that RFC 8785 would spell in another way.
fn text(states: &[State]) -> String {
    let states: Vec<_> = states.iter().map(State::text).chain([value!({ "placeholder": true })]).collect();
    value!({ "process": process(), "states": states }).to_string()
}

fn output(states: &[State]) -> Output {
    Output {
        states: states.iter().map(|state| hex::encode(state.id())).collect(),
        keys: states.iter().map(|state| if state.keys { vec!["secret".into()] } else { vec![] }).collect(),
        listing: value!({ "process": process(), "states": states.iter().map(State::listing).collect::<Vec<_>>() }),
    }
}
