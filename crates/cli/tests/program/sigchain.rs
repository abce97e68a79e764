use crate::peer;
use crate::place::Place;
use serde_json::{Value, json};

/// After the peers' chains were made.
const AT: &str = "2026-11-21T22:26:40Z";

/// The blocks of a chain of the peers.
fn blocks(name: &str) -> Vec<Value> {
    let data = peer::json("sigchain/sigchain.json");
    let chains = data["chains"].as_array().unwrap();
    let chain = chains.iter().find(|chain| chain["name"] == name).unwrap();
    chain["blocks"].as_array().unwrap().clone()
}

fn text(blocks: &[Value]) -> String {
    Value::from(blocks.to_vec()).to_string()
}

const ALICE: &str = "alice: creation, 3 renewals, second device, its revocation";
const GROUP: &str = "group: server removes B";
const EXPIRED: &str = "expired key signs a renewal";

#[test]
fn a_verified_chain_shows_its_history() {
    let mut place = Place::new();
    for (file, name) in [("alice", ALICE), ("group", GROUP), ("expired", EXPIRED)] {
        place.file(file, text(&blocks(name)));
        place.run(["sigchain", "verify", file, "--at", AT]);
        place.run(["sigchain", "verify", file, "--at", "1795300000", "--json"]);
    }
    place.run(["sigchain", "verify", "alice", "--at", "2040-01-01"]);
    let hash = blocks(ALICE)[2]["signature"]["hash"].as_str().unwrap().to_owned();
    place.run(["sigchain", "verify", "alice", "--at", AT, "--expect-hash", &hash, "--quiet"]);
    place.file("empty", "[]");
    place.run(["sigchain", "verify", "empty", "--at", AT]);
    place.run_with_input(["sigchain", "verify", "-", "--at", AT], text(&blocks("bob")).as_bytes());
    // As a local database and a Go storage hold them.
    let manifest = peer::json("localdb/manifest.json");
    let lines = manifest["databases"][0]["files"]["User.fdb"]["clear"].as_array().unwrap();
    place.file("user", lines[0].as_str().unwrap());
    place.file("contact", json!({ "id": "x", "sigchain": { "Blocks": blocks("bob") } }).to_string());
    place.run(["sigchain", "verify", "user", "--at", AT]);
    // Further members that no reader has to understand.
    let user: Value = serde_json::from_str(lines[0].as_str().unwrap()).unwrap();
    let flat = user["sigchain"].to_string();
    for (file, further) in
        [("nested", "[".repeat(200) + &"]".repeat(200)), ("number", "1e999".into()), ("half", r#""\ud800""#.into())]
    {
        place.file(file, flat.replacen('{', &format!(r#"{{"further":{further},"#), 1));
        place.run(["sigchain", "verify", file, "--at", AT]);
    }
    place.file("both", json!({ "sigchain": [], "Blocks": blocks("bob") }).to_string());
    place.run(["sigchain", "verify", "both", "--at", AT]);
    place.run(["sigchain", "verify", "contact", "--at", AT]);
    place.matches("sigchain-verify");
}

#[test]
fn a_chain_that_fails_says_where_and_why() {
    let mut place = Place::new();
    let good = blocks(ALICE);
    let edited = |position: usize, pointer: &str, value: Value| {
        let mut blocks = good.clone();
        *blocks[position].pointer_mut(pointer).unwrap() = value;
        text(&blocks)
    };
    place.file("alice", text(&good));
    place.file("expired", text(&blocks(EXPIRED)));
    place.file("forged", edited(3, "/transaction/expire_at", json!(1_999_999_999)));
    place.file("unsigned", edited(5, "/signature/signature", json!("")));
    place.file("malformed", edited(4, "/transaction/signer", json!([])));
    place.file("unknown", edited(1, "/transaction/operation/type", json!("deletion")));
    place.file("text", "not JSON");
    place.file("object", "{}");
    place.file("bytes", [0xff, 0xfe, 0x00]);
    for file in ["forged", "unsigned", "malformed", "unknown", "text", "object", "bytes", "missing", "tmp"] {
        place.run(["sigchain", "verify", file, "--at", AT]);
    }
    place.run(["sigchain", "verify", "forged", "--at", AT, "--json"]);
    place.run(["sigchain", "verify", "expired", "--at", AT, "--strict"]);
    place.run(["sigchain", "verify", "alice", "--at", "2026-11-20"]);
    place.run(["sigchain", "verify", "alice", "--at", AT, "--expect-hash", &"0".repeat(64)]);
    place.run(["sigchain", "verify", "alice", "--expect-hash", "ABC"]);
    place.run(["sigchain", "verify", "alice", "--at", "yesterday"]);
    place.run(["sigchain", "verify"]);
    place.run(["sigchain"]);
    place.matches("sigchain-errors");
}

#[test]
fn a_chain_is_shown_without_being_verified() {
    let mut place = Place::new();
    let mut forged = blocks(GROUP);
    forged[1]["transaction"]["created_at"] = json!(1);
    forged[2]["transaction"]["signer"]["user"] = json!("server\u{1b}[31m");
    place.file("group", text(&blocks(GROUP)));
    place.file("forged", text(&forged));
    place.file("broken", json!([blocks(GROUP)[0], { "transaction": 1 }]).to_string());
    place.run(["sigchain", "show", "group"]);
    let shown = place.run(["sigchain", "show", "group", "--json", "--quiet"]);
    let mut shown: Vec<Value> = serde_json::from_slice(&shown.stdout).unwrap();
    for (shown, block) in shown.iter_mut().zip(blocks(GROUP)) {
        let computed = shown.as_object_mut().unwrap().remove("computedHash").unwrap();
        assert_eq!(computed, block["signature"]["hash"]);
        assert_eq!(*shown, block);
    }
    place.run(["sigchain", "show", "forged"]);
    // A server that calls itself like a device of the user.
    forged[2]["transaction"]["signer"]["user"] = json!("self aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa");
    forged[1]["transaction"]["signer"]["user"] = json!("self\u{9b}\u{feff}");
    place.file("disguised", text(&forged));
    place.run(["sigchain", "show", "disguised"]);
    place.run(["sigchain", "show", "disguised", "--json"]);
    place.run(["sigchain", "show", "broken"]);
    place.matches("sigchain-show");
}

#[test]
fn chains_are_the_same_or_continue_or_differ() {
    let mut place = Place::new();
    let alice = blocks(ALICE);
    place.file("alice", text(&alice));
    place.file("older", text(&alice[..4]));
    place.file("none", "[]");
    place.file("bob", text(&blocks("bob")));
    let mut fork = alice[..3].to_vec();
    fork.push(alice[4].clone());
    place.file("fork", text(&fork));
    for (first, second) in
        [("alice", "alice"), ("older", "alice"), ("alice", "older"), ("none", "none"), ("alice", "bob")]
    {
        place.run(["sigchain", "diff", first, second, "--at", AT]);
    }
    place.run(["sigchain", "diff", "older", "alice", "--at", AT, "--json"]);
    place.run(["sigchain", "diff", "alice", "fork", "--at", AT]);
    place.run(["sigchain", "diff", "alice", "fork", "--at", AT, "--json"]);
    // A tail that cannot be read is neither the same nor a continuation.
    let mut tail = alice.clone();
    tail.push(json!({}));
    place.file("tail", text(&tail));
    let mut invalid = alice.clone();
    invalid[5]["signature"]["signature"] = json!("");
    place.file("invalid", text(&invalid));
    for (first, second) in [("tail", "tail"), ("alice", "tail"), ("tail", "older"), ("invalid", "alice")] {
        place.run(["sigchain", "diff", first, second, "--at", AT]);
    }
    place.run(["sigchain", "diff", "alice", "tail", "--at", AT, "--json"]);
    place.run(["sigchain", "diff", "alice", "missing"]);
    place.run(["sigchain", "diff", "-", "-"]);
    place.run(["sigchain", "diff", "alice"]);
    place.matches("sigchain-diff");
}
